//! What costs an identity cycles: making a canister, and topping one up.
//!
//! Each comes in two forms. The cycles ledger knows a payment by its time, so paying is repeatable: the same payment sent again is
//! found, not made twice. A gift of a network for trying things is nowhere written down, so it is sent once; after a loss the balance
//! tells whether it arrived, and a canister whose id nobody heard is handed to a person.

use super::{Check, CheckName, Happened, Kind, Plan, Target, Undo, Verb, World, held::Held};
use crate::{
    CanisterId, Code, Creation, Error, Payment, Purse, Result,
    canister::creation,
    money,
    runner::{Done, Work},
    watch,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The wish to give cycles to a canister.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TopUp {
    /// To which.
    pub canister: CanisterId,
    /// How much, and when it was decided.
    pub payment: Payment,
    /// Who pays; none: as the network has it.
    pub purse: Option<Purse>,
}

/// Anybody may give to any canister, so rights are no question, and what changes meanwhile is no reason to plan anew.
pub(super) async fn plan_top_up(world: &World, wish: &TopUp) -> Result<Plan> {
    let TopUp {
        canister,
        payment,
        purse,
    } = *wish;
    let mut plan = Plan::about(world.caller, &[]);
    plan.targets.push(Target {
        id: canister,
        name: world.name(canister),
    });
    plan.fingerprint = fingerprint(&json!([
        world.caller.to_text(),
        canister.to_string(),
        payment.amount.to_string(),
        purse
    ]));
    let amount = Check::require(CheckName::Amount, payment.amount > 0).or(Code::AmountTooSmall);
    plan.checks
        .push(amount.with("amount", payment.amount).with("least", 1));
    match purse.unwrap_or_else(|| Purse::of(&world.network_id)) {
        Purse::Gift => {
            plan.step(Give {
                canister,
                amount: payment.amount,
            });
        }
        Purse::Ledger => {
            let balance = money::balance(&world.replica, world.caller).await?;
            plan.checks.push(affordable(balance, payment.amount));
            plan.cost = balance.fee;
            plan.step(Pay { canister, payment });
        }
    }
    plan.twin = vec![format!(
        "icp canister top-up {canister} --amount {}",
        payment.amount
    )];
    Ok(plan)
}

pub(super) async fn plan_create(world: &World, creation: &Creation) -> Result<Plan> {
    let network = || Purse::of(&world.network_id);
    let purse = creation.purse.unwrap_or_else(network);
    let name = watch::checked_name(&creation.name)?;
    let planned = creation::plan(&world.replica, world.caller, purse, creation.clone()).await?;
    let mut plan = Plan::about(world.caller, &[]);
    plan.fingerprint = fingerprint(&json!([
        world.caller.to_text(),
        creation.placement,
        creation.settings,
        creation.payment.amount.to_string(),
        purse,
        name
    ]));
    plan.cost = planned.creation_fee + planned.ledger_fee;
    if let Some(balance) = planned.balance {
        plan.checks
            .push(affordable(balance, creation.payment.amount));
    }
    plan.undo = Undo::Never;
    plan.twin = vec![format!(
        "icp canister create --detached --cycles {}",
        creation.payment.amount
    )];
    let creation = Box::new(creation.clone());
    match purse {
        Purse::Gift => plan.step(Receive { creation }),
        Purse::Ledger => plan.step(Buy { creation }),
    };
    let made_by = plan.steps.len() - 1;
    plan.step(AddToBoard { made_by, name });
    Ok(plan)
}

pub(super) fn fingerprint(of: &Value) -> String {
    hex::encode(Sha256::digest(of.to_string()))
}

/// Whether the identity can pay that.
pub(super) fn affordable(balance: money::Balance, amount: u128) -> Check {
    Check::require(CheckName::Balance, balance.after(amount).is_ok())
        .with("balance", balance.cycles)
        .with("needed", amount.saturating_add(balance.fee))
        .or(Code::BalanceTooLow)
}

/// Pays cycles from the identity's account to a canister.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pay {
    pub(crate) canister: CanisterId,
    pub(crate) payment: Payment,
}

#[async_trait]
impl Verb for Pay {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    fn is_lasting(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let answer = work
            .repeat(money::pay(self.canister, self.payment)?)
            .await?;
        money::paid(answer, self.payment)?;
        Ok(json!({ "amount": self.payment.amount.to_string() }))
    }
}

/// Has the network give a canister cycles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Give {
    pub(crate) canister: CanisterId,
    #[serde(with = "crate::money::decimal")]
    pub(crate) amount: u128,
}

#[async_trait]
impl Verb for Give {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    fn is_lasting(&self) -> bool {
        true
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        let held = match Held::now(work, self.canister).await {
            Ok(held) => Some(held),
            // A gift to somebody else's: what it holds is not ours to see.
            Err(error) if error.code == Code::NotController => None,
            Err(error) => return Err(error),
        };
        Ok(json!(held))
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let call = money::give(self.canister, self.amount)?;
        Ok(match work.once(self, call).await? {
            Done::Replied(()) => json!({ "amount": self.amount.to_string() }),
            Done::Adopted(output) => output,
        })
    }

    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        let Some(before) = Held::read(before)? else {
            return Ok(Happened::Unclear);
        };
        let now = work.status(self.canister).await?.cycles;
        Ok(before.has_received(now, self.amount))
    }
}

/// Makes a canister from the identity's cycles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Buy {
    #[serde(with = "super::embedded")]
    pub(crate) creation: Box<Creation>,
}

#[async_trait]
impl Verb for Buy {
    /// The ledger: the canister has no id yet.
    fn canister(&self) -> CanisterId {
        money::ledger()
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    fn is_lasting(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let spot = work
            .look(|| self.creation.placement.resolve(work.replica()))
            .await?;
        let answer = work.repeat(creation::buy(&self.creation, spot)?).await?;
        let made = creation::bought(answer, self.creation.payment)?;
        Ok(json!({ "canister": made }))
    }
}

/// Has the network make a canister.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receive {
    #[serde(with = "super::embedded")]
    pub(crate) creation: Box<Creation>,
}

#[async_trait]
impl Verb for Receive {
    /// The management canister: the canister has no id yet.
    fn canister(&self) -> CanisterId {
        candid::Principal::management_canister().into()
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    fn is_lasting(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let spot = work
            .look(|| async {
                let spot = self.creation.placement.resolve(work.replica()).await?;
                spot.with_neighbourhood(work.replica()).await
            })
            .await?;
        let call = creation::give(&self.creation, spot)?;
        Ok(match work.once(self, call).await? {
            Done::Replied(made) => json!({ "canister": creation::given(made) }),
            Done::Adopted(output) => output,
        })
    }
}

/// Puts a canister that was made on the board, so that nobody has to look for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddToBoard {
    /// The step that makes it.
    pub(crate) made_by: usize,
    /// What it is called there; empty for its id.
    pub(crate) name: String,
}

#[async_trait]
impl Verb for AddToBoard {
    /// None in particular: the canister has no id yet when this is planned.
    fn canister(&self) -> CanisterId {
        candid::Principal::management_canister().into()
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    fn is_lasting(&self) -> bool {
        true
    }

    /// The canister is there and paid for; a file that could not be written must not make that look undone.
    fn is_left_to_a_person(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let made = work.output(self.made_by).unwrap_or_default();
        let made: CanisterId = serde_json::from_value(made["canister"].clone())
            .map_err(|error| Error::new(Code::Bug, "looking for what was made").because(error))?;
        let World {
            watch,
            folders,
            network,
            ..
        } = work.world();
        watch.add(&folders.config, *network, made, &self.name)?;
        Ok(json!({ "canister": made }))
    }
}
