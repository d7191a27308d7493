//! Which Internet Computer is meant, how it is reached and how its root key is known.
//!
//! The practice network is the only kind so far. It reaches the engine as a [`PracticeDoor`]: something that, when knocked at,
//! answers with an [`Endpoint`]. The engine cannot tell it from any other network, and must not.

use crate::{CanisterId, Fingerprint};
use futures::future::BoxFuture;

/// A network that the app can work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The network inside the app, for learning and trying: nothing on it is worth anything.
    Practice,
}

/// A canister that is known by name before the network is asked.
#[derive(Clone, Debug)]
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
    /// The Ed25519 secret of the network's own play identity. It is public knowledge, so it needs no keyring.
    pub play_key: [u8; 32],
    /// The canisters that the network brings along.
    pub canisters: Vec<KnownCanister>,
}

impl Endpoint {
    /// What tells this network apart from others.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.root_key)
    }
}

/// Starts the practice network when it is first needed.
pub trait PracticeDoor: Send + Sync {
    /// The running network. Called again after a failure, never after a success.
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, Box<dyn std::error::Error + Send + Sync>>>;
}
