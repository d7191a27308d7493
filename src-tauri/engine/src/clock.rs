//! How far this computer's clock is off, from what a network says when it refuses a request for its time.
//!
//! A request names the moment until which it may be delivered. A machine that finds this moment outside its window says where the
//! window begins: at its own now. So the refusal of a request carries the network's time, and the difference to ours is the news that a
//! person needs. It is one machine's unproven word, good enough for advice about a clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What stands before the network's now, in every release so far.
const MARK: &str = "Minimum allowed expiry: ";

/// Differences below this are no explanation: a request that travels slowly differs as much.
const NOTABLE: Duration = Duration::from_secs(60);

/// How far our clock is ahead of the network's, or behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skew {
    Ahead(Duration),
    Behind(Duration),
}

/// Reads a refusal. None where it is about something else, or the clocks agree after all.
pub(crate) fn skew(refusal: &str, now: SystemTime) -> Option<Skew> {
    let (_, rest) = refusal.split_once(MARK)?;
    let theirs = moment(rest.split(',').next()?.trim())?;
    let skew = match now.duration_since(theirs) {
        Ok(ahead) => Skew::Ahead(ahead),
        Err(behind) => Skew::Behind(behind.duration()),
    };
    match skew {
        Skew::Ahead(by) | Skew::Behind(by) if by < NOTABLE => None,
        skew => Some(skew),
    }
}

/// A moment as machines write it: nanoseconds since 1970, or a date and a time of day in UTC.
fn moment(text: &str) -> Option<SystemTime> {
    if let Ok(nanoseconds) = text.parse() {
        return Some(UNIX_EPOCH + Duration::from_nanos(nanoseconds));
    }
    let civil = text.trim_end_matches("UTC").trim().replacen(' ', "T", 1);
    let stamp: jiff::Timestamp = format!("{}Z", civil.trim_end_matches('Z')).parse().ok()?;
    Some(SystemTime::from(stamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_of_a_request_tells_how_far_the_clock_is_off() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000); // 2023-11-14 22:13:20
        let minutes = |number: u64| Duration::from_secs(60 * number);
        let table = [
            ("1699999400000000000", Some(Skew::Ahead(minutes(10)))),
            ("1700000600000000000", Some(Skew::Behind(minutes(10)))),
            ("2023-11-14 22:03:20 UTC", Some(Skew::Ahead(minutes(10)))),
            (
                "2023-11-14 22:23:20.000000000 UTC",
                Some(Skew::Behind(minutes(10))),
            ),
            ("1700000010000000000", None),
            ("soon", None),
        ];
        for (theirs, expected) in table {
            let refusal = format!(
                "Invalid request expiry: Specified ingress_expiry not within expected range: Minimum allowed expiry: {theirs}, Maximum allowed expiry: 1, Provided expiry: 2"
            );
            assert_eq!(skew(&refusal, now), expected, "{theirs}");
        }
        assert_eq!(skew("Invalid signature", now), None, "about something else");
    }
}
