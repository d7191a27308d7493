//! Snapshots of canisters: taken or uploaded, listed, read in slices, loaded.
//!
//! Invariants: a snapshot shares its memories with the canister it was taken from until one of them changes, so taking and
//! loading cost nothing by size. Only an uploaded snapshot can be written to, and only until it is loaded for the
//! first time. Numbers rise for ever; a snapshot's id is its number followed by the id of the canister it belongs to.
//!
//! What a replica does and one would not guess: a taken snapshot leaves the global timer of the canister as it is when it is
//! loaded, an uploaded one sets it; another canister can load a snapshot only when its memory was written out at a
//! checkpoint.
//!
//! Reading order: [`Snapshot`], [`take`], [`load`], the reads; then `snapshot/upload.rs`.

mod upload;

pub use self::upload::{add_chunk, upload_data, upload_metadata};

use crate::blocks::World;
use crate::canister::{CHUNK, Canister, Code, GLOBAL, LowMemoryHook};
use crate::certify::Hash;
use crate::errors::{ErrorCode, Reject};
use crate::interface::{
    self, CanisterTimer, ChangeDetails, ChunkHash, OnLowWasmMemoryHookStatus, SnapshotDataKind,
    SnapshotMetadata, SnapshotMetadataGlobal, TakeCanisterSnapshotArgs,
};
use crate::management::Caller;
use crate::memory::{Global, Image, Memory};
use crate::module::Module;
use candid::{Nat, Principal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Snapshots of one canister, at most.
const MOST: usize = 10;
/// Bytes that one read gives, at most.
const LONGEST_SLICE: u64 = 2_000_000;
/// The id of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotId {
    /// The canister that it belongs to.
    pub owner: Principal,
    /// Its number there.
    pub number: u64,
}

impl SnapshotId {
    /// Reads an id; 8 to 37 bytes are one, whether or not anything has it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (number, owner) = bytes.split_first_chunk::<8>()?;
        Some(Self {
            owner: Principal::try_from_slice(owner).ok()?,
            number: u64::from_be_bytes(*number),
        })
    }

    /// The bytes of the id.
    pub fn to_bytes(self) -> Vec<u8> {
        [self.number.to_be_bytes().as_slice(), self.owner.as_slice()].concat()
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.owner, self.number)
    }
}

/// The module in a snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Binary {
    /// That of the canister when it was taken.
    Taken(#[serde(with = "crate::state::recompiled")] Module),
    /// Bytes as they arrive; nobody knows yet whether they will be a module.
    Uploaded {
        #[serde(with = "crate::state::sparse")]
        bytes: Memory,
        length: u64,
    },
}

/// A snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it was taken, or its metadata uploaded.
    pub taken_at: u64,
    /// The version of the canister at that time.
    pub version: u64,
    binary: Binary,
    image: Image,
    chunks: BTreeMap<Hash, Arc<[u8]>>,
    certified_data: Vec<u8>,
    timer: Option<CanisterTimer>,
    hook: Option<OnLowWasmMemoryHookStatus>,
    /// Whether it was loaded and may not be written to any more.
    loaded: bool,
    /// Whether part of it was not yet written out at a checkpoint.
    pub unflushed: bool,
}

impl Snapshot {
    fn is_uploaded(&self) -> bool {
        matches!(self.binary, Binary::Uploaded { .. })
    }

    /// A checkpoint: all of it is written out.
    pub fn flush(&mut self) {
        self.unflushed = false;
        self.image.flush();
    }

    fn module_length(&self) -> u64 {
        match &self.binary {
            Binary::Taken(module) => module.bytes().len() as u64,
            Binary::Uploaded { length, .. } => *length,
        }
    }

    /// The bytes that it is billed for.
    pub fn size(&self) -> u64 {
        // A taken snapshot holds one global more than it lists: the instruction counter that a replica adds to every module.
        let globals = self.image.globals.len() as u64 + u64::from(!self.is_uploaded());
        self.module_length()
            + self.image.heap.size()
            + self.image.stable.size()
            + globals * GLOBAL
            + self.chunks.len() as u64 * CHUNK
            + self.certified_data.len() as u64
    }

    fn listed(&self, id: SnapshotId) -> interface::Snapshot {
        interface::Snapshot {
            id: id.to_bytes(),
            taken_at_timestamp: self.taken_at,
            total_size: self.size(),
        }
    }
}

fn invalid(message: impl Into<String>) -> Reject {
    Reject::new(ErrorCode::InvalidArgument, message)
}

fn unknown(id: SnapshotId, canister: Principal) -> Reject {
    Reject::new(
        ErrorCode::SnapshotNotFound,
        format!("Could not find the snapshot ID {id} for canister {canister}."),
    )
}

/// The id in an argument; the door of the management canister let only well-formed ones pass.
fn id_of(bytes: &[u8]) -> Result<SnapshotId, Reject> {
    SnapshotId::parse(bytes).ok_or_else(|| invalid("malformed snapshot id"))
}

/// A snapshot of any canister of the subnet.
fn find_anywhere(
    world: &World,
    subnet: usize,
    canister: Principal,
    id: SnapshotId,
) -> Result<&Arc<Snapshot>, Reject> {
    let owner = world
        .canister(id.owner, subnet)
        .map_err(|_| unknown(id, canister))?;
    owner
        .snapshots
        .get(&id.number)
        .ok_or_else(|| unknown(id, canister))
}

/// A snapshot of this canister.
fn find(
    world: &World,
    subnet: usize,
    canister: Principal,
    id: SnapshotId,
) -> Result<&Arc<Snapshot>, Reject> {
    let snapshot = find_anywhere(world, subnet, canister, id)?;
    if id.owner == canister {
        return Ok(snapshot);
    }
    Err(Reject::new(
        ErrorCode::Rejected,
        format!("The snapshot {id} does not belong to canister {canister}."),
    ))
}

/// Checks that there is room for one more, or that the one to be replaced is there.
fn make_room(
    world: &World,
    subnet: usize,
    canister: Principal,
    replaced: Option<&Vec<u8>>,
) -> Result<Option<u64>, Reject> {
    if let Some(bytes) = replaced {
        let id = id_of(bytes)?;
        find(world, subnet, canister, id)?;
        return Ok(Some(id.number));
    }
    if world.canister(canister, subnet)?.snapshots.len() >= MOST {
        let message = format!(
            "Canister {canister} has reached the maximum number of snapshots allowed: {MOST}."
        );
        return Err(Reject::new(ErrorCode::Rejected, message));
    }
    Ok(None)
}

fn keep(canister: &mut Canister, snapshot: Snapshot, replaced: Option<u64>) -> SnapshotId {
    if let Some(number) = replaced {
        canister.snapshots.remove(&number);
    }
    let id = SnapshotId {
        owner: canister.id,
        number: canister.next_snapshot,
    };
    canister.next_snapshot += 1;
    canister.snapshots.insert(id.number, Arc::new(snapshot));
    id
}

fn told_hook(hook: LowMemoryHook) -> OnLowWasmMemoryHookStatus {
    match hook {
        LowMemoryHook::ConditionNotSatisfied => OnLowWasmMemoryHookStatus::ConditionNotSatisfied,
        LowMemoryHook::Ready => OnLowWasmMemoryHookStatus::Ready,
        LowMemoryHook::Executed => OnLowWasmMemoryHookStatus::Executed,
    }
}

fn hook_of(told: &OnLowWasmMemoryHookStatus) -> LowMemoryHook {
    match told {
        OnLowWasmMemoryHookStatus::ConditionNotSatisfied => LowMemoryHook::ConditionNotSatisfied,
        OnLowWasmMemoryHookStatus::Ready => LowMemoryHook::Ready,
        OnLowWasmMemoryHookStatus::Executed => LowMemoryHook::Executed,
    }
}

/// What the operations cost, in instructions besides those for the bytes.
const TAKE_OR_LOAD: u64 = 2_000_000_000;
const READ: u64 = 5_000_000;

/// Pays for an operation as for so many instructions; whoever it would freeze is refused.
fn charge(
    world: &mut World,
    subnet: usize,
    id: Principal,
    instructions: u64,
) -> Result<(), Reject> {
    let cost = world.prices(subnet).execution(instructions, false);
    let canister = world.canister_mut(id, subnet)?;
    canister.require_cycles(cost).map_err(|reject| {
        Reject::new(
            ErrorCode::CanisterOutOfCycles,
            format!("Canister snapshotting failed with: {}", reject.message),
        )
    })?;
    canister.spent.instructions += canister.pay(cost);
    Ok(())
}

/// Takes a snapshot.
pub fn take(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    args: &TakeCanisterSnapshotArgs,
) -> Result<interface::Snapshot, Reject> {
    let (id, taken_at) = (args.canister_id, world.time);
    let Some(code) = world.canister(id, subnet)?.code.clone() else {
        let message = format!(
            "Failed to create snapshot for empty canister {id}: the canister has no Wasm module."
        );
        return Err(Reject::new(ErrorCode::Rejected, message));
    };
    let replaced = make_room(world, subnet, id, args.replace_snapshot.as_ref())?;
    world.require_heap_delta(id)?;
    let size = code.image.heap.size() + code.image.stable.size() + code.module.bytes().len() as u64;
    charge(world, subnet, id, TAKE_OR_LOAD + size)?;
    world.add_heap_delta(id, code.image.unflushed());
    let canister = world.canister_mut(id, subnet)?;
    let snapshot = Snapshot {
        taken_at,
        version: canister.version,
        binary: Binary::Taken(code.module),
        image: code.image,
        chunks: canister.chunks.clone(),
        certified_data: canister.certified_data.clone(),
        timer: Some(
            canister
                .global_timer
                .map_or(CanisterTimer::Inactive, CanisterTimer::Active),
        ),
        hook: Some(told_hook(canister.low_memory_hook)),
        loaded: false,
        unflushed: canister.unflushed,
    };
    let listed = snapshot.listed(keep(canister, snapshot.clone(), replaced));
    if args.uninstall_code == Some(true) {
        world.uninstall(id, subnet, caller)?;
    }
    Ok(listed)
}

/// Loads a snapshot, its own or another canister's.
pub fn load(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    canister: Principal,
    bytes: &[u8],
) -> Result<(), Reject> {
    let id = id_of(bytes)?;
    let snapshot = find_anywhere(world, subnet, canister, id)?.clone();
    let foreign = id.owner != canister;
    if foreign
        && !world
            .canister(id.owner, subnet)?
            .is_controlled_by(caller.id)
    {
        let message = format!(
            "Only a controller of the canister that snapshot {id} belongs to can load it on canister {canister}. Sender: {}.",
            caller.id
        );
        return Err(Reject::new(ErrorCode::Rejected, message));
    }
    if foreign && snapshot.unflushed {
        let message = format!(
            "Snapshot {id} is not currently loadable on the specified canister {canister}. Try again later. \
             The call should succeed if you wait sufficiently long (usually ten minutes)."
        );
        return Err(Reject::new(ErrorCode::Rejected, message));
    }
    world.require_heap_delta(canister)?;
    charge(world, subnet, canister, TAKE_OR_LOAD + snapshot.size())?;
    let module = match &snapshot.binary {
        Binary::Taken(module) => module.clone(),
        Binary::Uploaded { bytes, length } => {
            let bytes = bytes
                .slice(0, *length as usize)
                .map_err(|error| invalid(error.to_string()))?;
            Module::compile(&bytes)
                .map_err(|error| Reject::new(ErrorCode::InvalidWasm, error.report(&canister)))?
        }
    };
    if !module.accepts_globals(&snapshot.image.globals) {
        return Err(invalid(
            "Wasm exported globals of canister module and snapshot metadata do not match.",
        ));
    }
    let time = world.time;
    let target = world.canister_mut(canister, subnet)?;
    let code = Some(Code {
        module,
        image: snapshot.image.clone(),
        installed_at: Some(time),
    });
    if snapshot.is_uploaded() {
        let former = std::mem::replace(&mut target.code, code);
        let low = target.is_low_on_memory();
        let told = snapshot
            .hook
            .as_ref()
            .map(|hook| !matches!(hook, OnLowWasmMemoryHookStatus::ConditionNotSatisfied));
        if told.is_some_and(|told| told != low) {
            target.code = former;
            let hook = &snapshot.hook;
            return Err(invalid(format!(
                "Hook status ({hook:?}) of uploaded snapshot is inconsistent with the canister's state (hook condition satisfied: {low})."
            )));
        }
        match snapshot.timer {
            Some(CanisterTimer::Active(at)) => target.global_timer = Some(at),
            Some(CanisterTimer::Inactive) => target.global_timer = None,
            None => {}
        }
        if let Some(hook) = &snapshot.hook {
            target.low_memory_hook = hook_of(hook);
        }
    } else {
        target.code = code;
    }
    target.certified_data.clone_from(&snapshot.certified_data);
    target.chunks.clone_from(&snapshot.chunks);
    target.unflushed |= snapshot.unflushed;
    target.check_memory();
    target.bump();
    let details = ChangeDetails::LoadSnapshot {
        from_canister_id: foreign.then_some(id.owner),
        snapshot_id: id.to_bytes(),
        canister_version: snapshot.version,
        taken_at_timestamp: snapshot.taken_at,
        source: interface::snapshot_source(snapshot.is_uploaded()),
    };
    target.record(time, caller.change_origin(), details);
    world.add_heap_delta(canister, snapshot.image.unflushed());
    if snapshot.is_uploaded() && !snapshot.loaded {
        change(world, subnet, id)?.loaded = true;
    }
    Ok(())
}

fn change(world: &mut World, subnet: usize, id: SnapshotId) -> Result<&mut Snapshot, Reject> {
    let owner = world.canister_mut(id.owner, subnet)?;
    owner
        .snapshots
        .get_mut(&id.number)
        .map(Arc::make_mut)
        .ok_or_else(|| unknown(id, id.owner))
}

/// Lists the snapshots, oldest first.
pub fn list(canister: &Canister) -> Vec<interface::Snapshot> {
    let listed = |(number, snapshot): (&u64, &Arc<Snapshot>)| {
        snapshot.listed(SnapshotId {
            owner: canister.id,
            number: *number,
        })
    };
    canister.snapshots.iter().map(listed).collect()
}

/// Deletes a snapshot.
pub fn delete(
    world: &mut World,
    subnet: usize,
    canister: Principal,
    bytes: &[u8],
) -> Result<(), Reject> {
    let id = id_of(bytes)?;
    find(world, subnet, canister, id)?;
    world
        .canister_mut(canister, subnet)?
        .snapshots
        .remove(&id.number);
    Ok(())
}

/// Reads what is known of a snapshot.
pub fn read_metadata(
    world: &World,
    subnet: usize,
    canister: Principal,
    bytes: &[u8],
) -> Result<SnapshotMetadata, Reject> {
    let snapshot = find(world, subnet, canister, id_of(bytes)?)?;
    Ok(SnapshotMetadata {
        source: interface::snapshot_source(snapshot.is_uploaded()),
        taken_at_timestamp: snapshot.taken_at,
        wasm_module_size: snapshot.module_length(),
        globals: snapshot.image.globals.iter().copied().map(told).collect(),
        wasm_memory_size: snapshot.image.heap.size(),
        stable_memory_size: snapshot.image.stable.size(),
        wasm_chunk_store: snapshot
            .chunks
            .keys()
            .map(|hash| ChunkHash {
                hash: hash.to_vec(),
            })
            .collect(),
        canister_version: snapshot.version,
        certified_data: snapshot.certified_data.clone(),
        global_timer: snapshot.timer.clone(),
        on_low_wasm_memory_hook_status: snapshot.hook.clone(),
    })
}

fn told(global: Global) -> SnapshotMetadataGlobal {
    match global {
        Global::I32(value) => SnapshotMetadataGlobal::I32(value),
        Global::I64(value) => SnapshotMetadataGlobal::I64(value),
        Global::F32(bits) => SnapshotMetadataGlobal::F32(f32::from_bits(bits)),
        Global::F64(bits) => SnapshotMetadataGlobal::F64(f64::from_bits(bits)),
        Global::V128(value) => SnapshotMetadataGlobal::V128(Nat::from(value)),
    }
}

fn understood(global: &SnapshotMetadataGlobal) -> Result<Global, Reject> {
    Ok(match global {
        SnapshotMetadataGlobal::I32(value) => Global::I32(*value),
        SnapshotMetadataGlobal::I64(value) => Global::I64(*value),
        SnapshotMetadataGlobal::F32(value) => Global::F32(value.to_bits()),
        SnapshotMetadataGlobal::F64(value) => Global::F64(value.to_bits()),
        SnapshotMetadataGlobal::V128(value) => Global::V128(
            value
                .0
                .clone()
                .try_into()
                .map_err(|_| invalid(format!("{value} does not fit into 128 bits")))?,
        ),
    })
}

fn outside(offset: u64, size: u64) -> Reject {
    invalid(format!(
        "Invalid subslice into wasm module / main memory / stable memory: offset: {offset}, size: {size}"
    ))
}

fn within(offset: u64, size: u64, length: u64) -> Result<(), Reject> {
    match offset.checked_add(size) {
        Some(end) if end <= length => Ok(()),
        _ => Err(outside(offset, size)),
    }
}

/// Reads a slice, or a chunk of the chunk store.
pub fn read_data(
    world: &mut World,
    subnet: usize,
    canister: Principal,
    bytes: &[u8],
    kind: &SnapshotDataKind,
) -> Result<Vec<u8>, Reject> {
    let snapshot = find(world, subnet, canister, id_of(bytes)?)?.clone();
    let store_error = |message: String| {
        Reject::new(
            ErrorCode::ContractViolation,
            format!("Error from Wasm chunk store: {message}"),
        )
    };
    let (memory, offset, size) = match kind {
        SnapshotDataKind::WasmChunk { hash } => {
            let hash = Hash::try_from(hash.as_slice())
                .map_err(|_| store_error(format!("Bytes {hash:?} are not a valid chunk hash.")))?;
            let chunk = snapshot.chunks.get(&hash);
            return chunk.map(|chunk| chunk.to_vec()).ok_or_else(|| {
                store_error(format!("WasmChunkHash {} not found.", hex::encode(hash)))
            });
        }
        SnapshotDataKind::WasmModule { offset, size } => (None, *offset, *size),
        SnapshotDataKind::WasmMemory { offset, size } => {
            (Some(&snapshot.image.heap), *offset, *size)
        }
        SnapshotDataKind::StableMemory { offset, size } => {
            (Some(&snapshot.image.stable), *offset, *size)
        }
    };
    if size > LONGEST_SLICE {
        return Err(invalid(format!(
            "Requested slice too large: {size} > {LONGEST_SLICE}"
        )));
    }
    charge(world, subnet, canister, READ + size)?;
    let slice = |memory: &Memory| {
        memory
            .slice(offset, size as usize)
            .map_err(|_| outside(offset, size))
    };
    match (memory, &snapshot.binary) {
        (Some(memory), _) => slice(memory),
        (None, Binary::Taken(module)) => {
            within(offset, size, module.bytes().len() as u64)?;
            Ok(module.bytes()[offset as usize..(offset + size) as usize].to_vec())
        }
        (None, Binary::Uploaded { bytes, length }) => {
            within(offset, size, *length)?;
            slice(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_eight_to_thirty_seven_bytes_are_ids() {
        for (length, holds) in [
            (0, false),
            (7, false),
            (8, true),
            (18, true),
            (37, true),
            (38, false),
        ] {
            assert_eq!(
                SnapshotId::parse(&vec![1; length]).is_some(),
                holds,
                "{length} bytes"
            );
        }
        let id = SnapshotId {
            owner: crate::subnet::canister_id(7),
            number: 3,
        };
        assert_eq!(
            SnapshotId::parse(&id.to_bytes()),
            Some(id),
            "what is told can be read"
        );
    }

    #[test]
    fn floats_keep_their_bits() {
        for bits in [
            0x7ff8_0000_0000_0123,
            0xfff0_0000_0000_0000,
            0x8000_0000_0000_0000,
        ] {
            let global = Global::F64(bits);
            assert!(
                understood(&told(global)).is_ok_and(|back| back == global),
                "{bits:x} is state like any other"
            );
        }
    }
}
