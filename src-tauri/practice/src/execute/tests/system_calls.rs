//! What the system calls tell and refuse.

use super::*;

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
fn system_calls_and_bulk_copies_count_as_instructions() {
    let used = |code: &str| Canister::fresh(&going(code)).run(update("go")).instructions;
    let nothing = used("");
    assert!(
        used("(drop (call $time))") >= nothing + 500,
        "a system call costs 500"
    );
    assert!(
        used("(memory.fill (i32.const 0) (i32.const 0) (i32.const 60000))")
            >= nothing + 60_000 / 16,
        "a bulk operation costs by its bytes"
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
fn printing_in_a_loop_keeps_what_a_log_can_hold() {
    let text = going(
        "(loop $again
           (call $print (i32.const 0) (i32.const 30000))
           (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
           (br_if $again (i32.lt_u (i32.load (i32.const 0)) (i32.const 500))))",
    );
    let log = Canister::fresh(&text).run(update("go")).log;
    assert_eq!(
        log.len(),
        (2 << 20) / 30_016,
        "as many lines as fit into 2 MiB"
    );
    let last = log.last().expect("there are lines");
    assert_eq!(last[..4], 499_u32.to_le_bytes(), "the newest ones");
}
