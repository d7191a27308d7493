//! The management canister: `aaaaa-aa`, through which canisters are made and looked after.
//!
//! It is not a canister but a face of each subnet. A call passes three doors: [`Request::parse`] (the argument fits
//! the interface), [`admit`] (a user may ask this at all; refusals are not certified) and [`execute`] (it happens,
//! in a block; the answer is certified). Queries go through [`query`].

use crate::blocks::World;
use crate::canister::{CHUNK, Canister, Origin, Run};
use crate::cycles;
use crate::errors::{ErrorCode, Reject};
use crate::install;
use crate::interface::{
    CanisterIdRecord, CanisterInfoResult, CanisterMetadataResult, CanisterMetricsResult,
    CanisterSettings, ChangeDetails, ChangeOrigin, ChunkHash, CyclesConsumed,
    FetchCanisterLogsArgs, FetchCanisterLogsResult, ReadCanisterSnapshotDataResult,
    UpdateSettingsArgs, UploadCanisterSnapshotMetadataResult,
};
use crate::request::decode;
use crate::settings::{Settings, environment_hash};
use crate::snapshot;
use candid::{CandidType, Principal};

pub use crate::request::Request;

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
        "create_canister"
        | "deposit_cycles"
        | "raw_rand"
        | "fetch_canister_logs"
        | "list_canisters" => {
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
            let id = args.canister_id;
            world.require_heap_delta_for_chunk(id)?;
            let chunks = &mut world.canister_mut(id, subnet)?.chunks;
            let before = chunks.len();
            let hash = snapshot::add_chunk(chunks, &args.chunk)?;
            let added = (chunks.len() - before) as u64;
            world.add_heap_delta(id, added * CHUNK);
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
        Request::ListCanisters => Err(no_administrator()),
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
        "list_canisters" => Err(no_administrator()),
        _ => Err(Reject::new(
            ErrorCode::MethodNotFound,
            format!("Query method {method} not found."),
        )),
    }
}

/// The refusal of whatever only administrators of a subnet may do. These subnets have none, like most of the network's.
fn no_administrator() -> Reject {
    Reject::new(
        ErrorCode::Rejected,
        "Only subnet admins can call ic00 method list_canisters",
    )
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
    canister.created_at = Some(time);
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
