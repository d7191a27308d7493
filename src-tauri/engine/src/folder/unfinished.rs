//! What `icp` and `dfx` leave behind when a download is interrupted, so that it can be continued here.
//!
//! - icp makes its files as long as they will be and keeps `.download_progress.json`: a chunk of the grid is there if it lies before
//!   the frontier or is among those ahead of it.
//! - dfx appends in order and keeps nothing: what is there is as long as the file is.

use super::{GRID, Metadata, Part, chunks, disk, metadata, reader::METADATA};
use crate::Result;
use camino::Utf8Path;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The file in which icp keeps how far it is.
pub(super) const ICP_PROGRESS: &str = ".download_progress.json";

/// Offsets ahead of a frontier are at most as many as there are chunks.
const PROGRESS_LIMIT: u64 = 64 << 20;

/// A download that another tool began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Which tool.
    pub by: By,
    /// What the network said of the snapshot when it began.
    pub metadata: Metadata,
    frontiers: BTreeMap<Part, Frontier>,
    stored: BTreeSet<Part>,
}

/// A tool that leaves unfinished folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// icp.
    Icp,
    /// dfx.
    Dfx,
}

/// How far a blob is: everything before an offset, and some chunks beyond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Frontier {
    frontier: u64,
    #[serde(default)]
    ahead: BTreeSet<u64>,
}

#[derive(Deserialize)]
struct IcpProgress {
    #[serde(default)]
    wasm_module: Frontier,
    #[serde(default)]
    wasm_memory: Frontier,
    #[serde(default)]
    stable_memory: Frontier,
}

impl Unfinished {
    /// The chunks that are there.
    pub fn done(&self, metadata: &Metadata) -> Vec<(Part, u64)> {
        let mut done = Vec::new();
        for (part, bytes) in metadata.blobs() {
            let Some(so_far) = self.frontiers.get(&part) else {
                continue;
            };
            let is_done = |index: &u64| {
                let offset = index * GRID;
                (offset + GRID).min(bytes) <= so_far.frontier || so_far.ahead.contains(&offset)
            };
            done.extend(
                (0..chunks(bytes))
                    .filter(is_done)
                    .map(|index| (part, index)),
            );
        }
        done.extend(
            self.stored
                .iter()
                .filter(|part| matches!(part, Part::Stored(hash) if metadata.stored.contains(hash)))
                .map(|part| (*part, 0)),
        );
        done
    }
}

/// Looks whether a folder is another tool's unfinished download. Metadata that cannot be read are none: there is nothing to continue.
pub fn unfinished(folder: &Utf8Path) -> Result<Option<Unfinished>> {
    let doing = "looking at an unfinished download";
    if folder.join(METADATA).symlink_metadata().is_err() {
        return Ok(None);
    }
    let text = disk::read_small(doing, &folder.join(METADATA), metadata::LIMIT);
    let Some(metadata) = text
        .ok()
        .and_then(|text| Metadata::parse(&text, folder).ok())
    else {
        return Ok(None);
    };
    let lengths: BTreeMap<Part, u64> = metadata
        .blobs()
        .filter_map(|(part, bytes)| {
            let length = match folder.join(part.path()).symlink_metadata() {
                Ok(found) if found.is_file() => found.len(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
                // A link or a folder is nothing that a tool left.
                _ => return None,
            };
            (length <= bytes).then_some((part, length))
        })
        .collect();
    if lengths.len() != metadata.blobs().count() {
        return Ok(None);
    }
    let stored = metadata
        .stored
        .iter()
        .map(|hash| Part::Stored(*hash))
        .filter(|part| {
            folder
                .join(part.path())
                .symlink_metadata()
                .is_ok_and(|found| found.is_file())
        })
        .collect::<BTreeSet<_>>();
    let progress = folder.join(ICP_PROGRESS);
    if progress.symlink_metadata().is_ok() {
        let text = disk::read_small(doing, &progress, PROGRESS_LIMIT)?;
        // Torn progress is no progress: all is fetched again.
        let frontiers = serde_json::from_slice(&text).map_or_else(
            |_| BTreeMap::new(),
            |read: IcpProgress| {
                BTreeMap::from([
                    (Part::Module, read.wasm_module),
                    (Part::Heap, read.wasm_memory),
                    (Part::Stable, read.stable_memory),
                ])
            },
        );
        // Where a file is shorter than its frontier, the progress is of another time.
        let frontiers = frontiers
            .into_iter()
            .filter(|(part, so_far)| {
                lengths
                    .get(part)
                    .is_some_and(|length| so_far.frontier <= *length)
            })
            .collect();
        return Ok(Some(Unfinished {
            by: By::Icp,
            metadata,
            frontiers,
            stored,
        }));
    }
    let is_whole = metadata
        .blobs()
        .all(|(part, bytes)| lengths.get(&part) == Some(&bytes))
        && stored.len() == metadata.stored.len();
    if is_whole {
        return Ok(None);
    }
    let frontiers = metadata
        .blobs()
        .map(|(part, bytes)| {
            let length = lengths.get(&part).copied().unwrap_or_default();
            // What was appended last may be torn; only whole chunks count.
            let frontier = if length == bytes {
                bytes
            } else {
                length / GRID * GRID
            };
            (
                part,
                Frontier {
                    frontier,
                    ahead: BTreeSet::new(),
                },
            )
        })
        .collect();
    Ok(Some(Unfinished {
        by: By::Dfx,
        metadata,
        frontiers,
        stored,
    }))
}
