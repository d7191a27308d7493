//! What a canister can go back to, and what happened in between.

use canopic_engine::{
    Arrival, Beside, CanisterId, Code, Denial, DownloadSnapshot, End, Happening, Job, Moment, Op,
    OpName, Restore, SnapshotList, State, TakeSnapshot, Timeline, UploadCopy, Wholeness,
};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use canopic_tests::Bench;

async fn run(bench: &Bench, op: Op) -> Job {
    let plan = bench.engine.plan(&op).await.unwrap();
    let job = bench.engine.run(op, &plan.fingerprint).await.unwrap();
    bench.engine.rest(job).await.unwrap()
}

async fn done(bench: &Bench, op: Op) -> Job {
    let job = run(bench, op).await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    job
}

fn take(canister: CanisterId, name: &str, note: &str) -> Op {
    Op::TakeSnapshot(TakeSnapshot {
        canister,
        is_stopped_meanwhile: false,
        replace: None,
        name: name.to_owned(),
        note: note.to_owned(),
    })
}

fn listed(timeline: &Timeline) -> (usize, usize) {
    match timeline.listing {
        SnapshotList::Listed { used, limit } => (used, limit),
        ref other => panic!("the owner may list snapshots: {other:?}"),
    }
}

fn snapshot_of(moment: &Moment) -> &canopic_engine::OnChain {
    moment.snapshot.as_ref().expect("it is on the network")
}

#[tokio::test]
async fn the_past_of_orders_can_be_read_like_a_story() {
    let bench = Bench::fleet().await;
    let timeline = bench.engine.timeline(bench.id("orders")).await.unwrap();
    assert_eq!(
        (timeline.name.as_str(), listed(&timeline)),
        ("orders", (3, 10))
    );
    assert!(timeline.is_complete && timeline.has_history);
    let same: Vec<_> = timeline
        .moments
        .iter()
        .map(|moment| moment.is_same_module)
        .collect();
    assert_eq!(
        same,
        [Some(true), Some(true), Some(false)],
        "newest first; the oldest is from before the last release"
    );
    for moment in &timeline.moments {
        let snapshot = snapshot_of(moment);
        assert_eq!(
            (snapshot.arrival, snapshot.wholeness, snapshot.cause),
            (Some(Arrival::Taken), Wholeness::Whole, None),
            "taken, and not by us"
        );
    }
    let kinds: Vec<_> = timeline.changes.iter().map(|change| &change.what).collect();
    assert!(
        matches!(
            kinds.as_slice(),
            [
                Happening::Upgraded(_),
                Happening::Installed(_),
                Happening::Created
            ]
        ),
        "{kinds:?}"
    );
    let release = timeline.changes[0].at;
    assert!(
        timeline.moments[1].at > release && release > timeline.moments[2].at,
        "the release lies between the snapshots that differ"
    );

    let again = bench.engine.timeline(bench.id("orders")).await.unwrap();
    assert_eq!(
        again.moments, timeline.moments,
        "what is remembered is what was read"
    );
}

#[tokio::test]
async fn what_we_did_is_known_as_ours() {
    let bench = Bench::fleet().await;
    let stock = bench.id("stock");
    let taken = done(&bench, take(stock, "Before the sale", "Ask Ada")).await;
    let timeline = bench.engine.timeline(stock).await.unwrap();
    let [first] = timeline.moments.as_slice() else {
        panic!("one snapshot: {:?}", timeline.moments)
    };
    let first_id = snapshot_of(first).id.clone();
    assert_eq!(
        (first.name.as_str(), first.note.as_str()),
        ("Before the sale", "Ask Ada")
    );
    let cause = snapshot_of(first).cause.unwrap();
    assert_eq!(
        (cause.job, cause.op, cause.is_safety),
        (taken.id, OpName::TakeSnapshot, false)
    );

    let restored = done(
        &bench,
        Op::Restore(Restore {
            canister: stock,
            snapshot: first_id.clone(),
            replace: None,
        }),
    )
    .await;
    let timeline = bench.engine.timeline(stock).await.unwrap();
    assert_eq!(timeline.moments.len(), 2);
    let cause = snapshot_of(&timeline.moments[0]).cause.unwrap();
    assert_eq!(
        (cause.job, cause.op, cause.is_safety),
        (restored.id, OpName::Restore, true)
    );
    let newest = &timeline.changes[0];
    assert_eq!(
        (newest.job, newest.who, &newest.what),
        (
            Some(restored.id),
            Some(bench.owner()),
            &Happening::Restored {
                snapshot: first_id.clone(),
                from: None
            }
        ),
        "what the network recorded is joined with our job, and told once"
    );
    let restores = timeline
        .changes
        .iter()
        .filter(|change| matches!(change.what, Happening::Restored { .. }));
    assert_eq!(restores.count(), 1);

    bench
        .engine
        .label_snapshot(stock, &first_id, "The good one", "")
        .await
        .unwrap();
    let timeline = bench.engine.timeline(stock).await.unwrap();
    let first = &timeline.moments[1];
    assert_eq!(
        (first.name.as_str(), first.note.as_str()),
        ("The good one", "")
    );
    assert_eq!(
        (first.proven_by, first.proven_at.is_some()),
        (Some(restored.id), true),
        "it was restored, with success"
    );
    assert_eq!(
        timeline.moments[0].proven_by, None,
        "the safety snapshot was not"
    );
}

#[tokio::test]
async fn a_copy_stands_with_its_snapshot_and_outlives_it() {
    let bench = Bench::fleet().await;
    let stock = bench.id("stock");
    done(&bench, take(stock, "", "")).await;
    let timeline = bench.engine.timeline(stock).await.unwrap();
    let snapshot = snapshot_of(&timeline.moments[0]).id.clone();
    let folder = bench.engine.place_for_copy("stock").unwrap();
    let download = DownloadSnapshot {
        canister: stock,
        snapshot: snapshot.clone(),
        folder: folder.clone(),
        name: "Stock at home".to_owned(),
    };
    done(&bench, Op::DownloadSnapshot(download)).await;
    let timeline = bench.engine.timeline(stock).await.unwrap();
    let [both] = timeline.moments.as_slice() else {
        panic!("the two are one moment: {:?}", timeline.moments)
    };
    assert!(both.snapshot.is_some());
    assert_eq!(both.copies.len(), 1);
    assert!(both.copies[0].is_whole && both.copies[0].disk_bytes > 0);

    let delete = Op::DeleteSnapshots {
        canister: stock,
        snapshots: vec![snapshot],
    };
    done(&bench, delete).await;
    let timeline = bench.engine.timeline(stock).await.unwrap();
    assert_eq!(listed(&timeline).0, 0);
    let [alone] = timeline.moments.as_slice() else {
        panic!("the copy is still there: {:?}", timeline.moments)
    };
    assert_eq!(
        (alone.snapshot.is_none(), alone.name.as_str()),
        (true, "Stock at home")
    );
    assert_eq!(alone.at, both.at, "it is the same moment as before");
    assert_eq!(alone.is_same_module, Some(true));

    let upload = UploadCopy {
        canister: stock,
        folder: folder.clone(),
        replace: None,
        compares_all: false,
    };
    done(&bench, Op::UploadCopy(upload)).await;
    let timeline = bench.engine.timeline(stock).await.unwrap();
    let [again] = timeline.moments.as_slice() else {
        panic!(
            "what was uploaded and its copy are one: {:?}",
            timeline.moments
        )
    };
    assert_eq!(
        (snapshot_of(again).arrival, snapshot_of(again).wholeness),
        (Some(Arrival::Uploaded), Wholeness::Whole)
    );
    let [copy] = again.copies.as_slice() else {
        panic!("one copy: {:?}", again.copies)
    };
    assert_eq!(
        (copy.verified_at.is_some(), copy.damaged_at),
        (true, None),
        "it was verified before it was sent"
    );

    let file = folder.join("wasm_memory.bin");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let found = bench.engine.verify_copy(copy.id, 1, 5).await.unwrap();
    assert!(!found.is_sound());
    let timeline = bench.engine.timeline(stock).await.unwrap();
    let copy = &timeline.moments[0].copies[0];
    assert_eq!(
        (copy.verified_at, copy.damaged_at),
        (None, Some(5)),
        "what was found stands on the timeline, and the good word of before is taken back"
    );
}

#[tokio::test]
async fn half_an_upload_is_told_from_a_whole_snapshot() {
    let bench = Bench::fleet().await;
    let timeline = bench
        .engine
        .timeline(bench.id("staff_notes"))
        .await
        .unwrap();
    let states: Vec<_> = timeline
        .moments
        .iter()
        .map(|moment| snapshot_of(moment).wholeness)
        .collect();
    assert_eq!(
        states,
        [Wholeness::Half, Wholeness::Whole],
        "somebody else's upload shows nothing in its memory"
    );
}

#[tokio::test]
async fn without_rights_it_says_so_and_tells_what_it_can() {
    let bench = Bench::fleet().await;
    let timeline = bench
        .engine
        .timeline(bench.id("shipping_partner"))
        .await
        .unwrap();
    assert!(
        matches!(
            timeline.listing,
            SnapshotList::Denied(Denial::NotController)
        ),
        "{:?}",
        timeline.listing
    );
    assert_eq!(timeline.moments, []);
    assert!(!timeline.changes.is_empty(), "its history is everybody's");
    assert!(timeline.module_hash.is_some(), "and so is its module");
}

#[tokio::test]
async fn a_list_that_cannot_be_read_holds_up_nothing_else() {
    let bench = Bench::fleet().await;
    bench.network().break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("list_canister_snapshots".to_owned()),
        after: 0,
        times: 1,
        effect: Effect::RejectCertified(Refusal {
            error: 301,
            message: "not now".to_owned(),
        }),
    }]);
    let timeline = bench.engine.timeline(bench.id("orders")).await.unwrap();
    match &timeline.listing {
        SnapshotList::Failed(error) => assert_ne!(error.code, Code::Bug, "{}", error.chain()),
        other => panic!("the list failed: {other:?}"),
    }
    assert_eq!(timeline.changes.len(), 3, "the history came all the same");
}

#[tokio::test]
async fn a_board_shows_what_is_remembered_and_looks_the_rest_up_behind_its_back() {
    let bench = Bench::fleet().await;
    let before = bench.engine.canisters().await.unwrap();
    let at = |name: &str| {
        let id = bench.id(name);
        before
            .iter()
            .position(|canister| canister.id == id)
            .unwrap()
    };
    let first = bench.engine.beside(&before).await;
    assert_eq!(
        first[at("orders")].snapshots,
        None,
        "nobody has listed them yet, and nobody waits"
    );
    let none = first[at("stock")].snapshots.unwrap();
    assert_eq!(
        (none.count, none.is_stale),
        (0, false),
        "the status says that there is none"
    );

    // What is looked up comes in its own time; each further look is what a refresh does.
    let seen = async |wanted: &dyn Fn(&[Beside]) -> bool| {
        for _ in 0..2_000 {
            let canisters = bench.engine.canisters().await.unwrap();
            let beside = bench.engine.beside(&canisters).await;
            if wanted(&beside) {
                return beside;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never shows")
    };
    let count = |name: &str, wanted: usize| {
        let at = at(name);
        move |beside: &[Beside]| {
            beside[at]
                .snapshots
                .is_some_and(|known| known.count == wanted && !known.is_stale)
        }
    };
    let beside = seen(&count("customers", 10)).await;
    let newest = beside[at("customers")].snapshots.unwrap().newest;
    assert!(newest.is_some(), "with its age");
    assert_eq!(
        beside[at("shipping_partner")].snapshots,
        None,
        "they are not for us"
    );

    done(&bench, take(bench.id("stock"), "", "")).await;
    let beside = seen(&count("stock", 1)).await;
    assert_eq!(beside[at("stock")].newest_copy, None);

    let timeline = bench.engine.timeline(bench.id("stock")).await.unwrap();
    let folder = bench.engine.place_for_copy("stock").unwrap();
    let download = DownloadSnapshot {
        canister: bench.id("stock"),
        snapshot: snapshot_of(&timeline.moments[0]).id.clone(),
        folder,
        name: String::new(),
    };
    done(&bench, Op::DownloadSnapshot(download)).await;
    let copy = bench.engine.copies().await.unwrap().remove(0);
    bench
        .engine
        .verify_copy(copy.id, 1, 1_800_000_000_000)
        .await
        .unwrap();
    let stock = at("stock");
    let beside = seen(&|beside: &[Beside]| beside[stock].newest_copy.is_some()).await;
    assert_eq!(
        beside[stock].newest_copy,
        Some(timeline.moments[0].at),
        "it is as old as its snapshot"
    );
}
