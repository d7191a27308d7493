//! Every operation of the matrices, undisturbed, on whatever network there is: what is planned is what the network shows afterwards.

use canopic_engine::{CanisterId, End, State};
use canopic_tests::{
    Bench,
    memory::snapshots,
    operations::{self, Operation},
};
use futures::{StreamExt as _, stream};

/// Most of each is waiting for the network.
const AT_ONCE: usize = 4;

/// A canister as any network shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sight {
    is_running: bool,
    /// What it holds; none where it is empty or does not answer.
    total: Option<u32>,
    snapshots: usize,
}

async fn sight(bench: &Bench, canister: CanisterId) -> Sight {
    let status = bench.status(canister).await;
    let is_running = format!("{:?}", status.status) == "Running";
    let total = if is_running && status.module_hash.is_some() {
        let told = bench.agent().query(&canister.principal(), "total");
        let told = told.call().await.unwrap();
        Some(u32::from_le_bytes(told.try_into().unwrap()))
    } else {
        None
    };
    Sight {
        is_running,
        total,
        snapshots: snapshots(bench, canister).await.len(),
    }
}

async fn carry_out(operation: &Operation) {
    let bench = Bench::any().await;
    if operation.name == "send-across" && bench.elsewhere().await.is_none() {
        #[expect(clippy::print_stdout, reason = "what was left out is said")]
        {
            println!("{}: the network has one subnet only", operation.name);
        }
        return;
    }
    let scene = operation.prepare(&bench).await;
    let mut before = vec![];
    for (canister, _) in &scene.cast {
        before.push(sight(&bench, *canister).await);
    }
    let plan = bench.engine.plan(&scene.op).await.unwrap();
    let job = bench.engine.run(scene.op, &plan.fingerprint).await.unwrap();
    let job = bench.engine.rest(job).await.unwrap();
    assert_eq!(
        job.state,
        State::Ended(End::Done),
        "{}: {:?}",
        operation.name,
        job.failure
    );
    for ((canister, change), before) in scene.cast.iter().zip(before) {
        if change.is_gone {
            assert!(!bench.is_there(*canister).await, "{}", operation.name);
            continue;
        }
        let after = sight(&bench, *canister).await;
        let is_running = change.is_running.unwrap_or(before.is_running);
        assert_eq!(
            (after.is_running, after.snapshots.cast_signed()),
            (
                is_running,
                before.snapshots.cast_signed() + change.snapshots
            ),
            "{}: {before:?} became {after:?}",
            operation.name
        );
        // One that is stopped tells nothing; what it holds is seen when it runs.
        if let (Some(total), Some(planned)) = (after.total, change.total.or(before.total)) {
            assert_eq!(total, planned, "{}", operation.name);
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn every_operation_does_what_it_planned_on_any_network() {
    let operations = stream::iter(&operations::ALL).map(carry_out);
    operations.buffer_unordered(AT_ONCE).collect::<()>().await;
}
