//! `canopic.json`: where a copy came from, and what every byte of it must be.
//!
//! The file vouches for the others, and its last field vouches for the file: `seal` is the SHA-256 of the whole text with 64 zeros
//! in the seal's own place. So a single flipped bit anywhere in a copy is found.
//!
//! Hashes of whole memories do not exist: their chunks could neither be fetched out of order nor be checked on all cores then. A
//! file's `root` is the SHA-256 of its chunks' hashes, and the copy's `content` is made of the roots and the state in the metadata:
//! two copies with one `content` hold the same.

use super::{Hash, Metadata, Part, chunks, disk, reader::malformed};
use crate::{CanisterId, Code, Error, Fingerprint, Result, settings::replace_file};
use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The file's name in the folder.
pub(super) const FILE: &str = "canopic.json";

/// What this version writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// 500 GiB of stable memory have 250,000 chunks of 75 bytes each in this file; beyond this it is not one of ours.
const LIMIT: u64 = 256 << 20;

const SEAL: &str = "\"seal\": \"";
const OPEN_SEAL: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What is known of a copy beside its bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    format: u32,
    /// The name that a person gave it; empty where there is none.
    #[serde(default)]
    pub name: String,
    /// What a person wrote about it.
    #[serde(default)]
    pub notes: String,
    /// Whether it is to be kept whatever happens.
    #[serde(default)]
    pub pinned: bool,
    /// How it came to be.
    pub origin: Origin,
    /// When it was made, in milliseconds since 1970.
    pub made_at: u64,
    /// Since when its hashes are known: damage from before then cannot be seen. For downloads that is when it was made.
    pub hashes_since: u64,
    /// When every byte was last found to be what it must be; none once damage was found.
    #[serde(default)]
    pub verified_at: Option<u64>,
    /// When damage was found; none once all of it is right again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged_at: Option<u64>,
    /// When it was last restored somewhere, with success.
    #[serde(default)]
    pub proven_at: Option<u64>,
    /// The snapshot that it is a copy of, where it is known.
    pub snapshot: Option<ChainSnapshot>,
    /// Other snapshots that are known to hold the same: those that it was uploaded as.
    #[serde(default)]
    pub also: Vec<ChainSnapshot>,
    /// SHA-256 of the module.
    pub module_hash: Hash,
    /// The canister's status and settings at that time, where they are known.
    #[serde(default)]
    pub then: Option<Circumstances>,
    /// SHA-256 of `metadata.json`.
    pub metadata: Hash,
    /// What tells two contents apart.
    pub content: Hash,
    /// The floats among the globals by their bits.
    #[serde(default)]
    pub floats: Vec<FloatBits>,
    /// The files, and what every chunk of them must be.
    pub files: Vec<FileRecord>,
    /// What a newer version of the same format wrote; kept when the file is written again.
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
    seal: String,
}

/// How a copy came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// Downloaded from a network.
    Downloaded,
    /// Begun by another tool, finished here.
    Continued,
    /// A finished folder of another tool, found on this computer.
    Found,
    /// Unpacked from an archive.
    Unpacked,
}

/// A snapshot on a network. The same ids under another fingerprint are another snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainSnapshot {
    /// The fingerprint of the network's root key.
    pub fingerprint: String,
    /// What the network was called.
    pub network: String,
    /// The canister's id.
    pub canister: String,
    /// The snapshot's id, hexadecimal.
    pub snapshot: String,
}

impl ChainSnapshot {
    /// Names a snapshot.
    pub fn new(
        fingerprint: Fingerprint,
        network: &str,
        canister: CanisterId,
        snapshot: &[u8],
    ) -> Self {
        Self {
            fingerprint: fingerprint.to_string(),
            network: network.to_owned(),
            canister: canister.to_string(),
            snapshot: hex::encode(snapshot),
        }
    }

    /// Whether both are one snapshot; what the network was called does not matter.
    pub fn is(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
            && self.canister == other.canister
            && self.snapshot == other.snapshot
    }
}

/// How things were with the canister when the snapshot was copied: no snapshot holds any of this. Amounts are decimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Circumstances {
    /// When it was looked at, in milliseconds since 1970.
    pub at: u64,
    /// `running`, `stopping` or `stopped`.
    pub run_state: String,
    /// The name that the canister had.
    pub canister_name: String,
    /// Its cycles.
    pub cycles: String,
    /// Its memory in bytes.
    pub memory_bytes: String,
    /// SHA-256 of the module that was installed, hexadecimal; it need not be the snapshot's.
    pub module_hash: Option<String>,
    /// The settings, for whoever makes the canister anew.
    pub settings: SettingsThen,
}

/// The settings of a canister, each none where the network did not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SettingsThen {
    /// Who controls it.
    pub controllers: Vec<String>,
    /// In percent.
    pub compute_allocation: Option<String>,
    /// In bytes.
    pub memory_allocation: Option<String>,
    /// In seconds.
    pub freezing_threshold: Option<String>,
    /// In cycles.
    pub reserved_cycles_limit: Option<String>,
    /// In bytes.
    pub wasm_memory_limit: Option<String>,
    /// In bytes.
    pub wasm_memory_threshold: Option<String>,
    /// `controllers`, `public`, or the principals, separated by spaces.
    pub log_visibility: Option<String>,
    /// As the visibility of logs.
    pub snapshot_visibility: Option<String>,
    /// As the visibility of logs.
    pub status_visibility: Option<String>,
    /// Names and values.
    pub environment_variables: Vec<(String, String)>,
}

/// A float of the globals by its bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloatBits {
    pub(super) index: usize,
    /// 8 or 16 hexadecimal digits.
    pub(super) bits: String,
}

/// A file of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Where it lies in the folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of the hashes of its chunks.
    pub root: Hash,
    /// SHA-256 of each chunk of the grid.
    pub chunks: Vec<Hash>,
}

impl FileRecord {
    pub(super) fn new(part: Part, bytes: u64, chunks: Vec<Hash>) -> Self {
        Self {
            path: part.path(),
            bytes,
            root: root(&chunks),
            chunks,
        }
    }
}

fn root(chunks: &[Hash]) -> Hash {
    let mut digest = Sha256::new();
    for chunk in chunks {
        digest.update(chunk.0);
    }
    Hash(digest.finalize().into())
}

/// What a manifest begins as.
pub(super) struct Beginning {
    pub origin: Origin,
    pub made_at: u64,
    pub name: String,
    pub snapshot: Option<ChainSnapshot>,
    pub then: Option<Circumstances>,
}

impl Manifest {
    /// The manifest of a copy whose files are all known.
    pub(super) fn new(
        beginning: Beginning,
        metadata: &Metadata,
        metadata_hash: Hash,
        module_hash: Hash,
        files: Vec<FileRecord>,
        now: u64,
    ) -> Result<Self> {
        let mut content = Sha256::new();
        content.update(b"canopic content 1");
        // How, when and at which version a snapshot was made is not its content.
        let state = Metadata {
            source: None,
            taken_at: 0,
            canister_version: 0,
            ..metadata.clone()
        };
        content.update(state.text()?);
        for float in metadata.floats() {
            content.update(float.bits.as_bytes());
        }
        for file in &files {
            content.update(file.path.as_bytes());
            content.update(file.bytes.to_be_bytes());
            content.update(file.root.0);
        }
        Ok(Self {
            format: FORMAT,
            name: beginning.name,
            notes: String::new(),
            pinned: false,
            origin: beginning.origin,
            made_at: beginning.made_at,
            hashes_since: now,
            verified_at: None,
            damaged_at: None,
            proven_at: None,
            snapshot: beginning.snapshot,
            also: Vec::new(),
            module_hash,
            then: beginning.then,
            metadata: metadata_hash,
            content: Hash(content.finalize().into()),
            floats: metadata.floats(),
            files,
            rest: serde_json::Map::new(),
            seal: OPEN_SEAL.to_owned(),
        })
    }

    /// Reads and checks the text. `path` is for errors only.
    pub(crate) fn parse(text: &[u8], path: &Utf8Path) -> Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u32,
        }
        let damaged = |reason: &str| {
            Error::new(Code::CopyDamaged, "reading a manifest")
                .with("path", path)
                .with("file", FILE)
                .because(reason.to_owned())
        };
        let text = std::str::from_utf8(text).map_err(|_| damaged("it is not text"))?;
        let at = text.rfind(SEAL).map(|at| at + SEAL.len());
        let seal = at.and_then(|at| Some((at, text.get(at..at + 64)?)));
        let Some((at, seal)) = seal else {
            return Err(damaged("its seal is missing"));
        };
        if seal != sealed(text, at).to_string() {
            return Err(damaged("its seal does not fit"));
        }
        // From here on the file is as somebody wrote it; what cannot be read was written by somebody else.
        let reason =
            |error: serde_json::Error| malformed(path, &format!("{FILE}: {error}")).because(error);
        let found: Versioned = serde_json::from_str(text).map_err(reason)?;
        if found.format > FORMAT {
            return Err(Error::new(Code::CopyFromNewerVersion, "reading a manifest")
                .with("path", path)
                .with("found", found.format)
                .with("known", FORMAT));
        }
        let mut manifest: Self = serde_json::from_str(text).map_err(reason)?;
        OPEN_SEAL.clone_into(&mut manifest.seal);
        Ok(manifest)
    }

    /// The text, sealed.
    pub(crate) fn text(&self) -> Result<String> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::new(Code::Bug, "writing a manifest").because(error))?;
        let at = text
            .rfind(SEAL)
            .map(|at| at + SEAL.len())
            .ok_or_else(|| Error::new(Code::Bug, "sealing a manifest"))?;
        let seal = sealed(&text, at);
        text.replace_range(at..at + 64, &seal.to_string());
        text.push('\n');
        Ok(text)
    }

    /// Reads it from a folder; none where there is none.
    pub(super) fn load(folder: &Utf8Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(disk::failed("looking for a manifest", &path, error)),
            Ok(_) => {}
        }
        let text = disk::read_small("reading a manifest", &path, LIMIT)?;
        Self::parse(&text, folder).map(Some)
    }

    /// Writes it to a folder, whole or not at all.
    pub(super) fn save(&self, folder: &Utf8Path) -> Result<()> {
        let path = folder.join(FILE);
        replace_file(&path, self.text()?.as_bytes())
            .map_err(|error| disk::failed("writing a manifest", &path, error))
    }

    /// Checks that it speaks of the files that the metadata say, and of no others.
    pub(crate) fn check(&self, metadata: &Metadata, folder: &Utf8Path) -> Result<()> {
        let expected: Vec<Part> = metadata.parts().collect();
        let blobs: Vec<(Part, u64)> = metadata.blobs().collect();
        let fits = self.files.len() == expected.len()
            && self.files.iter().zip(&expected).all(|(file, part)| {
                let bytes = blobs
                    .iter()
                    .find(|(blob, _)| blob == part)
                    .map(|(_, bytes)| *bytes);
                file.path == part.path()
                    && bytes.map_or(file.bytes <= super::STORED_LIMIT, |bytes| {
                        bytes == file.bytes
                    })
                    && file.chunks.len() as u64
                        == chunks(file.bytes).max(u64::from(file.bytes == 0))
                    && file.root == root(&file.chunks)
            });
        if fits {
            Ok(())
        } else {
            Err(malformed(
                folder,
                "its manifest speaks of other files than its metadata",
            ))
        }
    }

    /// What is known of a part.
    pub fn file(&self, part: Part) -> Option<&FileRecord> {
        let path = part.path();
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether it is a copy of this snapshot, or was uploaded as it.
    pub fn is_of(&self, snapshot: &ChainSnapshot) -> bool {
        self.snapshot
            .iter()
            .chain(&self.also)
            .any(|known| known.is(snapshot))
    }
}

/// The hash of the text with zeros in the seal's place. What comes after the last brace is white space that nobody vouches for, so
/// it belongs to the text as well, except for the one line break that [`Manifest::text`] ends with.
fn sealed(text: &str, at: usize) -> Hash {
    let mut digest = Sha256::new();
    digest.update(&text[..at]);
    digest.update(OPEN_SEAL);
    let rest = &text[at + 64..];
    digest.update(rest.strip_suffix('\n').unwrap_or(rest));
    Hash(digest.finalize().into())
}

/// Changes what is known of a copy: its name, its notes, when it was verified. The hashes stay as they are.
pub(crate) fn update(folder: &Utf8Path, change: impl FnOnce(&mut Manifest)) -> Result<Manifest> {
    let _lock = super::writer::lock(folder)?;
    let mut manifest =
        Manifest::load(folder)?.ok_or_else(|| malformed(folder, "it has no manifest yet"))?;
    change(&mut manifest);
    manifest.save(folder)?;
    Ok(manifest)
}
