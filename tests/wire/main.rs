//! The contract as JSON, over the practice network: what the front end sends and what it gets, byte for byte the same path as in
//! the window.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../src-tauri/src/practice.rs"]
mod practice;

mod closing;
mod identities;
mod jobs;
mod lost;
mod notices;
mod places;

use camino::{Utf8Path, Utf8PathBuf};
use canopic_api::{Api, Computer, feed::News};
use canopic_engine::{DoorError, Endpoint, Places, PracticeDoor};
use canopic_practice::{Network, Options};
use futures::{StreamExt as _, future::BoxFuture};
use serde_json::{Value, json};
use std::sync::Arc;
use tempfile::TempDir;

/// An api with folders and a network of its own.
struct Bench {
    api: Api,
    home: Utf8PathBuf,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with(Arc::new(practice::Embedded::default()))
    }

    fn with(door: Arc<dyn PracticeDoor>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        Self {
            api: opened(&home, door),
            home,
            _folder: folder,
        }
    }

    async fn ask(&self, request: Value) -> Value {
        self.api
            .answer_json(request.clone())
            .await
            .unwrap_or_else(|failure| panic!("{request}: {}", failure.report))
    }

    async fn fail(&self, request: Value) -> Value {
        serde_json::to_value(self.api.answer_json(request).await.unwrap_err()).unwrap()
    }

    /// The fleet's canister whose status fits.
    async fn canister(&self, fits: impl Fn(&Value) -> bool) -> Value {
        let board = self.ask(json!({"request": "canisters"})).await;
        let canisters = board["canisters"].as_array().unwrap().clone();
        canisters
            .into_iter()
            .find(|canister| fits(canister))
            .unwrap_or_else(|| panic!("no such canister in {board:#}"))
    }
}

/// An api below this home, on a computer that has nothing else.
fn opened(home: &Utf8Path, door: Arc<dyn PracticeDoor>) -> Api {
    Api::open_on(Places::below(home).open(), door, Computer::of_a_test(home))
}

fn is_running(canister: &Value) -> bool {
    canister["reading"]["status"]["runState"] == "running"
}

#[tokio::test]
async fn a_session_says_where_we_are() {
    let bench = Bench::new();
    let session = bench.ask(json!({"request": "session"})).await;
    assert_eq!(session["network"]["kind"], "practice");
    assert_eq!(
        session["network"]["rootKey"].as_str().unwrap().len(),
        266,
        "a DER-encoded BLS key has 133 bytes: without it no certificate can be checked"
    );
    assert!(
        session["folders"]["data"]
            .as_str()
            .unwrap()
            .starts_with(bench.home.as_str()),
        "nothing lies outside"
    );
}

#[tokio::test]
async fn the_board_shows_the_fleet_and_what_is_not_ours_to_see() {
    let bench = Bench::new();
    let board = bench.ask(json!({"request": "canisters"})).await;
    let canisters = board["canisters"].as_array().unwrap();
    assert_eq!(canisters.len(), 10, "the demo fleet has ten canisters");
    let kinds = |kind: &str| {
        canisters
            .iter()
            .filter(|canister| canister["reading"]["kind"] == kind)
            .count()
    };
    assert_eq!(kinds("failed"), 0, "every one can be read: {board:#}");
    assert_eq!(
        kinds("public"),
        1,
        "one belongs to somebody else, so only public facts are known"
    );
    let stranger = bench
        .canister(|canister| canister["reading"]["kind"] == "public")
        .await;
    assert_eq!(
        stranger["denied"]["stop"], "notController",
        "what is not ours is not offered"
    );
    assert!(
        !stranger["reading"]["controllers"]
            .as_array()
            .unwrap()
            .is_empty(),
        "controllers are public"
    );
}

#[tokio::test]
async fn stop_and_start_end_in_a_certified_state() {
    let bench = Bench::new();
    let running = bench.canister(is_running).await;
    assert_eq!(
        (&running["denied"]["stop"], &running["denied"]["start"]),
        (&Value::Null, &json!("alreadyRunning"))
    );
    for (request, state) in [("stopCanister", "stopped"), ("startCanister", "running")] {
        let after = bench
            .ask(json!({"request": request, "canister": running["id"]}))
            .await;
        let status = &after["reading"]["status"];
        assert_eq!(
            (&status["runState"], &status["isCertified"]),
            (&json!(state), &json!(true)),
            "{request}: {after:#}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_anything_is_sent() {
    let bench = Bench::new();
    let running = bench.canister(is_running).await;
    let failure = bench
        .fail(json!({"request": "startCanister", "canister": running["id"]}))
        .await;
    assert_eq!(
        (&failure["code"], &failure["certainty"]),
        (&json!("precondition"), &json!("nothingSent")),
        "{failure:#}"
    );
    assert_eq!(
        failure["facts"]["denial"], "AlreadyRunning",
        "the reason is a fact, not a text to be parsed"
    );

    let failure = bench
        .fail(json!({"request": "stopCanister", "canister": "not-an-id"}))
        .await;
    assert_eq!(failure["code"], "idMalformed");
    let failure = bench
        .fail(json!({"request": "stopCanister", "canister": "aaaaa-aa"}))
        .await;
    assert_eq!(
        failure["code"], "canisterNotFound",
        "only what is looked after can be changed"
    );
}

#[tokio::test]
async fn requests_that_do_not_exist_are_failures_and_not_crashes() {
    let bench = Bench::new();
    for nonsense in [
        json!({"request": "formatDisk"}),
        json!({}),
        json!(null),
        json!({"request": "session", "extra": 1}),
    ] {
        assert_eq!(
            bench.fail(nonsense.clone()).await["code"],
            "bug",
            "{nonsense}"
        );
    }
}

#[tokio::test]
async fn news_begin_with_everything_and_go_on_with_each_change() {
    let bench = Bench::new();
    let running = bench.canister(is_running).await;
    bench
        .ask(json!({"request": "stopCanister", "canister": running["id"]}))
        .await;
    let mut news = std::pin::pin!(bench.api.follow().unwrap());
    let Some(News::Snapshot { jobs, .. }) = news.next().await else {
        panic!("a snapshot comes first")
    };
    assert_eq!(jobs.len(), 1, "what was done before is in the snapshot");
    bench
        .ask(json!({"request": "startCanister", "canister": running["id"]}))
        .await;
    let mut states = Vec::new();
    while states.last() != Some(&json!("done")) {
        let news = serde_json::to_value(news.next().await.unwrap()).unwrap();
        assert!(
            news["job"]["number"].as_u64() > Some(1),
            "jobs are numbered, and the first one is over: {news:#}"
        );
        states.push(news["job"]["state"]["kind"].clone());
    }
    states.dedup();
    assert_eq!(
        states,
        ["running", "done"],
        "a job is announced from its beginning to its end"
    );
}

#[tokio::test]
async fn a_follower_who_falls_behind_gets_everything_again_instead_of_a_gap() {
    /// More than a follower may be behind: each act has five news at least.
    const ACTS: usize = 60;
    let bench = Bench::new();
    let running = bench.canister(is_running).await;
    let mut news = std::pin::pin!(bench.api.follow().unwrap());
    let Some(News::Snapshot { jobs, .. }) = news.next().await else {
        panic!("a snapshot comes first")
    };
    assert!(jobs.is_empty(), "nothing was done yet");
    for act in 0..ACTS {
        let request = ["stopCanister", "startCanister"][act % 2];
        bench
            .ask(json!({"request": request, "canister": running["id"]}))
            .await;
    }
    let Some(News::Snapshot { jobs, .. }) = news.next().await else {
        panic!("what was missed is not told in pieces")
    };
    assert_eq!(jobs.len(), ACTS, "nothing is missing");
    let states = serde_json::to_value(&jobs).unwrap();
    for job in states.as_array().unwrap() {
        assert_eq!(job["state"]["kind"], "done", "as it stands: {job:#}");
    }
    bench
        .ask(json!({"request": "stopCanister", "canister": running["id"]}))
        .await;
    let Some(News::Job { job }) = news.next().await else {
        panic!("from there on each change is told")
    };
    let job = serde_json::to_value(job).unwrap();
    assert!(job["number"].as_u64() > jobs_newest(&states), "{job:#}");
}

/// The highest number of a job.
fn jobs_newest(jobs: &Value) -> Option<u64> {
    let numbers = jobs.as_array()?.iter().map(|job| job["number"].as_u64());
    numbers.max()?
}

#[tokio::test]
async fn a_second_start_says_that_the_journal_has_an_owner_and_goes_on_when_it_is_free() {
    let Bench { api, home, _folder } = Bench::new();
    let second = opened(&home, Arc::new(practice::Embedded::default()));
    for request in ["session", "canisters"] {
        let failure = second.answer_json(json!({"request": request})).await;
        let failure = serde_json::to_value(failure.unwrap_err()).unwrap();
        assert_eq!(failure["code"], "inUse", "{request}: {failure:#}");
        assert_eq!(
            failure["facts"]["path"],
            Places::below(&home).data.as_str(),
            "it says what both would write to"
        );
    }
    drop(api);
    let session = second.answer_json(json!({"request": "reopen"})).await;
    assert_eq!(
        session.expect("the first one is gone")["folders"]["data"],
        Places::below(&home).data.as_str(),
        "it is tried again where it was tried before, and nowhere else"
    );
    drop(second);
    let third = opened(&home, Arc::new(practice::Embedded::default()));
    let session = third.answer_json(json!({"request": "session"})).await;
    session.expect("the first one is gone");
}

#[tokio::test]
async fn a_choice_is_kept_for_the_next_start() {
    let bench = Bench::new();
    bench
        .ask(json!({"request": "chooseAppearance", "appearance": "dark"}))
        .await;
    let Bench { api, home, _folder } = bench;
    drop(api);
    let again = opened(&home, Arc::new(practice::Embedded::default()));
    let session = again
        .answer_json(json!({"request": "session"}))
        .await
        .unwrap();
    assert_eq!(session["appearance"], "dark");
}

#[tokio::test]
async fn a_failed_start_answers_with_its_reason_until_it_is_repaired() {
    let folder = tempfile::tempdir().unwrap();
    let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let settings = home.join("config/settings.json");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    std::fs::write(&settings, r#"{"version": 99}"#).unwrap();
    let api = opened(&home, Arc::new(practice::Embedded::default()));
    let bench = Bench {
        api,
        home: home.clone(),
        _folder: folder,
    };

    let failure = bench.fail(json!({"request": "canisters"})).await;
    assert_eq!(failure["code"], "settingsFromNewerVersion");
    assert_eq!(failure["facts"]["path"], settings.as_str());
    assert_eq!(
        bench.fail(json!({"request": "reopen"})).await["code"],
        "settingsFromNewerVersion",
        "nothing has changed"
    );

    bench.ask(json!({"request": "setSettingsAside"})).await;
    assert!(bench.api.start_failure().is_none(), "the app is open now");
    let aside = std::fs::read_to_string(home.join("config/settings.set-aside-1.json")).unwrap();
    assert_eq!(aside, r#"{"version": 99}"#, "nothing is deleted");
}

/// A practice network that fails once, then gives an address where nobody listens.
#[derive(Default)]
struct Broken(std::sync::atomic::AtomicBool);

impl PracticeDoor for Broken {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>> {
        Box::pin(async {
            if !self.0.swap(true, std::sync::atomic::Ordering::SeqCst) {
                return Err("address already in use".into());
            }
            let real = practice::Embedded::default();
            let endpoint = real.open().await?;
            // The network goes down with `real`; its address stays behind.
            Ok(endpoint)
        })
    }
}

#[tokio::test]
async fn a_network_that_does_not_start_or_goes_away_is_said_as_such() {
    let bench = Bench::with(Arc::new(Broken::default()));
    let failure = bench.fail(json!({"request": "session"})).await;
    assert_eq!(failure["code"], "practiceFailed");
    assert!(
        failure["report"]
            .as_str()
            .unwrap()
            .contains("address already in use"),
        "the report names the cause"
    );

    let board = bench.ask(json!({"request": "canisters"})).await;
    for canister in board["canisters"].as_array().unwrap() {
        assert_eq!(
            canister["reading"]["failure"]["code"], "noNetwork",
            "{canister:#}"
        );
        assert_eq!(
            canister["denied"]["stop"], "notRead",
            "nothing is offered blindly"
        );
    }
}

/// A network that a test keeps in its own hands.
struct Held(Arc<Network>);

impl PracticeDoor for Held {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>> {
        Box::pin(async { Ok(practice::endpoint(&self.0)?) })
    }
}

/// A running network with the fleet, and an api on it.
async fn held() -> (Arc<Network>, Bench) {
    let options = Options {
        demo: true,
        ..Options::default()
    };
    let network = Arc::new(canopic_practice::start(options).await.unwrap());
    let bench = Bench::with(Arc::new(Held(network.clone())));
    (network, bench)
}

#[tokio::test]
async fn a_canister_page_asks_for_settings_history_log_and_money() {
    let bench = Bench::new();
    let running = bench.canister(is_running).await;
    let id = &running["id"];
    let review = bench
        .ask(json!({"request": "reviewSettings", "canister": id, "change": {
            "logVisibility": {"kind": "public"}, "reservedCyclesLimit": "340282366920938463463374607431768211455",
        }}))
        .await;
    assert_eq!(review["guards"], json!(["makesLogPublic"]));
    assert_eq!(
        review["differences"][0]["after"], "340282366920938463463374607431768211455",
        "amounts of any size cross as text: {review:#}"
    );
    let failure = bench
        .fail(json!({"request": "reviewSettings", "canister": id, "change": {"computeAllocation": "many"}}))
        .await;
    assert_eq!(failure["code"], "amountMalformed");
    let failure = bench
        .fail(json!({"request": "reviewSettings", "canister": id, "change": {"colour": "red"}}))
        .await;
    assert_eq!(
        failure["code"], "bug",
        "a setting that does not exist is no request"
    );

    let history = bench
        .ask(json!({"request": "canisterHistory", "canister": id, "since": 0}))
        .await;
    assert_eq!(
        history["samples"].as_array().unwrap().len(),
        1,
        "the board was read once: {history:#}"
    );
    let log = bench
        .ask(json!({"request": "canisterLog", "canister": id, "filter": {"kind": "from", "number": 0}}))
        .await;
    assert_eq!(log["lost"], 0);
    let read = bench
        .ask(json!({"request": "readCanister", "canister": id, "certified": true}))
        .await;
    assert_eq!(read["reading"]["status"]["isCertified"], true);
    assert_eq!(
        read["denied"]["start"], "alreadyRunning",
        "with the reasons beside it: {read:#}"
    );
    let balance = bench.ask(json!({"request": "balance"})).await;
    assert_eq!(balance["fee"], "100000000", "what the ledger publishes");
    let plan = bench
        .ask(json!({"request": "planCreation", "placement": {"kind": "beside", "canister": id}, "settings": {},
            "amount": "2_000_000_000_000", "purse": "ledger"}))
        .await;
    assert_eq!(
        (&plan["startsWith"], &plan["ledgerFee"]),
        (&json!("1500000000000"), &json!("100000000")),
        "{plan:#}"
    );
}
