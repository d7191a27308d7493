//! Identities that come, sign, are locked and go, over a network that sees who signs.

use canopic_engine::{
    Action, Algorithm, Certainty, Code, End, Error, Identities, IdentityId, Keeper, KeyOrigin,
    KeyState, MemoryKeyring, Newcomer, Op, Place, Profile, Secret, State, Surroundings,
    TakeSnapshot, Warning, account_id,
};
use canopic_practice::{
    faults::{Effect, Fault, Kind},
    interface::CanisterSettings,
};
use canopic_tests::Bench;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;
const PASSPHRASE: &str = "lantern on the pier";

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn newcomer(name: &str, keeper: Keeper) -> Newcomer {
    Newcomer {
        name: name.to_owned(),
        keeper,
    }
}

/// The words that a draft asked for.
fn answers(phrase: &canopic_engine::NewPhrase) -> Vec<Secret> {
    let word = |position: &usize| phrase.words[position - 1].clone();
    phrase.asked.iter().map(word).collect()
}

async fn created(identities: &Identities, name: &str, keeper: Keeper) -> Profile {
    let phrase = identities.draft(Algorithm::Ed25519, NOW).unwrap();
    identities
        .confirm_draft(&answers(&phrase), newcomer(name, keeper), NOW)
        .await
        .unwrap()
}

fn state(identities: &Identities, profile: &Profile) -> KeyState {
    identities.state(profile.principal).unwrap()
}

/// A canister that the owner and somebody else control.
async fn shared_with(bench: &Bench, profile: &Profile) -> canopic_engine::CanisterId {
    let settings = CanisterSettings {
        controllers: Some(vec![bench.owner(), profile.principal]),
        ..CanisterSettings::default()
    };
    let id = bench.create_with(settings).await;
    bench.know([canopic_engine::KnownCanister {
        id,
        name: "shared".to_owned(),
        group: String::new(),
    }]);
    id
}

async fn stop(bench: &Bench, id: canopic_engine::CanisterId) -> Result<(), Error> {
    bench.engine.act(Action::Stop, id).await.map(drop)
}

#[tokio::test]
async fn every_kind_of_key_signs_what_the_network_accepts() {
    let bench = Bench::any().await;
    let identities = bench.engine.identities();
    for algorithm in [Algorithm::Ed25519, Algorithm::Secp256k1, Algorithm::P256] {
        let phrase = identities.draft(algorithm, NOW).unwrap();
        let name = format!("{algorithm:?}");
        let profile = identities
            .confirm_draft(&answers(&phrase), newcomer(&name, Keeper::Keyring), NOW)
            .await
            .unwrap();
        assert_eq!(
            (profile.algorithm, profile.origin),
            (algorithm, KeyOrigin::Created)
        );
        let id = IdentityId::Stored(profile.principal);
        bench.engine.choose_identity(id).await.unwrap();
        let connection = bench.engine.connection().await.unwrap();
        assert_eq!(connection.identity.principal, profile.principal);
        // A network refuses what a key did not sign, so a status for controllers alone proves the signature.
        let canister = shared_with(&bench, &profile).await;
        let read = bench.engine.canister(canister, true).await.unwrap();
        assert!(
            matches!(read.reading, canopic_engine::Reading::Full(_)),
            "{name}: {:?}",
            read.reading
        );
        let place = Place {
            network: connection.fingerprint(),
            canister,
        };
        assert_eq!(
            identities.controlling(place),
            [profile.principal],
            "whoever reads a canister remembers which identity is the right one for it"
        );

        // The same phrase is the same identity, wherever it is imported.
        let words: Vec<&str> = phrase.words.iter().map(Secret::expose).collect();
        let again = identities
            .import_phrase(
                &secret(&words.join(" ")),
                algorithm,
                newcomer("again", Keeper::Keyring),
                NOW,
            )
            .await
            .unwrap_err();
        assert_eq!(
            (again.code, &again.facts["name"]),
            (Code::IdentityExists, &name)
        );
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_locked_key_signs_nothing_until_it_is_unlocked() {
    let bench = Bench::any().await;
    let identities = bench.engine.identities();
    let profile = created(identities, "Ada", Keeper::Keyring).await;
    let canister = shared_with(&bench, &profile).await;
    let id = IdentityId::Stored(profile.principal);
    bench.engine.choose_identity(id).await.unwrap();
    let connection = bench.engine.connection().await.unwrap();

    let hold = identities.hold(&connection.identity);
    assert_eq!(
        identities.lock(),
        [profile.principal],
        "it is told that a job still needs the key"
    );
    assert_eq!(state(identities, &profile), KeyState::Open);
    stop(&bench, canister)
        .await
        .expect("a job must be able to end what it began");
    drop(hold);
    assert_eq!(state(identities, &profile), KeyState::Locked);

    let error = bench.engine.connection().await.err().unwrap();
    assert_eq!(
        (error.code, error.certainty),
        (Code::IdentityLocked, Certainty::NothingSent)
    );
    assert_eq!(error.facts["identity"], "Ada");
    assert_eq!(
        bench.engine.signatory().await.unwrap().name,
        "Ada",
        "who would sign can be told without the key"
    );

    identities.unlock(profile.principal).await.unwrap();
    let restarted = bench.engine.act(Action::Start, canister).await;
    restarted.expect("an unlocked key signs again");
    bench.stop().await;
}

#[tokio::test]
async fn a_key_that_is_locked_in_the_middle_of_a_job_is_locked_when_the_job_is_over() {
    let bench = Bench::practice().await;
    let identities = bench.engine.identities();
    let profile = created(identities, "Ada", Keeper::Keyring).await;
    let canister = shared_with(&bench, &profile).await;
    let id = IdentityId::Stored(profile.principal);
    bench.engine.choose_identity(id).await.unwrap();
    // The stop is cut until the key was locked, so that everything after it is signed after the locking.
    bench.network().break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("stop_canister".to_owned()),
        after: 0,
        times: u32::MAX,
        effect: Effect::Cut,
    }]);
    bench.install(canister, "(module)").await;
    let take = Op::TakeSnapshot(TakeSnapshot {
        canister,
        is_stopped_meanwhile: true,
        replace: None,
        name: String::new(),
        note: String::new(),
    });
    let plan = bench.engine.plan(&take).await.unwrap();
    let job = bench.engine.run(take, &plan.fingerprint).await.unwrap();
    assert_eq!(
        identities.lock(),
        [profile.principal],
        "the job still needs the key"
    );
    bench.network().mend();
    let job = bench.engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    assert_eq!(state(identities, &profile), KeyState::Locked);
    bench.stop().await;
}

#[tokio::test]
async fn a_canister_of_an_identity_that_is_not_in_use_is_ours() {
    let bench = Bench::practice().await;
    let identities = bench.engine.identities();
    let profile = created(identities, "Ada", Keeper::Keyring).await;
    for (controllers, expected) in [
        (vec![profile.principal], vec![Warning::OneController]),
        (
            vec![candid::Principal::management_canister()],
            vec![Warning::OneController, Warning::NotOurs],
        ),
    ] {
        let other = bench.create_with(CanisterSettings {
            controllers: Some(controllers),
            ..CanisterSettings::default()
        });
        let other = other.await;
        let connection = bench.engine.connection().await.unwrap();
        assert_eq!(
            connection.identity.principal,
            bench.owner(),
            "the play identity is in use"
        );
        let ours = bench.engine.our_principals(&connection);
        let reading = bench.engine.canister(other, false).await.unwrap().reading;
        assert_eq!(reading.warnings(&ours), expected);
    }
    bench.stop().await;
}

#[tokio::test]
async fn anonymous_sees_what_everybody_sees_and_is_told_what_it_may_not() {
    let bench = Bench::any().await;
    let canister = bench.create().await;
    let engine = &bench.engine;
    engine.choose_identity(IdentityId::Anonymous).await.unwrap();
    let connection = engine.connection().await.unwrap();
    let anonymous = candid::Principal::anonymous();
    assert_eq!(connection.identity.principal, anonymous);
    let reading = engine.canister(canister, false).await.unwrap().reading;
    assert!(
        matches!(reading, canopic_engine::Reading::Public(_)),
        "{reading:?}"
    );
    let denial = canopic_engine::may(Action::Stop, &reading, anonymous);
    assert_eq!(
        denial,
        Err(canopic_engine::Denial::NotController),
        "the wrong identity is told before the act"
    );
    let error = engine.plan(&Op::Stop { canister }).await.unwrap_err();
    // Which of its questions was refused first is chance, and so whether a machine or the network did it.
    assert_eq!(error.code, Code::NotController);
    bench.stop().await;
}

#[tokio::test]
async fn a_phrase_counts_only_when_it_was_written_down() {
    let (_folder, engine) = alone();
    let identities = engine.identities();
    let phrase = identities.draft(Algorithm::Secp256k1, NOW).unwrap();
    let mut wrong = answers(&phrase);
    wrong[2] = secret("lighthouse");
    let ada = || newcomer("Ada", Keeper::Keyring);
    let error = identities
        .confirm_draft(&wrong, ada(), NOW)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::PhraseUnconfirmed);
    assert!(identities.profiles().is_empty(), "nothing came of it");

    let late = phrase.ends_at + Duration::from_secs(1);
    let error = identities
        .confirm_draft(&answers(&phrase), ada(), late)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::PhraseDraftGone, "by the clock as well");

    let first = identities.draft(Algorithm::Secp256k1, NOW).unwrap();
    let second = identities.draft(Algorithm::Secp256k1, NOW).unwrap();
    let error = identities
        .confirm_draft(&answers(&first), ada(), NOW)
        .await
        .unwrap_err();
    assert_eq!(
        error.code,
        Code::PhraseUnconfirmed,
        "the words of the one before are not those of this one"
    );
    identities
        .confirm_draft(&answers(&second), ada(), NOW)
        .await
        .unwrap();
    let error = identities
        .confirm_draft(&answers(&second), ada(), NOW)
        .await
        .unwrap_err();
    assert_eq!(
        error.code,
        Code::PhraseDraftGone,
        "a phrase is good for one identity"
    );
}

#[tokio::test]
async fn identities_are_remembered_and_their_keys_read_when_needed() {
    let (folder, engine) = alone();
    let ada = created(engine.identities(), "Ada", Keeper::Keyring).await;
    let here = surroundings(&folder);
    let keyring = here.keyring.clone();
    drop(engine);

    let again = open(&folder, here);
    let identities = again.identities();
    assert_eq!(
        state(identities, &ada),
        KeyState::Ready,
        "it was not needed yet, so it was not read"
    );
    let error = identities
        .signer(IdentityId::Stored(ada.principal), None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.code, &*error.facts["identity"]),
        (Code::KeyLost, "Ada"),
        "another keyring does not have it"
    );

    // Another key in its place is not taken for it.
    let pem = fixture("pkcs8_p256");
    keyring
        .write("canopic", &ada.principal.to_text(), &secret(&pem))
        .unwrap();
    let error = identities
        .signer(IdentityId::Stored(ada.principal), None)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::KeyLost, "{}", error.chain());
    assert!(
        !error.chain().contains("BEGIN"),
        "no key is ever in an error"
    );
}

#[tokio::test]
async fn without_a_keyring_a_vault_file_keeps_keys_if_a_person_asks_for_one() {
    let (folder, engine) = alone();
    let identities = engine.identities();
    let phrase = identities.draft(Algorithm::Ed25519, NOW).unwrap();
    let ada = || newcomer("Ada", Keeper::VaultFile);
    let error = identities
        .confirm_draft(&answers(&phrase), ada(), NOW)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::VaultMissing, "it is never made by itself");
    let error = identities.create_vault(secret("short")).await.unwrap_err();
    assert_eq!(error.code, Code::PassphraseTooShort);
    identities.create_vault(secret(PASSPHRASE)).await.unwrap();
    let profile = identities
        .confirm_draft(&answers(&phrase), ada(), NOW)
        .await
        .expect("the words are still good");
    identities.lock();
    assert!(!identities.vault().is_open, "locking closes the vault too");
    drop(engine);

    let again = open(&folder, surroundings(&folder));
    let identities = again.identities();
    assert_eq!(state(identities, &profile), KeyState::Locked);
    let id = IdentityId::Stored(profile.principal);
    let error = identities.signer(id, None).await.unwrap_err();
    assert_eq!(error.code, Code::VaultLocked);
    let error = identities.unlock_vault(secret("boats")).await.unwrap_err();
    assert_eq!(error.code, Code::PassphraseWrong);
    identities.unlock_vault(secret(PASSPHRASE)).await.unwrap();
    assert_eq!(state(identities, &profile), KeyState::Open);
    identities.signer(id, None).await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_key_lies_in_the_apps_folders() {
    let (folder, engine) = alone();
    let identities = engine.identities();
    let phrase = identities.draft(Algorithm::Secp256k1, NOW).unwrap();
    let profile = identities
        .confirm_draft(&answers(&phrase), newcomer("Ada", Keeper::Keyring), NOW)
        .await
        .unwrap();
    identities.create_vault(secret(PASSPHRASE)).await.unwrap();
    let brook = created(identities, "Brook", Keeper::VaultFile).await;
    let mut files = 0;
    let mut folders = vec![folder.path().to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            assert!(
                !text.contains("PRIVATE KEY"),
                "{} holds a key as it is",
                path.display()
            );
            let words = phrase.words.iter().map(Secret::expose).collect::<Vec<_>>();
            assert!(
                !text.contains(&words[..3].join(" ")),
                "{} holds a phrase",
                path.display()
            );
        }
    }
    assert!(files >= 2, "the list and the vault at least");
    let list = std::fs::read_to_string(folder.path().join("config/identities.json")).unwrap();
    assert!(
        list.contains(&profile.principal.to_text()) && list.contains(&brook.principal.to_text()),
        "the list says who they are"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        for name in ["identities.json", "vault.age"] {
            let path = folder.path().join("config").join(name);
            let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name}");
        }
    }
}

#[tokio::test]
async fn an_identity_is_forgotten_by_its_name_and_never_the_last_hope_of_a_canister() {
    let bench = Bench::any().await;
    let identities = bench.engine.identities();
    let ada = created(identities, "Ada", Keeper::Keyring).await;
    let id = bench.create().await;
    let place = Place {
        network: bench.engine.connection().await.unwrap().fingerprint(),
        canister: id,
    };
    identities
        .note_controllers([(place, [ada.principal].as_slice())])
        .unwrap();
    assert_eq!(identities.controlling(place), [ada.principal]);

    let forget = |name| bench.engine.forget_identity(ada.principal, name);
    assert_eq!(forget("ada").await.unwrap_err().code, Code::NameDiffers);
    let loss = identities.loss(ada.principal).unwrap();
    assert!(!loss.may_forget() && loss.controlled[0].is_only_controller);
    let error = forget("Ada").await.unwrap_err();
    assert_eq!(
        (error.code, &error.facts["canister"]),
        (Code::OnlyController, &id.to_string())
    );

    identities
        .note_controllers([(place, [ada.principal, bench.owner()].as_slice())])
        .unwrap();
    let choice = IdentityId::Stored(ada.principal);
    bench.engine.choose_identity(choice).await.unwrap();
    forget("Ada").await.expect("somebody else controls it too");
    assert!(identities.profiles().is_empty());
    assert_eq!(
        bench.engine.signatory().await.unwrap().id,
        IdentityId::Practice,
        "a network whose identity is gone falls back to its own"
    );
    let error = identities.signer(choice, None).await.unwrap_err();
    assert_eq!(error.code, Code::IdentityUnknown);
    bench.stop().await;
}

#[tokio::test]
async fn an_exported_key_can_be_forgotten_and_imported_again() {
    let (folder, engine) = alone();
    let identities = engine.identities();
    let path = camino::Utf8Path::from_path(folder.path())
        .unwrap()
        .join("ada.pem");
    let ada = created(identities, "Ada", Keeper::Keyring).await;
    let network = canopic_engine::Fingerprint::of(b"a root key");
    let canister = "um5iw-rqaaa-aaaaq-qaaba-cai".parse().unwrap();
    let place = Place { network, canister };
    identities
        .note_controllers([(place, [ada.principal].as_slice())])
        .unwrap();
    let export = |passphrase| identities.export(ada.principal, secret(passphrase), &path, NOW);
    assert_eq!(
        export("short").await.unwrap_err().code,
        Code::PassphraseTooShort
    );
    assert!(!path.exists(), "nothing was written");
    export(PASSPHRASE).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));

    engine
        .forget_identity(ada.principal, "Ada")
        .await
        .expect("its key is in that file");
    let imported = identities
        .import_file(
            &path,
            Some(secret(PASSPHRASE)),
            None,
            newcomer("Ada again", Keeper::Keyring),
            NOW,
        )
        .await
        .unwrap();
    assert_eq!(imported.principal, ada.principal);
}

#[tokio::test]
async fn files_that_are_no_keys_are_said_with_their_path() {
    let (folder, engine) = alone();
    let path = camino::Utf8Path::from_path(folder.path()).unwrap();
    let import = |path: camino::Utf8PathBuf| async move {
        let ada = newcomer("Ada", Keeper::Keyring);
        let identities = engine.identities();
        let imported = identities.import_file(&path, None, None, ada, NOW).await;
        let profiles = identities.profiles().len();
        (engine, imported.unwrap_err(), profiles)
    };
    let large = path.join("film.mp4");
    std::fs::write(&large, vec![0; 2 << 20]).unwrap();
    let (engine, error, profiles) = import(large.clone()).await;
    assert_eq!(
        (error.code, &*error.facts["path"], profiles),
        (Code::KeyUnreadable, large.as_str(), 0)
    );
    let nowhere = path.join("nowhere.pem");
    let identities = engine.identities();
    let error = identities
        .import_file(&nowhere, None, None, newcomer("Ada", Keeper::Keyring), NOW)
        .await
        .unwrap_err();
    assert_eq!(error.facts["path"], nowhere.as_str());
}

#[test]
fn an_account_id_is_the_ledgers() {
    // `icp identity account-id` for the identity of a well-known phrase, and for nobody.
    for (principal, account) in [
        (
            "tgzar-4lpln-fq34h-6hxo4-wlm3x-6g3or-6hxvr-d6jbw-ooh2b-lzsw4-aqe",
            "f24b889e8efba3d8008512e5f928af25be0fea33c9a44e161649f12912907cbd",
        ),
        (
            "4xovu-66ttb-po557-t6o4t-xvxkq-avbvo-siiju-pdcqr-nk2uh-5ulrf-4ae",
            "f519230328a5dc3781ea624aa00b7cbfe703d5d1b43d0a8853f2e2ee47950ff3",
        ),
    ] {
        let principal = candid::Principal::from_text(principal).unwrap();
        assert_eq!(account_id(principal), account);
    }
}

/// A network that nobody asks anything.
struct Nowhere;

impl canopic_engine::PracticeDoor for Nowhere {
    fn open(
        &self,
    ) -> futures::future::BoxFuture<'_, Result<canopic_engine::Endpoint, canopic_engine::DoorError>>
    {
        Box::pin(async { Err("there is none".into()) })
    }
}

/// An engine without a network, with a keyring of its own.
fn alone() -> (tempfile::TempDir, canopic_engine::Engine) {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(&folder, surroundings(&folder));
    (folder, engine)
}

fn surroundings(folder: &tempfile::TempDir) -> Surroundings {
    Surroundings::of_a_test(camino::Utf8Path::from_path(folder.path()).unwrap())
        .with_keyring(Arc::new(MemoryKeyring::default()))
}

fn open(folder: &tempfile::TempDir, surroundings: Surroundings) -> canopic_engine::Engine {
    let home = camino::Utf8Path::from_path(folder.path()).unwrap();
    let folders = canopic_engine::Places::below(home).open().unwrap();
    canopic_engine::Engine::open(Arc::new(folders), Arc::new(Nowhere))
        .unwrap()
        .within(surroundings)
}

fn fixture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/identities/keys");
    std::fs::read_to_string(format!("{folder}/{name}.pem")).unwrap()
}
