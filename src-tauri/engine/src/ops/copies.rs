//! Snapshots to copies and back: download, upload, repair.
//!
//! What is made on the network is made once, by [`Make`]; everything else may be repeated. An upload that is called off, or that the
//! network refuses for good, takes back what it made, so that no half of a snapshot is left behind. A download keeps what it has: the
//! unfinished copy says of itself what it is, and the next download goes on from there.

mod download;
mod repair;
mod upload;

pub use download::{DownloadSnapshot, Fetch};
pub(super) use download::{plan_download, room_for};
pub(super) use repair::plan_repair;
pub use repair::{Mend, RepairCopy};
pub use upload::{Compare, Fill, Make, Replace, UploadCopy, Verify};
pub(super) use upload::{arrive, fits, module_of, plan_upload, written};

use super::World;
use crate::{
    CanisterId, CopyReader, NetworkId, Result, Verification,
    folder::Metadata,
    runner::Work,
    snapshot::SnapshotId,
    transfer::{Progress, SnapshotPlace, download::blocking, window::Bounds},
};
use camino::Utf8Path;
use std::{sync::Arc, time::SystemTime};

/// The nodes of an ordinary subnet. What a canister's own has is not asked: on a larger one it costs in proportion more.
pub(super) const NODES: u32 = 13;

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
