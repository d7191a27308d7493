//! Snapshots that are made from outside: their metadata first, then their bytes, in any order and as often as wanted.
//!
//! Nobody checks that all bytes came: what was not uploaded is zero, and whether it is a module shows when it is loaded.

use super::{
    Binary, Snapshot, SnapshotId, TAKE_OR_LOAD, change, charge, find, id_of, invalid, keep,
    make_room, outside, understood, within,
};
use crate::blocks::World;
use crate::canister::CHUNK;
use crate::certify::{Hash, sha256};
use crate::errors::{ErrorCode, Reject};
use crate::interface::{SnapshotDataOffset, UploadCanisterSnapshotMetadataArgs};
use crate::memory::{Image, Memory, WASM_PAGE};
use candid::Principal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of a chunk of the chunk store, and chunks, at most.
const LONGEST_CHUNK: usize = 1024 * 1024;
const MOST_CHUNKS: usize = 100;
/// What an uploaded snapshot may declare.
const LARGEST_MODULE: u64 = 100 << 20;
const LARGEST_HEAP: u64 = 4 << 30;
const LARGEST_HEAP_64: u64 = 6 << 30;
const LARGEST_STABLE: u64 = 500 << 30;
const MOST_GLOBALS: usize = 1000;
const LONGEST_CERTIFIED: usize = 32;

/// Makes a snapshot of zeros, to be written to.
pub fn upload_metadata(
    world: &mut World,
    subnet: usize,
    args: &UploadCanisterSnapshotMetadataArgs,
) -> Result<SnapshotId, Reject> {
    let id = args.canister_id;
    let replaced = make_room(world, subnet, id, args.replace_snapshot.as_ref())?;
    let canister = world.canister(id, subnet)?;
    let wide = canister
        .code
        .as_ref()
        .is_some_and(|code| code.module.is_wasm64());
    let largest_heap = if wide { LARGEST_HEAP_64 } else { LARGEST_HEAP };
    let problems = [
        (args.wasm_module_size == 0, "WasmModuleEmpty"),
        (args.wasm_module_size > LARGEST_MODULE, "WasmModuleTooLarge"),
        (
            !args.wasm_memory_size.is_multiple_of(WASM_PAGE),
            "WasmMemoryNotPageAligned",
        ),
        (
            !args.stable_memory_size.is_multiple_of(WASM_PAGE),
            "StableMemoryNotPageAligned",
        ),
        (args.wasm_memory_size > largest_heap, "WasmMemoryTooLarge"),
        (
            args.stable_memory_size > LARGEST_STABLE,
            "StableMemoryTooLarge",
        ),
        (args.globals.len() > MOST_GLOBALS, "ExportedGlobalsTooLarge"),
        (
            args.certified_data.len() > LONGEST_CERTIFIED,
            "CertifiedDataTooLarge",
        ),
    ];
    if let Some((_, problem)) = problems.iter().find(|(holds, _)| *holds) {
        return Err(invalid(format!(
            "Snapshot Metadata contains invalid data: {problem}"
        )));
    }
    let version = canister.version;
    let declared = args.wasm_module_size + args.wasm_memory_size + args.stable_memory_size;
    world.require_heap_delta(id)?;
    charge(world, subnet, id, TAKE_OR_LOAD + declared)?;
    let snapshot = Snapshot {
        taken_at: world.time,
        version,
        binary: Binary::Uploaded {
            bytes: Memory::zeroed(args.wasm_module_size.div_ceil(WASM_PAGE)),
            length: args.wasm_module_size,
        },
        image: Image {
            heap: Memory::zeroed(args.wasm_memory_size / WASM_PAGE),
            stable: Memory::zeroed(args.stable_memory_size / WASM_PAGE),
            globals: args
                .globals
                .iter()
                .map(understood)
                .collect::<Result<_, _>>()?,
        },
        chunks: BTreeMap::new(),
        certified_data: args.certified_data.clone(),
        timer: args.global_timer.clone(),
        hook: args.on_low_wasm_memory_hook_status.clone(),
        loaded: false,
        unflushed: true,
    };
    Ok(keep(world.canister_mut(id, subnet)?, snapshot, replaced))
}

/// Writes a piece into an uploaded snapshot.
pub fn upload_data(
    world: &mut World,
    subnet: usize,
    canister: Principal,
    bytes: &[u8],
    kind: &SnapshotDataOffset,
    chunk: &[u8],
) -> Result<(), Reject> {
    let id = id_of(bytes)?;
    world.require_heap_delta_for_chunk(canister)?;
    charge(world, subnet, canister, chunk.len() as u64)?;
    let immutable = |message: &str| Reject::new(ErrorCode::SnapshotImmutable, message);
    if find(world, subnet, canister, id)?.loaded {
        return Err(immutable(
            "Canister snapshots can not be mutated after they have been loaded.",
        ));
    }
    let snapshot = change(world, subnet, id)?;
    let Binary::Uploaded { bytes, length } = &mut snapshot.binary else {
        return Err(immutable(
            "Only canister snapshots created by metadata upload can be mutated.",
        ));
    };
    let size = chunk.len() as u64;
    let write = |memory: &mut Memory, offset: u64| {
        memory
            .write(offset, chunk)
            .map_err(|_| outside(offset, size))
    };
    let written = match kind {
        SnapshotDataOffset::WasmModule { offset } => {
            within(*offset, size, *length)?;
            write(bytes, *offset)?;
            size
        }
        SnapshotDataOffset::WasmMemory { offset } => {
            write(&mut snapshot.image.heap, *offset)?;
            size
        }
        SnapshotDataOffset::StableMemory { offset } => {
            write(&mut snapshot.image.stable, *offset)?;
            size
        }
        SnapshotDataOffset::WasmChunk => {
            add_chunk(&mut snapshot.chunks, chunk)?;
            CHUNK
        }
    };
    snapshot.unflushed = true;
    world.add_heap_delta(canister, written);
    Ok(())
}

/// Adds a chunk to a chunk store; one that is there already costs nothing.
pub fn add_chunk(chunks: &mut BTreeMap<Hash, Arc<[u8]>>, chunk: &[u8]) -> Result<Hash, Reject> {
    let refuse = |message: String| {
        Err(Reject::new(
            ErrorCode::ContractViolation,
            format!("Error from Wasm chunk store: {message}"),
        ))
    };
    if chunk.len() > LONGEST_CHUNK {
        return refuse(format!(
            "Wasm chunk size {} exceeds the maximum chunk size of {LONGEST_CHUNK}.",
            chunk.len()
        ));
    }
    let hash = sha256(&[chunk]);
    if !chunks.contains_key(&hash) && chunks.len() >= MOST_CHUNKS {
        return refuse(format!(
            "Wasm chunk store has already reached maximum capacity of {} bytes.",
            MOST_CHUNKS * LONGEST_CHUNK
        ));
    }
    chunks.entry(hash).or_insert_with(|| chunk.into());
    Ok(hash)
}
