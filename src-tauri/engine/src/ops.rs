//! Every operation: what a person asks for, the plan that is shown, and the table of steps that runs.
//!
//! # How to add an operation
//!
//! 1. **Parameters.** A variant of [`Op`]: everything that the operation needs to know, serialisable, ids instead of names.
//! 2. **Plan.** A function `plan(world, parameters) -> Result<Plan>` in `ops/<domain>.rs`, called from [`plan()`]. It only reads.
//!    Begin with [`World::standing`] of each canister that is touched and hand them to [`Plan::about`]: that names the targets
//!    (one job at a time works on each of them) and makes the fingerprint by which a plan that no longer fits is refused. Then push
//!    [`Check`]s (one that blocks forbids the run), the cost, the downtime, the same as `icp` commands, and the steps.
//! 3. **Steps.** A step is data: a struct that says what to do, listed once in `steps!`, in `ops/step.rs`, with an `impl Verb`. Most operations
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

mod callers;
pub(crate) mod check_call;
pub(crate) mod copies;
pub(crate) mod cycles;
pub(crate) mod drill;
pub(crate) mod fleet;
mod held;
pub(crate) mod install;
pub(crate) mod lifecycle;
mod plan;
pub(crate) mod removal;
pub(crate) mod restore;
pub(crate) mod send;
pub(crate) mod settings;
pub(crate) mod snapshots;
mod step;
pub(crate) mod upgrade;
mod world;

pub use plan::{Check, CheckName, Downtime, Plan, Target, Undo, Verdict};
pub(crate) use step::{Happened, Kind, Verb};
pub use step::{Step, StepName};
pub(crate) use world::{Standing, World};

use crate::{
    CanisterId, CheckCall, Creation, InstallMode, Result, SettingsChange, snapshot::SnapshotId,
};
use serde::{Deserialize, Serialize};

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
        /// Whether its cycles are sent to the identity's account in the cycles ledger before.
        #[serde(default)]
        withdraws: bool,
        /// The snapshot whose place the safety snapshot takes that is needed for it.
        #[serde(default)]
        replace: Option<SnapshotId>,
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
        /// Their snapshots that give way where the slots of one are used up; they are gone afterwards.
        #[serde(default)]
        replace: Vec<SnapshotId>,
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
    /// Whether it may be paused: nobody waits for what it holds up, and nothing is done after a pause that the plan was not confirmed for.
    /// A download that is ended keeps what it has anyway.
    pub fn may_pause(&self) -> bool {
        matches!(self, Self::UploadCopy(_))
    }

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
        Op::Delete {
            canister,
            withdraws,
            replace,
        } => removal::plan_delete(world, *canister, *withdraws, replace.as_ref()).await,
        Op::TopUp(wish) => cycles::plan_top_up(world, wish).await,
        Op::Uninstall { canister } => removal::plan_uninstall(world, *canister).await,
        Op::Start { canister } => lifecycle::plan_start(world, *canister).await,
        Op::Stop { canister } => lifecycle::plan_stop(world, *canister).await,
        Op::TakeSnapshot(wish) => snapshots::plan_take(world, wish).await,
        Op::Install(wish) => install::plan_install(world, wish).await,
        Op::DownloadSnapshot(wish) => copies::plan_download(world, wish).await,
        Op::UploadCopy(wish) => copies::plan_upload(world, wish).await,
        Op::RepairCopy(wish) => copies::plan_repair(world, wish).await,
        Op::TakeSnapshots { canisters, replace } => {
            fleet::plan_snapshots(world, canisters, replace).await
        }
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
