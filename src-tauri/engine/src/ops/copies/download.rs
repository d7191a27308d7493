//! A snapshot onto this computer. What was fetched once is not fetched again: a copy that is not whole yet is gone on with.

use super::{NODES, bounds, metadata_at, metadata_of, milliseconds, place, reporting, sizes};
use crate::{
    CanisterId, ChainSnapshot, Circumstances, Code, Draft, Origin, Result, SettingsThen, Status,
    Viewers,
    folder::{Metadata, allocated},
    library::{Obstacle, obstacles, room},
    ops::{
        Check, CheckName, Kind, Plan, Verb, Verdict, World,
        snapshots::{affordable, snapshot_there},
    },
    runner::Work,
    snapshot::SnapshotId,
    transfer::{
        Course, SnapshotPlace, cost,
        download::{self, Begun, blocking},
        window::Bounds,
    },
};
use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use futures::future::try_join;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

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

pub(in crate::ops) async fn plan_download(world: &World, wish: &DownloadSnapshot) -> Result<Plan> {
    let canister = wish.canister;
    // Each is a message of its own, answered after seconds: both are asked at once.
    let (standing, metadata) = futures::join!(
        world.standing(canister),
        metadata_at(world, canister, &wish.snapshot)
    );
    let standing = standing?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    let there = snapshot_there(&standing, &wish.snapshot);
    let is_there = there.verdict == Verdict::Fine;
    plan.checks.push(there);
    if is_there {
        let metadata = metadata?;
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

/// Whether a folder is a place for a copy: room on its disk for what is not there yet, files so large, and nobody who carries them away.
pub(in crate::ops) fn room_for(folder: &Utf8Path, metadata: &Metadata) -> Vec<Check> {
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

/// Fetches a snapshot into a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fetch {
    pub(in crate::ops) canister: CanisterId,
    pub(in crate::ops) snapshot: SnapshotId,
    pub(in crate::ops) folder: Utf8PathBuf,
    name: String,
    canister_name: String,
}

impl Fetch {
    pub(in crate::ops) fn new(wish: &DownloadSnapshot, canister_name: String) -> Self {
        Self {
            canister: wish.canister,
            snapshot: wish.snapshot.clone(),
            folder: wish.folder.clone(),
            name: wish.name.clone(),
            canister_name,
        }
    }

    /// What the copy will be. The canister's status and settings belong to it, as far as they are to be had.
    async fn draft(&self, work: &Work, place: &SnapshotPlace) -> Result<Draft> {
        let status = async {
            match work.status(self.canister).await {
                Ok(status) => Ok(Some(status)),
                Err(error) if error.code == Code::NotController => Ok(None),
                Err(error) => Err(error),
            }
        };
        let (metadata, status) = try_join(metadata_of(work, place), status).await?;
        let now = milliseconds();
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
        let draft = self.draft(work, &place).await?;
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
