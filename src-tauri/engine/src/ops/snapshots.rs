//! Taking snapshots and deleting them.

use super::{
    Check, CheckName, Downtime, Happened, Kind, Plan, Standing, Undo, Verb, World,
    lifecycle::{Start, Stop},
    restore::Which,
};
use crate::{
    CanisterId, Code, Error, Result, RunState,
    canister::lifecycle::is_gone,
    runner::{Done, Work},
    snapshot::{self, SLOTS, SnapshotId},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The wish to take a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakeSnapshot {
    /// Of which canister.
    pub canister: CanisterId,
    /// Whether it is stopped meanwhile, if it runs.
    pub is_stopped_meanwhile: bool,
    /// The snapshot whose place it takes; that one is gone afterwards.
    pub replace: Option<SnapshotId>,
    /// What people will call it.
    pub name: String,
    /// What people want to remember of it.
    pub note: String,
}

pub(super) async fn plan_take(world: &World, wish: &TakeSnapshot) -> Result<Plan> {
    let canister = wish.canister;
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    let bytes = state_bytes(&standing);
    plan.cost = snapshot::cost(bytes);
    plan.undo = if wish.replace.is_some() {
        Undo::Never
    } else {
        Undo::DeleteSnapshot
    };
    plan.checks.push(
        Check::require(CheckName::Module, standing.status.module_hash.is_some())
            .with("name", &standing.name),
    );
    plan.checks
        .push(free_slot(&standing, wish.replace.as_ref()));
    if let Some(replaced) = &wish.replace {
        plan.checks.push(snapshot_there(&standing, replaced));
    }
    plan.checks.push(affordable(&standing, plan.cost, bytes));
    let is_stopped_for_it = wish.is_stopped_meanwhile && standing.is_running();
    let risks_calls = !is_stopped_for_it && standing.status.run_state != RunState::Stopped;
    plan.checks
        .push(Check::warn(CheckName::OpenCalls, !risks_calls).with("name", &standing.name));
    if is_stopped_for_it {
        plan.downtime = Downtime::Brief;
        plan.twin.push(format!("icp canister stop {canister}"));
        plan.step(Stop { canister });
    }
    plan.twin.push(Take::twin(canister, wish.replace.as_ref()));
    plan.step(Take {
        canister,
        replace: wish.replace.clone(),
    });
    if is_stopped_for_it {
        plan.twin.push(format!("icp canister start {canister}"));
        plan.step(Start { canister });
    }
    Ok(plan)
}

pub(super) async fn plan_delete(
    world: &World,
    canister: CanisterId,
    snapshots: &[SnapshotId],
) -> Result<Plan> {
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    for snapshot in snapshots {
        plan.checks.push(snapshot_there(&standing, snapshot));
        plan.twin.push(format!(
            "icp canister snapshot delete {canister} {snapshot}"
        ));
        plan.step(DeleteSnapshot {
            canister,
            snapshot: snapshot.clone().into(),
        });
    }
    Ok(plan)
}

/// How large a snapshot will be: everything but the snapshots that there are.
pub(super) fn state_bytes(standing: &Standing) -> u128 {
    let status = &standing.status;
    status.memory_bytes.saturating_sub(status.memory.snapshots)
}

pub(super) fn free_slot(standing: &Standing, replace: Option<&SnapshotId>) -> Check {
    let is_free = replace.is_some() || standing.snapshots.len() < SLOTS;
    Check::require(CheckName::FreeSlot, is_free)
        .with("canister", standing.canister)
        .with("name", &standing.name)
        .with("used", standing.snapshots.len())
        .with("slots", SLOTS)
        .or(Code::SlotsFull)
}

pub(super) fn snapshot_there(standing: &Standing, id: &SnapshotId) -> Check {
    Check::require(CheckName::SnapshotThere, standing.snapshot(id).is_some())
        .with("snapshot", id)
        .or(Code::SnapshotGone)
}

/// Whether the canister can pay `cost` and `bytes` more of memory without freezing, and how long its cycles last then.
pub(super) fn affordable(standing: &Standing, cost: u128, bytes: u128) -> Check {
    let status = &standing.status;
    let mut after = status.clone();
    after.cycles = status.cycles.saturating_sub(cost);
    // Idle burning grows with the memory, roughly in proportion; the rest of it is small beside that.
    after.idle_burn_per_day += status.idle_burn_per_day * bytes / status.memory_bytes.max(1);
    let days = |status: &crate::Status| {
        status
            .runway_days()
            .map_or_else(|| "endless".to_owned(), |days| format!("{days:.0}"))
    };
    let is_enough =
        status.idle_burn_per_day == 0 || after.runway_days().is_some_and(|left| left > 0.0);
    Check::require(CheckName::Cycles, is_enough && status.cycles >= cost)
        .with("name", &standing.name)
        .with("cost", cost)
        .with("cycles", status.cycles)
        .with("runwayBefore", days(status))
        .with("runwayAfter", days(&after))
}

/// Takes a snapshot. Its output names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Take {
    pub(crate) canister: CanisterId,
    pub(crate) replace: Option<SnapshotId>,
}

impl Take {
    /// The same in a terminal.
    pub(super) fn twin(canister: CanisterId, replace: Option<&SnapshotId>) -> String {
        match replace {
            Some(replaced) => {
                format!("icp canister snapshot create {canister} --replace {replaced}")
            }
            None => format!("icp canister snapshot create {canister}"),
        }
    }
}

/// The snapshot in the output of a [`Take`].
pub(crate) fn taken(output: &Value) -> Result<SnapshotId> {
    serde_json::from_value(output["snapshot"].clone())
        .map_err(|error| Error::new(Code::Bug, "reading what a step left behind").because(error))
}

pub(super) async fn inventory(work: &Work, canister: CanisterId) -> Result<Vec<SnapshotId>> {
    let snapshots = work.snapshots(canister).await?;
    Ok(snapshots.into_iter().map(|snapshot| snapshot.id).collect())
}

/// Deletes a snapshot: gone is done, with its canister or without it.
pub(super) async fn delete(work: &Work, canister: CanisterId, id: &SnapshotId) -> Result<()> {
    match inventory(work, canister).await {
        Ok(there) if there.contains(id) => {}
        Ok(_) => return Ok(()),
        Err(error) if is_gone(&error) => return Ok(()),
        Err(error) => return Err(error),
    }
    match work.repeat(snapshot::delete(canister, id)?).await {
        Err(error) if error.code == Code::SnapshotGone => Ok(()),
        ended => ended,
    }
}

#[async_trait]
impl Verb for Take {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    fn is_lasting(&self) -> bool {
        self.replace.is_some()
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        Ok(json!(inventory(work, self.canister).await?))
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let call = snapshot::take(self.canister, self.replace.as_ref())?;
        Ok(match work.once(self, call).await? {
            Done::Replied((taken,)) => json!({ "snapshot": taken.id() }),
            Done::Adopted(output) => output,
        })
    }

    /// Ids count up and are never used again: what is there now and was not before is ours, for one job at a time works on a canister.
    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        let before: Vec<SnapshotId> = serde_json::from_value(before.clone())
            .map_err(|error| Error::new(Code::Bug, "reading the journal").because(error))?;
        let now = inventory(work, self.canister).await?;
        let new: Vec<_> = now.iter().filter(|id| !before.contains(id)).collect();
        Ok(match new.as_slice() {
            [] => Happened::No,
            [one] => Happened::Yes(json!({ "snapshot": one })),
            _ => Happened::Unclear,
        })
    }

    async fn undo(&self, work: &Work, output: Option<&Value>) -> Result<()> {
        match output {
            // In the place of another one it is all that is left.
            Some(output) if self.replace.is_none() => {
                delete(work, self.canister, &taken(output)?).await
            }
            _ => Ok(()),
        }
    }
}

/// Deletes a snapshot. Gone is done, and it stays gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSnapshot {
    pub(crate) canister: CanisterId,
    pub(crate) snapshot: Which,
}

#[async_trait]
impl Verb for DeleteSnapshot {
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
        delete(work, self.canister, &self.snapshot.id(work)?).await?;
        Ok(Value::Null)
    }
}
