//! What canisters held over time: cycles, memory and module, for charts and for "changed since".
//!
//! Every full status that is read may become a sample. They lie in one SQLite file, `samples.sqlite`, and thin out with age: all of the
//! last day, one an hour for a month, one a day after that. A thousand canisters that are watched for years so take tens of
//! megabytes. Nothing depends on the samples: when the file cannot be used, charts are missing and all else goes on.
//!
//! The same canister id on another network is another canister, so each sample names its network by the root key's fingerprint.

mod interfaces;
mod snapshots;

pub(crate) use snapshots::{KnownListing, KnownSnapshot};

use crate::{Canister, CanisterId, Code, Engine, Error, Fingerprint, Folders, Result};
use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The layout of the file. A file with a higher number was written by a newer Canopic and is left alone.
const VERSION: i64 = 1;

/// How close samples of one canister may be: a board that refreshes every few seconds would otherwise fill the file with repetitions.
const CLOSEST: Duration = Duration::from_secs(5 * 60);

const DAY: i64 = 24 * 60 * 60 * 1_000;
const HOUR: i64 = 60 * 60 * 1_000;
/// All samples of this long are kept.
const ALL_FOR: i64 = DAY;
/// One an hour is kept of this long.
const HOURLY_FOR: i64 = 31 * DAY;

/// What a canister held at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When, by this computer's clock.
    pub at: SystemTime,
    /// Cycles.
    pub cycles: u128,
    /// Bytes, snapshots included.
    pub memory_bytes: u128,
    /// SHA-256 of the module; none for an empty canister.
    pub module_hash: Option<Vec<u8>>,
}

/// The file, open or the reason why it is not: samples are never the reason why something else fails.
#[derive(Clone)]
pub(crate) struct Samples {
    path: Utf8PathBuf,
    file: Arc<Mutex<Option<Connection>>>,
    /// When they were last thinned out, in milliseconds since 1970.
    thinned: Arc<AtomicI64>,
}

impl Samples {
    /// Nothing is opened before it is needed.
    pub(crate) fn below(folders: &Folders) -> Self {
        Self {
            path: folders.data.join("samples.sqlite"),
            file: Arc::default(),
            thinned: Arc::default(),
        }
    }

    /// Keeps what was read of canisters of one network, unless it was read a moment ago.
    pub(crate) async fn keep(
        &self,
        network: Fingerprint,
        read: Vec<(CanisterId, Sample)>,
    ) -> Result<()> {
        self.with(move |file| {
            let batch = file.transaction()?;
            for (canister, sample) in read {
                insert(&batch, network, canister, &sample)?;
            }
            batch.commit()
        })
        .await
    }

    /// What a canister held since a moment, oldest first.
    pub(crate) async fn of(
        &self,
        network: Fingerprint,
        canister: CanisterId,
        since: SystemTime,
    ) -> Result<Vec<Sample>> {
        self.with(move |file| {
            let mut rows = file.prepare_cached(
                "SELECT at, cycles, memory, module FROM sample WHERE network = ?1 AND canister = ?2 AND at >= ?3 ORDER BY at",
            )?;
            let canister = canister.principal();
            let key = params![network.to_string(), canister.as_slice(), milliseconds(since)];
            rows.query_map(key, sample)?.collect()
        })
        .await
    }

    /// The first sample that shows the module of the newest one, if there is one before it that shows another.
    pub(crate) async fn module_change(
        &self,
        network: Fingerprint,
        canister: CanisterId,
    ) -> Result<Option<SystemTime>> {
        self.with(move |file| {
            let mut rows = file.prepare_cached(
                "SELECT min(at) FROM sample WHERE network = ?1 AND canister = ?2 AND at > (
                   SELECT max(at) FROM sample WHERE network = ?1 AND canister = ?2 AND module IS NOT (
                     SELECT module FROM sample WHERE network = ?1 AND canister = ?2 ORDER BY at DESC LIMIT 1))",
            )?;
            let canister = canister.principal();
            let key = params![network.to_string(), canister.as_slice()];
            let at: Option<i64> = rows.query_row(key, |row| row.get(0)).optional()?.flatten();
            Ok(at.map(time))
        })
        .await
    }

    /// Thins out what has aged, unless that was done within the last day: it looks at every sample.
    pub(crate) async fn thin_daily(&self, now: SystemTime) -> Result<()> {
        let before = self.thinned.load(Ordering::Relaxed);
        if milliseconds(now) - before < DAY {
            return Ok(());
        }
        self.thinned.store(milliseconds(now), Ordering::Relaxed);
        self.thin(now).await
    }

    async fn thin(&self, now: SystemTime) -> Result<()> {
        self.with(move |file| thin(file, milliseconds(now))).await
    }

    /// Does something with the file, on a thread that may wait for the disk.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (path, file) = (self.path.clone(), self.file.clone());
        let work = move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let open = match file.take() {
                Some(open) => open,
                None => open(&path)?,
            };
            work(file.insert(open)).map_err(|error| unusable(&path).because(error))
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            Error::new(Code::Bug, "waiting for the record of samples").because(error)
        })?
    }
}

fn unusable(path: &Utf8Path) -> Error {
    Error::new(Code::SamplesUnusable, "using the record of samples").with("path", path)
}

fn open(path: &Utf8Path) -> Result<Connection> {
    // Made by us first, because SQLite would give it the mode that everything has.
    crate::settings::private(std::fs::OpenOptions::new().create(true).append(true))
        .open(path)
        .map_err(|error| unusable(path).because(error))?;
    let file = Connection::open(path).map_err(|error| unusable(path).because(error))?;
    prepare(&file).map_err(|error| unusable(path).because(error))?;
    Ok(file)
}

/// What is wrong with a file of samples before it is used.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("version {0} of the file is newer than this program's {VERSION}")]
    Newer(i64),
    #[error("read the file")]
    Unreadable(#[from] rusqlite::Error),
}

fn prepare(file: &Connection) -> Result<(), Unfit> {
    let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(Unfit::Newer(version));
    }
    // Losing the last samples to a power cut harms nobody; a write that waits for the disk would.
    file.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         CREATE TABLE IF NOT EXISTS sample (
           network TEXT NOT NULL,
           canister BLOB NOT NULL,
           at INTEGER NOT NULL,  -- milliseconds since 1970
           cycles TEXT NOT NULL, -- decimal: they outgrow 64 bits
           memory INTEGER NOT NULL,
           module BLOB,
           PRIMARY KEY (network, canister, at)) WITHOUT ROWID;
         {snapshots}
         {interfaces}
         PRAGMA user_version = {VERSION};",
        snapshots = snapshots::TABLES,
        interfaces = interfaces::TABLE,
    ))?;
    Ok(())
}

fn insert(
    file: &Connection,
    network: Fingerprint,
    canister: CanisterId,
    sample: &Sample,
) -> rusqlite::Result<()> {
    let at = milliseconds(sample.at);
    // A changed module is kept at once: when it was first seen is what is asked for later.
    let mut rows = file.prepare_cached(
        "INSERT OR REPLACE INTO sample SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (
           SELECT 1 FROM sample WHERE network = ?1 AND canister = ?2 AND at > ?3 - ?7 AND at <= ?3 AND module IS ?6)",
    )?;
    rows.execute(params![
        network.to_string(),
        canister.principal().as_slice(),
        at,
        sample.cycles.to_string(),
        i64::try_from(sample.memory_bytes).unwrap_or(i64::MAX),
        sample.module_hash,
        CLOSEST.as_millis() as i64,
    ])?;
    Ok(())
}

fn thin(file: &Connection, now: i64) -> rusqlite::Result<()> {
    for (older_than, pace) in [(ALL_FOR, HOUR), (HOURLY_FOR, DAY)] {
        // Of each stretch the first sample stays, and each one that shows a module for the first time.
        file.execute(
            "DELETE FROM sample AS s WHERE at < ?1 AND EXISTS (
               SELECT 1 FROM sample AS kept WHERE kept.network = s.network AND kept.canister = s.canister
                 AND kept.at < s.at AND kept.at >= s.at - s.at % ?2 AND kept.module IS s.module)",
            params![now - older_than, pace],
        )?;
    }
    Ok(())
}

fn sample(row: &rusqlite::Row<'_>) -> rusqlite::Result<Sample> {
    let (at, cycles, memory): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(Sample {
        at: time(at),
        cycles: cycles.parse().map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                1,
                rusqlite::types::Type::Text,
                Box::new(error),
            )
        })?,
        memory_bytes: u128::try_from(memory).unwrap_or(0),
        module_hash: row.get(3)?,
    })
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn time(milliseconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}

impl Engine {
    /// Keeps a sample of each full status. Whether that works is nobody's trouble but the charts'.
    pub(crate) async fn keep_samples(&self, network: Fingerprint, canisters: &[Canister]) {
        let read = canisters.iter().filter_map(|canister| {
            let status = canister.reading.status()?;
            let sample = Sample {
                at: canister.read_at,
                cycles: status.cycles,
                memory_bytes: status.memory_bytes,
                module_hash: status.module_hash.clone(),
            };
            Some((canister.id, sample))
        });
        let read: Vec<_> = read.collect();
        let Some(newest) = read.iter().map(|(_, sample)| sample.at).max() else {
            return;
        };
        let mut kept = self.samples.keep(network, read).await;
        if kept.is_ok() {
            kept = self.samples.thin_daily(newest).await;
        }
        if let Err(error) = kept {
            tracing::warn!(error = error.chain(), "samples were not kept");
        }
    }

    /// What a canister of the chosen network held since a moment, oldest first.
    pub async fn samples(&self, canister: CanisterId, since: SystemTime) -> Result<Vec<Sample>> {
        let network = self.connection().await?.fingerprint();
        self.samples.of(network, canister, since).await
    }

    /// When the module that a canister has now was first seen, if another one was seen before.
    pub async fn module_change(&self, canister: CanisterId) -> Result<Option<SystemTime>> {
        let network = self.connection().await?.fingerprint();
        self.samples.module_change(network, canister).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candid::Principal;

    const NOW: i64 = 400 * DAY;

    fn network(name: &str) -> Fingerprint {
        Fingerprint::of(name.as_bytes())
    }

    fn canister(number: u8) -> CanisterId {
        Principal::from_slice(&[number]).into()
    }

    fn at(milliseconds: i64, cycles: u128, module: u8) -> Sample {
        Sample {
            at: time(milliseconds),
            cycles,
            memory_bytes: 5,
            module_hash: Some(vec![module]),
        }
    }

    fn samples() -> (tempfile::TempDir, Samples) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("samples.sqlite")).unwrap();
        let samples = Samples {
            path,
            file: Arc::default(),
            thinned: Arc::default(),
        };
        (folder, samples)
    }

    async fn all(samples: &Samples) -> Vec<Sample> {
        samples
            .of(network("a"), canister(1), UNIX_EPOCH)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_is_of_this_canister_on_this_network() {
        let (_folder, samples) = samples();
        let huge = u128::from(u64::MAX) * 3;
        for (name, number, cycles) in [("a", 1, huge), ("a", 2, 1), ("b", 1, 2)] {
            let kept = vec![(canister(number), at(NOW, cycles, 7))];
            samples.keep(network(name), kept).await.unwrap();
        }
        assert_eq!(all(&samples).await, [at(NOW, huge, 7)]);
    }

    #[tokio::test]
    async fn a_board_that_refreshes_all_the_time_is_kept_now_and_then() {
        let (_folder, samples) = samples();
        for second in 0..400 {
            let kept = vec![(canister(1), at(NOW + second * 1_000, 1, 7))];
            samples.keep(network("a"), kept).await.unwrap();
        }
        assert_eq!(
            all(&samples).await.len(),
            2,
            "one at the beginning, one after five minutes"
        );
    }

    #[tokio::test]
    async fn samples_thin_out_with_age_and_keep_when_a_module_was_first_seen() {
        let (_folder, samples) = samples();
        // Every ten minutes for fifty days; the module changed in the middle of an hour, 40 days and 25 minutes ago.
        let first = NOW - 50 * DAY;
        let change = NOW - 40 * DAY - 25 * 60_000;
        let kept = (0..50 * 24 * 6).map(|step| {
            let moment = first + step * 10 * 60_000;
            (
                canister(1),
                at(moment, 1, if moment < change { 1 } else { 2 }),
            )
        });
        samples.keep(network("a"), kept.collect()).await.unwrap();
        let first_seen = samples
            .module_change(network("a"), canister(1))
            .await
            .unwrap();
        samples.thin(time(NOW)).await.unwrap();
        let left = all(&samples).await;
        let count = |from: i64, to: i64| {
            left.iter()
                .filter(|sample| sample.at >= time(NOW - from) && sample.at < time(NOW - to))
                .count()
        };
        assert_eq!(count(DAY, 0), 24 * 6, "all of the last day");
        assert_eq!(count(31 * DAY, DAY), 30 * 24, "one an hour of a month");
        assert_eq!(
            count(50 * DAY, 31 * DAY),
            19 + 1,
            "one a day before, and the change"
        );
        assert_eq!(
            samples
                .module_change(network("a"), canister(1))
                .await
                .unwrap(),
            first_seen,
            "thinning forgets no change"
        );
        samples.thin(time(NOW)).await.unwrap();
        assert_eq!(all(&samples).await, left, "what is thin stays as it is");
    }

    #[tokio::test]
    async fn a_module_that_was_always_there_has_not_changed() {
        let (_folder, samples) = samples();
        samples
            .keep(network("a"), vec![(canister(1), at(NOW, 1, 7))])
            .await
            .unwrap();
        assert_eq!(
            samples
                .module_change(network("a"), canister(1))
                .await
                .unwrap(),
            None
        );
        let changed = vec![(canister(1), at(NOW + 1, 1, 8))];
        samples.keep(network("a"), changed).await.unwrap();
        assert_eq!(
            samples
                .module_change(network("a"), canister(1))
                .await
                .unwrap(),
            Some(time(NOW + 1)),
            "a change is kept at once, however close"
        );
    }

    #[tokio::test]
    async fn a_file_from_a_newer_version_is_left_as_it_is() {
        let (_folder, samples) = samples();
        let newer = Connection::open(&samples.path).unwrap();
        newer.execute_batch("PRAGMA user_version = 99").unwrap();
        drop(newer);
        let before = std::fs::read(&samples.path).unwrap();
        let kept = vec![(canister(1), at(NOW, 1, 7))];
        let error = samples.keep(network("a"), kept).await.unwrap_err();
        assert_eq!(error.code, Code::SamplesUnusable);
        assert_eq!(
            std::fs::read(&samples.path).unwrap(),
            before,
            "not a byte changed"
        );
    }

    #[tokio::test]
    async fn what_is_no_database_is_said_and_kept() {
        let (_folder, samples) = samples();
        std::fs::write(
            &samples.path,
            "a note to myself, long enough to be no header of a database",
        )
        .unwrap();
        let error = samples.thin(time(NOW)).await.unwrap_err();
        assert_eq!(error.code, Code::SamplesUnusable);
        assert!(
            std::fs::read_to_string(&samples.path)
                .unwrap()
                .starts_with("a note"),
            "somebody may want it back"
        );
    }
}
