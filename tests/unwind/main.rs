//! Every operation, every step, every fault: what was begun is done as planned, or taken back, or stuck and said so. Nothing happens
//! twice.
//!
//! The cases are made from the operations of `support::operations`: each call of each step of the plan is struck by each fault, on a
//! network of its own. Where a job is stuck the network is mended, the job tries once more, and then it has to come to an end.

use canopic_engine::{Certainty, Engine, Job, JobId, Op, State};
use canopic_practice::{
    Network, Options,
    faults::{Effect, Fault, Kind, Refusal},
};
use canopic_tests::{
    Bench,
    operations::{self, Operation, Scene, brisk, judge, method_in, pictures},
};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};

/// What strikes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strike {
    LostReply,
    LostReplyAndSilence,
    RejectedForGood,
    RejectedForNow,
    RejectedForEver,
    RejectedWithoutProof,
    RejectedForNowWithoutProof,
    Cut,
    LatePastExpiry,
    TooManyRequests,
    Restart,
    Cancelled,
}

const STRIKES: [Strike; 12] = [
    Strike::LostReply,
    Strike::LostReplyAndSilence,
    Strike::RejectedForGood,
    Strike::RejectedForNow,
    Strike::RejectedForEver,
    Strike::RejectedWithoutProof,
    Strike::RejectedForNowWithoutProof,
    Strike::Cut,
    Strike::LatePastExpiry,
    Strike::TooManyRequests,
    Strike::Restart,
    Strike::Cancelled,
];

/// Heap delta: passes by itself.
const FOR_NOW: u16 = 210;
/// The canister cannot do it.
const FOR_GOOD: u16 = 503;

impl Strike {
    /// The calls that come earlier, and the reads of the plan that is made anew before anything is begun, are let through.
    fn faults(self, method: &str, earlier: u32, reads: u32) -> Vec<Fault> {
        let call = |times, effect| Fault {
            kind: Some(Kind::Call),
            method: Some(method.to_owned()),
            after: earlier,
            times,
            effect,
        };
        let refusal = |error| Refusal {
            error,
            message: "a bad day".to_owned(),
        };
        match self {
            Self::LostReply => vec![call(1, Effect::LoseReply)],
            Self::LostReplyAndSilence => vec![
                call(1, Effect::LoseReply),
                Fault {
                    kind: Some(Kind::ReadState),
                    method: None,
                    after: reads,
                    times: 4,
                    effect: Effect::Cut,
                },
            ],
            Self::RejectedForGood => vec![call(1, Effect::RejectCertified(refusal(FOR_GOOD)))],
            Self::RejectedForNow => vec![call(2, Effect::RejectCertified(refusal(FOR_NOW)))],
            Self::RejectedForEver => {
                vec![call(u32::MAX, Effect::RejectCertified(refusal(FOR_GOOD)))]
            }
            Self::RejectedWithoutProof => {
                vec![call(1, Effect::RejectUncertified(refusal(FOR_GOOD)))]
            }
            Self::RejectedForNowWithoutProof => {
                vec![call(2, Effect::RejectUncertified(refusal(FOR_NOW)))]
            }
            Self::Cut => vec![call(2, Effect::Cut)],
            Self::LatePastExpiry => {
                let life = brisk().envelope_life + Duration::from_millis(500);
                vec![call(
                    1,
                    Effect::Delay {
                        milliseconds: life.as_millis() as u64,
                    },
                )]
            }
            // The client below asks seven times before it says so.
            Self::TooManyRequests => vec![call(8, Effect::Status { code: 429 })],
            // Long enough to take the network away meanwhile.
            Self::Restart | Self::Cancelled => vec![call(1, Effect::Delay { milliseconds: 150 })],
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

async fn run(engine: &Engine, op: Op) -> JobId {
    let plan = engine
        .plan(&op)
        .await
        .expect("the operation can be planned");
    engine
        .run(op, &plan.fingerprint)
        .await
        .expect("the world has not moved since")
}

/// Starts the network again where it was, with the state that it had.
async fn restart(network: Network, options: Options) -> Network {
    let listen = network.address();
    network.stop().await;
    let options = Options { listen, ..options };
    canopic_practice::start(options)
        .await
        .expect("the address is free again")
}

async fn strike(operation: &Operation, step: usize, strike: Strike) {
    let state = tempfile::tempdir().expect("a temporary folder can be made");
    let options = Options {
        state: Some(state.path().to_owned()).filter(|_| strike == Strike::Restart),
        ..Options::default()
    };
    let mut bench = Bench::conducted(options.clone(), brisk()).await;
    let engine = bench.engine.clone();
    let scene = operation.prepare(&bench).await;
    let before = pictures(&bench.network().world(), &scene);
    let plan = engine
        .plan(&scene.op)
        .await
        .expect("the operation can be planned");
    let name = |step: usize| method_in(&plan, step);
    let struck = name(step).expect("only steps that make a call are struck");
    let earlier = (0..step)
        .filter(|other| name(*other) == Some(struck))
        .count();
    let reads = reads_of_a_plan(&bench, &scene).await;
    bench
        .network()
        .break_it(strike.faults(struck, earlier as u32, reads));
    let job = engine
        .run(scene.op.clone(), &plan.fingerprint)
        .await
        .expect("the world has not moved since");
    match strike {
        Strike::Restart => {
            wait_until_struck(&engine, job, &bench).await;
            let network = bench.take_network().expect("it is ours");
            bench.put_network(restart(network, options).await);
        }
        Strike::Cancelled => {
            wait_until_struck(&engine, job, &bench).await;
            // It may be over by now; then there is nothing to cancel.
            let _ = engine.cancel(job).await;
        }
        _ => {}
    }
    let rested = engine.rest(job).await.expect("the job is known");
    bench.network().mend();
    finish(&engine, &bench, &scene, &before, rested).await;
    bench.stop().await;
}

/// How often a plan of the operation reads the network's state, once the client knows its way.
async fn reads_of_a_plan(bench: &Bench, scene: &Scene) -> u32 {
    const MANY: u32 = 1_000;
    bench.network().break_it([Fault {
        kind: Some(Kind::ReadState),
        method: None,
        after: MANY,
        times: 1,
        effect: Effect::Cut,
    }]);
    let plan = bench.engine.plan(&scene.op).await;
    plan.expect("the operation can be planned");
    let left = bench.network().faults();
    bench.network().mend();
    MANY - left.first().map_or(0, |fault| fault.after)
}

/// Waits until the fault has found its call, or the job its end.
async fn wait_until_struck(engine: &Engine, job: JobId, bench: &Bench) {
    let (_, mut news) = engine.follow();
    let rest = engine.rest(job);
    let mut rest = std::pin::pin!(rest);
    while !bench.network().faults().is_empty() {
        tokio::select! {
            _ = news.recv() => {}
            _ = &mut rest => return,
            // The fault is taken when the request arrives, which no news tell.
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
        }
    }
}

async fn finish(
    engine: &Arc<Engine>,
    bench: &Bench,
    scene: &Scene,
    before: &[operations::Seen],
    mut job: Job,
) {
    judge(
        scene,
        &job,
        before,
        &pictures(&bench.network().world(), scene),
    );
    if let State::Stuck(failure) = &job.state {
        assert!(
            !failure.report.is_empty() && failure.certainty != Certainty::NothingSent
                || failure.code == canopic_engine::Code::NotAsPlanned,
            "who is stuck says why: {failure:?}"
        );
        engine
            .retry(job.id)
            .await
            .expect("a stuck job can try once more");
        job = engine.rest(job.id).await.expect("the job is known");
        assert!(
            matches!(job.state, State::Ended(_)),
            "on a network that is well again every job ends: {:?}",
            job.state
        );
        judge(
            scene,
            &job,
            before,
            &pictures(&bench.network().world(), scene),
        );
    }
}

/// The steps of an operation that make a call which can be struck.
fn steps(operation: &Operation) -> Vec<usize> {
    runtime().block_on(async {
        let bench = Bench::conducted(Options::default(), brisk()).await;
        let scene = operation.prepare(&bench).await;
        let before = pictures(&bench.network().world(), &scene);
        let plan = bench.engine.plan(&scene.op).await;
        let plan = plan.expect("the operation can be planned");
        let steps = (0..plan.steps.len()).filter(|step| method_in(&plan, *step).is_some());
        let steps = steps.collect();
        // Without any fault it is done as planned, or nothing below means anything.
        let job = run(&bench.engine, scene.op.clone()).await;
        let job = bench.engine.rest(job).await.expect("the job is known");
        assert!(
            matches!(job.state, State::Ended(canopic_engine::End::Done)),
            "{}: {:?} {:?}",
            operation.name,
            job.state,
            job.failure
        );
        judge(
            &scene,
            &job,
            &before,
            &pictures(&bench.network().world(), &scene),
        );
        bench.stop().await;
        steps
    })
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of a case is waiting.
    arguments.test_threads.get_or_insert(16);
    let mut trials = vec![];
    for (operation, steps) in operations::of_each(steps) {
        for step in steps {
            for how in STRIKES {
                let name = format!("unwind::{}::step_{step}::{how:?}", operation.name);
                trials.push(Trial::test(name, move || {
                    contained(|| runtime().block_on(strike(operation, step, how)))
                }));
            }
        }
    }
    #[expect(clippy::print_stdout, reason = "a matrix says how large it is")]
    if !arguments.list {
        println!("unwind: {} cases", trials.len());
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
