//! Reading a copy, which may have been made by anybody and may lie about everything.

use super::{
    GRID, Hash, Manifest, Metadata, Part, STORE, STORED_LIMIT, chunk_at,
    disk::{self, failed},
    metadata,
    unfinished::unfinished,
    writer::PARTIAL,
};
use crate::{Code, Error, Result};
use camino::{Utf8Path, Utf8PathBuf};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    time::SystemTime,
};

/// The file of the metadata.
pub(super) const METADATA: &str = "metadata.json";

/// The error for a folder that is not what it should be. The reason is a fragment for people.
pub(super) fn malformed(path: &Utf8Path, reason: &str) -> Error {
    Error::new(Code::CopyMalformed, "opening a copy")
        .with("path", path)
        .with("reason", reason)
}

/// A copy that is open for reading: complete, and of the sizes that it should have.
pub struct CopyReader {
    folder: Utf8PathBuf,
    metadata: Metadata,
    manifest: Option<Manifest>,
    files: BTreeMap<Part, OpenFile>,
}

struct OpenFile {
    file: File,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Whether a folder is, was to be or pretends to be a copy, by the names in it.
pub(crate) fn looks_like_copy(folder: &Utf8Path) -> bool {
    let has = |name: &str| folder.join(name).symlink_metadata().is_ok();
    has(super::manifest::FILE) || has(PARTIAL) || (has(METADATA) && has(&Part::Module.path()))
}

/// A file of a finished copy that is not as large as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongSize {
    /// The file, as a path in the folder.
    pub file: String,
    /// The bytes that it must have.
    pub expected: u64,
    /// The bytes that it has; none where it is no file, or not there.
    pub found: Option<u64>,
}

/// A finished copy whose files are not as large as its manifest says: what is known of it, and which they are. None for one that is whole,
/// and for one of which too little is known to say.
pub(crate) fn cut_off(folder: &Utf8Path) -> Option<(Metadata, Manifest, Vec<WrongSize>)> {
    let (metadata, manifest) = describe(folder).ok()?;
    let manifest = manifest?;
    let wrong: Vec<_> = manifest
        .files
        .iter()
        .filter_map(|record| {
            let part = Part::at(&record.path)?;
            let found = folder.join(part.path()).symlink_metadata().ok();
            let found = found.filter(fs::Metadata::is_file).map(|found| found.len());
            (found != Some(record.bytes)).then(|| WrongSize {
                file: part.path(),
                expected: record.bytes,
                found,
            })
        })
        .collect();
    (!wrong.is_empty()).then_some((metadata, manifest, wrong))
}

/// The folder of the chunk store must be a folder, not a link to one.
pub(super) fn check_store(folder: &Utf8Path) -> Result<()> {
    let path = folder.join(STORE);
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(malformed(folder, "its chunk store is not a folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed("looking for the chunk store", &path, error)),
    }
}

/// Reads the metadata and the manifest of a finished copy. The sizes of the files are not looked at yet.
pub(super) fn describe(folder: &Utf8Path) -> Result<(Metadata, Option<Manifest>)> {
    let doing = "opening a copy";
    match folder.metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(malformed(folder, "it is not a folder")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::new(Code::CopyChanged, doing)
                .with("path", folder)
                .because(error));
        }
        Err(error) => return Err(failed(doing, folder, error)),
    }
    let manifest = Manifest::load(folder)?;
    let partial = folder.join(PARTIAL).symlink_metadata().is_ok();
    if manifest.is_none() && (partial || unfinished(folder)?.is_some()) {
        return Err(Error::new(Code::CopyUnfinished, doing).with("path", folder));
    }
    let path = folder.join(METADATA);
    let text = match disk::read_small(doing, &path, metadata::LIMIT) {
        Ok(text) => text,
        Err(error) if manifest.is_some() => {
            return Err(damaged(folder, METADATA, "it cannot be read").because(error));
        }
        Err(_) if path.symlink_metadata().is_err() => {
            return Err(malformed(folder, "it has no metadata.json"));
        }
        Err(error) => {
            return Err(
                malformed(folder, "its metadata.json is not an ordinary file").because(error),
            );
        }
    };
    if let Some(manifest) = &manifest
        && manifest.metadata != Hash::of(&text)
    {
        return Err(damaged(folder, METADATA, "its hash does not fit"));
    }
    let mut metadata = Metadata::parse(&text, folder)?;
    if let Some(manifest) = &manifest {
        if !metadata.restore_floats(&manifest.floats) {
            return Err(malformed(folder, "its manifest speaks of other globals"));
        }
        manifest.check(&metadata, folder)?;
    }
    check_store(folder)?;
    Ok((metadata, manifest))
}

pub(super) fn damaged(folder: &Utf8Path, file: &str, reason: &str) -> Error {
    Error::new(Code::CopyDamaged, "reading a copy")
        .with("path", folder)
        .with("file", file)
        .because(format!("{file}: {reason}"))
}

impl CopyReader {
    /// Opens a copy. Nothing that it says is believed before it was compared with what is there.
    pub fn open(folder: &Utf8Path) -> Result<Self> {
        let (metadata, manifest) = describe(folder)?;
        let mut files = BTreeMap::new();
        for (part, bytes) in metadata.blobs() {
            let open = open_part(folder, part)?;
            if open.bytes != bytes {
                let reason = format!("{part} has {} bytes, not {bytes}", open.bytes);
                return Err(if manifest.is_some() {
                    damaged(folder, &part.path(), &reason)
                } else {
                    malformed(folder, &reason)
                });
            }
            files.insert(part, open);
        }
        for hash in &metadata.stored {
            let part = Part::Stored(*hash);
            let path = folder.join(part.path());
            let found = path.symlink_metadata();
            let expected = manifest
                .as_ref()
                .and_then(|manifest| manifest.file(part))
                .map(|record| record.bytes);
            let fits = found.is_ok_and(|found| {
                found.is_file()
                    && found.len() <= STORED_LIMIT
                    && expected.is_none_or(|bytes| bytes == found.len())
            });
            if !fits {
                return Err(damaged(
                    folder,
                    &part.path(),
                    "it is missing, or of another size",
                ));
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            metadata,
            manifest,
            files,
        })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// What the network said of the snapshot.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// What is known of it; none for folders of other tools that were not verified yet.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The text of `metadata.json`, checked once more.
    pub(crate) fn metadata_text(&self) -> Result<Vec<u8>> {
        let text = disk::read_small(
            "reading a copy",
            &self.folder.join(METADATA),
            metadata::LIMIT,
        )?;
        match &self.manifest {
            Some(manifest) if manifest.metadata != Hash::of(&text) => {
                Err(damaged(&self.folder, METADATA, "its hash does not fit"))
            }
            _ => Ok(text),
        }
    }

    /// The blobs with their sizes.
    pub fn blobs(&self) -> impl Iterator<Item = (Part, u64)> + use<> {
        self.metadata.blobs()
    }

    /// What a chunk must be, where it is known.
    pub fn hash(&self, part: Part, index: u64) -> Option<Hash> {
        self.manifest
            .as_ref()?
            .file(part)?
            .chunks
            .get(index as usize)
            .copied()
    }

    /// Whether a chunk is known to be all zeros, without reading it.
    pub fn is_zero_chunk(&self, part: Part, index: u64) -> Option<bool> {
        let bytes = self.files.get(&part)?.bytes;
        let (_, length) = chunk_at(index, bytes);
        self.hash(part, index)
            .map(|hash| hash == Hash::of_zeros(length))
    }

    /// Fills the buffer from an offset in a blob. Nothing is checked against hashes: see [`CopyReader::chunk`].
    pub fn read(&self, part: Part, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let open = self
            .files
            .get(&part)
            .filter(|open| {
                offset
                    .checked_add(bytes.len() as u64)
                    .is_some_and(|end| end <= open.bytes)
            })
            .ok_or_else(|| {
                Error::new(Code::Bug, "reading a copy")
                    .because(format!("{part} ends before {offset} + {}", bytes.len()))
            })?;
        disk::read_at(&open.file, bytes, offset)
            .map_err(|error| failed("reading a copy", &self.folder.join(part.path()), error))
    }

    /// A chunk of the grid, checked against its hash where that is known.
    pub fn chunk(&self, part: Part, index: u64) -> Result<Vec<u8>> {
        let total = self.files.get(&part).map_or(0, |open| open.bytes);
        let (offset, length) = chunk_at(index, total);
        let mut bytes = vec![0; length as usize];
        self.read(part, offset, &mut bytes)?;
        match self.hash(part, index) {
            Some(hash) if hash != Hash::of(&bytes) => Err(damaged(
                &self.folder,
                &part.path(),
                &format!("chunk {index} is not what was stored"),
            )
            .with("chunk", index)),
            _ => Ok(bytes),
        }
    }

    /// The whole module, checked like its chunks. No module is larger than memory can hold.
    pub fn module(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for index in 0..crate::chunks(self.metadata.module_bytes) {
            bytes.extend(self.chunk(Part::Module, index)?);
        }
        Ok(bytes)
    }

    /// An entry of the chunk store, checked against its name.
    pub fn stored(&self, name: Hash) -> Result<Vec<u8>> {
        let part = Part::Stored(name);
        let bytes = disk::read_small(
            "reading an entry of the chunk store",
            &self.folder.join(part.path()),
            STORED_LIMIT,
        )?;
        if Hash::of(&bytes) == name {
            Ok(bytes)
        } else {
            Err(damaged(
                &self.folder,
                &part.path(),
                "it does not have the hash that it is named after",
            ))
        }
    }

    /// Whether a range is a hole: zero without being read.
    pub(crate) fn is_hole(&self, part: Part, offset: u64, bytes: u64) -> bool {
        self.files
            .get(&part)
            .is_some_and(|open| disk::is_hole(&open.file, offset, bytes))
    }

    /// Fails if a file was changed since it was opened: for whoever used bytes that have no hashes.
    pub fn check_unchanged(&self) -> Result<()> {
        for (part, open) in &self.files {
            let path = self.folder.join(part.path());
            let changed = |cause: &str| {
                Error::new(Code::CopyChanged, "reading a copy")
                    .with("path", &path)
                    .because(cause.to_owned())
            };
            let now = open
                .file
                .metadata()
                .map_err(|error| failed("reading a copy", &path, error))?;
            if now.len() != open.bytes || now.modified().ok() != open.modified {
                return Err(changed("the file was written to while it was read"));
            }
        }
        Ok(())
    }

    /// The largest piece that a caller reads at once.
    pub const PIECE: u64 = GRID;
}

fn open_part(folder: &Utf8Path, part: Part) -> Result<OpenFile> {
    let path = folder.join(part.path());
    let (file, found) = disk::open_plain(&path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => failed("opening a copy", &path, error),
        io::ErrorKind::NotFound => malformed(folder, &format!("{part} is missing")).because(error),
        _ => malformed(folder, &format!("{part} is not an ordinary file")).because(error),
    })?;
    Ok(OpenFile {
        file,
        bytes: found.len(),
        modified: found.modified().ok(),
    })
}
