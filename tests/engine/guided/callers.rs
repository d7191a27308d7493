//! Whether those who call a canister can go on once another state stands in it: where the interface of a module comes from that is
//! installed nowhere, and what is said of the difference.

use super::{done, refused};
use canopic_engine::{CheckName, CheckVerdict, DownloadSnapshot, Op, Plan, Restore, RestoreCopy};
use canopic_practice::faults::Fault;
use canopic_tests::{Bench, operations::snapshot};
use std::collections::BTreeMap;

/// A module that says what can be called.
fn saying(interface: &str) -> String {
    format!(
        r#"(module (@custom "icp:public candid:service" "{interface}")
            (memory 1) (func (export "canister_update count")))"#
    )
}

const BEFORE: &str = "service : { count : (nat) -> (); total : () -> (nat) query }";
const NOW: &str =
    "service : { count : (text) -> (); total : () -> (nat) query; well : () -> (bool) query }";

/// A canister with another interface than in its snapshot.
async fn changed(bench: &Bench) -> Restore {
    let canister = bench.create().await;
    bench.install(canister, &saying(BEFORE)).await;
    let snapshot = snapshot(bench, canister).await;
    bench.reinstall(canister, &saying(NOW)).await;
    Restore {
        canister,
        snapshot,
        replace: None,
    }
}

fn callers(plan: &Plan) -> (CheckVerdict, BTreeMap<String, String>) {
    let mut found = plan.checks.iter();
    let found = found.find(|check| check.name == CheckName::Callers);
    let found = found.expect("it is always said");
    let mut facts = found.facts.clone();
    facts.remove("name");
    (found.verdict, facts)
}

fn facts(facts: &[(&str, &str)]) -> BTreeMap<String, String> {
    let facts = facts.iter();
    facts
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// What those find who call by the interface of now.
fn differs() -> (CheckVerdict, BTreeMap<String, String>) {
    (
        CheckVerdict::Warns,
        facts(&[("gone", "well"), ("changed", "count")]),
    )
}

async fn found(bench: &Bench, wish: &Restore) -> (CheckVerdict, BTreeMap<String, String>) {
    let plan = bench.engine.plan(&Op::Restore(wish.clone())).await;
    callers(&plan.unwrap())
}

/// From now on nothing is read out of a snapshot.
fn nothing_is_read(bench: &Bench) {
    bench.network().break_it([Fault {
        times: u32::MAX,
        ..refused("read_canister_snapshot_data", 0)
    }]);
}

#[tokio::test]
async fn the_interface_in_a_snapshot_is_read_out_of_it_once() {
    let bench = Bench::practice().await;
    let wish = changed(&bench).await;
    assert_eq!(found(&bench, &wish).await, differs());
    nothing_is_read(&bench);
    assert_eq!(
        found(&bench, &wish).await,
        differs(),
        "what was read once is remembered by its hash"
    );
    bench.stop().await;
}

#[tokio::test]
async fn what_a_timeline_has_read_is_remembered() {
    let bench = Bench::practice().await;
    let wish = changed(&bench).await;
    bench.engine.timeline(wish.canister).await.unwrap();
    nothing_is_read(&bench);
    assert_eq!(found(&bench, &wish).await, differs());
    bench.stop().await;
}

#[tokio::test]
async fn a_copy_on_this_computer_tells_and_so_does_its_restore() {
    let bench = Bench::practice().await;
    let wish = changed(&bench).await;
    let folder = bench.engine.place_for_copy("before").unwrap();
    let download = Op::DownloadSnapshot(DownloadSnapshot {
        canister: wish.canister,
        snapshot: wish.snapshot.clone(),
        folder: folder.clone(),
        name: "before".to_owned(),
    });
    done(&bench.engine, download).await;
    nothing_is_read(&bench);
    assert_eq!(found(&bench, &wish).await, differs());
    let copy = Op::RestoreCopy(RestoreCopy {
        canister: wish.canister,
        folder,
        may_replace: true,
        replace: vec![],
    });
    let plan = bench.engine.plan(&copy).await.unwrap();
    assert_eq!(callers(&plan), differs());
    bench.stop().await;
}

#[tokio::test]
async fn the_same_module_is_nothing_to_compare_and_more_than_before_breaks_nobody() {
    let bench = Bench::practice().await;
    let wish = changed(&bench).await;
    let same = Restore {
        snapshot: snapshot(&bench, wish.canister).await,
        ..wish.clone()
    };
    let (verdict, _) = found(&bench, &same).await;
    assert_eq!(verdict, CheckVerdict::Fine);
    // Going on from what was there before: whoever calls by that finds all of it.
    let less = saying("service : { total : () -> (nat) query }");
    bench.reinstall(wish.canister, &less).await;
    let (verdict, _) = found(&bench, &wish).await;
    assert_eq!(verdict, CheckVerdict::Fine);
    bench.stop().await;
}

#[tokio::test]
async fn what_cannot_be_compared_is_said_to_be_unknown_and_blocks_nothing() {
    let bench = Bench::practice().await;
    let wish = changed(&bench).await;
    nothing_is_read(&bench);
    let unknown = |why| (CheckVerdict::Warns, facts(&[("unknown", why)]));
    assert_eq!(found(&bench, &wish).await, unknown("unread"));
    bench.network().mend();
    bench.reinstall(wish.canister, "(module (memory 1))").await;
    assert_eq!(found(&bench, &wish).await, unknown("now"));
    let silent = Restore {
        snapshot: snapshot(&bench, wish.canister).await,
        ..wish.clone()
    };
    bench.reinstall(wish.canister, &saying(NOW)).await;
    assert_eq!(found(&bench, &silent).await, unknown("then"));
    done(&bench.engine, Op::Restore(silent)).await;
    bench.stop().await;
}

#[tokio::test]
async fn what_is_sent_to_another_canister_is_compared_with_what_is_there() {
    let bench = Bench::practice().await;
    let source = changed(&bench).await;
    let target = bench.create().await;
    let wish = canopic_engine::SendSnapshot {
        may_replace: true,
        ..super::sending::send(&bench, &source, target)
    };
    let plan = bench.engine.plan(&Op::SendSnapshot(wish.clone())).await;
    let plan = plan.unwrap();
    assert!(
        !plan.checks.iter().any(|one| one.name == CheckName::Callers),
        "an empty canister has nobody who calls it"
    );
    bench.install(target, &saying(NOW)).await;
    let plan = bench.engine.plan(&Op::SendSnapshot(wish)).await.unwrap();
    assert_eq!(callers(&plan), differs());
    bench.stop().await;
}
