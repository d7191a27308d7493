//! Installing modules: plans, and what comes of them.

use canopic_engine::{
    Arguments, CanisterId, ChangeKind, Code, Denial, End, InstallMode, InstallOrder, InstallPlan,
    MainMemory, Module, Obstacle, State, UpgradeOptions, Verdict, Wish,
};
use canopic_practice::faults::{Effect, Fault, Kind};
use canopic_tests::{About, Bench};

const SHOP_1: &[u8] = include_bytes!("../../src-tauri/practice/demo/shop_backend_1.wasm.gz");
const SHOP: &[u8] = include_bytes!("../../src-tauri/practice/demo/shop_backend.wasm.gz");

const TAKES_A_NUMBER: &str = r#"(module
  (@custom "icp:public candid:service" "service : { look : () -> () query }")
  (@custom "icp:public candid:args" "(limit : nat64)")
  (func (export "canister_query look")))"#;

const TAKES_NOTHING: &str = r#"(module (func (export "canister_query look")))"#;

fn module(text: &str) -> Module {
    Module::read(wat::parse_str(text).unwrap()).unwrap()
}

/// A module of three chunks: the padding is a section that nobody reads.
fn large() -> Module {
    let mut wasm = wat::parse_str(TAKES_NOTHING).unwrap();
    let content: Vec<u8> = (0..2_600_000_u32)
        .map(|n| (n >> 16) as u8 ^ n as u8)
        .collect();
    let mut section = vec![7];
    section.extend(b"padding");
    section.extend(content);
    wasm.push(0);
    let mut length = section.len();
    while length >= 0x80 {
        wasm.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    wasm.push(length as u8);
    wasm.extend(section);
    Module::read(wasm).unwrap()
}

fn order(canister: CanisterId, module: &Module) -> InstallOrder {
    InstallOrder {
        canister,
        module: module.clone(),
        wish: Wish::Auto,
        options: UpgradeOptions::default(),
        arguments: None,
    }
}

async fn plan(bench: &Bench, order: &InstallOrder) -> InstallPlan {
    bench.engine.plan_install(order).await.unwrap()
}

/// Does what was planned, as the job that a person confirms.
async fn install(bench: &Bench, plan: &InstallPlan) {
    let op = plan.op();
    let shown = bench.engine.plan(&op).await.unwrap();
    let job = bench.engine.run(op, &shown.fingerprint).await.unwrap();
    let job = bench.engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
}

async fn stored(bench: &Bench, id: CanisterId) -> usize {
    let (stored,): (Vec<canopic_practice::interface::ChunkHash>,) = bench
        .manage(id.principal(), "stored_chunks", (About::of(id),))
        .await
        .unwrap();
    stored.len()
}

#[tokio::test]
async fn what_is_planned_is_what_a_certificate_shows_afterwards() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    for (bytes, upgrade) in [(SHOP_1, false), (SHOP, true)] {
        let module = Module::read(bytes.to_vec()).unwrap();
        let plan = plan(&bench, &order(id, &module)).await;
        assert_eq!(plan.obstacles, []);
        assert_eq!(plan.chunks, None, "it fits in a message");
        if upgrade {
            assert_eq!(
                (plan.mode, plan.memory_by_module),
                (
                    InstallMode::Upgrade {
                        skip_pre_upgrade: false,
                        main_memory: Some(MainMemory::Keep),
                    },
                    true
                ),
                "a Motoko module of this kind loses its data unless the memory is kept"
            );
            assert_ne!(plan.compatibility.verdict, Verdict::Unknown);
        } else {
            assert_eq!(
                (plan.mode, plan.hash_before.as_deref()),
                (InstallMode::Install, None)
            );
        }
        install(&bench, &plan).await;
        let status = bench.status(id).await;
        assert_eq!(
            status.module_hash.as_deref(),
            Some(&plan.hash_after.as_bytes()[..])
        );
    }
}

#[tokio::test]
async fn a_large_module_goes_in_chunks_and_leaves_none_behind() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let module = large();
    let first = plan(&bench, &order(id, &module)).await;
    let chunks = first.chunks.expect("it does not fit in a message");
    assert_eq!((chunks.all, chunks.missing, chunks.foreign), (3, 3, 0));
    install(&bench, &first).await;
    assert_eq!(stored(&bench, id).await, 0, "a full store costs cycles");

    let foreign = canopic_practice::interface::UploadChunkArgs {
        canister_id: id.principal(),
        chunk: vec![1, 2, 3],
    };
    let (_,): (canopic_practice::interface::ChunkHash,) = bench
        .manage(id.principal(), "upload_chunk", (foreign,))
        .await
        .unwrap();
    let again = plan(&bench, &order(id, &module)).await;
    assert_eq!(
        again.chunks.map(|chunks| (chunks.missing, chunks.foreign)),
        Some((3, 1))
    );
    install(&bench, &again).await;
    assert_eq!(
        stored(&bench, id).await,
        4,
        "what somebody else put there stays, and so ours stays with it"
    );
    let third = plan(&bench, &order(id, &module)).await;
    assert_eq!(
        third.chunks.map(|chunks| chunks.missing),
        Some(0),
        "only what is missing is sent"
    );
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_before_anything_is_sent() {
    let bench = Bench::any().await;
    let (empty, shop) = (bench.create().await, bench.create().await);
    let motoko = Module::read(SHOP.to_vec()).unwrap();
    let installed = plan(&bench, &order(shop, &motoko)).await;
    install(&bench, &installed).await;
    let plain = module(TAKES_NOTHING);
    let with_memory = |main_memory| UpgradeOptions {
        main_memory,
        ..UpgradeOptions::default()
    };
    for (canister, wish, main_memory, obstacles) in [
        (
            shop,
            Wish::Install,
            None,
            vec![Obstacle::Denied(Denial::AlreadyInstalled)],
        ),
        (
            empty,
            Wish::Upgrade,
            None,
            vec![Obstacle::Denied(Denial::NothingInstalled)],
        ),
        (shop, Wish::Auto, None, vec![Obstacle::WouldLoseMemory]),
        (
            shop,
            Wish::Auto,
            Some(MainMemory::Keep),
            vec![Obstacle::CannotKeepMemory],
        ),
        (shop, Wish::Auto, Some(MainMemory::Replace), vec![]),
        (shop, Wish::Reinstall, None, vec![]),
    ] {
        let order = InstallOrder {
            wish,
            options: with_memory(main_memory),
            ..order(canister, &plain)
        };
        let plan = plan(&bench, &order).await;
        assert_eq!(plan.obstacles, obstacles, "{wish:?} {main_memory:?}");
        if !obstacles.is_empty() {
            let op = plan.op();
            let blocked = bench.engine.plan(&op).await.unwrap();
            let error = bench
                .engine
                .run(op, &blocked.fingerprint)
                .await
                .unwrap_err();
            assert_eq!(error.code, Code::Precondition);
        }
    }
}

#[tokio::test]
async fn an_upgrade_says_what_breaks_for_callers() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let (new, old) = (
        Module::read(SHOP.to_vec()).unwrap(),
        Module::read(SHOP_1.to_vec()).unwrap(),
    );
    let first = plan(&bench, &order(id, &new)).await;
    assert_eq!(
        first.compatibility.verdict,
        Verdict::Unknown,
        "nobody called it before"
    );
    install(&bench, &first).await;
    let back = plan(&bench, &order(id, &old)).await;
    assert_eq!(back.compatibility.verdict, Verdict::Breaking);
    let removed: Vec<&str> = back
        .compatibility
        .changes
        .iter()
        .filter(|change| change.kind == ChangeKind::Removed)
        .map(|change| change.method.as_str())
        .collect();
    assert_eq!(removed, ["order", "orders", "shelf", "summary"]);
}

#[tokio::test]
async fn arguments_are_held_against_what_the_module_takes() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let module = module(TAKES_A_NUMBER);
    let with = |text: &str| InstallOrder {
        arguments: Some(Arguments::Text(text.to_owned())),
        ..order(id, &module)
    };
    let error = bench
        .engine
        .plan_install(&with("(\"five\")"))
        .await
        .unwrap_err();
    assert_eq!(
        (
            error.code,
            error.facts["argument"].as_str(),
            error.facts["expected"].as_str()
        ),
        (Code::ArgumentMalformed, "1 (limit)", "nat64")
    );
    let plan = plan(&bench, &with("(5)")).await;
    assert_eq!(
        (plan.argument_text.as_deref(), plan.argument_fits),
        (Some("(5)"), Some(true))
    );
    install(&bench, &plan).await;
}

#[tokio::test]
async fn a_lost_answer_installs_once() {
    let bench = Bench::practice().await;
    for (module, method) in [
        (module(TAKES_NOTHING), "install_code"),
        (large(), "install_chunked_code"),
    ] {
        let id = bench.create().await;
        let before = bench.status(id).await.version;
        let plan = plan(&bench, &order(id, &module)).await;
        bench.network().break_it([Fault {
            kind: Some(Kind::Call),
            method: Some(method.to_owned()),
            after: 0,
            times: 1,
            effect: Effect::LoseReply,
        }]);
        install(&bench, &plan).await;
        let status = bench.status(id).await;
        assert_eq!(
            status.module_hash.as_deref(),
            Some(&plan.hash_after.as_bytes()[..])
        );
        assert_eq!(
            status.version,
            before + 1,
            "each installation would count one up"
        );
    }
}

#[tokio::test]
async fn chunks_that_do_not_get_through_are_sent_again() {
    let bench = Bench::practice().await;
    let id = bench.create().await;
    let module = large();
    let plan = plan(&bench, &order(id, &module)).await;
    let fault = |effect| Fault {
        kind: Some(Kind::Call),
        method: Some("upload_chunk".to_owned()),
        after: 0,
        times: 1,
        effect,
    };
    bench
        .network()
        .break_it([fault(Effect::LoseReply), fault(Effect::Cut)]);
    install(&bench, &plan).await;
    assert_eq!(stored(&bench, id).await, 0);
}

#[tokio::test]
async fn a_plan_that_no_longer_fits_is_refused() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let module = module(TAKES_A_NUMBER);
    let plan = plan(&bench, &order(id, &module)).await;
    let shown = bench.engine.plan(&plan.op()).await.unwrap();
    let controllers = bench.status(id).await.settings.controllers;
    let more = canopic_practice::interface::UpdateSettingsArgs {
        canister_id: id.principal(),
        settings: canopic_practice::interface::CanisterSettings {
            controllers: Some([controllers, vec![id.principal()]].concat()),
            ..Default::default()
        },
        sender_canister_version: None,
    };
    let () = bench
        .manage(id.principal(), "update_settings", (more,))
        .await
        .unwrap();
    let error = bench
        .engine
        .run(plan.op(), &shown.fingerprint)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::StalePlan, "{}", error.chain());
}
