//! Identities as JSON: secrets go in and never come out again, and no log has them.

use super::{Bench, practice};
use canopic_api::{Api, Computer, Request};
use canopic_engine::Places;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::{
    io::Write,
    sync::{Arc, Mutex},
};

const PASSPHRASE: &str = "lantern on the pier";
/// A valid phrase that everybody knows.
const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
    abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art";

/// A bench on a computer whose keyring is nobody's.
fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let home = camino::Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    Bench {
        api: Api::open_on(
            Places::below(&home).open(),
            Arc::new(practice::Embedded::default()),
            Computer::of_a_test(&home),
        ),
        home,
        _folder: folder,
    }
}

/// The words that a draft asks for.
fn asked(draft: &Value) -> Value {
    let positions = draft["asked"].as_array().unwrap().iter();
    positions
        .map(|position| draft["words"][position.as_u64().unwrap() as usize - 1].clone())
        .collect()
}

async fn drafted(bench: &Bench, name: &str) -> (Value, Value) {
    let draft = bench
        .ask(json!({"request": "draftIdentity", "algorithm": "ed25519"}))
        .await;
    let listing = bench
        .ask(json!({"request": "confirmIdentity", "words": asked(&draft), "newcomer": {"name": name, "keeper": "keyring"}}))
        .await;
    (draft, listing)
}

#[tokio::test]
async fn a_phrase_is_shown_once_and_counts_once() {
    let bench = bench();
    let (draft, listing) = drafted(&bench, "Ada").await;
    assert_eq!(draft["words"].as_array().unwrap().len(), 24);
    let stored = listing["stored"].as_array().unwrap();
    assert_eq!(stored.len(), 1, "{listing:#}");
    assert_eq!(
        (
            &stored[0]["identity"]["name"],
            &stored[0]["origin"],
            &stored[0]["keeper"]
        ),
        (&json!("Ada"), &json!("created"), &json!("keyring"))
    );

    let again = json!({"request": "confirmIdentity", "words": asked(&draft), "newcomer": {"name": "Bob", "keeper": "keyring"}});
    assert_eq!(bench.fail(again).await["code"], "phraseDraftGone", "once");
    let id = stored[0]["identity"]["id"].clone();
    let answers = [
        bench.ask(json!({"request": "identities"})).await,
        bench.ask(json!({"request": "session"})).await,
        bench
            .ask(json!({"request": "identityLoss", "identity": id}))
            .await,
        bench
            .ask(json!({"request": "chooseIdentity", "identity": id}))
            .await,
    ];
    let words: Vec<&str> = draft["words"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for answer in &answers {
        let text = answer.to_string();
        // Single words may occur anywhere; five of them in their order do not by chance.
        let is_told = words
            .windows(5)
            .any(|some| text.contains(&some.join(" ")) || text.contains(&some.join("\",\"")));
        assert!(!is_told, "nothing of it comes back: {answer:#}");
    }
}

#[tokio::test]
async fn identities_come_are_locked_are_named_and_go() {
    let bench = bench();
    let imported = bench
        .ask(json!({
            "request": "importIdentity",
            "source": {"kind": "phrase", "phrase": PHRASE, "algorithm": "secp256k1"},
            "newcomer": {"name": "Harbour", "keeper": "keyring"},
        }))
        .await;
    let id = imported["stored"][0]["identity"]["id"].clone();
    assert_eq!(imported["stored"][0]["origin"], "phrase", "{imported:#}");
    assert_eq!(
        imported["notYet"],
        json!(["hardwareKey", "internetIdentity"]),
        "what is looked for in vain is named"
    );
    let twice = json!({
        "request": "importIdentity",
        "source": {"kind": "phrase", "phrase": PHRASE, "algorithm": "secp256k1"},
        "newcomer": {"name": "Port", "keeper": "keyring"},
    });
    assert_eq!(bench.fail(twice).await["code"], "identityExists");

    bench
        .ask(json!({"request": "unlockIdentity", "identity": id}))
        .await;
    let locked = bench.ask(json!({"request": "lockIdentities"})).await;
    assert_eq!(locked["stored"][0]["identity"]["state"], "locked");
    let open = bench
        .ask(json!({"request": "unlockIdentity", "identity": id}))
        .await;
    assert_eq!(open["stored"][0]["identity"]["state"], "open");
    let renamed = bench
        .ask(json!({"request": "renameIdentity", "identity": id, "name": "Lighthouse"}))
        .await;
    assert_eq!(renamed["stored"][0]["identity"]["name"], "Lighthouse");
    let patient = bench
        .ask(json!({"request": "chooseLockAfter", "minutes": 5}))
        .await;
    assert_eq!(patient["lockAfterMinutes"], 5);

    let loss = bench
        .ask(json!({"request": "identityLoss", "identity": id}))
        .await;
    assert_eq!(
        (&loss["mayForget"], &loss["controlled"]),
        (&json!(true), &json!([]))
    );
    let typo = json!({"request": "forgetIdentity", "identity": id, "typedName": "Lighthous"});
    assert_eq!(bench.fail(typo).await["code"], "nameDiffers");
    let gone = bench
        .ask(json!({"request": "forgetIdentity", "identity": id, "typedName": "Lighthouse"}))
        .await;
    assert_eq!(gone["stored"], json!([]));
}

/// A place for logs that can be read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_and_no_failure_has_a_secret() {
    let lines = Lines::default();
    let writer = lines.clone();
    let logs = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // For this thread, which is all that a test of one thread has.
    let _logs = tracing_subscriber::util::SubscriberInitExt::set_default(logs);
    let bench = bench();
    let wrong = PHRASE.replace("art", "abandon");
    let requests = [
        json!({"request": "createVault", "passphrase": PASSPHRASE}),
        json!({"request": "unlockVault", "passphrase": "another lantern"}),
        json!({
            "request": "importIdentity",
            "source": {"kind": "phrase", "phrase": wrong, "algorithm": "ed25519"},
            "newcomer": {"name": "Wrong", "keeper": "keyring"},
        }),
        json!({
            "request": "importIdentity",
            "source": {"kind": "text", "text": PASSPHRASE, "passphrase": null, "algorithm": null},
            "newcomer": {"name": "No key", "keeper": "keyring"},
        }),
        json!({"request": "confirmIdentity", "words": ["sausage"], "newcomer": {"name": "Nobody", "keeper": "keyring"}}),
        json!({
            "request": "importIdentity",
            "source": {"kind": "phrase", "phrase": PHRASE, "algorithm": "ed25519"},
            "newcomer": {"name": "Harbour", "keeper": "vaultFile"},
        }),
    ];
    let mut told = String::new();
    for request in requests {
        let read: Request = serde_json::from_value(request.clone()).unwrap();
        writeln!(told, "{read:?}").expect("texts can be written to");
        if let Err(failure) = bench.api.answer_json(request).await {
            told += &serde_json::to_string(&failure).unwrap();
        }
    }
    told += &String::from_utf8_lossy(&lines.0.lock().unwrap());
    assert!(
        told.contains("request failed"),
        "the log was listened to: {told}"
    );
    for secret in [
        PASSPHRASE,
        "another lantern",
        "abandon abandon abandon",
        "\"sausage\"",
    ] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}
