//! Blocks that are told when to be: what becomes due, what waits, and what a panic leaves behind. Nothing here looks at a clock.
#![allow(clippy::unwrap_used)]

use candid::{CandidType, Decode, Encode, Principal};
use canopic_practice::blocks::{Payload, Submission, World};
use canopic_practice::canister::{CallContext, Callback, Canister, Origin, Run};
use canopic_practice::execute::Closure;
use canopic_practice::ingress::RequestId;
use canopic_practice::interface::{
    CanisterIdRecord, CanisterInstallMode, CanisterMetricsResult, CanisterSettings,
    InstallCodeArgs, SnapshotDataOffset, UpdateSettingsArgs, UploadCanisterSnapshotMetadataArgs,
    UploadChunkArgs,
};
use canopic_practice::limits::HEAP_DELTA;
use canopic_practice::management::Request;
use canopic_practice::messages::Message;
use canopic_practice::server::Taken;
use canopic_practice::settings::Settings;
use canopic_practice::snapshot::{upload_data, upload_metadata};
use canopic_practice::subnet::Topology;
use std::sync::Arc;
use std::time::Duration;

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

/// A network of one canister, whose blocks are made one by one.
struct Chain {
    world: World,
    id: Principal,
    requests: u8,
}

impl Chain {
    fn new() -> Self {
        let topology = Arc::new(Topology::derive(1, 0).unwrap());
        let mut world = World::new(topology, 0);
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

    /// One whose canister may write only so much.
    fn limited() -> Self {
        let mut chain = Self::new();
        chain.world.limits_heap_delta = true;
        chain
    }

    /// One whose canister has this code.
    fn running(text: &str) -> Self {
        let mut chain = Self::new();
        let install = InstallCodeArgs {
            mode: CanisterInstallMode::Install,
            canister_id: chain.id,
            wasm_module: wat::parse_str(text).unwrap(),
            arg: vec![],
            sender_canister_version: None,
        };
        let installed = chain.manage("install_code", install);
        assert_eq!(chain.status(&installed), "replied", "there is code");
        chain
    }

    fn canister(&self) -> &Canister {
        self.world.find(self.id).unwrap()
    }

    /// A block with nothing in it, so long after the last one; a moment to look at what only now and then needs a look.
    fn after(&mut self, pause: Duration) {
        let now = self.world.time + pause.as_nanos() as u64;
        self.world.make_block(now, vec![], true);
    }

    fn reply(&self, request: &RequestId) -> Vec<u8> {
        let path: [&[u8]; 3] = [b"request_status", request, b"reply"];
        let reply = self.world.trees[SUBNET].lookup(&path).unwrap().value();
        reply.unwrap().to_vec()
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
    let mut chain = Chain::limited();
    let install = InstallCodeArgs {
        mode: CanisterInstallMode::Install,
        canister_id: chain.id,
        wasm_module: wat::parse_str(WRITER).unwrap(),
        arg: vec![],
        sender_canister_version: None,
    };
    let installed = chain.manage("install_code", install);
    assert_eq!(chain.status(&installed), "replied", "there is code");
    let wrote = chain.call("write");
    assert_eq!(chain.status(&wrote), "replied", "nobody knows before");
    assert_eq!(chain.debit(), 160 << 20, "each page once");
    let version = |chain: &Chain| chain.world.find(chain.id).unwrap().version;
    let before = version(&chain);

    let looked = chain.call("look");
    assert_eq!(chain.debit(), 85 << 20, "one block digested its part");
    assert_eq!(
        chain.status(&looked),
        "processing",
        "it is neither refused nor done"
    );
    assert_eq!(version(&chain), before, "nor is the timer that is due");
    let later = chain.call("look");
    for request in [looked, later] {
        assert_eq!(chain.status(&request), "replied", "a block later it is");
    }
    assert_eq!(version(&chain), before + 3, "as is the timer");

    let id = chain.id;
    chain.world.add_heap_delta(id, 3 * HEAP_DELTA);
    let waits = chain.call("look");
    let asked = chain.manage("canister_status", CanisterIdRecord { canister_id: id });
    assert_eq!(chain.status(&waits), "processing", "it waits again");
    assert_eq!(
        chain.status(&asked),
        "replied",
        "the management canister answers for it all the same"
    );
    chain.block();
    assert_eq!(chain.status(&waits), "replied", "nothing is forgotten");
}

#[test]
fn chunks_and_installations_count_as_written() {
    let mut chain = Chain::limited();
    let upload = |chain: &mut Chain, byte: u8| {
        let args = UploadChunkArgs {
            canister_id: chain.id,
            chunk: vec![byte; 10],
        };
        chain.manage("upload_chunk", args)
    };
    let id = chain.id;
    chain.world.add_heap_delta(id, HEAP_DELTA);
    upload(&mut chain, 1);
    assert_eq!(chain.debit(), 1 << 20, "a chunk counts as a whole one");
    chain.world.add_heap_delta(id, 2 * HEAP_DELTA);
    let refused = upload(&mut chain, 2);
    assert_eq!(chain.status(&refused), "rejected", "too much was written");
    assert!(
        chain.message(&refused).starts_with(
            "Error from Wasm chunk store: Canister is heap delta rate limited. Current delta debit:"
        ),
        "{}",
        chain.message(&refused)
    );
    chain.block();
    chain.block();
    upload(&mut chain, 1);
    assert_eq!(chain.debit(), 0, "one that is there already is not written");

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
    chain.manage("install_code", install);
    assert_eq!(chain.debit(), 40_960, "what its initialisation wrote");
}

#[test]
fn a_panic_undoes_its_own_call_and_no_other() {
    let mut chain = Chain::running(WRITER);
    let call = |number: u8, payload: Payload| Submission {
        request: [number; 32],
        taken: Taken {
            subnet: SUBNET,
            sender: Principal::anonymous(),
            receiver: chain.id,
            expiry: u64::MAX,
        },
        size: 0,
        payload,
    };
    let look = || Payload::Canister {
        id: chain.id,
        method: "look".into(),
        argument: vec![],
    };
    let batch = vec![
        call(101, look()),
        call(102, Payload::Panic),
        call(103, look()),
    ];
    let (version, height) = (
        chain.world.find(chain.id).unwrap().version,
        chain.world.height,
    );
    chain.world.make_block(0, batch, true);
    for (number, status) in [(101, "replied"), (102, "rejected"), (103, "replied")] {
        assert_eq!(chain.status(&[number; 32]), status, "call {number}");
    }
    assert_eq!(
        chain.world.height,
        height + 1,
        "one block, however often it was begun"
    );
    assert_eq!(
        chain.world.find(chain.id).unwrap().version,
        version + 2,
        "the other calls happened once"
    );
}

#[test]
fn an_answer_that_the_network_panics_over_ends_the_call_that_waits_for_it() {
    let mut chain = Chain::new();
    let request = [7; 32];
    let (closure, id) = (
        Closure {
            function: 0,
            environment: 0,
        },
        chain.id,
    );
    let canister = chain.world.find_mut(id).unwrap();
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
    chain.world.queue.push_back(Message::Answer {
        canister: id,
        callback: 2,
        outcome: Ok(vec![]),
        refund: 5,
    });
    chain.block();
    assert_eq!(chain.status(&request), "rejected", "nobody waits for ever");
    let canister = chain.world.find(id).unwrap();
    assert_eq!(canister.cycles, balance + 5, "cycles come home once");
    assert!(
        canister.contexts.is_empty() && canister.callbacks.is_empty(),
        "nothing is left open"
    );
}

#[test]
fn a_task_that_the_network_panics_over_is_not_due_again() {
    let mut chain = Chain::running(WRITER);
    let id = chain.id;
    let due = chain.world.time;
    let canister = chain.world.find_mut(id).unwrap();
    canister.global_timer = Some(due);
    // No number is left for what the timer would begin: only a bug can bring a canister there.
    canister.next_call = u64::MAX;
    let (before, height) = (canister.cycles, chain.world.height);
    chain.block();
    let canister = chain.world.find_mut(id).unwrap();
    assert_eq!(canister.global_timer, None, "it is not tried for ever");
    assert!(canister.contexts.is_empty(), "nothing is left open");
    assert_eq!(canister.cycles, before, "and nothing was paid for it");
    canister.next_call = 0;
    assert_eq!(chain.world.height, height + 1, "one block");
    let look = chain.call("look");
    assert_eq!(chain.status(&look), "replied", "everything else goes on");
}

/// Calls somebody who is not there to answer soon, and waits.
const WAITING: &str = r#"(module
    (memory 1)
    (func (export "canister_update look")))"#;

#[test]
fn a_stop_request_gives_up_after_five_minutes_and_the_canister_goes_on_stopping() {
    let mut chain = Chain::running(WAITING);
    let id = chain.id;
    let context = CallContext {
        origin: Origin::System,
        caller: Principal::anonymous(),
        cycles: 0,
        deadline: 0,
        answered: false,
        open_calls: 1,
        instructions: 0,
    };
    chain
        .world
        .find_mut(id)
        .unwrap()
        .contexts
        .insert(1, context);
    let stop = chain.manage("stop_canister", CanisterIdRecord { canister_id: id });
    chain.after(Duration::from_secs(5 * 60 - 1));
    assert_eq!(
        chain.status(&stop),
        "processing",
        "it waits for the open call"
    );
    chain.after(Duration::from_secs(2));
    assert_eq!(chain.status(&stop), "rejected", "nobody waits longer");
    assert_eq!(
        chain.message(&stop),
        "Stop canister request timed out",
        "in the network's words"
    );
    assert!(
        matches!(&chain.canister().run, Run::Stopping(waiting) if waiting.is_empty()),
        "it is stopping all the same"
    );
    chain.world.find_mut(id).unwrap().contexts.clear();
    chain.after(Duration::from_secs(1));
    let looked = chain.call("look");
    assert_eq!(chain.status(&looked), "rejected", "it takes no calls");
    assert_eq!(
        chain.canister().run,
        Run::Stopped,
        "and stopped when nothing was open"
    );
}

#[test]
fn who_cannot_pay_for_storage_loses_code_and_snapshots_but_not_the_canister() {
    let mut chain = Chain::running("(module (memory 160))");
    let id = chain.id;
    let take = chain.manage(
        "take_canister_snapshot",
        canopic_practice::interface::TakeCanisterSnapshotArgs {
            canister_id: id,
            replace_snapshot: None,
            uninstall_code: None,
            sender_canister_version: None,
        },
    );
    assert_eq!(chain.status(&take), "replied", "there is a snapshot");
    let a_day = chain.canister().idle_cycles_burned_per_day();
    let before = chain.canister().cycles;
    let mut passed = 0;
    while passed < 24 * 60 {
        chain.after(Duration::from_secs(60));
        passed += 1;
    }
    let burned = before - chain.canister().cycles;
    assert!(
        burned.abs_diff(a_day) < a_day / 100,
        "a day costs what the status says: {burned} of {a_day}"
    );
    chain.world.find_mut(id).unwrap().cycles = a_day / (24 * 60) / 2;
    chain.after(Duration::from_secs(60));
    let canister = chain.canister();
    assert!(
        canister.code.is_none() && canister.snapshots.is_empty(),
        "half of what a minute costs is not enough"
    );
    let metrics = chain.manage("canister_metrics", CanisterIdRecord { canister_id: id });
    let metrics = Decode!(&chain.reply(&metrics), CanisterMetricsResult).unwrap();
    assert!(
        metrics.cycles_consumed.memory >= burned,
        "where the cycles went is told: {:?}",
        metrics.cycles_consumed
    );
}

#[test]
fn a_canister_is_told_once_that_its_heap_is_nearly_full() {
    let mut chain = Chain::running(
        r#"(module
            (import "ic0" "msg_reply" (func $reply))
            (memory 1)
            (func (export "canister_update grow") (drop (memory.grow (i32.const 1))) (call $reply))
            (func (export "canister_on_low_wasm_memory")
                (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))))"#,
    );
    let id = chain.id;
    let update = UpdateSettingsArgs {
        canister_id: id,
        settings: CanisterSettings {
            wasm_memory_limit: Some((10_u32 * 65_536).into()),
            wasm_memory_threshold: Some((8_u32 * 65_536).into()),
            ..CanisterSettings::default()
        },
        sender_canister_version: None,
    };
    chain.manage("update_settings", update);
    let told = |chain: &Chain| {
        let heap = &chain.canister().code.as_ref().unwrap().image.heap;
        heap.slice(0, 1).unwrap()[0]
    };
    chain.call("grow");
    chain.block();
    assert_eq!(
        told(&chain),
        0,
        "eight pages are left: no fewer than it wants"
    );
    chain.call("grow");
    chain.block();
    chain.call("grow");
    chain.block();
    assert_eq!(told(&chain), 1, "once, however full it gets");
}
