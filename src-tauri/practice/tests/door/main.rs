//! Hostile bytes through the real door, from fixed seeds: every request is answered in the network's own form, none takes the
//! network down, and an honest one is served afterwards. What reads the bytes is tried alone, and more often, in `hostile.rs`.
#![allow(clippy::unwrap_used)]

mod arguments;

use candid::{CandidType, Decode, Encode, Nat, Principal};
use canopic_practice::blocks::wall_clock;
use canopic_practice::certify::leb128;
use canopic_practice::ingress::{self, Expected};
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInfoArgs, CanisterInstallMode, CanisterMetadataArgs,
    CanisterSettings, CanisterStatusResult, CanisterTimer, ChunkHash, ClearChunkStoreArgs,
    CreateCanisterArgs, DeleteCanisterSnapshotArgs, EnvironmentVariable, FetchCanisterLogsArgs,
    InstallChunkedCodeArgs, InstallCodeArgs, LoadCanisterSnapshotArgs, LogFilter,
    OnLowWasmMemoryHookStatus, ProvisionalCreateCanisterWithCyclesArgs,
    ProvisionalTopUpCanisterArgs, ReadCanisterSnapshotDataArgs, ReadCanisterSnapshotMetadataArgs,
    Snapshot, SnapshotDataKind, SnapshotDataOffset, SnapshotMetadataGlobal,
    TakeCanisterSnapshotArgs, UninstallCodeArgs, UpdateSettingsArgs,
    UploadCanisterSnapshotDataArgs, UploadCanisterSnapshotMetadataArgs,
    UploadCanisterSnapshotMetadataResult, UploadChunkArgs, Visibility,
};
use canopic_practice::{Network, Options, start};
use ic_agent::identity::BasicIdentity;
use ic_agent::{Agent, AgentError};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// When a request counts as hung: several times what the network itself waits for an outcome (10 s), on a busy machine.
const HUNG: Duration = Duration::from_secs(90);

const COUNTER: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (memory 1 3)
    (global $count (export "count") (mut i32) (i32.const 0))
    (func (export "canister_update count") (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (i32.store (i32.const 65000) (global.get $count)) (call $reply)))"#;

/// The same cases every time: a failure here is a failure everywhere.
fn seeded() -> TestRunner {
    TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..Config::default()
    })
}

fn draw<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// One to four changes to some bytes: overwrite one, cut the rest off, put something in, or repeat what is there.
fn mutated(runner: &mut TestRunner, original: &[u8]) -> Vec<u8> {
    let place = any::<prop::sample::Index>();
    let changes = prop::collection::vec(
        (0..8_u8, place, prop::collection::vec(any::<u8>(), 1..12)),
        1..5,
    );
    let mut bytes = original.to_vec();
    for (kind, place, new) in draw(runner, &changes) {
        let at = place.index(bytes.len() + 1);
        match kind {
            0..=3 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = new[0];
                }
            }
            4 => bytes.truncate(at),
            5 | 6 => {
                bytes.splice(at..at, new);
            }
            _ => bytes.extend_from_within(at..),
        }
    }
    bytes
}

struct Target {
    network: Network,
    agent: Agent,
}

impl Target {
    async fn open() -> Self {
        let network = start(Options::default()).await.unwrap();
        let agent = Agent::builder()
            .with_url(&network.ready().url)
            .with_identity(BasicIdentity::from_raw_key(&[1; 32]))
            .build()
            .unwrap();
        agent.set_root_key(hex::decode(&network.ready().root_key).unwrap());
        Self { network, agent }
    }

    /// Asks for a method of the management canister and demands an answer in the network's own form.
    async fn ask(&self, id: Principal, method: &str, arg: Vec<u8>) -> Option<Vec<u8>> {
        let call = self
            .agent
            .update(&Principal::management_canister(), method)
            .with_effective_canister_id(id)
            .with_arg(arg.clone());
        proper(call.call_and_wait(), method, &arg).await
    }

    async fn do_honestly(&self, id: Principal, method: &str, args: impl CandidType) -> Vec<u8> {
        let reply = self.ask(id, method, Encode!(&args).unwrap()).await;
        reply.unwrap_or_else(|| panic!("{method} was refused"))
    }

    async fn create(&self) -> Principal {
        let somewhere =
            Principal::from_text(&self.network.ready().default_effective_canister_id).unwrap();
        let create = ProvisionalCreateCanisterWithCyclesArgs::default();
        let method = "provisional_create_canister_with_cycles";
        let reply = self.do_honestly(somewhere, method, create).await;
        let id = Decode!(&reply, CanisterIdRecord).unwrap().canister_id;
        let install = InstallCodeArgs {
            mode: CanisterInstallMode::Install,
            canister_id: id,
            wasm_module: wat::parse_str(COUNTER).unwrap(),
            arg: vec![],
            sender_canister_version: None,
        };
        self.do_honestly(id, "install_code", install).await;
        id
    }

    /// The end of every test: somebody honest is served.
    async fn close(self) {
        let id = self.create().await;
        let record = CanisterIdRecord { canister_id: id };
        let reply = self.do_honestly(id, "canister_status", record).await;
        let status = Decode!(&reply, CanisterStatusResult).unwrap();
        assert_eq!(status.version, 1, "the network goes on as if nothing was");
        self.network.stop().await;
    }

    /// Sends a request as it is; gives the status.
    async fn send(&self, head: &str, body: &[u8]) -> u16 {
        let address = self.network.ready().url.replace("http://", "");
        let mut stream = TcpStream::connect(address.trim_end_matches('/'))
            .await
            .unwrap();
        let request = [head.as_bytes(), b"\r\n\r\n", body].concat();
        let mut answer = vec![];
        let exchange = async {
            // Whoever is refused early may find the connection closed while it is still sending; what was said counts.
            let _ = stream.write_all(&request).await;
            let _ = stream.read_to_end(&mut answer).await;
        };
        assert!(
            tokio::time::timeout(HUNG, exchange).await.is_ok(),
            "no answer to {head}"
        );
        let answer = String::from_utf8_lossy(&answer);
        let status = answer
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3));
        status
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("no status after {head}: {answer}"))
    }

    async fn post(&self, path: &str, kind: &str, body: &[u8]) -> u16 {
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close"
        );
        self.send(&head, body).await
    }
}

/// An answer in time: a reply, a reject with codes of the interface, or a refusal of the HTTP layer.
async fn proper(
    answer: impl Future<Output = Result<Vec<u8>, AgentError>>,
    method: &str,
    arg: &[u8],
) -> Option<Vec<u8>> {
    let about = || {
        format!(
            "{method} of {} bytes {:02x?}",
            arg.len(),
            &arg[..arg.len().min(200)]
        )
    };
    let answer = tokio::time::timeout(HUNG, answer).await;
    match answer.unwrap_or_else(|_| panic!("no answer to {}", about())) {
        Ok(reply) => Some(reply),
        Err(
            AgentError::CertifiedReject { reject, .. }
            | AgentError::UncertifiedReject { reject, .. },
        ) => {
            let code = reject.error_code.clone().unwrap_or_default();
            assert!(
                code.starts_with("IC0"),
                "a reject has its code: {reject:?} for {}",
                about()
            );
            assert!(
                !reject.reject_message.contains("panic"),
                "{reject:?} for {}",
                about()
            );
            None
        }
        Err(AgentError::HttpError(refusal)) => {
            assert!(
                (400..500).contains(&refusal.status),
                "{refusal:?} for {}",
                about()
            );
            None
        }
        Err(other) => panic!("{other:?} for {}", about()),
    }
}

const CBOR: &str = "application/cbor";

#[tokio::test]
async fn changed_envelopes_are_refused_unless_they_mean_the_same() {
    let target = Target::open().await;
    let id = target.create().await;
    let (call, query) = (
        target.agent.update(&id, "count").sign().unwrap(),
        target.agent.query(&id, "count").sign().unwrap(),
    );
    let state = target
        .agent
        .sign_request_status(id, call.request_id)
        .unwrap();
    let mut runner = seeded();
    for (doors, original, expected) in [
        (
            ["v2", "v3", "v4"].map(|version| format!("/api/{version}/canister/{id}/call")),
            call.signed_update,
            Expected::Call,
        ),
        (
            ["v2", "v3", "v3"].map(|version| format!("/api/{version}/canister/{id}/query")),
            query.signed_query,
            Expected::Query,
        ),
        (
            ["v2", "v3", "v3"].map(|version| format!("/api/{version}/canister/{id}/read_state")),
            state.signed_request_status,
            Expected::ReadState,
        ),
    ] {
        let meant = ingress::open(&original, expected, wall_clock()).unwrap().id;
        for case in 0..200 {
            let body = mutated(&mut runner, &original);
            let status = target.post(&doors[case % 3], CBOR, &body).await;
            if (200..300).contains(&status) {
                let believed = ingress::open(&body, expected, wall_clock()).unwrap().id;
                assert_eq!(believed, meant, "unsigned words were believed: {body:02x?}");
            } else {
                assert!(
                    (400..500).contains(&status),
                    "{status} for {case}: {body:02x?}"
                );
            }
        }
    }
    target.close().await;
}

/// A request that is wrong before anybody reads its meaning.
#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let target = Target::open().await;
    let id = target.create().await;
    let call = format!("/api/v4/canister/{id}/call");
    let read = format!("/api/v3/canister/{id}/read_state");
    let query = format!("/api/v3/canister/{id}/query");
    let subnet = format!("/api/v4/subnet/{}/call", target.network.ready().subnets[1]);
    let good = target.agent.update(&id, "count").sign().unwrap();
    let good = good.signed_update.as_slice();
    let deep = vec![0x81; 1_000_000];
    let tagged = vec![0xc6; 1_000_000];
    let mapped: Vec<u8> = b"\xa1\x67content".repeat(100_000);
    // A list of 2^60 items, and a text of as many bytes, neither of which comes.
    let announced = [&b"\xa1\x67content\x9b"[..], &(1_u64 << 60).to_be_bytes()].concat();
    let promised = [&b"\xa1\x67content\x7b"[..], &(1_u64 << 60).to_be_bytes()].concat();
    let long = vec![0x40; 6 << 20];
    let stranger = format!("/api/v4/canister/{}/call", Principal::from_slice(&[9; 29]));
    let far = format!("/api/v4/canister/{}/call", "a".repeat(5_000));
    for (what, path, kind, body, status) in [
        ("lists in lists", call.as_str(), CBOR, deep.as_slice(), 400),
        ("tags on tags", &call, CBOR, &tagged, 400),
        ("maps in maps", &call, CBOR, &mapped, 400),
        ("the same, read", &read, CBOR, &mapped, 400),
        ("a list that does not come", &call, CBOR, &announced, 400),
        ("a text that does not come", &call, CBOR, &promised, 400),
        ("nothing", &call, CBOR, b"", 400),
        ("too much", &call, CBOR, &long, 413),
        ("words", &call, "text/plain", good, 400),
        (
            "a kind with a trifle more",
            &call,
            "application/cborx",
            good,
            400,
        ),
        ("a call to be read", &read, CBOR, good, 400),
        ("a call as a query", &query, CBOR, good, 400),
        ("a call of a subnet", &subnet, CBOR, good, 400),
        (
            "a call to nobody",
            "/api/v4/canister/nobody/call",
            CBOR,
            good,
            400,
        ),
        ("a call to a stranger", &stranger, CBOR, good, 400),
        ("a call to a long name", &far, CBOR, good, 400),
        (
            "half a name",
            "/api/v4/canister/%ff%00/call",
            CBOR,
            good,
            400,
        ),
        (
            "an unknown version",
            &call.replace("v4", "v9"),
            CBOR,
            good,
            404,
        ),
        ("nowhere", "/", CBOR, good, 404),
        ("the status, posted", "/api/v2/status", CBOR, good, 405),
        (
            "no script of faults",
            "/_/faults",
            "application/json",
            &deep,
            400,
        ),
    ] {
        let answer = target.post(path, kind, body).await;
        assert_eq!(answer, status, "{what}");
    }
    let got = format!("GET {call} HTTP/1.1\r\nHost: localhost\r\nConnection: close");
    assert_eq!(target.send(&got, b"").await, 405, "a call is posted");
    target.close().await;
}

/// A sender that announces more than it may is not waited for.
#[tokio::test]
async fn a_body_that_is_too_long_is_refused_before_it_comes() {
    let target = Target::open().await;
    let id = &target.network.ready().default_effective_canister_id;
    let head = format!(
        "POST /api/v4/canister/{id}/call HTTP/1.1\r\nHost: localhost\r\nContent-Type: {CBOR}\r\nContent-Length: 6291456\r\nConnection: close"
    );
    assert_eq!(target.send(&head, b"").await, 413, "by its announcement");
    let head = head.replace("Content-Length: 6291456", "Transfer-Encoding: chunked");
    let chunk = [&b"100000\r\n"[..], &vec![0; 1 << 20], b"\r\n"].concat();
    assert_eq!(
        target.send(&head, &chunk.repeat(6)).await,
        413,
        "by what came, where nothing was announced"
    );
    target.close().await;
}
