//! The lessons: begun on canisters of their own, and judged by what is.

use super::networks::practice;
use camino::Utf8PathBuf;
use canopic_engine::{
    Arguments, CanisterId, Code, End, Engine, InstallMode, InstallModule, Job, Lesson, LessonName,
    LessonStep, MainMemory, Manner, MethodCall, NetworkId, Op, Places, Restore, SendSnapshot,
    State, Surroundings, TakeSnapshot,
};
use std::{sync::Arc, time::SystemTime};

struct School {
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl School {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let folders = Places::below(&home).open().unwrap();
        let engine = Engine::open(Arc::new(folders), Arc::new(practice::Embedded::default()))
            .unwrap()
            .within(Surroundings::of_a_test(&home));
        Self {
            engine,
            _folder: folder,
        }
    }

    async fn begin(&self, name: LessonName) -> Lesson {
        let lessons = self
            .engine
            .begin_lesson(name, SystemTime::now())
            .await
            .unwrap();
        found(lessons, name)
    }

    async fn done(&self, name: LessonName) -> Vec<LessonStep> {
        let lesson = found(self.engine.lessons().await.unwrap(), name);
        let done = lesson.steps.into_iter().filter(|(_, is_done)| *is_done);
        done.map(|(step, _)| step).collect()
    }

    async fn run(&self, op: Op) -> Job {
        let plan = self.engine.plan(&op).await.unwrap();
        let job = self.engine.run(op, &plan.fingerprint).await.unwrap();
        self.engine.rest(job).await.unwrap()
    }

    async fn take(&self, canister: CanisterId) -> Job {
        self.run(Op::TakeSnapshot(TakeSnapshot {
            canister,
            is_stopped_meanwhile: true,
            replace: None,
            name: String::new(),
            note: String::new(),
        }))
        .await
    }

    async fn snapshot(&self, canister: CanisterId) -> canopic_engine::SnapshotId {
        let timeline = self.engine.timeline(canister).await.unwrap();
        timeline.moments[0].snapshot.clone().unwrap().id
    }
}

fn found(lessons: Vec<Lesson>, name: LessonName) -> Lesson {
    assert_eq!(lessons.len(), LessonName::ALL.len());
    lessons
        .into_iter()
        .find(|lesson| lesson.name == name)
        .unwrap()
}

#[tokio::test]
async fn taking_and_restoring_is_learned_by_doing_it() {
    let school = School::open();
    let name = LessonName::TakeAndRestore;
    assert_eq!(school.done(name).await, []);
    let lesson = school.begin(name).await;
    let canister = lesson.canister.unwrap();
    assert_eq!(
        school.done(name).await,
        [],
        "making its canister is no step of it"
    );

    school.take(canister).await;
    assert_eq!(school.done(name).await, [LessonStep::TakeSnapshot]);
    let add = MethodCall {
        canister,
        method: "add".to_owned(),
        manner: Manner::Update,
        arguments: Arguments::Text("(1 : nat64)".to_owned()),
        remember: false,
    };
    school.engine.call(&add).await.unwrap();
    assert_eq!(
        school.done(name).await,
        [LessonStep::TakeSnapshot, LessonStep::ChangeState]
    );
    let restore = Restore {
        canister,
        snapshot: school.snapshot(canister).await,
        replace: None,
    };
    school.run(Op::Restore(restore)).await;
    assert_eq!(
        school.done(name).await,
        [
            LessonStep::TakeSnapshot,
            LessonStep::ChangeState,
            LessonStep::Restore,
            LessonStep::IsRestored
        ]
    );

    let again = school.begin(name).await;
    assert_ne!(
        again.canister,
        Some(canister),
        "each beginning is a fresh one"
    );
    assert_eq!(school.done(name).await, []);
}

#[tokio::test]
async fn a_bad_upgrade_is_survived() {
    let school = School::open();
    let name = LessonName::SurviveBadUpgrade;
    let lesson = school.begin(name).await;
    let upgrade = InstallModule {
        canister: lesson.canister.unwrap(),
        module: lesson.module.unwrap(),
        mode: InstallMode::Upgrade {
            skip_pre_upgrade: false,
            main_memory: Some(MainMemory::Keep),
        },
        argument: "4449444c0000".to_owned(),
    };
    let job = school.run(Op::Install(upgrade)).await;
    assert_eq!(
        job.state,
        State::Ended(End::Undone),
        "it trips over an expense"
    );
    assert_eq!(
        school.done(name).await,
        [LessonStep::TryUpgrade, LessonStep::IsUnharmed]
    );
}

#[tokio::test]
async fn a_state_is_moved_to_another_canister() {
    let school = School::open();
    let name = LessonName::MoveState;
    let lesson = school.begin(name).await;
    let (source, target) = (lesson.canister.unwrap(), lesson.target.unwrap());
    school.take(source).await;
    assert_eq!(school.done(name).await, [LessonStep::TakeSnapshot]);
    let send = SendSnapshot {
        source,
        snapshot: school.snapshot(source).await,
        target,
        may_replace: false,
        carries_settings: false,
        through_copy: false,
        waits_at_most_seconds: None,
        replace: vec![],
        folder: school.engine.place_for_copy("moved").unwrap(),
        keep_as: None,
    };
    let job = school.run(Op::SendSnapshot(send)).await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    assert_eq!(
        school.done(name).await,
        [
            LessonStep::TakeSnapshot,
            LessonStep::Send,
            LessonStep::HasArrived
        ]
    );
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_and_nothing_happens_twice() {
    let school = School::open();
    let name = LessonName::WhenUnknown;
    let lesson = school.begin(name).await;
    let job = school.take(lesson.canister.unwrap()).await;
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    assert_eq!(
        school.done(name).await,
        [LessonStep::TakeUnheard, LessonStep::IsFound]
    );
}

#[tokio::test]
async fn lessons_are_for_the_practice_network_only() {
    let school = School::open();
    school.engine.choose_network(&NetworkId::Mainnet).unwrap();
    let error = school.engine.lessons().await.unwrap_err();
    assert_eq!(error.code, Code::PracticeOnly);
}
