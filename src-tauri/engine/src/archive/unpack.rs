//! Unpacking an archive that may come from anybody: see the invariants of [`archive`](super).

use super::{Key, Kind, MANIFEST, METADATA, check_cancel, kind, locked, malformed};
use crate::{
    Code, CopyWriter, Draft, Error, Manifest, Origin, Part, Progress, Result,
    folder::{GRID, Hash, Metadata, STORED_LIMIT, chunk_at, chunks, failed, open_plain, update},
    library::About,
};
use age::secrecy::ExposeSecret as _;
use camino::Utf8Path;
use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    rc::Rc,
};
use tokio_util::sync::CancellationToken;
use zip::{ZipArchive, read::ZipFile, result::ZipError};

/// The most work that is done to try a passphrase on somebody else's archive: 1 GiB of memory, four times what the age tool asks.
const WORK_LIMIT: u8 = 20;

/// A copy has up to some hundred files; whoever zips its folder adds a few.
const ENTRIES_LIMIT: usize = 2_000;

/// The list of so many entries, with names as long as ours.
const LIST_LIMIT: u64 = 1 << 20;

const METADATA_LIMIT: u64 = 4 << 20;
const MANIFEST_LIMIT: u64 = 256 << 20;

/// What [`import`] needs to know beside the archive.
pub struct Import<'a> {
    /// The archive.
    pub archive: &'a Utf8Path,
    /// The folder of the new copy; nothing may be there yet.
    pub folder: &'a Utf8Path,
    /// For encrypted archives.
    pub key: Option<&'a Key>,
    /// In milliseconds since 1970.
    pub now: u64,
}

/// What an archive says of the copy in it, and that its files are as long as that needs. Nothing is unpacked.
pub fn look(archive: &Utf8Path, key: Option<&Key>) -> Result<About> {
    describe(archive, &mut Entries::open(archive, source(archive, key)?)?)
}

/// Unpacks an archive into a new copy, straight and once. What does not become whole is removed again.
pub fn import(
    what: &Import<'_>,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Manifest> {
    let mut entries = Entries::open(what.archive, source(what.archive, what.key)?)?;
    unpack(what, &mut entries, progress, cancel)
}

/// The bytes of a zip, encrypted or not.
trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

/// Opens an archive, with its key where it needs one.
fn source(archive: &Utf8Path, key: Option<&Key>) -> Result<Box<dyn Source>> {
    let (kind, doing) = (kind(archive)?, "opening an archive");
    let (file, _) = open_plain(archive).map_err(|error| failed(doing, archive, error))?;
    let input = BufReader::with_capacity(1 << 17, file);
    if kind == Kind::Plain {
        return Ok(Box::new(input));
    }
    let decryptor = age::Decryptor::new_buffered(input).map_err(|error| locked(archive, error))?;
    let key = key.ok_or_else(|| {
        Error::new(Code::ArchiveKeyWrong, doing)
            .with("path", archive)
            .because("it is encrypted, and no key was given")
    })?;
    Ok(Box::new(decrypt(archive, decryptor, key)?))
}

fn decrypt(
    archive: &Utf8Path,
    decryptor: age::Decryptor<BufReader<File>>,
    key: &Key,
) -> Result<age::stream::StreamReader<BufReader<File>>> {
    let opened = match key {
        Key::Passphrase(passphrase) => {
            let mut identity = age::scrypt::Identity::new(passphrase.clone());
            identity.set_max_work_factor(WORK_LIMIT);
            decryptor.decrypt(std::iter::once(&identity as _))
        }
        Key::Identity(text) => {
            let identity: age::x25519::Identity =
                text.expose_secret()
                    .trim()
                    .parse()
                    .map_err(|reason: &str| {
                        Error::new(Code::ArchiveKeyWrong, "reading a key")
                            .with("path", archive)
                            .because(reason)
                    })?;
            decryptor.decrypt(std::iter::once(&identity as _))
        }
    };
    opened.map_err(|error| locked(archive, error))
}

fn damaged(archive: &Utf8Path, name: &str, cause: impl std::fmt::Display) -> Error {
    Error::new(Code::CopyDamaged, "unpacking an archive")
        .with("path", archive)
        .with("file", name)
        .because(cause.to_string())
}

/// Reads no more than a budget allows: a list of entries that is longer than any copy's is not read into memory.
struct Budget<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        let left = self.left.get().checked_sub(read as u64);
        self.left
            .set(left.ok_or_else(|| io::Error::other("its list of files is too long"))?);
        Ok(read)
    }
}

impl<R: Seek> Seek for Budget<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// One of the entries of an archive, to be read.
type Entry<'zip> = ZipFile<'zip, Budget<Box<dyn Source>>>;

/// An archive whose list of entries was found harmless.
struct Entries {
    zip: ZipArchive<Budget<Box<dyn Source>>>,
    /// What comes before the names of a copy's files: a folder and a slash, or nothing.
    top: String,
}

impl Entries {
    fn open(archive: &Utf8Path, input: Box<dyn Source>) -> Result<Self> {
        let unreadable = |error: ZipError| match error {
            ZipError::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                failed("opening an archive", archive, error)
            }
            error => malformed(archive, "its list of files cannot be read").because(error),
        };
        let left = Rc::new(Cell::new(LIST_LIMIT));
        let mut input = Budget {
            inner: input,
            left: left.clone(),
        };
        // How many there are is asked before any room is made for them.
        let declared =
            zip::unstable::read::ZipIterable::try_new(&mut input, zip::read::Config::default())
                .map_err(unreadable)?
                .len();
        if declared > ENTRIES_LIMIT {
            return Err(malformed(archive, "it has more files than a copy"));
        }
        left.set(LIST_LIMIT);
        let mut zip = ZipArchive::new(input).map_err(unreadable)?;
        left.set(u64::MAX);
        // The list and what stands before each file say the same, and no two files share bytes: nobody was given another archive to
        // look at than the one that is unpacked here, and a flipped bit in a name hides no file.
        zip.validate_header_consistency()
            .map_err(|error| match error {
                ZipError::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    failed("opening an archive", archive, error)
                }
                error => {
                    malformed(archive, "its list of files is not what is in it").because(error)
                }
            })?;
        if zip.has_duplicate_names() {
            return Err(malformed(archive, "two of its files have one name"));
        }
        let mut top = None;
        for index in 0..zip.len() {
            let entry = zip.by_index_raw(index).map_err(unreadable)?;
            let name = std::str::from_utf8(entry.name_raw())
                .map_err(|_| malformed(archive, "the name of a file is not text"))?
                .to_owned();
            let escapes = name.starts_with('/')
                || name.contains(['\\', '\0', ':'])
                || name.split('/').any(|word| matches!(word, "." | ".."));
            if escapes {
                return Err(malformed(archive, "the name of a file points out of it"));
            }
            if entry.is_symlink() {
                return Err(malformed(archive, "it has links"));
            }
            if entry.encrypted() {
                return Err(malformed(
                    archive,
                    "its files are encrypted as zip does it, not as age does",
                ));
            }
            if let Some(above) = name.strip_suffix(METADATA)
                && (above.is_empty() || above.find('/') == Some(above.len() - 1))
                && top.replace(above.to_owned()).is_some()
            {
                return Err(malformed(archive, "it has more than one copy"));
            }
        }
        let top = top.ok_or_else(|| malformed(archive, "it has no metadata.json"))?;
        Ok(Self { zip, top })
    }

    /// An entry of the copy, if it is there.
    fn find(&mut self, archive: &Utf8Path, name: &str) -> Result<Option<Entry<'_>>> {
        match self.zip.by_name(&format!("{}{name}", self.top)) {
            Ok(entry) => Ok(Some(entry)),
            Err(ZipError::FileNotFound) => Ok(None),
            Err(ZipError::Io(error)) => Err(unpacking_failed(archive, name, error)),
            Err(error) => {
                Err(malformed(archive, "one of its files cannot be opened").because(error))
            }
        }
    }

    fn small(&mut self, archive: &Utf8Path, name: &str, limit: u64) -> Result<Option<Vec<u8>>> {
        let Some(entry) = self.find(archive, name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        // One more than allowed, so that what is too long shows; and the end is read, where the checksum is compared.
        entry
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| unpacking_failed(archive, name, error))?;
        if bytes.len() as u64 > limit {
            return Err(malformed(
                archive,
                "one of its files is longer than in any copy",
            ));
        }
        Ok(Some(bytes))
    }
}

/// What an error while reading an entry means: most are about bytes that are not what they were.
fn unpacking_failed(archive: &Utf8Path, name: &str, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound => {
            failed("unpacking an archive", archive, error)
        }
        _ => damaged(archive, name, error),
    }
}

/// Reads what an archive says of its copy, and holds the sizes of its files against it.
fn describe(archive: &Utf8Path, entries: &mut Entries) -> Result<About> {
    let text = entries
        .small(archive, METADATA, METADATA_LIMIT)?
        .ok_or_else(|| malformed(archive, "it has no metadata.json"))?;
    let mut metadata = Metadata::parse(&text, archive)?;
    let manifest = entries
        .small(archive, MANIFEST, MANIFEST_LIMIT)?
        .map(|text| Manifest::parse(&text, archive))
        .transpose()?;
    if let Some(manifest) = &manifest {
        if manifest.metadata != Hash::of(&text) {
            return Err(damaged(archive, METADATA, "its hash does not fit"));
        }
        if !metadata.restore_floats(&manifest.floats) {
            return Err(malformed(archive, "its manifest speaks of other globals"));
        }
        manifest.check(&metadata, archive)?;
    }
    for (part, bytes) in metadata.blobs() {
        let found = entries
            .find(archive, &part.path())?
            .map(|entry| entry.size());
        if found != Some(bytes) {
            return Err(malformed(
                archive,
                &format!("{part} is missing, or not as long as the metadata say"),
            ));
        }
    }
    Ok(About {
        metadata,
        manifest,
        wrong_sizes: vec![],
    })
}

fn unpack(
    what: &Import<'_>,
    entries: &mut Entries,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Manifest> {
    let archive = what.archive;
    // Sizes are compared before a folder is made.
    let About {
        metadata, manifest, ..
    } = describe(archive, entries)?;
    let draft = Draft {
        origin: Origin::Unpacked,
        made_at: manifest
            .as_ref()
            .map_or(what.now, |manifest| manifest.made_at),
        name: manifest
            .as_ref()
            .map(|manifest| manifest.name.clone())
            .unwrap_or_default(),
        snapshot: manifest
            .as_ref()
            .and_then(|manifest| manifest.snapshot.clone()),
        then: manifest.as_ref().and_then(|manifest| manifest.then.clone()),
        module_hash: manifest.as_ref().map(|manifest| manifest.module_hash),
        metadata,
    };
    let writer = CopyWriter::create(what.folder, draft)?;
    let unpacked = unpack_parts(
        &writer,
        entries,
        archive,
        manifest.as_ref(),
        progress,
        cancel,
    );
    if let Err(error) = unpacked {
        if let Err(trouble) = writer.discard() {
            tracing::warn!(
                error = trouble.chain(),
                "a copy that did not become whole could not be removed"
            );
        }
        return Err(error);
    }
    let unpacked = writer.finish(what.now)?;
    let Some(packed) = manifest else {
        return Ok(unpacked);
    };
    // What was known of the copy that was packed is known of this one: every chunk of it was compared.
    update(what.folder, |manifest| {
        manifest.notes = packed.notes;
        manifest.pinned = packed.pinned;
        manifest.also = packed.also;
        manifest.hashes_since = packed.hashes_since;
        manifest.proven_at = packed.proven_at;
        manifest.verified_at = Some(what.now);
    })
}

fn unpack_parts(
    writer: &CopyWriter,
    entries: &mut Entries,
    archive: &Utf8Path,
    manifest: Option<&Manifest>,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<()> {
    let doing = "unpacking an archive";
    let metadata = &writer.draft().metadata;
    let expected =
        |part: Part, index: u64| manifest?.file(part)?.chunks.get(index as usize).copied();
    let check = |part: Part, index: u64, hash: Hash| match expected(part, index) {
        Some(expected) if expected != hash => Err(damaged(
            archive,
            &part.path(),
            format!("chunk {index} is not what was stored"),
        )),
        _ => Ok(()),
    };
    let mut buffer = vec![0; GRID as usize];
    for (part, bytes) in metadata.blobs() {
        let name = part.path();
        let gone = || malformed(archive, &format!("{part} is missing"));
        let mut entry = entries.find(archive, &name)?.ok_or_else(gone)?;
        for index in 0..chunks(bytes) {
            check_cancel(cancel, doing)?;
            let (_, length) = chunk_at(index, bytes);
            let chunk = &mut buffer[..length as usize];
            entry
                .read_exact(chunk)
                .map_err(|error| unpacking_failed(archive, &name, error))?;
            check(part, index, writer.write(part, index, chunk)?)?;
            progress(length);
        }
        // The end: here the checksum is compared, and here a size that lied shows.
        let more = entry
            .read(&mut [0])
            .map_err(|error| unpacking_failed(archive, &name, error))?;
        if more > 0 {
            return Err(malformed(
                archive,
                &format!("{part} is longer than it says"),
            ));
        }
    }
    for hash in metadata.stored.clone() {
        check_cancel(cancel, doing)?;
        let part = Part::Stored(hash);
        let bytes = entries
            .small(archive, &part.path(), STORED_LIMIT)?
            .ok_or_else(|| malformed(archive, &format!("{part} is missing")))?;
        check(part, 0, writer.write(part, 0, &bytes)?)?;
        progress(bytes.len() as u64);
    }
    Ok(())
}
