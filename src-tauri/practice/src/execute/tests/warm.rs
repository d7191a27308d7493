//! Large heaps, whose instances wait for the next message: nobody can tell one from a fresh one.

use super::*;

/// A heap of 18 MiB. `count` counts in the last page and in a global; `boom` does, and traps; `grow` adds a page.
const LARGE: &str = r#"(module
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (memory 288)
  (data (i32.const 100) "seed")
  (global $times (mut i32) (i32.const 0))
  (func $next
    (global.set $times (i32.add (global.get $times) (i32.const 1)))
    (i32.store (i32.const 18800000) (i32.add (i32.load (i32.const 18800000)) (i32.const 1))))
  (func $tell
    (i32.store (i32.const 18000000) (global.get $times))
    (i32.store (i32.const 18000004) (i32.load (i32.const 18800000)))
    (i32.store (i32.const 18000008) (i32.load (i32.const 100)))
    (call $append (i32.const 18000000) (i32.const 12))
    (i64.store (i32.const 18000000) (i64.const 0))
    (i32.store (i32.const 18000008) (i32.const 0))
    (call $reply))
  (func (export "canister_update count") (call $next) (call $tell))
  (func (export "canister_query look") (call $next) (call $tell))
  (func (export "canister_update boom") (call $next) (i32.store (i32.const 4) (i32.const 7)) unreachable)
  (func (export "canister_update grow")
    (drop (memory.grow (i32.const 1))) (call $next) (call $tell))
  (func (export "canister_query widen")
    (drop (memory.grow (i32.const 1))) (i32.store (i32.const 18880000) (i32.const 9)) (call $tell)))"#;

fn told(bytes: &[u8]) -> (u32, u32) {
    let word =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    assert_eq!(&bytes[8..12], b"seed", "what the module put into its heap");
    (word(0), word(4))
}

/// The canister's image, run on a module of its own that never ran anything.
fn afresh(canister: &Canister, text: &str, entry: Entry) -> Outcome {
    let module = Module::compile_anew_for_test(&wat::parse_str(text).expect("WebAssembly"));
    run(
        &module,
        &canister.image,
        entry,
        canister.environment.clone(),
    )
}

#[test]
fn an_instance_that_waited_is_like_a_fresh_one() {
    let mut canister = Canister::fresh(LARGE);
    canister.module = Module::compile_anew_for_test(&wat::parse_str(LARGE).expect("WebAssembly"));
    let mut images = vec![canister.image.clone()];
    for (step, entry) in [
        "count", "boom", "count", "look", "look", "count", "grow", "count", "widen", "count",
        "boom",
    ]
    .into_iter()
    .enumerate()
    {
        let query = matches!(entry, "look" | "widen");
        let make = || {
            if query {
                super::query(entry)
            } else {
                update(entry)
            }
        };
        let fresh = afresh(&canister, LARGE, make());
        let waited = canister.run(make());
        assert_eq!(
            waited.instructions, fresh.instructions,
            "step {step}, {entry}: the same work"
        );
        match (waited.result, fresh.result) {
            (Ok(waited), Ok(fresh)) => {
                assert_eq!(waited.response, fresh.response, "step {step}, {entry}");
                assert_eq!(waited.image, fresh.image, "step {step}, {entry}");
                assert_eq!(
                    waited.dirty_pages, fresh.dirty_pages,
                    "step {step}, {entry}"
                );
                if !query {
                    canister.image = waited.image;
                    images.push(canister.image.clone());
                }
            }
            (Err(waited), Err(fresh)) => assert_eq!(waited, fresh, "step {step}, {entry}"),
            (waited, fresh) => panic!("step {step}, {entry}: {waited:?} is not {fresh:?}"),
        }
    }
    assert_eq!(
        canister.module.instances().waiting(),
        1,
        "one after the other needs but one instance"
    );
    // As queries of older blocks and restores of snapshots do.
    for (number, image) in images.into_iter().enumerate().rev() {
        canister.image = image;
        let expected = (number as u32 + 1, number as u32 + 1);
        assert_eq!(
            told(&canister.query("look")),
            expected,
            "the state after {number} updates"
        );
    }
}

#[test]
fn instances_of_small_heaps_or_without_their_data_do_not_wait() {
    let small = LARGE
        .replace("288", "200")
        .replace("18800000", "3000")
        .replace("18000", "2000");
    let dropping = LARGE.replace(
        "(func $next",
        "(data $extra \"extra\") (func $drop (data.drop $extra)) (func $next",
    );
    for text in [small, dropping] {
        let module = Module::compile_anew_for_test(&wat::parse_str(&text).expect("WebAssembly"));
        let image = module.initial().clone();
        let outcome = run(
            &module,
            &image,
            query("look"),
            Environment {
                replicated: false,
                ..Environment::default()
            },
        );
        assert!(outcome.result.is_ok(), "it runs: {:?}", outcome.result);
        assert_eq!(module.instances().waiting(), 0, "and is gone");
    }
}

#[test]
fn two_canisters_of_one_module_do_not_meet() {
    let mut first = Canister::fresh(LARGE);
    first.module = Module::compile_anew_for_test(&wat::parse_str(LARGE).expect("WebAssembly"));
    let mut second = Canister {
        module: first.module.clone(),
        image: first.image.clone(),
        environment: Environment {
            canister: Principal::anonymous(),
            ..first.environment.clone()
        },
    };
    for round in 1..=3 {
        assert_eq!(
            told(&first.update("count")),
            (round, round),
            "its own count"
        );
        if round > 1 {
            assert_eq!(
                told(&second.update("count")),
                (round - 1, round - 1),
                "the other's own"
            );
        }
    }
}
