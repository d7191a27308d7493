//! Every operation as the matrices of faults and of killed processes know it: how its world is prepared, and how the world has to be
//! afterwards. A new operation is a new line of [`ALL`].

use crate::Bench;
use camino::Utf8PathBuf;
use canopic_engine::{
    CanisterId, CheckCall, Conduct, Drill, End, InstallOrder, Job, Manner, Module, ModuleHash,
    OnFailure, Op, Plan, Restore, SendSnapshot, SnapshotId, State, StepName, TakeSnapshot, Upgrade,
    UpgradeOptions, Wish,
};
use canopic_practice::{blocks::World, canister::Run, interface::ChangeDetails};
use futures::future::BoxFuture;
use std::{collections::BTreeSet, time::Duration};

/// A module that counts. What it holds tells which snapshot was loaded.
pub const COUNTER: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (memory 1)
    (func (export "canister_update count")
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $reply))
    (func (export "canister_query total")
        (call $append (i32.const 0) (i32.const 4))
        (call $reply)))"#;

/// Its next version: it begins at seven, and answers in Candid that it is well.
pub const NEXT_COUNTER: &str = r#"(module
    (import "ic0" "msg_reply" (func $reply))
    (import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
    (memory 1)
    (data (i32.const 0) "\07\00\00\00")
    (data (i32.const 16) "DIDL\00\01\7e\01")
    (func (export "canister_update count")
        (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
        (call $append (i32.const 16) (i32.const 8))
        (call $reply))
    (func (export "canister_query well")
        (call $append (i32.const 16) (i32.const 8))
        (call $reply))
    (func (export "canister_query total")
        (call $append (i32.const 0) (i32.const 4))
        (call $reply)))"#;

/// An operation, and the world that it is tried in.
pub struct Operation {
    /// Its name in the tests.
    pub name: &'static str,
    prepare: for<'a> fn(&'a Bench) -> BoxFuture<'a, Scene>,
}

/// A world that is prepared for an operation.
pub struct Scene {
    /// The operation.
    pub op: Op,
    /// The canisters that it is about, and how each of them has to be afterwards.
    pub cast: Vec<(CanisterId, Change)>,
    /// A folder that is only a means: afterwards it is gone.
    pub means: Option<Utf8PathBuf>,
}

/// What an operation is to change in a canister.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// Whether it runs afterwards; as before without it.
    pub is_running: Option<bool>,
    /// What it holds afterwards; as before without it.
    pub total: Option<u32>,
    /// How many snapshots there are more.
    pub snapshots: isize,
    /// How many are taken.
    pub taken: u64,
    /// How many are loaded.
    pub loaded: usize,
    /// How many are loaded to take it back, beside one for each that was loaded.
    pub back: usize,
    /// How many modules are installed.
    pub installed: usize,
    /// Whether it stays when the job turns back afterwards.
    pub is_lasting: bool,
}

/// A canister as the network has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Whether it runs.
    pub is_running: bool,
    /// What it holds; none for an empty one.
    pub total: Option<u32>,
    /// Its snapshots, by their numbers.
    pub snapshots: BTreeSet<u64>,
    /// How many snapshots were ever taken of it.
    pub taken: u64,
    /// How many were ever loaded.
    pub loaded: usize,
    /// How many modules were ever installed.
    pub installed: usize,
    /// How many canisters there are on the network.
    pub canisters: usize,
}

/// All operations.
pub const ALL: [Operation; 15] = [
    Operation {
        name: "start",
        prepare: |bench| Box::pin(start(bench)),
    },
    Operation {
        name: "stop",
        prepare: |bench| Box::pin(stop(bench)),
    },
    Operation {
        name: "take",
        prepare: |bench| Box::pin(take(bench)),
    },
    Operation {
        name: "take-fleet",
        prepare: |bench| Box::pin(take_fleet(bench)),
    },
    Operation {
        name: "restore",
        prepare: |bench| Box::pin(restore(bench)),
    },
    Operation {
        name: "restore-fleet",
        prepare: |bench| Box::pin(restore_fleet(bench)),
    },
    Operation {
        name: "send",
        prepare: |bench| Box::pin(send(bench)),
    },
    Operation {
        name: "send-to-empty",
        prepare: |bench| Box::pin(send_to_empty(bench)),
    },
    Operation {
        name: "send-across",
        prepare: |bench| Box::pin(send_across(bench)),
    },
    Operation {
        name: "install",
        prepare: |bench| Box::pin(install(bench)),
    },
    Operation {
        name: "reinstall-in-chunks",
        prepare: |bench| Box::pin(reinstall_in_chunks(bench)),
    },
    Operation {
        name: "upgrade",
        prepare: |bench| Box::pin(upgrade(bench)),
    },
    Operation {
        name: "upgrade-without-net",
        prepare: |bench| Box::pin(upgrade_without_net(bench)),
    },
    Operation {
        name: "drill",
        prepare: |bench| Box::pin(drill(bench)),
    },
    Operation {
        name: "delete-snapshots",
        prepare: |bench| Box::pin(delete_snapshots(bench)),
    },
];

impl Operation {
    /// Prepares the world.
    pub async fn prepare(&self, bench: &Bench) -> Scene {
        (self.prepare)(bench).await
    }
}

/// An engine that waits in hundredths of seconds, so that a matrix of hundreds of faults takes a minute. An envelope lives long
/// enough for a busy machine.
pub fn brisk() -> Conduct {
    Conduct {
        envelope_life: Duration::from_secs(3),
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(200),
        attempts: 6,
        witness: None,
        room: None,
    }
}

/// A running counter that stands at one.
pub async fn counter(bench: &Bench) -> CanisterId {
    let canister = bench.create().await;
    filled(bench, canister).await
}

async fn filled(bench: &Bench, canister: CanisterId) -> CanisterId {
    bench.install(canister, COUNTER).await;
    count(bench, canister).await;
    canister
}

/// Counts one up.
///
/// # Panics
///
/// Where it does not run.
pub async fn count(bench: &Bench, canister: CanisterId) {
    let call = bench.agent().update(&canister.principal(), "count");
    call.with_arg(candid::encode_args(()).expect("nothing can be encoded"))
        .call_and_wait()
        .await
        .expect("a running counter counts");
}

/// Takes a snapshot past the engine.
///
/// # Panics
///
/// Where there is no room.
pub async fn snapshot(bench: &Bench, canister: CanisterId) -> SnapshotId {
    #[derive(candid::CandidType)]
    struct Argument {
        canister_id: candid::Principal,
        replace_snapshot: Option<Vec<u8>>,
    }
    #[derive(candid::CandidType, serde::Deserialize)]
    struct Taken {
        id: Vec<u8>,
    }
    let argument = Argument {
        canister_id: canister.principal(),
        replace_snapshot: None,
    };
    let (taken,): (Taken,) = bench
        .manage(canister.principal(), "take_canister_snapshot", (argument,))
        .await
        .expect("there is room for a snapshot");
    SnapshotId::from(taken.id)
}

async fn start(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let about = crate::About::of(canister);
    let () = bench
        .manage(canister.principal(), "stop_canister", (about,))
        .await
        .expect("the owner may stop it");
    let change = Change {
        is_running: Some(true),
        ..Change::default()
    };
    Scene {
        means: None,
        op: Op::Start { canister },
        cast: vec![(canister, change)],
    }
}

async fn stop(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let change = Change {
        is_running: Some(false),
        ..Change::default()
    };
    Scene {
        means: None,
        op: Op::Stop { canister },
        cast: vec![(canister, change)],
    }
}

const TAKEN: Change = Change {
    is_running: None,
    total: None,
    snapshots: 1,
    taken: 1,
    loaded: 0,
    back: 0,
    installed: 0,
    is_lasting: false,
};

const RESTORED: Change = Change {
    is_running: None,
    total: Some(1),
    snapshots: 1,
    taken: 1,
    loaded: 1,
    back: 0,
    installed: 0,
    is_lasting: false,
};

async fn take(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let op = Op::TakeSnapshot(TakeSnapshot {
        canister,
        is_stopped_meanwhile: true,
        replace: None,
        name: "before the letter".to_owned(),
        note: String::new(),
    });
    Scene {
        means: None,
        op,
        cast: vec![(canister, TAKEN)],
    }
}

async fn take_fleet(bench: &Bench) -> Scene {
    let (one, other) = (counter(bench).await, counter(bench).await);
    Scene {
        means: None,
        op: Op::TakeSnapshots {
            canisters: vec![one, other],
        },
        cast: vec![(one, TAKEN), (other, TAKEN)],
    }
}

/// A counter that stands at two, and its snapshot that stands at one.
pub async fn moved_on(bench: &Bench) -> Restore {
    let canister = counter(bench).await;
    moved_on_from(bench, canister).await
}

async fn moved_on_from(bench: &Bench, canister: CanisterId) -> Restore {
    let snapshot = snapshot(bench, canister).await;
    count(bench, canister).await;
    Restore {
        canister,
        snapshot,
        replace: None,
    }
}

async fn restore(bench: &Bench) -> Scene {
    let wish = moved_on(bench).await;
    Scene {
        means: None,
        cast: vec![(wish.canister, RESTORED)],
        op: Op::Restore(wish),
    }
}

async fn restore_fleet(bench: &Bench) -> Scene {
    let restores = vec![moved_on(bench).await, moved_on(bench).await];
    Scene {
        means: None,
        cast: restores
            .iter()
            .map(|wish| (wish.canister, RESTORED))
            .collect(),
        op: Op::RestoreSnapshots { restores },
    }
}

/// A snapshot that was written out, so that it can be loaded elsewhere.
pub async fn written_out(bench: &Bench) -> Restore {
    let wish = moved_on(bench).await;
    if !bench.has_network() {
        // Any other network writes it out in its own time, and the job waits for that.
        return wish;
    }
    bench.network().checkpoint();
    // Orders are taken in one after the other: when this has happened the checkpoint has as well.
    count(bench, wish.canister).await;
    wish
}

async fn send(bench: &Bench) -> Scene {
    let source = written_out(bench).await;
    let target = counter(bench).await;
    count(bench, target).await;
    count(bench, target).await;
    Scene {
        means: None,
        op: Op::SendSnapshot(SendSnapshot {
            source: source.canister,
            snapshot: source.snapshot,
            target,
            may_replace: true,
            carries_settings: false,
            through_copy: false,
            folder: bench.home.join("on-its-way"),
            keep_as: None,
        }),
        cast: vec![(target, RESTORED), (source.canister, Change::default())],
    }
}

async fn send_to_empty(bench: &Bench) -> Scene {
    let source = written_out(bench).await;
    let target = bench.create().await;
    let change = Change {
        snapshots: 0,
        taken: 0,
        ..RESTORED
    };
    Scene {
        means: None,
        op: Op::SendSnapshot(SendSnapshot {
            source: source.canister,
            snapshot: source.snapshot,
            target,
            may_replace: false,
            carries_settings: false,
            through_copy: false,
            folder: bench.home.join("on-its-way"),
            keep_as: None,
        }),
        cast: vec![(target, change), (source.canister, Change::default())],
    }
}

async fn send_across(bench: &Bench) -> Scene {
    let there = bench.create_elsewhere().await;
    let there = filled(bench, there).await;
    let source = moved_on_from(bench, there).await;
    let target = counter(bench).await;
    count(bench, target).await;
    count(bench, target).await;
    let folder = bench.home.join("on-its-way");
    let change = Change {
        // One that was only a means, and the safety snapshot.
        taken: 2,
        ..RESTORED
    };
    Scene {
        means: Some(folder.clone()),
        op: Op::SendSnapshot(SendSnapshot {
            source: source.canister,
            snapshot: source.snapshot,
            target,
            may_replace: true,
            carries_settings: true,
            through_copy: false,
            folder,
            keep_as: None,
        }),
        cast: vec![(target, change), (source.canister, Change::default())],
    }
}

/// A check call that [`NEXT_COUNTER`] answers like this, if it does.
pub fn well(expected: Option<&str>) -> CheckCall {
    CheckCall {
        method: "well".to_owned(),
        manner: Manner::Query,
        arguments: "()".to_owned(),
        expected: expected.map(str::to_owned),
    }
}

/// Keeps a module, so that operations can name it.
///
/// # Panics
///
/// Where the text is not a module.
pub fn kept(bench: &Bench, text: &str) -> ModuleHash {
    let path = bench.home.join("module.wasm");
    let module = wat::parse_str(text).expect("the test's module is well-formed");
    std::fs::write(&path, module).expect("the folder is ours");
    let kept = bench.engine.keep_module(&path);
    kept.expect("it is a module").hash()
}

async fn upgrade(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let change = Change {
        total: Some(7),
        back: 1,
        installed: 1,
        ..TAKEN
    };
    Scene {
        means: None,
        op: Op::Upgrade(Upgrade {
            canister,
            module: kept(bench, NEXT_COUNTER),
            options: UpgradeOptions::default(),
            argument: String::new(),
            checks: vec![well(Some("(true)"))],
            on_failure: OnFailure::Restore,
            replace: None,
        }),
        cast: vec![(canister, change)],
    }
}

async fn drill(bench: &Bench) -> Scene {
    let source = written_out(bench).await;
    Scene {
        means: None,
        op: Op::Drill(Drill {
            canister: source.canister,
            snapshot: source.snapshot,
            checks: vec![CheckCall {
                method: "total".to_owned(),
                ..well(None)
            }],
            purse: None,
            asked_at: 0,
        }),
        cast: vec![(source.canister, Change::default())],
    }
}

/// A module that the engine keeps, to be installed like this.
async fn installed(bench: &Bench, canister: CanisterId, wasm: Vec<u8>, wish: Wish) -> Op {
    let order = InstallOrder {
        canister,
        module: Module::read(wasm).expect("the test's module is one"),
        wish,
        options: UpgradeOptions::default(),
        arguments: None,
    };
    let planned = bench.engine.plan_install(&order).await;
    planned.expect("an installation can be planned").op()
}

/// The counter with a section that nobody reads, too large for one message.
fn large() -> Vec<u8> {
    let name = b"padding";
    let content = (0..2_600_000_u32).map(|n| (n >> 16) as u8 ^ n as u8);
    let mut section = vec![name.len() as u8];
    section.extend(name);
    section.extend(content);
    let mut wasm = wat::parse_str(COUNTER).expect("the counter is well-formed");
    // A custom section: its number, and its length as LEB128.
    wasm.push(0);
    let mut length = section.len();
    while length >= 0x80 {
        wasm.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    wasm.push(length as u8);
    wasm.extend(section);
    wasm
}

/// A counter begins at nothing, and so does one that is installed anew.
const INSTALLED: Change = Change {
    is_running: None,
    total: Some(0),
    snapshots: 0,
    taken: 0,
    loaded: 0,
    back: 0,
    installed: 1,
    is_lasting: true,
};

async fn install(bench: &Bench) -> Scene {
    let canister = bench.create().await;
    let wasm = wat::parse_str(COUNTER).expect("the counter is well-formed");
    Scene {
        means: None,
        op: installed(bench, canister, wasm, Wish::Install).await,
        cast: vec![(canister, INSTALLED)],
    }
}

async fn reinstall_in_chunks(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    Scene {
        means: None,
        op: installed(bench, canister, large(), Wish::Reinstall).await,
        cast: vec![(canister, INSTALLED)],
    }
}

/// The counter keeps its number in its main memory, which an upgrade begins anew.
async fn upgrade_without_net(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let wasm = COUNTER.replace("(memory 1)", "(memory 2)");
    let wasm = wat::parse_str(&wasm).expect("the counter is well-formed");
    Scene {
        means: None,
        op: installed(bench, canister, wasm, Wish::Upgrade).await,
        cast: vec![(canister, INSTALLED)],
    }
}

async fn delete_snapshots(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let snapshots = vec![
        snapshot(bench, canister).await,
        snapshot(bench, canister).await,
    ];
    let change = Change {
        snapshots: -2,
        ..Change::default()
    };
    Scene {
        means: None,
        op: Op::DeleteSnapshots {
            canister,
            snapshots,
        },
        cast: vec![(canister, change)],
    }
}

/// The call that a step of a plan makes, where it makes one that is struck.
pub fn method_in(plan: &Plan, step: usize) -> Option<&'static str> {
    let names = || plan.steps.iter().map(canopic_engine::Step::name);
    let is_chunked = names().any(|name| name == StepName::UploadModule);
    match names().nth(step)? {
        StepName::InstallCode if is_chunked => Some("install_chunked_code"),
        name => method(name),
    }
}

/// The call that a step of this name makes.
fn method(step: StepName) -> Option<&'static str> {
    match step {
        StepName::Start => Some("start_canister"),
        StepName::Stop => Some("stop_canister"),
        StepName::TakeSnapshot => Some("take_canister_snapshot"),
        StepName::LoadSnapshot | StepName::LoadTrial => Some("load_canister_snapshot"),
        StepName::MakeSnapshot => Some("upload_canister_snapshot_metadata"),
        StepName::MakeTrial => Some("provisional_create_canister_with_cycles"),
        StepName::DeleteSnapshot => Some("delete_canister_snapshot"),
        StepName::UploadModule => Some("upload_chunk"),
        StepName::InstallCode | StepName::UpgradeCode => Some("install_code"),
        StepName::ClearChunks => Some("clear_chunk_store"),
        StepName::Uninstall => Some("uninstall_code"),
        StepName::Delete | StepName::DeleteTrial => Some("delete_canister"),
        StepName::ChangeSettings => Some("update_settings"),
        _ => None,
    }
}

/// A canister as the network has it right now, past every interface.
///
/// # Panics
///
/// Where there is no such canister.
pub fn picture(world: &World, id: CanisterId) -> Picture {
    let canister = world
        .canister(
            id.principal(),
            world.topology.route(id.principal()).unwrap_or_default(),
        )
        .expect("it was made on a subnet");
    let is_load = |change: &&std::sync::Arc<canopic_practice::interface::Change>| {
        matches!(change.details, ChangeDetails::LoadSnapshot { .. })
    };
    let is_installation = |change: &&std::sync::Arc<canopic_practice::interface::Change>| {
        matches!(change.details, ChangeDetails::CodeDeployment { .. })
    };
    let memory = canister.code.as_ref().map(|code| {
        let mut total = [0; 4];
        code.image
            .heap
            .read(0, &mut total)
            .expect("a counter has a page of memory");
        u32::from_le_bytes(total)
    });
    Picture {
        is_running: matches!(canister.run, Run::Running),
        total: memory,
        snapshots: canister.snapshots.keys().copied().collect(),
        taken: canister.next_snapshot,
        loaded: canister.history.iter().filter(is_load).count(),
        installed: canister.history.iter().filter(is_installation).count(),
        canisters: world.canisters().count(),
    }
}

/// Pictures of all canisters of a scene.
pub fn pictures(world: &World, scene: &Scene) -> Vec<Picture> {
    scene
        .cast
        .iter()
        .map(|(canister, _)| picture(world, *canister))
        .collect()
}

/// What every end has to keep: done is exactly as planned, undone is as before, and nothing ever happens twice.
///
/// # Panics
///
/// Where it is not so.
pub fn judge(scene: &Scene, job: &Job, before: &[Picture], after: &[Picture]) {
    if let Some(means) = scene.means.as_ref().filter(|means| means.exists()) {
        assert!(
            !matches!(job.state, State::Ended(_)),
            "{means} was only a means: {:?}",
            job.state
        );
    }
    for (((canister, change), before), after) in scene.cast.iter().zip(before).zip(after) {
        let told = || {
            format!(
                "{canister}: {before:?} became {after:?}; {:?}, {:?}",
                job.state, job.failure
            )
        };
        let taken = after.taken - before.taken;
        let loaded = after.loaded - before.loaded;
        assert!(
            taken <= change.taken,
            "no second snapshot, ever: {}",
            told()
        );
        assert!(
            after.installed - before.installed <= change.installed,
            "no second installation, ever: {}",
            told()
        );
        if matches!(job.state, State::Ended(_)) {
            assert_eq!(
                after.canisters,
                before.canisters,
                "no throw-away canister is left behind: {}",
                told()
            );
        }
        match &job.state {
            State::Ended(End::Done) => {
                let snapshots = before.snapshots.len().cast_signed() + change.snapshots;
                assert_eq!(
                    (
                        after.is_running,
                        after.total,
                        after.snapshots.len().cast_signed(),
                        taken,
                        loaded,
                    ),
                    (
                        change.is_running.unwrap_or(before.is_running),
                        change.total.or(before.total),
                        snapshots,
                        change.taken,
                        change.loaded,
                    ),
                    "done is as planned, each thing once: {}",
                    told()
                );
            }
            State::Ended(End::Undone) => {
                let has_lasted = change.is_lasting && after.total == change.total;
                assert!(
                    after.is_running == before.is_running
                        && (after.total == before.total || has_lasted),
                    "undone is as before: {}",
                    told()
                );
                assert!(
                    // Into an empty canister nothing is loaded back: it is empty again.
                    loaded == 0
                        || loaded == 2 * change.loaded + change.back
                        || before.total.is_none() && loaded == change.loaded,
                    "what was loaded was loaded back once: {}",
                    told()
                );
                if change.snapshots >= 0 {
                    assert_eq!(
                        after.snapshots,
                        before.snapshots,
                        "no snapshot of ours is left behind: {}",
                        told()
                    );
                }
            }
            State::Stuck(_) => {
                assert!(
                    loaded <= 2 * change.loaded + change.back,
                    "no second load, ever: {}",
                    told()
                );
            }
            state => panic!("it never came to rest: {state:?}: {}", told()),
        }
    }
}
