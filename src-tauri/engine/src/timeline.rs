//! The timeline of a canister: every moment that can be gone back to, and what happened in between.
//!
//! A moment is a snapshot on the network, or copies on this computer, or both where they are the same. It is joined from four
//! truths, each of which may be missing without holding up the others: the network's list of snapshots, the folders of the library,
//! the journal (what we took, what for, and what was restored somewhere with success), and what a person says of it ([`SnapshotLabel`](crate::SnapshotLabel)).
//!
//! - What the network tells of a snapshot beside the list takes a question each. A snapshot that was taken never changes, so it is
//!   asked once and remembered (`samples`). What has not come within [`PATIENCE`] is missing from this answer and in the next one.
//! - Whether an upload was finished is recorded nowhere but in our journal. Of other people's uploads it is only said when it shows
//!   that they were not: [`Wholeness`].
//! - Without the right to list snapshots, copies and changes are there all the same, and why is said.
//!
//! Reading order: [`Timeline`], [`Moment`], `gather` (the questions), `past` (what happened in between).

mod past;

pub use past::{Happening, PastChange};

use crate::{
    Bond, CanisterId, ChainSnapshot, Code, Connection, CopyId, CopyState, Denial, Engine, Error,
    Fingerprint, Hash, Interface, JobId, LocalCopy, OpName, Place, Reading, Result, SLOTS,
    Snapshot, SnapshotId, State, canister,
    job::{End, Job},
    journal::milliseconds,
    library::{copies_of, off_the_loop},
    ops::{Step, restore::Which},
    replica::Replica,
    samples::KnownSnapshot,
    snapshot,
};
use futures::{StreamExt as _, stream};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// How long to wait for what the network tells of single snapshots. It goes on being read meanwhile.
const PATIENCE: Duration = Duration::from_secs(4);

/// How many questions about single snapshots are under way at the same time. A canister has ten snapshots at most.
const QUESTIONS_AT_ONCE: usize = 5;

/// Everything that a canister can go back to.
#[derive(Debug)]
pub struct Timeline {
    /// Which canister.
    pub canister: CanisterId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the module that it has now, where it has one and that is known.
    pub module_hash: Option<Vec<u8>>,
    /// What is known of the snapshots on the network.
    pub listing: SnapshotList,
    /// Every moment, the newest first.
    pub moments: Vec<Moment>,
    /// What happened to the canister, the newest first.
    pub changes: Vec<PastChange>,
    /// Whether the canister's own history was to be had; otherwise only what was done from here is known.
    pub has_history: bool,
    /// Whether all was read; otherwise the rest is being read, and is there when it is asked for again.
    pub is_complete: bool,
}

/// What is known of the snapshots on the network.
#[derive(Debug)]
pub enum SnapshotList {
    /// All.
    Listed {
        /// How many there are.
        used: usize,
        /// How many there may be.
        limit: usize,
    },
    /// They are not for whoever asks.
    Denied(Denial),
    /// They could not be read.
    Failed(Error),
}

/// A moment that can be gone back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The snapshot on the network.
    pub snapshot: Option<OnChain>,
    /// The copies on this computer, the closest first.
    pub copies: Vec<OnDisk>,
    /// SHA-256 of the module, where it is known.
    pub module_hash: Option<Vec<u8>>,
    /// Whether that is the module that the canister has now, where both are known.
    pub is_same_module: Option<bool>,
    /// What a person calls it; empty where nobody named it.
    pub name: String,
    /// What a person noted about it.
    pub note: String,
    /// Since when it is proven that it can be restored, in milliseconds since 1970.
    pub proven_at: Option<u64>,
    /// The job that proved it, where that is known.
    pub proven_by: Option<JobId>,
}

/// A snapshot on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnChain {
    /// Its id.
    pub id: SnapshotId,
    /// How many bytes it takes up.
    pub bytes: u64,
    /// How it came to be; none where that could not be read.
    pub arrival: Option<Arrival>,
    /// Whether all of it is there.
    pub wholeness: Wholeness,
    /// The canister's version then.
    pub version: Option<u64>,
    /// Our job that made it, if it was one of ours.
    pub cause: Option<Cause>,
}

/// How a snapshot came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Taken from the canister.
    Taken,
    /// Uploaded.
    Uploaded,
}

/// Whether all of a snapshot is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wholeness {
    /// It is: it was taken, or we uploaded all of it.
    Whole,
    /// It is being uploaded by a job of ours.
    UnderWay,
    /// Its upload is paused.
    Paused,
    /// Its upload was never finished, or nothing shows in it where something must be.
    Half,
    /// Nobody can tell: somebody else uploaded it.
    Unknown,
}

/// Which job of ours made a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// It.
    pub job: JobId,
    /// What it was for.
    pub op: OpName,
    /// Whether it was to keep what the job was about to replace.
    pub is_safety: bool,
}

/// A copy on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// It.
    pub id: CopyId,
    /// What it is called.
    pub name: String,
    /// How it belongs to the snapshot.
    pub bond: Bond,
    /// The snapshot that it is a copy of, where that is known.
    pub of: Option<SnapshotId>,
    /// The bytes that it takes up.
    pub disk_bytes: u64,
    /// Whether it is finished.
    pub is_whole: bool,
    /// When it was made, in milliseconds since 1970.
    pub made_at: u64,
    /// When every byte was last found to be right, in milliseconds since 1970; none once damage was found.
    pub verified_at: Option<u64>,
    /// When damage was found, in milliseconds since 1970; none for a copy that nothing is known against.
    pub damaged_at: Option<u64>,
    /// When it was last restored with success, in milliseconds since 1970.
    pub proven_at: Option<u64>,
}

/// What the journal tells of a snapshot.
#[derive(Clone, Debug)]
struct Told {
    cause: Cause,
    /// What it was called when it was asked for.
    name: String,
    note: String,
    /// Whether an upload has come to its good end, or none was needed.
    state: Wholeness,
}

/// The snapshots of a canister that jobs of ours made.
fn told<'a>(jobs: impl IntoIterator<Item = &'a Job>, place: Place) -> HashMap<SnapshotId, Told> {
    let mut told = HashMap::new();
    for job in jobs {
        if !job.is_about(place.network, place.canister) {
            continue;
        }
        let op = job.deed.op.name();
        let (name, note) = match &job.deed.op {
            crate::Op::TakeSnapshot(wish) => (wish.name.clone(), wish.note.clone()),
            _ => (String::new(), String::new()),
        };
        for (step, state) in job.deed.plan.steps.iter().zip(&job.steps) {
            let is_upload = match step {
                Step::TakeSnapshot(_) => false,
                Step::MakeSnapshot(_) => true,
                _ => continue,
            };
            if step.verb().canister() != place.canister {
                continue;
            }
            let made = state.output.as_ref().map(|output| &output["snapshot"]);
            let Some(id) = made.and_then(|id| id.as_str()?.parse::<SnapshotId>().ok()) else {
                continue;
            };
            let state = match job.state {
                _ if !is_upload => Wholeness::Whole,
                State::Ended(End::Done) => Wholeness::Whole,
                State::Running if job.is_paused() => Wholeness::Paused,
                State::Running => Wholeness::UnderWay,
                _ => Wholeness::Half,
            };
            let is_safety =
                !is_upload && !matches!(op, OpName::TakeSnapshot | OpName::TakeSnapshots);
            let cause = Cause {
                job: job.id,
                op,
                is_safety,
            };
            told.insert(
                id,
                Told {
                    cause,
                    name: name.clone(),
                    note: note.clone(),
                    state,
                },
            );
        }
    }
    told
}

/// What was restored somewhere with success, and the latest job that did it.
#[derive(Default)]
struct Proofs {
    /// Snapshots. Ids name their canister, so that a network has each only once.
    snapshots: HashMap<SnapshotId, (u64, JobId)>,
    /// Copies that were uploaded for it.
    copies: HashMap<CopyId, (u64, JobId)>,
}

impl Proofs {
    fn of<'a>(jobs: impl IntoIterator<Item = &'a Job>, network: Fingerprint) -> Self {
        let mut proofs = Self::default();
        for job in jobs {
            if job.deed.network != network || job.state != State::Ended(End::Done) {
                continue;
            }
            let proof = (milliseconds(job.changed_at), job.id);
            for step in &job.deed.plan.steps {
                let which = match step {
                    Step::LoadSnapshot(load) => &load.snapshot,
                    Step::LoadTrial(load) => &load.snapshot,
                    _ => continue,
                };
                if let Some(snapshot) = past::loaded(job, which) {
                    proofs.snapshots.insert(snapshot, proof);
                }
                if let Which::Made { made } = which
                    && let Some(Step::MakeSnapshot(make)) = job.deed.plan.steps.get(*made)
                {
                    proofs.copies.insert(CopyId::of(&make.folder), proof);
                }
            }
        }
        proofs
    }

    /// The latest proof of anything that a moment is.
    fn of_moment(&self, moment: &Moment) -> Option<(u64, JobId)> {
        let own = moment.snapshot.iter().map(|one| &one.id);
        let copied = moment.copies.iter().filter_map(|copy| copy.of.as_ref());
        let snapshots = own.chain(copied).filter_map(|id| self.snapshots.get(id));
        let copies = moment
            .copies
            .iter()
            .filter_map(|copy| self.copies.get(&copy.id));
        snapshots.chain(copies).max().copied()
    }
}

/// What the network tells of one snapshot beside the list.
#[derive(Clone, Debug)]
struct Found {
    known: KnownSnapshot,
    /// What its module says of its interface, where that was read; empty where it says nothing.
    interface: Option<String>,
    /// Whether an uploaded snapshot shows something where something must be.
    shows_something: bool,
}

/// Asks the network about one snapshot.
async fn ask(replica: &Replica, canister: CanisterId, id: &SnapshotId) -> Result<Found> {
    let facts = snapshot::metadata(replica, canister, id).await?;
    let module = snapshot::module(replica, canister, id, facts.module_bytes).await?;
    let module_hash = module.as_deref().map(Hash::of);
    let interface = match module {
        Some(module) => off_the_loop(move || Ok(Interface::text_of(module)))
            .await
            .ok(),
        None => None,
    };
    let shows_something = !facts.is_uploaded
        || snapshot::shows_something(replica, canister, id, facts.heap_bytes).await?;
    Ok(Found {
        known: KnownSnapshot {
            is_uploaded: facts.is_uploaded,
            version: facts.version,
            module_hash: module_hash.map(|hash| hash.0.to_vec()),
        },
        interface,
        shows_something,
    })
}

impl Engine {
    /// Every moment that a canister can go back to, and what happened in between.
    pub async fn timeline(&self, canister: CanisterId) -> Result<Timeline> {
        let connection = self.connection().await?;
        let place = connection.place(canister);
        let (reading, listed, copies, history) = futures::join!(
            canister::read(&connection.replica, canister),
            snapshot::list(&connection.replica, canister),
            self.copies(),
            past::history(&connection, canister),
        );
        let (snapshots, listing) = match listed {
            Ok(snapshots) => {
                let listing = SnapshotList::Listed {
                    used: snapshots.len(),
                    limit: SLOTS,
                };
                self.remember_listing(place, &reading, &snapshots).await;
                (snapshots, listing)
            }
            Err(error) if error.code == Code::NotController => {
                let denial = match &reading {
                    Reading::Full(_) => Denial::NotViewer,
                    _ => Denial::NotController,
                };
                (vec![], SnapshotList::Denied(denial))
            }
            Err(error) => (vec![], SnapshotList::Failed(error)),
        };
        let copies = copies.unwrap_or_else(|error| {
            tracing::warn!(error = error.chain(), "the library cannot be read");
            vec![]
        });
        let found = self.found(&connection, canister, &snapshots).await;
        let is_complete = found.len() == snapshots.len();
        let (views, _) = self.follow();
        let jobs: Vec<Job> = views.into_iter().map(|view| view.job).collect();
        let module_now = match &reading {
            Reading::Full(status) => status.module_hash.clone(),
            Reading::Public(facts) => facts.module_hash.clone(),
            Reading::Failed(_) => None,
        };
        let told = told(&jobs, place);
        let mut moments: Vec<Moment> = snapshots
            .iter()
            .map(|one| {
                let chain = ChainSnapshot::new(
                    place.network,
                    &connection.network.id.to_string(),
                    canister,
                    one.id.bytes(),
                );
                let label = self.labels.of(place, &one.id);
                on_chain(
                    one,
                    found.get(&one.id),
                    told.get(&one.id),
                    label,
                    &of_chain(&chain, &copies),
                )
            })
            .collect();
        moments.extend(only_on_disk(&copies, place, &moments));
        let proofs = Proofs::of(&jobs, place.network);
        for moment in &mut moments {
            if let Some((at, job)) = proofs.of_moment(moment) {
                moment.proven_at = moment.proven_at.max(Some(at));
                moment.proven_by = Some(job);
            }
            moment.is_same_module = moment
                .module_hash
                .as_ref()
                .zip(module_now.as_ref())
                .map(|(then, now)| then == now);
        }
        // Of two at the same moment the one on the network stands above.
        moments.sort_by_key(|moment| std::cmp::Reverse((moment.at, moment.snapshot.is_some())));
        let has_history = history.is_some();
        Ok(Timeline {
            canister,
            name: self.known_canister(&connection, canister).name,
            module_hash: module_now,
            listing,
            moments,
            changes: past::changes(history, &jobs, place),
            has_history,
            is_complete,
        })
    }

    /// What the network tells of single snapshots, as far as it came in time.
    async fn found(
        &self,
        connection: &Connection,
        canister: CanisterId,
        snapshots: &[Snapshot],
    ) -> HashMap<SnapshotId, Found> {
        let network = connection.fingerprint();
        let remembered = self.samples.known_snapshots(network, canister).await;
        let remembered = remembered.unwrap_or_else(|error| {
            tracing::warn!(
                error = error.chain(),
                "what was read of snapshots is not at hand"
            );
            BTreeMap::new()
        });
        let mut found = HashMap::new();
        let mut missing = vec![];
        for one in snapshots {
            match remembered.get(&one.id) {
                Some(known) => {
                    let known = known.clone();
                    found.insert(
                        one.id.clone(),
                        Found {
                            known,
                            interface: None,
                            shows_something: true,
                        },
                    );
                }
                None => missing.push(one.id.clone()),
            }
        }
        if missing.is_empty() {
            return found;
        }
        let (replica, samples) = (connection.replica.clone(), self.samples.clone());
        let (sender, mut answers) = tokio::sync::mpsc::unbounded_channel();
        // A task of its own: it ends what it began, also when nobody waits for it any more.
        tokio::spawn(async move {
            stream::iter(missing)
                .for_each_concurrent(QUESTIONS_AT_ONCE, |id| {
                    let (replica, samples, sender) = (&replica, &samples, &sender);
                    async move {
                        match ask(replica, canister, &id).await {
                            Ok(one) => {
                                remember(samples, network, canister, &id, &one).await;
                                // Nobody waiting any more is not an error.
                                let _ = sender.send((id, one));
                            }
                            Err(error) => {
                                tracing::debug!(error = error.chain(), "a snapshot was not read");
                            }
                        }
                    }
                })
                .await;
        });
        let collect = async {
            while let Some((id, one)) = answers.recv().await {
                found.insert(id, one);
            }
        };
        // What is not there by then is missing from this answer, and said to be.
        let _ = tokio::time::timeout(PATIENCE, collect).await;
        found
    }

    async fn remember_listing(&self, place: Place, reading: &Reading, snapshots: &[Snapshot]) {
        let bytes = reading.status().map_or(0, |status| status.memory.snapshots);
        let newest = snapshots.iter().map(|one| one.taken_at / 1_000_000).max();
        let kept = self.samples.keep_listing(
            place,
            bytes,
            snapshots.len(),
            newest,
            std::time::SystemTime::now(),
        );
        if let Err(error) = kept.await {
            tracing::warn!(error = error.chain(), "a list of snapshots was not kept");
        }
    }
}

/// What a module is called by its hash is true for ever; of snapshots only what was taken stays what it is.
async fn remember(
    samples: &crate::samples::Samples,
    network: Fingerprint,
    canister: CanisterId,
    id: &SnapshotId,
    found: &Found,
) {
    let module = found.known.module_hash.clone();
    if let Some((module, interface)) = module.zip(found.interface.clone()) {
        let now = std::time::SystemTime::now();
        let kept = samples.know_interface(network, module, interface, now);
        if let Err(error) = kept.await {
            tracing::warn!(error = error.chain(), "an interface was not kept");
        }
    }
    if found.known.is_uploaded {
        return;
    }
    let kept = samples.know_snapshot(network, canister, id.clone(), found.known.clone());
    if let Err(error) = kept.await {
        tracing::warn!(
            error = error.chain(),
            "what was read of a snapshot was not kept"
        );
    }
}

/// The copies of a snapshot, finished or not.
fn of_chain<'copy>(
    chain: &ChainSnapshot,
    copies: &'copy [LocalCopy],
) -> Vec<(&'copy LocalCopy, Bond)> {
    let mut found = copies_of(chain, copies);
    found.extend(copies.iter().filter_map(|copy| match &copy.state {
        CopyState::Unfinished(Some(draft)) => {
            let is_it = draft.snapshot.as_ref().is_some_and(|known| known.is(chain));
            is_it.then_some((copy, Bond::Same))
        }
        _ => None,
    }));
    found
}

fn on_chain(
    snapshot: &Snapshot,
    found: Option<&Found>,
    told: Option<&Told>,
    label: crate::SnapshotLabel,
    copies: &[(&LocalCopy, Bond)],
) -> Moment {
    let copied = copies.iter().find_map(|(copy, _)| module_of(copy));
    let arrival = found.map(|found| {
        if found.known.is_uploaded {
            Arrival::Uploaded
        } else {
            Arrival::Taken
        }
    });
    let wholeness = match (told, found) {
        (Some(told), _) => told.state,
        (None, Some(found)) if !found.known.is_uploaded => Wholeness::Whole,
        (None, Some(found)) if !found.shows_something => Wholeness::Half,
        (None, _) => Wholeness::Unknown,
    };
    let of_job = |text: fn(&Told) -> &String| told.map(text).cloned().unwrap_or_default();
    Moment {
        at: snapshot.taken_at / 1_000_000,
        snapshot: Some(OnChain {
            id: snapshot.id.clone(),
            bytes: snapshot.bytes,
            arrival,
            wholeness,
            version: found.map(|found| found.known.version),
            cause: told.map(|told| told.cause),
        }),
        copies: copies
            .iter()
            .map(|(copy, bond)| on_disk(copy, *bond))
            .collect(),
        module_hash: found
            .and_then(|found| found.known.module_hash.clone())
            .or_else(|| copied.map(|hash| hash.0.to_vec())),
        is_same_module: None,
        name: label.name.unwrap_or_else(|| of_job(|told| &told.name)),
        note: label.note.unwrap_or_else(|| of_job(|told| &told.note)),
        proven_at: None,
        proven_by: None,
    }
}

fn module_of(copy: &LocalCopy) -> Option<Hash> {
    match &copy.state {
        CopyState::Whole(about) => about.manifest.as_ref().map(|known| known.module_hash),
        CopyState::Unfinished(draft) => draft.as_ref().and_then(|draft| draft.module_hash),
        CopyState::Unreadable(_) => None,
    }
}

fn id_of(chain: &ChainSnapshot) -> Option<SnapshotId> {
    chain.snapshot.parse().ok()
}

fn on_disk(copy: &LocalCopy, bond: Bond) -> OnDisk {
    let mut view = OnDisk {
        id: copy.id,
        name: String::new(),
        bond,
        of: None,
        disk_bytes: copy.disk_bytes,
        is_whole: false,
        made_at: 0,
        verified_at: None,
        damaged_at: None,
        proven_at: None,
    };
    match &copy.state {
        CopyState::Whole(about) => {
            view.is_whole = true;
            if let Some(manifest) = &about.manifest {
                view.name.clone_from(&manifest.name);
                view.of = manifest.snapshot.as_ref().and_then(id_of);
                view.made_at = manifest.made_at;
                view.verified_at = manifest.verified_at;
                view.damaged_at = manifest.damaged_at;
                view.proven_at = manifest.proven_at;
            }
        }
        CopyState::Unfinished(Some(draft)) => {
            view.name.clone_from(&draft.name);
            view.of = draft.snapshot.as_ref().and_then(id_of);
            view.made_at = draft.made_at;
        }
        CopyState::Unfinished(None) | CopyState::Unreadable(_) => {}
    }
    view
}

/// The copies of this canister's snapshots that are on the network no more, one moment for each content.
fn only_on_disk(copies: &[LocalCopy], place: Place, joined: &[Moment]) -> Vec<Moment> {
    let is_here = |chain: &ChainSnapshot| {
        chain.fingerprint == place.network.to_string()
            && chain.canister == place.canister.to_string()
    };
    let is_joined = |copy: &LocalCopy| {
        let mut all = joined.iter().flat_map(|moment| &moment.copies);
        all.any(|known| known.id == copy.id)
    };
    let mut moments: BTreeMap<String, Moment> = BTreeMap::new();
    for copy in copies.iter().filter(|copy| !is_joined(copy)) {
        let (key, at, name, note, proven_at) = match &copy.state {
            CopyState::Whole(about) => {
                let Some(manifest) = &about.manifest else {
                    continue;
                };
                if !manifest.snapshot.iter().chain(&manifest.also).any(is_here) {
                    continue;
                }
                (
                    manifest.content.to_string(),
                    about.metadata.taken_at,
                    manifest.name.clone(),
                    manifest.notes.clone(),
                    manifest.proven_at,
                )
            }
            CopyState::Unfinished(Some(draft)) if draft.snapshot.iter().any(is_here) => (
                copy.id.to_string(),
                draft.metadata.taken_at,
                draft.name.clone(),
                String::new(),
                None,
            ),
            CopyState::Unfinished(_) | CopyState::Unreadable(_) => continue,
        };
        let moment = moments.entry(key).or_insert_with(|| Moment {
            at: at / 1_000_000,
            snapshot: None,
            copies: vec![],
            module_hash: module_of(copy).map(|hash| hash.0.to_vec()),
            is_same_module: None,
            name,
            note,
            proven_at,
            proven_by: None,
        });
        moment.copies.push(on_disk(copy, Bond::Same));
    }
    moments.into_values().collect()
}
