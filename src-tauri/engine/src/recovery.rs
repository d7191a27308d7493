//! What to do with jobs that nobody is working on: after a start, and when a network comes back.
//!
//! Pure, so that every case can be tested: the jobs of the journal, what is observed, the time; out comes what happens to each. One
//! path serves a process that was killed and a network that went away.

use crate::{
    Fingerprint,
    job::{Job, JobId, State},
};
use candid::Principal;
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

/// Whatever rested longer than this is not gone on with unasked: people have acted by hand by then.
const UNASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// What is there right now.
pub(crate) struct Observed {
    /// The network in reach.
    pub(crate) network: Fingerprint,
    /// Who can sign.
    pub(crate) caller: Principal,
    /// The jobs that are being worked on.
    pub(crate) live: BTreeSet<JobId>,
}

/// What happens to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// It goes on where it was: forward, or back.
    GoOn,
    /// It waits for its network or its identity.
    Wait,
    /// A person is asked.
    Ask,
}

/// What happens to each job that is under way and that nobody works on.
pub(crate) fn plan<'a>(
    jobs: impl IntoIterator<Item = &'a Job>,
    observed: &Observed,
    now: SystemTime,
) -> Vec<(JobId, Move)> {
    jobs.into_iter()
        .filter(|job| job.is_under_way() && !observed.live.contains(&job.id))
        .map(|job| (job.id, decide(job, observed, now)))
        .collect()
}

fn decide(job: &Job, observed: &Observed, now: SystemTime) -> Move {
    let rested = now.duration_since(job.changed_at).unwrap_or_default();
    if job.deed.network != observed.network || job.deed.caller != observed.caller {
        Move::Wait
    } else if rested > UNASKED && job.state == State::Running {
        Move::Ask
    } else {
        Move::GoOn
    }
}
