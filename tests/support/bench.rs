//! An engine on a network, for one test.
//!
//! A test that injects faults asks for [`Bench::practice`] or [`Bench::fleet`]. One that does not asks for [`Bench::any`]: where
//! `CANOPIC_NETWORK_URL` and `CANOPIC_EFFECTIVE_CANISTER_ID` name another network it runs there, so that the same test can be held
//! against a real replica; otherwise on a practice network of its own.
//!
//! What a test does beside the engine, to prepare the world or to look at it with other eyes, goes through [`Bench::manage`].

use camino::{Utf8Path, Utf8PathBuf};
use candid::{
    CandidType, Principal,
    utils::{ArgumentDecoder, ArgumentEncoder},
};
use canopic_engine::{
    CanisterId, Conduct, DoorError, Endpoint, Engine, KnownCanister, Neighbourhood, Places,
    PracticeDoor, Surroundings,
};
use canopic_practice::{
    Network, Options, demo,
    interface::{
        CanisterIdRecord, CanisterInstallMode, CanisterSettings, CanisterStatusResult,
        InstallCodeArgs, ProvisionalCreateCanisterWithCyclesArgs,
    },
};
use futures::future::BoxFuture;
use ic_agent::{Agent, AgentError, identity::BasicIdentity};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tempfile::TempDir;

/// An engine with folders of its own, on a network.
pub struct Bench {
    /// The engine. Its identity is the practice owner's.
    pub engine: Arc<Engine>,
    /// The folder that everything of the engine lies below.
    pub home: Utf8PathBuf,
    network: Option<Network>,
    door: Arc<Door>,
    agent: Agent,
    somewhere: Principal,
    _folder: TempDir,
}

/// Leads to a network that somebody else keeps running.
struct Door {
    address: String,
    root_key: Vec<u8>,
    canisters: Mutex<Vec<KnownCanister>>,
    historian: Option<CanisterId>,
}

impl PracticeDoor for Door {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>> {
        Box::pin(async {
            let canisters = self.canisters.lock();
            Ok(Endpoint {
                address: self.address.clone(),
                root_key: self.root_key.clone(),
                play_key: Some(demo::OWNER_SEED),
                canisters: canisters.unwrap_or_else(PoisonError::into_inner).clone(),
                historian: self.historian,
            })
        })
    }
}

impl Bench {
    /// On an empty practice network.
    pub async fn practice() -> Self {
        Self::with(Options::default()).await
    }

    /// On a practice network with the demo fleet.
    pub async fn fleet() -> Self {
        Self::with(Options {
            demo: true,
            ..Options::default()
        })
        .await
    }

    /// On the network that the environment names, or else on an empty practice network.
    pub async fn any() -> Self {
        let named = |variable| std::env::var(variable).ok().filter(|text| !text.is_empty());
        let Some(address) = named("CANOPIC_NETWORK_URL") else {
            return Self::practice().await;
        };
        let somewhere = named("CANOPIC_EFFECTIVE_CANISTER_ID")
            .and_then(|id| Principal::from_text(id).ok())
            .expect("CANOPIC_EFFECTIVE_CANISTER_ID names where canisters can be made");
        let agent = agent(&address, &demo::OWNER_SEED);
        // A test network's key comes from itself: there is nobody else to ask, and nothing at stake.
        agent
            .fetch_root_key()
            .await
            .expect("the network tells its root key");
        // How soon a foreign network writes out is its own business, and whoever names it may know.
        let checkpoint = named("CANOPIC_CHECKPOINT_SECONDS").and_then(|text| text.parse().ok());
        let conduct = Conduct::default();
        let conduct = Conduct {
            checkpoint: checkpoint.map_or(conduct.checkpoint, Duration::from_secs),
            ..conduct
        };
        Self::on(address, agent, somewhere, vec![], None, conduct)
    }

    /// On a practice network like this.
    pub async fn with(options: Options) -> Self {
        // Here a checkpoint is made when a test wants one.
        let conduct = Conduct {
            checkpoint: Duration::ZERO,
            ..Conduct::default()
        };
        Self::conducted(options, conduct).await
    }

    /// On a practice network like this, with an engine of another patience.
    ///
    /// # Panics
    ///
    /// Where the network does not start.
    pub async fn conducted(options: Options, conduct: Conduct) -> Self {
        let network = canopic_practice::start(options)
            .await
            .expect("a practice network starts on a free port");
        let ready = network.ready();
        let agent = agent(&ready.url, &demo::OWNER_SEED);
        agent.set_root_key(hex::decode(&ready.root_key).expect("the root key is hexadecimal"));
        let somewhere = Principal::from_text(&ready.default_effective_canister_id)
            .expect("the network knows its own ids");
        let fleet = network.fleet().iter().map(|member| KnownCanister {
            id: CanisterId::from(member.id),
            name: member.name.to_owned(),
            group: member.group.to_owned(),
        });
        let (address, fleet) = (ready.url.clone(), fleet.collect());
        Self::on(address, agent, somewhere, fleet, Some(network), conduct)
    }

    fn on(
        address: String,
        agent: Agent,
        somewhere: Principal,
        canisters: Vec<KnownCanister>,
        network: Option<Network>,
        conduct: Conduct,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let home = Utf8PathBuf::from_path_buf(folder.path().to_owned())
            .expect("temporary folders have names in UTF-8");
        let door = Arc::new(Door {
            address,
            root_key: agent.read_root_key(),
            canisters: Mutex::new(canisters),
            historian: network
                .as_ref()
                .and_then(Network::historian)
                .map(CanisterId::from),
        });
        let folders = Places::below(&home).open().expect("the folder is empty");
        let engine = Engine::open_with(Arc::new(folders), door.clone(), conduct)
            .expect("there are no settings yet that could be damaged")
            // No test asks the keyring of whoever runs it, nor for networks that run beside it.
            .within(Surroundings::of_a_test(&home))
            .among(Neighbourhood::default());
        Self {
            engine: Arc::new(engine),
            home,
            network,
            door,
            agent,
            somewhere,
            _folder: folder,
        }
    }

    /// Another engine on the same network, with folders of its own.
    ///
    /// # Panics
    ///
    /// Where the folders are in use or cannot be read.
    pub fn open_engine(&self, home: &Utf8Path, conduct: Conduct) -> Arc<Engine> {
        let folders = Places::below(home).open().expect("nobody uses the folders");
        let engine = Engine::open_with(Arc::new(folders), self.door.clone(), conduct)
            .expect("what an engine wrote can be read")
            .within(Surroundings::of_a_test(home))
            .among(Neighbourhood::default());
        Arc::new(engine)
    }

    /// Takes the practice network out, to stop it and to start it again.
    pub fn take_network(&mut self) -> Option<Network> {
        self.network.take()
    }

    /// Puts a network back, at the address where the one before was.
    pub fn put_network(&mut self, network: Network) {
        self.network = Some(network);
    }

    /// The practice network itself, to break it.
    ///
    /// # Panics
    ///
    /// On a network that is not ours.
    pub fn network(&self) -> &Network {
        self.network
            .as_ref()
            .expect("only a test that asked for a practice network breaks it")
    }

    /// Whether the network is a practice network of its own, which can be broken and looked into.
    pub fn has_network(&self) -> bool {
        self.network.is_some()
    }

    /// Where the network is.
    pub fn address(&self) -> &str {
        &self.door.address
    }

    /// Its root key in DER.
    pub fn root_key(&self) -> &[u8] {
        &self.door.root_key
    }

    /// Who the engine signs as.
    pub fn owner(&self) -> Principal {
        demo::owner()
    }

    /// A principal in whose neighbourhood canisters can be made.
    pub fn somewhere(&self) -> Principal {
        self.somewhere
    }

    /// An agent that signs as the owner, to look at the network with other eyes.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The id of the fleet's canister with this name.
    ///
    /// # Panics
    ///
    /// Where the fleet has none.
    pub fn id(&self, name: &str) -> CanisterId {
        let canisters = self.door.canisters.lock();
        canisters
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .find(|canister| canister.name == name)
            .map_or_else(|| panic!("the fleet has no {name}"), |canister| canister.id)
    }

    /// Lets the engine know more canisters. Only before its first request: networks are asked for their canisters once.
    pub fn know(&self, more: impl IntoIterator<Item = KnownCanister>) {
        let canisters = self.door.canisters.lock();
        canisters
            .unwrap_or_else(PoisonError::into_inner)
            .extend(more);
    }

    /// An agent that signs as somebody else.
    pub fn agent_of(&self, seed: [u8; 32]) -> Agent {
        let agent = agent(&self.door.address, &seed);
        agent.set_root_key(self.door.root_key.clone());
        agent
    }

    /// Asks the management canister for a change, as the owner.
    pub async fn manage<Reply: for<'a> ArgumentDecoder<'a>>(
        &self,
        id: impl Into<Principal>,
        method: &str,
        arguments: impl ArgumentEncoder,
    ) -> Result<Reply, AgentError> {
        manage(&self.agent, id, method, arguments).await
    }

    /// Makes a canister of the owner's, with the cycles of a provisional one.
    pub async fn create(&self) -> CanisterId {
        self.create_with(CanisterSettings::default()).await
    }

    /// A principal in another neighbourhood: on another subnet than where canisters are made as a rule, and not on the root subnet. The
    /// root subnet vouches for the list. None where there is no such subnet.
    ///
    /// # Panics
    ///
    /// Where the network does not tell its subnets.
    pub async fn elsewhere(&self) -> Option<Principal> {
        let agent = &self.agent;
        let root = Principal::self_authenticating(agent.read_root_key());
        let here = agent
            .get_subnet_by_canister(&self.somewhere)
            .await
            .expect("a network knows the subnet of its own canisters");
        let listed = agent
            .read_subnet_state_raw(vec![vec!["subnet".into()]], root)
            .await
            .expect("the root subnet lists all subnets");
        let paths = listed.tree.list_paths();
        let other = paths.iter().find_map(|path| {
            let subnet = Principal::try_from_slice(path.get(1)?.as_bytes()).ok()?;
            let is_listed = path[0].as_bytes() == b"subnet";
            (is_listed && subnet != root && subnet != here.id()).then_some(subnet)
        })?;
        let other = agent
            .get_subnet_by_id(&other)
            .await
            .expect("what is listed is there");
        let first = other.iter_canister_ranges().next()?;
        Some(*first.start())
    }

    /// Makes a canister on a second subnet of the network.
    ///
    /// # Panics
    ///
    /// Where there is none, or the network refuses.
    pub async fn create_elsewhere(&self) -> CanisterId {
        let elsewhere = self.elsewhere().await.expect("there is a second subnet");
        let arguments = ProvisionalCreateCanisterWithCyclesArgs::default();
        let method = "provisional_create_canister_with_cycles";
        let (made,): (CanisterIdRecord,) = self
            .manage(elsewhere, method, (arguments,))
            .await
            .expect("a test network gives canisters away");
        CanisterId::from(made.canister_id)
    }

    /// Makes a canister with these settings.
    ///
    /// # Panics
    ///
    /// Where the network refuses.
    pub async fn create_with(&self, settings: CanisterSettings) -> CanisterId {
        let arguments = ProvisionalCreateCanisterWithCyclesArgs {
            settings: Some(settings),
            ..Default::default()
        };
        let method = "provisional_create_canister_with_cycles";
        let (made,): (CanisterIdRecord,) = self
            .manage(self.somewhere, method, (arguments,))
            .await
            .expect("a test network gives canisters away");
        CanisterId::from(made.canister_id)
    }

    /// Installs a module that is written in WebAssembly's text format.
    ///
    /// # Panics
    ///
    /// Where the text is not a module, or the network refuses it.
    pub async fn install(&self, id: CanisterId, text: &str) {
        self.put(id, text, CanisterInstallMode::Install).await;
    }

    /// Puts another module in place of the one that is there, past the engine.
    ///
    /// # Panics
    ///
    /// Where the text is not a module, or the network refuses it.
    pub async fn reinstall(&self, id: CanisterId, text: &str) {
        self.put(id, text, CanisterInstallMode::Reinstall).await;
    }

    async fn put(&self, id: CanisterId, text: &str, mode: CanisterInstallMode) {
        let wasm_module = wat::parse_str(text).expect("the test's module is well-formed");
        let arguments = InstallCodeArgs {
            mode,
            canister_id: id.principal(),
            wasm_module,
            arg: vec![],
            sender_canister_version: None,
        };
        let () = self
            .manage(id.principal(), "install_code", (arguments,))
            .await
            .expect("the network takes the module");
    }

    /// The status as the network tells it, past the engine.
    ///
    /// # Panics
    ///
    /// Where the network does not tell it.
    pub async fn status(&self, id: CanisterId) -> CanisterStatusResult {
        let (status,) = self
            .manage(id.principal(), "canister_status", (About::of(id),))
            .await
            .expect("the owner may see the status");
        status
    }

    /// Whether the network has such a canister.
    ///
    /// # Panics
    ///
    /// Where it does not say so.
    pub async fn is_there(&self, id: CanisterId) -> bool {
        let asked: Result<(CanisterStatusResult,), _> = self
            .manage(id.principal(), "canister_status", (About::of(id),))
            .await;
        match asked {
            Ok(_) => true,
            Err(
                AgentError::CertifiedReject { reject, .. }
                | AgentError::UncertifiedReject { reject, .. },
            ) if reject.error_code.as_deref() == Some("IC0301") => false,
            Err(error) => panic!("the owner may ask: {error}"),
        }
    }

    /// Forgets the faults and lets the network run down.
    pub async fn stop(mut self) {
        if let Some(network) = self.network.take() {
            network.stop().await;
        }
    }
}

/// An argument that names one canister.
#[derive(CandidType)]
pub struct About {
    canister_id: Principal,
}

impl About {
    /// Names this one.
    pub fn of(id: CanisterId) -> Self {
        Self {
            canister_id: id.principal(),
        }
    }
}

/// Asks the management canister for a change, as whoever an agent signs for.
///
/// # Panics
///
/// Where the reply has another type.
pub async fn manage<Reply: for<'a> ArgumentDecoder<'a>>(
    agent: &Agent,
    id: impl Into<Principal>,
    method: &str,
    arguments: impl ArgumentEncoder,
) -> Result<Reply, AgentError> {
    let arguments = candid::encode_args(arguments).expect("arguments can be encoded");
    let reply = agent
        .update(&Principal::management_canister(), method)
        .with_effective_canister_id(id.into())
        .with_arg(arguments)
        .call_and_wait()
        .await?;
    Ok(candid::decode_args(&reply).expect("the reply has the interface's type"))
}

fn agent(address: &str, seed: &[u8; 32]) -> Agent {
    // Nothing is encrypted on this computer: reading the web's certificates would be a fifth of what a short test takes.
    let client = reqwest::Client::builder().tls_certs_only([]).build();
    Agent::builder()
        .with_url(address)
        .with_http_client(client.expect("a client can be made without asking anybody"))
        .with_identity(BasicIdentity::from_raw_key(seed))
        .build()
        .expect("a client can be made without asking anybody")
}
