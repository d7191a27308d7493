//! A copy: a snapshot as a folder on this computer.
//!
//! A copy outlives the app that made it, so it is first of all a folder that `icp` and `dfx` read as it is:
//!
//! ```text
//! metadata.json                  what the network says of the snapshot, as icp writes it
//! wasm_module.bin                raw bytes; absent where there are none
//! wasm_memory.bin                raw bytes; absent where there are none; zeros are holes
//! stable_memory.bin              raw bytes; zeros are holes
//! wasm_chunk_store/<sha256>.bin  one file for each entry of the chunk store
//! canopic.json                   ours: where it came from and what every byte must be
//! .lock                          held while somebody writes
//! ```
//!
//! Invariants:
//!
//! - `canopic.json` is written last and replaced whole: **while it is missing and `canopic.partial.json` is there, the copy is
//!   unfinished**. `metadata.json` comes right before it, so that no other tool takes half a copy for a whole one.
//! - Every chunk of the grid of [`GRID`] bytes has its SHA-256; the manifest has a hash of `metadata.json` and one of itself.
//!   There is no byte in a copy that could change unseen.
//! - A folder is not trusted: no link is followed, a path is never made of a name that was read, and sizes are what the metadata
//!   says or the copy is refused.
//! - Nobody holds more of it in memory than a few chunks.
//!
//! Reading order: [`Part`] and the grid here; [`Metadata`]; [`Manifest`]; [`CopyWriter`] and [`CopyReader`]; then
//! [`verify`](verify::verify), and [`Unfinished`] for what other tools left half-done.

mod disk;
mod hash;
mod manifest;
mod metadata;
mod reader;
mod unfinished;
mod verify;
mod writer;

#[cfg(test)]
pub(crate) mod tests;

pub use hash::Hash;
pub use manifest::{ChainSnapshot, Circumstances, FileRecord, Manifest, Origin, SettingsThen};
pub use metadata::{Global, Hook, Metadata, Source, Timer};
pub use reader::{CopyReader, WrongSize};
pub use unfinished::{By, Unfinished, unfinished};
pub use verify::{Damage, Hashes, Verification, verify};
pub use writer::{CopyWriter, Draft, Repair};

pub use disk::Progress;
pub(crate) use disk::{allocated, failed, open_plain, sync_folder};
pub(crate) use manifest::update;
pub(crate) use reader::{cut_off, looks_like_copy};
pub(crate) use writer::{draft, lock};

use std::fmt;

/// The size of a chunk: what one read of a snapshot's data answers at most, and the grid that `icp` and `dfx` resume on.
pub const GRID: u64 = 2_000_000;

/// The most that an entry of a canister's chunk store holds.
pub const STORED_LIMIT: u64 = 1 << 20;

/// The folder of the chunk store's entries.
pub(crate) const STORE: &str = "wasm_chunk_store";

/// One of the runs of bytes that a snapshot is made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The module, as it was installed: possibly gzipped.
    Module,
    /// The Wasm memory, the heap.
    Heap,
    /// The stable memory.
    Stable,
    /// An entry of the chunk store, under the SHA-256 of its bytes.
    Stored(Hash),
}

impl Part {
    /// Where it lies in the folder of a copy, with `/` between folder and file.
    pub fn path(self) -> String {
        match self {
            Self::Module => "wasm_module.bin".to_owned(),
            Self::Heap => "wasm_memory.bin".to_owned(),
            Self::Stable => "stable_memory.bin".to_owned(),
            Self::Stored(hash) => format!("{STORE}/{hash}.bin"),
        }
    }

    /// The part that lies at this path; none for every other path.
    pub fn at(path: &str) -> Option<Self> {
        match path {
            "wasm_module.bin" => Some(Self::Module),
            "wasm_memory.bin" => Some(Self::Heap),
            "stable_memory.bin" => Some(Self::Stable),
            _ => {
                let name = path.strip_prefix(STORE)?.strip_prefix('/')?;
                // Only the one spelling that `path` makes: two spellings of one hash would be two files of one part.
                let text = name.strip_suffix(".bin")?;
                let hash: Hash = text.parse().ok()?;
                (hash.to_string() == text).then_some(Self::Stored(hash))
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How many chunks of the grid so many bytes are.
pub fn chunks(bytes: u64) -> u64 {
    bytes.div_ceil(GRID)
}

/// The offset and the length of a chunk of a part of so many bytes.
pub fn chunk_at(index: u64, bytes: u64) -> (u64, u64) {
    let offset = index.saturating_mul(GRID).min(bytes);
    (offset, GRID.min(bytes - offset))
}

/// Whether all bytes are zero. In words of 16, because every byte of every transfer goes through here.
pub fn is_zero(bytes: &[u8]) -> bool {
    let mut words = bytes.chunks_exact(16);
    words.all(|word| word == [0; 16]) && words.remainder().iter().all(|byte| *byte == 0)
}

/// A name for a file or a folder that every system takes, made of what people call something.
pub(crate) fn plain_name(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() => plain.push(letter.to_ascii_lowercase()),
            _ if plain.is_empty() || plain.ends_with('-') => {}
            _ => plain.push('-'),
        }
        if plain.len() == 60 {
            break;
        }
    }
    let plain = plain.trim_end_matches('-');
    if plain.is_empty() {
        "snapshot".to_owned()
    } else {
        plain.to_owned()
    }
}
