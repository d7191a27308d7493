//! What was done, as it is read later and as it leaves the app; and what was stopped and not started again.

use canopic_engine::{
    CanisterId, Code, End, Job, KnownCanister, Op, OpName, Place, State, StepName, TakeSnapshot,
    activity::{Form, Outcome, Wanted, verify},
};
use canopic_practice::faults::{Effect, Fault, Kind, Refusal};
use canopic_tests::Bench;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

async fn run(bench: &Bench, op: Op) -> Job {
    let plan = bench.engine.plan(&op).await.unwrap();
    let job = bench.engine.run(op, &plan.fingerprint).await.unwrap();
    bench.engine.rest(job).await.unwrap()
}

fn take(canister: CanisterId) -> Op {
    Op::TakeSnapshot(TakeSnapshot {
        canister,
        is_stopped_meanwhile: true,
        replace: None,
        name: String::new(),
        note: String::new(),
    })
}

fn refuse(method: &str, times: u32) -> Fault {
    Fault {
        kind: Some(Kind::Call),
        method: Some(method.to_owned()),
        after: 0,
        times,
        effect: Effect::RejectCertified(Refusal {
            error: 406,
            message: "not today".to_owned(),
        }),
    }
}

#[tokio::test]
async fn every_act_is_told_with_who_where_and_how_it_came_out() {
    let bench = Bench::fleet().await;
    let (stock, orders) = (bench.id("stock"), bench.id("orders"));
    run(&bench, Op::Stop { canister: stock }).await;
    bench
        .network()
        .break_it([refuse("take_canister_snapshot", 1)]);
    run(&bench, take(orders)).await;

    let all = bench.engine.activity(&Wanted::default()).unwrap();
    let told: Vec<_> = all.iter().map(|entry| (entry.op, entry.outcome)).collect();
    assert_eq!(
        told,
        [
            (OpName::TakeSnapshot, Outcome::Failed),
            (OpName::Stop, Outcome::Done)
        ],
        "newest first"
    );
    let (failed, done) = (&all[0], &all[1]);
    assert_eq!(done.who, bench.owner());
    let connection = bench.engine.connection().await.unwrap();
    assert_eq!(done.network, connection.fingerprint(), "where");
    assert_eq!(done.plan, [StepName::Stop], "the plan that was confirmed");
    assert_eq!(done.targets[0].name, "stock");
    assert!(done.proven_at.is_some(), "a certificate proves it");
    assert_eq!(
        failed.failure.as_ref().unwrap().facts["message"],
        "not today"
    );

    let only = |wanted: Wanted| bench.engine.activity(&wanted).unwrap().len();
    assert_eq!(
        only(Wanted {
            text: "STOC".into(),
            ..Wanted::default()
        }),
        1
    );
    assert_eq!(
        only(Wanted {
            text: orders.to_string(),
            ..Wanted::default()
        }),
        1
    );
    assert_eq!(
        only(Wanted {
            outcome: Some(Outcome::Done),
            ..Wanted::default()
        }),
        1
    );
    assert_eq!(
        only(Wanted {
            op: Some(OpName::TakeSnapshot),
            ..Wanted::default()
        }),
        1
    );
    assert_eq!(
        only(Wanted {
            until: Some(UNIX_EPOCH),
            ..Wanted::default()
        }),
        0
    );
}

#[tokio::test]
async fn a_record_verifies_and_one_with_a_flipped_byte_does_not() {
    let bench = Bench::fleet().await;
    let stock = bench.id("stock");
    run(&bench, take(stock)).await;
    run(&bench, Op::Stop { canister: stock }).await;
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let record = bench
        .engine
        .exported_activity(Form::Json, &Wanted::default(), now)
        .unwrap();
    let verified = verify(&record).unwrap();
    assert_eq!((verified.acts, verified.exported_at), (2, now));
    assert!(verified.events > 8, "each act is several events");

    // A prime step reaches every part of the file, and every kind of place in it.
    let places = (0..record.len()).step_by(61);
    assert!(
        places.len() > 100,
        "the record is long enough to be struck often"
    );
    for place in places {
        let mut struck = record.clone();
        struck[place] ^= 1;
        let error = verify(&struck).expect_err("a flipped byte is found, wherever it is");
        assert!(
            matches!(error.code, Code::RecordBroken | Code::RecordUnreadable),
            "byte {place}: {}",
            error.chain()
        );
    }
    let shortened = &record[..record.len() - 1];
    assert!(verify(shortened).is_err(), "nor may anything be missing");
}

#[tokio::test]
async fn a_table_and_a_page_are_harmless_to_whoever_opens_them() {
    let bench = Bench::practice().await;
    let (id, known) = (bench.create().await, "=HYPERLINK(\"x\") <script>");
    bench.know([KnownCanister {
        id,
        name: known.to_owned(),
        group: String::new(),
    }]);
    run(&bench, Op::Stop { canister: id }).await;
    let export = |form| {
        let bytes = bench
            .engine
            .exported_activity(form, &Wanted::default(), SystemTime::now())
            .unwrap();
        String::from_utf8(bytes).unwrap()
    };
    let table = export(Form::Csv);
    assert!(table.lines().nth(1).unwrap().contains("stop,"), "{table}");
    assert!(
        table.contains("\"'=HYPERLINK"),
        "a spreadsheet takes no name for a formula: {table}"
    );
    let page = export(Form::Html);
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script"),
        "{page}"
    );
    assert!(page.contains("The chain of the journal holds."));
}

#[tokio::test]
async fn what_was_stopped_in_the_middle_is_named_until_it_runs_again() {
    let bench = Bench::fleet().await;
    let stock = bench.id("stock");
    assert_eq!(
        bench.engine.left_stopped().await.unwrap(),
        [],
        "nothing was stopped"
    );

    // The snapshot is refused, and so is every start: the job can neither go on nor back.
    bench.network().break_it([
        refuse("take_canister_snapshot", 1),
        refuse("start_canister", 1),
    ]);
    let job = run(&bench, take(stock)).await;
    assert!(matches!(job.state, State::Stuck(_)), "{:?}", job.state);
    let left = bench.engine.left_stopped().await.unwrap();
    let [left] = left.as_slice() else {
        panic!("one canister is left stopped: {left:?}")
    };
    assert_eq!(
        (
            left.place.canister,
            left.during,
            left.is_wanted,
            left.is_seen
        ),
        (stock, OpName::TakeSnapshot, false, true)
    );

    bench.engine.keep_stopped(left.place).unwrap();
    let kept = bench.engine.left_stopped().await.unwrap();
    assert!(kept[0].is_wanted, "somebody said so: {kept:?}");

    bench.engine.leave(job.id).unwrap();
    assert_eq!(
        bench.engine.left_stopped().await.unwrap().len(),
        1,
        "leaving the job starts nothing"
    );
    let job = run(&bench, Op::Start { canister: stock }).await;
    assert_eq!(job.state, State::Ended(End::Done));
    assert_eq!(bench.engine.left_stopped().await.unwrap(), [], "it runs");
}

#[tokio::test]
async fn what_somebody_else_started_is_not_named() {
    let bench = Bench::fleet().await;
    let stock = bench.id("stock");
    run(&bench, Op::Stop { canister: stock }).await;
    let left = bench.engine.left_stopped().await.unwrap();
    assert!(left[0].is_wanted, "stopping it was all that was asked for");
    let place = Place {
        network: left[0].place.network,
        canister: stock,
    };
    assert_eq!(left[0].place, place);
    bench
        .manage::<()>(
            stock.principal(),
            "start_canister",
            (canopic_practice::interface::CanisterIdRecord {
                canister_id: stock.principal(),
            },),
        )
        .await
        .unwrap();
    assert_eq!(
        bench.engine.left_stopped().await.unwrap(),
        [],
        "the world's facts count"
    );
}

#[tokio::test]
async fn a_job_can_be_read_as_a_page_of_its_own() {
    let bench = Bench::practice().await;
    let (id, name) = (bench.create().await, "till <3>");
    bench.know([KnownCanister {
        id,
        name: name.to_owned(),
        group: String::new(),
    }]);
    bench.install(id, "(module (memory 1))").await;
    let job = run(&bench, take(id)).await;
    let path = bench.home.join("report.html");
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    bench.engine.save_job_report(job.id, &path, now).unwrap();
    let page = std::fs::read_to_string(&path).unwrap();
    let snapshot = job.steps[1].output.as_ref().unwrap()["snapshot"].clone();
    for told in [
        "<h1>Take snapshot: till &lt;3&gt;</h1>",
        "<td>Done</td>",
        "Certified by the network",
        &id.to_string(),
        snapshot.as_str().unwrap(),
        &bench.owner().to_text(),
        "icp canister snapshot create",
        "Written 2027-01-15 08:00:00 UTC",
    ] {
        assert!(page.contains(told), "{told} is missing in {page}");
    }
    assert!(!page.contains("<3>"), "a name is never markup");

    bench.network().break_it([refuse("stop_canister", 1)]);
    let failed = run(&bench, Op::Stop { canister: id }).await;
    let page = bench.engine.job_report(failed.id, now).unwrap();
    let page = String::from_utf8(page).unwrap();
    assert!(
        page.contains("Why it did not come out as planned") && page.contains("not today"),
        "{page}"
    );
}
