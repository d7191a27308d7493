//! Logs: what is printed is read, followed, and said to be lost when it is.

use canopic_engine::{Code, LogFilter};
use canopic_practice::interface::CanisterSettings;
use canopic_tests::Bench;

/// Prints its argument.
const PRINTER: &str = r#"(module
    (import "ic0" "debug_print" (func $print (param i32 i32)))
    (import "ic0" "msg_arg_data_size" (func $size (result i32)))
    (import "ic0" "msg_arg_data_copy" (func $copy (param i32 i32 i32)))
    (import "ic0" "msg_reply" (func $reply))
    (memory 1)
    (func (export "canister_update say")
        (call $copy (i32.const 0) (i32.const 0) (call $size))
        (call $print (i32.const 0) (call $size))
        (call $reply)))"#;

#[tokio::test]
async fn a_log_is_followed_line_by_line() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    bench.install(id, PRINTER).await;
    let say = async |text: String| {
        let call = bench
            .agent()
            .update(&id.principal(), "say")
            .with_arg(text.into_bytes());
        call.call_and_wait().await.unwrap();
    };
    let texts = |log: &canopic_engine::Log| -> Vec<String> {
        let lines = log.lines.iter();
        lines
            .map(|line| String::from_utf8_lossy(&line.content).into_owned())
            .collect()
    };
    say("one".into()).await;
    say("two".into()).await;
    let log = bench.engine.log(id, LogFilter::All).await.unwrap();
    assert_eq!(texts(&log), ["one", "two"]);
    assert!(
        log.lines[0].at <= log.lines[1].at,
        "in the order of their times"
    );

    let still = bench
        .engine
        .log(id, LogFilter::From(log.next))
        .await
        .unwrap();
    assert_eq!(
        (still.lines.len(), still.next),
        (0, log.next),
        "nothing new"
    );
    say("three".into()).await;
    let news = bench
        .engine
        .log(id, LogFilter::From(log.next))
        .await
        .unwrap();
    assert_eq!(texts(&news), ["three"], "only what is new");
    let since = LogFilter::Since(log.lines[1].at);
    let since = bench.engine.log(id, since).await.unwrap();
    assert_eq!(texts(&since), ["two", "three"], "from a moment on");

    // More than the log holds: four kilobytes as a rule.
    for _ in 0..6 {
        say("x".repeat(1_000)).await;
    }
    let gap = bench.engine.log(id, LogFilter::From(0)).await.unwrap();
    assert!(
        gap.lost >= 3,
        "the first lines gave way to newer ones, and that is said: {gap:?}"
    );
}

#[tokio::test]
async fn whose_log_it_is_not_is_told_so() {
    let bench = Bench::any().await;
    let settings = CanisterSettings {
        controllers: Some(vec![candid::Principal::management_canister()]),
        ..CanisterSettings::default()
    };
    let id = bench.create_with(settings).await;
    let error = bench.engine.log(id, LogFilter::All).await.unwrap_err();
    assert_eq!(error.code, Code::Refused, "{}", error.chain());
    assert!(
        error.facts["message"].contains("not allowed"),
        "the network's own words say why"
    );
}
