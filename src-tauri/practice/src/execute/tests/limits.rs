//! Loops, recursion, and memories that grow.

use super::*;

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
fn deep_recursion_is_a_trap() {
    assert_eq!(
        trap_of("(drop (call $deep (i64.const 0)))"),
        Trap::StackOverflow,
        "and the process lives"
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
