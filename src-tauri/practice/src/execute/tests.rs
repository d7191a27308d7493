//! Whole modules through [`run`]: entry points, state and upgrades. The system calls are tested in the files below.

mod calls;
mod limits;
mod motoko;
mod system_calls;
mod warm;

use super::*;
use crate::memory::{Memory, PAGE};

/// A canister on its own: module and image, and the environment of its next message.
struct Canister {
    module: Module,
    image: Image,
    environment: Environment,
}

impl Canister {
    fn installed(text: &str) -> Self {
        let mut canister = Self::fresh(text);
        canister.commit(Entry::Init {
            argument: Vec::new(),
        });
        canister
    }

    /// Before its initialisation.
    fn fresh(text: &str) -> Self {
        let module = compile(text);
        let environment = Environment {
            balance: 1_000_000_000_000,
            ..Environment::default()
        };
        Self {
            image: module.initial().clone(),
            module,
            environment,
        }
    }

    fn run(&self, entry: Entry) -> Outcome {
        run(&self.module, &self.image, entry, self.environment.clone())
    }

    /// Runs and keeps the state.
    fn commit(&mut self, entry: Entry) -> Done {
        let done = self
            .run(entry)
            .result
            .expect("the entry point does not trap");
        self.image = done.image.clone();
        done
    }

    fn trap(&self, entry: Entry) -> Trap {
        self.run(entry).result.expect_err("the entry point traps")
    }

    fn update(&mut self, method: &str) -> Vec<u8> {
        reply(self.commit(update(method)))
    }

    fn query(&self, method: &str) -> Vec<u8> {
        reply(
            self.run_query(method)
                .result
                .expect("the query does not trap"),
        )
    }

    fn run_query(&self, method: &str) -> Outcome {
        let environment = Environment {
            replicated: false,
            ..self.environment.clone()
        };
        run(&self.module, &self.image, query(method), environment)
    }
}

fn compile(text: &str) -> Module {
    Module::compile(&wat::parse_str(text).expect("the text is WebAssembly"))
        .expect("the module is admissible")
}

fn update(method: &str) -> Entry {
    Entry::Update {
        method: method.into(),
        argument: Vec::new(),
    }
}

fn query(method: &str) -> Entry {
    Entry::Query {
        method: method.into(),
        argument: Vec::new(),
    }
}

fn reply(done: Done) -> Vec<u8> {
    match done.response {
        Some(Response::Reply(bytes)) => bytes,
        other => panic!("expected a reply, got {other:?}"),
    }
}

/// A module whose update method `go` replies with the 32 bytes at address 0 after `code` ran. All imports that the
/// tests need, a page of memory, and `$keep`, which stores a word at an address.
fn going(code: &str) -> String {
    format!(
        r#"(module
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_reject" (func $reject (param i32 i32)))
  (import "ic0" "msg_caller_copy" (func $caller (param i32 i32 i32)))
  (import "ic0" "msg_arg_data_size" (func $arg_size (result i32)))
  (import "ic0" "msg_arg_data_copy" (func $arg (param i32 i32 i32)))
  (import "ic0" "msg_reject_code" (func $code (result i32)))
  (import "ic0" "msg_reject_msg_size" (func $message_size (result i32)))
  (import "ic0" "msg_deadline" (func $deadline (result i64)))
  (import "ic0" "msg_cycles_available128" (func $available (param i32)))
  (import "ic0" "msg_cycles_refunded128" (func $refunded (param i32)))
  (import "ic0" "msg_cycles_accept128" (func $accept (param i64 i64 i32)))
  (import "ic0" "msg_cycles_accept" (func $accept64 (param i64) (result i64)))
  (import "ic0" "cycles_burn128" (func $burn (param i64 i64 i32)))
  (import "ic0" "mint_cycles128" (func $mint (param i64 i64 i32)))
  (import "ic0" "canister_cycle_balance128" (func $balance (param i32)))
  (import "ic0" "canister_cycle_balance" (func $balance64 (result i64)))
  (import "ic0" "canister_liquid_cycle_balance128" (func $liquid (param i32)))
  (import "ic0" "canister_status" (func $status (result i32)))
  (import "ic0" "canister_version" (func $version (result i64)))
  (import "ic0" "call_new" (func $new (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "ic0" "call_on_cleanup" (func $on_cleanup (param i32 i32)))
  (import "ic0" "call_data_append" (func $data (param i32 i32)))
  (import "ic0" "call_with_best_effort_response" (func $best_effort (param i32)))
  (import "ic0" "call_cycles_add128" (func $attach (param i64 i64)))
  (import "ic0" "call_perform" (func $perform (result i32)))
  (import "ic0" "stable_grow" (func $grow32 (param i32) (result i32)))
  (import "ic0" "stable_size" (func $size32 (result i32)))
  (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
  (import "ic0" "stable64_size" (func $size (result i64)))
  (import "ic0" "stable64_write" (func $write (param i64 i64 i64)))
  (import "ic0" "stable64_read" (func $read (param i64 i64 i64)))
  (import "ic0" "certified_data_set" (func $certify (param i32 i32)))
  (import "ic0" "data_certificate_present" (func $certified (result i32)))
  (import "ic0" "data_certificate_size" (func $certificate_size (result i32)))
  (import "ic0" "time" (func $time (result i64)))
  (import "ic0" "global_timer_set" (func $timer (param i64) (result i64)))
  (import "ic0" "performance_counter" (func $counter (param i32) (result i64)))
  (import "ic0" "is_controller" (func $controls (param i32 i32) (result i32)))
  (import "ic0" "in_replicated_execution" (func $replicated (result i32)))
  (import "ic0" "cost_call" (func $cost_call (param i64 i64 i32)))
  (import "ic0" "cost_sign_with_ecdsa" (func $cost_ecdsa (param i32 i32 i32 i32) (result i32)))
  (import "ic0" "env_var_count" (func $variables (result i32)))
  (import "ic0" "env_var_name_size" (func $variable (param i32) (result i32)))
  (import "ic0" "env_var_value_size" (func $value (param i32 i32) (result i32)))
  (import "ic0" "debug_print" (func $print (param i32 i32)))
  (import "ic0" "trap" (func $trap (param i32 i32)))
  (memory (export "memory") 1)
  (table funcref (elem $on_reply $on_reject $cleanup $deep_of_type))
  (func $on_reply (param i32) (i32.store (i32.const 0) (local.get 0)) (call $answer))
  (func $on_reject (param i32) (unreachable))
  (func $cleanup (param i32) (i32.store (i32.const 4) (local.get 0)))
  (func $deep_of_type (param i64))
  (data (i32.const 512) "callee name")
  (func $answer (call $append (i32.const 0) (i32.const 32)) (call $reply))
  (func $deep (param i64) (result i64)
    (i64.add (i64.const 1) (call $deep (i64.add (local.get 0) (i64.const 1)))))
  (func $keep (param i32 i64) (i64.store (local.get 0) (local.get 1)))
  (func $draft
    (call $new (i32.const 512) (i32.const 6) (i32.const 519) (i32.const 4)
      (i32.const 0) (i32.const 77) (i32.const 1) (i32.const 88)))
  (func (export "canister_update go") {code} (call $answer))
  (func (export "canister_query go_query") {code} (call $answer)))"#
    )
}

/// The first words that `go` replies after that code.
fn words_of(environment: Environment, code: &str) -> Vec<u64> {
    let mut canister = Canister::fresh(&going(code));
    canister.environment = environment;
    let bytes = canister.update("go");
    bytes
        .chunks(8)
        .map(|word| u64::from_le_bytes(word.try_into().expect("32 bytes are four words")))
        .collect()
}

fn word_of(environment: Environment, code: &str) -> u64 {
    words_of(environment, &format!("(call $keep (i32.const 0) {code})"))[0]
}

fn trap_of(code: &str) -> Trap {
    Canister::fresh(&going(code)).trap(update("go"))
}

/// One number in a global, in the heap and in stable memory, answered as three little-endian words.
const COUNTER: &str = r#"(module
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "stable64_size" (func $size (result i64)))
  (import "ic0" "stable64_grow" (func $grow (param i64) (result i64)))
  (import "ic0" "stable64_read" (func $read (param i64 i64 i64)))
  (import "ic0" "stable64_write" (func $write (param i64 i64 i64)))
  (memory 1)
  (global $g (mut i64) (i64.const 0))
  (data (i32.const 8) "\2a")
  (func $answer
    (i64.store (i32.const 64) (global.get $g))
    (i64.store (i32.const 72) (i64.load (i32.const 0)))
    (call $read (i64.const 80) (i64.const 0) (i64.const 8))
    (call $append (i32.const 64) (i32.const 24))
    (call $reply))
  (func $bump
    (global.set $g (i64.add (global.get $g) (i64.const 1)))
    (i64.store (i32.const 0) (i64.add (i64.load (i32.const 0)) (i64.const 1)))
    (i32.store8 (i32.const 8) (i32.const 0))
    (call $write (i64.const 0) (i64.const 0) (i64.const 8)))
  (func (export "canister_init") (drop (call $grow (i64.const 1))))
  (func (export "canister_update bump") (call $bump) (call $answer))
  (func (export "canister_update bump_trap") (call $bump) (unreachable))
  (func (export "canister_query bump_query") (call $bump) (call $answer))
  (func (export "canister_query peek") (call $answer))
  (func (export "canister_query data") (call $append (i32.const 8) (i32.const 1)) (call $reply)))"#;

fn three(number: u8) -> Vec<u8> {
    [number, 0, 0, 0, 0, 0, 0, 0].repeat(3)
}

#[test]
fn updates_change_everything_and_queries_nothing() {
    let mut counter = Canister::installed(COUNTER);
    assert_eq!(
        counter.update("bump"),
        three(1),
        "global, heap and stable memory are one"
    );
    assert_eq!(
        counter.query("bump_query"),
        three(2),
        "a query works on the state"
    );
    assert_eq!(counter.query("peek"), three(1), "and its changes vanish");
    assert_eq!(
        counter.update("bump"),
        three(2),
        "the next update continues"
    );
}

#[test]
fn a_trap_gives_no_image() {
    let mut counter = Canister::installed(COUNTER);
    counter.update("bump");
    let outcome = counter.run(update("bump_trap"));
    assert_eq!(
        outcome.result.expect_err("it executes unreachable"),
        Trap::Unreachable,
        "as it trapped"
    );
    assert_eq!(outcome.log, [b"[TRAP]: unreachable"], "the trap is logged");
    assert!(outcome.instructions > 0, "what was used is paid");
    assert_eq!(
        counter.query("peek"),
        three(1),
        "the image from before is untouched"
    );
}

#[test]
fn data_segments_apply_once() {
    let mut counter = Canister::installed(COUNTER);
    assert_eq!(
        counter.query("data"),
        [42],
        "the segment is in the fresh heap"
    );
    counter.update("bump");
    assert_eq!(
        counter.query("data"),
        [0],
        "what the code wrote over it stays"
    );
}

#[test]
fn the_start_function_runs_once_and_before_the_initialisation() {
    let text = r#"(module
      (import "ic0" "time" (func $time (result i64)))
      (memory 1)
      (func $start (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))))
      (start $start)
      (func (export "canister_init") (i32.store (i32.const 4) (i32.load (i32.const 0))))
      (func (export "canister_update touch")))"#;
    let mut canister = Canister::installed(text);
    canister.commit(update("touch"));
    assert_eq!(
        canister.image.heap.slice(0, 5),
        Ok(vec![1, 0, 0, 0, 1]),
        "once, and init saw it"
    );
    let calling = text.replace("(func $start (i32", "(func $start (drop (call $time)) (i32");
    let trap = Canister::fresh(&calling).trap(Entry::Init { argument: vec![] });
    assert!(
        trap.to_string()
            .ends_with("\"ic0_time\" cannot be executed in start mode"),
        "{trap}"
    );
}

#[test]
fn upgrades_keep_stable_memory_and_the_heap_only_on_demand() {
    let mut old = Canister::installed(COUNTER);
    old.update("bump");
    let new = compile(COUNTER);
    let replaced = new.upgraded(&old.image, false);
    assert_eq!(replaced.stable, old.image.stable, "stable memory stays");
    assert_eq!(replaced.heap, new.initial().heap, "the heap is fresh");
    let kept = new.upgraded(&old.image, true);
    assert_eq!(kept.heap, old.image.heap, "the heap is kept");
    assert_eq!(kept.globals, new.globals(), "globals never are");
}

#[test]
fn messages_are_inspected() {
    let text = r#"(module
      (import "ic0" "accept_message" (func $accept))
      (import "ic0" "msg_method_name_size" (func $size (result i32)))
      (memory 1)
      (func (export "canister_inspect_message")
        (if (i32.eq (call $size) (i32.const 2)) (then (call $accept)))))"#;
    let mut canister = Canister::fresh(text);
    canister.environment.replicated = false;
    let inspect = |method: &str| Entry::Inspect {
        method: method.into(),
        argument: vec![],
    };
    canister.commit(inspect("go"));
    let refused = canister.trap(inspect("stay"));
    assert_eq!(
        (refused.to_string().as_str(), refused.code()),
        ("Canister rejected the message", 406),
        "not accepted"
    );
    Canister::fresh("(module)").commit(inspect("anything")); // without the function everything is accepted
}

#[test]
fn system_tasks_run_or_are_nothing() {
    let text = r#"(module
      (memory 1)
      (func $count (param i32) (i32.store8 (local.get 0) (i32.const 1)))
      (func (export "canister_heartbeat") (call $count (i32.const 0)))
      (func (export "canister_global_timer") (call $count (i32.const 1)))
      (func (export "canister_on_low_wasm_memory") (call $count (i32.const 2))))"#;
    let mut canister = Canister::installed(text);
    for entry in [Entry::Heartbeat, Entry::GlobalTimer, Entry::OnLowWasmMemory] {
        canister.commit(entry);
    }
    assert_eq!(canister.image.heap.slice(0, 3), Ok(vec![1; 3]), "each ran");
    assert!(
        canister.module.has_hook("canister_heartbeat"),
        "the caller can ask before it schedules"
    );
    let mut without = Canister::fresh("(module)");
    without.commit(Entry::Heartbeat);
    assert!(
        !without.module.has_hook("canister_heartbeat"),
        "and need not run it"
    );
}

#[test]
fn globals_are_state_bit_by_bit() {
    let text = r#"(module
      (global $a (mut i32) (i32.const -1))
      (global $b i64 (i64.const 5))
      (global $c (mut f32) (f32.const -inf))
      (global $d (mut f64) (f64.const nan:0x8000000000123))
      (global $e (mut v128) (v128.const i64x2 1 2))
      (global $f (export "six") i64 (i64.const 6))
      (func (export "canister_update step") (global.set $a (i32.add (global.get $a) (i32.const 10)))))"#;
    let mut canister = Canister::installed(text);
    let mut expected = vec![
        Global::I64(6), // exported ones first, also those that cannot change
        Global::I32(-1),
        Global::F32(f32::NEG_INFINITY.to_bits()),
        Global::F64(0x7ff8_0000_0000_0123),
        Global::V128(2 << 64 | 1),
    ];
    assert_eq!(
        canister.image.globals, expected,
        "the immutable hidden one is left out"
    );
    let Outcome { result, .. } = canister.run(Entry::Heartbeat);
    assert_eq!(
        result.expect("there is no heartbeat").image.globals,
        expected,
        "through an instance and back"
    );
    canister.image.globals[1] = Global::I32(100);
    let done = canister.run(update("step")).result.expect("it adds ten");
    expected[1] = Global::I32(110);
    assert_eq!(
        done.image.globals, expected,
        "the image's value was set before"
    );
    assert!(
        canister.module.accepts_globals(&expected),
        "number and kinds fit"
    );
    assert!(
        !canister.module.accepts_globals(&expected[1..]),
        "one is missing"
    );
    expected[1] = Global::I64(110);
    assert!(!canister.module.accepts_globals(&expected), "another kind");
}
