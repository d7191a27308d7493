//! A copy to the network: a snapshot of zeros is made, everything else is sent into it, and what has arrived is read back.

use super::{NODES, bounds, metadata_of, open, place, reporting, sizes, verified};
use crate::{
    CanisterId, ChainSnapshot, Code, CopyReader, Error, Result,
    folder::Metadata,
    ops::{
        Check, CheckName, Happened, Kind, Plan, Undo, Verb, Verdict, World,
        check_call::Whom,
        snapshots::{affordable, delete, free_slot, inventory, snapshot_there, taken},
    },
    replica::Call,
    runner::{Done, Work},
    snapshot::SnapshotId,
    transfer::{
        Course, SnapshotPlace, cost,
        download::blocking,
        upload::{self, Landed},
        window::Bounds,
    },
};
use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use ic_management_canister_types::UploadCanisterSnapshotMetadataResult;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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

/// The largest heap of 32-bit code, and of 64-bit code.
const HEAP_32: u64 = 4 << 30;
const HEAP_64: u64 = 6 << 30;

pub(in crate::ops) async fn plan_upload(world: &World, wish: &UploadCopy) -> Result<Plan> {
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
pub(in crate::ops) fn arrive(
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

/// How many bytes of a copy will be sent, as far as its hashes tell zeros from the rest.
pub(in crate::ops) fn written(reader: &CopyReader) -> u64 {
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
pub(in crate::ops) fn module_of(reader: &CopyReader) -> Option<&[u8]> {
    reader
        .manifest()
        .map(|manifest| manifest.module_hash.0.as_slice())
}

/// Whether a canister with the module `now`, or an empty one, can have such a snapshot. A heap beyond 32 bits needs 64-bit code to be
/// installed while it is uploaded.
pub(in crate::ops) fn fits(
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
