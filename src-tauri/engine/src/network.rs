//! Which Internet Computer is meant, how it is reached and how its root key is known.
//!
//! A network is named by a [`NetworkId`], reached at an [`Endpoint`] and told apart from every other by the [`Fingerprint`] of its
//! root key. How the key came to be known is its [`Trust`]: it is shown wherever the network is, because a network that chose
//! its own key could prove anything.
//!
//! - The practice network reaches the engine as a [`PracticeDoor`]: something that, when knocked at, answers with an
//!   [`Endpoint`]. The engine cannot tell it from any other network, and must not.
//! - Mainnet's address and key are part of the program.
//! - A local network is found on this computer, see [`local`]; a custom one was entered by a person, see [`custom`].
//!
//! No network is asked anything before it is chosen, except those on this computer. Plain HTTP is for this computer only, see
//! [`Address`]. What can be said about a network from outside is a [`Probe`].

mod address;

pub use address::Address;

use crate::{
    CanisterId, Code, Engine, Error, Fingerprint, Result, ids::as_text, settings::Settings,
};
use futures::future::BoxFuture;
use std::{fmt, str::FromStr};

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
        }
    }
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
}

impl Engine {
    /// The network in use, whether it can be reached or not.
    pub async fn network(&self) -> Result<(Network, Endpoint)> {
        self.whereabouts(&self.settings().network).await
    }

    /// Chooses the network to work on. Nothing is asked of it by that.
    pub fn choose_network(&self, id: &NetworkId) -> Result<()> {
        self.change_settings(|settings: &mut Settings| settings.network = id.clone())
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
            NetworkId::Local(_) | NetworkId::Custom(_) => {
                return Err(
                    Error::new(Code::NetworkUnknown, "looking for a network").with("network", id)
                );
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
