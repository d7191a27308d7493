//! What is shown before it is confirmed: the steps, what was looked at, and the fingerprint of the world that it was made for.

use crate::mirror;
use canopic_engine as engine;
use serde::Serialize;
use std::collections::BTreeMap;
use ts_rs::TS;

mirror! {
    /// What an operation does. See [`canopic_engine::OpName`].
    OpName {
        ChangeSettings, Create, Delete, DeleteSnapshots, DownloadSnapshot, Drill, Install, Reinstall, RepairCopy, Restore, RestoreCopy, RestoreSnapshots, SendSnapshot, Start, Stop, TakeSnapshot, TakeSnapshots, TopUp, Uninstall, Upgrade, UploadCopy,
    }
}

mirror! {
    /// What a step does. See [`canopic_engine::StepName`].
    StepName {
        AddToBoard, AwaitCheckpoint, Buy, ChangeSettings, CheckAnswer, ClearChunks, CompareSnapshot, Delete, DeleteReplaced, DeleteSnapshot, DeleteTrial,
        DropCopy, FetchSnapshot, FetchToSend, FillSnapshot, Give, InstallCode, LoadSnapshot, LoadTrial, MakeSnapshot, MakeTrial,
        MendCopy, Pay, PutMessenger, Receive, SendCycles, StampCopy, Start, Stop, TakeSnapshot, Uninstall, UpgradeCode, UploadModule, Verify, VerifyCopy, VerifyModule,
    }
}

mirror! {
    /// How long a canister takes no calls. See [`canopic_engine::Downtime`].
    Downtime { None, Brief, Open }
}

mirror! {
    /// How what is planned can be taken back once it is done. See [`canopic_engine::Undo`].
    Undo { ChangeBack, DeleteSnapshot, Needless, Never, RestoreSafety, Start, Stop }
}

mirror! {
    /// What was looked at before a plan was made. See [`canopic_engine::CheckName`].
    CheckName {
        Amount, AnotherCanister, Argument, Balance, BoundToId, Callers, CheckCall, Checkpoint, ChunkStore, Controller, CopyFits, Cycles,
        CyclesLost, Difference, FreeSlot, Guard, MainMemory, MemoryLimit, MemoryLost, Module, OpenCalls, PreUpgrade, Room,
        RunState, SafetyElsewhere, SameSubnet, SettingsDiffer, SnapshotOrigin, SnapshotsLost, SnapshotThere,
        SnapshotWhole, Synced, TargetState, TrialRuns, WhatIsLost, Withdrawal,
    }
}

mirror! {
    /// What a check found. See [`canopic_engine::CheckVerdict`].
    CheckVerdict { Fine, Warns, Blocks }
}

/// A canister that a plan works on.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was looked at.
    pub name: CheckName,
    /// What was found.
    pub verdict: CheckVerdict,
    /// Values for the sentence.
    pub facts: BTreeMap<String, String>,
}

/// A step that will be taken.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// What it does.
    pub name: StepName,
    /// The canister that it works on, where the plan works on several.
    pub target: Option<Target>,
}

/// What will happen, to be confirmed.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The canisters that it works on.
    pub targets: Vec<Target>,
    /// What is done, in order.
    pub steps: Vec<PlannedStep>,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Whether a check forbids to run it.
    pub is_blocked: bool,
    /// What the network will charge, roughly, in cycles, decimal.
    pub cost: String,
    /// How long calls are not taken.
    pub downtime: Downtime,
    /// How it can be taken back afterwards.
    pub undo: Undo,
    /// The same in a terminal.
    pub twin: Vec<String>,
    /// To be handed back with the confirmation: the plan runs only in the world that it was made for.
    pub fingerprint: String,
}

impl From<engine::Plan> for Plan {
    fn from(plan: engine::Plan) -> Self {
        let is_blocked = plan
            .checks
            .iter()
            .any(|check| check.verdict == engine::CheckVerdict::Blocks);
        let steps = plan.steps.iter().map(|step| PlannedStep {
            name: step.name().into(),
            target: plan.one_of_several(step).cloned().map(Target::from),
        });
        Self {
            steps: steps.collect(),
            targets: plan.targets.into_iter().map(Target::from).collect(),
            checks: plan
                .checks
                .into_iter()
                .map(|check| Check {
                    name: check.name.into(),
                    verdict: check.verdict.into(),
                    facts: check.facts,
                })
                .collect(),
            is_blocked,
            cost: plan.cost.to_string(),
            downtime: plan.downtime.into(),
            undo: plan.undo.into(),
            twin: plan.twin,
            fingerprint: plan.fingerprint,
        }
    }
}

impl From<engine::Target> for Target {
    fn from(target: engine::Target) -> Self {
        Self {
            id: target.id.to_string(),
            name: target.name,
        }
    }
}
