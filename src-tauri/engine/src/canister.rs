//! A canister as it is known at a moment, and what may be done with it.
//!
//! [`Reading`] says how well it is known: the full status for those who may see it, the public facts for everybody else, or the
//! reason why there is neither. [`may`] answers before an act whether it is possible; it is a table, so that a button can be
//! shown disabled with its reason instead of failing afterwards.

use crate::{
    CanisterId, Certainty, Code, Error, Result,
    replica::{Call, Replica},
};
use candid::{CandidType, Nat, Principal};
use serde::Deserialize;
use std::time::SystemTime;

/// A canister and what is known of it.
#[derive(Debug)]
pub struct Canister {
    /// Its id.
    pub id: CanisterId,
    /// The name that people use.
    pub name: String,
    /// The group that it is shown in.
    pub group: String,
    /// What is known, and how well.
    pub reading: Reading,
    /// When it was read, by this computer's clock.
    pub read_at: SystemTime,
}

/// How well a canister is known.
#[derive(Debug)]
pub enum Reading {
    /// The caller may see everything.
    Full(Box<Status>),
    /// The caller may not see the status; these facts are everybody's.
    Public(PublicFacts),
    /// Nothing could be read.
    Failed(Error),
}

/// What a canister is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It takes calls.
    Running,
    /// It takes no new calls and waits for open ones.
    Stopping,
    /// It takes no calls.
    Stopped,
}

/// The status of a canister.
#[derive(Debug, Clone)]
pub struct Status {
    /// Running, stopping or stopped.
    pub run_state: RunState,
    /// Whether a certificate proves it; otherwise one machine of the network signed it.
    pub is_certified: bool,
    /// SHA-256 of the installed module; none for an empty canister.
    pub module_hash: Option<Vec<u8>>,
    /// Who may change it.
    pub controllers: Vec<Principal>,
    /// Cycles that it holds.
    pub cycles: u128,
    /// Cycles that it burns in a day of doing nothing.
    pub idle_burn_per_day: u128,
    /// Seconds of idle burning that it must be able to pay for; below that it freezes.
    pub freezing_threshold_seconds: u128,
    /// Bytes that it takes up, snapshots included.
    pub memory_bytes: u128,
    /// Bytes of that which its snapshots take up.
    pub snapshot_bytes: u128,
    /// Counts every change of it.
    pub version: u64,
}

impl Status {
    /// Days of idle burning until it freezes; none while it burns nothing.
    pub fn runway_days(&self) -> Option<f64> {
        if self.idle_burn_per_day == 0 {
            return None;
        }
        let reserve = self
            .idle_burn_per_day
            .saturating_mul(self.freezing_threshold_seconds)
            / 86_400;
        Some(self.cycles.saturating_sub(reserve) as f64 / self.idle_burn_per_day as f64)
    }
}

/// What everybody may know of a canister; always certified.
#[derive(Debug)]
pub struct PublicFacts {
    /// SHA-256 of the installed module; none for an empty canister.
    pub module_hash: Option<Vec<u8>>,
    /// Who may change it.
    pub controllers: Vec<Principal>,
}

/// Something that can be done with a canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Let it take calls again.
    Start,
    /// Let it take no more calls.
    Stop,
}

/// Why something cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It is running already.
    AlreadyRunning,
    /// It is stopping already and waits for open calls.
    AlreadyStopping,
    /// It is stopped already.
    AlreadyStopped,
    /// The identity in use is not one of its controllers.
    NotController,
    /// Its state could not be read, so nothing can be said.
    NotRead,
}

/// Whether an action is possible on a canister that is known like this.
pub fn may(action: Action, reading: &Reading, caller: Principal) -> Result<(), Denial> {
    let status = match reading {
        Reading::Failed(_) => return Err(Denial::NotRead),
        Reading::Public(_) => return Err(Denial::NotController),
        Reading::Full(status) if !status.controllers.contains(&caller) => {
            return Err(Denial::NotController);
        }
        Reading::Full(status) => status,
    };
    match (action, status.run_state) {
        (Action::Start, RunState::Running) => Err(Denial::AlreadyRunning),
        (Action::Start, RunState::Stopping | RunState::Stopped)
        | (Action::Stop, RunState::Running) => Ok(()),
        (Action::Stop, RunState::Stopping) => Err(Denial::AlreadyStopping),
        (Action::Stop, RunState::Stopped) => Err(Denial::AlreadyStopped),
    }
}

/// An argument that names one canister.
#[derive(CandidType)]
pub(crate) struct About {
    canister_id: Principal,
}

impl From<CanisterId> for About {
    fn from(id: CanisterId) -> Self {
        Self {
            canister_id: id.principal(),
        }
    }
}

/// The part of the network's answer that is used. Decoding only this part keeps networks of every age readable: newer ones have
/// more settings, older ones lack some.
#[derive(CandidType, Deserialize)]
struct StatusReply {
    status: RunStateReply,
    version: u64,
    settings: SettingsReply,
    module_hash: Option<serde_bytes::ByteBuf>,
    memory_size: Nat,
    memory_metrics: MemoryReply,
    cycles: Nat,
    idle_cycles_burned_per_day: Nat,
}

#[derive(CandidType, Deserialize)]
enum RunStateReply {
    // One by one: Candid's derive does not see `rename_all`.
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "stopping")]
    Stopping,
    #[serde(rename = "stopped")]
    Stopped,
}

#[derive(CandidType, Deserialize)]
struct SettingsReply {
    controllers: Vec<Principal>,
    freezing_threshold: Nat,
}

#[derive(CandidType, Deserialize)]
struct MemoryReply {
    snapshots_size: Nat,
}

impl StatusReply {
    fn into_status(self, is_certified: bool) -> Status {
        Status {
            run_state: match self.status {
                RunStateReply::Running => RunState::Running,
                RunStateReply::Stopping => RunState::Stopping,
                RunStateReply::Stopped => RunState::Stopped,
            },
            is_certified,
            module_hash: self.module_hash.map(serde_bytes::ByteBuf::into_vec),
            controllers: self.settings.controllers,
            cycles: amount(&self.cycles),
            idle_burn_per_day: amount(&self.idle_cycles_burned_per_day),
            freezing_threshold_seconds: amount(&self.settings.freezing_threshold),
            memory_bytes: amount(&self.memory_size),
            snapshot_bytes: amount(&self.memory_metrics.snapshots_size),
            version: self.version,
        }
    }
}

/// Candid's numbers have no end; amounts of cycles and bytes fit in 128 bits on every real network.
fn amount(number: &Nat) -> u128 {
    u128::try_from(&number.0).unwrap_or(u128::MAX)
}

fn status_call(id: CanisterId) -> Result<Call<(StatusReply,)>> {
    Call::manage(id, "canister_status", (About::from(id),))
}

/// Reads cheaply: one machine's signed answer, and the public facts where the status is not for the caller.
pub(crate) async fn read(replica: &Replica, id: CanisterId) -> Reading {
    let asked = async { replica.query(&status_call(id)?).await };
    match asked.await {
        Ok((reply,)) => Reading::Full(Box::new(reply.into_status(false))),
        Err(error) if error.code == Code::NotController => read_public(replica, id).await,
        Err(error) => Reading::Failed(error),
    }
}

async fn read_public(replica: &Replica, id: CanisterId) -> Reading {
    match tokio::try_join!(replica.module_hash(id), replica.controllers(id)) {
        Ok((module_hash, controllers)) => Reading::Public(PublicFacts {
            module_hash,
            controllers,
        }),
        Err(error) => Reading::Failed(error),
    }
}

/// Reads the status with a certificate. It takes as long as a change does, because on the network it is one; but it changes
/// nothing, so an answer that is lost leaves no doubt behind.
pub(crate) async fn read_certified(replica: &Replica, id: CanisterId) -> Result<Status> {
    match replica.perform(&status_call(id)?).await {
        Ok((reply,)) => Ok(reply.into_status(true)),
        Err(error) if error.certainty == Certainty::Unknown => {
            Err(error.certainty(Certainty::NothingSent))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(run_state: RunState) -> Status {
        Status {
            run_state,
            is_certified: false,
            module_hash: None,
            controllers: vec![Principal::from_slice(&[1])],
            cycles: 10_000,
            idle_burn_per_day: 100,
            freezing_threshold_seconds: 30 * 86_400,
            memory_bytes: 0,
            snapshot_bytes: 0,
            version: 0,
        }
    }

    #[test]
    fn the_runway_ends_where_the_canister_freezes() {
        let mut status = status(RunState::Running);
        assert_eq!(
            status.runway_days(),
            Some(70.0),
            "100 days of cycles less the 30 that must stay"
        );
        status.cycles = 2_000;
        assert_eq!(
            status.runway_days(),
            Some(0.0),
            "below the reserve it is frozen, not negative"
        );
        status.idle_burn_per_day = 0;
        assert_eq!(
            status.runway_days(),
            None,
            "what burns nothing never runs out"
        );
    }

    #[test]
    fn every_action_is_allowed_or_denied_with_its_reason() {
        use {Action::*, Denial::*, RunState::*};
        let (controller, stranger) = (Principal::from_slice(&[1]), Principal::from_slice(&[2]));
        let table = [
            (Start, Running, Err(AlreadyRunning)),
            (Start, Stopping, Ok(())),
            (Start, Stopped, Ok(())),
            (Stop, Running, Ok(())),
            (Stop, Stopping, Err(AlreadyStopping)),
            (Stop, Stopped, Err(AlreadyStopped)),
        ];
        for (action, run_state, expected) in table {
            let reading = Reading::Full(Box::new(status(run_state)));
            assert_eq!(
                may(action, &reading, controller),
                expected,
                "{action:?} while {run_state:?}"
            );
            assert_eq!(
                may(action, &reading, stranger),
                Err(NotController),
                "rights come before state"
            );
        }
        let failed = Reading::Failed(Error::new(Code::NoNetwork, "testing"));
        assert_eq!(
            may(Stop, &failed, controller),
            Err(NotRead),
            "nothing is offered blindly"
        );
    }
}
