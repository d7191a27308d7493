//! Whether every byte of a copy is what it must be.
//!
//! Chunks are hashed on all cores, each core with one chunk in memory. A copy that no hashes are known of gets them here: from then
//! on damage is seen, and its manifest says since when.

use super::{
    FileRecord, Hash, Manifest, Metadata, Origin, Part, STORED_LIMIT, chunk_at, chunks,
    disk::{self, Progress, failed},
    manifest::Beginning,
    metadata,
    reader::{self, CopyReader, METADATA, malformed},
    writer,
};
use crate::{Code, Error, Result};
use camino::Utf8Path;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

/// What came of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Whether there were hashes to compare with.
    pub hashes: Hashes,
    /// What is not as it must be; empty for a sound copy.
    pub damage: Vec<Damage>,
    /// How many bytes were read.
    pub bytes: u64,
}

impl Verification {
    /// Whether every byte is what it must be.
    pub fn is_sound(&self) -> bool {
        self.damage.is_empty()
    }
}

/// Where the hashes of a verification come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashes {
    /// They were known, and all bytes were compared with them.
    Known,
    /// There were none. They are known from now on.
    New,
}

/// Something in a copy that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// The file, as a path in the folder.
    pub file: String,
    /// Which chunk of the grid; none for a file that is missing as a whole or that has no chunks.
    pub chunk: Option<u64>,
}

/// Verifies a copy. What it finds about a copy with a manifest is written into it: when it was last sound, or found damaged.
///
/// # Errors
///
/// If the folder is no copy, or cannot be read. Damage is no error: it is what was looked for.
pub fn verify(
    folder: &Utf8Path,
    now: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Verification> {
    // A manifest that is damaged itself, or sizes that are not right, must not keep the rest from being looked at.
    match Manifest::load(folder) {
        Ok(Some(manifest)) => known(folder, &manifest, now, progress, cancel),
        Ok(None) => first_sight(folder, now, progress, cancel),
        Err(error) if error.code == Code::CopyDamaged => Ok(Verification {
            hashes: Hashes::Known,
            damage: vec![Damage {
                file: super::manifest::FILE.to_owned(),
                chunk: None,
            }],
            bytes: 0,
        }),
        Err(error) => Err(error),
    }
}

fn known(
    folder: &Utf8Path,
    manifest: &Manifest,
    now: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Verification> {
    reader::check_store(folder)?;
    let mut damage = Vec::new();
    match disk::read_small("verifying a copy", &folder.join(METADATA), metadata::LIMIT) {
        Ok(text) if Hash::of(&text) == manifest.metadata => {
            let mut read = Metadata::parse(&text, folder)?;
            if !read.restore_floats(&manifest.floats) {
                return Err(malformed(folder, "its manifest speaks of other globals"));
            }
            manifest.check(&read, folder)?;
        }
        Err(error) if error.code == Code::FolderUnusable && is_denied(&error) => return Err(error),
        _ => damage.push(Damage {
            file: METADATA.to_owned(),
            chunk: None,
        }),
    }
    let mut bytes = 0;
    for record in &manifest.files {
        bytes += record.bytes;
        damage.extend(damaged_chunks(folder, record, progress, cancel)?);
    }
    // Whether this can be noted down does not change what was found: a copy on a read-only disk is sound all the same.
    let is_sound = damage.is_empty();
    let noted = super::update(folder, |manifest| {
        manifest.verified_at = is_sound.then_some(now);
        manifest.damaged_at = (!is_sound).then_some(now);
    });
    if let Err(error) = noted {
        tracing::warn!(
            error = error.chain(),
            "a verification could not be noted down"
        );
    }
    Ok(Verification {
        hashes: Hashes::Known,
        damage,
        bytes,
    })
}

fn is_denied(error: &Error) -> bool {
    let cause =
        std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied)
}

/// The chunks of a file that are not what they must be.
fn damaged_chunks(
    folder: &Utf8Path,
    record: &FileRecord,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Vec<Damage>> {
    let damaged = |chunk| Damage {
        file: record.path.clone(),
        chunk,
    };
    let part = Part::at(&record.path)
        .ok_or_else(|| malformed(folder, "its manifest speaks of files that no copy has"))?;
    let path = folder.join(part.path());
    let (file, found) = match disk::open_plain(&path) {
        Ok(open) => open,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(failed("verifying a copy", &path, error));
        }
        Err(_) => return Ok(vec![damaged(None)]),
    };
    if found.len() > record.bytes {
        // What was appended belongs to no chunk.
        return Ok(vec![damaged(None)]);
    }
    let found = (0..record.chunks.len() as u64)
        .into_par_iter()
        .map_init(Vec::new, |bytes: &mut Vec<u8>, index| {
            if cancel.is_cancelled() {
                return Err(Error::new(Code::Cancelled, "verifying a copy"));
            }
            let (offset, length) = chunk_at(index, record.bytes);
            let expected = record.chunks[index as usize];
            progress(length);
            // A hole needs no reading: it is all zeros.
            if disk::is_hole_at(&file, found.len(), offset, length) {
                return Ok((expected != Hash::of_zeros(length)).then(|| damaged(Some(index))));
            }
            bytes.resize(length as usize, 0);
            // A file that is too short, or a sector that cannot be read, is damage of this chunk and of no other.
            let sound = disk::read_at(&file, bytes, offset).is_ok() && Hash::of(bytes) == expected;
            Ok((!sound).then(|| damaged(Some(index))))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Hashes a finished folder of another tool and writes its manifest.
fn first_sight(
    folder: &Utf8Path,
    now: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Verification> {
    let reader = CopyReader::open(folder)?;
    let _lock = writer::lock(folder)?;
    let metadata = reader.metadata();
    let mut files = Vec::new();
    let mut damage = Vec::new();
    let mut read = 0;
    for (part, bytes) in metadata.blobs() {
        let hashes = (0..chunks(bytes))
            .into_par_iter()
            .map_init(Vec::new, |buffer: &mut Vec<u8>, index| {
                if cancel.is_cancelled() {
                    return Err(Error::new(Code::Cancelled, "verifying a copy"));
                }
                let (offset, length) = chunk_at(index, bytes);
                progress(length);
                if reader.is_hole(part, offset, length) {
                    return Ok(Hash::of_zeros(length));
                }
                buffer.resize(length as usize, 0);
                reader.read(part, offset, buffer)?;
                Ok(Hash::of(buffer))
            })
            .collect::<Result<Vec<_>>>()?;
        read += bytes;
        files.push(FileRecord::new(part, bytes, hashes));
    }
    for name in &metadata.stored {
        let part = Part::Stored(*name);
        let bytes = disk::read_small("verifying a copy", &folder.join(part.path()), STORED_LIMIT)?;
        read += bytes.len() as u64;
        progress(bytes.len() as u64);
        if Hash::of(&bytes) != *name {
            damage.push(Damage {
                file: part.path(),
                chunk: Some(0),
            });
        }
        files.push(FileRecord::new(
            part,
            bytes.len() as u64,
            vec![Hash::of(&bytes)],
        ));
    }
    reader.check_unchanged()?;
    if damage.is_empty() {
        let text = disk::read_small("verifying a copy", &folder.join(METADATA), metadata::LIMIT)?;
        let beginning = Beginning {
            origin: Origin::Found,
            made_at: now,
            name: String::new(),
            snapshot: None,
            then: None,
        };
        let module_hash = hash_of(&reader, Part::Module, metadata.module_bytes)?;
        let mut manifest = Manifest::new(
            beginning,
            metadata,
            Hash::of(&text),
            module_hash,
            files,
            now,
        )?;
        manifest.verified_at = Some(now);
        manifest.save(folder)?;
    }
    Ok(Verification {
        hashes: Hashes::New,
        damage,
        bytes: read,
    })
}

/// The hash of a whole blob.
fn hash_of(reader: &CopyReader, part: Part, bytes: u64) -> Result<Hash> {
    let mut digest = Sha256::new();
    for index in 0..chunks(bytes) {
        digest.update(reader.chunk(part, index)?);
    }
    Ok(Hash(digest.finalize().into()))
}
