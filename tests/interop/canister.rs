//! The life of a canister in the hands of the real `icp`.

use super::{Shop, module};

#[tokio::test(flavor = "multi_thread")]
async fn icp_reads_the_status_and_stops_and_starts() {
    let shop = Shop::open().await;
    let id = shop.id("shop_backend");
    let status = shop.ask_json(&["canister", "status", &id]).await;
    assert_eq!(status["status"], "Running", "{status:#}");
    shop.ask(&["canister", "stop", &id]).await;
    let status = shop.ask_json(&["canister", "status", &id]).await;
    assert_eq!(status["status"], "Stopped", "{status:#}");
    shop.ask(&["canister", "start", &id]).await;
    let status = shop.ask_json(&["canister", "status", &id]).await;
    assert_eq!(status["status"], "Running", "{status:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn icp_falls_back_to_public_facts_where_it_has_no_rights() {
    let shop = Shop::open().await;
    let mut public = vec![];
    for member in shop.network.fleet() {
        let status = shop
            .ask_json(&["canister", "status", &member.id.to_text()])
            .await;
        if status.get("cycles").is_none() {
            public.push(member.name);
            assert!(
                status["controllers"]
                    .as_array()
                    .is_some_and(|all| !all.is_empty()),
                "controllers are public: {status:#}"
            );
        }
    }
    assert_eq!(
        public,
        ["shipping_partner"],
        "one canister of the fleet belongs to somebody else"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canister_is_made_installed_upgraded_and_deleted() {
    let shop = Shop::open().await;
    let made = shop.ask_json(&["canister", "create", "--detached"]).await;
    let id = made["canister_id"].as_str().unwrap();
    let (first, second) = (
        module("shop_backend_1.wasm.gz"),
        module("shop_backend.wasm.gz"),
    );

    shop.ask(&[
        "canister", "install", id, "--wasm", &first, "--mode", "install",
    ])
    .await;
    let stock = shop
        .ask(&[
            "canister",
            "call",
            id,
            "restock",
            "(\"B1\", \"A map\", 24, 12)",
        ])
        .await;
    assert!(stock.contains("12"), "the reply of the canister: {stock}");

    let before = shop.ask_json(&["canister", "status", id]).await;
    shop.ask(&[
        "canister", "install", id, "--wasm", &second, "--mode", "upgrade", "--yes",
    ])
    .await;
    let after = shop.ask_json(&["canister", "status", id]).await;
    assert_ne!(
        before["module_hash"], after["module_hash"],
        "another module runs"
    );
    let shelf = shop
        .ask(&["canister", "call", id, "shelf", "()", "--query"])
        .await;
    assert!(
        shelf.contains("A map"),
        "the upgrade kept the heap: {shelf}"
    );

    shop.ask(&[
        "canister",
        "install",
        id,
        "--wasm",
        &second,
        "--mode",
        "reinstall",
        "--yes",
    ])
    .await;
    let shelf = shop
        .ask(&["canister", "call", id, "shelf", "()", "--query"])
        .await;
    assert!(
        !shelf.contains("A map"),
        "a reinstallation keeps nothing: {shelf}"
    );

    shop.ask(&["canister", "stop", id]).await;
    shop.ask(&["canister", "delete", id, "--no-recover-cycles"])
        .await;
    let gone = shop.refused(&["canister", "status", id]).await;
    assert!(
        gone.contains("not found"),
        "a deleted canister is gone: {gone}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_and_read_back() {
    let shop = Shop::open().await;
    let id = shop.id("orders");
    let change = [
        "--freezing-threshold",
        "50d",
        "--add-environment-variable",
        "SEASON=autumn",
    ];
    shop.ask(
        &[
            &["canister", "settings", "update", &id, "--force"],
            &change[..],
        ]
        .concat(),
    )
    .await;
    let settings = shop.ask(&["canister", "settings", "show", &id]).await;
    assert!(
        settings.contains("4_320_000"),
        "fifty days in seconds: {settings}"
    );
    assert!(
        settings.contains("SEASON: autumn"),
        "what the code can ask for: {settings}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_stands_in_the_log_and_the_interface_in_the_metadata() {
    let shop = Shop::open().await;
    let id = shop.id("orders");
    // The header of an empty argument list.
    let no_argument = "4449444c0000";
    let trapped = shop
        .refused(&[
            "canister",
            "call",
            &id,
            "add",
            no_argument,
            "--args-format",
            "hex",
        ])
        .await;
    assert!(
        trapped.contains("IC0502"),
        "the canister trapped: {trapped}"
    );
    let log = shop.ask_json(&["canister", "logs", &id]).await;
    let records = log["log_records"].as_array().unwrap();
    assert!(
        records
            .iter()
            .any(|record| record.to_string().contains("[TRAP]")),
        "and wrote it down: {log:#}"
    );
    let interface = shop
        .ask(&["canister", "metadata", &id, "candid:service"])
        .await;
    assert!(
        interface.contains("total : () -> (nat64) query"),
        "its public interface: {interface}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cycles_are_topped_up_from_the_ledger() {
    let shop = Shop::open().await;
    let id = shop.id("payments");
    let cycles = async || {
        let status = shop.ask_json(&["canister", "status", &id]).await;
        let digits = status["cycles"].as_str().unwrap().replace('_', "");
        digits.parse::<u128>().unwrap()
    };
    let before = cycles().await;
    shop.ask(&["canister", "top-up", &id, "--amount", "2t"])
        .await;
    let gained = cycles().await - before;
    let two_trillion = 2_000_000_000_000;
    assert!(
        gained <= two_trillion && gained > two_trillion * 99 / 100,
        "two trillion, less what asking costs: {gained}"
    );
}
