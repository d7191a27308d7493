//! A ledger of one token: balances, fees, and transfers that happen once.
//!
//! Both the ICP ledger and the cycles ledger are one of these. A transfer that tells when it was created is
//! remembered for a day: the same one again is a duplicate of the first, one from another day is refused, as on mainnet.

use candid::{CandidType, Nat, Principal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a transfer can be repeated without effect, and how far the clocks of two parties may differ.
const WINDOW: u64 = 24 * 60 * 60 * 1_000_000_000;
const DRIFT: u64 = 60 * 1_000_000_000;

/// An account: a principal and one of its subaccounts.
#[derive(CandidType, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// Whose it is.
    pub owner: Principal,
    /// Which of the owner's; the default one without it.
    pub subaccount: Option<serde_bytes::ByteBuf>,
}

impl Account {
    /// The default account of a principal.
    pub fn of(owner: Principal) -> Self {
        Self {
            owner,
            subaccount: None,
        }
    }

    /// The same account, written in the one way that balances are kept under: the default subaccount is none at all.
    #[must_use]
    pub fn normal(self) -> Self {
        let subaccount = self
            .subaccount
            .filter(|bytes| bytes.iter().any(|byte| *byte != 0));
        Self {
            owner: self.owner,
            subaccount,
        }
    }

    /// The identifier that the ICP ledger knows it by.
    pub fn identifier(&self) -> Vec<u8> {
        use sha2::Digest as _;
        let zeros = [0; 32];
        let subaccount = self
            .subaccount
            .as_ref()
            .map_or(zeros.as_slice(), |bytes| bytes);
        let mut hasher = sha2::Sha224::new();
        hasher.update(b"\x0aaccount-id");
        hasher.update(self.owner.as_slice());
        hasher.update(subaccount);
        let hash = hasher.finalize();
        let mut checksum = flate2::Crc::new();
        checksum.update(&hash);
        [checksum.sum().to_be_bytes().as_slice(), &hash].concat()
    }
}

/// Why a transfer did not happen, as both ledgers tell it.
#[derive(CandidType, Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub enum TransferError {
    BadFee { expected_fee: Nat },
    InsufficientFunds { balance: Nat },
    TooOld,
    CreatedInFuture { ledger_time: u64 },
    Duplicate { duplicate_of: Nat },
}

/// A transfer as it was entered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// From where, by account identifier.
    pub from: Vec<u8>,
    /// Where to.
    pub to: Vec<u8>,
    /// How much arrived.
    pub amount: u128,
    /// What it is for.
    pub memo: u64,
}

/// What is to be entered.
#[derive(Debug)]
pub struct Transfer {
    /// Who pays, by account identifier.
    pub from: Vec<u8>,
    /// Who is paid; nobody if the tokens leave the ledger.
    pub to: Option<Vec<u8>>,
    /// How much is to arrive.
    pub amount: u128,
    /// What the sender thinks the fee is.
    pub fee: Option<u128>,
    /// What it is for.
    pub memo: u64,
    /// When it was made, by the sender's clock.
    pub created_at: Option<u64>,
    /// What else tells it from other transfers.
    pub discriminator: Vec<u8>,
}

/// The ledger of one token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ledger {
    /// What a transfer costs; the fee is burnt.
    pub fee: u128,
    balances: BTreeMap<Vec<u8>, u128>,
    /// All transfers, by block index.
    pub entries: Vec<Entry>,
    /// The transfers of the last day that told when they were created.
    recent: BTreeMap<(u64, Vec<u8>), u64>,
}

impl Ledger {
    /// A ledger without any tokens.
    pub fn new(fee: u128) -> Self {
        Self {
            fee,
            balances: BTreeMap::new(),
            entries: vec![],
            recent: BTreeMap::new(),
        }
    }

    /// What an account has.
    pub fn balance(&self, account: &[u8]) -> u128 {
        self.balances.get(account).copied().unwrap_or(0)
    }

    /// All tokens.
    pub fn supply(&self) -> u128 {
        self.balances.values().sum()
    }

    /// Makes tokens; gives the block index.
    pub fn mint(&mut self, to: Vec<u8>, amount: u128) -> u64 {
        *self.balances.entry(to.clone()).or_default() += amount;
        self.enter(Entry {
            from: vec![],
            to,
            amount,
            memo: 0,
        })
    }

    fn enter(&mut self, entry: Entry) -> u64 {
        self.entries.push(entry);
        self.entries.len() as u64 - 1
    }

    /// Moves tokens; gives the block index.
    pub fn transfer(&mut self, now: u64, transfer: Transfer) -> Result<u64, TransferError> {
        let Transfer {
            from,
            to,
            amount,
            fee,
            memo,
            created_at,
            discriminator,
        } = transfer;
        if fee.is_some_and(|fee| fee != self.fee) {
            return Err(TransferError::BadFee {
                expected_fee: self.fee.into(),
            });
        }
        let key = match created_at {
            Some(at) if at > now.saturating_add(DRIFT) => {
                return Err(TransferError::CreatedInFuture { ledger_time: now });
            }
            Some(at) if at.saturating_add(WINDOW + DRIFT) < now => {
                return Err(TransferError::TooOld);
            }
            Some(at) => {
                let to = to.as_deref().unwrap_or_default();
                let key = (
                    at,
                    [
                        &from,
                        to,
                        &amount.to_be_bytes(),
                        &memo.to_be_bytes(),
                        discriminator.as_slice(),
                    ]
                    .concat(),
                );
                if let Some(block) = self.recent.get(&key) {
                    return Err(TransferError::Duplicate {
                        duplicate_of: (*block).into(),
                    });
                }
                Some(key)
            }
            None => None,
        };
        let balance = self.balance(&from);
        let total = amount
            .checked_add(self.fee)
            .filter(|total| *total <= balance);
        let Some(total) = total else {
            return Err(TransferError::InsufficientFunds {
                balance: balance.into(),
            });
        };
        self.balances.insert(from.clone(), balance - total);
        if let Some(to) = &to {
            *self.balances.entry(to.clone()).or_default() += amount;
        }
        let block = self.enter(Entry {
            from,
            to: to.unwrap_or_default(),
            amount,
            memo,
        });
        self.recent
            .retain(|(at, _), _| at.saturating_add(WINDOW + DRIFT) >= now);
        if let Some(key) = key {
            self.recent.insert(key, block);
        }
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn transfer(amount: u128, created_at: Option<u64>) -> Transfer {
        let (from, to) = (vec![1], Some(vec![2]));
        Transfer {
            from,
            to,
            amount,
            fee: None,
            memo: 0,
            created_at,
            discriminator: vec![],
        }
    }

    #[test]
    fn a_transfer_that_tells_its_time_happens_once() {
        let mut ledger = Ledger::new(10);
        ledger.mint(vec![1], 1000);
        let block = ledger
            .transfer(WINDOW, transfer(100, Some(WINDOW)))
            .unwrap();
        let again = ledger.transfer(WINDOW + 1, transfer(100, Some(WINDOW)));
        assert_eq!(
            again,
            Err(TransferError::Duplicate {
                duplicate_of: block.into()
            }),
            "the first one is named"
        );
        assert_eq!(
            (ledger.balance(&[1]), ledger.balance(&[2])),
            (890, 100),
            "paid once, with the fee"
        );
        ledger.transfer(WINDOW, transfer(100, None)).unwrap();
        ledger.transfer(WINDOW, transfer(100, None)).unwrap();
        assert_eq!(ledger.balance(&[2]), 300, "without a time every one counts");
        assert_eq!(
            ledger.transfer(WINDOW * 3, transfer(1, Some(WINDOW))),
            Err(TransferError::TooOld),
            "two days later"
        );
    }

    #[test]
    fn nobody_spends_what_is_not_there() {
        let mut ledger = Ledger::new(10);
        ledger.mint(vec![1], 100);
        for amount in [91, 100, u128::MAX] {
            let refused = ledger.transfer(0, transfer(amount, None));
            assert_eq!(
                refused,
                Err(TransferError::InsufficientFunds {
                    balance: 100_u8.into()
                }),
                "{amount} and the fee are too much"
            );
        }
        ledger.transfer(0, transfer(90, None)).unwrap();
        assert_eq!(ledger.supply(), 90, "the fee is burnt");
    }

    #[test]
    fn account_identifiers_are_those_of_the_icp_ledger() {
        let anonymous = hex::encode(Account::of(Principal::anonymous()).identifier());
        assert_eq!(
            anonymous, "1c7a48ba6a562aa9eaa2481a9049cdf0433b9738c992d698c31d8abf89cadc79",
            "the well-known account of nobody"
        );
    }
}
