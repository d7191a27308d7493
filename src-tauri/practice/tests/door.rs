//! Hostile bytes through the real door, from fixed seeds: every request is answered in the network's own form, none takes the
//! network down, and an honest one is served afterwards. What reads the bytes is tried alone, and more often, in `hostile.rs`.
#![allow(clippy::unwrap_used)]

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

fn empty_settings() -> CanisterSettings {
    CanisterSettings {
        compute_allocation: Some(Nat::from(0_u8)),
        log_visibility: Some(Visibility::AllowedViewers(vec![Principal::anonymous()])),
        wasm_memory_limit: Some(Nat::from(1_u64 << 30)),
        environment_variables: Some(vec![EnvironmentVariable {
            name: "name".into(),
            value: "value".into(),
        }]),
        ..CanisterSettings::default()
    }
}

fn metadata(canister_id: Principal) -> UploadCanisterSnapshotMetadataArgs {
    UploadCanisterSnapshotMetadataArgs {
        canister_id,
        replace_snapshot: None,
        wasm_module_size: wat::parse_str(COUNTER).unwrap().len() as u64,
        globals: vec![SnapshotMetadataGlobal::I32(7)],
        wasm_memory_size: 65_536,
        stable_memory_size: 65_536,
        certified_data: vec![7; 32],
        global_timer: Some(CanisterTimer::Inactive),
        on_low_wasm_memory_hook_status: Some(OnLowWasmMemoryHookStatus::ConditionNotSatisfied),
    }
}

/// An honest argument for every method, of the canister and a snapshot of each kind.
fn honest_arguments(
    canister_id: Principal,
    taken: &[u8],
    uploaded: &[u8],
) -> Vec<(&'static str, Vec<u8>)> {
    let record = Encode!(&CanisterIdRecord { canister_id }).unwrap();
    let (module, chunk) = (wat::parse_str(COUNTER).unwrap(), vec![5; 40]);
    let (offset, size) = (0, 10);
    let mut arguments: Vec<_> = [
        "stored_chunks",
        "list_canister_snapshots",
        "canister_status",
        "canister_metrics",
        "deposit_cycles",
        "start_canister",
        "stop_canister",
        "delete_canister",
        "raw_rand",
        "no_such_method",
    ]
    .map(|method| (method, record.clone()))
    .to_vec();
    for kind in [
        SnapshotDataKind::WasmModule { offset, size },
        SnapshotDataKind::WasmMemory { offset, size },
        SnapshotDataKind::StableMemory { offset, size: 0 },
        SnapshotDataKind::WasmChunk { hash: vec![1; 32] },
    ] {
        let args = ReadCanisterSnapshotDataArgs {
            canister_id,
            snapshot_id: taken.to_vec(),
            kind,
        };
        arguments.push(("read_canister_snapshot_data", Encode!(&args).unwrap()));
    }
    for kind in [
        SnapshotDataOffset::WasmModule { offset },
        SnapshotDataOffset::WasmMemory { offset },
        SnapshotDataOffset::StableMemory { offset },
        SnapshotDataOffset::WasmChunk,
    ] {
        let args = UploadCanisterSnapshotDataArgs {
            canister_id,
            snapshot_id: uploaded.to_vec(),
            kind,
            chunk: chunk.clone(),
        };
        arguments.push(("upload_canister_snapshot_data", Encode!(&args).unwrap()));
    }
    let create = CreateCanisterArgs {
        settings: Some(empty_settings()),
        sender_canister_version: None,
    };
    let provide = ProvisionalCreateCanisterWithCyclesArgs {
        amount: Some(Nat::from(10_u64.pow(12))),
        settings: Some(empty_settings()),
        specified_id: None,
        sender_canister_version: None,
    };
    let top_up = ProvisionalTopUpCanisterArgs {
        canister_id,
        amount: Nat::from(1_u8),
    };
    let update = UpdateSettingsArgs {
        canister_id,
        settings: empty_settings(),
        sender_canister_version: Some(1),
    };
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Upgrade(None),
        canister_id,
        wasm_module: module.clone(),
        arg: vec![1, 2, 3],
        sender_canister_version: None,
    };
    let assemble = InstallChunkedCodeArgs {
        mode: CanisterInstallMode::Reinstall,
        target_canister: canister_id,
        store_canister: Some(canister_id),
        chunk_hashes_list: vec![ChunkHash { hash: vec![1; 32] }],
        wasm_module_hash: vec![2; 32],
        arg: vec![],
        sender_canister_version: None,
    };
    let uninstall = UninstallCodeArgs {
        canister_id,
        sender_canister_version: None,
    };
    let upload = UploadChunkArgs { canister_id, chunk };
    let clear = ClearChunkStoreArgs { canister_id };
    let inform = CanisterInfoArgs {
        canister_id,
        num_requested_changes: Some(20),
    };
    let describe = CanisterMetadataArgs {
        canister_id,
        name: "candid:service".into(),
    };
    let fetch = FetchCanisterLogsArgs {
        canister_id,
        filter: Some(LogFilter::ByIdx { start: 0, end: 9 }),
    };
    let take = TakeCanisterSnapshotArgs {
        canister_id,
        replace_snapshot: Some(taken.to_vec()),
        uninstall_code: None,
        sender_canister_version: None,
    };
    let load = LoadCanisterSnapshotArgs {
        canister_id,
        snapshot_id: taken.to_vec(),
        sender_canister_version: None,
    };
    let read = ReadCanisterSnapshotMetadataArgs {
        canister_id,
        snapshot_id: uploaded.to_vec(),
    };
    let delete = DeleteCanisterSnapshotArgs {
        canister_id,
        snapshot_id: taken.to_vec(),
    };
    let replace = UploadCanisterSnapshotMetadataArgs {
        replace_snapshot: Some(uploaded.to_vec()),
        ..metadata(canister_id)
    };
    arguments.extend([
        ("create_canister", Encode!(&create).unwrap()),
        (
            "provisional_create_canister_with_cycles",
            Encode!(&provide).unwrap(),
        ),
        ("provisional_top_up_canister", Encode!(&top_up).unwrap()),
        ("update_settings", Encode!(&update).unwrap()),
        ("install_code", Encode!(&install).unwrap()),
        ("install_chunked_code", Encode!(&assemble).unwrap()),
        ("uninstall_code", Encode!(&uninstall).unwrap()),
        ("upload_chunk", Encode!(&upload).unwrap()),
        ("clear_chunk_store", Encode!(&clear).unwrap()),
        ("canister_info", Encode!(&inform).unwrap()),
        ("canister_metadata", Encode!(&describe).unwrap()),
        ("fetch_canister_logs", Encode!(&fetch).unwrap()),
        ("take_canister_snapshot", Encode!(&take).unwrap()),
        ("load_canister_snapshot", Encode!(&load).unwrap()),
        ("read_canister_snapshot_metadata", Encode!(&read).unwrap()),
        ("delete_canister_snapshot", Encode!(&delete).unwrap()),
        (
            "upload_canister_snapshot_metadata",
            Encode!(&replace).unwrap(),
        ),
    ]);
    arguments
}

#[tokio::test]
async fn changed_arguments_of_every_method_are_answered() {
    let target = Target::open().await;
    let mut runner = seeded();
    let methods = honest_arguments(Principal::management_canister(), &[], &[]).len();
    for which in 0..methods {
        // A canister for each, since a changed argument may still be one, and do what it says.
        let id = target.create().await;
        let take = TakeCanisterSnapshotArgs {
            canister_id: id,
            replace_snapshot: None,
            uninstall_code: None,
            sender_canister_version: None,
        };
        let reply = target.do_honestly(id, "take_canister_snapshot", take).await;
        let taken = Decode!(&reply, Snapshot).unwrap().id;
        let method = "upload_canister_snapshot_metadata";
        let reply = target.do_honestly(id, method, metadata(id)).await;
        let uploaded = Decode!(&reply, UploadCanisterSnapshotMetadataResult).unwrap();
        let (method, original) =
            honest_arguments(id, &taken, &uploaded.snapshot_id).swap_remove(which);
        for _ in 0..30 {
            let arg = mutated(&mut runner, &original);
            target.ask(id, method, arg.clone()).await;
            let query = target
                .agent
                .query(&Principal::management_canister(), method)
                .with_effective_canister_id(id)
                .with_arg(arg.clone());
            proper(query.call(), method, &arg).await;
        }
    }
    target.close().await;
}

/// Numbers next to every limit, and far from all.
fn number() -> impl Strategy<Value = u64> {
    let limits = [
        0,
        10,
        65_536,
        3 * 65_536,
        2_000_000,
        100 << 20,
        4 << 30,
        6 << 30,
        500 << 30,
        1 << 63,
        u64::MAX,
    ];
    (prop::sample::select(limits.to_vec()), -1..2_i8)
        .prop_map(|(limit, by)| limit.wrapping_add_signed(by.into()))
}

/// Sizes of memories: mostly such that the snapshot comes into being.
fn size() -> impl Strategy<Value = u64> {
    let pages = [0, 1, 2, 4, 65_536];
    prop_oneof![9 => prop::sample::select(pages.to_vec()).prop_map(|pages| pages * 65_536), 1 => number()]
}

fn global() -> impl Strategy<Value = SnapshotMetadataGlobal> {
    prop_oneof![
        4 => any::<i32>().prop_map(SnapshotMetadataGlobal::I32),
        1 => any::<i64>().prop_map(SnapshotMetadataGlobal::I64),
        1 => any::<u64>().prop_map(|bits| SnapshotMetadataGlobal::F64(f64::from_bits(bits))),
        1 => any::<u128>().prop_map(|value| SnapshotMetadataGlobal::V128(Nat::from(value) * 3_u8)),
    ]
}

#[tokio::test]
async fn snapshots_of_any_description_are_refused_or_live() {
    let target = Target::open().await;
    let mut runner = seeded();
    let module = wat::parse_str(COUNTER).unwrap();
    let (mut described, mut loaded, mut ran) = (0, 0, 0);
    for _ in 0..60 {
        let id = target.create().await;
        let (heap, stable, globals, length) = draw(
            &mut runner,
            &(
                size(),
                size(),
                prop_oneof![
                    9 => prop::collection::vec(global(), 1..2),
                    1 => prop::collection::vec(global(), 0..1100)
                ],
                prop_oneof![9 => Just(module.len() as u64), 1 => number()],
            ),
        );
        let hook = prop::sample::select(vec![
            None,
            Some(OnLowWasmMemoryHookStatus::ConditionNotSatisfied),
            Some(OnLowWasmMemoryHookStatus::Ready),
        ]);
        let description = UploadCanisterSnapshotMetadataArgs {
            wasm_memory_size: heap,
            stable_memory_size: stable,
            globals,
            wasm_module_size: length,
            certified_data: vec![1; draw(&mut runner, &(0..34_usize))],
            on_low_wasm_memory_hook_status: draw(&mut runner, &hook),
            global_timer: Some(CanisterTimer::Active(draw(&mut runner, &number()))),
            ..metadata(id)
        };
        let arg = Encode!(&description).unwrap();
        let reply = target
            .ask(id, "upload_canister_snapshot_metadata", arg)
            .await;
        let Some(reply) = reply else { continue };
        described += 1;
        let snapshot_id = Decode!(&reply, UploadCanisterSnapshotMetadataResult)
            .unwrap()
            .snapshot_id;
        let write = |kind, chunk| {
            let args = UploadCanisterSnapshotDataArgs {
                canister_id: id,
                snapshot_id: snapshot_id.clone(),
                kind,
                chunk,
            };
            Encode!(&args).unwrap()
        };
        let whole = write(SnapshotDataOffset::WasmModule { offset: 0 }, module.clone());
        target.ask(id, "upload_canister_snapshot_data", whole).await;
        for _ in 0..3 {
            let (offset, size, bytes) = draw(
                &mut runner,
                &(number(), number(), prop::collection::vec(any::<u8>(), 0..9)),
            );
            for kind in [
                SnapshotDataOffset::WasmMemory { offset },
                SnapshotDataOffset::StableMemory { offset },
                SnapshotDataOffset::WasmModule {
                    offset: offset.max(length),
                },
            ] {
                let arg = write(kind, bytes.clone());
                target.ask(id, "upload_canister_snapshot_data", arg).await;
            }
            for kind in [
                SnapshotDataKind::WasmModule { offset, size },
                SnapshotDataKind::WasmMemory { offset, size },
                SnapshotDataKind::StableMemory { offset, size },
            ] {
                let args = ReadCanisterSnapshotDataArgs {
                    canister_id: id,
                    snapshot_id: snapshot_id.clone(),
                    kind,
                };
                let arg = Encode!(&args).unwrap();
                target.ask(id, "read_canister_snapshot_data", arg).await;
            }
        }
        let load = LoadCanisterSnapshotArgs {
            canister_id: id,
            snapshot_id,
            sender_canister_version: None,
        };
        let load = Encode!(&load).unwrap();
        if target
            .ask(id, "load_canister_snapshot", load)
            .await
            .is_none()
        {
            continue;
        }
        loaded += 1;
        let count = target.agent.update(&id, "count").call_and_wait();
        ran += u32::from(proper(count, "count", &[]).await.is_some());
        let record = CanisterIdRecord { canister_id: id };
        target.do_honestly(id, "canister_status", record).await;
    }
    // The seed is fixed, so that these are facts of it: the cases reach all that they are for.
    assert!(
        described > 20 && loaded > 5 && ran > 0,
        "described {described}, loaded {loaded}, ran {ran}"
    );
    target.close().await;
}

/// An argument whose types go round in circles, or promise more than comes.
#[tokio::test]
async fn candid_that_is_deep_or_vast_is_refused() {
    let target = Target::open().await;
    let id = target.create().await;
    let options = |depth: usize| vec![1; depth];
    // `type t = opt t`, which may be as deep as its value says; alone, and as a field that nobody knows beside an honest one.
    let alone = [&b"DIDL\x01\x6e\x00\x01\x00"[..], &options(1_000_000), &[0]].concat();
    let mut name = b"canister_id".iter().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(223).wrapping_add((*byte).into())
    });
    let beside = [
        b"DIDL\x02\x6e\x00\x6c\x02".to_vec(),
        leb128(name.into()),
        vec![0x68],
        leb128({
            name += 1;
            name.into()
        }),
        vec![0, 1, 1, 1, id.as_slice().len() as u8],
        id.as_slice().to_vec(),
        options(1_000_000),
        vec![0],
    ]
    .concat();
    // A vector of four billion nulls takes no bytes at all; a table of four billion types is not there.
    let nulls = [&b"DIDL\x01\x6d\x7f\x01\x00"[..], &leb128(u32::MAX.into())].concat();
    let table = [&b"DIDL"[..], &leb128(u32::MAX.into())].concat();
    let length = [&b"DIDL\x01\x6d\x7b\x01\x00"[..], &leb128(u64::MAX)].concat();
    for (what, arg) in [
        ("options in options", alone),
        ("an unknown field", beside),
        ("nulls", nulls),
        ("a table", table),
        ("bytes", length),
    ] {
        for method in [
            "canister_status",
            "update_settings",
            "upload_canister_snapshot_metadata",
            "provisional_create_canister_with_cycles",
        ] {
            let answer = target.ask(id, method, arg.clone()).await;
            assert_eq!(answer, None, "{what} is no argument of {method}");
        }
    }
    target.close().await;
}
