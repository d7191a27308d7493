//! Taking a snapshot where all slots are used: nothing is lost unasked, and what it costs is said before.

use super::{blocked_by, done};
use canopic_engine::{
    CheckName, CopyReader, DownloadSnapshot, Op, Restore, RestoreCopy, SLOTS, TakeSnapshot, Undo,
};
use canopic_tests::{
    Bench,
    operations::{count, counter, picture, snapshot},
};

#[tokio::test]
async fn a_snapshot_says_what_it_costs_and_how_long_the_cycles_last_before_and_after() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let wish = TakeSnapshot {
        canister,
        is_stopped_meanwhile: true,
        replace: None,
        name: "before".to_owned(),
        note: String::new(),
    };
    let plan = bench.engine.plan(&Op::TakeSnapshot(wish)).await.unwrap();
    let cycles = plan
        .checks
        .iter()
        .find(|check| check.name == CheckName::Cycles)
        .unwrap();
    assert_eq!(cycles.facts["cost"], plan.cost.to_string());
    assert!(plan.cost > 2_000_000_000, "the fixed part: {}", plan.cost);
    let runway = |name: &str| cycles.facts[name].parse::<f64>().unwrap_or(f64::INFINITY);
    assert!(
        runway("runwayAfter") < runway("runwayBefore") || runway("runwayBefore").is_infinite(),
        "a snapshot is memory, and memory burns: {:?}",
        cycles.facts
    );
    bench.stop().await;
}

/// Downloaded, verified, replaced: what gave way on the network can be restored from here.
#[tokio::test]
async fn with_all_slots_used_the_oldest_is_downloaded_and_then_replaced() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let mut all = vec![snapshot(&bench, canister).await];
    count(&bench, canister).await;
    for _ in 1..SLOTS {
        all.push(snapshot(&bench, canister).await);
    }
    let wish = TakeSnapshot {
        canister,
        is_stopped_meanwhile: true,
        replace: None,
        name: "one more".to_owned(),
        note: String::new(),
    };
    let plan = bench
        .engine
        .plan(&Op::TakeSnapshot(wish.clone()))
        .await
        .unwrap();
    assert_eq!(
        blocked_by(&plan),
        Some(CheckName::FreeSlot),
        "nothing gives way unasked"
    );
    let folder = bench.engine.place_for_copy("the oldest").unwrap();
    let download = Op::DownloadSnapshot(DownloadSnapshot {
        canister,
        snapshot: all[0].clone(),
        folder: folder.clone(),
        name: "the oldest".to_owned(),
    });
    done(&bench.engine, download).await;
    let kept = CopyReader::open(&folder).unwrap();
    assert!(kept.manifest().is_some(), "every byte has its hash");
    let wish = Op::TakeSnapshot(TakeSnapshot {
        replace: Some(all[0].clone()),
        ..wish
    });
    let plan = bench.engine.plan(&wish).await.unwrap();
    assert_eq!(plan.undo, Undo::Never, "that is said before");
    done(&bench.engine, wish).await;
    let after = picture(&bench.network().world(), canister);
    assert_eq!((after.is_running, after.snapshots.len()), (true, SLOTS));
    let gone = Op::Restore(Restore {
        canister,
        snapshot: all[0].clone(),
        replace: Some(all[1].clone()),
    });
    let plan = bench.engine.plan(&gone).await.unwrap();
    assert_eq!(blocked_by(&plan), Some(CheckName::SnapshotThere));
    let back = Op::RestoreCopy(RestoreCopy {
        canister,
        folder,
        may_replace: true,
        replace: all[1..3].to_vec(),
    });
    done(&bench.engine, back).await;
    let after = picture(&bench.network().world(), canister);
    assert_eq!(
        after.total,
        Some(1),
        "what gave way is here, and comes back"
    );
    bench.stop().await;
}
