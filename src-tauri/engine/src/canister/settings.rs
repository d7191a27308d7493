//! The settings of a canister. A change names what is to become of some of them; the others stay. [`review`] says what it would mean.

mod review;

pub use review::{Difference, Guard, MOST_CONTROLLERS, Review, Setting, check, review};

use super::status::amount;
use candid::{CandidType, Nat, Principal};
use serde::{Deserialize, Serialize};

/// What a new canister keeps for: thirty days.
const USUAL_FREEZING_THRESHOLD: u128 = 30 * 86_400;

/// Who may look.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub enum Viewers {
    /// The controllers.
    #[default]
    #[serde(rename = "controllers")]
    Controllers,
    /// Everybody.
    #[serde(rename = "public")]
    Public,
    /// The controllers and these.
    #[serde(rename = "allowed_viewers")]
    Listed(Vec<Principal>),
}

impl Viewers {
    /// Whether somebody who controls the canister or not may look.
    pub fn admits(&self, caller: Principal, controllers: &[Principal]) -> bool {
        controllers.contains(&caller)
            || match self {
                Self::Controllers => false,
                Self::Public => true,
                Self::Listed(viewers) => viewers.contains(&caller),
            }
    }
}

/// Something that the code can ask for by name.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// All settings of a canister.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterSettings {
    /// Who may change it.
    pub controllers: Vec<Principal>,
    /// Percent of a core that is kept for it.
    pub compute_allocation: u128,
    /// Bytes that are kept for it.
    pub memory_allocation: u128,
    /// Seconds of idle burning that it must be able to pay for; below that it freezes.
    pub freezing_threshold_seconds: u128,
    /// Cycles that may be set aside for storage; none where the network does not tell.
    pub reserved_cycles_limit: Option<u128>,
    /// Cycles that a call from another canister must bring.
    pub minimum_incoming_call_cycles: u128,
    /// Who reads the log.
    pub log_visibility: Viewers,
    /// Who lists and reads the snapshots.
    pub snapshot_visibility: Viewers,
    /// Who reads the status.
    pub status_visibility: Viewers,
    /// Bytes of log that are kept; none where the network does not tell.
    pub log_memory_limit: Option<u128>,
    /// Bytes that the heap may grow to in updates; 0 is no limit.
    pub wasm_memory_limit: u128,
    /// When fewer bytes than this remain, the code is told; 0 is never.
    pub wasm_memory_threshold: u128,
    /// What the code can ask for by name.
    pub environment_variables: Vec<EnvironmentVariable>,
}

impl CanisterSettings {
    /// The settings of a new canister of this controller.
    pub fn of(controller: Principal) -> Self {
        Self {
            controllers: vec![controller],
            compute_allocation: 0,
            memory_allocation: 0,
            freezing_threshold_seconds: USUAL_FREEZING_THRESHOLD,
            reserved_cycles_limit: None,
            minimum_incoming_call_cycles: 0,
            log_visibility: Viewers::Controllers,
            snapshot_visibility: Viewers::Controllers,
            status_visibility: Viewers::Controllers,
            log_memory_limit: None,
            wasm_memory_limit: 0,
            wasm_memory_threshold: 0,
            environment_variables: vec![],
        }
    }
}

/// What is to become of some settings; none leaves a setting as it is. The network's own type, so that what was reviewed is what
/// is sent.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in CanisterSettings")]
pub struct SettingsChange {
    pub controllers: Option<Vec<Principal>>,
    pub compute_allocation: Option<u128>,
    pub memory_allocation: Option<u128>,
    #[serde(rename = "freezing_threshold")]
    pub freezing_threshold_seconds: Option<u128>,
    pub reserved_cycles_limit: Option<u128>,
    #[serde(rename = "minimum_incoming_canister_call_cycles")]
    pub minimum_incoming_call_cycles: Option<u128>,
    pub log_visibility: Option<Viewers>,
    pub snapshot_visibility: Option<Viewers>,
    pub status_visibility: Option<Viewers>,
    pub log_memory_limit: Option<u128>,
    pub wasm_memory_limit: Option<u128>,
    pub wasm_memory_threshold: Option<u128>,
    pub environment_variables: Option<Vec<EnvironmentVariable>>,
}

/// Settings as the status tells them.
#[derive(CandidType, Deserialize)]
pub(super) struct SettingsReply {
    controllers: Vec<Principal>,
    compute_allocation: Option<Nat>,
    memory_allocation: Option<Nat>,
    freezing_threshold: Nat,
    reserved_cycles_limit: Option<Nat>,
    minimum_incoming_canister_call_cycles: Option<Nat>,
    log_visibility: Option<Viewers>,
    snapshot_visibility: Option<Viewers>,
    status_visibility: Option<Viewers>,
    log_memory_limit: Option<Nat>,
    wasm_memory_limit: Option<Nat>,
    wasm_memory_threshold: Option<Nat>,
    environment_variables: Option<Vec<EnvironmentVariable>>,
}

impl From<SettingsReply> for CanisterSettings {
    fn from(reply: SettingsReply) -> Self {
        let number = |number: Option<Nat>| number.as_ref().map_or(0, amount);
        Self {
            controllers: reply.controllers,
            compute_allocation: number(reply.compute_allocation),
            memory_allocation: number(reply.memory_allocation),
            freezing_threshold_seconds: amount(&reply.freezing_threshold),
            reserved_cycles_limit: reply.reserved_cycles_limit.as_ref().map(amount),
            minimum_incoming_call_cycles: number(reply.minimum_incoming_canister_call_cycles),
            log_visibility: reply.log_visibility.unwrap_or_default(),
            snapshot_visibility: reply.snapshot_visibility.unwrap_or_default(),
            status_visibility: reply.status_visibility.unwrap_or_default(),
            log_memory_limit: reply.log_memory_limit.as_ref().map(amount),
            wasm_memory_limit: number(reply.wasm_memory_limit),
            wasm_memory_threshold: number(reply.wasm_memory_threshold),
            environment_variables: reply.environment_variables.unwrap_or_default(),
        }
    }
}
