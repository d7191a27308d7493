//! The practice network inside the app, opened when the engine first knocks. It ends with the process.

use canopic_engine::{CanisterId, Endpoint, KnownCanister, PracticeDoor};
use canopic_practice::{Network, Options, demo};
use futures::future::BoxFuture;
use tokio::sync::Mutex;

/// The network, once it runs.
#[derive(Default)]
pub(crate) struct Embedded {
    running: Mutex<Option<Network>>,
}

impl PracticeDoor for Embedded {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, Box<dyn std::error::Error + Send + Sync>>> {
        Box::pin(async {
            let mut running = self.running.lock().await;
            let network = match running.take() {
                Some(network) => network,
                None => {
                    canopic_practice::start(Options {
                        demo: true,
                        ..Options::default()
                    })
                    .await?
                }
            };
            let endpoint = endpoint(&network)?;
            *running = Some(network);
            Ok(endpoint)
        })
    }
}

/// How the engine reaches a network, and what it knows of it beforehand.
pub(crate) fn endpoint(network: &Network) -> Result<Endpoint, hex::FromHexError> {
    let ready = network.ready();
    Ok(Endpoint {
        address: ready.url.clone(),
        root_key: hex::decode(&ready.root_key)?,
        play_key: demo::OWNER_SEED,
        canisters: network
            .fleet()
            .iter()
            .map(|member| KnownCanister {
                id: CanisterId::from(member.id),
                name: member.name.to_string(),
                group: member.group.to_string(),
            })
            .collect(),
    })
}
