//! What is told outside of the window, from a job that fails to the notice that the page phrases.

use super::{Bench, held};
use canopic_api::{feed::News, notices::Urgency};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use futures::StreamExt as _;
use serde_json::json;
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Begins to stop a canister, which the network refuses; answers with the job's number.
async fn fail_to_stop(bench: &Bench) -> u64 {
    let stock = bench.canister(|canister| canister["name"] == "stock").await;
    let op = json!({"op": "stop", "canister": stock["id"]});
    let plan = bench.ask(json!({"request": "plan", "op": op})).await;
    let run = json!({"request": "run", "op": op, "fingerprint": plan["fingerprint"]});
    bench.ask(run).await.as_f64().unwrap() as u64
}

#[tokio::test]
async fn a_failure_is_told_to_whoever_looks_elsewhere() {
    let (network, bench) = held().await;
    network.break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("stop_canister".to_owned()),
        after: 0,
        times: u32::MAX,
        effect: Effect::RejectCertified(Refusal {
            error: 503,
            message: "a bad day".to_owned(),
        }),
    }]);
    let looks = Arc::new(AtomicUsize::new(0));
    let glances = looks.clone();
    // The first time somebody looks at the window, from then on nobody.
    let is_looked_at = move || glances.fetch_add(1, Ordering::AcqRel) == 0;
    let mut notices = pin!(bench.api.notices(is_looked_at).unwrap());
    let mut next = pin!(notices.next());

    fail_to_stop(&bench).await;
    while looks.load(Ordering::Acquire) == 0 {
        // The notices go on as they are listened to.
        assert!(
            futures::poll!(&mut next).is_pending(),
            "whoever looks at the window sees it there"
        );
        tokio::task::yield_now().await;
    }
    let second = fail_to_stop(&bench).await;
    let Some(News::Notice { notice }) = next.await else {
        panic!("a notice")
    };
    assert_eq!(
        (notice.failed, notice.needs_you, notice.finished),
        (vec![second], vec![], vec![]),
        "only what nobody saw"
    );
    assert_eq!(bench.api.show(notice.number), Some(Urgency::Ordinary));
    assert_eq!(bench.api.show(notice.number), None, "it is shown once");
}
