//! What the network does not take at its own pace: too many requests, and too much memory written at once.
//!
//! Clients meet these limits only on a busy day; here they can meet them on purpose. Both are off at
//! [`Pace::Instant`](crate::blocks::Pace::Instant), where nothing is to be waited for. Nothing here looks at a clock: the
//! [`Bucket`] is told the time, and the heap delta falls with each block.

use crate::blocks::World;
use crate::errors::{ErrorCode, Reject};
use candid::Principal;
use std::time::Instant;

/// How many requests the door lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many at once, after a rest.
    pub burst: u32,
    /// So many a second in the long run.
    pub per_second: u32,
}

impl Rate {
    /// At the network's pace. What the boundary nodes allow is not published, so this is a choice: a client that keeps
    /// sixteen calls under way and polls each twice a second stays well below it, and a loop without pauses is over it
    /// within seconds.
    pub const MAINNET: Self = Self {
        burst: 500,
        per_second: 100,
    };
}

/// A token is counted in billionths, one of which a rate of one a second gains each nanosecond: no rounding, no drift.
const TOKEN: u128 = 1_000_000_000;

/// A token bucket: full at first, each request takes a token, and time brings them back. One for all requests: on
/// loopback everybody has the same address.
#[derive(Debug)]
pub struct Bucket {
    rate: Rate,
    /// What is left, in billionths of a token.
    left: u128,
    /// When that was so.
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub fn full(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            left: u128::from(rate.burst) * TOKEN,
            at: now,
        }
    }

    /// Whether one more request is let in now. Threads may come with their times out of order; an earlier one brings
    /// nothing and takes nothing back.
    pub fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.at).as_nanos();
        self.at = self.at.max(now);
        self.left = (self.left + gained * u128::from(self.rate.per_second))
            .min(u128::from(self.rate.burst) * TOKEN);
        match self.left.checked_sub(TOKEN) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

/// Bytes that a canister may write in a block, the network's number. Whoever wrote more pays them off block by block. Until less
/// than this is left, its messages and tasks wait, and calls that would have it write more (chunks, snapshots) are refused;
/// installations count, but are not refused, as the network limits them by their instructions instead.
pub const HEAP_DELTA: u64 = 75 << 20;

impl World {
    /// What a canister wrote and the network has still to digest; nothing where nobody counts, as on system subnets.
    pub fn add_heap_delta(&mut self, id: Principal, bytes: u64) {
        let counted = self.limits_heap_delta
            && bytes > 0
            && self
                .topology
                .route(id)
                .is_some_and(|subnet| self.topology.subnets()[subnet].kind != "system");
        if let Some(canister) = self.find_mut(id).filter(|_| counted) {
            canister.heap_delta_debit += bytes;
        }
    }

    /// A block went by.
    pub(crate) fn digest_heap_delta(&mut self) {
        let indebted: Vec<Principal> = self
            .canisters()
            .filter(|canister| canister.heap_delta_debit > 0)
            .map(|canister| canister.id)
            .collect();
        for id in indebted {
            if let Some(canister) = self.find_mut(id) {
                canister.heap_delta_debit = canister.heap_delta_debit.saturating_sub(HEAP_DELTA);
            }
        }
    }

    /// The debit of a canister that wrote too much.
    fn excess(&self, id: Principal) -> Option<u64> {
        self.find(id)
            .map(|canister| canister.heap_delta_debit)
            .filter(|debit| self.limits_heap_delta && *debit >= HEAP_DELTA)
    }

    /// Whether messages to this canister wait for a later block.
    pub(crate) fn must_wait(&self, id: Principal) -> bool {
        self.excess(id).is_some()
    }

    /// Refuses when the canister wrote too much.
    pub fn require_heap_delta(&self, id: Principal) -> Result<(), Reject> {
        let Some(debit) = self.excess(id) else {
            return Ok(());
        };
        let message = format!(
            "Canister {id} is heap delta rate limited: current delta debit is {debit}, but limit is {HEAP_DELTA}."
        );
        Err(Reject::new(ErrorCode::HeapDeltaRateLimited, message))
    }

    /// The same for a piece of data. A replica says it with the code and the words of its chunk store, as if it were the
    /// canister's fault; tools have to tell it by the text.
    pub fn require_heap_delta_for_chunk(&self, id: Principal) -> Result<(), Reject> {
        let Some(debit) = self.excess(id) else {
            return Ok(());
        };
        let message = format!(
            "Error from Wasm chunk store: Canister is heap delta rate limited. Current delta debit: {debit}, limit: {HEAP_DELTA}"
        );
        Err(Reject::new(ErrorCode::ContractViolation, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn let_in(bucket: &mut Bucket, now: Instant) -> usize {
        (0..1000).take_while(|_| bucket.take(now)).count()
    }

    #[test]
    fn a_bucket_lets_in_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let rate = Rate {
            burst: 5,
            per_second: 2,
        };
        let mut bucket = Bucket::full(rate, start);
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(let_in(&mut bucket, start), 5, "the burst");
        assert_eq!(let_in(&mut bucket, after(499)), 0, "not quite a token yet");
        assert_eq!(
            let_in(&mut bucket, after(500)),
            1,
            "none of the wait is lost"
        );
        assert_eq!(let_in(&mut bucket, after(2_500)), 4, "two a second");
        assert_eq!(
            let_in(&mut bucket, after(1_000)),
            0,
            "time does not go back"
        );
        assert_eq!(
            let_in(&mut bucket, after(2_999)),
            0,
            "nor is it counted twice"
        );
        assert_eq!(
            let_in(&mut bucket, after(3_600_000)),
            5,
            "never more than the burst, however long the rest"
        );
    }

    #[test]
    fn a_bucket_without_a_rate_never_fills_again() {
        let start = Instant::now();
        let rate = Rate {
            burst: 3,
            per_second: 0,
        };
        let mut bucket = Bucket::full(rate, start);
        assert_eq!(let_in(&mut bucket, start), 3, "the burst");
        let next_year = start + Duration::from_secs(365 * 24 * 60 * 60);
        assert_eq!(let_in(&mut bucket, next_year), 0, "and nothing more");
    }
}
