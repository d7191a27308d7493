//! What we stopped and did not start again.
//!
//! The first promise is that no canister is left behind. So this is read from two truths: the journal says what was stopped and by
//! which job, also by one that was killed in the middle; the world says whether it still stands. What runs again, or is gone, is not
//! listed, whoever started or deleted it. A person can say "keep it stopped": that holds for this stop, not for the next one.

use crate::{
    Code, Engine, Fingerprint, JobId, Place, Reading, Result, RunState, canister,
    job::{Job, Progress},
    ops::{Op, OpName, Step},
    settings::{self, Kept},
};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::SystemTime};

/// A canister that was stopped and not started again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftStopped {
    /// Which, and where.
    pub place: Place,
    /// What people called it then.
    pub name: String,
    /// Since when.
    pub since: SystemTime,
    /// The job that stopped it.
    pub job: JobId,
    /// What that job was for.
    pub during: OpName,
    /// Whether stopping it was all that was asked for, or somebody said that it stays stopped.
    pub is_wanted: bool,
    /// Whether the world was asked just now: it stands on the network in use, or only the journal says so.
    pub is_seen: bool,
}

/// How many canisters are looked at at the same time.
const LOOKS_AT_ONCE: usize = 8;

/// The stops that a person wants to stay.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptStopped {
    stops: Vec<Stop>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Stop {
    place: Place,
    job: JobId,
}

/// What the journal says was stopped last by us and not started by us, whatever happened to it since.
fn stopped<'a>(jobs: impl IntoIterator<Item = &'a Job>) -> Vec<LeftStopped> {
    let mut left = BTreeMap::<Place, LeftStopped>::new();
    for job in jobs {
        for (step, state) in job.deed.plan.steps.iter().zip(&job.steps) {
            let (canister, stops) = match step {
                Step::Stop(stop) => (stop.canister, true),
                Step::Start(start) => (start.canister, false),
                _ => continue,
            };
            let place = Place {
                network: job.deed.network,
                canister,
            };
            let was_changed = state
                .output
                .as_ref()
                .is_none_or(|output| output["was"] != "asPlanned");
            let stands = match &state.progress {
                Progress::Waiting => continue,
                // Found as wanted: whoever brought it there answers for it.
                Progress::Done(_) if !was_changed => continue,
                Progress::Done(_) | Progress::Stays => stops,
                // Taken back: the other way round. A step that never began is "undone", too, and says nothing.
                Progress::Undone if state.began_at.is_none() || !was_changed => continue,
                Progress::Undone => !stops,
                // In between nobody knows; it counts as stopped, and the world decides.
                Progress::Running | Progress::Undoing | Progress::Failed(_) => true,
            };
            if !stands {
                left.remove(&place);
                continue;
            }
            let targets = &job.deed.plan.targets;
            let target = targets.iter().find(|target| target.id == canister);
            let found = LeftStopped {
                place,
                name: target.map_or_else(|| canister.to_string(), |target| target.name.clone()),
                since: state.ended_at.or(state.began_at).unwrap_or(job.began_at),
                job: job.id,
                during: job.deed.op.name(),
                is_wanted: matches!(job.deed.op, Op::Stop { .. }),
                is_seen: false,
            };
            left.insert(place, found);
        }
    }
    left.into_values().collect()
}

impl Kept for KeptStopped {
    const FILE: &str = "kept.json";
    const VERSION: u32 = 1;
}

impl Engine {
    /// What we stopped and did not start again, as the journal and the world have it. Canisters that a job works on right now are
    /// in its hands. On networks that are not in use, only the journal is asked.
    pub async fn left_stopped(&self) -> Result<Vec<LeftStopped>> {
        let kept = settings::load::<KeptStopped>(&self.folders.config)?;
        let (views, _) = self.jobs.follow();
        let jobs: Vec<_> = views.into_iter().map(|view| view.job).collect();
        let is_worked_on = |left: &LeftStopped| {
            jobs.iter().any(|job| {
                let is_at_work = job.is_under_way() && !job.is_paused();
                is_at_work && job.is_about(left.place.network, left.place.canister)
            })
        };
        let mut left = stopped(&jobs);
        left.retain(|left| !is_worked_on(left));
        for left in &mut left {
            let is_kept = |stop: &Stop| stop.place == left.place && stop.job == left.job;
            left.is_wanted |= kept.stops.iter().any(is_kept);
        }
        if left.is_empty() {
            return Ok(left);
        }
        let connection = self.connection().await?;
        let here: Fingerprint = connection.fingerprint();
        let looked = stream::iter(left).map(|left| {
            let connection = &connection;
            async move {
                if left.place.network != here {
                    return Some(left);
                }
                match canister::read(&connection.replica, left.place.canister).await {
                    Reading::Full(status) if status.run_state == RunState::Running => None,
                    Reading::Failed(error) if error.code == Code::CanisterNotFound => None,
                    Reading::Full(_) => Some(LeftStopped {
                        is_seen: true,
                        ..left
                    }),
                    // It cannot be seen now: better said once too often.
                    Reading::Public(_) | Reading::Failed(_) => Some(left),
                }
            }
        });
        let mut left: Vec<_> = looked
            .buffered(LOOKS_AT_ONCE)
            .filter_map(std::future::ready)
            .collect()
            .await;
        left.sort_by_key(|left| (left.is_wanted, left.since));
        Ok(left)
    }

    /// Says that a canister stays stopped, as it was stopped last. The next stop is another one.
    pub fn keep_stopped(&self, place: Place) -> Result<()> {
        let (views, _) = self.jobs.follow();
        let jobs: Vec<_> = views.into_iter().map(|view| view.job).collect();
        let Some(left) = stopped(&jobs).into_iter().find(|left| left.place == place) else {
            return Ok(());
        };
        let mut kept = settings::load::<KeptStopped>(&self.folders.config)?;
        kept.stops.retain(|stop| stop.place != place);
        kept.stops.push(Stop {
            place,
            job: left.job,
        });
        settings::save(&self.folders.config, &kept)
    }
}
