//! What will happen, exactly: the steps, what was looked at before, what it costs and how it can be taken back.
//!
//! A person confirms a [`Plan`], and then it is what runs. One that no longer fits the world is known by its fingerprint.

use super::{Standing, Step};
use crate::{CanisterId, Code, Error};
use candid::Principal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A canister that a plan works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its id.
    pub id: CanisterId,
    /// What people called it when the plan was made.
    pub name: String,
}

/// How long a canister takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Downtime {
    /// It goes on taking calls, or takes none anyway.
    None,
    /// From its stop to its start, whatever its size.
    Brief,
    /// Until somebody starts it.
    Open,
}

/// How what is planned can be taken back once it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    /// Start it again.
    Start,
    /// Stop it again.
    Stop,
    /// Delete the snapshot.
    DeleteSnapshot,
    /// Restore the snapshot that was taken before.
    RestoreSafety,
    /// Put the settings back that were there.
    ChangeBack,
    /// Nothing stays that would have to be.
    Needless,
    /// It cannot.
    Never,
}

/// What was looked at before the plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckName {
    /// Whether the amount is one.
    Amount,
    /// Whether the identity holds enough cycles.
    Balance,
    /// Which cycles nobody gets back.
    CyclesLost,
    /// Whether anything would differ.
    Difference,
    /// Something to think about before settings are changed.
    Guard,
    /// Which memory is gone afterwards.
    MemoryLost,
    /// Which snapshots are gone afterwards.
    SnapshotsLost,
    /// Whether the identity is a controller.
    Controller,
    /// Whether the canister runs, is stopping or is stopped.
    RunState,
    /// Whether there is code in it.
    Module,
    /// Whether there is room for another snapshot.
    FreeSlot,
    /// Whether the cycles are enough, and how long they last afterwards.
    Cycles,
    /// Whether calls that are open are lost.
    OpenCalls,
    /// Whether the snapshot is there.
    SnapshotThere,
    /// Whether the main memory survives as far as it must.
    MainMemory,
    /// Whether there is room in the chunk store.
    ChunkStore,
    /// Whether the module takes what it is told.
    Argument,
    /// Whether those who call it can go on as before.
    Callers,
    /// Whether the canister can have a snapshot like the copy.
    CopyFits,
    /// Whether the disk has room, and takes files so large.
    Room,
    /// Whether another program would carry the copy to other computers.
    Synced,
    /// Whether all of an uploaded snapshot arrived, as far as it shows.
    SnapshotWhole,
    /// Whether the snapshot was taken on the network; an uploaded one is what somebody made it.
    SnapshotOrigin,
    /// Whether the safety snapshot would take the place of the one that is restored.
    SafetyElsewhere,
    /// What has happened since the snapshot was taken, and is gone afterwards.
    WhatIsLost,
    /// Whether the snapshot's heap is within the canister's limit.
    MemoryLimit,
    /// Whether the target is another canister than the source.
    AnotherCanister,
    /// Whether the target loads the snapshot directly; otherwise it goes through a copy.
    SameSubnet,
    /// Whether the network has written the snapshot out, so that another canister can load it.
    Checkpoint,
    /// Whether the target is empty, or may lose what it holds.
    TargetState,
    /// Whether the target has the source's settings: a snapshot brings none along.
    SettingsDiffer,
    /// What belongs to the id of the source and does not come along.
    BoundToId,
    /// Whether a check call can be made, and says what the method takes and gives.
    CheckCall,
    /// Whether the old module may save what it holds in memory before an upgrade.
    PreUpgrade,
    /// That the throw-away canister runs the snapshot's code while it is there.
    TrialRuns,
    /// Whether the cycles of a canister that is deleted can be sent to the identity's account before.
    Withdrawal,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it has to be.
    Fine,
    /// Something to know before.
    Warns,
    /// It must not be done like this.
    Blocks,
}

/// A check of a plan: what was looked at, what was found, and the values for its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was looked at.
    pub name: CheckName,
    /// What was found.
    pub verdict: Verdict,
    /// Values for the sentence.
    pub facts: BTreeMap<String, String>,
    /// The code of the failure if it is tried all the same.
    pub code: Code,
}

impl Check {
    /// A check that found this.
    pub(crate) fn new(name: CheckName, verdict: Verdict) -> Self {
        Self {
            name,
            verdict,
            facts: BTreeMap::new(),
            code: Code::Precondition,
        }
    }

    /// Blocks unless.
    pub(crate) fn require(name: CheckName, is_fine: bool) -> Self {
        Self::new(
            name,
            if is_fine {
                Verdict::Fine
            } else {
                Verdict::Blocks
            },
        )
    }

    /// Warns unless.
    pub(crate) fn warn(name: CheckName, is_fine: bool) -> Self {
        Self::new(
            name,
            if is_fine {
                Verdict::Fine
            } else {
                Verdict::Warns
            },
        )
    }

    /// The same check with a value for its sentence.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// The same check with a failure of its own.
    #[must_use]
    pub(crate) fn or(mut self, code: Code) -> Self {
        self.code = code;
        self
    }
}

/// What will happen, exactly. A person confirms it, and then it is what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The canisters that it works on; no other job does at the same time.
    pub targets: Vec<Target>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What the network will charge the canisters, roughly, in cycles.
    #[serde(with = "super::embedded")]
    pub cost: u128,
    /// How long calls are not taken.
    pub downtime: Downtime,
    /// How it can be taken back afterwards.
    pub undo: Undo,
    /// The same in a terminal.
    pub twin: Vec<String>,
    /// The world that it was made for.
    pub fingerprint: String,
}

impl Plan {
    /// The target that a step works on; none for one that works on what the plan itself makes.
    pub(crate) fn target_of(&self, step: &Step) -> Option<&Target> {
        let canister = step.verb().canister();
        self.targets.iter().find(|target| target.id == canister)
    }

    /// The same, where it has to be said: the plan works on several canisters.
    pub fn one_of_several(&self, step: &Step) -> Option<&Target> {
        self.target_of(step).filter(|_| self.targets.len() > 1)
    }

    /// A plan without steps for canisters that stand like this.
    pub(crate) fn about(caller: Principal, standings: &[&Standing]) -> Self {
        let prints: Vec<_> = standings
            .iter()
            .map(|standing| standing.fingerprint())
            .collect();
        let is_controller =
            |standing: &&&Standing| standing.status.settings.controllers.contains(&caller);
        let checks = standings
            .iter()
            .filter(|standing| !is_controller(standing))
            .map(|standing| {
                Check::require(CheckName::Controller, false)
                    .with("name", &standing.name)
                    .or(Code::NotController)
            })
            .collect();
        Self {
            targets: standings
                .iter()
                .map(|standing| Target {
                    id: standing.canister,
                    name: standing.name.clone(),
                })
                .collect(),
            steps: vec![],
            checks,
            cost: 0,
            downtime: Downtime::None,
            undo: Undo::Never,
            twin: vec![],
            fingerprint: hex::encode(Sha256::digest(
                json!([caller.to_text(), prints]).to_string(),
            )),
        }
    }

    /// Adds a step.
    pub(crate) fn step(&mut self, step: impl Into<Step>) -> &mut Self {
        self.steps.push(step.into());
        self
    }

    /// The first check that forbids to run it, as an error.
    pub(crate) fn blocked(&self) -> Option<Error> {
        let check = self
            .checks
            .iter()
            .find(|check| check.verdict == Verdict::Blocks)?;
        let mut error = Error::new(check.code, format!("checking {:?}", check.name));
        if let Some(target) = self.targets.first() {
            error = error.with("canister", target.id).with("name", &target.name);
        }
        for (name, value) in &check.facts {
            error = error.with(name.clone(), value);
        }
        Some(error)
    }
}
