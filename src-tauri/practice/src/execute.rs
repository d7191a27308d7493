//! Running a canister's code: one message, from an [`Image`] to an [`Outcome`].
//!
//! [`run`] is a pure function of what it is given. It never looks at a clock, and it changes nothing: a successful
//! execution gives a new image and a list of effects for the caller to carry out; a trap gives neither, so rolling
//! back means doing nothing. What a trap does not undo is in the outcome itself, whether it succeeded or not: the
//! instructions that were used and what was logged.
//!
//! The caller decides what the network decides: which entry point runs, who calls, what time it is, what the
//! canister may spend. It settles cycles by [`Done`], opens call contexts, keeps the answers, bumps versions.
//! `run` is synchronous and uses the processor until it returns: keep it off the threads that serve connections.
//!
//! Reading order: [`run`], [`Entry`], [`Environment`], [`Outcome`]; then `ic0.rs` (the system calls), `module.rs`, and
//! `warm.rs` (why a large heap is not copied for each message). A canister call with a reply callback that traps takes two
//! runs: [`Entry::Reply`], and then [`Entry::Cleanup`] on the image from before.

mod trap;
mod warm;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use candid::Principal;
use wasmi::{AsContextMut, Func, Instance, Store, Val};

pub use self::trap::Trap;
pub(crate) use self::warm::Instances;
use self::warm::Machine;
pub use crate::ic0::Prices;
use crate::{
    ic0::{Host, Mode},
    memory::{Global, Image, Memory},
    module::{self, Method, Module},
};

/// Instructions that a message or a query may take. The network allows 40 and 5 billion, and compiles to machine code. This
/// interpreter does 200 million a second of the shortest loop and twice as many of loops that do something, so with these an
/// endless loop ends within ten seconds: about when it does on the network, and before a client that waits gives up.
pub const INSTRUCTIONS: u64 = 2_000_000_000;

/// Which function runs, and what it is given.
#[derive(Clone, Debug)]
pub enum Entry {
    /// The start function and then `canister_init`, on [`Module::initial`].
    Init {
        /// The installation's argument.
        argument: Vec<u8>,
    },
    /// `canister_pre_upgrade`, on the old module and image.
    PreUpgrade,
    /// The start function and then `canister_post_upgrade`, on [`Module::upgraded`].
    PostUpgrade {
        /// The installation's argument.
        argument: Vec<u8>,
    },
    /// `canister_update METHOD`.
    Update {
        /// The method's name.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
    },
    /// `canister_query METHOD`; [`Environment::replicated`] tells a query from a query called as an update. In
    /// neither case the image changes.
    Query {
        /// The method's name.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
    },
    /// `canister_composite_query METHOD`. Its image is only for its own callbacks, for which
    /// [`Environment::replicated`] must be false.
    CompositeQuery {
        /// The method's name.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
    },
    /// `canister_inspect_message`. Succeeds if the message is accepted, which it is if the module has no such
    /// function. The image does not change.
    Inspect {
        /// The name of the method that the user wants to call.
        method: String,
        /// Its argument.
        argument: Vec<u8>,
    },
    /// `canister_heartbeat`.
    Heartbeat,
    /// `canister_global_timer`.
    GlobalTimer,
    /// `canister_on_low_wasm_memory`.
    OnLowWasmMemory,
    /// A callback for a reply.
    Reply {
        /// [`OutgoingCall::on_reply`].
        callback: Closure,
        /// The reply's bytes.
        reply: Vec<u8>,
        /// Attached cycles that the callee did not accept, already part of the balance.
        refunded: u128,
    },
    /// A callback for a rejection.
    Reject {
        /// [`OutgoingCall::on_reject`].
        callback: Closure,
        /// 1 to 6.
        code: u32,
        /// The rejection's text.
        message: String,
        /// Attached cycles that came back, already part of the balance.
        refunded: u128,
    },
    /// The cleanup after a callback that trapped.
    Cleanup {
        /// [`OutgoingCall::on_cleanup`].
        callback: Closure,
        /// What the failed callback saw: 0 for a reply.
        code: u32,
    },
}

/// A function of the canister's table with a word for it: how callbacks are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Closure {
    /// Position in the table.
    pub function: u32,
    /// What the function is called with.
    pub environment: u64,
}

/// What the network knows while code runs.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The canister itself.
    pub canister: Principal,
    /// Its subnet.
    pub subnet: Principal,
    /// Who called. In a callback the one whose call is being answered; in system tasks the management canister.
    pub caller: Principal,
    /// The data that a signer attested about the caller.
    pub caller_info: Vec<u8>,
    /// That signer.
    pub caller_info_signer: Vec<u8>,
    /// Whether all nodes execute this together. It tells a query from a query called as an update, and callbacks
    /// from those of composite queries; everything else is always the one or the other.
    pub replicated: bool,
    /// Nanoseconds since 1970.
    pub time: u64,
    /// The canister's version.
    pub version: u64,
    /// Whether the canister runs.
    pub status: RunStatus,
    /// Who controls it.
    pub controllers: Vec<Principal>,
    /// Its settings.
    pub environment_variables: BTreeMap<String, String>,
    /// The key of the network, as in its status.
    pub root_key: Vec<u8>,
    /// The certificate for the certified data, in queries that are not replicated.
    pub data_certificate: Option<Vec<u8>>,
    /// When the global timer fires; 0 if it is inactive.
    pub global_timer: u64,
    /// Cycles that the canister has.
    pub balance: u128,
    /// Cycles that it may not spend from those.
    pub freezing_limit: u128,
    /// The price list.
    pub prices: Prices,
    /// Whether this is the canister that makes cycles.
    pub mints_cycles: bool,
    /// The call that is being worked on.
    pub context: CallContext,
    /// The end of an endless loop.
    pub instruction_limit: u64,
    /// The setting: bytes that the heap must not exceed, 0 for none. Only updates and installations heed it.
    pub wasm_memory_limit: u64,
    /// Bytes by which heap and stable memory together may grow.
    pub memory_available: u64,
    /// How many calls may be made (queues are finite).
    pub calls_available: usize,
}

/// The call that a message belongs to, as far as it was worked on before.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallContext {
    /// Whether it was answered already.
    pub replied: bool,
    /// Cycles that came with it and were not accepted yet.
    pub cycles_available: u128,
    /// When its caller stops waiting; 0 for never.
    pub deadline: u64,
    /// Instructions of its earlier messages.
    pub instructions: u64,
}

/// The run status, numbered as code sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RunStatus {
    #[default]
    Running = 1,
    Stopping = 2,
    Stopped = 3,
}

impl Default for Environment {
    /// An anonymous message at time zero with the usual limits, without cycles.
    fn default() -> Self {
        Self {
            canister: Principal::management_canister(),
            subnet: Principal::management_canister(),
            caller: Principal::anonymous(),
            caller_info: Vec::new(),
            caller_info_signer: Vec::new(),
            replicated: true,
            time: 0,
            version: 0,
            status: RunStatus::Running,
            controllers: Vec::new(),
            environment_variables: BTreeMap::new(),
            root_key: Vec::new(),
            data_certificate: None,
            global_timer: 0,
            balance: 0,
            freezing_limit: 0,
            prices: Prices::default(),
            mints_cycles: false,
            context: CallContext::default(),
            instruction_limit: INSTRUCTIONS,
            wasm_memory_limit: 0,
            memory_available: u64::MAX,
            calls_available: 500,
        }
    }
}

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Instructions used, also by a run that trapped.
    pub instructions: u64,
    /// What was printed, and the record of the trap. Queries are not logged: drop it for them.
    pub log: Vec<Vec<u8>>,
    /// The effects, or why there are none.
    pub result: Result<Done, Trap>,
}

/// The effects of a run that did not trap.
#[derive(Debug)]
pub struct Done {
    /// The state afterwards.
    pub image: Image,
    /// Pages of 4 KiB of heap and stable memory that changed.
    pub dirty_pages: u64,
    /// The answer, if it was given in this run.
    pub response: Option<Response>,
    /// Calls to make, in order. Their cycles, fees and prepayments are taken from the balance.
    pub calls: Vec<OutgoingCall>,
    /// Cycles taken from [`CallContext::cycles_available`].
    pub accepted: u128,
    /// Cycles destroyed on purpose.
    pub burned: u128,
    /// Cycles made from nothing.
    pub minted: u128,
    /// The balance after all of the above, before the instructions are paid.
    pub balance: u128,
    /// New certified data.
    pub certified_data: Option<Vec<u8>>,
    /// A new time for the global timer; 0 deactivates it.
    pub global_timer: Option<u64>,
}

/// An answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// The reply's bytes.
    Reply(Vec<u8>),
    /// The text of a rejection by the canister itself: reject code 4, IC0406.
    Reject(String),
}

/// A call that code wants made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingCall {
    /// Who is called.
    pub callee: Principal,
    /// The method.
    pub method: String,
    /// Its argument.
    pub argument: Vec<u8>,
    /// Cycles that go with it.
    pub cycles: u128,
    /// For [`Entry::Reply`].
    pub on_reply: Closure,
    /// For [`Entry::Reject`].
    pub on_reject: Closure,
    /// For [`Entry::Cleanup`].
    pub on_cleanup: Option<Closure>,
    /// Seconds after which a best-effort call is answered by the system; `None` for a guaranteed response.
    pub timeout_seconds: Option<u32>,
    /// What sending it costs, gone for good.
    pub fee: u128,
    /// What is held back for its answer ([`Prices::response`]); the unused part is to be given back.
    pub prepaid: u128,
}

/// Runs one function of the module on the image.
pub fn run(module: &Module, image: &Image, entry: Entry, environment: Environment) -> Outcome {
    let (limit, canister) = (environment.instruction_limit, environment.canister);
    let host = Host::new(
        &entry,
        image.stable.clone(),
        environment,
        module.is_wasm64(),
    );
    let engine = module.code().engine();
    let mut machine = module
        .instances()
        .machine(engine, canister, &image.heap, host);
    // Hostile code must not end the network, whatever it finds in the interpreter. Nothing that a panic could leave
    // half done survives: the store is dropped, and the image was never touched.
    let result = catch_unwind(AssertUnwindSafe(|| {
        execute(&mut machine, module, image, entry)
    }))
    .unwrap_or_else(|_| {
        machine.instance = None;
        Err(Trap::Engine("the interpreter panicked".into()))
    });
    // Fuel is always on, so asking for it cannot fail.
    let instructions = limit - machine.store.get_fuel().unwrap_or(0);
    let mut log = machine.store.data_mut().take_log();
    if let Err(trap) = &result {
        log.extend(trap.log_record().map(String::into_bytes));
    }
    module.instances().keep(canister, machine);
    Outcome {
        instructions,
        log,
        result,
    }
}

/// Runs on a fresh instance or one that was kept, and leaves in the machine one that may be kept.
fn execute(
    machine: &mut Machine,
    module: &Module,
    image: &Image,
    entry: Entry,
) -> Result<Done, Trap> {
    let store = &mut machine.store;
    store.set_fuel(store.data().environment.instruction_limit)?;
    let instance = if let Some((instance, held)) = machine.instance.take() {
        update(store, instance, image, &held);
        instance
    } else {
        let instance = module
            .linker()
            .instantiate_and_start(store.as_context_mut(), module.code())?;
        fill(store, module, instance, image)?;
        instance
    };
    set_globals(store, module, instance, image)?;
    let changes_state = !matches!(entry, Entry::Query { .. } | Entry::Inspect { .. });
    let result = enter(store, module, instance, entry).map(|()| {
        if changes_state {
            let (image, dirty_pages) = drain(store, module, instance, image);
            store.data_mut().done(image, dirty_pages)
        } else {
            store.data_mut().done(image.clone(), 0)
        }
    });
    let (heap, is_undone) = match &result {
        Ok(done) if changes_state => (&done.image.heap, false),
        _ => (&image.heap, true),
    };
    if !module.drops_data()
        && warm::is_worth_keeping(heap)
        && hold(store, instance, heap, is_undone)
    {
        machine.instance = Some((instance, heap.clone()));
    }
    result
}

/// Calls what the entry point names.
fn enter(
    store: &mut Store<Host>,
    module: &Module,
    instance: Instance,
    entry: Entry,
) -> Result<(), Trap> {
    let mode = store.data().mode;
    if matches!(entry, Entry::Init { .. } | Entry::PostUpgrade { .. }) && module.starts() {
        store.data_mut().mode = Mode::Start;
        call(store, instance.get_func(&*store, module::START_EXPORT), &[])?;
        store.data_mut().mode = mode;
    }
    match entry {
        Entry::Init { .. } => hook(store, instance, "canister_init"),
        Entry::PreUpgrade => hook(store, instance, "canister_pre_upgrade"),
        Entry::PostUpgrade { .. } => hook(store, instance, "canister_post_upgrade"),
        Entry::Update { method, .. } => exported(store, instance, Method::Update, method),
        Entry::Query { method, .. } => exported(store, instance, Method::Query, method),
        Entry::CompositeQuery { method, .. } => {
            exported(store, instance, Method::CompositeQuery, method)
        }
        Entry::Inspect { .. } => {
            store.data_mut().message_accepted = !module.has_hook("canister_inspect_message");
            hook(store, instance, "canister_inspect_message")?;
            if store.data().message_accepted {
                Ok(())
            } else {
                Err(Trap::NotAccepted)
            }
        }
        Entry::Heartbeat => hook(store, instance, "canister_heartbeat"),
        Entry::GlobalTimer => hook(store, instance, "canister_global_timer"),
        Entry::OnLowWasmMemory => hook(store, instance, "canister_on_low_wasm_memory"),
        Entry::Reply { callback, .. }
        | Entry::Reject { callback, .. }
        | Entry::Cleanup { callback, .. } => closure(store, module, instance, callback),
    }
}

fn heap_of(store: &Store<Host>, instance: Instance) -> Option<wasmi::Memory> {
    instance.get_memory(store, module::HEAP_EXPORT)
}

/// Puts the heap into a fresh instance.
fn fill(
    store: &mut Store<Host>,
    module: &Module,
    instance: Instance,
    image: &Image,
) -> Result<(), Trap> {
    if let (Some(declared), Some(heap)) = (module.heap_pages(), heap_of(store, instance)) {
        // A snapshot that was uploaded may hold less than the code relies on.
        let pages = image.heap.wasm_pages().max(declared);
        heap.grow(&mut *store, pages)
            .map_err(|_| Trap::OutOfMemory)?;
        image.heap.copy_into(heap.data_mut(&mut *store));
        store.data_mut().attach(heap);
        store.limiter(|host| host.growth());
    }
    Ok(())
}

/// Brings the heap of an instance that was kept up to date.
fn update(store: &mut Store<Host>, instance: Instance, image: &Image, held: &Memory) {
    if let Some(heap) = heap_of(store, instance) {
        image.heap.replace_in(held, heap.data_mut(&mut *store));
        store.data_mut().attach(heap);
    }
}

/// Makes the instance hold this heap and nothing else; false where it grew beyond that, as memories do not shrink.
fn hold(store: &mut Store<Host>, instance: Instance, heap: &Memory, is_undone: bool) -> bool {
    let Some(memory) = heap_of(store, instance) else {
        return false;
    };
    if memory.data_size(&*store) as u64 != heap.size() {
        return false;
    }
    if is_undone {
        heap.put_back(memory.data_mut(&mut *store));
    }
    true
}

fn set_globals(
    store: &mut Store<Host>,
    module: &Module,
    instance: Instance,
    image: &Image,
) -> Result<(), Trap> {
    for ((name, mutable), value) in module.global_exports().zip(&image.globals) {
        if let (true, Some(global)) = (mutable, instance.get_global(&*store, &name)) {
            global
                .set(&mut *store, value_of(*value))
                .map_err(|error| Trap::Engine(error.to_string()))?;
        }
    }
    Ok(())
}

/// Takes the image out of the instance.
fn drain(
    store: &mut Store<Host>,
    module: &Module,
    instance: Instance,
    before: &Image,
) -> (Image, u64) {
    let mut image = before.clone();
    let mut dirty_pages = std::mem::take(&mut store.data_mut().stable_pages_written);
    if let Some(heap) = heap_of(store, instance) {
        dirty_pages += image.heap.adopt(heap.data(&*store));
    }
    image.stable = std::mem::take(&mut store.data_mut().stable);
    for ((name, _), slot) in module.global_exports().zip(&mut image.globals) {
        if let Some(global) = instance.get_global(&*store, &name) {
            *slot = global_of(&global.get(&*store)).unwrap_or(*slot);
        }
    }
    (image, dirty_pages)
}

fn value_of(global: Global) -> Val {
    match global {
        Global::I32(value) => Val::I32(value),
        Global::I64(value) => Val::I64(value),
        Global::F32(bits) => Val::F32(wasmi::F32::from_bits(bits)),
        Global::F64(bits) => Val::F64(wasmi::F64::from_bits(bits)),
        Global::V128(value) => Val::V128(value.into()),
    }
}

fn global_of(value: &Val) -> Option<Global> {
    Some(match value {
        Val::I32(value) => Global::I32(*value),
        Val::I64(value) => Global::I64(*value),
        Val::F32(value) => Global::F32(value.to_bits()),
        Val::F64(value) => Global::F64(value.to_bits()),
        Val::V128(value) => Global::V128(value.as_u128()),
        Val::FuncRef(_) | Val::ExternRef(_) => return None, // refused when the module was compiled
    })
}

/// Calls a function that need not exist.
fn hook(store: &mut Store<Host>, instance: Instance, name: &str) -> Result<(), Trap> {
    call(store, instance.get_func(&*store, name), &[])
}

fn exported(
    store: &mut Store<Host>,
    instance: Instance,
    kind: Method,
    name: String,
) -> Result<(), Trap> {
    match instance.get_func(&*store, &format!("{}{name}", kind.prefix())) {
        Some(function) => call(store, Some(function), &[]),
        None => Err(Trap::NoMethod {
            kind: kind.word(),
            name,
        }),
    }
}

fn closure(
    store: &mut Store<Host>,
    module: &Module,
    instance: Instance,
    callback: Closure,
) -> Result<(), Trap> {
    let missing = Trap::NoFunction {
        function: callback.function,
    };
    let table = instance
        .get_table(&*store, module::TABLE_EXPORT)
        .ok_or(missing.clone())?;
    let function = match table.get(&*store, callback.function.into()) {
        Some(wasmi::Ref::Func(reference)) => reference.val().copied().ok_or(missing)?,
        _ => return Err(missing),
    };
    let environment = if module.is_wasm64() {
        Val::I64(callback.environment.cast_signed())
    } else {
        Val::I32((callback.environment as u32).cast_signed())
    };
    let shape = function.ty(&*store);
    if shape.params() != [environment.ty()] || !shape.results().is_empty() {
        return Err(Trap::Other); // a call through a table to a function of another type
    }
    call(store, Some(function), &[environment])
}

fn call(store: &mut Store<Host>, function: Option<Func>, arguments: &[Val]) -> Result<(), Trap> {
    let Some(function) = function else {
        return Ok(());
    };
    function
        .call(&mut *store, arguments, &mut [])
        .map_err(|error| match error.as_trap_code() {
            // A memory that may not grow traps in the interpreter's own terms; the reason lies with the host.
            Some(wasmi::TrapCode::GrowthOperationLimited) => store.data_mut().growth_refused(),
            Some(wasmi::TrapCode::OutOfFuel) => {
                Trap::InstructionLimit(store.data().environment.instruction_limit)
            }
            _ => error.into(),
        })
}
