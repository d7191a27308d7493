//! Making a canister: where, with which settings, and who pays how much.
//!
//! A [`Creation`] is decided by a person, a [`CreationPlan`] says what it costs before anything is sent. On networks that give cycles
//! away the management canister makes the canister; such a creation is sent once, because nothing would tell the second canister
//! from the first. Elsewhere the cycles ledger makes it from the identity's account. The payment's time is part of the plan, so that a
//! creation whose answer was lost is sent again and answered with the id of the canister that was made the first time.

use super::{
    settings::{SettingsChange, check},
    status::amount,
};
use crate::{
    CanisterId, Certainty, Code, Engine, Error, Result,
    money::{Balance, Payment, Purse, ask_ledger, balance, clock_ahead},
    replica::{Call, Replica},
};
use candid::{CandidType, Nat, Principal};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// What making a canister costs on a subnet of thirteen machines; a larger subnet takes more in proportion. The canister starts with
/// what is left of the amount.
pub const CREATION_FEE: u128 = 500_000_000_000;

/// Where a canister is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Placement {
    /// Where the network likes.
    Anywhere,
    /// On the subnet of another canister.
    Beside {
        /// That one.
        canister: CanisterId,
    },
    /// On this subnet.
    On {
        /// Its id.
        subnet: Principal,
    },
}

/// A canister that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Creation {
    /// Where.
    pub placement: Placement,
    /// Its settings; what they do not name is as usual.
    pub settings: SettingsChange,
    /// How much, and when it was decided.
    pub payment: Payment,
    /// Who pays; none: as the network has it.
    pub purse: Option<Purse>,
    /// What it is called on the board; empty for its id.
    #[serde(default)]
    pub name: String,
}

/// What a creation means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreationPlan {
    /// It.
    pub creation: Creation,
    /// The subnet, where it is known before.
    pub subnet: Option<Principal>,
    /// What the network keeps for making it, on a subnet of usual size.
    pub creation_fee: u128,
    /// What the ledger keeps.
    pub ledger_fee: u128,
    /// What the canister starts with, on a subnet of usual size.
    pub starts_with: u128,
    /// What the identity holds now; none where the network pays.
    pub balance: Option<Balance>,
    /// What it holds then.
    pub balance_after: Option<u128>,
}

/// A place as the network takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// A canister id in whose neighbourhood the management canister makes one.
    near: CanisterId,
    /// The subnet that the ledger is told; none lets it choose.
    subnet: Option<Principal>,
}

impl Placement {
    /// Finds out which subnet is meant.
    pub(crate) async fn resolve(&self, replica: &Replica) -> Result<Spot> {
        Ok(match self {
            Self::Anywhere => Spot {
                // The network's own choice.
                near: Principal::management_canister().into(),
                subnet: None,
            },
            Self::Beside { canister } => Spot {
                near: *canister,
                subnet: Some(replica.subnet_of(*canister).await?),
            },
            Self::On { subnet } => Spot {
                near: replica.first_canister_id_of(*subnet).await?,
                subnet: Some(*subnet),
            },
        })
    }
}

impl Spot {
    /// The same, with a neighbourhood for a network that makes the canister itself.
    pub(crate) async fn with_neighbourhood(self, replica: &Replica) -> Result<Self> {
        Ok(match self.subnet {
            Some(_) => self,
            None => Self {
                near: replica.somewhere().await?,
                ..self
            },
        })
    }
}

#[derive(CandidType)]
struct Provisional<'a> {
    amount: Option<Nat>,
    settings: Option<&'a SettingsChange>,
}

#[derive(CandidType, Deserialize)]
pub(crate) struct Made {
    canister_id: Principal,
}

#[derive(CandidType)]
enum SubnetSelection {
    Subnet { subnet: Principal },
}

#[derive(CandidType)]
struct CreationArguments<'a> {
    subnet_selection: Option<SubnetSelection>,
    settings: Option<&'a SettingsChange>,
}

#[derive(CandidType)]
struct LedgerCreation<'a> {
    from_subaccount: Option<Vec<u8>>,
    created_at_time: Option<u64>,
    amount: Nat,
    creation_args: Option<CreationArguments<'a>>,
}

#[derive(CandidType, Deserialize)]
pub(crate) struct LedgerMade {
    canister_id: Principal,
}

/// What the ledger answers to a creation.
pub(crate) type LedgerAnswer = (std::result::Result<LedgerMade, CreateError>,);

/// Why the ledger did not make a canister.
#[derive(CandidType, Deserialize, Debug)]
pub(crate) enum CreateError {
    GenericError {
        message: String,
        error_code: Nat,
    },
    TemporarilyUnavailable,
    Duplicate {
        duplicate_of: Nat,
        canister_id: Option<Principal>,
    },
    CreatedInFuture {
        ledger_time: u64,
    },
    FailedToCreate {
        error: String,
        refund_block: Option<Nat>,
        fee_block: Option<Nat>,
    },
    TooOld,
    InsufficientFunds {
        balance: Nat,
    },
}

/// Has the network make a canister with cycles that it gives away. Must not be sent again.
pub(crate) fn give(creation: &Creation, spot: Spot) -> Result<Call<(Made,)>> {
    let arguments = Provisional {
        amount: Some(creation.payment.amount.into()),
        settings: Some(&creation.settings),
    };
    Call::manage(
        spot.near,
        "provisional_create_canister_with_cycles",
        (arguments,),
    )
}

/// The id of a canister that the network made.
pub(crate) fn given((made,): (Made,)) -> CanisterId {
    made.canister_id.into()
}

/// Has the ledger make a canister from the identity's cycles. May be sent again: the ledger knows it by its time.
pub(crate) fn buy(creation: &Creation, spot: Spot) -> Result<Call<LedgerAnswer>> {
    ask_ledger(
        "create_canister",
        LedgerCreation {
            from_subaccount: None,
            created_at_time: Some(creation.payment.made_at),
            amount: creation.payment.amount.into(),
            creation_args: Some(CreationArguments {
                subnet_selection: spot.subnet.map(|subnet| SubnetSelection::Subnet { subnet }),
                settings: Some(&creation.settings),
            }),
        },
    )
}

/// Reads the ledger's answer to a creation: the canister, made now or by an earlier sending, or why there is none.
pub(crate) fn bought((answer,): LedgerAnswer, payment: Payment) -> Result<CanisterId> {
    let doing = "making a canister";
    let refused = |code| Error::new(code, doing).certainty(Certainty::Refused);
    Err(match answer {
        Ok(made) => return Ok(made.canister_id.into()),
        Err(CreateError::Duplicate {
            canister_id: Some(id),
            ..
        }) => return Ok(id.into()),
        // The first sending is still at work, or failed and was paid back: the ledger tells when asked later.
        Err(CreateError::Duplicate { duplicate_of, .. }) => Error::new(Code::OutcomeUnknown, doing)
            .certainty(Certainty::Unknown)
            .with("block", duplicate_of),
        Err(CreateError::TooOld) => {
            Error::new(Code::OutcomeUnknown, doing).certainty(Certainty::Unknown)
        }
        Err(CreateError::InsufficientFunds { balance }) => refused(Code::BalanceTooLow)
            .with("balance", amount(&balance))
            .with(
                "needed",
                payment.amount.saturating_add(crate::money::LEDGER_FEE),
            ),
        Err(CreateError::CreatedInFuture { ledger_time }) => {
            clock_ahead(refused(Code::ClockOff), payment.made_at, ledger_time)
        }
        Err(CreateError::TemporarilyUnavailable) => refused(Code::Throttled),
        Err(CreateError::FailedToCreate { error, .. }) => {
            refused(Code::CreationFailed).with("message", error)
        }
        Err(CreateError::GenericError {
            message,
            error_code,
        }) => refused(Code::Refused)
            .with("message", message)
            .with("errorCode", error_code),
    })
}

/// What a creation costs and leaves. What cannot succeed is refused here, before anything is sent.
pub(crate) async fn plan(
    replica: &Replica,
    payer: Principal,
    purse: Purse,
    creation: Creation,
) -> Result<CreationPlan> {
    check(&creation.settings)?;
    let amount = creation.payment.amount;
    let (balance, creation_fee) = match purse {
        Purse::Gift => (None, 0),
        Purse::Ledger => (Some(balance(replica, payer).await?), CREATION_FEE),
    };
    let spot = creation.placement.resolve(replica).await?;
    cost(creation, spot, balance, creation_fee, amount)
}

fn cost(
    creation: Creation,
    spot: Spot,
    balance: Option<Balance>,
    creation_fee: u128,
    amount: u128,
) -> Result<CreationPlan> {
    let starts_with = amount.checked_sub(creation_fee).ok_or_else(|| {
        Error::new(Code::AmountTooSmall, "planning a creation")
            .with("amount", amount)
            .with("least", creation_fee)
    })?;
    Ok(CreationPlan {
        creation,
        subnet: spot.subnet,
        creation_fee,
        ledger_fee: balance.map_or(0, |balance| balance.fee),
        starts_with,
        balance,
        balance_after: balance.map(|balance| balance.after(amount)).transpose()?,
    })
}

impl Engine {
    /// What it would mean to make a canister with this amount. `now` becomes the payment's time.
    pub async fn plan_creation(
        &self,
        placement: Placement,
        settings: SettingsChange,
        amount: u128,
        purse: Option<Purse>,
        now: SystemTime,
    ) -> Result<CreationPlan> {
        let connection = self.connection().await?;
        let creation = Creation {
            placement,
            settings,
            payment: Payment::new(amount, now),
            purse,
            name: String::new(),
        };
        let purse = purse.unwrap_or_else(|| Purse::of(&connection.network.id));
        let payer = connection.identity.principal;
        plan(&connection.replica, payer, purse, creation).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PAYMENT: Payment = Payment {
        amount: 1_000_000_000_000,
        made_at: 1,
    };

    fn creation(amount: u128) -> Creation {
        Creation {
            placement: Placement::Anywhere,
            settings: SettingsChange::default(),
            payment: Payment { amount, made_at: 1 },
            purse: None,
            name: String::new(),
        }
    }

    fn costs(amount: u128, cycles: u128) -> Result<CreationPlan> {
        let spot = Spot {
            near: Principal::management_canister().into(),
            subnet: None,
        };
        let balance = Balance {
            cycles,
            fee: 100_000_000,
        };
        cost(creation(amount), spot, Some(balance), CREATION_FEE, amount)
    }

    #[test]
    fn a_canister_that_was_made_before_is_found() {
        let id = Principal::from_slice(&[1, 2, 3]);
        let duplicate = |canister_id| {
            (Err(CreateError::Duplicate {
                duplicate_of: Nat::from(5_u8),
                canister_id,
            }),)
        };
        assert_eq!(bought(duplicate(Some(id)), PAYMENT).unwrap(), id.into());
        let error = bought(duplicate(None), PAYMENT).unwrap_err();
        assert_eq!(
            (error.code, error.certainty),
            (Code::OutcomeUnknown, Certainty::Unknown),
            "without an id nobody knows what became of the first sending"
        );
    }

    #[test]
    fn what_was_paid_back_is_said_so() {
        let failed = CreateError::FailedToCreate {
            error: "subnet is full".into(),
            refund_block: Some(Nat::from(9_u8)),
            fee_block: None,
        };
        let error = bought((Err(failed),), PAYMENT).unwrap_err();
        assert_eq!(
            (error.code, error.facts["message"].as_str()),
            (Code::CreationFailed, "subnet is full")
        );
    }

    #[test]
    fn the_fees_are_known_before() {
        let plan = costs(2_000_000_000_000, 3_000_000_000_000).unwrap();
        assert_eq!(
            (plan.starts_with, plan.ledger_fee, plan.balance_after),
            (1_500_000_000_000, 100_000_000, Some(999_900_000_000)),
            "the creation fee comes out of the amount, the ledger's on top of it"
        );
        let error = costs(CREATION_FEE - 1, 3_000_000_000_000).unwrap_err();
        assert_eq!(
            (error.code, error.facts["least"].as_str()),
            (Code::AmountTooSmall, "500000000000")
        );
        let error = costs(3_000_000_000_000, 3_000_000_000_000).unwrap_err();
        assert_eq!(
            (error.code, error.facts["needed"].as_str()),
            (Code::BalanceTooLow, "3000100000000")
        );
    }
}
