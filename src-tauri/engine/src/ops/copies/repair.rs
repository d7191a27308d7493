//! What a copy has lost, fetched again from the snapshot that it is of.

use super::{bounds, metadata_of, place, verified};
use crate::{
    CanisterId, Code, Error, Part, Repair, Result,
    ops::{Kind, Plan, Verb, World, snapshots::inventory},
    runner::Work,
    snapshot::SnapshotId,
    transfer::{
        Course,
        download::{self, blocking},
        window::Bounds,
    },
};
use async_trait::async_trait;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// The wish to fetch again what a copy has lost, from the snapshot that it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepairCopy {
    /// The canister of the snapshot.
    pub canister: CanisterId,
    /// The copy.
    pub folder: Utf8PathBuf,
}

pub(in crate::ops) async fn plan_repair(world: &World, wish: &RepairCopy) -> Result<Plan> {
    let standing = world.standing(wish.canister).await?;
    let mut plan = Plan::about(world.caller, &[&standing]);
    plan.step(Mend {
        canister: wish.canister,
        folder: wish.folder.clone(),
    });
    Ok(plan)
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
