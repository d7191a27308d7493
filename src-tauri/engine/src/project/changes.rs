//! Changes on disk, noticed: which open project has other files than a moment ago.
//!
//! The system tells of every single write, and tools write many files at once. So the first tell starts a short wait, and one piece
//! of news follows for everything that came meanwhile. Watched are the folders that reading the project looked into, and not its
//! sources: watching all of a large project would use up what the system has. Where the system cannot tell, the project is still
//! right whenever it is read.

use camino::{Utf8Path, Utf8PathBuf};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};
use tokio::sync::broadcast;

/// How long changes are gathered: a deployment writes its files within it, and a person does not notice it.
const GATHERED: Duration = Duration::from_millis(150);

/// How many news a follower may be behind. One that misses some reads everything again anyway.
const BACKLOG: usize = 64;

/// Where ids appear when something is created for the first time, and the folders on the way there.
const IDS_APPEAR_IN: &[&str] = &[
    "",
    ".icp",
    ".icp/cache",
    ".icp/cache/mappings",
    ".icp/data",
    ".icp/data/mappings",
    ".dfx",
];

type Watchers = Mutex<HashMap<Utf8PathBuf, RecommendedWatcher>>;

/// Watches projects and tells which of them changed.
pub(super) struct Changes {
    news: broadcast::Sender<Utf8PathBuf>,
    noticed: mpsc::Sender<Utf8PathBuf>,
    watchers: Arc<Watchers>,
    /// Counts what is noticed; `u64::MAX` once something is not watched, for then nothing can be said any more.
    generation: Arc<AtomicU64>,
}

impl Default for Changes {
    fn default() -> Self {
        let (news, _) = broadcast::channel(BACKLOG);
        let (noticed, heard) = mpsc::channel();
        let watchers = Arc::<Watchers>::default();
        // Weak, because the watchers hold the other end of `heard`: when they go, the thread ends.
        let (watched, teller) = (Arc::downgrade(&watchers), news.clone());
        let spawned = std::thread::Builder::new()
            .name("project changes".to_owned())
            .spawn(move || gather(&heard, &watched, &teller));
        if let Err(error) = spawned {
            tracing::warn!(%error, "changes of projects are not noticed");
        }
        Self {
            news,
            noticed,
            watchers,
            generation: Arc::default(),
        }
    }
}

impl Changes {
    /// Tells of changes in a project from now on.
    pub(super) fn watch(&self, folder: &Utf8Path) {
        self.count();
        let (noticed, project) = (self.noticed.clone(), folder.to_owned());
        let generation = self.generation.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Reading is no change; ours would be told to us for ever.
            let is_change = event.map_or(true, |event| !matches!(event.kind, EventKind::Access(_)));
            if is_change {
                count(&generation);
                let _ = noticed.send(project.clone());
            }
        });
        match watcher {
            Ok(mut watcher) => {
                cover(&mut watcher, folder);
                lock(&self.watchers).insert(folder.to_owned(), watcher);
            }
            Err(error) => {
                self.generation.store(u64::MAX, Ordering::SeqCst);
                tracing::warn!(%folder, %error, "changes of a project are not noticed");
            }
        }
    }

    pub(super) fn unwatch(&self, folder: &Utf8Path) {
        self.count();
        lock(&self.watchers).remove(folder);
    }

    /// Another number than before says that something may have changed; none that this cannot be said.
    pub(super) fn generation(&self) -> Option<u64> {
        let now = self.generation.load(Ordering::SeqCst);
        (now != u64::MAX).then_some(now)
    }

    fn count(&self) {
        count(&self.generation);
    }

    pub(super) fn follow(&self) -> broadcast::Receiver<Utf8PathBuf> {
        self.news.subscribe()
    }
}

fn count(generation: &AtomicU64) {
    let _ = generation.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
        (now != u64::MAX).then(|| now + 1)
    });
}

fn lock(watchers: &Watchers) -> MutexGuard<'_, HashMap<Utf8PathBuf, RecommendedWatcher>> {
    watchers.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches every folder that counts now. What is watched already stays so; what was made anew is watched again.
fn cover(watcher: &mut RecommendedWatcher, project: &Utf8Path) {
    let mut folders: BTreeSet<Utf8PathBuf> = IDS_APPEAR_IN
        .iter()
        .map(|folder| project.join(folder))
        .collect();
    folders.extend(super::folders_read(project));
    for folder in folders.into_iter().filter(|folder| folder.is_dir()) {
        if let Err(error) = watcher.watch(folder.as_std_path(), RecursiveMode::NonRecursive) {
            tracing::debug!(%folder, %error, "not watched");
        }
    }
}

/// Gathers what is noticed and tells it, project by project.
fn gather(
    heard: &mpsc::Receiver<Utf8PathBuf>,
    watchers: &Weak<Watchers>,
    news: &broadcast::Sender<Utf8PathBuf>,
) {
    while let Ok(first) = heard.recv() {
        let until = Instant::now() + GATHERED;
        let mut changed = BTreeSet::from([first]);
        while let Ok(another) = heard.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            changed.insert(another);
        }
        let Some(watchers) = watchers.upgrade() else {
            return;
        };
        for project in changed {
            match lock(&watchers).get_mut(&project) {
                Some(watcher) => cover(watcher, &project),
                // Closed meanwhile.
                None => continue,
            }
            // Nobody following is not an error.
            let _ = news.send(project);
        }
    }
}
