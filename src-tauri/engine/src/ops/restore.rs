//! Restoring a snapshot, one canister or several at once.
//!
//! The order keeps everything that can be kept: stop, take the safety snapshot, load, start as before, look. The canister is stopped
//! before its safety snapshot is taken, so that nothing that happens in between is in neither of the two; taking one takes seconds,
//! whatever the size. What is refused on the way is unwound: the safety snapshot is loaded if the load took effect, it is deleted, and
//! the canister runs if it ran. Undoing a restore that is done is another restore, to the safety snapshot.

use super::{
    Check, CheckName, Downtime, Happened, Kind, Plan, Standing, Undo, Verb, World,
    callers::{self, Module},
    lifecycle::{Start, Stop},
    snapshots::{Take, affordable, free_slot, snapshot_there, state_bytes, taken},
};
use crate::{
    CanisterId, Code, Error, Result, RunState, canister,
    runner::{Done, Work},
    snapshot::{self, SnapshotId},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The wish to restore a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restore {
    /// Which canister.
    pub canister: CanisterId,
    /// Its snapshot.
    pub snapshot: SnapshotId,
    /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
    pub replace: Option<SnapshotId>,
}

pub(super) async fn plan_restore(world: &World, wishes: &[Restore]) -> Result<Plan> {
    let mut standings = Vec::new();
    for wish in wishes {
        standings.push(world.standing(wish.canister).await?);
    }
    let mut plan = Plan::about(world.caller, &standings.iter().collect::<Vec<_>>());
    plan.undo = Undo::RestoreSafety;
    for (wish, standing) in wishes.iter().zip(&standings) {
        check(world, &mut plan, wish, standing).await?;
    }
    let running = || {
        standings
            .iter()
            .filter(|standing| standing.is_running())
            .map(|standing| standing.canister)
    };
    for canister in running() {
        plan.downtime = Downtime::Brief;
        plan.twin.push(format!("icp canister stop {canister}"));
        plan.step(Stop { canister });
    }
    let mut safeties = Vec::new();
    for (wish, standing) in wishes.iter().zip(&standings) {
        // An empty canister has nothing to keep, and the network takes no snapshot of it.
        let safety = standing.status.module_hash.is_some().then(|| {
            let replace = wish.replace.clone();
            plan.twin.push(Take::twin(wish.canister, replace.as_ref()));
            plan.step(Take {
                canister: wish.canister,
                replace,
            });
            plan.steps.len() - 1
        });
        safeties.push(safety);
    }
    let mut loads = Vec::new();
    for ((wish, standing), safety) in wishes.iter().zip(&standings).zip(safeties) {
        let Restore {
            canister, snapshot, ..
        } = wish;
        plan.twin.push(format!(
            "icp canister snapshot restore {canister} {snapshot}"
        ));
        plan.step(Load {
            canister: *canister,
            snapshot: snapshot.clone().into(),
            safety,
            is_missed: standing.is_running(),
        });
        loads.push(plan.steps.len() - 1);
    }
    // In the reverse order of the stops: whoever depends on others is stopped first and started last.
    let running: Vec<_> = running().collect();
    for canister in running.iter().rev() {
        plan.twin.push(format!("icp canister start {canister}"));
        plan.step(Start {
            canister: *canister,
        });
    }
    for (standing, load) in standings.iter().zip(loads) {
        plan.step(Verify {
            canister: standing.canister,
            load,
            is_running: standing.is_running(),
        });
    }
    Ok(plan)
}

/// Everything that has to be as it must before a snapshot is loaded.
async fn check(world: &World, plan: &mut Plan, wish: &Restore, standing: &Standing) -> Result<()> {
    let is_settled = standing.status.run_state != RunState::Stopping;
    plan.checks
        .push(Check::require(CheckName::RunState, is_settled).with("name", &standing.name));
    plan.checks.push(snapshot_there(standing, &wish.snapshot));
    let Some(found) = standing.snapshot(&wish.snapshot) else {
        return Ok(());
    };
    plan.checks.push(free_slot(standing, wish.replace.as_ref()));
    if wish.replace.as_ref() == Some(&wish.snapshot) {
        plan.checks.push(
            Check::require(CheckName::SafetyElsewhere, false).with("snapshot", &wish.snapshot),
        );
    }
    let bytes = state_bytes(standing);
    let cost = snapshot::cost(bytes) + snapshot::cost(u128::from(found.bytes));
    plan.cost += cost;
    plan.checks.push(affordable(standing, cost, bytes));
    let metadata = snapshot::metadata(&world.replica, wish.canister, &wish.snapshot).await?;
    if metadata.is_uploaded {
        let begins = snapshot::module_begins(&world.replica, wish.canister, &wish.snapshot).await?;
        plan.checks.push(
            Check::require(CheckName::SnapshotWhole, begins).with("snapshot", &wish.snapshot),
        );
        plan.checks
            .push(Check::warn(CheckName::SnapshotOrigin, false).with("snapshot", &wish.snapshot));
    }
    let now = standing.status.module_hash.as_deref();
    let then = Module::of_snapshot(world, wish.canister, &wish.snapshot, &metadata, now).await;
    plan.checks
        .extend(callers::check(world, standing, then).await);
    plan.checks.push(
        Check::warn(CheckName::WhatIsLost, false)
            .with("name", &standing.name)
            .with("takenAt", found.taken_at / 1_000_000)
            .with(
                "versions",
                standing.status.version.saturating_sub(metadata.version),
            ),
    );
    let limit = standing.status.settings.wasm_memory_limit;
    plan.checks.push(
        Check::warn(
            CheckName::MemoryLimit,
            limit == 0 || u128::from(metadata.heap_bytes) <= limit,
        )
        .with("limit", limit)
        .with("heap", metadata.heap_bytes),
    );
    Ok(())
}

/// Which snapshot a step works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Which {
    /// One that there is.
    Snapshot(SnapshotId),
    /// The one that an earlier step makes.
    Made {
        /// That step.
        made: usize,
    },
}

impl From<SnapshotId> for Which {
    fn from(snapshot: SnapshotId) -> Self {
        Self::Snapshot(snapshot)
    }
}

impl Which {
    /// Its id now.
    pub(super) fn id(&self, work: &Work) -> Result<SnapshotId> {
        match self {
            Self::Snapshot(snapshot) => Ok(snapshot.clone()),
            Self::Made { made } => {
                let output = work.output(*made);
                taken(&output.unwrap_or_default())
            }
        }
    }
}

/// Puts a snapshot's state in place of a canister's. Planned only for a canister that is stopped by then: its version stands still, so
/// that it tells whether the load took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    pub(crate) canister: CanisterId,
    pub(crate) snapshot: Which,
    /// The step that takes the snapshot of what is there now.
    pub(crate) safety: Option<usize>,
    /// Whether somebody misses the canister until it runs again: then nothing is waited for.
    #[serde(default)]
    pub(crate) is_missed: bool,
}

fn version_of(value: &Value) -> Result<u64> {
    value["version"]
        .as_u64()
        .ok_or_else(|| Error::new(Code::Bug, "reading what a step left behind"))
}

#[async_trait]
impl Verb for Load {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    fn waits_for_checkpoint(&self) -> bool {
        !self.is_missed
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        let status = work.status(self.canister).await?;
        if status.run_state != RunState::Stopped {
            return Err(Error::new(Code::Precondition, "loading a snapshot")
                .with("canister", self.canister)
                .with("name", work.world().name(self.canister)));
        }
        Ok(json!({ "version": status.version }))
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let call = snapshot::load(self.canister, &self.snapshot.id(work)?)?;
        match work.once(self, call).await? {
            Done::Replied(()) => {
                let status = work.status(self.canister).await?;
                Ok(json!({ "version": status.version }))
            }
            Done::Adopted(output) => Ok(output),
        }
    }

    /// A load counts one up, and nothing else does while the canister is stopped, unless somebody else acts on it.
    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        let before = version_of(before)?;
        let now = work.status(self.canister).await?.version;
        Ok(match now.checked_sub(before) {
            Some(0) => Happened::No,
            Some(1) => Happened::Yes(json!({ "version": now })),
            _ => Happened::Unclear,
        })
    }

    async fn undo(&self, work: &Work, output: Option<&Value>) -> Result<()> {
        if output.is_none() {
            return Ok(());
        }
        // Without a safety snapshot there was nothing to keep: it was empty, and is again.
        let Some(safety) = self.safety else {
            return work
                .repeat(canister::lifecycle::uninstall(self.canister)?)
                .await;
        };
        load_back(work, self.canister, safety).await
    }
}

/// Loads the snapshot that an earlier step took, to take back what came after it.
pub(super) async fn load_back(work: &Work, canister: CanisterId, safety: usize) -> Result<()> {
    let taken_before = work
        .output(safety)
        .ok_or_else(|| Error::new(Code::Bug, "looking for the safety snapshot"))?;
    let taken_before = taken(&taken_before)?;
    let call = snapshot::load(canister, &taken_before)?;
    let back = Load {
        canister,
        snapshot: taken_before.into(),
        safety: None,
        is_missed: false,
    };
    work.once(&back, call).await.map(drop)
}

/// Looks whether the world is as planned after a load. What is not is left to a person: somebody else may be at work there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verify {
    pub(crate) canister: CanisterId,
    /// The step that loaded.
    pub(crate) load: usize,
    pub(crate) is_running: bool,
}

#[async_trait]
impl Verb for Verify {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Observe
    }

    fn is_left_to_a_person(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let status = work.status(self.canister).await?;
        let loaded = work.output(self.load).unwrap_or_default();
        let is_running = status.run_state == RunState::Running;
        if status.version < version_of(&loaded)? || is_running != self.is_running {
            return Err(
                Error::new(Code::NotAsPlanned, "looking at a restored canister")
                    .with("canister", self.canister)
                    .with("name", work.world().name(self.canister)),
            );
        }
        Ok(json!({
            "version": status.version,
            "moduleHash": status.module_hash.map(hex::encode),
        }))
    }
}
