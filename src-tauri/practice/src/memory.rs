//! The state that a canister's code works on: its heap, its stable memory and its globals.
//!
//! A canister's state is copied all the time: before every message (a trap must undo everything), for every query
//! (its changes vanish), for every snapshot. So a [`Memory`] is a persistent map of small pages: a clone costs
//! nothing, and two clones share every page that neither of them has written since. Pages that hold only zeros are
//! not stored at all, so 500 GiB of stable memory with one byte in it costs one page.
//!
//! Invariants: a page in the map is never all zeros and lies wholly within the size; the size is a multiple of
//! [`WASM_PAGE`].

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, ordmap::DiffItem};

/// The unit in which WebAssembly memories grow.
pub const WASM_PAGE: u64 = 65_536;

/// The unit of sharing. That of the operating system: small enough that a scattered write copies little, large
/// enough that comparing a heap page by page runs at the speed of memory.
pub const PAGE: usize = 4_096;

const ZEROS: [u8; PAGE] = [0; PAGE];

/// A memory of a canister: cheap to clone, sparse, shared until written.
#[derive(Clone, Default)]
pub struct Memory {
    size: u64,
    pages: OrdMap<u64, Arc<[u8; PAGE]>>,
    /// Numbers of the pages that were written since the last checkpoint; a clone keeps them, as a snapshot must.
    unflushed: OrdSet<u64>,
}

/// A read or write that touches bytes past the end of a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes {offset}..{offset}+{length} of a memory of {size} bytes")]
pub struct OutOfBounds {
    /// Where the access begins.
    pub offset: u64,
    /// How many bytes it wants.
    pub length: u64,
    /// How many bytes there are.
    pub size: u64,
}

impl Memory {
    /// A memory of that many WebAssembly pages, all zero.
    pub fn zeroed(wasm_pages: u64) -> Self {
        Self {
            size: wasm_pages * WASM_PAGE,
            pages: OrdMap::new(),
            unflushed: OrdSet::new(),
        }
    }

    /// The size in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The size in WebAssembly pages.
    pub fn wasm_pages(&self) -> u64 {
        self.size / WASM_PAGE
    }

    /// Adds zeroed pages at the end. The limit of the size is the caller's business.
    pub fn grow(&mut self, wasm_pages: u64) {
        self.size += wasm_pages * WASM_PAGE;
    }

    /// Fills `bytes` from `offset` on.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), OutOfBounds> {
        self.check(offset, bytes.len())?;
        for piece in pieces(offset, bytes.len()) {
            let target = &mut bytes[piece.start..piece.start + piece.length];
            match self.pages.get(&piece.page) {
                Some(page) => {
                    target.copy_from_slice(&page[piece.within..piece.within + piece.length]);
                }
                None => target.fill(0),
            }
        }
        Ok(())
    }

    /// A copy of `length` bytes from `offset` on.
    pub fn slice(&self, offset: u64, length: usize) -> Result<Vec<u8>, OutOfBounds> {
        self.check(offset, length)?; // before the allocation: the length may be anything
        let mut bytes = vec![0; length];
        self.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// Puts `bytes` at `offset`.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), OutOfBounds> {
        self.check(offset, bytes.len())?;
        for piece in pieces(offset, bytes.len()) {
            let source = &bytes[piece.start..piece.start + piece.length];
            let only_zeros = source == &ZEROS[..piece.length];
            if only_zeros && !self.pages.contains_key(&piece.page) {
                continue;
            }
            self.unflushed.insert(piece.page);
            let page = Arc::make_mut(
                self.pages
                    .entry(piece.page)
                    .or_insert_with(|| Arc::new(ZEROS)),
            );
            page[piece.within..piece.within + piece.length].copy_from_slice(source);
            if only_zeros && *page == ZEROS {
                self.pages.remove(&piece.page);
            }
        }
        Ok(())
    }

    /// The pages that hold anything but zeros, in order: offset and content. With [`Memory::size`] they are the
    /// whole memory, and the way to save it.
    pub fn pages(&self) -> impl Iterator<Item = (u64, &[u8; PAGE])> {
        self.pages
            .iter()
            .map(|(index, page)| (index * PAGE as u64, &**page))
    }

    /// How many bytes are really held.
    pub fn resident(&self) -> u64 {
        self.pages.len() as u64 * PAGE as u64
    }

    /// How many bytes were written since the last checkpoint, in whole pages.
    pub fn unflushed(&self) -> u64 {
        self.unflushed.len() as u64 * PAGE as u64
    }

    /// A checkpoint: nothing is unflushed any more.
    pub fn flush(&mut self) {
        self.unflushed.clear();
    }

    /// Copies the whole memory into `bytes`, which are zero and at least as many.
    pub(crate) fn copy_into(&self, bytes: &mut [u8]) {
        for (offset, page) in self.pages() {
            bytes[offset as usize..offset as usize + PAGE].copy_from_slice(page);
        }
    }

    /// Becomes equal to `bytes` (whole WebAssembly pages), sharing every page that did not change. Gives the number
    /// of pages that did.
    pub(crate) fn adopt(&mut self, bytes: &[u8]) -> u64 {
        let changed = self.differing(bytes);
        let now = bytes.as_chunks::<PAGE>().0;
        self.size = bytes.len() as u64;
        for index in &changed {
            let now = now[*index as usize];
            self.unflushed.insert(*index);
            if now == ZEROS {
                self.pages.remove(index);
            } else {
                self.pages.insert(*index, Arc::new(now));
            }
        }
        changed.len() as u64
    }

    /// Puts back into `bytes`, which held this memory, what was changed there since.
    pub(crate) fn put_back(&self, bytes: &mut [u8]) {
        for index in self.differing(bytes) {
            self.copy_page(index, bytes);
        }
    }

    /// Makes `bytes`, which hold `held`, hold this memory of the same size. Costs what the two do not share.
    pub(crate) fn replace_in(&self, held: &Self, bytes: &mut [u8]) {
        for difference in held.pages.diff(&self.pages) {
            let (DiffItem::Add(index, _)
            | DiffItem::Update {
                new: (index, _), ..
            }
            | DiffItem::Remove(index, _)) = difference;
            self.copy_page(*index, bytes);
        }
    }

    fn copy_page(&self, index: u64, bytes: &mut [u8]) {
        let page = self.pages.get(&index).map_or(&ZEROS, |page| &**page);
        bytes[index as usize * PAGE..][..PAGE].copy_from_slice(page);
    }

    /// The numbers of the pages that differ from `bytes`. Compares all of them, at the speed of memory.
    fn differing(&self, bytes: &[u8]) -> Vec<u64> {
        let mut known = self.pages.iter().peekable();
        let mut differing = Vec::new();
        for (index, now) in (0_u64..).zip(bytes.as_chunks::<PAGE>().0) {
            let before = known
                .next_if(|(at, _)| **at == index)
                .map_or(&ZEROS, |(_, page)| &**page);
            if before != now {
                differing.push(index);
            }
        }
        differing
    }

    fn check(&self, offset: u64, length: usize) -> Result<(), OutOfBounds> {
        let length = length as u64;
        match offset.checked_add(length) {
            Some(end) if end <= self.size => Ok(()),
            _ => Err(OutOfBounds {
                offset,
                length,
                size: self.size,
            }),
        }
    }
}

impl PartialEq for Memory {
    fn eq(&self, other: &Self) -> bool {
        // Comparing shared pages by address first keeps the comparison of two relatives quick.
        self.size == other.size
            && self.pages.len() == other.pages.len()
            && self
                .pages
                .iter()
                .zip(&other.pages)
                .all(|((i, a), (j, b))| i == j && (Arc::ptr_eq(a, b) || a == b))
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("size", &self.size)
            .field("resident", &self.resident())
            .finish_non_exhaustive()
    }
}

/// The part of an access that falls into one page.
struct Piece {
    /// Number of the page.
    page: u64,
    /// Where in the page it begins.
    within: usize,
    /// Where in the caller's bytes it begins.
    start: usize,
    length: usize,
}

fn pieces(offset: u64, length: usize) -> impl Iterator<Item = Piece> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == length {
            return None;
        }
        let at = offset + start as u64;
        let within = (at % PAGE as u64) as usize;
        let piece = Piece {
            page: at / PAGE as u64,
            within,
            start,
            length: (PAGE - within).min(length - start),
        };
        start += piece.length;
        Some(piece)
    })
}

/// The value of a global. Floats are kept by their bits: a NaN's payload is state, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum Global {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
}

/// The whole state of a canister's code between two messages.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Image {
    /// The WebAssembly memory.
    #[serde(with = "crate::state::sparse")]
    pub heap: Memory,
    /// The memory that survives upgrades.
    #[serde(with = "crate::state::sparse")]
    pub stable: Memory,
    /// In the order of [`crate::module::Module::globals`].
    pub globals: Vec<Global>,
}

impl Image {
    /// How many bytes of both memories were written since the last checkpoint.
    pub fn unflushed(&self) -> u64 {
        self.heap.unflushed() + self.stable.unflushed()
    }

    /// A checkpoint: nothing is unflushed any more.
    pub fn flush(&mut self) {
        self.heap.flush();
        self.stable.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_across_pages_and_the_rest_is_zero() {
        let mut memory = Memory::zeroed(2);
        memory
            .write(4_090, &[7; 12])
            .expect("within two wasm pages");
        assert_eq!(
            memory.slice(4_088, 16),
            Ok([[0; 2].as_slice(), &[7; 12], &[0; 2]].concat()),
            "as written"
        );
        assert_eq!(
            memory.resident(),
            2 * PAGE as u64,
            "the write crossed one page border"
        );
    }

    #[test]
    fn a_clone_does_not_see_later_writes() {
        let mut memory = Memory::zeroed(1);
        memory.write(0, b"before").expect("within one wasm page");
        let copy = memory.clone();
        memory.write(0, b"after!").expect("within one wasm page");
        assert_eq!(
            copy.slice(0, 6),
            Ok(b"before".to_vec()),
            "the copy is a snapshot"
        );
    }

    #[test]
    fn each_page_written_since_a_checkpoint_counts_once() {
        let mut memory = Memory::zeroed(2);
        for byte in 1..=9 {
            memory.write(0, &[byte]).expect("within two wasm pages");
        }
        memory.write(70_000, &[1]).expect("within two wasm pages");
        let taken = memory.clone();
        assert_eq!(memory.unflushed(), 2 * PAGE as u64, "two pages");
        memory.flush();
        assert_eq!(memory.unflushed(), 0, "a checkpoint wrote them out");
        assert_eq!(
            taken.unflushed(),
            2 * PAGE as u64,
            "a copy is written out on its own"
        );
        let mut bytes = memory.slice(0, 131_072).expect("the whole memory");
        bytes[5_000] = 2;
        memory.adopt(&bytes);
        assert_eq!(memory.unflushed(), PAGE as u64, "code wrote one page");
    }

    #[test]
    fn zeros_are_free() {
        let mut memory = Memory::zeroed(500 * 16_384); // 500 GiB
        memory
            .write(499 << 30, &vec![0; 100_000])
            .expect("within the size");
        assert_eq!(memory.resident(), 0, "nothing but zeros was written");
        memory.write(499 << 30, &[1]).expect("within the size");
        memory.write(499 << 30, &[0]).expect("within the size");
        assert_eq!(
            memory.resident(),
            0,
            "a page that became zero again is dropped"
        );
    }

    #[test]
    fn accesses_past_the_end_are_refused_even_if_the_sum_overflows() {
        let mut memory = Memory::zeroed(1);
        assert!(
            memory.read(65_535, &mut [0; 2]).is_err(),
            "one byte too far"
        );
        assert!(
            memory.write(u64::MAX, &[1; 2]).is_err(),
            "offset plus length overflows"
        );
        assert!(
            memory.slice(0, usize::MAX).is_err(),
            "refused before anything is allocated"
        );
        assert!(
            memory.read(65_536, &mut []).is_ok(),
            "nothing at the very end is within bounds"
        );
    }

    #[test]
    fn bytes_follow_from_memory_to_memory_and_back() {
        let mut first = Memory::zeroed(1);
        first.write(0, &[1; 14_000]).expect("within one wasm page");
        let mut second = first.clone();
        second.write(4_096, &[0; 4_096]).expect("within");
        second.write(9_000, &[2; 10]).expect("within");
        second.write(50_000, &[3]).expect("within");
        let whole = |memory: &Memory| memory.slice(0, 65_536).expect("the whole memory");
        let mut bytes = whole(&first);
        second.replace_in(&first, &mut bytes);
        assert_eq!(bytes, whole(&second), "a page zeroed, one written, one new");
        bytes[60_000] = 4;
        bytes[0] = 0;
        second.put_back(&mut bytes);
        assert_eq!(bytes, whole(&second), "as if nothing had been written");
        first.replace_in(&second, &mut bytes);
        assert_eq!(bytes, whole(&first), "and back");
    }

    #[test]
    fn adopting_shares_what_did_not_change() {
        let mut memory = Memory::zeroed(1);
        memory.write(0, &[1; 10_000]).expect("within one wasm page");
        let before = memory.clone();
        let mut bytes = before.slice(0, 65_536).expect("the whole memory");
        bytes[5_000] = 2;
        bytes[8_192..12_288].fill(0);
        bytes.resize(131_072, 0);
        bytes[131_071] = 9;
        assert_eq!(
            memory.adopt(&bytes),
            3,
            "one page written, one zeroed, one new"
        );
        assert_eq!(
            memory.slice(0, 131_072),
            Ok(bytes),
            "equal to what was adopted"
        );
        assert!(
            Arc::ptr_eq(&memory.pages[&0], &before.pages[&0]),
            "the first page did not change"
        );
        assert_eq!(
            memory.resident(),
            3 * PAGE as u64,
            "the zeroed page is not held"
        );
    }
}
