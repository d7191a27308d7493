//! Rewriting a module before it is instantiated, so that a canister's state lies outside of its instance.
//!
//! - Every global that is state is exported: it is read after a message and set before the next one.
//! - Active data segments are emptied: their content is in [`super::Module::initial`], and instantiating for the
//!   second message must not write it over what the first one did. An empty passive segment behaves like an active
//!   one that was applied: `memory.init` from it traps unless it copies nothing.
//! - The memory starts without pages: it is grown to the size of the heap that is put into it.
//! - The start function becomes an export: it runs at installation, not at every instantiation.
//! - Of the canister's own exports only those of the system's vocabulary (`canister_...`) stay, so that ours, which
//!   begin with `canopic`, never collide.
//!
//! No index changes, so all other sections, the code above all, are copied as they are.

use std::{collections::BTreeMap, ops::Range};

use wasm_encoder::{
    DataSection, ExportKind, ExportSection, MemorySection, MemoryType, Module as Encoder,
    RawSection, SectionId,
};
use wasmparser::DataKind;

use super::survey::Survey;

/// The heap.
pub(crate) const HEAP_EXPORT: &str = "canopic heap";
/// The table that callbacks are numbers of.
pub(crate) const TABLE_EXPORT: &str = "canopic table";
/// The start function.
pub(crate) const START_EXPORT: &str = "canopic start";

/// The order of sections in a module, which is not that of their numbers: the number of data segments must come
/// before the code that uses them.
const ORDER: [SectionId; 11] = [
    SectionId::Type,
    SectionId::Import,
    SectionId::Function,
    SectionId::Table,
    SectionId::Memory,
    SectionId::Global,
    SectionId::Export,
    SectionId::Element,
    SectionId::DataCount,
    SectionId::Code,
    SectionId::Data,
];

/// What the global at that index is exported as.
pub(crate) fn global_export(index: u32) -> String {
    format!("canopic global {index}")
}

/// The module that runs in place of `wasm`, which the survey found valid.
pub(super) fn rewrite(wasm: &[u8], survey: &Survey<'_>) -> Vec<u8> {
    let sections: BTreeMap<u8, Range<usize>> = survey.section_ranges.iter().cloned().collect();
    let mut encoder = Encoder::new();
    for id in ORDER {
        match id {
            SectionId::Memory if survey.heap.is_some() => encoder.section(&memory(survey)),
            SectionId::Export => encoder.section(&exports(survey)),
            SectionId::Data if !survey.data.is_empty() => encoder.section(&data(survey)),
            _ => match sections.get(&(id as u8)) {
                Some(range) => encoder.section(&RawSection {
                    id: id as u8,
                    data: &wasm[range.clone()],
                }),
                None => &mut encoder,
            },
        };
    }
    encoder.finish()
}

fn memory(survey: &Survey<'_>) -> MemorySection {
    let mut section = MemorySection::new();
    if let Some(heap) = survey.heap {
        section.memory(MemoryType {
            minimum: 0,
            maximum: Some(heap.maximum),
            memory64: heap.wide,
            shared: false,
            page_size_log2: None,
        });
    }
    section
}

fn exports(survey: &Survey<'_>) -> ExportSection {
    let mut section = ExportSection::new();
    for (name, function) in &survey.entry_points {
        section.export(name, ExportKind::Func, *function);
    }
    if let Some(start) = survey.start {
        section.export(START_EXPORT, ExportKind::Func, start);
    }
    if survey.heap.is_some() {
        section.export(HEAP_EXPORT, ExportKind::Memory, 0);
    }
    if survey.has_table {
        section.export(TABLE_EXPORT, ExportKind::Table, 0);
    }
    for global in &survey.globals {
        section.export(
            &global_export(global.index),
            ExportKind::Global,
            global.index,
        );
    }
    section
}

fn data(survey: &Survey<'_>) -> DataSection {
    let mut section = DataSection::new();
    for segment in &survey.data {
        let content = match segment.kind {
            DataKind::Active { .. } => &[],
            DataKind::Passive => segment.data,
        };
        section.passive(content.iter().copied());
    }
    section
}
