//! Sending a canister's cycles away before it is deleted.
//!
//! Only a canister's own code can send its cycles anywhere. So where a person wants them, its code is replaced, once it is stopped,
//! by the *messenger* (`messenger.wat`): a module that does nothing but pay all but a little into the account that the identity has
//! in the cycles ledger. What the canister holds is kept as a snapshot meanwhile, which dies with it: until the canister is deleted
//! everything can be taken back, but for the cycles that have gone. Where they do not get through, the canister is not deleted, and
//! runs as before.

use super::super::{
    Check, CheckName, Happened, Kind, Plan, Standing, Verb, World,
    held::Held,
    install::InstallModule,
    lifecycle::{Start, Stop},
    settings::{ChangeSettings, back},
    snapshots::{Take, free_slot, snapshot_there, state_bytes},
    upgrade::UpgradeCode,
};
use crate::{
    CanisterId, Code, InstallMode, Module, Result, SettingsChange, money,
    replica::Call,
    runner::{Done, Work},
    snapshot::{self, SnapshotId},
};
use async_trait::async_trait;
use candid::{CandidType, Nat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The messenger, made from the text beside it.
const MESSENGER: &[u8] = include_bytes!("messenger.wasm");

/// What stays behind, in cycles: while a call is open the network holds back what its answer may cost at most, some forty billion on a
/// subnet of thirteen machines, and as much again for the message that makes the call; a larger subnet takes up to three times
/// that.
pub(super) const STAYS: u128 = 250_000_000_000;

/// Less than this is not worth the trouble.
const LEAST: u128 = 2 * STAYS;

/// Adds to the plan of a deletion what sends the cycles away, from a canister that is stopped to one that is stopped again. Where all
/// slots are used, `replace` gives way to the safety snapshot.
pub(super) async fn plan(
    world: &World,
    standing: &Standing,
    replace: Option<&SnapshotId>,
    plan: &mut Plan,
) -> Result<()> {
    let (canister, status) = (standing.canister, &standing.status);
    let has_code = status.module_hash.is_some();
    if has_code {
        plan.cost += snapshot::cost(state_bytes(standing));
        plan.checks.push(free_slot(standing, replace));
        plan.checks
            .extend(replace.map(|replaced| snapshot_there(standing, replaced)));
    }
    let has_ledger = match money::balance(&world.replica, world.caller).await {
        Ok(_) => true,
        Err(error)
            if matches!(
                error.code,
                Code::NoNetwork | Code::Throttled | Code::Untrusted | Code::ClockOff
            ) =>
        {
            return Err(error);
        }
        Err(_) => false,
    };
    let is_enough = status.cycles >= LEAST;
    plan.checks.push(
        Check::require(CheckName::Withdrawal, has_ledger && is_enough)
            .with("name", &standing.name)
            .with("cycles", status.cycles.saturating_sub(STAYS + plan.cost))
            .with("least", LEAST)
            .with("hasLedger", has_ledger)
            .or(if has_ledger {
                Code::AmountTooSmall
            } else {
                Code::CanisterNotFound
            }),
    );
    let messenger = Module::read(MESSENGER.to_vec())?;
    // The step takes it from where modules are kept, also after a restart.
    messenger.keep(&world.folders.data)?;
    // Otherwise what it needs to live on for a month could not be sent.
    let change = SettingsChange {
        freezing_threshold_seconds: Some(0),
        ..SettingsChange::default()
    };
    plan.step(ChangeSettings {
        canister,
        back: Box::new(back(&status.settings, &change)),
        change: Box::new(change),
    });
    // An empty canister has nothing to keep, and the network takes no snapshot of it.
    let safety = has_code.then(|| {
        plan.step(Take {
            canister,
            replace: replace.cloned(),
        });
        plan.steps.len() - 1
    });
    let install = InstallModule {
        canister,
        module: messenger.hash(),
        mode: InstallMode::Reinstall,
        argument: String::new(),
    };
    plan.step(PutMessenger(UpgradeCode { install, safety }));
    plan.step(Start { canister });
    plan.step(SendCycles { canister });
    plan.step(Stop { canister });
    Ok(())
}

/// Puts the messenger in place of what is there, which is kept as a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PutMessenger(pub(crate) UpgradeCode);

#[async_trait]
impl Verb for PutMessenger {
    fn canister(&self) -> CanisterId {
        self.0.canister()
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        self.0.before(work).await
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        self.0.run_as(self, work).await
    }

    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        self.0.check(work, before).await
    }

    async fn undo(&self, work: &Work, output: Option<&Value>) -> Result<()> {
        self.0.undo(work, output).await
    }
}

/// Has the messenger send the cycles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendCycles {
    pub(crate) canister: CanisterId,
}

/// What the ledger answers.
#[derive(CandidType, Deserialize)]
struct Deposited {
    balance: Nat,
    block_index: Nat,
}

fn send(canister: CanisterId, to: candid::Principal) -> Result<Call<(Deposited,)>> {
    let mut argument = STAYS.to_le_bytes().to_vec();
    argument.extend(money::deposit(to)?);
    Ok(Call::to(canister, "send", argument))
}

#[async_trait]
impl Verb for SendCycles {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    /// They are where they were wanted; nobody sends them back into a canister that is to go.
    fn is_lasting(&self) -> bool {
        true
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        Ok(json!(Held::now(work, self.canister).await?))
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let call = send(self.canister, work.world().caller)?;
        Ok(match work.once(self, call).await? {
            Done::Replied((deposited,)) => json!({
                "block": deposited.block_index.0.to_string(),
                "balance": deposited.balance.0.to_string(),
            }),
            Done::Adopted(output) => output,
        })
    }

    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        let Some(before) = Held::read(before)? else {
            return Ok(Happened::Unclear);
        };
        let now = work.status(self.canister).await?.cycles;
        Ok(before.has_sent_all_but(STAYS, now))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_messenger_is_what_its_text_says() {
        let text = wat::parse_str(include_str!("messenger.wat")).unwrap();
        assert!(text == MESSENGER, "make it anew from messenger.wat");
        let messenger = Module::read(MESSENGER.to_vec()).unwrap();
        let methods: Vec<_> = messenger
            .facts()
            .methods
            .iter()
            .map(|method| method.name.as_str())
            .collect();
        assert_eq!(methods, ["send"], "it can do one thing");
    }
}
