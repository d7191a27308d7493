//! Networks, projects and picks as JSON.

use crate::{Bench, practice};
use canopic_practice::Options;
use serde_json::{Value, json};

async fn network() -> canopic_practice::Network {
    let options = Options {
        seed: 7,
        ..Options::default()
    };
    canopic_practice::start(options).await.unwrap()
}

fn custom(networks: &Value) -> &Value {
    let networks = networks.as_array().unwrap();
    networks
        .iter()
        .find(|network| network["kind"] == "custom")
        .expect("it was added")
}

#[tokio::test]
async fn a_network_is_looked_at_added_chosen_and_removed() {
    let bench = Bench::new();
    let theirs = network().await;
    let (url, key) = (&theirs.ready().url, &theirs.ready().root_key);
    let probe = bench
        .ask(json!({"request": "lookAtAddress", "address": url}))
        .await;
    assert_eq!(
        (&probe["finding"]["kind"], &probe["rootKey"]),
        (&json!("proven"), &json!(key)),
        "{probe:#}"
    );
    assert_eq!(probe["isClockOff"], false);

    let told = json!({"kind": "told", "fingerprint": probe["fingerprint"]});
    let networks = bench
        .ask(json!({"request": "addNetwork", "name": " Lab ", "address": url, "key": told}))
        .await;
    let added = custom(&networks);
    assert_eq!(
        (&added["name"], &added["trust"], &added["fingerprint"]),
        (&json!("Lab"), &json!("firstUse"), &probe["fingerprint"])
    );

    let session = bench
        .ask(json!({"request": "chooseNetwork", "network": added["id"]}))
        .await;
    assert_eq!(
        (&session["network"]["kind"], &session["network"]["rootKey"]),
        (&json!("custom"), &json!(key))
    );
    let board = bench.ask(json!({"request": "canisters"})).await;
    assert_eq!(
        board["canisters"],
        json!([]),
        "nothing is looked after there yet"
    );
    let failure = bench
        .fail(json!({"request": "removeNetwork", "network": added["id"]}))
        .await;
    assert_eq!(
        (&failure["code"], &failure["facts"]["name"]),
        (&json!("networkInUse"), &json!("Lab"))
    );

    bench
        .ask(json!({"request": "chooseNetwork", "network": "practice"}))
        .await;
    let networks = bench
        .ask(json!({"request": "removeNetwork", "network": added["id"]}))
        .await;
    assert!(
        networks
            .as_array()
            .unwrap()
            .iter()
            .all(|network| network["kind"] != "custom"),
        "{networks:#}"
    );
}

#[tokio::test]
async fn a_network_is_refused_for_its_own_reason() {
    let bench = Bench::new();
    let pasted = |key: &str| json!({"kind": "pasted", "rootKey": key});
    let add = |address: &str, key: Value| json!({"request": "addNetwork", "name": "Lab", "address": address, "key": key});
    let good = hex::encode(canopic_engine::MAINNET_ROOT_KEY);
    for (request, code) in [
        (add("http://icp-api.io", pasted(&good)), "addressInsecure"),
        (add("icp-api.io", pasted(&good)), "addressMalformed"),
        (
            add("https://icp-api.io", pasted("3081")),
            "rootKeyMalformed",
        ),
        (
            json!({"request": "chooseNetwork", "network": "custom:9"}),
            "networkUnknown",
        ),
        (
            json!({"request": "renameNetwork", "network": "custom:9", "name": "x"}),
            "networkUnknown",
        ),
    ] {
        let failure = bench.fail(request.clone()).await;
        assert_eq!(
            (&failure["code"], &failure["certainty"]),
            (&json!(code), &json!("nothingSent")),
            "{request}"
        );
    }
}

#[tokio::test]
async fn mainnet_can_be_chosen_without_a_connection() {
    let bench = Bench::new();
    let session = bench
        .ask(json!({"request": "chooseNetwork", "network": "mainnet"}))
        .await;
    assert_eq!(
        (&session["network"]["kind"], &session["network"]["trust"]),
        (&json!("mainnet"), &json!("builtIn"))
    );
    assert_eq!(session["network"]["address"], "https://icp-api.io/");
}

#[tokio::test]
async fn a_project_is_opened_by_a_pick_and_never_by_a_path() {
    let bench = Bench::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/projects/market");
    let failure = bench
        .fail(json!({"request": "openProject", "pick": folder}))
        .await;
    assert_eq!(failure["code"], "bug", "a path is no pick");
    let failure = bench
        .fail(json!({"request": "openProject", "pick": 1}))
        .await;
    assert_eq!(failure["code"], "pickGone");

    let pick = bench.api.picked([folder]).remove(0);
    assert!(pick.is_folder && pick.name == "market");
    let projects = bench
        .ask(json!({"request": "openProject", "pick": pick.pick}))
        .await;
    let environments = projects[0]["environments"].as_array().unwrap();
    let ic = environments
        .iter()
        .find(|environment| environment["name"] == "ic")
        .unwrap();
    assert_eq!(
        (&ic["ground"]["kind"], &ic["canisters"][1]["id"]),
        (&json!("mainnet"), &json!("um5iw-rqaaa-aaaaq-qaaba-cai"))
    );
    let failure = bench
        .fail(json!({"request": "openProject", "pick": pick.pick}))
        .await;
    assert_eq!(
        failure["code"], "pickGone",
        "a pick that has served is gone"
    );
    let projects = bench
        .ask(json!({"request": "closeProject", "folder": projects[0]["folder"]}))
        .await;
    assert_eq!(projects, json!([]));
}

#[tokio::test]
async fn damaged_files_of_any_domain_are_set_aside_whole() {
    let bench = Bench::new();
    let config = bench.home.join("config");
    for file in ["networks", "projects"] {
        let damaged = r#"{"version": 1, "surprise"#;
        let folders = canopic_engine::Places::below(&bench.home.join(file))
            .open()
            .unwrap();
        let path = folders.config.join(format!("{file}.json"));
        std::fs::write(&path, damaged).unwrap();
        let api = canopic_api::Api::open_on(
            Ok(folders),
            std::sync::Arc::new(practice::Embedded::default()),
            canopic_api::Computer::of_a_test(&bench.home.join(file)),
        );
        let failure = api.start_failure().expect("it cannot open");
        assert_eq!(
            (
                failure.facts["path"].as_str(),
                failure.report.contains("SettingsDamaged")
            ),
            (path.as_str(), true)
        );
        api.answer_json(json!({"request": "setSettingsAside"}))
            .await
            .unwrap();
        let aside =
            std::fs::read_to_string(path.with_file_name(format!("{file}.set-aside-1.json")))
                .unwrap();
        assert_eq!(aside, damaged, "nothing is deleted");
    }
    assert!(config.exists());
}

#[tokio::test]
async fn a_canister_is_named_watched_and_found() {
    let bench = Bench::new();
    let stock = bench.canister(|canister| canister["name"] == "stock").await;
    let described = json!({
        "request": "describeCanister", "canister": stock["id"], "name": "Shelves", "group": "", "note": "Mondays", "isFavourite": true
    });
    let labels = bench.ask(described).await;
    assert_eq!(
        labels,
        json!([{
            "canister": stock["id"], "isWatched": false, "name": "Shelves", "group": "", "note": "Mondays", "isFavourite": true
        }])
    );
    bench
        .canister(|canister| canister["name"] == "Shelves")
        .await;
    let hits = bench
        .ask(json!({"request": "find", "text": "mondays"}))
        .await;
    assert_eq!(
        (&hits[0]["canister"], &hits[0]["knownBy"]),
        (&stock["id"], &json!("board")),
        "{hits:#}"
    );

    let elsewhere = "rrkah-fqaaa-aaaaa-aaaaq-cai";
    bench.ask(json!({"request": "watchCanister", "canister": elsewhere, "name": "Ours", "group": "New"})).await;
    let watched = bench.canister(|canister| canister["name"] == "Ours").await;
    assert_eq!(
        watched["reading"]["failure"]["code"], "canisterNotFound",
        "the board says what is the matter: {watched:#}"
    );
    let failure = bench
        .fail(json!({"request": "watchCanister", "canister": "2vxsx-fae", "name": "", "group": ""}))
        .await;
    assert_eq!(failure["code"], "idMalformed", "nobody is no canister");
    let labels = bench
        .ask(json!({"request": "unwatchCanister", "canister": elsewhere}))
        .await;
    assert_eq!(labels.as_array().unwrap().len(), 1, "{labels:#}");
}
