//! A canister's life as jobs: made, changed, topped up, stopped, deleted.

use candid::Principal;
use canopic_engine::{
    CanisterId, CheckName, CheckVerdict, Code, Creation, End, Engine, Guard, Job, Op, Payment,
    Placement, Plan, Purse, Reading, RunState, SettingsChange, State, StepName, TopUp, Undo,
    Viewers,
};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use canopic_tests::{
    Bench,
    operations::{counter, picture},
};
use std::time::SystemTime;

const TRILLION: u128 = 1_000_000_000_000;

/// Plans an operation, confirms the plan, and waits until the job rests.
async fn run(engine: &Engine, op: Op) -> Job {
    let plan = engine.plan(&op).await.unwrap();
    let job = engine.run(op, &plan.fingerprint).await.unwrap();
    engine.rest(job).await.unwrap()
}

async fn done(engine: &Engine, op: Op) -> Job {
    let job = run(engine, op).await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    job
}

fn payment(amount: u128) -> Payment {
    Payment::new(amount, SystemTime::now())
}

fn creation(placement: Placement, purse: Purse, amount: u128) -> Op {
    Op::Create {
        creation: Box::new(Creation {
            placement,
            settings: SettingsChange {
                log_visibility: Some(Viewers::Public),
                ..SettingsChange::default()
            },
            payment: payment(amount),
            purse: Some(purse),
            name: "Lighthouse".to_owned(),
        }),
    }
}

fn top_up(canister: CanisterId, purse: Purse, amount: u128) -> Op {
    Op::TopUp(TopUp {
        canister,
        payment: payment(amount),
        purse: Some(purse),
    })
}

fn finding(plan: &Plan, name: CheckName) -> Option<CheckVerdict> {
    plan.checks
        .iter()
        .find(|check| check.name == name)
        .map(|check| check.verdict)
}

fn lose(method: &str) -> Fault {
    Fault {
        kind: Some(Kind::Call),
        method: Some(method.to_owned()),
        after: 0,
        times: 1,
        effect: Effect::LoseReply,
    }
}

async fn cycles(bench: &Bench, id: CanisterId) -> u128 {
    let status = bench.status(id).await;
    u128::try_from(status.cycles.0).unwrap()
}

#[tokio::test]
async fn a_canister_is_made_beside_another_one_with_its_settings_and_its_cycles() {
    let bench = Bench::any().await;
    let neighbour = bench.create().await;
    let beside = Placement::Beside {
        canister: neighbour,
    };
    let job = done(&bench.engine, creation(beside, Purse::Gift, 3 * TRILLION)).await;
    let made = job.made().expect("a made canister has an id");
    let Reading::Full(status) = bench.engine.canister(made, true).await.unwrap().reading else {
        panic!("it is ours")
    };
    assert_eq!(status.settings.controllers, [bench.owner()]);
    assert_eq!(
        status.settings.log_visibility,
        Viewers::Public,
        "as it was asked for"
    );
    assert!(
        status.cycles > 2 * TRILLION && status.cycles <= 3 * TRILLION,
        "a gift costs no fee: {}",
        status.cycles
    );
    let board = bench.engine.canisters().await.unwrap();
    let row = board.iter().find(|canister| canister.id == made);
    let row = row.expect("nobody has to look for what he has just made");
    assert_eq!(row.name, "Lighthouse", "it is called what he called it");
}

#[tokio::test]
async fn a_canister_that_may_be_anywhere_is_made_although_no_certificate_covers_nowhere() {
    let bench = Bench::practice().await;
    let anywhere = creation(Placement::Anywhere, Purse::Gift, TRILLION);
    let job = done(&bench.engine, anywhere).await;
    let made = job.made().expect("a made canister has an id");
    let subnet = bench.network().world().topology.route(made.principal());
    assert!(
        subnet.is_some_and(|subnet| subnet > 0),
        "not on the root subnet, where there are others"
    );
}

#[tokio::test]
async fn a_canister_is_bought_and_the_plan_says_what_it_costs() {
    let bench = Bench::practice().await;
    let engine = &bench.engine;
    let before = engine.balance().await.unwrap();
    let planned = engine
        .plan_creation(
            Placement::Anywhere,
            SettingsChange::default(),
            2 * TRILLION,
            Some(Purse::Ledger),
            SystemTime::now(),
        )
        .await
        .unwrap();
    let job = done(
        engine,
        creation(Placement::Anywhere, Purse::Ledger, 2 * TRILLION),
    )
    .await;
    let made = job.made().expect("a made canister has an id");
    assert_eq!(
        cycles(&bench, made).await,
        planned.starts_with,
        "what was planned is what arrived"
    );
    assert_eq!(
        Some(engine.balance().await.unwrap().cycles),
        planned.balance_after,
        "and what was planned is what remains of {before:?}"
    );
}

#[tokio::test]
async fn a_chosen_subnet_is_the_subnet() {
    let bench = Bench::practice().await;
    let subnets = &bench.network().ready().subnets;
    let subnet = Principal::from_text(subnets.last().unwrap()).unwrap();
    for purse in [Purse::Gift, Purse::Ledger] {
        let on = Placement::On { subnet };
        let made = done(&bench.engine, creation(on, purse, 2 * TRILLION))
            .await
            .made()
            .unwrap();
        let found = bench
            .agent()
            .get_subnet_by_canister(&made.principal())
            .await
            .unwrap();
        assert_eq!(found.id(), subnet, "{purse:?}");
    }
}

/// The decisive one: a lost answer to a payment, and not a cycle is paid twice.
#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_found_and_paid_once() {
    let bench = Bench::practice().await;
    let engine = &bench.engine;
    let before = engine.balance().await.unwrap();
    bench.network().break_it([lose("create_canister")]);
    let job = done(
        engine,
        creation(Placement::Anywhere, Purse::Ledger, 2 * TRILLION),
    )
    .await;
    assert!(bench.network().faults().is_empty(), "the fault has struck");
    assert!(job.made().is_some(), "the canister that was made is known");
    let after = engine.balance().await.unwrap();
    assert_eq!(
        before.cycles - after.cycles,
        2 * TRILLION + before.fee,
        "paid once"
    );
}

#[tokio::test]
async fn cycles_arrive_once_whatever_becomes_of_the_answer() {
    let bench = Bench::practice().await;
    let id = bench.create().await;
    for (purse, method) in [
        (Purse::Gift, "provisional_top_up_canister"),
        (Purse::Ledger, "withdraw"),
    ] {
        for fault in [None, Some(lose(method))] {
            let before = cycles(&bench, id).await;
            bench.network().break_it(fault.clone());
            done(&bench.engine, top_up(id, purse, TRILLION)).await;
            assert!(bench.network().faults().is_empty(), "the fault has struck");
            let gained = cycles(&bench, id).await - before;
            assert!(
                gained <= TRILLION && gained > TRILLION * 9 / 10,
                "{purse:?} with {fault:?}: once, less what status calls cost: {gained}"
            );
        }
    }
}

#[tokio::test]
async fn a_canister_of_somebody_else_can_be_topped_up() {
    let bench = Bench::fleet().await;
    let partner = bench.id("shipping_partner");
    let balance = bench.engine.balance().await.unwrap();
    done(&bench.engine, top_up(partner, Purse::Ledger, TRILLION)).await;
    let after = bench.engine.balance().await.unwrap();
    assert_eq!(balance.cycles - after.cycles, TRILLION + balance.fee);
}

#[tokio::test]
async fn what_cannot_be_paid_is_refused_before_anything_is_sent() {
    let bench = Bench::practice().await;
    let engine = &bench.engine;
    let id = bench.create().await;
    let balance = engine.balance().await.unwrap();
    let plan = engine
        .plan(&top_up(id, Purse::Ledger, balance.cycles))
        .await
        .unwrap();
    assert_eq!(
        finding(&plan, CheckName::Balance),
        Some(CheckVerdict::Blocks),
        "all of it leaves nothing for the fee"
    );
    let error = engine
        .run(top_up(id, Purse::Ledger, balance.cycles), &plan.fingerprint)
        .await
        .unwrap_err();
    assert_eq!(error.code, Code::BalanceTooLow);
    let error = engine
        .plan(&creation(Placement::Anywhere, Purse::Ledger, TRILLION / 10))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code, error.facts["least"].as_str()),
        (Code::AmountTooSmall, "500000000000"),
        "it would not even cover the making"
    );
    assert_eq!(engine.balance().await.unwrap(), balance, "nothing was paid");
}

#[tokio::test]
async fn settings_are_changed_as_reviewed() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let change = SettingsChange {
        controllers: Some(vec![bench.owner(), Principal::anonymous()]),
        freezing_threshold_seconds: Some(86_400),
        reserved_cycles_limit: Some(u128::from(u64::MAX) * 7),
        snapshot_visibility: Some(Viewers::Listed(vec![Principal::anonymous()])),
        ..SettingsChange::default()
    };
    let op = Op::ChangeSettings {
        canister: id,
        change: Box::new(change.clone()),
    };
    let plan = bench.engine.plan(&op).await.unwrap();
    let guards: Vec<_> = plan
        .checks
        .iter()
        .filter(|check| check.name == CheckName::Guard)
        .map(|check| check.facts["guard"].as_str())
        .collect();
    assert_eq!(
        guards,
        [
            format!("{:?}", Guard::AddsAnonymous),
            format!("{:?}", Guard::LowersFreezingThreshold)
        ]
    );
    assert_eq!(plan.undo, Undo::ChangeBack);
    done(&bench.engine, op.clone()).await;
    let Reading::Full(status) = bench.engine.canister(id, true).await.unwrap().reading else {
        panic!("it is still ours")
    };
    assert_eq!(status.settings.freezing_threshold_seconds, 86_400);
    assert_eq!(
        status.settings.reserved_cycles_limit,
        Some(u128::from(u64::MAX) * 7),
        "also numbers that no JSON number holds"
    );
    assert_eq!(status.settings.controllers.len(), 2);

    let again = bench.engine.plan(&op).await.unwrap();
    assert_eq!(
        finding(&again, CheckName::Difference),
        Some(CheckVerdict::Blocks),
        "what is so already is not sent"
    );
}

#[tokio::test]
async fn who_leaves_himself_out_is_warned_and_obeyed() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let op = Op::ChangeSettings {
        canister: id,
        change: Box::new(SettingsChange {
            controllers: Some(vec![Principal::management_canister()]),
            ..SettingsChange::default()
        }),
    };
    let plan = bench.engine.plan(&op).await.unwrap();
    assert!(
        plan.checks.iter().any(|check| check
            .facts
            .get("guard")
            .is_some_and(|guard| guard == "LeavesMeOut")),
        "{:?}",
        plan.checks
    );
    done(&bench.engine, op).await;
    let Reading::Public(facts) = bench.engine.canister(id, false).await.unwrap().reading else {
        panic!("it is not ours any more")
    };
    assert_eq!(facts.controllers, [Principal::management_canister()]);
}

#[tokio::test]
async fn too_many_controllers_are_refused_before_anything_is_sent() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let crowd = (0..11)
        .map(|number| Principal::from_slice(&[number]))
        .collect();
    let op = Op::ChangeSettings {
        canister: id,
        change: Box::new(SettingsChange {
            controllers: Some(crowd),
            ..SettingsChange::default()
        }),
    };
    let error = bench.engine.plan(&op).await.unwrap_err();
    assert_eq!(
        (error.code, error.facts["most"].as_str()),
        (Code::SettingUnfit, "10")
    );
}

#[tokio::test]
async fn the_module_goes_and_the_canister_stays() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    bench.install(id, "(module (memory 1))").await;
    let plan = bench
        .engine
        .plan(&Op::Uninstall { canister: id })
        .await
        .unwrap();
    assert_eq!(
        finding(&plan, CheckName::MemoryLost),
        Some(CheckVerdict::Warns)
    );
    done(&bench.engine, Op::Uninstall { canister: id }).await;
    let status = bench.status(id).await;
    assert_eq!(status.module_hash, None);
    let plan = bench
        .engine
        .plan(&Op::Uninstall { canister: id })
        .await
        .unwrap();
    assert_eq!(
        finding(&plan, CheckName::RunState),
        Some(CheckVerdict::Blocks),
        "there is nothing left to remove"
    );
}

#[tokio::test]
async fn deleting_names_what_dies_stops_first_and_is_done_when_it_is_gone() {
    let bench = Bench::fleet().await;
    let customers = bench.id("customers");
    let op = Op::Delete {
        canister: customers,
        withdraws: false,
        replace: None,
    };
    let plan = bench.engine.plan(&op).await.unwrap();
    let lost = |name| {
        let check = plan.checks.iter().find(|check| check.name == name).unwrap();
        (check.verdict, check.facts.clone())
    };
    let (verdict, facts) = lost(CheckName::SnapshotsLost);
    assert_eq!(
        (verdict, facts["snapshots"].as_str()),
        (CheckVerdict::Warns, "10")
    );
    let (verdict, facts) = lost(CheckName::CyclesLost);
    assert_eq!(verdict, CheckVerdict::Warns);
    assert!(
        facts["cycles"].parse::<u128>().unwrap() > TRILLION,
        "its cycles die with it"
    );
    assert_eq!(plan.undo, Undo::Never);

    // The answer is lost, so it is looked for; the second look finds nothing to delete.
    bench.network().break_it([lose("delete_canister")]);
    done(&bench.engine, op).await;
    let Reading::Failed(error) = bench
        .engine
        .canister(customers, false)
        .await
        .unwrap()
        .reading
    else {
        panic!("it is gone")
    };
    assert_eq!(error.code, Code::CanisterNotFound);
}

/// The decisive one for cycles that are sent away: an answer that is lost, and they are sent once, and arrive.
#[tokio::test]
async fn the_cycles_of_a_canister_that_is_deleted_can_be_sent_to_the_account_before() {
    let bench = Bench::fleet().await;
    let engine = &bench.engine;
    for (name, fault) in [("stock", None), ("orders", Some(lose("send")))] {
        let canister = bench.id(name);
        let before = engine.balance().await.unwrap();
        let held = cycles(&bench, canister).await;
        let op = Op::Delete {
            canister,
            withdraws: true,
            replace: None,
        };
        let plan = engine.plan(&op).await.unwrap();
        let check = |name| plan.checks.iter().find(|check| check.name == name).unwrap();
        let withdrawal = check(CheckName::Withdrawal);
        assert_eq!(withdrawal.verdict, CheckVerdict::Fine);
        let promised: u128 = withdrawal.facts["cycles"].parse().unwrap();
        assert!(promised > held / 2, "{promised} of {held}");
        bench.network().break_it(fault);
        done(engine, op).await;
        assert!(bench.network().faults().is_empty(), "the fault has struck");
        let arrived = engine.balance().await.unwrap().cycles - before.cycles;
        assert!(
            arrived <= promised && arrived > promised * 99 / 100,
            "what was promised came, less what the ledger keeps and what the calls cost, and once: {arrived} of {promised}"
        );
        let Reading::Failed(error) = engine.canister(canister, false).await.unwrap().reading else {
            panic!("it is gone")
        };
        assert_eq!(error.code, Code::CanisterNotFound);
    }
}

#[tokio::test]
async fn a_canister_whose_cycles_cannot_be_sent_is_not_deleted() {
    let bench = Bench::fleet().await;
    let engine = &bench.engine;
    let canister = bench.id("stock");
    let op = Op::Delete {
        canister,
        withdraws: true,
        replace: None,
    };
    bench.network().break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("send".to_owned()),
        after: 0,
        times: 1,
        effect: Effect::RejectCertified(Refusal {
            error: 502,
            message: "the ledger has a bad day".to_owned(),
        }),
    }]);
    let before = bench.status(canister).await;
    let job = run(engine, op).await;
    assert_eq!(job.state, State::Ended(End::Undone), "{:?}", job.failure);
    assert_eq!(job.stays(), [], "all is as before");
    let after = bench.status(canister).await;
    assert_eq!(
        (
            after.module_hash,
            after.status,
            after.settings.freezing_threshold
        ),
        (
            before.module_hash,
            before.status,
            before.settings.freezing_threshold
        ),
        "it runs on with its own code"
    );
    assert!(
        cycles(&bench, canister).await > TRILLION / 2,
        "all is there"
    );
}

/// Whoever calls it off while the cycles are under way gets the canister back as it was, and is told that its cycles are elsewhere.
#[tokio::test]
async fn a_deletion_that_is_called_off_after_its_cycles_have_gone_says_what_stays() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let before = picture(&bench.network().world(), canister);
    let op = Op::Delete {
        canister,
        withdraws: true,
        replace: None,
    };
    let engine = &bench.engine;
    bench.network().break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("delete_canister".to_owned()),
        after: 0,
        times: 1,
        effect: Effect::RejectCertified(Refusal {
            error: 502,
            message: "a bad day".to_owned(),
        }),
    }]);
    let job = run(engine, op).await;
    assert_eq!(job.state, State::Ended(End::Undone), "{:?}", job.failure);
    assert_eq!(job.stays(), [StepName::SendCycles]);
    let after = picture(&bench.network().world(), canister);
    assert_eq!(
        (after.is_running, after.total, after.snapshots),
        (true, before.total, before.snapshots),
        "what it held is back"
    );
    assert!(
        cycles(&bench, canister).await < TRILLION,
        "its cycles are not"
    );
    bench.stop().await;
}

#[tokio::test]
async fn too_few_cycles_are_not_sent_and_nobody_but_a_controller_has_them_sent() {
    let bench = Bench::practice().await;
    let engine = &bench.engine;
    let small = done(
        engine,
        creation(Placement::Anywhere, Purse::Gift, TRILLION / 4),
    )
    .await
    .made()
    .unwrap();
    let op = Op::Delete {
        canister: small,
        withdraws: true,
        replace: None,
    };
    let plan = engine.plan(&op).await.unwrap();
    assert_eq!(
        finding(&plan, CheckName::Withdrawal),
        Some(CheckVerdict::Blocks)
    );
    let error = engine.run(op, &plan.fingerprint).await.unwrap_err();
    assert_eq!(error.code, Code::AmountTooSmall);

    // What is installed for the sending is open to controllers alone.
    let messenger = include_str!("../../src-tauri/engine/src/ops/removal/messenger.wat");
    let id = bench.create().await;
    bench.install(id, messenger).await;
    let before = cycles(&bench, id).await;
    let stranger = bench.agent_of([9; 32]);
    let refusal = stranger
        .update(&id.principal(), "send")
        .with_arg(vec![0; 32])
        .call_and_wait()
        .await
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("only a controller"), "{refusal}");
    assert!(cycles(&bench, id).await > before * 9 / 10);
}

#[tokio::test]
async fn a_plan_that_no_longer_fits_the_world_is_refused() {
    let bench = Bench::any().await;
    let id = bench.create().await;
    let op = Op::Delete {
        canister: id,
        withdraws: false,
        replace: None,
    };
    let plan = bench.engine.plan(&op).await.unwrap();
    done(&bench.engine, Op::Stop { canister: id }).await;
    let error = bench.engine.run(op, &plan.fingerprint).await.unwrap_err();
    assert_eq!(
        error.code,
        Code::StalePlan,
        "it was running when the plan was shown"
    );
    let status = bench.engine.canister(id, true).await.unwrap().reading;
    assert_eq!(status.status().unwrap().run_state, RunState::Stopped);
}

#[tokio::test]
async fn several_at_once_have_a_result_each_and_one_refusal_stops_no_other() {
    let bench = Bench::fleet().await;
    let ours = ["orders", "stock", "newsletter"].map(|name| bench.id(name));
    let partner = bench.id("shipping_partner");
    let ops: Vec<_> = ours
        .into_iter()
        .chain([partner])
        .map(|canister| Op::Stop { canister })
        .collect();
    let plans = bench.engine.plan_each(ops.clone()).await;
    let codes: Vec<_> = plans
        .iter()
        .map(|plan| match plan {
            Ok(plan) => plan
                .checks
                .iter()
                .find(|check| check.verdict == CheckVerdict::Blocks)
                .map(|check| check.code),
            Err(error) => Some(error.code),
        })
        .collect();
    assert_eq!(
        codes,
        [
            None,
            None,
            Some(Code::Precondition),
            Some(Code::NotController)
        ],
        "two can be stopped, one is stopped already, one is not ours"
    );
    let confirmed = ops
        .into_iter()
        .zip(plans)
        .filter_map(|(op, plan)| Some((op, plan.ok()?.fingerprint)));
    let begun = bench.engine.run_each(confirmed.collect()).await;
    let mut ended = vec![];
    for job in begun {
        ended.push(match job {
            Ok(job) => Ok(bench.engine.rest(job).await.unwrap().state),
            Err(error) => Err(error.code),
        });
    }
    let done = || Ok(State::Ended(End::Done));
    assert_eq!(ended, [done(), done(), Err(Code::Precondition)]);
    for id in &ours[..2] {
        let reading = bench.engine.canister(*id, true).await.unwrap().reading;
        assert_eq!(reading.status().unwrap().run_state, RunState::Stopped);
    }
}

/// The network gives up waiting after five minutes; the canister is still stopping then, and asking again waits again.
#[tokio::test]
async fn a_stop_that_takes_longer_than_the_network_waits_goes_on() {
    let bench = Bench::practice().await;
    let id = bench.create().await;
    let timed_out = Effect::RejectCertified(Refusal {
        error: 206,
        message: "Stop canister request timed out".to_owned(),
    });
    bench.network().break_it([Fault {
        effect: timed_out,
        ..lose("stop_canister")
    }]);
    let job = done(&bench.engine, Op::Stop { canister: id }).await;
    assert!(bench.network().faults().is_empty(), "the fault has struck");
    assert_eq!(job.failure, None, "waiting on is no failure");
    let reading = bench.engine.canister(id, true).await.unwrap().reading;
    assert_eq!(reading.status().unwrap().run_state, RunState::Stopped);
}

/// Has the canister that its argument names stopped, and waits for that.
const WAITING: &str = r#"(module
    (import "ic0" "msg_arg_data_size" (func $size (result i32)))
    (import "ic0" "msg_arg_data_copy" (func $copy (param i32 i32 i32)))
    (import "ic0" "call_new" (func $call_new (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "ic0" "call_data_append" (func $append (param i32 i32)))
    (import "ic0" "call_perform" (func $call_perform (result i32)))
    (import "ic0" "msg_reply" (func $reply))
    (memory 1)
    (data (i32.const 0) "stop_canister")
    (table 1 funcref)
    (elem (i32.const 0) $answered)
    (func $answered (param i32) (call $reply))
    (func (export "canister_update wait")
        (call $copy (i32.const 64) (i32.const 0) (call $size))
        (call $call_new (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 13)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
        (call $append (i32.const 64) (call $size))
        (drop (call $call_perform)))
    (func (export "canister_update nod") (call $reply)))"#;

/// The truth about stopping: as long as a call is open it goes on, and a person who does not want to wait has it run again at once.
#[tokio::test]
async fn a_stop_that_waits_for_open_calls_is_called_off_by_a_start() {
    let bench = Bench::any().await;
    let engine = &bench.engine;
    let (id, other) = (bench.create().await, bench.create().await);
    for canister in [id, other] {
        bench.install(canister, WAITING).await;
    }
    let change = SettingsChange {
        controllers: Some(vec![bench.owner(), id.principal(), other.principal()]),
        ..SettingsChange::default()
    };
    let op = Op::ChangeSettings {
        canister: other,
        change: Box::new(change),
    };
    done(engine, op).await;
    let run_state = async |canister| {
        let reading = engine.canister(canister, true).await.unwrap().reading;
        reading.status().unwrap().run_state
    };
    // One that waits for its own end is stopping for minutes, and so is whoever waits for it.
    for (waiting, nods) in [(other, false), (id, true)] {
        let wait = bench.agent().update(&waiting.principal(), "wait");
        let about = candid::encode_one(canopic_tests::About::of(other)).unwrap();
        wait.with_arg(about).call().await.unwrap();
        if nods {
            // Executed after the call before: that one is open now.
            let nod = bench.agent().update(&waiting.principal(), "nod");
            nod.call_and_wait().await.unwrap();
        } else {
            while run_state(waiting).await != RunState::Stopping {}
        }
    }

    let stop = Op::Stop { canister: id };
    let plan = engine.plan(&stop).await.unwrap();
    let job = engine.run(stop, &plan.fingerprint).await.unwrap();
    loop {
        match run_state(id).await {
            RunState::Running => {}
            RunState::Stopping => break,
            RunState::Stopped => panic!("a call is open"),
        }
    }
    engine.cancel(job).await.unwrap();
    let job = engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Undone), "{:?}", job.failure);
    assert_eq!(job.failure.unwrap().code, Code::Cancelled);
    assert_eq!(run_state(id).await, RunState::Running);
    assert!(
        engine.left_stopped().await.unwrap().is_empty(),
        "nobody is left behind"
    );
    bench.stop().await;
}
