//! The system calls: what a canister's code can import from `ic0`.
//!
//! The table in this file is that of the interface specification ("Overview of imports"): each function with its
//! parameters, its result, the entry points from which it may be called, and what it costs in instructions. `W` is
//! the width of the canister's pointers. Everything else follows from the table: which imports a module may have
//! ([`signature`]), what the interpreter links ([`linker`]), and the check of the entry point before each call.
//!
//! What the calls do is in the modules below, a method of [`Call`] for each, by what they are about: `message.rs`
//! (the message being worked on and its answer), `calls.rs` (calling others), `cycles.rs`, `state.rs` (memory, time
//! and everything that a canister knows about itself).
//!
//! Addresses and sizes come from code that may be hostile: every access to the heap is checked, and nothing is
//! allocated before it was.

mod calls;
mod cycles;
mod message;
mod mode;
mod prices;
mod state;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::OnceLock,
};

use wasmi::{Caller, Engine, Linker, ResourceLimiter, errors::LinkerError};
use wasmi_core::LimiterError;
use wasmparser::ValType;

pub(crate) use self::mode::Mode;
pub use self::prices::Prices;
use self::{
    message::{Answer, Message},
    mode::Modes,
};
use crate::{
    execute::{Done, Entry, Environment, OutgoingCall, Trap},
    memory::{Image, Memory},
};

/// The largest argument or reply of a replicated message.
pub(crate) const MAX_MESSAGE: usize = 2 << 20;

/// The largest log that a canister can have, and what a record takes of it besides its text: index and time.
const MAX_LOG: usize = 2 << 20;
const LOG_RECORD: usize = 16;

/// Defines the system calls of the table on `$api`.
macro_rules! system_calls {
    (@give $answer:ident) => { $answer };
    (@give $answer:ident $type:ident) => { <$type as Word>::narrow($answer) };
    ($api:ident; $( $name:ident ( $( $parameter:ident : $type:ident ),* ) $( -> $result:ident )?, $allowed:literal, $cost:literal; )*) => {
        $(
            $api.signatures.insert(stringify!($name), Signature {
                takes: &[ $( <$type as Word>::TYPE ),* ],
                gives: &[ $( <$result as Word>::TYPE )? ],
            });
            let allowed = Modes::parse($allowed);
            $api.linker.func_wrap("ic0", stringify!($name), move |mut caller: Caller<'_, Host>, $( $parameter: $type ),*| {
                serve(&mut caller, stringify!($name), allowed, $cost, |call| call.$name($( $parameter.into() ),*))
                    .map(|answer| system_calls!(@give answer $( $result )?))
            })?;
        )*
    };
}

impl Api {
    fn common<W: Word>(engine: &Engine) -> Result<Self, LinkerError> {
        let mut api = Self {
            linker: Linker::new(engine),
            signatures: BTreeMap::new(),
        };
        system_calls! { api;
            msg_arg_data_size() -> W,                                       "I U RQ NRQ CQ Ry CRy F",             500;
            msg_arg_data_copy(dst: W, offset: W, size: W),                  "I U RQ NRQ CQ Ry CRy F",             500;
            msg_caller_size() -> W,                                         "*",                                  500;
            msg_caller_copy(dst: W, offset: W, size: W),                    "*",                                  500;
            msg_caller_info_data_size() -> W,                               "U RQ NRQ CQ Ry Rt CRy CRt C CC F",   500;
            msg_caller_info_data_copy(dst: W, offset: W, size: W),          "U RQ NRQ CQ Ry Rt CRy CRt C CC F",   500;
            msg_caller_info_signer_size() -> W,                             "U RQ NRQ CQ Ry Rt CRy CRt C CC F",   500;
            msg_caller_info_signer_copy(dst: W, offset: W, size: W),        "U RQ NRQ CQ Ry Rt CRy CRt C CC F",   500;
            msg_reject_code() -> u32,                                       "Ry Rt CRy CRt C",                    500;
            msg_reject_msg_size() -> W,                                     "Rt CRt",                             500;
            msg_reject_msg_copy(dst: W, offset: W, size: W),                "Rt CRt",                             500;
            msg_deadline() -> u64,                                          "U RQ NRQ CQ Ry Rt CRy CRt",          500;
            msg_reply_data_append(src: W, size: W),                         "U RQ NRQ CQ Ry Rt CRy CRt",          500;
            msg_reply(),                                                    "U RQ NRQ CQ Ry Rt CRy CRt",          500;
            msg_reject(src: W, size: W),                                    "U RQ NRQ CQ Ry Rt CRy CRt",          500;
            msg_cycles_available128(dst: W),                                "U RQ Rt Ry",                         500;
            msg_cycles_refunded128(dst: W),                                 "Rt Ry",                              500;
            msg_cycles_accept128(high: u64, low: u64, dst: W),              "U RQ Rt Ry",                         500;
            cycles_burn128(high: u64, low: u64, dst: W),                    "I G U RQ Ry Rt C T",                 500;
            mint_cycles128(high: u64, low: u64, dst: W),                    "U Ry Rt T",                          500;
            canister_self_size() -> W,                                      "*",                                  500;
            canister_self_copy(dst: W, offset: W, size: W),                 "*",                                  500;
            canister_cycle_balance128(dst: W),                              "*",                                  500;
            canister_liquid_cycle_balance128(dst: W),                       "*",                                  500;
            canister_status() -> u32,                                       "*",                                  500;
            canister_version() -> u64,                                      "*",                                  500;
            subnet_self_size() -> W,                                        "*",                                  500;
            subnet_self_copy(dst: W, offset: W, size: W),                   "*",                                  500;
            msg_method_name_size() -> W,                                    "F",                                  500;
            msg_method_name_copy(dst: W, offset: W, size: W),               "F",                                  500;
            accept_message(),                                               "F",                                  500;
            call_new(callee: W, callee_size: W, name: W, name_size: W, reply_fun: W, reply_env: W, reject_fun: W, reject_env: W),
                                                                            "U CQ Ry Rt CRy CRt T",               1500;
            call_on_cleanup(fun: W, env: W),                                "U CQ Ry Rt CRy CRt T",               500;
            call_data_append(src: W, size: W),                              "U CQ Ry Rt CRy CRt T",               500;
            call_with_best_effort_response(timeout_seconds: u32),           "U CQ Ry Rt CRy CRt T",               500;
            call_cycles_add128(high: u64, low: u64),                        "U Ry Rt T",                          500;
            call_perform() -> u32,                                          "U CQ Ry Rt CRy CRt T",               5000;
            stable64_size() -> u64,                                         "* s",                                20;
            stable64_grow(new_pages: u64) -> u64,                           "* s",                                500;
            stable64_write(offset: u64, src: u64, size: u64),               "* s",                                20;
            stable64_read(dst: u64, offset: u64, size: u64),                "* s",                                20;
            root_key_size() -> W,                                           "I G U RQ Ry Rt C T",                 500;
            root_key_copy(dst: W, offset: W, size: W),                      "I G U RQ Ry Rt C T",                 500;
            certified_data_set(src: W, size: W),                            "I G U Ry Rt T",                      500;
            data_certificate_present() -> u32,                              "*",                                  500;
            data_certificate_size() -> W,                                   "NRQ CQ",                             500;
            data_certificate_copy(dst: W, offset: W, size: W),              "NRQ CQ",                             500;
            time() -> u64,                                                  "*",                                  500;
            global_timer_set(timestamp: u64) -> u64,                        "I G U Ry Rt C T",                    500;
            performance_counter(counter: u32) -> u64,                       "* s",                                200;
            is_controller(src: W, size: W) -> u32,                          "* s",                                1000;
            in_replicated_execution() -> u32,                               "* s",                                500;
            cost_call(name_size: u64, payload_size: u64, dst: W),           "* s",                                500;
            cost_create_canister(dst: W),                                   "* s",                                500;
            cost_http_request(request_size: u64, response_size: u64, dst: W), "* s",                              500;
            cost_sign_with_ecdsa(src: W, size: W, curve: u32, dst: W) -> u32, "* s",                              500;
            cost_sign_with_schnorr(src: W, size: W, algorithm: u32, dst: W) -> u32, "* s",                        500;
            cost_vetkd_derive_key(src: W, size: W, curve: u32, dst: W) -> u32, "* s",                             500;
            env_var_count() -> W,                                           "*",                                  500;
            env_var_name_size(index: W) -> W,                               "*",                                  500;
            env_var_name_copy(index: W, dst: W, offset: W, size: W),        "*",                                  500;
            env_var_name_exists(name: W, name_size: W) -> u32,              "*",                                  500;
            env_var_value_size(name: W, name_size: W) -> W,                 "*",                                  500;
            env_var_value_copy(name: W, name_size: W, dst: W, offset: W, size: W), "*",                           500;
            debug_print(src: W, size: W),                                   "* s",                                100;
            trap(src: W, size: W),                                          "* s",                                500;
        }
        Ok(api)
    }

    /// Those that only canisters with 32-bit memory have.
    fn narrow(engine: &Engine) -> Result<Self, LinkerError> {
        let mut api = Self::common::<u32>(engine)?;
        system_calls! { api;
            msg_cycles_available() -> u64,                                  "U RQ Rt Ry",                         500;
            msg_cycles_refunded() -> u64,                                   "Rt Ry",                              500;
            msg_cycles_accept(max_amount: u64) -> u64,                      "U RQ Rt Ry",                         500;
            canister_cycle_balance() -> u64,                                "*",                                  500;
            call_cycles_add(amount: u64),                                   "U Ry Rt T",                          500;
            stable_size() -> u32,                                           "* s",                                20;
            stable_grow(new_pages: u32) -> u32,                             "* s",                                500;
            stable_write(offset: u32, src: u32, size: u32),                 "* s",                                20;
            stable_read(dst: u32, offset: u32, size: u32),                  "* s",                                20;
        }
        Ok(api)
    }
}

/// The system calls for one width of pointers.
struct Api {
    linker: Linker<Host>,
    signatures: BTreeMap<&'static str, Signature>,
}

/// The type of a system call.
#[derive(Clone, Copy)]
pub(crate) struct Signature {
    pub(crate) takes: &'static [ValType],
    pub(crate) gives: &'static [ValType],
}

fn api(engine: &Engine, wide: bool) -> Api {
    let api = if wide {
        Api::common::<u64>(engine)
    } else {
        Api::narrow(engine)
    };
    api.expect("the table names each system call once")
}

/// The type of a system call, if there is one of that name.
pub(crate) fn signature(name: &str, wide: bool) -> Option<Signature> {
    static SIGNATURES: OnceLock<[BTreeMap<&'static str, Signature>; 2]> = OnceLock::new();
    let signatures = SIGNATURES.get_or_init(|| {
        let engine = Engine::default(); // to link with, which is not what is asked for
        [
            api(&engine, false).signatures,
            api(&engine, true).signatures,
        ]
    });
    signatures[usize::from(wide)].get(name).copied()
}

/// What a canister module that was compiled by this engine is linked with.
pub(crate) fn linker(engine: &Engine, wide: bool) -> Linker<Host> {
    api(engine, wide).linker
}

/// A pointer or another number at the border to code. Inside everything is 64 bits wide.
trait Word: wasmi::WasmTy + Into<u64> {
    const TYPE: ValType;
    fn narrow(value: u64) -> Self;
}

impl Word for u32 {
    const TYPE: ValType = ValType::I32;
    fn narrow(value: u64) -> Self {
        value as Self
    }
}

impl Word for u64 {
    const TYPE: ValType = ValType::I64;
    fn narrow(value: u64) -> Self {
        value
    }
}

/// What the system calls of one run work on.
pub(crate) struct Host {
    pub(crate) mode: Mode,
    pub(crate) environment: Environment,
    log: VecDeque<Vec<u8>>,
    log_size: usize,
    pub(crate) stable: Memory,
    pub(crate) stable_pages_written: u64,
    pub(crate) message_accepted: bool,
    is_wasm64: bool,
    heap: Option<wasmi::Memory>,
    growth: Growth,
    message: Message,
    answer: Answer,
    drafted: Option<OutgoingCall>,
    calls: Vec<OutgoingCall>,
    balance: u128,
    accepted: u128,
    burned: u128,
    minted: u128,
    certified_data: Option<Vec<u8>>,
    global_timer: Option<u64>,
}

impl Host {
    pub(crate) fn new(
        entry: &Entry,
        stable: Memory,
        environment: Environment,
        is_wasm64: bool,
    ) -> Self {
        let mode = Mode::of(entry, environment.replicated);
        Self {
            mode,
            message: Message::of(entry),
            answer: if environment.context.replied {
                Answer::GivenBefore
            } else {
                Answer::Open(Vec::new())
            },
            growth: Growth {
                available: environment.memory_available,
                // Queries may exceed the limit, so that data can still be fetched; callbacks and system tasks may,
                // because a canister does not expect them to fail; the old code may, because the new one needs less.
                heap_limit: match mode {
                    Mode::Start | Mode::Init | Mode::Update
                        if environment.wasm_memory_limit > 0 =>
                    {
                        environment.wasm_memory_limit
                    }
                    _ => u64::MAX,
                },
                refused: None,
            },
            balance: environment.balance,
            environment,
            stable,
            is_wasm64,
            log: VecDeque::new(),
            log_size: 0,
            stable_pages_written: 0,
            message_accepted: false,
            heap: None,
            drafted: None,
            calls: Vec::new(),
            accepted: 0,
            burned: 0,
            minted: 0,
            certified_data: None,
            global_timer: None,
        }
    }

    /// The host of no message, for an instance that waits.
    pub(crate) fn idle() -> Self {
        Self::new(
            &Entry::PreUpgrade,
            Memory::default(),
            Environment::default(),
            false,
        )
    }

    /// Keeps a line that was printed. What no log could hold is forgotten at once: code can print in a loop, and
    /// prints cheaply.
    fn print(&mut self, line: Vec<u8>) {
        self.log_size += line.len() + LOG_RECORD;
        self.log.push_back(line);
        while self.log_size > MAX_LOG {
            let Some(oldest) = self.log.pop_front() else {
                break;
            };
            self.log_size -= oldest.len() + LOG_RECORD;
        }
    }

    /// The lines that were printed.
    pub(crate) fn take_log(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.log).into()
    }

    /// Makes the heap known, which exists only after the module was instantiated.
    pub(crate) fn attach(&mut self, heap: wasmi::Memory) {
        self.heap = Some(heap);
    }

    /// Watches over the growth of the heap.
    pub(crate) fn growth(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.growth
    }

    /// Why growth was refused in the interpreter.
    pub(crate) fn growth_refused(&mut self) -> Trap {
        self.growth.refused.take().unwrap_or(Trap::OutOfMemory)
    }

    /// The effects of a run that succeeded.
    pub(crate) fn done(&mut self, image: Image, dirty_pages: u64) -> Done {
        self.discard_draft(); // the cycles of a call that was not performed come back
        Done {
            image,
            dirty_pages,
            response: std::mem::replace(&mut self.answer, Answer::GivenBefore).given(),
            calls: std::mem::take(&mut self.calls),
            accepted: self.accepted,
            burned: self.burned,
            minted: self.minted,
            balance: self.balance,
            certified_data: self.certified_data.take(),
            global_timer: self.global_timer,
        }
    }
}

/// The budget for memory. The interpreter asks it before a heap grows.
struct Growth {
    available: u64,
    heap_limit: u64,
    refused: Option<Trap>,
}

impl Growth {
    /// Takes bytes from the budget.
    fn allot(&mut self, bytes: u64) -> Result<(), Trap> {
        self.available = self.available.checked_sub(bytes).ok_or(Trap::OutOfMemory)?;
        Ok(())
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(
        &mut self,
        now: usize,
        then: usize,
        _maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        let (now, then) = (now as u64, then as u64);
        let result = if then > self.heap_limit {
            Err(Trap::WasmMemoryLimit {
                bytes: then,
                limit: self.heap_limit,
            })
        } else {
            self.allot(then - now)
        };
        // The interpreter's error has no room for the reason; it is asked for afterwards.
        result.map(|()| true).map_err(|trap| {
            self.refused = Some(trap);
            LimiterError::ResourceLimiterDeniedAllocation
        })
    }

    fn table_growing(
        &mut self,
        _: usize,
        _: usize,
        _: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(true) // code cannot: modules with table.grow are refused
    }

    fn instances(&self) -> usize {
        usize::MAX
    }

    fn tables(&self) -> usize {
        usize::MAX
    }

    fn memories(&self) -> usize {
        usize::MAX
    }
}

/// One system call being served.
struct Call<'a> {
    name: &'static str,
    host: &'a mut Host,
    heap: &'a mut [u8],
    /// Instructions used so far.
    spent: u64,
    /// Bytes moved by this call, which cost an instruction each.
    moved: u64,
}

/// Does what all system calls have in common, and the call itself.
fn serve<R>(
    caller: &mut Caller<'_, Host>,
    name: &'static str,
    allowed: Modes,
    cost: u64,
    body: impl FnOnce(&mut Call<'_>) -> Result<R, Trap>,
) -> Result<R, wasmi::Error> {
    spend(caller, cost)?;
    if !allowed.contain(caller.data().mode) {
        return Err(wasmi::Error::host(forbidden(name, caller.data().mode)));
    }
    let spent = caller.data().environment.instruction_limit - caller.get_fuel()?;
    let (heap, host) = match caller.data().heap {
        Some(heap) => heap.data_and_store_mut(&mut *caller),
        None => ([].as_mut_slice(), caller.data_mut()),
    };
    let mut call = Call {
        name,
        host,
        heap,
        spent,
        moved: 0,
    };
    let answer = body(&mut call).map_err(wasmi::Error::host)?;
    let moved = call.moved;
    spend(caller, moved)?;
    Ok(answer)
}

fn spend(caller: &mut Caller<'_, Host>, instructions: u64) -> Result<(), wasmi::Error> {
    let fuel = caller.get_fuel()?;
    caller.set_fuel(fuel.saturating_sub(instructions))?;
    if fuel < instructions {
        return Err(wasmi::Error::host(Trap::InstructionLimit(
            caller.data().environment.instruction_limit,
        )));
    }
    Ok(())
}

fn forbidden(name: &str, mode: Mode) -> Trap {
    Trap::Violation(format!(
        "\"ic0_{name}\" cannot be executed in {} mode",
        mode.names().1
    ))
}

impl Call<'_> {
    /// The bytes of the heap that code points to.
    fn heap_bytes(&mut self, src: u64, size: u64) -> Result<&[u8], Trap> {
        self.moved += size.min(self.heap.len() as u64);
        slice(self.name, "heap", self.heap, src, size)
    }

    /// Copies a part of `source` to the heap.
    fn copy_out(&mut self, source: &[u8], dst: u64, offset: u64, size: u64) -> Result<(), Trap> {
        let part = slice(self.name, "source", source, offset, size)?;
        slice(self.name, "heap", self.heap, dst, size)?;
        self.heap[dst as usize..][..part.len()].copy_from_slice(part);
        self.moved += size;
        Ok(())
    }

    /// Copies a part of a field to the heap. The field is taken out meanwhile, so that it is not copied as a whole:
    /// arguments have up to 2 MiB, and code may fetch them in small pieces.
    fn copy_field(
        &mut self,
        field: impl Fn(&mut Host) -> &mut Vec<u8>,
        dst: u64,
        offset: u64,
        size: u64,
    ) -> Result<(), Trap> {
        let bytes = std::mem::take(field(self.host));
        let result = self.copy_out(&bytes, dst, offset, size);
        *field(self.host) = bytes;
        result
    }

    fn violation<T>(&self, reason: impl std::fmt::Display) -> Result<T, Trap> {
        Err(Trap::Violation(format!("ic0.{}: {reason}", self.name)))
    }
}

fn slice<'a>(
    name: &str,
    what: &str,
    bytes: &'a [u8],
    start: u64,
    size: u64,
) -> Result<&'a [u8], Trap> {
    let end = start
        .checked_add(size)
        .filter(|end| *end <= bytes.len() as u64);
    match end {
        Some(end) => Ok(&bytes[start as usize..end as usize]),
        None => Err(Trap::Violation(format!(
            "ic0.{name} {what}: src={start} + length={size} exceeds the slice size={}",
            bytes.len()
        ))),
    }
}

fn u128_of(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}
