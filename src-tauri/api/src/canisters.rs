//! Canisters: what is known of each, what may be done with it, and what a change of its settings would mean.

use crate::{
    Api,
    failure::{Failure, mirror},
    wire::{milliseconds, texts},
};
use candid::Principal;
use canopic_engine::{self as engine, Action as EngineAction, CanisterId, Code, Error};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
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

/// Who may look.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Viewers {
    /// The controllers.
    Controllers,
    /// Everybody.
    Public,
    /// The controllers and these.
    Listed {
        /// Their principals.
        principals: Vec<String>,
    },
}

/// Something that the code can ask for by name.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentVariable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// All settings of a canister; numbers are decimal.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "documented in canopic_engine::CanisterSettings"
)]
pub struct CanisterSettings {
    pub controllers: Vec<String>,
    pub compute_allocation: String,
    pub memory_allocation: String,
    pub freezing_threshold_seconds: String,
    pub reserved_cycles_limit: Option<String>,
    pub minimum_incoming_call_cycles: String,
    pub log_visibility: Viewers,
    pub snapshot_visibility: Viewers,
    pub status_visibility: Viewers,
    pub log_memory_limit: Option<String>,
    pub wasm_memory_limit: String,
    pub wasm_memory_threshold: String,
    pub environment_variables: Vec<EnvironmentVariable>,
}

/// What is to become of some settings; numbers are decimal, what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, TS)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[ts(optional_fields)]
#[expect(
    missing_docs,
    reason = "documented in canopic_engine::CanisterSettings"
)]
pub struct SettingsChange {
    pub controllers: Option<Vec<String>>,
    pub compute_allocation: Option<String>,
    pub memory_allocation: Option<String>,
    pub freezing_threshold_seconds: Option<String>,
    pub reserved_cycles_limit: Option<String>,
    pub minimum_incoming_call_cycles: Option<String>,
    pub log_visibility: Option<Viewers>,
    pub snapshot_visibility: Option<Viewers>,
    pub status_visibility: Option<Viewers>,
    pub log_memory_limit: Option<String>,
    pub wasm_memory_limit: Option<String>,
    pub wasm_memory_threshold: Option<String>,
    pub environment_variables: Option<Vec<EnvironmentVariable>>,
}

/// A change of settings, held against those in force.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// What would differ.
    pub differences: Vec<Difference>,
    /// What to think about first.
    pub guards: Vec<Guard>,
}

/// One thing that would differ.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[expect(missing_docs, reason = "documented in canopic_engine::Difference")]
pub enum Difference {
    Number {
        setting: Setting,
        before: Option<String>,
        after: String,
    },
    Viewers {
        setting: Setting,
        before: Viewers,
        after: Viewers,
    },
    Controllers {
        added: Vec<String>,
        removed: Vec<String>,
    },
    Variable {
        name: String,
        before: Option<String>,
        after: Option<String>,
    },
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

/// What a canister held over time.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Oldest first; thinned out with age.
    pub samples: Vec<Sample>,
    /// When its module was first seen, in milliseconds since 1970, if another one was seen before.
    pub module_changed_at: Option<f64>,
}

/// What a canister held at a moment.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// In milliseconds since 1970.
    pub at: f64,
    /// Cycles, decimal.
    pub cycles: String,
    /// Bytes, snapshots included.
    pub memory_bytes: f64,
}

/// Which lines of a log are wanted.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum LogFilter {
    /// All that there are.
    All,
    /// Those with this number or a higher one.
    From {
        /// It.
        #[ts(type = "number")]
        number: u64,
    },
    /// Those since a moment.
    Since {
        /// In milliseconds since 1970.
        #[ts(type = "number")]
        at: u64,
    },
}

/// A part of a log.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// Its lines, oldest first.
    pub lines: Vec<LogLine>,
    /// The number to ask from next.
    #[ts(type = "number")]
    pub next: u64,
    /// How many of those that were asked for are gone.
    #[ts(type = "number")]
    pub lost: u64,
}

/// A line of a log.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Its number.
    #[ts(type = "number")]
    pub number: u64,
    /// When it was written, in milliseconds since 1970.
    pub at: f64,
    /// What was written; what is no text is shown as it can be.
    pub text: String,
    /// Whether all of it is text; otherwise `hex` has the bytes.
    pub hex: Option<String>,
}

/// What an identity holds in the cycles ledger, decimal.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Cycles.
    pub cycles: String,
    /// What the ledger keeps of each payment.
    pub fee: String,
    /// The largest payment that it can make.
    pub most: String,
}

/// Where a canister is made.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Placement {
    /// Where the network likes.
    Anywhere,
    /// On the subnet of another canister.
    Beside {
        /// Its id.
        canister: String,
    },
    /// On this subnet.
    On {
        /// Its id.
        subnet: String,
    },
}

/// Where cycles come from. See [`canopic_engine::Purse`].
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Purse {
    /// The network gives them away.
    Gift,
    /// The identity's account in the cycles ledger.
    Ledger,
}

impl From<Purse> for engine::Purse {
    fn from(purse: Purse) -> Self {
        match purse {
            Purse::Gift => Self::Gift,
            Purse::Ledger => Self::Ledger,
        }
    }
}

/// What making a canister means; amounts are decimal.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CreationPlan {
    /// The subnet, where it is known before.
    pub subnet: Option<String>,
    /// What is paid.
    pub amount: String,
    /// What the network keeps for making it, on a subnet of usual size.
    pub creation_fee: String,
    /// What the ledger keeps.
    pub ledger_fee: String,
    /// What the canister starts with, on a subnet of usual size.
    pub starts_with: String,
    /// What the identity holds now; null where the network pays.
    pub balance: Option<String>,
    /// What it holds then.
    pub balance_after: Option<String>,
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

mirror! {
    /// A setting, by name. See [`canopic_engine::Setting`].
    Setting {
        ComputeAllocation, Controllers, EnvironmentVariables, FreezingThreshold, LogMemoryLimit, LogVisibility, MemoryAllocation,
        MinimumIncomingCallCycles, ReservedCyclesLimit, SnapshotVisibility, StatusVisibility, WasmMemoryLimit, WasmMemoryThreshold,
    }
}

mirror! {
    /// Something to think about before a change is sent. See [`canopic_engine::Guard`].
    Guard {
        AddsAnonymous, Freezes, LeavesMeOut, LeavesOneController, LeavesNoController, LosesLog, LowersFreezingThreshold,
        MakesLogPublic, MakesSnapshotsPublic, MakesStatusPublic, MemoryLimitBelowUse,
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

    pub(crate) async fn review_settings(
        &self,
        canister: String,
        change: SettingsChange,
    ) -> Result<Review, Failure> {
        let change = change.try_into()?;
        let review = self.engine()?.review(canister.parse()?, &change).await?;
        Ok(review.into())
    }

    pub(crate) async fn canister_history(
        &self,
        canister: String,
        since: f64,
    ) -> Result<History, Failure> {
        let (engine, id) = (self.engine()?, canister.parse()?);
        let samples = engine.samples(id, moment(since)).await?;
        let module_changed_at = engine.module_change(id).await?.map(milliseconds);
        let views = samples.into_iter().map(|sample| Sample {
            at: milliseconds(sample.at),
            cycles: sample.cycles.to_string(),
            memory_bytes: sample.memory_bytes as f64,
        });
        Ok(History {
            samples: views.collect(),
            module_changed_at,
        })
    }

    pub(crate) async fn canister_log(
        &self,
        canister: String,
        filter: LogFilter,
    ) -> Result<Log, Failure> {
        let filter = match filter {
            LogFilter::All => engine::LogFilter::All,
            LogFilter::From { number } => engine::LogFilter::From(number),
            LogFilter::Since { at } => engine::LogFilter::Since(moment(at as f64)),
        };
        let log = self.engine()?.log(canister.parse()?, filter).await?;
        let lines = log.lines.into_iter().map(|line| {
            let text = String::from_utf8_lossy(&line.content).into_owned();
            let is_text = text.as_bytes() == line.content;
            LogLine {
                number: line.number,
                at: milliseconds(line.at),
                text,
                hex: (!is_text).then(|| hex::encode(&line.content)),
            }
        });
        Ok(Log {
            lines: lines.collect(),
            next: log.next,
            lost: log.lost,
        })
    }

    pub(crate) async fn balance(&self) -> Result<Balance, Failure> {
        let balance = self.engine()?.balance().await?;
        Ok(Balance {
            cycles: balance.cycles.to_string(),
            fee: balance.fee.to_string(),
            most: balance.most().to_string(),
        })
    }

    pub(crate) async fn plan_creation(
        &self,
        placement: Placement,
        settings: SettingsChange,
        amount: String,
        purse: Option<Purse>,
    ) -> Result<CreationPlan, Failure> {
        let plan = self
            .engine()?
            .plan_creation(
                placement.try_into()?,
                settings.try_into()?,
                parse_amount(&amount)?,
                purse.map(Into::into),
                SystemTime::now(),
            )
            .await?;
        Ok(plan.into())
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

impl From<engine::CanisterSettings> for CanisterSettings {
    fn from(settings: engine::CanisterSettings) -> Self {
        let variables = settings.environment_variables.into_iter();
        Self {
            controllers: texts(&settings.controllers),
            compute_allocation: settings.compute_allocation.to_string(),
            memory_allocation: settings.memory_allocation.to_string(),
            freezing_threshold_seconds: settings.freezing_threshold_seconds.to_string(),
            reserved_cycles_limit: decimal(settings.reserved_cycles_limit),
            minimum_incoming_call_cycles: settings.minimum_incoming_call_cycles.to_string(),
            log_visibility: settings.log_visibility.into(),
            snapshot_visibility: settings.snapshot_visibility.into(),
            status_visibility: settings.status_visibility.into(),
            log_memory_limit: decimal(settings.log_memory_limit),
            wasm_memory_limit: settings.wasm_memory_limit.to_string(),
            wasm_memory_threshold: settings.wasm_memory_threshold.to_string(),
            environment_variables: variables
                .map(|variable| EnvironmentVariable {
                    name: variable.name,
                    value: variable.value,
                })
                .collect(),
        }
    }
}

impl From<engine::Viewers> for Viewers {
    fn from(viewers: engine::Viewers) -> Self {
        match viewers {
            engine::Viewers::Controllers => Self::Controllers,
            engine::Viewers::Public => Self::Public,
            engine::Viewers::Listed(principals) => Self::Listed {
                principals: texts(&principals),
            },
        }
    }
}

impl TryFrom<Viewers> for engine::Viewers {
    type Error = Error;

    fn try_from(viewers: Viewers) -> Result<Self, Error> {
        Ok(match viewers {
            Viewers::Controllers => Self::Controllers,
            Viewers::Public => Self::Public,
            Viewers::Listed { principals } => Self::Listed(parse_principals(&principals)?),
        })
    }
}

impl TryFrom<SettingsChange> for engine::SettingsChange {
    type Error = Error;

    fn try_from(change: SettingsChange) -> Result<Self, Error> {
        let viewers = |viewers: Option<Viewers>| viewers.map(TryInto::try_into).transpose();
        let number = |number: Option<String>| number.map(|text| parse_amount(&text)).transpose();
        let controllers = change.controllers.as_deref().map(parse_principals);
        let variables = change.environment_variables.map(|variables| {
            let own = variables
                .into_iter()
                .map(|variable| engine::EnvironmentVariable {
                    name: variable.name,
                    value: variable.value,
                });
            own.collect()
        });
        Ok(Self {
            controllers: controllers.transpose()?,
            compute_allocation: number(change.compute_allocation)?,
            memory_allocation: number(change.memory_allocation)?,
            freezing_threshold_seconds: number(change.freezing_threshold_seconds)?,
            reserved_cycles_limit: number(change.reserved_cycles_limit)?,
            minimum_incoming_call_cycles: number(change.minimum_incoming_call_cycles)?,
            log_visibility: viewers(change.log_visibility)?,
            snapshot_visibility: viewers(change.snapshot_visibility)?,
            status_visibility: viewers(change.status_visibility)?,
            log_memory_limit: number(change.log_memory_limit)?,
            wasm_memory_limit: number(change.wasm_memory_limit)?,
            wasm_memory_threshold: number(change.wasm_memory_threshold)?,
            environment_variables: variables,
        })
    }
}

impl From<engine::Review> for Review {
    fn from(review: engine::Review) -> Self {
        Self {
            differences: review.differences.into_iter().map(Into::into).collect(),
            guards: review.guards.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<engine::Difference> for Difference {
    fn from(difference: engine::Difference) -> Self {
        match difference {
            engine::Difference::Number {
                setting,
                before,
                after,
            } => Self::Number {
                setting: setting.into(),
                before: decimal(before),
                after: after.to_string(),
            },
            engine::Difference::Viewers {
                setting,
                before,
                after,
            } => Self::Viewers {
                setting: setting.into(),
                before: before.into(),
                after: after.into(),
            },
            engine::Difference::Controllers { added, removed } => Self::Controllers {
                added: texts(&added),
                removed: texts(&removed),
            },
            engine::Difference::Variable {
                name,
                before,
                after,
            } => Self::Variable {
                name,
                before,
                after,
            },
        }
    }
}

impl TryFrom<Placement> for engine::Placement {
    type Error = Error;

    fn try_from(placement: Placement) -> Result<Self, Error> {
        Ok(match placement {
            Placement::Anywhere => Self::Anywhere,
            Placement::Beside { canister } => Self::Beside {
                canister: canister.parse()?,
            },
            Placement::On { subnet } => Self::On {
                subnet: subnet.parse::<CanisterId>()?.principal(),
            },
        })
    }
}

impl From<engine::CreationPlan> for CreationPlan {
    fn from(plan: engine::CreationPlan) -> Self {
        Self {
            subnet: plan.subnet.map(|subnet| subnet.to_text()),
            amount: plan.creation.payment.amount.to_string(),
            creation_fee: plan.creation_fee.to_string(),
            ledger_fee: plan.ledger_fee.to_string(),
            starts_with: plan.starts_with.to_string(),
            balance: decimal(plan.balance.map(|balance| balance.cycles)),
            balance_after: decimal(plan.balance_after),
        }
    }
}

/// A moment from milliseconds since 1970; what is no moment is 1970.
fn moment(milliseconds: f64) -> SystemTime {
    let since = Duration::try_from_secs_f64(milliseconds / 1_000.0).unwrap_or_default();
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
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

fn parse_principals(texts: &[String]) -> Result<Vec<Principal>, Error> {
    // A canister id is a principal, and is read with the same care.
    texts
        .iter()
        .map(|text| Ok(text.parse::<CanisterId>()?.principal()))
        .collect()
}
