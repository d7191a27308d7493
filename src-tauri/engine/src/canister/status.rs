//! The status of a canister as the network tells it, and what follows from it.
//!
//! Decoding keeps networks of every age readable: what a newer interface added is absent on an older network and then has the
//! value that such a network behaves by, or none where that would be a guess. What follows is arithmetic on one status; what needs
//! the past is in `samples`.

use super::settings::{CanisterSettings, SettingsReply, Viewers};
use candid::{CandidType, Nat, Principal};
use serde::Deserialize;
use std::time::SystemTime;

const SECONDS_PER_DAY: u128 = 86_400;

/// What a canister is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It takes calls.
    Running,
    /// It takes no new calls and waits for open ones.
    Stopping,
    /// It takes no calls.
    Stopped,
}

/// The status of a canister.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Running, stopping or stopped.
    pub run_state: RunState,
    /// The time of the certificate that proves it; none where one machine of the network signed it.
    pub proven_at: Option<SystemTime>,
    /// SHA-256 of the installed module; none for an empty canister.
    pub module_hash: Option<Vec<u8>>,
    /// All its settings.
    pub settings: CanisterSettings,
    /// Cycles that it holds.
    pub cycles: u128,
    /// Cycles that are set aside to pay for storage that it took up on a full subnet.
    pub reserved_cycles: u128,
    /// Cycles that it burns in a day of doing nothing.
    pub idle_burn_per_day: u128,
    /// Bytes that it takes up, snapshots included.
    pub memory_bytes: u128,
    /// Those bytes by kind.
    pub memory: Memory,
    /// Queries that it has answered, where the network counts them.
    pub queries: Option<Queries>,
    /// Whether it could be moved to another subnet now, where the network tells.
    pub is_ready_for_migration: Option<bool>,
    /// Counts every change of it.
    pub version: u64,
}

/// Bytes of a canister by kind. What an older network does not tell counts as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// The memory that its code works in.
    pub heap: u128,
    /// The memory that outlives upgrades.
    pub stable: u128,
    /// Global variables of its code.
    pub globals: u128,
    /// The module.
    pub module: u128,
    /// Custom sections of the module.
    pub custom_sections: u128,
    /// The record of its changes.
    pub history: u128,
    /// Parts of modules that wait to be installed.
    pub chunk_store: u128,
    /// Snapshots.
    pub snapshots: u128,
    /// The log.
    pub log: u128,
}

/// Queries that a canister has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queries {
    /// How many.
    pub calls: u128,
    /// Instructions that they took.
    pub instructions: u128,
    /// Bytes of their arguments.
    pub request_bytes: u128,
    /// Bytes of their replies.
    pub response_bytes: u128,
}

/// Something about a canister that its owner should know before it hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// Everybody in the world controls it.
    ControlledByAnonymous,
    /// It holds less than its reserve, so that it answers nothing.
    Frozen,
    /// Nobody can change it any more.
    NoController,
    /// None of the identities at hand controls it.
    NotOurs,
    /// A single principal controls it: with that key lost, the canister is lost.
    OneController,
    /// Everybody may read its log.
    PublicLog,
    /// Everybody may read its snapshots, and so all that it holds.
    PublicSnapshots,
    /// Everybody may read its status.
    PublicStatus,
    /// It freezes within a month of doing nothing.
    RunwayShort,
}

/// Days until freezing below which a canister is warned about: a month is what most people need to notice and act.
pub const SHORT_RUNWAY_DAYS: f64 = 30.0;

impl Status {
    /// Cycles that it must keep: below that it freezes. What is reserved for storage pays into it.
    pub fn reserve(&self) -> u128 {
        (self
            .idle_burn_per_day
            .saturating_mul(self.settings.freezing_threshold_seconds)
            / SECONDS_PER_DAY)
            .saturating_sub(self.reserved_cycles)
    }

    /// Whether it holds too little to answer anything.
    pub fn is_frozen(&self) -> bool {
        self.cycles < self.reserve()
    }

    /// Days of idle burning until it freezes; none while it burns nothing.
    pub fn runway_days(&self) -> Option<f64> {
        self.days_of(self.cycles.saturating_sub(self.reserve()))
    }

    /// Days of idle burning until nothing is left, and with it code, memory and snapshots; none while it burns nothing.
    pub fn days_until_empty(&self) -> Option<f64> {
        self.days_of(self.cycles.saturating_add(self.reserved_cycles))
    }

    fn days_of(&self, cycles: u128) -> Option<f64> {
        (self.idle_burn_per_day > 0).then(|| cycles as f64 / self.idle_burn_per_day as f64)
    }

    /// Whether this principal may change it.
    pub fn is_controlled_by(&self, principal: Principal) -> bool {
        self.settings.controllers.contains(&principal)
    }

    /// What its owner should know. `ours` are the principals of all identities at hand.
    pub fn warnings(&self, ours: &[Principal]) -> Vec<Warning> {
        let settings = &self.settings;
        let mut warnings = controller_warnings(&settings.controllers, ours);
        let is_short = self
            .runway_days()
            .is_some_and(|days| days < SHORT_RUNWAY_DAYS);
        let rules = [
            (self.is_frozen(), Warning::Frozen),
            (is_short && !self.is_frozen(), Warning::RunwayShort),
            (
                settings.log_visibility == Viewers::Public,
                Warning::PublicLog,
            ),
            (
                settings.snapshot_visibility == Viewers::Public,
                Warning::PublicSnapshots,
            ),
            (
                settings.status_visibility == Viewers::Public,
                Warning::PublicStatus,
            ),
        ];
        warnings.extend(
            rules
                .iter()
                .filter(|(holds, _)| *holds)
                .map(|(_, warning)| *warning),
        );
        warnings
    }
}

/// What there is to say about who controls a canister; all of it is public knowledge.
pub fn controller_warnings(controllers: &[Principal], ours: &[Principal]) -> Vec<Warning> {
    let rules = [
        (controllers.is_empty(), Warning::NoController),
        (controllers.len() == 1, Warning::OneController),
        (
            !controllers
                .iter()
                .any(|controller| ours.contains(controller)),
            Warning::NotOurs,
        ),
        (
            controllers.contains(&Principal::anonymous()),
            Warning::ControlledByAnonymous,
        ),
    ];
    let holding = rules.iter().filter(|(holds, _)| *holds);
    holding.map(|(_, warning)| *warning).collect()
}

/// The network's answer.
#[derive(CandidType, Deserialize)]
pub(super) struct StatusReply {
    status: RunStateReply,
    ready_for_migration: Option<bool>,
    version: u64,
    settings: SettingsReply,
    module_hash: Option<serde_bytes::ByteBuf>,
    memory_size: Nat,
    memory_metrics: Option<MemoryReply>,
    cycles: Nat,
    reserved_cycles: Option<Nat>,
    idle_cycles_burned_per_day: Nat,
    query_stats: Option<QueriesReply>,
}

#[derive(CandidType, Deserialize)]
enum RunStateReply {
    // One by one: Candid's derive does not see `rename_all`.
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "stopping")]
    Stopping,
    #[serde(rename = "stopped")]
    Stopped,
}

#[derive(CandidType, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the network names them")]
struct MemoryReply {
    wasm_memory_size: Option<Nat>,
    stable_memory_size: Option<Nat>,
    global_memory_size: Option<Nat>,
    wasm_binary_size: Option<Nat>,
    custom_sections_size: Option<Nat>,
    canister_history_size: Option<Nat>,
    wasm_chunk_store_size: Option<Nat>,
    snapshots_size: Option<Nat>,
    log_memory_store_size: Option<Nat>,
}

#[derive(CandidType, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the network names them")]
struct QueriesReply {
    num_calls_total: Nat,
    num_instructions_total: Nat,
    request_payload_bytes_total: Nat,
    response_payload_bytes_total: Nat,
}

impl StatusReply {
    pub(super) fn into_status(self, proven_at: Option<SystemTime>) -> Status {
        Status {
            run_state: match self.status {
                RunStateReply::Running => RunState::Running,
                RunStateReply::Stopping => RunState::Stopping,
                RunStateReply::Stopped => RunState::Stopped,
            },
            proven_at,
            module_hash: self.module_hash.map(serde_bytes::ByteBuf::into_vec),
            settings: self.settings.into(),
            cycles: amount(&self.cycles),
            reserved_cycles: self.reserved_cycles.as_ref().map_or(0, amount),
            idle_burn_per_day: amount(&self.idle_cycles_burned_per_day),
            memory_bytes: amount(&self.memory_size),
            memory: self.memory_metrics.map(Memory::from).unwrap_or_default(),
            queries: self.query_stats.map(|stats| Queries {
                calls: amount(&stats.num_calls_total),
                instructions: amount(&stats.num_instructions_total),
                request_bytes: amount(&stats.request_payload_bytes_total),
                response_bytes: amount(&stats.response_payload_bytes_total),
            }),
            is_ready_for_migration: self.ready_for_migration,
            version: self.version,
        }
    }
}

impl From<MemoryReply> for Memory {
    fn from(reply: MemoryReply) -> Self {
        let bytes = |number: Option<Nat>| number.as_ref().map_or(0, amount);
        Self {
            heap: bytes(reply.wasm_memory_size),
            stable: bytes(reply.stable_memory_size),
            globals: bytes(reply.global_memory_size),
            module: bytes(reply.wasm_binary_size),
            custom_sections: bytes(reply.custom_sections_size),
            history: bytes(reply.canister_history_size),
            chunk_store: bytes(reply.wasm_chunk_store_size),
            snapshots: bytes(reply.snapshots_size),
            log: bytes(reply.log_memory_store_size),
        }
    }
}

/// Candid's numbers have no end; amounts of cycles and bytes fit in 128 bits on every real network.
pub(crate) fn amount(number: &Nat) -> u128 {
    u128::try_from(&number.0).unwrap_or(u128::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A canister of one controller, with cycles for a hundred days and a reserve of thirty.
    pub(in super::super) fn status(run_state: RunState) -> Status {
        Status {
            run_state,
            proven_at: None,
            module_hash: Some(vec![7; 32]),
            settings: CanisterSettings::of(Principal::from_slice(&[1])),
            cycles: 10_000,
            reserved_cycles: 0,
            idle_burn_per_day: 100,
            memory_bytes: 0,
            memory: Memory::default(),
            queries: None,
            is_ready_for_migration: None,
            version: 0,
        }
    }

    #[test]
    fn the_runway_ends_where_the_canister_freezes() {
        let cases = [
            // cycles, reserved, burn, runway, until empty, frozen
            (10_000, 0, 100, Some(70.0), Some(100.0), false),
            (10_000, 1_000, 100, Some(80.0), Some(110.0), false),
            (3_000, 0, 100, Some(0.0), Some(30.0), false),
            (2_999, 0, 100, Some(0.0), Some(29.99), true),
            (10_000, 0, 0, None, None, false),
        ];
        for (cycles, reserved_cycles, idle_burn_per_day, runway, empty, is_frozen) in cases {
            let status = Status {
                cycles,
                reserved_cycles,
                idle_burn_per_day,
                ..status(RunState::Running)
            };
            assert_eq!(
                (
                    status.runway_days(),
                    status.days_until_empty(),
                    status.is_frozen()
                ),
                (runway, empty, is_frozen),
                "{cycles} cycles, {reserved_cycles} reserved, {idle_burn_per_day} burnt a day"
            );
        }
    }

    #[test]
    fn warnings_are_said_where_they_hold_and_only_there() {
        use Warning::*;
        let (ours, other) = (Principal::from_slice(&[1]), Principal::from_slice(&[2]));
        let controlled = |controllers: &[Principal]| {
            let mut status = status(RunState::Running);
            status.settings.controllers = controllers.to_vec();
            status
        };
        let mut low = controlled(&[ours, other]);
        low.cycles = 3_100;
        let mut frozen = controlled(&[ours, other]);
        frozen.cycles = 10;
        let mut open = controlled(&[ours, other]);
        open.settings.log_visibility = Viewers::Public;
        open.settings.snapshot_visibility = Viewers::Public;
        open.settings.status_visibility = Viewers::Public;
        let table = [
            (controlled(&[ours, other]), vec![]),
            (controlled(&[ours]), vec![OneController]),
            (controlled(&[other]), vec![OneController, NotOurs]),
            (controlled(&[]), vec![NoController, NotOurs]),
            (
                controlled(&[ours, Principal::anonymous()]),
                vec![ControlledByAnonymous],
            ),
            (low, vec![RunwayShort]),
            (frozen, vec![Frozen]),
            (open, vec![PublicLog, PublicSnapshots, PublicStatus]),
        ];
        for (status, expected) in table {
            assert_eq!(status.warnings(&[ours]), expected, "{status:?}");
        }
    }

    /// What a network answered that knows only the oldest fields.
    #[derive(CandidType)]
    struct OldReply {
        status: OldRunState,
        version: u64,
        settings: OldSettings,
        module_hash: Option<Vec<u8>>,
        memory_size: Nat,
        cycles: Nat,
        idle_cycles_burned_per_day: Nat,
    }

    #[derive(CandidType, Deserialize)]
    enum OldRunState {
        #[serde(rename = "stopped")]
        Stopped,
    }

    #[derive(CandidType)]
    struct OldSettings {
        controllers: Vec<Principal>,
        compute_allocation: Nat,
        memory_allocation: Nat,
        freezing_threshold: Nat,
    }

    #[test]
    fn an_older_network_is_understood() {
        let nat = |number: u32| Nat::from(number);
        let old = OldReply {
            status: OldRunState::Stopped,
            version: 3,
            settings: OldSettings {
                controllers: vec![Principal::anonymous()],
                compute_allocation: nat(0),
                memory_allocation: nat(0),
                freezing_threshold: nat(2_592_000),
            },
            module_hash: None,
            memory_size: nat(12),
            cycles: nat(99),
            idle_cycles_burned_per_day: nat(1),
        };
        let bytes = candid::encode_one(old).unwrap();
        let status = candid::decode_one::<StatusReply>(&bytes)
            .unwrap()
            .into_status(None);
        assert_eq!(
            (status.run_state, status.cycles, status.memory_bytes),
            (RunState::Stopped, 99, 12)
        );
        assert_eq!(
            (status.queries, status.is_ready_for_migration),
            (None, None),
            "what was not told is not made up"
        );
        assert_eq!(
            status.settings.log_visibility,
            Viewers::Controllers,
            "where there is no such setting, only controllers read"
        );
    }
}
