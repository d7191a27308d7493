//! Taking away: the module of a canister, or the canister itself; [`withdrawal`] is sending its cycles to safety before.

mod withdrawal;

pub use withdrawal::{PutMessenger, SendCycles};

use super::{
    Check, CheckName, Downtime, Kind, Plan, Undo, Verb, Verdict, World,
    lifecycle::{Stop, possible},
};
use crate::{
    Action, CanisterId, Code, Result, RunState,
    canister::lifecycle::{delete, is_gone, uninstall},
    runner::Work,
    snapshot::SnapshotId,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) async fn plan_uninstall(world: &World, canister: CanisterId) -> Result<Plan> {
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.checks
        .push(possible(Action::Uninstall, world, &standing));
    let status = &standing.status;
    let lost = status.memory_bytes.saturating_sub(status.memory.snapshots);
    plan.checks.push(
        Check::new(CheckName::MemoryLost, Verdict::Warns)
            .with("name", &standing.name)
            .with("bytes", lost)
            .with("snapshots", standing.snapshots.len()),
    );
    plan.downtime = Downtime::Open;
    plan.twin = vec![format!("icp canister uninstall {canister}")];
    plan.step(Uninstall { canister });
    Ok(plan)
}

/// A canister that runs is stopped first. What dies with it is named: nobody gets its cycles back, for only its own code could send
/// them anywhere. Where a person wants them, that is what its code is replaced with.
pub(super) async fn plan_delete(
    world: &World,
    canister: CanisterId,
    withdraws: bool,
    replace: Option<&SnapshotId>,
) -> Result<Plan> {
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    let status = &standing.status;
    plan.checks.push(
        Check::warn(CheckName::SnapshotsLost, standing.snapshots.is_empty())
            .with("name", &standing.name)
            .with("snapshots", standing.snapshots.len())
            .with("bytes", status.memory.snapshots),
    );
    let stays = if withdraws {
        status.cycles.min(withdrawal::STAYS)
    } else {
        status.cycles
    };
    let lost = stays.saturating_add(status.reserved_cycles);
    plan.checks.push(
        Check::warn(CheckName::CyclesLost, lost == 0)
            .with("name", &standing.name)
            .with("cycles", lost)
            .with("isRest", withdraws),
    );
    plan.checks.push(
        Check::warn(CheckName::MemoryLost, status.module_hash.is_none())
            .with("name", &standing.name)
            .with(
                "bytes",
                status.memory_bytes.saturating_sub(status.memory.snapshots),
            )
            .with("snapshots", standing.snapshots.len()),
    );
    plan.downtime = Downtime::Open;
    plan.undo = Undo::Never;
    if status.run_state != RunState::Stopped {
        plan.twin.push(format!("icp canister stop {canister}"));
        plan.step(Stop { canister });
    }
    plan.twin.push(format!("icp canister delete {canister}"));
    if withdraws {
        withdrawal::plan(world, &standing, replace, &mut plan).await?;
        // `icp` leaves the cycles where they are: there is no command for the same.
        plan.twin.clear();
    }
    plan.step(Delete { canister });
    Ok(plan)
}

/// Removes the module and all memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Uninstall {
    pub(crate) canister: CanisterId,
}

#[async_trait]
impl Verb for Uninstall {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    fn is_lasting(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let before = work.status(self.canister).await?.module_hash;
        if before.is_some() {
            let () = work.repeat(uninstall(self.canister)?).await?;
        }
        Ok(json!({ "module": before.map(hex::encode) }))
    }
}

/// Deletes a stopped canister for ever: gone is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delete {
    pub(crate) canister: CanisterId,
}

#[async_trait]
impl Verb for Delete {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    fn is_lasting(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        match work.repeat(delete(self.canister)?).await {
            Ok(()) => Ok(Value::Null),
            // By this job before a restart, or by somebody else meanwhile: it is what was wanted.
            Err(error) if is_gone(&error) => Ok(Value::Null),
            Err(error) if error.code == Code::Refused => Err(error.with("canister", self.canister)),
            Err(error) => Err(error),
        }
    }
}
