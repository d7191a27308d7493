//! Sending a canister's cycles away before it is deleted.
//!
//! Only a canister's own code can send its cycles anywhere. So where a person wants them, its code is replaced, once it is stopped,
//! by the *messenger* (`messenger.wat`): a module that does nothing but pay all but a little into the account that the identity has
//! in the cycles ledger. What the canister holds in memory is gone from then on; it dies with the canister anyway. Therefore this is
//! a part of a deletion and nothing that can be asked for alone, and where the cycles do not get through, the canister is not deleted:
//! the job stops there and leaves it to a person.

use super::super::{
    Check, CheckName, Happened, Kind, Plan, Standing, Verb, World,
    install::{InstallCode, InstallModule},
    lifecycle::{Start, Stop},
    settings::{ChangeSettings, back},
};
use crate::{
    CanisterId, Code, Error, InstallMode, Module, Result, SettingsChange, money,
    replica::Call,
    runner::{Done, Work},
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

/// Adds to the plan of a deletion what sends the cycles away: behind it the canister runs the messenger.
pub(super) async fn plan(world: &World, standing: &Standing, plan: &mut Plan) -> Result<()> {
    let (canister, status) = (standing.canister, &standing.status);
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
            .with("cycles", status.cycles.saturating_sub(STAYS))
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
    plan.step(InstallCode(InstallModule {
        canister,
        module: messenger.hash(),
        mode: InstallMode::Reinstall,
        argument: String::new(),
    }));
    plan.step(Start { canister });
    plan.step(SendCycles { canister });
    plan.step(Stop { canister });
    Ok(())
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

/// What the canister held before.
#[derive(Serialize, Deserialize)]
struct Held {
    #[serde(with = "crate::money::decimal")]
    cycles: u128,
}

/// Whether the cycles have gone, from what was held before and what is held now. Nobody else takes any: the messenger listens to
/// controllers only, and a day of doing nothing costs a fraction of what stays.
fn gone(before: &Held, now: u128) -> Happened {
    let sent = before.cycles.saturating_sub(STAYS);
    if now <= before.cycles.saturating_sub(sent / 4 * 3) {
        return Happened::Yes(json!({ "amount": sent.to_string() }));
    }
    if now >= before.cycles.saturating_sub(sent / 4) {
        return Happened::No;
    }
    Happened::Unclear
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

    /// The memory is gone by now, so turning back would bring nothing back, and going on would lose the cycles.
    fn is_left_to_a_person(&self) -> bool {
        true
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        let cycles = work.status(self.canister).await?.cycles;
        Ok(json!(Held { cycles }))
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
        let before: Held = serde_json::from_value(before.clone())
            .map_err(|error| Error::new(Code::Bug, "reading the journal").because(error))?;
        Ok(gone(&before, work.status(self.canister).await?.cycles))
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

    #[test]
    fn cycles_have_gone_or_not_or_nobody_knows() {
        let before = Held { cycles: 5 * LEAST };
        let told = |now| match gone(&before, now) {
            Happened::Yes(_) => "yes",
            Happened::No => "no",
            Happened::Unclear => "unclear",
        };
        assert_eq!(told(STAYS / 2), "yes");
        assert_eq!(told(5 * LEAST - STAYS / 10), "no", "it lives on something");
        assert_eq!(told(5 * LEAST / 2), "unclear", "somebody else was here");
    }
}
