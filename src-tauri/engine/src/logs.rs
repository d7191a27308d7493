//! The log of a canister: what its code printed and how it trapped.
//!
//! The network keeps the last lines only, up to a limit in bytes, and gives them to those whom the setting admits, by query: one
//! machine's signed word. Lines are numbered without gaps, so that following a log means asking from the number after the last one
//! seen; a gap then says that lines were lost in between. Networks that know filters send only what is asked for; of others the
//! whole log is filtered here.

use crate::{
    CanisterId, Code, Engine, Result,
    replica::{Call, Replica},
};
use candid::{CandidType, Principal};
use serde::Deserialize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Which lines are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFilter {
    /// All that there are.
    #[default]
    All,
    /// Those with this number or a higher one.
    From(u64),
    /// Those since a moment.
    Since(SystemTime),
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its number; each line has one more than the line before it.
    pub number: u64,
    /// When it was written, by the network's time.
    pub at: SystemTime,
    /// What was written: text as a rule.
    pub content: Vec<u8>,
}

/// The part of a log that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its lines, oldest first.
    pub lines: Vec<LogLine>,
    /// From where to ask on.
    pub next: u64,
    /// How many lines before the first one are gone, where it was asked for them.
    pub lost: u64,
}

#[derive(CandidType)]
struct Fetch {
    canister_id: Principal,
    filter: Option<FilterArgument>,
}

/// From `start` up to, not including, `end`.
#[derive(CandidType, Deserialize, Clone, Copy)]
enum FilterArgument {
    #[serde(rename = "by_idx")]
    ByNumber { start: u64, end: u64 },
    #[serde(rename = "by_timestamp_nanos")]
    ByTime { start: u64, end: u64 },
}

#[derive(CandidType, Deserialize)]
struct Fetched {
    canister_log_records: Vec<Record>,
}

#[derive(CandidType, Deserialize)]
struct Record {
    idx: u64,
    timestamp_nanos: u64,
    content: serde_bytes::ByteBuf,
}

impl LogFilter {
    fn argument(self) -> Option<FilterArgument> {
        match self {
            Self::All => None,
            Self::From(start) => Some(FilterArgument::ByNumber {
                start,
                end: u64::MAX,
            }),
            Self::Since(moment) => Some(FilterArgument::ByTime {
                start: nanoseconds(moment),
                end: u64::MAX,
            }),
        }
    }

    fn admits(self, line: &LogLine) -> bool {
        match self {
            Self::All => true,
            Self::From(number) => line.number >= number,
            Self::Since(moment) => line.at >= moment,
        }
    }
}

/// Makes a log of the lines that came. A network that knows no filters sends more than was asked for.
fn select(filter: LogFilter, lines: impl IntoIterator<Item = LogLine>) -> Log {
    let lines: Vec<_> = lines
        .into_iter()
        .filter(|line| filter.admits(line))
        .collect();
    let asked_from = match filter {
        LogFilter::From(number) => number,
        _ => 0,
    };
    let lost = match (filter, lines.first()) {
        (LogFilter::From(number), Some(first)) => first.number.saturating_sub(number),
        _ => 0,
    };
    Log {
        next: lines.last().map_or(asked_from, |last| last.number + 1),
        lost,
        lines,
    }
}

pub(crate) async fn read(replica: &Replica, id: CanisterId, filter: LogFilter) -> Result<Log> {
    let ask = |filter: Option<FilterArgument>| async move {
        let arguments = Fetch {
            canister_id: id.principal(),
            filter,
        };
        let call: Call<(Fetched,)> = Call::manage(id, "fetch_canister_logs", (arguments,))?;
        replica.query(&call).await
    };
    let fetched = match ask(filter.argument()).await {
        // A network that minds a field which it does not know, or a range without an end.
        Err(error) if error.code == Code::Refused && filter != LogFilter::All => ask(None).await,
        answer => answer,
    };
    let (fetched,) = fetched?;
    let lines = fetched
        .canister_log_records
        .into_iter()
        .map(|record| LogLine {
            number: record.idx,
            at: UNIX_EPOCH + Duration::from_nanos(record.timestamp_nanos),
            content: record.content.into_vec(),
        });
    Ok(select(filter, lines))
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

impl Engine {
    /// The log of a canister, or a part of it. Following it is asking again from [`Log::next`].
    pub async fn log(&self, canister: CanisterId, filter: LogFilter) -> Result<Log> {
        read(&self.connection().await?.replica, canister, filter).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64) -> LogLine {
        LogLine {
            number,
            at: UNIX_EPOCH + Duration::from_secs(number),
            content: vec![],
        }
    }

    #[test]
    fn a_network_without_filters_is_filtered_here() {
        let everything = || (3..=6).map(line);
        let log = select(LogFilter::From(5), everything());
        assert_eq!(
            (log.lines, log.next, log.lost),
            (vec![line(5), line(6)], 7, 0)
        );
        let since = LogFilter::Since(UNIX_EPOCH + Duration::from_secs(6));
        assert_eq!(select(since, everything()).lines, [line(6)]);
    }

    #[test]
    fn following_notices_what_was_lost_in_between() {
        let log = select(LogFilter::From(1), (3..=6).map(line));
        assert_eq!((log.lost, log.next), (2, 7), "lines 1 and 2 are gone");
    }

    #[test]
    fn a_log_without_news_is_asked_from_the_same_place_again() {
        let log = select(LogFilter::From(9), (3..=6).map(line));
        assert_eq!((log.lines.len(), log.next, log.lost), (0, 9, 0));
    }
}
