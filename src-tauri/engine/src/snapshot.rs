//! Snapshots on the chain: what they are, what is asked of the network about them, and what they cost.

mod labels;

pub(crate) use labels::Labels;
pub use labels::SnapshotLabel;

use crate::{
    CanisterId, Certainty, Code, Error, Result,
    canister::About,
    replica::{Call, Replica},
    transfer::SnapshotPlace,
};
use candid::{CandidType, Principal};
use ic_management_canister_types::SnapshotDataKind;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// As many snapshots a canister may have.
pub const SLOTS: usize = 10;

/// The id of a snapshot: a counter of its canister, then the canister's id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SnapshotId(Vec<u8>);

impl SnapshotId {
    /// The bytes as the network has them.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SnapshotId {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl FromStr for SnapshotId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bytes = hex::decode(text.trim()).map_err(|error| {
            Error::new(Code::IdMalformed, "reading a snapshot id")
                .with("text", text.trim())
                .because(error)
        })?;
        // The network takes 8 bytes of a counter and up to 29 of a canister id.
        if (8..=37).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(Error::new(Code::IdMalformed, "reading a snapshot id").with("text", text.trim()))
        }
    }
}

impl TryFrom<String> for SnapshotId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<SnapshotId> for String {
    fn from(id: SnapshotId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A snapshot that the network keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// Nanoseconds since 1970.
    pub taken_at: u64,
    /// How many bytes it takes up.
    pub bytes: u64,
}

#[derive(CandidType, Deserialize)]
struct SnapshotReply {
    #[serde(with = "serde_bytes")]
    id: Vec<u8>,
    taken_at_timestamp: u64,
    total_size: u64,
}

impl From<SnapshotReply> for Snapshot {
    fn from(reply: SnapshotReply) -> Self {
        Self {
            id: SnapshotId(reply.id),
            taken_at: reply.taken_at_timestamp,
            bytes: reply.total_size,
        }
    }
}

/// The snapshots of a canister by certificate, oldest first.
pub(crate) async fn list(replica: &Replica, canister: CanisterId) -> Result<Vec<Snapshot>> {
    let call: Call<(Vec<SnapshotReply>,)> = Call::manage(
        canister,
        "list_canister_snapshots",
        (About::from(canister),),
    )?;
    let (snapshots,) = as_read(replica.perform(&call).await)?;
    Ok(snapshots.into_iter().map(Snapshot::from).collect())
}

/// What the network tells of a snapshot beside the list.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotFacts {
    /// Whether it came as an upload instead of being taken.
    pub(crate) is_uploaded: bool,
    /// The canister's version then.
    pub(crate) version: u64,
    /// The size of the module.
    pub(crate) module_bytes: u64,
    /// The size of the heap.
    pub(crate) heap_bytes: u64,
}

/// Reads what the network tells of a snapshot.
pub(crate) async fn metadata(
    replica: &Replica,
    canister: CanisterId,
    snapshot: &SnapshotId,
) -> Result<SnapshotFacts> {
    #[derive(CandidType)]
    struct Argument {
        canister_id: Principal,
        snapshot_id: serde_bytes::ByteBuf,
    }
    #[derive(CandidType, Deserialize)]
    struct Metadata {
        source: Source,
        canister_version: u64,
        wasm_module_size: u64,
        wasm_memory_size: u64,
    }
    #[derive(CandidType, Deserialize)]
    enum Source {
        #[serde(rename = "taken_from_canister")]
        TakenFromCanister(candid::Reserved),
        #[serde(rename = "metadata_upload")]
        MetadataUpload(candid::Reserved),
    }
    let argument = Argument {
        canister_id: canister.principal(),
        snapshot_id: serde_bytes::ByteBuf::from(snapshot.0.clone()),
    };
    let call: Call<(Metadata,)> =
        Call::manage(canister, "read_canister_snapshot_metadata", (argument,))?;
    let (found,) = as_read(replica.perform(&call).await)?;
    Ok(SnapshotFacts {
        is_uploaded: matches!(found.source, Source::MetadataUpload(_)),
        version: found.canister_version,
        module_bytes: found.wasm_module_size,
        heap_bytes: found.wasm_memory_size,
    })
}

/// Reads some bytes of a snapshot.
async fn slice(
    replica: &Replica,
    canister: CanisterId,
    snapshot: &SnapshotId,
    kind: SnapshotDataKind,
) -> Result<Vec<u8>> {
    let place = SnapshotPlace {
        canister,
        snapshot: snapshot.0.clone(),
    };
    let (slice,) = as_read(replica.perform(&place.read(kind)?).await)?;
    Ok(slice.chunk.into_vec())
}

/// Whether a snapshot's module begins as modules do. The network records nowhere whether an upload was finished; one that never was
/// mostly has nothing where its module should be.
pub(crate) async fn module_begins(
    replica: &Replica,
    canister: CanisterId,
    snapshot: &SnapshotId,
) -> Result<bool> {
    let kind = SnapshotDataKind::WasmModule { offset: 0, size: 4 };
    let beginning = slice(replica, canister, snapshot, kind).await?;
    Ok(beginning == *b"\0asm" || beginning.starts_with(&[0x1f, 0x8b]))
}

/// Whether an uploaded snapshot shows something where something must be: a module, and within the first slice of its heap what every
/// compiler puts there.
pub(crate) async fn shows_something(
    replica: &Replica,
    canister: CanisterId,
    snapshot: &SnapshotId,
    heap_bytes: u64,
) -> Result<bool> {
    if !module_begins(replica, canister, snapshot).await? {
        return Ok(false);
    }
    let size = heap_bytes.min(crate::GRID);
    if size == 0 {
        return Ok(true);
    }
    let kind = SnapshotDataKind::WasmMemory { offset: 0, size };
    let beginning = slice(replica, canister, snapshot, kind).await?;
    Ok(!crate::is_zero(&beginning))
}

/// The largest module that is read out of a snapshot, in slices of 2,000,000 bytes: most modules fit into one or two. Reading a slice
/// costs its canister some fourteen million cycles, so that all of it stays far below what taking a snapshot costs.
const MOST_SLICES: u64 = 4;

/// A snapshot's module, which has so many bytes; none where it is too large to be read for a look at it.
pub(crate) async fn module(
    replica: &Replica,
    canister: CanisterId,
    snapshot: &SnapshotId,
    bytes: u64,
) -> Result<Option<Vec<u8>>> {
    let slices = crate::chunks(bytes);
    if !(1..=MOST_SLICES).contains(&slices) {
        return Ok(None);
    }
    let mut module = Vec::new();
    for index in 0..slices {
        let (offset, size) = crate::chunk_at(index, bytes);
        let kind = SnapshotDataKind::WasmModule { offset, size };
        module.extend(slice(replica, canister, snapshot, kind).await?);
    }
    Ok(Some(module))
}

/// It changes nothing, so an answer that is lost leaves no doubt behind.
fn as_read<T>(answer: Result<T>) -> Result<T> {
    answer.map_err(|error| match error.certainty {
        Certainty::Unknown => error.certainty(Certainty::NothingSent),
        _ => error,
    })
}

/// A reply with a snapshot in it.
#[derive(CandidType, Deserialize)]
pub(crate) struct Taken {
    #[serde(with = "serde_bytes")]
    id: Vec<u8>,
}

impl Taken {
    pub(crate) fn id(self) -> SnapshotId {
        SnapshotId(self.id)
    }
}

/// Takes a snapshot, in place of another one if that is wanted. Must happen once.
pub(crate) fn take(canister: CanisterId, replace: Option<&SnapshotId>) -> Result<Call<(Taken,)>> {
    #[derive(CandidType)]
    struct Argument {
        canister_id: Principal,
        replace_snapshot: Option<serde_bytes::ByteBuf>,
    }
    let argument = Argument {
        canister_id: canister.principal(),
        replace_snapshot: replace.map(|id| serde_bytes::ByteBuf::from(id.0.clone())),
    };
    Call::manage(canister, "take_canister_snapshot", (argument,))
}

/// Puts a snapshot's state in place of the canister's. Must happen once.
pub(crate) fn load(canister: CanisterId, snapshot: &SnapshotId) -> Result<Call<()>> {
    #[derive(CandidType)]
    struct Argument {
        canister_id: Principal,
        snapshot_id: serde_bytes::ByteBuf,
        sender_canister_version: Option<u64>,
    }
    let argument = Argument {
        canister_id: canister.principal(),
        snapshot_id: serde_bytes::ByteBuf::from(snapshot.0.clone()),
        sender_canister_version: None,
    };
    Call::manage(canister, "load_canister_snapshot", (argument,))
}

/// Deletes a snapshot. Gone is done.
pub(crate) fn delete(canister: CanisterId, snapshot: &SnapshotId) -> Result<Call<()>> {
    #[derive(CandidType)]
    struct Argument {
        canister_id: Principal,
        snapshot_id: serde_bytes::ByteBuf,
    }
    let argument = Argument {
        canister_id: canister.principal(),
        snapshot_id: serde_bytes::ByteBuf::from(snapshot.0.clone()),
    };
    Call::manage(canister, "delete_canister_snapshot", (argument,))
}

/// What taking or loading a snapshot of so many bytes costs on a subnet of 13 machines: a fixed 2e9 instructions and one for each
/// byte, a cycle each, and the fee of an execution.
pub(crate) fn cost(bytes: u128) -> u128 {
    5_000_000 + 2_000_000_000 + bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_id_survives_text_and_a_cut_one_is_refused() {
        let text = "0000000000000003ffffffffffe000010101";
        let id: SnapshotId = text.parse().expect("eight bytes and a canister's ten");
        assert_eq!(id.to_string(), text);
        let error = "00000000"
            .parse::<SnapshotId>()
            .expect_err("half a counter");
        assert_eq!(error.code, Code::IdMalformed);
    }
}
