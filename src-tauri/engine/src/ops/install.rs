//! Installing a module: in an empty canister, over what is there, or as an upgrade.
//!
//! The steps are made for other operations too: [`steps`] adds them to a plan. What is installed lies on this computer under its hash,
//! so that a job can go on after a restart.

use super::{Check, CheckName, Downtime, Happened, Kind, Plan, Undo, Verb, World, callers};
use crate::{
    Arguments, CanisterId, Code, Error, InstallMode, InstallOrder, InstallPlan, MainMemory, Module,
    ModuleHash, Obstacle, Result, UpgradeOptions, Wish, install,
    interface::Verdict as Callers,
    runner::{Done, Work},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The wish to install a module that is kept on this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallModule {
    /// Where.
    pub canister: CanisterId,
    /// What.
    pub module: ModuleHash,
    /// How.
    pub mode: InstallMode,
    /// What the module is told: the bytes, hexadecimal.
    pub argument: String,
}

impl InstallModule {
    fn order(&self, module: Module) -> Result<InstallOrder> {
        let (wish, options) = match self.mode {
            InstallMode::Install => (Wish::Install, UpgradeOptions::default()),
            InstallMode::Reinstall => (Wish::Reinstall, UpgradeOptions::default()),
            InstallMode::Upgrade {
                skip_pre_upgrade,
                main_memory,
            } => (
                Wish::Upgrade,
                UpgradeOptions {
                    skip_pre_upgrade,
                    main_memory,
                },
            ),
        };
        Ok(InstallOrder {
            canister: self.canister,
            module,
            wish,
            options,
            arguments: Some(Arguments::Bytes(argument(&self.argument)?)),
        })
    }
}

pub(super) fn argument(digits: &str) -> Result<Vec<u8>> {
    hex::decode(digits)
        .map_err(|error| Error::new(Code::Bug, "reading what a module is told").because(error))
}

pub(super) async fn plan_install(world: &World, wish: &InstallModule) -> Result<Plan> {
    let standing = world.standing(wish.canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    let module = Module::kept(&world.folders.data, wish.module)?;
    let found = install::plan(&world.replica, world.caller, &wish.order(module.clone())?).await?;
    plan.checks.extend(checks(&found));
    // An upgrade with a stop around it is an operation of its own.
    plan.downtime = Downtime::None;
    plan.undo = Undo::Never;
    plan.twin = vec![twin(wish)];
    steps(&mut plan, wish, &module);
    Ok(plan)
}

/// What was found out about an installation, for the plan of an operation.
pub(crate) fn checks(found: &InstallPlan) -> Vec<Check> {
    let mut checks = Vec::new();
    for obstacle in &found.obstacles {
        checks.push(match obstacle {
            Obstacle::Denied(denial) => Check::require(CheckName::Module, false)
                .with("denial", format!("{denial:?}"))
                .or(match denial {
                    crate::Denial::NotController => Code::NotController,
                    _ => Code::Precondition,
                }),
            Obstacle::CannotKeepMemory | Obstacle::WouldLoseMemory => {
                Check::require(CheckName::MainMemory, false)
                    .with("obstacle", format!("{obstacle:?}"))
            }
            Obstacle::StoreFull => Check::require(CheckName::ChunkStore, false),
            Obstacle::ArgumentTooLarge => {
                Check::require(CheckName::Argument, false).or(Code::ArgumentMalformed)
            }
        });
    }
    if let Some(fits) = found.argument_fits {
        checks.push(Check::warn(CheckName::Argument, fits));
    }
    if found.compatibility.verdict != Callers::Unknown {
        checks.push(callers::told(&found.compatibility));
    }
    checks
}

/// The same in a terminal.
pub(super) fn twin(wish: &InstallModule) -> String {
    let mode = match wish.mode {
        InstallMode::Install => "install",
        InstallMode::Reinstall => "reinstall",
        InstallMode::Upgrade { .. } => "upgrade",
    };
    let memory = match wish.mode {
        InstallMode::Upgrade {
            main_memory: Some(MainMemory::Keep),
            ..
        } => " --wasm-memory-persistence keep",
        InstallMode::Upgrade {
            main_memory: Some(MainMemory::Replace),
            ..
        } => " --wasm-memory-persistence replace",
        _ => "",
    };
    format!(
        "icp canister install {} --mode {mode}{memory} --wasm {}.wasm --args-format hex --args {}",
        wish.canister, wish.module, wish.argument
    )
}

/// Adds the steps of an installation to a plan.
pub(crate) fn steps(plan: &mut Plan, wish: &InstallModule, module: &Module) {
    let InstallModule {
        canister,
        module: hash,
        ..
    } = *wish;
    // The argument takes twice its size as digits; that its digits are some is seen when it is sent.
    let is_chunked = install::is_chunked(module, wish.argument.len() / 2);
    if is_chunked {
        plan.step(UploadModule {
            canister,
            module: hash,
        });
    }
    plan.step(InstallCode(wish.clone()));
    if is_chunked {
        plan.step(ClearChunks {
            canister,
            module: hash,
        });
    }
    plan.step(VerifyModule {
        canister,
        module: hash,
    });
}

/// Sends the chunks of a module to the canister's chunk store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadModule {
    pub(crate) canister: CanisterId,
    pub(crate) module: ModuleHash,
}

/// Installs a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstallCode(pub(crate) InstallModule);

/// Empties the chunk store again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClearChunks {
    pub(crate) canister: CanisterId,
    pub(crate) module: ModuleHash,
}

/// Checks that a certificate shows the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyModule {
    pub(crate) canister: CanisterId,
    pub(crate) module: ModuleHash,
}

fn kept(work: &Work, module: ModuleHash) -> Result<Module> {
    Module::kept(&work.world().folders.data, module)
}

/// Empties the chunk store, if all that is in it came from us.
async fn empty(work: &Work, canister: CanisterId, module: ModuleHash) -> Result<()> {
    let module = kept(work, module)?;
    let is_ours = work
        .look(|| install::is_ours(work.replica(), canister, &module))
        .await?;
    if is_ours {
        work.repeat(install::clear(canister)?).await?;
    }
    Ok(())
}

#[async_trait]
impl Verb for UploadModule {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let module = kept(work, self.module)?;
        let total = module.bytes().len() as u64;
        work.look(|| {
            install::upload(work.replica(), self.canister, &module, |there| {
                work.report(there, Some(total));
            })
        })
        .await?;
        Ok(Value::Null)
    }

    async fn undo(&self, work: &Work, _output: Option<&Value>) -> Result<()> {
        empty(work, self.canister, self.module).await
    }
}

impl InstallCode {
    /// Installs as a part of `verb`, which knows how to tell whether it happened.
    pub(super) async fn run_as(&self, verb: &dyn Verb, work: &Work) -> Result<Value> {
        let module = kept(work, self.0.module)?;
        let argument = argument(&self.0.argument)?;
        let call = install::call(self.0.canister, &module, self.0.mode, argument)?;
        Ok(match work.once(verb, call).await? {
            Done::Replied(()) => Value::Null,
            Done::Adopted(output) => output,
        })
    }
}

#[async_trait]
impl Verb for InstallCode {
    fn canister(&self) -> CanisterId {
        self.0.canister
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    /// What was there before is gone; who wants it back takes a snapshot first.
    fn is_lasting(&self) -> bool {
        true
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        let status = work.status(self.0.canister).await?;
        Ok(json!({
            "module": status.module_hash.map(hex::encode),
            "version": status.version,
        }))
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        self.run_as(self, work).await
    }

    /// Another module than before is ours, for one job at a time works on a canister. Where it was the same before, only a version
    /// that did not move tells: it counts installations, but also every message of a canister that runs.
    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        let status = work.status(self.0.canister).await?;
        let now = status.module_hash.map(hex::encode);
        let planned = self.0.module.to_string();
        let was_there = before["module"].as_str() == Some(&planned);
        Ok(if was_there {
            if before["version"] == json!(status.version) {
                Happened::No
            } else {
                Happened::Unclear
            }
        } else if now.as_ref() == Some(&planned) {
            Happened::Yes(Value::Null)
        } else if now.as_deref() == before["module"].as_str() {
            Happened::No
        } else {
            Happened::Unclear
        })
    }
}

#[async_trait]
impl Verb for ClearChunks {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        empty(work, self.canister, self.module).await?;
        Ok(Value::Null)
    }
}

#[async_trait]
impl Verb for VerifyModule {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Observe
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        work.look(|| install::verify(work.replica(), self.canister, self.module))
            .await?;
        Ok(json!({ "module": self.module }))
    }
}
