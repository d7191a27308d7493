//! Putting a state into another canister: a snapshot of one that is within reach, or a copy on this computer.
//!
//! On the same subnet the target loads the source's snapshot directly, without any transfer. What a canister wrote since the subnet's
//! last checkpoint cannot be loaded elsewhere yet ([`Code::NotYetLoadable`]), for ten minutes at most. A target that somebody would miss
//! runs on meanwhile: [`AwaitCheckpoint`] comes before its stop. Only a load tells for sure whether a snapshot is written out, but one
//! that succeeds replaces what runs there, with nothing kept; so the snapshot's age tells, by the network's own time, and the load that
//! is refused all the same turns the job back instead of waiting. A target that is empty or stopped anyway waits in the load itself.
//!
//! To another subnet, or when that would take longer than somebody likes to wait, a snapshot goes through a copy: it is downloaded,
//! uploaded to the target and loaded there, and what was only a means is deleted again. Which way it goes is said by the plan. To another
//! network it goes in two operations, for one works on one network: a download there, and [`RestoreCopy`] here.
//!
//! The source stays as it is, running. The target is stopped once everything has arrived, what is in it is taken as a safety snapshot,
//! the state is loaded, and the target runs again if it ran. Where its slots are used up, snapshots that somebody names give way.

use super::{
    Check, CheckName, Downtime, Kind, Plan, Standing, Undo, Verb, Verdict, World,
    callers::{self, Module},
    copies::{
        self, DownloadSnapshot, Fetch, NODES, arrive, fits, metadata_at, module_of, room_for,
        sizes, written,
    },
    cycles,
    lifecycle::{Start, Stop},
    restore::{Load, Verify, Which},
    settings::{self, ChangeSettings},
    snapshots::{DeleteSnapshot, Take, affordable, snapshot_there, state_bytes},
};
use crate::{
    CanisterId, CanisterSettings, ChainSnapshot, Code, CopyReader, Error, Result, RunState, SLOTS,
    SettingsChange,
    canister::review,
    folder,
    journal::milliseconds,
    runner::Work,
    snapshot::{self, Snapshot, SnapshotId},
    transfer::{cost, download::blocking},
};
use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The wish to put one canister's snapshot into another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendSnapshot {
    /// Whose snapshot.
    pub source: CanisterId,
    /// Which.
    pub snapshot: SnapshotId,
    /// Where to.
    pub target: CanisterId,
    /// Whether a person said that what is in the target may be replaced.
    pub may_replace: bool,
    /// Whether the target gets the source's settings, too.
    pub carries_settings: bool,
    /// Whether it goes through a copy although both are on the same subnet.
    pub through_copy: bool,
    /// The longest that somebody likes to wait until the snapshot can be loaded directly; where that may take longer it goes through a
    /// copy. None: as long as it takes.
    #[serde(default)]
    pub waits_at_most_seconds: Option<u64>,
    /// The target's snapshots that give way where its slots are used up.
    #[serde(default)]
    pub replace: Vec<SnapshotId>,
    /// The folder of the copy, where it goes through one.
    pub folder: Utf8PathBuf,
    /// What people will call the copy that stays; none: it is deleted when it has arrived.
    pub keep_as: Option<String>,
}

/// The wish to put the state of a copy into a canister.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreCopy {
    /// Which canister.
    pub canister: CanisterId,
    /// The copy.
    pub folder: Utf8PathBuf,
    /// Whether a person said that what is in the canister may be replaced.
    pub may_replace: bool,
    /// The canister's snapshots that give way where its slots are used up.
    #[serde(default)]
    pub replace: Vec<SnapshotId>,
}

/// Which snapshot gives way to which: up to two are needed at a time, one that is uploaded and is only a means, and the safety snapshot.
/// The safety snapshot is taken late, when everything has arrived; so what gives way to it stays that long, and only a second one goes
/// before.
struct GivesWay {
    to_upload: Option<SnapshotId>,
    to_safety: Option<SnapshotId>,
}

impl GivesWay {
    fn of(target: &Standing, named: &[SnapshotId], is_uploaded: bool) -> Self {
        let mut named = named.to_vec();
        // Nobody gives way twice.
        named.dedup();
        let mut named = named.into_iter().rev();
        let has_safety = target.status.module_hash.is_some();
        Self {
            to_safety: has_safety.then(|| named.next()).flatten(),
            to_upload: is_uploaded.then(|| named.next()).flatten(),
        }
    }

    fn amount(&self) -> usize {
        usize::from(self.to_upload.is_some()) + usize::from(self.to_safety.is_some())
    }
}

pub(super) async fn plan_send(world: &World, wish: &SendSnapshot) -> Result<Plan> {
    let source = world.standing(wish.source).await?;
    let target = world.standing(wish.target).await?;
    let mut plan = Plan::about(world.caller, &[&target, &source]);
    let subnets = futures::try_join!(
        world.replica.subnet_of(wish.source),
        world.replica.subnet_of(wish.target)
    )?;
    let sent = source.snapshot(&wish.snapshot);
    let may_be_direct = subnets.0 == subnets.1 && !wish.through_copy;
    let wait = match sent {
        Some(sent) if may_be_direct => {
            let now = world.replica.time_at(wish.source).await?;
            written_out_by(sent, world.checkpoint)
                .duration_since(now)
                .unwrap_or_default()
        }
        _ => Duration::ZERO,
    };
    let is_too_long = wish
        .waits_at_most_seconds
        .is_some_and(|most| wait > Duration::from_secs(most));
    let is_direct = may_be_direct && !is_too_long;
    // Time decides on the way, too: what was confirmed is the way that was shown.
    plan.fingerprint = cycles::fingerprint(&json!([plan.fingerprint, is_direct]));
    if may_be_direct {
        plan.checks.push(
            Check::warn(CheckName::Checkpoint, wait.is_zero())
                .with("atMostSeconds", wait.as_secs_f64().ceil())
                .with("isThroughCopy", is_too_long),
        );
    }
    plan.checks.extend([
        snapshot_there(&source, &wish.snapshot),
        Check::require(CheckName::AnotherCanister, wish.source != wish.target),
        Check::warn(CheckName::SameSubnet, is_direct)
            .with("source", subnets.0)
            .with("target", subnets.1),
    ]);
    let settings = settings_of(&source.status.settings);
    plan.checks.push(settings_differ(
        world,
        &settings,
        &target,
        wish.carries_settings,
    )?);
    // Threshold keys, vetKeys and what others remember belong to an id, not to a state.
    plan.checks
        .push(Check::warn(CheckName::BoundToId, false).with("name", &source.name));
    may_be_replaced(&mut plan, &target, wish.may_replace);

    let Some(sent) = sent else {
        return Ok(plan);
    };
    if let Some(now) = &target.status.module_hash {
        let facts = snapshot::metadata(&world.replica, wish.source, &wish.snapshot).await?;
        let now = Some(now.as_slice());
        let then = Module::of_snapshot(world, wish.source, &wish.snapshot, &facts, now).await;
        plan.checks
            .extend(callers::check(world, &target, then).await);
    }
    let settings = wish.carries_settings.then_some(settings);
    let gives_way = GivesWay::of(&target, &wish.replace, !is_direct);
    may_give_way(&mut plan, &target, &wish.replace);
    if is_direct {
        receives(&mut plan, &target, sent.bytes.into(), 0, false, &gives_way);
        if is_missed(&target) {
            plan.step(AwaitCheckpoint {
                source: wish.source,
                snapshot: wish.snapshot.clone(),
            });
        }
        load(
            &mut plan,
            &target,
            &wish.snapshot.clone().into(),
            settings,
            gives_way.to_safety,
        );
        return Ok(plan);
    }
    let name = wish
        .keep_as
        .clone()
        .unwrap_or_else(|| format!("{} → {}", source.name, target.name));
    let download = DownloadSnapshot {
        canister: wish.source,
        snapshot: wish.snapshot.clone(),
        folder: wish.folder.clone(),
        name,
    };
    let fetch = Fetch::new(&download, source.name.clone());
    let which = across(
        world,
        &mut plan,
        &fetch,
        &source,
        &target,
        wish.keep_as.is_some(),
        &gives_way,
    )
    .await?;
    load(&mut plan, &target, &which, settings, gives_way.to_safety);
    discard(&mut plan, &target, which);
    if wish.keep_as.is_none() {
        plan.step(DropCopy { fetch });
    }
    Ok(plan)
}

/// The way through a copy: plans the transfer, and tells which snapshot of the target comes out.
async fn across(
    world: &World,
    plan: &mut Plan,
    fetch: &Fetch,
    source: &Standing,
    target: &Standing,
    is_kept: bool,
    gives_way: &GivesWay,
) -> Result<Which> {
    let metadata = metadata_at(world, fetch.canister, &fetch.snapshot).await?;
    let entries = metadata.stored.len();
    let reading = cost::download(sizes(&metadata), entries, NODES);
    let declared: u64 = sizes(&metadata).iter().sum();
    // Zeros are not sent, but how many there are is known only afterwards.
    let writing = cost::upload(declared, declared, entries, NODES);
    plan.cost += reading;
    plan.checks.push(affordable(source, reading, 0));
    plan.checks.push(fits(
        &target.name,
        target.status.module_hash.as_deref(),
        &metadata,
        source.status.module_hash.as_deref(),
    ));
    let folder = fetch.folder.clone();
    let found = blocking("looking for room", move || {
        let is_free = folder.symlink_metadata().is_err();
        let free = Check::require(CheckName::Room, is_free)
            .with("path", &folder)
            .or(Code::CopyExists);
        let mut checks = room_for(&folder, &metadata);
        checks.extend((!is_free).then_some(free));
        Ok(checks)
    });
    plan.checks.extend(found.await?);
    receives(plan, target, declared.into(), writing, true, gives_way);
    plan.twin.push(format!(
        "icp canister snapshot download {} {} -o {}",
        fetch.canister, fetch.snapshot, fetch.folder
    ));
    plan.step(FetchToSend {
        fetch: fetch.clone(),
        is_kept,
    });
    Ok(upload(plan, target, &fetch.folder, gives_way))
}

/// Adds the steps that make a snapshot of the target out of a copy.
fn upload(plan: &mut Plan, target: &Standing, folder: &Utf8Path, gives_way: &GivesWay) -> Which {
    let canister = target.canister;
    let replacing = gives_way
        .to_upload
        .as_ref()
        .map(|replaced| format!(" --replace {replaced}"))
        .unwrap_or_default();
    plan.twin.push(format!(
        "UPLOADED=$(icp canister snapshot upload {canister} -i {folder}{replacing} --quiet)"
    ));
    let replaced = gives_way.to_upload.clone();
    let made = arrive(plan, &canister.into(), folder, replaced, false);
    Which::Made { made }
}

pub(super) async fn plan_restore_copy(world: &World, wish: &RestoreCopy) -> Result<Plan> {
    let target = world.standing(wish.canister).await?;
    let mut plan = Plan::about(world.caller, &[&target]);
    let reader = copies::open(&wish.folder).await?;
    let metadata = reader.metadata();
    may_be_replaced(&mut plan, &target, wish.may_replace);
    let then = Module::of_copy(world, &reader).await;
    plan.checks
        .extend(callers::check(world, &target, then).await);
    plan.checks.push(fits(
        &target.name,
        target.status.module_hash.as_deref(),
        metadata,
        module_of(&reader),
    ));
    let declared: u64 = sizes(metadata).iter().sum();
    let entries = metadata.stored.len();
    let writing = cost::upload(declared, written(&reader), entries, NODES);
    let gives_way = GivesWay::of(&target, &wish.replace, true);
    may_give_way(&mut plan, &target, &wish.replace);
    receives(
        &mut plan,
        &target,
        declared.into(),
        writing,
        true,
        &gives_way,
    );
    let which = upload(&mut plan, &target, &wish.folder, &gives_way);
    load(&mut plan, &target, &which, None, gives_way.to_safety);
    discard(&mut plan, &target, which);
    Ok(plan)
}

/// Whether the target is in a state to be replaced, and a person wants it to be.
fn may_be_replaced(plan: &mut Plan, target: &Standing, may_replace: bool) {
    let has_code = target.status.module_hash.is_some();
    plan.checks.extend([
        Check::require(CheckName::TargetState, !has_code || may_replace).with("name", &target.name),
        Check::require(
            CheckName::RunState,
            target.status.run_state != RunState::Stopping,
        )
        .with("name", &target.name),
    ]);
}

/// Whether somebody misses the canister while it is stopped: what is empty answers nobody, stopped or not.
fn is_missed(target: &Standing) -> bool {
    target.is_running() && target.status.module_hash.is_some()
}

/// By when the network has surely written a snapshot out: a checkpoint after it was taken, and some time more, for blocks are not as
/// regular as that.
fn written_out_by(snapshot: &Snapshot, checkpoint: Duration) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(snapshot.taken_at) + checkpoint + checkpoint / 20
}

/// Whether the snapshots that give way are there.
fn may_give_way(plan: &mut Plan, target: &Standing, named: &[SnapshotId]) {
    let there = named.iter().map(|id| snapshot_there(target, id));
    plan.checks.extend(there);
}

/// Whether the target has the room and the cycles: for the safety snapshot, the load, and the upload where there is one.
fn receives(
    plan: &mut Plan,
    target: &Standing,
    sent: u128,
    writing: u128,
    is_uploaded: bool,
    gives_way: &GivesWay,
) {
    let has_code = target.status.module_hash.is_some();
    let mut needed = snapshot::cost(sent) + writing;
    let mut bytes = sent;
    if has_code {
        needed += snapshot::cost(state_bytes(target));
        bytes += state_bytes(target);
    }
    if is_uploaded {
        bytes += sent;
    }
    let slots = usize::from(has_code) + usize::from(is_uploaded);
    if slots > 0 {
        plan.checks.push(
            Check::require(
                CheckName::FreeSlot,
                target.snapshots.len() + slots <= SLOTS + gives_way.amount(),
            )
            .with("name", &target.name)
            .with("used", target.snapshots.len())
            .with("needed", slots)
            .with("slots", SLOTS)
            .or(Code::SlotsFull),
        );
    }
    plan.cost += needed;
    plan.checks.push(affordable(target, needed, bytes));
}

/// Adds the steps that put the state of a snapshot in place of the target's.
fn load(
    plan: &mut Plan,
    target: &Standing,
    which: &Which,
    settings: Option<SettingsChange>,
    replace: Option<SnapshotId>,
) {
    let canister = target.canister;
    let has_code = target.status.module_hash.is_some();
    plan.undo = Undo::RestoreSafety;
    if target.is_running() {
        plan.downtime = if is_missed(target) {
            Downtime::Brief
        } else {
            Downtime::None
        };
        plan.twin.push(format!("icp canister stop {canister}"));
        plan.step(Stop { canister });
    }
    let safety = has_code.then(|| {
        plan.twin.push(Take::twin(canister, replace.as_ref()));
        plan.step(Take { canister, replace });
        plan.steps.len() - 1
    });
    plan.twin.push(format!(
        "icp canister snapshot restore {canister} {}",
        told(which)
    ));
    plan.step(Load {
        canister,
        snapshot: which.clone(),
        safety,
        is_missed: is_missed(target),
    });
    let loaded = plan.steps.len() - 1;
    if let Some(change) = settings {
        plan.twin.push(settings::twin(canister, &change));
        plan.step(ChangeSettings {
            canister,
            back: Box::new(settings::back(&target.status.settings, &change)),
            change: Box::new(change),
        });
    }
    if target.is_running() {
        plan.twin.push(format!("icp canister start {canister}"));
        plan.step(Start { canister });
    }
    plan.step(Verify {
        canister,
        load: loaded,
        is_running: target.is_running(),
    });
}

/// A snapshot in a command.
fn told(which: &Which) -> String {
    match which {
        Which::Snapshot(snapshot) => snapshot.to_string(),
        Which::Made { .. } => "$UPLOADED".to_owned(),
    }
}

/// Adds the step that deletes the snapshot that was only a means.
fn discard(plan: &mut Plan, target: &Standing, which: Which) {
    let canister = target.canister;
    plan.twin.push(format!(
        "icp canister snapshot delete {canister} {}",
        told(&which)
    ));
    plan.step(DeleteSnapshot {
        canister,
        snapshot: which,
    });
}

/// The settings that make a canister work as another one does. Who controls it is not among them, nor what others pay it.
fn settings_of(source: &CanisterSettings) -> SettingsChange {
    SettingsChange {
        compute_allocation: Some(source.compute_allocation),
        memory_allocation: Some(source.memory_allocation),
        freezing_threshold_seconds: Some(source.freezing_threshold_seconds),
        log_visibility: Some(source.log_visibility.clone()),
        wasm_memory_limit: Some(source.wasm_memory_limit),
        wasm_memory_threshold: Some(source.wasm_memory_threshold),
        environment_variables: Some(source.environment_variables.clone()),
        ..SettingsChange::default()
    }
}

/// A snapshot brings no settings along: which of the source's the target lacks, and whether it gets them.
fn settings_differ(
    world: &World,
    wanted: &SettingsChange,
    target: &Standing,
    are_carried: bool,
) -> Result<Check> {
    let found = review(&target.status, wanted, world.caller)?;
    let verdict = if found.differences.is_empty() || are_carried {
        Verdict::Fine
    } else {
        Verdict::Warns
    };
    Ok(Check::new(CheckName::SettingsDiffer, verdict)
        .with("name", &target.name)
        .with("differences", found.differences.len())
        .with("areCarried", are_carried))
}

/// Waits until the network has surely written a snapshot out, so that another canister can load it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AwaitCheckpoint {
    source: CanisterId,
    snapshot: SnapshotId,
}

#[async_trait]
impl Verb for AwaitCheckpoint {
    fn canister(&self) -> CanisterId {
        self.source
    }

    fn kind(&self) -> Kind {
        Kind::Observe
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let snapshots = work.snapshots(self.source).await?;
        let sent = snapshots
            .iter()
            .find(|snapshot| snapshot.id == self.snapshot);
        let sent = sent.ok_or_else(|| {
            Error::new(Code::SnapshotGone, "waiting for a checkpoint")
                .with("snapshot", &self.snapshot)
        })?;
        let ready = written_out_by(sent, work.world().checkpoint);
        let now = work.look(|| work.replica().time_at(self.source)).await?;
        // How long is the network's business; this computer's clock only measures it.
        let wait = ready.duration_since(now).unwrap_or_default();
        let since = SystemTime::now();
        let reason = Error::new(Code::NotYetLoadable, "waiting for a checkpoint")
            .with("since", milliseconds(since))
            .with("atMostSeconds", wait.as_secs_f64().ceil());
        work.wait_until(since + wait, &reason).await?;
        Ok(Value::Null)
    }
}

/// Fetches a snapshot into a folder that is only a means, unless a person wants to keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FetchToSend {
    fetch: Fetch,
    is_kept: bool,
}

/// Deletes the copy that was only a means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropCopy {
    fetch: Fetch,
}

/// Whether what lies in the folder is this snapshot, or a part of it: nothing else is ever deleted.
fn is_of(folder: &Utf8Path, snapshot: &ChainSnapshot) -> bool {
    let of = folder::draft(folder)
        .ok()
        .and_then(|draft| draft.snapshot)
        .or_else(|| CopyReader::open(folder).ok()?.manifest()?.snapshot.clone());
    of.is_some_and(|of| of.is(snapshot))
}

/// Deletes the copy that a snapshot was fetched into. One that resists is told of and stays: it stands in nobody's way.
async fn drop_copy(work: &Work, fetch: &Fetch) -> Value {
    let world = work.world();
    let snapshot = ChainSnapshot::new(
        world.network,
        &world.network_id.to_string(),
        fetch.canister,
        fetch.snapshot.bytes(),
    );
    let place = fetch.folder.clone();
    let dropped = blocking("deleting a copy", move || {
        if !is_of(&place, &snapshot) {
            return Ok(());
        }
        std::fs::remove_dir_all(&place)
            .map_err(|error| folder::failed("deleting a copy", &place, error))
    });
    match dropped.await {
        Ok(()) => Value::Null,
        Err(error) => {
            tracing::warn!(report = error.chain(), "a copy that was sent stays");
            json!({ "stays": fetch.folder })
        }
    }
}

#[async_trait]
impl Verb for FetchToSend {
    fn canister(&self) -> CanisterId {
        self.fetch.canister()
    }

    fn kind(&self) -> Kind {
        self.fetch.kind()
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        self.fetch.run(work).await
    }

    async fn undo(&self, work: &Work, _output: Option<&Value>) -> Result<()> {
        if !self.is_kept {
            drop_copy(work, &self.fetch).await;
        }
        Ok(())
    }
}

#[async_trait]
impl Verb for DropCopy {
    fn canister(&self) -> CanisterId {
        self.fetch.canister()
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        Ok(drop_copy(work, &self.fetch).await)
    }
}
