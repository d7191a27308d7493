//! The library: all copies on this computer.
//!
//! The folders are the truth. A copy is in the library because it lies below one of its folders, and everything that is said of it
//! is read from it: whoever moves, adds or removes a folder with another program has changed the library.
//!
//! - A copy goes by an opaque [`CopyId`]; paths never come from a front end.
//! - Links are not followed, and a scan ends at a depth and a number: a library that was pointed at a home folder stays quick.
//! - Deleting moves a copy to a bin beside it, on the same disk. It can be taken out again until the bin is emptied.

mod dropped;
mod errand;
mod room;

pub use dropped::Dropped;
pub use errand::Errand;
pub(crate) use errand::Errands;
pub use room::{Obstacle, Room, Service, obstacles, room, synced_by};

use crate::{
    ChainSnapshot, Code, CopyReader, Draft, Engine, Error, Hash, Manifest, Result, Verification,
    folder::{self, Metadata, WrongSize, allocated, failed},
    settings::{make_private_folder, replace_file},
};
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    str::FromStr,
    sync::{Mutex, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// How deep below a folder of the library a copy may lie: people sort them by year, project and canister.
const DEPTH: usize = 5;

/// How many folders one scan looks into.
const LOOKS: usize = 20_000;

/// The folder for what was deleted, beside the copies.
const BIN: &str = ".canopic-bin";

/// The note in the bin about where something was.
const FROM: &str = "from.json";

/// What a copy is called between the front end and here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CopyId([u8; 8]);

impl CopyId {
    pub(crate) fn of(folder: &Utf8Path) -> Self {
        let mut beginning = [0; 8];
        beginning.copy_from_slice(&Sha256::digest(folder.as_str())[..8]);
        Self(beginning)
    }
}

impl fmt::Display for CopyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for CopyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CopyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut id = [0; 8];
        hex::decode_to_slice(text, &mut id).map_err(|error| {
            Error::new(Code::IdMalformed, "reading the id of a copy")
                .with("text", text)
                .because(error)
        })?;
        Ok(Self(id))
    }
}

impl TryFrom<String> for CopyId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<CopyId> for String {
    fn from(id: CopyId) -> Self {
        id.to_string()
    }
}

/// A copy in the library.
#[derive(Debug)]
pub struct LocalCopy {
    /// What it is called here.
    pub id: CopyId,
    /// Where it lies.
    pub folder: Utf8PathBuf,
    /// What is known of it.
    pub state: CopyState,
    /// The bytes that it takes up on its disk, holes left out.
    pub disk_bytes: u64,
}

/// What is known of a copy.
#[derive(Debug)]
pub enum CopyState {
    /// It was finished. Whether it still is what it was then, its [`About`] says.
    Whole(Box<About>),
    /// It was never finished; what it is to be is known if it was begun here.
    Unfinished(Option<Box<Draft>>),
    /// It cannot be read as a copy.
    Unreadable(Error),
}

/// A whole copy.
#[derive(Clone, Debug)]
pub struct About {
    /// What the network said of the snapshot.
    pub metadata: Metadata,
    /// What else is known; none for the folder of another tool that was never verified.
    pub manifest: Option<Manifest>,
    /// Files that are not as large as they must be: it was whole once, and was cut off. Empty for one that is whole as far as sizes tell.
    pub wrong_sizes: Vec<WrongSize>,
}

/// How a copy belongs to a snapshot on a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bond {
    /// It is a copy of that snapshot, or the snapshot was made of it.
    Same,
    /// It holds the same as a copy of that snapshot.
    SameContent,
}

/// The copies that belong to a snapshot, the closest first.
pub fn copies_of<'copy>(
    snapshot: &ChainSnapshot,
    copies: &'copy [LocalCopy],
) -> Vec<(&'copy LocalCopy, Bond)> {
    let manifests = || {
        copies.iter().filter_map(|copy| match &copy.state {
            CopyState::Whole(about) => Some((copy, about.manifest.as_ref()?)),
            _ => None,
        })
    };
    let contents: Vec<Hash> = manifests()
        .filter(|(_, manifest)| manifest.is_of(snapshot))
        .map(|(_, manifest)| manifest.content)
        .collect();
    let mut bonds: Vec<_> = manifests()
        .filter_map(|(copy, manifest)| {
            if manifest.is_of(snapshot) {
                Some((copy, Bond::Same))
            } else {
                contents
                    .contains(&manifest.content)
                    .then_some((copy, Bond::SameContent))
            }
        })
        .collect();
    bonds.sort_by_key(|(_, bond)| *bond);
    bonds
}

/// Something in the bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// What the copy was called.
    pub id: CopyId,
    /// Where it was.
    pub folder: Utf8PathBuf,
    /// When it was deleted, in milliseconds since 1970.
    pub at: u64,
    /// The bytes that it still takes up.
    pub disk_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Note {
    folder: Utf8PathBuf,
    at: u64,
}

/// Which folders are looked through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shelves {
    version: u32,
    /// Folders that a person added to the library's own.
    #[serde(default)]
    folders: Vec<Utf8PathBuf>,
}

/// The folders of the library, and where each copy was last seen.
pub(crate) struct Library {
    own: Utf8PathBuf,
    config: Utf8PathBuf,
    shelves: Mutex<Shelves>,
    seen: Mutex<BTreeMap<CopyId, Utf8PathBuf>>,
    pub(crate) errands: Errands,
}

impl Library {
    const FILE: &str = "library.json";
    const VERSION: u32 = 1;

    /// The library below these folders.
    pub(crate) fn load(data: &Utf8Path, config: &Utf8Path) -> Result<Self> {
        let path = config.join(Self::FILE);
        let damaged = |error: serde_json::Error| {
            Error::new(Code::SettingsDamaged, "reading the folders of the library")
                .with("path", &path)
                .because(error)
        };
        let shelves: Shelves = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(damaged)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Shelves {
                version: Self::VERSION,
                folders: Vec::new(),
            },
            Err(error) => return Err(failed("reading the folders of the library", &path, error)),
        };
        if shelves.version > Self::VERSION {
            return Err(Error::new(
                Code::SettingsFromNewerVersion,
                "reading the folders of the library",
            )
            .with("path", &path)
            .with("found", shelves.version)
            .with("known", Self::VERSION));
        }
        Ok(Self {
            own: data.join("copies"),
            config: config.to_owned(),
            shelves: Mutex::new(shelves),
            seen: Mutex::default(),
            errands: Errands::default(),
        })
    }

    /// The folders that are looked through, the library's own first.
    pub(crate) fn folders(&self) -> Vec<Utf8PathBuf> {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::once(self.own.clone())
            .chain(shelves.folders.iter().cloned())
            .collect()
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Utf8PathBuf>)) -> Result<()> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = shelves.clone();
        change(&mut changed.folders);
        let path = self.config.join(Self::FILE);
        let text = serde_json::to_vec_pretty(&changed).map_err(|error| {
            Error::new(Code::Bug, "writing the folders of the library").because(error)
        })?;
        replace_file(&path, &text)
            .map_err(|error| failed("writing the folders of the library", &path, error))?;
        *shelves = changed;
        Ok(())
    }

    /// A folder for a new copy that is not there yet, named after what people will look for.
    pub(crate) fn place_for(&self, name: &str) -> Result<Utf8PathBuf> {
        make_private_folder(&self.own)
            .map_err(|error| failed("making the library's folder", &self.own, error))?;
        let plain = folder::plain_name(name);
        (1..10_000)
            .map(|number| match number {
                1 => self.own.join(&plain),
                number => self.own.join(format!("{plain}-{number}")),
            })
            .find(|place| place.symlink_metadata().is_err())
            .ok_or_else(|| {
                Error::new(Code::CopyExists, "finding a place for a copy")
                    .with("path", self.own.join(plain))
            })
    }

    /// Where copies lie, without a look at any of them.
    pub(crate) fn places(&self) -> Vec<Utf8PathBuf> {
        let mut places = Vec::new();
        let mut looks = 0;
        for shelf in self.folders() {
            scan(&shelf, 0, &mut looks, &mut |folder| {
                places.push(folder.to_owned());
            });
        }
        places
    }

    /// Looks through the folders. A folder that cannot be read holds up none of the others.
    pub(crate) fn scan(&self) -> Vec<LocalCopy> {
        let mut copies = Vec::new();
        let mut looks = 0;
        for shelf in self.folders() {
            scan(&shelf, 0, &mut looks, &mut |folder| {
                copies.push(look(folder));
            });
        }
        copies.sort_by(|one, other| one.folder.cmp(&other.folder));
        copies.dedup_by(|one, other| one.folder == other.folder);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = copies
            .iter()
            .map(|copy| (copy.id, copy.folder.clone()))
            .collect();
        copies
    }

    /// Where a copy lies.
    pub(crate) fn find(&self, id: CopyId) -> Result<Utf8PathBuf> {
        let seen = || {
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&id)
                .cloned()
        };
        let found = seen().filter(|folder| folder.is_dir()).or_else(|| {
            self.scan();
            seen()
        });
        found.ok_or_else(|| Error::new(Code::CopyChanged, "looking for a copy").with("copy", id))
    }

    /// What the copy in this folder is called, if the folder lies in the library.
    pub(crate) fn known(&self, folder: &Utf8Path) -> Option<CopyId> {
        let folder = folder.canonicalize_utf8().ok()?;
        let is_there = |copy: &&LocalCopy| {
            copy.folder
                .canonicalize_utf8()
                .is_ok_and(|there| there == folder)
        };
        self.scan().iter().find(is_there).map(|copy| copy.id)
    }

    /// Takes in a copy where it lies, and says what it is called. Nothing in its folder is changed.
    pub(crate) fn link(&self, folder: &Utf8Path) -> Result<CopyId> {
        if let Some(known) = self.known(folder) {
            return Ok(known);
        }
        if !folder::looks_like_copy(folder) {
            return Err(Error::new(Code::CopyMalformed, "taking in a copy")
                .with("path", folder)
                .with("reason", "it is no copy of a snapshot"));
        }
        self.add(folder)?;
        self.known(folder)
            .ok_or_else(|| Error::new(Code::CopyChanged, "taking in a copy").with("path", folder))
    }

    /// Adds a folder; nothing in it is changed.
    fn add(&self, folder: &Utf8Path) -> Result<()> {
        let folder = folder
            .canonicalize_utf8()
            .map_err(|error| failed("adding a folder to the library", folder, error))?;
        self.change(|folders| {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        })
    }

    /// Moves a copy to the bin.
    pub(crate) fn delete(&self, id: CopyId, now: u64) -> Result<Deleted> {
        let doing = "moving a copy to the bin";
        let place = self.find(id)?;
        // Nobody may be writing to it. On Windows an open file would also keep the folder from moving.
        drop(folder::lock(&place)?);
        let parent = place.parent().unwrap_or(&place);
        let bin = parent.join(BIN);
        make_private_folder(&bin).map_err(|error| failed(doing, &bin, error))?;
        let slot = (0..1_000)
            .map(|number| bin.join(format!("{id}-{now}-{number}")))
            .find(|slot| slot.symlink_metadata().is_err())
            .ok_or_else(|| Error::new(Code::CopyExists, doing).with("path", &bin))?;
        make_private_folder(&slot).map_err(|error| failed(doing, &slot, error))?;
        let note = serde_json::to_vec_pretty(&Note {
            folder: place.clone(),
            at: now,
        })
        .map_err(|error| Error::new(Code::Bug, doing).because(error))?;
        replace_file(&slot.join(FROM), &note).map_err(|error| failed(doing, &slot, error))?;
        fs::rename(&place, slot.join("copy")).map_err(|error| failed(doing, &place, error))?;
        Ok(Deleted {
            id,
            folder: place,
            at: now,
            disk_bytes: disk_bytes(&slot),
        })
    }

    /// What is in the bins, the latest first.
    pub(crate) fn deleted(&self) -> Vec<Deleted> {
        let mut deleted: Vec<_> = self
            .slots()
            .into_iter()
            .map(|(_, deleted)| deleted)
            .collect();
        deleted.sort_by_key(|deleted| std::cmp::Reverse(deleted.at));
        deleted
    }

    /// Puts what was deleted last under this id back where it was.
    pub(crate) fn restore(&self, id: CopyId) -> Result<()> {
        let doing = "taking a copy out of the bin";
        let mut slots = self.slots();
        slots.sort_by_key(|(_, deleted)| deleted.at);
        let (slot, deleted) = slots
            .into_iter()
            .rfind(|(_, deleted)| deleted.id == id)
            .ok_or_else(|| Error::new(Code::CopyChanged, doing).with("copy", id))?;
        if deleted.folder.symlink_metadata().is_ok() {
            return Err(Error::new(Code::CopyExists, doing).with("path", &deleted.folder));
        }
        fs::rename(slot.join("copy"), &deleted.folder)
            .map_err(|error| failed(doing, &deleted.folder, error))?;
        fs::remove_dir_all(&slot).map_err(|error| failed(doing, &slot, error))
    }

    /// Deletes for good what was moved to the bin before a moment. Nothing brings it back.
    pub(crate) fn empty_bin(&self, before: u64) -> Result<u64> {
        let mut freed = 0;
        for (slot, deleted) in self.slots() {
            if deleted.at < before {
                fs::remove_dir_all(&slot)
                    .map_err(|error| failed("emptying the bin", &slot, error))?;
                freed += deleted.disk_bytes;
            }
        }
        Ok(freed)
    }

    fn slots(&self) -> Vec<(Utf8PathBuf, Deleted)> {
        let mut bins = Vec::new();
        let mut looks = 0;
        for shelf in self.folders() {
            find_bins(&shelf, 0, &mut looks, &mut bins);
        }
        bins.sort();
        bins.dedup();
        let entries = bins.iter().flat_map(|bin| folders_in(bin));
        entries
            .filter_map(|slot| {
                let note: Note = serde_json::from_slice(&fs::read(slot.join(FROM)).ok()?).ok()?;
                // A note names a place beside its own bin or it is not one of ours.
                let is_ours = note.folder.parent() == slot.parent().and_then(Utf8Path::parent);
                let deleted = Deleted {
                    id: CopyId::of(&note.folder),
                    folder: note.folder,
                    at: note.at,
                    disk_bytes: disk_bytes(&slot),
                };
                (is_ours && slot.join("copy").is_dir()).then_some((slot, deleted))
            })
            .collect()
    }
}

/// The folders in a folder, links left out.
fn folders_in(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        // A copy whose path is no text could neither be shown nor stored.
        .filter_map(|entry| Utf8PathBuf::from_path_buf(entry.path()).ok())
        .collect()
}

fn scan(folder: &Utf8Path, depth: usize, looks: &mut usize, found: &mut dyn FnMut(&Utf8Path)) {
    *looks += 1;
    if *looks > LOOKS {
        return;
    }
    if folder::looks_like_copy(folder) {
        found(folder);
        return;
    }
    if depth < DEPTH {
        for below in folders_in(folder) {
            if below.file_name().is_some_and(|name| !name.starts_with('.')) {
                scan(&below, depth + 1, looks, found);
            }
        }
    }
}

fn find_bins(folder: &Utf8Path, depth: usize, looks: &mut usize, bins: &mut Vec<Utf8PathBuf>) {
    *looks += 1;
    if *looks > LOOKS || folder::looks_like_copy(folder) {
        return;
    }
    for below in folders_in(folder) {
        match below.file_name() {
            Some(BIN) => bins.push(below),
            Some(name) if depth < DEPTH && !name.starts_with('.') => {
                find_bins(&below, depth + 1, looks, bins);
            }
            _ => {}
        }
    }
}

/// Looks at one copy: its metadata, its manifest and the sizes of its files, not at their bytes.
fn look(folder: &Utf8Path) -> LocalCopy {
    let state = match CopyReader::open(folder) {
        Ok(reader) => CopyState::Whole(Box::new(About {
            metadata: reader.metadata().clone(),
            manifest: reader.manifest().cloned(),
            wrong_sizes: vec![],
        })),
        Err(error) if error.code == Code::CopyUnfinished => {
            CopyState::Unfinished(folder::draft(folder).ok().map(Box::new))
        }
        Err(error) => cut_off(folder).map_or(CopyState::Unreadable(error), |about| {
            CopyState::Whole(Box::new(about))
        }),
    };
    LocalCopy {
        id: CopyId::of(folder),
        folder: folder.to_owned(),
        state,
        disk_bytes: disk_bytes(folder),
    }
}

/// A copy that was whole once. Nobody has to verify it to know that it is damaged.
fn cut_off(folder: &Utf8Path) -> Option<About> {
    let (metadata, mut manifest, wrong_sizes) = folder::cut_off(folder)?;
    let since = manifest.verified_at.unwrap_or(manifest.made_at);
    manifest.verified_at = None;
    // When it happened nobody knows: after the last time that it was seen to be right.
    manifest.damaged_at.get_or_insert(since);
    Some(About {
        metadata,
        manifest: Some(manifest),
        wrong_sizes,
    })
}

fn disk_bytes(folder: &Utf8Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.path().symlink_metadata().ok()?;
            if metadata.is_dir() {
                return Some(disk_bytes(&Utf8PathBuf::from_path_buf(entry.path()).ok()?));
            }
            Some(allocated(&metadata))
        })
        .sum()
}

/// What a person may change about a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// What is written about it.
    pub notes: String,
    /// Whether it is kept whatever happens.
    pub pinned: bool,
}

/// The library.
impl Engine {
    /// All copies below the folders of the library.
    pub async fn copies(&self) -> Result<Vec<LocalCopy>> {
        let library = self.library.clone();
        off_the_loop(move || Ok(library.scan())).await
    }

    /// The folders of the library, its own first.
    pub fn library_folders(&self) -> Vec<Utf8PathBuf> {
        self.library.folders()
    }

    /// Adds a folder to the library; nothing in it is changed.
    pub fn add_library_folder(&self, folder: &Utf8Path) -> Result<()> {
        self.library.add(folder)
    }

    /// Takes a folder out of the library; nothing in it is changed.
    pub fn remove_library_folder(&self, folder: &Utf8Path) -> Result<()> {
        self.library
            .change(|folders| folders.retain(|known| known != folder))
    }

    /// Where a copy lies.
    pub fn copy_folder(&self, id: CopyId) -> Result<Utf8PathBuf> {
        self.library.find(id)
    }

    /// A folder for a new copy that is not there yet.
    pub fn place_for_copy(&self, name: &str) -> Result<Utf8PathBuf> {
        self.library.place_for(name)
    }

    /// Names a copy, writes about it, pins it. A folder that has no hashes yet gets them first.
    pub async fn label_copy(&self, id: CopyId, label: Label, now: u64) -> Result<()> {
        let folder = self.library.find(id)?;
        off_the_loop(move || {
            if CopyReader::open(&folder)?.manifest().is_none() {
                folder::verify(&folder, now, &|_| {}, &CancellationToken::new())?;
            }
            folder::update(&folder, |manifest| {
                manifest.name = label.name;
                manifest.notes = label.notes;
                manifest.pinned = label.pinned;
            })
            .map(drop)
        })
        .await
    }

    /// Verifies a copy: see [`verify`](crate::verify). The errand's number is the caller's choice; see [`Engine::errand`].
    pub async fn verify_copy(&self, id: CopyId, errand: u32, now: u64) -> Result<Verification> {
        let library = self.library.clone();
        off_the_loop(move || {
            let folder = library.find(id)?;
            let total = match CopyReader::open(&folder) {
                Ok(reader) => reader.metadata().bytes_at_most(),
                Err(_) => 0,
            };
            let errand = library.errands.begin(errand, total);
            folder::verify(
                &folder,
                now,
                &|bytes| errand.advance(bytes),
                errand.cancel(),
            )
        })
        .await
    }

    /// How far an errand is; none if there is none of this number, or none any more.
    pub fn errand(&self, number: u32) -> Option<Errand> {
        self.library.errands.look(number)
    }

    /// Ends an errand at its next chunk. It fails as cancelled then, and leaves nothing half-done behind.
    pub fn stop_errand(&self, number: u32) {
        self.library.errands.stop(number);
    }

    /// Moves a copy to the bin. A pinned one stays.
    pub async fn delete_copy(&self, id: CopyId, now: u64) -> Result<Deleted> {
        let library = self.library.clone();
        off_the_loop(move || {
            let folder = library.find(id)?;
            let pinned = CopyReader::open(&folder)
                .is_ok_and(|copy| copy.manifest().is_some_and(|manifest| manifest.pinned));
            if pinned {
                return Err(Error::new(Code::Precondition, "deleting a copy")
                    .with("path", &folder)
                    .because("it is pinned"));
            }
            library.delete(id, now)
        })
        .await
    }

    /// What is in the bin.
    pub fn deleted_copies(&self) -> Vec<Deleted> {
        self.library.deleted()
    }

    /// Takes a copy out of the bin.
    pub fn restore_copy(&self, id: CopyId) -> Result<()> {
        self.library.restore(id)
    }

    /// Deletes for good what was moved to the bin before a moment, and says how many bytes that freed.
    pub fn empty_bin(&self, before: u64) -> Result<u64> {
        self.library.empty_bin(before)
    }
}

/// Runs what reads and writes files where it does not hold up the network.
pub(crate) async fn off_the_loop<Done: Send + 'static>(
    work: impl FnOnce() -> Result<Done> + Send + 'static,
) -> Result<Done> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::new(Code::Bug, "working on files").because(error))?
}

#[cfg(test)]
mod tests;
