//! Which canisters are looked after, by which names, and how they are found.

use camino::Utf8PathBuf;
use canopic_engine::{CanisterId, Code, Engine, GivenKey, KnownBy, NetworkId};
use canopic_practice::Options;
use canopic_tests::Bench;
use serde_json::json;
use std::fs;

async fn board(engine: &Engine) -> Vec<(String, String)> {
    let connection = engine.connection().await.unwrap();
    let known = engine.known_canisters(&connection);
    known
        .into_iter()
        .map(|known| (known.name, known.group))
        .collect()
}

fn pair(name: &str, group: &str) -> (String, String) {
    (name.to_owned(), group.to_owned())
}

/// A project whose staging environment is this bench's network, by its root key.
fn project(bench: &Bench, ids: &[(&str, CanisterId)]) -> Utf8PathBuf {
    let folder = bench.home.canonicalize_utf8().unwrap().join("harbour");
    let ready = bench.network().ready();
    let canisters: Vec<_> = ids
        .iter()
        .map(|(name, _)| format!("  - name: {name}\n    recipe: {{}}\n"))
        .collect();
    let canisters = canisters.concat();
    let manifest = format!(
        "canisters:\n{canisters}networks:\n  - name: stage\n    mode: connected\n    url: {}\n    root-key: {}\nenvironments:\n  - name: staging\n    network: stage\n",
        ready.url, ready.root_key
    );
    fs::create_dir_all(folder.join(".icp/data/mappings")).unwrap();
    fs::write(folder.join("icp.yaml"), manifest).unwrap();
    let ids: serde_json::Map<_, _> = ids
        .iter()
        .map(|(name, id)| ((*name).to_owned(), json!(id.to_string())))
        .collect();
    fs::write(
        folder.join(".icp/data/mappings/staging.ids.json"),
        json!(ids).to_string(),
    )
    .unwrap();
    let elsewhere = r#"{"crane": "um5iw-rqaaa-aaaaq-qaaba-cai"}"#;
    fs::write(folder.join(".icp/data/mappings/ic.ids.json"), elsewhere).unwrap();
    folder
}

#[tokio::test]
async fn the_board_has_what_comes_along_what_projects_have_and_what_is_watched_each_once() {
    let bench = Bench::fleet().await;
    let engine = &bench.engine;
    let fleet = board(engine).await.len();
    let (crane, lone) = (bench.create().await, bench.create().await);
    let stock = bench.id("stock");
    engine
        .open_project(&project(&bench, &[("crane", crane), ("stock_too", stock)]))
        .unwrap();
    engine.watch(lone, " Lone wolf ", "").await.unwrap();
    engine.watch(crane, "", "").await.unwrap();
    engine.watch(lone, "Lone wolf", "Woods").await.unwrap();

    let all = board(engine).await;
    assert_eq!(
        all.len(),
        fleet + 2,
        "each once, whatever the reasons: {all:?}"
    );
    assert_eq!(
        all[fleet..],
        [pair("crane", "harbour"), pair("Lone wolf", "Woods")]
    );
    assert!(
        all.contains(&pair("stock", "Shop")),
        "the network's own name comes first"
    );

    engine
        .describe_canister(stock, "Shelves", "", "Count them on Mondays", true)
        .await
        .unwrap();
    assert!(
        board(engine).await.contains(&pair("Shelves", "Shop")),
        "a person's name beats every other"
    );
    let labels = engine.labels().await.unwrap();
    let label = &labels.iter().find(|(id, _)| *id == stock).unwrap().1;
    assert_eq!(
        (label.note.as_str(), label.is_favourite, label.is_watched),
        ("Count them on Mondays", true, false)
    );

    let read = engine.canisters().await.unwrap();
    let lone_read = read.iter().find(|canister| canister.id == lone).unwrap();
    assert_eq!(
        lone_read.name, "Lone wolf",
        "the board reads what is watched"
    );
    engine.unwatch(lone).await.unwrap();
    engine.unwatch(crane).await.unwrap();
    assert_eq!(
        board(engine).await.len(),
        fleet + 1,
        "the project still has the crane"
    );
    engine
        .describe_canister(stock, "", "", "", false)
        .await
        .unwrap();
    assert!(
        engine.labels().await.unwrap().is_empty(),
        "what says nothing is not kept"
    );
}

#[tokio::test]
async fn the_same_id_on_another_network_is_another_canister() {
    let bench = Bench::fleet().await;
    let engine = &bench.engine;
    let stock = bench.id("stock");
    engine
        .describe_canister(stock, "Shelves", "", "here", false)
        .await
        .unwrap();

    let options = Options {
        seed: 7,
        ..Options::default()
    };
    let other = canopic_practice::start(options).await.unwrap();
    let key = GivenKey::Pasted(other.ready().root_key.clone());
    let lab = engine
        .add_network("Lab", &other.ready().url, &key)
        .await
        .unwrap()
        .id;
    engine.choose_network(&lab).unwrap();
    assert!(
        engine.labels().await.unwrap().is_empty(),
        "nothing was said about it here"
    );
    engine.watch(stock, "Namesake", "").await.unwrap();
    assert_eq!(board(engine).await, [pair("Namesake", "")]);
    let hits = engine.find("shelves").await.unwrap();
    assert_eq!(
        (hits.len(), hits[0].known_by, hits[0].id),
        (1, KnownBy::OtherNetwork, stock)
    );

    engine.choose_network(&NetworkId::Practice).unwrap();
    let labels = engine.labels().await.unwrap();
    assert_eq!(
        (labels.len(), labels[0].1.name.as_str()),
        (1, "Shelves"),
        "each network has its own"
    );
}

#[tokio::test]
async fn canisters_are_found_by_name_note_and_id_wherever_they_are_known() {
    let bench = Bench::fleet().await;
    let engine = &bench.engine;
    let crane = bench.create().await;
    engine
        .open_project(&project(&bench, &[("crane", crane)]))
        .unwrap();
    let stock = bench.id("stock");
    engine
        .describe_canister(stock, "", "", "Count them on Mondays", false)
        .await
        .unwrap();

    let found = |text: &'static str| async move {
        let hits = engine.find(text).await.unwrap();
        hits.into_iter()
            .map(|hit| (hit.name, hit.known_by))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("CRANE").await,
        [
            ("crane".to_owned(), KnownBy::Board),
            ("crane".to_owned(), KnownBy::OtherEnvironment)
        ],
        "here first, then the one on mainnet"
    );
    assert_eq!(
        found("mondays").await,
        [("stock".to_owned(), KnownBy::Board)]
    );
    assert_eq!(
        found("st").await[0].0,
        "storefront",
        "what begins like it comes first, in the board's order"
    );
    assert_eq!(found("  ").await, []);
    let id = stock.to_string();
    let hits = engine.find(&id).await.unwrap();
    assert_eq!(
        (hits.len(), hits[0].id, hits[0].known_by),
        (1, stock, KnownBy::Board)
    );
    let unknown = engine.find("rrkah-fqaaa-aaaaa-aaaaq-cai").await.unwrap();
    assert_eq!(
        (unknown.len(), unknown[0].known_by),
        (1, KnownBy::Id),
        "a whole id is always a hit"
    );

    let person = bench.owner().into();
    assert_eq!(
        engine.watch(person, "", "").await.unwrap_err().code,
        Code::IdMalformed,
        "a person is no canister"
    );
    let long = "x".repeat(81);
    let error = engine.watch(crane, &long, "").await.unwrap_err();
    assert_eq!(
        (error.code, error.facts["limit"].as_str()),
        (Code::TextTooLong, "80")
    );
}
