//! Modules and installations: what a file is, and what it would do to a canister.
//!
//! A module is read once from a file that a person picked, and kept on this computer; from then on requests and operations name it by
//! its hash. [`InstallPlan`] is shown while a person decides; what they decide on is the operation [`Op::Install`](crate::jobs::Op).

use crate::{
    Api,
    calls::{Arguments, Interface, all, both_ways},
    failure::Failure,
};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

both_ways! {
    /// Which way of installing somebody wants; `auto` goes by what is there.
    InstallWish = Wish { Auto, Install, Reinstall, Upgrade }
    /// What becomes of the main memory in an upgrade.
    MainMemory = MainMemory { Keep, Replace }
    /// How an exported method may be called.
    ExportKind = ExportKind { Update, Query, CompositeQuery }
    /// Who may read a custom section once the module is installed: everybody, controllers, or nobody.
    SectionVisibility = Visibility { Public, Private, None }
    /// What becomes of those who call a canister by its interface of now.
    CallersVerdict = Verdict { Compatible, Breaking, Unknown }
    /// What becomes of a method.
    ChangeKind = ChangeKind { Added, Removed, Changed }
}

/// A module that was read.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Module {
    /// SHA-256 of it as it is sent: the module hash that the network will show, hexadecimal.
    pub hash: String,
    /// Bytes as they are sent.
    pub size: f64,
    /// Bytes when unpacked.
    pub unpacked_size: f64,
    /// Whether the file is gzipped.
    pub is_packed: bool,
    /// Whether its memory is addressed by 64 bits.
    pub is_wasm64: bool,
    /// Whether it is Motoko that keeps its main memory over upgrades.
    pub has_enhanced_persistence: bool,
    /// The methods that it exports.
    pub methods: Vec<ExportedMethod>,
    /// Exports that the network itself calls.
    pub hooks: Vec<String>,
    /// What it imports from the network.
    pub imports: Vec<String>,
    /// Its custom sections.
    pub sections: Vec<ModuleSection>,
    /// What it can be asked, and what an installation takes; null if it does not say, or if that is not understood.
    pub interface: Option<Interface>,
}

/// A method as a module exports it.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportedMethod {
    /// What it is called.
    pub name: String,
    /// How it may be called.
    pub kind: ExportKind,
}

/// A custom section of a module.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModuleSection {
    /// Its name.
    pub name: String,
    /// Who may read it.
    pub visibility: SectionVisibility,
    /// Bytes of its content.
    pub size: f64,
}

/// The details of an upgrade.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpgradeOptions {
    /// Not to run the old module's `pre_upgrade`. What it would have saved is lost.
    pub skip_pre_upgrade: bool,
    /// What becomes of the main memory; null to let the module decide.
    pub main_memory: Option<MainMemory>,
}

impl From<UpgradeOptions> for engine::UpgradeOptions {
    fn from(options: UpgradeOptions) -> Self {
        Self {
            skip_pre_upgrade: options.skip_pre_upgrade,
            main_memory: options.main_memory.map(Into::into),
        }
    }
}

/// How it is installed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
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
        /// What becomes of the main memory; null where the network's default is meant.
        main_memory: Option<MainMemory>,
    },
}

impl From<engine::InstallMode> for InstallMode {
    fn from(mode: engine::InstallMode) -> Self {
        match mode {
            engine::InstallMode::Install => Self::Install,
            engine::InstallMode::Reinstall => Self::Reinstall,
            engine::InstallMode::Upgrade {
                skip_pre_upgrade,
                main_memory,
            } => Self::Upgrade {
                skip_pre_upgrade,
                main_memory: main_memory.map(Into::into),
            },
        }
    }
}

impl From<InstallMode> for engine::InstallMode {
    fn from(mode: InstallMode) -> Self {
        match mode {
            InstallMode::Install => Self::Install,
            InstallMode::Reinstall => Self::Reinstall,
            InstallMode::Upgrade {
                skip_pre_upgrade,
                main_memory,
            } => Self::Upgrade {
                skip_pre_upgrade,
                main_memory: main_memory.map(Into::into),
            },
        }
    }
}

/// What an installation would do.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InstallPlan {
    /// How.
    pub mode: InstallMode,
    /// Whether the module decided what becomes of the main memory, and nobody else.
    pub memory_by_module: bool,
    /// The module hash of now, certified; null for an empty canister.
    pub hash_before: Option<String>,
    /// The module hash afterwards.
    pub hash_after: String,
    /// Bytes of the module as it is sent.
    pub size: f64,
    /// What goes through the chunk store; null where it fits in a message.
    pub chunks: Option<Chunks>,
    /// What the module is told: the bytes, hexadecimal.
    pub argument: String,
    /// The same as Candid text; null if it is not Candid.
    pub argument_text: Option<String>,
    /// Whether the module takes it; null where it does not say what it takes.
    pub argument_fits: Option<bool>,
    /// What becomes of those who call it.
    pub callers: CallersVerdict,
    /// Methods that are not as they were.
    pub changes: Vec<MethodChange>,
    /// What stands in the way.
    pub obstacles: Vec<Obstacle>,
}

/// What goes through the chunk store.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Chunks {
    /// Chunks of the module.
    pub all: u32,
    /// Those that are not there yet.
    pub missing: u32,
    /// Others in the store, which stay.
    pub foreign: u32,
}

/// How a method changes.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MethodChange {
    /// Which.
    pub method: String,
    /// What becomes of it.
    pub kind: ChangeKind,
    /// What breaks for its callers; empty if nothing does.
    pub reasons: Vec<Reason>,
    /// Whether callers go on without seeing what they do not understand.
    pub drops_values: bool,
}

/// A place where old and new do not fit, as a technical detail.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// Where, from the outside in.
    pub place: Vec<String>,
    /// What.
    pub why: String,
}

/// Why an installation would fail, or lose what nobody said may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Obstacle {
    /// This identity may not, or not in this state: the action's denial says which.
    Denied,
    /// The main memory was to be kept, and the new module cannot do that.
    CannotKeepMemory,
    /// The old module keeps its data in main memory, and the new one would begin anew.
    WouldLoseMemory,
    /// The chunk store has no room.
    StoreFull,
    /// The argument alone is too large for a message.
    ArgumentTooLarge,
}

impl From<engine::Obstacle> for Obstacle {
    fn from(obstacle: engine::Obstacle) -> Self {
        match obstacle {
            engine::Obstacle::Denied(_) => Self::Denied,
            engine::Obstacle::CannotKeepMemory => Self::CannotKeepMemory,
            engine::Obstacle::WouldLoseMemory => Self::WouldLoseMemory,
            engine::Obstacle::StoreFull => Self::StoreFull,
            engine::Obstacle::ArgumentTooLarge => Self::ArgumentTooLarge,
        }
    }
}

impl From<engine::Module> for Module {
    fn from(module: engine::Module) -> Self {
        let facts = module.facts().clone();
        Self {
            hash: module.hash().to_string(),
            size: facts.size as f64,
            unpacked_size: facts.unpacked_size as f64,
            is_packed: facts.is_packed,
            is_wasm64: facts.is_wasm64,
            has_enhanced_persistence: facts.has_enhanced_persistence,
            interface: engine::Interface::of_module(&facts)
                .unwrap_or_default()
                .map(Into::into),
            methods: facts
                .methods
                .into_iter()
                .map(|method| ExportedMethod {
                    name: method.name,
                    kind: method.kind.into(),
                })
                .collect(),
            hooks: facts.hooks,
            imports: facts.imports,
            sections: facts
                .sections
                .into_iter()
                .map(|section| ModuleSection {
                    name: section.name,
                    visibility: section.visibility.into(),
                    size: section.size as f64,
                })
                .collect(),
        }
    }
}

impl From<engine::Change> for MethodChange {
    fn from(change: engine::Change) -> Self {
        Self {
            method: change.method,
            kind: change.kind.into(),
            reasons: change
                .reasons
                .into_iter()
                .map(|reason| Reason {
                    place: reason.place,
                    why: reason.why,
                })
                .collect(),
            drops_values: change.drops_values,
        }
    }
}

impl From<engine::InstallPlan> for InstallPlan {
    fn from(plan: engine::InstallPlan) -> Self {
        Self {
            mode: plan.mode.into(),
            memory_by_module: plan.memory_by_module,
            hash_before: plan.hash_before.map(hex::encode),
            hash_after: plan.hash_after.to_string(),
            size: plan.size as f64,
            chunks: plan.chunks.map(|chunks| Chunks {
                all: chunks.all as u32,
                missing: chunks.missing as u32,
                foreign: chunks.foreign as u32,
            }),
            argument: hex::encode(plan.argument),
            argument_text: plan.argument_text,
            argument_fits: plan.argument_fits,
            callers: plan.compatibility.verdict.into(),
            changes: all(plan.compatibility.changes),
            obstacles: all(plan.obstacles),
        }
    }
}

impl Api {
    #[expect(clippy::unused_async, reason = "requests are awaited")]
    pub(crate) async fn read_module(&self, pick: u32) -> Result<Module, Failure> {
        let module = self.engine()?.keep_module(&self.picks.path(pick)?)?;
        self.picks.drop(pick);
        Ok(module.into())
    }

    #[expect(clippy::unused_async, reason = "requests are awaited")]
    pub(crate) async fn module(&self, hash: String) -> Result<Module, Failure> {
        Ok(self.engine()?.kept_module(hash.parse()?)?.into())
    }

    pub(crate) async fn plan_install(
        &self,
        canister: String,
        module: String,
        wish: InstallWish,
        options: UpgradeOptions,
        arguments: Option<Arguments>,
    ) -> Result<InstallPlan, Failure> {
        let engine = self.engine()?;
        let order = engine::InstallOrder {
            canister: canister.parse()?,
            module: engine.kept_module(module.parse()?)?,
            wish: wish.into(),
            options: options.into(),
            arguments: arguments.map(Arguments::read).transpose()?,
        };
        Ok(engine.plan_install(&order).await?.into())
    }
}
