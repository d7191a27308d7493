//! The activity log: what was done, by whom, where, with which plan and which outcome.
//!
//! It is read from the journal's events; there is no second truth. An [`Entry`] is a job as somebody wants to read it years later.
//! Three forms leave the app: a table (CSV), a page to read and print (HTML), and a whole record (JSON) that can be verified.
//!
//! The record carries every event with the chain of hashes over them, the entries that follow from the events, and a seal over all
//! of it. [`verify`] folds the events once more and makes the record anew: whatever differs, be it a single byte, shows. The chain
//! has no key, so it does not stop somebody who rewrites the whole record; whoever wants that too keeps the seal elsewhere.

mod report;

use crate::{
    Code, Engine, Error, Fingerprint, JobId, NetworkId, Result,
    job::{End, Failure, Job, State},
    journal::{self, Row, milliseconds},
    ops::{OpName, StepName, Target},
    settings::replace_file,
};
use camino::Utf8Path;
use candid::Principal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// What tells a record of ours from any other JSON.
const FORMAT: &str = "canopic-activity";
/// Rises when an older app cannot verify the record any more.
const VERSION: u32 = 1;

/// How an act came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It is under way.
    UnderWay,
    /// A person lets it rest.
    Paused,
    /// It can go neither on nor back until a person decides.
    NeedsYou,
    /// As planned.
    Done,
    /// It failed, and what could be taken back was taken back.
    Failed,
    /// A person ended it, and what could be taken back was taken back.
    Cancelled,
    /// It was stuck, and a person left it as it was.
    Left,
}

/// One act, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The number of its job.
    pub job: JobId,
    /// What was asked for.
    pub op: OpName,
    /// The canisters that it worked on.
    pub targets: Vec<Target>,
    /// The network, by its root key.
    pub network: Fingerprint,
    /// What the network was called on this computer.
    pub network_id: NetworkId,
    /// Who signed.
    pub who: Principal,
    /// The steps of the plan that was confirmed.
    pub plan: Vec<StepName>,
    /// What the plan was expected to cost, in cycles, decimal.
    pub cost: String,
    /// When it began, in milliseconds since 1970.
    pub began_at: u64,
    /// When something happened to it last, in milliseconds since 1970.
    pub changed_at: u64,
    /// How it came out.
    pub outcome: Outcome,
    /// The time of the newest certificate that proves a step of it, in milliseconds since 1970.
    pub proven_at: Option<u64>,
    /// Why it did not come out as planned.
    pub failure: Option<Failure>,
    /// What was done for good although it did not come out as planned.
    pub stays: Vec<StepName>,
}

impl From<&Job> for Entry {
    fn from(job: &Job) -> Self {
        let is_cancelled = |failure: &Failure| failure.code == Code::Cancelled;
        let (outcome, stuck) = match &job.state {
            State::Running if job.is_paused() => (Outcome::Paused, None),
            State::Running | State::Unwinding => (Outcome::UnderWay, None),
            State::Stuck(failure) => (Outcome::NeedsYou, Some(failure)),
            State::Ended(End::Done) => (Outcome::Done, None),
            State::Ended(End::Left) => (Outcome::Left, None),
            State::Ended(End::Undone) if job.failure.as_ref().is_none_or(is_cancelled) => {
                (Outcome::Cancelled, None)
            }
            State::Ended(End::Undone) => (Outcome::Failed, None),
        };
        Self {
            job: job.id,
            op: job.deed.op.name(),
            targets: job.deed.plan.targets.clone(),
            network: job.deed.network,
            network_id: job.deed.network_id.clone(),
            who: job.deed.caller,
            plan: job
                .deed
                .plan
                .steps
                .iter()
                .map(super::ops::Step::name)
                .collect(),
            cost: job.deed.plan.cost.to_string(),
            began_at: milliseconds(job.began_at),
            changed_at: milliseconds(job.changed_at),
            outcome,
            proven_at: job.steps.iter().filter_map(|step| step.proven_at).max(),
            failure: stuck.or(job.failure.as_ref()).cloned(),
            stays: job.stays(),
        }
    }
}

/// Which acts are wanted. What is absent excludes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Occurs in a name or an id of a canister, or in the principal of who signed. Case does not matter.
    pub text: String,
    /// Came out like this.
    pub outcome: Option<Outcome>,
    /// Asked for this.
    pub op: Option<OpName>,
    /// On this network.
    pub network: Option<Fingerprint>,
    /// Began at this moment or later.
    pub since: Option<SystemTime>,
    /// Began before this moment.
    pub until: Option<SystemTime>,
}

impl Wanted {
    fn holds(&self, entry: &Entry) -> bool {
        let text = self.text.trim().to_lowercase();
        let occurs = |place: &str| place.to_lowercase().contains(&text);
        let is_named = text.is_empty()
            || occurs(&entry.who.to_text())
            || entry
                .targets
                .iter()
                .any(|target| occurs(&target.name) || occurs(&target.id.to_string()));
        is_named
            && self.outcome.is_none_or(|wanted| wanted == entry.outcome)
            && self.op.is_none_or(|wanted| wanted == entry.op)
            && self.network.is_none_or(|wanted| wanted == entry.network)
            && self
                .since
                .is_none_or(|since| entry.began_at >= milliseconds(since))
            && self
                .until
                .is_none_or(|until| entry.began_at < milliseconds(until))
    }
}

/// In which form the log leaves the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table.
    Csv,
    /// A page to read and print.
    Html,
    /// The whole record, to be verified. It holds everything, whatever is wanted: a piece of a chain proves nothing.
    Json,
}

/// The whole log as a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    format: String,
    version: u32,
    /// In milliseconds since 1970.
    exported_at: u64,
    entries: Vec<Entry>,
    events: Vec<Link>,
    /// SHA-256 over when it was exported, its version and the hash of the last event.
    seal: String,
}

/// An event in its chain.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Link {
    number: u64,
    job: JobId,
    at: u64,
    event: String,
    hash: String,
}

impl From<&Row> for Link {
    fn from(row: &Row) -> Self {
        Self {
            number: row.number,
            job: row.job,
            at: milliseconds(row.at),
            event: row.text.clone(),
            hash: hex::encode(&row.hash),
        }
    }
}

impl Link {
    fn into_row(self) -> Option<Row> {
        Some(Row {
            number: self.number,
            job: self.job,
            at: UNIX_EPOCH.checked_add(Duration::from_millis(self.at))?,
            text: self.event,
            hash: hex::decode(self.hash).ok()?,
        })
    }
}

/// What a record that holds tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many acts are in it.
    pub acts: usize,
    /// How many events they are made of.
    pub events: usize,
    /// When it was exported.
    pub exported_at: SystemTime,
}

/// Why a record does not hold.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("not a record of activity")]
    Malformed(#[source] serde_json::Error),
    #[error("a record of another kind: {0}")]
    Foreign(String),
    #[error("event {0} does not follow from the one before it")]
    Chain(u64),
    #[error("the events do not tell a history")]
    History(#[source] Error),
    #[error("what the record says does not follow from its events")]
    Told,
}

/// Whether a record is whole, and as it was when it was exported.
pub fn verify(record: &[u8]) -> Result<Verified> {
    let refused = |broken: Broken| {
        let code = match broken {
            Broken::Foreign(_) | Broken::Malformed(_) => Code::RecordUnreadable,
            _ => Code::RecordBroken,
        };
        let mut error = Error::new(code, "verifying a record of activity");
        if let Broken::Chain(number) = broken {
            error = error.with("event", number);
        }
        error.because(broken)
    };
    let found: Record = serde_json::from_slice(record)
        .map_err(Broken::Malformed)
        .map_err(refused)?;
    if found.format != FORMAT || found.version > VERSION {
        let kind = format!("{} {}", found.format, found.version);
        return Err(refused(Broken::Foreign(kind)));
    }
    let exported_at = found.exported_at;
    let mut rows = Vec::with_capacity(found.events.len());
    let mut before = Vec::new();
    for link in found.events {
        let number = link.number;
        let row = link
            .into_row()
            .filter(|row| row.hash == row.expected_hash(&before))
            .ok_or_else(|| refused(Broken::Chain(number)))?;
        before.clone_from(&row.hash);
        rows.push(row);
    }
    let again = render(&rows, exported_at)
        .map_err(Broken::History)
        .map_err(refused)?;
    if again != record {
        return Err(refused(Broken::Told));
    }
    Ok(Verified {
        acts: journal::fold(&rows)
            .map_err(Broken::History)
            .map_err(refused)?
            .len(),
        events: rows.len(),
        exported_at: UNIX_EPOCH + Duration::from_millis(exported_at),
    })
}

/// Whether the record in a file that a person picked holds.
pub fn verify_file(path: &Utf8Path) -> Result<Verified> {
    /// A year of a busy team is some ten megabytes.
    const MOST: u64 = 1 << 30;
    let unreadable = |error: std::io::Error| {
        Error::new(Code::FileUnreadable, "reading a record of activity")
            .with("path", path)
            .because(error)
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MOST {
        return Err(
            Error::new(Code::RecordUnreadable, "reading a record of activity").with("path", path),
        );
    }
    verify(&std::fs::read(path).map_err(unreadable)?)
}

/// The record, byte for byte. It follows from the rows and the moment alone.
fn render(rows: &[Row], exported_at: u64) -> Result<Vec<u8>> {
    let jobs = journal::fold(rows)?;
    let mut seal = Sha256::new();
    seal.update(VERSION.to_be_bytes());
    seal.update(exported_at.to_be_bytes());
    if let Some(last) = rows.last() {
        seal.update(&last.hash);
    }
    let record = Record {
        format: FORMAT.to_owned(),
        version: VERSION,
        exported_at,
        entries: jobs.values().map(Entry::from).collect(),
        events: rows.iter().map(Link::from).collect(),
        seal: hex::encode(seal.finalize()),
    };
    let mut bytes = serde_json::to_vec_pretty(&record)
        .map_err(|error| Error::new(Code::Bug, "writing a record of activity").because(error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn table(entries: &[Entry]) -> Result<Vec<u8>> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(Code::Bug, "writing a table of activity").because(error)
    };
    let mut table = csv::Writer::from_writer(Vec::new());
    table
        .write_record([
            "began",
            "ended",
            "what",
            "canisters",
            "ids",
            "outcome",
            "proven",
            "who",
            "network",
            "root key",
            "plan",
            "stays",
            "cost",
            "code",
            "report",
            "number",
        ])
        .map_err(|error| failed(error.into()))?;
    for entry in entries {
        let failure = entry.failure.as_ref();
        let each = |part: fn(&Target) -> String| {
            let parts: Vec<_> = entry.targets.iter().map(part).collect();
            parts.join(" ")
        };
        table
            .write_record([
                moment(entry.began_at),
                ended(entry),
                words(&entry.op),
                harmless(&each(|target| target.name.clone())),
                each(|target| target.id.to_string()),
                words(&entry.outcome),
                entry.proven_at.map(moment).unwrap_or_default(),
                entry.who.to_text(),
                harmless(&entry.network_id.to_string()),
                entry.network.to_string(),
                named(&entry.plan),
                named(&entry.stays),
                entry.cost.clone(),
                failure
                    .map(|failure| words(&failure.code))
                    .unwrap_or_default(),
                failure
                    .map(|failure| harmless(&failure.report))
                    .unwrap_or_default(),
                entry.job.to_string(),
            ])
            .map_err(|error| failed(error.into()))?;
    }
    table
        .into_inner()
        .map_err(|error| failed(error.to_string().into()))
}

/// Spreadsheets take a cell that begins like this for a formula, and names come from anywhere.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn page(entries: &[Entry], broken_at: Option<u64>, now: u64) -> Vec<u8> {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Activity · Canopic</title>\n<style>\n\
         :root{color-scheme:light dark;font:14px/1.5 system-ui,sans-serif}\n\
         body{max-width:72rem;margin:2rem auto;padding:0 1rem}\n\
         table{width:100%;border-collapse:collapse}\n\
         th,td{padding:.5rem .75rem;border-top:1px solid #8884;text-align:left;vertical-align:top}\n\
         thead th{border-top:0}\n\
         code,small{font-size:.85em;overflow-wrap:anywhere}\n\
         @media print{body{margin:0}tr{break-inside:avoid}}\n\
         </style>\n</head>\n<body>\n<h1>Activity</h1>\n",
    );
    let chain = match broken_at {
        None => "The chain of the journal holds.".to_owned(),
        Some(number) => format!("The chain of the journal is broken at event {number}."),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        page,
        "<p>{} of this list, made {}. {chain}</p>\n<table>\n<thead><tr><th>When</th><th>What</th><th>Canisters</th><th>Outcome</th>\
         <th>Who and where</th></tr></thead>\n<tbody>",
        if entries.len() == 1 {
            "1 act".to_owned()
        } else {
            format!("{} acts", entries.len())
        },
        moment(now),
    );
    for entry in entries {
        let targets: Vec<_> = entry
            .targets
            .iter()
            .map(|target| {
                format!(
                    "{}<br><small><code>{}</code></small>",
                    escaped(&target.name),
                    target.id
                )
            })
            .collect();
        let proof = entry.proven_at.map_or_else(String::new, |at| {
            format!("<br><small>Certified {}</small>", moment(at))
        });
        let stays = if entry.stays.is_empty() {
            String::new()
        } else {
            format!("<br><small>Stays: {}</small>", named(&entry.stays))
        };
        let failure = entry.failure.as_ref().map_or_else(String::new, |failure| {
            format!(
                "<br><small>{}: {}</small>",
                words(&failure.code),
                escaped(&failure.report)
            )
        });
        let _ = writeln!(
            page,
            "<tr><td>{}<br><small>{}</small></td><td>{}<br><small>{}</small></td><td>{}</td><td>{}{stays}{proof}{failure}</td>\
             <td><code>{}</code><br><small>{} · {}</small></td></tr>",
            moment(entry.began_at),
            ended(entry),
            words(&entry.op),
            named(&entry.plan),
            targets.join("<br>"),
            words(&entry.outcome),
            entry.who,
            escaped(&entry.network_id.to_string()),
            entry.network,
        );
    }
    page.push_str("</tbody>\n</table>\n</body>\n</html>\n");
    page.into_bytes()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn named(steps: &[StepName]) -> String {
    let steps: Vec<_> = steps.iter().map(words).collect();
    steps.join(", ")
}

fn ended(entry: &Entry) -> String {
    if entry.outcome == Outcome::UnderWay {
        String::new()
    } else {
        moment(entry.changed_at)
    }
}

/// "2026-11-21 14:05:09 UTC": the same wherever it is read.
fn moment(milliseconds: u64) -> String {
    i64::try_from(milliseconds)
        .ok()
        .and_then(|at| Timestamp::from_millisecond(at).ok())
        .map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_default()
}

/// A name as the wire has it, as words: `takeSnapshot` becomes "take snapshot".
fn words(name: &impl Serialize) -> String {
    let name = serde_json::to_value(name).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str);
    let mut words = String::new();
    for letter in name.unwrap_or_default().chars() {
        if letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

impl Engine {
    /// The acts that are wanted, newest first.
    pub fn activity(&self, wanted: &Wanted) -> Result<Vec<Entry>> {
        self.jobs.is_sound()?;
        let (jobs, _) = self.jobs.follow();
        Ok(jobs
            .iter()
            .rev()
            .map(|view| Entry::from(&view.job))
            .filter(|entry| wanted.holds(entry))
            .collect())
    }

    /// The log in a form that leaves the app.
    pub fn exported_activity(
        &self,
        form: Form,
        wanted: &Wanted,
        now: SystemTime,
    ) -> Result<Vec<u8>> {
        let now = milliseconds(now);
        match form {
            Form::Csv => table(&self.activity(wanted)?),
            Form::Html => Ok(page(&self.activity(wanted)?, self.jobs.is_sound()?, now)),
            Form::Json => render(&self.jobs.rows()?, now),
        }
    }

    /// Writes the log to a file that a person picked, in place of what is there.
    pub fn export_activity(
        &self,
        form: Form,
        wanted: &Wanted,
        path: &Utf8Path,
        now: SystemTime,
    ) -> Result<()> {
        let bytes = self.exported_activity(form, wanted, now)?;
        replace_file(path, &bytes).map_err(|error| {
            Error::new(Code::FolderUnusable, "writing the activity log")
                .with("path", path)
                .because(error)
        })
    }
}
