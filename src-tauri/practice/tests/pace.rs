//! The network at its own pace: what it does not take at once. The blocks are told when to be, so nothing here waits.
#![allow(clippy::unwrap_used)]

use candid::{CandidType, Encode, Principal};
use canopic_practice::blocks::{Payload, Submission, World};
use canopic_practice::canister::{CallContext, Callback, Canister, Origin};
use canopic_practice::execute::Closure;
use canopic_practice::ingress::RequestId;
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInstallMode, InstallCodeArgs, SnapshotDataOffset,
    UploadCanisterSnapshotMetadataArgs, UploadChunkArgs,
};
use canopic_practice::limits::{HEAP_DELTA, Rate};
use canopic_practice::management::Request;
use canopic_practice::messages::Message;
use canopic_practice::server::Taken;
use canopic_practice::settings::Settings;
use canopic_practice::snapshot::{upload_data, upload_metadata};
use canopic_practice::subnet::Topology;
use canopic_practice::{Network, Options, start};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Asks as nobody does who has an agent: without trying again.
async fn get(network: &Network, path: &str) -> String {
    let address = network
        .ready()
        .url
        .trim_start_matches("http://")
        .trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn requests_past_the_rate_get_429_but_the_control_endpoint_answers() {
    let network = start(Options {
        // Never fills again: what is let in does not depend on how long the test takes.
        rate: Some(Rate {
            burst: 3,
            per_second: 0,
        }),
        ..Options::default()
    })
    .await
    .unwrap();
    for number in 1..=3 {
        let answer = get(&network, "/api/v2/status").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{number}: {answer}");
    }
    for number in 4..=5 {
        let answer = get(&network, "/api/v2/status").await;
        assert!(answer.starts_with("HTTP/1.1 429"), "{number}: {answer}");
        assert!(answer.contains("error: rate_limited"), "in words: {answer}");
    }
    let steering = get(&network, "/_/faults").await;
    assert!(
        steering.starts_with("HTTP/1.1 200"),
        "who has run into the limit can still steer: {steering}"
    );
    network.stop().await;
}

#[test]
fn who_wrote_too_much_is_refused_until_blocks_digested_it() {
    let topology = Arc::new(Topology::derive(1, 0).unwrap());
    let mut world = World::new(topology, 0);
    world.limits_heap_delta = true;
    let subnet = Topology::DEFAULT_SUBNET;
    let id = world.new_canister_id(subnet, None).unwrap();
    world.insert(Canister::new(
        id,
        subnet,
        Settings::of(Principal::anonymous()),
        1 << 60,
    ));
    let args = UploadCanisterSnapshotMetadataArgs {
        canister_id: id,
        replace_snapshot: None,
        wasm_module_size: 10,
        globals: vec![],
        wasm_memory_size: 65_536,
        stable_memory_size: 0,
        certified_data: vec![],
        global_timer: None,
        on_low_wasm_memory_hook_status: None,
    };
    let snapshot = upload_metadata(&mut world, subnet, &args)
        .unwrap()
        .to_bytes();
    let kind = SnapshotDataOffset::WasmMemory { offset: 0 };
    let write = |world: &mut World| upload_data(world, subnet, id, &snapshot, &kind, &[1; 1000]);
    world.add_heap_delta(id, 2 * HEAP_DELTA - 1000);
    write(&mut world).unwrap_err();
    world.advance(1, [], false);
    write(&mut world).expect("a thousand bytes less than the limit are left");
    let debit = HEAP_DELTA;
    let refused = upload_metadata(&mut world, subnet, &args).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "IC0210: Canister {id} is heap delta rate limited: current delta debit is {debit}, but limit is {debit}."
        ),
        "those bytes count"
    );
    let refused = write(&mut world).unwrap_err().to_string();
    assert!(
        refused.starts_with(&format!("IC0504: Error from Wasm chunk store: Canister is heap delta rate limited. Current delta debit: {debit}")),
        "{refused}"
    );
    world.advance(2, [], false);
    upload_metadata(&mut world, subnet, &args).expect("a block later it may go on");
}

/// A network of one canister that only writes so much.
struct Limited {
    world: World,
    id: Principal,
    requests: u8,
}

impl Limited {
    fn new() -> Self {
        let topology = Arc::new(Topology::derive(1, 0).unwrap());
        let mut world = World::new(topology, 0);
        world.limits_heap_delta = true;
        let id = world.new_canister_id(SUBNET, None).unwrap();
        let settings = Settings::of(Principal::anonymous());
        world.insert(Canister::new(id, SUBNET, settings, 1 << 60));
        Self {
            world,
            id,
            requests: 0,
        }
    }

    fn debit(&self) -> u64 {
        self.world.find(self.id).unwrap().heap_delta_debit
    }

    /// A block with nothing in it.
    fn block(&mut self) {
        self.world.make_block(0, vec![], false);
    }

    /// Submits a call in a block of its own; gives its request.
    fn submit(&mut self, payload: Payload) -> RequestId {
        self.requests += 1;
        let request = [self.requests; 32];
        let submission = Submission {
            request,
            taken: Taken {
                subnet: SUBNET,
                sender: Principal::anonymous(),
                receiver: self.id,
                expiry: u64::MAX,
            },
            size: 0,
            payload,
        };
        self.world.make_block(0, vec![submission], false);
        request
    }

    fn call(&mut self, method: &str) -> RequestId {
        let payload = Payload::Canister {
            id: self.id,
            method: method.into(),
            argument: vec![],
        };
        self.submit(payload)
    }

    fn manage(&mut self, method: &str, args: impl CandidType) -> RequestId {
        let request = Request::parse(method, &Encode!(&args).unwrap()).unwrap();
        self.submit(Payload::Management(request.map(Box::new)))
    }

    fn status(&self, request: &RequestId) -> String {
        let status = self.world.status(SUBNET, request).unwrap();
        String::from_utf8(status.to_vec()).unwrap()
    }

    fn message(&self, request: &RequestId) -> String {
        let path: [&[u8]; 3] = [b"request_status", request, b"reject_message"];
        let message = self.world.trees[SUBNET].lookup(&path).unwrap().value();
        String::from_utf8(message.unwrap().to_vec()).unwrap()
    }
}

const SUBNET: usize = Topology::DEFAULT_SUBNET;

/// Writes 160 MiB: more than two blocks digest.
const WRITER: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "global_timer_set" (func $timer (param i64) (result i64)))
    (memory 2600)
    (func (export "canister_update write")
        (drop (call $timer (i64.const 1)))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 167772160)) (call $reply))
    (func (export "canister_update look") (call $reply))
    (func (export "canister_global_timer") (i32.store (i32.const 0) (i32.const 7))))"#;

#[test]
fn messages_to_who_wrote_too_much_wait_until_blocks_digested_it() {
    let mut limited = Limited::new();
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Install,
        canister_id: limited.id,
        wasm_module: wat::parse_str(WRITER).unwrap(),
        arg: vec![],
        sender_canister_version: None,
    };
    let installed = limited.manage("install_code", install);
    assert_eq!(limited.status(&installed), "replied", "there is code");
    let wrote = limited.call("write");
    assert_eq!(limited.status(&wrote), "replied", "nobody knows before");
    assert_eq!(limited.debit(), 160 << 20, "each page once");
    let version = |limited: &Limited| limited.world.find(limited.id).unwrap().version;
    let before = version(&limited);

    let looked = limited.call("look");
    assert_eq!(limited.debit(), 85 << 20, "one block digested its part");
    assert_eq!(
        limited.status(&looked),
        "processing",
        "it is neither refused nor done"
    );
    assert_eq!(version(&limited), before, "nor is the timer that is due");
    let later = limited.call("look");
    for request in [looked, later] {
        assert_eq!(limited.status(&request), "replied", "a block later it is");
    }
    assert_eq!(version(&limited), before + 3, "as is the timer");

    let id = limited.id;
    limited.world.add_heap_delta(id, 3 * HEAP_DELTA);
    let waits = limited.call("look");
    let asked = limited.manage("canister_status", CanisterIdRecord { canister_id: id });
    assert_eq!(limited.status(&waits), "processing", "it waits again");
    assert_eq!(
        limited.status(&asked),
        "replied",
        "the management canister answers for it all the same"
    );
    limited.block();
    assert_eq!(limited.status(&waits), "replied", "nothing is forgotten");
}

#[test]
fn chunks_and_installations_count_as_written() {
    let mut limited = Limited::new();
    let upload = |limited: &mut Limited, byte: u8| {
        let args = UploadChunkArgs {
            canister_id: limited.id,
            chunk: vec![byte; 10],
        };
        limited.manage("upload_chunk", args)
    };
    let id = limited.id;
    limited.world.add_heap_delta(id, HEAP_DELTA);
    upload(&mut limited, 1);
    assert_eq!(limited.debit(), 1 << 20, "a chunk counts as a whole one");
    limited.world.add_heap_delta(id, 2 * HEAP_DELTA);
    let refused = upload(&mut limited, 2);
    assert_eq!(limited.status(&refused), "rejected", "too much was written");
    assert!(
        limited.message(&refused).starts_with(
            "Error from Wasm chunk store: Canister is heap delta rate limited. Current delta debit:"
        ),
        "{}",
        limited.message(&refused)
    );
    limited.block();
    limited.block();
    upload(&mut limited, 1);
    assert_eq!(
        limited.debit(),
        0,
        "one that is there already is not written"
    );

    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Install,
        canister_id: id,
        wasm_module: wat::parse_str(
            r#"(module (memory 10)
                (func (export "canister_init") (memory.fill (i32.const 0) (i32.const 1) (i32.const 40960))))"#,
        )
        .unwrap(),
        arg: vec![],
        sender_canister_version: None,
    };
    limited.manage("install_code", install);
    assert_eq!(limited.debit(), 40_960, "what its initialisation wrote");
}

#[test]
fn a_panic_undoes_its_own_call_and_no_other() {
    let mut limited = Limited::new();
    limited.world.limits_heap_delta = false;
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Install,
        canister_id: limited.id,
        wasm_module: wat::parse_str(WRITER).unwrap(),
        arg: vec![],
        sender_canister_version: None,
    };
    limited.manage("install_code", install);
    let call = |number: u8, payload: Payload| Submission {
        request: [number; 32],
        taken: Taken {
            subnet: SUBNET,
            sender: Principal::anonymous(),
            receiver: limited.id,
            expiry: u64::MAX,
        },
        size: 0,
        payload,
    };
    let look = || Payload::Canister {
        id: limited.id,
        method: "look".into(),
        argument: vec![],
    };
    let batch = vec![
        call(101, look()),
        call(102, Payload::Panic),
        call(103, look()),
    ];
    let (version, height) = (
        limited.world.find(limited.id).unwrap().version,
        limited.world.height,
    );
    limited.world.make_block(0, batch, true);
    for (number, status) in [(101, "replied"), (102, "rejected"), (103, "replied")] {
        assert_eq!(limited.status(&[number; 32]), status, "call {number}");
    }
    assert_eq!(
        limited.world.height,
        height + 1,
        "one block, however often it was begun"
    );
    assert_eq!(
        limited.world.find(limited.id).unwrap().version,
        version + 2,
        "the other calls happened once"
    );
}

#[test]
fn an_answer_that_the_network_panics_over_ends_the_call_that_waits_for_it() {
    let mut limited = Limited::new();
    let request = [7; 32];
    let (closure, id) = (
        Closure {
            function: 0,
            environment: 0,
        },
        limited.id,
    );
    let canister = limited.world.find_mut(id).unwrap();
    // Nothing is open in this context, so one open call less is a bug.
    let context = CallContext {
        origin: Origin::Ingress {
            request,
            subnet: SUBNET,
            sender: Principal::anonymous(),
        },
        caller: Principal::anonymous(),
        cycles: 0,
        deadline: 0,
        answered: false,
        open_calls: 0,
        instructions: 0,
    };
    canister.contexts.insert(1, context);
    let callback = Callback {
        context: 1,
        on_reply: closure,
        on_reject: closure,
        on_cleanup: None,
        prepaid: 0,
        deadline: 0,
    };
    canister.callbacks.insert(2, callback);
    let balance = canister.cycles;
    limited.world.queue.push_back(Message::Answer {
        canister: id,
        callback: 2,
        outcome: Ok(vec![]),
        refund: 5,
    });
    limited.block();
    assert_eq!(
        limited.status(&request),
        "rejected",
        "nobody waits for ever"
    );
    let canister = limited.world.find(id).unwrap();
    assert_eq!(canister.cycles, balance + 5, "cycles come home once");
    assert!(
        canister.contexts.is_empty() && canister.callbacks.is_empty(),
        "nothing is left open"
    );
}
