//! Whole modules through [`run`].

use super::*;

/// A canister on its own: module and image, and the environment of its next message.
struct Canister {
    module: Module,
    image: Image,
    environment: Environment,
}

impl Canister {
    fn installed(text: &str) -> Self {
        let module = compile(text);
        let mut canister = Self {
            image: module.initial().clone(),
            module,
            environment: Environment::default(),
        };
        canister.commit(Entry::Init {
            argument: Vec::new(),
        });
        canister
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

    fn update(&mut self, method: &str) -> Vec<u8> {
        reply(self.commit(update(method, b"")))
    }

    fn query(&self, method: &str) -> Vec<u8> {
        let mut environment = self.environment.clone();
        environment.replicated = false;
        let entry = Entry::Query {
            method: method.into(),
            argument: Vec::new(),
        };
        reply(
            run(&self.module, &self.image, entry, environment)
                .result
                .expect("the query does not trap"),
        )
    }
}

fn compile(text: &str) -> Module {
    Module::compile(&wat::parse_str(text).expect("the text is WebAssembly"))
        .expect("the module is admissible")
}

fn update(method: &str, argument: &[u8]) -> Entry {
    Entry::Update {
        method: method.into(),
        argument: argument.to_vec(),
    }
}

fn reply(done: Done) -> Vec<u8> {
    match done.response {
        Some(Response::Reply(bytes)) => bytes,
        other => panic!("expected a reply, got {other:?}"),
    }
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
    let outcome = counter.run(update("bump_trap", b""));
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
