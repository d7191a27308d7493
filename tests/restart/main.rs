//! The process is killed after every event of the journal of every operation, really (SIGKILL), and the next start reaches the same end.
//!
//! This program is also the process that is killed: with [`VARIABLE`] set it opens an engine on the parent's network, begins the
//! operation and kills itself after the event that it was told.

use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{
    Conduct, DoorError, End, Endpoint, Engine, JobId, Op, Places, PracticeDoor, State,
};
use canopic_practice::{
    Options, demo,
    faults::{Effect, Fault, Kind, Refusal},
};
use canopic_tests::{
    Bench,
    operations::{self, Operation, brisk, judge, pictures},
};
use futures::future::BoxFuture;
use libtest_mimic::{Arguments, Failed, Trial};
use serde::{Deserialize, Serialize};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command, ExitCode, Stdio},
    sync::Arc,
};
use tokio::runtime::{Builder, Runtime};

/// Tells a process what to begin and when to die.
const VARIABLE: &str = "CANOPIC_TEST_KILLED";

/// What a process is to do before it is killed.
#[derive(Serialize, Deserialize)]
struct Errand {
    home: Utf8PathBuf,
    address: String,
    root_key: String,
    op: Op,
    /// It dies after the event with this number.
    last: u64,
}

struct Door {
    address: String,
    root_key: Vec<u8>,
}

impl PracticeDoor for Door {
    fn open(&self) -> BoxFuture<'_, Result<Endpoint, DoorError>> {
        Box::pin(async {
            Ok(Endpoint {
                address: self.address.clone(),
                root_key: self.root_key.clone(),
                play_key: Some(demo::OWNER_SEED),
                canisters: vec![],
                historian: None,
            })
        })
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

/// Begins the operation and never comes back.
async fn run_errand(errand: Errand) -> ExitCode {
    let last = errand.last;
    let conduct = Conduct {
        witness: Some(Arc::new(move |number| {
            if number == last {
                // SIGKILL: nothing is tidied up, no destructor runs.
                let _ = Command::new("kill")
                    .args(["-9", &std::process::id().to_string()])
                    .status();
                loop {
                    std::thread::park();
                }
            }
        })),
        ..brisk()
    };
    let door = Door {
        address: errand.address,
        root_key: hex::decode(errand.root_key).expect("the parent wrote it"),
    };
    let folders = Places::below(&errand.home)
        .open()
        .expect("nobody else is there");
    let engine = Engine::open_with(Arc::new(folders), Arc::new(door), conduct)
        .expect("what an engine wrote can be read");
    let job = begin(&engine, errand.op).await;
    let _ = engine.rest(job).await;
    // Still alive: the event never came. The parent takes this for a failure.
    ExitCode::SUCCESS
}

async fn begin(engine: &Engine, op: Op) -> JobId {
    let plan = engine
        .plan(&op)
        .await
        .expect("the operation can be planned");
    engine
        .run(op, &plan.fingerprint)
        .await
        .expect("the world has not moved since")
}

/// How a job is made to end.
#[derive(Clone, Copy, Debug)]
enum Course {
    /// As planned.
    Forward,
    /// The last step that changes something is refused, and all is taken back.
    Back,
}

fn refuse_last(bench: &Bench, plan: &canopic_engine::Plan) {
    let methods = (0..plan.steps.len()).map(|step| operations::method_in(plan, step));
    let methods: Vec<_> = methods.collect();
    let Some(method) = methods.iter().rev().find_map(|method| *method) else {
        return;
    };
    let same = methods.iter().filter(|other| **other == Some(method));
    bench.network().break_it([Fault {
        kind: Some(Kind::Call),
        method: Some(method.to_owned()),
        after: same.count() as u32 - 1,
        times: 1,
        effect: Effect::RejectCertified(Refusal {
            error: 503,
            message: "a bad day".to_owned(),
        }),
    }]);
}

/// How many events the journal of an operation has when nobody is killed.
fn events(operation: &Operation, course: Course) -> u64 {
    runtime().block_on(async {
        let bench = Bench::conducted(Options::default(), brisk()).await;
        let scene = operation.prepare(&bench).await;
        let before = pictures(&bench.network().world(), &scene);
        let plan = bench.engine.plan(&scene.op).await;
        if matches!(course, Course::Back) {
            refuse_last(&bench, &plan.expect("the operation can be planned"));
        }
        // What was done to prepare the world stands in the same journal; the process that is killed begins one of its own.
        let (jobs, _) = bench.engine.follow();
        let earlier = jobs.iter().map(|view| view.job.news).max();
        let job = begin(&bench.engine, scene.op.clone()).await;
        let job = bench.engine.rest(job).await.expect("the job is known");
        judge(
            &scene,
            &job,
            &before,
            &pictures(&bench.network().world(), &scene),
        );
        bench.stop().await;
        job.news - earlier.unwrap_or_default()
    })
}

/// The process that is killed has folders of its own; the modules that the scene kept lie in the bench's.
fn lend_modules(from: &Utf8Path, to: &Utf8Path) {
    let Ok(modules) = from.join("data/modules").read_dir_utf8() else {
        return;
    };
    let folder = to.join("data/modules");
    std::fs::create_dir_all(&folder).expect("the folder is ours");
    for module in modules {
        let module = module.expect("the folder can be read");
        std::fs::copy(module.path(), folder.join(module.file_name()))
            .expect("modules can be copied");
    }
}

async fn kill_after(operation: &Operation, course: Course, last: u64) {
    let bench = Bench::conducted(Options::default(), brisk()).await;
    let scene = operation.prepare(&bench).await;
    let before = pictures(&bench.network().world(), &scene);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let home = Utf8Path::from_path(folder.path()).expect("temporary folders have names in UTF-8");
    if matches!(course, Course::Back) {
        let plan = bench.engine.plan(&scene.op).await;
        refuse_last(&bench, &plan.expect("the operation can be planned"));
    }
    lend_modules(&bench.home, home);
    let ready = bench.network().ready();
    let errand = Errand {
        home: home.to_owned(),
        address: ready.url.clone(),
        root_key: ready.root_key.clone(),
        op: scene.op.clone(),
        last,
    };
    let mut child = Command::new(std::env::current_exe().expect("this program has a path"))
        .env(
            VARIABLE,
            serde_json::to_string(&errand).expect("an errand can be written"),
        )
        .stdout(Stdio::null())
        .spawn()
        .expect("this program can be started");
    let status = tokio::task::spawn_blocking(move || child.wait())
        .await
        .expect("waiting does not panic")
        .expect("a child can be waited for");
    assert!(!status.success(), "the process was killed: {status}");

    let engine = bench.open_engine(home, brisk());
    engine.resume().await.expect("the network is there");
    let (jobs, _) = engine.follow();
    let job = jobs
        .first()
        .expect("what was begun is in the journal")
        .job
        .id;
    let job = engine.rest(job).await.expect("the job is known");
    let after = pictures(&bench.network().world(), &scene);
    judge(&scene, &job, &before, &after);
    let end = match course {
        Course::Forward => End::Done,
        Course::Back => End::Undone,
    };
    // Where the refused call was the very last one of a lasting operation, taking back leaves nothing to take back.
    assert_eq!(
        job.state,
        State::Ended(end),
        "the next start reaches the end that the first one would have reached: {:?}",
        job.failure
    );
    bench.stop().await;
}

fn main() -> ExitCode {
    if let Ok(errand) = std::env::var(VARIABLE) {
        let errand = serde_json::from_str(&errand).expect("the parent wrote it");
        return runtime().block_on(run_errand(errand));
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(8);
    let mut trials = vec![];
    let both = |operation: &Operation| {
        [Course::Forward, Course::Back].map(|course| (course, events(operation, course)))
    };
    for (operation, courses) in operations::of_each(both) {
        for (course, events) in courses {
            for last in 1..=events {
                let name = format!("restart::{}::{course:?}::event_{last}", operation.name);
                trials.push(Trial::test(name, move || {
                    contained(|| runtime().block_on(kill_after(operation, course, last)))
                }));
            }
        }
    }
    #[expect(clippy::print_stdout, reason = "a matrix says how large it is")]
    if !arguments.list {
        println!("restart: {} cases", trials.len());
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn contained(case: impl FnOnce()) -> Result<(), Failed> {
    catch_unwind(AssertUnwindSafe(case)).map_err(|cause| {
        let text = cause.downcast_ref::<String>().cloned();
        let text = text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Failed::from(text.unwrap_or_else(|| "it panicked".to_owned()))
    })
}
