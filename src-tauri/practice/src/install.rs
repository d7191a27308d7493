//! Installing code: the three modes, from one piece or from chunks.
//!
//! An installation happens completely or not at all. What a failed one leaves behind is its log: the traps, and after a failed
//! reinstallation the emptiness that came before it.

use crate::blocks::World;
use crate::canister::{Canister, Code, LowMemoryHook};
use crate::certify::{Hash, sha256};
use crate::errors::{ErrorCode, Reject};
use crate::execute::{self, Done, Entry};
use crate::interface::{
    CanisterInstallMode, ChangeDetails, CodeDeploymentMode, InstallChunkedCodeArgs, UpgradeFlags,
    WasmMemoryPersistence,
};
use crate::management::Caller;
use crate::memory::{Image, PAGE};
use crate::module::Module;
use candid::Principal;

/// Instructions that each hook of an installation may take. The network allows more than for a message, because upgrades may have
/// much to carry over; so does this one, as far as nobody waits half an hour for the end of an endless loop.
const INSTRUCTION_LIMIT: u64 = 2 * execute::INSTRUCTIONS;

/// Puts a module together from chunks.
pub fn assemble(
    world: &World,
    subnet: usize,
    caller: &Caller,
    args: &InstallChunkedCodeArgs,
) -> Result<Vec<u8>, Reject> {
    let refuse = |message: String| Reject::new(ErrorCode::ContractViolation, message);
    let Ok(expected) = Hash::try_from(args.wasm_module_hash.as_slice()) else {
        return Err(refuse(format!(
            "Invalid wasm hash {}",
            hex::encode(&args.wasm_module_hash)
        )));
    };
    let store = world.canister(args.store_canister.unwrap_or(args.target_canister), subnet)?;
    if caller.id != store.id {
        store.require_controller(caller.id)?;
    }
    let mut module = Vec::new();
    for chunk in &args.chunk_hashes_list {
        let stored = Hash::try_from(chunk.hash.as_slice())
            .ok()
            .and_then(|hash| store.chunks.get(&hash));
        let Some(stored) = stored else {
            return Err(refuse(format!(
                "Error from Wasm chunk store: Chunk hash {} was not found.",
                hex::encode(&chunk.hash)
            )));
        };
        module.extend_from_slice(stored);
    }
    let found = sha256(&[&module]);
    if found != expected {
        let (found, expected) = (hex::encode(found), hex::encode(expected));
        return Err(refuse(format!(
            "Error from Wasm chunk store: Wasm module hash {found} does not match given hash {expected}."
        )));
    }
    Ok(module)
}

/// Installs a module.
pub fn install(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    id: Principal,
    mode: CanisterInstallMode,
    module: &[u8],
    argument: Vec<u8>,
) -> Result<(), Reject> {
    let canister = world.canister(id, subnet)?;
    let former = canister.code.clone();
    let (deployment, flags) = match mode {
        CanisterInstallMode::Install if former.is_some() => {
            let message = format!(
                "Canister {id} cannot be installed because the canister is not empty. Try installing with mode='reinstall' instead."
            );
            return Err(Reject::new(ErrorCode::NonEmpty, message));
        }
        CanisterInstallMode::Install => (CodeDeploymentMode::Install, None),
        CanisterInstallMode::Reinstall => (CodeDeploymentMode::Reinstall, None),
        CanisterInstallMode::Upgrade(flags) => {
            (CodeDeploymentMode::Upgrade, Some(flags.unwrap_or_default()))
        }
    };
    if flags.is_some() && former.is_none() {
        let message = format!(
            "Error from Canister {id}: Attempted to execute a message, but the canister contains no Wasm module."
        );
        return Err(Reject::new(ErrorCode::WasmModuleNotFound, message));
    }
    let module = Module::compile(module)
        .map_err(|error| Reject::new(ErrorCode::InvalidWasm, error.report(&id)))?;
    let module_hash = module.hash().to_vec();
    if former.is_some() && flags.is_none() {
        // Even when what follows fails: the old records are gone, as on a replica.
        world.canister_mut(id, subnet)?.log.clear();
    }
    let (image, effects) = if let (Some(former), Some(flags)) = (former, flags) {
        upgrade(world, subnet, caller, id, &former, &module, flags, argument)?
    } else {
        let done = run(
            world,
            subnet,
            caller,
            id,
            &module,
            module.initial(),
            Entry::Init { argument },
        )?;
        (done.image.clone(), vec![done])
    };
    let time = world.time;
    let canister = world.canister_mut(id, subnet)?;
    if flags.is_none() {
        canister.certified_data.clear();
    }
    canister.global_timer = None;
    canister.low_memory_hook = LowMemoryHook::default();
    canister.code = Some(Code {
        module,
        image,
        installed_at: Some(time),
    });
    canister.unflushed = true;
    let dirty_pages: u64 = effects.iter().map(|done| done.dirty_pages).sum();
    for done in effects {
        keep(canister, done);
    }
    canister.check_memory();
    canister.bump();
    canister.record(
        time,
        caller.change_origin(),
        ChangeDetails::CodeDeployment {
            mode: deployment,
            module_hash,
        },
    );
    world.add_heap_delta(id, dirty_pages * PAGE as u64);
    Ok(())
}

/// The effects of a hook besides the image. Hooks make no calls and answer nobody.
fn keep(canister: &mut Canister, done: Done) {
    // What was charged for instructions in the meantime stays charged.
    canister.cycles = canister.cycles.saturating_sub(done.burned);
    canister.spent.burned += done.burned;
    if let Some(certified) = done.certified_data {
        canister.certified_data = certified;
    }
    if let Some(at) = done.global_timer {
        canister.global_timer = (at > 0).then_some(at);
    }
}

#[expect(clippy::too_many_arguments, reason = "one upgrade, once")]
fn upgrade(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    id: Principal,
    former: &Code,
    module: &Module,
    flags: UpgradeFlags,
    argument: Vec<u8>,
) -> Result<(Image, Vec<Done>), Reject> {
    let refuse = |message: &str| Reject::new(ErrorCode::ContractViolation, message);
    let keep_heap = match flags.wasm_memory_persistence {
        None if former.module.has_enhanced_persistence() => {
            return Err(refuse(
                "Missing upgrade option: Enhanced orthogonal persistence requires the `wasm_memory_persistence` upgrade option.",
            ));
        }
        Some(WasmMemoryPersistence::Keep) if !module.has_enhanced_persistence() => {
            return Err(refuse(
                "Invalid upgrade option: The `wasm_memory_persistence: opt Keep` upgrade option requires that the new canister module \
                 supports enhanced orthogonal persistence.",
            ));
        }
        Some(WasmMemoryPersistence::Keep) => true,
        Some(WasmMemoryPersistence::Replace) | None => false,
    };
    let mut effects = vec![];
    let mut image = former.image.clone();
    if flags.skip_pre_upgrade != Some(true) {
        let done = run(
            world,
            subnet,
            caller,
            id,
            &former.module,
            &image,
            Entry::PreUpgrade,
        )?;
        image = done.image.clone();
        // The timer of the old code ends with it, whatever its last words were.
        effects.push(Done {
            global_timer: None,
            ..done
        });
    }
    let image = module.upgraded(&image, keep_heap);
    let done = run(
        world,
        subnet,
        caller,
        id,
        module,
        &image,
        Entry::PostUpgrade { argument },
    )?;
    let image = done.image.clone();
    effects.push(done);
    Ok((image, effects))
}

fn run(
    world: &mut World,
    subnet: usize,
    caller: &Caller,
    id: Principal,
    module: &Module,
    image: &Image,
    entry: Entry,
) -> Result<Done, Reject> {
    let mut environment = world.environment(world.canister(id, subnet)?, caller.id);
    environment.instruction_limit = INSTRUCTION_LIMIT;
    let outcome = execute::run(module, image, entry, environment);
    let instructions = outcome.instructions;
    world.account(id, subnet, module, instructions, outcome.log)?;
    outcome
        .result
        .map_err(|trap| Reject::numbered(trap.code(), trap.report(&id)))
}
