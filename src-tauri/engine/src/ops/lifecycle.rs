//! Start and stop, as operations of their own and as steps of others.

use super::{Check, CheckName, Downtime, Kind, Plan, Standing, Undo, Verb, World};
use crate::{
    Action, CanisterId, Code, Denial, Reading, Result, RunState,
    canister::{
        lifecycle::{start, stop},
        may,
    },
    runner::Work,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) async fn plan_start(world: &World, canister: CanisterId) -> Result<Plan> {
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.checks.push(possible(Action::Start, world, &standing));
    plan.undo = Undo::Stop;
    plan.twin = vec![format!("icp canister start {canister}")];
    plan.step(Start { canister });
    Ok(plan)
}

pub(super) async fn plan_stop(world: &World, canister: CanisterId) -> Result<Plan> {
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.checks.push(possible(Action::Stop, world, &standing));
    plan.downtime = Downtime::Open;
    plan.undo = Undo::Start;
    plan.twin = vec![format!("icp canister stop {canister}")];
    plan.step(Stop { canister });
    Ok(plan)
}

/// Whether the table of actions allows it.
pub(super) fn possible(action: Action, world: &World, standing: &Standing) -> Check {
    let reading = Reading::Full(Box::new(standing.status.clone()));
    match may(action, &reading, world.caller) {
        Ok(()) => Check::require(CheckName::RunState, true),
        Err(denial) => Check::require(CheckName::RunState, false)
            .with("denial", format!("{denial:?}"))
            .or(match denial {
                Denial::NotController => Code::NotController,
                _ => Code::Precondition,
            }),
    }
}

/// Lets a canister take calls again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    pub(crate) canister: CanisterId,
}

/// Lets a canister take no more calls. Planned only for one that runs, so its undo is a start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    pub(crate) canister: CanisterId,
}

async fn ensure(work: &Work, canister: CanisterId, wanted: RunState) -> Result<Value> {
    if work.status(canister).await?.run_state == wanted {
        return Ok(json!({ "was": "asPlanned" }));
    }
    let call = match wanted {
        RunState::Running => start(canister),
        _ => stop(canister),
    };
    let () = work.repeat(call?).await?;
    Ok(json!({ "was": "changed" }))
}

#[async_trait]
impl Verb for Start {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        ensure(work, self.canister, RunState::Running).await
    }

    async fn undo(&self, work: &Work, _output: Option<&Value>) -> Result<()> {
        ensure(work, self.canister, RunState::Stopped)
            .await
            .map(drop)
    }
}

#[async_trait]
impl Verb for Stop {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        ensure(work, self.canister, RunState::Stopped).await
    }

    /// A canister can go on stopping for as long as it has open calls, and a start calls that off. But only once it is stopping: a stop
    /// that the network has not come to yet would follow the start.
    async fn is_undo_enough(&self, work: &Work) -> bool {
        let status = work.status(self.canister).await;
        status.is_ok_and(|status| status.run_state == RunState::Stopping)
    }

    async fn undo(&self, work: &Work, _output: Option<&Value>) -> Result<()> {
        ensure(work, self.canister, RunState::Running)
            .await
            .map(drop)
    }
}
