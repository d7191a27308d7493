//! Calls to the management canister, decoded: whether an argument fits the interface, and which canister it is about.

use crate::errors::{ErrorCode, Reject};
use crate::interface::{
    CanisterIdRecord, CanisterInfoArgs, CanisterMetadataArgs, CanisterSettings, CreateCanisterArgs,
    DeleteCanisterSnapshotArgs, FetchCanisterLogsArgs, InstallChunkedCodeArgs, InstallCodeArgs,
    LoadCanisterSnapshotArgs, ProvisionalCreateCanisterWithCyclesArgs,
    ProvisionalTopUpCanisterArgs, ReadCanisterSnapshotDataArgs, ReadCanisterSnapshotMetadataArgs,
    TakeCanisterSnapshotArgs, UninstallCodeArgs, UpdateSettingsArgs,
    UploadCanisterSnapshotDataArgs, UploadCanisterSnapshotMetadataArgs, UploadChunkArgs,
    Visibility,
};
use crate::settings::MOST_CONTROLLERS;
use crate::snapshot::SnapshotId;
use candid::utils::decode_one_with_config;
use candid::{CandidType, DecoderConfig, Principal};
use serde::de::DeserializeOwned;

/// Bytes of an argument that a decoder may skip, and work that it may do, before it gives up: hostile types can
/// describe values far larger than their bytes.
const SKIPPING_QUOTA: usize = 10_000;
const DECODING_QUOTA: usize = 100_000_000;

/// A call to the management canister, decoded.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Request {
    CreateCanister(CreateCanisterArgs),
    ProvisionalCreate(ProvisionalCreateCanisterWithCyclesArgs),
    ProvisionalTopUp(ProvisionalTopUpCanisterArgs),
    UpdateSettings(UpdateSettingsArgs),
    InstallCode(InstallCodeArgs),
    InstallChunkedCode(InstallChunkedCodeArgs),
    UninstallCode(UninstallCodeArgs),
    UploadChunk(UploadChunkArgs),
    ClearChunkStore(CanisterIdRecord),
    StoredChunks(CanisterIdRecord),
    StartCanister(CanisterIdRecord),
    StopCanister(CanisterIdRecord),
    DeleteCanister(CanisterIdRecord),
    CanisterStatus(CanisterIdRecord),
    CanisterMetrics(CanisterIdRecord),
    CanisterInfo(CanisterInfoArgs),
    CanisterMetadata(CanisterMetadataArgs),
    DepositCycles(CanisterIdRecord),
    FetchCanisterLogs(FetchCanisterLogsArgs),
    ListCanisters,
    RawRand,
    TakeSnapshot(TakeCanisterSnapshotArgs),
    LoadSnapshot(LoadCanisterSnapshotArgs),
    ListSnapshots(CanisterIdRecord),
    DeleteSnapshot(DeleteCanisterSnapshotArgs),
    ReadSnapshotMetadata(ReadCanisterSnapshotMetadataArgs),
    ReadSnapshotData(ReadCanisterSnapshotDataArgs),
    UploadSnapshotMetadata(UploadCanisterSnapshotMetadataArgs),
    UploadSnapshotData(UploadCanisterSnapshotDataArgs),
}

/// Decodes an argument.
pub fn decode<T: DeserializeOwned + CandidType>(arg: &[u8]) -> Result<T, Reject> {
    let mut config = DecoderConfig::new();
    config
        .set_skipping_quota(SKIPPING_QUOTA)
        .set_decoding_quota(DECODING_QUOTA);
    decode_one_with_config(arg, &config).map_err(|error| undecodable(error.to_string()))
}

fn undecodable(reason: impl std::fmt::Display) -> Reject {
    Reject::new(
        ErrorCode::InvalidArgument,
        format!("Error decoding candid: {reason}"),
    )
}

/// Lists of principals are bounded by their type: a longer one does not decode.
fn require_bounded(settings: &CanisterSettings) -> Result<(), Reject> {
    let visibilities = [
        &settings.log_visibility,
        &settings.snapshot_visibility,
        &settings.status_visibility,
    ];
    let viewers = visibilities
        .into_iter()
        .filter_map(|visibility| match visibility {
            Some(Visibility::AllowedViewers(viewers)) => Some(viewers),
            _ => None,
        });
    for list in settings.controllers.iter().chain(viewers) {
        if list.len() > MOST_CONTROLLERS {
            let count = list.len();
            return Err(undecodable(format!(
                "The number of elements exceeds maximum allowed: {count} > {MOST_CONTROLLERS}"
            )));
        }
    }
    Ok(())
}

impl Request {
    /// Decodes an argument; nothing for a method that does not exist.
    pub fn parse(method: &str, arg: &[u8]) -> Option<Result<Self, Reject>> {
        let request = match method {
            "create_canister" => decode(arg).map(Self::CreateCanister),
            "provisional_create_canister_with_cycles" => decode(arg).map(Self::ProvisionalCreate),
            "provisional_top_up_canister" => decode(arg).map(Self::ProvisionalTopUp),
            "update_settings" => decode(arg).map(Self::UpdateSettings),
            "install_code" => decode(arg).map(Self::InstallCode),
            "install_chunked_code" => decode(arg).map(Self::InstallChunkedCode),
            "uninstall_code" => decode(arg).map(Self::UninstallCode),
            "upload_chunk" => decode(arg).map(Self::UploadChunk),
            "clear_chunk_store" => decode(arg).map(Self::ClearChunkStore),
            "stored_chunks" => decode(arg).map(Self::StoredChunks),
            "start_canister" => decode(arg).map(Self::StartCanister),
            "stop_canister" => decode(arg).map(Self::StopCanister),
            "delete_canister" => decode(arg).map(Self::DeleteCanister),
            "canister_status" => decode(arg).map(Self::CanisterStatus),
            "canister_metrics" => decode(arg).map(Self::CanisterMetrics),
            "canister_info" => decode(arg).map(Self::CanisterInfo),
            "canister_metadata" => decode(arg).map(Self::CanisterMetadata),
            "deposit_cycles" => decode(arg).map(Self::DepositCycles),
            "fetch_canister_logs" => decode(arg).map(Self::FetchCanisterLogs),
            "list_canisters" => Ok(Self::ListCanisters),
            "raw_rand" => Ok(Self::RawRand),
            "take_canister_snapshot" => decode(arg).map(Self::TakeSnapshot),
            "load_canister_snapshot" => decode(arg).map(Self::LoadSnapshot),
            "list_canister_snapshots" => decode(arg).map(Self::ListSnapshots),
            "delete_canister_snapshot" => decode(arg).map(Self::DeleteSnapshot),
            "read_canister_snapshot_metadata" => decode(arg).map(Self::ReadSnapshotMetadata),
            "read_canister_snapshot_data" => decode(arg).map(Self::ReadSnapshotData),
            "upload_canister_snapshot_metadata" => decode(arg).map(Self::UploadSnapshotMetadata),
            "upload_canister_snapshot_data" => decode(arg).map(Self::UploadSnapshotData),
            _ => return None,
        };
        Some(request.and_then(|request| {
            let settings = match &request {
                Self::CreateCanister(args) => args.settings.as_ref(),
                Self::ProvisionalCreate(args) => args.settings.as_ref(),
                Self::UpdateSettings(args) => Some(&args.settings),
                _ => None,
            };
            settings.map_or(Ok(()), require_bounded)?;
            if request
                .snapshot_id()
                .is_some_and(|id| SnapshotId::parse(id).is_none())
            {
                return Err(undecodable("invalid snapshot id"));
            }
            Ok(request)
        }))
    }

    /// The snapshot that it names.
    fn snapshot_id(&self) -> Option<&Vec<u8>> {
        match self {
            Self::TakeSnapshot(args) => args.replace_snapshot.as_ref(),
            Self::UploadSnapshotMetadata(args) => args.replace_snapshot.as_ref(),
            Self::LoadSnapshot(args) => Some(&args.snapshot_id),
            Self::DeleteSnapshot(args) => Some(&args.snapshot_id),
            Self::ReadSnapshotMetadata(args) => Some(&args.snapshot_id),
            Self::ReadSnapshotData(args) => Some(&args.snapshot_id),
            Self::UploadSnapshotData(args) => Some(&args.snapshot_id),
            _ => None,
        }
    }

    /// The canister that it is about.
    pub fn canister(&self) -> Option<Principal> {
        Some(match self {
            Self::CreateCanister(_)
            | Self::ProvisionalCreate(_)
            | Self::ListCanisters
            | Self::RawRand => return None,
            Self::ProvisionalTopUp(args) => args.canister_id,
            Self::UpdateSettings(args) => args.canister_id,
            Self::InstallCode(args) => args.canister_id,
            Self::InstallChunkedCode(args) => args.target_canister,
            Self::UninstallCode(args) => args.canister_id,
            Self::UploadChunk(args) => args.canister_id,
            Self::ClearChunkStore(args)
            | Self::StoredChunks(args)
            | Self::StartCanister(args)
            | Self::StopCanister(args)
            | Self::DeleteCanister(args)
            | Self::CanisterStatus(args)
            | Self::CanisterMetrics(args)
            | Self::DepositCycles(args)
            | Self::ListSnapshots(args) => args.canister_id,
            Self::TakeSnapshot(args) => args.canister_id,
            Self::LoadSnapshot(args) => args.canister_id,
            Self::DeleteSnapshot(args) => args.canister_id,
            Self::ReadSnapshotMetadata(args) => args.canister_id,
            Self::ReadSnapshotData(args) => args.canister_id,
            Self::UploadSnapshotMetadata(args) => args.canister_id,
            Self::UploadSnapshotData(args) => args.canister_id,
            Self::CanisterInfo(args) => args.canister_id,
            Self::CanisterMetadata(args) => args.canister_id,
            Self::FetchCanisterLogs(args) => args.canister_id,
        })
    }
}
