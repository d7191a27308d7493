//! A network in use, as an identity: made when first needed, shared, and gone when either of the two changes.

use crate::{
    CanisterId, Endpoint, Engine, Fingerprint, Identity, KnownCanister, Network, NetworkId, Place,
    Result, replica::Replica,
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

    /// A canister on this network: what is stored about it is stored under this.
    pub fn place(&self, canister: CanisterId) -> Place {
        Place {
            network: self.fingerprint(),
            canister,
        }
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
    pub async fn connect(&self, id: &NetworkId, identity: &Identity) -> Result<Arc<Connection>> {
        let slot = self.connections.slot((id.clone(), identity.principal));
        if let Some(connection) = slot.get() {
            if !self.has_moved(id, &connection.endpoint).await? {
                self.end_doubt(id, &connection.replica).await?;
                return Ok(connection.clone());
            }
            self.disconnect(|other| other == id);
        }
        self.connections
            .slot((id.clone(), identity.principal))
            .get_or_try_init(|| async {
                self.confirm(id).await?;
                let (network, endpoint) = self.whereabouts(id).await?;
                tracing::info!(network = %network.id, address = endpoint.address, fingerprint = %endpoint.fingerprint(),
                    principal = %identity.principal, "connecting");
                let replica = Replica::connect(&endpoint, identity)?;
                Ok(Arc::new(Connection { network, endpoint, identity: identity.clone(), replica }))
            })
            .await
            .cloned()
    }

    /// Asks anew whether a network can be believed, once an answer of it did not verify. As long as it cannot be asked, or shows another
    /// key, nobody gets the connection.
    async fn end_doubt(&self, id: &NetworkId, replica: &Replica) -> Result<()> {
        if !replica.take_doubt() {
            return Ok(());
        }
        let confirmed = self.confirm(id).await;
        if confirmed.is_err() {
            replica.doubt();
        }
        confirmed
    }

    /// Whether a network is not any more where, or what, it was. A local one gets a new key and another port whenever somebody
    /// starts it anew; the others stay what they are.
    async fn has_moved(&self, id: &NetworkId, before: &Endpoint) -> Result<bool> {
        if !matches!(id, NetworkId::Local(_)) {
            return Ok(false);
        }
        let (_, now) = self.whereabouts(id).await?;
        Ok(now.address != before.address || now.root_key != before.root_key)
    }

    /// Drops the connections to some networks. Work that is under way keeps the one that it began with.
    pub(crate) fn disconnect(&self, which: impl Fn(&NetworkId) -> bool) {
        self.connections.retain(|(network, _)| !which(network));
    }

    /// Drops the connections as an identity that was renamed or forgotten.
    pub(crate) fn disconnect_identity(&self, principal: Principal) {
        self.connections.retain(|(_, other)| *other != principal);
    }

    /// The principals of all identities at hand on a network, whichever is in use.
    pub fn our_principals(&self, connection: &Connection) -> Vec<Principal> {
        let play = connection.endpoint.play_key.as_ref().map(Identity::play);
        let stored = self.identities.profiles().into_iter();
        let mut ours: Vec<_> = stored.map(|(profile, _)| profile.principal).collect();
        ours.extend(play.map(|identity| identity.principal));
        ours.push(connection.identity.principal);
        ours
    }

    /// The identity that is used on a network, ready to sign.
    pub async fn identity_on(&self, network: &NetworkId) -> Result<Identity> {
        let (_, endpoint) = self.whereabouts(network).await?;
        let id = self.identities.used_on(&endpoint);
        self.identities.signer(id, endpoint.play_key.as_ref()).await
    }
}
