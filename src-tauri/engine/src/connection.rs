//! A network in use, as an identity: made when first needed, shared, and gone when either of the two changes.

use crate::{
    Endpoint, Engine, Fingerprint, Identity, KnownCanister, Network, NetworkId, Result,
    replica::Replica,
};
use candid::Principal;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// One network as one identity. Whoever holds it goes on with it, even when another network is chosen meanwhile.
pub struct Connection {
    /// Which network.
    pub network: Network,
    /// How it is reached.
    pub endpoint: Endpoint,
    /// Who signs.
    pub identity: Identity,
    pub(crate) replica: Replica,
}

impl Connection {
    /// What tells the network apart from others: the key of everything that is stored about its canisters.
    pub fn fingerprint(&self) -> Fingerprint {
        self.endpoint.fingerprint()
    }

    /// The canisters that the network brings along.
    pub fn canisters(&self) -> &[KnownCanister] {
        &self.endpoint.canisters
    }
}

type Key = (NetworkId, Principal);

/// The connections in use. One that is being made is waited for by everybody who needs it; one that failed is tried anew.
#[derive(Default)]
pub(crate) struct Connections(Mutex<HashMap<Key, Arc<OnceCell<Arc<Connection>>>>>);

impl Connections {
    fn slot(&self, key: Key) -> Arc<OnceCell<Arc<Connection>>> {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.entry(key).or_default().clone()
    }

    fn retain(&self, stays: impl Fn(&Key) -> bool) {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|key, _| stays(key));
    }
}

impl Engine {
    /// The chosen network as the chosen identity; starts the practice network if need be.
    pub async fn connection(&self) -> Result<Arc<Connection>> {
        let network = self.settings().network;
        let identity = self.identity_on(&network).await?;
        self.connect(&network, &identity).await
    }

    /// A network as an identity.
    pub async fn connect(
        &self,
        network: &NetworkId,
        identity: &Identity,
    ) -> Result<Arc<Connection>> {
        self.connections
            .slot((network.clone(), identity.principal))
            .get_or_try_init(|| async {
                let (network, endpoint) = self.whereabouts(network).await?;
                tracing::info!(network = %network.id, address = endpoint.address, fingerprint = %endpoint.fingerprint(),
                    principal = %identity.principal, "connecting");
                let replica = Replica::connect(&endpoint, identity)?;
                Ok(Arc::new(Connection { network, endpoint, identity: identity.clone(), replica }))
            })
            .await
            .cloned()
    }

    /// Drops the connections to some networks. Work that is under way keeps the one that it began with.
    pub(crate) fn disconnect(&self, which: impl Fn(&NetworkId) -> bool) {
        self.connections.retain(|(network, _)| !which(network));
    }

    /// The identity that is used on a network: the play identity where the network brings one along, else nobody.
    pub async fn identity_on(&self, network: &NetworkId) -> Result<Identity> {
        let (_, endpoint) = self.whereabouts(network).await?;
        Ok(endpoint
            .play_key
            .map_or_else(Identity::anonymous, |key| Identity::play(&key)))
    }
}
