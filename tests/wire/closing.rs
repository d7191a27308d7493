//! Closing while something is under way, as the window does it and the page answers.

use super::{Bench, held};
use canopic_api::feed::News;
use canopic_practice::faults::{Effect, Fault, Kind};
use futures::StreamExt as _;
use serde_json::{Value, json};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// A bench on which a stop takes longer than any test: its call is delayed for minutes.
async fn busy() -> (Bench, u64) {
    let (network, bench) = held().await;
    network.break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("stop_canister".to_owned()),
        after: 0,
        times: u32::MAX,
        effect: Effect::Delay {
            milliseconds: 600_000,
        },
    }]);
    let stock = bench.canister(|canister| canister["name"] == "stock").await;
    let op = json!({"op": "stop", "canister": stock["id"]});
    let plan = bench.ask(json!({"request": "plan", "op": op})).await;
    let run = json!({"request": "run", "op": op, "fingerprint": plan["fingerprint"]});
    let job = bench.ask(run).await;
    (bench, job.as_f64().unwrap() as u64)
}

fn is_left(bench: &Bench) -> bool {
    let left = pin!(bench.api.left());
    let mut context = Context::from_waker(Waker::noop());
    matches!(left.poll(&mut context), Poll::Ready(()))
}

#[tokio::test]
async fn nothing_under_way_closes_at_once() {
    let bench = Bench::new();
    bench.ask(json!({"request": "session"})).await;
    let _follower = bench.api.follow().unwrap();
    assert!(bench.api.may_close());
    assert!(!is_left(&bench), "the window does it by itself");
}

#[tokio::test]
async fn the_page_is_asked_and_answers() {
    let (bench, job) = busy().await;
    let mut news = pin!(bench.api.follow().unwrap());
    assert!(!bench.api.may_close(), "a job is under way");
    let jobs = loop {
        if let News::Closing { jobs } = news.next().await.unwrap() {
            break jobs;
        }
    };
    assert_eq!(jobs, [job], "which would go on at the next start");

    assert_eq!(bench.ask(json!({"request": "stayOpen"})).await, Value::Null);
    assert!(
        !bench.api.may_close(),
        "after a no the next wish is asked about again"
    );
    assert!(
        bench.api.may_close(),
        "a second wish while the page asks is an answer"
    );

    assert!(!is_left(&bench));
    bench.ask(json!({"request": "closeAnyway"})).await;
    assert!(is_left(&bench), "the shell is told to close");
}

#[tokio::test]
async fn without_a_page_nobody_is_asked() {
    let (bench, _) = busy().await;
    assert!(bench.api.may_close());
}
