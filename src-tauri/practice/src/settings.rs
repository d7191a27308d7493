//! The settings of a canister: their defaults, their bounds, and who may look.

use crate::certify::{Hash, sha256};
use crate::cycles;
use crate::errors::{ErrorCode, Reject};
use crate::interface::{
    CanisterSettings, DefiniteCanisterSettings, EnvironmentVariable, Visibility,
};
use candid::{Nat, Principal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Controllers of a canister, at most; viewers in a list, at most.
pub const MOST_CONTROLLERS: usize = 10;

/// A canister's settings.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Who may manage it.
    pub controllers: BTreeSet<Principal>,
    /// Percent of a core.
    pub compute_allocation: u64,
    /// Bytes set aside.
    pub memory_allocation: u64,
    /// Seconds that the balance must last.
    pub freezing_threshold: u64,
    /// Cycles that storage may reserve.
    pub reserved_cycles_limit: u128,
    /// What a call from another canister must bring.
    pub minimum_incoming_canister_call_cycles: u128,
    /// Who reads the log.
    pub log_visibility: Visibility,
    /// Who lists and reads the snapshots.
    pub snapshot_visibility: Visibility,
    /// Who reads the status.
    pub status_visibility: Visibility,
    /// Bytes of log that are kept.
    pub log_memory_limit: u64,
    /// Bytes that the heap may grow to in updates.
    pub wasm_memory_limit: u64,
    /// When fewer bytes than this remain, the canister is told.
    pub wasm_memory_threshold: u64,
    /// What the code can ask for by name.
    pub environment_variables: BTreeMap<String, String>,
}

impl Settings {
    /// The settings of a new canister.
    pub fn of(controller: Principal) -> Self {
        Self {
            controllers: BTreeSet::from([controller]),
            compute_allocation: 0,
            memory_allocation: 0,
            freezing_threshold: 30 * 24 * 60 * 60,
            reserved_cycles_limit: 5 * cycles::TRILLION,
            minimum_incoming_canister_call_cycles: 0,
            log_visibility: Visibility::Controllers,
            snapshot_visibility: Visibility::Controllers,
            status_visibility: Visibility::Controllers,
            log_memory_limit: 4096,
            wasm_memory_limit: 3 << 30,
            wasm_memory_threshold: 0,
            environment_variables: BTreeMap::new(),
        }
    }

    /// These settings with the given ones changed, if all of them fit.
    pub fn with(&self, change: CanisterSettings) -> Result<Self, Reject> {
        let mut next = self.clone();
        if let Some(controllers) = change.controllers {
            next.controllers = controllers.into_iter().collect();
        }
        set(
            &mut next.compute_allocation,
            change.compute_allocation,
            100,
            "ComputeAllocation expected to be in the range [0..100]",
        )?;
        set(
            &mut next.memory_allocation,
            change.memory_allocation,
            u64::MAX,
            "MemoryAllocation expected to be in the range [0..2^64-1]",
        )?;
        set(
            &mut next.freezing_threshold,
            change.freezing_threshold,
            u64::MAX,
            "Freezing threshold expected to be in the range of [0..2^64-1]",
        )?;
        set(
            &mut next.wasm_memory_limit,
            change.wasm_memory_limit,
            1 << 48,
            "Wasm memory limit expected to be in the range of [0..2^64-1]",
        )?;
        set(
            &mut next.wasm_memory_threshold,
            change.wasm_memory_threshold,
            1 << 48,
            "Wasm memory threshold expected to be in the range of [0..2^64-1]",
        )?;
        set(
            &mut next.log_memory_limit,
            change.log_memory_limit,
            2 << 20,
            "Log memory limit expected to be in the range of [0..2097152]",
        )?;
        set(
            &mut next.reserved_cycles_limit,
            change.reserved_cycles_limit,
            u128::MAX,
            "Reserved cycles limit expected to be in the range of [0..2^128-1]",
        )?;
        set(
            &mut next.minimum_incoming_canister_call_cycles,
            change.minimum_incoming_canister_call_cycles,
            u128::MAX,
            "Minimum incoming canister call cycles expected to be in the range of [0..2^128-1]",
        )?;
        next.log_visibility = change.log_visibility.unwrap_or(next.log_visibility);
        next.snapshot_visibility = change
            .snapshot_visibility
            .unwrap_or(next.snapshot_visibility);
        next.status_visibility = change.status_visibility.unwrap_or(next.status_visibility);
        if let Some(variables) = change.environment_variables {
            next.environment_variables = environment(variables)?;
        }
        Ok(next)
    }

    /// The settings as the status tells them.
    pub fn definite(&self) -> DefiniteCanisterSettings {
        let variable = |(name, value): (&String, &String)| EnvironmentVariable {
            name: name.clone(),
            value: value.clone(),
        };
        DefiniteCanisterSettings {
            controllers: self.controllers.iter().copied().collect(),
            compute_allocation: self.compute_allocation.into(),
            memory_allocation: self.memory_allocation.into(),
            freezing_threshold: self.freezing_threshold.into(),
            reserved_cycles_limit: self.reserved_cycles_limit.into(),
            minimum_incoming_canister_call_cycles: self
                .minimum_incoming_canister_call_cycles
                .into(),
            log_visibility: self.log_visibility.clone(),
            snapshot_visibility: self.snapshot_visibility.clone(),
            status_visibility: self.status_visibility.clone(),
            log_memory_limit: self.log_memory_limit.into(),
            wasm_memory_limit: self.wasm_memory_limit.into(),
            wasm_memory_threshold: self.wasm_memory_threshold.into(),
            environment_variables: self.environment_variables.iter().map(variable).collect(),
        }
    }

    /// Whether a visibility setting lets this caller look.
    pub fn may_view(&self, visibility: &Visibility, caller: Principal) -> bool {
        self.controllers.contains(&caller)
            || match visibility {
                Visibility::Controllers => false,
                Visibility::Public => true,
                Visibility::AllowedViewers(viewers) => viewers.contains(&caller),
            }
    }
}

fn set<T: TryFrom<u128> + PartialOrd + Copy>(
    field: &mut T,
    change: Option<Nat>,
    most: T,
    complaint: &str,
) -> Result<(), Reject> {
    let Some(number) = change else { return Ok(()) };
    match u128::try_from(number.0.clone())
        .ok()
        .and_then(|number| T::try_from(number).ok())
    {
        Some(value) if value <= most => *field = value,
        _ => {
            return Err(Reject::new(
                ErrorCode::ContractViolation,
                format!("{complaint}, got {}", number.0),
            ));
        }
    }
    Ok(())
}

/// Environment variables, at most; bytes of a name, and of a value, at most.
const MOST_VARIABLES: usize = 20;
const LONGEST_VARIABLE: usize = 128;

fn environment(variables: Vec<EnvironmentVariable>) -> Result<BTreeMap<String, String>, Reject> {
    let bad = |message: String| Err(Reject::new(ErrorCode::InvalidArgument, message));
    let count = variables.len();
    if count > MOST_VARIABLES {
        return bad(format!(
            "Too many environment variables: {count} (max: {MOST_VARIABLES})"
        ));
    }
    for EnvironmentVariable { name, value } in &variables {
        if name.len() > LONGEST_VARIABLE {
            return bad(format!(
                "Environment variable name \"{name}\" exceeds the maximum allowed length of {LONGEST_VARIABLE}"
            ));
        }
        if value.len() > LONGEST_VARIABLE {
            return bad(format!(
                "Environment variable value \"{value}\" exceeds the maximum allowed length of {LONGEST_VARIABLE}"
            ));
        }
    }
    let variables: BTreeMap<_, _> = variables
        .into_iter()
        .map(|variable| (variable.name, variable.value))
        .collect();
    if variables.len() < count {
        return bad("Duplicate environment variables are not allowed".into());
    }
    Ok(variables)
}

/// The hash of the environment variables, as the history records it for a creation.
pub fn environment_hash(variables: &BTreeMap<String, String>) -> Hash {
    let mut pairs: Vec<_> = variables
        .iter()
        .map(|(name, value)| (sha256(&[name.as_bytes()]), sha256(&[value.as_bytes()])))
        .collect();
    pairs.sort_unstable();
    sha256(
        &pairs
            .iter()
            .flat_map(|(name, value)| [name.as_slice(), value])
            .collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_bounds_change_nothing() {
        let settings = Settings::of(Principal::anonymous());
        let change = CanisterSettings {
            compute_allocation: Some(Nat::from(101_u8)),
            ..CanisterSettings::default()
        };
        let reject = settings
            .with(change)
            .map(|_| ())
            .expect_err("101 percent is too much");
        assert_eq!(reject.error, "IC0504", "the code of a replica");
    }
}
