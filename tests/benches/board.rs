//! What a board of a thousand canisters takes: from the question to the last row, the memory that it needs and leaves behind, and how
//! many requests are under way at the same time.
//!
//! Prints one line for each measurement, `name value`, for `cargo xtask bench board` to make medians of. The engine checks every
//! signature, and keeps its samples, as in the app.
#![allow(clippy::print_stdout)]

use canopic_engine::{CanisterId, KnownCanister, Reading};
use canopic_tests::Bench;
use futures::stream::{self, StreamExt as _};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Enough for a median that a single slow run does not move.
const RUNS: usize = 5;
const CANISTERS: usize = 1_000;
/// How many are made at the same time, before anything is measured.
const MADE_AT_ONCE: usize = 16;

/// Bytes that the process has in memory now, in KB; 0 where the system does not tell.
fn resident() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.map_or(0, |kibibytes: i64| kibibytes * 1024 / 1000)
}

/// How many connections to this address are open right now. Each carries one request at a time; 0 where the system does not tell.
fn connections(address: &str) -> usize {
    /// An established connection, as the kernel numbers states.
    const ESTABLISHED: &str = "01";
    let port = address.trim_end_matches('/').rsplit(':').next();
    let port = port.and_then(|port| port.parse::<u16>().ok()).unwrap_or(0);
    let there = format!(":{port:04X}");
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
    let is_ours = |line: &&str| {
        let mut fields = line.split_whitespace().skip(2);
        let remote = fields.next().unwrap_or_default();
        remote.ends_with(&there) && fields.next() == Some(ESTABLISHED)
    };
    table.lines().filter(is_ours).count()
}

#[tokio::main]
async fn main() {
    let bench = Bench::practice().await;
    let made: Vec<CanisterId> = stream::iter(0..CANISTERS)
        .map(|_| bench.create())
        .buffer_unordered(MADE_AT_ONCE)
        .collect()
        .await;
    bench.know(made.iter().map(|id| KnownCanister {
        id: *id,
        name: id.to_string(),
        group: String::new(),
    }));
    let mut before = resident();
    let seen = Arc::new((AtomicUsize::new(0), AtomicBool::new(false)));
    let (watched, address) = (seen.clone(), bench.address().to_owned());
    // A thread of its own: the connections are counted while every worker is busy with them.
    let watch = std::thread::spawn(move || {
        while !watched.1.load(Ordering::Relaxed) {
            watched
                .0
                .fetch_max(connections(&address), Ordering::Relaxed);
            std::thread::park_timeout(Duration::from_millis(2));
        }
    });
    for _ in 0..RUNS {
        let began = Instant::now();
        let canisters = bench
            .engine
            .canisters()
            .await
            .expect("the network is there");
        println!("board-ms {}", began.elapsed().as_millis());
        let read = canisters.iter();
        let read = read.filter(|canister| matches!(canister.reading, Reading::Full(_)));
        assert_eq!(read.count(), CANISTERS, "every one was read");
        drop(canisters);
        let after = resident();
        println!("board-growth-kb {}", (after - before).max(0));
        println!("board-resident-kb {after}");
        before = after;
    }
    seen.1.store(true, Ordering::Relaxed);
    watch.join().expect("counting does not panic");
    println!("board-connections {}", seen.0.load(Ordering::Relaxed));
    bench.stop().await;
}
