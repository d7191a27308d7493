//! Bytes of snapshots between a network and a copy: whole, resumable, bounded, and quick.
//!
//! A snapshot is read in slices and written in pieces. Each is a change of its own to the network, signed when it is sent and not
//! before, so that no envelope grows old in a queue. All of them go through one [`Window`], whatever part they belong to, and each can
//! be sent again: a read changes nothing, and a write lands at its offset. What cannot be sent again, making a new snapshot out of
//! metadata, is not done here but is a step of the job.
//!
//! Invariants: never more than the window is in memory; what a [`Frontier`](plan::Frontier) says has landed is on the disk, or on the network,
//! before the frontier is saved; a transfer that ends early leaves everything that landed for the next one.
//!
//! Reading order: `plan` (what is sent, what has landed), `window` (how much at once, what an error means), this file (the calls, what
//! they cost, and [`drive`], the loop), `download`, `upload`.

pub(crate) mod download;
pub(crate) mod plan;
pub(crate) mod upload;
pub(crate) mod window;

use crate::{CanisterId, Certainty, Code, Error, Result, replica::Call};
use async_trait::async_trait;
use candid::{CandidType, Principal};
use futures::future::BoxFuture;
use ic_management_canister_types::{
    ReadCanisterSnapshotMetadataArgs, ReadCanisterSnapshotMetadataResult, SnapshotDataKind,
    SnapshotDataOffset,
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use window::{Bounds, Window, judge, pause};

/// A snapshot on a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotPlace {
    pub(crate) canister: CanisterId,
    pub(crate) snapshot: Vec<u8>,
}

/// The arguments of a slice that is read.
#[derive(CandidType)]
struct ReadArguments<'a> {
    canister_id: Principal,
    snapshot_id: &'a serde_bytes::Bytes,
    kind: SnapshotDataKind,
}

/// Its reply: bytes as bytes, which decodes at the speed of memory.
#[derive(CandidType, Deserialize)]
pub(crate) struct Slice {
    pub(crate) chunk: serde_bytes::ByteBuf,
}

/// The arguments of a piece that is written.
#[derive(CandidType)]
struct WriteArguments<'a> {
    canister_id: Principal,
    snapshot_id: &'a serde_bytes::Bytes,
    kind: &'a SnapshotDataOffset,
    chunk: &'a serde_bytes::Bytes,
}

impl SnapshotPlace {
    /// Asks what a snapshot is made of.
    pub(crate) fn read_metadata(&self) -> Result<Call<(ReadCanisterSnapshotMetadataResult,)>> {
        let arguments = ReadCanisterSnapshotMetadataArgs {
            canister_id: self.canister.principal(),
            snapshot_id: self.snapshot.clone(),
        };
        Call::manage(
            self.canister,
            "read_canister_snapshot_metadata",
            (arguments,),
        )
    }

    /// Asks for a slice of it, or for an entry of its chunk store.
    pub(crate) fn read(&self, kind: SnapshotDataKind) -> Result<Call<(Slice,)>> {
        let arguments = ReadArguments {
            canister_id: self.canister.principal(),
            snapshot_id: serde_bytes::Bytes::new(&self.snapshot),
            kind,
        };
        Call::manage(self.canister, "read_canister_snapshot_data", (arguments,))
    }

    /// Puts a piece where it belongs. Doing it again puts the same bytes to the same place.
    pub(crate) fn write(&self, kind: &SnapshotDataOffset, chunk: &[u8]) -> Result<Call<()>> {
        let arguments = WriteArguments {
            canister_id: self.canister.principal(),
            snapshot_id: serde_bytes::Bytes::new(&self.snapshot),
            kind,
            chunk: serde_bytes::Bytes::new(chunk),
        };
        Call::manage(self.canister, "upload_canister_snapshot_data", (arguments,))
    }

    /// The error as this transfer sees it: a snapshot that is not there, or not this canister's, has gone.
    pub(crate) fn seen(&self, error: Error) -> Error {
        let reject = error.facts.get("errorCode").map(String::as_str);
        let foreign = reject == Some("IC0406")
            && error
                .facts
                .get("message")
                .is_some_and(|message| message.contains("does not belong"));
        if reject == Some("IC0305") || foreign {
            let certainty = error.certainty;
            return Error::new(Code::SnapshotGone, "moving the bytes of a snapshot")
                .certainty(certainty)
                .with("canister", self.canister)
                .with("snapshot", hex::encode(&self.snapshot))
                .because(error);
        }
        error
    }
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Bytes of the snapshot that are where they should be.
    pub(crate) landed: u64,
    /// All of its bytes.
    pub(crate) total: u64,
    /// How many pieces may be under way just now.
    pub(crate) width: usize,
}

/// What a transfer tells while it runs, and how it is told to end.
pub(crate) struct Course<'a> {
    /// Looked at between pieces.
    pub(crate) cancel: CancellationToken,
    /// Told after each piece; cheap, and never waits.
    pub(crate) progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// How long a piece may be under way before it is sent anew. Its envelope lives for three minutes; half of that leaves the network time
/// for its worst minute and the second envelope the other half.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

/// How often a frontier is saved: what is lost by a power cut is then no more than a second of work.
pub(crate) const SAVING: Duration = Duration::from_secs(1);

/// What is moved through a window.
#[async_trait]
pub(crate) trait Load: Send {
    /// What moves at a time.
    type Piece: Send + Sync + 'static;

    /// The next piece, in order; none at the end.
    async fn next(&mut self) -> Result<Option<Self::Piece>>;

    /// Moves a piece. Asked again for one that failed.
    fn send(&self, piece: Arc<Self::Piece>) -> BoxFuture<'static, Result<()>>;

    /// A piece has landed, with the window so wide.
    async fn landed(&mut self, piece: &Self::Piece, width: usize) -> Result<()>;
}

/// A piece that came back, with what is needed to send it again.
struct Back<P> {
    piece: Arc<P>,
    number: u64,
    failures: u32,
    outcome: Result<Duration>,
}

/// Moves a load through a window, each piece until it has landed. Ends early with the first error that no repetition mends; what was
/// under way then is dropped, and may still land.
pub(crate) async fn drive<L: Load>(
    load: &mut L,
    bounds: Bounds,
    cancel: &CancellationToken,
) -> Result<()> {
    let mut window = Window::new(bounds);
    let mut under_way = JoinSet::new();
    let mut is_exhausted = false;
    loop {
        while !is_exhausted && under_way.len() < window.width() && !cancel.is_cancelled() {
            match load.next().await? {
                Some(piece) => {
                    let piece = Arc::new(piece);
                    let moving = load.send(piece.clone());
                    under_way.spawn(leave(piece, moving, window.number(), 0, Duration::ZERO));
                }
                None => is_exhausted = true,
            }
        }
        let back = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(Error::new(Code::Cancelled, "moving a snapshot")),
            back = under_way.join_next() => back,
        };
        let Some(back) = back else {
            return Ok(());
        };
        let back = back.map_err(|error| Error::new(Code::Bug, "moving a piece").because(error))?;
        let error = match back.outcome {
            Ok(took) => {
                window.answered(took);
                load.landed(&back.piece, window.width()).await?;
                continue;
            }
            Err(error) => error,
        };
        let verdict = judge(&error);
        let failures = back.failures + 1;
        let Some(delay) = pause(verdict, failures, back.number) else {
            return Err(error);
        };
        window.pushed_back(back.number);
        tracing::debug!(
            ?verdict,
            failures,
            width = window.width(),
            error = error.chain(),
            "a piece is sent again"
        );
        let moving = load.send(back.piece.clone());
        under_way.spawn(leave(back.piece, moving, window.number(), failures, delay));
    }
}

/// Moves a piece once, after a while.
async fn leave<P>(
    piece: Arc<P>,
    moving: BoxFuture<'static, Result<()>>,
    number: u64,
    failures: u32,
    delay: Duration,
) -> Back<P> {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let began = Instant::now();
    let outcome = match tokio::time::timeout(LONGEST_WAIT, moving).await {
        Ok(outcome) => outcome.map(|()| began.elapsed()),
        Err(late) => Err(Error::new(Code::NoNetwork, "waiting for a piece")
            .certainty(Certainty::Unknown)
            .because(late)),
    };
    Back {
        piece,
        number,
        failures,
        outcome,
    }
}

/// What the calls of a transfer cost the canister.
///
/// The network's formulas for a subnet of thirteen nodes; others pay in proportion. Estimates: prices may have changed since.
pub(crate) mod cost {
    use super::plan::LONGEST_PIECE;
    use crate::GRID;

    /// For whose sake the figures are: a subnet of so many nodes.
    const NODES: u128 = 13;
    /// Any message that a user sends.
    const MESSAGE: u128 = 1_200_000;
    const MESSAGE_BYTE: u128 = 2_000;
    /// Any execution.
    const EXECUTION: u128 = 5_000_000;
    /// Reading a slice counts as so many instructions, besides its bytes.
    const READING: u128 = 5_000_000;
    /// Making a snapshot counts as so many, besides its bytes.
    const MAKING: u128 = 2_000_000_000;
    /// Bytes of a message around its arguments: ids, signature, key.
    const ENVELOPE: u128 = 600;

    fn message(bytes: u128) -> u128 {
        MESSAGE + MESSAGE_BYTE * (bytes + ENVELOPE)
    }

    fn on(nodes: u32, cycles: u128) -> u128 {
        cycles * u128::from(nodes) / NODES
    }

    /// Reading a snapshot of parts of these sizes, with so many entries in its chunk store.
    pub(crate) fn download(parts: [u64; 3], entries: usize, nodes: u32) -> u128 {
        let slices: u64 = parts.iter().map(|size| size.div_ceil(GRID)).sum();
        let bytes: u64 = parts.iter().sum();
        let reads = u128::from(slices) + entries as u128;
        // Entries are a mebibyte at most.
        let bytes = u128::from(bytes) + ((entries as u128) << 20);
        on(
            nodes,
            message(0) + reads * (message(0) + EXECUTION + READING) + bytes,
        )
    }

    /// Making a snapshot of this declared size, and writing so many bytes of it that are not zero.
    pub(crate) fn upload(declared: u64, written: u64, entries: usize, nodes: u32) -> u128 {
        let pieces = u128::from(written.div_ceil(LONGEST_PIECE as u64)) + entries as u128;
        let written = u128::from(written) + ((entries as u128) << 20);
        let metadata = message(0) + EXECUTION + MAKING + u128::from(declared);
        let data = pieces * (message(0) + EXECUTION) + written * (MESSAGE_BYTE + 1);
        on(nodes, metadata + data)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_gibibyte_costs_what_the_network_charges() {
            let gibibyte = 1 << 30;
            let down = download([0, 0, gibibyte], 0, 13);
            assert!(
                (7_000_000_000..8_000_000_000).contains(&down),
                "about 7.3 billion: {down}"
            );
            let up = upload(gibibyte, gibibyte, 0, 13);
            assert!(
                (2_140_000_000_000..2_170_000_000_000).contains(&up),
                "about 2.15 trillion, 2,000 for each byte: {up}"
            );
            assert_eq!(
                upload(gibibyte, 0, 0, 13),
                1_200_000 + 1_200_000 + 5_000_000 + 2_000_000_000 + (1 << 30),
                "zeros are declared, not sent"
            );
            assert_eq!(
                download([0, 0, gibibyte], 0, 26),
                down * 2,
                "twice the nodes, twice the price"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Endpoint, Identity, MAINNET_ROOT_KEY, replica::Replica};
    use plan::LONGEST_PIECE;

    fn place() -> SnapshotPlace {
        SnapshotPlace {
            canister: "um5iw-rqaaa-aaaaq-qaaba-cai".parse().unwrap(),
            snapshot: vec![7; 18],
        }
    }

    #[test]
    fn the_longest_piece_fits_into_a_message_with_little_room_left() {
        const MESSAGE: usize = 2 * 1024 * 1024;
        let endpoint = Endpoint {
            address: "http://127.0.0.1:1/".to_owned(),
            root_key: MAINNET_ROOT_KEY.to_vec(),
            play_key: None,
            canisters: vec![],
            historian: None,
        };
        let replica = Replica::connect(&endpoint, &Identity::play(&[1; 32])).unwrap();
        let kind = SnapshotDataOffset::StableMemory { offset: u64::MAX };
        let call = place().write(&kind, &vec![1; LONGEST_PIECE]).unwrap();
        let envelope = replica.seal(&call).unwrap().envelope;
        let length = envelope.bytes().len();
        let overhead = length - LONGEST_PIECE;
        assert!(length < MESSAGE, "the network takes it: {length} bytes");
        assert!(
            (300..1000).contains(&overhead),
            "so much is around the bytes: {overhead}; room is left for longer keys and delegations"
        );
    }

    #[test]
    fn a_snapshot_that_is_not_there_has_gone() {
        let refused = |code: &str, message: &str| {
            Error::new(Code::Refused, "reading")
                .certainty(Certainty::Refused)
                .with("errorCode", code)
                .with("message", message)
        };
        let seen = |code, message| place().seen(refused(code, message)).code;
        assert_eq!(
            seen("IC0305", "Could not find the snapshot ID"),
            Code::SnapshotGone
        );
        assert_eq!(
            seen("IC0406", "The snapshot x does not belong to canister y."),
            Code::SnapshotGone,
            "another canister's is not this one's"
        );
        assert_eq!(
            seen("IC0406", "Canister x has reached the maximum number"),
            Code::Refused,
            "the same code says other things as well"
        );
    }
}
