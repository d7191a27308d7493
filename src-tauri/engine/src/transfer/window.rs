//! How many pieces are under way at once, and what a piece that failed means.
//!
//! A network says nothing about what it can take. So the [`Window`] begins narrow, doubles while every round trip is as quick as the
//! quickest, grows by one where it was once pushed back, and halves when the network pushes back: with 429 or 503, with a
//! heap-delta reject, with silence. Pieces that were sent before it halved cannot halve it again: they tell of the same moment.
//!
//! [`judge`] is the table of what an error means. Every piece of a transfer may be sent again, because it is a read or it is
//! written at its offset; so an answer that is lost is no question here, only a delay.
//!
//! Nothing here looks at a clock: the time that a piece took is told.

use crate::{Certainty, Code, Error};
use std::time::Duration;

/// How wide a window may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The width to begin with.
    pub(crate) first: usize,
    /// The width never to exceed: each piece under way is held in memory, several times while it is packed or unpacked.
    pub(crate) most: usize,
}

impl Bounds {
    /// Reads: a request is small and its reply two megabytes. Sixteen replies that arrive at once are 32 MB, and on the network
    /// sixteen in two seconds are more than most lines carry.
    pub(crate) const DOWNLOAD: Self = Self { first: 4, most: 16 };

    /// Writes: a block takes two pieces and its answer needs two or three seconds, so that six keep every block full. Each is
    /// held four times: as bytes, as arguments, in its envelope, and on its way.
    pub(crate) const UPLOAD: Self = Self { first: 4, most: 6 };

    /// A network on this computer has no distance to hide: what is under way beyond its cores only waits.
    pub(crate) fn on_this_computer(self) -> Self {
        Self {
            first: self.first,
            most: self.first.max(self.most / 2),
        }
    }
}

/// When the mean of a round of answers takes so many times as long as in the best round, requests queue up somewhere: more of
/// them would only wait longer.
const QUEUED: u32 = 3;

/// The number of pieces that may be under way.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    bounds: Bounds,
    width: usize,
    /// The number that the next piece gets.
    next: u64,
    /// Pieces below this number were sent before the window was last halved.
    halved_at: u64,
    /// Until the network pushes back for the first time, each round doubles the width.
    is_doubling: bool,
    round: Round,
    best: Option<Duration>,
}

/// The answers since the window was last thought about: as many as it is wide make a round.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    answers: usize,
    took: Duration,
}

impl Window {
    /// A window at its first width.
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            width: bounds.first.clamp(1, bounds.most),
            next: 0,
            halved_at: 0,
            is_doubling: true,
            round: Round::default(),
            best: None,
        }
    }

    /// How many may be under way now.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Numbers a piece that leaves now.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// An answer came, after so long.
    pub(crate) fn answered(&mut self, took: Duration) {
        self.round.answers += 1;
        self.round.took += took;
        if self.round.answers < self.width {
            return;
        }
        let answers = u32::try_from(self.round.answers).unwrap_or(u32::MAX);
        let mean = self.round.took / answers;
        let best = self.best.map_or(mean, |best| best.min(mean));
        self.best = Some(best);
        self.round = Round::default();
        if mean > best * QUEUED {
            return;
        }
        let grown = if self.is_doubling {
            self.width * 2
        } else {
            self.width + 1
        };
        self.width = grown.min(self.bounds.most);
    }

    /// The network did not keep up with the piece of this number.
    pub(crate) fn pushed_back(&mut self, number: u64) {
        if number < self.halved_at {
            return;
        }
        self.width = (self.width / 2).max(1);
        self.is_doubling = false;
        self.halved_at = self.next;
        self.round = Round::default();
        // What was quick before it was too much may never be so quick again.
        self.best = None;
    }
}

/// What a piece that failed asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The network is there and asks for less: narrow the window, wait, send again.
    SlowDown,
    /// The network was not reached, or its answer was lost: narrow the window, wait, send again; not for ever.
    Again,
    /// Sending again would end the same way.
    Fail,
}

/// What an error of a piece means.
pub(crate) fn judge(error: &Error) -> Verdict {
    let reject = error.facts.get("errorCode").map(String::as_str);
    let says = |text| {
        error
            .facts
            .get("message")
            .is_some_and(|message| message.contains(text))
    };
    match (error.code, reject) {
        // Cycles that are lacking are transient to the network, but waiting brings none.
        (_, Some("IC0207")) => Verdict::Fail,
        // Too much memory was written. The second is the same condition, told by the code of the chunk store: only its words
        // tell it from a chunk store that is full.
        (_, Some("IC0210")) | (Code::Throttled, _) => Verdict::SlowDown,
        (_, Some("IC0504")) if says("heap delta") => Verdict::SlowDown,
        // A certificate that does not hold may be a bad moment of one machine on the way; a forger does not get better.
        (Code::NoNetwork | Code::Untrusted, _) => Verdict::Again,
        // Sent, and nobody knows: the same piece at the same offset again.
        _ if error.certainty == Certainty::Unknown => Verdict::Again,
        _ => Verdict::Fail,
    }
}

/// How often a piece is sent while nothing answers: with the pauses below a quarter of a minute, longer than a lost packet or a machine
/// that is taken out of service. Whoever waits longer wants to be told, and goes on from where it was.
const TRIES_INTO_SILENCE: u32 = 7;

/// How often a piece is sent while the network asks for less: with the pauses below half an hour. It is there and works; only a
/// network that never takes anything has to end.
const TRIES_WHILE_BUSY: u32 = 65;

/// The first pause is a quarter of a block; they double up to half a minute, by when a busy network has long had room again.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long to wait before the piece of this number is sent again after so many failures in a row; none to give up.
pub(crate) fn pause(verdict: Verdict, failures: u32, number: u64) -> Option<Duration> {
    let most = match verdict {
        Verdict::SlowDown => TRIES_WHILE_BUSY,
        Verdict::Again => TRIES_INTO_SILENCE,
        Verdict::Fail => 0,
    };
    if failures >= most {
        return None;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(7));
    let pause = doubled.min(LONGEST_PAUSE);
    // Pieces that were turned away together must not come back together.
    let spread = u32::try_from(number % 8).unwrap_or(0);
    Some(pause + pause / 8 * spread)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    const QUICK: Duration = Duration::from_millis(100);

    fn bounds(first: usize, most: usize) -> Bounds {
        Bounds { first, most }
    }

    fn round(window: &mut Window, took: Duration) {
        for _ in 0..window.width() {
            window.answered(took);
        }
    }

    #[test]
    fn it_doubles_while_the_network_keeps_up_and_stops_at_its_bound() {
        let mut window = Window::new(bounds(4, 30));
        let mut widths = vec![];
        for _ in 0..4 {
            widths.push(window.width());
            round(&mut window, QUICK);
        }
        assert_eq!(widths, [4, 8, 16, 30], "doubling, then the bound");
    }

    #[test]
    fn it_halves_once_for_each_moment_of_trouble_and_grows_carefully_after() {
        let mut window = Window::new(bounds(16, 64));
        let sent: Vec<u64> = (0..16).map(|_| window.number()).collect();
        for number in sent {
            window.pushed_back(number);
        }
        assert_eq!(
            window.width(),
            8,
            "sixteen complaints of one moment are one"
        );
        let later = window.number();
        window.pushed_back(later);
        assert_eq!(window.width(), 4, "what was sent since is another moment");
        round(&mut window, QUICK);
        assert_eq!(window.width(), 5, "one more each round, not twice as many");
    }

    #[test]
    fn it_does_not_grow_into_a_queue() {
        let mut window = Window::new(bounds(2, 64));
        round(&mut window, QUICK);
        assert_eq!(window.width(), 4, "so far the network keeps up");
        round(&mut window, QUICK * (QUEUED + 1));
        assert_eq!(
            window.width(),
            4,
            "answers take four times as long: they queue"
        );
    }

    fn refused(code: &str, message: &str) -> Error {
        Error::new(Code::Refused, "uploading")
            .certainty(Certainty::Refused)
            .with("errorCode", code)
            .with("message", message)
    }

    #[test]
    fn every_error_has_its_verdict() {
        let plain = |code| Error::new(code, "testing");
        let table = [
            (plain(Code::Throttled), Verdict::SlowDown),
            (
                refused("IC0210", "Canister x is heap delta rate limited"),
                Verdict::SlowDown,
            ),
            (
                refused(
                    "IC0504",
                    "Error from Wasm chunk store: Canister is heap delta rate limited. Current delta debit: 1",
                ),
                Verdict::SlowDown,
            ),
            (
                refused("IC0504", "Error from Wasm chunk store: chunk too large"),
                Verdict::Fail,
            ),
            (
                plain(Code::Throttled).with("errorCode", "IC0207"),
                Verdict::Fail,
            ),
            (
                refused("IC0305", "Could not find the snapshot ID"),
                Verdict::Fail,
            ),
            (plain(Code::NoNetwork), Verdict::Again),
            (plain(Code::Untrusted), Verdict::Again),
            (
                plain(Code::Refused).certainty(Certainty::Unknown),
                Verdict::Again,
            ),
            (plain(Code::NotController), Verdict::Fail),
            (plain(Code::ClockOff), Verdict::Fail),
        ];
        for (error, verdict) in table {
            assert_eq!(judge(&error), verdict, "{error:?}");
        }
    }

    #[test]
    fn pauses_grow_spread_and_end() {
        let of = |failures, number| pause(Verdict::Again, failures, number);
        assert_eq!(of(1, 0), Some(FIRST_PAUSE), "short at first");
        assert_eq!(of(2, 0), Some(FIRST_PAUSE * 2), "then longer");
        assert_eq!(
            pause(Verdict::SlowDown, 14, 0),
            Some(LONGEST_PAUSE),
            "up to a bound"
        );
        assert_eq!(of(TRIES_INTO_SILENCE, 0), None, "and not for ever");
        assert!(
            of(1, 1) > of(1, 0),
            "two that failed together come back one by one"
        );
        assert_eq!(
            pause(Verdict::Fail, 0, 0),
            None,
            "what fails is not repeated"
        );
        let busy: Duration = (1..TRIES_WHILE_BUSY)
            .filter_map(|failures| pause(Verdict::SlowDown, failures, 0))
            .sum();
        assert!(
            busy > Duration::from_secs(25 * 60),
            "a busy network is waited for: {busy:?}"
        );
    }

    /// A network that serves so many at once, each in a tick, and turns away what comes while its queue is full.
    fn simulate(bounds: Bounds, served: usize, queue: usize, pieces: usize) -> (usize, Vec<usize>) {
        let mut window = Window::new(bounds);
        let (mut left, mut landed, mut ticks) = (pieces, 0, 0_u32);
        let mut under_way: VecDeque<(u64, u32)> = VecDeque::new();
        let mut widths = vec![];
        while landed < pieces {
            ticks += 1;
            assert!(ticks < 1_000_000, "it ends");
            while under_way.len() < window.width() && left > 0 {
                left -= 1;
                under_way.push_back((window.number(), ticks));
            }
            for _ in 0..served.min(under_way.len()) {
                if let Some((_, since)) = under_way.pop_front() {
                    window.answered(Duration::from_millis(u64::from(ticks - since + 1)));
                    landed += 1;
                }
            }
            while under_way.len() > queue {
                if let Some((number, _)) = under_way.pop_back() {
                    window.pushed_back(number);
                    left += 1;
                }
            }
            widths.push(window.width());
        }
        (ticks as usize, widths)
    }

    proptest! {
        #[test]
        fn it_finishes_within_its_bounds_and_keeps_the_network_busy(
            first in 1_usize..8, most in 8_usize..40, served in 1_usize..12, room in 0_usize..20, pieces in 200_usize..800,
        ) {
            let (ticks, widths) = simulate(bounds(first, most), served, served + room, pieces);
            prop_assert!(widths.iter().all(|width| (1..=most).contains(width)), "always within its bounds");
            let ideal = pieces.div_ceil(served.min(most));
            // A quarter of what the network could do is lost at worst where its queue is tiny; a window that collapsed would
            // lose far more.
            prop_assert!(ticks <= ideal * 4 + 20, "{ticks} ticks where {ideal} are ideal");
        }
    }
}
