//! Packing a copy: a stream of zip, encrypted on the way where a lock is given.

use super::{Lock, MANIFEST, METADATA, check_cancel};
use crate::{
    Code, CopyReader, Error, Part, Progress, Result,
    folder::{chunks, failed, plain_name, sync_folder},
};
use camino::{Utf8Path, Utf8PathBuf};
use std::{
    fs::{self, OpenOptions},
    io::{self, BufWriter, Write},
};
use tokio_util::sync::CancellationToken;
use zip::{
    CompressionMethod, ZipWriter,
    result::ZipError,
    write::{SimpleFileOptions, StreamWriter},
};

/// The cost of guessing a passphrase, as the power of two of scrypt's N: 64 MiB and some tenths of a second for each guess. The
/// age tool's own default (18) would take 256 MiB of memory.
const WORK: u8 = 16;

/// Writes an archive of a copy. Every byte is checked on the way; the file is whole or not there.
pub fn export(
    folder: &Utf8Path,
    archive: &Utf8Path,
    lock: Option<&Lock>,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<()> {
    let doing = "writing an archive";
    let reader = CopyReader::open(folder)?;
    if archive.symlink_metadata().is_ok() {
        return Err(Error::new(Code::CopyExists, doing).with("path", archive));
    }
    let encryptor = lock.map(encryptor).transpose()?;
    let temporary = Utf8PathBuf::from(format!("{archive}.partial"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(&temporary)
        .map_err(|error| failed(doing, &temporary, error))?;
    let written = (|| {
        let trouble = |error| failed(doing, archive, error);
        let output = BufWriter::with_capacity(1 << 18, file);
        let output = match encryptor {
            None => pack(&reader, output, archive, progress, cancel)?,
            Some(encryptor) => {
                let output = encryptor.wrap_output(output).map_err(trouble)?;
                pack(&reader, output, archive, progress, cancel)?
                    .finish()
                    .map_err(trouble)?
            }
        };
        let file = output
            .into_inner()
            .map_err(|error| trouble(error.into_error()))?;
        file.sync_all().map_err(trouble)?;
        drop(file);
        reader.check_unchanged()?;
        // Between the look above and now somebody may have put something there; a hard link fails where a rename would replace.
        place(&temporary, archive).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::new(Code::CopyExists, doing).with("path", archive)
            }
            _ => trouble(error),
        })
    })();
    if written.is_err() {
        // A half-written archive is of no use to anybody.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Gives a finished file its name, without replacing another.
fn place(temporary: &Utf8Path, archive: &Utf8Path) -> io::Result<()> {
    match fs::hard_link(temporary, archive) {
        Ok(()) => fs::remove_file(temporary)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // File systems without hard links, as on most USB sticks.
        Err(_) => fs::rename(temporary, archive)?,
    }
    if let Some(folder) = archive
        .parent()
        .filter(|folder| !folder.as_str().is_empty())
    {
        sync_folder(folder)?;
    }
    Ok(())
}

fn encryptor(lock: &Lock) -> Result<age::Encryptor> {
    let bug =
        |error: age::EncryptError| Error::new(Code::Bug, "encrypting an archive").because(error);
    match lock {
        Lock::Passphrase(passphrase) => {
            let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
            recipient.set_work_factor(WORK);
            age::Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(bug)
        }
        Lock::Recipient(text) => {
            let recipient: age::x25519::Recipient =
                text.trim().parse().map_err(|reason: &str| {
                    Error::new(Code::ArchiveKeyWrong, "reading the recipient of an archive")
                        .because(reason)
                })?;
            age::Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(bug)
        }
    }
}

/// The name of the one folder in an archive: what unpacks it anywhere does not scatter its files.
fn folder_name(reader: &CopyReader) -> String {
    plain_name(reader.manifest().map_or("", |manifest| &manifest.name))
}

fn pack<W: Write>(
    reader: &CopyReader,
    output: W,
    archive: &Utf8Path,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<W> {
    let doing = "writing an archive";
    let trouble = |error: ZipError| match error {
        ZipError::Io(error) => failed(doing, archive, error),
        error => Error::new(Code::Bug, doing).because(error),
    };
    let unwritten = |error| failed(doing, archive, error);
    // The same time and rights for every entry, so that the same copy makes the same bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o600);
    let top = folder_name(reader);
    let mut zip = ZipWriter::new_stream(output);
    zip.add_directory(format!("{top}/"), options.unix_permissions(0o700))
        .map_err(trouble)?;
    let small = |zip: &mut ZipWriter<StreamWriter<W>>, name: &str, bytes: &[u8]| {
        zip.start_file(format!("{top}/{name}"), options)
            .map_err(trouble)?;
        zip.write_all(bytes).map_err(unwritten)
    };
    if let Some(manifest) = reader.manifest() {
        small(&mut zip, MANIFEST, manifest.text()?.as_bytes())?;
    }
    small(&mut zip, METADATA, &reader.metadata_text()?)?;
    for (part, bytes) in reader.blobs() {
        // Sizes are not known to a stream before its end, so zip's larger numbers must be asked for.
        zip.start_file(
            format!("{top}/{part}"),
            options.large_file(bytes > u64::from(u32::MAX) / 2),
        )
        .map_err(trouble)?;
        for index in 0..chunks(bytes) {
            check_cancel(cancel, doing)?;
            let chunk = reader.chunk(part, index)?;
            zip.write_all(&chunk).map_err(unwritten)?;
            progress(chunk.len() as u64);
        }
    }
    if reader.metadata().stable_bytes == 0 {
        small(&mut zip, &Part::Stable.path(), &[])?;
    }
    zip.add_directory(
        format!("{top}/wasm_chunk_store/"),
        options.unix_permissions(0o700),
    )
    .map_err(trouble)?;
    for hash in &reader.metadata().stored {
        check_cancel(cancel, doing)?;
        let bytes = reader.stored(*hash)?;
        small(&mut zip, &Part::Stored(*hash).path(), &bytes)?;
        progress(bytes.len() as u64);
    }
    Ok(zip.finish().map_err(trouble)?.into_inner())
}
