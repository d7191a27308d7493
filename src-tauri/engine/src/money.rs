//! Cycles of an identity, and giving them to canisters.
//!
//! An identity's cycles lie in the cycles ledger. A payment from there carries the time when it was made: the ledger remembers such
//! payments for a day, and takes the same one a second time for a duplicate of the first. So a payment whose answer was lost is
//! simply sent again, and is found instead of made twice. The time is part of what is planned, never taken anew.
//!
//! Networks for trying things give cycles away. Their answer to "did it happen?" is the canister's balance only, so a gift is sent
//! once and an unknown outcome is looked up, never repeated.

use crate::{
    CanisterId, Certainty, Code, Engine, Error, NetworkId, Result,
    canister::amount,
    replica::{Call, Replica},
};
use candid::{CandidType, Nat, Principal};
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// The cycles ledger: um5iw-rqaaa-aaaaq-qaaba-cai, on every network that has one.
const CYCLES_LEDGER: Principal = Principal::from_slice(&[0, 0, 0, 0, 2, 16, 0, 2, 1, 1]);

/// What the ledger keeps of each payment, as it publishes it. Asked for where it matters, see [`Balance`].
pub const LEDGER_FEE: u128 = 100_000_000;

/// What an identity holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Cycles.
    pub cycles: u128,
    /// What the ledger keeps of each payment.
    pub fee: u128,
}

impl Balance {
    /// The largest payment that it can make.
    pub fn most(&self) -> u128 {
        self.cycles.saturating_sub(self.fee)
    }

    /// What remains after a payment; an error where it cannot be made.
    pub fn after(&self, amount: u128) -> Result<u128> {
        let needed = amount.saturating_add(self.fee);
        self.cycles.checked_sub(needed).ok_or_else(|| {
            Error::new(Code::BalanceTooLow, "planning a payment")
                .with("balance", self.cycles)
                .with("needed", needed)
        })
    }
}

/// Where cycles come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purse {
    /// The network gives them away.
    Gift,
    /// The identity's account in the cycles ledger.
    Ledger,
}

impl Purse {
    /// Where cycles come from on a network, as a rule.
    pub fn of(network: &NetworkId) -> Self {
        match network {
            NetworkId::Practice | NetworkId::Local(_) => Self::Gift,
            NetworkId::Mainnet | NetworkId::Custom(_) => Self::Ledger,
        }
    }
}

/// A payment as the ledger takes it. Its time makes it one and the same payment however often it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Cycles that arrive.
    #[serde(with = "decimal")]
    pub amount: u128,
    /// Nanoseconds since 1970.
    pub made_at: u64,
}

impl Payment {
    /// A payment of this moment.
    pub fn new(amount: u128, now: SystemTime) -> Self {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            amount,
            made_at: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

/// Amounts of 128 bits as text, because JSON's numbers end earlier.
pub(crate) mod decimal {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(amount: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&amount.to_string())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// An account of the ledger: somebody's default one.
#[derive(CandidType)]
struct Account {
    owner: Principal,
    subaccount: Option<Vec<u8>>,
}

#[derive(CandidType)]
struct Deposit {
    to: Account,
    memo: Option<Vec<u8>>,
}

#[derive(CandidType)]
struct Withdraw {
    amount: Nat,
    from_subaccount: Option<Vec<u8>>,
    to: Principal,
    created_at_time: Option<u64>,
}

#[derive(CandidType)]
struct Gift {
    canister_id: Principal,
    amount: Nat,
}

/// What the ledger answers to a payment.
pub(crate) type Withdrawn = (std::result::Result<Nat, WithdrawError>,);

/// Why the ledger did not pay.
#[derive(CandidType, Deserialize, Debug)]
pub(crate) enum WithdrawError {
    GenericError {
        message: String,
        error_code: Nat,
    },
    TemporarilyUnavailable,
    FailedToWithdraw {
        fee_block: Option<Nat>,
        rejection_reason: String,
    },
    Duplicate {
        duplicate_of: Nat,
    },
    BadFee {
        expected_fee: Nat,
    },
    InvalidReceiver {
        receiver: Principal,
    },
    CreatedInFuture {
        ledger_time: u64,
    },
    TooOld,
    InsufficientFunds {
        balance: Nat,
    },
}

/// The ledger as a canister.
pub(crate) fn ledger() -> CanisterId {
    CanisterId::from(CYCLES_LEDGER)
}

/// Asks the ledger something that has one argument.
pub(crate) fn ask_ledger<Reply>(method: &str, argument: impl CandidType) -> Result<Call<Reply>> {
    let bytes = candid::encode_one(argument)
        .map_err(|error| Error::new(Code::Bug, format!("calling {method}")).because(error))?;
    Ok(Call::to(ledger(), method, bytes))
}

/// What the ledger is told by a canister that pays cycles into somebody's account.
pub(crate) fn deposit(owner: Principal) -> Result<Vec<u8>> {
    let to = Account {
        owner,
        subaccount: None,
    };
    candid::encode_one(Deposit { to, memo: None })
        .map_err(|error| Error::new(Code::Bug, "encoding a deposit").because(error))
}

/// Pays cycles from the identity's account to a canister. May be sent again: the ledger knows the payment by its time.
pub(crate) fn pay(to: CanisterId, payment: Payment) -> Result<Call<Withdrawn>> {
    ask_ledger(
        "withdraw",
        Withdraw {
            amount: payment.amount.into(),
            from_subaccount: None,
            to: to.principal(),
            created_at_time: Some(payment.made_at),
        },
    )
}

/// Reads the ledger's answer to a payment: done, now or by an earlier sending, or why not.
pub(crate) fn paid((answer,): Withdrawn, payment: Payment) -> Result<()> {
    let doing = "paying cycles to a canister";
    let refused = |code| Error::new(code, doing).certainty(Certainty::Refused);
    Err(match answer {
        Ok(_) | Err(WithdrawError::Duplicate { .. }) => return Ok(()),
        Err(WithdrawError::InsufficientFunds { balance }) => refused(Code::BalanceTooLow)
            .with("balance", amount(&balance))
            .with("needed", payment.amount.saturating_add(LEDGER_FEE)),
        Err(WithdrawError::InvalidReceiver { receiver }) => {
            refused(Code::CanisterNotFound).with("canister", receiver)
        }
        Err(WithdrawError::CreatedInFuture { ledger_time }) => {
            clock_ahead(refused(Code::ClockOff), payment.made_at, ledger_time)
        }
        Err(WithdrawError::TemporarilyUnavailable) => refused(Code::Throttled),
        // It may have been made a day ago: the ledger does not remember that long.
        Err(WithdrawError::TooOld) => {
            Error::new(Code::OutcomeUnknown, doing).certainty(Certainty::Unknown)
        }
        Err(WithdrawError::GenericError {
            message,
            error_code,
        }) => refused(Code::Refused)
            .with("message", message)
            .with("errorCode", error_code),
        Err(WithdrawError::FailedToWithdraw {
            rejection_reason, ..
        }) => refused(Code::Refused).with("message", rejection_reason),
        Err(WithdrawError::BadFee { expected_fee }) => {
            refused(Code::Refused).with("message", format!("the fee is {}", expected_fee.0))
        }
    })
}

/// An error about a clock that runs ahead of the ledger's, with by how much.
pub(crate) fn clock_ahead(error: Error, made_at: u64, ledger_time: u64) -> Error {
    let seconds = made_at.saturating_sub(ledger_time) / 1_000_000_000;
    error.with("direction", "ahead").with("seconds", seconds)
}

/// Has the network give a canister cycles. Must not be sent again: nothing tells one gift from the next.
pub(crate) fn give(to: CanisterId, amount: u128) -> Result<Call<()>> {
    let gift = Gift {
        canister_id: to.principal(),
        amount: amount.into(),
    };
    Call::manage(to, "provisional_top_up_canister", (gift,))
}

/// What an identity holds, asked of one machine: it is shown, and the ledger itself judges every payment.
pub(crate) async fn balance(replica: &Replica, owner: Principal) -> Result<Balance> {
    let account = Account {
        owner,
        subaccount: None,
    };
    let (cycles, fee): (Call<(Nat,)>, Call<(Nat,)>) = (
        ask_ledger("icrc1_balance_of", account)?,
        Call::to(ledger(), "icrc1_fee", no_arguments()?),
    );
    let ((cycles,), (fee,)) = tokio::try_join!(replica.query(&cycles), replica.query(&fee))?;
    Ok(Balance {
        cycles: amount(&cycles),
        fee: amount(&fee),
    })
}

fn no_arguments() -> Result<Vec<u8>> {
    candid::encode_args(()).map_err(|error| Error::new(Code::Bug, "encoding").because(error))
}

impl Engine {
    /// The cycles of the chosen identity on the chosen network.
    pub async fn balance(&self) -> Result<Balance> {
        let connection = self.connection().await?;
        balance(&connection.replica, connection.identity.principal).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PAYMENT: Payment = Payment {
        amount: 1_000,
        made_at: 90_000_000_000,
    };

    #[test]
    fn the_ledger_is_the_one_that_everybody_knows() {
        assert_eq!(CYCLES_LEDGER.to_text(), "um5iw-rqaaa-aaaaq-qaaba-cai");
    }

    #[test]
    fn a_payment_that_was_made_before_is_made() {
        assert!(paid((Ok(Nat::from(7_u8)),), PAYMENT).is_ok());
        let duplicate = WithdrawError::Duplicate {
            duplicate_of: Nat::from(7_u8),
        };
        assert!(
            paid((Err(duplicate),), PAYMENT).is_ok(),
            "the answer to the first sending was lost, not the payment"
        );
    }

    #[test]
    fn what_the_ledger_refuses_has_its_code_and_its_certainty() {
        let table = [
            (
                WithdrawError::InsufficientFunds {
                    balance: Nat::from(5_u8),
                },
                (
                    Code::BalanceTooLow,
                    Certainty::Refused,
                    "needed",
                    "100001000",
                ),
            ),
            (
                WithdrawError::CreatedInFuture {
                    ledger_time: 30_000_000_000,
                },
                (Code::ClockOff, Certainty::Refused, "seconds", "60"),
            ),
            (
                WithdrawError::InvalidReceiver {
                    receiver: CYCLES_LEDGER,
                },
                (
                    Code::CanisterNotFound,
                    Certainty::Refused,
                    "canister",
                    "um5iw-rqaaa-aaaaq-qaaba-cai",
                ),
            ),
        ];
        for (answer, (code, certainty, fact, value)) in table {
            let error = paid((Err(answer),), PAYMENT).unwrap_err();
            assert_eq!(
                (error.code, error.certainty, error.facts[fact].as_str()),
                (code, certainty, value)
            );
        }
        let error = paid((Err(WithdrawError::TooOld),), PAYMENT).unwrap_err();
        assert_eq!(
            (error.code, error.certainty),
            (Code::OutcomeUnknown, Certainty::Unknown),
            "it may have happened before the ledger forgot"
        );
    }

    #[test]
    fn a_balance_pays_what_it_holds_less_the_fee() {
        let balance = Balance {
            cycles: 1_100,
            fee: 100,
        };
        assert_eq!(balance.after(1_000).unwrap(), 0);
        assert_eq!(balance.most(), 1_000);
        let error = balance.after(1_001).unwrap_err();
        assert_eq!(
            (
                error.facts["balance"].as_str(),
                error.facts["needed"].as_str()
            ),
            ("1100", "1101")
        );
    }
}
