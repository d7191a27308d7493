//! The management canister's Candid types, where the newest interface is ahead of the published crate or
//! where a reply must have exactly the interface's shape.
//!
//! Everything else comes from `ic-management-canister-types`, re-exported here, so that the rest of the crate
//! has one place to take types from. Variants are renamed one by one: Candid's derive knows no `rename_all`.
//! That crate gives some reply fields an `opt` for its readers' sake; a reply
//! encoded so could not be read by a client that follows the interface, hence the types of our own.

use candid::{CandidType, Nat, Principal, Reserved};
use serde::{Deserialize, Serialize};

pub use ic_management_canister_types::{
    CanisterIdRecord, CanisterInstallMode, CanisterTimer, ChunkHash, ClearChunkStoreArgs,
    CodeDeploymentMode, DeleteCanisterSnapshotArgs, EnvironmentVariable, InstallChunkedCodeArgs,
    InstallCodeArgs, LoadCanisterSnapshotArgs, MemoryMetrics, OnLowWasmMemoryHookStatus,
    ProvisionalTopUpCanisterArgs, QueryStats, ReadCanisterSnapshotDataArgs,
    ReadCanisterSnapshotDataResult, ReadCanisterSnapshotMetadataArgs, Snapshot, SnapshotDataKind,
    SnapshotDataOffset, SnapshotMetadataGlobal, SnapshotSource, TakeCanisterSnapshotArgs,
    UninstallCodeArgs, UpgradeFlags, UploadCanisterSnapshotMetadataArgs,
    UploadCanisterSnapshotMetadataResult, UploadChunkArgs, WasmMemoryPersistence,
};

/// Who may look.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub enum Visibility {
    /// The controllers.
    #[default]
    #[serde(rename = "controllers")]
    Controllers,
    /// Everybody.
    #[serde(rename = "public")]
    Public,
    /// The controllers and these.
    #[serde(rename = "allowed_viewers")]
    AllowedViewers(Vec<Principal>),
}

/// A piece of a snapshot. The published type reads its bytes one by one, which takes longer than everything else about a piece.
#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct UploadCanisterSnapshotDataArgs {
    pub canister_id: Principal,
    pub snapshot_id: Vec<u8>,
    pub kind: SnapshotDataOffset,
    #[serde(with = "serde_bytes")]
    pub chunk: Vec<u8>,
}

/// Settings to be changed; what is absent stays.
#[derive(CandidType, Deserialize, Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct CanisterSettings {
    pub controllers: Option<Vec<Principal>>,
    pub compute_allocation: Option<Nat>,
    pub memory_allocation: Option<Nat>,
    pub freezing_threshold: Option<Nat>,
    pub reserved_cycles_limit: Option<Nat>,
    pub minimum_incoming_canister_call_cycles: Option<Nat>,
    pub log_visibility: Option<Visibility>,
    pub snapshot_visibility: Option<Visibility>,
    pub status_visibility: Option<Visibility>,
    pub log_memory_limit: Option<Nat>,
    pub wasm_memory_limit: Option<Nat>,
    pub wasm_memory_threshold: Option<Nat>,
    pub environment_variables: Option<Vec<EnvironmentVariable>>,
}

/// All settings, as the status tells them.
#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct DefiniteCanisterSettings {
    pub controllers: Vec<Principal>,
    pub compute_allocation: Nat,
    pub memory_allocation: Nat,
    pub freezing_threshold: Nat,
    pub reserved_cycles_limit: Nat,
    pub minimum_incoming_canister_call_cycles: Nat,
    pub log_visibility: Visibility,
    pub snapshot_visibility: Visibility,
    pub status_visibility: Visibility,
    pub log_memory_limit: Nat,
    pub wasm_memory_limit: Nat,
    pub wasm_memory_threshold: Nat,
    pub environment_variables: Vec<EnvironmentVariable>,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct CreateCanisterArgs {
    pub settings: Option<CanisterSettings>,
    pub sender_canister_version: Option<u64>,
}

#[derive(CandidType, Deserialize, Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct ProvisionalCreateCanisterWithCyclesArgs {
    pub amount: Option<Nat>,
    pub settings: Option<CanisterSettings>,
    pub specified_id: Option<Principal>,
    pub sender_canister_version: Option<u64>,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct UpdateSettingsArgs {
    pub canister_id: Principal,
    pub settings: CanisterSettings,
    pub sender_canister_version: Option<u64>,
}

/// Whether a canister takes messages.
#[derive(CandidType, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CanisterStatusType {
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "stopping")]
    Stopping,
    #[serde(rename = "stopped")]
    Stopped,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct CanisterStatusResult {
    pub status: CanisterStatusType,
    pub ready_for_migration: bool,
    pub version: u64,
    pub settings: DefiniteCanisterSettings,
    pub module_hash: Option<Vec<u8>>,
    pub memory_size: Nat,
    pub memory_metrics: MemoryMetrics,
    pub cycles: Nat,
    pub reserved_cycles: Nat,
    pub idle_cycles_burned_per_day: Nat,
    pub query_stats: QueryStats,
}

/// Where a canister's cycles went.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug, Default)]
#[allow(missing_docs)]
pub struct CyclesConsumed {
    pub memory: Nat,
    pub compute_allocation: Nat,
    pub ingress_induction: Nat,
    pub instructions: Nat,
    pub request_and_response_transmission: Nat,
    pub uninstall: Nat,
    pub canister_creation: Nat,
    pub http_outcalls: Nat,
    pub burned_cycles: Nat,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct CanisterMetricsResult {
    pub cycles_consumed: CyclesConsumed,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct CanisterInfoArgs {
    pub canister_id: Principal,
    pub num_requested_changes: Option<u64>,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct CanisterInfoResult {
    pub total_num_changes: u64,
    pub recent_changes: Vec<Change>,
    pub module_hash: Option<Vec<u8>>,
    pub controllers: Vec<Principal>,
}

/// One entry of a canister's history.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Change {
    pub timestamp_nanos: u64,
    pub canister_version: u64,
    pub origin: ChangeOrigin,
    pub details: ChangeDetails,
}

/// Who made a change.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub enum ChangeOrigin {
    #[serde(rename = "from_user")]
    FromUser { user_id: Principal },
    #[serde(rename = "from_canister")]
    FromCanister {
        canister_id: Principal,
        canister_version: Option<u64>,
    },
}

/// What was changed.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub enum ChangeDetails {
    #[serde(rename = "creation")]
    Creation {
        controllers: Vec<Principal>,
        environment_variables_hash: Option<Vec<u8>>,
    },
    #[serde(rename = "code_uninstall")]
    CodeUninstall,
    #[serde(rename = "code_deployment")]
    CodeDeployment {
        mode: CodeDeploymentMode,
        #[serde(with = "serde_bytes")]
        module_hash: Vec<u8>,
    },
    #[serde(rename = "load_snapshot")]
    LoadSnapshot {
        from_canister_id: Option<Principal>,
        #[serde(with = "serde_bytes")]
        snapshot_id: Vec<u8>,
        canister_version: u64,
        taken_at_timestamp: u64,
        source: SnapshotSource,
    },
    #[serde(rename = "controllers_change")]
    ControllersChange { controllers: Vec<Principal> },
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct CanisterMetadataArgs {
    pub canister_id: Principal,
    pub name: String,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct CanisterMetadataResult {
    #[serde(with = "serde_bytes")]
    pub value: Vec<u8>,
}

/// The reply of `read_canister_snapshot_metadata`.
#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct SnapshotMetadata {
    pub source: SnapshotSource,
    pub taken_at_timestamp: u64,
    pub wasm_module_size: u64,
    pub globals: Vec<SnapshotMetadataGlobal>,
    pub wasm_memory_size: u64,
    pub stable_memory_size: u64,
    pub wasm_chunk_store: Vec<ChunkHash>,
    pub canister_version: u64,
    #[serde(with = "serde_bytes")]
    pub certified_data: Vec<u8>,
    pub global_timer: Option<CanisterTimer>,
    pub on_low_wasm_memory_hook_status: Option<OnLowWasmMemoryHookStatus>,
}

/// Which log records are wanted: from `start` up to, not including, `end`.
#[derive(CandidType, Deserialize, Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum LogFilter {
    #[serde(rename = "by_idx")]
    ByIdx { start: u64, end: u64 },
    #[serde(rename = "by_timestamp_nanos")]
    ByTimestampNanos { start: u64, end: u64 },
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct FetchCanisterLogsArgs {
    pub canister_id: Principal,
    pub filter: Option<LogFilter>,
}

/// A line of a canister's log.
#[derive(CandidType, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct LogRecord {
    pub idx: u64,
    pub timestamp_nanos: u64,
    #[serde(with = "serde_bytes")]
    pub content: Vec<u8>,
}

#[derive(CandidType, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct FetchCanisterLogsResult {
    pub canister_log_records: Vec<LogRecord>,
}

/// Whether a snapshot came from the canister or from an upload.
pub fn snapshot_source(uploaded: bool) -> SnapshotSource {
    if uploaded {
        SnapshotSource::MetadataUpload(Reserved)
    } else {
        SnapshotSource::TakenFromCanister(Reserved)
    }
}
