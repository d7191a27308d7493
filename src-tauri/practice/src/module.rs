//! A canister module: checked as the Internet Computer checks it, rewritten so that its state can be taken out and
//! put back, compiled once and shared.
//!
//! Compiling is the expensive part of installing, so a [`Module`] is a handle: clones share the compiled code, every
//! message of the canister runs on the same one, and as long as anybody has a module, compiling the same bytes again gives that one.
//!
//! Invariants: the bytes as given are kept (they are what is hashed and what a snapshot holds, gzipped or not); what
//! runs is the rewritten module (see `module/rewrite.rs`), whose exports are ours and whose instantiation writes
//! nothing into the heap.
//!
//! Reading order: [`Module::compile`], then `survey.rs` (what is in a module and whether it is allowed), then
//! `rewrite.rs`.

mod rewrite;
mod survey;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use sha2::{Digest, Sha256};
use wasmi::{CompilationMode, Config, CustomFuelCosts, Engine, Linker};

use crate::{
    execute::Instances,
    ic0::{self, Host},
    memory::{Global, Image, Memory, WASM_PAGE},
};

/// The largest module, unpacked. [limit of the network]
const MAX_MODULE: u64 = 100 << 20;

/// A checked and compiled canister module. Clones are handles to the same one.
#[derive(Clone)]
pub struct Module(Arc<Compiled>);

struct Compiled {
    bytes: Vec<u8>,
    hash: [u8; 32],
    methods: BTreeMap<String, Method>,
    hooks: BTreeSet<&'static str>,
    sections: BTreeMap<String, Section>,
    globals: Vec<GlobalShape>,
    heap: Option<HeapShape>,
    starts: bool,
    drops_data: bool,
    initial: Image,
    code: wasmi::Module,
    linker: Linker<Host>,
    instances: Instances,
}

/// Every module that somebody has.
static COMPILED: Mutex<BTreeMap<[u8; 32], Weak<Compiled>>> = Mutex::new(BTreeMap::new());

/// How an exported method may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `canister_update NAME`
    Update,
    /// `canister_query NAME`
    Query,
    /// `canister_composite_query NAME`
    CompositeQuery,
}

impl Method {
    const ALL: [Self; 3] = [Self::Update, Self::Query, Self::CompositeQuery];

    /// The network's word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Query => "query",
            Self::CompositeQuery => "composite_query",
        }
    }

    /// What the export is called, before the method's name.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Update => "canister_update ",
            Self::Query => "canister_query ",
            Self::CompositeQuery => "canister_composite_query ",
        }
    }
}

/// A custom section that belongs to the canister's metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `icp:public` rather than `icp:private`.
    pub public: bool,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// What a global can hold, and whether code can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct GlobalShape {
    mutable: bool,
    /// Position among the module's globals; names the rewritten module's export.
    index: u32,
}

/// The declared WebAssembly memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HeapShape {
    wide: bool,
    minimum: u64,
    maximum: u64,
}

/// Why some bytes cannot be the code of a canister, in the network's own words, beginning with
/// `Canister's Wasm module is not valid:`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidModule(String);

impl InvalidModule {
    /// The network's error code: IC0505.
    pub const CODE: u16 = 505;

    fn new(reason: impl std::fmt::Display) -> Self {
        Self(format!("Canister's Wasm module is not valid: {reason}"))
    }

    /// How the rejection of a call reads.
    pub fn report(&self, canister: &candid::Principal) -> String {
        format!(
            "Error from Canister {canister}: {self}.\nThis is likely an error with the compiler/CDK toolchain that built the canister."
        )
    }
}

impl Module {
    /// Checks and compiles a module, given as `\0asm` or gzipped.
    pub fn compile(bytes: &[u8]) -> Result<Self, InvalidModule> {
        let hash = Sha256::digest(bytes).into();
        let known = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = known().get(&hash).and_then(Weak::upgrade) {
            return Ok(Self(module));
        }
        let module = Arc::new(Self::compile_anew(bytes, hash)?);
        let mut known = known();
        known.retain(|_, module| module.strong_count() > 0);
        known.insert(hash, Arc::downgrade(&module));
        Ok(Self(module))
    }

    /// A module that nobody else has.
    #[cfg(test)]
    pub(crate) fn compile_anew_for_test(bytes: &[u8]) -> Self {
        let compiled = Self::compile_anew(bytes, Sha256::digest(bytes).into());
        Self(Arc::new(compiled.expect("the module is admissible")))
    }

    fn compile_anew(bytes: &[u8], hash: [u8; 32]) -> Result<Compiled, InvalidModule> {
        let unpacked = unpack(bytes)?;
        let survey = survey::survey(&unpacked)?;
        let rewritten = rewrite::rewrite(&unpacked, &survey);
        // The survey validated the original; what could still fail are the interpreter's own limits.
        let engine = Engine::new(&config());
        let code = wasmi::Module::new(&engine, rewritten).map_err(|error| {
            InvalidModule::new(format_args!(
                "Wasmtime failed to validate wasm module {error}"
            ))
        })?;
        let heap = survey.heap;
        let mut initial = Image {
            heap: Memory::zeroed(heap.map_or(0, |heap| heap.minimum)),
            stable: Memory::default(),
            globals: survey
                .globals
                .iter()
                .map(|shape| survey.values[shape.index as usize])
                .collect(),
        };
        for (offset, data) in &survey.active_data {
            initial.heap.write(*offset, data).map_err(|_| {
                InvalidModule(format!(
                    "Could not instrument wasm module of canister: Wasm module has invalid data segment of {} bytes at {offset}",
                    data.len()
                ))
            })?;
        }
        Ok(Compiled {
            bytes: bytes.to_vec(),
            hash,
            methods: survey.methods,
            hooks: survey.hooks,
            sections: survey.sections,
            globals: survey.globals,
            heap,
            starts: survey.start.is_some(),
            drops_data: survey.drops_data,
            initial,
            code,
            linker: ic0::linker(&engine, heap.is_some_and(|heap| heap.wide)),
            instances: Instances::default(),
        })
    }

    /// The module as it was given.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// SHA-256 of the module as it was given: the canister's module hash.
    pub fn hash(&self) -> [u8; 32] {
        self.0.hash
    }

    /// How the method may be called, if the module exports it at all.
    pub fn method(&self, name: &str) -> Option<Method> {
        self.0.methods.get(name).copied()
    }

    /// All exported methods.
    pub fn methods(&self) -> impl Iterator<Item = (&str, Method)> {
        self.0
            .methods
            .iter()
            .map(|(name, method)| (name.as_str(), *method))
    }

    /// Whether it exports this one of the functions that the system calls, for example `canister_heartbeat`.
    pub fn has_hook(&self, name: &str) -> bool {
        self.0.hooks.contains(name)
    }

    /// The metadata: custom sections by name.
    pub fn sections(&self) -> &BTreeMap<String, Section> {
        &self.0.sections
    }

    /// The size of the metadata: names and contents.
    pub fn sections_size(&self) -> u64 {
        self.0
            .sections
            .iter()
            .map(|(name, section)| (name.len() + section.content.len()) as u64)
            .sum()
    }

    /// Whether the heap is addressed by 64 bits. Such canisters pay twice for each instruction.
    pub fn is_wasm64(&self) -> bool {
        self.0.heap.is_some_and(|heap| heap.wide)
    }

    /// Whether the module asks for its heap to survive upgrades (Motoko's enhanced orthogonal persistence).
    /// Upgrading from such a module needs the option `wasm_memory_persistence`; `keep` needs such a module.
    pub fn has_enhanced_persistence(&self) -> bool {
        self.0
            .sections
            .contains_key("enhanced-orthogonal-persistence")
    }

    /// The state of a canister on which this module was just installed, before its start function and
    /// `canister_init` ran.
    pub fn initial(&self) -> &Image {
        &self.0.initial
    }

    /// The state after an upgrade from `old`, before the start function and `canister_post_upgrade` ran: stable
    /// memory stays, the heap only if it is kept, globals never.
    pub fn upgraded(&self, old: &Image, keep_heap: bool) -> Image {
        Image {
            heap: if keep_heap {
                &old.heap
            } else {
                &self.0.initial.heap
            }
            .clone(),
            stable: old.stable.clone(),
            globals: self.0.initial.globals.clone(),
        }
    }

    /// The globals that are part of a canister's state, with their values at installation: exported ones first, in
    /// the order of the exports and whether or not they can change, then the other ones that can, in module order.
    pub fn globals(&self) -> &[Global] {
        &self.0.initial.globals
    }

    /// Whether these globals have the number and kinds that the module declares.
    pub fn accepts_globals(&self, globals: &[Global]) -> bool {
        let kind = std::mem::discriminant::<Global>;
        globals
            .iter()
            .map(kind)
            .eq(self.0.initial.globals.iter().map(kind))
    }

    /// The largest heap that the module may ever have, in bytes.
    pub fn max_heap(&self) -> u64 {
        self.0.heap.map_or(0, |heap| heap.maximum * WASM_PAGE)
    }

    /// The heap pages that the module declares, without which its code would not work.
    pub(crate) fn heap_pages(&self) -> Option<u64> {
        self.0.heap.map(|heap| heap.minimum)
    }

    /// Whether it has a start function.
    pub(crate) fn starts(&self) -> bool {
        self.0.starts
    }

    /// The rewritten exports of the globals, in the order of [`Module::globals`], with whether each can be set.
    pub(crate) fn global_exports(&self) -> impl Iterator<Item = (String, bool)> {
        self.0
            .globals
            .iter()
            .map(|shape| (rewrite::global_export(shape.index), shape.mutable))
    }

    /// Whether its code can make an instance differ from a fresh one in more than heap and globals.
    pub(crate) fn drops_data(&self) -> bool {
        self.0.drops_data
    }

    /// Its instances that wait for the next message.
    pub(crate) fn instances(&self) -> &Instances {
        &self.0.instances
    }

    /// What runs.
    pub(crate) fn code(&self) -> &wasmi::Module {
        &self.0.code
    }

    /// What it is linked with.
    pub(crate) fn linker(&self) -> &Linker<Host> {
        &self.0.linker
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("hash", &self.0.hash)
            .field("bytes", &self.0.bytes.len())
            .finish_non_exhaustive()
    }
}

pub(crate) use rewrite::{HEAP_EXPORT, START_EXPORT, TABLE_EXPORT};
pub(crate) use survey::MAX_METHOD_NAMES;

/// How the interpreter is set up. Every module has an engine of its own: an engine keeps the code of all its modules
/// until it is dropped, and a network that is upgraded all day must not grow.
fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        // Functions are validated when the module is compiled, but translated when first called: a Motoko module
        // has a thousand functions of which an upgrade calls fifty. Translation must then cost no fuel, or the
        // first call of a function would count more instructions than the second.
        .compilation_mode(CompilationMode::LazyTranslation)
        .fuel_cost(CustomFuelCosts {
            // On the network, copying costs an instruction a byte and growing a memory costs little. The
            // interpreter has one price for both; at the full one no message could grow its heap by gigabytes.
            bytes_copied_per_fuel: 16,
            fuel_per_bytes_translated: 0,
            fuel_per_bytes_validated: 0,
        })
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .ignore_custom_sections(true)
        // The network gives WebAssembly 5 MiB of stack, deep enough for a hundred thousand small frames.
        .set_max_stack_height(5 << 20)
        .set_max_recursion_depth(100_000);
    config
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>, InvalidModule> {
    let mut unpacked = Vec::new();
    match bytes {
        [0, b'a', b's', b'm', ..] => unpacked.extend_from_slice(bytes),
        [0x1f, 0x8b, 0x08, ..] => {
            // One byte over the limit is enough to know; a gzip bomb gets no further.
            flate2::read::GzDecoder::new(bytes)
                .take(MAX_MODULE + 1)
                .read_to_end(&mut unpacked)
                .map_err(|error| {
                    InvalidModule::new(format_args!("Failed to decode wasm module: {error}"))
                })?;
        }
        _ => {
            return Err(InvalidModule::new(
                "Failed to decode wasm module: unsupported canister module format",
            ));
        }
    }
    if unpacked.len() as u64 > MAX_MODULE {
        return Err(InvalidModule::new(format_args!(
            "Wasm module size of {} exceeds the maximum allowed size of {MAX_MODULE}",
            unpacked.len()
        )));
    }
    Ok(unpacked)
}
