//! The demo fleet: modules that match their sources, and canisters with a past.

#![allow(clippy::unwrap_used, missing_docs)]

use candid::{Decode, Encode, Int, Nat, Principal};
use canopic_practice::demo::OWNER_SEED;
use canopic_practice::{Network, Options};
use ic_agent::Agent;
use ic_agent::identity::BasicIdentity;
use ic_management_canister_types::{
    CanisterIdRecord, CanisterInstallMode, CanisterStatusResult, CanisterStatusType,
    InstallCodeArgs, LoadCanisterSnapshotArgs, Snapshot, TakeCanisterSnapshotArgs, UpgradeFlags,
    WasmMemoryPersistence,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "demo", name].iter().collect()
}

fn digest(name: &str) -> String {
    hex::encode(Sha256::digest(std::fs::read(file(name)).unwrap()))
}

/// With `CANOPIC_FLEET=write` the modules are assembled anew instead.
#[test]
fn the_text_modules_are_what_their_sources_give() {
    for name in ["historian", "storefront", "tally"] {
        let assembled = wat::parse_file(file(&format!("{name}.wat"))).unwrap();
        let module = file(&format!("{name}.wasm"));
        if std::env::var_os("CANOPIC_FLEET").is_some_and(|what| what == "write") {
            std::fs::write(&module, &assembled).unwrap();
        }
        assert_eq!(
            assembled,
            std::fs::read(&module).unwrap(),
            "{name}: run this test with CANOPIC_FLEET=write"
        );
    }
}

/// The compiler is not at hand in every test run, so that its build records which source it read; the interop tests, which
/// have npm, build again.
#[test]
fn the_motoko_modules_are_what_was_built_from_these_sources() {
    let built = std::fs::read_to_string(file("built.json")).unwrap();
    let built: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(&built).unwrap();
    let sources = std::fs::read_dir(file("")).unwrap().filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        path.extension().is_some_and(|extension| extension == "mo")
    });
    assert_eq!(sources.count(), built.len(), "every source is built");
    for (name, record) in built {
        let why = format!("{name}: run `npm run build` in demo/");
        assert_eq!(record["source"], digest(&format!("{name}.mo")), "{why}");
        assert_eq!(
            record["module"],
            digest(&format!("{name}.wasm.gz")),
            "{why}"
        );
    }
}

struct Fleet {
    network: Network,
    agent: Agent,
}

impl Fleet {
    async fn settle() -> Self {
        Self::settle_in(None).await
    }

    /// With a folder the fleet lives on there.
    async fn settle_in(state: Option<PathBuf>) -> Self {
        let options = Options {
            demo: true,
            state,
            ..Options::default()
        };
        let network = canopic_practice::start(options).await.unwrap();
        let agent = Agent::builder()
            .with_url(&network.ready().url)
            .with_identity(BasicIdentity::from_raw_key(&OWNER_SEED))
            .build()
            .unwrap();
        agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
        Self { network, agent }
    }

    fn id(&self, name: &str) -> Principal {
        let member = self
            .network
            .fleet()
            .iter()
            .find(|member| member.name == name);
        member.unwrap().id
    }

    async fn query(&self, name: &str, method: &str, argument: Vec<u8>) -> Vec<u8> {
        let query = self.agent.query(&self.id(name), method).with_arg(argument);
        query.call().await.unwrap()
    }

    async fn manage(
        &self,
        name: &str,
        method: &str,
        argument: Vec<u8>,
    ) -> Result<Vec<u8>, ic_agent::AgentError> {
        let update = self.agent.update(&Principal::management_canister(), method);
        let update = update
            .with_arg(argument)
            .with_effective_canister_id(self.id(name));
        update.call_and_wait().await
    }

    async fn status(&self, name: &str) -> CanisterStatusResult {
        let argument = Encode!(&CanisterIdRecord {
            canister_id: self.id(name)
        })
        .unwrap();
        let reply = self
            .manage(name, "canister_status", argument)
            .await
            .unwrap();
        Decode!(&reply, CanisterStatusResult).unwrap()
    }

    async fn snapshots(&self, name: &str) -> Vec<Snapshot> {
        let argument = Encode!(&CanisterIdRecord {
            canister_id: self.id(name)
        })
        .unwrap();
        let reply = self
            .manage(name, "list_canister_snapshots", argument)
            .await
            .unwrap();
        Decode!(&reply, Vec<Snapshot>).unwrap()
    }
}

#[derive(candid::CandidType, serde::Deserialize, PartialEq, Debug)]
struct Summary {
    orders: Nat,
    takings: Nat,
}

#[tokio::test]
async fn every_canister_has_the_state_that_its_past_left() {
    let fleet = Fleet::settle().await;

    let reply = fleet
        .query("shop_backend", "summary", Encode!().unwrap())
        .await;
    let summary = Decode!(&reply, Summary).unwrap();
    // One map, two books of knots, three stories of the lighthouse, six tide tables; the upgrade kept the shelf.
    let takings = Nat::from(24_u32 + 2 * 9 + 3 * 18 + 6 * 6);
    assert_eq!(
        summary,
        Summary {
            orders: Nat::from(5_u32),
            takings
        },
        "orders of the shop"
    );

    let reply = fleet
        .query("bookkeeping", "balance", Encode!().unwrap())
        .await;
    assert_eq!(
        Decode!(&reply, Int).unwrap(),
        Int::from(5_660),
        "the books are balanced"
    );
    let reply = fleet.query("customers", "count", Encode!().unwrap()).await;
    assert_eq!(
        Decode!(&reply, Nat).unwrap(),
        Nat::from(10_u32),
        "a note each week"
    );
    let reply = fleet.query("orders", "total", Encode!().unwrap()).await;
    assert_eq!(
        Decode!(&reply, u64).unwrap(),
        1_204,
        "the tally of the orders"
    );
    let reply = fleet
        .query("storefront", "picture", Encode!(&49_u32).unwrap())
        .await;
    let picture = Decode!(&reply, Vec<u8>).unwrap();
    assert_eq!(
        picture[..4],
        49_u32.to_le_bytes(),
        "the last picture is in its place"
    );
    let reply = fleet.query("storefront", "home", Encode!().unwrap()).await;
    assert!(
        Decode!(&reply, String)
            .unwrap()
            .starts_with("Harbour Books"),
        "the window of the shop"
    );
    fleet.network.stop().await;
}

#[tokio::test]
async fn the_fleet_shows_what_there_is_to_look_after() {
    let fleet = Fleet::settle().await;
    let status = fleet.status("storefront").await;
    assert_eq!(
        status.memory_metrics.stable_memory_size,
        Nat::from(50_u64 << 20),
        "the largest"
    );
    assert_eq!(
        fleet.status("shop_backend").await.status,
        CanisterStatusType::Running,
        "open"
    );
    assert_eq!(
        fleet.status("newsletter").await.status,
        CanisterStatusType::Stopped,
        "stopped, and not stopping"
    );
    let status = fleet.status("payments").await;
    let lasts_for = status.cycles.clone() / status.idle_cycles_burned_per_day.clone();
    assert!(
        lasts_for > 90_u32 && lasts_for < 180_u32,
        "low, and not frozen yet: {lasts_for} days"
    );

    let interface = fleet
        .agent
        .read_state_canister_metadata(fleet.id("payments"), "candid:service")
        .await;
    assert!(interface.is_err(), "it publishes no interface");

    for (name, count) in [
        ("customers", 10),
        ("shop_backend", 3),
        ("staff_notes", 2),
        ("orders", 3),
    ] {
        assert_eq!(
            fleet.snapshots(name).await.len(),
            count,
            "snapshots of {name}"
        );
    }
    let taken: Vec<u64> = fleet
        .snapshots("shop_backend")
        .await
        .iter()
        .map(|one| one.taken_at_timestamp)
        .collect();
    let days: Vec<u64> = taken
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) / (24 * 60 * 60 * 1_000_000_000))
        .collect();
    assert_eq!(days, [47, 43], "of different ages");

    // Whoever restores yesterday's snapshot of the orders sees the total go back.
    let yesterday = fleet.snapshots("orders").await.pop().unwrap();
    let load = LoadCanisterSnapshotArgs {
        canister_id: fleet.id("orders"),
        snapshot_id: yesterday.id,
        sender_canister_version: None,
    };
    let loaded = fleet.manage("orders", "load_canister_snapshot", Encode!(&load).unwrap());
    loaded.await.unwrap();
    let reply = fleet.query("orders", "total", Encode!().unwrap()).await;
    assert_eq!(Decode!(&reply, u64).unwrap(), 1_163, "41 fewer than today");

    let asked = canopic_practice::interface::CanisterInfoArgs {
        canister_id: fleet.id("orders"),
        num_requested_changes: Some(20),
    };
    let historian = fleet.network.historian().unwrap();
    let update = fleet.agent.update(&historian, "canister_info");
    let reply = update
        .with_arg(Encode!(&asked).unwrap())
        .call_and_wait()
        .await;
    let told = Decode!(
        &reply.unwrap(),
        canopic_practice::interface::CanisterInfoResult
    )
    .unwrap();
    assert_eq!(
        told.recent_changes.len(),
        4,
        "made, installed, upgraded, and loaded just now: the historian tells it to anybody"
    );
    fleet.network.stop().await;
}

#[tokio::test]
async fn the_next_version_of_the_books_traps_and_changes_nothing() {
    let fleet = Fleet::settle().await;
    let before = fleet.status("bookkeeping").await;
    let next = InstallCodeArgs {
        mode: CanisterInstallMode::Upgrade(Some(UpgradeFlags {
            skip_pre_upgrade: None,
            wasm_memory_persistence: Some(WasmMemoryPersistence::Keep),
        })),
        canister_id: fleet.id("bookkeeping"),
        wasm_module: std::fs::read(file("bookkeeping_next.wasm.gz")).unwrap(),
        arg: Encode!().unwrap(),
        sender_canister_version: None,
    };
    let refused = fleet
        .manage("bookkeeping", "install_code", Encode!(&next).unwrap())
        .await;
    let refused = format!("{:?}", refused.unwrap_err());
    assert!(
        refused.contains("IC0503"),
        "a trap of the canister's own: {refused}"
    );
    let after = fleet.status("bookkeeping").await;
    assert_eq!(
        (after.module_hash, after.version),
        (before.module_hash, before.version),
        "the old version stays"
    );
    let reply = fleet
        .query("bookkeeping", "balance", Encode!().unwrap())
        .await;
    assert_eq!(
        Decode!(&reply, Int).unwrap(),
        Int::from(5_660),
        "and so do its books"
    );
    fleet.network.stop().await;
}

#[tokio::test]
async fn two_fleets_differ_in_nothing_but_their_dates() {
    let (one, other) = (Fleet::settle().await, Fleet::settle().await);
    for member in one
        .network
        .fleet()
        .iter()
        .filter(|member| member.name != "shipping_partner")
    {
        let (first, second) = (
            one.status(member.name).await,
            other.status(member.name).await,
        );
        let facts = |status: CanisterStatusResult| {
            (
                status.module_hash,
                status.version,
                status.memory_size,
                status.cycles,
            )
        };
        assert_eq!(facts(first), facts(second), "{}", member.name);
        let sizes = |snapshots: Vec<Snapshot>| {
            snapshots
                .into_iter()
                .map(|one| (one.id, one.total_size))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            sizes(one.snapshots(member.name).await),
            sizes(other.snapshots(member.name).await),
            "snapshots of {}",
            member.name
        );
    }
    one.network.stop().await;
    other.network.stop().await;
}

#[tokio::test]
async fn a_motoko_canister_lives_through_a_restart_and_is_restored_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Fleet::settle_in(Some(folder.path().to_path_buf())).await;
    let order = async |fleet: &Fleet, customer: &str| {
        let argument = Encode!(&customer, &"B4", &Nat::from(1_u32)).unwrap();
        let update = fleet.agent.update(&fleet.id("shop_backend"), "order");
        update.with_arg(argument).call_and_wait().await.unwrap();
    };
    let orders = async |fleet: &Fleet| {
        let reply = fleet
            .query("shop_backend", "summary", Encode!().unwrap())
            .await;
        Decode!(&reply, Summary).unwrap().orders
    };
    order(&fleet, "Kim").await;
    let id = fleet.id("shop_backend");
    let take = TakeCanisterSnapshotArgs {
        canister_id: id,
        replace_snapshot: None,
        uninstall_code: None,
        sender_canister_version: None,
    };
    let reply = fleet
        .manage(
            "shop_backend",
            "take_canister_snapshot",
            Encode!(&take).unwrap(),
        )
        .await
        .unwrap();
    let snapshot = Decode!(&reply, Snapshot).unwrap();
    order(&fleet, "Lou").await;
    fleet.network.stop().await;

    let fleet = Fleet::settle_in(Some(folder.path().to_path_buf())).await;
    assert_eq!(
        orders(&fleet).await,
        Nat::from(7_u32),
        "both orders are there"
    );
    assert_eq!(
        fleet.snapshots("customers").await.len(),
        10,
        "and so are snapshots"
    );
    order(&fleet, "Mia").await;
    let load = LoadCanisterSnapshotArgs {
        canister_id: id,
        snapshot_id: snapshot.id,
        sender_canister_version: None,
    };
    fleet
        .manage(
            "shop_backend",
            "load_canister_snapshot",
            Encode!(&load).unwrap(),
        )
        .await
        .unwrap();
    assert_eq!(orders(&fleet).await, Nat::from(6_u32), "as before Lou came");
    order(&fleet, "Noa").await;
    assert_eq!(
        orders(&fleet).await,
        Nat::from(7_u32),
        "and it goes on from there"
    );
    fleet.network.stop().await;
}
