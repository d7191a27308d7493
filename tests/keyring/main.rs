//! Keys in a real Secret Service: gnome-keyring on a message bus of its own, in each state that it can be in.
//!
//! A program finds its bus and its home in the environment, which no thread may change. So every test starts itself again inside a
//! session of its own ([`Session`]) and does its work there: tests run side by side, and none touches the person's keyring.
//! `cargo xtask test --only interop` provides what they need, `CANOPIC_ICP` among it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use camino::Utf8PathBuf;
use canopic_engine::{
    Algorithm, Code, DoorError, Endpoint, Engine, Identities, IdentityId, Keeper, Keyring as _,
    Newcomer, Places, PracticeDoor, Profile, Secret, Surroundings, SystemKeyring, Tool,
};
use canopic_tests::Icp;
use futures::future::BoxFuture;
use std::{
    env, fs,
    process::{Command, Output},
    sync::Arc,
    time::SystemTime,
};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const PASSPHRASE: &str = "lantern on the pier";

/// Tells a test where its session's home is.
const HOME: &str = "CANOPIC_KEYRING_HOME";

/// What keeps secrets on the bus.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Session {
    /// gnome-keyring, open.
    Open,
    /// Nothing.
    Empty,
    /// There is not even a bus.
    NoBus,
}

/// Nothing is started by the bus itself: what a test did not start must not be there.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"#;

impl Session {
    /// Runs the test of this name inside the session. Answers the session's home to the test that is inside already.
    fn enter(self, test: &str) -> Option<Utf8PathBuf> {
        if let Some(home) = env::var_os(HOME) {
            return Some(Utf8PathBuf::from_os_string(home).unwrap());
        }
        let folder = tempfile::tempdir().unwrap();
        let (run, bus) = (folder.path().join("run"), folder.path().join("bus.conf"));
        fs::create_dir(&run).unwrap();
        fs::write(&bus, BUS).unwrap();
        let prepare = match self {
            // The password of the new keyring is the empty line; the program goes to the background once it serves.
            Self::Open => {
                "printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
            }
            Self::Empty | Self::NoBus => "true",
        };
        let script = format!("{prepare} && exec \"$@\"");
        let mut command = if self == Self::NoBus {
            let mut command = Command::new("sh");
            command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");
            command
        } else {
            let mut command = Command::new("dbus-run-session");
            command
                .env_remove("DBUS_SESSION_BUS_ADDRESS")
                .arg(format!("--config-file={}", bus.display()))
                .args(["--", "sh"]);
            command
        };
        let output = command
            .args(["-c", &script, "sh"])
            .arg(env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env(HOME, folder.path())
            .env("HOME", folder.path())
            .env("XDG_RUNTIME_DIR", &run)
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("DISPLAY")
            .output()
            .expect("dbus-run-session can be started");
        let said = said(&output);
        assert!(output.status.success(), "{said}");
        assert!(
            said.contains("1 passed"),
            "the test ran inside the session: {said}"
        );
        None
    }
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// A network that nobody asks anything.
struct Nowhere;

impl PracticeDoor for Nowhere {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>> {
        Box::pin(async { Err("there is none".into()) })
    }
}

fn engine(home: &Utf8PathBuf) -> Engine {
    let folders = Places::below(&home.join("canopic")).open().unwrap();
    let surroundings = Surroundings::of_a_test(home).with_keyring(Arc::new(SystemKeyring));
    Engine::open(Arc::new(folders), Arc::new(Nowhere))
        .unwrap()
        .within(surroundings)
}

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn newcomer(name: &str) -> Newcomer {
    Newcomer {
        name: name.to_owned(),
        keeper: Keeper::Keyring,
    }
}

async fn created(identities: &Identities, name: &str) -> Result<Profile, canopic_engine::Error> {
    let phrase = identities.draft(Algorithm::Secp256k1, NOW).unwrap();
    let word = |position: &usize| phrase.words[position - 1].clone();
    let answers: Vec<Secret> = phrase.asked.iter().map(word).collect();
    identities
        .confirm_draft(&answers, newcomer(name), NOW)
        .await
}

/// Asks the keyring past the engine, on a thread that may block.
async fn directly<Answer: Send + 'static>(
    ask: impl FnOnce(&SystemKeyring) -> Answer + Send + 'static,
) -> Answer {
    tokio::task::spawn_blocking(move || ask(&SystemKeyring))
        .await
        .unwrap()
}

/// Locks the keyring, as a system does that goes to sleep.
fn lock_keyring() {
    let output = Command::new("gdbus")
        .args(["call", "--session", "--dest", "org.freedesktop.secrets"])
        .args(["--object-path", "/org/freedesktop/secrets"])
        .args(["--method", "org.freedesktop.Secret.Service.Lock"])
        .arg("['/org/freedesktop/secrets/collection/login']")
        .output()
        .expect("gdbus can be started");
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test]
async fn a_keyring_keeps_keys_over_a_restart_and_gives_them_up_when_told() {
    let test = "a_keyring_keeps_keys_over_a_restart_and_gives_them_up_when_told";
    let Some(home) = Session::Open.enter(test) else {
        return;
    };
    let first = engine(&home);
    first.identities().probe_keyring().await.unwrap();
    let ada = created(first.identities(), "Ada").await.unwrap();
    drop(first);

    let again = engine(&home);
    let id = IdentityId::Stored(ada.principal);
    let signer = again.identities().signer(id, None).await.unwrap();
    assert_eq!(signer.principal, ada.principal);
    let user = ada.principal.to_text();
    let read = |user: &str| {
        let user = user.to_owned();
        directly(move |keyring| keyring.read("canopic", &user).unwrap())
    };
    let kept = read(&user).await;
    assert!(
        kept.is_some_and(|pem| pem.expose().starts_with("-----BEGIN PRIVATE KEY-----")),
        "a person who lost the app's folders finds the key in the keyring"
    );
    again.forget_identity(ada.principal, "Ada").await.unwrap();
    assert_eq!(read(&user).await, None);
    assert_eq!(
        read("probe").await,
        None,
        "what was written to see whether it works is gone"
    );
}

#[tokio::test]
async fn a_locked_keyring_is_no_lost_key() {
    let Some(home) = Session::Open.enter("a_locked_keyring_is_no_lost_key") else {
        return;
    };
    let first = engine(&home);
    let ada = created(first.identities(), "Ada").await.unwrap();
    drop(first);
    lock_keyring();

    let again = engine(&home);
    let identities = again.identities();
    let id = IdentityId::Stored(ada.principal);
    let error = identities.signer(id, None).await.unwrap_err();
    assert_eq!(error.code, Code::KeyringLocked, "{}", error.chain());
    let error = identities.probe_keyring().await.unwrap_err();
    assert_eq!(error.code, Code::KeyringLocked, "{}", error.chain());
    let error = created(identities, "Brook").await.unwrap_err();
    assert_eq!(error.code, Code::KeyringLocked, "{}", error.chain());
    let error = again
        .forget_identity(ada.principal, "Ada")
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::KeyringLocked, "{}", error.chain());
    assert_eq!(
        identities.profiles().len(),
        1,
        "nothing was added, and nothing was forgotten while its key stays"
    );
}

#[tokio::test]
async fn a_key_that_somebody_removed_is_lost_and_said_so() {
    let Some(home) = Session::Open.enter("a_key_that_somebody_removed_is_lost_and_said_so") else {
        return;
    };
    let first = engine(&home);
    let ada = created(first.identities(), "Ada").await.unwrap();
    drop(first);
    let user = ada.principal.to_text();
    directly(move |keyring| keyring.remove("canopic", &user).unwrap()).await;
    let again = engine(&home);
    let id = IdentityId::Stored(ada.principal);
    let error = again.identities().signer(id, None).await.unwrap_err();
    assert_eq!(
        (error.code, &*error.facts["identity"]),
        (Code::KeyLost, "Ada"),
        "{}",
        error.chain()
    );
}

/// What does not work is said, nothing is written elsewhere instead, and a vault file is a way out.
async fn no_keyring(home: Utf8PathBuf, code: Code) {
    let engine = engine(&home);
    let identities = engine.identities();
    let error = identities.probe_keyring().await.unwrap_err();
    assert_eq!(error.code, code, "{}", error.chain());
    assert_eq!(
        error.facts.contains_key("service"),
        code == Code::KeyringMissing,
        "only what is missing can be installed"
    );
    let error = created(identities, "Ada").await.unwrap_err();
    assert_eq!(error.code, code, "{}", error.chain());
    assert!(
        identities.profiles().is_empty() && !identities.vault().exists,
        "no key was kept anywhere else"
    );

    identities.create_vault(secret(PASSPHRASE)).await.unwrap();
    let newcomer = Newcomer {
        name: "Ada".to_owned(),
        keeper: Keeper::VaultFile,
    };
    let phrase = format!("{}about", "abandon ".repeat(11));
    identities
        .import_phrase(&secret(&phrase), Algorithm::Ed25519, newcomer, NOW)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_bus_without_a_keyring_says_what_is_missing() {
    if let Some(home) = Session::Empty.enter("a_bus_without_a_keyring_says_what_is_missing") {
        no_keyring(home, Code::KeyringMissing).await;
    }
}

#[tokio::test]
async fn a_computer_without_a_bus_says_what_is_missing() {
    if let Some(home) = Session::NoBus.enter("a_computer_without_a_bus_says_what_is_missing") {
        no_keyring(home, Code::KeyringMissing).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_understands_nothing_is_broken() {
    if let Some(home) = Session::Empty.enter("a_keyring_that_understands_nothing_is_broken") {
        // It has the keyring's name, and answers every call with an error.
        let impostor = zbus::connection::Builder::session()
            .and_then(|session| session.name("org.freedesktop.secrets"))
            .unwrap()
            .build()
            .await
            .unwrap();
        let _answering = impostor.object_server();
        no_keyring(home, Code::KeyringBroken).await;
    }
}

/// The real `icp` in the session's home.
fn icp(home: &Utf8PathBuf, arguments: &[&str]) -> String {
    let output = Command::new(Icp::program())
        .args(arguments)
        .env("ICP_HOME", home)
        .env("DO_NOT_TRACK", "1")
        .current_dir(home)
        .output()
        .expect("`icp` can be started");
    assert!(
        output.status.success(),
        "icp {}: {}",
        arguments.join(" "),
        said(&output)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn identities_go_from_icp_to_canopic_and_back() {
    let Some(home) = Session::Open.enter("identities_go_from_icp_to_canopic_and_back") else {
        return;
    };
    let password = home.join("password");
    fs::write(&password, PASSPHRASE).unwrap();
    let seed = home.join("seed");
    let new = |name: &str, storage: &[&str]| {
        let new = ["identity", "new", name, "--output-seed", seed.as_str()];
        icp(&home, &[&new, storage].concat());
    };
    new("plain", &["--storage", "plaintext"]);
    new(
        "protected",
        &[
            "--storage",
            "password",
            "--storage-password-file",
            password.as_str(),
        ],
    );
    new("in_keyring", &["--storage", "keyring"]);
    let phrase = fs::read_to_string(&seed).unwrap();

    let engine = engine(&home);
    let identities = engine.identities();
    for name in ["plain", "protected", "in_keyring"] {
        let passphrase = (name == "protected").then(|| secret(PASSPHRASE));
        let imported = identities
            .import_found(Tool::Icp, name, passphrase, newcomer(name), NOW)
            .await
            .unwrap_or_else(|error| panic!("{name}: {}", error.chain()));
        let who = ["identity", "principal", "--identity", name];
        let password = ["--identity-password-file", password.as_str()];
        let principal = icp(&home, &[&who[..], &password].concat());
        assert_eq!(imported.principal.to_text(), principal, "{name}");
    }
    let same = identities
        .import_phrase(
            &secret(&phrase),
            Algorithm::Secp256k1,
            newcomer("again"),
            NOW,
        )
        .await
        .unwrap_err();
    assert_eq!(
        (same.code, &*same.facts["name"]),
        (Code::IdentityExists, "in_keyring"),
        "the phrase that icp showed is the key that icp keeps"
    );

    let ours = created(identities, "Ada").await.unwrap();
    let exported = home.join("ada.pem");
    identities
        .export(ours.principal, secret(PASSPHRASE), &exported, NOW)
        .await
        .unwrap();
    icp(
        &home,
        &[
            "identity",
            "import",
            "ada",
            "--storage",
            "plaintext",
            "--from-pem",
            exported.as_str(),
            "--decryption-password-from-file",
            password.as_str(),
        ],
    );
    assert_eq!(
        icp(&home, &["identity", "principal", "--identity", "ada"]),
        ours.principal.to_text()
    );
}
