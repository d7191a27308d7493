//! A copy as one file, to carry and to keep elsewhere.
//!
//! A plain archive is an ordinary zip, written as a stream: one folder that `icp canister snapshot upload` takes as it is, whoever
//! unpacks it. The same copy makes the same bytes. An encrypted archive is that zip in the format of `age`; the standard tool opens
//! it with the passphrase or the key.
//!
//! An archive may come from anybody. So:
//!
//! - no path is ever made of a name in it: its entries are looked up by the names that a copy has, and an archive with a link, an
//!   absolute name, a `..` or two entries of one name is refused whole;
//! - its list of entries is bounded before it is read, every size must be the one that the metadata say, and not one byte more is
//!   unpacked;
//! - it is unpacked once, straight into the folder of the copy, and a copy that does not become whole is removed again.

use crate::{
    Code, CopyId, CopyReader, CopyWriter, Draft, Engine, Error, Manifest, Origin, Part, Progress,
    Result, Secret,
    folder::{
        GRID, Hash, Metadata, STORED_LIMIT, chunk_at, chunks, failed, open_plain, plain_name,
        sync_folder, update,
    },
    library::off_the_loop,
};
use age::secrecy::{ExposeSecret as _, SecretString};
use camino::{Utf8Path, Utf8PathBuf};
use std::{
    cell::Cell,
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    rc::Rc,
    sync::Arc,
};
use tokio_util::sync::CancellationToken;
use zip::{
    CompressionMethod, ZipArchive, ZipWriter,
    read::ZipFile,
    result::ZipError,
    write::{SimpleFileOptions, StreamWriter},
};

/// What an encrypted archive is closed with.
pub enum Lock {
    /// Whoever knows the passphrase opens it.
    Passphrase(SecretString),
    /// Whoever has the key of this recipient (`age1…`) opens it.
    Recipient(String),
}

/// What an encrypted archive is opened with.
pub enum Key {
    /// The passphrase.
    Passphrase(SecretString),
    /// The secret key (`AGE-SECRET-KEY-1…`).
    Identity(SecretString),
}

impl Lock {
    /// Closes with a passphrase.
    pub fn with_passphrase(passphrase: &Secret) -> Self {
        Self::Passphrase(SecretString::from(passphrase.expose().to_owned()))
    }
}

impl Key {
    /// Opens with a passphrase.
    pub fn from_passphrase(passphrase: &Secret) -> Self {
        Self::Passphrase(SecretString::from(passphrase.expose().to_owned()))
    }

    /// Opens with a secret key.
    pub fn from_identity(identity: &Secret) -> Self {
        Self::Identity(SecretString::from(identity.expose().to_owned()))
    }
}

/// What kind of archive a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A zip.
    Plain,
    /// Encrypted with a passphrase.
    Passphrase,
    /// Encrypted for recipients.
    Recipients,
}

/// The cost of guessing a passphrase, as the power of two of scrypt's N: 64 MiB and some tenths of a second for each guess. The
/// age tool's own default (18) would take 256 MiB of memory.
const WORK: u8 = 16;

/// The most work that is done to try a passphrase on somebody else's archive: 1 GiB of memory, four times what the age tool asks.
const WORK_LIMIT: u8 = 20;

/// A copy has up to some hundred files; whoever zips its folder adds a few.
const ENTRIES_LIMIT: usize = 2_000;

/// The list of so many entries, with names as long as ours.
const LIST_LIMIT: u64 = 1 << 20;

const METADATA: &str = "metadata.json";
const MANIFEST: &str = "canopic.json";
const METADATA_LIMIT: u64 = 4 << 20;
const MANIFEST_LIMIT: u64 = 256 << 20;

/// Says what kind of archive a file is, by its first bytes.
pub fn kind(archive: &Utf8Path) -> Result<Kind> {
    let doing = "looking at an archive";
    let (file, _) = open_plain(archive).map_err(|error| failed(doing, archive, error))?;
    let mut beginning = [0; 4];
    let mut input = BufReader::new(file);
    let magic = input
        .fill_buf()
        .map_err(|error| failed(doing, archive, error))?;
    beginning[..magic.len().min(4)].copy_from_slice(&magic[..magic.len().min(4)]);
    if &beginning == b"PK\x03\x04" {
        return Ok(Kind::Plain);
    }
    if !magic.starts_with(b"age-encryption.org/") {
        return Err(malformed(
            archive,
            "it is neither a zip nor encrypted with age",
        ));
    }
    let decryptor = age::Decryptor::new_buffered(input).map_err(|error| locked(archive, error))?;
    Ok(if decryptor.is_scrypt() {
        Kind::Passphrase
    } else {
        Kind::Recipients
    })
}

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

/// Unpacks an archive into a new copy, straight and once. What does not become whole is removed again.
pub fn import(
    what: &Import<'_>,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Manifest> {
    let (archive, doing) = (what.archive, "opening an archive");
    let kind = kind(archive)?;
    let (file, _) = open_plain(archive).map_err(|error| failed(doing, archive, error))?;
    let input = BufReader::with_capacity(1 << 17, file);
    match kind {
        Kind::Plain => unpack(what, input, progress, cancel),
        Kind::Passphrase | Kind::Recipients => {
            let decryptor =
                age::Decryptor::new_buffered(input).map_err(|error| locked(archive, error))?;
            let key = what.key.ok_or_else(|| {
                Error::new(Code::ArchiveKeyWrong, doing)
                    .with("path", archive)
                    .because("it is encrypted, and no key was given")
            })?;
            unpack(what, decrypt(archive, decryptor, key)?, progress, cancel)
        }
    }
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

/// What a failed decryption means.
fn locked(archive: &Utf8Path, error: age::DecryptError) -> Error {
    use age::DecryptError as D;
    match error {
        D::DecryptionFailed | D::KeyDecryptionFailed | D::NoMatchingKeys => {
            Error::new(Code::ArchiveKeyWrong, "decrypting an archive")
                .with("path", archive)
                .because(error)
        }
        D::ExcessiveWork { .. } => malformed(
            archive,
            "its passphrase asks for more work than this computer should do",
        ),
        D::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            failed("decrypting an archive", archive, error)
        }
        error => {
            malformed(archive, "its encryption cannot be understood").because(error.to_string())
        }
    }
}

/// The error for an archive that should not be opened. The reason is a fragment for people.
fn malformed(archive: &Utf8Path, reason: &str) -> Error {
    Error::new(Code::ArchiveMalformed, "opening an archive")
        .with("path", archive)
        .with("reason", reason)
}

fn damaged(archive: &Utf8Path, name: &str, cause: impl std::fmt::Display) -> Error {
    Error::new(Code::CopyDamaged, "unpacking an archive")
        .with("path", archive)
        .with("file", name)
        .because(cause.to_string())
}

fn check_cancel(cancel: &CancellationToken, doing: &str) -> Result<()> {
    if cancel.is_cancelled() {
        Err(Error::new(Code::Cancelled, doing))
    } else {
        Ok(())
    }
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

/// An archive whose list of entries was found harmless.
struct Entries<R> {
    zip: ZipArchive<Budget<R>>,
    /// What comes before the names of a copy's files: a folder and a slash, or nothing.
    top: String,
}

impl<R: Read + Seek> Entries<R> {
    fn open(archive: &Utf8Path, input: R) -> Result<Self> {
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
    fn find(&mut self, archive: &Utf8Path, name: &str) -> Result<Option<ZipFile<'_, Budget<R>>>> {
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

fn unpack<R: Read + Seek>(
    what: &Import<'_>,
    input: R,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Manifest> {
    let archive = what.archive;
    let mut entries = Entries::open(archive, input)?;
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
    // Sizes are compared before a folder is made.
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
        &mut entries,
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

fn unpack_parts<R: Read + Seek>(
    writer: &CopyWriter,
    entries: &mut Entries<R>,
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

/// Archives of the library's copies.
impl Engine {
    /// Writes an archive of a copy. A folder without hashes gets them first, so that the archive vouches for every byte.
    pub async fn export_copy(
        &self,
        id: CopyId,
        archive: Utf8PathBuf,
        lock: Option<Lock>,
        errand: u32,
        now: u64,
    ) -> Result<()> {
        let library = Arc::clone(&self.library);
        off_the_loop(move || {
            let folder = library.find(id)?;
            let reader = CopyReader::open(&folder)?;
            let errand = library
                .errands
                .begin(errand, reader.metadata().bytes_at_most());
            if reader.manifest().is_none() {
                crate::verify(&folder, now, &|_| {}, errand.cancel())?;
            }
            export(
                &folder,
                &archive,
                lock.as_ref(),
                &|bytes| errand.advance(bytes),
                errand.cancel(),
            )
        })
        .await
    }

    /// Unpacks an archive into the library's own folder.
    pub async fn import_archive(
        &self,
        archive: Utf8PathBuf,
        key: Option<Key>,
        errand: u32,
        now: u64,
    ) -> Result<CopyId> {
        let library = Arc::clone(&self.library);
        off_the_loop(move || {
            let name = archive.file_stem().unwrap_or_default();
            let folder = library.place_for(name.strip_suffix(".zip").unwrap_or(name))?;
            // What is in it is known only once it is open; the file's own size is what there is to go by.
            let size = archive.metadata().map_or(0, |found| found.len());
            let errand = library.errands.begin(errand, size);
            let what = Import {
                archive: &archive,
                folder: &folder,
                key: key.as_ref(),
                now,
            };
            import(&what, &|bytes| errand.advance(bytes), errand.cancel())?;
            Ok(CopyId::of(&folder))
        })
        .await
    }
}

#[cfg(test)]
mod tests;
