//! Four short lessons on canisters that cannot hurt anyone.
//!
//! A lesson begins with canisters of its own on the practice network, made by ordinary jobs. Whether a step of it is done follows from
//! facts alone, the journal and what the canisters answer, never from a button that was pressed: whoever does a step in another way, or
//! in a terminal as far as the canisters tell, has done it.
//!
//! What a lesson needs of the practice network it asks through its door ([`PracticeDoor`](crate::PracticeDoor)): the modules, an answer that is
//! lost on purpose, and a checkpoint where elsewhere one waits ten minutes for it.

use crate::{
    CanisterId, Code, Connection, Creation, Engine, Error, Fingerprint, InstallMode, InstallModule,
    Module, ModuleHash, NetworkId, Op, OpName, Payment, Placement, Purse, Reading, Result,
    RunState, SettingsChange, State, canister,
    job::{End, Job},
    journal::milliseconds,
    ops::Step,
    replica::{Call, Raw},
    settings::{self, Kept},
    snapshot,
};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// The cycles of a lesson's canister: enough for everything that a lesson does, many times.
const CYCLES: u128 = 5_000_000_000_000;

/// The group that the lessons' canisters stand in.
const GROUP: &str = "Lessons";

/// What the counters begin with.
const FIRST_TOTAL: u64 = 41;

/// Which lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LessonName {
    /// Take a snapshot, change something, and go back.
    TakeAndRestore,
    /// Upgrade to a module that fails, and see that nothing is lost.
    SurviveBadUpgrade,
    /// Bring the state of a canister into another one.
    MoveState,
    /// See what happens when nobody knows whether something happened.
    WhenUnknown,
}

impl LessonName {
    /// Every lesson, in the order in which they teach.
    pub const ALL: [Self; 4] = [
        Self::TakeAndRestore,
        Self::SurviveBadUpgrade,
        Self::MoveState,
        Self::WhenUnknown,
    ];
}

/// A step of a lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LessonStep {
    /// Take a snapshot.
    TakeSnapshot,
    /// Call the canister, so that its state is another one.
    ChangeState,
    /// Restore the snapshot.
    Restore,
    /// It holds again what it held when the snapshot was taken.
    IsRestored,
    /// Try the upgrade that fails.
    TryUpgrade,
    /// It runs, and has the module that it had.
    IsUnharmed,
    /// Send the snapshot to the other canister.
    Send,
    /// The other canister holds what the first one held.
    HasArrived,
    /// Take a snapshot whose answer is lost.
    TakeUnheard,
    /// The outcome was found, and there is one snapshot and not two.
    IsFound,
}

/// A lesson, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Which.
    pub name: LessonName,
    /// The canister that it is about, once it has begun.
    pub canister: Option<CanisterId>,
    /// The canister that the state is brought to.
    pub target: Option<CanisterId>,
    /// The module that is to be tried.
    pub module: Option<ModuleHash>,
    /// Its steps, and whether each is done.
    pub steps: Vec<(LessonStep, bool)>,
}

/// The lessons that were begun.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default)]
    lessons: Vec<Begun>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Begun {
    name: LessonName,
    network: Fingerprint,
    canister: CanisterId,
    target: Option<CanisterId>,
    module: Option<ModuleHash>,
    /// The module that the canister begins with.
    installed: ModuleHash,
    /// In milliseconds since 1970. What was done before does not count.
    at: u64,
}

impl Kept for File {
    const FILE: &str = "lessons.json";
    const VERSION: u32 = 1;
}

/// What is known of a lesson's canisters, to judge its steps by.
struct Facts<'a> {
    begun: &'a Begun,
    jobs: Vec<&'a Job>,
    /// What the counter says now, and the other one.
    total: Option<u64>,
    target_total: Option<u64>,
    /// The canister, as it is read.
    reading: Reading,
    /// How many snapshots it has.
    snapshots: Option<usize>,
}

impl Facts<'_> {
    fn is_done(job: &Job) -> bool {
        job.state == State::Ended(End::Done)
    }

    /// Whether a job that has come to its good end loaded a snapshot into a canister.
    fn has_loaded(&self, canister: Option<CanisterId>) -> bool {
        self.jobs.iter().any(|job| {
            let mut steps = job.deed.plan.steps.iter();
            Self::is_done(job)
                && steps.any(|step| match step {
                    Step::LoadSnapshot(load) => Some(load.canister) == canister,
                    _ => false,
                })
        })
    }

    fn has_taken(&self) -> bool {
        self.jobs
            .iter()
            .any(|job| Self::is_done(job) && job.deed.op.name() == OpName::TakeSnapshot)
    }

    /// Whether an installation was begun here and did not come to its good end.
    fn has_failed_upgrade(&self) -> bool {
        self.jobs.iter().any(|job| {
            let mut steps = job.deed.plan.steps.iter();
            steps.any(|step| matches!(step, Step::InstallCode(_) | Step::UpgradeCode(_)))
                && !job.is_under_way()
                && job.failure.is_some()
        })
    }

    fn is_unharmed(&self) -> bool {
        self.reading.status().is_some_and(|status| {
            status.run_state == RunState::Running
                && status.module_hash.as_deref() == Some(self.begun.installed.as_bytes().as_slice())
        })
    }

    fn steps(&self) -> Vec<(LessonStep, bool)> {
        use LessonStep::{
            ChangeState, HasArrived, IsFound, IsRestored, IsUnharmed, Restore, Send, TakeSnapshot,
            TakeUnheard, TryUpgrade,
        };
        let has_taken = self.has_taken();
        match self.begun.name {
            LessonName::TakeAndRestore => {
                let is_back = self.total == Some(FIRST_TOTAL);
                let has_restored = self.has_loaded(Some(self.begun.canister));
                vec![
                    (TakeSnapshot, has_taken),
                    // Once it is restored nothing shows of the change but that there was something to restore.
                    (ChangeState, has_taken && (!is_back || has_restored)),
                    (Restore, has_restored),
                    (IsRestored, has_restored && is_back),
                ]
            }
            LessonName::SurviveBadUpgrade => {
                let has_failed = self.has_failed_upgrade();
                vec![
                    (TryUpgrade, has_failed),
                    (IsUnharmed, has_failed && self.is_unharmed()),
                ]
            }
            LessonName::MoveState => {
                let has_sent = self.has_loaded(self.begun.target);
                vec![
                    (TakeSnapshot, has_taken || has_sent),
                    (Send, has_sent),
                    (
                        HasArrived,
                        has_sent && self.target_total == Some(FIRST_TOTAL),
                    ),
                ]
            }
            LessonName::WhenUnknown => vec![
                (
                    TakeUnheard,
                    self.jobs
                        .iter()
                        .any(|job| job.deed.op.name() == OpName::TakeSnapshot),
                ),
                (IsFound, has_taken && self.snapshots == Some(1)),
            ],
        }
    }
}

/// What a step is before its lesson has begun.
fn untouched(name: LessonName) -> Vec<(LessonStep, bool)> {
    use LessonStep::{
        ChangeState, HasArrived, IsFound, IsRestored, IsUnharmed, Restore, Send, TakeSnapshot,
        TakeUnheard, TryUpgrade,
    };
    let steps: &[LessonStep] = match name {
        LessonName::TakeAndRestore => &[TakeSnapshot, ChangeState, Restore, IsRestored],
        LessonName::SurviveBadUpgrade => &[TryUpgrade, IsUnharmed],
        LessonName::MoveState => &[TakeSnapshot, Send, HasArrived],
        LessonName::WhenUnknown => &[TakeUnheard, IsFound],
    };
    steps.iter().map(|step| (*step, false)).collect()
}

/// What a counter says; none where it is none, or does not run.
async fn total(connection: &Connection, canister: CanisterId) -> Option<u64> {
    let call: Call<(u64,)> = Call::to(canister, "total", candid::encode_args(()).ok()?);
    let (total,) = connection.replica.query(&call).await.ok()?;
    Some(total)
}

impl Engine {
    /// All lessons, and how far each is.
    pub async fn lessons(&self) -> Result<Vec<Lesson>> {
        let connection = self.practice_connection().await?;
        let file: File = settings::load(&self.folders.config)?;
        let (views, _) = self.follow();
        let jobs: Vec<Job> = views.into_iter().map(|view| view.job).collect();
        let mut lessons = Vec::new();
        for name in LessonName::ALL {
            let begun = file
                .lessons
                .iter()
                .find(|begun| begun.name == name && begun.network == connection.fingerprint());
            lessons.push(match begun {
                Some(begun) => self.lesson(&connection, begun, &jobs).await,
                None => Lesson {
                    name,
                    canister: None,
                    target: None,
                    module: None,
                    steps: untouched(name),
                },
            });
        }
        Ok(lessons)
    }

    async fn lesson(&self, connection: &Connection, begun: &Begun, jobs: &[Job]) -> Lesson {
        let replica = &connection.replica;
        let (reading, total, target_total, snapshots) = futures::join!(
            canister::read(replica, begun.canister),
            total(connection, begun.canister),
            async {
                match begun.target {
                    Some(target) => total(connection, target).await,
                    None => None,
                }
            },
            snapshot::list(replica, begun.canister),
        );
        // Without its canister a lesson has not begun: somebody deleted it, or the network is as new.
        if matches!(&reading, Reading::Failed(error) if error.code == Code::CanisterNotFound) {
            return Lesson {
                name: begun.name,
                canister: None,
                target: None,
                module: None,
                steps: untouched(begun.name),
            };
        }
        let is_about = |job: &&Job| {
            milliseconds(job.began_at) >= begun.at
                && std::iter::once(begun.canister)
                    .chain(begun.target)
                    .any(|canister| job.is_about(begun.network, canister))
        };
        let facts = Facts {
            begun,
            jobs: jobs.iter().filter(is_about).collect(),
            total,
            target_total,
            reading,
            snapshots: snapshots.ok().map(|list| list.len()),
        };
        let steps = facts.steps();
        if begun.name == LessonName::MoveState
            && steps.contains(&(LessonStep::TakeSnapshot, true))
            && let Err(error) = self.practice.write_out().await
        {
            tracing::warn!(error, "the practice network made no checkpoint");
        }
        Lesson {
            name: begun.name,
            canister: Some(begun.canister),
            target: begun.target,
            module: begun.module,
            steps,
        }
    }

    /// Begins a lesson anew, with canisters of its own. Those of the time before stay until somebody deletes them.
    pub async fn begin_lesson(&self, name: LessonName, now: SystemTime) -> Result<Vec<Lesson>> {
        let connection = self.practice_connection().await?;
        let (module, called) = match name {
            LessonName::SurviveBadUpgrade => ("bookkeeping", "lesson_books"),
            LessonName::TakeAndRestore => ("tally", "lesson_counter"),
            LessonName::MoveState => ("tally", "lesson_old_home"),
            LessonName::WhenUnknown => ("tally", "lesson_unheard"),
        };
        let installed = self.lesson_module(module)?;
        let canister = self.make_canister(called, now).await?;
        self.install(canister, installed).await?;
        let first = if name == LessonName::SurviveBadUpgrade {
            // An expense is what the next version trips over.
            let entry = candid::encode_args(("shelves", candid::Int::from(-650)));
            Call::to(canister, "enter", entry.map_err(unencodable)?)
        } else {
            Call::to(
                canister,
                "add",
                candid::encode_args((FIRST_TOTAL,)).map_err(unencodable)?,
            )
        };
        let _: Raw = connection.replica.perform(&first).await?;
        let target = match name {
            LessonName::MoveState => Some(self.make_canister("lesson_new_home", now).await?),
            _ => None,
        };
        let module = match name {
            LessonName::SurviveBadUpgrade => Some(self.lesson_module("bookkeeping_next")?),
            _ => None,
        };
        if name == LessonName::WhenUnknown {
            let lost = self.practice.lose_answer("take_canister_snapshot").await;
            lost.map_err(|error| {
                Error::new(Code::PracticeFailed, "having an answer lost").because(error.to_string())
            })?;
        }
        let mut file: File = settings::load(&self.folders.config)?;
        file.lessons.retain(|begun| begun.name != name);
        file.lessons.push(Begun {
            name,
            network: connection.fingerprint(),
            canister,
            target,
            module,
            installed,
            at: milliseconds(SystemTime::now()),
        });
        settings::save(&self.folders.config, &file)?;
        self.lessons().await
    }

    async fn practice_connection(&self) -> Result<std::sync::Arc<Connection>> {
        if self.settings().network != NetworkId::Practice {
            return Err(Error::new(Code::PracticeOnly, "looking at the lessons"));
        }
        self.connection().await
    }

    /// A module of the practice network's, kept so that it can be installed by its hash.
    fn lesson_module(&self, name: &str) -> Result<ModuleHash> {
        let bytes = self.practice.module(name).ok_or_else(|| {
            Error::new(Code::PracticeOnly, "looking for a lesson's module").with("module", name)
        })?;
        let module = Module::read(bytes)?;
        module.keep(&self.folders.data)?;
        Ok(module.hash())
    }

    async fn make_canister(&self, name: &str, now: SystemTime) -> Result<CanisterId> {
        // Beside the fleet, so that all canisters of a lesson are on one subnet.
        let connection = self.connection().await?;
        let placement = match connection.canisters().first() {
            Some(neighbour) => Placement::Beside {
                canister: neighbour.id,
            },
            None => Placement::Anywhere,
        };
        let op = Op::Create {
            creation: Box::new(Creation {
                placement,
                settings: SettingsChange::default(),
                payment: Payment::new(CYCLES, now),
                purse: Some(Purse::Gift),
                name: name.to_owned(),
            }),
        };
        let job = self.carry_out(op).await?;
        let canister = job
            .made()
            .ok_or_else(|| Error::new(Code::Bug, "making a lesson's canister"))?;
        self.watch(canister, name, GROUP).await?;
        Ok(canister)
    }

    async fn install(&self, canister: CanisterId, module: ModuleHash) -> Result<()> {
        let op = Op::Install(InstallModule {
            canister,
            module,
            mode: InstallMode::Install,
            argument: hex::encode(candid::encode_args(()).map_err(unencodable)?),
        });
        self.carry_out(op).await.map(drop)
    }

    /// Plans an operation, runs it as planned, and waits for its good end.
    async fn carry_out(&self, op: Op) -> Result<Job> {
        let plan = self.plan(&op).await?;
        let job = self.run(op, &plan.fingerprint).await?;
        let job = self.rest(job).await?;
        match (&job.state, &job.failure) {
            (State::Ended(End::Done), _) => Ok(job),
            (State::Stuck(failure), _) | (_, Some(failure)) => Err(failure.to_error()),
            _ => Err(Error::new(Code::JournalUnusable, "carrying out a job")),
        }
    }
}

fn unencodable(error: candid::Error) -> Error {
    Error::new(Code::Bug, "encoding what a lesson's canister is told").because(error)
}
