//! Runs jobs: one step after the other, each written down before it is acted on.
//!
//! The order that nothing may change: **write, then act**. A call is signed, its envelope is synced to disk, and only then does its
//! first byte leave. Whatever happens after that, the envelope is all that is ever sent again; its request id tells, by certificate,
//! what became of it. When it can no longer be executed and the network remembers nothing of it, the world itself is asked
//! ([`Verb::check`](crate::ops::Verb::check)).
//!
//! - A lost network is waited for; it is no failure. So is a network that asks to slow down.
//! - Cancelling and pausing are looked at between steps and while nothing is in flight. What is in flight is followed to its end.
//! - One job at a time works on a canister: whoever comes second is told which job is in the way.
//! - A journal that cannot be written halts the job where it is; it goes on by itself once the journal can be written.
//!
//! Reading order: [`Jobs`] (what the engine asks of it), `drive` (the loop), [`Work`] (what a step can do), `deliver` (an envelope's
//! way to its end).

mod delivery;
mod work;

use work::Pauses;
pub(crate) use work::{Done, Work};

use crate::{
    CanisterId, Code, Error, Fingerprint, Place, Result,
    job::{Deed, End, Event, Failure, Job, JobId, Next, Progress, State},
    journal::{self, Journal},
    ops::{self, Op, Plan, World},
    recovery::{self, Move, Observed},
    replica,
};
use camino::Utf8PathBuf;
use futures::FutureExt as _;
use std::{
    collections::BTreeMap,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// How many news a follower may be behind before it has to start over.
const BACKLOG: usize = 256;

/// Reports of progress reach followers so often at most: ten a second look smooth, and more would only be drawn over.
const REPORT_PAUSE: Duration = Duration::from_millis(100);

/// How patient the runner is.
#[derive(Clone)]
pub struct Conduct {
    /// How long a signed call may be delivered.
    pub envelope_life: Duration,
    /// The pause before the second try; it doubles with each one.
    pub first_pause: Duration,
    /// The longest pause between two tries.
    pub longest_pause: Duration,
    /// How often a call that the network refuses for the moment is signed anew.
    pub attempts: u32,
    /// By when the network has surely written out what was written before: until then another canister's snapshot may not be
    /// loadable.
    pub checkpoint: Duration,
    /// Called with the number of each event after it has been written down. Tests end the process here.
    pub witness: Option<Arc<dyn Fn(u64) + Send + Sync>>,
    /// The most pages that the journal may have, asked before each event is written. Tests fill the disk with it.
    pub room: Option<Arc<dyn Fn() -> u32 + Send + Sync>>,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            envelope_life: replica::ENVELOPE_LIFE,
            // A block takes about a second; half of one wastes little.
            first_pause: Duration::from_millis(500),
            // A network that is gone is looked for often enough that its return is noticed at once.
            longest_pause: Duration::from_secs(10),
            // Heap delta of a large canister is worked off within minutes: 30 tries of up to ten seconds.
            attempts: 30,
            // A checkpoint comes every 500 blocks; the network itself says "usually ten minutes".
            checkpoint: Duration::from_secs(10 * 60),
            witness: None,
            room: None,
        }
    }
}

impl fmt::Debug for Conduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conduct")
            .field("envelope_life", &self.envelope_life)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// How far a step is, for the screen. Only the newest report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// So many bytes or pieces are done.
    pub done: u64,
    /// Of so many, where that is known.
    pub total: Option<u64>,
}

/// A job as it stands, with what is only true right now.
#[derive(Clone, Debug)]
pub struct JobView {
    /// What the journal says.
    pub job: Job,
    /// How far the step under way is.
    pub report: Option<Report>,
    /// What it waits for, if it does.
    pub hindrance: Option<Failure>,
    /// Whether it is being worked on. What is paused comes to rest a moment later.
    pub is_at_work: bool,
}

/// All jobs of a journal, and the tasks that work on them.
#[derive(Clone)]
pub(crate) struct Jobs(Arc<Inner>);

pub(crate) struct Inner {
    folder: Utf8PathBuf,
    conduct: Conduct,
    book: Mutex<Book>,
    news: broadcast::Sender<JobView>,
}

struct Book {
    /// None while it cannot be opened; then nothing is done.
    journal: Option<Journal>,
    jobs: BTreeMap<JobId, Job>,
    live: BTreeMap<JobId, Live>,
    /// Those that were under way when the journal was opened: an earlier process left them so.
    inherited: Vec<JobId>,
    broken_at: Option<u64>,
}

/// What is known of a job that is being worked on.
#[derive(Default)]
struct Live {
    token: CancellationToken,
    report: Option<Report>,
    told_at: Option<Instant>,
    hindrance: Option<Failure>,
}

impl Jobs {
    /// The jobs of the journal in this folder. One that cannot be opened is tried again whenever it is needed.
    pub(crate) fn open(folder: Utf8PathBuf, conduct: Conduct) -> Self {
        let jobs = Self(Arc::new(Inner {
            folder,
            conduct,
            book: Mutex::new(Book {
                journal: None,
                jobs: BTreeMap::new(),
                live: BTreeMap::new(),
                inherited: vec![],
                broken_at: None,
            }),
            news: broadcast::channel(BACKLOG).0,
        }));
        if let Err(error) = jobs.0.journal(&mut jobs.0.book()) {
            tracing::error!(error = error.chain(), "there is no journal");
        }
        jobs
    }

    pub(crate) fn conduct(&self) -> &Conduct {
        &self.0.conduct
    }

    /// All jobs now, oldest first, and every change from now on. No change is lost in between: both are taken under one lock.
    pub(crate) fn follow(&self) -> (Vec<JobView>, broadcast::Receiver<JobView>) {
        let book = self.0.book();
        let jobs = book.jobs.values().map(|job| book.view(job)).collect();
        (jobs, self.0.news.subscribe())
    }

    /// Those that an earlier process left under way, whatever became of them since.
    pub(crate) fn inherited(&self) -> Vec<JobId> {
        self.0.book().inherited.clone()
    }

    /// Whether there is a journal, and whether its chain holds: the number of the first event that does not fit.
    pub(crate) fn is_sound(&self) -> Result<Option<u64>> {
        let mut book = self.0.book();
        self.0.journal(&mut book)?;
        Ok(book.broken_at)
    }

    /// Every event so far, in order.
    pub(crate) fn rows(&self) -> Result<Vec<journal::Row>> {
        let mut book = self.0.book();
        self.0.journal(&mut book)?.rows()
    }

    /// Begins a job. The plan was made for the world as it is.
    pub(crate) fn begin(&self, world: World, op: Op, plan: Plan) -> Result<JobId> {
        let deed = Deed {
            op,
            network: world.network,
            network_id: world.network_id.clone(),
            caller: world.caller,
            plan,
        };
        let mut book = self.0.book();
        self.0.journal(&mut book)?;
        for target in &deed.plan.targets {
            if let Some(other) = book.in_the_way(world.network, target.id) {
                return Err(Error::new(Code::CanisterBusy, "beginning a job")
                    .with("canister", target.id)
                    .with("name", &target.name)
                    .with("job", other));
            }
        }
        let journal = self.0.journal(&mut book)?;
        let job = journal.begin(deed, SystemTime::now())?;
        let (id, news) = (job.id, job.news);
        book.jobs.insert(id, job);
        self.0.tell(&book, id);
        drop(book);
        self.0.witness(news);
        self.work_on(id, world);
        Ok(id)
    }

    /// Goes on with every job of this network and identity that nobody works on.
    pub(crate) fn resume(&self, world: &World) {
        let moves = {
            let book = self.0.book();
            let observed = Observed {
                network: world.network,
                caller: world.caller,
                live: book.live.keys().copied().collect(),
            };
            recovery::plan(book.jobs.values(), &observed, SystemTime::now())
        };
        for (id, what) in moves {
            match what {
                Move::GoOn => self.work_on(id, world.clone()),
                Move::Wait => {}
                Move::Ask => {
                    let failure = Failure::from(
                        &Error::new(Code::StalePlan, "going on after a day").with("job", id),
                    );
                    let step = self.0.job(id).map_or(0, |job| match job.next() {
                        Next::Do(step) | Next::Undo(step) => step,
                        _ => 0,
                    });
                    if let Err(error) = self.0.append(id, &Event::Stuck { step, failure }) {
                        tracing::error!(error = error.chain(), "the journal cannot be written");
                    }
                }
            }
        }
    }

    /// Wants a job to end: it turns back as soon as nothing is in flight. Tells whether it was paused: then nobody may be at work on it
    /// who could turn it back.
    pub(crate) fn cancel(&self, id: JobId) -> Result<bool> {
        let job = self.0.job(id).filter(|job| job.state == State::Running);
        let job = job.ok_or_else(|| not_found(id))?;
        if !job.is_cancelled {
            self.0.append(id, &Event::CancelAsked)?;
        }
        self.0.interrupt(id);
        Ok(job.is_held)
    }

    /// Wants a job to rest as soon as nothing is in flight.
    pub(crate) fn pause(&self, id: JobId) -> Result<()> {
        let job = self.0.job(id).filter(Job::may_pause);
        job.ok_or_else(|| not_found(id))?;
        self.0.append(id, &Event::PauseAsked)?;
        self.0.interrupt(id);
        Ok(())
    }

    /// Lets a paused job go on.
    pub(crate) async fn go_on(&self, id: JobId, world: &World) -> Result<()> {
        let held = self.0.job(id).filter(|job| job.is_held);
        held.ok_or_else(|| not_found(id))?;
        // It is told as paused a moment before the hands are off it; nobody else could take it up until then.
        let job = self.rest(id).await?;
        if !job.is_paused() {
            return Err(not_found(id));
        }
        self.0.append(id, &Event::PauseEnded)?;
        self.resume(world);
        Ok(())
    }

    /// Lets a stuck job try once more.
    pub(crate) async fn retry(&self, id: JobId, world: &World) -> Result<()> {
        // It is told as stuck a moment before the hands are off it; nobody else could take it up until then.
        self.rest(id).await?;
        let job = self.stuck(id)?;
        let targets = &job.deed.plan.targets;
        for target in targets {
            if let Some(other) = self.0.book().in_the_way(job.deed.network, target.id) {
                return Err(Error::new(Code::CanisterBusy, "going on with a job")
                    .with("canister", target.id)
                    .with("name", &target.name)
                    .with("job", other));
            }
        }
        self.0.append(id, &Event::Retried)?;
        self.resume(world);
        Ok(())
    }

    /// Leaves the world of a stuck job as it is.
    pub(crate) fn leave(&self, id: JobId) -> Result<()> {
        self.stuck(id)?;
        self.0.append(id, &Event::Ended { end: End::Left })
    }

    fn stuck(&self, id: JobId) -> Result<Job> {
        self.0
            .job(id)
            .filter(|job| matches!(job.state, State::Stuck(_)))
            .ok_or_else(|| not_found(id))
    }

    /// Waits until nobody works on a job any more, and returns it then.
    pub(crate) async fn rest(&self, id: JobId) -> Result<Job> {
        let mut news = self.0.news.subscribe();
        loop {
            {
                let book = self.0.book();
                let job = book.jobs.get(&id).ok_or_else(|| not_found(id))?;
                if !book.live.contains_key(&id) {
                    return Ok(job.clone());
                }
            }
            // Lagging behind loses news of other jobs; what counts is read anew above.
            let _ = news.recv().await;
        }
    }

    fn work_on(&self, id: JobId, world: World) {
        let token = CancellationToken::new();
        {
            let mut book = self.0.book();
            if book.live.contains_key(&id) {
                return;
            }
            if book.jobs.get(&id).is_some_and(|job| job.is_cancelled) {
                token.cancel();
            }
            let live = Live {
                token: token.clone(),
                ..Live::default()
            };
            book.live.insert(id, live);
        }
        let inner = self.0.clone();
        tokio::spawn(async move {
            let mut pauses = Pauses::of(&inner.conduct);
            while let Err(error) = inner.drive(id, &world, &token).await {
                tracing::error!(job = %id, error = error.chain(), "a job halts");
                inner.hinder(id, Some(&error));
                if !is_journal(&error) || error.code == Code::JournalDamaged {
                    break;
                }
                // Somebody makes room, or lets us write. What was begun is gone on with as after a restart.
                tokio::time::sleep(pauses.next()).await;
            }
            // With it goes the hold on the key: whoever sees the job at rest finds the key as it will stay.
            drop(world);
            let mut book = inner.book();
            let hindrance = book.live.remove(&id).and_then(|live| live.hindrance);
            if let Some(job) = book.jobs.get(&id) {
                let view = JobView {
                    hindrance,
                    ..book.view(job)
                };
                // Nobody following is not an error.
                let _ = inner.news.send(view);
            }
        });
    }
}

fn not_found(id: JobId) -> Error {
    Error::new(Code::JobNotFound, "looking for a job").with("job", id)
}

impl Book {
    fn view(&self, job: &Job) -> JobView {
        let live = self.live.get(&job.id);
        JobView {
            job: job.clone(),
            report: live.and_then(|live| live.report),
            is_at_work: live.is_some(),
            hindrance: live.and_then(|live| live.hindrance.clone()),
        }
    }

    /// The job that works on a canister.
    fn in_the_way(&self, network: Fingerprint, canister: CanisterId) -> Option<JobId> {
        self.jobs
            .values()
            .find(|job| job.is_under_way() && job.is_about(network, canister))
            .map(|job| job.id)
    }
}

impl Inner {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal, opened if it is not yet.
    fn journal<'a>(&self, book: &'a mut Book) -> Result<&'a mut Journal> {
        if book.journal.is_none() {
            let (journal, contents) = Journal::open(&self.folder, self.conduct.room.clone())?;
            let is_left = |job: &&Job| job.is_under_way() && !job.is_paused();
            let left = contents.jobs.values().filter(is_left);
            book.inherited = left.map(|job| job.id).collect();
            book.jobs = contents.jobs;
            book.broken_at = contents.broken_at;
            book.journal = Some(journal);
        }
        book.journal
            .as_mut()
            .ok_or_else(|| Error::new(Code::Bug, "opening the journal"))
    }

    fn job(&self, id: JobId) -> Option<Job> {
        self.book().jobs.get(&id).cloned()
    }

    /// Lets long work of a job look up.
    fn interrupt(&self, id: JobId) {
        if let Some(live) = self.book().live.get(&id) {
            live.token.cancel();
        }
    }

    /// Writes an event down and tells it.
    fn append(&self, id: JobId, event: &Event) -> Result<()> {
        self.append_if(id, event, |_| true).map(drop)
    }

    /// The same, if the job is still one that `may` take it.
    fn append_if(&self, id: JobId, event: &Event, may: impl Fn(&Job) -> bool) -> Result<bool> {
        let mut book = self.book();
        let Book { journal, jobs, .. } = &mut *book;
        let (Some(journal), Some(job)) = (journal, jobs.get_mut(&id)) else {
            return Err(not_found(id));
        };
        if !may(job) {
            return Ok(false);
        }
        journal.append(job, event, SystemTime::now())?;
        let news = job.news;
        if matches!(event, Event::Ended { .. }) {
            journal.forget_scratch(id)?;
        }
        if let Some(live) = book.live.get_mut(&id) {
            live.report = None;
            // It goes on: whatever it waited for is over.
            live.hindrance = None;
        }
        self.tell(&book, id);
        drop(book);
        self.witness(news);
        Ok(true)
    }

    fn witness(&self, number: u64) {
        if let Some(witness) = &self.conduct.witness {
            witness(number);
        }
    }

    fn tell(&self, book: &Book, id: JobId) {
        if let Some(job) = book.jobs.get(&id) {
            // Nobody following is not an error.
            let _ = self.news.send(book.view(job));
        }
    }

    /// Says what a job waits for, or that it waits no more.
    fn hinder(&self, id: JobId, hindrance: Option<&Error>) {
        let mut book = self.book();
        let Some(live) = book.live.get_mut(&id) else {
            return;
        };
        let hindrance = hindrance.map(Failure::from);
        if live.hindrance.as_ref().map(|failure| failure.code)
            != hindrance.as_ref().map(|failure| failure.code)
        {
            live.hindrance = hindrance;
            self.tell(&book, id);
        }
    }

    fn report(&self, id: JobId, report: Report, now: Instant) {
        let mut book = self.book();
        let Some(live) = book.live.get_mut(&id) else {
            return;
        };
        live.report = Some(report);
        let is_soon = live
            .told_at
            .is_some_and(|told| now.duration_since(told) < REPORT_PAUSE);
        if !is_soon || Some(report.done) == report.total {
            live.told_at = Some(now);
            self.tell(&book, id);
        }
    }

    /// Works on a job until it is over or needs a person. An error means that the journal cannot be written.
    async fn drive(
        self: &Arc<Self>,
        id: JobId,
        world: &World,
        token: &CancellationToken,
    ) -> Result<()> {
        loop {
            let job = self.job(id).ok_or_else(|| not_found(id))?;
            match job.next() {
                Next::Rest => return Ok(()),
                Next::End(end) => self.append(id, &Event::Ended { end })?,
                Next::Turn => {
                    let failed = job.steps.iter().find_map(|step| match &step.progress {
                        Progress::Failed(failure) => Some(failure.clone()),
                        _ => None,
                    });
                    let failure = failed.unwrap_or_else(|| {
                        Failure::from(&Error::new(Code::Cancelled, "cancelling"))
                    });
                    self.append(id, &Event::Turned { failure })?;
                }
                Next::Do(step) => self.do_step(&job, step, world, token).await?,
                Next::Undo(step) => self.undo_step(&job, step, world, token).await?,
            }
        }
    }

    async fn do_step(
        self: &Arc<Self>,
        job: &Job,
        step: usize,
        world: &World,
        token: &CancellationToken,
    ) -> Result<()> {
        let id = job.id;
        if job.steps[step].progress != Progress::Running
            && !self.append_if(id, &Event::StepBegan { step }, |job| {
                job.next() == Next::Do(step)
            })?
        {
            // Somebody cancelled or paused it in this very moment.
            return Ok(());
        }
        let verb = job.deed.plan.steps[step].verb();
        tracing::info!(job = %id, step, kind = ?verb.kind(), canister = %verb.canister(), "doing");
        let work = Work::forward(self.clone(), id, step, world.clone(), token.clone());
        let ended = contain(verb.run(&work)).await;
        self.hinder(id, None);
        match ended {
            Ok(output) => self.append(
                id,
                &Event::StepDone {
                    step,
                    output,
                    proven_at: work.proven_at(),
                },
            ),
            Err(error) if is_journal(&error) => Err(error),
            Err(error) if error.code == Code::Cancelled && work.is_cancelled() => Ok(()),
            Err(error)
                if verb.is_left_to_a_person() || error.certainty == crate::Certainty::Unknown =>
            {
                self.stuck(id, step, &error)
            }
            Err(error) => {
                tracing::warn!(job = %id, step, error = error.chain(), "a step failed");
                let failure = Failure::from(&error);
                self.append(id, &Event::StepFailed { step, failure })
            }
        }
    }

    async fn undo_step(
        self: &Arc<Self>,
        job: &Job,
        step: usize,
        world: &World,
        token: &CancellationToken,
    ) -> Result<()> {
        let id = job.id;
        if job.steps[step].progress != Progress::Undoing {
            self.append(id, &Event::UndoBegan { step })?;
        }
        let verb = job.deed.plan.steps[step].verb();
        if verb.is_lasting() {
            return self.append(id, &Event::UndoDone { step });
        }
        let work = Work::back(self.clone(), id, step, world.clone(), token.clone());
        let undone = contain(verb.undo(&work, job.steps[step].output.as_ref())).await;
        self.hinder(id, None);
        match undone {
            Ok(()) => self.append(id, &Event::UndoDone { step }),
            Err(error) if is_journal(&error) => Err(error),
            Err(error) => self.stuck(id, step, &error),
        }
    }

    fn stuck(&self, id: JobId, step: usize, error: &Error) -> Result<()> {
        tracing::error!(job = %id, step, error = error.chain(), "a job is stuck");
        let failure = Failure::from(error);
        self.append(id, &Event::Stuck { step, failure })
    }
}

fn is_journal(error: &Error) -> bool {
    matches!(
        error.code,
        Code::JournalDamaged | Code::JournalFull | Code::JournalReadOnly | Code::JournalUnusable
    )
}

/// A panic in a step becomes a failure of that step; the hook has logged it.
async fn contain<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(step)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Error::new(Code::Bug, "doing a step").because("the step panicked")))
}

/// Checks that a plan may run, and that it is the one that was confirmed.
pub(crate) fn confirm(plan: &Plan, fingerprint: &str) -> Result<()> {
    if let Some(error) = plan.blocked() {
        return Err(error);
    }
    if plan.fingerprint == fingerprint {
        return Ok(());
    }
    let mut error = Error::new(Code::StalePlan, "comparing the plan with the world");
    if let Some(target) = plan.targets.first() {
        error = error.with("canister", target.id).with("name", &target.name);
    }
    Err(error)
}

impl crate::Engine {
    /// What an operation would do, from the world as it is. Changes nothing.
    pub async fn plan(&self, op: &Op) -> Result<Plan> {
        ops::plan(&self.world().await?, op).await
    }

    /// Begins the operation whose plan was confirmed; refused if the world has moved since.
    pub async fn run(&self, op: Op, fingerprint: &str) -> Result<JobId> {
        let world = self.world().await?;
        let plan = ops::plan(&world, &op).await?;
        self.may_run(&world.network_id, &op, &plan.targets)?;
        confirm(&plan, fingerprint)?;
        let checked = op
            .checks()
            .map(|(canister, calls)| (world.network, canister, calls.to_vec()));
        let job = self.jobs.begin(world, op, plan)?;
        if let Some((network, canister, calls)) = checked {
            self.remember_checks(Place { network, canister }, &calls);
        }
        Ok(job)
    }

    /// Waits until a job is over or needs a person.
    pub async fn rest(&self, job: JobId) -> Result<Job> {
        self.jobs.rest(job).await
    }

    /// Goes on with whatever a process or a connection left unfinished here.
    pub async fn resume(&self) -> Result<()> {
        self.jobs.resume(&self.world().await?);
        Ok(())
    }

    /// Wants a job to end: it turns back as soon as nothing is in flight.
    pub async fn cancel(&self, job: JobId) -> Result<()> {
        if self.jobs.cancel(job)? {
            self.jobs.rest(job).await?;
            self.resume().await?;
        }
        Ok(())
    }

    /// Wants a job to rest as soon as nothing is in flight. It rests over restarts, too.
    pub fn pause(&self, job: JobId) -> Result<()> {
        self.jobs.pause(job)
    }

    /// Lets a paused job go on.
    pub async fn go_on(&self, job: JobId) -> Result<()> {
        self.jobs.go_on(job, &self.world().await?).await
    }

    /// Lets a stuck job try once more.
    pub async fn retry(&self, job: JobId) -> Result<()> {
        self.jobs.retry(job, &self.world().await?).await
    }

    /// Leaves the world of a stuck job as it is.
    pub fn leave(&self, job: JobId) -> Result<()> {
        self.jobs.leave(job)
    }

    /// All jobs so far, oldest first, and every change from now on.
    pub fn follow(&self) -> (Vec<JobView>, broadcast::Receiver<JobView>) {
        self.jobs.follow()
    }

    /// The jobs that an earlier process left under way, whatever became of them since.
    pub fn inherited(&self) -> Vec<JobId> {
        self.jobs.inherited()
    }

    /// Whether there is a journal, and whether its chain holds: the number of the first event that does not fit.
    pub fn journal_state(&self) -> Result<Option<u64>> {
        self.jobs.is_sound()
    }

    /// The network in use as who we are, for operations.
    pub(crate) async fn world(&self) -> Result<World> {
        let connection = self.connection().await?;
        let names = self.known_canisters(&connection).into_iter();
        Ok(World {
            replica: connection
                .replica
                .clone()
                .with_envelope_life(self.jobs.conduct().envelope_life),
            caller: connection.identity.principal,
            checkpoint: self.jobs.conduct().checkpoint,
            network: connection.fingerprint(),
            network_id: connection.network.id.clone(),
            folders: self.folders.clone(),
            watch: self.watch.clone(),
            samples: self.samples.clone(),
            library: self.library.clone(),
            _key: Arc::new(self.identities.hold(&connection.identity)),
            names: Arc::new(names.map(|known| (known.id, known.name)).collect()),
        })
    }
}
