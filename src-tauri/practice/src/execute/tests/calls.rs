//! Calls to other canisters, their callbacks, and cycles.

use super::*;

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
