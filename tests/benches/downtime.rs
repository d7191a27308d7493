//! How long a canister takes no calls while its snapshot is taken, by its size: stop, take and start, and never a transfer.
//!
//! Prints one line for each measurement, `name value`, for `cargo xtask bench downtime` to make medians of.
#![allow(clippy::print_stdout)]

use canopic_engine::{CanisterId, End, Job, Op, State, StepName, TakeSnapshot};
use canopic_tests::{
    Bench,
    memory::{self, Shape},
};
use std::time::{Duration, SystemTime};

/// Enough for a median that a single slow run does not move.
const RUNS: usize = 7;
/// Mebibytes; the heap is the same in both, for it is the stable memory that grows large.
const SIZES: [u64; 2] = [50, 500];
/// A heap of four mebibytes.
const HEAP_PAGES: u64 = 64;
/// Pages of a mebibyte.
const PAGES: u64 = 16;

async fn take(bench: &Bench, canister: CanisterId) -> Job {
    let op = Op::TakeSnapshot(TakeSnapshot {
        canister,
        is_stopped_meanwhile: true,
        replace: None,
        name: String::new(),
        note: String::new(),
    });
    let plan = bench.engine.plan(&op).await.expect("it can be planned");
    let job = bench.engine.run(op, &plan.fingerprint).await;
    let job = job.expect("the world has not moved since");
    let job = bench.engine.rest(job).await.expect("the job is known");
    assert_eq!(job.state, State::Ended(End::Done), "{:?}", job.failure);
    job
}

/// From before the stop is sent until the start is proven.
fn downtime(job: &Job) -> Duration {
    let steps = job.deed.plan.steps.iter().zip(&job.steps);
    let mut stopped = None;
    let mut started = None::<SystemTime>;
    for (planned, state) in steps {
        match planned.name() {
            StepName::Stop => stopped = state.began_at,
            StepName::Start => started = state.ended_at,
            _ => {}
        }
    }
    let (stopped, started) = stopped.zip(started).expect("it is stopped and started");
    started
        .duration_since(stopped)
        .expect("one follows the other")
}

#[tokio::main]
async fn main() {
    let bench = Bench::any().await;
    let mut settled = vec![];
    for size in SIZES {
        let shape = Shape {
            heap_pages: HEAP_PAGES,
            stable_pages: size * PAGES - HEAP_PAGES,
            turns: None,
        };
        let (canister, snapshot) = memory::settle(&bench, shape).await;
        memory::forget(&bench, canister, &snapshot).await;
        settled.push((size, canister));
    }
    let mut sums = [0, 0];
    // In turns, so that neither profits from a quieter machine.
    for _ in 0..RUNS {
        for (sum, (size, canister)) in sums.iter_mut().zip(&settled) {
            let milliseconds = downtime(&take(&bench, *canister).await).as_millis();
            println!("downtime-{size}-ms {milliseconds}");
            *sum += milliseconds;
            // All of them fit, and none is to be dearer than the one before.
            for snapshot in memory::snapshots(&bench, *canister).await {
                memory::forget(&bench, *canister, &snapshot).await;
            }
        }
    }
    println!("downtime-percent {}", 100 * sums[1] / sums[0].max(1));
    bench.stop().await;
}
