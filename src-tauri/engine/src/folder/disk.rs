//! Files that are only files: opened without following links, read and written at offsets.

use crate::{Code, Error, Result};
use camino::Utf8Path;
use std::{
    fs::{File, Metadata, OpenOptions},
    io,
};

/// How work tells how far it is, in bytes done since the last call. Called from many threads.
pub type Progress<'a> = &'a (dyn Fn(u64) + Sync);

/// What a failed use of a file means.
pub(crate) fn failed(doing: &str, path: &Utf8Path, error: io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
        io::ErrorKind::FileTooLarge => Code::FileTooLarge,
        io::ErrorKind::UnexpectedEof => Code::CopyChanged,
        _ => Code::FolderUnusable,
    };
    Error::new(code, doing).with("path", path).because(error)
}

/// Opens what must be an ordinary file. A link is not followed, and a pipe does not block.
pub(crate) fn open_plain(path: &Utf8Path) -> io::Result<(File, Metadata)> {
    open_as_file(OpenOptions::new().read(true), path)
}

/// Opens an ordinary file for writing, or makes it, for nobody else to read.
pub(super) fn create_plain(path: &Utf8Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    open_as_file(&mut options, path).map(|(file, _)| file)
}

fn open_as_file(options: &mut OpenOptions, path: &Utf8Path) -> io::Result<(File, Metadata)> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    #[cfg(windows)]
    {
        // FILE_FLAG_OPEN_REPARSE_POINT: the link itself is opened, and refused below.
        std::os::windows::fs::OpenOptionsExt::custom_flags(options, 0x0020_0000);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not an ordinary file",
        ))
    }
}

/// Fills the buffer from an offset.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < bytes.len() {
            match std::os::windows::fs::FileExt::seek_read(
                file,
                &mut bytes[done..],
                offset + done as u64,
            )? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(())
    }
}

/// Writes all bytes at an offset.
pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::write_all_at(file, bytes, offset);
    #[cfg(windows)]
    {
        let mut done = 0;
        while done < bytes.len() {
            match std::os::windows::fs::FileExt::seek_write(
                file,
                &bytes[done..],
                offset + done as u64,
            )? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => done += written,
            }
        }
        Ok(())
    }
}

/// The bytes that a file takes up on its disk, holes left out where the system tells.
pub(crate) fn allocated(metadata: &Metadata) -> u64 {
    #[cfg(unix)]
    // The unit of `blocks` is 512 whatever the file system's own blocks are.
    return std::os::unix::fs::MetadataExt::blocks(metadata) * 512;
    #[cfg(not(unix))]
    metadata.len()
}

/// Whether a file's bytes from an offset on are a hole as far as the system tells: then they are zero without being read.
pub(super) fn is_hole(file: &File, offset: u64, bytes: u64) -> bool {
    #[cfg(any(
        target_os = "linux",
        target_os = "android",
        target_os = "macos",
        target_os = "freebsd"
    ))]
    {
        use rustix::{fs::SeekFrom, io::Errno};
        match rustix::fs::seek(file, SeekFrom::Data(offset)) {
            Ok(data) => data >= offset + bytes,
            // Nothing but a hole up to the end.
            Err(error) => error == Errno::NXIO,
        }
    }
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "macos",
        target_os = "freebsd"
    )))]
    {
        let _ = (file, offset, bytes);
        false
    }
}

/// As [`is_hole`], for a file that may be shorter than it should be: what is not there is no hole.
pub(super) fn is_hole_at(file: &File, there: u64, offset: u64, bytes: u64) -> bool {
    offset + bytes <= there && is_hole(file, offset, bytes)
}

/// Lets the disk begin with what was just written, without waiting for it: by the time of the next sync most of it has arrived. A
/// system left to itself begins only after seconds.
pub(super) fn begin_writing_out(file: &File, offset: u64, bytes: u64) {
    // On Linux the advice that pages are not needed for now starts writing those that are dirty, and keeps them.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::fs::fadvise(
        file,
        offset,
        std::num::NonZeroU64::new(bytes),
        rustix::fs::Advice::DontNeed,
    ) {
        tracing::debug!(%error, "the disk takes no advice");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, offset, bytes);
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Utf8Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Removes a file; one that is not there is removed already.
pub(super) fn remove(path: &Utf8Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads a small file whole; one that is larger is refused unread.
pub(super) fn read_small(doing: &str, path: &Utf8Path, limit: u64) -> Result<Vec<u8>> {
    use io::Read as _;
    let (file, metadata) = open_plain(path).map_err(|error| failed(doing, path, error))?;
    let mut bytes = Vec::new();
    if metadata.len() <= limit {
        file.take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| failed(doing, path, error))?;
    }
    if metadata.len() > limit || bytes.len() as u64 > limit {
        return Err(super::reader::malformed(path, "it is too large"));
    }
    Ok(bytes)
}
