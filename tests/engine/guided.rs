//! The guided operations: an upgrade with a net, the restore drill, and sending a state across.

use canopic_engine::{
    CanisterId, CheckCall, CheckName, CheckVerdict, Code, Drill, DrillCopy, End, Engine, Job,
    JobFailure, Manner, OnFailure, Op, Plan, Restore, RestoreCopy, SendSnapshot, State, Undo,
    Upgrade, UpgradeOptions,
};
use canopic_practice::Options;
use canopic_tests::{
    About, Bench,
    operations::{NEXT_COUNTER, count, counter, kept, moved_on, picture, well, written_out},
};

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
    let bench = Bench::conducted(Options::default(), canopic_tests::operations::brisk()).await;
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

fn send(bench: &Bench, source: &Restore, target: CanisterId) -> SendSnapshot {
    SendSnapshot {
        source: source.canister,
        snapshot: source.snapshot.clone(),
        target,
        may_replace: false,
        carries_settings: false,
        through_copy: false,
        folder: bench.home.join("on-its-way"),
        keep_as: None,
    }
}

#[tokio::test]
async fn what_does_not_want_to_wait_goes_through_a_copy_that_may_stay() {
    let bench = Bench::practice().await;
    let source = moved_on(&bench).await;
    let target = bench.create().await;
    let wish = SendSnapshot {
        through_copy: true,
        keep_as: Some("on its way".to_owned()),
        ..send(&bench, &source, target)
    };
    let folder = wish.folder.clone();
    done(&bench.engine, Op::SendSnapshot(wish.clone())).await;
    let after = picture(&bench.network().world(), target);
    assert_eq!(
        (after.is_running, after.total, after.snapshots.len()),
        (true, Some(1), 0),
        "the state is there, and what was only a means is not"
    );
    assert!(folder.join("canopic.json").exists(), "it was to be kept");
    let again = bench.engine.plan(&Op::SendSnapshot(wish)).await.unwrap();
    assert_eq!(
        blocked_by(&again),
        Some(CheckName::TargetState),
        "what is there now is not replaced unasked"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_folder_that_holds_something_else_is_neither_used_nor_deleted() {
    let bench = Bench::practice().await;
    let source = moved_on(&bench).await;
    let target = bench.create().await;
    let wish = SendSnapshot {
        through_copy: true,
        ..send(&bench, &source, target)
    };
    std::fs::create_dir(&wish.folder).unwrap();
    std::fs::write(wish.folder.join("letters.txt"), "dear").unwrap();
    let plan = bench
        .engine
        .plan(&Op::SendSnapshot(wish.clone()))
        .await
        .unwrap();
    assert_eq!(blocked_by(&plan), Some(CheckName::Room));
    assert!(wish.folder.join("letters.txt").exists());
    bench.stop().await;
}

#[tokio::test]
async fn settings_come_along_where_a_person_wants_it() {
    let bench = Bench::practice().await;
    let source = written_out(&bench).await;
    let change = canopic_engine::SettingsChange {
        wasm_memory_limit: Some(1 << 30),
        ..Default::default()
    };
    let op = Op::ChangeSettings {
        canister: source.canister,
        change: Box::new(change),
    };
    done(&bench.engine, op).await;
    let target = bench.create().await;
    let wish = send(&bench, &source, target);
    let plan = bench
        .engine
        .plan(&Op::SendSnapshot(wish.clone()))
        .await
        .unwrap();
    assert_eq!(
        finding(&plan, CheckName::SettingsDiffer),
        Some(CheckVerdict::Warns)
    );
    let wish = SendSnapshot {
        carries_settings: true,
        ..wish
    };
    done(&bench.engine, Op::SendSnapshot(wish)).await;
    let status = bench.status(target).await;
    assert_eq!(status.settings.wasm_memory_limit, 1_u64 << 30);
    bench.stop().await;
}

#[tokio::test]
async fn to_another_network_a_state_goes_as_a_copy_in_two_operations() {
    let here = Bench::practice().await;
    let there = Bench::with(Options {
        seed: 2,
        ..Options::default()
    })
    .await;
    let source = moved_on(&here).await;
    let folder = here.home.join("a-copy");
    let download = Op::DownloadSnapshot(canopic_engine::DownloadSnapshot {
        canister: source.canister,
        snapshot: source.snapshot.clone(),
        folder: folder.clone(),
        name: "a copy".to_owned(),
    });
    done(&here.engine, download).await;

    let target = counter(&there).await;
    let wish = RestoreCopy {
        canister: target,
        folder: folder.clone(),
        may_replace: false,
    };
    let plan = there
        .engine
        .plan(&Op::RestoreCopy(wish.clone()))
        .await
        .unwrap();
    assert_eq!(blocked_by(&plan), Some(CheckName::TargetState));
    count(&there, target).await;
    let wish = RestoreCopy {
        may_replace: true,
        ..wish
    };
    let job = done(&there.engine, Op::RestoreCopy(wish)).await;
    let after = picture(&there.network().world(), target);
    assert_eq!((after.is_running, after.total), (true, Some(1)));
    let safety = job.proof().canisters[0].snapshot.clone().unwrap();
    assert_eq!(
        after.snapshots.len(),
        1,
        "the safety snapshot, and nothing that was only a means"
    );
    let back = Op::Restore(Restore {
        canister: target,
        snapshot: safety,
        replace: None,
    });
    done(&there.engine, back).await;
    let after = picture(&there.network().world(), target);
    assert_eq!(after.total, Some(2), "and there was a way back");

    let canisters = after.canisters;
    let drill = Op::DrillCopy(DrillCopy {
        folder: folder.clone(),
        checks: vec![CheckCall {
            method: "total".to_owned(),
            ..well(None)
        }],
        purse: None,
        asked_at: 1,
    });
    let job = done(&there.engine, drill).await;
    assert_eq!(
        job.proof().asked[0]
            .answer
            .as_ref()
            .unwrap()
            .found
            .as_deref(),
        Some("01000000")
    );
    let after = picture(&there.network().world(), target);
    assert_eq!(after.canisters, canisters, "no throw-away canister is left");
    let copy = canopic_engine::CopyReader::open(&folder).unwrap();
    assert!(
        copy.manifest().unwrap().proven_at.is_some(),
        "the copy stays, and says that it is proven"
    );
    here.stop().await;
    there.stop().await;
}
