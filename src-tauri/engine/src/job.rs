//! A job: everything that changes a canister, as steps that are written down.
//!
//! A [`Job`] is the fold of its [`Event`]s and nothing else. [`Job::apply`] is the only way to change one and rejects what cannot
//! follow; [`Job::next`] tells what has to happen next. Both are pure, so that the app that goes on after a crash does exactly what
//! the app that did not crash would have done.
//!
//! ```text
//!   Running ── all steps done ──────────────────────────▶ Done
//!      │ a step failed, or somebody cancelled
//!      ▼
//!   Unwinding ── every step undone, the last one first ──▶ Undone
//!      │ a step cannot be undone           ▲
//!      ▼                                   │ try again
//!    Stuck ────────────────────────────────┘
//!      └─────── somebody leaves it as it is ────────────▶ Left
//! ```
//!
//! A running job may be *held*: a person paused it. It rests as soon as nothing is in flight, over restarts too, until a person lets it
//! go on or cancels it. Only what harms nobody by waiting can be: see [`Op::may_pause`].
//!
//! Invariants: steps are done in order and undone in reverse; a call of a step has at most one envelope whose end is not known;
//! nothing follows an end.

use crate::{
    CanisterId, Certainty, Code, Error, Fingerprint, NetworkId,
    ops::{Op, Plan, StepName},
    replica::Envelope,
};
use candid::Principal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, time::SystemTime};

/// The number of a job in its journal; later jobs have higher ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What is to be done, where and as whom. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deed {
    /// What a person asked for.
    pub op: Op,
    /// The plan that was confirmed.
    pub plan: Plan,
    /// The network.
    pub network: Fingerprint,
    /// What the network is called on this computer.
    pub network_id: NetworkId,
    /// Who signs.
    pub caller: Principal,
}

/// A failure as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What went wrong.
    pub code: Code,
    /// What is known about the world.
    pub certainty: Certainty,
    /// Values for the sentence.
    pub facts: BTreeMap<String, String>,
    /// The whole chain of causes.
    pub report: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code,
            certainty: error.certainty,
            facts: error
                .facts
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect(),
            report: error.chain(),
        }
    }
}

impl Failure {
    /// The failure as an error again.
    pub fn to_error(&self) -> Error {
        let error = Error::new(self.code, "carrying out a job")
            .certainty(self.certainty)
            .because(self.report.clone());
        self.facts.iter().fold(error, |error, (name, value)| {
            error.with(name.clone(), value)
        })
    }
}

/// Forwards or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// As planned.
    Forward,
    /// Taking a step back.
    Back,
}

/// A call that was signed, and what the world was like then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The step that it belongs to.
    pub step: usize,
    /// Whether it does the step or undoes it.
    pub direction: Direction,
    /// What is called.
    pub method: String,
    /// What the step has to know of the world to tell later whether the call took effect.
    pub before: Value,
    /// What is sent. Its bytes lie beside the log while they may be needed.
    pub envelope: Envelope,
}

/// Something that happened to a job. Written down before anybody acts on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    tag = "event",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Event {
    /// It exists.
    Began {
        /// What is to be done.
        deed: Box<Deed>,
    },
    /// A step begins; once more after a restart.
    StepBegan {
        /// Which.
        step: usize,
    },
    /// A call was signed. Synced before its first byte leaves.
    Sealed(Box<Sent>),
    /// The end of that call is known.
    Settled {
        /// The step that it belongs to.
        step: usize,
        /// Whether it did the step or undid it.
        direction: Direction,
        /// What was called.
        method: String,
        /// Whether it took effect.
        is_done: bool,
    },
    /// A step is done.
    StepDone {
        /// Which.
        step: usize,
        /// What came of it.
        output: Value,
        /// The time of the certificate that proves it, in milliseconds since 1970.
        proven_at: Option<u64>,
    },
    /// A step failed for good.
    StepFailed {
        /// Which.
        step: usize,
        /// How.
        failure: Failure,
    },
    /// A person wants it to end.
    CancelAsked,
    /// A person wants it to rest where it is.
    PauseAsked,
    /// A person wants it to go on.
    PauseEnded,
    /// It turns back.
    Turned {
        /// Why.
        failure: Failure,
    },
    /// A step begins to be undone; once more after a restart.
    UndoBegan {
        /// Which.
        step: usize,
    },
    /// A step is undone.
    UndoDone {
        /// Which.
        step: usize,
    },
    /// It can go neither on nor back.
    Stuck {
        /// Where.
        step: usize,
        /// Why.
        failure: Failure,
    },
    /// A person wants it to try once more.
    Retried,
    /// It is over.
    Ended {
        /// How.
        end: End,
    },
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// As planned.
    Done,
    /// Everything that can be taken back was taken back. What stays says so of itself: [`Progress::Stays`].
    Undone,
    /// It was stuck, and a person leaves it as it is.
    Left,
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Going forward.
    Running,
    /// Taking back what was done.
    Unwinding,
    /// It needs a person.
    Stuck(Failure),
    /// Over.
    Ended(End),
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not begun.
    Waiting,
    /// Under way.
    Running,
    /// Done, with what came of it.
    Done(Value),
    /// Failed.
    Failed(Failure),
    /// Being undone.
    Undoing,
    /// Undone, or never begun when the job turned back.
    Undone,
    /// Done for good: the job turned back afterwards, and this stays.
    Stays,
}

/// A step of a job.
#[derive(Clone, Debug)]
pub struct StepState {
    /// How far it is.
    pub progress: Progress,
    /// When it began first.
    pub began_at: Option<SystemTime>,
    /// When it was done or failed.
    pub ended_at: Option<SystemTime>,
    /// What it remembers.
    pub scratch: Value,
    /// What came of it, kept while it is undone.
    pub output: Option<Value>,
    /// The time of the certificate that proves it, in milliseconds since 1970.
    pub proven_at: Option<u64>,
}

/// A job as its events tell it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// What is to be done.
    pub deed: Deed,
    /// How far it is.
    pub state: State,
    /// Each step of the plan.
    pub steps: Vec<StepState>,
    /// Whether a person wants it to end.
    pub is_cancelled: bool,
    /// Whether a person wants it to rest.
    pub is_held: bool,
    /// Why it turned back.
    pub failure: Option<Failure>,
    /// When it began.
    pub began_at: SystemTime,
    /// When something happened to it last.
    pub changed_at: SystemTime,
    /// The number of its newest event.
    pub news: u64,
    /// Calls whose end is not known.
    pub(crate) open: Vec<Sent>,
}

/// What has to happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Do this step.
    Do(usize),
    /// Turn back.
    Turn,
    /// Undo this step.
    Undo(usize),
    /// Write down the end.
    End(End),
    /// Nothing: it is over, or it needs a person.
    Rest,
}

/// An event that cannot follow.
#[derive(Debug, thiserror::Error)]
#[error("{event} cannot follow in job {job}, which is {state}")]
pub(crate) struct Illegal {
    job: JobId,
    event: String,
    state: String,
}

impl Job {
    /// The canister that it made, once it did.
    pub fn made(&self) -> Option<CanisterId> {
        let mut outputs = self.steps.iter().filter_map(|step| step.output.as_ref());
        outputs.find_map(|output| output["canister"].as_str()?.parse().ok())
    }

    /// What it did for good before it turned back.
    pub fn stays(&self) -> Vec<StepName> {
        let steps = self.deed.plan.steps.iter().zip(&self.steps);
        steps
            .filter(|(_, state)| state.progress == Progress::Stays)
            .map(|(step, _)| step.name())
            .collect()
    }

    /// A job that has just begun.
    pub(crate) fn begin(id: JobId, deed: Deed, news: u64, at: SystemTime) -> Self {
        let waiting = StepState {
            progress: Progress::Waiting,
            began_at: None,
            ended_at: None,
            scratch: Value::Null,
            output: None,
            proven_at: None,
        };
        Self {
            id,
            steps: vec![waiting; deed.plan.steps.len()],
            deed,
            state: State::Running,
            is_cancelled: false,
            is_held: false,
            failure: None,
            began_at: at,
            changed_at: at,
            news,
            open: vec![],
        }
    }

    /// Whether it is under way: neither over nor waiting for a person.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, State::Running | State::Unwinding)
    }

    /// Whether it rests because a person wants it to, with nothing in flight.
    pub fn is_paused(&self) -> bool {
        self.state == State::Running && self.next() == Next::Rest
    }

    /// Whether a person may let it rest.
    pub fn may_pause(&self) -> bool {
        let may = self.deed.op.may_pause();
        may && self.state == State::Running && !self.is_held && !self.is_cancelled
    }

    /// Whether it works on a canister.
    pub fn is_about(&self, network: Fingerprint, canister: CanisterId) -> bool {
        let targets = &self.deed.plan.targets;
        self.deed.network == network && targets.iter().any(|target| target.id == canister)
    }

    /// The call of a step whose end is not known.
    pub(crate) fn open_call(
        &self,
        step: usize,
        direction: Direction,
        method: &str,
    ) -> Option<&Sent> {
        self.open
            .iter()
            .find(|sent| sent.step == step && sent.direction == direction && sent.method == method)
    }

    /// What has to happen next.
    pub(crate) fn next(&self) -> Next {
        match self.state {
            State::Running => {
                let is_done = |step: &StepState| matches!(step.progress, Progress::Done(_));
                match self.steps.iter().position(|step| !is_done(step)) {
                    None => Next::End(End::Done),
                    // What is in flight is followed to its end before anybody turns back.
                    Some(step) if !self.open.is_empty() => Next::Do(step),
                    Some(_) if self.is_cancelled => Next::Turn,
                    Some(step) if matches!(self.steps[step].progress, Progress::Failed(_)) => {
                        Next::Turn
                    }
                    Some(_) if self.is_held => Next::Rest,
                    Some(step) => Next::Do(step),
                }
            }
            State::Unwinding => self
                .steps
                .iter()
                .rposition(|step| {
                    !matches!(
                        step.progress,
                        Progress::Undone | Progress::Stays | Progress::Waiting
                    )
                })
                .map_or(Next::End(End::Undone), Next::Undo),
            State::Stuck(_) | State::Ended(_) => Next::Rest,
        }
    }

    /// Takes an event in. What cannot follow is rejected and changes nothing.
    pub(crate) fn apply(
        &mut self,
        event: &Event,
        news: u64,
        at: SystemTime,
    ) -> Result<(), Illegal> {
        if !self.may_follow(event) {
            return Err(Illegal {
                job: self.id,
                event: format!("{event:?}"),
                state: format!("{:?}", self.state),
            });
        }
        self.news = news;
        self.changed_at = at;
        match event.clone() {
            Event::Began { .. } => {}
            Event::StepBegan { step } => {
                self.steps[step].progress = Progress::Running;
                self.steps[step].began_at.get_or_insert(at);
            }
            Event::Sealed(sent) => {
                self.open.retain(|other| {
                    (other.step, other.direction, &other.method)
                        != (sent.step, sent.direction, &sent.method)
                });
                self.open.push(*sent);
            }
            Event::Settled {
                step,
                direction,
                method,
                ..
            } => self.open.retain(|sent| {
                (sent.step, sent.direction, &sent.method) != (step, direction, &method)
            }),
            Event::StepDone {
                step,
                output,
                proven_at,
            } => {
                self.open.clear();
                let done = &mut self.steps[step];
                done.output = Some(output.clone());
                done.progress = Progress::Done(output);
                done.proven_at = proven_at;
                done.ended_at = Some(at);
            }
            Event::StepFailed { step, failure } => {
                self.open.retain(|sent| sent.step != step);
                self.steps[step].progress = Progress::Failed(failure);
                self.steps[step].ended_at = Some(at);
            }
            Event::CancelAsked => {
                self.is_cancelled = true;
                self.is_held = false;
            }
            Event::PauseAsked => self.is_held = true,
            Event::PauseEnded => self.is_held = false,
            Event::Turned { failure } => {
                self.state = State::Unwinding;
                self.is_held = false;
                self.failure = Some(failure);
            }
            Event::UndoBegan { step } => self.steps[step].progress = Progress::Undoing,
            Event::UndoDone { step } => {
                self.open.clear();
                // What cannot be taken back is not called taken back.
                let stays = self.deed.plan.steps[step].verb().is_lasting()
                    && self.steps[step].output.is_some();
                self.steps[step].progress = if stays {
                    Progress::Stays
                } else {
                    Progress::Undone
                };
            }
            Event::Stuck { failure, .. } => {
                self.is_held = false;
                // A call that was refused may be made anew; one whose end is unknown is only ever asked for.
                if failure.certainty != Certainty::Unknown {
                    self.open.clear();
                }
                self.state = State::Stuck(failure);
            }
            Event::Retried => {
                self.state = if self.failure.is_some() {
                    State::Unwinding
                } else {
                    State::Running
                };
            }
            Event::Ended { end } => {
                self.open.clear();
                self.state = State::Ended(end);
            }
        }
        Ok(())
    }

    fn may_follow(&self, event: &Event) -> bool {
        let at = |step: &usize| self.steps.get(*step).map(|step| &step.progress);
        let is_next = |step: &usize| self.next() == Next::Do(*step);
        let is_next_undo = |step: &usize| self.next() == Next::Undo(*step);
        let is_running = |step: &usize| match self.state {
            State::Running => matches!(at(step), Some(Progress::Running)),
            State::Unwinding => matches!(at(step), Some(Progress::Undoing)),
            _ => false,
        };
        match event {
            Event::Began { .. } => false,
            Event::StepBegan { step } => is_next(step),
            Event::Sealed(sent) => {
                is_running(&sent.step)
                    && (sent.direction == Direction::Forward) == (self.state == State::Running)
            }
            Event::Settled {
                step,
                direction,
                method,
                ..
            } => self.is_under_way() && self.open_call(*step, *direction, method).is_some(),
            Event::StepDone { step, .. } | Event::StepFailed { step, .. } => {
                self.state == State::Running && is_running(step)
            }
            Event::CancelAsked => self.state == State::Running && !self.is_cancelled,
            Event::PauseAsked => self.may_pause(),
            Event::PauseEnded => self.state == State::Running && self.is_held,
            Event::Turned { .. } => self.state == State::Running && self.open.is_empty(),
            Event::UndoBegan { step } => is_next_undo(step),
            Event::UndoDone { step } => self.state == State::Unwinding && is_running(step),
            Event::Stuck { .. } => self.is_under_way(),
            Event::Retried | Event::Ended { end: End::Left } => {
                matches!(self.state, State::Stuck(_))
            }
            Event::Ended { end } => self.next() == Next::End(*end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{Downtime, Undo, copies::UploadCopy, lifecycle::Stop};

    fn job(steps: usize) -> Job {
        let canister = CanisterId::from(Principal::from_slice(&[7]));
        let stop = || Stop { canister }.into();
        let deed = Deed {
            op: Op::Stop { canister },
            plan: Plan {
                targets: vec![],
                steps: (0..steps).map(|_| stop()).collect(),
                checks: vec![],
                cost: 0,
                downtime: Downtime::Open,
                undo: Undo::Start,
                twin: vec![],
                fingerprint: String::new(),
            },
            network: Fingerprint::of(b"a network"),
            network_id: NetworkId::Practice,
            caller: Principal::anonymous(),
        };
        Job::begin(JobId(1), deed, 1, SystemTime::UNIX_EPOCH)
    }

    fn failure(code: Code) -> Failure {
        Failure::from(&Error::new(code, "testing"))
    }

    fn done(step: usize) -> Event {
        Event::StepDone {
            step,
            output: Value::Null,
            proven_at: None,
        }
    }

    /// Takes in all of them, or says which one cannot follow.
    fn fold(job: &mut Job, events: &[Event]) -> Result<(), usize> {
        for (place, event) in events.iter().enumerate() {
            job.apply(event, place as u64 + 2, SystemTime::UNIX_EPOCH)
                .map_err(|_| place)?;
        }
        Ok(())
    }

    #[test]
    fn steps_are_done_in_order_and_then_it_ends() {
        let mut job = job(2);
        let events = [
            Event::StepBegan { step: 0 },
            done(0),
            Event::StepBegan { step: 1 },
            done(1),
            Event::Ended { end: End::Done },
        ];
        assert_eq!(fold(&mut job, &events), Ok(()));
        assert_eq!(job.next(), Next::Rest, "nothing follows an end");
    }

    #[test]
    fn what_failed_is_undone_in_reverse_and_the_failed_step_too() {
        let mut job = job(3);
        let events = [
            Event::StepBegan { step: 0 },
            done(0),
            Event::StepBegan { step: 1 },
            Event::StepFailed {
                step: 1,
                failure: failure(Code::Refused),
            },
            Event::Turned {
                failure: failure(Code::Refused),
            },
        ];
        assert_eq!(fold(&mut job, &events), Ok(()));
        assert_eq!(
            job.next(),
            Next::Undo(1),
            "it may have happened by half, so it is looked at first"
        );
        let events = [Event::UndoBegan { step: 1 }, Event::UndoDone { step: 1 }];
        assert_eq!(fold(&mut job, &events), Ok(()));
        assert_eq!(job.next(), Next::Undo(0));
        let events = [Event::UndoBegan { step: 0 }, Event::UndoDone { step: 0 }];
        assert_eq!(fold(&mut job, &events), Ok(()));
        assert_eq!(job.next(), Next::End(End::Undone), "step 2 never began");
    }

    #[test]
    fn what_cannot_follow_is_rejected_and_changes_nothing() {
        let illegal = [
            vec![Event::StepBegan { step: 1 }],
            vec![done(0)],
            vec![Event::UndoBegan { step: 0 }],
            vec![Event::Ended { end: End::Done }],
            vec![Event::Ended { end: End::Left }],
            vec![Event::Retried],
            vec![Event::CancelAsked, Event::CancelAsked],
            vec![Event::PauseAsked],
            vec![Event::PauseEnded],
            vec![Event::StepBegan { step: 0 }, done(0), done(0)],
            vec![Event::StepBegan { step: 9 }],
        ];
        for events in illegal {
            let mut job = job(2);
            let last = events.len() - 1;
            assert_eq!(fold(&mut job, &events[..last]), Ok(()), "{events:?}");
            let before = format!("{job:?}");
            assert_eq!(fold(&mut job, &events[last..]), Err(0), "{events:?}");
            assert_eq!(
                format!("{job:?}"),
                before,
                "a rejected event leaves no trace"
            );
        }
    }

    #[test]
    fn a_stuck_job_goes_on_where_it_was_or_is_left() {
        for (last, next) in [
            (Event::Retried, Next::Do(0)),
            (Event::Ended { end: End::Left }, Next::Rest),
        ] {
            let mut job = job(1);
            let events = [
                Event::StepBegan { step: 0 },
                Event::Stuck {
                    step: 0,
                    failure: failure(Code::OutcomeUnknown),
                },
            ];
            assert_eq!(fold(&mut job, &events), Ok(()));
            assert_eq!(job.next(), Next::Rest, "it waits for a person");
            assert_eq!(fold(&mut job, &[last]), Ok(()));
            assert_eq!(job.next(), next);
        }
    }

    /// The same steps as those of an upload, the only operation that may be paused.
    fn upload(steps: usize) -> Job {
        let mut job = job(steps);
        job.deed.op = Op::UploadCopy(UploadCopy {
            canister: CanisterId::from(Principal::from_slice(&[7])),
            folder: "a copy".into(),
            replace: None,
            compares_all: false,
        });
        job
    }

    #[test]
    fn a_paused_job_rests_until_somebody_lets_it_go_on_or_cancels_it() {
        for (last, next) in [
            (Event::PauseEnded, Next::Do(0)),
            (Event::CancelAsked, Next::Turn),
        ] {
            let mut job = upload(2);
            let events = [Event::StepBegan { step: 0 }, Event::PauseAsked];
            assert_eq!(fold(&mut job, &events), Ok(()));
            assert!(job.is_paused() && job.is_under_way());
            assert_eq!(
                fold(&mut job, &[Event::PauseAsked]),
                Err(0),
                "nothing is paused twice"
            );
            assert_eq!(fold(&mut job, &[last]), Ok(()));
            assert_eq!(job.next(), next);
            assert!(!job.is_paused());
        }
    }

    #[test]
    fn what_is_paused_at_the_end_of_a_step_rests_before_the_next_and_what_fails_turns_back() {
        let mut job = upload(2);
        let events = [Event::StepBegan { step: 0 }, Event::PauseAsked, done(0)];
        assert_eq!(fold(&mut job, &events), Ok(()));
        assert_eq!(job.next(), Next::Rest);
        let began = [Event::StepBegan { step: 1 }];
        assert_eq!(fold(&mut job, &began), Err(0), "nothing begins meanwhile");
        let mut job = upload(2);
        let failed = Event::StepFailed {
            step: 0,
            failure: failure(Code::Refused),
        };
        let events = [Event::StepBegan { step: 0 }, Event::PauseAsked, failed];
        assert_eq!(fold(&mut job, &events), Ok(()));
        assert_eq!(job.next(), Next::Turn, "half of it is of no use to anybody");
    }

    #[test]
    fn a_cancelled_job_turns_back_at_the_next_step() {
        let mut job = job(2);
        let events = [Event::StepBegan { step: 0 }, Event::CancelAsked, done(0)];
        assert_eq!(fold(&mut job, &events), Ok(()));
        assert_eq!(job.next(), Next::Turn);
    }
}
