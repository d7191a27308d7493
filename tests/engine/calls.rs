//! Calling methods by hand.

use canopic_engine::{
    Arguments, CallAnswer, CallOutcome, CanisterId, Certainty, Code, Ended, Manner, MethodCall,
};
use canopic_practice::faults::{Effect, Fault, Kind};
use canopic_tests::Bench;
use serde_json::json;

/// Counts; rejects; traps.
const COUNTER: &str = r#"(module
  (@custom "icp:public candid:service" "service : { add : (more : nat64) -> (nat64); total : () -> (nat64) query; refuse : () -> (); trap : () -> (); shout : () -> () oneway }")
  (import "ic0" "msg_reply" (func $reply))
  (import "ic0" "msg_reject" (func $reject (param i32 i32)))
  (import "ic0" "trap" (func $trap (param i32 i32)))
  (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
  (import "ic0" "msg_arg_data_copy" (func $argument (param i32 i32 i32)))
  (memory 1)
  (global $total (mut i64) (i64.const 0))
  (data (i32.const 0) "DIDL\00\01\78")
  (data (i32.const 100) "not today")
  (func $answer
    (i64.store (i32.const 7) (global.get $total))
    (call $append (i32.const 0) (i32.const 15))
    (call $reply))
  (func (export "canister_update add")
    (call $argument (i32.const 64) (i32.const 7) (i32.const 8))
    (global.set $total (i64.add (global.get $total) (i64.load (i32.const 64))))
    (call $answer))
  (func (export "canister_query total") (call $answer))
  (func (export "canister_query hidden") (call $answer))
  (func (export "canister_update shout"))
  (func (export "canister_update refuse") (call $reject (i32.const 100) (i32.const 9)))
  (func (export "canister_update trap") (call $trap (i32.const 100) (i32.const 9))))"#;

async fn counter(bench: &Bench) -> CanisterId {
    let id = bench.create().await;
    bench.install(id, COUNTER).await;
    id
}

fn call(canister: CanisterId, method: &str, manner: Manner, arguments: Arguments) -> MethodCall {
    MethodCall {
        canister,
        method: method.to_owned(),
        manner,
        arguments,
        remember: true,
    }
}

fn text(text: &str) -> Arguments {
    Arguments::Text(text.to_owned())
}

fn replied(answer: &CallAnswer) -> (Option<Vec<serde_json::Value>>, Option<&str>) {
    match &answer.outcome {
        CallOutcome::Replied { values, text, .. } => (values.clone(), text.as_deref()),
        rejected @ CallOutcome::Rejected { .. } => panic!("{rejected:?}"),
    }
}

#[tokio::test]
async fn a_method_is_called_by_fields_by_text_and_by_bytes() {
    let bench = Bench::any().await;
    let id = counter(&bench).await;
    let five = b"DIDL\0\x01\x78\x05\0\0\0\0\0\0\0".to_vec();
    for (arguments, total) in [
        (Arguments::Values(vec![json!("1")]), "1"),
        (text("(2)"), "3"),
        (Arguments::Bytes(five), "8"),
    ] {
        let asked = call(id, "add", Manner::Update, arguments);
        let answer = bench.engine.call(&asked).await.unwrap();
        assert!(answer.is_certified, "the network agrees on an update");
        let expected = (Some(vec![json!(total)]), Some(format!("({total})")));
        let (values, shown) = replied(&answer);
        assert_eq!((values, shown.map(str::to_owned)), expected);
    }
    for (manner, certified) in [(Manner::Query, false), (Manner::Update, true)] {
        let answer = bench
            .engine
            .call(&call(id, "total", manner, text("()")))
            .await;
        let answer = answer.unwrap();
        assert_eq!(
            answer.is_certified, certified,
            "a query may be certified at the price of an update"
        );
        assert_eq!(replied(&answer).0, Some(vec![json!("8")]));
    }
    let answer = bench
        .engine
        .call(&call(id, "hidden", Manner::Query, text("()")))
        .await;
    let answer = answer.unwrap();
    assert_eq!(
        replied(&answer),
        (None, Some("(8 : nat64)")),
        "what the interface does not list is read by what it says of itself"
    );
    let answer = bench
        .engine
        .call(&call(id, "shout", Manner::Update, text("()")))
        .await;
    assert!(
        matches!(
            answer.unwrap().outcome,
            CallOutcome::Rejected { .. } | CallOutcome::Replied { text: None, .. }
        ),
        "nobody answers, and nothing is made up"
    );
}

#[tokio::test]
async fn a_rejection_is_an_answer() {
    let bench = Bench::any().await;
    let id = counter(&bench).await;
    for (method, number, says) in [("refuse", 4, "not today"), ("trap", 5, "not today")] {
        let answer = bench
            .engine
            .call(&call(id, method, Manner::Update, text("()")))
            .await;
        let answer = answer.unwrap();
        let CallOutcome::Rejected { code, message, .. } = &answer.outcome else {
            panic!("{answer:?}")
        };
        assert_eq!((*code, answer.is_certified), (number, true));
        assert!(message.contains(says), "{message}");
    }
    let answer = bench
        .engine
        .call(&call(id, "nowhere", Manner::Query, text("()")))
        .await;
    let CallOutcome::Rejected { error_code, .. } = answer.unwrap().outcome else {
        panic!("no method of this name exists")
    };
    assert_eq!(error_code.as_deref(), Some("IC0536"));
}

#[tokio::test]
async fn what_does_not_fit_is_not_sent() {
    let bench = Bench::any().await;
    let id = counter(&bench).await;
    for (method, arguments, code) in [
        ("add", text("(-1)"), Code::ArgumentMalformed),
        (
            "add",
            Arguments::Values(vec![json!(1)]),
            Code::ArgumentMalformed,
        ),
        ("add", Arguments::Values(vec![]), Code::ArgumentMalformed),
        ("add", text("(1"), Code::ArgumentMalformed),
        ("hidden", Arguments::Values(vec![]), Code::MethodMissing),
    ] {
        let error = bench
            .engine
            .call(&call(id, method, Manner::Update, arguments))
            .await
            .unwrap_err();
        assert_eq!(
            (error.code, error.certainty),
            (code, Certainty::NothingSent),
            "{}",
            error.chain()
        );
    }
    let nobody: CanisterId = "rrkah-fqaaa-aaaaa-aaaaq-cai".parse().unwrap();
    let error = bench
        .engine
        .call(&call(nobody, "f", Manner::Query, text("()")))
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::CanisterNotFound, "{}", error.chain());
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_and_nothing_is_sent_again() {
    let bench = Bench::practice().await;
    let id = counter(&bench).await;
    let lose = Fault {
        kind: Some(Kind::Call),
        method: Some("add".to_owned()),
        after: 0,
        times: 1,
        effect: Effect::LoseReply,
    };
    bench.network().break_it([lose.clone()]);
    let answer = bench
        .engine
        .call(&call(id, "add", Manner::Update, text("(1)")))
        .await;
    assert_eq!(
        replied(&answer.unwrap()).1,
        Some("(1)"),
        "found by its request id"
    );

    let blind = Fault {
        kind: Some(Kind::ReadState),
        method: None,
        // The two reads of the interface come before the call; what would tell its outcome comes after.
        after: 2,
        times: 1_000,
        effect: Effect::Cut,
    };
    bench.network().break_it([lose, blind]);
    let asked = call(id, "add", Manner::Update, text("(1)"));
    let error = bench.engine.call(&asked).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Unknown, "{}", error.chain());
    bench.network().mend();
    let recent = bench.engine.recent_calls(id).await.unwrap();
    assert_eq!(
        recent[0].ended,
        Ended::Unknown,
        "and that is what is remembered"
    );
    let total = bench
        .engine
        .call(&call(id, "total", Manner::Query, text("()")))
        .await;
    assert_eq!(
        replied(&total.unwrap()).1,
        Some("(2)"),
        "two calls, two effects"
    );
}

#[tokio::test]
async fn calls_are_remembered_without_secrets_and_can_be_forgotten() {
    let bench = Bench::any().await;
    let id = counter(&bench).await;
    let other = bench.create().await;
    let add = call(id, "add", Manner::Update, text("(7)"));
    bench.engine.call(&add).await.unwrap();
    bench
        .engine
        .call(&call(id, "refuse", Manner::Update, text("()")))
        .await
        .unwrap();
    let secretive = MethodCall {
        remember: false,
        ..add.clone()
    };
    bench.engine.call(&secretive).await.unwrap();
    bench
        .engine
        .call(&call(
            id,
            "nowhere",
            Manner::Query,
            text("(\"my password\")"),
        ))
        .await
        .unwrap();

    let recent = bench.engine.recent_calls(id).await.unwrap();
    let summary: Vec<_> = recent
        .iter()
        .map(|call| (call.method.as_str(), call.arguments.as_deref(), call.ended))
        .collect();
    assert_eq!(
        summary,
        [
            ("nowhere", None, Ended::Rejected),
            ("refuse", Some("()"), Ended::Rejected),
            ("add", Some("(7)"), Ended::Replied),
        ]
    );
    assert_eq!(bench.engine.recent_calls(other).await.unwrap(), []);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = bench.engine.folders().data.join("recent-calls.json");
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else reads along");
    }
    bench.engine.forget_calls(Some(id)).await.unwrap();
    assert_eq!(bench.engine.recent_calls(id).await.unwrap(), []);
}

#[tokio::test]
async fn arguments_go_from_one_form_to_another() {
    let bench = Bench::any().await;
    let id = counter(&bench).await;
    let forms = bench
        .engine
        .convert_arguments(id, "add", &text("(5)"))
        .await
        .unwrap();
    assert_eq!(forms.values, Some(vec![json!("5")]));
    assert_eq!(forms.text.as_deref(), Some("(5)"));
    assert_eq!(forms.bytes, b"DIDL\0\x01\x78\x05\0\0\0\0\0\0\0");
}
