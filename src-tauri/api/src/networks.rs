//! Networks: which one is in use, which there are, and what can be said of one from outside.

use crate::{
    Api,
    failure::Failure,
    wire::{Session, milliseconds},
};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
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

/// Whether the network in use may be changed.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Access {
    /// Nothing is ever locked on it.
    Open,
    /// It is locked, but for some canisters.
    ReadOnly {
        /// Those.
        unlocked: Vec<String>,
    },
    /// All of it is unlocked for a while.
    Unlocked {
        /// Until then, in milliseconds since 1970.
        until: f64,
    },
}

impl From<engine::Access> for Access {
    fn from(access: engine::Access) -> Self {
        match access {
            engine::Access::Open => Self::Open,
            engine::Access::ReadOnly(unlocked) => Self::ReadOnly {
                unlocked: unlocked.iter().map(ToString::to_string).collect(),
            },
            engine::Access::Until(until) => Self::Unlocked {
                until: milliseconds(until),
            },
        }
    }
}

/// What is unlocked.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Scope {
    /// One canister of the network in use.
    Canister {
        /// Its id.
        canister: String,
    },
    /// All of it, for a while.
    Minutes {
        /// So many, sixty at most.
        minutes: u32,
    },
}

/// A network in the list of all that can be chosen.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NetworkListing {
    /// Which one.
    pub id: String,
    /// What kind of network it is.
    pub kind: NetworkKind,
    /// The name that people gave it; empty where its kind says all.
    pub name: String,
    /// How its root key is known.
    pub trust: Trust,
    /// Its address; null for the practice network, which has one only while it runs.
    pub address: Option<String>,
    /// What tells it apart from others, as far as it is known without asking it.
    pub fingerprint: Option<String>,
    /// The tool that runs it; null where it is not known.
    pub tool: Option<Tool>,
    /// The project that it belongs to; null for none.
    pub project: Option<String>,
    /// Whether it runs; null for networks that are not asked before they are chosen.
    pub is_running: Option<bool>,
    /// Whether it opens for reading only.
    pub is_guarded: bool,
}

fn listed(listing: engine::Listing, is_guarded: bool) -> NetworkListing {
    NetworkListing {
        kind: NetworkKind::from(&listing.network.id),
        id: listing.network.id.to_string(),
        name: listing.network.name,
        trust: listing.network.trust.into(),
        address: listing.address,
        fingerprint: listing
            .fingerprint
            .map(|fingerprint| fingerprint.to_string()),
        tool: listing.tool.map(Tool::from),
        project: listing.project.map(|project| project.to_string()),
        is_running: listing.is_running,
        is_guarded,
    }
}

/// A tool that runs networks and keeps identities.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Tool {
    /// `icp`.
    Icp,
    /// `dfx`.
    Dfx,
}

impl From<Tool> for engine::Tool {
    fn from(tool: Tool) -> Self {
        match tool {
            Tool::Icp => Self::Icp,
            Tool::Dfx => Self::Dfx,
        }
    }
}

impl From<engine::Tool> for Tool {
    fn from(tool: engine::Tool) -> Self {
        match tool {
            engine::Tool::Icp => Self::Icp,
            engine::Tool::Dfx => Self::Dfx,
        }
    }
}

/// What was found out about a network.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// Where it was asked.
    pub address: String,
    /// What it is.
    pub finding: Finding,
    /// The root key that it says is its own, hexadecimal; proves nothing by itself.
    pub root_key: Option<String>,
    /// The fingerprint of that key.
    pub fingerprint: Option<String>,
    /// How long it takes to answer, in milliseconds.
    pub latency: Option<f64>,
    /// How far this computer's clock is ahead of the network's, in milliseconds; negative while it is behind.
    pub clock_ahead: Option<f64>,
    /// Whether the clock is off so far that requests are in danger.
    pub is_clock_off: bool,
    /// The version of the software that answers, as it says.
    pub version: Option<String>,
}

/// What a network turned out to be.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Finding {
    /// Its certificate leads back to the root key.
    Proven,
    /// Nobody answers.
    Unreachable {
        /// How it was noticed.
        failure: Failure,
    },
    /// Somebody answers who is no Internet Computer.
    Stranger {
        /// How it was noticed.
        failure: Failure,
    },
    /// It says that its root key is another one.
    OtherKey {
        /// The fingerprint that it is known by.
        known: String,
        /// The fingerprint of the key that it shows.
        found: String,
    },
    /// Its certificate does not lead back to the root key.
    Untrusted {
        /// How it was noticed.
        failure: Failure,
    },
    /// It answers, but no certificate could be had.
    Unproven {
        /// Why not.
        failure: Failure,
    },
}

impl From<engine::Probe> for Probe {
    fn from(probe: engine::Probe) -> Self {
        let milliseconds = |time: std::time::Duration| time.as_millis() as f64;
        Self {
            address: probe.address.to_string(),
            fingerprint: probe
                .root_key
                .as_deref()
                .map(|key| engine::Fingerprint::of(key).to_string()),
            root_key: probe.root_key.map(hex::encode),
            latency: probe.latency.map(milliseconds),
            clock_ahead: probe.clock.map(|clock| {
                let by = milliseconds(clock.by);
                if clock.is_ahead { by } else { -by }
            }),
            is_clock_off: probe.clock.is_some_and(engine::ClockOffset::is_off),
            version: probe.version,
            finding: match probe.finding {
                engine::Finding::Proven => Finding::Proven,
                engine::Finding::Unreachable(error) => Finding::Unreachable {
                    failure: error.into(),
                },
                engine::Finding::Stranger(error) => Finding::Stranger {
                    failure: error.into(),
                },
                engine::Finding::OtherKey { known, found } => Finding::OtherKey {
                    known: known.to_string(),
                    found: found.to_string(),
                },
                engine::Finding::Untrusted(error) => Finding::Untrusted {
                    failure: error.into(),
                },
                engine::Finding::Unproven(error) => Finding::Unproven {
                    failure: error.into(),
                },
            },
        }
    }
}

/// Whom a person believes when they enter a network.
#[derive(Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum GivenKey {
    /// The key itself.
    Pasted {
        /// Hexadecimal.
        root_key: String,
    },
    /// Whatever the network says, which must be the key that they were shown.
    Told {
        /// The fingerprint that they were shown.
        fingerprint: String,
    },
}

fn fingerprint(text: &str) -> Result<engine::Fingerprint, Failure> {
    // It comes from our own replies, not from a person.
    text.parse()
        .map_err(|error| Failure::bug("reading a fingerprint", &error))
}

impl Api {
    pub(crate) async fn networks(&self) -> Result<Vec<NetworkListing>, Failure> {
        let engine = self.engine()?;
        let listings = engine.networks(SystemTime::now()).await;
        let views = listings.into_iter().map(|listing| {
            let is_guarded = engine.is_guarded(&listing.network.id);
            listed(listing, is_guarded)
        });
        Ok(views.collect())
    }

    pub(crate) async fn probe_network(&self, network: String) -> Result<Probe, Failure> {
        let engine = self.engine()?;
        Ok(engine
            .probe(&network.parse()?, SystemTime::now())
            .await?
            .into())
    }

    pub(crate) async fn look_at_address(&self, address: String) -> Result<Probe, Failure> {
        let engine = self.engine()?;
        Ok(engine.look_at(&address, SystemTime::now()).await?.into())
    }

    pub(crate) async fn add_network(
        &self,
        name: String,
        address: String,
        key: GivenKey,
    ) -> Result<Vec<NetworkListing>, Failure> {
        let key = match key {
            GivenKey::Pasted { root_key } => engine::GivenKey::Pasted(root_key),
            GivenKey::Told { fingerprint: shown } => engine::GivenKey::Told(fingerprint(&shown)?),
        };
        self.engine()?.add_network(&name, &address, &key).await?;
        self.networks().await
    }

    pub(crate) async fn rename_network(
        &self,
        network: String,
        name: String,
    ) -> Result<Vec<NetworkListing>, Failure> {
        self.engine()?.rename_network(&network.parse()?, &name)?;
        self.networks().await
    }

    pub(crate) async fn remove_network(
        &self,
        network: String,
    ) -> Result<Vec<NetworkListing>, Failure> {
        self.engine()?.remove_network(&network.parse()?)?;
        self.networks().await
    }

    pub(crate) async fn accept_root_key(
        &self,
        network: String,
        shown: String,
    ) -> Result<Vec<NetworkListing>, Failure> {
        let engine = self.engine()?;
        engine
            .accept_root_key(&network.parse()?, fingerprint(&shown)?)
            .await?;
        self.networks().await
    }

    pub(crate) async fn guard_network(
        &self,
        network: String,
        is_guarded: bool,
    ) -> Result<Vec<NetworkListing>, Failure> {
        self.engine()?
            .guard_network(&network.parse()?, is_guarded)?;
        self.networks().await
    }

    pub(crate) async fn unlock(&self, scope: Scope) -> Result<Session, Failure> {
        let scope = match scope {
            Scope::Canister { canister } => engine::Scope::Canister(canister.parse()?),
            Scope::Minutes { minutes } => engine::Scope::Minutes(minutes),
        };
        self.engine()?.unlock(scope);
        self.session().await
    }

    pub(crate) async fn lock_network(&self) -> Result<Session, Failure> {
        self.engine()?.lock_network();
        self.session().await
    }

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
