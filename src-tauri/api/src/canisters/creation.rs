//! What it would mean to make a canister, and the cycles that pay for it.

use super::{SettingsChange, decimal, parse_amount};
use crate::{Api, failure::Failure};
use canopic_engine::{self as engine, CanisterId, Error};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use ts_rs::TS;

/// What an identity holds in the cycles ledger, decimal.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// Cycles.
    pub cycles: String,
    /// What the ledger keeps of each payment.
    pub fee: String,
    /// The largest payment that it can make.
    pub most: String,
}

/// Where a canister is made.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Placement {
    /// Where the network likes.
    Anywhere,
    /// On the subnet of another canister.
    Beside {
        /// Its id.
        canister: String,
    },
    /// On this subnet.
    On {
        /// Its id.
        subnet: String,
    },
}

/// Where cycles come from. See [`canopic_engine::Purse`].
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Purse {
    /// The network gives them away.
    Gift,
    /// The identity's account in the cycles ledger.
    Ledger,
}

impl From<Purse> for engine::Purse {
    fn from(purse: Purse) -> Self {
        match purse {
            Purse::Gift => Self::Gift,
            Purse::Ledger => Self::Ledger,
        }
    }
}

/// What making a canister means; amounts are decimal.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CreationPlan {
    /// The subnet, where it is known before.
    pub subnet: Option<String>,
    /// What is paid.
    pub amount: String,
    /// What the network keeps for making it, on a subnet of usual size.
    pub creation_fee: String,
    /// What the ledger keeps.
    pub ledger_fee: String,
    /// What the canister starts with, on a subnet of usual size.
    pub starts_with: String,
    /// What the identity holds now; null where the network pays.
    pub balance: Option<String>,
    /// What it holds then.
    pub balance_after: Option<String>,
}

/// One method per request.
impl Api {
    pub(crate) async fn balance(&self) -> Result<Balance, Failure> {
        let balance = self.engine()?.balance().await?;
        Ok(Balance {
            cycles: balance.cycles.to_string(),
            fee: balance.fee.to_string(),
            most: balance.most().to_string(),
        })
    }

    pub(crate) async fn plan_creation(
        &self,
        placement: Placement,
        settings: SettingsChange,
        amount: String,
        purse: Option<Purse>,
    ) -> Result<CreationPlan, Failure> {
        let plan = self
            .engine()?
            .plan_creation(
                placement.try_into()?,
                settings.try_into()?,
                parse_amount(&amount)?,
                purse.map(Into::into),
                SystemTime::now(),
            )
            .await?;
        Ok(plan.into())
    }
}

impl TryFrom<Placement> for engine::Placement {
    type Error = Error;

    fn try_from(placement: Placement) -> Result<Self, Error> {
        Ok(match placement {
            Placement::Anywhere => Self::Anywhere,
            Placement::Beside { canister } => Self::Beside {
                canister: canister.parse()?,
            },
            Placement::On { subnet } => Self::On {
                subnet: subnet.parse::<CanisterId>()?.principal(),
            },
        })
    }
}

impl From<engine::CreationPlan> for CreationPlan {
    fn from(plan: engine::CreationPlan) -> Self {
        Self {
            subnet: plan.subnet.map(|subnet| subnet.to_text()),
            amount: plan.creation.payment.amount.to_string(),
            creation_fee: plan.creation_fee.to_string(),
            ledger_fee: plan.ledger_fee.to_string(),
            starts_with: plan.starts_with.to_string(),
            balance: decimal(plan.balance.map(|balance| balance.cycles)),
            balance_after: decimal(plan.balance_after),
        }
    }
}
