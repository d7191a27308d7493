//! Two people on the same canister: what a job does when somebody else acts in the middle of it.
//!
//! The second controller acts right after an event of the journal, while the job waits for him: each event of an operation is tried, so
//! that no phase is left out.

use canopic_engine::{
    CanisterId, Code, Conduct, End, Engine, Job, Op, SnapshotId, State, StepName, StepProgress,
};
use canopic_practice::{
    Options,
    faults::{Effect, Fault, Kind, Refusal},
    interface::{
        CanisterIdRecord, CanisterSettings, DeleteCanisterSnapshotArgs, Snapshot,
        TakeCanisterSnapshotArgs, UpdateSettingsArgs,
    },
};
use canopic_tests::{
    About, Bench, manage,
    operations::{self, Scene, brisk, picture, pictures},
};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream};
use ic_agent::Agent;
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;

/// Who the second controller is; nobody else's key.
const COLLEAGUE: [u8; 32] = [77; 32];
/// How many worlds are tried at the same time: most of each is waiting.
const AT_ONCE: usize = 8;

type Act = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

/// What happens right after an event of the journal.
#[derive(Clone, Default)]
struct Interruption(Arc<Mutex<Option<(u64, Act)>>>);

impl Interruption {
    fn conduct(&self) -> Conduct {
        let planned = self.0.clone();
        let witness = move |number: u64| {
            let due = planned.lock().unwrap().take_if(|(at, _)| *at == number);
            if let Some((_, act)) = due {
                let here = Handle::current();
                // On a thread of its own: this one may be in the middle of waiting already, and whoever waits twice on one thread
                // takes the outer waiter's wake for his own.
                let acting = std::thread::spawn(move || here.block_on(act()));
                tokio::task::block_in_place(|| acting.join()).unwrap();
            }
        };
        Conduct {
            witness: Some(Arc::new(witness)),
            ..brisk()
        }
    }

    fn after(&self, event: u64, act: Act) {
        *self.0.lock().unwrap() = Some((event, act));
    }
}

/// A canister with two controllers, an operation on it, and a colleague who may act.
struct Office {
    bench: Bench,
    scene: Scene,
    colleague: Agent,
    interruption: Interruption,
}

impl Office {
    async fn open(operation: &str) -> Self {
        let interruption = Interruption::default();
        let bench = Bench::conducted(Options::default(), interruption.conduct()).await;
        let operation = operations::ALL.iter().find(|known| known.name == operation);
        let scene = operation.unwrap().prepare(&bench).await;
        let colleague = bench.agent_of(COLLEAGUE);
        let office = Self {
            bench,
            scene,
            colleague,
            interruption,
        };
        let both = vec![
            office.bench.owner(),
            office.colleague.get_principal().unwrap(),
        ];
        let agent = office.bench.agent().clone();
        controlled_by(agent, office.canister(), both).await;
        office
    }

    fn canister(&self) -> CanisterId {
        self.scene.cast[0].0
    }

    /// Has the colleague act after an event.
    fn interrupt(
        &self,
        event: u64,
        act: impl FnOnce(Agent, CanisterId) -> BoxFuture<'static, ()> + Send + 'static,
    ) {
        let (agent, canister) = (self.colleague.clone(), self.canister());
        self.interruption
            .after(event, Box::new(move || act(agent, canister)));
    }

    async fn run(&self) -> Job {
        run(&self.bench.engine, self.scene.op.clone()).await
    }

    fn picture(&self) -> operations::Picture {
        picture(&self.bench.network().world(), self.canister())
    }
}

async fn run(engine: &Engine, op: Op) -> Job {
    let plan = engine.plan(&op).await.unwrap();
    let job = engine.run(op, &plan.fingerprint).await.unwrap();
    engine.rest(job).await.unwrap()
}

async fn controlled_by(agent: Agent, canister: CanisterId, who: Vec<candid::Principal>) {
    let arguments = UpdateSettingsArgs {
        canister_id: canister.principal(),
        settings: CanisterSettings {
            controllers: Some(who),
            ..CanisterSettings::default()
        },
        sender_canister_version: None,
    };
    let () = manage(
        &agent,
        canister.principal(),
        "update_settings",
        (arguments,),
    )
    .await
    .unwrap();
}

async fn delete(agent: Agent, canister: CanisterId, snapshot: Vec<u8>) {
    let arguments = DeleteCanisterSnapshotArgs {
        canister_id: canister.principal(),
        snapshot_id: snapshot,
    };
    let () = manage(
        &agent,
        canister.principal(),
        "delete_canister_snapshot",
        (arguments,),
    )
    .await
    .unwrap();
}

async fn snapshots(agent: &Agent, canister: CanisterId) -> Vec<Snapshot> {
    let (found,) = manage(
        agent,
        canister.principal(),
        "list_canister_snapshots",
        (About::of(canister),),
    )
    .await
    .unwrap();
    found
}

/// The wish of a restore.
fn restored(op: &Op) -> &SnapshotId {
    match op {
        Op::Restore(wish) => &wish.snapshot,
        other => panic!("not a restore: {other:?}"),
    }
}

/// How many events an operation has when nobody interferes.
async fn events(operation: &str) -> u64 {
    let office = Office::open(operation).await;
    let job = office.run().await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    job.news
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_deleted_under_our_feet_ends_in_a_whole_world_in_every_phase() {
    let ends = stream::iter(1..=events("restore").await).map(|event| async move {
        let office = Office::open("restore").await;
        let snapshot = restored(&office.scene.op).bytes().to_vec();
        office.interrupt(event, |agent, canister| {
            delete(agent, canister, snapshot).boxed()
        });
        let job = office.run().await;
        let after = office.picture();
        let told = format!("after event {event}: {after:?}, {:?}", job.failure);
        assert!(after.is_running, "it runs again, {told}");
        assert!(after.taken <= 2, "one safety snapshot at most, {told}");
        match job.state {
            State::Ended(End::Done) => {
                assert_eq!(
                    (after.total, after.loaded),
                    (Some(1), 1),
                    "restored, {told}"
                );
                assert_eq!(
                    after.snapshots.len(),
                    1,
                    "the safety snapshot is there, {told}"
                );
            }
            State::Ended(End::Undone) => {
                assert_eq!(
                    (after.total, after.loaded),
                    (Some(2), 0),
                    "as before, {told}"
                );
                assert!(
                    after.snapshots.is_empty(),
                    "nothing of ours is left, {told}"
                );
                assert_eq!(job.failure.unwrap().code, Code::SnapshotGone, "{told}");
            }
            state => panic!("{state:?} {told}"),
        }
        let state = job.state;
        office.bench.stop().await;
        state
    });
    let ends: Vec<_> = ends.buffer_unordered(AT_ONCE).collect().await;
    for end in [End::Done, End::Undone] {
        assert!(
            ends.contains(&State::Ended(end)),
            "both ways are seen: {ends:?}"
        );
    }
}

/// The event after which a step is done.
async fn done_after(operation: &str, step: StepName) -> u64 {
    let office = Office::open(operation).await;
    let (_, mut news) = office.bench.engine.follow();
    office.run().await;
    loop {
        let view = news.recv().await.unwrap();
        let steps = view.job.deed.plan.steps.iter().zip(&view.job.steps);
        let is_done = |progress: &StepProgress| matches!(progress, StepProgress::Done(_));
        let mut wanted = steps.filter(|(planned, _)| planned.name() == step);
        if wanted.any(|(_, state)| is_done(&state.progress)) {
            return view.job.news;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_be_taken_back_because_the_safety_snapshot_is_gone_is_stuck_and_says_so() {
    let loaded = done_after("restore", StepName::LoadSnapshot).await;
    let office = Office::open("restore").await;
    let engine = &office.bench.engine;
    let kept = restored(&office.scene.op).bytes().to_vec();
    office.interrupt(loaded, |agent, canister| {
        async move {
            for snapshot in snapshots(&agent, canister).await {
                if snapshot.id != kept {
                    delete(agent.clone(), canister, snapshot.id).await;
                }
            }
        }
        .boxed()
    });
    // The start is refused, so the load has to be taken back.
    office.bench.network().break_it([Fault {
        kind: Some(Kind::Call),
        method: Some("start_canister".to_owned()),
        after: 0,
        times: 1,
        effect: Effect::RejectCertified(Refusal {
            error: 503,
            message: "a bad day".to_owned(),
        }),
    }]);
    let job = office.run().await;
    let State::Stuck(failure) = &job.state else {
        panic!("{:?}, {:?}", job.state, job.failure)
    };
    assert_eq!(failure.code, Code::SnapshotGone, "{}", failure.report);
    let left = engine.left_stopped().await.unwrap();
    assert_eq!(
        left.iter()
            .map(|left| left.place.canister)
            .collect::<Vec<_>>(),
        [office.canister()],
        "nobody overlooks that it is stopped"
    );
    assert_eq!(office.picture().loaded, 1, "nothing is tried a second time");

    engine.retry(job.id).await.unwrap();
    let again = engine.rest(job.id).await.unwrap();
    assert!(
        matches!(&again.state, State::Stuck(failure) if failure.code == Code::SnapshotGone),
        "it is as gone as before: {:?}",
        again.state
    );
    engine.leave(job.id).unwrap();
    let start = Op::Start {
        canister: office.canister(),
    };
    assert_eq!(run(engine, start).await.state, State::Ended(End::Done));
    assert!(office.picture().is_running, "a person decides");
    office.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_his_rights_in_the_middle_is_stuck_until_he_has_them_back() {
    let ends = stream::iter(1..=events("take").await).map(|event| async move {
        let office = Office::open("take").await;
        let engine = &office.bench.engine;
        let (canister, colleague) = (office.canister(), office.colleague.get_principal().unwrap());
        office.interrupt(event, move |agent, canister| {
            controlled_by(agent, canister, vec![colleague]).boxed()
        });
        let mut job = office.run().await;
        let was_stuck = match &job.state {
            State::Ended(End::Done) => false,
            State::Stuck(failure) => {
                assert_eq!(failure.code, Code::NotController, "{}", failure.report);
                true
            }
            state => panic!("after event {event}: {state:?}, {:?}", job.failure),
        };
        if was_stuck && !office.picture().is_running {
            let left = engine.left_stopped().await.unwrap();
            assert_eq!(
                left.iter()
                    .map(|left| left.place.canister)
                    .collect::<Vec<_>>(),
                [canister],
                "we stopped it and may not start it: that is said, after event {event}"
            );
        }
        let both = vec![office.bench.owner(), colleague];
        controlled_by(office.colleague.clone(), canister, both).await;
        if was_stuck {
            engine.retry(job.id).await.unwrap();
            job = engine.rest(job.id).await.unwrap();
        }
        let after = office.picture();
        let told = format!("after event {event}: {after:?}, {:?}", job.failure);
        assert!(after.is_running, "it runs again, {told}");
        assert!(after.taken <= 1, "no second snapshot, {told}");
        let expected = match job.state {
            State::Ended(End::Done) => 1,
            State::Ended(End::Undone) => 0,
            state => panic!("{state:?} {told}"),
        };
        assert_eq!(after.snapshots.len(), expected, "{told}");
        office.bench.stop().await;
        was_stuck
    });
    let stuck: Vec<_> = ends.buffer_unordered(AT_ONCE).collect().await;
    assert!(stuck.contains(&true) && stuck.contains(&false), "{stuck:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canister_that_somebody_starts_meanwhile_is_restored_or_as_before() {
    let ends = stream::iter(1..=events("restore").await).map(|event| async move {
        let office = Office::open("restore").await;
        office.interrupt(event, |agent, canister| {
            async move {
                let canister_id = canister.principal();
                let about = CanisterIdRecord { canister_id };
                let () = manage(&agent, canister_id, "start_canister", (about,))
                    .await
                    .unwrap();
            }
            .boxed()
        });
        let job = office.run().await;
        let after = office.picture();
        let told = format!("after event {event}: {after:?}, {:?}", job.failure);
        assert!(after.is_running, "{told}");
        let total = match job.state {
            State::Ended(End::Done) => 1,
            State::Ended(End::Undone) => 2,
            state => panic!("{state:?} {told}"),
        };
        assert_eq!(after.total, Some(total), "{told}");
        office.bench.stop().await;
        job.state
    });
    let ends: Vec<_> = ends.buffer_unordered(AT_ONCE).collect().await;
    assert!(
        ends.contains(&State::Ended(End::Undone)),
        "nothing is loaded into a canister that runs: {ends:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_refused_after_whatever_somebody_else_did() {
    let deeds: [fn(Agent, CanisterId) -> BoxFuture<'static, ()>; 4] = [
        |agent, canister| {
            async move {
                let canister_id = canister.principal();
                let about = CanisterIdRecord { canister_id };
                let () = manage(&agent, canister_id, "stop_canister", (about,))
                    .await
                    .unwrap();
            }
            .boxed()
        },
        |agent, canister| {
            async move {
                let take = TakeCanisterSnapshotArgs {
                    canister_id: canister.principal(),
                    replace_snapshot: None,
                    uninstall_code: None,
                    sender_canister_version: None,
                };
                let (_,): (Snapshot,) = manage(
                    &agent,
                    canister.principal(),
                    "take_canister_snapshot",
                    (take,),
                )
                .await
                .unwrap();
            }
            .boxed()
        },
        |agent, canister| {
            async move {
                let canister_id = canister.principal();
                let about = CanisterIdRecord { canister_id };
                let () = manage(&agent, canister_id, "uninstall_code", (about,))
                    .await
                    .unwrap();
            }
            .boxed()
        },
        |agent, canister| {
            async move {
                let more = vec![
                    agent.get_principal().unwrap(),
                    canopic_practice::demo::owner(),
                    candid::Principal::anonymous(),
                ];
                controlled_by(agent, canister, more).await;
            }
            .boxed()
        },
    ];
    for (number, deed) in deeds.into_iter().enumerate() {
        let office = Office::open("take").await;
        let engine = &office.bench.engine;
        let plan = engine.plan(&office.scene.op).await.unwrap();
        deed(office.colleague.clone(), office.canister()).await;
        let before = pictures(&office.bench.network().world(), &office.scene);
        let op = office.scene.op.clone();
        let refused = engine.run(op, &plan.fingerprint).await.unwrap_err();
        // Without a module there is nothing to take a snapshot of: that is said instead.
        assert!(
            matches!(refused.code, Code::StalePlan | Code::Precondition),
            "deed {number}: {}",
            refused.chain()
        );
        assert_eq!(refused.certainty, canopic_engine::Certainty::NothingSent);
        assert!(engine.follow().0.is_empty(), "no job was begun");
        let after = pictures(&office.bench.network().world(), &office.scene);
        assert_eq!(before, after, "deed {number}");
        office.bench.stop().await;
    }
}
