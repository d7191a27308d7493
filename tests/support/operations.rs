//! Every operation as the matrices of faults and of killed processes know it: how its world is prepared, and how the world has to be
//! afterwards. A new operation is a new line of [`ALL`].

mod judgement;
mod scenes;

pub use judgement::{Picture, Seen, judge, picture, pictures};
pub use scenes::{
    COUNTER, NEXT_COUNTER, count, counter, kept, large, moved_on, snapshot, well, written_out,
};

use crate::Bench;
use camino::Utf8PathBuf;
use canopic_engine::{CanisterId, CheckName, Conduct, Op, Plan, StepName};
use futures::future::BoxFuture;
use std::time::Duration;

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
    /// How many canisters it makes that are there to stay.
    pub makes: usize,
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
    /// How many of the snapshots that were there give way; that stays when the job turns back afterwards.
    pub replaced: usize,
    /// Whether it is there no more.
    pub is_gone: bool,
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

/// All operations.
pub static ALL: [Operation; 23] = [
    Operation {
        name: "start",
        prepare: |bench| Box::pin(scenes::start(bench)),
    },
    Operation {
        name: "stop",
        prepare: |bench| Box::pin(scenes::stop(bench)),
    },
    Operation {
        name: "take",
        prepare: |bench| Box::pin(scenes::take(bench)),
    },
    Operation {
        name: "take-fleet",
        prepare: |bench| Box::pin(scenes::take_fleet(bench)),
    },
    Operation {
        name: "take-fleet-replacing",
        prepare: |bench| Box::pin(scenes::take_fleet_replacing(bench)),
    },
    Operation {
        name: "restore",
        prepare: |bench| Box::pin(scenes::restore(bench)),
    },
    Operation {
        name: "restore-fleet",
        prepare: |bench| Box::pin(scenes::restore_fleet(bench)),
    },
    Operation {
        name: "send",
        prepare: |bench| Box::pin(scenes::send(bench)),
    },
    Operation {
        name: "send-to-empty",
        prepare: |bench| Box::pin(scenes::send_to_empty(bench)),
    },
    Operation {
        name: "send-across",
        prepare: |bench| Box::pin(scenes::send_across(bench)),
    },
    Operation {
        name: "restore-copy",
        prepare: |bench| Box::pin(scenes::restore_copy(bench)),
    },
    Operation {
        name: "install",
        prepare: |bench| Box::pin(scenes::install(bench)),
    },
    Operation {
        name: "reinstall-in-chunks",
        prepare: |bench| Box::pin(scenes::reinstall_in_chunks(bench)),
    },
    Operation {
        name: "upgrade",
        prepare: |bench| Box::pin(scenes::upgrade(bench)),
    },
    Operation {
        name: "upgrade-without-net",
        prepare: |bench| Box::pin(scenes::upgrade_without_net(bench)),
    },
    Operation {
        name: "drill",
        prepare: |bench| Box::pin(scenes::drill(bench)),
    },
    Operation {
        name: "drill-paid",
        prepare: |bench| Box::pin(scenes::drill_paid(bench)),
    },
    Operation {
        name: "drill-copy",
        prepare: |bench| Box::pin(scenes::drill_copy(bench)),
    },
    Operation {
        name: "create",
        prepare: |bench| Box::pin(scenes::create(bench)),
    },
    Operation {
        name: "create-paid",
        prepare: |bench| Box::pin(scenes::create_paid(bench)),
    },
    Operation {
        name: "delete",
        prepare: |bench| Box::pin(scenes::delete(bench)),
    },
    Operation {
        name: "delete-withdrawing",
        prepare: |bench| Box::pin(scenes::delete_withdrawing(bench)),
    },
    Operation {
        name: "delete-snapshots",
        prepare: |bench| Box::pin(scenes::delete_snapshots(bench)),
    },
];

impl Operation {
    /// Prepares the world.
    pub async fn prepare(&self, bench: &Bench) -> Scene {
        (self.prepare)(bench).await
    }
}

/// What there is to know of each operation before its cases can be made. It is found out by carrying each of them out once, all at the
/// same time: most of that is waiting.
///
/// # Panics
///
/// Where one of them does not end as planned.
pub fn of_each<Found: Send>(
    find: impl Fn(&Operation) -> Found + Sync,
) -> Vec<(&'static Operation, Found)> {
    let find = &find;
    std::thread::scope(|scope| {
        let finding: Vec<_> = ALL
            .iter()
            .map(|operation| (operation, scope.spawn(move || find(operation))))
            .collect();
        let found = finding.into_iter().map(|(operation, found)| {
            let found = found.join().expect("each operation ends as planned");
            (operation, found)
        });
        found.collect()
    })
}

/// An engine that waits in hundredths of seconds, so that a matrix of hundreds of faults takes a minute. An envelope lives long
/// enough for a busy machine.
pub fn brisk() -> Conduct {
    Conduct {
        envelope_life: Duration::from_secs(4),
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(200),
        attempts: 6,
        checkpoint: Duration::from_millis(300),
        witness: None,
        room: None,
    }
}

/// The call that a step of a plan makes, where it makes one that is struck.
pub fn method_in(plan: &Plan, step: usize) -> Option<&'static str> {
    let names = || plan.steps.iter().map(canopic_engine::Step::name);
    let is_paid = plan
        .checks
        .iter()
        .any(|check| check.name == CheckName::Balance);
    let is_chunked = names().any(|name| name == StepName::UploadModule);
    match names().nth(step)? {
        StepName::InstallCode if is_chunked => Some("install_chunked_code"),
        // Whoever pays for it asks the ledger.
        StepName::MakeTrial if is_paid => Some("create_canister"),
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
        StepName::FillSnapshot => Some("upload_canister_snapshot_data"),
        StepName::FetchToSend => Some("read_canister_snapshot_data"),
        StepName::MakeTrial | StepName::Receive => Some("provisional_create_canister_with_cycles"),
        StepName::Buy => Some("create_canister"),
        StepName::DeleteSnapshot => Some("delete_canister_snapshot"),
        StepName::UploadModule => Some("upload_chunk"),
        StepName::InstallCode | StepName::PutMessenger | StepName::UpgradeCode => {
            Some("install_code")
        }
        StepName::ClearChunks => Some("clear_chunk_store"),
        StepName::SendCycles => Some("send"),
        StepName::Uninstall => Some("uninstall_code"),
        StepName::Delete | StepName::DeleteTrial => Some("delete_canister"),
        StepName::ChangeSettings => Some("update_settings"),
        _ => None,
    }
}
