//! A network on a bad day: it turns requests away, breaks connections, and is full of what was written. Transfers finish all the same.

use super::{assert_whole, carried_out, download, folder, upload, whole::once};
use canopic_engine::{End, State};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use canopic_tests::{
    Bench,
    memory::{self, Shape},
};

/// One request in ten is answered with 429 or 503, and every two hundredth connection breaks, for so many requests.
fn bad_day(requests: u32) -> impl Iterator<Item = Fault> {
    (1..=requests / 10).map(|tenth| {
        let effect = match tenth {
            _ if tenth % 20 == 0 => Effect::Cut,
            _ if tenth % 2 == 0 => Effect::Status { code: 503 },
            _ => Effect::Status { code: 429 },
        };
        Fault {
            kind: Some(Kind::Call),
            method: None,
            after: 9,
            times: 1,
            effect,
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_through_a_bad_day() {
    let bench = Bench::practice().await;
    // 270 slices, most of them zero so that they are quick.
    let shape = Shape {
        heap_pages: 64,
        stable_pages: 8_192,
        turns: Some(1_024),
    };
    let (id, snapshot) = memory::settle(&bench, shape).await;
    let here = folder(&bench, "copy");
    bench.network().break_it(bad_day(2_000));
    let job = carried_out(&bench.engine, &download(id, &snapshot, &here)).await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    assert_whole(&here, shape);
    let struck = 200 - bench.network().faults().len();
    assert!(
        struck > 25,
        "the day was bad: {struck} requests were struck"
    );
    let job = carried_out(&bench.engine, &upload(id, &here)).await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    assert!(
        !bench.network().faults().is_empty(),
        "it was bad to the end"
    );
    bench.network().mend();
    assert_eq!(
        memory::snapshots(&bench, id).await.len(),
        2,
        "one new snapshot, whatever happened"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canister_that_wrote_too_much_is_waited_for() {
    let bench = Bench::practice().await;
    let (id, snapshot) = memory::settle(&bench, Shape::mebibytes(16, None)).await;
    let here = folder(&bench, "copy");
    carried_out(&bench.engine, &download(id, &snapshot, &here)).await;
    // As a replica says it: with the code and the words of its chunk store.
    let limited = |after| {
        let message = "Error from Wasm chunk store: Canister is heap delta rate limited. Current delta debit: 80, limit: 75";
        let refusal = Refusal {
            error: 504,
            message: message.to_owned(),
        };
        once(
            "upload_canister_snapshot_data",
            after,
            Effect::RejectCertified(refusal),
        )
    };
    bench.network().break_it((0..6).map(|_| limited(1)));
    let job = carried_out(&bench.engine, &upload(id, &here)).await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    assert!(
        bench.network().faults().is_empty(),
        "it was refused six times"
    );
}
