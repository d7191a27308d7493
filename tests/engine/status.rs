//! What is known of a canister, and how well.

use candid::Principal;
use canopic_engine::{
    Action, Code, Denial, Reading, RunState, SettingsChange, Status, Viewers, Warning, may,
};
use canopic_practice::{
    faults::{Effect, Fault, Kind},
    interface::CanisterSettings,
};
use canopic_tests::Bench;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn struck(kind: Kind, method: Option<&str>, times: u32, effect: Effect) -> Fault {
    Fault {
        kind: Some(kind),
        method: method.map(ToOwned::to_owned),
        after: 0,
        times,
        effect,
    }
}

async fn status(bench: &Bench, id: canopic_engine::CanisterId) -> Status {
    match bench.engine.canister(id, false).await.unwrap().reading {
        Reading::Full(status) => *status,
        other => panic!("the owner may see the status: {other:?}"),
    }
}

#[tokio::test]
async fn the_fleet_is_read_and_a_strangers_canister_shows_its_public_facts() {
    let bench = Bench::fleet().await;
    let canisters = bench.engine.canisters().await.unwrap();
    let public: Vec<_> = canisters
        .iter()
        .filter(|canister| matches!(canister.reading, Reading::Public(_)))
        .collect();
    let [partner] = public.as_slice() else {
        panic!("only the neighbour's is not ours to see: {public:?}")
    };
    assert_eq!(partner.name, "shipping_partner");
    let Reading::Public(facts) = &partner.reading else {
        unreachable!("it was filtered for")
    };
    assert!(facts.module_hash.is_some(), "the module's hash is public");
    assert_eq!(facts.controllers.len(), 1, "as are the controllers");
    assert!(
        partner
            .reading
            .warnings(&[bench.owner()])
            .contains(&Warning::NotOurs),
        "it is said that it is somebody else's"
    );
}

/// Every field against what the network itself says.
#[tokio::test]
async fn a_status_is_whole() {
    let bench = Bench::any().await;
    let settings = CanisterSettings {
        freezing_threshold: Some(1_000_000_u32.into()),
        wasm_memory_limit: Some(2_000_000_u32.into()),
        ..CanisterSettings::default()
    };
    let id = bench.create_with(settings).await;
    bench.install(id, "(module (memory 3))").await;
    let (found, told) = (status(&bench, id).await, bench.status(id).await);
    let number = |number: &candid::Nat| u128::try_from(number.0.clone()).unwrap();
    assert_eq!(found.run_state, RunState::Running);
    assert!(found.proven_at.is_none(), "a query is one machine's word");
    assert_eq!(found.module_hash, told.module_hash);
    assert_eq!(found.version, told.version);
    assert_eq!(found.settings.controllers, [bench.owner()]);
    assert_eq!(found.settings.freezing_threshold_seconds, 1_000_000);
    assert_eq!(found.settings.wasm_memory_limit, 2_000_000);
    assert_eq!(
        found.settings.reserved_cycles_limit,
        Some(number(&told.settings.reserved_cycles_limit))
    );
    assert_eq!(found.memory_bytes, number(&told.memory_size));
    assert_eq!(found.memory.heap, 3 * 65_536, "three pages");
    assert_eq!(
        found.idle_burn_per_day,
        number(&told.idle_cycles_burned_per_day)
    );
    assert_eq!(
        found.memory.heap
            + found.memory.stable
            + found.memory.globals
            + found.memory.module
            + found.memory.custom_sections
            + found.memory.history
            + found.memory.chunk_store
            + found.memory.snapshots
            + found.memory.log,
        found.memory_bytes,
        "the kinds add up to the whole"
    );
    let certified = bench.engine.canister(id, true).await.unwrap();
    let proven_at = certified.reading.status().unwrap().proven_at;
    let age = proven_at.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
    assert!(
        age.is_some_and(|age| age < Duration::from_secs(60)),
        "on request a certificate proves it, and says when: {age:?} ago"
    );
}

#[tokio::test]
async fn what_is_missing_elsewhere_and_out_of_reach_are_told_apart() {
    let bench = Bench::practice().await;
    let code = async |text: &str| {
        let id = text.parse().unwrap();
        match bench.engine.canister(id, false).await.unwrap().reading {
            Reading::Failed(error) => error.code,
            other => panic!("{text} cannot be read: {other:?}"),
        }
    };
    let somewhere = bench.somewhere().to_text();
    assert_eq!(
        code(&somewhere).await,
        Code::CanisterNotFound,
        "an id of this network that nobody has"
    );
    assert_eq!(
        code(&Principal::from_slice(&[0, 0, 0, 0, 0x7f, 0xff, 0, 0, 1, 1]).to_text()).await,
        Code::NotOnThisNetwork,
        "an id of a subnet that this network does not have"
    );
    bench
        .network()
        .break_it([struck(Kind::Query, None, u32::MAX, Effect::Cut)]);
    assert_eq!(
        code(&somewhere).await,
        Code::NoNetwork,
        "a network that breaks the connection"
    );
}

#[tokio::test]
async fn one_that_does_not_answer_holds_up_none_of_the_others() {
    let bench = Bench::fleet().await;
    let forever = Effect::Delay {
        milliseconds: 3_600_000,
    };
    bench
        .network()
        .break_it([struck(Kind::Query, Some("canister_status"), 1, forever)]);
    let canisters = bench.engine.canisters().await.unwrap();
    let waiting: Vec<_> = canisters
        .iter()
        .filter_map(|canister| match &canister.reading {
            Reading::Failed(error) => Some(error.code),
            _ => None,
        })
        .collect();
    assert_eq!(
        waiting,
        [Code::SlowAnswer],
        "one is said to be waited for, nine are there"
    );
    assert_eq!(canisters.len(), 10);
}

#[tokio::test]
async fn a_throttled_board_slows_down_and_goes_on() {
    let bench = Bench::fleet().await;
    bench.network().break_it([
        struck(Kind::Query, None, 20, Effect::Status { code: 429 }),
        struck(Kind::Query, None, 20, Effect::Status { code: 503 }),
    ]);
    let canisters = bench.engine.canisters().await.unwrap();
    let failed: Vec<_> = canisters
        .iter()
        .filter(|canister| matches!(canister.reading, Reading::Failed(_)))
        .collect();
    assert!(failed.is_empty(), "all are read in the end: {failed:?}");
    assert!(
        bench.network().faults().is_empty(),
        "the faults have struck"
    );
}

#[tokio::test]
async fn a_viewer_sees_and_may_look_but_not_touch() {
    let bench = Bench::any().await;
    let settings = CanisterSettings {
        controllers: Some(vec![Principal::management_canister()]),
        status_visibility: Some(canopic_practice::interface::Visibility::Public),
        log_visibility: Some(canopic_practice::interface::Visibility::AllowedViewers(
            vec![bench.owner()],
        )),
        ..CanisterSettings::default()
    };
    let id = bench.create_with(settings).await;
    let reading = bench.engine.canister(id, false).await.unwrap().reading;
    let status = reading.status().expect("its status is public");
    assert_eq!(
        status.settings.log_visibility,
        Viewers::Listed(vec![bench.owner()])
    );
    let may = |action| may(action, &reading, bench.owner());
    assert_eq!(may(Action::ReadLog), Ok(()));
    assert_eq!(may(Action::Stop), Err(Denial::NotController));
    assert_eq!(
        bench
            .engine
            .log(id, canopic_engine::LogFilter::All)
            .await
            .unwrap()
            .lines,
        [],
        "and indeed the network lets us look"
    );
}

#[tokio::test]
async fn a_board_leaves_samples_and_a_new_module_is_noticed() {
    let bench = Bench::fleet().await;
    let orders = bench.id("orders");
    bench.engine.canisters().await.unwrap();
    let samples = bench.engine.samples(orders, UNIX_EPOCH).await.unwrap();
    assert_eq!(samples.len(), 1, "one reading, one sample");
    assert_eq!(bench.engine.module_change(orders).await.unwrap(), None);
    let () = bench
        .manage(
            orders.principal(),
            "uninstall_code",
            (canopic_tests::About::of(orders),),
        )
        .await
        .unwrap();
    bench.engine.canisters().await.unwrap();
    let samples = bench.engine.samples(orders, UNIX_EPOCH).await.unwrap();
    assert_eq!(
        bench.engine.module_change(orders).await.unwrap(),
        samples.get(1).map(|sample| sample.at),
        "the second reading shows that the module is gone"
    );
}

#[tokio::test]
async fn metadata_is_read_with_a_certificate_and_private_sections_are_left_out() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let module = r#"(module
        (@custom "icp:public candid:service" "service : {}")
        (@custom "icp:private dfx" "not for everybody"))"#;
    bench.install(id, module).await;
    let names = |metadata: Vec<canopic_engine::CustomSection>| -> Vec<String> {
        metadata.into_iter().map(|section| section.name).collect()
    };
    let found = bench.engine.metadata(id).await.unwrap();
    assert_eq!(found[0].content, b"service : {}");
    assert_eq!(
        names(found),
        ["candid:service", "dfx"],
        "a controller reads both"
    );

    let settings = CanisterSettings {
        controllers: Some(vec![Principal::management_canister()]),
        ..CanisterSettings::default()
    };
    let () = bench
        .manage(
            id.principal(),
            "update_settings",
            (Update {
                canister_id: id.principal(),
                settings,
            },),
        )
        .await
        .unwrap();
    let found = bench.engine.metadata(id).await.unwrap();
    assert_eq!(
        names(found),
        ["candid:service"],
        "anybody else only the public one"
    );
    let Reading::Public(facts) = bench.engine.canister(id, false).await.unwrap().reading else {
        panic!("it is not ours any more")
    };
    assert_eq!(facts.has_interface, Some(true));
}

#[derive(candid::CandidType)]
struct Update {
    canister_id: Principal,
    settings: CanisterSettings,
}

#[tokio::test]
async fn a_change_of_settings_is_reviewed_against_the_settings_in_force() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let change = SettingsChange {
        controllers: Some(vec![]),
        compute_allocation: Some(0),
        ..SettingsChange::default()
    };
    let review = bench.engine.review(id, &change).await.unwrap();
    assert_eq!(
        (review.differences.len(), review.guards.as_slice()),
        (1, [canopic_engine::Guard::LeavesNoController].as_slice()),
        "the allocation is so already, and the controllers are worth a thought"
    );
}
