//! What the practice network takes: time to start, time to ask all canisters, speed of snapshot reads, bytes of a program.
//!
//! Prints one line for each measurement, `name value`, for `cargo xtask bench network` to make medians of. An unmodified agent
//! asks, and checks every certificate, so that the figures are what a client sees.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use candid::{CandidType, Decode, Encode, Principal};
use canopic_practice::demo::OWNER_SEED;
use canopic_practice::interface::{
    CanisterIdRecord, ProvisionalCreateCanisterWithCyclesArgs, ReadCanisterSnapshotDataArgs,
    ReadCanisterSnapshotDataResult, Snapshot, SnapshotDataKind, TakeCanisterSnapshotArgs,
};
use canopic_practice::{Options, start};
use futures::stream::{self, StreamExt as _};
use ic_agent::Agent;
use ic_agent::identity::BasicIdentity;
use std::fmt::Display;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Enough for a median that a single slow run does not move.
const RUNS: usize = 5;
const CANISTERS: usize = 1_000;
/// What a client that has much to ask keeps in flight.
const IN_FLIGHT: usize = 16;
/// Bytes of the largest slice that one call reads.
const SLICE: u64 = 2_000_000;
const PROGRAM: &str = env!("CARGO_BIN_EXE_canopic-practice");

fn tell(name: &str, value: impl Display) {
    println!("{name} {value}");
}

async fn manage(agent: &Agent, id: Principal, method: &str, args: impl CandidType) -> Vec<u8> {
    agent
        .update(&Principal::management_canister(), method)
        .with_effective_canister_id(id)
        .with_arg(Encode!(&args).unwrap())
        .call_and_wait()
        .await
        .unwrap()
}

/// From the start of the process to its line, with the demo fleet settled.
fn measure_start() {
    for _ in 0..RUNS {
        let began = Instant::now();
        let mut network = Command::new(PROGRAM)
            .arg("--demo")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(network.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        tell("start-ms", began.elapsed().as_millis());
        assert!(line.contains("root_key"), "it is ready: {line}");
        network.kill().unwrap();
        network.wait().unwrap();
    }
}

async fn measure_reads(agent: &Agent, storefront: Principal) {
    let take = TakeCanisterSnapshotArgs {
        canister_id: storefront,
        replace_snapshot: None,
        uninstall_code: None,
        sender_canister_version: None,
    };
    let reply = manage(agent, storefront, "take_canister_snapshot", take).await;
    let snapshot = Decode!(&reply, Snapshot).unwrap().id;
    // The storefront has fifty mebibytes of pictures.
    let slices = (50 << 20) / SLICE;
    for (name, in_flight) in [("read-1-mb-s", 1), ("read-16-mb-s", IN_FLIGHT)] {
        for _ in 0..RUNS {
            let began = Instant::now();
            let read = stream::iter(0..slices).map(|slice| {
                let args = ReadCanisterSnapshotDataArgs {
                    canister_id: storefront,
                    snapshot_id: snapshot.clone(),
                    kind: SnapshotDataKind::StableMemory {
                        offset: slice * SLICE,
                        size: SLICE,
                    },
                };
                async move {
                    let reply =
                        manage(agent, storefront, "read_canister_snapshot_data", args).await;
                    let data = Decode!(&reply, ReadCanisterSnapshotDataResult).unwrap();
                    data.chunk.len()
                }
            });
            let bytes = read
                .buffer_unordered(in_flight)
                .fold(0, |sum, length| async move { sum + length })
                .await;
            assert_eq!(bytes as u64, slices * SLICE, "everything was read");
            let speed = bytes as f64 / 1e6 / began.elapsed().as_secs_f64();
            tell(name, speed.round());
        }
    }
}

async fn measure_status(agent: &Agent, somewhere: Principal) {
    let create = stream::iter(0..CANISTERS).map(|_| async move {
        let args = ProvisionalCreateCanisterWithCyclesArgs::default();
        let method = "provisional_create_canister_with_cycles";
        let reply = manage(agent, somewhere, method, args).await;
        Decode!(&reply, CanisterIdRecord).unwrap().canister_id
    });
    let ids: Vec<Principal> = create.buffer_unordered(IN_FLIGHT).collect().await;
    for _ in 0..RUNS {
        let began = Instant::now();
        let asked = stream::iter(&ids).map(|id| async move {
            let record = CanisterIdRecord { canister_id: *id };
            manage(agent, *id, "canister_status", record).await
        });
        asked
            .buffer_unordered(IN_FLIGHT)
            .for_each(|_| async {})
            .await;
        tell("status-ms", began.elapsed().as_millis());

        let began = Instant::now();
        let asked = stream::iter(&ids).map(|id| async move {
            let query = agent
                .query(&Principal::management_canister(), "canister_status")
                .with_effective_canister_id(*id)
                .with_arg(Encode!(&CanisterIdRecord { canister_id: *id }).unwrap());
            query.call().await.unwrap()
        });
        asked
            .buffer_unordered(IN_FLIGHT)
            .for_each(|_| async {})
            .await;
        tell("status-query-ms", began.elapsed().as_millis());
    }
}

#[tokio::main]
async fn main() {
    tell(
        "program-kb",
        std::fs::metadata(PROGRAM).unwrap().len() / 1000,
    );
    measure_start();
    let network = start(Options {
        demo: true,
        ..Options::default()
    })
    .await
    .unwrap();
    let agent = Agent::builder()
        .with_url(&network.ready().url)
        .with_identity(BasicIdentity::from_raw_key(&OWNER_SEED))
        .build()
        .unwrap();
    agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
    let storefront = network
        .fleet()
        .iter()
        .find(|member| member.name == "storefront");
    measure_reads(&agent, storefront.unwrap().id).await;
    let somewhere = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
    measure_status(&agent, somewhere).await;
    network.stop().await;
}
