//! Sending a snapshot to another canister of the same subnet: it is loaded there directly, without any transfer.
//!
//! The source stays as it is, running. The target is stopped, what is in it is taken as a safety snapshot, the source's snapshot is
//! loaded, and the target runs again if it ran. What a canister wrote since the subnet's last checkpoint cannot be loaded elsewhere yet;
//! the network says so and the load waits ([`Code::NotYetLoadable`]), ten minutes at most, for as long as the person likes. To another
//! subnet a snapshot goes as a copy: a download and an upload.

use super::{
    Check, CheckName, Downtime, Plan, Undo, World,
    lifecycle::{Start, Stop},
    restore::{Load, Verify},
    snapshots::{Take, affordable, free_slot, snapshot_there, state_bytes},
};
use crate::{
    CanisterId, CanisterSettings, Result, RunState, SettingsChange, review,
    snapshot::{self, SnapshotId},
};
use serde::{Deserialize, Serialize};

/// The wish to put one canister's snapshot into another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendSnapshot {
    /// Whose snapshot.
    pub source: CanisterId,
    /// Which.
    pub snapshot: SnapshotId,
    /// Where to.
    pub target: CanisterId,
    /// Whether a person said that what is in the target may be replaced.
    pub may_replace: bool,
}

pub(super) async fn plan_send(world: &World, wish: &SendSnapshot) -> Result<Plan> {
    let source = world.standing(wish.source).await?;
    let target = world.standing(wish.target).await?;
    let mut plan = Plan::about(world.caller, &[&target, &source]);
    plan.undo = Undo::RestoreSafety;
    plan.checks.push(snapshot_there(&source, &wish.snapshot));
    let subnets = futures::try_join!(
        world.replica.subnet_of(wish.source),
        world.replica.subnet_of(wish.target)
    )?;
    let has_code = target.status.module_hash.is_some();
    plan.checks.extend([
        Check::require(CheckName::AnotherCanister, wish.source != wish.target),
        Check::require(CheckName::SameSubnet, subnets.0 == subnets.1)
            .with("source", subnets.0)
            .with("target", subnets.1),
        Check::require(CheckName::TargetState, !has_code || wish.may_replace)
            .with("name", &target.name),
        Check::require(
            CheckName::RunState,
            target.status.run_state != RunState::Stopping,
        )
        .with("name", &target.name),
        settings_differ(world, &source.status.settings, &target)?,
        // Threshold keys, vetKeys and what others remember belong to an id, not to a state.
        Check::warn(CheckName::BoundToId, false).with("name", &source.name),
    ]);
    let sent = source
        .snapshot(&wish.snapshot)
        .map_or(0, |snapshot| u128::from(snapshot.bytes));
    let bytes = state_bytes(&target);
    plan.cost = snapshot::cost(sent);
    if has_code {
        plan.cost += snapshot::cost(bytes);
        plan.checks.push(free_slot(&target, None));
    }
    plan.checks
        .push(affordable(&target, plan.cost, bytes + sent));

    let canister = wish.target;
    if target.is_running() {
        plan.downtime = if has_code {
            Downtime::Brief
        } else {
            Downtime::None
        };
        plan.twin.push(format!("icp canister stop {canister}"));
        plan.step(Stop { canister });
    }
    let safety = has_code.then(|| {
        plan.twin.push(Take::twin(canister, None));
        plan.step(Take {
            canister,
            replace: None,
        });
        plan.steps.len() - 1
    });
    plan.twin.push(format!(
        "icp canister snapshot restore {canister} {}",
        wish.snapshot
    ));
    plan.step(Load {
        canister,
        snapshot: wish.snapshot.clone(),
        safety,
    });
    let load = plan.steps.len() - 1;
    if target.is_running() {
        plan.twin.push(format!("icp canister start {canister}"));
        plan.step(Start { canister });
    }
    plan.step(Verify {
        canister,
        load,
        is_running: target.is_running(),
    });
    Ok(plan)
}

/// A snapshot brings no settings along: which of the source's the target lacks.
fn settings_differ(
    world: &World,
    source: &CanisterSettings,
    target: &super::Standing,
) -> Result<Check> {
    let wanted = SettingsChange {
        compute_allocation: Some(source.compute_allocation),
        memory_allocation: Some(source.memory_allocation),
        freezing_threshold_seconds: Some(source.freezing_threshold_seconds),
        log_visibility: Some(source.log_visibility.clone()),
        wasm_memory_limit: Some(source.wasm_memory_limit),
        wasm_memory_threshold: Some(source.wasm_memory_threshold),
        environment_variables: Some(source.environment_variables.clone()),
        ..SettingsChange::default()
    };
    let found = review(&target.status, &wanted, world.caller)?;
    Ok(
        Check::warn(CheckName::SettingsDiffer, found.differences.is_empty())
            .with("name", &target.name)
            .with("differences", found.differences.len()),
    )
}
