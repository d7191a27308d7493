//! What a canister held over time, and what it wrote down itself.

use crate::{Api, failure::Failure, wire::milliseconds};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ts_rs::TS;

/// What a canister held over time.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Oldest first; thinned out with age.
    pub samples: Vec<Sample>,
    /// When its module was first seen, in milliseconds since 1970, if another one was seen before.
    pub module_changed_at: Option<f64>,
}

/// What a canister held at a moment.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// In milliseconds since 1970.
    pub at: f64,
    /// Cycles, decimal.
    pub cycles: String,
    /// Bytes, snapshots included.
    pub memory_bytes: f64,
}

/// Which lines of a log are wanted.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum LogFilter {
    /// All that there are.
    All,
    /// Those with this number or a higher one.
    From {
        /// It.
        #[ts(type = "number")]
        number: u64,
    },
    /// Those since a moment.
    Since {
        /// In milliseconds since 1970.
        #[ts(type = "number")]
        at: u64,
    },
}

/// A part of a log.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// Its lines, oldest first.
    pub lines: Vec<LogLine>,
    /// The number to ask from next.
    #[ts(type = "number")]
    pub next: u64,
    /// How many of those that were asked for are gone.
    #[ts(type = "number")]
    pub lost: u64,
}

/// A line of a log.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Its number.
    #[ts(type = "number")]
    pub number: u64,
    /// When it was written, in milliseconds since 1970.
    pub at: f64,
    /// What was written; what is no text is shown as it can be.
    pub text: String,
    /// Whether all of it is text; otherwise `hex` has the bytes.
    pub hex: Option<String>,
}

/// One method per request.
impl Api {
    pub(crate) async fn canister_history(
        &self,
        canister: String,
        since: f64,
    ) -> Result<History, Failure> {
        let (engine, id) = (self.engine()?, canister.parse()?);
        let samples = engine.samples(id, moment(since)).await?;
        let module_changed_at = engine.module_change(id).await?.map(milliseconds);
        let views = samples.into_iter().map(|sample| Sample {
            at: milliseconds(sample.at),
            cycles: sample.cycles.to_string(),
            memory_bytes: sample.memory_bytes as f64,
        });
        Ok(History {
            samples: views.collect(),
            module_changed_at,
        })
    }

    pub(crate) async fn canister_log(
        &self,
        canister: String,
        filter: LogFilter,
    ) -> Result<Log, Failure> {
        let filter = match filter {
            LogFilter::All => engine::LogFilter::All,
            LogFilter::From { number } => engine::LogFilter::From(number),
            LogFilter::Since { at } => engine::LogFilter::Since(moment(at as f64)),
        };
        let log = self.engine()?.log(canister.parse()?, filter).await?;
        let lines = log.lines.into_iter().map(|line| {
            let text = String::from_utf8_lossy(&line.content).into_owned();
            let is_text = text.as_bytes() == line.content;
            LogLine {
                number: line.number,
                at: milliseconds(line.at),
                text,
                hex: (!is_text).then(|| hex::encode(&line.content)),
            }
        });
        Ok(Log {
            lines: lines.collect(),
            next: log.next,
            lost: log.lost,
        })
    }
}

/// A moment from milliseconds since 1970; what is no moment is 1970.
fn moment(milliseconds: f64) -> SystemTime {
    let since = Duration::try_from_secs_f64(milliseconds / 1_000.0).unwrap_or_default();
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
