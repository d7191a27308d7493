//! Several canisters as one restore point: all stopped in order, then all taken, then started in the reverse order, each as it was
//! before. So no canister is taken while another one that it talks to still runs, and one that fails leaves none stopped.

use super::{
    Check, CheckName, Downtime, Plan, Undo, World,
    lifecycle::{Start, Stop},
    snapshots::{Take, affordable, free_slot, state_bytes},
};
use crate::{CanisterId, Result, RunState, snapshot};

pub(super) async fn plan_snapshots(world: &World, canisters: &[CanisterId]) -> Result<Plan> {
    let mut standings = Vec::new();
    for canister in canisters {
        standings.push(world.standing(*canister).await?);
    }
    let mut plan = Plan::about(world.caller, &standings.iter().collect::<Vec<_>>());
    plan.undo = Undo::DeleteSnapshot;
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
            free_slot(standing, None),
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
    for canister in canisters {
        plan.twin.push(Take::twin(*canister, None));
        plan.step(Take {
            canister: *canister,
            replace: None,
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
