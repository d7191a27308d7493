//! Which network is meant, and whether it is the one that it says.

#[path = "../../src-tauri/src/practice.rs"]
pub(super) mod practice;

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{
    Action, Certainty, Code, Endpoint, Engine, Finding, Fingerprint, GivenKey, Neighbourhood,
    NetworkId, Op, Places, Reading, RunState, Tool, Trust,
};
use canopic_practice::{
    Network, Options,
    faults::{Effect, Fault, Kind},
};
use serde_json::json;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A computer of its own: folders for the app, and a place for the traces of other tools.
struct Computer {
    home: Utf8PathBuf,
    _folder: TempDir,
}

impl Computer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(folder.path().canonicalize().unwrap()).unwrap();
        Self {
            home,
            _folder: folder,
        }
    }

    fn engine(&self) -> Engine {
        let folders = Places::below(&self.home.join("canopic")).open().unwrap();
        let practice = practice::Embedded::living_in(self.home.join("canopic/data/practice"));
        Engine::open(Arc::new(folders), Arc::new(practice))
            .unwrap()
            .among(Neighbourhood {
                icp: Some(self.home.join("port-descriptors")),
                dfx: Some(self.home.join("dfx/network/local")),
                ports: vec![],
            })
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.home.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A network with keys of its own.
async fn network(seed: u64, listen: Option<SocketAddr>) -> Network {
    let options = Options {
        seed,
        demo: true,
        listen: listen.unwrap_or_else(|| Options::default().listen),
        ..Options::default()
    };
    canopic_practice::start(options).await.unwrap()
}

fn address_of(network: &Network) -> SocketAddr {
    let url = network
        .ready()
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    url.parse().unwrap()
}

fn endpoint(network: &Network) -> Endpoint {
    practice::endpoint(network).unwrap()
}

fn strike(kind: Kind, effect: Effect) -> Fault {
    Fault {
        kind: Some(kind),
        method: None,
        after: 0,
        times: u32::MAX,
        effect,
    }
}

async fn pasted(engine: &Engine, network: &Network) -> NetworkId {
    let key = GivenKey::Pasted(network.ready().root_key.clone());
    let added = engine
        .add_network("Staging", &network.ready().url, &key)
        .await
        .unwrap();
    assert_eq!(added.trust, Trust::Pasted);
    added.id
}

#[tokio::test]
async fn a_network_with_a_pasted_key_is_worked_on_and_remembered() {
    let computer = Computer::new();
    let theirs = network(7, None).await;
    let engine = computer.engine();
    let id = pasted(&engine, &theirs).await;
    engine.choose_network(&id).unwrap();
    let connection = engine.connection().await.unwrap();
    assert_eq!(connection.fingerprint(), endpoint(&theirs).fingerprint());
    assert_eq!(connection.network.name, "Staging");
    assert!(
        connection.canisters().is_empty(),
        "only the practice network brings canisters along"
    );
    drop((connection, engine));

    let again = computer.engine();
    assert_eq!(
        again.network().await.unwrap().0.id,
        id,
        "the choice outlives a restart"
    );
    let error = again.remove_network(&id).unwrap_err();
    assert_eq!(
        error.code,
        Code::NetworkInUse,
        "what is in use is not pulled away"
    );
    again.choose_network(&NetworkId::Practice).unwrap();
    again.remove_network(&id).unwrap();
    assert_eq!(
        again.choose_network(&id).unwrap_err().code,
        Code::NetworkUnknown
    );
    assert_ne!(
        pasted(&again, &theirs).await,
        id,
        "a number is not used again: things may be stored under it"
    );
}

#[tokio::test]
async fn a_key_that_changes_under_an_open_connection_raises_the_alarm_as_soon_as_an_answer_does_not_verify()
 {
    let computer = Computer::new();
    let engine = computer.engine();
    let first = network(7, None).await;
    let (url, place) = (first.ready().url.clone(), address_of(&first));
    let before = endpoint(&first).fingerprint();
    let told = GivenKey::Told(before);
    let id = engine.add_network("Staging", &url, &told).await.unwrap().id;
    engine.choose_network(&id).unwrap();
    let canister = endpoint(&first).canisters[0].id;
    engine.interface(canister).await.unwrap();
    first.stop().await;

    let second = network(8, Some(place)).await;
    let after = endpoint(&second).fingerprint();
    let error = engine.interface(canister).await.unwrap_err();
    assert_eq!(error.code, Code::Untrusted, "{}", error.chain());
    for _ in 0..2 {
        let error = engine.plan(&Op::Stop { canister }).await.unwrap_err();
        assert_eq!(
            (error.code, error.certainty),
            (Code::RootKeyChanged, Certainty::NothingSent),
            "the alarm stands until a person has decided: {}",
            error.chain()
        );
    }
    engine.accept_root_key(&id, after).await.unwrap();
    assert_eq!(engine.connection().await.unwrap().fingerprint(), after);
    second.stop().await;
}

#[tokio::test]
async fn a_network_believed_by_its_own_word_raises_an_alarm_when_its_key_changes() {
    let computer = Computer::new();
    let engine = computer.engine();
    let first = network(7, None).await;
    let (url, place) = (first.ready().url.clone(), address_of(&first));
    let before = endpoint(&first).fingerprint();

    let probe = engine.look_at(&url, SystemTime::now()).await.unwrap();
    assert!(matches!(probe.finding, Finding::Proven), "{probe:?}");
    let shown = Fingerprint::of(&probe.root_key.unwrap());
    assert_eq!(shown, before);
    let other = GivenKey::Told(Fingerprint::of(b"another key"));
    let error = engine
        .add_network("Staging", &url, &other)
        .await
        .unwrap_err();
    assert_eq!(
        error.code,
        Code::RootKeyChanged,
        "the key must be the one that was shown"
    );
    let id = engine
        .add_network("Staging", &url, &GivenKey::Told(shown))
        .await
        .unwrap()
        .id;
    engine.choose_network(&id).unwrap();
    engine.connection().await.unwrap();
    drop(engine);
    first.stop().await;

    let second = network(8, Some(place)).await;
    let after = endpoint(&second).fingerprint();
    let engine = computer.engine();
    let canister = endpoint(&second).canisters[0].id;
    let error = engine.act(Action::Stop, canister).await.unwrap_err();
    assert_eq!(
        (error.code, error.certainty),
        (Code::RootKeyChanged, Certainty::NothingSent),
        "{}",
        error.chain()
    );
    assert_eq!(
        (error.facts["known"].clone(), error.facts["found"].clone()),
        (before.to_string(), after.to_string())
    );
    assert_eq!(
        engine.network().await.unwrap().1.fingerprint(),
        before,
        "what is known is shown all the same"
    );
    let probe = engine.probe(&id, SystemTime::now()).await.unwrap();
    assert!(
        matches!(probe.finding, Finding::OtherKey { known, found } if (known, found) == (before, after)),
        "{probe:?}"
    );

    let error = engine.accept_root_key(&id, before).await.unwrap_err();
    assert_eq!(
        error.code,
        Code::RootKeyChanged,
        "only the key that was shown can be accepted"
    );
    engine.accept_root_key(&id, after).await.unwrap();
    assert_eq!(
        engine.connection().await.unwrap().fingerprint(),
        after,
        "the person has decided"
    );
}

#[tokio::test]
async fn unreachable_stranger_wrong_certificate_and_wrong_clock_are_told_apart() {
    let computer = Computer::new();
    let engine = computer.engine();
    let now = SystemTime::now;
    let theirs = network(7, None).await;
    let id = pasted(&engine, &theirs).await;

    let probe = engine.probe(&id, now()).await.unwrap();
    assert!(matches!(probe.finding, Finding::Proven), "{probe:?}");
    assert!(
        probe.latency.is_some() && !probe.clock.unwrap().is_off(),
        "both clocks are this computer's: {probe:?}"
    );

    let hour = Duration::from_secs(3_600);
    for (now, is_ahead) in [(now() + hour, true), (now() - hour, false)] {
        let clock = engine.probe(&id, now).await.unwrap().clock.unwrap();
        assert!(clock.is_off() && clock.is_ahead == is_ahead, "{clock:?}");
        assert_eq!(
            (clock.by.as_secs() + 30) / 60,
            60,
            "it is said by how much: {clock:?}"
        );
    }
    theirs.break_it([strike(
        Kind::ReadState,
        Effect::StaleCertificate { seconds: 7_200 },
    )]);
    let probe = engine.probe(&id, now()).await.unwrap();
    assert!(
        matches!(probe.finding, Finding::Proven) && probe.clock.unwrap().by > hour,
        "an old certificate is a matter of clocks, not of keys: {probe:?}"
    );
    theirs.mend();

    theirs.break_it([strike(Kind::ReadState, Effect::WrongSignature)]);
    let probe = engine.probe(&id, now()).await.unwrap();
    assert!(matches!(probe.finding, Finding::Untrusted(_)), "{probe:?}");
    theirs.mend();
    theirs.break_it([strike(Kind::ReadState, Effect::Status { code: 503 })]);
    let probe = engine.probe(&id, now()).await.unwrap();
    assert!(
        matches!(&probe.finding, Finding::Unproven(error) if error.code == Code::Throttled),
        "{probe:?}"
    );
    theirs.mend();

    let url = theirs.ready().url.clone();
    theirs.stop().await;
    let probe = engine.look_at(&url, now()).await.unwrap();
    assert!(
        matches!(probe.finding, Finding::Unreachable(_)),
        "{probe:?}"
    );

    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut guest, _) = server.accept().await.unwrap();
            let _ = guest.read(&mut [0; 4_096]).await;
            let page = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
            let _ = guest.write_all(page.as_bytes()).await;
        }
    });
    let probe = engine.look_at(&url, now()).await.unwrap();
    assert!(
        matches!(probe.finding, Finding::Stranger(_)),
        "a web server is no Internet Computer: {probe:?}"
    );
    let error = engine
        .look_at("http://example.com", now())
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::AddressInsecure);
}

fn describe(computer: &Computer, network: &Network) {
    let (ready, project) = (network.ready(), computer.home.join("shop"));
    let descriptor = json!({
        "v": "1", "id": "5f8d0f0c-0000-4000-8000-000000000000", "project-dir": project, "network": "local",
        "network-dir": project.join(".icp/cache/networks/local"),
        "gateway": {"fixed": true, "port": address_of(network).port(), "host": "localhost", "ip": "127.0.0.1"},
        "child-locator": {"type": "pid", "pid": 1, "start-time": 1}, "root-key": ready.root_key,
    });
    let _ = std::fs::remove_dir_all(computer.home.join("port-descriptors"));
    computer.write(
        "shop/.icp/cache/networks/local/descriptor.json",
        &descriptor.to_string(),
    );
    computer.write(
        &format!("port-descriptors/{}.json", address_of(network).port()),
        &descriptor.to_string(),
    );
}

#[tokio::test]
async fn a_network_of_icp_is_found_by_itself_and_followed_over_its_restarts() {
    let computer = Computer::new();
    let engine = computer.engine();
    let first = network(7, None).await;
    describe(&computer, &first);

    let listings = engine.networks(SystemTime::now()).await;
    let kinds: Vec<_> = listings
        .iter()
        .map(|listing| listing.network.id.to_string())
        .collect();
    let folder = computer.home.join("shop/.icp/cache/networks/local");
    assert_eq!(
        kinds,
        [
            "practice".to_owned(),
            "mainnet".to_owned(),
            format!("local:{folder}")
        ]
    );
    let found = &listings[2];
    assert_eq!(
        (found.tool, found.is_running, found.network.trust),
        (Some(Tool::Icp), Some(true), Trust::Descriptor)
    );
    assert_eq!(found.fingerprint, Some(endpoint(&first).fingerprint()));
    assert_eq!(
        found.project.as_deref(),
        Some(Utf8Path::new(&computer.home.join("shop")))
    );

    let id = found.network.id.clone();
    engine.choose_network(&id).unwrap();
    let before = engine.connection().await.unwrap();
    assert!(
        Arc::ptr_eq(&before, &engine.connection().await.unwrap()),
        "one connection serves all"
    );
    first.stop().await;
    assert_eq!(
        engine.networks(SystemTime::now()).await[2].is_running,
        Some(false),
        "its descriptor is left behind, but nobody answers"
    );

    let second = network(8, None).await;
    describe(&computer, &second);
    let after = engine.connection().await.unwrap();
    assert_eq!(after.network.id, id, "the same network to a person");
    assert_eq!(
        after.fingerprint(),
        endpoint(&second).fingerprint(),
        "another one to everything that is stored"
    );
    second.stop().await;
    std::fs::remove_dir_all(computer.home.join("shop")).unwrap();
    let (gone, endpoint) = engine.network().await.unwrap();
    assert_eq!(
        (gone.id, endpoint.fingerprint()),
        (id, after.fingerprint()),
        "what it last was is kept"
    );
}

#[tokio::test]
async fn a_descriptor_whose_port_belongs_to_another_network_by_now_is_not_running() {
    let computer = Computer::new();
    let engine = computer.engine();
    let first = network(7, None).await;
    describe(&computer, &first);
    let place = address_of(&first);
    first.stop().await;
    let _second = network(8, Some(place)).await;
    let listings = engine.networks(SystemTime::now()).await;
    assert_eq!(
        listings[2].is_running,
        Some(false),
        "somebody answers there, with another key"
    );
}

#[tokio::test]
async fn a_network_of_dfx_is_found_and_its_key_is_called_unverified() {
    let computer = Computer::new();
    let engine = computer.engine();
    let theirs = network(7, None).await;
    computer.write(
        "dfx/network/local/webserver-port",
        &address_of(&theirs).port().to_string(),
    );
    let listings = engine.networks(SystemTime::now()).await;
    let found = &listings[2];
    assert_eq!(
        (found.tool, found.is_running, found.network.trust),
        (Some(Tool::Dfx), Some(true), Trust::Fetched)
    );
    engine.choose_network(&found.network.id).unwrap();
    assert_eq!(
        engine.connection().await.unwrap().fingerprint(),
        endpoint(&theirs).fingerprint()
    );
}

#[tokio::test]
async fn a_network_without_a_trace_is_found_at_its_usual_port() {
    let computer = Computer::new();
    let theirs = network(7, None).await;
    let nobody = network(8, None).await;
    let ports = [&theirs, &nobody].map(|network| address_of(network).port());
    nobody.stop().await;
    let engine = computer.engine().among(Neighbourhood {
        ports: ports.to_vec(),
        ..Neighbourhood::default()
    });
    let listings = engine.networks(SystemTime::now()).await;
    let local: Vec<_> = listings
        .iter()
        .filter(|listing| matches!(listing.network.id, NetworkId::Local(_)))
        .collect();
    let [found] = local.as_slice() else {
        panic!("a port where nobody answers is no network: {local:?}")
    };
    assert_eq!(
        (found.tool, found.is_running, found.network.trust),
        (None, Some(true), Trust::Fetched),
        "who runs it is not known, and its key is its own word"
    );
    assert_eq!(found.fingerprint, Some(endpoint(&theirs).fingerprint()));
}

#[tokio::test]
async fn mainnet_is_known_without_being_asked() {
    let computer = Computer::new();
    let engine = computer.engine();
    engine.choose_network(&NetworkId::Mainnet).unwrap();
    let (network, endpoint) = engine.network().await.unwrap();
    assert_eq!(
        (network.trust, endpoint.address.as_str()),
        (Trust::BuiltIn, "https://icp-api.io/")
    );
    assert!(
        endpoint.play_key.is_none(),
        "the play identity is for the practice network alone"
    );
}

async fn run_state(engine: &Engine, name: &str) -> RunState {
    let canisters = engine.canisters().await.unwrap();
    let found = canisters
        .iter()
        .find(|canister| canister.name == name)
        .unwrap();
    match &found.reading {
        Reading::Full(status) => status.run_state,
        other => panic!("{name} was not read: {other:?}"),
    }
}

#[tokio::test]
async fn the_practice_network_lives_on_over_a_restart_and_is_as_new_after_a_reset() {
    let computer = Computer::new();
    let engine = computer.engine();
    let stock = engine
        .canisters()
        .await
        .unwrap()
        .into_iter()
        .find(|canister| canister.name == "stock")
        .unwrap();
    assert_eq!(run_state(&engine, "stock").await, RunState::Running);
    engine.act(Action::Stop, stock.id).await.unwrap();

    engine.stop_practice().await.unwrap();
    assert_eq!(
        run_state(&engine, "stock").await,
        RunState::Stopped,
        "it starts again by itself, as it was left"
    );
    engine.stop_practice().await.unwrap();
    drop(engine);
    let engine = computer.engine();
    assert_eq!(
        run_state(&engine, "stock").await,
        RunState::Stopped,
        "also for another process"
    );

    engine.reset_practice().await.unwrap();
    assert_eq!(
        run_state(&engine, "stock").await,
        RunState::Running,
        "the fleet is as new"
    );
}
