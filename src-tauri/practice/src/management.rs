//! The management canister: `aaaaa-aa`, through which canisters are made and looked after.
//!
//! It is not a canister but a face of each subnet. A call passes three doors: [`Request::parse`] (the argument fits
//! the interface), [`admit`] (a user may ask this at all; refusals are not certified) and [`execute`] (it happens,
//! in a block; the answer is certified). Queries go through [`query`].

use crate::blocks::World;
use crate::canister::{Canister, MOST_CONTROLLERS, Origin, Run, Settings, environment_hash};
use crate::cycles;
use crate::errors::{ErrorCode, Reject};
use crate::install;
use crate::interface::{
    CanisterIdRecord, CanisterInfoArgs, CanisterInfoResult, CanisterMetadataArgs,
    CanisterMetadataResult, CanisterMetricsResult, CanisterSettings, ChangeDetails, ChangeOrigin,
    ChunkHash, CreateCanisterArgs, CyclesConsumed, DeleteCanisterSnapshotArgs,
    FetchCanisterLogsArgs, FetchCanisterLogsResult, InstallChunkedCodeArgs, InstallCodeArgs,
    LoadCanisterSnapshotArgs, ProvisionalCreateCanisterWithCyclesArgs,
    ProvisionalTopUpCanisterArgs, ReadCanisterSnapshotDataArgs, ReadCanisterSnapshotDataResult,
    ReadCanisterSnapshotMetadataArgs, TakeCanisterSnapshotArgs, UninstallCodeArgs,
    UpdateSettingsArgs, UploadCanisterSnapshotDataArgs, UploadCanisterSnapshotMetadataArgs,
    UploadCanisterSnapshotMetadataResult, UploadChunkArgs, Visibility,
};
use crate::snapshot::{self, SnapshotId};
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

fn decode<T: DeserializeOwned + CandidType>(arg: &[u8]) -> Result<T, Reject> {
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
            Self::CreateCanister(_) | Self::ProvisionalCreate(_) | Self::RawRand => return None,
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

/// The door for users. What passes is executed in a block, undecodable provisional calls included.
pub fn admit(
    world: &World,
    subnet: usize,
    sender: Principal,
    method: &str,
    parsed: Option<&Result<Request, Reject>>,
) -> Result<(), Reject> {
    let Some(parsed) = parsed else {
        // Methods of the interface that need what a practice network has not (other chains, threshold keys) end here, too.
        return Err(Reject::new(
            ErrorCode::MethodNotFound,
            format!("ic00 interface does not expose method {method}"),
        ));
    };
    match method {
        "create_canister" | "deposit_cycles" | "raw_rand" | "fetch_canister_logs" => {
            return Err(Reject::new(
                ErrorCode::Rejected,
                format!("ic00 method {method} can not be called via ingress messages"),
            ));
        }
        "canister_info" | "canister_metadata" => {
            return Err(Reject::new(
                ErrorCode::Rejected,
                format!("Only canisters can call ic00 method {method}"),
            ));
        }
        "provisional_create_canister_with_cycles" | "provisional_top_up_canister" => return Ok(()),
        _ => {}
    }
    let request = parsed.as_ref().map_err(|reject| {
        Reject::new(
            ErrorCode::InvalidArgument,
            format!("Failed to parse payload for ic00 method {method}: {reject}"),
        )
    })?;
    let Some(id) = request.canister() else {
        return Ok(());
    };
    let canister = world.canister(id, subnet)?;
    if !may_call(canister, sender, request) {
        let message = format!("Only controllers of canister {id} can call ic00 method {method}");
        return Err(Reject::new(ErrorCode::InvalidController, message));
    }
    // Settings are what thaws a frozen canister.
    if !matches!(request, Request::UpdateSettings(_)) {
        canister.require_cycles(0)?;
    }
    Ok(())
}

/// Whether the settings of the canister let this caller do that.
fn may_call(canister: &Canister, caller: Principal, request: &Request) -> bool {
    match request {
        Request::CanisterStatus(_) => {
            caller == canister.id
                || canister
                    .settings
                    .may_view(&canister.settings.status_visibility, caller)
        }
        Request::UploadChunk(_) | Request::ClearChunkStore(_) | Request::StoredChunks(_) => {
            caller == canister.id || canister.is_controlled_by(caller)
        }
        Request::ListSnapshots(_)
        | Request::ReadSnapshotMetadata(_)
        | Request::ReadSnapshotData(_) => canister
            .settings
            .may_view(&canister.settings.snapshot_visibility, caller),
        Request::CanisterInfo(_)
        | Request::CanisterMetadata(_)
        | Request::ProvisionalTopUp(_)
        | Request::DepositCycles(_)
        | Request::FetchCanisterLogs(_) => true,
        _ => canister.is_controlled_by(caller),
    }
}

/// Who calls, and with what.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user or canister.
    pub id: Principal,
    /// Where the answer goes.
    pub origin: Origin,
    /// The version of a calling canister.
    pub version: Option<u64>,
    /// Cycles attached by a calling canister.
    pub cycles: u128,
}

impl Caller {
    /// Who made a change, as the history tells it.
    pub fn change_origin(&self) -> ChangeOrigin {
        match self.origin {
            Origin::Canister { id, .. } => ChangeOrigin::FromCanister {
                canister_id: id,
                canister_version: self.version,
            },
            Origin::Ingress { .. } | Origin::System => ChangeOrigin::FromUser { user_id: self.id },
        }
    }
}

/// How an executed call ends.
#[derive(Debug)]
pub enum Answer {
    /// With this reply; so many of the attached cycles were taken.
    Reply {
        /// Candid bytes.
        bytes: Vec<u8>,
        /// Cycles that stay here.
        accepted: u128,
    },
    /// Later: the caller was entered where it waits.
    Later,
}

impl Answer {
    /// The reply without values.
    fn done() -> Self {
        Self::Reply {
            bytes: b"DIDL\0\0".to_vec(),
            accepted: 0,
        }
    }
}

fn reply<T: CandidType>(value: T) -> Result<Answer, Reject> {
    Ok(Answer::Reply {
        bytes: encode(value)?,
        accepted: 0,
    })
}

fn encode<T: CandidType>(value: T) -> Result<Vec<u8>, Reject> {
    // Every type of the interface has an encoding; if one had not, the caller must learn of it.
    candid::encode_one(value).map_err(|error| {
        Reject::new(
            ErrorCode::ContractViolation,
            format!("Error encoding candid: {error}"),
        )
    })
}

/// Does what was asked.
pub fn execute(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    request: Request,
) -> Result<Answer, Reject> {
    if let Some(id) = request.canister() {
        let canister = world.canister(id, subnet)?;
        if !may_call(canister, caller.id, &request) {
            canister.require_controller(caller.id)?;
        }
    }
    match request {
        Request::CreateCanister(args) => {
            if caller.cycles < cycles::CREATION {
                let message = format!(
                    "Creating a canister requires a fee of {} that is deducted from the canister's initial balance but only {} cycles were received with the create_canister request.",
                    cycles::CREATION,
                    caller.cycles
                );
                return Err(Reject::new(ErrorCode::Rejected, message));
            }
            let id = create(
                world,
                subnet,
                caller,
                None,
                args.settings,
                caller.cycles - cycles::CREATION,
            )?;
            Ok(Answer::Reply {
                bytes: encode(CanisterIdRecord { canister_id: id })?,
                accepted: caller.cycles,
            })
        }
        Request::ProvisionalCreate(args) => {
            let balance = args
                .amount
                .map_or(Ok(cycles::PROVISIONAL_BALANCE), |amount| amount_of(&amount))?;
            let id = create(
                world,
                subnet,
                caller,
                args.specified_id,
                args.settings,
                balance,
            )?;
            reply(CanisterIdRecord { canister_id: id })
        }
        Request::ProvisionalTopUp(args) => {
            let amount = amount_of(&args.amount)?;
            let canister = world.canister_mut(args.canister_id, subnet)?;
            canister.cycles = canister.cycles.saturating_add(amount);
            Ok(Answer::done())
        }
        Request::DepositCycles(args) => {
            let canister = world.canister_mut(args.canister_id, subnet)?;
            canister.cycles = canister.cycles.saturating_add(caller.cycles);
            Ok(Answer::Reply {
                bytes: b"DIDL\0\0".to_vec(),
                accepted: caller.cycles,
            })
        }
        Request::UpdateSettings(args) => update_settings(world, subnet, caller, args),
        Request::InstallCode(args) => {
            install::install(
                world,
                subnet,
                caller,
                args.canister_id,
                args.mode,
                &args.wasm_module,
                args.arg,
            )?;
            Ok(Answer::done())
        }
        Request::InstallChunkedCode(args) => {
            let module = install::assemble(world, subnet, caller, &args)?;
            install::install(
                world,
                subnet,
                caller,
                args.target_canister,
                args.mode,
                &module,
                args.arg,
            )?;
            Ok(Answer::done())
        }
        Request::UninstallCode(args) => {
            world.uninstall(args.canister_id, subnet, caller)?;
            Ok(Answer::done())
        }
        Request::UploadChunk(args) => {
            let hash = snapshot::add_chunk(
                &mut world.canister_mut(args.canister_id, subnet)?.chunks,
                &args.chunk,
            )?;
            reply(ChunkHash {
                hash: hash.to_vec(),
            })
        }
        Request::ClearChunkStore(args) => {
            world.canister_mut(args.canister_id, subnet)?.chunks.clear();
            Ok(Answer::done())
        }
        Request::StoredChunks(args) => {
            let chunks = &world.canister(args.canister_id, subnet)?.chunks;
            reply(
                chunks
                    .keys()
                    .map(|hash| ChunkHash {
                        hash: hash.to_vec(),
                    })
                    .collect::<Vec<_>>(),
            )
        }
        Request::StartCanister(args) => {
            let canister = world.canister_mut(args.canister_id, subnet)?;
            canister.bump();
            let waiting = match std::mem::replace(&mut canister.run, Run::Running) {
                Run::Stopping(waiting) => waiting,
                Run::Running | Run::Stopped => vec![],
            };
            for (origin, _) in waiting {
                let message = format!("Canister {}'s stop request was cancelled", args.canister_id);
                let reject = Reject::new(ErrorCode::StoppingCancelled, message);
                world.answer(&origin, Err(reject), 0);
            }
            Ok(Answer::done())
        }
        Request::StopCanister(args) => {
            let time = world.time;
            let canister = world.canister_mut(args.canister_id, subnet)?;
            canister.bump();
            match &mut canister.run {
                Run::Stopped => return Ok(Answer::done()),
                Run::Stopping(waiting) => waiting.push((caller.origin.clone(), time)),
                Run::Running => canister.run = Run::Stopping(vec![(caller.origin.clone(), time)]),
            }
            Ok(Answer::Later)
        }
        Request::DeleteCanister(args) => {
            if world.canister(args.canister_id, subnet)?.run != Run::Stopped {
                let message = format!(
                    "Canister {} must be stopped before it is deleted.",
                    args.canister_id
                );
                return Err(Reject::new(ErrorCode::NotStopped, message));
            }
            world.delete(args.canister_id);
            Ok(Answer::done())
        }
        Request::CanisterStatus(args) => reply(world.canister(args.canister_id, subnet)?.status()),
        Request::CanisterMetrics(args) => reply(metrics(world.canister(args.canister_id, subnet)?)),
        Request::CanisterInfo(args) => {
            let canister = world.canister(args.canister_id, subnet)?;
            let wanted = args
                .num_requested_changes
                .unwrap_or(0)
                .min(canister.history.len() as u64) as usize;
            reply(CanisterInfoResult {
                total_num_changes: canister.total_changes,
                recent_changes: canister
                    .history
                    .iter()
                    .skip(canister.history.len() - wanted)
                    .map(|change| (**change).clone())
                    .collect(),
                module_hash: canister.module_hash(),
                controllers: canister.settings.controllers.iter().copied().collect(),
            })
        }
        Request::CanisterMetadata(args) => {
            let canister = world.canister(args.canister_id, subnet)?;
            let section = canister
                .code
                .as_ref()
                .and_then(|code| code.module.sections().get(&args.name));
            match section {
                Some(section) if section.public || canister.is_controlled_by(caller.id) => {
                    reply(CanisterMetadataResult {
                        value: section.content.clone(),
                    })
                }
                _ => {
                    let message = format!(
                        "The canister {} has no metadata section with the name {}.",
                        args.canister_id, args.name
                    );
                    Err(Reject::new(ErrorCode::Rejected, message))
                }
            }
        }
        Request::FetchCanisterLogs(_) => {
            let message = "fetch_canister_logs API is only accessible in non-replicated mode";
            Err(Reject::new(ErrorCode::Rejected, message))
        }
        Request::RawRand => reply(serde_bytes::ByteBuf::from(world.random())),
        Request::TakeSnapshot(args) => reply(snapshot::take(world, subnet, caller, &args)?),
        Request::LoadSnapshot(args) => {
            snapshot::load(world, subnet, caller, args.canister_id, &args.snapshot_id)?;
            Ok(Answer::done())
        }
        Request::ListSnapshots(args) => {
            reply(snapshot::list(world.canister(args.canister_id, subnet)?))
        }
        Request::DeleteSnapshot(args) => {
            snapshot::delete(world, subnet, args.canister_id, &args.snapshot_id)?;
            Ok(Answer::done())
        }
        Request::ReadSnapshotMetadata(args) => reply(snapshot::read_metadata(
            world,
            subnet,
            args.canister_id,
            &args.snapshot_id,
        )?),
        Request::ReadSnapshotData(args) => {
            let chunk = snapshot::read_data(
                world,
                subnet,
                args.canister_id,
                &args.snapshot_id,
                &args.kind,
            )?;
            reply(ReadCanisterSnapshotDataResult { chunk })
        }
        Request::UploadSnapshotMetadata(args) => {
            let id = snapshot::upload_metadata(world, subnet, &args)?;
            reply(UploadCanisterSnapshotMetadataResult {
                snapshot_id: id.to_bytes(),
            })
        }
        Request::UploadSnapshotData(args) => {
            snapshot::upload_data(
                world,
                subnet,
                args.canister_id,
                &args.snapshot_id,
                &args.kind,
                &args.chunk,
            )?;
            Ok(Answer::done())
        }
    }
}

/// Answers a query to the management canister.
pub fn query(
    world: &World,
    subnet: usize,
    caller: Principal,
    method: &str,
    arg: &[u8],
) -> Result<Vec<u8>, Reject> {
    match method {
        "canister_status" => {
            let id = decode::<CanisterIdRecord>(arg)?.canister_id;
            let canister = world.canister(id, subnet)?;
            if !may_call(
                canister,
                caller,
                &Request::CanisterStatus(CanisterIdRecord { canister_id: id }),
            ) {
                canister.require_controller(caller)?;
            }
            encode(canister.status())
        }
        "canister_metrics" => {
            let canister = world.canister(decode::<CanisterIdRecord>(arg)?.canister_id, subnet)?;
            canister.require_controller(caller)?;
            encode(metrics(canister))
        }
        "fetch_canister_logs" => {
            let args: FetchCanisterLogsArgs = decode(arg)?;
            let canister = world.canister(args.canister_id, subnet)?;
            if !canister
                .settings
                .may_view(&canister.settings.log_visibility, caller)
            {
                let message = format!("Caller {caller} is not allowed to access canister logs");
                return Err(Reject::new(ErrorCode::Rejected, message));
            }
            encode(FetchCanisterLogsResult {
                canister_log_records: canister.log.records(args.filter),
            })
        }
        _ => Err(Reject::new(
            ErrorCode::MethodNotFound,
            format!("Query method {method} not found."),
        )),
    }
}

fn metrics(canister: &Canister) -> CanisterMetricsResult {
    let spent = &canister.spent;
    CanisterMetricsResult {
        cycles_consumed: CyclesConsumed {
            memory: spent.memory.into(),
            compute_allocation: spent.compute.into(),
            ingress_induction: spent.ingress.into(),
            instructions: spent.instructions.into(),
            request_and_response_transmission: spent.transmission.into(),
            burned_cycles: spent.burned.into(),
            ..CyclesConsumed::default()
        },
    }
}

fn amount_of(amount: &candid::Nat) -> Result<u128, Reject> {
    amount.0.clone().try_into().map_err(|_| {
        Reject::new(
            ErrorCode::InvalidArgument,
            format!("{} is too many cycles", amount.0),
        )
    })
}

/// Makes a canister.
pub fn create(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    specified: Option<Principal>,
    settings: Option<CanisterSettings>,
    balance: u128,
) -> Result<Principal, Reject> {
    let settings = settings.unwrap_or_default();
    let named_variables = settings.environment_variables.is_some();
    let settings = Settings::of(caller.id).with(settings)?;
    let id = world.new_canister_id(subnet, specified)?;
    let time = world.time;
    let details = ChangeDetails::Creation {
        controllers: settings.controllers.iter().copied().collect(),
        environment_variables_hash: named_variables
            .then(|| environment_hash(&settings.environment_variables).to_vec()),
    };
    let mut canister = Canister::new(id, subnet, settings, balance);
    canister.record(time, caller.change_origin(), details);
    world.insert(canister);
    Ok(id)
}

fn update_settings(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    args: UpdateSettingsArgs,
) -> Result<Answer, Reject> {
    let time = world.time;
    let new_controllers = args.settings.controllers.is_some();
    let settings = world
        .canister(args.canister_id, subnet)?
        .settings
        .with(args.settings)?;
    let canister = world.canister_mut(args.canister_id, subnet)?;
    if settings.reserved_cycles_limit < canister.reserved_cycles {
        let message = format!(
            "Cannot set reserved cycles limit {} below the reserved cycles balance {}",
            settings.reserved_cycles_limit, canister.reserved_cycles
        );
        return Err(Reject::new(ErrorCode::ReservedLimitTooLow, message));
    }
    canister.settings = settings;
    canister.bump();
    if new_controllers {
        let controllers = canister.settings.controllers.iter().copied().collect();
        canister.record(
            time,
            caller.change_origin(),
            ChangeDetails::ControllersChange { controllers },
        );
    }
    Ok(Answer::done())
}
