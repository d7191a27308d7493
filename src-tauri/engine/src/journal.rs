//! The journal: what was done and what is about to be done, on disk before it happens.
//!
//! One SQLite file that one process owns (the lock of [`crate::Folders`] sees to that). Three tables:
//!
//! - `event` is append-only, and every row is chained to the one before it by SHA-256: a row that was changed, taken out or put in
//!   between shows. Jobs are folds of these rows, and the activity log is read from them; there is no second truth.
//! - `envelope` holds the bytes of signed calls whose end is not known. They come and go in the transaction of the event that seals or
//!   settles the call; the event itself names them by the request id, which is their hash. A module is megabytes, and a log that is
//!   never cut must not grow by them.
//! - `scratch` is what steps remember while they run: the newest value only, outside the chain.
//!
//! Every append is one transaction in WAL mode with full sync: when [`Journal::append`] returns, a power cut does not take the event
//! away. That costs a few milliseconds, and there are about three events in a step. A file of a newer version, or one that is damaged,
//! is left as it is; nothing is done without a journal.

use crate::{
    Code, Error, Result,
    job::{Deed, Event, Job, JobId, Sent},
    settings::create_private_file,
};
use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, OptionalExtension as _, params};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    io::ErrorKind,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const FILE: &str = "journal.sqlite";
/// Rises when an older app must not touch the file any more.
const VERSION: i64 = 3;
/// "cnpc": tells our file from any other SQLite file.
const APPLICATION: i64 = 0x636e_7063;
const LAYOUT: &str = "
    CREATE TABLE IF NOT EXISTS event (
        number INTEGER PRIMARY KEY,
        job INTEGER NOT NULL,
        at INTEGER NOT NULL,
        event TEXT NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS envelope (
        request BLOB PRIMARY KEY,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS scratch (
        job INTEGER NOT NULL,
        step INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (job, step)
    ) STRICT, WITHOUT ROWID;
";

/// An event as it is written down.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) job: JobId,
    pub(crate) at: SystemTime,
    /// The event as JSON, byte for byte as it is hashed.
    pub(crate) text: String,
    pub(crate) hash: Vec<u8>,
}

impl Row {
    /// The hash that the row has to have after `before`.
    pub(crate) fn expected_hash(&self, before: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update(self.number.to_be_bytes());
        hash.update(self.job.0.to_be_bytes());
        hash.update(milliseconds(self.at).to_be_bytes());
        hash.update(self.text.as_bytes());
        hash.finalize().to_vec()
    }
}

/// An open journal.
pub(crate) struct Journal {
    connection: Connection,
    path: Utf8PathBuf,
    newest: u64,
    hash: Vec<u8>,
    room: Option<Room>,
}

/// The most pages that the file may have, asked before each write.
pub(crate) type Room = Arc<dyn Fn() -> u32 + Send + Sync>;

/// What a journal holds when it is opened.
pub(crate) struct Contents {
    pub(crate) jobs: BTreeMap<JobId, Job>,
    /// The first row that does not fit the one before it.
    pub(crate) broken_at: Option<u64>,
}

impl Journal {
    /// Opens the journal in this folder, or begins one.
    pub(crate) fn open(folder: &Utf8Path, room: Option<Room>) -> Result<(Self, Contents)> {
        let path = folder.join(FILE);
        create_private_file(&path).map_err(|error| {
            let code = match error.kind() {
                ErrorKind::StorageFull => Code::JournalFull,
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    Code::JournalReadOnly
                }
                _ => Code::JournalUnusable,
            };
            Error::new(code, "opening the journal")
                .with("path", &path)
                .because(error)
        })?;
        let sqlite = |error| failed(&path, "opening the journal", error);
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)
            .map_err(sqlite)?;
        let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get(0));
        let (application, version): (i64, i64) = (
            pragma("application_id").map_err(sqlite)?,
            pragma("user_version").map_err(sqlite)?,
        );
        if version > VERSION {
            return Err(
                Error::new(Code::JournalFromNewerVersion, "opening the journal")
                    .with("path", &path)
                    .with("found", version)
                    .with("known", VERSION),
            );
        }
        if application != APPLICATION && version != 0 {
            return Err(damaged(&path, "the file belongs to another program"));
        }
        if connection.is_readonly(MAIN_DB).map_err(sqlite)? {
            return Err(
                Error::new(Code::JournalReadOnly, "opening the journal").with("path", &path)
            );
        }
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(sqlite)?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .map_err(sqlite)?;
        if version < VERSION {
            let text = format!(
                "BEGIN IMMEDIATE; {LAYOUT} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT;"
            );
            connection.execute_batch(&text).map_err(sqlite)?;
        }
        let mut journal = Self {
            connection,
            path,
            newest: 0,
            hash: vec![],
            room,
        };
        let contents = journal.read()?;
        Ok((journal, contents))
    }

    /// Every event, in order.
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let failed = |error| failed(&self.path, "reading the journal", error);
        let mut statement = self
            .connection
            .prepare("SELECT number, job, at, event, hash FROM event ORDER BY number")
            .map_err(failed)?;
        let rows = statement
            .query_map([], |row| {
                Ok(Row {
                    number: row.get::<_, i64>(0)? as u64,
                    job: JobId(row.get::<_, i64>(1)? as u64),
                    at: UNIX_EPOCH + Duration::from_millis(row.get::<_, i64>(2)? as u64),
                    text: row.get(3)?,
                    hash: row.get(4)?,
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    fn read(&mut self) -> Result<Contents> {
        let rows = self.rows()?;
        let mut contents = Contents {
            jobs: fold(&rows).map_err(|error| error.with("path", &self.path))?,
            broken_at: None,
        };
        for row in rows {
            if row.hash != row.expected_hash(&self.hash) && contents.broken_at.is_none() {
                tracing::error!(number = row.number, "the journal's chain is broken");
                contents.broken_at = Some(row.number);
            }
            self.newest = row.number;
            self.hash = row.hash;
        }
        let failed = |error| failed(&self.path, "reading the journal", error);
        let mut statement = self
            .connection
            .prepare("SELECT job, step, value FROM scratch")
            .map_err(failed)?;
        let mut found = statement.query([]).map_err(failed)?;
        while let Some(row) = found.next().map_err(failed)? {
            let job = JobId(row.get::<_, i64>(0).map_err(failed)? as u64);
            let step = row.get::<_, i64>(1).map_err(failed)? as usize;
            let value = serde_json::from_str(&row.get::<_, String>(2).map_err(failed)?)
                .map_err(|error| damaged(&self.path, error))?;
            if let Some(step) = contents
                .jobs
                .get_mut(&job)
                .and_then(|job| job.steps.get_mut(step))
            {
                step.scratch = value;
            }
        }
        let open = contents.jobs.values_mut().flat_map(|job| &mut job.open);
        for sent in open.filter(|sent| sent.envelope.bytes().is_empty()) {
            let bytes = self
                .connection
                .query_row(
                    "SELECT bytes FROM envelope WHERE request = ?1",
                    [sent.envelope.request_id()],
                    |row| row.get(0),
                )
                .optional()
                .map_err(failed)?
                .ok_or_else(|| damaged(&self.path, "a signed call is missing"))?;
            sent.envelope.put_bytes(bytes);
        }
        Ok(contents)
    }

    /// Begins a job and returns its number.
    pub(crate) fn begin(&mut self, deed: Deed, at: SystemTime) -> Result<Job> {
        let id = JobId(self.newest + 1);
        let event = Event::Began {
            deed: Box::new(deed.clone()),
        };
        let number = self.write(id, &event, at, &[])?;
        Ok(Job::begin(id, deed, number, at))
    }

    /// Writes an event down and then takes it into the job. Both happen, or neither. The bytes of a call come with its sealing, and go
    /// when its end is known.
    pub(crate) fn append(&mut self, job: &mut Job, event: &Event, at: SystemTime) -> Result<()> {
        let mut changed = job.clone();
        changed
            .apply(event, self.newest + 1, at)
            .map_err(|error| Error::new(Code::Bug, "writing the journal").because(error))?;
        let is_open = |sent: &&Sent| {
            let id = sent.envelope.request_id();
            changed
                .open
                .iter()
                .any(|open| open.envelope.request_id() == id)
        };
        let settled: Vec<_> = job.open.iter().filter(|sent| !is_open(sent)).collect();
        self.write(job.id, event, at, &settled)?;
        *job = changed;
        Ok(())
    }

    /// Writes down what a step remembers, in place of what it remembered before.
    pub(crate) fn remember(&mut self, job: &mut Job, step: usize, scratch: Value) -> Result<()> {
        self.connection
            .execute(
                "INSERT INTO scratch (job, step, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT (job, step) DO UPDATE SET value = excluded.value",
                params![
                    job.id.0.cast_signed(),
                    step.cast_signed() as i64,
                    scratch.to_string()
                ],
            )
            .map_err(|error| failed(&self.path, "writing the journal", error))?;
        if let Some(step) = job.steps.get_mut(step) {
            step.scratch = scratch;
        }
        Ok(())
    }

    /// Forgets what the steps of a job that is over remembered.
    pub(crate) fn forget_scratch(&mut self, job: JobId) -> Result<()> {
        self.connection
            .execute("DELETE FROM scratch WHERE job = ?1", [job.0.cast_signed()])
            .map(drop)
            .map_err(|error| failed(&self.path, "writing the journal", error))
    }

    fn write(
        &mut self,
        job: JobId,
        event: &Event,
        at: SystemTime,
        settled: &[&Sent],
    ) -> Result<u64> {
        let text = serde_json::to_string(event)
            .map_err(|error| Error::new(Code::Bug, "writing the journal").because(error))?;
        let mut row = Row {
            number: self.newest + 1,
            job,
            at,
            text,
            hash: vec![],
        };
        row.hash = row.expected_hash(&self.hash);
        let written = || {
            if let Some(room) = &self.room {
                let pragma = "max_page_count";
                self.connection
                    .pragma_update_and_check(None, pragma, room(), |_| Ok(()))?;
            }
            // Rolled back when it is dropped uncommitted.
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute(
                "INSERT INTO event (number, job, at, event, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    row.number.cast_signed(),
                    job.0.cast_signed(),
                    milliseconds(at).cast_signed(),
                    row.text,
                    row.hash
                ],
            )?;
            if let Event::Sealed(sent) = event {
                transaction.execute(
                    "INSERT INTO envelope (request, bytes) VALUES (?1, ?2)",
                    params![sent.envelope.request_id(), sent.envelope.bytes()],
                )?;
            }
            for sent in settled {
                transaction.execute(
                    "DELETE FROM envelope WHERE request = ?1",
                    [sent.envelope.request_id()],
                )?;
            }
            transaction.commit()
        };
        written().map_err(|error| failed(&self.path, "writing the journal", error))?;
        self.newest = row.number;
        self.hash = row.hash;
        Ok(row.number)
    }
}

/// The jobs that a history of events tells.
pub(crate) fn fold(rows: &[Row]) -> Result<BTreeMap<JobId, Job>> {
    let mut jobs = BTreeMap::<JobId, Job>::new();
    for row in rows {
        let event = serde_json::from_str(&row.text).map_err(untold)?;
        if let Event::Began { deed } = event {
            jobs.insert(row.job, Job::begin(row.job, *deed, row.number, row.at));
        } else {
            jobs.get_mut(&row.job)
                .ok_or_else(|| untold("an event of a job that never began"))?
                .apply(&event, row.number, row.at)
                .map_err(untold)?;
        }
    }
    Ok(jobs)
}

fn untold(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Code::JournalDamaged, "reading the journal").because(cause)
}

/// Milliseconds since 1970; what the journal's clock shows.
pub(crate) fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

fn damaged(path: &Utf8Path, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Code::JournalDamaged, "reading the journal")
        .with("path", path)
        .because(cause)
}

fn failed(path: &Utf8Path, doing: &str, error: rusqlite::Error) -> Error {
    let code = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Code::JournalDamaged,
        None if matches!(error, rusqlite::Error::InvalidColumnType(..)) => Code::JournalDamaged,
        Some(ErrorCode::DiskFull) => Code::JournalFull,
        Some(ErrorCode::ReadOnly) => Code::JournalReadOnly,
        _ => Code::JournalUnusable,
    };
    Error::new(code, doing).with("path", path).because(error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        CanisterId, Fingerprint, NetworkId, Op,
        ops::{Downtime, Plan, Undo},
    };
    use candid::Principal;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    fn deed() -> Deed {
        Deed {
            op: Op::Start {
                canister: CanisterId::from(Principal::from_slice(&[7])),
            },
            plan: Plan {
                targets: vec![],
                steps: vec![],
                checks: vec![],
                cost: u128::MAX,
                downtime: Downtime::None,
                undo: Undo::Stop,
                twin: vec![],
                fingerprint: "of a world".to_owned(),
            },
            network: Fingerprint::of(b"a network"),
            network_id: NetworkId::Practice,
            caller: Principal::anonymous(),
        }
    }

    /// Two jobs, of which one was cancelled.
    fn written(path: &Utf8Path) {
        let (mut journal, contents) = Journal::open(path, None).unwrap();
        assert!(contents.jobs.is_empty(), "a new journal is empty");
        let now = SystemTime::now();
        let mut job = journal.begin(deed(), now).unwrap();
        journal.append(&mut job, &Event::CancelAsked, now).unwrap();
        journal.begin(deed(), now).unwrap();
    }

    #[test]
    fn what_was_written_is_there_after_a_restart_and_is_private() {
        let (_keep, path) = folder();
        written(&path);
        let (_, contents) = Journal::open(&path, None).unwrap();
        assert_eq!(contents.broken_at, None, "the chain holds");
        let cancelled: Vec<_> = contents.jobs.values().map(|job| job.is_cancelled).collect();
        assert_eq!(cancelled, [true, false]);
        let costs = contents.jobs.values().map(|job| job.deed.plan.cost);
        assert!(
            costs.into_iter().all(|cost| cost == u128::MAX),
            "amounts survive"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(path.join(FILE))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600, "others must not read it");
        }
    }

    #[test]
    fn a_row_that_was_changed_or_taken_out_breaks_the_chain() {
        for (tampering, broken_at) in [
            ("UPDATE event SET at = at + 1 WHERE number = 2", 2),
            ("UPDATE event SET job = 3 WHERE number = 2", 2),
            ("DELETE FROM event WHERE number = 2", 3),
        ] {
            let (_keep, path) = folder();
            written(&path);
            let connection = Connection::open(path.join(FILE)).unwrap();
            connection.execute(tampering, []).unwrap();
            drop(connection);
            match Journal::open(&path, None) {
                Ok((_, contents)) => {
                    assert_eq!(contents.broken_at, Some(broken_at), "{tampering}");
                }
                Err(error) => assert_eq!(error.code, Code::JournalDamaged, "{tampering}"),
            }
        }
    }

    #[test]
    fn a_newer_journal_is_refused_and_left_alone() {
        let (_keep, path) = folder();
        written(&path);
        let connection = Connection::open(path.join(FILE)).unwrap();
        connection
            .pragma_update(None, "user_version", VERSION + 1)
            .unwrap();
        drop(connection);
        let before = std::fs::read(path.join(FILE)).unwrap();
        let error = Journal::open(&path, None).err().unwrap();
        assert_eq!(error.code, Code::JournalFromNewerVersion);
        assert_eq!(std::fs::read(path.join(FILE)).unwrap(), before);
    }

    #[test]
    fn a_damaged_journal_is_said_and_left_alone() {
        let rubbish = b"not a database at all, but long enough to look like one. ".repeat(20);
        let (_keep, path) = folder();
        std::fs::write(path.join(FILE), &rubbish).unwrap();
        let error = Journal::open(&path, None).err().unwrap();
        assert_eq!(error.code, Code::JournalDamaged, "{}", error.chain());
        assert_eq!(std::fs::read(path.join(FILE)).unwrap(), rubbish);
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_said_with_its_path() {
        let (_keep, path) = folder();
        std::fs::create_dir(path.join(FILE)).unwrap();
        let error = Journal::open(&path, None).err().unwrap();
        assert_eq!(error.code, Code::JournalUnusable);
        assert_eq!(error.facts["path"], path.join(FILE).as_str());

        let (_keep, path) = folder();
        let (mut journal, _) = Journal::open(&path, None).unwrap();
        journal
            .connection
            .pragma_update(None, "query_only", true)
            .unwrap();
        let error = journal.begin(deed(), SystemTime::now()).err().unwrap();
        assert_eq!(error.code, Code::JournalReadOnly, "read-only is said");
    }

    /// Permissions do not stop everybody; a file that says of itself that it must not be written does.
    #[test]
    fn a_journal_that_may_only_be_read_is_said_and_left_alone() {
        /// Where a database's header says by which rules it is written; higher than any known: not at all.
        const WRITE_VERSION: usize = 18;
        let (_keep, path) = folder();
        written(&path);
        let mut bytes = std::fs::read(path.join(FILE)).unwrap();
        bytes[WRITE_VERSION] = 9;
        std::fs::write(path.join(FILE), &bytes).unwrap();
        let error = Journal::open(&path, None).err().unwrap();
        assert_eq!(error.code, Code::JournalReadOnly, "{}", error.chain());
        assert_eq!(error.facts["path"], path.join(FILE).as_str());
        assert_eq!(std::fs::read(path.join(FILE)).unwrap(), bytes);
    }

    #[test]
    fn the_bytes_of_a_call_are_kept_until_its_end_is_known() {
        let (_keep, path) = folder();
        let now = SystemTime::now();
        let mut deed = deed();
        let canister = CanisterId::from(Principal::from_slice(&[7]));
        deed.plan.step(crate::ops::lifecycle::Stop { canister });
        let bytes = vec![7; 3_000_000];
        let envelope = serde_json::json!({
            "doing": "stopping",
            "effective": Principal::from_slice(&[7]),
            "requestId": "07".repeat(32),
            "expiry": 1,
            "bytes": hex::encode(&bytes),
        });
        let sent = Sent {
            step: 0,
            direction: crate::job::Direction::Forward,
            method: "stop_canister".to_owned(),
            before: Value::Null,
            envelope: serde_json::from_value(envelope).unwrap(),
        };
        let (mut journal, _) = Journal::open(&path, None).unwrap();
        let mut job = journal.begin(deed, now).unwrap();
        for event in [
            Event::StepBegan { step: 0 },
            Event::Sealed(Box::new(sent.clone())),
        ] {
            journal.append(&mut job, &event, now).unwrap();
        }
        let longest = journal
            .rows()
            .unwrap()
            .iter()
            .map(|row| row.text.len())
            .max();
        assert!(
            longest < Some(10_000),
            "the log names the call: {longest:?}"
        );
        drop(journal);

        let (mut journal, mut contents) = Journal::open(&path, None).unwrap();
        let mut job = contents.jobs.pop_first().unwrap().1;
        assert_eq!(job.open, [sent], "after a restart the very same is sent");
        let done = Event::StepDone {
            step: 0,
            output: Value::Null,
            proven_at: None,
        };
        journal.append(&mut job, &done, now).unwrap();
        let kept = "SELECT count(*) FROM envelope";
        let kept: i64 = journal
            .connection
            .query_row(kept, [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 0, "nobody asks for it any more");
        drop(journal);
        let (_, contents) = Journal::open(&path, None).unwrap();
        assert_eq!(contents.broken_at, None, "and the chain holds without it");
    }

    #[test]
    fn a_full_disk_is_said_and_what_was_written_stays() {
        let (_keep, path) = folder();
        let (mut journal, _) = Journal::open(&path, None).unwrap();
        journal
            .connection
            .pragma_update(None, "max_page_count", 4)
            .unwrap();
        let mut written = 0;
        let error = loop {
            match journal.begin(deed(), SystemTime::now()) {
                Ok(_) => written += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.code, Code::JournalFull, "{}", error.chain());
        drop(journal);
        let (_, contents) = Journal::open(&path, None).unwrap();
        assert_eq!(
            contents.jobs.len(),
            written,
            "nothing half-written, nothing lost"
        );
        assert_eq!(contents.broken_at, None, "and the chain holds");
    }
}
