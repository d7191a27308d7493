//! The restore drill: whether a snapshot can be restored, found out without touching the canister that it is of.
//!
//! A throw-away canister is made, the snapshot is loaded into it, it is asked what the real one would be asked, and it is deleted.
//! Whatever happens on the way, it is deleted: it is the first thing that the job makes, so it is what turning back ends with, also
//! after a restart. An answer other than the expected one makes the job turn back: then nothing is proven, and the failure tells why.
//!
//! The throw-away canister runs the snapshot's code. It is another canister than the original, with another id and hardly any cycles, so
//! what it may do to others is what any stranger may; but heartbeats beat and calls go out while it is there.

use super::{
    Check, CheckName, Kind, Plan, Undo, Verb, World,
    check_call::{CheckAnswer, Whom, can_be_made},
    copies::{self, NODES, arrive, fits, module_of, sizes, written},
    cycles::{self, Buy, Receive},
    restore::Which,
    snapshots::snapshot_there,
};
use crate::{
    CREATION_FEE, CanisterId, CheckCall, Code, Creation, Payment, Placement, Purse, Result,
    RunState, SettingsChange,
    canister::lifecycle::{delete, is_gone, stop},
    interface,
    journal::milliseconds,
    money,
    runner::Work,
    snapshot::{self, SnapshotId},
    transfer::{cost, download::blocking},
};
use async_trait::async_trait;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::SystemTime;

/// The wish to find out whether a snapshot can be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drill {
    /// Whose snapshot.
    pub canister: CanisterId,
    /// Which.
    pub snapshot: SnapshotId,
    /// What the throw-away canister is asked.
    pub checks: Vec<CheckCall>,
    /// Who pays for the throw-away canister; none: as the network has it.
    pub purse: Option<Purse>,
    /// When it was asked for, in nanoseconds since 1970: the ledger knows the payment by it.
    pub asked_at: u64,
}

/// The wish to find out whether a copy can be restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillCopy {
    /// The copy.
    pub folder: Utf8PathBuf,
    /// What the throw-away canister is asked.
    pub checks: Vec<CheckCall>,
    /// Who pays for the throw-away canister; none: as the network has it.
    pub purse: Option<Purse>,
    /// When it was asked for, in nanoseconds since 1970: the ledger knows the payment by it.
    pub asked_at: u64,
}

/// What a throw-away canister gets beside the fee for making it and the cost of the load: for its memory and for answering, some
/// hours of both for a large one. What is left is gone with it.
const KEEP: u128 = 500_000_000_000;

pub(super) async fn plan_drill(world: &World, wish: &Drill) -> Result<Plan> {
    let canister = wish.canister;
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.undo = Undo::Needless;
    plan.checks.push(snapshot_there(&standing, &wish.snapshot));
    let bytes = standing
        .snapshot(&wish.snapshot)
        .map_or(0, |snapshot| u128::from(snapshot.bytes));
    let metadata = match standing.snapshot(&wish.snapshot) {
        Some(found) => Some(snapshot::metadata(&world.replica, canister, &found.id).await?),
        None => None,
    };
    if metadata.is_some_and(|metadata| metadata.is_uploaded) {
        let begins = snapshot::module_begins(&world.replica, canister, &wish.snapshot).await?;
        plan.checks.push(
            Check::require(CheckName::SnapshotWhole, begins).with("snapshot", &wish.snapshot),
        );
    }
    let interface = interface::read(&world.replica, canister).await;
    plan.checks.extend(can_be_made(
        &wish.checks,
        interface.unwrap_or_default().as_ref(),
    ));
    let settings = &standing.status.settings;
    // What the code may look at, and what it needs to fit; nothing that is paid for.
    let settings = SettingsChange {
        wasm_memory_limit: Some(settings.wasm_memory_limit),
        environment_variables: Some(settings.environment_variables.clone()),
        ..SettingsChange::default()
    };
    let trial = make(
        world,
        &mut plan,
        bytes,
        Trial {
            placement: Placement::Beside { canister },
            settings,
            purse: wish.purse,
            asked_at: wish.asked_at,
        },
    )
    .await?;
    plan.checks
        .push(Check::warn(CheckName::TrialRuns, false).with("name", &standing.name));
    plan.twin.push(format!(
        "icp canister snapshot restore {TRIAL} {}",
        wish.snapshot
    ));
    plan.step(LoadTrial {
        trial,
        snapshot: wish.snapshot.clone().into(),
    });
    finish(&mut plan, trial, &wish.checks);
    Ok(plan)
}

pub(super) async fn plan_drill_copy(world: &World, wish: &DrillCopy) -> Result<Plan> {
    let mut plan = Plan::about(world.caller, &[]);
    plan.undo = Undo::Needless;
    let reader = copies::open(&wish.folder).await?;
    let metadata = reader.metadata();
    plan.fingerprint = cycles::fingerprint(&json!([
        world.caller.to_text(),
        wish.folder,
        reader.manifest().map(|manifest| &manifest.content),
    ]));
    // Empty, as it will be.
    plan.checks
        .push(fits("", None, metadata, module_of(&reader)));
    plan.checks.extend(can_be_made(&wish.checks, None));
    let declared: u64 = sizes(metadata).iter().sum();
    let writing = cost::upload(declared, written(&reader), metadata.stored.len(), NODES);
    let trial = make(
        world,
        &mut plan,
        // Once as the uploaded snapshot, once as the state.
        2 * u128::from(declared) + writing,
        Trial {
            placement: Placement::Anywhere,
            settings: SettingsChange::default(),
            purse: wish.purse,
            asked_at: wish.asked_at,
        },
    )
    .await?;
    plan.checks
        .push(Check::warn(CheckName::TrialRuns, false).with("name", ""));
    plan.twin.extend([
        format!(
            "UPLOADED=$(icp canister snapshot upload {TRIAL} -i {} --quiet)",
            wish.folder
        ),
        format!("icp canister snapshot restore {TRIAL} $UPLOADED"),
    ]);
    let made = arrive(&mut plan, &Whom::Trial { trial }, &wish.folder, None, false);
    plan.step(LoadTrial {
        trial,
        snapshot: Which::Made { made },
    });
    finish(&mut plan, trial, &wish.checks);
    plan.step(StampCopy {
        folder: wish.folder.clone(),
    });
    Ok(plan)
}

/// What the throw-away canister is called in commands: its id is not known before.
const TRIAL: &str = "$TRIAL";

/// The throw-away canister that a drill needs.
struct Trial {
    placement: Placement,
    settings: SettingsChange,
    purse: Option<Purse>,
    asked_at: u64,
}

/// Adds the step that makes a throw-away canister for a snapshot of so many bytes.
async fn make(world: &World, plan: &mut Plan, bytes: u128, trial: Trial) -> Result<usize> {
    let purse = trial.purse.unwrap_or_else(|| Purse::of(&world.network_id));
    let mut amount = KEEP + snapshot::cost(bytes);
    if purse == Purse::Ledger {
        amount += CREATION_FEE;
        let balance = money::balance(&world.replica, world.caller).await?;
        plan.cost = amount + balance.fee;
        plan.checks.push(cycles::affordable(balance, amount));
    }
    plan.twin.push(format!(
        "TRIAL=$(icp canister create --detached --cycles {amount} --quiet)"
    ));
    let creation = Creation {
        placement: trial.placement,
        settings: SettingsChange {
            // All of its cycles are there to be used up.
            freezing_threshold_seconds: Some(0),
            ..trial.settings
        },
        payment: Payment {
            amount,
            made_at: trial.asked_at,
        },
        purse: Some(purse),
        name: String::new(),
    };
    plan.step(MakeTrial {
        creation: Box::new(creation),
    });
    Ok(plan.steps.len() - 1)
}

/// Adds the steps that come once the throw-away canister holds the snapshot's state.
fn finish(plan: &mut Plan, trial: usize, checks: &[CheckCall]) {
    for call in checks {
        plan.twin.push(call.twin(TRIAL));
        plan.step(CheckAnswer {
            whom: Whom::Trial { trial },
            call: call.clone(),
            is_decisive: true,
        });
    }
    plan.twin.extend([
        format!("icp canister stop {TRIAL}"),
        format!("icp canister delete {TRIAL}"),
    ]);
    plan.step(DeleteTrial { trial });
}

/// Makes a throw-away canister. Taken back by deleting it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MakeTrial {
    #[serde(with = "super::embedded")]
    pub(crate) creation: Box<Creation>,
}

impl MakeTrial {
    /// The way in which a canister is made that stays.
    fn verb(&self) -> Box<dyn Verb> {
        let creation = self.creation.clone();
        match creation.purse {
            Some(Purse::Ledger) => Box::new(Buy { creation }),
            _ => Box::new(Receive { creation }),
        }
    }
}

fn trial_in(output: &Value) -> Result<CanisterId> {
    let id = output["trial"].as_str().and_then(|id| id.parse().ok());
    id.ok_or_else(|| crate::Error::new(Code::Bug, "reading what a step left behind"))
}

/// Deletes a throw-away canister: gone is done.
async fn throw_away(work: &Work, canister: CanisterId) -> Result<()> {
    match work.status(canister).await {
        Ok(status) if status.run_state == RunState::Stopped => {}
        Ok(_) => work.repeat(stop(canister)?).await?,
        Err(error) if is_gone(&error) => return Ok(()),
        Err(error) => return Err(error),
    }
    match work.repeat(delete(canister)?).await {
        Err(error) if is_gone(&error) => Ok(()),
        ended => ended,
    }
}

#[async_trait]
impl Verb for MakeTrial {
    fn canister(&self) -> CanisterId {
        self.verb().canister()
    }

    fn kind(&self) -> Kind {
        self.verb().kind()
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let made = self.verb().run(work).await?;
        // By another name than a canister that stays.
        Ok(json!({ "trial": made["canister"] }))
    }

    async fn undo(&self, work: &Work, output: Option<&Value>) -> Result<()> {
        match output {
            Some(output) => throw_away(work, trial_in(output)?).await,
            None => Ok(()),
        }
    }
}

/// Loads a snapshot into the throw-away canister. Nobody minds if that happens twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadTrial {
    /// The step that made the throw-away canister.
    pub(crate) trial: usize,
    pub(crate) snapshot: Which,
}

#[async_trait]
impl Verb for LoadTrial {
    fn canister(&self) -> CanisterId {
        Whom::Trial { trial: self.trial }.known()
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let trial = Whom::Trial { trial: self.trial }.id(work)?;
        let snapshot = self.snapshot.id(work)?;
        let () = work.repeat(snapshot::load(trial, &snapshot)?).await?;
        Ok(Value::Null)
    }
}

/// Deletes the throw-away canister.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteTrial {
    /// The step that made it.
    pub(crate) trial: usize,
}

#[async_trait]
impl Verb for DeleteTrial {
    fn canister(&self) -> CanisterId {
        Whom::Trial { trial: self.trial }.known()
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        throw_away(work, Whom::Trial { trial: self.trial }.id(work)?).await?;
        Ok(Value::Null)
    }
}

/// Notes in a copy that it was restored, with success. One that cannot be written to is proven all the same: the activity log says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StampCopy {
    pub(crate) folder: Utf8PathBuf,
}

#[async_trait]
impl Verb for StampCopy {
    /// The management canister: a copy has no canister here.
    fn canister(&self) -> CanisterId {
        Whom::Trial { trial: 0 }.known()
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, _work: &Work) -> Result<Value> {
        let (folder, now) = (self.folder.clone(), SystemTime::now());
        let stamped = blocking("noting that a copy is proven", move || {
            crate::folder::update(&folder, |manifest| {
                manifest.proven_at = Some(milliseconds(now));
            })
        });
        if let Err(error) = stamped.await {
            tracing::warn!(
                report = error.chain(),
                "a copy could not be told that it is proven"
            );
        }
        Ok(Value::Null)
    }
}
