//! The review of a change before it is sent.
//!
//! [`review`] holds it against the settings in force and says three things: what would really differ, what the person should think
//! about first ([`Guard`]), and, as an error, what the network would refuse anyway. So a refusal costs no message, and a dangerous
//! change is seen as one.

use super::{EnvironmentVariable, SettingsChange, Viewers};
use crate::{Code, Error, Result, canister::status::Status};
use candid::Principal;

/// Controllers of a canister, at most; viewers in a list, at most. The network's limit.
pub const MOST_CONTROLLERS: usize = 10;
/// Environment variables, at most; bytes of a name and of a value, at most. The network's limits.
const MOST_VARIABLES: usize = 20;
const LONGEST_VARIABLE: usize = 128;
/// Bytes of log that a canister may keep, at most.
const MOST_LOG_BYTES: u128 = 2 << 20;
/// The end of the addresses that a module can have.
const MOST_WASM_BYTES: u128 = 1 << 48;

/// A setting, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in CanisterSettings")]
pub enum Setting {
    ComputeAllocation,
    Controllers,
    EnvironmentVariables,
    FreezingThreshold,
    LogMemoryLimit,
    LogVisibility,
    MemoryAllocation,
    MinimumIncomingCallCycles,
    ReservedCyclesLimit,
    SnapshotVisibility,
    StatusVisibility,
    WasmMemoryLimit,
    WasmMemoryThreshold,
}

/// One thing that would differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A number.
    Number {
        /// Of which setting.
        setting: Setting,
        /// Now, where it is known.
        before: Option<u128>,
        /// Then.
        after: u128,
    },
    /// Who may look.
    Viewers {
        /// Of which setting.
        setting: Setting,
        /// Now.
        before: Viewers,
        /// Then.
        after: Viewers,
    },
    /// Who controls it.
    Controllers {
        /// They would control it from then on.
        added: Vec<Principal>,
        /// They would control it no more.
        removed: Vec<Principal>,
    },
    /// An environment variable.
    Variable {
        /// Its name.
        name: String,
        /// Its value now; none if it is new.
        before: Option<String>,
        /// Its value then; none if it goes.
        after: Option<String>,
    },
}

/// Something to think about before a change is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Everybody in the world would control it.
    AddsAnonymous,
    /// It would be frozen at once.
    Freezes,
    /// The caller could not undo this, nor change anything else.
    LeavesMeOut,
    /// A single principal would control it.
    LeavesOneController,
    /// Nobody could change it ever again.
    LeavesNoController,
    /// The oldest lines of the log would go.
    LosesLog,
    /// It would freeze later, and so have less to live on when it does.
    LowersFreezingThreshold,
    /// Everybody could read its log.
    MakesLogPublic,
    /// Everybody could read its snapshots, and so all that it holds.
    MakesSnapshotsPublic,
    /// Everybody could read its status.
    MakesStatusPublic,
    /// Its heap is larger than that already: updates would fail.
    MemoryLimitBelowUse,
}

/// A change, held against the settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// What would differ; nothing if all of it is so already.
    pub differences: Vec<Difference>,
    /// What to think about first.
    pub guards: Vec<Guard>,
}

/// Holds a change against a status. What the network would refuse is an error, with the setting, its value and its limit as facts.
pub fn review(status: &Status, change: &SettingsChange, caller: Principal) -> Result<Review> {
    let now = &status.settings;
    check(change)?;
    if let Some(limit) = change.reserved_cycles_limit
        && limit < status.reserved_cycles
    {
        return Err(
            unfit(Setting::ReservedCyclesLimit, limit).with("least", status.reserved_cycles)
        );
    }
    let mut differences = vec![];
    if let Some(controllers) = &change.controllers {
        let missing = |from: &[Principal], among: &[Principal]| {
            let mut missing: Vec<_> = from
                .iter()
                .filter(|one| !among.contains(one))
                .copied()
                .collect();
            missing.sort_unstable();
            missing.dedup();
            missing
        };
        let added = missing(controllers, &now.controllers);
        let removed = missing(&now.controllers, controllers);
        if !added.is_empty() || !removed.is_empty() {
            differences.push(Difference::Controllers { added, removed });
        }
    }
    let numbers = [
        (
            Setting::ComputeAllocation,
            Some(now.compute_allocation),
            change.compute_allocation,
        ),
        (
            Setting::MemoryAllocation,
            Some(now.memory_allocation),
            change.memory_allocation,
        ),
        (
            Setting::FreezingThreshold,
            Some(now.freezing_threshold_seconds),
            change.freezing_threshold_seconds,
        ),
        (
            Setting::ReservedCyclesLimit,
            now.reserved_cycles_limit,
            change.reserved_cycles_limit,
        ),
        (
            Setting::MinimumIncomingCallCycles,
            Some(now.minimum_incoming_call_cycles),
            change.minimum_incoming_call_cycles,
        ),
        (
            Setting::LogMemoryLimit,
            now.log_memory_limit,
            change.log_memory_limit,
        ),
        (
            Setting::WasmMemoryLimit,
            Some(now.wasm_memory_limit),
            change.wasm_memory_limit,
        ),
        (
            Setting::WasmMemoryThreshold,
            Some(now.wasm_memory_threshold),
            change.wasm_memory_threshold,
        ),
    ];
    for (setting, before, after) in numbers {
        if let Some(after) = after.filter(|after| before != Some(*after)) {
            differences.push(Difference::Number {
                setting,
                before,
                after,
            });
        }
    }
    let visibilities = [
        (
            Setting::LogVisibility,
            &now.log_visibility,
            &change.log_visibility,
        ),
        (
            Setting::SnapshotVisibility,
            &now.snapshot_visibility,
            &change.snapshot_visibility,
        ),
        (
            Setting::StatusVisibility,
            &now.status_visibility,
            &change.status_visibility,
        ),
    ];
    for (setting, before, after) in visibilities {
        if let Some(after) = after.as_ref().filter(|after| *after != before) {
            differences.push(Difference::Viewers {
                setting,
                before: before.clone(),
                after: after.clone(),
            });
        }
    }
    if let Some(variables) = &change.environment_variables {
        differences.extend(variable_differences(&now.environment_variables, variables));
    }
    let guards = guards(status, change, &differences, caller);
    Ok(Review {
        differences,
        guards,
    })
}

fn variable_differences(
    before: &[EnvironmentVariable],
    after: &[EnvironmentVariable],
) -> Vec<Difference> {
    let value = |among: &[EnvironmentVariable], name: &str| {
        among
            .iter()
            .find(|variable| variable.name == name)
            .map(|variable| variable.value.clone())
    };
    let mut names: Vec<_> = before
        .iter()
        .chain(after)
        .map(|variable| &variable.name)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| (name, value(before, name), value(after, name)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| Difference::Variable {
            name: name.clone(),
            before,
            after,
        })
        .collect()
}

fn guards(
    status: &Status,
    change: &SettingsChange,
    differences: &[Difference],
    caller: Principal,
) -> Vec<Guard> {
    let becomes_public = |wanted: Setting| {
        differences.iter().any(|difference| {
            matches!(difference, Difference::Viewers { setting, after: Viewers::Public, .. } if *setting == wanted)
        })
    };
    let now = &status.settings;
    let mut then = status.clone();
    if let Some(seconds) = change.freezing_threshold_seconds {
        then.settings.freezing_threshold_seconds = seconds;
    }
    let controllers = change.controllers.as_deref().filter(|_| {
        differences
            .iter()
            .any(|difference| matches!(difference, Difference::Controllers { .. }))
    });
    let controllers_are = |test: &dyn Fn(&[Principal]) -> bool| controllers.is_some_and(test);
    let anonymous = Principal::anonymous();
    let rules = [
        (
            controllers_are(&|after| {
                after.contains(&anonymous) && !now.controllers.contains(&anonymous)
            }),
            Guard::AddsAnonymous,
        ),
        (then.is_frozen() && !status.is_frozen(), Guard::Freezes),
        (
            controllers_are(&|after| {
                !after.is_empty() && now.controllers.contains(&caller) && !after.contains(&caller)
            }),
            Guard::LeavesMeOut,
        ),
        (
            controllers_are(&|after| after.len() == 1 && now.controllers.len() > 1),
            Guard::LeavesOneController,
        ),
        (
            controllers_are(&<[Principal]>::is_empty),
            Guard::LeavesNoController,
        ),
        (
            change
                .log_memory_limit
                .is_some_and(|limit| limit < status.memory.log),
            Guard::LosesLog,
        ),
        (
            change
                .freezing_threshold_seconds
                .is_some_and(|seconds| seconds < now.freezing_threshold_seconds),
            Guard::LowersFreezingThreshold,
        ),
        (
            becomes_public(Setting::LogVisibility),
            Guard::MakesLogPublic,
        ),
        (
            becomes_public(Setting::SnapshotVisibility),
            Guard::MakesSnapshotsPublic,
        ),
        (
            becomes_public(Setting::StatusVisibility),
            Guard::MakesStatusPublic,
        ),
        (
            change
                .wasm_memory_limit
                .is_some_and(|limit| limit > 0 && limit < status.memory.heap),
            Guard::MemoryLimitBelowUse,
        ),
    ];
    let holding = rules.iter().filter(|(holds, _)| *holds);
    holding.map(|(_, guard)| *guard).collect()
}

/// Refuses what no network takes, whatever the canister: also the initial settings of a new one.
pub fn check(change: &SettingsChange) -> Result<()> {
    let most_sixty_four = u128::from(u64::MAX);
    let numbers = [
        (Setting::ComputeAllocation, change.compute_allocation, 100),
        (
            Setting::MemoryAllocation,
            change.memory_allocation,
            most_sixty_four,
        ),
        (
            Setting::FreezingThreshold,
            change.freezing_threshold_seconds,
            most_sixty_four,
        ),
        (
            Setting::LogMemoryLimit,
            change.log_memory_limit,
            MOST_LOG_BYTES,
        ),
        (
            Setting::WasmMemoryLimit,
            change.wasm_memory_limit,
            MOST_WASM_BYTES,
        ),
        (
            Setting::WasmMemoryThreshold,
            change.wasm_memory_threshold,
            MOST_WASM_BYTES,
        ),
    ];
    for (setting, value, most) in numbers {
        if let Some(value) = value.filter(|value| *value > most) {
            return Err(unfit(setting, value).with("most", most));
        }
    }
    let viewers = |visibility: &Option<Viewers>| match visibility {
        Some(Viewers::Listed(viewers)) => viewers.len(),
        _ => 0,
    };
    let counts = [
        (
            Setting::Controllers,
            change.controllers.as_ref().map_or(0, Vec::len),
            MOST_CONTROLLERS,
        ),
        (
            Setting::LogVisibility,
            viewers(&change.log_visibility),
            MOST_CONTROLLERS,
        ),
        (
            Setting::SnapshotVisibility,
            viewers(&change.snapshot_visibility),
            MOST_CONTROLLERS,
        ),
        (
            Setting::StatusVisibility,
            viewers(&change.status_visibility),
            MOST_CONTROLLERS,
        ),
        (
            Setting::EnvironmentVariables,
            change.environment_variables.as_ref().map_or(0, Vec::len),
            MOST_VARIABLES,
        ),
    ];
    for (setting, count, most) in counts {
        if count > most {
            return Err(unfit(setting, count as u128).with("most", most));
        }
    }
    let variables = change.environment_variables.as_deref().unwrap_or_default();
    for (position, variable) in variables.iter().enumerate() {
        let longest = variable.name.len().max(variable.value.len());
        if longest > LONGEST_VARIABLE {
            return Err(unfit(Setting::EnvironmentVariables, longest as u128)
                .with("variable", &variable.name)
                .with("most", LONGEST_VARIABLE));
        }
        if variables[..position]
            .iter()
            .any(|earlier| earlier.name == variable.name)
        {
            return Err(unfit(Setting::EnvironmentVariables, 2)
                .with("variable", &variable.name)
                .with("most", 1));
        }
    }
    Ok(())
}

fn unfit(setting: Setting, value: u128) -> Error {
    Error::new(Code::SettingUnfit, "checking a change of settings")
        .with("setting", format!("{setting:?}"))
        .with("value", value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::canister::{RunState, status::tests::status};

    const ME: Principal = Principal::from_slice(&[1]);
    const OTHER: Principal = Principal::from_slice(&[2]);

    fn reviewed(change: &SettingsChange) -> Review {
        let mut status = status(RunState::Running);
        status.settings.controllers = vec![ME, OTHER];
        status.memory.heap = 1_000;
        status.memory.log = 500;
        review(&status, change, ME).unwrap()
    }

    #[test]
    fn every_guard_speaks_where_it_holds_and_only_there() {
        use Guard::*;
        let nothing = SettingsChange::default;
        let controllers = |controllers: &[Principal]| SettingsChange {
            controllers: Some(controllers.to_vec()),
            ..nothing()
        };
        let table = [
            (nothing(), vec![]),
            (controllers(&[OTHER, ME]), vec![]),
            (controllers(&[ME]), vec![LeavesOneController]),
            (
                controllers(&[OTHER]),
                vec![LeavesMeOut, LeavesOneController],
            ),
            (controllers(&[]), vec![LeavesNoController]),
            (
                controllers(&[ME, OTHER, Principal::anonymous()]),
                vec![AddsAnonymous],
            ),
            (
                SettingsChange {
                    freezing_threshold_seconds: Some(86_400),
                    ..nothing()
                },
                vec![LowersFreezingThreshold],
            ),
            (
                SettingsChange {
                    freezing_threshold_seconds: Some(365 * 86_400),
                    ..nothing()
                },
                vec![Freezes],
            ),
            (
                SettingsChange {
                    log_visibility: Some(Viewers::Public),
                    ..nothing()
                },
                vec![MakesLogPublic],
            ),
            (
                SettingsChange {
                    snapshot_visibility: Some(Viewers::Public),
                    ..nothing()
                },
                vec![MakesSnapshotsPublic],
            ),
            (
                SettingsChange {
                    status_visibility: Some(Viewers::Public),
                    ..nothing()
                },
                vec![MakesStatusPublic],
            ),
            (
                SettingsChange {
                    log_memory_limit: Some(100),
                    ..nothing()
                },
                vec![LosesLog],
            ),
            (
                SettingsChange {
                    wasm_memory_limit: Some(999),
                    ..nothing()
                },
                vec![MemoryLimitBelowUse],
            ),
            (
                SettingsChange {
                    wasm_memory_limit: Some(0),
                    ..nothing()
                },
                vec![],
            ),
        ];
        for (change, expected) in table {
            assert_eq!(reviewed(&change).guards, expected, "{change:?}");
        }
    }

    #[test]
    fn only_what_would_differ_is_shown() {
        let variable = |name: &str, value: &str| EnvironmentVariable {
            name: name.into(),
            value: value.into(),
        };
        let change = SettingsChange {
            controllers: Some(vec![OTHER, ME]),
            compute_allocation: Some(0),
            memory_allocation: Some(5),
            log_visibility: Some(Viewers::Controllers),
            environment_variables: Some(vec![variable("A", "1")]),
            ..SettingsChange::default()
        };
        assert_eq!(
            reviewed(&change).differences,
            [
                Difference::Number {
                    setting: Setting::MemoryAllocation,
                    before: Some(0),
                    after: 5
                },
                Difference::Variable {
                    name: "A".into(),
                    before: None,
                    after: Some("1".into())
                },
            ],
            "the same controllers in another order, and the same values, are no difference"
        );
    }

    #[test]
    fn what_no_network_takes_is_refused_with_its_limit() {
        let nothing = SettingsChange::default;
        let crowd: Vec<_> = (0..11)
            .map(|number| Principal::from_slice(&[number]))
            .collect();
        let variable = |name: &str| EnvironmentVariable {
            name: name.into(),
            value: String::new(),
        };
        let table = [
            (
                SettingsChange {
                    controllers: Some(crowd.clone()),
                    ..nothing()
                },
                ("Controllers", "11", "10"),
            ),
            (
                SettingsChange {
                    log_visibility: Some(Viewers::Listed(crowd)),
                    ..nothing()
                },
                ("LogVisibility", "11", "10"),
            ),
            (
                SettingsChange {
                    compute_allocation: Some(101),
                    ..nothing()
                },
                ("ComputeAllocation", "101", "100"),
            ),
            (
                SettingsChange {
                    log_memory_limit: Some(3 << 20),
                    ..nothing()
                },
                ("LogMemoryLimit", "3145728", "2097152"),
            ),
            (
                SettingsChange {
                    environment_variables: Some(vec![variable("A"), variable("A")]),
                    ..nothing()
                },
                ("EnvironmentVariables", "2", "1"),
            ),
            (
                SettingsChange {
                    environment_variables: Some(vec![variable(&"x".repeat(129))]),
                    ..nothing()
                },
                ("EnvironmentVariables", "129", "128"),
            ),
        ];
        for (change, (setting, value, most)) in table {
            let error = check(&change).unwrap_err();
            assert_eq!(
                (
                    error.code,
                    error.facts["setting"].as_str(),
                    error.facts["value"].as_str(),
                    error.facts["most"].as_str()
                ),
                (Code::SettingUnfit, setting, value, most)
            );
        }
    }

    #[test]
    fn a_limit_below_what_is_reserved_already_is_refused() {
        let mut status = status(RunState::Running);
        status.reserved_cycles = 10;
        let change = SettingsChange {
            reserved_cycles_limit: Some(9),
            ..SettingsChange::default()
        };
        let error = review(&status, &change, ME).unwrap_err();
        assert_eq!(error.facts["least"], "10", "the network would refuse it");
    }
}
