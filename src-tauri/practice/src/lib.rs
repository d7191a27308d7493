//! The practice network: an embedded Internet Computer on loopback.
//!
//! A person who has no canister yet, a support engineer who must not practise on a customer's, and every test need a
//! network. This one speaks the Internet Computer's real HTTP interface with real certificates, so that an unmodified agent
//! believes it. It is a library (for tests and for the app) and a program (`canopic-practice`).
//!
//! ```no_run
//! # async fn example() -> Result<(), canopic_practice::StartError> {
//! let network = canopic_practice::start(canopic_practice::Options { demo: true, ..Default::default() }).await?;
//! println!("{}", network.ready().url);
//! network.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! A network with a [state folder](Options::state) can be stopped and started again in one process, at the same address: clients
//! that know its URL and root key go on as after a pause.
//!
//! ```no_run
//! # async fn example(options: canopic_practice::Options) -> Result<(), canopic_practice::StartError> {
//! let network = canopic_practice::start(options.clone()).await?;
//! let listen = network.address();
//! network.stop().await;
//! let again = canopic_practice::start(canopic_practice::Options { listen, ..options }).await?;
//! # again.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! After a crash ([`faults::Effect::Crash`]) [`Network::wait`] takes the place of [`Network::stop`]; the state is then that of the
//! last checkpoint ([`Network::checkpoint`] makes one). Faults strike requests by kind and method, see [`faults`].
//!
//! Not here: storage reservation, which begins when a subnet holds 750 GiB, and signatures by canisters, as those of Internet
//! Identity, which is not on this network either.
//!
//! Reading order: [`subnet`] (who and where), [`certify`] (what makes answers provable), [`ingress`] (what arrives),
//! [`server`] with [`read_state`] (the interface), [`blocks`] and [`rhythm`] (how the state moves on), [`messages`],
//! [`tasks`] and [`queries`] (what a block does, and what none does), [`canister`], [`management`] and [`snapshot`] (what
//! the state is), [`module`], [`memory`] and [`execute`] (how code runs), [`system`] (the ledgers and the mint), [`state`]
//! (what outlives a restart), [`faults`], [`limits`] and [`control`] (bad days on purpose), [`demo`].

pub mod blocks;
pub mod canister;
pub mod certify;
pub mod control;
pub mod cycles;
pub mod demo;
pub mod errors;
pub mod execute;
pub mod faults;
mod ic0;
pub mod ingress;
pub mod install;
pub mod interface;
pub mod ledger;
pub mod limits;
pub mod management;
pub mod memory;
pub mod messages;
pub mod module;
pub mod queries;
pub mod read_state;
pub mod request;
pub mod rhythm;
pub mod server;
pub mod settings;
pub mod snapshot;
pub mod state;
pub mod subnet;
pub mod system;
pub mod tasks;

use blocks::{Pace, World};
use candid::Principal;
use demo::{Fleet, Member};
use faults::{Fault, Script};
use limits::{Bucket, Rate};
use rhythm::{Order, Rhythm, Switches};
use serde::Serialize;
use server::Door;
use state::{StateError, StateFolder};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};
use std::{io, thread};
use subnet::{Topology, canister_id};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// How to start a network.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether to settle the demo fleet.
    pub demo: bool,
    /// What keys and ids are derived from.
    pub seed: u64,
    /// The folder where the network lives on over restarts.
    pub state: Option<PathBuf>,
    /// Whether nothing costs any cycles.
    pub free: bool,
    /// How fast blocks are made.
    pub pace: Pace,
    /// How many requests are let in; without it as many as the pace has: all of them, or [`Rate::MAINNET`].
    pub rate: Option<Rate>,
    /// How long from checkpoint to checkpoint. Until the next one a snapshot of a canister that wrote cannot be loaded onto
    /// another canister.
    pub checkpoint: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            demo: false,
            seed: 1,
            state: None,
            free: false,
            pace: Pace::Instant,
            rate: None,
            checkpoint: Duration::from_secs(10 * 60), // the network's own, roughly
        }
    }
}

/// What a client needs to know of a running network.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// Where it listens, with a slash at the end.
    pub url: String,
    /// The root key: 133 bytes of DER in hexadecimal.
    pub root_key: String,
    /// The effective canister id for making canisters.
    pub default_effective_canister_id: String,
    /// The ids of the subnets, the root subnet first.
    pub subnets: Vec<String>,
    /// Where the network itself can be steered.
    pub control_url: String,
}

/// Why a network did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It serves its own machine only.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// Another program listens there.
    #[error("address in use: {0}")]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No keys come of this seed.
    #[error("derive keys from seed {0}")]
    Keys(u64),
    /// The demo fleet could not be settled.
    #[error("settle the demo fleet: {0}")]
    Demo(errors::Reject),
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// No thread for the block loop.
    #[error("start the block loop")]
    Thread(#[source] io::Error),
}

/// A running network. Dropping it lets it run down by itself; [`Network::stop`] waits for the end.
pub struct Network {
    ready: Ready,
    address: SocketAddr,
    fleet: Fleet,
    door: Arc<Door>,
    shutdown: Option<oneshot::Sender<()>>,
    server: JoinHandle<io::Result<()>>,
    blocks: thread::JoinHandle<()>,
}

/// Starts a network and returns when it answers.
pub async fn start(options: Options) -> Result<Network, StartError> {
    let address = options.listen;
    if !address.ip().is_loopback() {
        return Err(StartError::NotLoopback(address));
    }
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressInUse(address),
            _ => StartError::Listen { address, source },
        })?;
    let address = listener
        .local_addr()
        .map_err(|source| StartError::Listen { address, source })?;

    let now = blocks::wall_clock();
    let topology =
        Arc::new(Topology::derive(options.seed, now).ok_or(StartError::Keys(options.seed))?);
    let state = options
        .state
        .as_deref()
        .map(|folder| StateFolder::open(folder, options.seed))
        .transpose()?;
    let saved = state
        .as_ref()
        .map(|state| state.load(&topology))
        .transpose()?
        .flatten();
    let mut new = World::new(topology.clone(), now);
    // Settled even when a saved state is taken instead: who belongs to the fleet is told all the same.
    let fleet = if options.demo {
        demo::settle(&mut new).map_err(StartError::Demo)?
    } else {
        Fleet::default()
    };
    let mut world = saved.unwrap_or(new);
    world.free = options.free;
    world.limits_heap_delta = options.pace == Pace::Mainnet;
    world.advance(now, [], false);

    let default_effective_canister_id =
        canister_id(topology.subnets()[Topology::DEFAULT_SUBNET].ranges[0].0);
    let url = format!("http://{address}/");
    let ready = Ready {
        root_key: hex::encode(topology.root().key.public_der()),
        default_effective_canister_id: default_effective_canister_id.to_text(),
        subnets: topology
            .subnets()
            .iter()
            .map(|subnet| Principal::to_text(&subnet.id))
            .collect(),
        control_url: format!("{url}_/"),
        url,
    };

    let taken = world
        .requests
        .iter()
        .map(|(request, taken)| (*request, taken.clone()))
        .collect();
    let (publisher, newest) = watch::channel(Arc::new(world.clone()));
    let (orders, given) = mpsc::channel();
    let switches = Arc::new(Switches::default());
    let rhythm = Rhythm {
        pace: options.pace,
        checkpoint: options.checkpoint,
    };
    let seen = switches.clone();
    let blocks = thread::Builder::new()
        .name("blocks".into())
        .spawn(move || rhythm::run(world, &rhythm, &given, &publisher, &seen, state.as_ref()))
        .map_err(StartError::Thread)?;
    let rate = options.rate.or(match options.pace {
        Pace::Instant => None,
        Pace::Mainnet => Some(Rate::MAINNET),
    });
    let door = Arc::new(Door {
        topology,
        orders,
        blocks: newest,
        default_effective_canister_id,
        known: Mutex::new(taken),
        script: Script::default(),
        bucket: rate.map(|rate| Mutex::new(Bucket::full(rate, Instant::now()))),
        switches: switches.clone(),
    });
    let (shutdown, stopped) = oneshot::channel::<()>();
    let server =
        axum::serve(listener, server::routes(door.clone())).with_graceful_shutdown(async {
            // An error means that the handle was dropped: that ends the network as well.
            let _ = stopped.await;
        });
    let server = tokio::spawn(async move {
        tokio::select! {
            ended = server.into_future() => ended,
            () = switches.crash.notified() => Ok(()),
        }
    });
    Ok(Network {
        ready,
        address,
        fleet,
        door,
        shutdown: Some(shutdown),
        server,
        blocks,
    })
}

impl Network {
    /// What a client needs to know.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The demo fleet; empty without the demo.
    pub fn fleet(&self) -> &[Member] {
        &self.fleet.members
    }

    /// The canister that passes on questions about the history of others; none without the demo.
    pub fn historian(&self) -> Option<Principal> {
        self.fleet.historian
    }

    /// Lets faults strike, after those that were scripted before.
    pub fn break_it(&self, faults: impl IntoIterator<Item = Fault>) {
        self.door.script.extend(faults);
    }

    /// The faults that are still to strike.
    pub fn faults(&self) -> Vec<Fault> {
        self.door.script.remaining()
    }

    /// Forgets all faults, and makes blocks again if they were frozen.
    pub fn mend(&self) {
        self.door.script.clear();
        self.door.switches.thaw();
    }

    /// The state after the newest block: for tests that look past the interface.
    pub fn world(&self) -> Arc<World> {
        self.door.blocks.borrow().clone()
    }

    /// Makes a checkpoint with the next block.
    pub fn checkpoint(&self) {
        // Nobody to tell means that the network is ending: then there is nothing to write out either.
        let _ = self.door.orders.send(Order::Checkpoint);
    }

    /// Waits for a crash; for ever without one.
    pub async fn crashed(&self) {
        let crash = self.door.switches.crash.notified();
        if !self.door.switches.is_crashed() {
            crash.await;
        }
    }

    /// Stops the network and waits for the end.
    pub async fn stop(mut self) {
        if let Some(shutdown) = self.shutdown.take() {
            let _ = shutdown.send(());
        }
        self.wait().await;
    }

    /// Waits until the network ends: by [`Network::stop`], or by a crash.
    pub async fn wait(self) {
        let _kept_alive = self.shutdown;
        if let Ok(Err(error)) = self.server.await {
            tracing::error!(%error, "the server ended");
        }
        let _ = self.door.orders.send(Order::Stop);
        let ended = tokio::task::spawn_blocking(move || self.blocks.join()).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::error!("the block loop ended by a panic");
        }
    }
}
