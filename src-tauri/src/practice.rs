//! The practice network inside the app, opened when the engine first knocks. It ends with the process.

use canopic_engine::{CanisterId, DoorError, Endpoint, KnownCanister, PracticeDoor};
use canopic_practice::{
    Network, Options,
    blocks::Pace,
    demo,
    faults::{Effect, Fault, Kind},
};
use futures::future::BoxFuture;
use std::{io, path::PathBuf};
use tokio::sync::Mutex;

/// The network, once it runs.
#[derive(Default)]
pub(crate) struct Embedded {
    /// The folder where it lives on over restarts; without one it begins anew each time.
    state: Option<PathBuf>,
    /// How long a block takes.
    pace: Pace,
    running: Mutex<Option<Network>>,
}

impl Embedded {
    /// A network that lives on in this folder.
    #[allow(dead_code, reason = "tests include this file and begin anew each time")]
    pub(crate) fn living_in(state: impl Into<PathBuf>) -> Self {
        Self {
            state: Some(state.into()),
            ..Self::default()
        }
    }

    /// As slow as mainnet is, for those who want to feel it.
    #[allow(dead_code, reason = "tests include this file and wait for nothing")]
    pub(crate) fn at(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }
}

impl PracticeDoor for Embedded {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>> {
        Box::pin(async {
            let mut running = self.running.lock().await;
            let network = match running.take() {
                Some(network) => network,
                None => {
                    canopic_practice::start(Options {
                        demo: true,
                        state: self.state.clone(),
                        pace: self.pace,
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

    fn close(&self) -> BoxFuture<'_, Result<(), DoorError>> {
        Box::pin(async {
            if let Some(network) = self.running.lock().await.take() {
                network.stop().await;
            }
            Ok(())
        })
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), DoorError>> {
        Box::pin(async {
            // Held to the end, so that nobody opens it on the folder that is going away.
            let mut running = self.running.lock().await;
            if let Some(network) = running.take() {
                network.stop().await;
            }
            match self.state.as_deref().map(std::fs::remove_dir_all) {
                Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            }
        })
    }

    fn module(&self, name: &str) -> Option<Vec<u8>> {
        demo::module(name).map(<[u8]>::to_vec)
    }

    fn lose_answer(&self, method: &str) -> BoxFuture<'_, Result<(), DoorError>> {
        let lost = Fault {
            kind: Some(Kind::Call),
            method: Some(method.to_owned()),
            after: 0,
            times: 1,
            effect: Effect::LoseReply,
        };
        Box::pin(async {
            if let Some(network) = self.running.lock().await.as_ref() {
                network.break_it([lost]);
            }
            Ok(())
        })
    }

    fn write_out(&self) -> BoxFuture<'_, Result<(), DoorError>> {
        Box::pin(async {
            if let Some(network) = self.running.lock().await.as_ref() {
                network.checkpoint();
            }
            Ok(())
        })
    }
}

/// How the engine reaches a network, and what it knows of it beforehand.
pub(crate) fn endpoint(network: &Network) -> Result<Endpoint, hex::FromHexError> {
    let ready = network.ready();
    Ok(Endpoint {
        address: ready.url.clone(),
        root_key: hex::decode(&ready.root_key)?,
        play_key: Some(demo::OWNER_SEED),
        canisters: network
            .fleet()
            .iter()
            .map(|member| KnownCanister {
                id: CanisterId::from(member.id),
                name: member.name.to_string(),
                group: member.group.to_string(),
            })
            .collect(),
        historian: network.historian().map(CanisterId::from),
    })
}
