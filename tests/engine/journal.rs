//! Nothing without a journal: a disk without room, a journal that may only be read, a damaged one, a newer one. And a network that
//! goes away and comes back: waited for.

use canopic_engine::{
    CanisterId, Certainty, Code, Conduct, End, Engine, JobId, JobView, Op, State, TakeSnapshot,
};
use canopic_practice::{
    Options,
    faults::{Effect, Fault, Kind},
};
use canopic_tests::{
    Bench,
    operations::{self, Change, Scene, brisk, judge, pictures},
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// As many pages as SQLite can count.
const ENDLESS: u32 = u32::MAX - 1;

async fn begin(engine: &Engine, op: &Op) -> JobId {
    let plan = engine.plan(op).await.unwrap();
    engine.run(op.clone(), &plan.fingerprint).await.unwrap()
}

/// Follows the news of a job until it waits for something.
async fn hindered(engine: &Engine, job: JobId) -> JobView {
    let (known, mut news) = engine.follow();
    let mut known = known.into_iter().find(|view| view.job.id == job);
    loop {
        if let Some(view) = known.take().filter(|view| view.hindrance.is_some()) {
            return view;
        }
        let view = news.recv().await.unwrap();
        assert!(
            !matches!(view.job.state, State::Ended(_)),
            "it ended without waiting for anything"
        );
        known = Some(view).filter(|view| view.job.id == job);
    }
}

#[tokio::test]
async fn a_full_disk_halts_a_job_where_it_is_and_room_lets_it_go_on() {
    let room = Arc::new(AtomicU32::new(ENDLESS));
    let limit = room.clone();
    let conduct = Conduct {
        room: Some(Arc::new(move || limit.load(Ordering::SeqCst))),
        ..brisk()
    };
    let bench = Bench::conducted(Options::default(), conduct).await;
    // So many steps that what they leave in the journal does not fit in what is left of its last page.
    let mut cast = vec![];
    for _ in 0..6 {
        let canister = bench.create().await;
        bench.install(canister, "(module (memory 1))").await;
        let change = Change {
            snapshots: 1,
            taken: 1,
            ..Change::default()
        };
        cast.push((canister, change));
    }
    let scene = Scene {
        means: None,
        makes: 0,
        op: Op::TakeSnapshots {
            canisters: cast.iter().map(|(canister, _)| *canister).collect(),
            replace: vec![],
        },
        cast,
    };
    let another = bench.create().await;
    let world = || bench.network().world();
    let before = pictures(&world(), &scene);
    let engine = &bench.engine;
    let job = begin(engine, &scene.op).await;
    room.store(1, Ordering::SeqCst);
    let waiting = hindered(engine, job).await;
    let hindrance = waiting.hindrance.unwrap();
    assert_eq!(hindrance.code, Code::JournalFull, "{}", hindrance.report);
    assert_eq!(
        waiting.job.state,
        State::Running,
        "a full disk is no failure"
    );
    assert!(hindrance.facts.contains_key("path"), "it says where");

    let stop = Op::Stop { canister: another };
    let plan = engine.plan(&stop).await.expect("looking needs no journal");
    let refused = engine.run(stop, &plan.fingerprint).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.certainty),
        (Code::JournalFull, Certainty::NothingSent)
    );

    room.store(ENDLESS, Ordering::SeqCst);
    let job = engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    judge(&scene, &job, &before, &pictures(&world(), &scene));
    assert_eq!(engine.journal_state().unwrap(), None, "the chain holds");
    bench.stop().await;
}

/// Where a database's header says by which rules it is written; higher than any known: not at all.
const WRITE_VERSION: usize = 18;
/// Where the header has the version of our own format, and its last byte.
const FORMAT: usize = 63;

#[tokio::test]
async fn nothing_is_done_without_a_journal_and_looking_goes_on() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage, Code); 3] = [
        (
            "read-only",
            |bytes| bytes[WRITE_VERSION] = 9,
            Code::JournalReadOnly,
        ),
        (
            "of a newer app",
            |bytes| bytes[FORMAT] = 99,
            Code::JournalFromNewerVersion,
        ),
        (
            "overwritten",
            |bytes| bytes[100..].fill(7),
            Code::JournalDamaged,
        ),
    ];
    let bench = Bench::fleet().await;
    let canister = bench.id("stock");
    for (what, damage, code) in damages {
        let folder = tempfile::tempdir().unwrap();
        let home = camino::Utf8Path::from_path(folder.path()).unwrap();
        let journal = {
            let engine = bench.open_engine(home, brisk());
            assert_eq!(engine.journal_state().unwrap(), None);
            engine.folders().data.join("journal.sqlite")
        };
        let mut bytes = std::fs::read(&journal).unwrap();
        damage(&mut bytes);
        std::fs::write(&journal, &bytes).unwrap();

        let engine = bench.open_engine(home, brisk());
        let told = engine.journal_state().unwrap_err();
        assert_eq!(told.code, code, "{what}: {}", told.chain());
        assert_eq!(told.facts["path"], journal.as_str(), "it says which file");
        let op = take(canister);
        let plan = engine.plan(&op).await.expect("looking needs no journal");
        let refused = engine.run(op, &plan.fingerprint).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.certainty),
            (code, Certainty::NothingSent)
        );
        assert!(
            engine
                .canister(canister, true)
                .await
                .unwrap()
                .reading
                .status()
                .is_some()
        );
        assert_eq!(
            std::fs::read(&journal).unwrap(),
            bytes,
            "{what}: left alone"
        );
    }
    let status = bench.status(canister).await;
    assert_eq!(
        format!("{:?}", status.status),
        "Running",
        "nothing happened to it"
    );
    bench.stop().await;
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

#[tokio::test]
async fn a_network_that_goes_away_in_the_middle_is_waited_for() {
    let state = tempfile::tempdir().unwrap();
    let options = Options {
        state: Some(state.path().to_owned()),
        ..Options::default()
    };
    let mut bench = Bench::conducted(options.clone(), brisk()).await;
    let engine = bench.engine.clone();
    let operation = operations::ALL.iter().find(|known| known.name == "take");
    let scene = operation.unwrap().prepare(&bench).await;
    let before = pictures(&bench.network().world(), &scene);
    // Every call is cut, so that the job cannot be over before the network is gone.
    bench.network().break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("take_canister_snapshot".to_owned()),
        after: 0,
        times: u32::MAX,
        effect: Effect::Cut,
    }]);
    let job = begin(&engine, &scene.op).await;
    let waiting = hindered(&engine, job).await;
    assert!(
        waiting.job.steps[0].output.is_some(),
        "it is stopped by then, so leaving it like that would hurt"
    );
    let network = bench.take_network().unwrap();
    let listen = network.address();
    network.stop().await;
    let waiting = hindered(&engine, job).await;
    assert_eq!(waiting.hindrance.unwrap().code, Code::NoNetwork);
    assert_eq!(
        waiting.job.state,
        State::Running,
        "a lost network is no failure"
    );

    let options = Options { listen, ..options };
    bench.put_network(canopic_practice::start(options).await.unwrap());
    let job = engine.rest(job).await.unwrap();
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    judge(
        &scene,
        &job,
        &before,
        &pictures(&bench.network().world(), &scene),
    );
    bench.stop().await;
}
