//! Several canisters as one restore point: all stopped in order, then all taken, then started in the reverse order, each as it was
//! before. So no canister is taken while another one that it talks to still runs, and one that fails leaves none stopped.
//!
//! Where the slots of one are used up, a snapshot of it gives way that somebody named: a snapshot belongs to one canister, so it tells
//! by itself whose place it is.

use super::{
    Check, CheckName, Downtime, Plan, Standing, Undo, World,
    lifecycle::{Start, Stop},
    snapshots::{Take, affordable, free_slot, state_bytes},
};
use crate::{
    CanisterId, Code, Result, RunState,
    snapshot::{self, SnapshotId},
};

/// The first of the named snapshots that is this canister's.
fn gives_way<'named>(
    standing: &Standing,
    named: &'named [SnapshotId],
) -> Option<&'named SnapshotId> {
    named.iter().find(|id| standing.snapshot(id).is_some())
}

pub(super) async fn plan_snapshots(
    world: &World,
    canisters: &[CanisterId],
    replace: &[SnapshotId],
) -> Result<Plan> {
    let mut standings = Vec::new();
    for canister in canisters {
        standings.push(world.standing(*canister).await?);
    }
    let mut plan = Plan::about(world.caller, &standings.iter().collect::<Vec<_>>());
    plan.undo = if replace.is_empty() {
        Undo::DeleteSnapshot
    } else {
        Undo::Never
    };
    for named in replace {
        let is_there = standings
            .iter()
            .any(|standing| standing.snapshot(named).is_some());
        plan.checks.push(
            Check::require(CheckName::SnapshotThere, is_there)
                .with("snapshot", named)
                .or(Code::SnapshotGone),
        );
    }
    for standing in &standings {
        let bytes = state_bytes(standing);
        let cost = snapshot::cost(bytes);
        plan.cost += cost;
        let status = &standing.status;
        let is_settled = status.run_state != RunState::Stopping;
        plan.checks.extend([
            Check::require(CheckName::RunState, is_settled).with("name", &standing.name),
            Check::require(CheckName::Module, status.module_hash.is_some())
                .with("name", &standing.name),
            free_slot(standing, gives_way(standing, replace)),
            affordable(standing, cost, bytes),
        ]);
    }
    let running: Vec<_> = standings
        .iter()
        .filter(|standing| standing.is_running())
        .map(|standing| standing.canister)
        .collect();
    for canister in &running {
        plan.downtime = Downtime::Brief;
        plan.twin.push(format!("icp canister stop {canister}"));
        plan.step(Stop {
            canister: *canister,
        });
    }
    for standing in &standings {
        let canister = standing.canister;
        let replaced = gives_way(standing, replace);
        plan.twin.push(Take::twin(canister, replaced));
        plan.step(Take {
            canister,
            replace: replaced.cloned(),
        });
    }
    for canister in running.iter().rev() {
        plan.twin.push(format!("icp canister start {canister}"));
        plan.step(Start {
            canister: *canister,
        });
    }
    Ok(plan)
}
