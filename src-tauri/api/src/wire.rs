//! The only types that cross to the front end. TypeScript is generated from them.
//!
//! Amounts of cycles are decimal strings, because they outgrow JavaScript's numbers; bytes and milliseconds since 1970 fit below
//! 2^53. Hashes are hexadecimal, ids are text. Nothing here is a sentence: the words live in the front end.

use crate::{
    failure::Failure,
    networks::{self, Network},
};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};
use ts_rs::TS;

/// Where we are, who we are, and the choices in force.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The app's version.
    pub version: String,
    /// The network in use.
    pub network: Network,
    /// Who signs.
    pub identity: Identity,
    /// Light, dark or system.
    pub appearance: Appearance,
    /// Where things lie on this computer.
    pub folders: Folders,
}

/// An identity, without its key.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The name that people gave it.
    pub name: String,
    /// Who the network sees.
    pub principal: String,
}

/// Light, dark, or whatever the system says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Appearance {
    /// Follow the system.
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// Where things lie on this computer.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Folders {
    /// What the app keeps.
    pub data: String,
    /// What a person chose.
    pub config: String,
    /// What the app did, for support.
    pub logs: String,
}

/// All canisters that are looked after.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    /// In the order of their groups.
    pub canisters: Vec<Canister>,
}

/// A canister and what is known of it.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Canister {
    /// Its id.
    pub id: String,
    /// The name that people use.
    pub name: String,
    /// The group that it is shown in.
    pub group: String,
    /// When it was read, in milliseconds since 1970.
    pub read_at: f64,
    /// What is known, and how well.
    pub reading: Reading,
    /// Why it cannot be started; null if it can.
    pub start_denied: Option<Denial>,
    /// Why it cannot be stopped; null if it can.
    pub stop_denied: Option<Denial>,
}

/// How well a canister is known.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Reading {
    /// Everything, because the identity may see it.
    Full {
        /// The status.
        status: Status,
    },
    /// Only what everybody may see; always certified.
    Public {
        /// SHA-256 of the module, hexadecimal; null for an empty canister.
        module_hash: Option<String>,
        /// Who may change it.
        controllers: Vec<String>,
    },
    /// Nothing, and why.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// What a canister is doing.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RunState {
    /// It takes calls.
    Running,
    /// It takes no new calls and waits for open ones.
    Stopping,
    /// It takes no calls.
    Stopped,
}

/// The status of a canister.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Running, stopping or stopped.
    pub run_state: RunState,
    /// Whether a certificate proves it; otherwise one machine of the network signed it.
    pub is_certified: bool,
    /// SHA-256 of the module, hexadecimal; null for an empty canister.
    pub module_hash: Option<String>,
    /// Who may change it.
    pub controllers: Vec<String>,
    /// Cycles that it holds, decimal.
    pub cycles: String,
    /// Cycles that it burns in a day of doing nothing, decimal.
    pub idle_burn_per_day: String,
    /// Days until it freezes; null while it burns nothing.
    pub runway_days: Option<f64>,
    /// Bytes that it takes up, snapshots included.
    pub memory_bytes: f64,
    /// Bytes of that which its snapshots take up.
    pub snapshot_bytes: f64,
}

/// Why something cannot be done.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Denial {
    /// It is running already.
    AlreadyRunning,
    /// It is stopping already.
    AlreadyStopping,
    /// It is stopped already.
    AlreadyStopped,
    /// The identity is not one of its controllers.
    NotController,
    /// Its state could not be read.
    NotRead,
}

/// Something that the app did or is doing.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Act {
    /// Later acts have higher numbers.
    #[ts(type = "number")]
    pub number: u64,
    /// What is done.
    pub kind: ActKind,
    /// The canister's id.
    pub canister: String,
    /// The canister's name at that time.
    pub name: String,
    /// Since when, in milliseconds since 1970.
    pub began_at: f64,
    /// How far it is.
    pub state: ActState,
}

/// What an act does.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ActKind {
    /// Starts a canister.
    Start,
    /// Stops a canister.
    Stop,
}

/// How far an act is.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ActState {
    /// Under way.
    Running,
    /// Done.
    Done {
        /// When, in milliseconds since 1970.
        at: f64,
    },
    /// Ended otherwise.
    Failed {
        /// When, in milliseconds since 1970.
        at: f64,
        /// How.
        failure: Failure,
    },
}

/// Makes the view of a session.
pub(crate) fn session(
    folders: &engine::Folders,
    settings: &engine::Settings,
    network: &engine::Network,
    endpoint: &engine::Endpoint,
    identity: &engine::Identity,
) -> Session {
    Session {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: networks::network(network, endpoint),
        identity: Identity {
            name: identity.name.clone(),
            principal: identity.principal.to_text(),
        },
        appearance: settings.appearance.into(),
        folders: Folders {
            data: folders.data.to_string(),
            config: folders.config.to_string(),
            logs: folders.logs.to_string(),
        },
    }
}

/// Makes the view of a canister for somebody.
pub(crate) fn canister(canister: engine::Canister, caller: candid::Principal) -> Canister {
    let denied = |action| {
        engine::may(action, &canister.reading, caller)
            .err()
            .map(Denial::from)
    };
    Canister {
        id: canister.id.to_string(),
        start_denied: denied(engine::Action::Start),
        stop_denied: denied(engine::Action::Stop),
        name: canister.name,
        group: canister.group,
        read_at: milliseconds(canister.read_at),
        reading: match canister.reading {
            engine::Reading::Full(status) => Reading::Full {
                status: Status::from(*status),
            },
            engine::Reading::Public(facts) => Reading::Public {
                module_hash: facts.module_hash.map(hex::encode),
                controllers: texts(&facts.controllers),
            },
            engine::Reading::Failed(error) => Reading::Failed {
                failure: error.into(),
            },
        },
    }
}

impl From<engine::Status> for Status {
    fn from(status: engine::Status) -> Self {
        Self {
            run_state: match status.run_state {
                engine::RunState::Running => RunState::Running,
                engine::RunState::Stopping => RunState::Stopping,
                engine::RunState::Stopped => RunState::Stopped,
            },
            is_certified: status.is_certified,
            runway_days: status.runway_days(),
            module_hash: status.module_hash.map(hex::encode),
            controllers: texts(&status.controllers),
            cycles: status.cycles.to_string(),
            idle_burn_per_day: status.idle_burn_per_day.to_string(),
            memory_bytes: status.memory_bytes as f64,
            snapshot_bytes: status.snapshot_bytes as f64,
        }
    }
}

impl From<engine::Act> for Act {
    fn from(act: engine::Act) -> Self {
        Self {
            number: act.number,
            kind: match act.action {
                engine::Action::Start => ActKind::Start,
                engine::Action::Stop => ActKind::Stop,
            },
            canister: act.canister.to_string(),
            name: act.name,
            began_at: milliseconds(act.began_at),
            state: match act.state {
                engine::ActState::Running => ActState::Running,
                engine::ActState::Done(at) => ActState::Done {
                    at: milliseconds(at),
                },
                engine::ActState::Failed(at, error) => ActState::Failed {
                    at: milliseconds(at),
                    failure: Failure::from(&*error),
                },
            },
        }
    }
}

impl From<engine::Denial> for Denial {
    fn from(denial: engine::Denial) -> Self {
        match denial {
            engine::Denial::AlreadyRunning => Self::AlreadyRunning,
            engine::Denial::AlreadyStopping => Self::AlreadyStopping,
            engine::Denial::AlreadyStopped => Self::AlreadyStopped,
            engine::Denial::NotController => Self::NotController,
            engine::Denial::NotRead => Self::NotRead,
        }
    }
}

impl From<Appearance> for engine::Appearance {
    fn from(appearance: Appearance) -> Self {
        match appearance {
            Appearance::System => Self::System,
            Appearance::Light => Self::Light,
            Appearance::Dark => Self::Dark,
        }
    }
}

impl From<engine::Appearance> for Appearance {
    fn from(appearance: engine::Appearance) -> Self {
        match appearance {
            engine::Appearance::System => Self::System,
            engine::Appearance::Light => Self::Light,
            engine::Appearance::Dark => Self::Dark,
        }
    }
}

fn texts(principals: &[candid::Principal]) -> Vec<String> {
    principals.iter().map(candid::Principal::to_text).collect()
}

/// Whole milliseconds since 1970; a clock before that counts as 1970.
fn milliseconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis() as f64
}
