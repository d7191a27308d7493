//! Changing the settings of a canister, as it was reviewed.

use super::{Check, CheckName, Kind, Plan, Undo, Verb, Verdict, World};
use crate::{
    CanisterId, CanisterSettings, Code, Error, Result, SettingsChange,
    canister::{lifecycle::update_settings, review},
    runner::Work,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) async fn plan_change(
    world: &World,
    canister: CanisterId,
    change: &SettingsChange,
) -> Result<Plan> {
    crate::canister::check(change)?;
    let standing = world.standing(canister).await?;
    let review = review(&standing.status, change, world.caller)?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.checks.push(
        Check::require(CheckName::Difference, !review.differences.is_empty())
            .with("name", &standing.name)
            .with("count", review.differences.len()),
    );
    for guard in &review.guards {
        plan.checks.push(
            Check::new(CheckName::Guard, Verdict::Warns)
                .with("name", &standing.name)
                .with("guard", format!("{guard:?}")),
        );
    }
    plan.undo = Undo::ChangeBack;
    plan.twin = vec![twin(canister, change)];
    plan.step(ChangeSettings {
        canister,
        change: Box::new(change.clone()),
        back: Box::new(back(&standing.status.settings, change)),
    });
    Ok(plan)
}

/// The change that takes a change back.
pub(super) fn back(now: &CanisterSettings, change: &SettingsChange) -> SettingsChange {
    fn of<T: Clone>(change: Option<&T>, now: &T) -> Option<T> {
        change.map(|_| now.clone())
    }
    SettingsChange {
        controllers: of(change.controllers.as_ref(), &now.controllers),
        compute_allocation: of(change.compute_allocation.as_ref(), &now.compute_allocation),
        memory_allocation: of(change.memory_allocation.as_ref(), &now.memory_allocation),
        freezing_threshold_seconds: of(
            change.freezing_threshold_seconds.as_ref(),
            &now.freezing_threshold_seconds,
        ),
        // What the network does not tell cannot be put back.
        reserved_cycles_limit: change.reserved_cycles_limit.and(now.reserved_cycles_limit),
        minimum_incoming_call_cycles: of(
            change.minimum_incoming_call_cycles.as_ref(),
            &now.minimum_incoming_call_cycles,
        ),
        log_visibility: of(change.log_visibility.as_ref(), &now.log_visibility),
        snapshot_visibility: of(
            change.snapshot_visibility.as_ref(),
            &now.snapshot_visibility,
        ),
        status_visibility: of(change.status_visibility.as_ref(), &now.status_visibility),
        log_memory_limit: change.log_memory_limit.and(now.log_memory_limit),
        wasm_memory_limit: of(change.wasm_memory_limit.as_ref(), &now.wasm_memory_limit),
        wasm_memory_threshold: of(
            change.wasm_memory_threshold.as_ref(),
            &now.wasm_memory_threshold,
        ),
        environment_variables: of(
            change.environment_variables.as_ref(),
            &now.environment_variables,
        ),
    }
}

/// The same for a terminal, as far as `icp` has options for it.
pub(super) fn twin(canister: CanisterId, change: &SettingsChange) -> String {
    let mut command = format!("icp canister settings update {canister}");
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            command.extend([" --", name, " ", &value]);
        }
    };
    for controller in change.controllers.iter().flatten() {
        option("set-controller", Some(controller.to_text()));
    }
    let numbers = [
        ("compute-allocation", change.compute_allocation),
        ("memory-allocation", change.memory_allocation),
        ("freezing-threshold", change.freezing_threshold_seconds),
        ("reserved-cycles-limit", change.reserved_cycles_limit),
        ("wasm-memory-limit", change.wasm_memory_limit),
        ("wasm-memory-threshold", change.wasm_memory_threshold),
        ("log-memory-limit", change.log_memory_limit),
    ];
    for (name, number) in numbers {
        option(name, number.map(|number| number.to_string()));
    }
    command
}

/// Changes settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeSettings {
    pub(crate) canister: CanisterId,
    #[serde(with = "super::embedded")]
    pub(crate) change: Box<SettingsChange>,
    /// What takes it back.
    #[serde(with = "super::embedded")]
    pub(crate) back: Box<SettingsChange>,
}

#[async_trait]
impl Verb for ChangeSettings {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let () = work
            .repeat(update_settings(self.canister, &self.change)?)
            .await?;
        // Who has left himself out may not look any more; the network's certified reply is all there is then.
        match work.status(self.canister).await {
            Ok(status) => {
                let left = review(&status, &self.change, work.world().caller)?;
                if left.differences.is_empty() {
                    Ok(Value::Null)
                } else {
                    Err(
                        Error::new(Code::NotAsPlanned, "looking at the changed settings")
                            .with("canister", self.canister),
                    )
                }
            }
            Err(error) if error.code == Code::NotController => Ok(Value::Null),
            Err(error) => Err(error),
        }
    }

    async fn undo(&self, work: &Work, _output: Option<&Value>) -> Result<()> {
        work.repeat(update_settings(self.canister, &self.back)?)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Viewers;
    use candid::Principal;

    #[test]
    fn a_change_is_taken_back_by_what_was_there_and_nothing_else() {
        let mut now = CanisterSettings::of(Principal::anonymous());
        now.log_visibility = Viewers::Public;
        let change = SettingsChange {
            log_visibility: Some(Viewers::Controllers),
            compute_allocation: Some(5),
            ..SettingsChange::default()
        };
        let expected = SettingsChange {
            log_visibility: Some(Viewers::Public),
            compute_allocation: Some(0),
            ..SettingsChange::default()
        };
        assert_eq!(back(&now, &change), expected);
    }
}
