//! Jobs as the front end sees them: what can be asked for, the plan to confirm, and how far each one is.

use crate::{
    Api,
    calls::{Manner, all, both_ways},
    canisters::{Placement, Purse, SettingsChange, parse_amount},
    failure::Failure,
    installs::{InstallMode, UpgradeOptions},
    mirror,
    wire::milliseconds,
};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::SystemTime};
use ts_rs::TS;

/// Something to ask for. See [`canopic_engine::Op`].
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(
    tag = "op",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Op {
    /// Changes settings of a canister.
    ChangeSettings {
        /// Of which.
        canister: String,
        /// What is to become of them.
        change: SettingsChange,
    },
    /// Makes a canister.
    Create {
        /// Where.
        placement: Placement,
        /// Its settings; what they do not name is as usual.
        settings: SettingsChange,
        /// Cycles, decimal.
        amount: String,
        /// Who pays; null: as the network has it.
        purse: Option<Purse>,
        /// What it is called on the board; empty for its id.
        name: String,
    },
    /// Deletes a canister for ever, with all that is in it.
    Delete {
        /// Which.
        canister: String,
    },
    /// Lets a canister take calls again.
    Start {
        /// Which.
        canister: String,
    },
    /// Lets a canister take no more calls.
    Stop {
        /// Which.
        canister: String,
    },
    /// Takes a snapshot.
    TakeSnapshot {
        /// Of which canister.
        canister: String,
        /// Whether it is stopped meanwhile, if it runs.
        is_stopped_meanwhile: bool,
        /// The snapshot whose place it takes; that one is gone afterwards.
        replace: Option<String>,
        /// What people will call it.
        name: String,
        /// What people want to remember of it.
        note: String,
    },
    /// Copies a snapshot into the library.
    DownloadSnapshot {
        /// Of which canister.
        canister: String,
        /// Which of its snapshots.
        snapshot: String,
        /// What people will call the copy.
        name: String,
        /// The unfinished copy of it that is gone on with.
        copy: Option<String>,
    },
    /// Makes a snapshot of a copy.
    UploadCopy {
        /// Of which canister it will be a snapshot.
        canister: String,
        /// Which copy of the library.
        copy: String,
        /// The snapshot that is not needed any more afterwards.
        replace: Option<String>,
        /// Whether all of it is read back and compared afterwards, instead of a sample.
        compares_all: bool,
    },
    /// Fetches again what a copy has lost.
    RepairCopy {
        /// The canister of the snapshot that it is of.
        canister: String,
        /// Which copy of the library.
        copy: String,
    },
    /// Gives cycles to a canister.
    TopUp {
        /// To which.
        canister: String,
        /// Cycles, decimal.
        amount: String,
        /// Who pays; null: as the network has it.
        purse: Option<Purse>,
    },
    /// Removes the module of a canister, and all memory.
    Uninstall {
        /// Of which.
        canister: String,
    },
    /// Installs a module that was read before.
    Install {
        /// Where.
        canister: String,
        /// The hash of the module.
        module: String,
        /// How.
        mode: InstallMode,
        /// What the module is told: the bytes, hexadecimal.
        argument: String,
    },
    /// Upgrades a canister with a safety snapshot below, and asks it afterwards whether it is well.
    Upgrade {
        /// Which.
        canister: String,
        /// The hash of the new module, which was read before.
        module: String,
        /// The details.
        options: UpgradeOptions,
        /// What the module is told: the bytes, hexadecimal.
        argument: String,
        /// What is asked afterwards.
        checks: Vec<CheckCall>,
        /// What happens if the canister answers otherwise than expected.
        on_failure: OnFailure,
        /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
        replace: Option<String>,
    },
    /// Takes a snapshot of each of several canisters, as one restore point.
    TakeSnapshots {
        /// Which, in the order in which they are stopped.
        canisters: Vec<String>,
    },
    /// Puts a snapshot's state in place of a canister's, after a safety snapshot of that.
    Restore {
        /// Which canister.
        canister: String,
        /// Its snapshot.
        snapshot: String,
        /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
        replace: Option<String>,
    },
    /// The same for several canisters, as one.
    RestoreSnapshots {
        /// Which, in the order in which they are stopped.
        restores: Vec<Restore>,
    },
    /// Puts one canister's snapshot into another one: directly on the same subnet, otherwise through a copy.
    SendSnapshot {
        /// Whose snapshot.
        source: String,
        /// Which.
        snapshot: String,
        /// Where to.
        target: String,
        /// Whether a person said that what is in the target may be replaced.
        may_replace: bool,
        /// Whether the target gets the source's settings, too.
        carries_settings: bool,
        /// Whether it goes through a copy although both are on the same subnet: then nobody waits for a checkpoint.
        through_copy: bool,
        /// What the copy that stays in the library will be called; null: none stays.
        keep_as: Option<String>,
    },
    /// Puts the state of a copy into a canister, after a safety snapshot of what is there.
    RestoreCopy {
        /// Which canister.
        canister: String,
        /// Which copy of the library.
        copy: String,
        /// Whether a person said that what is in the canister may be replaced.
        may_replace: bool,
    },
    /// Finds out in a throw-away canister of the same subnet whether a snapshot can be restored.
    Drill {
        /// Whose snapshot.
        canister: String,
        /// Which.
        snapshot: String,
        /// What the throw-away canister is asked.
        checks: Vec<CheckCall>,
        /// Who pays for the throw-away canister; null: as the network has it.
        purse: Option<Purse>,
    },
    /// Finds out in a throw-away canister of the network in use whether a copy can be restored.
    DrillCopy {
        /// Which copy of the library.
        copy: String,
        /// What the throw-away canister is asked.
        checks: Vec<CheckCall>,
        /// Who pays for the throw-away canister; null: as the network has it.
        purse: Option<Purse>,
    },
    /// Deletes snapshots for ever.
    DeleteSnapshots {
        /// Of which canister.
        canister: String,
        /// Which.
        snapshots: Vec<String>,
    },
}

both_ways! {
    /// What happens if an upgraded canister answers otherwise than expected: a person is offered to restore, or it is restored.
    OnFailure = OnFailure { Offer, Restore }
}

/// A call whose answer tells whether a canister is well.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckCall {
    /// Which method.
    pub method: String,
    /// How it is called.
    pub manner: Manner,
    /// With what, as Candid text.
    pub arguments: String,
    /// What it should answer, as Candid text; null: any answer will do, as long as it is one.
    pub expected: Option<String>,
}

impl From<CheckCall> for engine::CheckCall {
    fn from(call: CheckCall) -> Self {
        Self {
            method: call.method,
            manner: call.manner.into(),
            arguments: call.arguments,
            expected: call.expected,
        }
    }
}

impl From<engine::CheckCall> for CheckCall {
    fn from(call: engine::CheckCall) -> Self {
        Self {
            method: call.method,
            manner: call.manner.into(),
            arguments: call.arguments,
            expected: call.expected,
        }
    }
}

/// A canister and the snapshot that is restored there.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Restore {
    /// Which canister.
    pub canister: String,
    /// Its snapshot.
    pub snapshot: String,
    /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
    pub replace: Option<String>,
}

impl Restore {
    fn read(self) -> Result<engine::Restore, Failure> {
        Ok(engine::Restore {
            canister: self.canister.parse()?,
            snapshot: self.snapshot.parse()?,
            replace: self.replace.as_deref().map(str::parse).transpose()?,
        })
    }
}

fn parsed<T: std::str::FromStr<Err = engine::Error>>(
    texts: Vec<String>,
) -> Result<Vec<T>, Failure> {
    texts
        .into_iter()
        .map(|text| text.parse().map_err(Failure::from))
        .collect()
}

impl Op {
    fn read(self, engine: &engine::Engine) -> Result<engine::Op, Failure> {
        Ok(match self {
            Self::ChangeSettings { canister, change } => engine::Op::ChangeSettings {
                canister: canister.parse()?,
                change: Box::new(change.try_into()?),
            },
            Self::Create {
                placement,
                settings,
                amount,
                purse,
                name,
            } => engine::Op::Create {
                creation: Box::new(engine::Creation {
                    placement: placement.try_into()?,
                    settings: settings.try_into()?,
                    payment: payment(&amount)?,
                    purse: purse.map(Into::into),
                    name,
                }),
            },
            Self::Delete { canister } => engine::Op::Delete {
                canister: canister.parse()?,
            },
            Self::TopUp {
                canister,
                amount,
                purse,
            } => engine::Op::TopUp(engine::TopUp {
                canister: canister.parse()?,
                payment: payment(&amount)?,
                purse: purse.map(Into::into),
            }),
            Self::DownloadSnapshot {
                canister,
                snapshot,
                name,
                copy,
            } => engine::Op::DownloadSnapshot(engine::DownloadSnapshot {
                canister: canister.parse()?,
                snapshot: snapshot.parse()?,
                folder: match copy {
                    Some(copy) => engine.copy_folder(copy.parse()?)?,
                    None => engine.place_for_copy(&name)?,
                },
                name,
            }),
            Self::UploadCopy {
                canister,
                copy,
                replace,
                compares_all,
            } => engine::Op::UploadCopy(engine::UploadCopy {
                canister: canister.parse()?,
                folder: engine.copy_folder(copy.parse()?)?,
                replace: replace.as_deref().map(str::parse).transpose()?,
                compares_all,
            }),
            Self::RepairCopy { canister, copy } => engine::Op::RepairCopy(engine::RepairCopy {
                canister: canister.parse()?,
                folder: engine.copy_folder(copy.parse()?)?,
            }),
            Self::Uninstall { canister } => engine::Op::Uninstall {
                canister: canister.parse()?,
            },
            Self::Start { canister } => engine::Op::Start {
                canister: canister.parse()?,
            },
            Self::Stop { canister } => engine::Op::Stop {
                canister: canister.parse()?,
            },
            Self::TakeSnapshot {
                canister,
                is_stopped_meanwhile,
                replace,
                name,
                note,
            } => engine::Op::TakeSnapshot(engine::TakeSnapshot {
                canister: canister.parse()?,
                is_stopped_meanwhile,
                replace: replace.as_deref().map(str::parse).transpose()?,
                name,
                note,
            }),
            Self::Install {
                canister,
                module,
                mode,
                argument,
            } => engine::Op::Install(engine::InstallModule {
                canister: canister.parse()?,
                module: module.parse()?,
                mode: mode.into(),
                argument,
            }),
            Self::TakeSnapshots { canisters } => engine::Op::TakeSnapshots {
                canisters: parsed(canisters)?,
            },
            Self::Restore {
                canister,
                snapshot,
                replace,
            } => {
                let wish = Restore {
                    canister,
                    snapshot,
                    replace,
                };
                engine::Op::Restore(wish.read()?)
            }
            Self::RestoreSnapshots { restores } => engine::Op::RestoreSnapshots {
                restores: restores
                    .into_iter()
                    .map(Restore::read)
                    .collect::<Result<_, _>>()?,
            },
            Self::SendSnapshot {
                source,
                snapshot,
                target,
                may_replace,
                carries_settings,
                through_copy,
                keep_as,
            } => {
                let (source, target): (engine::CanisterId, engine::CanisterId) =
                    (source.parse()?, target.parse()?);
                let on_its_way = || format!("{source} to {target}");
                engine::Op::SendSnapshot(engine::SendSnapshot {
                    source,
                    snapshot: snapshot.parse()?,
                    target,
                    may_replace,
                    carries_settings,
                    through_copy,
                    folder: engine.place_for_copy(&keep_as.clone().unwrap_or_else(on_its_way))?,
                    keep_as,
                })
            }
            Self::RestoreCopy {
                canister,
                copy,
                may_replace,
            } => engine::Op::RestoreCopy(engine::RestoreCopy {
                canister: canister.parse()?,
                folder: engine.copy_folder(copy.parse()?)?,
                may_replace,
            }),
            Self::Drill {
                canister,
                snapshot,
                checks,
                purse,
            } => engine::Op::Drill(engine::Drill {
                canister: canister.parse()?,
                snapshot: snapshot.parse()?,
                checks: all(checks),
                purse: purse.map(Into::into),
                asked_at: now(),
            }),
            Self::DrillCopy {
                copy,
                checks,
                purse,
            } => engine::Op::DrillCopy(engine::DrillCopy {
                folder: engine.copy_folder(copy.parse()?)?,
                checks: all(checks),
                purse: purse.map(Into::into),
                asked_at: now(),
            }),
            Self::Upgrade {
                canister,
                module,
                options,
                argument,
                checks,
                on_failure,
                replace,
            } => engine::Op::Upgrade(engine::Upgrade {
                canister: canister.parse()?,
                module: module.parse()?,
                options: options.into(),
                argument,
                checks: all(checks),
                on_failure: on_failure.into(),
                replace: replace.as_deref().map(str::parse).transpose()?,
            }),
            Self::DeleteSnapshots {
                canister,
                snapshots,
            } => engine::Op::DeleteSnapshots {
                canister: canister.parse()?,
                snapshots: parsed(snapshots)?,
            },
        })
    }
}

/// This moment, in nanoseconds since 1970: what is paid is known by it, however often it is sent.
fn now() -> u64 {
    engine::Payment::new(0, SystemTime::now()).made_at
}

/// A payment of this moment: from here on it is this one, however often it is sent.
fn payment(amount: &str) -> Result<engine::Payment, Failure> {
    Ok(engine::Payment::new(
        parse_amount(amount)?,
        SystemTime::now(),
    ))
}

mirror! {
    /// What an operation does. See [`canopic_engine::OpName`].
    OpName {
        ChangeSettings, Create, Delete, DeleteSnapshots, DownloadSnapshot, Drill, Install, Reinstall, RepairCopy, Restore, RestoreCopy, RestoreSnapshots, SendSnapshot, Start, Stop, TakeSnapshot, TakeSnapshots, TopUp, Uninstall, Upgrade, UploadCopy,
    }
}

mirror! {
    /// What a step does. See [`canopic_engine::StepName`].
    StepName {
        AddToBoard, Buy, ChangeSettings, CheckAnswer, ClearChunks, CompareSnapshot, Delete, DeleteReplaced, DeleteSnapshot, DeleteTrial,
        DropCopy, FetchSnapshot, FetchToSend, FillSnapshot, Give, InstallCode, LoadSnapshot, LoadTrial, MakeSnapshot, MakeTrial,
        MendCopy, Pay, Receive, StampCopy, Start, Stop, TakeSnapshot, Uninstall, UpgradeCode, UploadModule, Verify, VerifyCopy, VerifyModule,
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
        Amount, AnotherCanister, Argument, Balance, BoundToId, Callers, CheckCall, ChunkStore, Controller, CopyFits, Cycles,
        CyclesLost, Difference, FreeSlot, Guard, MainMemory, MemoryLimit, MemoryLost, Module, OpenCalls, PreUpgrade, Room,
        RunState, SafetyElsewhere, SameSubnet, SettingsDiffer, SnapshotOrigin, SnapshotsLost, SnapshotThere,
        SnapshotWhole, Synced, TargetState, TrialRuns, WhatIsLost,
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

/// What will happen, to be confirmed.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The canisters that it works on.
    pub targets: Vec<Target>,
    /// What is done, in order.
    pub steps: Vec<StepName>,
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
        Self {
            targets: plan.targets.into_iter().map(Target::from).collect(),
            steps: plan.steps.iter().map(|step| step.name().into()).collect(),
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

/// Something that the app does or did: an operation, as it is written down.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Later jobs have higher numbers.
    #[ts(type = "number")]
    pub number: u64,
    /// What is done.
    pub kind: OpName,
    /// The canister that it is about first.
    pub canister: String,
    /// That canister's name at that time.
    pub name: String,
    /// All canisters that it is about.
    pub targets: Vec<Target>,
    /// The ids of the snapshots that it was asked to work with.
    pub snapshots: Vec<String>,
    /// The canister that it made, once it did.
    pub made: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub began_at: f64,
    /// How far it is.
    pub state: JobState,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// Whether a person asked it to end; it does when nothing is in flight any more.
    pub is_cancelled: bool,
    /// What it waits for right now, if it does.
    pub hindrance: Option<Failure>,
    /// How far the step under way is, if it tells.
    pub report: Option<Report>,
    /// What it shows for itself.
    pub proof: Proof,
}

/// What a job shows for itself, read from its steps.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// What it did with each canister.
    pub canisters: Vec<CanisterProof>,
    /// What was asked, in order.
    pub asked: Vec<Asked>,
    /// The throw-away canister that it made, as long as that is there.
    pub trial: Option<String>,
}

/// What a job did with a canister.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CanisterProof {
    /// Which.
    pub canister: String,
    /// The snapshot that it took; null where it took none, or took it back.
    pub snapshot: Option<String>,
    /// Whether that was taken to have a way back: restoring it undoes the job.
    pub is_safety: bool,
    /// Whether it loaded a snapshot.
    pub is_loaded: bool,
    /// The module hash that a certificate showed afterwards, hexadecimal.
    pub module_hash: Option<String>,
    /// The version that a certificate showed afterwards.
    pub version: Option<f64>,
}

/// A check call, and what came of it.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// What was asked.
    pub call: CheckCall,
    /// What was answered; null where it did not come to that.
    pub answer: Option<Answer>,
}

/// What came of a check call.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whether it is the answer that was expected.
    pub fits: bool,
    /// What was answered: as Candid text, or the digits of its bytes. Null where there was no answer.
    pub found: Option<String>,
    /// Why there was none.
    pub rejection: Option<String>,
}

impl From<engine::Proof> for Proof {
    fn from(proof: engine::Proof) -> Self {
        Self {
            canisters: all(proof.canisters),
            asked: all(proof.asked),
            trial: proof.trial.map(|trial| trial.to_string()),
        }
    }
}

impl From<engine::CanisterProof> for CanisterProof {
    fn from(proof: engine::CanisterProof) -> Self {
        Self {
            canister: proof.canister.to_string(),
            snapshot: proof.snapshot.map(|snapshot| snapshot.to_string()),
            is_safety: proof.is_safety,
            is_loaded: proof.is_loaded,
            module_hash: proof.module_hash,
            version: proof.version.map(|version| version as f64),
        }
    }
}

impl From<engine::Asked> for Asked {
    fn from(asked: engine::Asked) -> Self {
        Self {
            call: asked.call.into(),
            answer: asked.answer.map(|answer| Answer {
                fits: answer.fits,
                found: answer.found,
                rejection: answer.rejection,
            }),
        }
    }
}

/// How far a job is.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum JobState {
    /// Under way.
    Running,
    /// Taking back what was done.
    Unwinding,
    /// As planned.
    Done {
        /// When, in milliseconds since 1970.
        at: f64,
    },
    /// A person called it off, and what was done is taken back.
    Cancelled {
        /// When, in milliseconds since 1970.
        at: f64,
    },
    /// It failed, and what was done is taken back.
    Failed {
        /// When, in milliseconds since 1970.
        at: f64,
        /// How.
        failure: Failure,
    },
    /// It can go neither on nor back, and needs a person.
    Stuck {
        /// Since when, in milliseconds since 1970.
        at: f64,
        /// Why.
        failure: Failure,
    },
    /// It was stuck, and a person left it as it is.
    Left {
        /// When, in milliseconds since 1970.
        at: f64,
    },
}

/// A step of a job.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What it does.
    pub name: StepName,
    /// How far it is.
    pub progress: StepProgress,
    /// When it began, in milliseconds since 1970.
    pub began_at: Option<f64>,
    /// When it was done or failed, in milliseconds since 1970.
    pub ended_at: Option<f64>,
    /// The time of the certificate that proves it, in milliseconds since 1970.
    pub proven_at: Option<f64>,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum StepProgress {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Done.
    Done,
    /// Failed.
    Failed,
    /// Being taken back.
    Undoing,
    /// Taken back.
    Undone,
}

/// How far a step under way is.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// So much is done.
    pub done: f64,
    /// Of so much, where that is known.
    pub total: Option<f64>,
}

impl From<engine::JobView> for Job {
    fn from(view: engine::JobView) -> Self {
        let engine::JobView {
            job,
            report,
            hindrance,
        } = view;
        let targets: Vec<_> = job
            .deed
            .plan
            .targets
            .iter()
            .cloned()
            .map(Target::from)
            .collect();
        let first = targets.first().cloned();
        let (canister, name) = first
            .map(|target| (target.id, target.name))
            .unwrap_or_default();
        let steps = job.deed.plan.steps.iter().zip(&job.steps);
        Self {
            number: job.id.0,
            kind: job.deed.op.name().into(),
            canister,
            name,
            targets,
            snapshots: snapshots(&job.deed.op),
            made: job.made().map(|canister| canister.to_string()),
            proof: job.proof().into(),
            began_at: milliseconds(job.began_at),
            state: state(&job),
            steps: steps
                .map(|(step, state)| Step {
                    name: step.name().into(),
                    progress: match state.progress {
                        engine::StepProgress::Waiting => StepProgress::Waiting,
                        engine::StepProgress::Running => StepProgress::Running,
                        engine::StepProgress::Done(_) => StepProgress::Done,
                        engine::StepProgress::Failed(_) => StepProgress::Failed,
                        engine::StepProgress::Undoing => StepProgress::Undoing,
                        engine::StepProgress::Undone => StepProgress::Undone,
                    },
                    began_at: state.began_at.map(milliseconds),
                    ended_at: state.ended_at.map(milliseconds),
                    proven_at: state.proven_at.map(|at| at as f64),
                })
                .collect(),
            is_cancelled: job.is_cancelled,
            hindrance: hindrance.as_ref().map(Failure::from),
            report: report.map(|report| Report {
                done: report.done as f64,
                total: report.total.map(|total| total as f64),
            }),
        }
    }
}

/// The snapshots that an operation was asked to work with.
fn snapshots(op: &engine::Op) -> Vec<String> {
    match op {
        engine::Op::DownloadSnapshot(wish) => vec![wish.snapshot.to_string()],
        engine::Op::Restore(wish) => vec![wish.snapshot.to_string()],
        engine::Op::SendSnapshot(wish) => vec![wish.snapshot.to_string()],
        engine::Op::Drill(wish) => vec![wish.snapshot.to_string()],
        engine::Op::RestoreSnapshots { restores } => restores
            .iter()
            .map(|wish| wish.snapshot.to_string())
            .collect(),
        engine::Op::DeleteSnapshots { snapshots, .. } => {
            snapshots.iter().map(ToString::to_string).collect()
        }
        _ => vec![],
    }
}

fn state(job: &engine::Job) -> JobState {
    let at = milliseconds(job.changed_at);
    match &job.state {
        engine::State::Running => JobState::Running,
        engine::State::Unwinding => JobState::Unwinding,
        engine::State::Stuck(failure) => JobState::Stuck {
            at,
            failure: failure.into(),
        },
        engine::State::Ended(engine::End::Done) => JobState::Done { at },
        engine::State::Ended(engine::End::Left) => JobState::Left { at },
        engine::State::Ended(engine::End::Undone) => match &job.failure {
            Some(failure) if failure.code != engine::Code::Cancelled => JobState::Failed {
                at,
                failure: failure.into(),
            },
            _ => JobState::Cancelled { at },
        },
    }
}

/// One method per request.
impl Api {
    pub(crate) async fn check_calls(&self, canister: String) -> Result<Vec<CheckCall>, Failure> {
        let calls = self.engine()?.check_calls(canister.parse()?).await?;
        Ok(all(calls))
    }

    pub(crate) async fn plan(&self, op: Op) -> Result<Plan, Failure> {
        let engine = self.engine()?;
        let op = op.read(&engine)?;
        Ok(engine.plan(&op).await?.into())
    }

    pub(crate) async fn run(&self, op: Op, fingerprint: String) -> Result<f64, Failure> {
        let engine = self.engine()?;
        let op = op.read(&engine)?;
        let job = engine.run(op, &fingerprint).await?;
        Ok(job.0 as f64)
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn cancel(&self, job: u32) -> Result<(), Failure> {
        Ok(self.engine()?.cancel(engine::JobId(job.into()))?)
    }

    pub(crate) async fn retry(&self, job: u32) -> Result<(), Failure> {
        Ok(self.engine()?.retry(engine::JobId(job.into())).await?)
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn leave(&self, job: u32) -> Result<(), Failure> {
        Ok(self.engine()?.leave(engine::JobId(job.into()))?)
    }
}

/// The plan of one of several operations, or why there is none.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Planned {
    /// What will happen.
    Plan {
        /// It.
        plan: Plan,
    },
    /// Nothing.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// An operation whose plan was confirmed.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confirmed {
    /// It.
    pub op: Op,
    /// The plan's fingerprint.
    pub fingerprint: String,
}

/// The job of one of several operations, or why there is none.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Begun {
    /// It is under way.
    Job {
        /// Its number.
        number: f64,
    },
    /// It was not begun.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// The same over several canisters: one that fails stops none of the others.
impl Api {
    pub(crate) async fn plan_each(&self, ops: Vec<Op>) -> Result<Vec<Planned>, Failure> {
        let engine = self.engine()?;
        let ops = ops
            .into_iter()
            .map(|op| op.read(&engine))
            .collect::<Result<Vec<_>, _>>()?;
        let plans = engine.plan_each(ops).await;
        let views = plans.into_iter().map(|plan| match plan {
            Ok(plan) => Planned::Plan { plan: plan.into() },
            Err(error) => Planned::Failed {
                failure: error.into(),
            },
        });
        Ok(views.collect())
    }

    pub(crate) async fn run_each(&self, confirmed: Vec<Confirmed>) -> Result<Vec<Begun>, Failure> {
        let engine = self.engine()?;
        let read = |one: Confirmed| Ok((one.op.read(&engine)?, one.fingerprint));
        let confirmed = confirmed
            .into_iter()
            .map(read)
            .collect::<Result<Vec<_>, Failure>>()?;
        let jobs = engine.run_each(confirmed).await;
        let views = jobs.into_iter().map(|job| match job {
            Ok(job) => Begun::Job {
                number: job.0 as f64,
            },
            Err(error) => Begun::Failed {
                failure: error.into(),
            },
        });
        Ok(views.collect())
    }
}
