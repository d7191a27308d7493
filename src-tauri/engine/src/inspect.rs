//! Looking into a copy, with no network: what its module is, how its memories are laid out, where something lies in them.
//!
//! Everything here reads in pieces of `PIECE` bytes on all cores, so that half a terabyte needs time but no memory. What the hashes
//! tell is not read at all: a chunk whose hash is that of zeros is empty, and two chunks with one hash are equal.

mod compare;
mod layout;

pub use compare::{Comparison, Pages, Sizes, compare};
pub use layout::{Layout, Region, Structure, VirtualMemory, layout};

use crate::{
    Code, CopyId, CopyReader, Engine, Error, GRID, Module, ModuleFacts, Part, Progress, Result,
    SnapshotMetadata, is_zero, library::off_the_loop,
};
use rayon::prelude::*;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wasmparser::{Parser, Payload, ProducersSectionReader};

/// The page of a Wasm memory.
pub const PAGE: u64 = 1 << 16;

/// What is read at once: as many pages as a word of 32 bits has places.
const PIECE: u64 = 32 * PAGE;

/// The most bytes that one look shows.
const LOOK: u64 = 1 << 16;

/// The most places that a search names.
const FINDS: usize = 1_000;

/// What a copy is, without its memories.
#[derive(Debug)]
pub struct Inspection {
    /// What the network said of the snapshot.
    pub metadata: SnapshotMetadata,
    /// What is known of the copy beside that.
    pub manifest: Option<crate::Manifest>,
    /// What the module is, or why it cannot be understood.
    pub module: Result<ModuleFacts>,
    /// What the module was made with.
    pub made_with: MadeWith,
    /// What lies in the stable memory, as far as it can be recognised.
    pub layout: Layout,
}

/// What a module was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeWith {
    /// The language, where the module tells.
    pub language: Option<Language>,
    /// The tools that the module names, with their versions.
    pub tools: Vec<(String, String)>,
}

/// A language that canisters are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Motoko.
    Motoko,
    /// Rust.
    Rust,
    /// C or C++.
    C,
    /// Another one; the tools name it.
    Other,
}

/// Looks at everything of a copy that is small.
pub fn inspect(reader: &CopyReader) -> Result<Inspection> {
    let bytes = reader.module()?;
    let made_with = crate::module::unpack(&bytes)
        .map(|wasm| made_with(&wasm))
        .unwrap_or_default();
    Ok(Inspection {
        metadata: reader.metadata().clone(),
        manifest: reader.manifest().cloned(),
        module: Module::read(bytes).map(|module| module.facts().clone()),
        made_with,
        layout: layout(reader)?,
    })
}

/// Reads what tools wrote into the module about themselves. What cannot be read is left out: nothing depends on it.
fn made_with(wasm: &[u8]) -> MadeWith {
    let mut made = MadeWith::default();
    let mut languages = Vec::new();
    let mut is_motoko = false;
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(Payload::CustomSection(section)) = payload else {
            continue;
        };
        is_motoko |= section.name().contains("motoko:");
        if section.name() != "producers" {
            continue;
        }
        let Ok(fields) = ProducersSectionReader::new(wasmparser::BinaryReader::new(
            section.data(),
            section.data_offset(),
        )) else {
            continue;
        };
        for field in fields.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                match field.name {
                    "language" => languages.push(value.name.to_owned()),
                    _ => made
                        .tools
                        .push((value.name.to_owned(), value.version.to_owned())),
                }
            }
        }
    }
    made.language = match languages.first().map(String::as_str) {
        _ if is_motoko => Some(Language::Motoko),
        Some("Rust") => Some(Language::Rust),
        Some(language) if language.starts_with('C') => Some(Language::C),
        Some(_) => Some(Language::Other),
        None => None,
    };
    made
}

/// Which pages of a memory hold something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryMap {
    /// How many pages there are.
    pub pages: u64,
    /// How many of them are not all zeros.
    pub used: u64,
    /// How many pages one cell stands for; the last cell may stand for fewer.
    pub pages_per_cell: u64,
    /// For each cell, how many of its pages are not all zeros.
    pub cells: Vec<u64>,
}

impl MemoryMap {
    /// Sums up words of 32 pages each into at most so many cells.
    fn new(words: &[u32], pages: u64, cells: u64) -> Self {
        let pages_per_cell = pages.div_ceil(cells.max(1)).max(1);
        let mut sums = vec![0; pages.div_ceil(pages_per_cell) as usize];
        let mut used = 0;
        for (page, cell) in (0..pages).map(|page| (page, (page / pages_per_cell) as usize)) {
            let bit = u64::from(words[(page / 32) as usize] >> (page % 32) & 1);
            sums[cell] += bit;
            used += bit;
        }
        Self {
            pages,
            used,
            pages_per_cell,
            cells: sums,
        }
    }
}

fn bytes_of(reader: &CopyReader, part: Part) -> u64 {
    reader
        .blobs()
        .find(|(blob, _)| *blob == part)
        .map_or(0, |(_, bytes)| bytes)
}

/// Whether a range is known to be zeros without being read.
fn is_known_zero(reader: &CopyReader, part: Part, offset: u64, length: u64) -> bool {
    let mut touched = offset / GRID..(offset + length).div_ceil(GRID);
    touched.all(|index| reader.is_zero_chunk(part, index) == Some(true))
        || reader.is_hole(part, offset, length)
}

/// Makes a word of each piece of a memory, on all cores: a bit for each of its pages.
fn pieces(
    bytes: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
    word: impl Fn(&mut Vec<u8>, u64, u64) -> Result<u32> + Sync,
) -> Result<Vec<u32>> {
    (0..bytes.div_ceil(PIECE))
        .into_par_iter()
        .map_init(Vec::new, |buffer, piece| {
            if cancel.is_cancelled() {
                return Err(Error::new(Code::Cancelled, "reading a copy"));
            }
            let offset = piece * PIECE;
            let length = PIECE.min(bytes - offset);
            let word = word(buffer, offset, length)?;
            progress(length);
            Ok(word)
        })
        .collect()
}

/// Tells for every page of a memory whether it holds anything, summed up to at most so many cells.
pub fn memory_map(
    reader: &CopyReader,
    part: Part,
    cells: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<MemoryMap> {
    let bytes = bytes_of(reader, part);
    let words = pieces(bytes, progress, cancel, |buffer, offset, length| {
        if is_known_zero(reader, part, offset, length) {
            return Ok(0);
        }
        buffer.resize(length as usize, 0);
        reader.read(part, offset, buffer)?;
        let used = |(page, bytes): (usize, &[u8])| u32::from(!is_zero(bytes)) << page;
        Ok(buffer.chunks(PAGE as usize).enumerate().map(used).sum())
    })?;
    Ok(MemoryMap::new(&words, bytes.div_ceil(PAGE), cells))
}

/// The bytes of a range, cut off at the end of the part and at what one look shows.
pub fn look(reader: &CopyReader, part: Part, offset: u64, length: u64) -> Result<Vec<u8>> {
    let left = bytes_of(reader, part).saturating_sub(offset);
    let mut bytes = vec![0; length.min(left).min(LOOK) as usize];
    if !bytes.is_empty() {
        reader.read(part, offset, &mut bytes)?;
    }
    Ok(bytes)
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finds {
    /// Where, in order.
    pub offsets: Vec<u64>,
    /// Where to go on; none at the end.
    pub next: Option<u64>,
}

/// Finds bytes in a part, from an offset on.
pub fn search(
    reader: &CopyReader,
    part: Part,
    needle: &[u8],
    from: u64,
    progress: Progress<'_>,
    cancel: &CancellationToken,
) -> Result<Finds> {
    if needle.is_empty() || needle.len() as u64 > PAGE {
        return Err(Error::new(Code::Precondition, "searching a copy")
            .because("what is searched for is empty or too long"));
    }
    let bytes = bytes_of(reader, part);
    let beyond = needle.len() as u64 - 1;
    let finder = memchr::memmem::Finder::new(needle);
    let may_skip = !is_zero(needle);
    let mut offsets = Vec::new();
    // A few pieces on all cores, then the next: a search ends soon after it has enough.
    let batch = 8 * rayon::current_num_threads() as u64;
    let mut at = from;
    while at < bytes {
        let end = bytes.min(at.saturating_add(batch * PIECE));
        let found = (0..(end - at).div_ceil(PIECE))
            .into_par_iter()
            .map_init(Vec::new, |buffer: &mut Vec<u8>, piece| {
                if cancel.is_cancelled() {
                    return Err(Error::new(Code::Cancelled, "searching a copy"));
                }
                let start = at + piece * PIECE;
                // What begins in this piece may end in the next.
                let length = PIECE.min(end - start) + beyond.min(bytes - end.min(start + PIECE));
                progress(PIECE.min(end - start));
                if may_skip && is_known_zero(reader, part, start, length) {
                    return Ok(Vec::new());
                }
                buffer.resize(length as usize, 0);
                reader.read(part, start, buffer)?;
                Ok(finder
                    .find_iter(buffer)
                    .map(|place| start + place as u64)
                    .take(FINDS + 1)
                    .collect())
            })
            .collect::<Result<Vec<Vec<u64>>>>()?;
        offsets.extend(found.into_iter().flatten());
        // A find that begins in the overlap is found by both pieces.
        offsets.dedup();
        if offsets.len() > FINDS {
            let next = offsets[FINDS];
            offsets.truncate(FINDS);
            return Ok(Finds {
                offsets,
                next: Some(next),
            });
        }
        at = end;
    }
    Ok(Finds {
        offsets,
        next: None,
    })
}

/// Looking into the copies of the library.
impl Engine {
    /// What a copy is.
    pub async fn inspect_copy(&self, id: CopyId) -> Result<Inspection> {
        self.read_copy(id, |reader| inspect(&reader)).await
    }

    /// Which pages of a memory hold something.
    pub async fn map_copy(
        &self,
        id: CopyId,
        part: Part,
        cells: u64,
        errand: u32,
    ) -> Result<MemoryMap> {
        let errands = self.library.errands.clone();
        self.read_copy(id, move |reader| {
            let errand = errands.begin(errand, bytes_of(&reader, part));
            memory_map(
                &reader,
                part,
                cells,
                &|bytes| errand.advance(bytes),
                errand.cancel(),
            )
        })
        .await
    }

    /// The bytes of a range.
    pub async fn look_into_copy(
        &self,
        id: CopyId,
        part: Part,
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>> {
        self.read_copy(id, move |reader| look(&reader, part, offset, length))
            .await
    }

    /// Where bytes lie.
    pub async fn search_copy(
        &self,
        id: CopyId,
        part: Part,
        needle: Vec<u8>,
        from: u64,
        errand: u32,
    ) -> Result<Finds> {
        let errands = self.library.errands.clone();
        self.read_copy(id, move |reader| {
            let errand = errands.begin(errand, bytes_of(&reader, part).saturating_sub(from));
            search(
                &reader,
                part,
                &needle,
                from,
                &|bytes| errand.advance(bytes),
                errand.cancel(),
            )
        })
        .await
    }

    /// What tells two copies apart.
    pub async fn compare_copies(
        &self,
        one: CopyId,
        other: CopyId,
        cells: u64,
        errand: u32,
    ) -> Result<Comparison> {
        let library = Arc::clone(&self.library);
        self.read_copy(one, move |one| {
            let other = CopyReader::open(&library.find(other)?)?;
            let memory = |part| bytes_of(&one, part).max(bytes_of(&other, part));
            let errand = library
                .errands
                .begin(errand, memory(Part::Heap) + memory(Part::Stable));
            compare(
                &one,
                &other,
                cells,
                &|bytes| errand.advance(bytes),
                errand.cancel(),
            )
        })
        .await
    }

    async fn read_copy<Done: Send + 'static>(
        &self,
        id: CopyId,
        read: impl FnOnce(CopyReader) -> Result<Done> + Send + 'static,
    ) -> Result<Done> {
        let library = Arc::clone(&self.library);
        off_the_loop(move || read(CopyReader::open(&library.find(id)?)?)).await
    }
}

#[cfg(test)]
mod tests;
