//! Which Internet Computer is meant, how it is reached and how its root key is known.
//!
//! A network is named by a [`NetworkId`], reached at an [`Endpoint`] and told apart from every other by the [`Fingerprint`] of its
//! root key. How the key came to be known is its [`Trust`]: it is shown wherever the network is, because a network that chose
//! its own key could prove anything.
//!
//! - The practice network reaches the engine as a [`PracticeDoor`]: something that, when knocked at, answers with an
//!   [`Endpoint`]. The engine cannot tell it from any other network, and must not.
//! - Mainnet's address and key are part of the program.
//! - A local network is found on this computer, see `local`; a custom one was entered by a person, see `custom`.
//!
//! No network is asked anything before it is chosen, except those on this computer. Plain HTTP is for this computer only, see
//! [`Address`]. What can be said about a network from outside is a [`Probe`].

mod address;
mod custom;
mod local;
mod probe;

pub use address::Address;
pub use custom::GivenKey;
pub use local::{Neighbourhood, Tool};
pub use probe::{ClockOffset, Finding, Probe};

pub(crate) use custom::Networks;

use crate::{
    CanisterId, Code, Engine, Error, Fingerprint, Result, ids::as_text, settings::Settings,
};
use camino::Utf8PathBuf;
use custom::{LastSeen, RootKey};
use futures::future::{BoxFuture, join_all};
use std::{fmt, str::FromStr, time::SystemTime};

/// Mainnet's root key, as <https://internetcomputer.org/docs/references/ic-interface-spec> publishes it: 37 bytes that say "BLS12-381 key"
/// and the key.
pub const MAINNET_ROOT_KEY: [u8; 133] = *b"\x30\x81\x82\x30\x1d\x06\x0d\x2b\x06\x01\x04\x01\x82\xdc\x7c\x05\x03\x01\x02\x01\x06\x0c\x2b\x06\x01\x04\x01\
\x82\xdc\x7c\x05\x03\x02\x01\x03\x61\x00\x81\x4c\x0e\x6e\xc7\x1f\xab\x58\x3b\x08\xbd\x81\x37\x3c\x25\x5c\x3c\x37\x1b\x2e\x84\x86\x3c\x98\xa4\xf1\xe0\x8b\
\x74\x23\x5d\x14\xfb\x5d\x9c\x0c\xd5\x46\xd9\x68\x5f\x91\x3a\x0c\x0b\x2c\xc5\x34\x15\x83\xbf\x4b\x43\x92\xe4\x67\xdb\x96\xd6\x5b\x9b\xb4\xcb\x71\x71\x12\
\xf8\x47\x2e\x0d\x5a\x4d\x14\x50\x5f\xfd\x74\x84\xb0\x12\x91\x09\x1c\x5f\x87\xb9\x88\x83\x46\x3f\x98\x09\x1a\x0b\xaa\xae";

/// Where mainnet is asked: the boundary nodes' own name, without the gateway's caches in between.
const MAINNET_ADDRESS: &str = "https://icp-api.io/";

/// Names a network on this computer. As text: `practice`, `mainnet`, `local:…` or `custom:…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkId {
    /// The network inside the app.
    #[default]
    Practice,
    /// The Internet Computer.
    Mainnet,
    /// A network that a tool runs on this computer, by what stays the same over its restarts: the folder where the tool keeps it,
    /// or its address where no folder is known.
    Local(String),
    /// A network that a person entered, by its number.
    Custom(u32),
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Practice => f.write_str("practice"),
            Self::Mainnet => f.write_str("mainnet"),
            Self::Local(anchor) => write!(f, "local:{anchor}"),
            Self::Custom(number) => write!(f, "custom:{number}"),
        }
    }
}

impl FromStr for NetworkId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            Error::new(Code::NetworkUnknown, "reading the name of a network").with("network", text)
        };
        match text.split_once(':') {
            None if text == "practice" => Ok(Self::Practice),
            None if text == "mainnet" => Ok(Self::Mainnet),
            Some(("local", anchor)) if !anchor.is_empty() => Ok(Self::Local(anchor.to_owned())),
            Some(("custom", number)) => number.parse().map(Self::Custom).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

as_text!(NetworkId);

/// How a network's root key came to be known, from the best reason to believe it to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// It is part of this program, or this program made it.
    BuiltIn,
    /// The tool that runs the network on this computer wrote it down.
    Descriptor,
    /// A person entered it.
    Pasted,
    /// The network told it when it was first reached; it is kept, and another key is an alarm.
    FirstUse,
    /// The network on this computer told it just now.
    Fetched,
}

/// A network that the app can work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Which one.
    pub id: NetworkId,
    /// The name that people gave it; empty where its kind says all.
    pub name: String,
    /// How its root key is known.
    pub trust: Trust,
}

/// A canister that is known by name before the network is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCanister {
    /// Its id on its network.
    pub id: CanisterId,
    /// The name that people use.
    pub name: String,
    /// The group that it is shown in.
    pub group: String,
}

/// How to reach a network and whom to believe there.
#[derive(Clone)]
pub struct Endpoint {
    /// The address of its HTTP interface.
    pub address: String,
    /// The DER-encoded key that every certificate must lead back to.
    pub root_key: Vec<u8>,
    /// The Ed25519 secret of the practice network's own play identity. It is public knowledge, so it needs no keyring.
    pub play_key: Option<[u8; 32]>,
    /// The canisters that the network brings along.
    pub canisters: Vec<KnownCanister>,
    /// A canister that passes on questions about the history of others: the network answers them to canisters only.
    pub historian: Option<CanisterId>,
}

impl Endpoint {
    /// What tells this network apart from others.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.root_key)
    }

    fn mainnet() -> Self {
        Self {
            address: MAINNET_ADDRESS.to_owned(),
            root_key: MAINNET_ROOT_KEY.to_vec(),
            play_key: None,
            canisters: Vec::new(),
            historian: None,
        }
    }

    /// A network that brings nothing along.
    fn plain(address: &Address, root_key: Vec<u8>) -> Self {
        Self {
            address: address.to_string(),
            root_key,
            play_key: None,
            canisters: Vec::new(),
            historian: None,
        }
    }
}

/// A network in the list of all that can be chosen.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Which one.
    pub network: Network,
    /// Its address; none for a practice network, which has one only while it runs.
    pub address: Option<String>,
    /// What tells it apart from others, as far as it is known without asking it.
    pub fingerprint: Option<Fingerprint>,
    /// The tool that runs it, for a local network whose tool is known.
    pub tool: Option<Tool>,
    /// The project that it belongs to, for a local network that has one.
    pub project: Option<Utf8PathBuf>,
    /// Whether it runs; asked of local networks only.
    pub is_running: Option<bool>,
}

/// Why the practice network did not do what it was asked.
pub type DoorError = Box<dyn std::error::Error + Send + Sync>;

/// Starts the practice network when it is first needed, and ends it. A door to a network that somebody else holds leaves it running.
pub trait PracticeDoor: Send + Sync {
    /// The running network; started if it does not run.
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>>;

    /// Ends the network. What happened on it is there again when it is opened next.
    fn close(&self) -> BoxFuture<'_, Result<(), DoorError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Ends the network and forgets all that happened on it: when it is opened next, the demo fleet is as new.
    fn reset(&self) -> BoxFuture<'_, Result<(), DoorError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// A module that a lesson needs, by its name; none where the door brings none along.
    fn module(&self, _name: &str) -> Option<Vec<u8>> {
        None
    }

    /// Has the network lose the answer to the next call of a method: it happens, and nobody hears of it.
    fn lose_answer(&self, method: &str) -> BoxFuture<'_, Result<(), DoorError>> {
        let refused = format!("this network loses no answer to {method}");
        Box::pin(std::future::ready(Err(refused.into())))
    }

    /// Has the network write out what canisters wrote, so that it can be loaded elsewhere without a wait.
    fn write_out(&self) -> BoxFuture<'_, Result<(), DoorError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Engine {
    /// The network in use, whether it can be reached or not.
    pub async fn network(&self) -> Result<(Network, Endpoint)> {
        self.whereabouts(&self.settings().network).await
    }

    /// Chooses the network to work on. Nothing is asked of it by that.
    pub fn choose_network(&self, id: &NetworkId) -> Result<()> {
        let is_known = match id {
            NetworkId::Practice | NetworkId::Mainnet => true,
            NetworkId::Local(_) => {
                local::trace(id, &self.neighbourhood).is_some()
                    || self.networks.last_seen(id).is_some()
            }
            NetworkId::Custom(_) => self.networks.of(id).is_ok(),
        };
        if !is_known {
            return Err(Error::new(Code::NetworkUnknown, "choosing a network").with("network", id));
        }
        self.change_settings(|settings: &mut Settings| settings.network = id.clone())?;
        self.locks.lock();
        Ok(())
    }

    /// What a network is and how it is reached; only the practice network is started for it.
    pub(crate) async fn whereabouts(&self, id: &NetworkId) -> Result<(Network, Endpoint)> {
        let (name, trust, endpoint) = match id {
            NetworkId::Practice => (
                String::new(),
                Trust::BuiltIn,
                self.practice_endpoint().await?,
            ),
            NetworkId::Mainnet => (String::new(), Trust::BuiltIn, Endpoint::mainnet()),
            NetworkId::Local(_) => return self.local_whereabouts(id).await,
            NetworkId::Custom(_) => {
                let custom = self.networks.of(id)?;
                return Ok((custom.network(), custom.endpoint()));
            }
        };
        Ok((
            Network {
                id: id.clone(),
                name,
                trust,
            },
            endpoint,
        ))
    }

    /// A local network as it is now; as it last was where it does not run.
    async fn local_whereabouts(&self, id: &NetworkId) -> Result<(Network, Endpoint)> {
        let gone =
            || Error::new(Code::NetworkUnknown, "looking for a local network").with("network", id);
        let trace = local::trace(id, &self.neighbourhood);
        let seen = match &trace {
            Some(trace) => seen_of(trace).await.ok(),
            None => None,
        };
        let seen = match seen {
            Some(seen) => {
                self.networks.see(&self.folders.config, seen.clone())?;
                seen
            }
            None => self.networks.last_seen(id).ok_or_else(|| match trace {
                Some(trace) => Error::new(Code::NoNetwork, "looking for a local network")
                    .with("address", trace.address),
                None => gone(),
            })?,
        };
        let network = Network {
            id: seen.id,
            name: seen.name,
            trust: seen.trust,
        };
        Ok((network, Endpoint::plain(&seen.address, seen.root_key.0)))
    }

    /// Whether the network that is meant can be believed, before anything is sent there.
    pub(crate) async fn confirm(&self, id: &NetworkId) -> Result<()> {
        match id {
            NetworkId::Custom(_) => self.confirm_root_key(id).await,
            NetworkId::Practice | NetworkId::Mainnet | NetworkId::Local(_) => Ok(()),
        }
    }

    /// All networks that can be chosen. Those on this computer are asked whether they run; no other is asked anything.
    pub async fn networks(&self, now: SystemTime) -> Vec<Listing> {
        let built_in = |id: NetworkId, endpoint: Option<Endpoint>| Listing {
            network: Network {
                id,
                name: String::new(),
                trust: Trust::BuiltIn,
            },
            fingerprint: endpoint.as_ref().map(Endpoint::fingerprint),
            address: endpoint.map(|endpoint| endpoint.address),
            tool: None,
            project: None,
            is_running: None,
        };
        let local = self.local_networks(now).await;
        let custom = self.networks.custom().into_iter().map(|custom| Listing {
            address: Some(custom.address.to_string()),
            fingerprint: Some(custom.endpoint().fingerprint()),
            network: custom.network(),
            tool: None,
            project: None,
            is_running: None,
        });
        [
            built_in(NetworkId::Practice, None),
            built_in(NetworkId::Mainnet, Some(Endpoint::mainnet())),
        ]
        .into_iter()
        .chain(local)
        .chain(custom)
        .collect()
    }

    /// The local networks that run, and those that left a trace of their own though they do not.
    async fn local_networks(&self, now: SystemTime) -> Vec<Listing> {
        let traces = local::traces(&self.neighbourhood, &self.project_folders());
        let asked = traces.into_iter().map(|trace| async move {
            let probe = probe::probe(&trace.address, trace.described_key(), now).await;
            let is_running = matches!(probe.finding, Finding::Proven | Finding::Unproven(_));
            // Somebody else's server on a usual port is no network, and neither is an empty port.
            let is_network = trace.tool.is_some() || is_running;
            is_network.then(|| Listing {
                address: Some(trace.address.to_string()),
                fingerprint: trace
                    .described_key()
                    .or(probe.root_key.as_deref())
                    .map(Fingerprint::of),
                network: Network {
                    trust: trace.trust(),
                    id: trace.id,
                    name: trace.name,
                },
                tool: trace.tool,
                project: trace.project,
                is_running: Some(is_running),
            })
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Asks a network who it is. A custom one that shows another key than before is not used any more until a person decided.
    pub async fn probe(&self, id: &NetworkId, now: SystemTime) -> Result<Probe> {
        let (network, endpoint) = self.whereabouts(id).await?;
        let address: Address = endpoint.address.parse()?;
        let probe = probe::probe(&address, Some(&endpoint.root_key), now).await;
        if matches!(probe.finding, Finding::OtherKey { .. }) {
            self.disconnect(|other| *other == network.id);
        }
        Ok(probe)
    }

    /// Asks an address who is there, before it becomes a network.
    pub async fn look_at(&self, address: &str, now: SystemTime) -> Result<Probe> {
        Ok(probe::probe(&address.parse()?, None, now).await)
    }

    async fn practice_endpoint(&self) -> Result<Endpoint> {
        self.practice.open().await.map_err(|error| {
            Error::new(Code::PracticeFailed, "starting the practice network").because(error)
        })
    }

    /// Ends the practice network; it starts again when it is next needed.
    pub async fn stop_practice(&self) -> Result<()> {
        self.disconnect(|network| *network == NetworkId::Practice);
        self.practice.close().await.map_err(|error| {
            Error::new(Code::PracticeFailed, "ending the practice network").because(error)
        })
    }

    /// Forgets all that happened on the practice network.
    pub async fn reset_practice(&self) -> Result<()> {
        self.disconnect(|network| *network == NetworkId::Practice);
        self.practice.reset().await.map_err(|error| {
            Error::new(Code::PracticeFailed, "resetting the practice network").because(error)
        })
    }
}

/// What a trace amounts to; a network whose tool did not write its key down is asked for it.
async fn seen_of(trace: &local::Trace) -> Result<LastSeen> {
    let root_key = if let Some(key) = &trace.root_key {
        key.clone()
    } else {
        let told = probe::told_root_key(&trace.address).await?;
        RootKey::new(told.unwrap_or_default())?
    };
    Ok(LastSeen {
        id: trace.id.clone(),
        name: trace.name.clone(),
        address: trace.address.clone(),
        root_key,
        trust: trace.trust(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_pinned_key_is_the_one_that_the_agent_brings_along() {
        let agent = ic_agent::Agent::builder()
            .with_url("https://icp-api.io")
            .build()
            .unwrap();
        assert_eq!(
            agent.read_root_key(),
            MAINNET_ROOT_KEY,
            "two independent copies of the published key agree"
        );
    }

    #[test]
    fn a_network_id_survives_text() {
        for id in [
            NetworkId::Practice,
            NetworkId::Mainnet,
            NetworkId::Local("/home/ada/shop/.icp/cache/networks/local".to_owned()),
            NetworkId::Local("http://127.0.0.1:4943/".to_owned()),
            NetworkId::Custom(7),
        ] {
            assert_eq!(id.to_string().parse::<NetworkId>().unwrap(), id);
        }
        for text in ["", "ic", "custom:", "custom:x", "local:", "local"] {
            assert_eq!(
                text.parse::<NetworkId>().unwrap_err().code,
                Code::NetworkUnknown,
                "{text:?}"
            );
        }
    }
}
