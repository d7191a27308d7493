//! Networks: which one is in use, and which there are.

use crate::{Api, failure::Failure, wire::Session};
use canopic_engine as engine;
use serde::Serialize;
use ts_rs::TS;

/// The network in use.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Which one.
    pub id: String,
    /// What kind of network it is; its colour follows from it.
    pub kind: NetworkKind,
    /// The name that people gave it; empty where its kind says all.
    pub name: String,
    /// How its root key is known.
    pub trust: Trust,
    /// The address of its HTTP interface.
    pub address: String,
    /// The DER-encoded root key, hexadecimal.
    pub root_key: String,
    /// What tells it apart from other networks.
    pub fingerprint: String,
}

/// The kinds of networks.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NetworkKind {
    /// Inside the app; nothing on it is worth anything.
    Practice,
    /// The Internet Computer.
    Mainnet,
    /// A tool runs it on this computer.
    Local,
    /// A person entered it.
    Custom,
}

impl From<&engine::NetworkId> for NetworkKind {
    fn from(id: &engine::NetworkId) -> Self {
        match id {
            engine::NetworkId::Practice => Self::Practice,
            engine::NetworkId::Mainnet => Self::Mainnet,
            engine::NetworkId::Local(_) => Self::Local,
            engine::NetworkId::Custom(_) => Self::Custom,
        }
    }
}

/// How a root key came to be known, from the best reason to believe it to the worst.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// It is part of this program, or this program made it.
    BuiltIn,
    /// The tool that runs the network wrote it down.
    Descriptor,
    /// A person entered it.
    Pasted,
    /// The network told it when it was first reached; another key is an alarm.
    FirstUse,
    /// The network on this computer told it just now.
    Fetched,
}

impl From<engine::Trust> for Trust {
    fn from(trust: engine::Trust) -> Self {
        match trust {
            engine::Trust::BuiltIn => Self::BuiltIn,
            engine::Trust::Descriptor => Self::Descriptor,
            engine::Trust::Pasted => Self::Pasted,
            engine::Trust::FirstUse => Self::FirstUse,
            engine::Trust::Fetched => Self::Fetched,
        }
    }
}

/// Makes the view of a network in use.
pub(crate) fn network(network: &engine::Network, endpoint: &engine::Endpoint) -> Network {
    Network {
        kind: NetworkKind::from(&network.id),
        id: network.id.to_string(),
        name: network.name.clone(),
        trust: network.trust.into(),
        address: endpoint.address.clone(),
        root_key: hex::encode(&endpoint.root_key),
        fingerprint: endpoint.fingerprint().to_string(),
    }
}

impl Api {
    pub(crate) async fn choose_network(&self, network: String) -> Result<Session, Failure> {
        self.engine()?.choose_network(&network.parse()?)?;
        self.session().await
    }

    pub(crate) async fn stop_practice(&self) -> Result<(), Failure> {
        Ok(self.engine()?.stop_practice().await?)
    }

    pub(crate) async fn reset_practice(&self) -> Result<Session, Failure> {
        self.engine()?.reset_practice().await?;
        self.session().await
    }
}
