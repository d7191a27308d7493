//! What lies in a stable memory, as far as it can be recognised: the memory manager of `ic-stable-structures` with what lies in its
//! virtual memories, a structure that has the memory for itself, or the regions of Motoko.
//!
//! Recognising is guessing by the first bytes. So numbers that do not fit together are no layout, and nothing is ever changed by it.

use super::{PAGE, bytes_of, look};
use crate::{CopyReader, Part, Result};
use std::collections::BTreeMap;

/// What lies in a stable memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// There is none.
    Empty,
    /// Something else.
    Unknown,
    /// The memory manager of `ic-stable-structures`.
    Manager {
        /// How many pages a bucket has.
        bucket_pages: u64,
        /// How many buckets are taken.
        buckets: u64,
        /// The virtual memories that have any.
        memories: Vec<VirtualMemory>,
    },
    /// One structure of `ic-stable-structures` that has the memory for itself.
    Single(Structure),
    /// The regions of Motoko.
    Regions {
        /// How many pages a block has.
        block_pages: u64,
        /// How many blocks are taken.
        blocks: u64,
        /// The regions that have any.
        regions: Vec<Region>,
    },
}

/// A virtual memory of the memory manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualMemory {
    /// Its number.
    pub id: u8,
    /// How many pages it says to have.
    pub pages: u64,
    /// How many buckets it has.
    pub buckets: u64,
    /// Where in the stable memory its first bucket lies.
    pub offset: u64,
    /// What begins there.
    pub structure: Structure,
}

/// A structure of `ic-stable-structures`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// `StableBTreeMap` or `StableBTreeSet`.
    BTreeMap,
    /// `StableVec`.
    Vec,
    /// `StableCell`.
    Cell,
    /// The index of a `StableLog`.
    LogIndex,
    /// The entries of a `StableLog`.
    LogEntries,
    /// `StableMinHeap`.
    MinHeap,
    /// Nothing that is known: for instance upgrade data that a canister writes itself.
    Unknown,
}

/// A region of Motoko.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its number; 0 is the old, single stable memory.
    pub id: u64,
    /// How many pages it has.
    pub pages: u64,
    /// How many blocks it has.
    pub blocks: u64,
}

const MANAGER_SIZES: usize = 40;
const MANAGER_TABLE: usize = MANAGER_SIZES + 255 * 8;
const MANAGER_BUCKETS: usize = 32_768;
const FREE_BUCKET: u8 = 255;

const REGION_TABLE: u64 = 34;
const REGION_ENTRY: usize = 11;
const REGION_BLOCKS: u64 = 32_768;

/// Recognises what lies in the stable memory of a copy.
pub fn layout(reader: &CopyReader) -> Result<Layout> {
    let bytes = bytes_of(reader, Part::Stable);
    if bytes == 0 {
        return Ok(Layout::Empty);
    }
    let first = look(reader, Part::Stable, 0, PAGE)?;
    let recognised = match first.get(..8) {
        Some([b'M', b'G', b'R', 1, ..]) => manager(reader, &first, bytes)?,
        Some(b"MOREGION") => regions(reader, &first, bytes)?,
        Some(begin) => Some(structure(begin))
            .filter(|found| *found != Structure::Unknown)
            .map(Layout::Single),
        None => None,
    };
    Ok(recognised.unwrap_or(Layout::Unknown))
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// The structure that begins with these bytes: three letters and a version.
fn structure(begin: &[u8]) -> Structure {
    match begin {
        [b'B', b'T', b'R', 1 | 2, ..] => Structure::BTreeMap,
        [b'S', b'V', b'C', 1, ..] => Structure::Vec,
        [b'S', b'C', b'L', 1, ..] => Structure::Cell,
        [b'G', b'L', b'I', 1, ..] => Structure::LogIndex,
        [b'G', b'L', b'D', 1, ..] => Structure::LogEntries,
        [b'S', b'M', b'H', 1, ..] => Structure::MinHeap,
        _ => Structure::Unknown,
    }
}

fn manager(reader: &CopyReader, first: &[u8], bytes: u64) -> Result<Option<Layout>> {
    let numbers = number(first, 4)
        .map(u16::from_le_bytes)
        .zip(number(first, 6).map(u16::from_le_bytes));
    let (Some((buckets, bucket_pages)), Some(table)) = (
        numbers,
        first.get(MANAGER_TABLE..MANAGER_TABLE + MANAGER_BUCKETS),
    ) else {
        return Ok(None);
    };
    let (buckets, bucket_pages) = (u64::from(buckets), u64::from(bucket_pages));
    if bucket_pages == 0 || buckets as usize > MANAGER_BUCKETS {
        return Ok(None);
    }
    let mut owned = BTreeMap::<u8, Vec<u64>>::new();
    for (bucket, owner) in (0..).zip(&table[..buckets as usize]) {
        if *owner == FREE_BUCKET {
            return Ok(None);
        }
        owned.entry(*owner).or_default().push(bucket);
    }
    let mut memories = Vec::new();
    for (id, its) in owned {
        let pages =
            number(first, MANAGER_SIZES + 8 * usize::from(id)).map_or(0, u64::from_le_bytes);
        if pages > its.len() as u64 * bucket_pages {
            return Ok(None);
        }
        let offset = PAGE + its.first().copied().unwrap_or_default() * bucket_pages * PAGE;
        let begin = if offset < bytes {
            look(reader, Part::Stable, offset, 8)?
        } else {
            Vec::new()
        };
        memories.push(VirtualMemory {
            id,
            pages,
            buckets: its.len() as u64,
            offset,
            structure: structure(&begin),
        });
    }
    Ok(Some(Layout::Manager {
        bucket_pages,
        buckets,
        memories,
    }))
}

fn regions(reader: &CopyReader, first: &[u8], bytes: u64) -> Result<Option<Layout>> {
    let version = number(first, 8).map(u32::from_le_bytes);
    let block_pages = number(first, 12)
        .map(u16::from_le_bytes)
        .map_or(0, u64::from);
    let blocks = number(first, 22)
        .map(u32::from_le_bytes)
        .map_or(0, u64::from);
    if version != Some(2) || block_pages == 0 || blocks > REGION_BLOCKS {
        return Ok(None);
    }
    let mut table = Vec::new();
    let end = REGION_TABLE + blocks * REGION_ENTRY as u64;
    while REGION_TABLE + (table.len() as u64) < end.min(bytes) {
        let at = REGION_TABLE + table.len() as u64;
        table.extend(look(reader, Part::Stable, at, end - at)?);
    }
    let mut regions = BTreeMap::<u64, Region>::new();
    for entry in table.chunks_exact(REGION_ENTRY) {
        // Zero stands for a free block, so every number is one more than its region's.
        let Some(id) = number(entry, 0)
            .map(u64::from_le_bytes)
            .and_then(|number| number.checked_sub(1))
        else {
            continue;
        };
        let region = regions.entry(id).or_insert(Region {
            id,
            pages: 0,
            blocks: 0,
        });
        region.blocks += 1;
        region.pages += u64::from(entry[10]);
    }
    Ok(Some(Layout::Regions {
        block_pages,
        blocks,
        regions: regions.into_values().collect(),
    }))
}
