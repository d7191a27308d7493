//! An upgrade with a net: what was there is kept as a snapshot, and goes back in place if the upgrade does not work.
//!
//! The order is that of a restore: stop, take the safety snapshot, upgrade, start, ask. The canister is stopped before its safety
//! snapshot is taken, so that nothing that happens in between is in neither of the two. A new module that is refused or traps leaves
//! everything as before, running as before. When the new module is in place and answers otherwise than expected, what was decided
//! before happens: the safety snapshot is loaded, or the job ends, tells the answers, and a person decides; going back then is an
//! ordinary restore. Large modules are sent to the chunk store before the canister is stopped, so that the downtime has no transfer in it.

use super::{
    Check, CheckName, Downtime, Happened, Kind, Plan, Undo, Verb, World,
    check_call::{CheckAnswer, can_be_made},
    install::{self, ClearChunks, InstallCode, InstallModule, UploadModule, VerifyModule},
    lifecycle::{Start, Stop},
    restore::load_back,
    snapshots::{Take, affordable, free_slot, snapshot_there, state_bytes},
};
use crate::{
    Arguments, CanisterId, CheckCall, Code, InstallOrder, Interface, Module, ModuleHash, Result,
    RunState, UpgradeOptions, Wish,
    canister::lifecycle::uninstall,
    interface,
    runner::Work,
    snapshot::{self, SnapshotId},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The wish to upgrade a canister with a net below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    /// Which canister.
    pub canister: CanisterId,
    /// The new module, kept on this computer.
    pub module: ModuleHash,
    /// The details.
    pub options: UpgradeOptions,
    /// What the module is told: the bytes, hexadecimal.
    pub argument: String,
    /// What is asked afterwards.
    pub checks: Vec<CheckCall>,
    /// What happens if the canister answers otherwise than expected.
    pub on_failure: OnFailure,
    /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
    pub replace: Option<SnapshotId>,
}

/// What happens if an upgraded canister answers otherwise than expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// It stays as it is, and a person decides.
    Offer,
    /// The safety snapshot is loaded.
    Restore,
}

pub(super) async fn plan_upgrade(world: &World, wish: &Upgrade) -> Result<Plan> {
    let canister = wish.canister;
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.undo = Undo::RestoreSafety;
    let module = Module::kept(&world.folders.data, wish.module)?;
    let order = InstallOrder {
        canister,
        module: module.clone(),
        wish: Wish::Upgrade,
        options: wish.options,
        arguments: Some(Arguments::Bytes(install::argument(&wish.argument)?)),
    };
    let found = crate::install::plan(&world.replica, world.caller, &order).await?;
    plan.checks.extend(install::checks(&found));
    let is_settled = standing.status.run_state != RunState::Stopping;
    plan.checks
        .push(Check::require(CheckName::RunState, is_settled).with("name", &standing.name));
    plan.checks
        .push(free_slot(&standing, wish.replace.as_ref()));
    if let Some(replaced) = &wish.replace {
        plan.checks.push(snapshot_there(&standing, replaced));
    }
    // Taking the safety snapshot, and what loading it would cost if it has to be.
    let bytes = state_bytes(&standing);
    plan.cost = 2 * snapshot::cost(bytes);
    plan.checks.push(affordable(&standing, plan.cost, bytes));
    plan.checks.push(
        Check::warn(CheckName::PreUpgrade, !wish.options.skip_pre_upgrade)
            .with("name", &standing.name),
    );
    let is_running = standing.is_running();
    if !is_running && !wish.checks.is_empty() {
        // What is stopped answers nobody.
        plan.checks
            .push(Check::require(CheckName::CheckCall, false).with("runState", "stopped"));
    }
    let interface = match Interface::of_module(module.facts()) {
        Ok(Some(interface)) => Some(interface),
        _ => interface::read(&world.replica, canister)
            .await
            .unwrap_or_default(),
    };
    plan.checks
        .extend(can_be_made(&wish.checks, interface.as_ref()));

    let install = InstallModule {
        canister,
        module: wish.module,
        mode: found.mode,
        argument: wish.argument.clone(),
    };
    let is_chunked = found.chunks.is_some();
    if is_chunked {
        plan.step(UploadModule {
            canister,
            module: wish.module,
        });
    }
    if is_running {
        plan.downtime = Downtime::Brief;
        plan.twin.push(format!("icp canister stop {canister}"));
        plan.step(Stop { canister });
    }
    plan.twin.push(Take::twin(canister, wish.replace.as_ref()));
    plan.step(Take {
        canister,
        replace: wish.replace.clone(),
    });
    let safety = Some(plan.steps.len() - 1);
    plan.twin.push(install::twin(&install));
    plan.step(UpgradeCode { install, safety });
    if is_running {
        plan.twin.push(format!("icp canister start {canister}"));
        plan.step(Start { canister });
    }
    if is_chunked {
        plan.step(ClearChunks {
            canister,
            module: wish.module,
        });
    }
    plan.step(VerifyModule {
        canister,
        module: wish.module,
    });
    for call in &wish.checks {
        plan.twin.push(call.twin(&canister.to_string()));
        plan.step(CheckAnswer {
            whom: canister.into(),
            call: call.clone(),
            is_decisive: wish.on_failure == OnFailure::Restore,
        });
    }
    Ok(plan)
}

/// Installs a module in a canister that is stopped by then; taken back by loading the safety snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeCode {
    pub(crate) install: InstallModule,
    /// The step that takes the snapshot of what is there now; none where nothing is.
    pub(crate) safety: Option<usize>,
}

impl UpgradeCode {
    /// Installs as a part of `verb`.
    pub(super) async fn run_as(&self, verb: &dyn Verb, work: &Work) -> Result<Value> {
        InstallCode(self.install.clone()).run_as(verb, work).await
    }
}

#[async_trait]
impl Verb for UpgradeCode {
    fn canister(&self) -> CanisterId {
        self.install.canister
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        let status = work.status(self.install.canister).await?;
        if status.run_state != RunState::Stopped {
            return Err(
                crate::Error::new(Code::Precondition, "upgrading a canister")
                    .with("canister", self.install.canister)
                    .with("name", work.world().name(self.install.canister)),
            );
        }
        InstallCode(self.install.clone()).before(work).await
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        self.run_as(self, work).await
    }

    /// The version of a canister that is stopped stands still but for what is done to it, and one job at a time works on it.
    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        let status = work.status(self.install.canister).await?;
        let hash = status.module_hash.map(hex::encode);
        let is_planned = hash.as_ref() == Some(&self.install.module.to_string());
        let moved = before["version"]
            .as_u64()
            .and_then(|before| status.version.checked_sub(before));
        Ok(match moved {
            Some(0) => Happened::No,
            Some(1) if is_planned => Happened::Yes(Value::Null),
            _ => Happened::Unclear,
        })
    }

    async fn undo(&self, work: &Work, output: Option<&Value>) -> Result<()> {
        let canister = self.install.canister;
        match (output, self.safety) {
            (None, _) => Ok(()),
            (Some(_), Some(safety)) => load_back(work, canister, safety).await,
            // It was empty, and is again.
            (Some(_), None) => work.repeat(uninstall(canister)?).await,
        }
    }
}
