//! The Candid types of the system canisters, field by field as published.

use crate::interface::CanisterSettings;
use crate::ledger::{Account, TransferError};
use candid::{CandidType, Nat, Principal};
use serde::Deserialize;
use serde_bytes::ByteBuf;

#[derive(CandidType, Deserialize)]
pub struct Tokens {
    pub e8s: u64,
}

#[derive(CandidType, Deserialize)]
pub struct TimeStamp {
    pub timestamp_nanos: u64,
}

#[derive(CandidType, Deserialize)]
pub struct AccountBalanceArgs {
    pub account: ByteBuf,
}

#[derive(CandidType, Deserialize)]
pub struct LegacyTransfer {
    pub to: ByteBuf,
    pub fee: Tokens,
    pub memo: u64,
    pub from_subaccount: Option<ByteBuf>,
    pub created_at_time: Option<TimeStamp>,
    pub amount: Tokens,
}

#[derive(CandidType)]
pub enum LegacyError {
    BadFee { expected_fee: Tokens },
    InsufficientFunds { balance: Tokens },
    TxTooOld { allowed_window_nanos: u64 },
    TxCreatedInFuture,
    TxDuplicate { duplicate_of: u64 },
}

impl From<TransferError> for LegacyError {
    fn from(error: TransferError) -> Self {
        let number = |nat: Nat| u64::try_from(nat.0).unwrap_or(u64::MAX);
        match error {
            TransferError::BadFee { expected_fee } => Self::BadFee {
                expected_fee: Tokens {
                    e8s: number(expected_fee),
                },
            },
            TransferError::InsufficientFunds { balance } => Self::InsufficientFunds {
                balance: Tokens {
                    e8s: number(balance),
                },
            },
            TransferError::TooOld => Self::TxTooOld {
                allowed_window_nanos: 24 * 60 * 60 * 1_000_000_000,
            },
            TransferError::CreatedInFuture { .. } => Self::TxCreatedInFuture,
            TransferError::Duplicate { duplicate_of } => Self::TxDuplicate {
                duplicate_of: number(duplicate_of),
            },
        }
    }
}

#[derive(CandidType, Deserialize)]
pub struct IcrcTransfer {
    pub from_subaccount: Option<ByteBuf>,
    pub to: Account,
    pub amount: Nat,
    pub fee: Option<Nat>,
    pub memo: Option<ByteBuf>,
    pub created_at_time: Option<u64>,
}

#[derive(CandidType, Deserialize)]
pub struct Deposit {
    pub to: Account,
}

#[derive(CandidType)]
pub struct Deposited {
    pub balance: Nat,
    pub block_index: Nat,
}

#[derive(CandidType, Deserialize)]
pub struct SubnetFilter {
    pub subnet_type: Option<String>,
}

#[derive(CandidType, Deserialize)]
pub enum SubnetSelection {
    Filter(SubnetFilter),
    Subnet { subnet: Principal },
}

#[derive(CandidType, Deserialize, Default)]
pub struct CreationArgs {
    pub subnet_selection: Option<SubnetSelection>,
    pub settings: Option<CanisterSettings>,
}

#[derive(CandidType, Deserialize)]
pub struct CreateCanister {
    pub from_subaccount: Option<ByteBuf>,
    pub created_at_time: Option<u64>,
    pub amount: Nat,
    pub creation_args: Option<CreationArgs>,
}

#[derive(CandidType)]
pub struct Created {
    pub block_id: Nat,
    pub canister_id: Principal,
}

#[derive(CandidType)]
pub enum CreateError {
    InsufficientFunds {
        balance: Nat,
    },
    TooOld,
    CreatedInFuture {
        ledger_time: u64,
    },
    Duplicate {
        duplicate_of: Nat,
        canister_id: Option<Principal>,
    },
    FailedToCreate {
        fee_block: Option<Nat>,
        refund_block: Option<Nat>,
        error: String,
    },
    GenericError {
        message: String,
        error_code: Nat,
    },
}

impl From<TransferError> for CreateError {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::InsufficientFunds { balance } => Self::InsufficientFunds { balance },
            TransferError::TooOld => Self::TooOld,
            TransferError::CreatedInFuture { ledger_time } => Self::CreatedInFuture { ledger_time },
            TransferError::Duplicate { duplicate_of } => Self::Duplicate {
                duplicate_of,
                canister_id: None,
            },
            TransferError::BadFee { expected_fee } => Self::GenericError {
                message: format!("the fee is {expected_fee}"),
                error_code: Nat::from(0_u8),
            },
        }
    }
}

#[derive(CandidType, Deserialize)]
pub struct Withdraw {
    pub amount: Nat,
    pub from_subaccount: Option<ByteBuf>,
    pub to: Principal,
    pub created_at_time: Option<u64>,
}

#[derive(CandidType)]
pub enum WithdrawError {
    InsufficientFunds { balance: Nat },
    TooOld,
    CreatedInFuture { ledger_time: u64 },
    Duplicate { duplicate_of: Nat },
    InvalidReceiver { receiver: Principal },
    BadFee { expected_fee: Nat },
}

impl From<TransferError> for WithdrawError {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::InsufficientFunds { balance } => Self::InsufficientFunds { balance },
            TransferError::TooOld => Self::TooOld,
            TransferError::CreatedInFuture { ledger_time } => Self::CreatedInFuture { ledger_time },
            TransferError::Duplicate { duplicate_of } => Self::Duplicate { duplicate_of },
            TransferError::BadFee { expected_fee } => Self::BadFee { expected_fee },
        }
    }
}

#[derive(CandidType)]
pub struct Rate {
    pub xdr_permyriad_per_icp: u64,
    pub timestamp_seconds: u64,
}

#[derive(CandidType)]
pub struct ConversionRate {
    pub data: Rate,
    pub hash_tree: ByteBuf,
    pub certificate: ByteBuf,
}

#[derive(CandidType, Deserialize)]
pub struct NotifyMint {
    pub block_index: u64,
    pub to_subaccount: Option<ByteBuf>,
}

#[derive(CandidType)]
pub struct NewCycles {
    pub balance: Nat,
    pub block_index: Nat,
    pub minted: Nat,
}

#[derive(CandidType, Deserialize)]
pub struct NotifyCreate {
    pub block_index: u64,
    pub controller: Principal,
    pub subnet_selection: Option<SubnetSelection>,
    pub settings: Option<CanisterSettings>,
}

#[derive(CandidType, Deserialize)]
pub struct NotifyTopUp {
    pub block_index: u64,
    pub canister_id: Principal,
}

#[derive(CandidType)]
pub enum NotifyError {
    Refunded {
        reason: String,
        block_index: Option<u64>,
    },
    InvalidTransaction(String),
}

#[derive(CandidType)]
pub enum MetadataValue {
    Nat(Nat),
    Text(String),
}

#[derive(CandidType)]
pub struct Standard {
    pub name: &'static str,
    pub url: String,
}

#[derive(CandidType)]
pub struct Allowance {
    pub allowance: Nat,
    pub expires_at: Option<u64>,
}

#[derive(CandidType, Deserialize)]
pub struct SubnetForCanister {
    pub principal: Option<Principal>,
}

#[derive(CandidType)]
pub struct FoundSubnet {
    pub subnet_id: Option<Principal>,
}
