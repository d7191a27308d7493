//! The settings of a canister, and what a change of them would mean before it is sent.

use super::{decimal, parse_amount};
use crate::{
    Api,
    failure::{Failure, mirror},
    wire::texts,
};
use candid::Principal;
use canopic_engine::{self as engine, CanisterId, Error};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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
    pub(crate) async fn review_settings(
        &self,
        canister: String,
        change: SettingsChange,
    ) -> Result<Review, Failure> {
        let change = change.try_into()?;
        let review = self.engine()?.review(canister.parse()?, &change).await?;
        Ok(review.into())
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

fn parse_principals(texts: &[String]) -> Result<Vec<Principal>, Error> {
    // A canister id is a principal, and is read with the same care.
    texts
        .iter()
        .map(|text| Ok(text.parse::<CanisterId>()?.principal()))
        .collect()
}
