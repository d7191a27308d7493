//! From the network into a copy.
//!
//! Every chunk that is missing is read, hashed and written to its place while others are under way; the [`CopyWriter`] knows which are
//! there and keeps it over a crash. What an unfinished copy is of stands in it, and is held against the network before anything is
//! added: a snapshot that has gone, or another one, is said and never mixed in.

use super::{Course, Load, Progress, SAVING, SnapshotPlace, drive, window::Bounds};
use crate::{
    ChainSnapshot, Code, CopyReader, CopyWriter, Draft, Error, Manifest, Origin, Part, Result,
    Unfinished, chunk_at, folder::Metadata, replica::Replica, unfinished,
};
use async_trait::async_trait;
use camino::Utf8Path;
use futures::future::BoxFuture;
use ic_management_canister_types::SnapshotDataKind;
use std::sync::Arc;
use tokio::{task::JoinHandle, time::Instant};

/// What a download finds in its folder.
pub(crate) enum Begun {
    /// A copy, or the beginning of one, that is gone on with.
    Writer(Box<CopyWriter>),
    /// The whole copy: an earlier run ended without saying so.
    Whole(Box<Manifest>),
}

/// Opens the folder for this snapshot. Blocks, and hashes what another tool left there.
pub(crate) fn begin(folder: &Utf8Path, draft: Draft) -> Result<Begun> {
    let differs = || Error::new(Code::SnapshotDiffers, "going on with a copy").with("path", folder);
    let is_ours =
        |of: Option<&ChainSnapshot>| matches!((of, &draft.snapshot), (Some(a), Some(b)) if a.is(b));
    if !folder.exists() {
        return writer(CopyWriter::create(folder, draft));
    }
    if CopyWriter::is_begun(folder) {
        let begun = CopyWriter::resume(folder)?;
        let other = begun.draft();
        if is_ours(other.snapshot.as_ref()) && other.metadata == draft.metadata {
            return writer(Ok(begun));
        }
        return Err(differs());
    }
    if let Some(begun) = unfinished(folder)? {
        return take_over(folder, &begun, draft, differs);
    }
    match CopyReader::open(folder) {
        Ok(copy) => match copy.manifest() {
            Some(manifest) if is_ours(manifest.snapshot.as_ref()) => {
                Ok(Begun::Whole(Box::new(manifest.clone())))
            }
            _ => Err(Error::new(Code::CopyExists, "beginning a copy").with("path", folder)),
        },
        Err(_) => writer(CopyWriter::create(folder, draft)),
    }
}

fn writer(writer: Result<CopyWriter>) -> Result<Begun> {
    writer.map(|writer| Begun::Writer(Box::new(writer)))
}

/// Another tool's folder does not say of which snapshot it is: its metadata must be the network's to the last byte, the time and the
/// version of the canister included.
fn take_over(
    folder: &Utf8Path,
    begun: &Unfinished,
    draft: Draft,
    differs: impl Fn() -> Error,
) -> Result<Begun> {
    if begun.metadata.has_lost_globals() || begun.metadata != draft.metadata {
        return Err(differs());
    }
    let draft = Draft {
        origin: Origin::Continued,
        ..draft
    };
    writer(CopyWriter::take_over(folder, begun, draft, &|_| ()))
}

/// A chunk that is missing.
struct Missing {
    part: Part,
    index: u64,
    length: u64,
    kind: SnapshotDataKind,
}

fn missing(metadata: &Metadata, part: Part, index: u64) -> Missing {
    let size = metadata
        .blobs()
        .find_map(|(blob, size)| (blob == part).then_some(size))
        .unwrap_or_default();
    let (offset, size) = chunk_at(index, size);
    let (length, kind) = match part {
        Part::Module => (size, SnapshotDataKind::WasmModule { offset, size }),
        Part::Heap => (size, SnapshotDataKind::WasmMemory { offset, size }),
        Part::Stable => (size, SnapshotDataKind::StableMemory { offset, size }),
        // How long an entry is, the metadata do not say.
        Part::Stored(hash) => (
            0,
            SnapshotDataKind::WasmChunk {
                hash: hash.0.to_vec(),
            },
        ),
    };
    Missing {
        part,
        index,
        length,
        kind,
    }
}

/// Reads one chunk.
async fn fetch(replica: &Replica, place: &SnapshotPlace, chunk: &Missing) -> Result<Vec<u8>> {
    let (slice,) = replica.attempt(place.read(chunk.kind.clone())?).await?;
    let bytes = slice.chunk.into_vec();
    if chunk.length != 0 && bytes.len() as u64 != chunk.length {
        // Certified, and not what was asked for: nothing that asking again would mend.
        return Err(
            Error::new(Code::Bug, "reading a chunk of a snapshot").because(format!(
                "{} bytes of {} came",
                bytes.len(),
                chunk.length
            )),
        );
    }
    Ok(bytes)
}

/// A copy that is being filled.
struct Incoming<'a> {
    replica: &'a Replica,
    place: &'a SnapshotPlace,
    writer: Arc<CopyWriter>,
    chunks: std::vec::IntoIter<Missing>,
    progress: Progress,
    course: &'a Course<'a>,
    saver: Saver,
}

#[async_trait]
impl Load for Incoming<'_> {
    type Piece = Missing;

    async fn next(&mut self) -> Result<Option<Missing>> {
        Ok(self.chunks.next())
    }

    fn send(&self, chunk: Arc<Missing>) -> BoxFuture<'static, Result<()>> {
        let (replica, place) = (self.replica.clone(), self.place.clone());
        let writer = self.writer.clone();
        Box::pin(async move {
            let bytes = fetch(&replica, &place, &chunk).await?;
            blocking("writing a chunk", move || {
                writer.write(chunk.part, chunk.index, &bytes).map(drop)
            })
            .await
        })
    }

    async fn landed(&mut self, chunk: &Missing, width: usize) -> Result<()> {
        self.progress.landed += chunk.length;
        self.progress.width = width;
        (self.course.progress)(self.progress);
        self.saver.save_now_and_then().await
    }
}

/// Fetches everything that is missing. What has landed is saved, whatever the end is.
pub(crate) async fn download(
    replica: &Replica,
    place: &SnapshotPlace,
    writer: Arc<CopyWriter>,
    bounds: Bounds,
    course: &Course<'_>,
) -> Result<()> {
    let metadata = &writer.draft().metadata;
    let chunks: Vec<Missing> = writer
        .missing()
        .into_iter()
        .map(|(part, index)| missing(metadata, part, index))
        .collect();
    let total: u64 = metadata.blobs().map(|(_, bytes)| bytes).sum();
    let missing_bytes: u64 = chunks.iter().map(|chunk| chunk.length).sum();
    let mut load = Incoming {
        replica,
        place,
        chunks: chunks.into_iter(),
        progress: Progress {
            landed: total - missing_bytes,
            total,
            ..Progress::default()
        },
        course,
        saver: Saver::new(writer.clone()),
        writer: writer.clone(),
    };
    let fetched = drive(&mut load, bounds, &course.cancel).await;
    let saved = load.saver.save().await;
    fetched.map_err(|error| place.seen(error)).and(saved)
}

/// What takes a chunk that was fetched again.
type Mend = Arc<dyn Fn(Part, u64, &[u8]) -> Result<()> + Send + Sync>;

/// Chunks that are fetched again.
struct Mending<'a> {
    replica: &'a Replica,
    place: &'a SnapshotPlace,
    chunks: std::vec::IntoIter<Missing>,
    mend: Mend,
}

#[async_trait]
impl Load for Mending<'_> {
    type Piece = Missing;

    async fn next(&mut self) -> Result<Option<Missing>> {
        Ok(self.chunks.next())
    }

    fn send(&self, chunk: Arc<Missing>) -> BoxFuture<'static, Result<()>> {
        let (replica, place) = (self.replica.clone(), self.place.clone());
        let mend = self.mend.clone();
        Box::pin(async move {
            let bytes = fetch(&replica, &place, &chunk).await?;
            blocking("mending a chunk", move || {
                mend(chunk.part, chunk.index, &bytes)
            })
            .await
        })
    }

    async fn landed(&mut self, _chunk: &Missing, _width: usize) -> Result<()> {
        Ok(())
    }
}

/// Fetches chunks again that a copy has lost, and hands each to `mend`.
pub(crate) async fn fetch_again(
    replica: &Replica,
    place: &SnapshotPlace,
    metadata: &Metadata,
    damaged: Vec<(Part, u64)>,
    bounds: Bounds,
    course: &Course<'_>,
    mend: Mend,
) -> Result<()> {
    let chunks: Vec<Missing> = damaged
        .into_iter()
        .map(|(part, index)| missing(metadata, part, index))
        .collect();
    let mut load = Mending {
        replica,
        place,
        chunks: chunks.into_iter(),
        mend,
    };
    drive(&mut load, bounds, &course.cancel)
        .await
        .map_err(|error| place.seen(error))
}

/// Does what blocks on the disk in a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    doing: &str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::new(Code::Bug, doing).because(error))?
}

/// Saves a copy about once a second, beside the chunks that come in: a sync may take longer than that.
struct Saver {
    writer: Arc<CopyWriter>,
    saved: Instant,
    saving: Option<JoinHandle<Result<()>>>,
}

impl Saver {
    fn new(writer: Arc<CopyWriter>) -> Self {
        Self {
            writer,
            saved: Instant::now(),
            saving: None,
        }
    }

    async fn save_now_and_then(&mut self) -> Result<()> {
        let is_busy = self
            .saving
            .as_ref()
            .is_some_and(|saving| !saving.is_finished());
        if is_busy || self.saved.elapsed() < SAVING {
            return Ok(());
        }
        self.wait().await?;
        let writer = self.writer.clone();
        self.saving = Some(tokio::task::spawn_blocking(move || writer.save()));
        self.saved = Instant::now();
        Ok(())
    }

    async fn save(&mut self) -> Result<()> {
        self.wait().await?;
        let writer = self.writer.clone();
        blocking("saving a copy", move || writer.save()).await
    }

    async fn wait(&mut self) -> Result<()> {
        match self.saving.take() {
            Some(saving) => saving
                .await
                .map_err(|error| Error::new(Code::Bug, "saving a copy").because(error))?,
            None => Ok(()),
        }
    }
}
