//! Installing a module: what would happen as a plan, and the pieces that a job makes it happen with.
//!
//! An [`InstallPlan`] is read from the world and shown before anything is sent: which mode and why, the hash that a certificate will
//! show afterwards, what changes for callers, and what stands in the way. The pieces of doing it are functions over a replica, which
//! the steps in `ops/install.rs` journal:
//!
//! 1. [`upload`], only for what does not fit in a message: the missing chunks are sent to the canister's own chunk store. May be
//!    repeated; a chunk that is there is not sent again.
//! 2. [`call`]: the installation itself. Once.
//! 3. [`clear`]: the chunk store is emptied again, unless it holds what is not ours. May be repeated.
//! 4. [`verify`]: the certified module hash is the one that was planned.

use crate::{
    Action, Arguments, CanisterId, Code, Compatibility, Denial, Engine, Error, Interface, Module,
    ModuleHash, Op, Reading, Result,
    call::forms,
    canister::{self, About, may},
    interface,
    module::ENHANCED_PERSISTENCE,
    ops::install::InstallModule,
    replica::{Call, Replica},
};
use camino::Utf8Path;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use ic_management_canister_types::{
    CanisterInstallMode, ChunkHash, InstallChunkedCodeArgs, InstallCodeArgs, UpgradeFlags,
    UploadChunkArgs, WasmMemoryPersistence,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// The most bytes of module and argument that go in one message. The network takes messages of 2 MiB; what remains is for the
/// envelope, with room for a long chain of delegations.
const LARGEST_WHOLE: usize = 2_000_000;

/// The size of a chunk: the network's limit.
const CHUNK: usize = 1 << 20;

/// How many chunks a canister's store takes: the network's limit.
const STORE: usize = 100;

/// How many chunks are sent at the same time. A subnet takes about two of this size a block, whoever sends them.
const UPLOADS_AT_ONCE: usize = 4;

/// Which way of installing somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wish {
    /// Install in an empty canister, upgrade any other.
    Auto,
    /// Only in an empty canister.
    Install,
    /// Over what is there; its memory is lost.
    Reinstall,
    /// Over what is there; its stable memory stays.
    Upgrade,
}

/// What becomes of the main memory in an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MainMemory {
    /// It stays: for Motoko with enhanced orthogonal persistence.
    Keep,
    /// It begins anew.
    Replace,
}

/// What somebody may decide about an upgrade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpgradeOptions {
    /// Not to run the old module's `pre_upgrade`: the way out when it traps. What it would have saved is lost.
    #[serde(default)]
    pub skip_pre_upgrade: bool,
    /// What becomes of the main memory; none to let the module decide.
    #[serde(default)]
    pub main_memory: Option<MainMemory>,
}

/// How it is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum InstallMode {
    /// In an empty canister.
    Install,
    /// Over what is there; its memory is lost.
    Reinstall,
    /// Over what is there; its stable memory stays.
    Upgrade {
        /// Whether the old module's `pre_upgrade` is left out.
        skip_pre_upgrade: bool,
        /// What becomes of the main memory; none where the network's default is meant.
        main_memory: Option<MainMemory>,
    },
}

impl InstallMode {
    /// The action that has to be allowed.
    pub fn action(self) -> Action {
        match self {
            Self::Install => Action::Install,
            Self::Reinstall => Action::Reinstall,
            Self::Upgrade { .. } => Action::Upgrade,
        }
    }

    fn as_the_network_says(self) -> CanisterInstallMode {
        match self {
            Self::Install => CanisterInstallMode::Install,
            Self::Reinstall => CanisterInstallMode::Reinstall,
            Self::Upgrade {
                skip_pre_upgrade,
                main_memory,
            } => CanisterInstallMode::Upgrade(Some(UpgradeFlags {
                skip_pre_upgrade: skip_pre_upgrade.then_some(true),
                wasm_memory_persistence: main_memory.map(|memory| match memory {
                    MainMemory::Keep => WasmMemoryPersistence::Keep,
                    MainMemory::Replace => WasmMemoryPersistence::Replace,
                }),
            })),
        }
    }
}

/// What somebody wants to install.
#[derive(Clone, Debug)]
pub struct InstallOrder {
    /// Where.
    pub canister: CanisterId,
    /// What.
    pub module: Module,
    /// How.
    pub wish: Wish,
    /// The details of an upgrade.
    pub options: UpgradeOptions,
    /// What the module is told; none for nothing at all.
    pub arguments: Option<Arguments>,
}

/// What an installation would do.
#[derive(Clone, Debug, PartialEq)]
pub struct InstallPlan {
    /// Where.
    pub canister: CanisterId,
    /// How.
    pub mode: InstallMode,
    /// Whether the module decided what becomes of the main memory, and nobody else.
    pub memory_by_module: bool,
    /// The module hash of now, certified; none for an empty canister.
    pub hash_before: Option<Vec<u8>>,
    /// The module hash afterwards.
    pub hash_after: ModuleHash,
    /// Bytes of the module as it is sent.
    pub size: u64,
    /// What goes through the chunk store; none where it fits in a message.
    pub chunks: Option<Chunks>,
    /// What the module is told, as bytes.
    pub argument: Vec<u8>,
    /// The same as Candid text; none if it is not Candid.
    pub argument_text: Option<String>,
    /// Whether the module takes it; none where it does not say what it takes.
    pub argument_fits: Option<bool>,
    /// What changes for those who call the canister. Only an upgrade promises them anything.
    pub compatibility: Compatibility,
    /// What stands in the way. Nothing is sent while there is anything.
    pub obstacles: Vec<Obstacle>,
}

/// What goes through the chunk store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks {
    /// Chunks of the module.
    pub all: usize,
    /// Those of them that are not in the store yet.
    pub missing: usize,
    /// Other chunks in the store, which stay there.
    pub foreign: usize,
}

/// Why an installation would fail, or lose what nobody said may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is not possible in this state, or not for this identity.
    Denied(Denial),
    /// The main memory was to be kept, and the new module cannot do that.
    CannotKeepMemory,
    /// The old module keeps its data in main memory, and the new one would begin anew. It has to be said that this is meant.
    WouldLoseMemory,
    /// The chunk store has no room beside the foreign chunks in it.
    StoreFull,
    /// Module and argument are fine, but the argument alone is too large for a message.
    ArgumentTooLarge,
}

impl InstallPlan {
    /// The operation that does what was planned.
    pub fn op(&self) -> Op {
        Op::Install(InstallModule {
            canister: self.canister,
            module: self.hash_after,
            mode: self.mode,
            argument: hex::encode(&self.argument),
        })
    }
}

/// Sends the chunks of a module that the canister's store lacks, several at a time, and tells after each how many bytes of the module
/// are there. May be repeated.
pub(crate) async fn upload(
    replica: &Replica,
    canister: CanisterId,
    module: &Module,
    there: impl Fn(u64),
) -> Result<()> {
    let stored = stored(replica, canister).await?;
    let missing: Vec<Vec<u8>> = chunks(module)
        .filter(|(hash, _)| !stored.contains(hash))
        .map(|(_, chunk)| chunk.to_vec())
        .collect();
    let lacking: usize = missing.iter().map(Vec::len).sum();
    let mut bytes = (module.bytes().len() - lacking) as u64;
    there(bytes);
    let mut sent = stream::iter(missing)
        .map(|chunk| async move {
            let length = chunk.len() as u64;
            let canister_id = canister.principal();
            let arguments = UploadChunkArgs { canister_id, chunk };
            let call = Call::<(ChunkHash,)>::manage(canister, "upload_chunk", (arguments,))?;
            replica.attempt(call).await.map_err(as_weather)?;
            Ok::<_, Error>(length)
        })
        .buffer_unordered(UPLOADS_AT_ONCE);
    while let Some(more) = sent.try_next().await? {
        bytes += more;
        there(bytes);
    }
    Ok(())
}

/// A canister that wrote too much has to rest; for chunks the network says that with a code that means other things too.
fn as_weather(mut error: Error) -> Error {
    let message = error.facts.get("message");
    if message.is_some_and(|message| message.contains("heap delta")) {
        error.code = Code::Throttled;
    }
    error
}

/// The installation itself. Must be sent once.
pub(crate) fn call(
    canister: CanisterId,
    module: &Module,
    mode: InstallMode,
    argument: Vec<u8>,
) -> Result<Call<()>> {
    let mode = mode.as_the_network_says();
    if is_chunked(module, argument.len()) {
        let arguments = InstallChunkedCodeArgs {
            mode,
            target_canister: canister.principal(),
            store_canister: None,
            chunk_hashes_list: chunks(module)
                .map(|(hash, _)| ChunkHash {
                    hash: hash.to_vec(),
                })
                .collect(),
            wasm_module_hash: module.hash().as_bytes().to_vec(),
            arg: argument,
            sender_canister_version: None,
        };
        return Call::manage(canister, "install_chunked_code", (arguments,));
    }
    let arguments = InstallCodeArgs {
        mode,
        canister_id: canister.principal(),
        wasm_module: module.bytes().to_vec(),
        arg: argument,
        sender_canister_version: None,
    };
    Call::manage(canister, "install_code", (arguments,))
}

/// Whether the chunk store holds anything, and nothing but chunks of this module: then it may be emptied, and should, for it costs
/// cycles as long as it is full.
pub(crate) async fn is_ours(
    replica: &Replica,
    canister: CanisterId,
    module: &Module,
) -> Result<bool> {
    let ours: BTreeSet<[u8; 32]> = chunks(module).map(|(hash, _)| hash).collect();
    let stored = stored(replica, canister).await?;
    Ok(!stored.is_empty() && stored.is_subset(&ours))
}

/// Empties the chunk store. May be repeated.
pub(crate) fn clear(canister: CanisterId) -> Result<Call<()>> {
    Call::manage(canister, "clear_chunk_store", (About::from(canister),))
}

/// Checks that a certificate shows the module that was sent.
pub(crate) async fn verify(
    replica: &Replica,
    canister: CanisterId,
    expected: ModuleHash,
) -> Result<()> {
    let found = replica.module_hash(canister).await?;
    if found.as_deref() == Some(&expected.as_bytes()[..]) {
        return Ok(());
    }
    let found = found.map_or_else(|| "none".to_owned(), hex::encode);
    Err(Error::new(
        Code::ModuleDiffers,
        format!("checking the module of {canister}"),
    )
    .with("canister", canister)
    .with("expected", expected)
    .with("found", found))
}

/// Whether module and argument do not fit in a message together.
pub(crate) fn is_chunked(module: &Module, argument: usize) -> bool {
    module.bytes().len() + argument > LARGEST_WHOLE
}

/// The chunks of a module, each with the hash that the store knows it by.
fn chunks(module: &Module) -> impl Iterator<Item = ([u8; 32], &[u8])> {
    module
        .bytes()
        .chunks(CHUNK)
        .map(|chunk| (Sha256::digest(chunk).into(), chunk))
}

/// What a canister's chunk store holds. A read, although the network runs it as a change.
async fn stored(replica: &Replica, canister: CanisterId) -> Result<BTreeSet<[u8; 32]>> {
    let call =
        Call::<(Vec<ChunkHash>,)>::manage(canister, "stored_chunks", (About::from(canister),))?;
    let (stored,) = replica.attempt(call).await?;
    Ok(stored
        .into_iter()
        .filter_map(|chunk| chunk.hash.try_into().ok())
        .collect())
}

/// Looks at the world and says what an installation would do.
pub(crate) async fn plan(
    replica: &Replica,
    caller: candid::Principal,
    order: &InstallOrder,
) -> Result<InstallPlan> {
    let InstallOrder {
        canister: id,
        module,
        options,
        ..
    } = order;
    let status = canister::read_certified(replica, *id).await?;
    let hash_before = status.module_hash.clone();
    let mut obstacles = Vec::new();

    let is_upgrade = match order.wish {
        Wish::Auto => hash_before.is_some(),
        wish => wish == Wish::Upgrade,
    };
    let (mode, memory_by_module) = if is_upgrade {
        let kept_until_now =
            hash_before.is_some() && replica.metadata(*id, ENHANCED_PERSISTENCE).await?.is_some();
        let keeps = module.facts().has_enhanced_persistence;
        let main_memory = options
            .main_memory
            .or_else(|| keeps.then_some(MainMemory::Keep));
        match main_memory {
            Some(MainMemory::Keep) if !keeps => obstacles.push(Obstacle::CannotKeepMemory),
            None if kept_until_now => obstacles.push(Obstacle::WouldLoseMemory),
            _ => {}
        }
        let mode = InstallMode::Upgrade {
            skip_pre_upgrade: options.skip_pre_upgrade,
            main_memory,
        };
        (mode, options.main_memory.is_none() && main_memory.is_some())
    } else if order.wish == Wish::Reinstall {
        (InstallMode::Reinstall, false)
    } else {
        (InstallMode::Install, false)
    };
    if let Err(denial) = may(mode.action(), &Reading::Full(Box::new(status)), caller) {
        obstacles.insert(0, Obstacle::Denied(denial));
    }

    let interface = Interface::of_module(module.facts()).unwrap_or_default();
    let (argument, argument_text, argument_fits) =
        argument(interface.as_ref(), order.arguments.as_ref())?;
    if argument.len() > LARGEST_WHOLE {
        obstacles.push(Obstacle::ArgumentTooLarge);
    }
    let may_ask = !obstacles
        .iter()
        .any(|obstacle| matches!(obstacle, Obstacle::Denied(_)));
    let chunks = if is_chunked(module, argument.len()) && may_ask {
        let stored = stored(replica, *id).await?;
        let ours: BTreeSet<[u8; 32]> = chunks(module).map(|(hash, _)| hash).collect();
        let chunks = Chunks {
            all: ours.len(),
            missing: ours.difference(&stored).count(),
            foreign: stored.difference(&ours).count(),
        };
        if chunks.all + chunks.foreign > STORE {
            obstacles.push(Obstacle::StoreFull);
        }
        Some(chunks)
    } else {
        None
    };
    let compatibility = if is_upgrade && hash_before.is_some() {
        let old = match interface::read(replica, *id).await {
            // Not understood is as good as not known.
            Err(error) if error.code == Code::InterfaceMalformed => None,
            read => read?,
        };
        Compatibility::between(old.as_ref(), interface.as_ref())?
    } else {
        Compatibility::unknown()
    };
    Ok(InstallPlan {
        canister: *id,
        mode,
        memory_by_module,
        hash_before,
        hash_after: module.hash(),
        size: module.bytes().len() as u64,
        chunks,
        argument,
        argument_text,
        argument_fits,
        compatibility,
        obstacles,
    })
}

/// What the module is told: as bytes, as text, and whether it takes that.
///
/// Fields and text must fit what the module says that it takes. Nothing at all and bytes are sent as they are: an upgrade often takes
/// nothing where the installation took something, and bytes are the way around a section that is wrong.
fn argument(
    interface: Option<&Interface>,
    given: Option<&Arguments>,
) -> Result<(Vec<u8>, Option<String>, Option<bool>)> {
    let types = interface.and_then(|interface| Some((interface, interface.init.as_deref()?)));
    let bytes = match given {
        Some(arguments) => arguments.encode(types)?,
        None => Arguments::Values(Vec::new()).encode(None)?,
    };
    let fits = types.map(|(interface, types)| interface.check_bytes(types, &bytes).is_ok());
    let text = forms(types, &bytes).text;
    Ok((bytes, text, fits))
}

impl Engine {
    /// Reads a module from a file and keeps it on this computer, so that it can be installed by its hash.
    pub fn keep_module(&self, path: &Utf8Path) -> Result<Module> {
        let module = Module::open(path)?;
        module.keep(&self.folders.data)?;
        Ok(module)
    }

    /// A module that was kept.
    pub fn kept_module(&self, hash: ModuleHash) -> Result<Module> {
        Module::kept(&self.folders.data, hash)
    }

    /// What an installation would do, from the certified state of now. Nothing changes but that the module is kept.
    pub async fn plan_install(&self, order: &InstallOrder) -> Result<InstallPlan> {
        order.module.keep(&self.folders.data)?;
        let connection = self.connection().await?;
        plan(&connection.replica, connection.identity.principal, order).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn arguments_are_checked_against_what_the_module_takes() {
        let interface = Interface::parse("service : (owner : text, nat) -> {}").unwrap();
        let text = |text: &str| Some(Arguments::Text(text.to_owned()));
        let check = |given: Option<Arguments>| argument(Some(&interface), given.as_ref());
        let (_, shown, fits) = check(text("(\"Ada\", 5)")).unwrap();
        assert_eq!((shown.as_deref(), fits), (Some("(\"Ada\", 5)"), Some(true)));
        let error = check(text("(\"Ada\", -5)")).unwrap_err();
        assert_eq!(
            (error.code, error.facts["argument"].as_str()),
            (Code::ArgumentMalformed, "2")
        );
        let (bytes, _, fits) = check(None).unwrap();
        assert_eq!(
            (&bytes[..], fits),
            (&b"DIDL\0\0"[..], Some(false)),
            "sent if meant, and said"
        );
        let (_, text, fits) = check(Some(Arguments::Bytes(vec![1, 2]))).unwrap();
        assert_eq!((text, fits), (None, Some(false)));
        let (_, _, fits) = argument(None, None).unwrap();
        assert_eq!(fits, None, "nobody knows what it takes");
    }
}
