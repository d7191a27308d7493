//! What the practice network takes: time to start, time to ask all canisters, speed of snapshot reads, time of a message on a
//! large heap, bytes of a program.
//!
//! Prints one line for each measurement, `name value`, for `cargo xtask bench network` to make medians of. An unmodified agent
//! asks, and checks every certificate, so that the figures are what a client sees. Each request is a task of its own, as in an
//! app: what the client spends on signatures and certificates is spread over the processors like its waiting.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use candid::{CandidType, Decode, Encode, Principal};
use canopic_practice::demo::OWNER_SEED;
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInstallMode, InstallCodeArgs,
    ProvisionalCreateCanisterWithCyclesArgs, ReadCanisterSnapshotDataArgs,
    ReadCanisterSnapshotDataResult, Snapshot, SnapshotDataKind, TakeCanisterSnapshotArgs,
};
use canopic_practice::{Network, Options, start};
use futures::stream::{self, StreamExt as _};
use ic_agent::Agent;
use ic_agent::identity::BasicIdentity;
use std::fmt::Display;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;

/// Enough for a median that a single slow run does not move.
const RUNS: usize = 5;
const CANISTERS: usize = 1_000;
/// What a client that has much to ask keeps in flight.
const IN_FLIGHT: usize = 16;
/// Bytes of the largest slice that one call reads.
const SLICE: u64 = 2_000_000;
const PROGRAM: &str = env!("CARGO_BIN_EXE_canopic-practice");

/// A heap of a gibibyte that holds something in each of its pages, and methods that touch one word of it.
const LARGE_HEAP: &str = r#"(module
  (import "ic0" "msg_reply" (func $reply))
  (memory 16384)
  (func (export "canister_init") (local $at i32)
    (loop $next
      (i32.store (local.get $at) (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 1073741824)))))
  (func $touch
    (i32.store (i32.const 500000000) (i32.add (i32.load (i32.const 500000000)) (i32.const 1)))
    (call $reply))
  (export "canister_update write" (func $touch))
  (export "canister_query read" (func $touch)))"#;

/// The shortest loop, and one that does something.
const ENDLESS_LOOP: &str = r#"(module
  (memory 16)
  (func (export "canister_update spin") (loop $again (br $again)))
  (func (export "canister_update work") (local $at i32)
    (loop $again
      (i64.store (local.get $at) (i64.mul (i64.load (local.get $at)) (i64.const 31)))
      (local.set $at (i32.and (i32.add (local.get $at) (i32.const 8)) (i32.const 65535)))
      (br $again))))"#;

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
            let read = (0..slices).map(|slice| {
                let args = ReadCanisterSnapshotDataArgs {
                    canister_id: storefront,
                    snapshot_id: snapshot.clone(),
                    kind: SnapshotDataKind::StableMemory {
                        offset: slice * SLICE,
                        size: SLICE,
                    },
                };
                let agent = agent.clone();
                async move {
                    let method = "read_canister_snapshot_data";
                    let reply = manage(&agent, storefront, method, args).await;
                    let data = Decode!(&reply, ReadCanisterSnapshotDataResult).unwrap();
                    data.chunk.len()
                }
            });
            let bytes: usize = all(read, in_flight).await.into_iter().sum();
            assert_eq!(bytes as u64, slices * SLICE, "everything was read");
            let speed = bytes as f64 / 1e6 / began.elapsed().as_secs_f64();
            tell(name, speed.round());
        }
    }
}

async fn measure_status(agent: &Agent, somewhere: Principal) {
    let create = (0..CANISTERS).map(|_| create(agent.clone(), somewhere));
    let ids = all(create, IN_FLIGHT).await;
    for _ in 0..RUNS {
        let began = Instant::now();
        let asked = ids.iter().map(|id| {
            let (agent, id) = (agent.clone(), *id);
            async move {
                let record = CanisterIdRecord { canister_id: id };
                manage(&agent, id, "canister_status", record).await
            }
        });
        all(asked, IN_FLIGHT).await;
        tell("status-ms", began.elapsed().as_millis());

        let began = Instant::now();
        let asked = ids.iter().map(|id| {
            let (agent, id) = (agent.clone(), *id);
            async move {
                let query = agent
                    .query(&Principal::management_canister(), "canister_status")
                    .with_effective_canister_id(id)
                    .with_arg(Encode!(&CanisterIdRecord { canister_id: id }).unwrap());
                query.call().await.unwrap()
            }
        });
        all(asked, IN_FLIGHT).await;
        tell("status-query-ms", began.elapsed().as_millis());
    }
}

/// The same calls, sent and received by a client that signed them before and checks nothing: what the network alone takes.
async fn measure_served_status(network: &Network, agent: &Agent, somewhere: Principal) {
    let ids = all(
        (0..CANISTERS).map(|_| create(agent.clone(), somewhere)),
        IN_FLIGHT,
    )
    .await;
    let address = network.address();
    for _ in 0..RUNS {
        let signed: Vec<(Principal, Vec<u8>)> = ids
            .iter()
            .map(|id| {
                let call = agent
                    .update(&Principal::management_canister(), "canister_status")
                    .with_effective_canister_id(*id)
                    .with_arg(Encode!(&CanisterIdRecord { canister_id: *id }).unwrap());
                (*id, call.sign().unwrap().signed_update)
            })
            .collect();
        let shares: Vec<Vec<_>> = signed
            .chunks(CANISTERS.div_ceil(IN_FLIGHT))
            .map(<[_]>::to_vec)
            .collect();
        let began = Instant::now();
        let clients = shares.into_iter().map(|share| async move {
            let mut stream = BufStream::new(TcpStream::connect(address).await.unwrap());
            for (id, body) in share {
                let head = format!(
                    "POST /api/v4/canister/{id}/call HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/cbor\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&body).await.unwrap();
                stream.flush().await.unwrap();
                let mut length = 0;
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                assert!(line.starts_with("HTTP/1.1 200"), "answered: {line}");
                while line != "\r\n" {
                    line.clear();
                    stream.read_line(&mut line).await.unwrap();
                    if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = told.trim().parse().unwrap();
                    }
                }
                stream.read_exact(&mut vec![0; length]).await.unwrap();
            }
        });
        all(clients, IN_FLIGHT).await;
        tell("status-served-ms", began.elapsed().as_millis());
    }
}

async fn create(agent: Agent, somewhere: Principal) -> Principal {
    let args = ProvisionalCreateCanisterWithCyclesArgs::default();
    let method = "provisional_create_canister_with_cycles";
    let reply = manage(&agent, somewhere, method, args).await;
    Decode!(&reply, CanisterIdRecord).unwrap().canister_id
}

/// What all of them give, each on a task of its own, so many at a time.
async fn all<T: Send + 'static>(
    requests: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
    in_flight: usize,
) -> Vec<T> {
    stream::iter(requests)
        .map(tokio::spawn)
        .buffer_unordered(in_flight)
        .map(Result::unwrap)
        .collect()
        .await
}

async fn install(agent: &Agent, somewhere: Principal, module: &str) -> Principal {
    let id = create(agent.clone(), somewhere).await;
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Install,
        canister_id: id,
        wasm_module: wat::parse_str(module).unwrap(),
        arg: vec![],
        sender_canister_version: None,
    };
    manage(agent, id, "install_code", install).await;
    id
}

/// What whoever calls a canister that never returns waits for the network's word.
async fn measure_endless_loop(agent: &Agent, somewhere: Principal) {
    let id = install(agent, somewhere, ENDLESS_LOOP).await;
    for method in ["spin", "work"] {
        let began = Instant::now();
        agent.update(&id, method).call_and_wait().await.unwrap_err();
        tell(&format!("endless-{method}-ms"), began.elapsed().as_millis());
    }
}

async fn measure_large_heap(agent: &Agent, somewhere: Principal) {
    let id = install(agent, somewhere, LARGE_HEAP).await;
    for _ in 0..RUNS {
        let began = Instant::now();
        agent.update(&id, "write").call_and_wait().await.unwrap();
        tell("heap-1gib-update-ms", began.elapsed().as_millis());
        let began = Instant::now();
        agent.query(&id, "read").call().await.unwrap();
        tell("heap-1gib-query-ms", began.elapsed().as_millis());
    }
}

/// `cargo bench -p canopic-practice --bench network -- status` measures only what begins so.
fn is_wanted(name: &str) -> bool {
    let mut wanted = std::env::args()
        .skip(1)
        .filter(|given| !given.starts_with("--"));
    wanted.next().is_none_or(|wanted| name.starts_with(&wanted))
}

#[tokio::main]
async fn main() {
    if is_wanted("program") {
        tell(
            "program-kb",
            std::fs::metadata(PROGRAM).unwrap().len() / 1000,
        );
    }
    if is_wanted("start") {
        measure_start();
    }
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
    if is_wanted("read") {
        measure_reads(&agent, storefront.unwrap().id).await;
    }
    let somewhere = Principal::from_text(&network.ready().default_effective_canister_id).unwrap();
    if is_wanted("status") {
        measure_status(&agent, somewhere).await;
        measure_served_status(&network, &agent, somewhere).await;
    }
    if is_wanted("heap") {
        measure_large_heap(&agent, somewhere).await;
    }
    if is_wanted("endless") {
        measure_endless_loop(&agent, somewhere).await;
    }
    network.stop().await;
}
