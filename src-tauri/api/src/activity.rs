//! What was done, as it is read later and as it leaves the app; and what was stopped and not started again.

use crate::{
    Api,
    failure::Failure,
    jobs::{OpName, StepName, Target},
    wire::milliseconds,
};
use canopic_engine::{self as engine, activity};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ts_rs::TS;

/// How an act came out. See [`activity::Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented where the engine declares them")]
pub enum Outcome {
    UnderWay,
    Paused,
    NeedsYou,
    Done,
    Failed,
    Cancelled,
    Left,
}

/// In which form the log leaves the app. See [`activity::Form`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented where the engine declares them")]
pub enum Form {
    Csv,
    Html,
    Json,
}

/// Which acts are wanted; what is absent excludes nothing.
#[derive(Clone, Debug, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[ts(optional_fields)]
pub struct Wanted {
    /// Occurs in a name or an id of a canister, or in the principal of who signed.
    pub text: Option<String>,
    /// Came out like this.
    pub outcome: Option<Outcome>,
    /// Began at this moment or later, in milliseconds since 1970.
    pub since: Option<f64>,
    /// Began before this moment, in milliseconds since 1970.
    pub until: Option<f64>,
}

/// One act, whole.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The number of its job.
    #[ts(type = "number")]
    pub job: u64,
    /// What was asked for.
    pub op: OpName,
    /// The canisters that it worked on.
    pub targets: Vec<Target>,
    /// The fingerprint of the network's root key.
    pub fingerprint: String,
    /// What the network was called on this computer.
    pub network: String,
    /// Who signed.
    pub who: String,
    /// The steps of the plan that was confirmed.
    pub plan: Vec<StepName>,
    /// What the plan was expected to cost, in cycles, decimal.
    pub cost: String,
    /// When it began, in milliseconds since 1970.
    pub began_at: f64,
    /// When something happened to it last, in milliseconds since 1970.
    pub changed_at: f64,
    /// How it came out.
    pub outcome: Outcome,
    /// The time of the newest certificate that proves a step of it, in milliseconds since 1970.
    pub proven_at: Option<f64>,
    /// Why it did not come out as planned.
    pub failure: Option<Failure>,
}

/// What was done.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    /// The acts that are wanted, newest first.
    pub entries: Vec<Entry>,
    /// The first event whose hash does not follow from the one before it: somebody changed the journal. Null if the chain holds.
    #[ts(type = "number | null")]
    pub broken_at: Option<u64>,
}

/// What a record that holds tells.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedRecord {
    /// How many acts are in it.
    pub acts: u32,
    /// How many events they are made of.
    pub events: u32,
    /// When it was exported, in milliseconds since 1970.
    pub exported_at: f64,
}

/// A canister that was stopped and not started again.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LeftStopped {
    /// Which.
    pub canister: String,
    /// The fingerprint of its network's root key.
    pub fingerprint: String,
    /// What people called it then.
    pub name: String,
    /// Since when, in milliseconds since 1970.
    pub since: f64,
    /// The job that stopped it.
    #[ts(type = "number")]
    pub job: u64,
    /// What that job was for.
    pub during: OpName,
    /// Whether stopping it was all that was asked for, or somebody said that it stays stopped.
    pub is_wanted: bool,
    /// Whether the world was asked just now, and not only the journal.
    pub is_seen: bool,
}

impl From<activity::Outcome> for Outcome {
    fn from(outcome: activity::Outcome) -> Self {
        match outcome {
            activity::Outcome::UnderWay => Self::UnderWay,
            activity::Outcome::Paused => Self::Paused,
            activity::Outcome::NeedsYou => Self::NeedsYou,
            activity::Outcome::Done => Self::Done,
            activity::Outcome::Failed => Self::Failed,
            activity::Outcome::Cancelled => Self::Cancelled,
            activity::Outcome::Left => Self::Left,
        }
    }
}

impl From<Outcome> for activity::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::UnderWay => Self::UnderWay,
            Outcome::Paused => Self::Paused,
            Outcome::NeedsYou => Self::NeedsYou,
            Outcome::Done => Self::Done,
            Outcome::Failed => Self::Failed,
            Outcome::Cancelled => Self::Cancelled,
            Outcome::Left => Self::Left,
        }
    }
}

impl From<Form> for activity::Form {
    fn from(form: Form) -> Self {
        match form {
            Form::Csv => Self::Csv,
            Form::Html => Self::Html,
            Form::Json => Self::Json,
        }
    }
}

impl From<Wanted> for activity::Wanted {
    fn from(wanted: Wanted) -> Self {
        // A moment that is no moment excludes nothing.
        let moment = |at: f64| {
            let since = Duration::try_from_secs_f64(at / 1_000.0).ok()?;
            UNIX_EPOCH.checked_add(since)
        };
        Self {
            text: wanted.text.unwrap_or_default(),
            outcome: wanted.outcome.map(Into::into),
            since: wanted.since.and_then(moment),
            until: wanted.until.and_then(moment),
            ..Self::default()
        }
    }
}

impl From<activity::Entry> for Entry {
    fn from(entry: activity::Entry) -> Self {
        Self {
            job: entry.job.0,
            op: entry.op.into(),
            targets: entry.targets.into_iter().map(Target::from).collect(),
            fingerprint: entry.network.to_string(),
            network: entry.network_id.to_string(),
            who: entry.who.to_text(),
            plan: entry.plan.into_iter().map(StepName::from).collect(),
            cost: entry.cost,
            began_at: entry.began_at as f64,
            changed_at: entry.changed_at as f64,
            outcome: entry.outcome.into(),
            proven_at: entry.proven_at.map(|at| at as f64),
            failure: entry.failure.as_ref().map(Failure::from),
        }
    }
}

impl From<engine::LeftStopped> for LeftStopped {
    fn from(left: engine::LeftStopped) -> Self {
        Self {
            canister: left.place.canister.to_string(),
            fingerprint: left.place.network.to_string(),
            name: left.name,
            since: milliseconds(left.since),
            job: left.job.0,
            during: left.during.into(),
            is_wanted: left.is_wanted,
            is_seen: left.is_seen,
        }
    }
}

/// One method per request.
impl Api {
    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn activity(&self, wanted: Wanted) -> Result<Activity, Failure> {
        let engine = self.engine()?;
        let entries = engine.activity(&wanted.into())?;
        Ok(Activity {
            entries: entries.into_iter().map(Entry::from).collect(),
            broken_at: engine.journal_state()?,
        })
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn export_activity(
        &self,
        form: Form,
        wanted: Wanted,
        pick: u32,
    ) -> Result<(), Failure> {
        let path = self.picks.path(pick)?;
        let now = SystemTime::now();
        self.engine()?
            .export_activity(form.into(), &wanted.into(), &path, now)?;
        self.picks.written(pick);
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn verify_activity(&self, pick: u32) -> Result<VerifiedRecord, Failure> {
        let verified = activity::verify_file(&self.picks.path(pick)?)?;
        self.picks.drop(pick);
        Ok(VerifiedRecord {
            acts: verified.acts as u32,
            events: verified.events as u32,
            exported_at: milliseconds(verified.exported_at),
        })
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn save_report(&self, job: u32, pick: u32) -> Result<(), Failure> {
        let path = self.picks.path(pick)?;
        let job = engine::JobId(job.into());
        self.engine()?
            .save_job_report(job, &path, SystemTime::now())?;
        self.picks.written(pick);
        Ok(())
    }

    pub(crate) async fn left_stopped(&self) -> Result<Vec<LeftStopped>, Failure> {
        let left = self.engine()?.left_stopped().await?;
        Ok(left.into_iter().map(LeftStopped::from).collect())
    }

    pub(crate) async fn keep_stopped(
        &self,
        canister: String,
        fingerprint: String,
    ) -> Result<Vec<LeftStopped>, Failure> {
        self.engine()?.keep_stopped(engine::Place {
            canister: canister.parse()?,
            network: fingerprint
                .parse()
                .map_err(|error| Failure::bug("reading a fingerprint", &error))?,
        })?;
        self.left_stopped().await
    }
}
