//! The only types that cross to the front end. TypeScript is generated from them.
//!
//! Amounts of cycles are decimal strings, because they outgrow JavaScript's numbers; bytes and milliseconds since 1970 fit below
//! 2^53. Hashes are hexadecimal, ids are text. Nothing here is a sentence: the words live in the front end.

use crate::{
    identities::Identity,
    networks::{self, Access, Network},
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
    /// Whether the network in use may be changed.
    pub access: Access,
    /// Light, dark or system.
    pub appearance: Appearance,
    /// Whether the system's notifications are switched off.
    pub is_quiet: bool,
    /// Where things lie on this computer.
    pub folders: Folders,
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

/// Makes the view of a session.
pub(crate) fn session(
    folders: &engine::Folders,
    settings: &engine::Settings,
    network: &engine::Network,
    endpoint: &engine::Endpoint,
    identity: engine::Signatory,
    access: engine::Access,
) -> Session {
    Session {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        network: networks::network(network, endpoint),
        identity: identity.into(),
        access: access.into(),
        appearance: settings.appearance.into(),
        is_quiet: settings.is_quiet,
        folders: Folders {
            data: folders.data.to_string(),
            config: folders.config.to_string(),
            logs: folders.logs.to_string(),
        },
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

pub(crate) fn texts(principals: &[candid::Principal]) -> Vec<String> {
    principals.iter().map(candid::Principal::to_text).collect()
}

/// Whole milliseconds since 1970; a clock before that counts as 1970.
pub(crate) fn milliseconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis() as f64
}
