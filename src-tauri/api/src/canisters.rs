//! Canisters: what is known of each and what may be done with it. `settings` is a change and what it would mean, `creation` is what
//! a new one costs, `past` is what one held and wrote.

mod creation;
mod past;
mod settings;

pub use creation::{Balance, CreationPlan, Placement, Purse};
pub use past::{History, Log, LogFilter, LogLine, Sample};
pub use settings::{
    CanisterSettings, Difference, EnvironmentVariable, Guard, Review, Setting, SettingsChange,
    Viewers,
};

use crate::{
    Api,
    failure::{Failure, mirror},
    wire::{milliseconds, texts},
};
use candid::Principal;
use canopic_engine::{self as engine, Action as EngineAction, CanisterId, Code, Error};
use serde::Serialize;
use std::collections::BTreeMap;
use ts_rs::TS;

/// All canisters that are looked after.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    /// In the order of their groups.
    pub canisters: Vec<Canister>,
    /// What keeps all of them from being read: the network is gone, not the one that it was, or seen with a wrong clock.
    pub trouble: Option<Failure>,
}

/// A canister and what is known of it.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Canister {
    /// Its id.
    pub id: String,
    /// The name that people use.
    pub name: String,
    /// The group that it is shown in.
    pub group: String,
    /// When it was read, in milliseconds since 1970.
    pub read_at: f64,
    /// What is known, and how well.
    pub reading: Reading,
    /// What cannot be done, and why; what is not named can be done.
    pub denied: BTreeMap<Action, Denial>,
    /// What its owner should know.
    pub warnings: Vec<Warning>,
    /// Its snapshots, as they were when they were listed last; null where nobody has listed them yet.
    pub snapshots: Option<SnapshotCount>,
    /// When the newest of its states was taken that a verified copy on this computer holds, in milliseconds since 1970.
    pub newest_copy_at: Option<f64>,
    /// When its module was first seen, if another one was seen before, in milliseconds since 1970.
    pub module_changed_at: Option<f64>,
}

/// How many snapshots there are.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotCount {
    /// So many.
    pub count: usize,
    /// When the newest was taken, in milliseconds since 1970.
    pub newest_at: Option<f64>,
    /// When they were listed, in milliseconds since 1970.
    pub read_at: f64,
    /// Whether the status speaks against it by now; they are being listed anew.
    pub is_stale: bool,
}

/// How well a canister is known.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Reading {
    /// Everything, because the identity may see it.
    Full {
        /// The status.
        status: Box<Status>,
    },
    /// Only what everybody may see; always certified.
    Public {
        /// SHA-256 of the module, hexadecimal; null for an empty canister.
        module_hash: Option<String>,
        /// Who may change it.
        controllers: Vec<String>,
        /// Whether it tells everybody which methods it has; null where that is for controllers only.
        has_interface: Option<bool>,
    },
    /// Nothing, and why.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// The status of a canister.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Running, stopping or stopped.
    pub run_state: RunState,
    /// Whether a certificate proves it; otherwise one machine of the network signed it.
    pub is_certified: bool,
    /// The time of that certificate, in milliseconds since 1970; null without one.
    pub proven_at: Option<f64>,
    /// SHA-256 of the module, hexadecimal; null for an empty canister.
    pub module_hash: Option<String>,
    /// All its settings.
    pub settings: CanisterSettings,
    /// Cycles that it holds, decimal.
    pub cycles: String,
    /// Cycles that it must keep: below that it freezes; decimal.
    pub reserve: String,
    /// Cycles that are set aside for storage, decimal.
    pub reserved_cycles: String,
    /// Cycles that it burns in a day of doing nothing, decimal.
    pub idle_burn_per_day: String,
    /// Days until it freezes; null while it burns nothing.
    pub runway_days: Option<f64>,
    /// Days until nothing is left; null while it burns nothing.
    pub days_until_empty: Option<f64>,
    /// Bytes that it takes up, snapshots included.
    pub memory_bytes: f64,
    /// Bytes of that which its snapshots take up.
    pub snapshot_bytes: f64,
    /// Those bytes by kind.
    pub memory: Memory,
    /// Queries that it has answered; null where the network does not count them.
    pub queries: Option<Queries>,
    /// Whether it could be moved to another subnet now; null where the network does not tell.
    pub is_ready_for_migration: Option<bool>,
    /// Counts every change of it.
    pub version: f64,
}

/// Bytes of a canister by kind.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented in canopic_engine::Memory")]
pub struct Memory {
    pub heap: f64,
    pub stable: f64,
    pub globals: f64,
    pub module: f64,
    pub custom_sections: f64,
    pub history: f64,
    pub chunk_store: f64,
    pub snapshots: f64,
    pub log: f64,
}

/// Queries that a canister has answered, decimal.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented in canopic_engine::Queries")]
pub struct Queries {
    pub calls: String,
    pub instructions: String,
    pub request_bytes: String,
    pub response_bytes: String,
}

/// A custom section of a module.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CustomSection {
    /// Its name.
    pub name: String,
    /// Bytes in it.
    pub bytes: f64,
    /// What is in it, where that is text.
    pub text: Option<String>,
}

mirror! {
    /// What a canister is doing. See [`canopic_engine::RunState`].
    RunState { Running, Stopping, Stopped }
}

mirror! {
    /// Something that can be done with a canister. See [`canopic_engine::Action`].
    Action {
        Call, ChangeSettings, Delete, DeleteSnapshot, Install, ReadSnapshots, ReadLog, Reinstall, RestoreSnapshot, Start, Stop,
        TakeSnapshot, TopUp, Uninstall, Upgrade, UploadSnapshot,
    }
}

mirror! {
    /// Why something cannot be done. See [`canopic_engine::Denial`].
    Denial {
        AlreadyInstalled, AlreadyRunning, AlreadyStopping, AlreadyStopped, Frozen, NothingInstalled, NoSnapshot, NotController,
        NotRead, NotRunning, NotStopped, NotTold, NotViewer,
    }
}

mirror! {
    /// Something that an owner should know. See [`canopic_engine::Warning`].
    Warning {
        ControlledByAnonymous, Frozen, NoController, NotOurs, OneController, PublicLog, PublicSnapshots, PublicStatus, RunwayShort,
    }
}

/// One method per request.
impl Api {
    pub(crate) async fn canisters(&self) -> Result<Board, Failure> {
        let engine = self.engine()?;
        let connection = engine.connection().await?;
        let caller = connection.identity.principal;
        let ours = engine.our_principals(&connection);
        let canisters = engine.canisters().await?;
        let beside = engine.beside(&canisters).await;
        let trouble = common_trouble(&canisters);
        let views = canisters.into_iter().zip(beside);
        Ok(Board {
            canisters: views
                .map(|(canister, beside)| view(canister, &beside, caller, &ours))
                .collect(),
            trouble,
        })
    }

    pub(crate) async fn read_canister(
        &self,
        canister: String,
        certified: bool,
    ) -> Result<Canister, Failure> {
        let engine = self.engine()?;
        let found = engine.canister(canister.parse()?, certified).await?;
        seen(&engine, found).await
    }

    pub(crate) async fn canister_metadata(
        &self,
        canister: String,
    ) -> Result<Vec<CustomSection>, Failure> {
        let sections = self.engine()?.metadata(canister.parse()?).await?;
        let views = sections.into_iter().map(|section| CustomSection {
            name: section.name,
            bytes: section.content.len() as f64,
            text: String::from_utf8(section.content).ok(),
        });
        Ok(views.collect())
    }

    pub(crate) async fn start_canister(&self, canister: String) -> Result<Canister, Failure> {
        self.act(EngineAction::Start, &canister).await
    }

    pub(crate) async fn stop_canister(&self, canister: String) -> Result<Canister, Failure> {
        self.act(EngineAction::Stop, &canister).await
    }

    async fn act(&self, action: EngineAction, canister: &str) -> Result<Canister, Failure> {
        let engine = self.engine()?;
        let id: CanisterId = canister.parse()?;
        let changed = engine.act(action, id).await?;
        seen(&engine, changed).await
    }
}

/// The view of one canister with what is remembered of it.
async fn seen(engine: &engine::Engine, canister: engine::Canister) -> Result<Canister, Failure> {
    let connection = engine.connection().await?;
    let beside = engine.beside(std::slice::from_ref(&canister)).await;
    Ok(view(
        canister,
        &beside.into_iter().next().unwrap_or_default(),
        connection.identity.principal,
        &engine.our_principals(&connection),
    ))
}

/// The failure of a whole board: all of its canisters failed in the same way, and it is one that no canister has by itself.
fn common_trouble(canisters: &[engine::Canister]) -> Option<Failure> {
    let mut failures = canisters.iter().map(|canister| match &canister.reading {
        engine::Reading::Failed(error) => Some(error),
        _ => None,
    });
    let first = failures.next()??;
    let is_common = matches!(
        first.code,
        Code::NoNetwork | Code::Untrusted | Code::RootKeyChanged | Code::ClockOff | Code::Throttled
    );
    let is_shared =
        failures.all(|failure| failure.is_some_and(|failure| failure.code == first.code));
    (is_common && is_shared).then(|| first.into())
}

/// Makes the view of a canister for somebody. `ours` are all identities at hand, the one in use and the others.
fn view(
    canister: engine::Canister,
    beside: &engine::Beside,
    caller: Principal,
    ours: &[Principal],
) -> Canister {
    let denied = EngineAction::ALL.into_iter().filter_map(|action| {
        let denial = engine::may(action, &canister.reading, caller).err()?;
        Some((action.into(), denial.into()))
    });
    let warnings = canister.reading.warnings(ours);
    Canister {
        id: canister.id.to_string(),
        denied: denied.collect(),
        warnings: warnings.into_iter().map(Warning::from).collect(),
        snapshots: beside.snapshots.map(|known| SnapshotCount {
            count: known.count,
            newest_at: known.newest.map(|at| at as f64),
            read_at: known.read_at as f64,
            is_stale: known.is_stale,
        }),
        newest_copy_at: beside.newest_copy.map(|at| at as f64),
        module_changed_at: beside.module_changed.map(milliseconds),
        name: canister.name,
        group: canister.group,
        read_at: milliseconds(canister.read_at),
        reading: match canister.reading {
            engine::Reading::Full(status) => Reading::Full {
                status: Box::new(Status::from(*status)),
            },
            engine::Reading::Public(facts) => Reading::Public {
                module_hash: facts.module_hash.map(hex::encode),
                controllers: texts(&facts.controllers),
                has_interface: facts.has_interface,
            },
            engine::Reading::Failed(error) => Reading::Failed {
                failure: error.into(),
            },
        },
    }
}

impl From<engine::Status> for Status {
    fn from(status: engine::Status) -> Self {
        Self {
            run_state: status.run_state.into(),
            is_certified: status.proven_at.is_some(),
            proven_at: status.proven_at.map(milliseconds),
            reserve: status.reserve().to_string(),
            runway_days: status.runway_days(),
            days_until_empty: status.days_until_empty(),
            module_hash: status.module_hash.map(hex::encode),
            settings: status.settings.into(),
            cycles: status.cycles.to_string(),
            reserved_cycles: status.reserved_cycles.to_string(),
            idle_burn_per_day: status.idle_burn_per_day.to_string(),
            memory_bytes: status.memory_bytes as f64,
            snapshot_bytes: status.memory.snapshots as f64,
            memory: status.memory.into(),
            queries: status.queries.map(Queries::from),
            is_ready_for_migration: status.is_ready_for_migration,
            version: status.version as f64,
        }
    }
}

impl From<engine::Memory> for Memory {
    fn from(memory: engine::Memory) -> Self {
        Self {
            heap: memory.heap as f64,
            stable: memory.stable as f64,
            globals: memory.globals as f64,
            module: memory.module as f64,
            custom_sections: memory.custom_sections as f64,
            history: memory.history as f64,
            chunk_store: memory.chunk_store as f64,
            snapshots: memory.snapshots as f64,
            log: memory.log as f64,
        }
    }
}

impl From<engine::Queries> for Queries {
    fn from(queries: engine::Queries) -> Self {
        Self {
            calls: queries.calls.to_string(),
            instructions: queries.instructions.to_string(),
            request_bytes: queries.request_bytes.to_string(),
            response_bytes: queries.response_bytes.to_string(),
        }
    }
}

fn decimal(number: Option<u128>) -> Option<String> {
    number.map(|number| number.to_string())
}

/// A decimal number as people type it, with or without separators.
pub(crate) fn parse_amount(text: &str) -> Result<u128, Error> {
    let digits: String = text
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '_' | ','))
        .collect();
    digits.parse().map_err(|error: std::num::ParseIntError| {
        Error::new(Code::AmountMalformed, "reading a number")
            .with("text", text)
            .because(error)
    })
}
