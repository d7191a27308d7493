//! What is in a module, and whether a canister may be made of it.
//!
//! The rules are those of the interface specification (WebAssembly module requirements) with the limits and the
//! wording of the network's replicas. They are checked in the replicas' order, so that a module with two faults is
//! refused for the same one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    ops::Range,
};

use wasmparser::{
    ConstExpr, Data, DataKind, Export, ExternalKind, FuncType, FunctionBody, GlobalType, Import,
    Operator, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures,
};

use super::{GlobalShape, HeapShape, InvalidModule, Method, Section};
use crate::{ic0, memory::Global};

/// Limits of the network.
const MAX_CODE: u32 = 12 << 20;
const MAX_FUNCTIONS: usize = 50_000;
const MAX_FUNCTION_INSTRUCTIONS: usize = 1_000_000;
const MAX_GLOBALS: usize = 1_000;
const MAX_METHODS: usize = 1_000;
pub(crate) const MAX_METHOD_NAMES: usize = 20_000;
const MAX_SECTIONS: usize = 16;
const MAX_SECTIONS_SIZE: usize = 1 << 20;
/// 4 GiB and 6 GiB in pages.
const MAX_HEAP_32: u64 = 65_536;
const MAX_HEAP_64: u64 = 98_304;

/// The functions that the system calls besides methods.
const HOOKS: [&str; 7] = [
    "canister_init",
    "canister_pre_upgrade",
    "canister_post_upgrade",
    "canister_inspect_message",
    "canister_heartbeat",
    "canister_global_timer",
    "canister_on_low_wasm_memory",
];

/// Names that the replicas' own rewriting uses.
const RESERVED: [&str; 6] = [
    "canister counter_instructions",
    "canister_start",
    "canister counter_dirty_pages",
    "canister counter_accessed_pages",
    "stable_memory",
    "stable_memory_bytemap",
];

/// The contents of an admissible module.
pub(super) struct Survey<'a> {
    pub(super) methods: BTreeMap<String, Method>,
    pub(super) hooks: BTreeSet<&'static str>,
    pub(super) sections: BTreeMap<String, Section>,
    /// Exported methods and hooks: name and function.
    pub(super) entry_points: Vec<(&'a str, u32)>,
    /// The globals that are state; see [`super::Module::globals`].
    pub(super) globals: Vec<GlobalShape>,
    /// The initial value of every global.
    pub(super) values: Vec<Global>,
    pub(super) heap: Option<HeapShape>,
    pub(super) has_table: bool,
    pub(super) start: Option<u32>,
    /// Whether code can make an instance forget a data segment.
    pub(super) drops_data: bool,
    pub(super) data: Vec<Data<'a>>,
    /// What the active data segments put where.
    pub(super) active_data: Vec<(u64, &'a [u8])>,
    /// Where each section's content lies, by the section's number.
    pub(super) section_ranges: Vec<(u8, Range<usize>)>,
}

/// A module as it is written, before any rule was applied.
#[derive(Default)]
struct Parts<'a> {
    types: Vec<FuncType>,
    imports: Vec<Import<'a>>,
    functions: Vec<u32>,
    memory: Option<wasmparser::MemoryType>,
    tables: usize,
    globals: Vec<(GlobalType, ConstExpr<'a>)>,
    exports: Vec<Export<'a>>,
    start: Option<u32>,
    data: Vec<Data<'a>>,
    bodies: Vec<FunctionBody<'a>>,
    custom: Vec<(&'a str, &'a [u8])>,
    section_ranges: Vec<(u8, Range<usize>)>,
}

/// Checks a module and tells what is in it.
pub(super) fn survey(wasm: &[u8]) -> Result<Survey<'_>, InvalidModule> {
    check_code_size(wasm)?;
    Validator::new_with_features(features()).validate_all(wasm).map_err(|error| {
        InvalidModule::new(format_args!(
            "Wasmtime failed to validate wasm module wasmtime::Module::validate() failed with {error}"
        ))
    })?;
    let parts = read(wasm).map_err(undecodable)?;
    let heap = parts.memory.map(|memory| HeapShape {
        wide: memory.memory64,
        minimum: memory.initial,
        maximum: memory.maximum.unwrap_or(u64::MAX).min(if memory.memory64 {
            MAX_HEAP_64
        } else {
            MAX_HEAP_32
        }),
    });
    let wide = heap.is_some_and(|heap| heap.wide);

    check_imports(&parts, wide)?;
    let (methods, hooks, entry_points) = check_exports(&parts)?;
    let active_data = check_data(&parts.data, wide)?;
    let values = check_globals(&parts.globals)?;
    if parts.functions.len() > MAX_FUNCTIONS {
        return Err(InvalidModule::new(format_args!(
            "Wasm module defined {} functions which exceeds the maximum number allowed {MAX_FUNCTIONS}.",
            parts.functions.len()
        )));
    }
    check_heap(parts.memory)?;
    let drops_data = check_code(&parts.bodies)?;
    let sections = check_sections(&parts.custom)?;

    Ok(Survey {
        methods,
        hooks,
        sections,
        entry_points,
        globals: state_globals(&parts),
        values,
        heap,
        has_table: parts.tables > 0,
        start: parts.start,
        drops_data,
        data: parts.data,
        active_data,
        section_ranges: parts.section_ranges,
    })
}

/// What WebAssembly the network runs: the standard of 2022 with 64-bit memories, without relaxed SIMD and threads,
/// whose results could differ from machine to machine.
fn features() -> WasmFeatures {
    WasmFeatures::WASM2 | WasmFeatures::MEMORY64 | WasmFeatures::EXTENDED_CONST
}

fn undecodable(error: impl Display) -> InvalidModule {
    InvalidModule::new(format_args!("Failed to decode wasm module: {error}"))
}

/// The cheap check that comes before the expensive one.
fn check_code_size(wasm: &[u8]) -> Result<(), InvalidModule> {
    for payload in Parser::new(0).parse_all(wasm) {
        match payload
            .map_err(|error| undecodable(format_args!("Error finding code section: {error}")))?
        {
            Payload::CodeSectionStart { size, .. } if size > MAX_CODE => {
                return Err(InvalidModule::new(format_args!(
                    "Wasm module code section size of {size} exceeds the maximum allowed size of {MAX_CODE}."
                )));
            }
            Payload::CodeSectionStart { .. } => break,
            _ => {}
        }
    }
    Ok(())
}

fn read(wasm: &[u8]) -> wasmparser::Result<Parts<'_>> {
    let mut parts = Parts::default();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Some(section) = payload.as_section() {
            parts.section_ranges.push(section);
        }
        match payload {
            Payload::TypeSection(types) => {
                parts.types = types
                    .into_iter_err_on_gc_types()
                    .collect::<Result<_, _>>()?;
            }
            Payload::ImportSection(imports) => {
                parts.imports = imports.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::FunctionSection(functions) => {
                parts.functions = functions.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::TableSection(tables) => parts.tables = tables.count() as usize,
            Payload::MemorySection(memories) => {
                parts.memory = memories.into_iter().next().transpose()?;
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    let global = global?;
                    parts.globals.push((global.ty, global.init_expr));
                }
            }
            Payload::ExportSection(exports) => {
                parts.exports = exports.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::StartSection { func, .. } => parts.start = Some(func),
            Payload::DataSection(data) => {
                parts.data = data.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::CodeSectionEntry(body) => parts.bodies.push(body),
            Payload::CustomSection(custom) => parts.custom.push((custom.name(), custom.data())),
            _ => {}
        }
    }
    Ok(parts)
}

fn check_imports(parts: &Parts<'_>, wide: bool) -> Result<(), InvalidModule> {
    let refused = |reason: &dyn Display| {
        InvalidModule::new(format_args!(
            "Wasm module has an invalid import section. {reason}"
        ))
    };
    for import in &parts.imports {
        let (module, name) = (import.module, import.name);
        let kind = match import.ty {
            TypeRef::Func(index) => {
                let Some(expected) = ic0::signature(name, wide) else {
                    return Err(refused(&format_args!(
                        "Module imports function '{name}' from '{module}' that is not exported by the runtime."
                    )));
                };
                if module != "ic0" {
                    return Err(refused(&format_args!(
                        "Module imports function {name:?} from {module:?}, expected to be imported from one of [\"ic0\"] instead."
                    )));
                }
                let found = &parts.types[index as usize];
                check_signature(name, found, expected.takes, expected.gives)?;
                continue;
            }
            TypeRef::Table(_) => "tables",
            TypeRef::Memory(_) => "memories",
            TypeRef::Global(_) => "globals",
            TypeRef::Tag(_) => "tags",
        };
        return Err(refused(&format_args!("Importing {kind} is not allowed.")));
    }
    Ok(())
}

fn check_signature(
    name: &str,
    found: &FuncType,
    takes: &[ValType],
    gives: &[ValType],
) -> Result<(), InvalidModule> {
    let refused = |what: &str, expected: &[ValType], found: &[ValType]| {
        Err(InvalidModule::new(format_args!(
            "Wasm module has an invalid function signature. Expected {what} {expected:?} for '{name}', got {found:?}."
        )))
    };
    if found.params() != takes {
        return refused("input params", takes, found.params());
    }
    if found.results() != gives {
        return refused("return type", gives, found.results());
    }
    Ok(())
}

type Exports<'a> = (
    BTreeMap<String, Method>,
    BTreeSet<&'static str>,
    Vec<(&'a str, u32)>,
);

fn check_exports<'a>(parts: &Parts<'a>) -> Result<Exports<'a>, InvalidModule> {
    let mut methods = BTreeMap::new();
    let mut hooks = BTreeSet::new();
    let mut entry_points = Vec::new();
    let refused = |reason: std::fmt::Arguments<'_>| {
        Err(InvalidModule::new(format_args!(
            "Wasm module has an invalid export section. {reason}"
        )))
    };
    for export in &parts.exports {
        if RESERVED.contains(&export.name) {
            return refused(format_args!(
                "Exporting reserved symbol {} not allowed.",
                export.name
            ));
        }
        if export.kind != ExternalKind::Func {
            continue;
        }
        let method = Method::ALL
            .iter()
            .find_map(|kind| Some((kind, export.name.strip_prefix(kind.prefix())?)));
        if let Some((kind, name)) = method {
            if methods.insert(name.to_owned(), *kind).is_some() {
                return Err(InvalidModule::new(format_args!(
                    "Duplicate function '{name}' exported multiple times with different call types: update, query, or composite_query."
                )));
            }
        } else if let Some(hook) = HOOKS.iter().find(|hook| **hook == export.name) {
            hooks.insert(*hook);
        } else if export.name.starts_with("canister_") {
            return refused(format_args!(
                "Exporting reserved function '{}' with \"canister_\" prefix",
                export.name
            ));
        } else {
            continue;
        }
        check_signature(export.name, function_type(parts, export.index), &[], &[])?;
        entry_points.push((export.name, export.index));
    }
    if methods.len() > MAX_METHODS {
        return Err(InvalidModule::new(format_args!(
            "The number of exported functions called `canister_update <name>`, `canister_query <name>`, or `canister_composite_query <name>` is {} which exceeds {MAX_METHODS}.",
            methods.len()
        )));
    }
    let length: usize = methods.keys().map(String::len).sum();
    if length > MAX_METHOD_NAMES {
        return Err(InvalidModule::new(format_args!(
            "The sum of `<name>` lengths in exported functions called `canister_update <name>`, `canister_query <name>`, or `canister_composite_query <name>` is {length} which exceeds the allowed limit of {MAX_METHOD_NAMES}."
        )));
    }
    Ok((methods, hooks, entry_points))
}

/// The type of a function in the function index space: imports come first, and only functions can be imported.
fn function_type<'a>(parts: &'a Parts<'_>, index: u32) -> &'a FuncType {
    let index = index as usize;
    let type_index = match parts.imports.get(index).map(|import| import.ty) {
        Some(TypeRef::Func(type_index)) => type_index,
        _ => parts.functions[index - parts.imports.len()],
    };
    &parts.types[type_index as usize]
}

/// Active segments must lie at a plain constant, as they are applied here and not by the interpreter.
fn check_data<'a>(data: &[Data<'a>], wide: bool) -> Result<Vec<(u64, &'a [u8])>, InvalidModule> {
    let mut active = Vec::new();
    for segment in data {
        let DataKind::Active { offset_expr, .. } = &segment.kind else {
            continue;
        };
        let mut operators = offset_expr.get_operators_reader();
        let (first, second) = (
            operators.read().map_err(undecodable)?,
            operators.read().map_err(undecodable)?,
        );
        let offset = match (&first, &second) {
            (Operator::I32Const { value }, Operator::End) if !wide => {
                u64::from(value.cast_unsigned())
            }
            (Operator::I64Const { value }, Operator::End) if wide => value.cast_unsigned(),
            _ => {
                return Err(InvalidModule::new(format_args!(
                    "Wasm module has an invalid data section. Invalid offset expression in data segment for {}bit memory: {first:?}",
                    if wide { 64 } else { 32 }
                )));
            }
        };
        active.push((offset, segment.data));
    }
    Ok(active)
}

/// Evaluates the initial values, too.
fn check_globals(globals: &[(GlobalType, ConstExpr<'_>)]) -> Result<Vec<Global>, InvalidModule> {
    if globals.len() > MAX_GLOBALS {
        return Err(InvalidModule::new(format_args!(
            "Wasm module defined {} globals which exceeds the maximum number allowed {MAX_GLOBALS}.",
            globals.len()
        )));
    }
    let mut values = Vec::with_capacity(globals.len());
    for (shape, value) in globals {
        let unsupported = || {
            InvalidModule::new(format_args!(
                "Wasm module has an invalid global section. Unsupported global type: {:?}",
                shape.content_type
            ))
        };
        let value = evaluate(value)
            .map_err(undecodable)?
            .ok_or_else(unsupported)?;
        values.push(value);
    }
    Ok(values)
}

/// The value of a constant expression; `None` for references, which cannot be state. Only imported globals could be
/// read in one, and there are none.
fn evaluate(expression: &ConstExpr<'_>) -> wasmparser::Result<Option<Global>> {
    use Global::{F32, F64, I32, I64, V128};
    let mut stack = Vec::new();
    for operator in expression.get_operators_reader() {
        let value = match operator? {
            Operator::I32Const { value } => I32(value),
            Operator::I64Const { value } => I64(value),
            Operator::F32Const { value } => F32(value.bits()),
            Operator::F64Const { value } => F64(value.bits()),
            Operator::V128Const { value } => V128(value.i128().cast_unsigned()),
            Operator::End => break,
            operator => match (operator, stack.pop(), stack.pop()) {
                (Operator::I32Add, Some(I32(b)), Some(I32(a))) => I32(a.wrapping_add(b)),
                (Operator::I32Sub, Some(I32(b)), Some(I32(a))) => I32(a.wrapping_sub(b)),
                (Operator::I32Mul, Some(I32(b)), Some(I32(a))) => I32(a.wrapping_mul(b)),
                (Operator::I64Add, Some(I64(b)), Some(I64(a))) => I64(a.wrapping_add(b)),
                (Operator::I64Sub, Some(I64(b)), Some(I64(a))) => I64(a.wrapping_sub(b)),
                (Operator::I64Mul, Some(I64(b)), Some(I64(a))) => I64(a.wrapping_mul(b)),
                _ => return Ok(None),
            },
        };
        stack.push(value);
    }
    Ok(stack.pop())
}

/// Only 64-bit memories: a 32-bit one cannot declare more than 4 GiB.
fn check_heap(memory: Option<wasmparser::MemoryType>) -> Result<(), InvalidModule> {
    let Some(memory) = memory.filter(|memory| memory.memory64) else {
        return Ok(());
    };
    let declared = memory.maximum.unwrap_or(memory.initial);
    if declared > MAX_HEAP_64 {
        return Err(InvalidModule::new(format_args!(
            "Wasm memory size of {declared} pages exceeds the maximum allowed size of {MAX_HEAP_64} pages."
        )));
    }
    Ok(())
}

/// Tables are not part of a canister's state, so code must not change them. Tells whether it drops data segments, which are
/// not part of it either, but come back with the next instance.
fn check_code(bodies: &[FunctionBody<'_>]) -> Result<bool, InvalidModule> {
    let mut drops_data = false;
    for (index, body) in bodies.iter().enumerate() {
        let mut size = 0;
        for operator in body.get_operators_reader().map_err(undecodable)? {
            size += 1;
            let instruction = match operator.map_err(undecodable)? {
                Operator::TableGrow { .. } => "table.grow",
                Operator::TableSet { .. } => "table.set",
                Operator::TableFill { .. } => "table.fill",
                Operator::TableCopy { .. } => "table.copy",
                Operator::TableInit { .. } => "table.init",
                Operator::DataDrop { .. } => {
                    drops_data = true;
                    continue;
                }
                _ => continue,
            };
            return Err(InvalidModule::new(format_args!(
                "Wasm module contains a function at index {index} with unsupported instruction {instruction}."
            )));
        }
        if size > MAX_FUNCTION_INSTRUCTIONS {
            return Err(InvalidModule::new(format_args!(
                "Wasm module contains a function at index {index} of size {size} that exceeds the maximum allowed size of {MAX_FUNCTION_INSTRUCTIONS}."
            )));
        }
    }
    Ok(drops_data)
}

fn check_sections(custom: &[(&str, &[u8])]) -> Result<BTreeMap<String, Section>, InvalidModule> {
    let refused = |reason: std::fmt::Arguments<'_>| {
        Err(InvalidModule::new(format_args!(
            "Wasm module has an invalid custom section. {reason}"
        )))
    };
    let mut sections = BTreeMap::new();
    let mut total = 0;
    for (full_name, content) in custom {
        let Some(rest) = full_name.strip_prefix("icp:") else {
            continue;
        };
        let (name, public) = if let Some(name) = rest.strip_prefix("public ") {
            (name, true)
        } else if let Some(name) = rest.strip_prefix("private ") {
            (name, false)
        } else if matches!(rest, "public" | "private") {
            return refused(format_args!(
                "'icp:' section names must have a space after the public/private scope"
            ));
        } else {
            return refused(format_args!(
                "Invalid custom section: Custom section '{full_name}' has no public/private scope defined."
            ));
        };
        total += name.len() + content.len();
        if total > MAX_SECTIONS_SIZE {
            return refused(format_args!(
                "Invalid custom sections: total size of the custom sections exceeds the maximum allowed: size {total} bytes, allowed {MAX_SECTIONS_SIZE} bytes"
            ));
        }
        if sections
            .insert(
                name.to_owned(),
                Section {
                    public,
                    content: content.to_vec(),
                },
            )
            .is_some()
        {
            return refused(format_args!(
                "Invalid custom section: name {name} already exists"
            ));
        }
        if sections.len() > MAX_SECTIONS {
            return Err(InvalidModule::new(format_args!(
                "Wasm module defined {} custom sections which exceeds the maximum number allowed {MAX_SECTIONS}.",
                sections.len()
            )));
        }
    }
    Ok(sections)
}

fn state_globals(parts: &Parts<'_>) -> Vec<GlobalShape> {
    let exported = parts
        .exports
        .iter()
        .filter(|export| export.kind == ExternalKind::Global)
        .map(|export| export.index);
    let mutable = (0_u32..)
        .zip(&parts.globals)
        .filter(|(_, (shape, _))| shape.mutable)
        .map(|(index, _)| index);
    let mut seen = BTreeSet::new();
    exported
        .chain(mutable)
        .filter(|index| seen.insert(*index))
        .map(|index| GlobalShape {
            index,
            mutable: parts.globals[index as usize].0.mutable,
        })
        .collect()
}
