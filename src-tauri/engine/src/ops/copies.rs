//! Snapshots to copies and back: download, upload, repair.
//!
//! What is made on the network is made once, by [`Make`]; everything else may be repeated. An upload that is called off, or that the
//! network refuses for good, takes back what it made, so that no half of a snapshot is left behind. A download keeps what it has: the
//! unfinished copy says of itself what it is, and the next download goes on from there.

use super::{
    Check, CheckName, Happened, Kind, Plan, Undo, Verb, Verdict, World,
    check_call::Whom,
    snapshots::{affordable, delete, free_slot, inventory, snapshot_there, taken},
};
use crate::{
    CanisterId, ChainSnapshot, Circumstances, Code, CopyReader, Draft, Error, NetworkId, Origin,
    Part, Repair, Result, SettingsThen, Status, Verification, Viewers,
    folder::{Metadata, allocated},
    library::{Obstacle, obstacles, room},
    replica::Call,
    runner::{Done, Work},
    snapshot::SnapshotId,
    transfer::{
        Course, Progress, SnapshotPlace, cost,
        download::{self, Begun, blocking},
        upload::{self, Landed},
        window::Bounds,
    },
};
use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use ic_management_canister_types::UploadCanisterSnapshotMetadataResult;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{sync::Arc, time::SystemTime};

/// The wish to copy a snapshot onto this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DownloadSnapshot {
    /// Of which canister.
    pub canister: CanisterId,
    /// Which of its snapshots.
    pub snapshot: SnapshotId,
    /// The folder that becomes the copy. One that holds a part of the same snapshot is gone on with.
    pub folder: Utf8PathBuf,
    /// What people will call the copy.
    pub name: String,
}

/// The wish to make a snapshot of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadCopy {
    /// Of which canister it will be a snapshot.
    pub canister: CanisterId,
    /// The copy.
    pub folder: Utf8PathBuf,
    /// The snapshot that is not needed any more afterwards.
    pub replace: Option<SnapshotId>,
    /// Whether all of it is read back and compared afterwards, instead of a sample.
    pub compares_all: bool,
}

/// The wish to fetch again what a copy has lost, from the snapshot that it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairCopy {
    /// The canister of the snapshot.
    pub canister: CanisterId,
    /// The copy.
    pub folder: Utf8PathBuf,
}

/// The nodes of an ordinary subnet. What a canister's own has is not asked: on a larger one it costs in proportion more.
pub(super) const NODES: u32 = 13;

/// The largest heap of 32-bit code, and of 64-bit code.
const HEAP_32: u64 = 4 << 30;
const HEAP_64: u64 = 6 << 30;

pub(super) fn sizes(metadata: &Metadata) -> [u64; 3] {
    [
        metadata.module_bytes,
        metadata.heap_bytes,
        metadata.stable_bytes,
    ]
}

fn place(canister: CanisterId, snapshot: &SnapshotId) -> SnapshotPlace {
    SnapshotPlace {
        canister,
        snapshot: snapshot.bytes().to_vec(),
    }
}

/// What a snapshot is made of.
pub(super) async fn metadata_at(
    world: &World,
    canister: CanisterId,
    snapshot: &SnapshotId,
) -> Result<Metadata> {
    let call = place(canister, snapshot).read_metadata()?;
    let (reply,) = world.replica.attempt(call).await?;
    Metadata::from_network(reply)
}

pub(super) async fn plan_download(world: &World, wish: &DownloadSnapshot) -> Result<Plan> {
    let canister = wish.canister;
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    let there = snapshot_there(&standing, &wish.snapshot);
    let is_there = there.verdict == Verdict::Fine;
    plan.checks.push(there);
    if is_there {
        let metadata = metadata_at(world, canister, &wish.snapshot).await?;
        plan.cost = cost::download(sizes(&metadata), metadata.stored.len(), NODES);
        plan.checks
            .push(affordable(&standing, plan.cost, 0).or(Code::CyclesLow));
        let folder = wish.folder.clone();
        let found = blocking("looking for room", move || Ok(room_for(&folder, &metadata)));
        plan.checks.extend(found.await?);
    }
    plan.twin = vec![format!(
        "icp canister snapshot download {canister} {} -o {}",
        wish.snapshot, wish.folder
    )];
    plan.step(Fetch::new(wish, standing.name));
    Ok(plan)
}

pub(super) async fn plan_upload(world: &World, wish: &UploadCopy) -> Result<Plan> {
    let UploadCopy {
        canister,
        folder,
        replace,
        compares_all,
    } = wish.clone();
    let standing = world.standing(canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    let reader = open(&folder).await?;
    let metadata = reader.metadata();
    // Where there is no room for both, the old one has to go first.
    let is_full = free_slot(&standing, None).verdict != Verdict::Fine;
    let goes_first = replace.clone().filter(|_| is_full);
    plan.checks.push(fits(
        &standing.name,
        standing.status.module_hash.as_deref(),
        metadata,
        module_of(&reader),
    ));
    plan.checks.push(free_slot(&standing, goes_first.as_ref()));
    if let Some(replaced) = &replace {
        plan.checks.push(snapshot_there(&standing, replaced));
    }
    let declared: u64 = sizes(metadata).iter().sum();
    plan.cost = cost::upload(declared, written(&reader), metadata.stored.len(), NODES);
    plan.checks
        .push(affordable(&standing, plan.cost, declared.into()).or(Code::CyclesLow));
    plan.undo = if replace.is_some() {
        Undo::Never
    } else {
        Undo::DeleteSnapshot
    };
    let replacing = replace
        .as_ref()
        .map(|replaced| format!(" --replace {replaced}"))
        .unwrap_or_default();
    plan.twin = vec![format!(
        "icp canister snapshot upload {canister} -i {folder}{replacing}"
    )];
    arrive(
        &mut plan,
        &canister.into(),
        &folder,
        goes_first.clone(),
        compares_all,
    );
    if let Some(snapshot) = replace.filter(|_| goes_first.is_none()) {
        plan.step(Replace { canister, snapshot });
    }
    Ok(plan)
}

/// Adds the steps by which a copy becomes a snapshot, and returns the one that makes it.
pub(super) fn arrive(
    plan: &mut Plan,
    whom: &Whom,
    folder: &Utf8Path,
    replace: Option<SnapshotId>,
    compares_all: bool,
) -> usize {
    let folder = folder.to_owned();
    plan.step(Verify {
        canister: whom.known(),
        folder: folder.clone(),
    });
    plan.step(Make {
        canister: whom.clone(),
        folder: folder.clone(),
        replace,
    });
    let made = plan.steps.len() - 1;
    plan.step(Fill {
        canister: whom.clone(),
        folder: folder.clone(),
        made,
    });
    plan.step(Compare {
        canister: whom.clone(),
        folder,
        made,
        is_all: compares_all,
    });
    made
}

pub(super) async fn plan_repair(world: &World, wish: &RepairCopy) -> Result<Plan> {
    let standing = world.standing(wish.canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.step(Mend {
        canister: wish.canister,
        folder: wish.folder.clone(),
    });
    Ok(plan)
}

/// Whether a folder is a place for a copy: room on its disk for what is not there yet, files so large, and nobody who carries them away.
pub(super) fn room_for(folder: &Utf8Path, metadata: &Metadata) -> Vec<Check> {
    let there: u64 = metadata
        .blobs()
        .filter_map(|(part, _)| folder.join(part.path()).symlink_metadata().ok())
        .map(|found| allocated(&found))
        .sum();
    let needed = metadata.bytes_at_most().saturating_sub(there);
    let largest = metadata.blobs().map(|(_, bytes)| bytes).max();
    let mut room_check = Check::require(CheckName::Room, true).with("needed", needed);
    let mut synced = Check::warn(CheckName::Synced, true);
    for obstacle in obstacles(&room(folder), needed, largest.unwrap_or_default()) {
        match obstacle {
            Obstacle::Full { needed, free } => {
                room_check = Check::require(CheckName::Room, false)
                    .with("needed", needed)
                    .with("free", free)
                    .with("path", folder)
                    .or(Code::DiskFull);
            }
            Obstacle::FileTooLarge { largest, limit } => {
                room_check = Check::require(CheckName::Room, false)
                    .with("largest", largest)
                    .with("limit", limit)
                    .with("path", folder)
                    .or(Code::FileTooLarge);
            }
            Obstacle::Synced(service) => {
                synced =
                    Check::warn(CheckName::Synced, false).with("service", format!("{service:?}"));
            }
        }
    }
    vec![room_check, synced]
}

/// How many bytes of a copy will be sent, as far as its hashes tell zeros from the rest.
pub(super) fn written(reader: &CopyReader) -> u64 {
    reader
        .blobs()
        .map(|(part, bytes)| {
            (0..crate::chunks(bytes))
                .filter(|index| reader.is_zero_chunk(part, *index) != Some(true))
                .map(|index| crate::chunk_at(index, bytes).1)
                .sum::<u64>()
        })
        .sum()
}

/// The module of a copy, where its hash is known.
pub(super) fn module_of(reader: &CopyReader) -> Option<&[u8]> {
    reader
        .manifest()
        .map(|manifest| manifest.module_hash.0.as_slice())
}

/// Whether a canister with the module `now`, or an empty one, can have such a snapshot. A heap beyond 32 bits needs 64-bit code to be
/// installed while it is uploaded.
pub(super) fn fits(
    name: &str,
    now: Option<&[u8]>,
    metadata: &Metadata,
    module: Option<&[u8]>,
) -> Check {
    let heap = metadata.heap_bytes;
    let verdict = if heap > HEAP_64 || metadata.has_lost_globals() {
        Verdict::Blocks
    } else if heap <= HEAP_32 || now.is_some() && now == module {
        Verdict::Fine
    } else if now.is_none() {
        // An empty canister counts as one of 32 bits.
        Verdict::Blocks
    } else {
        Verdict::Warns
    };
    Check::new(CheckName::CopyFits, verdict)
        .with("name", name)
        .with("heap", heap)
        .with("globalsLost", metadata.has_lost_globals())
        .with("remedy", if heap > HEAP_32 { "wasm64" } else { "" })
        .or(Code::CopyUnfit)
}

/// How much may be under way at once.
fn bounds(work: &Work, bounds: Bounds) -> Bounds {
    match work.world().network_id {
        NetworkId::Practice | NetworkId::Local(_) => bounds.on_this_computer(),
        NetworkId::Mainnet | NetworkId::Custom(_) => bounds,
    }
}

/// Reports bytes of a transfer as progress of the step.
fn reporting(work: &Work) -> impl Fn(Progress) + Send + Sync + '_ {
    |progress| work.report(progress.landed, Some(progress.total))
}

fn milliseconds() -> u64 {
    crate::journal::milliseconds(SystemTime::now())
}

async fn metadata_of(work: &Work, place: &SnapshotPlace) -> Result<Metadata> {
    let (reply,) = work
        .look(|| async {
            let asked = work.replica().attempt(place.read_metadata()?).await;
            asked.map_err(|error| place.seen(error))
        })
        .await?;
    Metadata::from_network(reply)
}

pub(super) async fn open(folder: &Utf8Path) -> Result<Arc<CopyReader>> {
    let folder = folder.to_owned();
    blocking("opening a copy", move || CopyReader::open(&folder))
        .await
        .map(Arc::new)
}

/// Fetches a snapshot into a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fetch {
    pub(super) canister: CanisterId,
    pub(super) snapshot: SnapshotId,
    pub(super) folder: Utf8PathBuf,
    name: String,
    canister_name: String,
}

impl Fetch {
    pub(super) fn new(wish: &DownloadSnapshot, canister_name: String) -> Self {
        Self {
            canister: wish.canister,
            snapshot: wish.snapshot.clone(),
            folder: wish.folder.clone(),
            name: wish.name.clone(),
            canister_name,
        }
    }

    /// What the copy will be. The canister's status and settings belong to it, as far as they are to be had.
    async fn draft(&self, work: &Work, metadata: Metadata) -> Result<Draft> {
        let now = milliseconds();
        let status = match work.status(self.canister).await {
            Ok(status) => Some(status),
            Err(error) if error.code == Code::NotController => None,
            Err(error) => return Err(error),
        };
        // The version counts every change. While it is the snapshot's, the module is still the snapshot's.
        let module_hash = status
            .as_ref()
            .filter(|status| status.version == metadata.canister_version)
            .and_then(|status| status.module_hash.as_deref()?.try_into().ok())
            .map(crate::Hash);
        let world = work.world();
        Ok(Draft {
            origin: Origin::Downloaded,
            made_at: now,
            name: self.name.clone(),
            snapshot: Some(ChainSnapshot::new(
                world.network,
                &world.network_id.to_string(),
                self.canister,
                self.snapshot.bytes(),
            )),
            then: status.map(|status| circumstances(&status, &self.canister_name, now)),
            module_hash,
            metadata,
        })
    }
}

#[async_trait]
impl Verb for Fetch {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let place = place(self.canister, &self.snapshot);
        let metadata = metadata_of(work, &place).await?;
        let draft = self.draft(work, metadata).await?;
        let folder = self.folder.clone();
        let begun = blocking("opening a copy", move || download::begin(&folder, draft)).await?;
        let manifest = match begun {
            Begun::Whole(manifest) => *manifest,
            Begun::Writer(writer) => {
                let mut writer = Arc::new(*writer);
                let report = reporting(work);
                let course = Course {
                    cancel: work.token(),
                    progress: &report,
                };
                let bounds = bounds(work, Bounds::DOWNLOAD);
                work.look(|| {
                    download::download(work.replica(), &place, writer.clone(), bounds, &course)
                })
                .await?;
                // A write that was overtaken by its own repetition may still be at its end.
                let writer = loop {
                    match Arc::try_unwrap(writer) {
                        Ok(writer) => break writer,
                        Err(shared) => writer = shared,
                    }
                    tokio::task::yield_now().await;
                };
                let now = milliseconds();
                blocking("finishing a copy", move || writer.finish(now)).await?
            }
        };
        Ok(json!({ "folder": self.folder, "content": manifest.content }))
    }
}

/// What no snapshot holds: how things are with the canister.
fn circumstances(status: &Status, name: &str, at: u64) -> Circumstances {
    let settings = &status.settings;
    let viewers = |viewers: &Viewers| {
        Some(match viewers {
            Viewers::Controllers => "controllers".to_owned(),
            Viewers::Public => "public".to_owned(),
            Viewers::Listed(principals) => {
                let texts: Vec<_> = principals.iter().map(candid::Principal::to_text).collect();
                texts.join(" ")
            }
        })
    };
    let text = |value: u128| Some(value.to_string());
    Circumstances {
        at,
        run_state: format!("{:?}", status.run_state).to_lowercase(),
        canister_name: name.to_owned(),
        cycles: status.cycles.to_string(),
        memory_bytes: status.memory_bytes.to_string(),
        module_hash: status.module_hash.as_ref().map(hex::encode),
        settings: SettingsThen {
            controllers: settings
                .controllers
                .iter()
                .map(candid::Principal::to_text)
                .collect(),
            compute_allocation: text(settings.compute_allocation),
            memory_allocation: text(settings.memory_allocation),
            freezing_threshold: text(settings.freezing_threshold_seconds),
            reserved_cycles_limit: settings.reserved_cycles_limit.and_then(text),
            wasm_memory_limit: text(settings.wasm_memory_limit),
            wasm_memory_threshold: text(settings.wasm_memory_threshold),
            log_visibility: viewers(&settings.log_visibility),
            snapshot_visibility: viewers(&settings.snapshot_visibility),
            status_visibility: viewers(&settings.status_visibility),
            environment_variables: settings
                .environment_variables
                .iter()
                .map(|variable| (variable.name.clone(), variable.value.clone()))
                .collect(),
        },
    }
}

/// Compares every byte of a copy with its hash, and tells how far that is.
async fn verified(work: &Work, folder: &Utf8Path) -> Result<Verification> {
    let (folder, token, now) = (folder.to_owned(), work.token(), milliseconds());
    let all = match open(&folder).await {
        Ok(copy) => copy.metadata().bytes_at_most(),
        // Damaged as it is, it says no sizes that could be believed.
        Err(_) => 0,
    };
    let count = work.counter(all);
    blocking("verifying a copy", move || {
        crate::folder::verify(&folder, now, &count, &token)
    })
    .await
}

/// Holds every byte of a copy against its hash before anything is sent. A copy without hashes gets them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verify {
    canister: CanisterId,
    folder: Utf8PathBuf,
}

#[async_trait]
impl Verb for Verify {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Observe
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let found = verified(work, &self.folder).await?;
        match found.damage.first() {
            None => Ok(json!({ "bytes": found.bytes })),
            Some(damage) => Err(Error::new(Code::CopyDamaged, "verifying a copy")
                .with("path", &self.folder)
                .with("file", &damage.file)
                .with("damaged", found.damage.len())),
        }
    }
}

/// Makes a snapshot of zeros as large as the copy's. Its output names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Make {
    pub(crate) canister: Whom,
    pub(crate) folder: Utf8PathBuf,
    replace: Option<SnapshotId>,
}

#[async_trait]
impl Verb for Make {
    fn canister(&self) -> CanisterId {
        self.canister.known()
    }

    fn kind(&self) -> Kind {
        Kind::Once
    }

    async fn before(&self, work: &Work) -> Result<Value> {
        Ok(json!(inventory(work, self.canister.id(work)?).await?))
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let canister = self.canister.id(work)?;
        let reader = open(&self.folder).await?;
        let replace = self.replace.as_ref().map(|id| id.bytes().to_vec());
        let arguments = reader
            .metadata()
            .upload_arguments(canister.principal(), replace)
            .ok_or_else(|| {
                Error::new(Code::CopyUnfit, "making a snapshot").with("path", &self.folder)
            })?;
        let call: Call<(UploadCanisterSnapshotMetadataResult,)> =
            Call::manage(canister, "upload_canister_snapshot_metadata", (arguments,))?;
        Ok(match work.once(self, call).await? {
            Done::Replied((made,)) => json!({ "snapshot": SnapshotId::from(made.snapshot_id) }),
            Done::Adopted(output) => output,
        })
    }

    /// Ids count up and are never used again. What is there now and was not before, was uploaded, and has the copy's metadata, is ours.
    async fn check(&self, work: &Work, before: &Value) -> Result<Happened> {
        let before: Vec<SnapshotId> = serde_json::from_value(before.clone())
            .map_err(|error| Error::new(Code::Bug, "reading the journal").because(error))?;
        let ours = open(&self.folder).await?;
        let canister = self.canister.id(work)?;
        let mut found = vec![];
        for id in inventory(work, canister).await? {
            if before.contains(&id) {
                continue;
            }
            let metadata = metadata_of(work, &place(canister, &id)).await?;
            let expected = Metadata {
                stored: vec![],
                ..ours.metadata().clone()
            };
            if metadata.source == Some(crate::Source::Uploaded) && metadata.is_same_state(&expected)
            {
                found.push(id);
            }
        }
        Ok(match found.as_slice() {
            [] => Happened::No,
            [one] => Happened::Yes(json!({ "snapshot": one })),
            _ => Happened::Unclear,
        })
    }

    async fn undo(&self, work: &Work, output: Option<&Value>) -> Result<()> {
        match output {
            // Half of a snapshot is of no use, even where it took the place of another one.
            Some(output) => delete(work, self.canister.id(work)?, &taken(output)?).await,
            None => Ok(()),
        }
    }
}

/// Sends everything of a copy that is not zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fill {
    canister: Whom,
    folder: Utf8PathBuf,
    /// The step that made the snapshot.
    made: usize,
}

/// The snapshot that an earlier step made.
fn made(work: &Work, canister: &Whom, step: usize) -> Result<SnapshotPlace> {
    let output = work
        .output(step)
        .ok_or_else(|| Error::new(Code::Bug, "looking for the snapshot that was made"))?;
    Ok(place(canister.id(work)?, &taken(&output)?))
}

#[async_trait]
impl Verb for Fill {
    fn canister(&self) -> CanisterId {
        self.canister.known()
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let place = made(work, &self.canister, self.made)?;
        let reader = open(&self.folder).await?;
        let report = reporting(work);
        let course = Course {
            cancel: work.token(),
            progress: &report,
        };
        let bounds = bounds(work, Bounds::UPLOAD);
        let save = |landed: &Landed| {
            let scratch = serde_json::to_value(landed)
                .map_err(|error| Error::new(Code::Bug, "keeping what has landed").because(error))?;
            work.remember(scratch)
        };
        work.look(|| {
            // What cannot be read was written by another version: then all is sent again.
            let landed = serde_json::from_value(work.remembered()).unwrap_or_default();
            upload::upload(
                work.replica(),
                &place,
                reader.clone(),
                landed,
                bounds,
                &course,
                &save,
            )
        })
        .await?;
        Ok(Value::Null)
    }
}

/// Reads back what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compare {
    canister: Whom,
    folder: Utf8PathBuf,
    made: usize,
    is_all: bool,
}

#[async_trait]
impl Verb for Compare {
    fn canister(&self) -> CanisterId {
        self.canister.known()
    }

    fn kind(&self) -> Kind {
        Kind::Observe
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let place = made(work, &self.canister, self.made)?;
        let reader = open(&self.folder).await?;
        let report = reporting(work);
        let course = Course {
            cancel: work.token(),
            progress: &report,
        };
        let bounds = bounds(work, Bounds::DOWNLOAD);
        work.look(|| {
            upload::compare(
                work.replica(),
                &place,
                reader.clone(),
                self.is_all,
                bounds,
                &course,
            )
        })
        .await?;
        // The copy remembers what it was uploaded as. On a disk that cannot be written to it was uploaded all the same.
        let world = work.world();
        let known = ChainSnapshot::new(
            world.network,
            &world.network_id.to_string(),
            place.canister,
            &place.snapshot,
        );
        let folder = self.folder.clone();
        let noted = blocking("noting an upload down", move || {
            crate::folder::update(&folder, |manifest| manifest.also.push(known))
        });
        if let Err(error) = noted.await {
            tracing::warn!(
                error = error.chain(),
                "a copy could not be told what it was uploaded as"
            );
        }
        Ok(json!({ "snapshot": hex::encode(&place.snapshot) }))
    }
}

/// Deletes the snapshot that the new one replaces, now that the new one is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replace {
    canister: CanisterId,
    snapshot: SnapshotId,
}

#[async_trait]
impl Verb for Replace {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    fn is_lasting(&self) -> bool {
        true
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        delete(work, self.canister, &self.snapshot).await?;
        Ok(Value::Null)
    }
}

/// Fetches again what a copy has lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mend {
    canister: CanisterId,
    folder: Utf8PathBuf,
}

#[async_trait]
impl Verb for Mend {
    fn canister(&self) -> CanisterId {
        self.canister
    }

    fn kind(&self) -> Kind {
        Kind::Repeatable
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let found = verified(work, &self.folder).await?;
        let folder = self.folder.clone();
        let repair = blocking("opening a damaged copy", move || Repair::open(&folder)).await?;
        let world = work.world();
        let gone = || Error::new(Code::SnapshotGone, "repairing a copy").with("path", &self.folder);
        // A copy may be of several snapshots; any of this network and canister will do that is still there.
        let manifest = repair.manifest();
        let known = manifest.snapshot.iter().chain(&manifest.also);
        let here: Vec<SnapshotId> = known
            .filter(|known| {
                known.fingerprint == world.network.to_string()
                    && known.canister == self.canister.to_string()
            })
            .filter_map(|known| known.snapshot.parse().ok())
            .collect();
        let there = inventory(work, self.canister).await?;
        let snapshot = here.iter().find(|id| there.contains(id)).ok_or_else(gone)?;
        let place = place(self.canister, snapshot);
        let metadata = metadata_of(work, &place).await?;
        if found
            .damage
            .iter()
            .any(|damage| damage.file == "metadata.json")
        {
            repair.write_metadata(&metadata)?;
        }
        let damaged: Vec<(Part, u64)> = found
            .damage
            .iter()
            .filter_map(|damage| Some((Part::at(&damage.file)?, damage.chunk)))
            .flat_map(|(part, chunk)| {
                let all = repair
                    .manifest()
                    .file(part)
                    .map_or(0, |file| file.chunks.len() as u64);
                match chunk {
                    Some(chunk) => chunk..chunk + 1,
                    None => 0..all,
                }
                .map(move |chunk| (part, chunk))
            })
            .collect();
        let count = damaged.len();
        let repair = Arc::new(repair);
        let quiet = |_| ();
        let course = Course {
            cancel: work.token(),
            progress: &quiet,
        };
        let bounds = bounds(work, Bounds::DOWNLOAD);
        work.look(|| {
            let repair = repair.clone();
            let mend = Arc::new(move |part, index, bytes: &[u8]| repair.write(part, index, bytes));
            download::fetch_again(
                work.replica(),
                &place,
                &metadata,
                damaged.clone(),
                bounds,
                &course,
                mend,
            )
        })
        .await?;
        drop(repair);
        let left = verified(work, &self.folder).await?;
        match left.damage.first() {
            None => Ok(json!({ "repaired": count })),
            Some(damage) => Err(Error::new(Code::CopyDamaged, "repairing a copy")
                .with("path", &self.folder)
                .with("file", &damage.file)),
        }
    }
}
