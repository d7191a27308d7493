//! Whole modules through [`run`].

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
fn code_sees_its_environment() {
    let environment = || Environment {
        time: 5,
        version: 6,
        status: RunStatus::Stopping,
        context: CallContext {
            deadline: 7,
            ..CallContext::default()
        },
        ..Environment::default()
    };
    assert_eq!(
        word_of(environment(), "(call $time)"),
        5,
        "the time it is given"
    );
    assert_eq!(word_of(environment(), "(call $version)"), 6, "its version");
    assert_eq!(
        word_of(environment(), "(i64.extend_i32_u (call $status))"),
        2,
        "stopping is 2"
    );
    assert_eq!(
        word_of(environment(), "(call $deadline)"),
        7,
        "of the call it works on"
    );
    assert_eq!(
        word_of(environment(), "(i64.extend_i32_u (call $replicated))"),
        1,
        "an update"
    );
    let caller = "(call $caller (i32.const 0) (i32.const 0) (i32.const 1))";
    assert_eq!(
        words_of(environment(), caller)[0],
        4,
        "the anonymous caller is the byte 4"
    );
}

#[test]
fn controllers_are_recognised() {
    let environment = |controllers| Environment {
        controllers,
        ..Environment::default()
    };
    let code = "(i64.extend_i32_u (call $controls (i32.const 512) (i32.const 6)))";
    let callee = Principal::from_slice(b"callee");
    assert_eq!(
        word_of(environment(vec![callee]), code),
        1,
        "it is in the list"
    );
    assert_eq!(word_of(environment(vec![]), code), 0, "it is not");
    assert_eq!(
        trap_of("(drop (call $controls (i32.const 0) (i32.const 30)))"),
        Trap::InvalidPrincipal,
        "principals have at most 29 bytes"
    );
}

#[test]
fn system_calls_are_refused_where_they_do_not_belong() {
    let canister = Canister::fresh(&going("(call $certify (i32.const 0) (i32.const 1))"));
    let trap = canister
        .run_query("go_query")
        .result
        .expect_err("queries cannot certify");
    assert_eq!(
        trap.to_string(),
        "Canister violated contract: \"ic0_certified_data_set\" cannot be executed in non replicated query mode",
        "as replicas say it"
    );
    assert_eq!(trap.code(), 504, "a contract violation");
    let trap = trap_of("(drop (call $certificate_size))");
    assert!(
        trap.to_string().ends_with("in update mode"),
        "updates have no certificate: {trap}"
    );
    assert!(
        trap_of("(drop (call $message_size))")
            .to_string()
            .ends_with("in update mode"),
        "only reject callbacks have a reject message"
    );
}

#[test]
fn a_call_is_answered_once() {
    let trap = trap_of("(call $answer)");
    assert_eq!(
        trap.to_string(),
        "Canister violated contract: ic0.msg_reply_data_append: the call is already replied.",
        "the second answer is the violation"
    );
    let mut replied = Canister::fresh(&going(""));
    replied.environment.context.replied = true;
    assert_eq!(
        replied.trap(update("go")),
        trap,
        "nor may a later message of the same call answer again"
    );
}

#[test]
fn an_answer_has_a_size_limit_that_is_larger_for_queries() {
    let mebibytes =
        |count: u32| "(call $append (i32.const 0) (i32.const 1048576))".repeat(count as usize);
    let text = |count| going(&mebibytes(count)).replace("\"memory\") 1)", "\"memory\") 16)");
    let trap = Canister::fresh(&text(2)).trap(update("go"));
    assert!(
        trap.to_string()
            .contains("application payload size (2097184) cannot be larger than 2097152."),
        "2 MiB and the 32 bytes of the answer are too many: {trap}"
    );
    assert_eq!(
        Canister::fresh(&text(2)).query("go_query").len(),
        2_097_184,
        "a query may reply 3 MiB"
    );
}

#[test]
fn hostile_addresses_trap_before_anything_is_allocated() {
    let trap = trap_of("(call $append (i32.const 65535) (i32.const 2))");
    assert_eq!(
        trap.to_string(),
        "Canister violated contract: ic0.msg_reply_data_append heap: src=65535 + length=2 exceeds the slice size=65536",
        "one byte past the end"
    );
    for code in [
        "(call $arg (i32.const -1) (i32.const -1) (i32.const -1))",
        "(call $arg (i32.const 0) (i32.const 0) (i32.const 1))", // there is no argument
        "(call $data (i32.const 0) (i32.const 0))",              // there is no call
        "(call $reject (i32.const 0) (i32.const -1))",
        "(call $draft) (call $data (i32.const 0) (i32.const -1))",
        "(call $new (i32.const 0) (i32.const -1) (i32.const 0) (i32.const -1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
        "(drop (call $value (i32.const -1) (i32.const 100)))",
        "(drop (call $counter (i32.const 2)))",
    ] {
        assert_eq!(trap_of(code).code(), 504, "{code} is a contract violation");
    }
    assert_eq!(
        trap_of("(call $read (i64.const 65530) (i64.const 0) (i64.const 8))"),
        Trap::HeapOutOfBounds,
        "stable memory calls treat heap addresses like instructions do"
    );
    assert_eq!(
        trap_of("(call $write (i64.const 0) (i64.const 0) (i64.const 8))"),
        Trap::StableMemoryOutOfBounds,
        "stable memory has no page yet"
    );
}

#[test]
fn endless_loops_end() {
    let mut canister = Canister::fresh(&going("(loop $again (br $again))"));
    canister.environment.instruction_limit = 1_000_000;
    let outcome = canister.run(update("go"));
    let trap = outcome.result.expect_err("it never returns");
    assert_eq!(
        trap.to_string(),
        "Canister exceeded the limit of 1000000 instructions for single message execution.",
        "as replicas say it"
    );
    assert_eq!(trap.code(), 522, "its own code");
    assert!(
        outcome.instructions > 999_000,
        "all of them were used: {}",
        outcome.instructions
    );
}

#[test]
fn system_calls_and_bulk_copies_count_as_instructions() {
    let used = |code: &str| Canister::fresh(&going(code)).run(update("go")).instructions;
    let nothing = used("");
    assert!(
        used("(drop (call $time))") >= nothing + 500,
        "a system call costs 500"
    );
    assert!(
        used("(memory.fill (i32.const 0) (i32.const 0) (i32.const 60000))") >= nothing + 60_000,
        "a bulk operation costs its bytes"
    );
    assert!(
        used("(call $print (i32.const 0) (i32.const 30000))") >= nothing + 30_000,
        "so does moving data out"
    );
    let counters = words_of(
        Environment {
            context: CallContext {
                instructions: 1_000_000,
                ..CallContext::default()
            },
            ..Environment::default()
        },
        "(call $keep (i32.const 0) (call $counter (i32.const 0))) (call $keep (i32.const 8) (call $counter (i32.const 1)))",
    );
    assert!(
        (200..2_000).contains(&counters[0]),
        "the message's own so far: {}",
        counters[0]
    );
    assert!(
        (1_000_200..1_002_000).contains(&counters[1]),
        "with those of the call's earlier messages"
    );
}

#[test]
fn deep_recursion_is_a_trap() {
    assert_eq!(
        trap_of("(drop (call $deep (i64.const 0)))"),
        Trap::StackOverflow,
        "and the process lives"
    );
}

#[test]
fn traps_have_the_networks_words_and_codes() {
    for (code, text, number) in [
        ("(unreachable)", "Canister trapped: unreachable", 502),
        (
            "(i32.store (i32.const 0x7fffffff) (i32.const 1))",
            "Canister trapped: heap out of bounds",
            502,
        ),
        (
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            "Canister trapped: integer division by 0",
            502,
        ),
        (
            "(call $trap (i32.const 512) (i32.const 6))",
            "Canister called `ic0.trap` with message: 'callee'",
            503,
        ),
        (
            "(drop (call $value (i32.const 512) (i32.const 6)))",
            "Environment variable callee not found.",
            504,
        ),
    ] {
        let trap = trap_of(code);
        assert_eq!(
            (trap.to_string().as_str(), trap.code()),
            (text, number),
            "{code}"
        );
    }
    let missing = Canister::fresh(&going("")).trap(update("nothing"));
    assert_eq!(
        (missing.to_string().as_str(), missing.code()),
        ("Canister has no update method 'nothing'.", 536),
        "a method that is not exported"
    );
    let canister = Principal::from_slice(&[1]);
    assert!(
        missing
            .report(&canister)
            .starts_with(&format!("Error from Canister {canister}: {missing}.\n")),
        "the rejection names the canister and appends advice: {}",
        missing.report(&canister)
    );
}

#[test]
fn prints_are_kept_even_if_the_code_traps_later() {
    let outcome = Canister::fresh(&going(
        "(call $print (i32.const 512) (i32.const 6)) (call $print (i32.const -1) (i32.const 6)) (call $trap (i32.const 0) (i32.const 0))",
    ))
    .run(update("go"));
    let lines: Vec<_> = outcome
        .log
        .iter()
        .map(|line| String::from_utf8_lossy(line))
        .collect();
    assert_eq!(
        lines,
        [
            "callee",
            "(debug_print message out of memory bounds)",
            "[TRAP]: (no message)"
        ],
        "printing never fails, and the trap is the last line"
    );
}

#[test]
fn the_heap_grows_within_its_budget() {
    let grow = "(call $keep (i32.const 0) (i64.extend_i32_s (memory.grow (i32.const 2))))";
    let with = |environment: Environment| {
        let mut canister = Canister::fresh(&going(grow));
        canister.environment = environment;
        canister
    };
    let done = with(Environment::default()).commit(update("go"));
    assert_eq!(done.image.heap.wasm_pages(), 3, "one page and two");

    let limited = with(Environment {
        wasm_memory_limit: 131_072,
        ..Environment::default()
    });
    let trap = limited.trap(update("go"));
    assert_eq!(
        trap,
        Trap::WasmMemoryLimit {
            bytes: 196_608,
            limit: 131_072
        },
        "updates heed the setting"
    );
    assert_eq!(
        limited.query("go_query")[0],
        1,
        "queries do not, so that data can be rescued"
    );

    let full = with(Environment {
        memory_available: 131_071,
        ..Environment::default()
    });
    assert_eq!(
        full.trap(update("go")),
        Trap::OutOfMemory,
        "the subnet is full"
    );
    assert_eq!(
        word_of(
            Environment::default(),
            "(i64.extend_i32_s (memory.grow (i32.const 65536)))"
        ),
        u64::MAX,
        "what is impossible anyway is answered by -1"
    );
}

#[test]
fn stable_memory_grows_within_its_budget() {
    let environment = |memory_available| Environment {
        memory_available,
        ..Environment::default()
    };
    assert_eq!(
        word_of(environment(u64::MAX), "(call $grow (i64.const 8192000))"),
        0,
        "500 GiB"
    );
    assert_eq!(
        word_of(environment(u64::MAX), "(call $grow (i64.const 8192001))"),
        u64::MAX,
        "not more"
    );
    assert_eq!(
        word_of(environment(u64::MAX), "(call $grow (i64.const -1))"),
        u64::MAX,
        "nor overflowing"
    );
    assert_eq!(
        word_of(environment(65_535), "(call $grow (i64.const 1))"),
        u64::MAX,
        "the subnet is full"
    );
    assert_eq!(
        word_of(
            environment(u64::MAX),
            "(i64.extend_i32_u (call $grow32 (i32.const 65537)))"
        ),
        u64::from(u32::MAX),
        "the 32-bit call stops at 4 GiB"
    );
    assert_eq!(
        trap_of("(drop (call $grow (i64.const 65537))) (drop (call $size32))"),
        Trap::StableMemoryTooBigFor32Bit,
        "and does not work on more"
    );
}

#[test]
fn a_write_to_a_large_stable_memory_touches_one_page() {
    let mut canister = Canister::fresh(&going(
        "(drop (call $grow (i64.const 8000000))) (call $write (i64.const 500000000000) (i64.const 512) (i64.const 6))",
    ));
    let done = canister.commit(update("go"));
    assert_eq!(
        done.image.stable.resident(),
        PAGE as u64,
        "of 488 GiB one page is held"
    );
    assert_eq!(
        done.image.stable.slice(500_000_000_000, 6),
        Ok(b"callee".to_vec()),
        "with what was written"
    );
    assert_eq!(done.dirty_pages, 1, "the heap did not change");
}

#[test]
fn a_call_is_drafted_and_performed() {
    let mut canister = Canister::fresh(&going(
        "(call $draft) (call $draft)
         (call $data (i32.const 512) (i32.const 3)) (call $data (i32.const 515) (i32.const 3))
         (call $attach (i64.const 0) (i64.const 1000)) (call $on_cleanup (i32.const 2) (i32.const 99))
         (call $best_effort (i32.const 4000)) (call $keep (i32.const 0) (i64.extend_i32_u (call $perform)))",
    ));
    canister.environment.prices = Prices::free();
    let done = canister.commit(update("go"));
    let call = OutgoingCall {
        callee: Principal::from_slice(b"callee"),
        method: "name".into(),
        argument: b"callee".to_vec(),
        cycles: 1_000,
        on_reply: Closure {
            function: 0,
            environment: 77,
        },
        on_reject: Closure {
            function: 1,
            environment: 88,
        },
        on_cleanup: Some(Closure {
            function: 2,
            environment: 99,
        }),
        timeout_seconds: Some(300), // the longest
        fee: 0,
        prepaid: 0,
    };
    assert_eq!(done.calls, [call], "the second draft, as it was completed");
    assert_eq!(
        done.balance,
        1_000_000_000_000 - 1_000,
        "the attached cycles are gone"
    );
    assert_eq!(reply(done)[..8], [0; 8], "call_perform succeeded");
}

#[test]
fn a_call_that_cannot_be_paid_is_not_made() {
    let code = "(call $draft) (call $attach (i64.const 0) (i64.const 1000)) (call $keep (i32.const 0) (i64.extend_i32_u (call $perform)))";
    let with = |balance, freezing_limit, calls_available| {
        let mut canister = Canister::fresh(&going(code));
        canister.environment = Environment {
            balance,
            freezing_limit,
            calls_available,
            ..Environment::default()
        };
        canister.commit(update("go"))
    };
    let due = Prices::default().call(4) + Prices::default().response(false) + 1_000;
    for (case, (balance, freezing_limit, calls_available)) in [
        ("poor", (due - 1, 0, 500)),
        ("frozen", (due, 1, 500)),
        ("queue full", (due, 0, 0)),
    ] {
        let done = with(balance, freezing_limit, calls_available);
        assert_eq!(done.balance, balance, "{case}: everything came back");
        assert!(done.calls.is_empty(), "{case}: there is no call");
        assert_eq!(reply(done)[0], 2, "{case}: the code was told to try later");
    }
    let done = with(due, 0, 1);
    assert_eq!(
        (done.balance, done.calls.len()),
        (0, 1),
        "exactly enough is enough"
    );
    assert_eq!(
        Canister::fresh(&going(
            "(call $draft) (call $attach (i64.const 1) (i64.const 0))"
        ))
        .trap(update("go")),
        Trap::OutOfCycles {
            canister: Principal::management_canister()
        },
        "attaching what one does not have is a trap"
    );
}

#[test]
fn a_draft_that_is_never_performed_gives_its_cycles_back() {
    let done = Canister::fresh(&going(
        "(call $draft) (call $attach (i64.const 0) (i64.const 5))",
    ))
    .commit(update("go"));
    assert_eq!(
        (done.balance, done.calls.len()),
        (1_000_000_000_000, 0),
        "nothing was spent or sent"
    );
}

#[test]
fn drafts_have_rules() {
    for (code, text) in [
        (
            "(drop (call $perform))",
            "ic0.call_perform called when no call is under construction.",
        ),
        (
            "(call $draft) (call $on_cleanup (i32.const 0) (i32.const 0)) (call $on_cleanup (i32.const 0) (i32.const 0))",
            "ic0.call_on_cleanup can be called at most once between `ic0.call_new` and `ic0.call_perform`",
        ),
        (
            "(call $draft) (call $best_effort (i32.const 1)) (call $best_effort (i32.const 1))",
            "ic0_call_with_best_effort_response failed because a timeout is already set.",
        ),
    ] {
        assert_eq!(trap_of(code), Trap::Violation(text.into()), "{code}");
    }
}

#[test]
fn callbacks_are_closures_of_the_table() {
    let mut canister = Canister::fresh(&going(""));
    canister.environment.context.cycles_available = 9;
    let closure = |function| Closure {
        function,
        environment: 77,
    };
    let answer = |callback| Entry::Reply {
        callback,
        reply: b"yes".to_vec(),
        refunded: 3,
    };
    assert_eq!(
        reply(canister.commit(answer(closure(0))))[0],
        77,
        "called with its word"
    );
    let reject = |callback| Entry::Reject {
        callback,
        code: 5,
        message: "no".into(),
        refunded: 0,
    };
    assert_eq!(
        canister.trap(reject(closure(1))),
        Trap::Unreachable,
        "the other function of the pair"
    );
    let before = canister.image.clone();
    canister.commit(Entry::Cleanup {
        callback: closure(2),
        code: 0,
    });
    assert_ne!(canister.image, before, "the cleanup wrote its word");
    assert_eq!(
        canister.trap(answer(closure(9))),
        Trap::NoFunction { function: 9 },
        "past the table"
    );
    assert_eq!(
        canister.trap(answer(closure(3))),
        Trap::Other,
        "a function with another type"
    );
    let both = Trap::Cleanup {
        callback: Box::new(Trap::Unreachable),
        cleanup: Box::new(Trap::Other),
    };
    assert_eq!(both.code(), 502, "the callback's failure counts");
    assert!(
        both.to_string().contains("call_on_cleanup also failed"),
        "but both are told"
    );
}

#[test]
fn callbacks_know_what_they_answer() {
    let text = going("").replace(
        "(func $on_reject (param i32) (unreachable))",
        "(func $on_reject (param i32)
            (call $keep (i32.const 0) (i64.extend_i32_u (call $code)))
            (call $keep (i32.const 8) (i64.extend_i32_u (call $message_size)))
            (call $refunded (i32.const 16)) (call $answer))",
    );
    let mut canister = Canister::fresh(&text);
    let callback = Closure {
        function: 1,
        environment: 0,
    };
    let bytes = reply(canister.commit(Entry::Reject {
        callback,
        code: 4,
        message: "not now".into(),
        refunded: 6,
    }));
    assert_eq!(
        (bytes[0], bytes[8], bytes[16]),
        (4, 7, 6),
        "code, length of the message, refunded cycles"
    );
}

#[test]
fn cycles_are_accepted_burned_and_minted() {
    let environment = || Environment {
        balance: 100,
        freezing_limit: 30,
        context: CallContext {
            cycles_available: 50,
            ..CallContext::default()
        },
        ..Environment::default()
    };
    let done = |environment: Environment, code: &str| {
        let mut canister = Canister::fresh(&going(code));
        canister.environment = environment;
        canister.commit(update("go"))
    };
    let accepting = done(
        environment(),
        "(call $accept (i64.const 0) (i64.const 20) (i32.const 0)) (drop (call $accept64 (i64.const 1000)))",
    );
    assert_eq!(
        (accepting.accepted, accepting.balance),
        (50, 150),
        "20, and then only what was left"
    );
    let burning = done(
        environment(),
        "(call $burn (i64.const 0) (i64.const 1000) (i32.const 0))",
    );
    assert_eq!(
        (burning.burned, burning.balance),
        (70, 30),
        "what keeps the canister alive cannot be burned"
    );
    let minting = Environment {
        mints_cycles: true,
        ..environment()
    };
    let minted = done(
        minting,
        "(call $mint (i64.const 1) (i64.const 0) (i32.const 0))",
    );
    assert_eq!(minted.minted, 1 << 64, "the high word counts");
    assert_eq!(
        trap_of("(call $mint (i64.const 0) (i64.const 1) (i32.const 0))").code(),
        504,
        "one canister mints"
    );
    assert_eq!(
        words_of(environment(), "(call $liquid (i32.const 0))")[0],
        70,
        "above the freezing limit"
    );
    let rich = Environment {
        balance: 1 << 64,
        ..Environment::default()
    };
    assert_eq!(
        words_of(rich.clone(), "(call $balance (i32.const 0))")[..2],
        [0, 1],
        "128 bits"
    );
    let mut canister = Canister::fresh(&going("(drop (call $balance64))"));
    canister.environment = rich;
    assert_eq!(
        canister.trap(update("go")),
        Trap::CyclesTooManyFor64Bit,
        "do not fit into 64"
    );
}

#[test]
fn costs_are_told() {
    let code = "(call $cost_call (i64.const 10) (i64.const 90) (i32.const 0))";
    let expected = Prices::default().call(100) + Prices::default().response(false);
    assert_eq!(
        u128::from(words_of(Environment::default(), code)[0]),
        expected,
        "the call and its answer"
    );
    let key = |curve, name: &str| {
        let text = going(&format!(
            "(call $keep (i32.const 0) (i64.extend_i32_u (call $cost_ecdsa (i32.const 512) (i32.const {}) (i32.const {curve}) (i32.const 8))))",
            name.len()
        ));
        Canister::fresh(&text.replace("callee name", name)).update("go")[0]
    };
    assert_eq!(
        (key(0, "key_1"), key(7, "key_1"), key(0, "nobody's")),
        (0, 1, 2),
        "known, bad curve, unknown"
    );
}

#[test]
fn certified_data_and_the_timer_are_effects() {
    let mut canister = Canister::fresh(&going(
        "(call $certify (i32.const 512) (i32.const 6))
         (call $keep (i32.const 0) (call $timer (i64.const 20))) (call $keep (i32.const 8) (call $timer (i64.const 30)))",
    ));
    canister.environment.global_timer = 10;
    let done = canister.commit(update("go"));
    assert_eq!(
        done.certified_data.as_deref(),
        Some(b"callee".as_slice()),
        "what was set"
    );
    assert_eq!(done.global_timer, Some(30), "the last one");
    let bytes = reply(done);
    assert_eq!(
        (bytes[0], bytes[8]),
        (10, 20),
        "each call tells the time before"
    );
    assert_eq!(
        trap_of("(call $certify (i32.const 0) (i32.const 33))").to_string(),
        "Canister violated contract: ic0_certified_data_set failed because the passed data must be no larger than 32 bytes. Found 33 bytes.",
        "as replicas say it"
    );
}

#[test]
fn the_data_certificate_is_for_queries_that_are_not_replicated() {
    let code = "(call $keep (i32.const 0) (i64.extend_i32_u (call $certified)))";
    let mut canister = Canister::fresh(&going(code));
    canister.environment.data_certificate = Some(vec![1, 2, 3]);
    assert_eq!(canister.query("go_query")[0], 1, "there it is present");
    assert_eq!(
        reply(canister.commit(query("go_query")))[0],
        0,
        "in a query called as an update it is not"
    );
    assert_eq!(canister.update("go")[0], 0, "nor in an update");
}

#[test]
fn environment_variables_come_in_order_of_their_names() {
    let mut environment = Environment::default();
    environment
        .environment_variables
        .insert("callee".into(), "blue".into());
    environment
        .environment_variables
        .insert("b".into(), String::new());
    assert_eq!(
        word_of(environment.clone(), "(i64.extend_i32_u (call $variables))"),
        2,
        "both"
    );
    assert_eq!(
        word_of(
            environment.clone(),
            "(i64.extend_i32_u (call $variable (i32.const 1)))"
        ),
        6,
        "callee"
    );
    let value = "(i64.extend_i32_u (call $value (i32.const 512) (i32.const 6)))";
    assert_eq!(word_of(environment.clone(), value), 4, "blue");
    let mut canister = Canister::fresh(&going("(drop (call $variable (i32.const 2)))"));
    canister.environment = environment;
    assert_eq!(
        canister.trap(update("go")),
        Trap::NoVariableAt {
            index: 2,
            length: 2
        },
        "there is no third"
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

#[test]
fn a_heap_may_hold_less_than_the_module_declares() {
    let mut canister = Canister::fresh(COUNTER);
    canister.image.heap = Memory::default();
    canister.image.stable = Memory::zeroed(1);
    assert_eq!(
        canister.query("peek"),
        three(0),
        "the code finds the page it relies on"
    );
    canister.image.heap = Memory::zeroed(10);
    canister.update("bump");
    assert_eq!(canister.image.heap.wasm_pages(), 10, "and more stays more");
}

#[test]
fn wide_memories_have_wide_pointers() {
    let text = r#"(module
      (import "ic0" "msg_reply" (func $reply))
      (import "ic0" "msg_reply_data_append" (func $append (param i64 i64)))
      (import "ic0" "call_new" (func $new (param i64 i64 i64 i64 i64 i64 i64 i64)))
      (import "ic0" "call_perform" (func $perform (result i32)))
      (memory i64 1)
      (table funcref (elem $back))
      (func $back (param i64) (i64.store (i64.const 0) (local.get 0)) (call $append (i64.const 0) (i64.const 8)) (call $reply))
      (func (export "canister_update go")
        (call $new (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)
          (i64.const 0) (i64.const 0x100000001) (i64.const 0) (i64.const 0))
        (drop (call $perform))))"#;
    let mut canister = Canister::installed(text);
    let calls = canister.commit(update("go")).calls;
    let callback = calls[0].on_reply;
    assert_eq!(callback.environment, 0x1_0000_0001, "all 64 bits");
    let bytes = reply(canister.commit(Entry::Reply {
        callback,
        reply: vec![],
        refunded: 0,
    }));
    assert_eq!(bytes, 0x1_0000_0001_u64.to_le_bytes(), "and back");
    assert_eq!(
        calls[0].prepaid - Prices::default().response(false),
        40_000_000_000,
        "64-bit instructions cost twice as much"
    );
}
