//! What the network says of a snapshot: `metadata.json`, as `icp` and `dfx` write and read it.
//!
//! Their format loses something: JSON has no NaN and no infinity, so `icp` writes `null` for such a global and cannot read the file
//! again. Here a float is its bits, and a copy keeps the bits in its manifest; `metadata.json` then carries a zero in that place, so
//! that every tool can still read it. What another tool has lost already is [`Global::Lost`], and said.

use super::{GRID, Hash, Part, chunks, manifest::FloatBits, reader::malformed};
use crate::{Code, Error, Result};
use camino::Utf8Path;
use candid::{Nat, Principal};
use ic_management_canister_types as management;
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A snapshot's metadata has up to 1,000 globals and 100 chunk-store entries, written as numbers: far below this.
pub(super) const LIMIT: u64 = 4 << 20;

const PAGE: u64 = 1 << 16;

// What a network allows (100 MiB, 6 GiB, 500 GiB, 1,000, 100) and room for what it will allow: beyond this a size is a lie.
const MODULE_LIMIT: u64 = 1 << 30;
const HEAP_LIMIT: u64 = 64 << 30;
const STABLE_LIMIT: u64 = 4 << 40;
const GLOBALS_LIMIT: usize = 10_000;
const STORED_LIMIT: usize = 1_000;

/// What the network says of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// How the snapshot came to be, where it is known.
    pub source: Option<Source>,
    /// When it was taken or uploaded, in nanoseconds since 1970.
    pub taken_at: u64,
    /// The canister's version at that moment.
    pub canister_version: u64,
    /// The bytes of the module.
    pub module_bytes: u64,
    /// The bytes of the Wasm memory.
    pub heap_bytes: u64,
    /// The bytes of the stable memory.
    pub stable_bytes: u64,
    /// The exported or mutable globals, in the module's order.
    pub globals: Vec<Global>,
    /// The entries of the chunk store.
    pub stored: Vec<Hash>,
    /// The certified data, at most 32 bytes.
    pub certified_data: Vec<u8>,
    /// The global timer; none for snapshots from before April 2025.
    pub global_timer: Option<Timer>,
    /// The hook for little Wasm memory; none for snapshots from before April 2025.
    pub hook: Option<Hook>,
}

/// How a snapshot came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Taken from a canister.
    Taken,
    /// Made by an upload.
    Uploaded,
}

/// A global, floats by their bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    /// 32 bits.
    I32(i32),
    /// 64 bits.
    I64(i64),
    /// The bits of a float of 32 bits.
    F32(u32),
    /// The bits of a float of 64 bits.
    F64(u64),
    /// 128 bits.
    V128(u128),
    /// A value that another tool could not write down, or of a kind that is not known.
    Lost,
}

/// The state of the global timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// Not set.
    Inactive,
    /// Set to this moment, in nanoseconds since 1970.
    Active(u64),
}

/// The state of the hook for little Wasm memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// There is memory enough.
    ConditionNotSatisfied,
    /// It will run.
    Ready,
    /// It has run.
    Executed,
}

/// The file, in the order and with the names of icp. Unknown fields are left alone: newer networks say more.
#[derive(Serialize, Deserialize)]
struct Written {
    source: Option<BTreeMap<String, Option<IgnoredOrNull>>>,
    taken_at_timestamp: u64,
    wasm_module_size: u64,
    globals: Vec<Option<BTreeMap<String, Box<RawValue>>>>,
    wasm_memory_size: u64,
    stable_memory_size: u64,
    wasm_chunk_store: Vec<WrittenChunk>,
    canister_version: u64,
    certified_data: Vec<u8>,
    global_timer: Option<Timer>,
    on_low_wasm_memory_hook_status: Option<Hook>,
}

#[derive(Serialize, Deserialize)]
struct WrittenChunk {
    hash: [u8; 32],
}

/// The value beside a source: always null, whatever a newer tool may write there.
struct IgnoredOrNull;

impl Serialize for IgnoredOrNull {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for IgnoredOrNull {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Metadata {
    /// Reads `metadata.json`. `path` is for errors only.
    pub(crate) fn parse(text: &[u8], path: &Utf8Path) -> Result<Self> {
        let written: Written = serde_json::from_slice(text)
            .map_err(|error| malformed(path, &format!("metadata.json: {error}")).because(error))?;
        let metadata = Self {
            source: written.source.and_then(|source| {
                match source.keys().next().map(String::as_str) {
                    Some("taken_from_canister") => Some(Source::Taken),
                    Some("metadata_upload") => Some(Source::Uploaded),
                    _ => None,
                }
            }),
            taken_at: written.taken_at_timestamp,
            canister_version: written.canister_version,
            module_bytes: written.wasm_module_size,
            heap_bytes: written.wasm_memory_size,
            stable_bytes: written.stable_memory_size,
            globals: written
                .globals
                .iter()
                .map(|global| global.as_ref().map_or(Ok(Global::Lost), read_global))
                .collect::<Result<_, String>>()
                .map_err(|reason| malformed(path, &format!("metadata.json: {reason}")))?,
            stored: written
                .wasm_chunk_store
                .into_iter()
                .map(|chunk| Hash(chunk.hash))
                .collect(),
            certified_data: written.certified_data,
            global_timer: written.global_timer,
            hook: written.on_low_wasm_memory_hook_status,
        };
        match metadata.implausible() {
            Some(reason) => Err(malformed(path, reason)),
            None => Ok(metadata),
        }
    }

    /// What no snapshot of a network can be, if it is that.
    fn implausible(&self) -> Option<&'static str> {
        let mut stored = self.stored.clone();
        stored.sort_unstable();
        stored.dedup();
        if self.module_bytes == 0 {
            Some("its module is empty")
        } else if self.module_bytes > MODULE_LIMIT {
            Some("its module is larger than a module can be")
        } else if self.heap_bytes > HEAP_LIMIT || self.stable_bytes > STABLE_LIMIT {
            Some("a memory is larger than a memory can be")
        } else if !self.heap_bytes.is_multiple_of(PAGE) || !self.stable_bytes.is_multiple_of(PAGE) {
            Some("a memory does not end with a page")
        } else if self.globals.len() > GLOBALS_LIMIT {
            Some("it has more globals than a module can have")
        } else if self.stored.len() > STORED_LIMIT || stored.len() != self.stored.len() {
            Some("its chunk store has too many entries, or one twice")
        } else if self.certified_data.len() > 32 {
            Some("its certified data are too long")
        } else {
            None
        }
    }

    /// The text of `metadata.json`.
    pub(crate) fn text(&self) -> Result<Vec<u8>> {
        let bug = |error| Error::new(Code::Bug, "writing metadata").because(error);
        let global = |global: &Global| -> Result<_> {
            let (kind, value) = match *global {
                Global::Lost => return Ok(None),
                Global::I32(value) => ("i32", serde_json::value::to_raw_value(&value)),
                Global::I64(value) => ("i64", serde_json::value::to_raw_value(&value)),
                Global::F32(bits) => (
                    "f32",
                    serde_json::value::to_raw_value(&finite(f32::from_bits(bits))),
                ),
                Global::F64(bits) => (
                    "f64",
                    serde_json::value::to_raw_value(&finite64(f64::from_bits(bits))),
                ),
                // A big number is written as its digits to the base 2^32, the lowest first and without leading zeros.
                Global::V128(value) => (
                    "v128",
                    serde_json::value::to_raw_value(&Nat::from(value).0.to_u32_digits()),
                ),
            };
            Ok(Some(BTreeMap::from([(
                kind.to_owned(),
                value.map_err(bug)?,
            )])))
        };
        let written = Written {
            source: self.source.map(|source| {
                let name = match source {
                    Source::Taken => "taken_from_canister",
                    Source::Uploaded => "metadata_upload",
                };
                BTreeMap::from([(name.to_owned(), None)])
            }),
            taken_at_timestamp: self.taken_at,
            wasm_module_size: self.module_bytes,
            globals: self.globals.iter().map(global).collect::<Result<_>>()?,
            wasm_memory_size: self.heap_bytes,
            stable_memory_size: self.stable_bytes,
            wasm_chunk_store: self
                .stored
                .iter()
                .map(|hash| WrittenChunk { hash: hash.0 })
                .collect(),
            canister_version: self.canister_version,
            certified_data: self.certified_data.clone(),
            global_timer: self.global_timer,
            on_low_wasm_memory_hook_status: self.hook,
        };
        serde_json::to_vec_pretty(&written).map_err(bug)
    }

    /// The blobs with their sizes, those without bytes left out. The chunk store's entries come on top: see [`Metadata::stored`].
    pub fn blobs(&self) -> impl Iterator<Item = (Part, u64)> + use<> {
        [
            (Part::Module, self.module_bytes),
            (Part::Heap, self.heap_bytes),
            (Part::Stable, self.stable_bytes),
        ]
        .into_iter()
        .filter(|(_, bytes)| *bytes > 0)
    }

    /// All parts: the blobs, then the entries of the chunk store.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.blobs()
            .map(|(part, _)| part)
            .chain(self.stored.iter().map(|hash| Part::Stored(*hash)))
    }

    /// How many chunks all parts have.
    pub fn chunks(&self) -> u64 {
        self.blobs().map(|(_, bytes)| chunks(bytes)).sum::<u64>() + self.stored.len() as u64
    }

    /// The most bytes that a copy can take up.
    pub fn bytes_at_most(&self) -> u64 {
        self.blobs().map(|(_, bytes)| bytes).sum::<u64>()
            + self.stored.len() as u64 * super::STORED_LIMIT.min(GRID)
    }

    /// The floats by their bits, under their places.
    pub(super) fn floats(&self) -> Vec<FloatBits> {
        let bits = |(index, global): (usize, &Global)| match *global {
            Global::F32(bits) => Some(FloatBits {
                index,
                bits: format!("{bits:08x}"),
            }),
            Global::F64(bits) => Some(FloatBits {
                index,
                bits: format!("{bits:016x}"),
            }),
            _ => None,
        };
        self.globals.iter().enumerate().filter_map(bits).collect()
    }

    /// Puts the floats back by their bits; false if they are not of these globals.
    pub(crate) fn restore_floats(&mut self, floats: &[FloatBits]) -> bool {
        floats.iter().all(|float| {
            let bits = u64::from_str_radix(&float.bits, 16).ok();
            let Some(global) = self.globals.get_mut(float.index) else {
                return false;
            };
            let restored = match (&*global, bits) {
                (Global::F32(_), Some(bits)) => u32::try_from(bits).ok().map(Global::F32),
                (Global::F64(_), Some(bits)) => Some(Global::F64(bits)),
                _ => None,
            };
            restored.map(|restored| *global = restored).is_some()
        })
    }

    /// Whether another tool has lost the value of a global, so that this cannot become a snapshot again.
    pub fn has_lost_globals(&self) -> bool {
        self.globals.contains(&Global::Lost)
    }

    /// Whether a float is NaN or infinite: `metadata.json` alone, in the hands of another tool, would bring it back as zero.
    pub fn has_floats_beyond_json(&self) -> bool {
        self.globals.iter().any(|global| match *global {
            Global::F32(bits) => !f32::from_bits(bits).is_finite(),
            Global::F64(bits) => !f64::from_bits(bits).is_finite(),
            _ => false,
        })
    }

    /// Whether this describes the same state: all but how, when and at which version the snapshot was made.
    pub fn is_same_state(&self, other: &Self) -> bool {
        let state = |of: &Self| Self {
            source: None,
            taken_at: 0,
            canister_version: 0,
            ..of.clone()
        };
        state(self) == state(other)
    }

    /// What a network answered.
    pub fn from_network(reply: management::ReadCanisterSnapshotMetadataResult) -> Result<Self> {
        use management::{
            CanisterTimer, OnLowWasmMemoryHookStatus, SnapshotMetadataGlobal, SnapshotSource,
        };
        let doing = "reading the metadata of a snapshot";
        let unexpected = |what: &str| {
            Error::new(Code::Bug, doing).because(format!("the network answered {what}"))
        };
        Ok(Self {
            source: reply.source.map(|source| match source {
                SnapshotSource::TakenFromCanister(_) => Source::Taken,
                SnapshotSource::MetadataUpload(_) => Source::Uploaded,
            }),
            taken_at: reply.taken_at_timestamp,
            canister_version: reply.canister_version,
            module_bytes: reply.wasm_module_size,
            heap_bytes: reply.wasm_memory_size,
            stable_bytes: reply.stable_memory_size,
            globals: reply
                .globals
                .into_iter()
                .map(|global| match global {
                    Some(SnapshotMetadataGlobal::I32(value)) => Ok(Global::I32(value)),
                    Some(SnapshotMetadataGlobal::I64(value)) => Ok(Global::I64(value)),
                    Some(SnapshotMetadataGlobal::F32(value)) => Ok(Global::F32(value.to_bits())),
                    Some(SnapshotMetadataGlobal::F64(value)) => Ok(Global::F64(value.to_bits())),
                    Some(SnapshotMetadataGlobal::V128(value)) => u128::try_from(&value.0)
                        .map(Global::V128)
                        .map_err(|_| unexpected("a vector of more than 128 bits")),
                    None => Err(unexpected("a global of a kind that is not known")),
                })
                .collect::<Result<_>>()?,
            stored: reply
                .wasm_chunk_store
                .into_iter()
                .map(|chunk| {
                    <[u8; 32]>::try_from(chunk.hash.as_slice())
                        .map(Hash)
                        .map_err(|_| unexpected("a hash that is not a SHA-256"))
                })
                .collect::<Result<_>>()?,
            certified_data: reply.certified_data,
            global_timer: reply.global_timer.map(|timer| match timer {
                CanisterTimer::Inactive => Timer::Inactive,
                CanisterTimer::Active(at) => Timer::Active(at),
            }),
            hook: reply.on_low_wasm_memory_hook_status.map(|hook| match hook {
                OnLowWasmMemoryHookStatus::ConditionNotSatisfied => Hook::ConditionNotSatisfied,
                OnLowWasmMemoryHookStatus::Ready => Hook::Ready,
                OnLowWasmMemoryHookStatus::Executed => Hook::Executed,
            }),
        })
    }

    /// What to ask of a network so that it makes a snapshot of this. None if a global is lost.
    pub fn upload_arguments(
        &self,
        canister: Principal,
        replace: Option<Vec<u8>>,
    ) -> Option<management::UploadCanisterSnapshotMetadataArgs> {
        use management::{CanisterTimer, OnLowWasmMemoryHookStatus, SnapshotMetadataGlobal};
        Some(management::UploadCanisterSnapshotMetadataArgs {
            canister_id: canister,
            replace_snapshot: replace,
            wasm_module_size: self.module_bytes,
            globals: self
                .globals
                .iter()
                .map(|global| match *global {
                    Global::I32(value) => Some(SnapshotMetadataGlobal::I32(value)),
                    Global::I64(value) => Some(SnapshotMetadataGlobal::I64(value)),
                    Global::F32(bits) => Some(SnapshotMetadataGlobal::F32(f32::from_bits(bits))),
                    Global::F64(bits) => Some(SnapshotMetadataGlobal::F64(f64::from_bits(bits))),
                    Global::V128(value) => Some(SnapshotMetadataGlobal::V128(Nat::from(value))),
                    Global::Lost => None,
                })
                .collect::<Option<_>>()?,
            wasm_memory_size: self.heap_bytes,
            stable_memory_size: self.stable_bytes,
            certified_data: self.certified_data.clone(),
            global_timer: self.global_timer.map(|timer| match timer {
                Timer::Inactive => CanisterTimer::Inactive,
                Timer::Active(at) => CanisterTimer::Active(at),
            }),
            on_low_wasm_memory_hook_status: self.hook.map(|hook| match hook {
                Hook::ConditionNotSatisfied => OnLowWasmMemoryHookStatus::ConditionNotSatisfied,
                Hook::Ready => OnLowWasmMemoryHookStatus::Ready,
                Hook::Executed => OnLowWasmMemoryHookStatus::Executed,
            }),
        })
    }
}

/// JSON has no NaN and no infinity; a zero keeps the file readable for other tools.
fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

fn finite64(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// Reads one global. Floats are read from their digits: the JSON library's own numbers can be off by the last bit.
fn read_global(global: &BTreeMap<String, Box<RawValue>>) -> Result<Global, String> {
    let mut entries = global.iter();
    let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
        return Err("a global has not exactly one kind".to_owned());
    };
    let text = value.get();
    if text == "null" {
        return Ok(Global::Lost);
    }
    let read = match kind.as_str() {
        "i32" => text.parse().ok().map(Global::I32),
        "i64" => text.parse().ok().map(Global::I64),
        "f32" => text
            .parse()
            .ok()
            .filter(|value: &f32| value.is_finite())
            .map(|value| Global::F32(value.to_bits())),
        "f64" => text
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .map(|value| Global::F64(value.to_bits())),
        "v128" => serde_json::from_str::<Vec<u32>>(text)
            .ok()
            .filter(|digits| digits.len() <= 4)
            .map(|digits| {
                Global::V128(
                    digits
                        .iter()
                        .rev()
                        .fold(0, |value, digit| value << 32 | u128::from(*digit)),
                )
            }),
        _ => return Ok(Global::Lost),
    };
    read.ok_or_else(|| format!("a global of kind {kind} has no such value"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candid::Reserved;
    use proptest::prelude::*;

    pub(crate) fn any_metadata() -> impl Strategy<Value = Metadata> {
        let global = prop_oneof![
            any::<i32>().prop_map(Global::I32),
            any::<i64>().prop_map(Global::I64),
            any::<u32>().prop_map(Global::F32),
            any::<u64>().prop_map(Global::F64),
            any::<u128>().prop_map(Global::V128),
        ];
        let sizes = (
            1..=MODULE_LIMIT,
            0..=HEAP_LIMIT / PAGE,
            0..=STABLE_LIMIT / PAGE,
        );
        let timer = prop_oneof![
            Just(None),
            Just(Some(Timer::Inactive)),
            any::<u64>().prop_map(|at| Some(Timer::Active(at)))
        ];
        let hook = prop_oneof![
            Just(None),
            Just(Some(Hook::ConditionNotSatisfied)),
            Just(Some(Hook::Ready)),
            Just(Some(Hook::Executed))
        ];
        let source = prop_oneof![
            Just(None),
            Just(Some(Source::Taken)),
            Just(Some(Source::Uploaded))
        ];
        (
            (source, any::<u64>(), any::<u64>(), sizes),
            prop::collection::vec(global, 0..20),
            prop::collection::btree_set(any::<[u8; 32]>(), 0..5),
            prop::collection::vec(any::<u8>(), 0..=32),
            timer,
            hook,
        )
            .prop_map(
                |(
                    (source, taken_at, canister_version, (module, heap, stable)),
                    globals,
                    stored,
                    certified_data,
                    global_timer,
                    hook,
                )| Metadata {
                    source,
                    taken_at,
                    canister_version,
                    module_bytes: module,
                    heap_bytes: heap * PAGE,
                    stable_bytes: stable * PAGE,
                    globals,
                    stored: stored.into_iter().map(Hash).collect(),
                    certified_data,
                    global_timer,
                    hook,
                },
            )
    }

    fn path() -> &'static Utf8Path {
        Utf8Path::new("copy")
    }

    proptest! {
        #[test]
        fn metadata_survive_their_file_and_the_bits_beside_it(metadata in any_metadata()) {
            let mut read = Metadata::parse(&metadata.text().unwrap(), path()).unwrap();
            prop_assert!(read.restore_floats(&metadata.floats()), "the bits belong to these globals");
            prop_assert_eq!(read, metadata);
        }

        #[test]
        fn the_tools_own_type_reads_what_is_written(metadata in any_metadata()) {
            let text = metadata.text().unwrap();
            let theirs: management::ReadCanisterSnapshotMetadataResult = serde_json::from_slice(&text).unwrap();
            let back = Metadata::from_network(theirs).unwrap();
            prop_assert_eq!(back.stored, metadata.stored);
            prop_assert_eq!(back.globals.len(), metadata.globals.len());
            for (theirs, ours) in back.globals.iter().zip(&metadata.globals) {
                match (theirs, ours) {
                    // Their number parser can be off by the last bits, which is why the bits are kept beside.
                    (Global::F32(_), Global::F32(_)) | (Global::F64(_), Global::F64(_)) => {}
                    _ => prop_assert_eq!(theirs, ours),
                }
            }
        }

        #[test]
        fn what_they_write_is_read(metadata in any_metadata()) {
            let theirs = management::ReadCanisterSnapshotMetadataResult {
                source: metadata.source.map(|source| match source {
                    Source::Taken => management::SnapshotSource::TakenFromCanister(Reserved),
                    Source::Uploaded => management::SnapshotSource::MetadataUpload(Reserved),
                }),
                taken_at_timestamp: metadata.taken_at,
                wasm_module_size: metadata.module_bytes,
                globals: metadata.upload_arguments(Principal::management_canister(), None).unwrap().globals.into_iter().map(Some).collect(),
                wasm_memory_size: metadata.heap_bytes,
                stable_memory_size: metadata.stable_bytes,
                wasm_chunk_store: metadata.stored.iter().map(|hash| management::ChunkHash { hash: hash.0.to_vec() }).collect(),
                canister_version: metadata.canister_version,
                certified_data: metadata.certified_data.clone(),
                global_timer: metadata.upload_arguments(Principal::management_canister(), None).unwrap().global_timer,
                on_low_wasm_memory_hook_status: metadata.upload_arguments(Principal::management_canister(), None).unwrap().on_low_wasm_memory_hook_status,
            };
            let read = Metadata::parse(&serde_json::to_vec_pretty(&theirs).unwrap(), path()).unwrap();
            let lossless = |global: &Global| match *global {
                Global::F32(bits) if !f32::from_bits(bits).is_finite() => Global::Lost,
                Global::F64(bits) if !f64::from_bits(bits).is_finite() => Global::Lost,
                global => global,
            };
            let expected = Metadata { globals: metadata.globals.iter().map(lossless).collect(), ..metadata };
            prop_assert_eq!(read, expected, "finite floats come back by their digits, the others are said to be lost");
        }

        #[test]
        fn no_text_brings_the_reader_down(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Metadata::parse(&text, path());
        }

        #[test]
        fn no_bitten_metadata_bring_the_reader_down(metadata in any_metadata(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let mut text = metadata.text().unwrap();
            let at = at.index(text.len());
            text[at] ^= 1 << bit;
            let _ = Metadata::parse(&text, path());
        }
    }

    #[test]
    fn wrong_types_and_lying_sizes_are_refused_with_the_reason() {
        let good = Metadata {
            source: Some(Source::Taken),
            taken_at: 1,
            canister_version: 1,
            module_bytes: 8,
            heap_bytes: PAGE,
            stable_bytes: 0,
            globals: vec![Global::I32(1)],
            stored: vec![],
            certified_data: vec![],
            global_timer: None,
            hook: None,
        };
        let text = String::from_utf8(good.text().unwrap()).unwrap();
        Metadata::parse(text.as_bytes(), path()).unwrap();
        for (from, to) in [
            ("\"wasm_module_size\": 8", "\"wasm_module_size\": \"8\""),
            ("\"wasm_module_size\": 8", "\"wasm_module_size\": -8"),
            ("\"wasm_module_size\": 8", "\"wasm_module_size\": 8.5"),
            (
                "\"wasm_module_size\": 8",
                "\"wasm_module_size\": 18446744073709551615",
            ),
            ("\"wasm_memory_size\": 65536", "\"wasm_memory_size\": 65537"),
            (
                "\"wasm_memory_size\": 65536",
                "\"wasm_memory_size\": 18446744073709486080",
            ),
            ("\"certified_data\": []", "\"certified_data\": [256]"),
            ("\"i32\": 1", "\"i32\": 4294967296"),
            ("\"i32\": 1", "\"f64\": 1e999"),
            ("\"i32\": 1", "\"v128\": [1, 2, 3, 4, 5]"),
            ("\"i32\": 1", "\"i32\": 1, \"i64\": 1"),
            (
                "\"wasm_chunk_store\": []",
                "\"wasm_chunk_store\": [{\"hash\": [1, 2]}]",
            ),
        ] {
            let lying = text.replace(from, to);
            assert_ne!(lying, text, "{from} was there to be replaced");
            let error = Metadata::parse(lying.as_bytes(), path()).unwrap_err();
            assert_eq!(error.code, Code::CopyMalformed, "for {to}");
            assert!(error.facts.contains_key("reason"), "for {to}");
        }
        let newer = text.replacen('{', "{\"from_the_future\": [{}],", 1);
        assert_eq!(
            Metadata::parse(newer.as_bytes(), path()).unwrap(),
            good,
            "a newer network may say more"
        );
    }
}
