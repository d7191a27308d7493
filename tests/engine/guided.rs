//! The guided operations: an upgrade with a net, the restore drill, and sending a state across.

mod callers;
mod sending;
mod taking;

use canopic_engine::{
    CanisterId, CheckCall, CheckName, CheckVerdict, Code, Conduct, Drill, End, Engine,
    InstallOrder, Job, JobFailure, Manner, Module, OnFailure, Op, Plan, Purse, Restore, State,
    StepName, StepProgress, Undo, Upgrade, UpgradeOptions, Wish, activity::Wanted,
};
use canopic_practice::{
    Options,
    faults::{Effect, Fault, Kind, Refusal},
};
use canopic_tests::{
    About, Bench,
    operations::{
        NEXT_COUNTER, counter, kept, large, moved_on, picture, snapshot, well, written_out,
    },
};
use std::time::{SystemTime, UNIX_EPOCH};

/// It traps as soon as it is in place.
const TRAPS: &str = r#"(module (memory 1) (func (export "canister_post_upgrade") unreachable))"#;

/// It cannot be left behind: its last words are a trap.
const CLINGS: &str = r#"(module (memory 1)
    (func (export "canister_pre_upgrade") unreachable)
    (func (export "canister_query total")))"#;

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

/// Runs what has to fail and be taken back, and says why it did.
async fn undone(engine: &Engine, op: Op) -> (Job, JobFailure) {
    let job = run(engine, op).await;
    assert_eq!(job.state, State::Ended(End::Undone), "{:?}", job.failure);
    let failure = job.failure.clone().expect("what is taken back says why");
    (job, failure)
}

/// The network refuses a call once, after so many that it lets through.
fn refused(method: &str, after: u32) -> Fault {
    Fault {
        kind: Some(Kind::Call),
        method: Some(method.to_owned()),
        after,
        times: 1,
        effect: Effect::RejectCertified(Refusal {
            error: 503,
            message: "a bad day".to_owned(),
        }),
    }
}

fn finding(plan: &Plan, name: CheckName) -> Option<CheckVerdict> {
    let found = plan.checks.iter().find(|check| check.name == name);
    found.map(|check| check.verdict)
}

fn blocked_by(plan: &Plan) -> Option<CheckName> {
    let first = plan
        .checks
        .iter()
        .find(|check| check.verdict == CheckVerdict::Blocks);
    first.map(|check| check.name)
}

fn upgrade(bench: &Bench, canister: CanisterId, module: &str) -> Upgrade {
    Upgrade {
        canister,
        module: kept(bench, module),
        options: UpgradeOptions::default(),
        argument: String::new(),
        checks: vec![],
        on_failure: OnFailure::Offer,
        replace: None,
    }
}

#[tokio::test]
async fn an_upgrade_shows_what_it_did_and_its_questions_are_remembered() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let wish = Upgrade {
        checks: vec![
            well(Some("(true)")),
            CheckCall {
                method: "count".to_owned(),
                manner: Manner::Update,
                ..well(None)
            },
        ],
        on_failure: OnFailure::Restore,
        ..upgrade(&bench, canister, NEXT_COUNTER)
    };
    let plan = bench.engine.plan(&Op::Upgrade(wish.clone())).await.unwrap();
    assert_eq!(plan.undo, Undo::RestoreSafety);
    assert!(
        plan.twin.last().unwrap().ends_with("count '()'"),
        "{:?}",
        plan.twin
    );
    let job = done(&bench.engine, Op::Upgrade(wish.clone())).await;
    let proof = job.proof();
    let [shown] = proof.canisters.as_slice() else {
        panic!("one canister: {:?}", proof.canisters)
    };
    assert_eq!(shown.module_hash, Some(wish.module.to_string()));
    assert!(shown.is_safety && shown.snapshot.is_some(), "the way back");
    let answers: Vec<_> = proof
        .asked
        .iter()
        .map(|asked| asked.answer.as_ref().unwrap())
        .collect();
    assert!(answers.iter().all(|answer| answer.fits), "{answers:?}");
    assert_eq!(answers[0].found.as_deref(), Some("(true)"));
    let after = picture(&bench.network().world(), canister);
    assert_eq!(
        (after.is_running, after.total),
        (true, Some(8)),
        "it begins at seven, and the second question counted"
    );
    assert_eq!(
        bench.engine.check_calls(canister).await.unwrap(),
        wish.checks
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_module_that_traps_in_its_first_moment_leaves_everything_as_before() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let before = picture(&bench.network().world(), canister);
    let (_, failure) = undone(&bench.engine, Op::Upgrade(upgrade(&bench, canister, TRAPS))).await;
    assert_eq!(failure.code, Code::Refused);
    let after = picture(&bench.network().world(), canister);
    assert_eq!(
        (after.is_running, after.total, after.snapshots),
        (true, before.total, before.snapshots),
        "as before, running as before, and no snapshot of ours is left"
    );
    bench.stop().await;
}

#[tokio::test]
async fn another_answer_than_expected_takes_the_upgrade_back_where_that_was_decided() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let wish = Upgrade {
        checks: vec![well(Some("(false)"))],
        on_failure: OnFailure::Restore,
        ..upgrade(&bench, canister, NEXT_COUNTER)
    };
    let hash_before = bench.status(canister).await.module_hash;
    let (job, failure) = undone(&bench.engine, Op::Upgrade(wish)).await;
    assert_eq!(failure.code, Code::AnswerDiffers);
    let fact = |name: &str| failure.facts.get(name).map(String::as_str);
    assert_eq!(
        (fact("method"), fact("expected"), fact("found")),
        (Some("well"), Some("(false)"), Some("(true)"))
    );
    let answer = job.proof().asked[0].answer.clone().unwrap();
    assert_eq!(
        (answer.fits, answer.found.as_deref()),
        (false, Some("(true)"))
    );
    let after = picture(&bench.network().world(), canister);
    assert_eq!(
        (after.is_running, after.total, after.snapshots.len()),
        (true, Some(1), 0)
    );
    assert_eq!(bench.status(canister).await.module_hash, hash_before);
    bench.stop().await;
}

#[tokio::test]
async fn another_answer_is_told_and_the_way_back_offered_where_nothing_was_decided() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let missing = CheckCall {
        method: "not_there".to_owned(),
        ..well(None)
    };
    let wish = Upgrade {
        checks: vec![missing, well(Some("(false)"))],
        ..upgrade(&bench, canister, NEXT_COUNTER)
    };
    let job = done(&bench.engine, Op::Upgrade(wish)).await;
    let proof = job.proof();
    let answers: Vec<_> = proof
        .asked
        .iter()
        .map(|asked| asked.answer.clone().unwrap())
        .collect();
    assert!(
        !answers[0].fits && answers[0].rejection.is_some(),
        "no answer at all is one that does not fit: {answers:?}"
    );
    assert_eq!(
        (answers[1].fits, answers[1].found.as_deref()),
        (false, Some("(true)"))
    );
    let safety = proof.canisters[0].snapshot.clone().unwrap();
    let back = Op::Restore(Restore {
        canister,
        snapshot: safety,
        replace: None,
    });
    done(&bench.engine, back).await;
    let after = picture(&bench.network().world(), canister);
    assert_eq!((after.is_running, after.total), (true, Some(1)));
    bench.stop().await;
}

#[tokio::test]
async fn last_words_that_trap_can_be_left_out() {
    let bench = Bench::practice().await;
    let canister = bench.create().await;
    bench.install(canister, CLINGS).await;
    let wish = upgrade(&bench, canister, NEXT_COUNTER);
    undone(&bench.engine, Op::Upgrade(wish.clone())).await;
    let wish = Upgrade {
        options: UpgradeOptions {
            skip_pre_upgrade: true,
            ..wish.options
        },
        ..wish
    };
    let plan = bench.engine.plan(&Op::Upgrade(wish.clone())).await.unwrap();
    assert_eq!(
        finding(&plan, CheckName::PreUpgrade),
        Some(CheckVerdict::Warns),
        "what it would have saved is lost"
    );
    done(&bench.engine, Op::Upgrade(wish)).await;
    let after = picture(&bench.network().world(), canister);
    assert_eq!((after.is_running, after.total), (true, Some(7)));
    bench.stop().await;
}

#[tokio::test]
async fn questions_that_cannot_be_asked_forbid_the_upgrade() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let malformed = CheckCall {
        arguments: "(".to_owned(),
        ..well(None)
    };
    let wish = Upgrade {
        checks: vec![malformed],
        ..upgrade(&bench, canister, NEXT_COUNTER)
    };
    let plan = bench.engine.plan(&Op::Upgrade(wish.clone())).await.unwrap();
    assert_eq!(
        blocked_by(&plan),
        Some(CheckName::CheckCall),
        "Candid text that ends too early"
    );
    let () = bench
        .manage(
            canister.principal(),
            "stop_canister",
            (About::of(canister),),
        )
        .await
        .unwrap();
    let wish = Upgrade {
        checks: vec![well(None)],
        ..wish
    };
    let plan = bench.engine.plan(&Op::Upgrade(wish.clone())).await.unwrap();
    assert_eq!(
        blocked_by(&plan),
        Some(CheckName::CheckCall),
        "what is stopped answers nobody"
    );
    let wish = Upgrade {
        checks: vec![],
        ..wish
    };
    done(&bench.engine, Op::Upgrade(wish)).await;
    let after = picture(&bench.network().world(), canister);
    assert_eq!(
        (after.is_running, after.total),
        (false, Some(7)),
        "stopped as before"
    );
    bench.stop().await;
}

fn drill(source: &Restore, expected: Option<&str>) -> Op {
    Op::Drill(Drill {
        canister: source.canister,
        snapshot: source.snapshot.clone(),
        checks: vec![CheckCall {
            method: "total".to_owned(),
            ..well(expected)
        }],
        purse: None,
        asked_at: 1,
    })
}

#[tokio::test]
async fn a_drill_proves_a_snapshot_and_leaves_no_trace() {
    let bench = Bench::practice().await;
    let source = written_out(&bench).await;
    let before = picture(&bench.network().world(), source.canister);
    let version = bench.status(source.canister).await.version;
    let job = done(&bench.engine, drill(&source, None)).await;
    let proof = job.proof();
    assert_eq!(proof.trial, None, "the throw-away canister is gone");
    assert_eq!(
        proof.asked[0].answer.as_ref().unwrap().found.as_deref(),
        Some("01000000"),
        "it answers what stood in the snapshot, not what stands in the canister now"
    );
    assert_eq!(job.made(), None, "nothing that stays was made");
    assert_eq!(picture(&bench.network().world(), source.canister), before);
    assert_eq!(
        bench.status(source.canister).await.version,
        version,
        "the original was never touched"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_drill_with_another_answer_proves_nothing_and_leaves_no_trace() {
    let bench = Bench::practice().await;
    let source = written_out(&bench).await;
    let before = picture(&bench.network().world(), source.canister);
    let (job, failure) = undone(&bench.engine, drill(&source, Some("(5)"))).await;
    assert_eq!(failure.code, Code::AnswerDiffers);
    assert_eq!(failure.facts["found"], "01000000");
    assert_eq!(job.proof().trial, None);
    assert_eq!(
        picture(&bench.network().world(), source.canister),
        before,
        "no canister more, and the original as it was"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_drill_waits_for_the_next_checkpoint_and_says_since_when() {
    let conduct = Conduct {
        checkpoint: Conduct::default().checkpoint,
        ..canopic_tests::operations::brisk()
    };
    let bench = Bench::conducted(Options::default(), conduct).await;
    let source = moved_on(&bench).await;
    let op = drill(&source, None);
    let plan = bench.engine.plan(&op).await.unwrap();
    let (_, mut news) = bench.engine.follow();
    let job = bench.engine.run(op, &plan.fingerprint).await.unwrap();
    let waits = loop {
        let view = news.recv().await.unwrap();
        if let Some(hindrance) = view.hindrance
            && hindrance.code == Code::NotYetLoadable
        {
            break hindrance;
        }
    };
    assert_eq!(waits.facts["atMostSeconds"], "600");
    assert!(waits.facts["since"].parse::<u64>().unwrap() > 0);
    bench.network().checkpoint();
    let job = bench.engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    bench.stop().await;
}

/// On a network where nothing is given away, the ledger pays for the throw-away canister, once, and the snapshot is proven all the same.
#[tokio::test]
async fn a_drill_that_the_ledger_pays_for_proves_a_snapshot_and_costs_what_was_planned() {
    let bench = Bench::practice().await;
    let source = written_out(&bench).await;
    let before = picture(&bench.network().world(), source.canister);
    let held = bench.engine.balance().await.unwrap();
    let asked_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let op = Op::Drill(Drill {
        canister: source.canister,
        snapshot: source.snapshot.clone(),
        checks: vec![CheckCall {
            method: "total".to_owned(),
            ..well(None)
        }],
        purse: Some(Purse::Ledger),
        asked_at: asked_at.as_nanos() as u64,
    });
    let plan = bench.engine.plan(&op).await.unwrap();
    assert_eq!(
        finding(&plan, CheckName::Balance),
        Some(CheckVerdict::Fine),
        "who pays is asked before"
    );
    bench.network().break_it([Fault {
        effect: Effect::LoseReply,
        ..refused("create_canister", 0)
    }]);
    let job = done(&bench.engine, op).await;
    assert!(bench.network().faults().is_empty(), "the fault has struck");
    assert_eq!(job.proof().trial, None, "the throw-away canister is gone");
    assert_eq!(
        job.proof().asked[0]
            .answer
            .as_ref()
            .unwrap()
            .found
            .as_deref(),
        Some("01000000")
    );
    assert_eq!(picture(&bench.network().world(), source.canister), before);
    let left = bench.engine.balance().await.unwrap();
    assert_eq!(
        held.cycles - left.cycles,
        plan.cost,
        "paid once, and what was planned"
    );
    let timeline = bench.engine.timeline(source.canister).await.unwrap();
    let mut moments = timeline.moments.iter();
    let moment = moments.find(|moment| {
        let there = moment.snapshot.as_ref();
        there.is_some_and(|there| there.id == source.snapshot)
    });
    assert!(
        moment.unwrap().proven_at.is_some(),
        "the snapshot is stamped as proven: {moment:?}"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_group_of_which_one_is_refused_is_as_before_and_none_is_left_stopped() {
    for restores_refused in 0..2 {
        let bench = Bench::practice().await;
        let restores = vec![moved_on(&bench).await, moved_on(&bench).await];
        let pictures = || {
            let world = bench.network().world();
            let of = |wish: &Restore| picture(&world, wish.canister);
            restores.iter().map(of).collect::<Vec<_>>()
        };
        let before = pictures();
        bench
            .network()
            .break_it([refused("load_canister_snapshot", restores_refused)]);
        let op = Op::RestoreSnapshots {
            restores: restores.clone(),
        };
        undone(&bench.engine, op.clone()).await;
        for (before, after) in before.iter().zip(pictures()) {
            assert_eq!(
                (after.is_running, after.total, &after.snapshots),
                (true, before.total, &before.snapshots),
                "the load of number {restores_refused} was refused"
            );
        }
        assert_eq!(bench.engine.left_stopped().await.unwrap(), []);
        done(&bench.engine, op).await;
        for after in pictures() {
            assert_eq!((after.is_running, after.total), (true, Some(1)));
        }
        bench.stop().await;
    }
}

/// Which steps a job that turned back did for good.
#[tokio::test]
async fn what_cannot_be_taken_back_is_not_called_taken_back() {
    let bench = Bench::practice().await;
    let canister = counter(&bench).await;
    let snapshots = vec![
        snapshot(&bench, canister).await,
        snapshot(&bench, canister).await,
    ];
    bench
        .network()
        .break_it([refused("delete_canister_snapshot", 1)]);
    let op = Op::DeleteSnapshots {
        canister,
        snapshots,
    };
    let (job, _) = undone(&bench.engine, op).await;
    assert_eq!(job.stays(), [StepName::DeleteSnapshot]);
    assert_eq!(job.steps[0].progress, StepProgress::Stays);
    assert_eq!(job.steps[1].progress, StepProgress::Undone);
    let after = picture(&bench.network().world(), canister);
    assert_eq!(after.snapshots.len(), 1, "one is gone, and the job says so");
    let acts = bench.engine.activity(&Wanted::default()).unwrap();
    assert_eq!(acts[0].stays, [StepName::DeleteSnapshot]);

    // A module that is installed stays, whatever becomes of the rest.
    let target = bench.create().await;
    let install = InstallOrder {
        canister: target,
        module: Module::read(large()).unwrap(),
        wish: Wish::Install,
        options: UpgradeOptions::default(),
        arguments: None,
    };
    let op = bench.engine.plan_install(&install).await.unwrap().op();
    bench.network().break_it([refused("clear_chunk_store", 0)]);
    let (job, _) = undone(&bench.engine, op).await;
    assert_eq!(job.stays(), [StepName::InstallCode]);
    assert!(bench.status(target).await.module_hash.is_some());
    bench.stop().await;
}
