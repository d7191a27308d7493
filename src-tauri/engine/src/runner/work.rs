//! What a step can do: look at the world, change it, remember how far it is, and tell.

use super::{Conduct, Inner, Report, delivery::Delivered};
use crate::{
    CanisterId, Certainty, Code, Error, Result, Status, canister,
    job::{Direction, Event, JobId, Sent},
    journal::milliseconds,
    ops::{Happened, Verb, World},
    replica::{Answer, Call, Replica, read_reply},
    snapshot::{self, Snapshot},
};
use serde_json::Value;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use tokio_util::sync::CancellationToken;

/// A step at work.
pub(crate) struct Work {
    pub(super) inner: Arc<Inner>,
    pub(super) job: JobId,
    step: usize,
    pub(super) direction: Direction,
    world: World,
    pub(super) token: CancellationToken,
    /// The time of the newest certificate that proved a change, in milliseconds since 1970; 0 before the first.
    pub(super) proven_at: AtomicU64,
}

/// How a call that must happen once came to be done.
pub(crate) enum Done<Reply> {
    /// The network's reply says so.
    Replied(Reply),
    /// The world shows it, with what came of it.
    Adopted(Value),
}

impl Work {
    pub(super) fn forward(
        inner: Arc<Inner>,
        job: JobId,
        step: usize,
        world: World,
        token: CancellationToken,
    ) -> Self {
        Self {
            inner,
            job,
            step,
            direction: Direction::Forward,
            world,
            token,
            proven_at: AtomicU64::new(0),
        }
    }

    pub(super) fn back(
        inner: Arc<Inner>,
        job: JobId,
        step: usize,
        world: World,
        token: CancellationToken,
    ) -> Self {
        Self {
            direction: Direction::Back,
            ..Self::forward(inner, job, step, world, token)
        }
    }

    /// The network as who we are.
    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// The door to the network, for reads and for transfers whose pieces may be repeated.
    pub(crate) fn replica(&self) -> &Replica {
        &self.world.replica
    }

    /// Whether a person wants the job to end, and it can end here. Never while a step is undone, and never once a call of the step has
    /// left: both have to be finished.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.token.is_cancelled() && self.may_end_here()
    }

    fn may_end_here(&self) -> bool {
        let job = self.inner.job(self.job);
        self.direction == Direction::Forward && job.is_some_and(|job| job.open.is_empty())
    }

    /// Ends the step with [`Code::Cancelled`] if a person wants the job to end.
    pub(crate) fn go_on(&self) -> Result<()> {
        if self.is_cancelled() {
            Err(Error::new(Code::Cancelled, "doing a step"))
        } else {
            Ok(())
        }
    }

    /// What for long work to look at beside the network.
    pub(crate) fn token(&self) -> CancellationToken {
        match self.direction {
            Direction::Forward => self.token.clone(),
            Direction::Back => CancellationToken::new(),
        }
    }

    /// Tells how far the step is. As often as one likes.
    pub(crate) fn report(&self, done: u64, total: Option<u64>) {
        let report = Report { done, total };
        self.inner.report(self.job, report, Instant::now());
    }

    /// The same for work in other threads: bytes done since the last call, of so many in all.
    pub(crate) fn counter(&self, total: u64) -> impl Fn(u64) + Send + Sync + use<> {
        let (inner, job) = (self.inner.clone(), self.job);
        let done = AtomicU64::new(0);
        move |more| {
            let done = done.fetch_add(more, Ordering::Relaxed) + more;
            let total = Some(total);
            inner.report(job, Report { done, total }, Instant::now());
        }
    }

    /// What the step remembered, null at first.
    pub(crate) fn remembered(&self) -> Value {
        self.inner
            .job(self.job)
            .and_then(|job| job.steps.get(self.step).map(|step| step.scratch.clone()))
            .unwrap_or_default()
    }

    /// Remembers something over restarts, in place of what was remembered before. Synced: about once a second is enough.
    pub(crate) fn remember(&self, scratch: Value) -> Result<()> {
        let mut book = self.inner.book();
        let super::Book { journal, jobs, .. } = &mut *book;
        match (journal, jobs.get_mut(&self.job)) {
            (Some(journal), Some(job)) => journal.remember(job, self.step, scratch),
            _ => Err(super::not_found(self.job)),
        }
    }

    /// What came of an earlier step.
    pub(crate) fn output(&self, step: usize) -> Option<Value> {
        self.inner
            .job(self.job)
            .and_then(|job| job.steps.get(step)?.output.clone())
    }

    pub(super) fn proven_at(&self) -> Option<u64> {
        Some(self.proven_at.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }

    /// The certified status of a canister. A lost network is waited for.
    pub(crate) async fn status(&self, canister: CanisterId) -> Result<Status> {
        self.look(|| canister::read_certified(&self.world.replica, canister))
            .await
    }

    /// The certified list of a canister's snapshots. A lost network is waited for.
    pub(crate) async fn snapshots(&self, canister: CanisterId) -> Result<Vec<Snapshot>> {
        self.look(|| snapshot::list(&self.world.replica, canister))
            .await
    }

    /// Asks until there is an answer; only a network that is gone or overloaded is asked again.
    pub(crate) async fn look<T, Asked: Future<Output = Result<T>>>(
        &self,
        ask: impl Fn() -> Asked,
    ) -> Result<T> {
        let mut pauses = self.pauses();
        loop {
            self.go_on()?;
            match ask().await {
                Err(error) if is_weather(&error) => {
                    self.inner.hinder(self.job, Some(&error));
                    self.pause(pauses.next()).await;
                }
                answer => {
                    self.inner.hinder(self.job, None);
                    return answer;
                }
            }
        }
    }

    /// Makes a change that does no harm if it happens twice.
    pub(crate) async fn repeat<Reply: Answer>(&self, call: Call<Reply>) -> Result<Reply> {
        match self.send(None, &call).await? {
            Done::Replied(reply) => Ok(reply),
            Done::Adopted(_) => Err(Error::new(Code::Bug, "repeating a call")),
        }
    }

    /// Makes a change that must not happen twice. `verb` knows how to tell from the world whether it happened.
    pub(crate) async fn once<Reply: Answer>(
        &self,
        verb: &dyn Verb,
        call: Call<Reply>,
    ) -> Result<Done<Reply>> {
        self.send(Some(verb), &call).await
    }

    async fn send<Reply: Answer>(
        &self,
        once: Option<&dyn Verb>,
        call: &Call<Reply>,
    ) -> Result<Done<Reply>> {
        let mut pauses = self.pauses();
        let mut attempts = self.inner.conduct.attempts;
        // Since when a checkpoint is waited for, for whoever shows how long it takes.
        let mut since = None;
        loop {
            let open = self.inner.job(self.job).and_then(|job| {
                job.open_call(self.step, self.direction, call.method())
                    .cloned()
            });
            let is_fresh = open.is_none();
            let sent = match open {
                Some(sent) => sent,
                None => self.seal(once, call).await?,
            };
            let doing = sent.envelope.doing().to_owned();
            let mut error = match self.deliver(&sent.envelope, is_fresh).await? {
                Delivered::Replied(reply) => {
                    return read_reply(&doing, reply).map(Done::Replied);
                }
                Delivered::Refused(error) => error,
                Delivered::NeverLeft | Delivered::LeftAlone => {
                    self.settle(call)?;
                    return Err(Error::new(Code::Cancelled, doing));
                }
                Delivered::RefusedUnproven(error) => match self.happened(once, &sent).await? {
                    Some(output) => return Ok(Done::Adopted(output)),
                    None => error,
                },
                Delivered::Lost => match self.happened(once, &sent).await? {
                    Some(output) => return Ok(Done::Adopted(output)),
                    None => expired(&doing),
                },
                Delivered::NeverTaken => expired(&doing),
            };
            // The next checkpoint comes for sure, and nothing is lost by waiting: until then this is no attempt.
            if error.code == Code::NotYetLoadable {
                if once.is_some_and(|verb| !verb.waits_for_checkpoint()) {
                    return Err(error);
                }
                error = error
                    .with(
                        "since",
                        since.get_or_insert_with(|| milliseconds(SystemTime::now())),
                    )
                    .with("atMostSeconds", self.inner.conduct.checkpoint.as_secs());
            } else {
                attempts = attempts.saturating_sub(1);
            }
            if attempts == 0 || !is_passing(&error) {
                // Not settled: whoever is killed before the failure is written down asks for the same envelope again, and gets the
                // same answer.
                return Err(error);
            }
            self.settle(call)?;
            self.inner.hinder(self.job, Some(&error));
            self.go_on()?;
            self.pause(pauses.next()).await;
        }
    }

    /// Waits until a moment of this computer's time, and says for what, and since when. A person who wants the job to end ends it.
    pub(crate) async fn wait_until(&self, moment: SystemTime, reason: &Error) -> Result<()> {
        self.inner.hinder(self.job, Some(reason));
        loop {
            self.go_on()?;
            // By the calendar, so that the time that the computer sleeps counts.
            match moment.duration_since(SystemTime::now()) {
                Ok(left) if !left.is_zero() => {
                    self.pause(left.min(self.inner.conduct.longest_pause)).await;
                }
                _ => break,
            }
        }
        self.inner.hinder(self.job, None);
        Ok(())
    }

    /// Signs a call and writes it down. Nothing is sent yet.
    async fn seal<Reply>(&self, once: Option<&dyn Verb>, call: &Call<Reply>) -> Result<Sent> {
        self.go_on()?;
        let before = match once {
            Some(verb) => verb.before(self).await?,
            None => Value::Null,
        };
        let sent = Sent {
            step: self.step,
            direction: self.direction,
            method: call.method().to_owned(),
            before,
            envelope: self.world.replica.seal(call)?.envelope,
        };
        self.inner
            .append(self.job, &Event::Sealed(Box::new(sent.clone())))?;
        Ok(sent)
    }

    /// Writes down that a call had no effect.
    fn settle<Reply>(&self, call: &Call<Reply>) -> Result<()> {
        self.inner.append(
            self.job,
            &Event::Settled {
                step: self.step,
                direction: self.direction,
                method: call.method().to_owned(),
                is_done: false,
            },
        )
    }

    /// Whether a call that the network does not answer for took effect. One that may be repeated counts as not.
    async fn happened(&self, once: Option<&dyn Verb>, sent: &Sent) -> Result<Option<Value>> {
        let Some(verb) = once else { return Ok(None) };
        match verb.check(self, &sent.before).await? {
            Happened::No => Ok(None),
            Happened::Yes(output) => Ok(Some(output)),
            Happened::Unclear => Err(unknown(sent.envelope.doing())),
        }
    }

    /// Whether the step can be taken back right now although its call has no end yet.
    pub(super) async fn is_undo_enough(&self) -> bool {
        let Some(job) = self.inner.job(self.job) else {
            return false;
        };
        let step = &job.deed.plan.steps[self.step];
        step.verb().is_undo_enough(self).await
    }

    /// The pauses between tries.
    pub(crate) fn pauses(&self) -> Pauses {
        Pauses::of(&self.inner.conduct)
    }

    /// Waits; a person who wants the job to end is not kept waiting.
    pub(crate) async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.token.cancelled(), if self.may_end_here() => {}
        }
    }

    pub(super) fn note_proof(&self, at: SystemTime) {
        self.proven_at
            .fetch_max(milliseconds(at), Ordering::Relaxed);
    }
}

/// Pauses that grow.
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(super) fn of(conduct: &Conduct) -> Self {
        Self {
            next: conduct.first_pause,
            longest: conduct.longest_pause,
        }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

fn expired(doing: &str) -> Error {
    Error::new(Code::NoNetwork, doing).because("the call expired before the network took it")
}

fn unknown(doing: &str) -> Error {
    Error::new(Code::OutcomeUnknown, doing)
        .with("doing", doing)
        .certainty(Certainty::Unknown)
}

/// Whether a read fails for a reason that passes by itself: the network, not the question.
fn is_weather(error: &Error) -> bool {
    matches!(
        error.code,
        Code::NoNetwork | Code::Throttled | Code::ClockOff | Code::Untrusted
    )
}

/// Whether a refusal passes by itself, so that the same may be asked for again.
pub(super) fn is_passing(error: &Error) -> bool {
    let message = error.facts.get("message").map_or("", String::as_str);
    if error.code == Code::NotYetLoadable {
        return true;
    }
    match error.facts.get("errorCode").map(String::as_str) {
        // Heap delta; a stop that takes longer than five minutes; a state that is not certified yet.
        Some("IC0210" | "IC0206" | "IC0208") => true,
        // Out of cycles has a transient code, but does not pass by itself.
        Some("IC0207") => false,
        // These codes have other reasons too. Only the text tells them apart.
        Some("IC0504") => message.contains("heap delta"),
        Some("IC0406") => message.contains("long-running message"),
        _ => matches!(error.code, Code::Throttled | Code::NoNetwork),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_by_itself_is_asked_for_again_and_nothing_else_is() {
        let refused = |code: &str, message: &str| {
            Error::new(Code::Refused, "testing")
                .with("errorCode", code)
                .with("message", message)
        };
        let table = [
            (refused("IC0210", "heap delta rate limited"), true),
            (refused("IC0206", "Stop canister request timed out"), true),
            (refused("IC0208", "certified state unavailable"), true),
            (refused("IC0207", "out of cycles"), false),
            (refused("IC0504", "exceeds the heap delta limit"), true),
            (refused("IC0504", "the install code limit"), false),
            (refused("IC0406", "a long-running message"), true),
            (refused("IC0406", "snapshot not found"), false),
            (refused("IC0502", "trapped"), false),
            (refused("IC0512", "only controllers"), false),
            (Error::new(Code::Throttled, "testing"), true),
            (Error::new(Code::NoNetwork, "testing"), true),
            (Error::new(Code::NotYetLoadable, "testing"), true),
            (Error::new(Code::NotController, "testing"), false),
            (Error::new(Code::CyclesLow, "testing"), false),
        ];
        for (error, expected) in table {
            assert_eq!(is_passing(&error), expected, "{}", error.chain());
        }
    }
}
