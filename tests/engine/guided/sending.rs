//! Sending a state to another canister or another network: the ways, the wait for a checkpoint, and what gives way.

use super::{blocked_by, done, finding, refused, undone};
use canopic_engine::{
    CanisterId, CheckCall, CheckName, CheckVerdict, Code, Conduct, DrillCopy, End, Op, Plan,
    Restore, RestoreCopy, SLOTS, SendSnapshot, SnapshotId, State, StepName,
};
use canopic_practice::Options;
use canopic_tests::{
    Bench,
    operations::{brisk, count, counter, moved_on, picture, snapshot, well, written_out},
};
use std::time::Duration;

pub(super) fn send(bench: &Bench, source: &Restore, target: CanisterId) -> SendSnapshot {
    SendSnapshot {
        source: source.canister,
        snapshot: source.snapshot.clone(),
        target,
        may_replace: false,
        carries_settings: false,
        through_copy: false,
        waits_at_most_seconds: None,
        replace: vec![],
        folder: bench.home.join("on-its-way"),
        keep_as: None,
    }
}

#[tokio::test]
async fn what_does_not_want_to_wait_goes_through_a_copy_that_may_stay() {
    let bench = Bench::practice().await;
    let source = moved_on(&bench).await;
    let target = bench.create().await;
    let wish = SendSnapshot {
        through_copy: true,
        keep_as: Some("on its way".to_owned()),
        ..send(&bench, &source, target)
    };
    let folder = wish.folder.clone();
    done(&bench.engine, Op::SendSnapshot(wish.clone())).await;
    let after = picture(&bench.network().world(), target);
    assert_eq!(
        (after.is_running, after.total, after.snapshots.len()),
        (true, Some(1), 0),
        "the state is there, and what was only a means is not"
    );
    assert!(folder.join("canopic.json").exists(), "it was to be kept");
    let again = bench.engine.plan(&Op::SendSnapshot(wish)).await.unwrap();
    assert_eq!(
        blocked_by(&again),
        Some(CheckName::TargetState),
        "what is there now is not replaced unasked"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_folder_that_holds_something_else_is_neither_used_nor_deleted() {
    let bench = Bench::practice().await;
    let source = moved_on(&bench).await;
    let target = bench.create().await;
    let wish = SendSnapshot {
        through_copy: true,
        ..send(&bench, &source, target)
    };
    std::fs::create_dir(&wish.folder).unwrap();
    std::fs::write(wish.folder.join("letters.txt"), "dear").unwrap();
    let plan = bench
        .engine
        .plan(&Op::SendSnapshot(wish.clone()))
        .await
        .unwrap();
    assert_eq!(blocked_by(&plan), Some(CheckName::Room));
    assert!(wish.folder.join("letters.txt").exists());
    bench.stop().await;
}

#[tokio::test]
async fn settings_come_along_where_a_person_wants_it() {
    let bench = Bench::practice().await;
    let source = written_out(&bench).await;
    let change = canopic_engine::SettingsChange {
        wasm_memory_limit: Some(1 << 30),
        ..Default::default()
    };
    let op = Op::ChangeSettings {
        canister: source.canister,
        change: Box::new(change),
    };
    done(&bench.engine, op).await;
    let target = bench.create().await;
    let wish = send(&bench, &source, target);
    let plan = bench
        .engine
        .plan(&Op::SendSnapshot(wish.clone()))
        .await
        .unwrap();
    assert_eq!(
        finding(&plan, CheckName::SettingsDiffer),
        Some(CheckVerdict::Warns)
    );
    let wish = SendSnapshot {
        carries_settings: true,
        ..wish
    };
    done(&bench.engine, Op::SendSnapshot(wish)).await;
    let status = bench.status(target).await;
    assert_eq!(status.settings.wasm_memory_limit, 1_u64 << 30);
    bench.stop().await;
}

#[tokio::test]
async fn to_another_network_a_state_goes_as_a_copy_in_two_operations() {
    let here = Bench::practice().await;
    let there = Bench::with(Options {
        seed: 2,
        ..Options::default()
    })
    .await;
    let source = moved_on(&here).await;
    let folder = here.home.join("a-copy");
    let download = Op::DownloadSnapshot(canopic_engine::DownloadSnapshot {
        canister: source.canister,
        snapshot: source.snapshot.clone(),
        folder: folder.clone(),
        name: "a copy".to_owned(),
    });
    done(&here.engine, download).await;

    let target = counter(&there).await;
    let wish = RestoreCopy {
        canister: target,
        folder: folder.clone(),
        may_replace: false,
        replace: vec![],
    };
    let plan = there
        .engine
        .plan(&Op::RestoreCopy(wish.clone()))
        .await
        .unwrap();
    assert_eq!(blocked_by(&plan), Some(CheckName::TargetState));
    count(&there, target).await;
    let wish = RestoreCopy {
        may_replace: true,
        ..wish
    };
    let job = done(&there.engine, Op::RestoreCopy(wish)).await;
    let after = picture(&there.network().world(), target);
    assert_eq!((after.is_running, after.total), (true, Some(1)));
    let safety = job.proof().canisters[0].snapshot.clone().unwrap();
    assert_eq!(
        after.snapshots.len(),
        1,
        "the safety snapshot, and nothing that was only a means"
    );
    let back = Op::Restore(Restore {
        canister: target,
        snapshot: safety,
        replace: None,
    });
    done(&there.engine, back).await;
    let after = picture(&there.network().world(), target);
    assert_eq!(after.total, Some(2), "and there was a way back");

    let canisters = after.canisters;
    let drill = Op::DrillCopy(DrillCopy {
        folder: folder.clone(),
        checks: vec![CheckCall {
            method: "total".to_owned(),
            ..well(None)
        }],
        purse: None,
        asked_at: 1,
    });
    let job = done(&there.engine, drill).await;
    assert_eq!(
        job.proof().asked[0]
            .answer
            .as_ref()
            .unwrap()
            .found
            .as_deref(),
        Some("01000000")
    );
    let after = picture(&there.network().world(), target);
    assert_eq!(after.canisters, canisters, "no throw-away canister is left");
    let copy = canopic_engine::CopyReader::open(&folder).unwrap();
    assert!(
        copy.manifest().unwrap().proven_at.is_some(),
        "the copy stays, and says that it is proven"
    );
    here.stop().await;
    there.stop().await;
}

fn steps(plan: &Plan) -> Vec<StepName> {
    plan.steps.iter().map(canopic_engine::Step::name).collect()
}

/// On a network that may take so long to write something out.
async fn slow(checkpoint: Duration) -> Bench {
    let conduct = Conduct {
        checkpoint,
        ..brisk()
    };
    Bench::conducted(Options::default(), conduct).await
}

const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// A target that runs and holds something.
async fn into_a_running_one(bench: &Bench) -> SendSnapshot {
    let source = moved_on(bench).await;
    let target = counter(bench).await;
    count(bench, target).await;
    SendSnapshot {
        may_replace: true,
        ..send(bench, &source, target)
    }
}

#[tokio::test]
async fn a_target_runs_on_while_the_network_has_not_written_the_snapshot_out() {
    let bench = slow(AN_HOUR).await;
    let wish = into_a_running_one(&bench).await;
    let before = picture(&bench.network().world(), wish.target);
    let op = Op::SendSnapshot(wish.clone());
    let plan = bench.engine.plan(&op).await.unwrap();
    assert_eq!(
        finding(&plan, CheckName::Checkpoint),
        Some(CheckVerdict::Warns)
    );
    assert_eq!(
        steps(&plan)[..2],
        [StepName::AwaitCheckpoint, StepName::Stop],
        "the wait comes before the stop"
    );
    let (_, mut news) = bench.engine.follow();
    let job = bench.engine.run(op, &plan.fingerprint).await.unwrap();
    let waits = loop {
        if let Some(hindrance) = news.recv().await.unwrap().hindrance {
            break hindrance;
        }
    };
    assert_eq!(waits.code, Code::NotYetLoadable);
    let at_most: u64 = waits.facts["atMostSeconds"].parse().unwrap();
    assert!(
        (3_000..=3_780).contains(&at_most),
        "an hour and a little, less what has passed: {at_most}"
    );
    assert!(waits.facts["since"].parse::<u64>().unwrap() > 0);
    assert_eq!(
        picture(&bench.network().world(), wish.target),
        before,
        "it runs, and nothing was taken of it yet"
    );
    bench.engine.cancel(job).await.unwrap();
    let job = bench.engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Undone));
    assert_eq!(picture(&bench.network().world(), wish.target), before);
    bench.stop().await;
}

#[tokio::test]
async fn a_target_that_was_stopped_too_early_is_started_again_at_once() {
    // Nobody waits, and the network has written nothing out.
    let bench = slow(Duration::ZERO).await;
    let wish = into_a_running_one(&bench).await;
    let before = picture(&bench.network().world(), wish.target);
    let (_, failure) = undone(&bench.engine, Op::SendSnapshot(wish.clone())).await;
    assert_eq!(failure.code, Code::NotYetLoadable);
    let after = picture(&bench.network().world(), wish.target);
    assert_eq!(
        (after.is_running, after.total, after.snapshots, after.loaded),
        (true, before.total, before.snapshots, 0)
    );
    bench.stop().await;
}

#[tokio::test]
async fn where_it_may_take_longer_than_somebody_likes_to_wait_it_goes_through_a_copy() {
    let bench = slow(AN_HOUR).await;
    let wish = into_a_running_one(&bench).await;
    let patient = Op::SendSnapshot(SendSnapshot {
        waits_at_most_seconds: Some(2 * 60 * 60),
        ..wish.clone()
    });
    let plan = bench.engine.plan(&patient).await.unwrap();
    assert!(steps(&plan).contains(&StepName::AwaitCheckpoint));
    let hurried = Op::SendSnapshot(SendSnapshot {
        waits_at_most_seconds: Some(60),
        ..wish.clone()
    });
    let other = bench.engine.plan(&hurried).await.unwrap();
    assert!(steps(&other).contains(&StepName::FetchToSend), "{other:?}");
    assert_ne!(
        plan.fingerprint, other.fingerprint,
        "who confirmed one way does not get the other"
    );
    done(&bench.engine, hurried).await;
    let after = picture(&bench.network().world(), wish.target);
    assert_eq!((after.is_running, after.total), (true, Some(1)));
    assert!(!wish.folder.exists(), "the copy was only a means");
    bench.stop().await;
}

/// All slots of a canister, used.
async fn full(bench: &Bench, canister: CanisterId) -> Vec<SnapshotId> {
    let mut snapshots = vec![];
    for _ in 0..SLOTS {
        snapshots.push(snapshot(bench, canister).await);
    }
    snapshots
}

fn number(snapshot: &SnapshotId) -> u64 {
    let number = snapshot.bytes()[..8].try_into().unwrap();
    u64::from_be_bytes(number)
}

#[tokio::test]
async fn snapshots_that_are_named_give_way_to_what_is_sent() {
    let bench = Bench::practice().await;
    let source = written_out(&bench).await;
    let target = counter(&bench).await;
    let all = full(&bench, target).await;
    let wish = SendSnapshot {
        may_replace: true,
        ..send(&bench, &source, target)
    };
    let plan = bench
        .engine
        .plan(&Op::SendSnapshot(wish.clone()))
        .await
        .unwrap();
    assert_eq!(blocked_by(&plan), Some(CheckName::FreeSlot));
    let wish = SendSnapshot {
        replace: vec![all[3].clone()],
        ..wish
    };
    done(&bench.engine, Op::SendSnapshot(wish.clone())).await;
    let after = picture(&bench.network().world(), target);
    assert_eq!((after.is_running, after.total), (true, Some(1)));
    assert_eq!(after.snapshots.len(), SLOTS);
    assert!(!after.snapshots.contains(&number(&all[3])));
    let again = bench.engine.plan(&Op::SendSnapshot(wish)).await.unwrap();
    assert_eq!(
        blocked_by(&again),
        Some(CheckName::SnapshotThere),
        "what is gone gives no place"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_copy_is_restored_where_all_slots_are_used_and_two_give_way() {
    let bench = Bench::practice().await;
    let source = moved_on(&bench).await;
    let folder = bench.home.join("a-copy");
    let download = Op::DownloadSnapshot(canopic_engine::DownloadSnapshot {
        canister: source.canister,
        snapshot: source.snapshot,
        folder: folder.clone(),
        name: "a copy".to_owned(),
    });
    done(&bench.engine, download).await;
    let target = counter(&bench).await;
    let all = full(&bench, target).await;
    let wish = |replace: &[SnapshotId]| {
        Op::RestoreCopy(RestoreCopy {
            canister: target,
            folder: folder.clone(),
            may_replace: true,
            replace: replace.to_vec(),
        })
    };
    for (replace, obstacle) in [
        (&[][..], CheckName::FreeSlot),
        (&all[..1], CheckName::FreeSlot),
        (&[all[0].clone(), all[0].clone()][..], CheckName::FreeSlot),
    ] {
        let plan = bench.engine.plan(&wish(replace)).await.unwrap();
        assert_eq!(blocked_by(&plan), Some(obstacle), "{replace:?}");
    }
    let job = done(&bench.engine, wish(&all[..2])).await;
    let after = picture(&bench.network().world(), target);
    assert_eq!((after.is_running, after.total), (true, Some(1)));
    let mut expected: Vec<_> = all[2..].iter().map(number).collect();
    let safety = job.proof().canisters[0].snapshot.clone().unwrap();
    expected.push(number(&safety));
    assert_eq!(
        after.snapshots.into_iter().collect::<Vec<_>>(),
        expected,
        "two gave way, the safety snapshot came, and what was only a means went"
    );
    bench.stop().await;
}

/// What cannot be undone for being called off in the middle of an upload is not gone before it has to be.
#[tokio::test]
async fn what_gives_way_to_a_safety_snapshot_stays_until_everything_has_arrived() {
    let bench = Bench::practice().await;
    let source = moved_on(&bench).await;
    let target = counter(&bench).await;
    let all = full(&bench, target).await;
    // One place is free: it is the upload's.
    let op = Op::DeleteSnapshots {
        canister: target,
        snapshots: vec![all[9].clone()],
    };
    done(&bench.engine, op).await;
    let before = picture(&bench.network().world(), target);
    let wish = SendSnapshot {
        may_replace: true,
        through_copy: true,
        replace: vec![all[0].clone()],
        ..send(&bench, &source, target)
    };
    bench
        .network()
        .break_it([refused("upload_canister_snapshot_data", 0)]);
    undone(&bench.engine, Op::SendSnapshot(wish)).await;
    assert_eq!(
        picture(&bench.network().world(), target).snapshots,
        before.snapshots
    );
    bench.stop().await;
}
