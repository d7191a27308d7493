//! Jobs as the front end sees them: what can be asked for (`op`), the plan to confirm (`plan`), and how far each one is.

mod op;
mod plan;

pub use op::{CheckCall, OnFailure, Op, Restore};
pub use plan::{
    Check, CheckName, CheckVerdict, Downtime, OpName, Plan, PlannedStep, StepName, Target, Undo,
};

use crate::{Api, calls::all, failure::Failure, wire::milliseconds};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
    /// Whether it can be paused now.
    pub may_pause: bool,
    /// Whether a person asked it to pause; it does when nothing is in flight any more.
    pub is_held: bool,
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
    /// Paused: it goes on when a person wants it to.
    Paused {
        /// Since when, in milliseconds since 1970.
        at: f64,
    },
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
    /// The canister that it works on, where the job works on several.
    pub target: Option<Target>,
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
    /// Done for good: the job turned back afterwards, and this stays.
    Stays,
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
            is_at_work,
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
            state: state(&job, is_at_work),
            steps: steps
                .map(|(step, state)| Step {
                    name: step.name().into(),
                    target: job
                        .deed
                        .plan
                        .one_of_several(step)
                        .cloned()
                        .map(Target::from),
                    progress: match state.progress {
                        engine::StepProgress::Waiting => StepProgress::Waiting,
                        engine::StepProgress::Running => StepProgress::Running,
                        engine::StepProgress::Done(_) => StepProgress::Done,
                        engine::StepProgress::Failed(_) => StepProgress::Failed,
                        engine::StepProgress::Undoing => StepProgress::Undoing,
                        engine::StepProgress::Undone => StepProgress::Undone,
                        engine::StepProgress::Stays => StepProgress::Stays,
                    },
                    began_at: state.began_at.map(milliseconds),
                    ended_at: state.ended_at.map(milliseconds),
                    proven_at: state.proven_at.map(|at| at as f64),
                })
                .collect(),
            is_cancelled: job.is_cancelled,
            may_pause: job.may_pause(),
            is_held: job.is_held,
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

fn state(job: &engine::Job, is_at_work: bool) -> JobState {
    let at = milliseconds(job.changed_at);
    match &job.state {
        engine::State::Running if job.is_paused() && !is_at_work => JobState::Paused { at },
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

    pub(crate) async fn cancel(&self, job: u32) -> Result<(), Failure> {
        Ok(self.engine()?.cancel(engine::JobId(job.into())).await?)
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn pause(&self, job: u32) -> Result<(), Failure> {
        Ok(self.engine()?.pause(engine::JobId(job.into()))?)
    }

    pub(crate) async fn go_on(&self, job: u32) -> Result<(), Failure> {
        Ok(self.engine()?.go_on(engine::JobId(job.into())).await?)
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
