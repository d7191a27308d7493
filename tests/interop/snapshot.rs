//! Snapshots in the hands of the real `icp`: on the network, and in its folders.

use super::{Shop, text};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use std::fs;

/// The ids of a canister's snapshots, oldest first.
async fn snapshots(shop: &Shop, id: &str) -> Vec<String> {
    let list = shop.ask_json(&["canister", "snapshot", "list", id]).await;
    let id_of = |snapshot: &serde_json::Value| snapshot["snapshot_id"].as_str().unwrap().to_owned();
    list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(id_of)
        .collect()
}

async fn create(shop: &Shop, id: &str) -> String {
    let made = shop.ask_json(&["canister", "snapshot", "create", id]).await;
    made["snapshot_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_taken_and_restored_and_deleted() {
    let shop = Shop::open().await;
    let id = shop.id("orders");
    let before = snapshots(&shop, &id).await;
    shop.ask(&["canister", "stop", &id]).await;
    let snapshot = create(&shop, &id).await;
    assert_eq!(
        snapshots(&shop, &id).await,
        [before.clone(), vec![snapshot.clone()]].concat(),
        "one more, and the newest"
    );

    shop.ask(&["canister", "start", &id]).await;
    shop.ask(&["canister", "call", &id, "add", "(6 : nat64)"])
        .await;
    shop.ask(&["canister", "stop", &id]).await;
    shop.ask(&["canister", "snapshot", "restore", &id, &snapshot])
        .await;
    shop.ask(&["canister", "start", &id]).await;
    let total = shop
        .ask(&["canister", "call", &id, "total", "()", "--query"])
        .await;
    assert!(
        total.replace('_', "").contains("1204"),
        "what was added later is forgotten: {total}"
    );

    shop.ask(&["canister", "snapshot", "delete", &id, &snapshot])
        .await;
    assert_eq!(snapshots(&shop, &id).await, before, "as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_travels_through_a_folder_onto_the_network_again() {
    let shop = Shop::open().await;
    // Stopped already, with heap and module.
    let id = shop.id("newsletter");
    let snapshot = create(&shop, &id).await;
    let folder = tempfile::tempdir().unwrap();
    let (out, again) = (
        text(&folder.path().join("out")),
        text(&folder.path().join("again")),
    );
    shop.ask(&[
        "canister", "snapshot", "download", &id, &snapshot, "-o", &out,
    ])
    .await;

    let uploaded = shop
        .ask_json(&["canister", "snapshot", "upload", &id, "-i", &out])
        .await;
    let uploaded = uploaded["snapshot_id"].as_str().unwrap();
    assert_ne!(uploaded, snapshot, "a snapshot of its own");
    shop.ask(&[
        "canister", "snapshot", "download", &id, uploaded, "-o", &again,
    ])
    .await;
    for file in ["wasm_module.bin", "wasm_memory.bin", "stable_memory.bin"] {
        let read = |folder: &str| fs::read(format!("{folder}/{file}")).unwrap();
        assert!(read(&out) == read(&again), "{file} came back as it went");
    }

    shop.ask(&["canister", "snapshot", "restore", &id, uploaded])
        .await;
    shop.ask(&["canister", "start", &id]).await;
    let letters = shop
        .ask(&["canister", "call", &id, "all", "()", "--query"])
        .await;
    assert!(
        letters.contains("maps, and how to fold them"),
        "the canister lives on: {letters}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_download_is_resumed() {
    let shop = Shop::open().await;
    // 50 MiB of stable memory: 27 slices, so that there is a middle.
    let id = shop.id("storefront");
    let snapshot = snapshots(&shop, &id).await.remove(0);
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("out"));
    shop.network
        .break_it([scripted("read_canister_snapshot_data", 8)]);
    shop.refused(&[
        "canister", "snapshot", "download", &id, &snapshot, "-o", &out,
    ])
    .await;
    assert!(shop.network.faults().is_empty(), "the fault struck");
    shop.ask(&[
        "canister", "snapshot", "download", &id, &snapshot, "-o", &out, "--resume",
    ])
    .await;

    let stable = fs::read(format!("{out}/stable_memory.bin")).unwrap();
    assert_eq!(stable.len(), 50 << 20, "all of it");
    for (number, megabyte) in (0_u32..).zip(stable.chunks(1 << 20)) {
        assert_eq!(
            megabyte[..4],
            number.to_le_bytes(),
            "picture {number} is in its place"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_upload_is_resumed() {
    let shop = Shop::open().await;
    let id = shop.id("newsletter");
    let snapshot = create(&shop, &id).await;
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("out"));
    shop.ask(&[
        "canister", "snapshot", "download", &id, &snapshot, "-o", &out,
    ])
    .await;
    let before = snapshots(&shop, &id).await;

    shop.network
        .break_it([scripted("upload_canister_snapshot_data", 2)]);
    shop.refused(&["canister", "snapshot", "upload", &id, "-i", &out])
        .await;
    assert!(shop.network.faults().is_empty(), "the fault struck");
    let half = snapshots(&shop, &id).await;
    assert_eq!(half.len(), before.len() + 1, "half of it is there");

    let resumed = shop
        .ask_json(&[
            "canister", "snapshot", "upload", &id, "-i", &out, "--resume",
        ])
        .await;
    assert_eq!(
        resumed["snapshot_id"].as_str(),
        half.last().map(String::as_str),
        "the same one"
    );
    assert_eq!(snapshots(&shop, &id).await, half, "and no other");
    shop.ask(&[
        "canister",
        "snapshot",
        "restore",
        &id,
        &half[half.len() - 1],
    ])
    .await;
    shop.ask(&["canister", "start", &id]).await;
    let letters = shop
        .ask(&["canister", "call", &id, "all", "()", "--query"])
        .await;
    assert!(
        letters.contains("maps, and how to fold them"),
        "every byte of it arrived: {letters}"
    );
}

/// Refuses a call to the management canister once, after so many that pass.
fn scripted(method: &str, after: u32) -> Fault {
    Fault {
        kind: Some(Kind::Call),
        method: Some(method.into()),
        after,
        times: 1,
        effect: Effect::RejectUncertified(Refusal {
            error: 504,
            message: "scripted".into(),
        }),
    }
}
