//! What a board shows beside the status: snapshots, copies on this computer, and since when the module is another one.
//!
//! None of it comes with a status, and some of it takes as long as a change. So it is remembered, and whoever shows a board gets what
//! is remembered at once, with its age. What is missing or may have changed is looked up behind the board's back, a few canisters at
//! a time and never twice at the same time; the next refresh shows it. A thousand canisters cost nothing that way unless something
//! about them changes:
//!
//! - Snapshots are listed anew when the status shows other bytes of them than at the last list.
//! - A module is looked for in the samples when the status shows another one than the last time.
//! - A copy's manifest is read when its file is not the one that was read before.

use crate::{
    Canister, CanisterId, Connection, CopyReader, Engine, Fingerprint, Memory, Place, Reading,
    Status, Viewers,
    journal::milliseconds,
    library::Library,
    samples::{KnownListing, Samples},
    snapshot,
};
use camino::{Utf8Path, Utf8PathBuf};
use futures::{StreamExt as _, stream};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// How many lists of snapshots are asked for at the same time. They are nobody's hurry.
const LISTS_AT_ONCE: usize = 4;

/// How many are asked for between two refreshes: a board of a thousand that is opened for the first time is complete after a few
/// minutes, and no subnet is asked for more than a person's clicks would.
const LISTS_A_ROUND: usize = 40;

/// What is known of a canister beside its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Its snapshots, as they were when they were listed last.
    pub snapshots: Option<SnapshotCount>,
    /// When the newest of its states was taken that a verified copy on this computer holds, in milliseconds since 1970.
    pub newest_copy: Option<u64>,
    /// When its module was first seen, if another one was seen before.
    pub module_changed: Option<SystemTime>,
}

/// How many snapshots there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotCount {
    /// So many.
    pub count: usize,
    /// When the newest was taken, in milliseconds since 1970.
    pub newest: Option<u64>,
    /// When they were listed, in milliseconds since 1970.
    pub read_at: u64,
    /// Whether the status speaks against it by now; it is being listed anew.
    pub is_stale: bool,
}

/// What is remembered in this process.
#[derive(Clone, Default)]
pub(crate) struct Remembered(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The module that a canister had, and since when.
    modules: HashMap<Place, (Option<Vec<u8>>, Option<SystemTime>)>,
    /// The newest verified copy of a canister, by the text of its network's fingerprint and its id.
    copies: HashMap<(String, String), u64>,
    /// The manifests that were read, by the folder of the copy.
    manifests: HashMap<Utf8PathBuf, Manifest>,
    is_looking: bool,
}

/// What a manifest said.
#[derive(Clone)]
struct Manifest {
    /// What tells the file from one that was written later.
    mark: (Option<SystemTime>, u64),
    of: Vec<(String, String)>,
    taken_at: u64,
    is_verified: bool,
}

impl Remembered {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the right to look; nobody else has it until it is given back.
    fn begin(&self) -> bool {
        !std::mem::replace(&mut self.state().is_looking, true)
    }
}

/// A look behind the board's back.
struct Look {
    remembered: Remembered,
    connection: Arc<Connection>,
    samples: Samples,
    library: Arc<Library>,
    /// Whose snapshots are listed, with the bytes that the status shows of them.
    unlisted: Vec<(CanisterId, u128)>,
    /// Whose module is looked for.
    modules: Vec<(CanisterId, Option<Vec<u8>>)>,
}

impl Look {
    async fn run(self) {
        let network = self.connection.fingerprint();
        for (canister, module) in &self.modules {
            match self.samples.module_change(network, *canister).await {
                Ok(changed) => {
                    let place = self.connection.place(*canister);
                    let known = (module.clone(), changed);
                    self.remembered.state().modules.insert(place, known);
                }
                Err(error) => tracing::debug!(error = error.chain(), "no samples of a module"),
            }
        }
        let (remembered, library) = (self.remembered.clone(), self.library.clone());
        // A panic in there has been logged, and leaves the copies as they were known.
        let _ = tokio::task::spawn_blocking(move || look_at_copies(&remembered, &library)).await;
        stream::iter(&self.unlisted)
            .for_each_concurrent(LISTS_AT_ONCE, |(canister, bytes)| {
                self.list(*canister, *bytes)
            })
            .await;
    }

    async fn list(&self, canister: CanisterId, bytes: u128) {
        let place = self.connection.place(canister);
        let listed = match snapshot::list(&self.connection.replica, canister).await {
            Ok(listed) => listed,
            Err(error) => {
                tracing::debug!(error = error.chain(), "snapshots were not listed");
                return;
            }
        };
        let newest = listed.iter().map(|one| one.taken_at / 1_000_000).max();
        let now = SystemTime::now();
        let kept = self
            .samples
            .keep_listing(place, bytes, listed.len(), newest, now);
        if let Err(error) = kept.await {
            tracing::warn!(error = error.chain(), "a list of snapshots was not kept");
        }
    }
}

/// The right to look goes back, however the look ends.
impl Drop for Look {
    fn drop(&mut self) {
        self.remembered.state().is_looking = false;
    }
}

fn look_at_copies(remembered: &Remembered, library: &Library) {
    let before = std::mem::take(&mut remembered.state().manifests);
    let mut manifests = HashMap::new();
    for folder in library.places() {
        let known = before.get(&folder).cloned();
        if let Some(manifest) = manifest(&folder, known) {
            manifests.insert(folder, manifest);
        }
    }
    let mut copies: HashMap<(String, String), u64> = HashMap::new();
    for manifest in manifests.values().filter(|manifest| manifest.is_verified) {
        for of in &manifest.of {
            let newest = copies.entry(of.clone()).or_default();
            *newest = manifest.taken_at.max(*newest);
        }
    }
    let mut state = remembered.state();
    state.manifests = manifests;
    state.copies = copies;
}

/// What the manifest in a folder says; what was read before, while it is the same file.
fn manifest(folder: &Utf8Path, known: Option<Manifest>) -> Option<Manifest> {
    let file = folder.join("canopic.json").symlink_metadata().ok()?;
    let mark = (file.modified().ok(), file.len());
    if known.as_ref().is_some_and(|known| known.mark == mark) {
        return known;
    }
    let reader = CopyReader::open(folder).ok()?;
    let manifest = reader.manifest()?;
    let chains = manifest.snapshot.iter().chain(&manifest.also);
    Some(Manifest {
        mark,
        of: chains
            .map(|chain| (chain.fingerprint.clone(), chain.canister.clone()))
            .collect(),
        taken_at: reader.metadata().taken_at / 1_000_000,
        is_verified: manifest.verified_at.is_some(),
    })
}

/// The count that a list gave, held against the status; none where nothing can be said.
fn count(
    status: &Status,
    read_at: SystemTime,
    listing: Option<&KnownListing>,
) -> Option<SnapshotCount> {
    let bytes = status.memory.snapshots;
    // Nothing in them means that there are none, unless the network does not tell memory by kind.
    if bytes == 0 && status.memory != Memory::default() {
        return Some(SnapshotCount {
            count: 0,
            newest: None,
            read_at: milliseconds(read_at),
            is_stale: false,
        });
    }
    let listing = listing?;
    Some(SnapshotCount {
        count: listing.count,
        newest: listing.newest,
        read_at: listing.at,
        is_stale: listing.bytes != bytes,
    })
}

impl Engine {
    /// What is remembered of canisters of the network in use beside their statuses, in their order. Looks up what is missing, behind
    /// the caller's back.
    pub async fn beside(&self, canisters: &[Canister]) -> Vec<Beside> {
        let Ok(connection) = self.connection().await else {
            return vec![Beside::default(); canisters.len()];
        };
        let network: Fingerprint = connection.fingerprint();
        let listings = self
            .samples
            .listings(network)
            .await
            .unwrap_or_else(|error| {
                tracing::debug!(
                    error = error.chain(),
                    "no lists of snapshots are remembered"
                );
                HashMap::new()
            });
        let caller = connection.identity.principal;
        let (mut unlisted, mut modules) = (vec![], vec![]);
        let mut found = Vec::with_capacity(canisters.len());
        {
            let state = self.remembered.state();
            for canister in canisters {
                let mut beside = Beside::default();
                let key = (network.to_string(), canister.id.to_string());
                beside.newest_copy = state.copies.get(&key).copied();
                if let Reading::Full(status) = &canister.reading {
                    beside.snapshots = count(status, canister.read_at, listings.get(&canister.id));
                    let settings = &status.settings;
                    let viewers: &Viewers = &settings.snapshot_visibility;
                    if beside.snapshots.is_none_or(|known| known.is_stale)
                        && viewers.admits(caller, &settings.controllers)
                    {
                        unlisted.push((canister.id, status.memory.snapshots));
                    }
                    match state.modules.get(&connection.place(canister.id)) {
                        Some((module, changed)) if *module == status.module_hash => {
                            beside.module_changed = *changed;
                        }
                        _ => modules.push((canister.id, status.module_hash.clone())),
                    }
                }
                found.push(beside);
            }
        }
        unlisted.truncate(LISTS_A_ROUND);
        if self.remembered.begin() {
            let look = Look {
                remembered: self.remembered.clone(),
                connection,
                samples: self.samples.clone(),
                library: self.library.clone(),
                unlisted,
                modules,
            };
            tokio::spawn(look.run());
        }
        found
    }
}
