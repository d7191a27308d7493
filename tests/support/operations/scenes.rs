//! The worlds in which the operations are tried: counters whose number tells which snapshot was loaded. One function for each
//! operation, named as in the table.

use super::{Change, Scene};
use crate::Bench;
use camino::Utf8PathBuf;
use canopic_engine::{
    CanisterId, CheckCall, Creation, DownloadSnapshot, Drill, DrillCopy, End, InstallOrder, Manner,
    Module, ModuleHash, OnFailure, Op, Payment, Placement, Purse, Restore, RestoreCopy, SLOTS,
    SendSnapshot, SettingsChange, SnapshotId, State, TakeSnapshot, Upgrade, UpgradeOptions, Wish,
};
use std::time::{SystemTime, UNIX_EPOCH};

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

pub(super) async fn start(bench: &Bench) -> Scene {
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
        makes: 0,
        op: Op::Start { canister },
        cast: vec![(canister, change)],
    }
}

pub(super) async fn stop(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let change = Change {
        is_running: Some(false),
        ..Change::default()
    };
    Scene {
        means: None,
        makes: 0,
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
    replaced: 0,
    is_gone: false,
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
    replaced: 0,
    is_gone: false,
};

pub(super) async fn take(bench: &Bench) -> Scene {
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
        makes: 0,
        op,
        cast: vec![(canister, TAKEN)],
    }
}

pub(super) async fn take_fleet(bench: &Bench) -> Scene {
    let (one, other) = (counter(bench).await, counter(bench).await);
    Scene {
        means: None,
        makes: 0,
        op: Op::TakeSnapshots {
            canisters: vec![one, other],
            replace: vec![],
        },
        cast: vec![(one, TAKEN), (other, TAKEN)],
    }
}

/// One of the two has no room, and its oldest snapshot gives way.
pub(super) async fn take_fleet_replacing(bench: &Bench) -> Scene {
    let (one, full) = (counter(bench).await, counter(bench).await);
    let oldest = snapshot(bench, full).await;
    for _ in 1..SLOTS {
        snapshot(bench, full).await;
    }
    let replaced = Change {
        snapshots: 0,
        replaced: 1,
        ..TAKEN
    };
    Scene {
        means: None,
        makes: 0,
        op: Op::TakeSnapshots {
            canisters: vec![one, full],
            replace: vec![oldest],
        },
        cast: vec![(one, TAKEN), (full, replaced)],
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

pub(super) async fn restore(bench: &Bench) -> Scene {
    let wish = moved_on(bench).await;
    Scene {
        means: None,
        makes: 0,
        cast: vec![(wish.canister, RESTORED)],
        op: Op::Restore(wish),
    }
}

pub(super) async fn restore_fleet(bench: &Bench) -> Scene {
    let restores = vec![moved_on(bench).await, moved_on(bench).await];
    Scene {
        means: None,
        makes: 0,
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

pub(super) async fn send(bench: &Bench) -> Scene {
    let source = written_out(bench).await;
    let target = counter(bench).await;
    count(bench, target).await;
    count(bench, target).await;
    Scene {
        means: None,
        makes: 0,
        op: Op::SendSnapshot(SendSnapshot {
            source: source.canister,
            snapshot: source.snapshot,
            target,
            may_replace: true,
            carries_settings: false,
            through_copy: false,
            waits_at_most_seconds: None,
            replace: vec![],
            folder: bench.home.join("on-its-way"),
            keep_as: None,
        }),
        cast: vec![(target, RESTORED), (source.canister, Change::default())],
    }
}

pub(super) async fn send_to_empty(bench: &Bench) -> Scene {
    let source = written_out(bench).await;
    let target = bench.create().await;
    let change = Change {
        snapshots: 0,
        taken: 0,
        ..RESTORED
    };
    Scene {
        means: None,
        makes: 0,
        op: Op::SendSnapshot(SendSnapshot {
            source: source.canister,
            snapshot: source.snapshot,
            target,
            may_replace: false,
            carries_settings: false,
            through_copy: false,
            waits_at_most_seconds: None,
            replace: vec![],
            folder: bench.home.join("on-its-way"),
            keep_as: None,
        }),
        cast: vec![(target, change), (source.canister, Change::default())],
    }
}

pub(super) async fn send_across(bench: &Bench) -> Scene {
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
        makes: 0,
        op: Op::SendSnapshot(SendSnapshot {
            source: source.canister,
            snapshot: source.snapshot,
            target,
            may_replace: true,
            carries_settings: true,
            through_copy: false,
            waits_at_most_seconds: None,
            replace: vec![],
            folder,
            keep_as: None,
        }),
        cast: vec![(target, change), (source.canister, Change::default())],
    }
}

/// The copy of a snapshot that stands at one, and whose it is.
async fn copied(bench: &Bench) -> (CanisterId, Utf8PathBuf) {
    let source = moved_on(bench).await;
    let folder = bench.home.join("a-copy");
    let download = Op::DownloadSnapshot(DownloadSnapshot {
        canister: source.canister,
        snapshot: source.snapshot,
        folder: folder.clone(),
        name: "a copy".to_owned(),
    });
    let plan = bench.engine.plan(&download).await;
    let fingerprint = plan.expect("a download can be planned").fingerprint;
    let job = bench.engine.run(download, &fingerprint).await;
    let job = bench.engine.rest(job.expect("nobody is in the way")).await;
    assert_eq!(
        job.expect("the job is known").state,
        State::Ended(End::Done)
    );
    (source.canister, folder)
}

pub(super) async fn restore_copy(bench: &Bench) -> Scene {
    let (_, folder) = copied(bench).await;
    let target = counter(bench).await;
    count(bench, target).await;
    let change = Change {
        // One that was only a means, and the safety snapshot.
        taken: 2,
        ..RESTORED
    };
    Scene {
        means: None,
        makes: 0,
        op: Op::RestoreCopy(RestoreCopy {
            canister: target,
            folder,
            may_replace: true,
            replace: vec![],
        }),
        cast: vec![(target, change)],
    }
}

pub(super) async fn drill_copy(bench: &Bench) -> Scene {
    let (source, folder) = copied(bench).await;
    Scene {
        means: None,
        makes: 0,
        op: Op::DrillCopy(DrillCopy {
            folder,
            checks: vec![CheckCall {
                method: "total".to_owned(),
                ..well(None)
            }],
            purse: None,
            asked_at: 0,
        }),
        // It has nothing to do with it: but no canister is left behind.
        cast: vec![(source, Change::default())],
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

pub(super) async fn upgrade(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let change = Change {
        total: Some(7),
        back: 1,
        installed: 1,
        ..TAKEN
    };
    Scene {
        means: None,
        makes: 0,
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

pub(super) async fn drill(bench: &Bench) -> Scene {
    drill_with(bench, None).await
}

pub(super) async fn drill_paid(bench: &Bench) -> Scene {
    drill_with(bench, Some(Purse::Ledger)).await
}

async fn drill_with(bench: &Bench, purse: Option<Purse>) -> Scene {
    let source = written_out(bench).await;
    let asked_at = SystemTime::now().duration_since(UNIX_EPOCH);
    Scene {
        means: None,
        makes: 0,
        op: Op::Drill(Drill {
            canister: source.canister,
            snapshot: source.snapshot,
            checks: vec![CheckCall {
                method: "total".to_owned(),
                ..well(None)
            }],
            purse,
            asked_at: asked_at.map_or(0, |since| since.as_nanos() as u64),
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
///
/// # Panics
///
/// Never: the counter is well-formed.
pub fn large() -> Vec<u8> {
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
    replaced: 0,
    is_gone: false,
};

pub(super) async fn install(bench: &Bench) -> Scene {
    let canister = bench.create().await;
    let wasm = wat::parse_str(COUNTER).expect("the counter is well-formed");
    Scene {
        means: None,
        makes: 0,
        op: installed(bench, canister, wasm, Wish::Install).await,
        cast: vec![(canister, INSTALLED)],
    }
}

pub(super) async fn reinstall_in_chunks(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    Scene {
        means: None,
        makes: 0,
        op: installed(bench, canister, large(), Wish::Reinstall).await,
        cast: vec![(canister, INSTALLED)],
    }
}

/// The counter keeps its number in its main memory, which an upgrade begins anew.
pub(super) async fn upgrade_without_net(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let wasm = COUNTER.replace("(memory 1)", "(memory 2)");
    let wasm = wat::parse_str(&wasm).expect("the counter is well-formed");
    Scene {
        means: None,
        makes: 0,
        op: installed(bench, canister, wasm, Wish::Upgrade).await,
        cast: vec![(canister, INSTALLED)],
    }
}

pub(super) async fn create(bench: &Bench) -> Scene {
    create_from(bench, Purse::Gift).await
}

pub(super) async fn create_paid(bench: &Bench) -> Scene {
    create_from(bench, Purse::Ledger).await
}

/// Beside another one, which has nothing to do with it. Whatever becomes of the answer: there is never a second one.
async fn create_from(bench: &Bench, purse: Purse) -> Scene {
    let neighbour = counter(bench).await;
    Scene {
        means: None,
        makes: 1,
        op: Op::Create {
            creation: Box::new(Creation {
                placement: Placement::Beside {
                    canister: neighbour,
                },
                settings: SettingsChange::default(),
                payment: Payment::new(1_000_000_000_000, SystemTime::now()),
                purse: Some(purse),
                name: "the only one".to_owned(),
            }),
        },
        cast: vec![(neighbour, Change::default())],
    }
}

pub(super) async fn delete(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let change = Change {
        is_gone: true,
        ..Change::default()
    };
    Scene {
        means: None,
        makes: 0,
        op: Op::Delete {
            canister,
            withdraws: false,
            replace: None,
        },
        cast: vec![(canister, change)],
    }
}

/// What is in it is kept while its cycles are sent, and loaded again where it is not deleted after all.
pub(super) async fn delete_withdrawing(bench: &Bench) -> Scene {
    let canister = counter(bench).await;
    let change = Change {
        is_gone: true,
        taken: 1,
        back: 1,
        installed: 1,
        ..Change::default()
    };
    Scene {
        means: None,
        makes: 0,
        op: Op::Delete {
            canister,
            withdraws: true,
            replace: None,
        },
        cast: vec![(canister, change)],
    }
}

pub(super) async fn delete_snapshots(bench: &Bench) -> Scene {
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
        makes: 0,
        op: Op::DeleteSnapshots {
            canister,
            snapshots,
        },
        cast: vec![(canister, change)],
    }
}
