//! What is transferred: the parts of a snapshot, cut into pieces, and which of them have landed.
//!
//! Downloads follow the grid of copies, and the copy knows which chunks it has. Uploads are cut where the content lets them: memory of
//! a new snapshot is zero already, so a [`Cutter`] leaves out what is zero and fills each piece up to what a message carries. A
//! [`Frontier`] remembers what has landed: everything before `reached`, and the stretches ahead of it that overtook. Pieces land in
//! any order and more than once; landing twice changes nothing.
//!
//! Everything here is pure.

use crate::is_zero;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Range};

/// The unit in which zeros are looked for: a page of the operating system, the finest that a sparse file has.
const PAGE: usize = 4096;

/// The longest piece that a message carries: the network takes messages below two mebibytes, and a page is left for the envelope,
/// which needs a few hundred bytes. Two of them fill a block.
pub(crate) const LONGEST_PIECE: usize = 2 * 1024 * 1024 - PAGE;

/// A gap of zeros as long as this ends a piece. A message has a price and a round trip of its own: below two of WebAssembly's pages
/// sending the zeros along is quicker, above it leaving them out is.
const GAP: usize = 128 * 1024;

/// What has landed of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Frontier {
    /// Everything before this has landed.
    reached: u64,
    /// Stretches behind it that have landed as well: beginning and end, apart from each other.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    ahead: BTreeMap<u64, u64>,
}

impl Frontier {
    /// Where the first gap begins.
    pub(crate) fn reached(&self) -> u64 {
        self.reached
    }

    /// How many bytes have landed.
    pub(crate) fn landed(&self) -> u64 {
        let ahead: u64 = self.ahead.iter().map(|(start, end)| end - start).sum();
        self.reached + ahead
    }

    /// A stretch has landed.
    pub(crate) fn land(&mut self, stretch: Range<u64>) {
        let (mut start, mut end) = (stretch.start, stretch.end);
        if end <= self.reached || start >= end {
            return;
        }
        // Everything that it touches becomes one stretch with it.
        while let Some((&before, &until)) = self.ahead.range(..=end).next_back() {
            if until < start {
                break;
            }
            (start, end) = (start.min(before), end.max(until));
            self.ahead.remove(&before);
        }
        if start <= self.reached {
            self.reached = end;
        } else {
            self.ahead.insert(start, end);
        }
    }
}

/// A piece to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where its bytes go.
    pub(crate) offset: u64,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// What has landed with it: from the end of the piece before it, over the zeros in between, to its own end.
    pub(crate) covers: Range<u64>,
}

/// Cuts a part into pieces while it is read from its beginning to its end.
///
/// Feed it with [`Cutter::push`] and take what is ready with [`Cutter::cut`]; after the last byte, [`Cutter::finish`] cuts the rest.
/// It holds at most what was pushed since the last piece, less than a piece and a push.
pub(crate) struct Cutter {
    longest: usize,
    /// Up to here everything is cut or was zero.
    covered: u64,
    /// Where the first byte of `held` belongs.
    start: u64,
    held: Vec<u8>,
}

impl Cutter {
    /// Cuts from an offset on into pieces of this length at most, a multiple of a page.
    pub(crate) fn new(from: u64, longest: usize) -> Self {
        Self {
            longest: longest.max(PAGE),
            covered: from,
            start: from,
            held: Vec::new(),
        }
    }

    /// The next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.held.is_empty() && is_zero(bytes) {
            self.start += bytes.len() as u64;
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    /// A piece, if its end is known by now.
    pub(crate) fn cut(&mut self) -> Option<Piece> {
        self.skip_zeros();
        if self.held.len() < self.longest {
            return None;
        }
        Some(self.cut_first())
    }

    /// A piece of the rest; none at the end.
    pub(crate) fn finish(&mut self) -> Option<Piece> {
        self.skip_zeros();
        if self.held.is_empty() {
            return None;
        }
        Some(self.cut_first())
    }

    /// The next bytes, where they are known to be zeros.
    pub(crate) fn push_zeros(&mut self, count: u64) {
        if self.held.is_empty() {
            self.start += count;
        } else {
            self.held.resize(self.held.len() + count as usize, 0);
        }
    }

    /// Where the last piece ended; behind that, at the end, are zeros that need no piece.
    pub(crate) fn covered(&self) -> u64 {
        self.covered
    }

    fn skip_zeros(&mut self) {
        let zeros: usize = self
            .held
            .chunks(PAGE)
            .take_while(|page| is_zero(page))
            .map(<[u8]>::len)
            .sum();
        self.start += zeros as u64;
        self.held.drain(..zeros);
    }

    /// What is held begins with a page that is not zero.
    fn cut_first(&mut self) -> Piece {
        let most = self.held.len().min(self.longest);
        let (mut end, mut at) = (0, 0);
        for page in self.held[..most].chunks(PAGE) {
            at += page.len();
            if !is_zero(page) {
                end = at;
            } else if at - end >= GAP {
                break;
            }
        }
        let bytes: Vec<u8> = self.held.drain(..end).collect();
        let offset = self.start;
        self.start += bytes.len() as u64;
        let covers = self.covered..self.start;
        self.covered = self.start;
        Piece {
            offset,
            bytes,
            covers,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stretches_that_overtake_wait_for_those_between() {
        let mut frontier = Frontier::default();
        frontier.land(20..30);
        frontier.land(40..50);
        assert_eq!(
            (frontier.reached(), frontier.landed()),
            (0, 20),
            "nothing from the start"
        );
        frontier.land(0..20);
        assert_eq!(
            frontier.reached(),
            30,
            "the first gap begins behind what overtook"
        );
        assert_eq!(frontier.landed(), 40, "the gap is not counted");
        frontier.land(30..40);
        assert_eq!(
            (frontier.reached(), frontier.landed()),
            (50, 50),
            "all of it"
        );
    }

    #[test]
    fn a_frontier_survives_the_disk_and_unknown_fields_are_refused() {
        let mut frontier = Frontier::default();
        frontier.land(0..10);
        frontier.land(20..30);
        let text = serde_json::to_string(&frontier).unwrap();
        assert_eq!(serde_json::from_str::<Frontier>(&text).unwrap(), frontier);
        assert!(
            serde_json::from_str::<Frontier>(r#"{"reached":1,"behind":{}}"#).is_err(),
            "what a newer version knows is not ignored"
        );
    }

    fn cut_whole(content: &[u8], from: usize, push: usize, longest: usize) -> (Vec<Piece>, u64) {
        let mut cutter = Cutter::new(from as u64, longest);
        let mut pieces = vec![];
        for bytes in content[from..].chunks(push) {
            cutter.push(bytes);
            pieces.extend(std::iter::from_fn(|| cutter.cut()));
        }
        pieces.extend(std::iter::from_fn(|| cutter.finish()));
        (pieces, cutter.covered())
    }

    #[test]
    fn long_zeros_are_left_out_and_short_ones_sent_along() {
        let mut content = vec![0; 3 * GAP];
        content[0] = 1;
        content[GAP / 2] = 2;
        content[3 * GAP - 1] = 3;
        let (pieces, covered) = cut_whole(&content, 0, 1000, LONGEST_PIECE);
        assert_eq!(pieces.len(), 2, "one gap is long enough to end a piece");
        assert_eq!(
            (pieces[0].offset, pieces[0].bytes.len()),
            (0, GAP / 2 + PAGE)
        );
        assert_eq!(pieces[1].offset as usize, 3 * GAP - PAGE);
        assert_eq!(
            pieces[1].covers.start, pieces[0].covers.end,
            "nothing between is forgotten"
        );
        assert_eq!(covered, content.len() as u64);
    }

    #[test]
    fn a_full_memory_is_cut_into_the_longest_pieces() {
        let content = vec![7; LONGEST_PIECE * 2 + 10];
        let (pieces, _) = cut_whole(&content, 0, 2_000_000, LONGEST_PIECE);
        let lengths: Vec<_> = pieces.iter().map(|piece| piece.bytes.len()).collect();
        assert_eq!(lengths, [LONGEST_PIECE, LONGEST_PIECE, 10]);
    }

    proptest! {
        #[test]
        fn a_frontier_is_the_set_of_what_landed(stretches in prop::collection::vec((0_u64..60, 1_u64..12), 0..30)) {
            let mut frontier = Frontier::default();
            let mut set = [false; 80];
            for (start, length) in stretches {
                frontier.land(start..start + length);
                set[start as usize..(start + length) as usize].fill(true);
            }
            let reached = set.iter().take_while(|landed| **landed).count();
            prop_assert_eq!(frontier.reached(), reached as u64);
            prop_assert_eq!(frontier.landed(), set.iter().filter(|landed| **landed).count() as u64);
            for pair in frontier.ahead.iter().collect::<Vec<_>>().windows(2) {
                prop_assert!(pair[0].1 < pair[1].0, "stretches are apart, so that none is counted twice");
            }
        }

        #[test]
        fn pieces_put_together_are_the_memory(
            stretches in prop::collection::vec((0_usize..400_000, 1_usize..90_000, any::<bool>()), 0..8),
            push in 1_000_usize..300_000, longest in 1_usize..60, from in 0_usize..300_000,
        ) {
            let longest = longest * PAGE;
            let mut content = vec![0_u8; 500_001];
            for (start, length, full) in stretches {
                content[start..start + length].fill(u8::from(full) * 9);
            }
            let (pieces, end) = cut_whole(&content, from, push, longest);
            let mut memory = vec![0_u8; content.len()];
            memory[..from].copy_from_slice(&content[..from]);
            let mut covered = from as u64;
            for piece in &pieces {
                prop_assert!(piece.bytes.len() <= longest && !piece.bytes.is_empty());
                prop_assert!(!is_zero(&piece.bytes), "no piece of zeros");
                prop_assert_eq!(piece.covers.start, covered, "in order and without a gap");
                covered = piece.covers.end;
                let start = piece.offset as usize;
                memory[start..start + piece.bytes.len()].copy_from_slice(&piece.bytes);
            }
            prop_assert!(memory == content, "what is left out was zero");
            prop_assert_eq!(end, covered);
        }
    }
}
