//! A network on a bad day: it turns requests away, breaks connections, and is full of what was written. Transfers finish all the same.

use super::{assert_whole, carried_out, download, folder, upload, whole::once};
use canopic_engine::{End, State};
use canopic_practice::faults::{Effect, Refusal};
use canopic_tests::{
    Bench, bad_day,
    memory::{self, Shape},
};

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
