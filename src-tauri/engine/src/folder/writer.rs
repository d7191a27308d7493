//! Writing a copy, chunk by chunk in any order, so that it can be continued after anything.
//!
//! What is under way lies in `canopic.partial.json`; `canopic.partial.log` has a line for every chunk that is safe on the disk with
//! its hash. A line is written only after the chunk's bytes were synced: what the log names is there, whatever happened since. A
//! torn last line is what a crash leaves, and is dropped.

use super::{
    Hash, Manifest, Metadata, Origin, Part, STORE, STORED_LIMIT, Unfinished, chunk_at, chunks,
    disk::{self, failed},
    is_zero,
    manifest::{Beginning, ChainSnapshot, Circumstances, FileRecord, FloatBits},
    reader::{self, malformed},
};
use crate::{
    Code, Error, Result,
    settings::{make_private_folder, replace_file},
};
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    mem,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub(super) const PARTIAL: &str = "canopic.partial.json";
pub(super) const LOG: &str = "canopic.partial.log";
const LOCK: &str = ".lock";

/// A line of the log is a path, a number and a hash; 4 TiB of memory have two million lines.
const LOG_LIMIT: u64 = 512 << 20;

/// What a copy will be, before its bytes are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// How it comes to be.
    pub origin: Origin,
    /// When it was begun, in milliseconds since 1970.
    pub made_at: u64,
    /// The name that a person gave it; empty where there is none.
    pub name: String,
    /// The snapshot that it is a copy of, where it is known.
    pub snapshot: Option<ChainSnapshot>,
    /// The canister's status and settings, where they are known.
    pub then: Option<Circumstances>,
    /// What the module must be, where it is known.
    pub module_hash: Option<Hash>,
    /// What the network says of the snapshot.
    pub metadata: Metadata,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenDraft {
    format: u32,
    origin: Origin,
    made_at: u64,
    name: String,
    snapshot: Option<ChainSnapshot>,
    then: Option<Circumstances>,
    module_hash: Option<Hash>,
    floats: Vec<FloatBits>,
    metadata: Box<RawValue>,
}

/// A page of a canister's memory.
const PAGE: usize = 64 * 1024;

/// The format of what is under way; unfinished copies of another one are not continued.
const FORMAT: u32 = 1;

/// A copy that is being written. Chunks may come from many threads.
pub struct CopyWriter {
    folder: Utf8PathBuf,
    draft: Draft,
    /// Of another tool's `metadata.json`, which stays as it is.
    metadata_in_place: Option<Hash>,
    files: BTreeMap<Part, (File, u64)>,
    state: Mutex<State>,
    log: Mutex<File>,
    _lock: File,
}

#[derive(Default)]
struct State {
    done: BTreeMap<Part, Vec<Option<Hash>>>,
    stored_bytes: BTreeMap<Hash, u64>,
    unsaved: Vec<(Part, u64, Hash)>,
}

/// Takes a copy for writing. The same file as icp takes, so that neither writes into the other's work.
pub(crate) fn lock(folder: &Utf8Path) -> Result<File> {
    let path = folder.join(LOCK);
    let doing = "taking a copy for writing";
    let file = disk::create_plain(&path).map_err(|error| failed(doing, &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::new(Code::CopyInUse, doing).with("path", folder))
        }
        Err(TryLockError::Error(error)) => Err(failed(doing, &path, error)),
    }
}

/// What an unfinished copy of ours is to be. Whoever writes to it may hold the lock.
pub(crate) fn draft(folder: &Utf8Path) -> Result<Draft> {
    let doing = "looking at an unfinished copy";
    let path = folder.join(PARTIAL);
    let text = disk::read_small(doing, &path, super::metadata::LIMIT * 2)?;
    let reason =
        |error: serde_json::Error| malformed(folder, &format!("{PARTIAL}: {error}")).because(error);
    let written: WrittenDraft = serde_json::from_slice(&text).map_err(reason)?;
    if written.format != FORMAT {
        return Err(Error::new(Code::CopyFromNewerVersion, doing)
            .with("path", folder)
            .with("found", written.format)
            .with("known", FORMAT));
    }
    let mut metadata = Metadata::parse(written.metadata.get().as_bytes(), folder)?;
    if !metadata.restore_floats(&written.floats) {
        return Err(malformed(folder, "its floats are of other globals"));
    }
    Ok(Draft {
        origin: written.origin,
        made_at: written.made_at,
        name: written.name,
        snapshot: written.snapshot,
        then: written.then,
        module_hash: written.module_hash,
        metadata,
    })
}

impl CopyWriter {
    /// Begins a copy in a folder that is not there yet, or is empty.
    pub fn create(folder: &Utf8Path, draft: Draft) -> Result<Self> {
        let doing = "beginning a copy";
        make_private_folder(folder).map_err(|error| failed(doing, folder, error))?;
        let lock = lock(folder)?;
        let entries = fs::read_dir(folder).map_err(|error| failed(doing, folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed(doing, folder, error))?;
            if entry.file_name() != LOCK {
                return Err(Error::new(Code::CopyExists, doing).with("path", folder));
            }
        }
        Self::begin(folder, lock, draft, None)
    }

    /// Whether there is an unfinished copy of ours.
    pub fn is_begun(folder: &Utf8Path) -> bool {
        folder.join(PARTIAL).symlink_metadata().is_ok()
    }

    /// Continues an unfinished copy of ours.
    pub fn resume(folder: &Utf8Path) -> Result<Self> {
        let doing = "continuing a copy";
        let lock = lock(folder)?;
        let draft = draft(folder)?;
        let in_place = match disk::read_small(
            doing,
            &folder.join(reader::METADATA),
            super::metadata::LIMIT,
        ) {
            Ok(text) if draft.origin == Origin::Continued => Some(Hash::of(&text)),
            _ => None,
        };
        let mut writer = Self::prepare(folder, lock, draft, in_place)?;
        writer.read_log()?;
        Ok(writer)
    }

    /// Continues what another tool left unfinished. What it had done is hashed once, for it kept no hashes.
    ///
    /// Its folder does not say of which snapshot it is. Whoever calls has compared its metadata with the network's.
    pub fn take_over(
        folder: &Utf8Path,
        begun: &Unfinished,
        draft: Draft,
        progress: disk::Progress<'_>,
    ) -> Result<Self> {
        let lock = lock(folder)?;
        let path = folder.join(reader::METADATA);
        let text = disk::read_small("continuing a copy", &path, super::metadata::LIMIT)?;
        let writer = Self::begin(folder, lock, draft, Some(Hash::of(&text)))?;
        for (part, index) in begun.done(&writer.draft.metadata) {
            let (bytes, hash) = match (writer.files.get(&part), part) {
                (Some((file, total)), _) => {
                    let (offset, length) = chunk_at(index, *total);
                    let mut bytes = vec![0; length as usize];
                    disk::read_at(file, &mut bytes, offset).map_err(|error| {
                        failed("hashing what was there", &folder.join(part.path()), error)
                    })?;
                    (length, Hash::of(&bytes))
                }
                (None, Part::Stored(name)) => {
                    let path = folder.join(part.path());
                    let bytes = disk::read_small("hashing what was there", &path, STORED_LIMIT)?;
                    // Torn by whatever interrupted the other tool: it is fetched again.
                    if Hash::of(&bytes) != name {
                        continue;
                    }
                    (bytes.len() as u64, name)
                }
                (None, _) => continue,
            };
            writer.mark(part, index, hash, bytes);
            progress(bytes);
        }
        writer.save()?;
        Ok(writer)
    }

    fn begin(
        folder: &Utf8Path,
        lock: File,
        draft: Draft,
        metadata_in_place: Option<Hash>,
    ) -> Result<Self> {
        let doing = "beginning a copy";
        let bug = |error| Error::new(Code::Bug, doing).because(error);
        let text = String::from_utf8(draft.metadata.text()?)
            .map_err(|error| Error::new(Code::Bug, doing).because(error))?;
        let written = WrittenDraft {
            format: FORMAT,
            origin: draft.origin,
            made_at: draft.made_at,
            name: draft.name.clone(),
            snapshot: draft.snapshot.clone(),
            then: draft.then.clone(),
            module_hash: draft.module_hash,
            floats: draft.metadata.floats(),
            metadata: RawValue::from_string(text).map_err(bug)?,
        };
        let path = folder.join(PARTIAL);
        let text = serde_json::to_vec_pretty(&written).map_err(bug)?;
        replace_file(&path, &text).map_err(|error| failed(doing, &path, error))?;
        Self::prepare(folder, lock, draft, metadata_in_place)
    }

    /// Opens the files, each as long as it will be: zeros that are never written take no room where the file system can do that.
    fn prepare(
        folder: &Utf8Path,
        lock: File,
        draft: Draft,
        metadata_in_place: Option<Hash>,
    ) -> Result<Self> {
        let doing = "making the files of a copy";
        make_private_folder(&folder.join(STORE)).map_err(|error| failed(doing, folder, error))?;
        reader::check_store(folder)?;
        let mut files = BTreeMap::new();
        let mut state = State::default();
        for (part, bytes) in draft.metadata.blobs() {
            let path = folder.join(part.path());
            let file = disk::create_plain(&path).map_err(|error| failed(doing, &path, error))?;
            file.set_len(bytes)
                .map_err(|error| failed(doing, &path, error))?;
            files.insert(part, (file, bytes));
            state.done.insert(part, vec![None; chunks(bytes) as usize]);
        }
        if draft.metadata.stable_bytes == 0 {
            // icp makes it all the same.
            let path = folder.join(Part::Stable.path());
            disk::create_plain(&path)
                .and_then(|file| file.set_len(0))
                .map_err(|error| failed(doing, &path, error))?;
        }
        for hash in &draft.metadata.stored {
            state.done.insert(Part::Stored(*hash), vec![None]);
        }
        let path = folder.join(LOG);
        let log = disk::create_plain(&path).map_err(|error| failed(doing, &path, error))?;
        disk::sync_folder(folder).map_err(|error| failed(doing, folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            draft,
            metadata_in_place,
            files,
            state: Mutex::new(state),
            log: Mutex::new(log),
            _lock: lock,
        })
    }

    fn read_log(&mut self) -> Result<()> {
        let path = self.folder.join(LOG);
        let trouble = |error| failed("reading what is there of a copy", &path, error);
        let mut text = String::new();
        let log = self.log.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::new();
        log.take(LOG_LIMIT)
            .read_to_end(&mut bytes)
            .map_err(trouble)?;
        let whole = match std::str::from_utf8(&bytes) {
            Ok(whole) => whole,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for line in whole.split_inclusive('\n') {
            let Some((part, index, hash)) = line.strip_suffix('\n').and_then(read_line) else {
                break;
            };
            text.push_str(line);
            let Some(slot) = state
                .done
                .get_mut(&part)
                .and_then(|done| done.get_mut(index as usize))
            else {
                continue;
            };
            if let Part::Stored(name) = part {
                match disk::read_small(
                    "looking for an entry",
                    &self.folder.join(part.path()),
                    STORED_LIMIT,
                ) {
                    Ok(bytes) if Hash::of(&bytes) == name => {
                        state.stored_bytes.insert(name, bytes.len() as u64)
                    }
                    _ => continue,
                };
            }
            *slot = Some(hash);
        }
        log.set_len(text.len() as u64).map_err(trouble)?;
        log.seek(io::SeekFrom::End(0)).map_err(trouble)?;
        Ok(())
    }

    /// What the copy will be.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Where it lies.
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// The chunks that are not there yet, part by part.
    pub fn missing(&self) -> Vec<(Part, u64)> {
        let state = self.state();
        let missing = |(part, done): (&Part, &Vec<Option<Hash>>)| {
            let part = *part;
            (0..)
                .zip(done)
                .filter(|(_, hash)| hash.is_none())
                .map(|(index, _)| (part, index))
                .collect::<Vec<_>>()
        };
        state.done.iter().flat_map(missing).collect()
    }

    /// The hash of a chunk that is there.
    pub fn hash(&self, part: Part, index: u64) -> Option<Hash> {
        *self.state().done.get(&part)?.get(index as usize)?
    }

    /// Writes a chunk of the grid, or a whole entry of the chunk store as chunk 0. It is not safe before [`CopyWriter::save`].
    pub fn write(&self, part: Part, index: u64, bytes: &[u8]) -> Result<Hash> {
        let path = self.folder.join(part.path());
        let hash = Hash::of(bytes);
        if let Part::Stored(name) = part {
            if hash != name || bytes.len() as u64 > STORED_LIMIT {
                return Err(
                    Error::new(Code::CopyDamaged, "writing an entry of the chunk store")
                        .with("path", &self.folder)
                        .with("file", part)
                        .because("its bytes do not have the hash that it is named after"),
                );
            }
            replace_file(&path, bytes)
                .map_err(|error| failed("writing an entry of the chunk store", &path, error))?;
        } else {
            let (file, total) = self.files.get(&part).ok_or_else(|| {
                Error::new(Code::Bug, "writing a chunk").because(format!("there is no {part}"))
            })?;
            let (offset, length) = chunk_at(index, *total);
            if length == 0 || bytes.len() as u64 != length {
                return Err(Error::new(Code::Bug, "writing a chunk")
                    .because(format!("chunk {index} of {part} has {length} bytes")));
            }
            write_chunk(file, bytes, offset)
                .map_err(|error| failed("writing a chunk", &path, error))?;
        }
        self.mark(part, index, hash, bytes.len() as u64);
        Ok(hash)
    }

    fn mark(&self, part: Part, index: u64, hash: Hash, bytes: u64) {
        let mut state = self.state();
        if let Some(slot) = state
            .done
            .get_mut(&part)
            .and_then(|done| done.get_mut(index as usize))
        {
            *slot = Some(hash);
            state.unsaved.push((part, index, hash));
            if let Part::Stored(name) = part {
                state.stored_bytes.insert(name, bytes);
            }
        }
    }

    /// Makes what was written so far safe against a crash. Once a second is often enough: it costs a sync of each file.
    pub fn save(&self) -> Result<()> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let unsaved = mem::take(&mut self.state().unsaved);
        if unsaved.is_empty() {
            return Ok(());
        }
        let saved = self.save_lines(&mut log, &unsaved);
        if saved.is_err() {
            self.state().unsaved.extend(unsaved);
        }
        saved
    }

    fn save_lines(&self, log: &mut File, unsaved: &[(Part, u64, Hash)]) -> Result<()> {
        use std::fmt::Write as _;
        let parts: BTreeSet<Part> = unsaved.iter().map(|(part, ..)| *part).collect();
        for part in parts {
            // The entries of the chunk store were synced one by one.
            if let Some((file, _)) = self.files.get(&part) {
                file.sync_data().map_err(|error| {
                    failed("saving a copy", &self.folder.join(part.path()), error)
                })?;
            }
        }
        let mut lines = String::new();
        for (part, index, hash) in unsaved {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{part} {index} {hash}");
        }
        log.write_all(lines.as_bytes())
            .and_then(|()| log.sync_data())
            .map_err(|error| failed("saving a copy", &self.folder.join(LOG), error))
    }

    /// Completes the copy: all is synced, `metadata.json` comes into its place and then `canopic.json`, which makes it whole.
    pub fn finish(self, now: u64) -> Result<Manifest> {
        let doing = "finishing a copy";
        if let Some((part, index)) = self.missing().first() {
            return Err(Error::new(Code::CopyUnfinished, doing)
                .with("path", &self.folder)
                .because(format!("chunk {index} of {part} is missing")));
        }
        self.save()?;
        let module_hash = self.hash_module()?;
        if self
            .draft
            .module_hash
            .is_some_and(|expected| expected != module_hash)
        {
            return Err(Error::new(Code::CopyDamaged, doing)
                .with("path", &self.folder)
                .with("file", Part::Module)
                .because("the module is not the one that was to be copied"));
        }
        let trouble = |error| failed(doing, &self.folder, error);
        let metadata_hash = if let Some(hash) = self.metadata_in_place {
            hash
        } else {
            let text = self.draft.metadata.text()?;
            replace_file(&self.folder.join(reader::METADATA), &text).map_err(trouble)?;
            Hash::of(&text)
        };
        disk::sync_folder(&self.folder.join(STORE)).map_err(trouble)?;
        let manifest = {
            let state = self.state();
            let files = self.draft.metadata.parts().map(|part| {
                let hashes = state
                    .done
                    .get(&part)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .copied()
                    .collect();
                let bytes = match part {
                    Part::Stored(name) => {
                        state.stored_bytes.get(&name).copied().unwrap_or_default()
                    }
                    part => self.files.get(&part).map_or(0, |(_, bytes)| *bytes),
                };
                FileRecord::new(part, bytes, hashes)
            });
            let beginning = Beginning {
                origin: self.draft.origin,
                made_at: self.draft.made_at,
                name: self.draft.name.clone(),
                snapshot: self.draft.snapshot.clone(),
                then: self.draft.then.clone(),
            };
            Manifest::new(
                beginning,
                &self.draft.metadata,
                metadata_hash,
                module_hash,
                files.collect(),
                now,
            )?
        };
        manifest.save(&self.folder)?;
        // From here on it is whole; these are only traces of the way.
        for trace in [PARTIAL, LOG, super::unfinished::ICP_PROGRESS] {
            disk::remove(&self.folder.join(trace)).map_err(trouble)?;
        }
        disk::sync_folder(&self.folder).map_err(trouble)?;
        if let Some(parent) = self
            .folder
            .parent()
            .filter(|parent| !parent.as_str().is_empty())
        {
            // The folder's own name. Where the parent may not be opened, the system will write it when it does.
            let _ = disk::sync_folder(parent);
        }
        Ok(manifest)
    }

    fn hash_module(&self) -> Result<Hash> {
        let path = self.folder.join(Part::Module.path());
        let (file, total) = self
            .files
            .get(&Part::Module)
            .ok_or_else(|| malformed(&self.folder, "it has no module"))?;
        let mut digest = Sha256::new();
        let mut bytes = Vec::new();
        for index in 0..chunks(*total) {
            let (offset, length) = chunk_at(index, *total);
            bytes.resize(length as usize, 0);
            disk::read_at(file, &mut bytes, offset)
                .map_err(|error| failed("hashing the module", &path, error))?;
            digest.update(&bytes);
        }
        Ok(Hash(digest.finalize().into()))
    }

    /// Gives up: removes what was written. For copies that cannot become whole; what was interrupted stays.
    pub fn discard(self) -> Result<()> {
        let folder = self.folder.clone();
        let parts: Vec<Part> = self.draft.metadata.parts().chain([Part::Stable]).collect();
        drop(self);
        let trouble = |error| failed("removing an unfinished copy", &folder, error);
        for part in parts {
            disk::remove(&folder.join(part.path())).map_err(trouble)?;
        }
        for file in [LOG, PARTIAL, LOCK] {
            disk::remove(&folder.join(file)).map_err(trouble)?;
        }
        // Both stay if somebody else put something there.
        let _ = fs::remove_dir(folder.join(STORE));
        let _ = fs::remove_dir(&folder);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_line(line: &str) -> Option<(Part, u64, Hash)> {
    let mut words = line.split(' ');
    let part = Part::at(words.next()?)?;
    let index = words.next()?.parse().ok()?;
    let hash = words.next()?.parse().ok()?;
    words.next().is_none().then_some((part, index, hash))
}

/// Writes a chunk, and nothing where zeros are to be and are already.
fn write_chunk(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    if disk::is_hole(file, offset, bytes.len() as u64) {
        for used in used(bytes) {
            disk::write_at(file, &bytes[used.clone()], offset + used.start as u64)?;
        }
        disk::begin_writing_out(file, offset, bytes.len() as u64);
        return Ok(());
    }
    if is_zero(bytes) {
        let mut there = vec![0; bytes.len()];
        disk::read_at(file, &mut there, offset)?;
        if is_zero(&there) {
            return Ok(());
        }
    }
    disk::write_at(file, bytes, offset)
}

/// The stretches of a chunk that are not zero, by the pages of a canister's memory: what a hole is instead takes neither time nor room.
fn used(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = vec![];
    for (index, page) in bytes.chunks(PAGE).enumerate() {
        if is_zero(page) {
            continue;
        }
        let page = index * PAGE..index * PAGE + page.len();
        match stretches.last_mut() {
            Some(last) if last.end == page.start => last.end = page.end,
            _ => stretches.push(page),
        }
    }
    stretches
}

/// A finished copy whose damaged chunks are written again. Only what its manifest says can be written.
pub struct Repair {
    folder: Utf8PathBuf,
    manifest: Manifest,
    _lock: File,
}

impl Repair {
    /// Takes a finished copy for repair.
    pub fn open(folder: &Utf8Path) -> Result<Self> {
        let lock = lock(folder)?;
        let manifest =
            Manifest::load(folder)?.ok_or_else(|| malformed(folder, "it has no manifest yet"))?;
        Ok(Self {
            folder: folder.to_owned(),
            manifest,
            _lock: lock,
        })
    }

    /// What every byte must be.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Writes a chunk again. Bytes that are not what the manifest says are refused.
    pub fn write(&self, part: Part, index: u64, bytes: &[u8]) -> Result<()> {
        let doing = "repairing a chunk";
        let record = self.manifest.file(part);
        let expected = record.and_then(|record| record.chunks.get(index as usize));
        let (Some(record), true) = (record, expected == Some(&Hash::of(bytes))) else {
            return Err(Error::new(Code::SnapshotDiffers, doing)
                .with("path", &self.folder)
                .with("file", part)
                .because(format!("chunk {index} is not what was stored")));
        };
        let path = self.folder.join(part.path());
        make_private_folder(&self.folder.join(STORE))
            .map_err(|error| failed(doing, &path, error))?;
        reader::check_store(&self.folder)?;
        let file = disk::create_plain(&path).map_err(|error| failed(doing, &path, error))?;
        file.set_len(record.bytes)
            .and_then(|()| write_chunk(&file, bytes, index * super::GRID))
            .and_then(|()| file.sync_data())
            .map_err(|error| failed(doing, &path, error))
    }

    /// Writes `metadata.json` again, if these are the same metadata.
    pub fn write_metadata(&self, metadata: &Metadata) -> Result<()> {
        let text = metadata.text()?;
        if Hash::of(&text) != self.manifest.metadata {
            return Err(
                Error::new(Code::SnapshotDiffers, "repairing metadata").with("path", &self.folder)
            );
        }
        let path = self.folder.join(reader::METADATA);
        replace_file(&path, &text).map_err(|error| failed("repairing metadata", &path, error))
    }
}
