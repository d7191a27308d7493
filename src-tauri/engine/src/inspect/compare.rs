//! What tells two copies apart.

use super::{MemoryMap, PAGE, bytes_of, pieces};
use crate::{
    Code, Compatibility, CopyReader, Error, Hash, Interface, Module, Part, Progress, Result,
    SnapshotMetadata, chunk_at,
};
use tokio_util::sync::CancellationToken;

/// What tells two copies apart.
#[derive(Debug)]
pub struct Comparison {
    /// Whether both hold the same in everything.
    pub is_same: bool,
    /// Whether both have the same module.
    pub is_same_module: bool,
    /// What changed in the interface from the first to the second, where both bring theirs along.
    pub interface: Option<Compatibility>,
    /// The sizes in both.
    pub sizes: [Sizes; 2],
    /// The places of the globals that differ.
    pub globals: Vec<usize>,
    /// Whether the certified data differ.
    pub differs_certified: bool,
    /// The entries of the chunk store that only the first has, and only the second.
    pub stored: [Vec<Hash>; 2],
    /// The pages of the Wasm memory that differ.
    pub heap: Pages,
    /// The pages of the stable memory that differ.
    pub stable: Pages,
}

/// The sizes of a copy's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The bytes of the module.
    pub module: u64,
    /// The bytes of the Wasm memory.
    pub heap: u64,
    /// The bytes of the stable memory.
    pub stable: u64,
}

/// The pages of a memory that differ, as a map: `used` counts those that differ. Where one memory ends, the other counts as if it
/// went on with zeros.
pub type Pages = MemoryMap;

impl Sizes {
    fn of(metadata: &SnapshotMetadata) -> Self {
        Self {
            module: metadata.module_bytes,
            heap: metadata.heap_bytes,
            stable: metadata.stable_bytes,
        }
    }
}

/// Compares two copies. Pages are read only where hashes do not tell.
pub fn compare(
    one: &CopyReader,
    other: &CopyReader,
    cells: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Comparison> {
    let (first, second) = (one.metadata(), other.metadata());
    let heap = differing(one, other, Part::Heap, cells, progress, cancel)?;
    let stable = differing(one, other, Part::Stable, cells, progress, cancel)?;
    let modules = [one.module()?, other.module()?];
    let is_same_module = modules[0] == modules[1];
    let only = |these: &SnapshotMetadata, those: &SnapshotMetadata| -> Vec<Hash> {
        these
            .stored
            .iter()
            .filter(|hash| !those.stored.contains(hash))
            .copied()
            .collect()
    };
    let longest = first.globals.len().max(second.globals.len());
    let globals: Vec<usize> = (0..longest)
        .filter(|index| first.globals.get(*index) != second.globals.get(*index))
        .collect();
    let is_same =
        first.is_same_state(second) && is_same_module && heap.used == 0 && stable.used == 0;
    let interface = if is_same_module {
        None
    } else {
        interface(modules)?
    };
    Ok(Comparison {
        is_same,
        is_same_module,
        interface,
        sizes: [Sizes::of(first), Sizes::of(second)],
        globals,
        differs_certified: first.certified_data != second.certified_data,
        stored: [only(first, second), only(second, first)],
        heap,
        stable,
    })
}

/// What changed in the interface. A module that cannot be understood has none to compare.
fn interface(modules: [Vec<u8>; 2]) -> Result<Option<Compatibility>> {
    let interfaces = modules.map(|bytes| {
        let module = Module::read(bytes).ok()?;
        Interface::of_module(module.facts()).ok().flatten()
    });
    match &interfaces {
        [Some(old), Some(new)] => Compatibility::between(Some(old), Some(new)).map(Some),
        _ => Ok(None),
    }
}

fn differing(
    one: &CopyReader,
    other: &CopyReader,
    part: Part,
    cells: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Pages> {
    let sizes = [bytes_of(one, part), bytes_of(other, part)];
    let bytes = sizes[0].max(sizes[1]);
    let words = pieces(bytes, progress, cancel, |buffer, offset, length| {
        if is_known_same(one, other, part, sizes, offset, length) {
            return Ok(0);
        }
        buffer.clear();
        buffer.resize(2 * length as usize, 0);
        let (left, right) = buffer.split_at_mut(length as usize);
        read_on_with_zeros(one, part, sizes[0], offset, left)?;
        read_on_with_zeros(other, part, sizes[1], offset, right)?;
        let pages = left.chunks(PAGE as usize).zip(right.chunks(PAGE as usize));
        Ok(pages
            .enumerate()
            .map(|(page, (left, right))| u32::from(left != right) << page)
            .sum())
    })?;
    Ok(MemoryMap::new(&words, bytes.div_ceil(PAGE), cells))
}

/// Whether the hashes tell that a range is the same in both.
fn is_known_same(
    one: &CopyReader,
    other: &CopyReader,
    part: Part,
    sizes: [u64; 2],
    offset: u64,
    length: u64,
) -> bool {
    let mut touched = offset / crate::GRID..(offset + length).div_ceil(crate::GRID);
    touched.all(|index| {
        let is_same_range = chunk_at(index, sizes[0]) == chunk_at(index, sizes[1]);
        let hash = one.hash(part, index);
        is_same_range && hash.is_some() && hash == other.hash(part, index)
    })
}

fn read_on_with_zeros(
    reader: &CopyReader,
    part: Part,
    size: u64,
    offset: u64,
    bytes: &mut [u8],
) -> Result<()> {
    let there = size.saturating_sub(offset).min(bytes.len() as u64) as usize;
    if there == 0 {
        return Ok(());
    }
    reader
        .read(part, offset, &mut bytes[..there])
        .map_err(|error| match error.code {
            Code::Bug => Error::new(Code::CopyChanged, "comparing copies").because(error),
            _ => error,
        })
}
