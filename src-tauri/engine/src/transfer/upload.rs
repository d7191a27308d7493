//! From a copy onto the network: into a snapshot that was made of metadata and is zero so far.
//!
//! The copy is read once, in order, each chunk held against its hash where one is known, cut into pieces that leave out what is zero,
//! and sent. What has landed is kept as [`Landed`]: a resumed upload begins at the first gap. Its pieces are cut anew, and those
//! behind the gap may be sent a second time; they put the same bytes to the same places.
//!
//! The reading thread is one piece ahead of the window, so that memory holds the window and little more.

use super::{
    Course, Load, Progress, SAVING, SnapshotPlace,
    download::blocking,
    drive,
    plan::{Cutter, Frontier, LONGEST_PIECE, Piece},
    window::Bounds,
};
use crate::{
    Code, CopyReader, Error, Part, Result, chunk_at, chunks, folder::Metadata, replica::Replica,
};
use async_trait::async_trait;
use futures::future::BoxFuture;
use ic_management_canister_types::{SnapshotDataKind, SnapshotDataOffset};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{sync::mpsc, time::Instant};

/// What has landed of an upload. It is kept in the scratch of the job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Landed {
    /// Of each part, under the path of its file.
    parts: BTreeMap<String, Frontier>,
}

impl Landed {
    fn reached(&self, part: Part) -> u64 {
        self.parts.get(&part.path()).map_or(0, Frontier::reached)
    }

    fn land(&mut self, part: Part, stretch: Range<u64>) {
        self.parts.entry(part.path()).or_default().land(stretch);
    }

    fn bytes(&self) -> u64 {
        self.parts.values().map(Frontier::landed).sum()
    }
}

/// Where bytes of a part are written.
fn offset(part: Part, offset: u64) -> SnapshotDataOffset {
    match part {
        Part::Module => SnapshotDataOffset::WasmModule { offset },
        Part::Heap => SnapshotDataOffset::WasmMemory { offset },
        Part::Stable => SnapshotDataOffset::StableMemory { offset },
        // The network names an entry by its bytes itself; one that is there already costs nothing.
        Part::Stored(_) => SnapshotDataOffset::WasmChunk,
    }
}

/// A copy that is being sent.
struct Outgoing<'a> {
    replica: &'a Replica,
    place: &'a SnapshotPlace,
    pieces: mpsc::Receiver<(Part, Piece)>,
    landed: Arc<Mutex<Landed>>,
    progress: Progress,
    course: &'a Course<'a>,
    saved: Instant,
    save: &'a (dyn Fn(&Landed) -> Result<()> + Send + Sync),
}

#[async_trait]
impl Load for Outgoing<'_> {
    type Piece = (Part, Piece);

    async fn next(&mut self) -> Result<Option<(Part, Piece)>> {
        Ok(self.pieces.recv().await)
    }

    fn send(&self, piece: Arc<(Part, Piece)>) -> BoxFuture<'static, Result<()>> {
        let (replica, place) = (self.replica.clone(), self.place.clone());
        Box::pin(async move {
            let (part, piece) = &*piece;
            let call = place.write(&offset(*part, piece.offset), &piece.bytes)?;
            replica.attempt(call).await
        })
    }

    async fn landed(&mut self, (part, piece): &(Part, Piece), width: usize) -> Result<()> {
        let landed = {
            let mut landed = lock(&self.landed);
            landed.land(*part, piece.covers.clone());
            self.progress.landed = landed.bytes().min(self.progress.total);
            self.progress.width = width;
            (self.saved.elapsed() >= SAVING).then(|| landed.clone())
        };
        (self.course.progress)(self.progress);
        if let Some(landed) = landed {
            self.saved = Instant::now();
            (self.save)(&landed)?;
        }
        Ok(())
    }
}

/// Sends everything of a copy that is not zero and has not landed. `save` is told about once a second what has.
pub(crate) async fn upload(
    replica: &Replica,
    place: &SnapshotPlace,
    reader: Arc<CopyReader>,
    landed: Landed,
    bounds: Bounds,
    course: &Course<'_>,
    save: &(dyn Fn(&Landed) -> Result<()> + Send + Sync),
) -> Result<()> {
    let total = reader.blobs().map(|(_, bytes)| bytes).sum();
    let (give, pieces) = mpsc::channel(1);
    let landed = Arc::new(Mutex::new(landed));
    let reading = tokio::spawn({
        let landed = landed.clone();
        blocking("reading a copy", move || read(&reader, &landed, &give))
    });
    let mut load = Outgoing {
        replica,
        place,
        pieces,
        landed: landed.clone(),
        progress: Progress {
            total,
            ..Progress::default()
        },
        course,
        saved: Instant::now(),
        save,
    };
    let sent = drive(&mut load, bounds, &course.cancel).await;
    // Nobody takes pieces any more: the reading thread ends with its next one.
    drop(load);
    let read = reading
        .await
        .map_err(|error| Error::new(Code::Bug, "reading a copy").because(error))?;
    let landed = lock(&landed).clone();
    save(&landed)?;
    // A copy that cannot be read ends the pieces early, which alone would look like their end.
    sent.map_err(|error| place.seen(error))?;
    read
}

fn lock(landed: &Mutex<Landed>) -> std::sync::MutexGuard<'_, Landed> {
    landed.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a copy from where it has landed on, and gives its pieces in order. Ends early when nobody takes them.
fn read(
    reader: &CopyReader,
    landed: &Mutex<Landed>,
    give: &mpsc::Sender<(Part, Piece)>,
) -> Result<()> {
    for (part, bytes) in reader.blobs() {
        let from = lock(landed).reached(part);
        let mut cutter = Cutter::new(from, LONGEST_PIECE);
        for index in from / crate::GRID..chunks(bytes) {
            let (start, length) = chunk_at(index, bytes);
            if reader.is_zero_chunk(part, index) == Some(true) && start >= from {
                cutter.push_zeros(length);
            } else {
                let chunk = reader.chunk(part, index)?;
                let skipped = from.saturating_sub(start).min(length);
                cutter.push(&chunk[skipped as usize..]);
            }
            while let Some(piece) = cutter.cut() {
                if give.blocking_send((part, piece)).is_err() {
                    return Ok(());
                }
            }
        }
        while let Some(piece) = cutter.finish() {
            if give.blocking_send((part, piece)).is_err() {
                return Ok(());
            }
        }
        // Zeros at the end need no piece; they have landed as they are.
        lock(landed).land(part, cutter.covered()..bytes);
    }
    for name in reader.metadata().stored.clone() {
        let part = Part::Stored(name);
        let bytes = reader.stored(name)?;
        let covers = 0..bytes.len() as u64;
        if lock(landed).reached(part) >= covers.end {
            continue;
        }
        let piece = Piece {
            offset: 0,
            bytes,
            covers,
        };
        if give.blocking_send((part, piece)).is_err() {
            return Ok(());
        }
    }
    reader.check_unchanged()
}

/// A chunk to be read back.
struct Probe {
    part: Part,
    index: u64,
    kind: SnapshotDataKind,
}

/// Chunks of each part that are read back where not all are: the first, the last, and so many in between. A piece that went to a
/// wrong place shows in the chunk that it should be in, so a sample cannot prove the whole; it catches what goes wrong everywhere.
const SAMPLED: u64 = 6;

/// The least distance between chunks that are read back as a sample, so that a small copy is not read back by half.
const SAMPLED_EVERY: u64 = 16;

/// Reads back what an upload made and holds it against the copy: a sample, or all of it.
pub(crate) async fn compare(
    replica: &Replica,
    place: &SnapshotPlace,
    reader: Arc<CopyReader>,
    is_all: bool,
    bounds: Bounds,
    course: &Course<'_>,
) -> Result<()> {
    let (reply,) = replica.attempt(place.read_metadata()?).await?;
    let there = Metadata::from_network(reply)?;
    let here = reader.metadata();
    // The order of the chunk store is the network's own.
    let sorted = |metadata: &Metadata| {
        let mut metadata = metadata.clone();
        metadata.stored.sort_unstable();
        metadata
    };
    if !sorted(&there).is_same_state(&sorted(here)) {
        return Err(differs(place, "its metadata are not the copy's"));
    }
    let probes: Vec<Probe> = reader
        .blobs()
        .flat_map(|(part, bytes)| {
            let count = chunks(bytes);
            let stride = if is_all {
                1
            } else {
                count.div_ceil(SAMPLED).max(SAMPLED_EVERY)
            };
            (0..count)
                .filter(move |index| index % stride == 0 || index + 1 == count)
                .filter_map(move |index| {
                    let (offset, size) = chunk_at(index, bytes);
                    let kind = match part {
                        Part::Module => SnapshotDataKind::WasmModule { offset, size },
                        Part::Heap => SnapshotDataKind::WasmMemory { offset, size },
                        Part::Stable => SnapshotDataKind::StableMemory { offset, size },
                        Part::Stored(_) => return None,
                    };
                    Some(Probe { part, index, kind })
                })
        })
        .collect();
    let mut load = Probing {
        replica,
        place,
        reader,
        progress: Progress {
            total: probes.len() as u64,
            ..Progress::default()
        },
        probes: probes.into_iter(),
        course,
    };
    drive(&mut load, bounds, &course.cancel)
        .await
        .map_err(|error| place.seen(error))
}

/// Chunks that are read back.
struct Probing<'a> {
    replica: &'a Replica,
    place: &'a SnapshotPlace,
    reader: Arc<CopyReader>,
    probes: std::vec::IntoIter<Probe>,
    progress: Progress,
    course: &'a Course<'a>,
}

#[async_trait]
impl Load for Probing<'_> {
    type Piece = Probe;

    async fn next(&mut self) -> Result<Option<Probe>> {
        Ok(self.probes.next())
    }

    fn send(&self, probe: Arc<Probe>) -> BoxFuture<'static, Result<()>> {
        let (replica, place) = (self.replica.clone(), self.place.clone());
        let reader = self.reader.clone();
        Box::pin(async move {
            let (slice,) = replica.attempt(place.read(probe.kind.clone())?).await?;
            let what = format!("chunk {} of {} is another", probe.index, probe.part);
            let is_same = blocking("comparing a chunk", move || {
                Ok(reader.chunk(probe.part, probe.index)? == *slice.chunk)
            });
            if is_same.await? {
                Ok(())
            } else {
                Err(differs(&place, &what))
            }
        })
    }

    async fn landed(&mut self, _probe: &Probe, width: usize) -> Result<()> {
        self.progress.landed += 1;
        self.progress.width = width;
        (self.course.progress)(self.progress);
        Ok(())
    }
}

fn differs(place: &SnapshotPlace, what: &str) -> Error {
    Error::new(Code::SnapshotDiffers, "reading back a snapshot")
        .with("canister", place.canister)
        .with("snapshot", hex::encode(&place.snapshot))
        .because(what.to_owned())
}
