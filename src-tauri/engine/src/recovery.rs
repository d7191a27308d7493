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
        // What a person paused waits for that person.
        .filter(|job| job.is_under_way() && !job.is_paused() && !observed.live.contains(&job.id))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CanisterId, Certainty, Code, Downtime, Error, NetworkId, Op, Plan, Undo,
        job::{Deed, End, Event, Failure},
        ops::lifecycle::Stop,
    };

    const HERE: &[u8] = b"this network";
    const ELSEWHERE: &[u8] = b"another network";
    const ME: Principal = Principal::from_slice(&[1]);
    const SOMEBODY: Principal = Principal::from_slice(&[2]);
    const BEGAN: SystemTime = SystemTime::UNIX_EPOCH;

    fn job(network: &[u8], caller: Principal, events: &[Event]) -> Job {
        let canister = CanisterId::from(Principal::from_slice(&[7]));
        let deed = Deed {
            op: Op::Stop { canister },
            plan: Plan {
                targets: vec![],
                steps: vec![Stop { canister }.into()],
                checks: vec![],
                cost: 0,
                downtime: Downtime::Open,
                undo: Undo::Start,
                twin: vec![],
                fingerprint: String::new(),
            },
            network: Fingerprint::of(network),
            network_id: NetworkId::Practice,
            caller,
        };
        let mut job = Job::begin(JobId(1), deed, 1, BEGAN);
        for (place, event) in events.iter().enumerate() {
            job.apply(event, place as u64 + 2, BEGAN)
                .expect("the test's events follow each other");
        }
        job
    }

    #[test]
    fn every_job_that_nobody_works_on_goes_on_waits_or_is_asked_about() {
        let failure = || Failure::from(&Error::new(Code::Refused, "testing"));
        let unknown = || {
            let error = Error::new(Code::OutcomeUnknown, "testing");
            Failure::from(&error.certainty(Certainty::Unknown))
        };
        let began = || Event::StepBegan { step: 0 };
        let turned = || vec![began(), Event::Turned { failure: failure() }];
        let (soon, next_week) = (Duration::from_secs(60), Duration::from_secs(7 * 86_400));
        let running = |network, caller| job(network, caller, &[began()]);
        let stuck = || {
            job(
                HERE,
                ME,
                &[
                    began(),
                    Event::Stuck {
                        step: 0,
                        failure: unknown(),
                    },
                ],
            )
        };
        let ended = || {
            let events = [began(), Event::Turned { failure: failure() }];
            let mut job = job(HERE, ME, &events);
            for event in [
                Event::UndoBegan { step: 0 },
                Event::UndoDone { step: 0 },
                Event::Ended { end: End::Undone },
            ] {
                job.apply(&event, 9, BEGAN)
                    .expect("the test's events follow each other");
            }
            job
        };
        let table = [
            ("running", running(HERE, ME), soon, Some(Move::GoOn)),
            (
                "of another network",
                running(ELSEWHERE, ME),
                soon,
                Some(Move::Wait),
            ),
            (
                "of somebody else",
                running(HERE, SOMEBODY),
                soon,
                Some(Move::Wait),
            ),
            (
                "of last week",
                running(HERE, ME),
                next_week,
                Some(Move::Ask),
            ),
            (
                "of last week, elsewhere",
                running(ELSEWHERE, ME),
                next_week,
                Some(Move::Wait),
            ),
            (
                "turning back since last week",
                job(HERE, ME, &turned()),
                next_week,
                Some(Move::GoOn),
            ),
            ("stuck", stuck(), soon, None),
            ("ended", ended(), soon, None),
        ];
        for (what, job, rested, expected) in table {
            let observed = Observed {
                network: Fingerprint::of(HERE),
                caller: ME,
                live: BTreeSet::new(),
            };
            let found = plan([&job], &observed, BEGAN + rested);
            let found = found.first().map(|(_, step)| *step);
            assert_eq!(found, expected, "{what}");
            let live = Observed {
                live: BTreeSet::from([job.id]),
                ..observed
            };
            assert_eq!(plan([&job], &live, BEGAN + rested), [], "{what}, at work");
        }
        let set_back = plan(
            [&running(HERE, ME)],
            &Observed {
                network: Fingerprint::of(HERE),
                caller: ME,
                live: BTreeSet::new(),
            },
            BEGAN - soon,
        );
        assert_eq!(
            set_back,
            [(JobId(1), Move::GoOn)],
            "a clock that was set back stops nothing"
        );
    }
}
