//! Every operation: what a person asks for, the plan that is shown, and the table of steps that runs.
//!
//! # How to add an operation
//!
//! 1. **Parameters.** A variant of [`Op`]: everything that the operation needs to know, serialisable, ids instead of names.
//! 2. **Plan.** A function `plan(world, parameters) -> Result<Plan>` in `ops/<domain>.rs`, called from [`plan`]. It only reads.
//!    Begin with [`World::standing`] of each canister that is touched and hand them to [`Plan::about`]: that names the targets
//!    (one job at a time works on each of them) and makes the fingerprint by which a plan that no longer fits is refused. Then push
//!    [`Check`]s (one that blocks forbids the run), the cost, the downtime, the same as `icp` commands, and the steps.
//! 3. **Steps.** A step is data: a struct that says what to do, listed once in `steps!` below, with an `impl Verb`. Most operations
//!    are made of steps that exist. The rules of a verb:
//!    - [`Verb::kind`]: `Observe` changes nothing; `Repeatable` may be done twice without harm (it looks first); `Once` must not.
//!    - [`Verb::run`] is called again from its beginning after a restart. A change of a canister goes through [`Work::repeat`]
//!      or [`Work::once`]: they write the envelope down before the first byte leaves, follow it to its end and find it again after a
//!      restart. A `Once` verb makes one such call. A step calls no method twice.
//!    - [`Verb::before`] and [`Verb::check`]: what the world is like before a `Once` call, and from that later: has it happened?
//!      `Unclear` makes the job stuck, with the question handed to a person. Never guess.
//!    - [`Verb::undo`] takes the step back and looks first, for the step may have happened by half or not at all. It gets the step's
//!      output where that is known. A verb that cannot be taken back says so by [`Verb::is_lasting`].
//!    - Long work looks at [`Work::is_cancelled`], tells [`Work::report`], and keeps its frontier with [`Work::remember`].
//! 4. **Words.** The variant in `api/src/jobs.rs`, and its words in `ui/src/text/en.ts`.
//! 5. **Tests.** A row in the tables of `tests/unwind` and `tests/restart`: they strike every step of it with every fault, and kill the
//!    process after every event.
//!
//! What a later step needs of an earlier one it takes from [`Work::output`]. A step on a canister or a snapshot that the job itself makes
//! names the step that makes it: [`Whom`](check_call::Whom), [`Which`](restore::Which).

pub(crate) mod check_call;
pub(crate) mod copies;
pub(crate) mod cycles;
pub(crate) mod drill;
pub(crate) mod fleet;
pub(crate) mod install;
pub(crate) mod lifecycle;
pub(crate) mod removal;
pub(crate) mod restore;
pub(crate) mod send;
pub(crate) mod settings;
pub(crate) mod snapshots;
pub(crate) mod upgrade;

use crate::{
    CanisterId, CheckCall, Code, Creation, Error, Fingerprint, Folders, Hold, InstallMode,
    NetworkId, Result, RunState, SettingsChange, Status, canister,
    replica::Replica,
    runner::Work,
    snapshot::{self, Snapshot, SnapshotId},
    watch::Watch,
};
use async_trait::async_trait;
use candid::Principal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Op {
    /// Changes settings of a canister.
    ChangeSettings {
        /// Of which.
        canister: CanisterId,
        /// What is to become of them.
        #[serde(with = "embedded")]
        change: Box<SettingsChange>,
    },
    /// Makes a canister.
    Create {
        /// Where, with which settings and for how much.
        #[serde(with = "embedded")]
        creation: Box<Creation>,
    },
    /// Deletes a canister for ever, with all that is in it.
    Delete {
        /// Which.
        canister: CanisterId,
    },
    /// Lets a canister take calls again.
    Start {
        /// Which.
        canister: CanisterId,
    },
    /// Lets a canister take no more calls.
    Stop {
        /// Which.
        canister: CanisterId,
    },
    /// Takes a snapshot.
    TakeSnapshot(snapshots::TakeSnapshot),
    /// Installs a module.
    Install(install::InstallModule),
    /// Upgrades a canister with a safety snapshot below, and asks it afterwards whether it is well.
    Upgrade(upgrade::Upgrade),
    /// Copies a snapshot onto this computer.
    DownloadSnapshot(copies::DownloadSnapshot),
    /// Makes a snapshot of a copy.
    UploadCopy(copies::UploadCopy),
    /// Fetches again what a copy has lost.
    RepairCopy(copies::RepairCopy),
    /// Gives cycles to a canister.
    TopUp(cycles::TopUp),
    /// Removes the module of a canister, and all memory.
    Uninstall {
        /// Of which.
        canister: CanisterId,
    },
    /// Takes a snapshot of each of several canisters, as one restore point.
    TakeSnapshots {
        /// Which, in the order in which they are stopped.
        canisters: Vec<CanisterId>,
    },
    /// Puts a snapshot's state in place of a canister's, after a safety snapshot of that.
    Restore(restore::Restore),
    /// The same for several canisters, as one.
    RestoreSnapshots {
        /// Which, in the order in which they are stopped.
        restores: Vec<restore::Restore>,
    },
    /// Puts one canister's snapshot into another one.
    SendSnapshot(send::SendSnapshot),
    /// Puts the state of a copy into a canister.
    RestoreCopy(send::RestoreCopy),
    /// Finds out in a throw-away canister whether a snapshot can be restored.
    Drill(drill::Drill),
    /// The same for a copy.
    DrillCopy(drill::DrillCopy),
    /// Deletes snapshots for ever.
    DeleteSnapshots {
        /// Of which canister.
        canister: CanisterId,
        /// Which.
        snapshots: Vec<SnapshotId>,
    },
}

/// Amounts of 128 bits do not survive the way in which serde reads tagged enums; as JSON in a text they do.
mod embedded {
    use serde::{
        Deserialize as _, Deserializer, Serialize, Serializer, de, de::DeserializeOwned, ser,
    };

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(value).map_err(ser::Error::custom)?;
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(
        from: D,
    ) -> Result<T, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

/// What an operation does, as far as there are words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OpName {
    /// Changes settings of a canister.
    ChangeSettings,
    /// Makes a canister.
    Create,
    /// Deletes a canister.
    Delete,
    /// Lets a canister take calls again.
    Start,
    /// Lets a canister take no more calls.
    Stop,
    /// Takes a snapshot.
    TakeSnapshot,
    /// Installs a module in an empty canister.
    Install,
    /// Installs a module over another, and forgets the memory.
    Reinstall,
    /// Installs a module over another, and keeps the stable memory.
    Upgrade,
    /// Copies a snapshot onto this computer.
    DownloadSnapshot,
    /// Makes a snapshot of a copy.
    UploadCopy,
    /// Fetches again what a copy has lost.
    RepairCopy,
    /// Gives cycles to a canister.
    TopUp,
    /// Removes the module of a canister.
    Uninstall,
    /// Takes a snapshot of each of several canisters, as one restore point.
    TakeSnapshots,
    /// Puts a snapshot's state in place of a canister's.
    Restore,
    /// The same for several canisters, as one.
    RestoreSnapshots,
    /// Puts one canister's snapshot into another one.
    SendSnapshot,
    /// Puts the state of a copy into a canister.
    RestoreCopy,
    /// Finds out in a throw-away canister whether a snapshot or a copy can be restored.
    Drill,
    /// Deletes snapshots for ever.
    DeleteSnapshots,
}

impl Op {
    /// What it does.
    pub fn name(&self) -> OpName {
        match self {
            Self::ChangeSettings { .. } => OpName::ChangeSettings,
            Self::Create { .. } => OpName::Create,
            Self::Delete { .. } => OpName::Delete,
            Self::TopUp(_) => OpName::TopUp,
            Self::Uninstall { .. } => OpName::Uninstall,
            Self::Start { .. } => OpName::Start,
            Self::Stop { .. } => OpName::Stop,
            Self::TakeSnapshot(_) => OpName::TakeSnapshot,
            Self::Install(wish) => match wish.mode {
                InstallMode::Install => OpName::Install,
                InstallMode::Reinstall => OpName::Reinstall,
                InstallMode::Upgrade { .. } => OpName::Upgrade,
            },
            Self::DownloadSnapshot(_) => OpName::DownloadSnapshot,
            Self::UploadCopy(_) => OpName::UploadCopy,
            Self::RepairCopy(_) => OpName::RepairCopy,
            Self::TakeSnapshots { .. } => OpName::TakeSnapshots,
            Self::Restore(_) => OpName::Restore,
            Self::RestoreSnapshots { .. } => OpName::RestoreSnapshots,
            Self::SendSnapshot(_) => OpName::SendSnapshot,
            Self::RestoreCopy(_) => OpName::RestoreCopy,
            Self::Drill(_) | Self::DrillCopy(_) => OpName::Drill,
            Self::Upgrade(_) => OpName::Upgrade,
            Self::DeleteSnapshots { .. } => OpName::DeleteSnapshots,
        }
    }
}

impl Op {
    /// The check calls that a canister is to be remembered by, where it makes any.
    pub(crate) fn checks(&self) -> Option<(CanisterId, &[CheckCall])> {
        let (canister, checks) = match self {
            Self::Upgrade(wish) => (wish.canister, &wish.checks),
            Self::Drill(wish) => (wish.canister, &wish.checks),
            _ => return None,
        };
        (!checks.is_empty()).then_some((canister, checks))
    }
}

/// Makes the plan of an operation from the world as it is. Changes nothing.
pub(crate) async fn plan(world: &World, op: &Op) -> Result<Plan> {
    match op {
        Op::ChangeSettings { canister, change } => {
            settings::plan_change(world, *canister, change).await
        }
        Op::Create { creation } => cycles::plan_create(world, creation).await,
        Op::Delete { canister } => removal::plan_delete(world, *canister).await,
        Op::TopUp(wish) => cycles::plan_top_up(world, wish).await,
        Op::Uninstall { canister } => removal::plan_uninstall(world, *canister).await,
        Op::Start { canister } => lifecycle::plan_start(world, *canister).await,
        Op::Stop { canister } => lifecycle::plan_stop(world, *canister).await,
        Op::TakeSnapshot(wish) => snapshots::plan_take(world, wish).await,
        Op::Install(wish) => install::plan_install(world, wish).await,
        Op::DownloadSnapshot(wish) => copies::plan_download(world, wish).await,
        Op::UploadCopy(wish) => copies::plan_upload(world, wish).await,
        Op::RepairCopy(wish) => copies::plan_repair(world, wish).await,
        Op::TakeSnapshots { canisters } => fleet::plan_snapshots(world, canisters).await,
        Op::Restore(wish) => restore::plan_restore(world, std::slice::from_ref(wish)).await,
        Op::RestoreSnapshots { restores } => restore::plan_restore(world, restores).await,
        Op::SendSnapshot(wish) => send::plan_send(world, wish).await,
        Op::RestoreCopy(wish) => send::plan_restore_copy(world, wish).await,
        Op::Drill(wish) => drill::plan_drill(world, wish).await,
        Op::DrillCopy(wish) => drill::plan_drill_copy(world, wish).await,
        Op::Upgrade(wish) => upgrade::plan_upgrade(world, wish).await,
        Op::DeleteSnapshots {
            canister,
            snapshots,
        } => snapshots::plan_delete(world, *canister, snapshots).await,
    }
}

/// Makes, from one line per step: the enum [`Step`] that a plan is a list of, its names, and the way to its verb.
macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $step:ident($verb:ty),)+) => {
        /// A step of a plan, as data.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "step", rename_all = "camelCase")]
        pub enum Step { $($(#[doc = $doc])+ $step($verb),)+ }

        /// What a step does, as far as there are words for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum StepName { $($(#[doc = $doc])+ $step,)+ }

        impl Step {
            /// What it does.
            pub fn name(&self) -> StepName {
                match self { $(Self::$step(_) => StepName::$step,)+ }
            }

            pub(crate) fn verb(&self) -> &dyn Verb {
                match self { $(Self::$step(verb) => verb,)+ }
            }
        }

        $(impl From<$verb> for Step {
            fn from(verb: $verb) -> Self {
                Self::$step(verb)
            }
        })+
    };
}

steps! {
    /// Puts a canister that was made on the board.
    AddToBoard(cycles::AddToBoard),
    /// Makes a canister from the identity's cycles.
    Buy(cycles::Buy),
    /// Changes settings.
    ChangeSettings(settings::ChangeSettings),
    /// Deletes a canister.
    Delete(removal::Delete),
    /// Has the network give a canister cycles.
    Give(cycles::Give),
    /// Pays cycles from the identity's account to a canister.
    Pay(cycles::Pay),
    /// Has the network make a canister.
    Receive(cycles::Receive),
    /// Removes the module of a canister.
    Uninstall(removal::Uninstall),
    /// Lets a canister take calls again.
    Start(lifecycle::Start),
    /// Lets a canister take no more calls.
    Stop(lifecycle::Stop),
    /// Takes a snapshot.
    TakeSnapshot(snapshots::Take),
    /// Sends the chunks of a module to the canister's chunk store.
    UploadModule(install::UploadModule),
    /// Installs a module.
    InstallCode(install::InstallCode),
    /// Empties the chunk store again.
    ClearChunks(install::ClearChunks),
    /// Checks that a certificate shows the module.
    VerifyModule(install::VerifyModule),
    /// Fetches a snapshot into a folder.
    FetchSnapshot(copies::Fetch),
    /// Holds every byte of a copy against its hash.
    VerifyCopy(copies::Verify),
    /// Makes a snapshot of zeros, as large as the copy's.
    MakeSnapshot(copies::Make),
    /// Sends everything of a copy that is not zero.
    FillSnapshot(copies::Fill),
    /// Reads back what was sent.
    CompareSnapshot(copies::Compare),
    /// Deletes the snapshot that the new one replaces.
    DeleteReplaced(copies::Replace),
    /// Fetches again what a copy has lost.
    MendCopy(copies::Mend),
    /// Puts a snapshot's state in place of the canister's.
    LoadSnapshot(restore::Load),
    /// Looks whether the canister is as planned.
    Verify(restore::Verify),
    /// Deletes a snapshot.
    DeleteSnapshot(snapshots::DeleteSnapshot),
    /// Upgrades a canister whose state is kept as a snapshot.
    UpgradeCode(upgrade::UpgradeCode),
    /// Asks a canister whether it is well.
    CheckAnswer(check_call::CheckAnswer),
    /// Makes a throw-away canister.
    MakeTrial(drill::MakeTrial),
    /// Loads a snapshot into the throw-away canister.
    LoadTrial(drill::LoadTrial),
    /// Deletes the throw-away canister.
    DeleteTrial(drill::DeleteTrial),
    /// Notes in a copy that it was restored, with success.
    StampCopy(drill::StampCopy),
    /// Fetches a snapshot that goes to another canister.
    FetchToSend(send::FetchToSend),
    /// Deletes the copy that was only a means.
    DropCopy(send::DropCopy),
}

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It changes nothing.
    Observe,
    /// Doing it again changes nothing more.
    Repeatable,
    /// It must not happen twice.
    Once,
}

/// Whether a call took effect, as the world shows it.
#[derive(Debug)]
pub(crate) enum Happened {
    /// It did not.
    No,
    /// It did, with what came of it.
    Yes(Value),
    /// The world does not tell.
    Unclear,
}

/// What a step can do. See the head of the module for the rules.
#[async_trait]
pub(crate) trait Verb: Send + Sync {
    /// The canister that it works on.
    fn canister(&self) -> CanisterId;

    /// How often it may be done.
    fn kind(&self) -> Kind;

    /// Whether it stays done when the job turns back.
    fn is_lasting(&self) -> bool {
        false
    }

    /// Whether a failure leaves the job where it is, for a person, instead of turning it back.
    fn is_left_to_a_person(&self) -> bool {
        false
    }

    /// What has to be known of the world to tell later whether the call took effect.
    async fn before(&self, _work: &Work) -> Result<Value> {
        Ok(Value::Null)
    }

    /// Does it, and says what came of it.
    async fn run(&self, work: &Work) -> Result<Value>;

    /// Whether the call that was sealed in the world `before` took effect.
    async fn check(&self, _work: &Work, _before: &Value) -> Result<Happened> {
        Ok(Happened::Unclear)
    }

    /// Takes it back. Looks first.
    async fn undo(&self, _work: &Work, _output: Option<&Value>) -> Result<()> {
        Ok(())
    }
}

/// A network as somebody, for planning and for working.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) replica: Replica,
    pub(crate) caller: Principal,
    pub(crate) network: Fingerprint,
    pub(crate) network_id: NetworkId,
    pub(crate) folders: Arc<Folders>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) names: Arc<BTreeMap<CanisterId, String>>,
    /// Keeps the key open while a job works here: what it stopped it must be able to start again.
    pub(crate) _key: Arc<Hold>,
}

impl World {
    /// What people call a canister; its id where nobody named it.
    pub(crate) fn name(&self, canister: CanisterId) -> String {
        self.names
            .get(&canister)
            .cloned()
            .unwrap_or_else(|| canister.to_string())
    }

    /// How a canister stands right now, by certificate.
    pub(crate) async fn standing(&self, canister: CanisterId) -> Result<Standing> {
        let (status, snapshots) = futures::try_join!(
            canister::read_certified(&self.replica, canister),
            snapshot::list(&self.replica, canister),
        )
        .map_err(|error| {
            error
                .with("canister", canister)
                .with("name", self.name(canister))
        })?;
        Ok(Standing {
            canister,
            name: self.name(canister),
            status,
            snapshots,
        })
    }
}

/// How a canister stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) canister: CanisterId,
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) snapshots: Vec<Snapshot>,
}

impl Standing {
    pub(crate) fn is_running(&self) -> bool {
        self.status.run_state == RunState::Running
    }

    pub(crate) fn snapshot(&self, id: &SnapshotId) -> Option<&Snapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.id == *id)
    }

    /// What must not have moved between plan and run. The version counts every message of a running canister, so it says something
    /// only about one that is stopped.
    fn fingerprint(&self) -> Value {
        let status = &self.status;
        let mut controllers: Vec<_> = status
            .settings
            .controllers
            .iter()
            .map(Principal::to_text)
            .collect();
        controllers.sort();
        json!([
            self.canister.to_string(),
            format!("{:?}", status.run_state),
            status.module_hash.as_ref().map(hex::encode),
            controllers,
            self.snapshots
                .iter()
                .map(|snapshot| snapshot.id.to_string())
                .collect::<Vec<_>>(),
            (status.run_state == RunState::Stopped).then_some(status.version),
        ])
    }
}

/// A canister that a plan works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Its id.
    pub id: CanisterId,
    /// What people called it when the plan was made.
    pub name: String,
}

/// How long a canister takes no calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Downtime {
    /// It goes on taking calls, or takes none anyway.
    None,
    /// From its stop to its start, whatever its size.
    Brief,
    /// Until somebody starts it.
    Open,
}

/// How what is planned can be taken back once it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    /// Start it again.
    Start,
    /// Stop it again.
    Stop,
    /// Delete the snapshot.
    DeleteSnapshot,
    /// Restore the snapshot that was taken before.
    RestoreSafety,
    /// Put the settings back that were there.
    ChangeBack,
    /// Nothing stays that would have to be.
    Needless,
    /// It cannot.
    Never,
}

/// What was looked at before the plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckName {
    /// Whether the amount is one.
    Amount,
    /// Whether the identity holds enough cycles.
    Balance,
    /// Which cycles nobody gets back.
    CyclesLost,
    /// Whether anything would differ.
    Difference,
    /// Something to think about before settings are changed.
    Guard,
    /// Which memory is gone afterwards.
    MemoryLost,
    /// Which snapshots are gone afterwards.
    SnapshotsLost,
    /// Whether the identity is a controller.
    Controller,
    /// Whether the canister runs, is stopping or is stopped.
    RunState,
    /// Whether there is code in it.
    Module,
    /// Whether there is room for another snapshot.
    FreeSlot,
    /// Whether the cycles are enough, and how long they last afterwards.
    Cycles,
    /// Whether calls that are open are lost.
    OpenCalls,
    /// Whether the snapshot is there.
    SnapshotThere,
    /// Whether the main memory survives as far as it must.
    MainMemory,
    /// Whether there is room in the chunk store.
    ChunkStore,
    /// Whether the module takes what it is told.
    Argument,
    /// Whether those who call it can go on as before.
    Callers,
    /// Whether the canister can have a snapshot like the copy.
    CopyFits,
    /// Whether the disk has room, and takes files so large.
    Room,
    /// Whether another program would carry the copy to other computers.
    Synced,
    /// Whether all of an uploaded snapshot arrived, as far as it shows.
    SnapshotWhole,
    /// Whether the snapshot was taken on the network; an uploaded one is what somebody made it.
    SnapshotOrigin,
    /// Whether the safety snapshot would take the place of the one that is restored.
    SafetyElsewhere,
    /// What has happened since the snapshot was taken, and is gone afterwards.
    WhatIsLost,
    /// Whether the snapshot's heap is within the canister's limit.
    MemoryLimit,
    /// Whether the target is another canister than the source.
    AnotherCanister,
    /// Whether the target loads the snapshot directly; otherwise it goes through a copy.
    SameSubnet,
    /// Whether the target is empty, or may lose what it holds.
    TargetState,
    /// Whether the target has the source's settings: a snapshot brings none along.
    SettingsDiffer,
    /// What belongs to the id of the source and does not come along.
    BoundToId,
    /// Whether a check call can be made, and says what the method takes and gives.
    CheckCall,
    /// Whether the old module may save what it holds in memory before an upgrade.
    PreUpgrade,
    /// That the throw-away canister runs the snapshot's code while it is there.
    TrialRuns,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it has to be.
    Fine,
    /// Something to know before.
    Warns,
    /// It must not be done like this.
    Blocks,
}

/// A check of a plan: what was looked at, what was found, and the values for its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was looked at.
    pub name: CheckName,
    /// What was found.
    pub verdict: Verdict,
    /// Values for the sentence.
    pub facts: BTreeMap<String, String>,
    /// The code of the failure if it is tried all the same.
    pub code: Code,
}

impl Check {
    /// A check that found this.
    pub(crate) fn new(name: CheckName, verdict: Verdict) -> Self {
        Self {
            name,
            verdict,
            facts: BTreeMap::new(),
            code: Code::Precondition,
        }
    }

    /// Blocks unless.
    pub(crate) fn require(name: CheckName, is_fine: bool) -> Self {
        Self::new(
            name,
            if is_fine {
                Verdict::Fine
            } else {
                Verdict::Blocks
            },
        )
    }

    /// Warns unless.
    pub(crate) fn warn(name: CheckName, is_fine: bool) -> Self {
        Self::new(
            name,
            if is_fine {
                Verdict::Fine
            } else {
                Verdict::Warns
            },
        )
    }

    /// The same check with a value for its sentence.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// The same check with a failure of its own.
    #[must_use]
    pub(crate) fn or(mut self, code: Code) -> Self {
        self.code = code;
        self
    }
}

/// What will happen, exactly. A person confirms it, and then it is what runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The canisters that it works on; no other job does at the same time.
    pub targets: Vec<Target>,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What the network will charge the canisters, roughly, in cycles.
    #[serde(with = "embedded")]
    pub cost: u128,
    /// How long calls are not taken.
    pub downtime: Downtime,
    /// How it can be taken back afterwards.
    pub undo: Undo,
    /// The same in a terminal.
    pub twin: Vec<String>,
    /// The world that it was made for.
    pub fingerprint: String,
}

impl Plan {
    /// A plan without steps for canisters that stand like this.
    pub(crate) fn about(caller: Principal, standings: &[&Standing]) -> Self {
        let prints: Vec<_> = standings
            .iter()
            .map(|standing| standing.fingerprint())
            .collect();
        let is_controller =
            |standing: &&&Standing| standing.status.settings.controllers.contains(&caller);
        let checks = standings
            .iter()
            .filter(|standing| !is_controller(standing))
            .map(|standing| {
                Check::require(CheckName::Controller, false)
                    .with("name", &standing.name)
                    .or(Code::NotController)
            })
            .collect();
        Self {
            targets: standings
                .iter()
                .map(|standing| Target {
                    id: standing.canister,
                    name: standing.name.clone(),
                })
                .collect(),
            steps: vec![],
            checks,
            cost: 0,
            downtime: Downtime::None,
            undo: Undo::Never,
            twin: vec![],
            fingerprint: hex::encode(Sha256::digest(
                json!([caller.to_text(), prints]).to_string(),
            )),
        }
    }

    /// Adds a step.
    pub(crate) fn step(&mut self, step: impl Into<Step>) -> &mut Self {
        self.steps.push(step.into());
        self
    }

    /// The first check that forbids to run it, as an error.
    pub(crate) fn blocked(&self) -> Option<Error> {
        let check = self
            .checks
            .iter()
            .find(|check| check.verdict == Verdict::Blocks)?;
        let mut error = Error::new(check.code, format!("checking {:?}", check.name));
        if let Some(target) = self.targets.first() {
            error = error.with("canister", target.id).with("name", &target.name);
        }
        for (name, value) in &check.facts {
            error = error.with(name.clone(), value);
        }
        Some(error)
    }
}
