//! What is known of a copy: what the network said of its snapshot, and what was written down beside it.

use canopic_engine as engine;
use serde::Serialize;
use ts_rs::TS;

/// What the network said of a snapshot.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyContent {
    /// When it was taken, in milliseconds since 1970.
    pub taken_at: f64,
    /// Whether it was made by an upload.
    pub is_uploaded: bool,
    /// The canister's version at that moment, decimal.
    pub canister_version: String,
    /// The bytes of the module.
    pub module_bytes: f64,
    /// The bytes of the Wasm memory.
    pub heap_bytes: f64,
    /// The bytes of the stable memory.
    pub stable_bytes: f64,
    /// How many entries the chunk store has.
    pub stored_chunks: usize,
    /// The globals in the module's order, each as its kind and its value; floats with their bits.
    pub globals: Vec<GlobalValue>,
    /// The certified data, hexadecimal.
    pub certified_data: String,
    /// Whether another tool has lost the value of a global: this cannot be uploaded.
    pub has_lost_globals: bool,
    /// Whether a float is NaN or infinite: another tool would upload it as zero.
    pub has_floats_beyond_json: bool,
}

/// A global of a module.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GlobalValue {
    /// `i32`, `i64`, `f32`, `f64`, `v128`, or null where it is lost.
    pub kind: Option<String>,
    /// The value as text, empty where it is lost.
    pub value: String,
}

/// What is known of a copy beside its snapshot.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyRecord {
    /// The name that a person gave it.
    pub name: String,
    /// What a person wrote about it.
    pub notes: String,
    /// Whether it is kept whatever happens.
    pub pinned: bool,
    /// How it came to be.
    pub origin: CopyOrigin,
    /// When it was made, in milliseconds since 1970.
    pub made_at: f64,
    /// Since when damage can be seen, in milliseconds since 1970.
    pub hashes_since: f64,
    /// When every byte was last found to be right, in milliseconds since 1970.
    pub verified_at: Option<f64>,
    /// When damage was found, in milliseconds since 1970; null for a copy that nothing is known against.
    pub damaged_at: Option<f64>,
    /// When it was last restored with success, in milliseconds since 1970.
    pub proven_at: Option<f64>,
    /// The snapshot that it is a copy of.
    pub snapshot: Option<ChainSnapshot>,
    /// Other snapshots that hold the same: those that it was uploaded as.
    pub also: Vec<ChainSnapshot>,
    /// SHA-256 of the module, hexadecimal.
    pub module_hash: String,
    /// What tells two contents apart, hexadecimal.
    pub content: String,
    /// The canister's status and settings at that time.
    pub then: Option<Circumstances>,
}

/// How a copy came to be.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CopyOrigin {
    /// Downloaded from a network.
    Downloaded,
    /// Begun by another tool, finished here.
    Continued,
    /// A finished folder of another tool.
    Found,
    /// Unpacked from an archive.
    Unpacked,
}

/// A snapshot on a network.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChainSnapshot {
    /// The fingerprint of the network's root key.
    pub fingerprint: String,
    /// What the network was called.
    pub network: String,
    /// The canister's id.
    pub canister: String,
    /// The snapshot's id, hexadecimal.
    pub snapshot: String,
}

/// How things were with the canister when its snapshot was copied. Amounts are decimal.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Circumstances {
    /// When it was looked at, in milliseconds since 1970.
    pub at: f64,
    /// `running`, `stopping` or `stopped`; empty where it is not known.
    pub run_state: String,
    /// The name that the canister had.
    pub canister_name: String,
    /// Its cycles.
    pub cycles: String,
    /// Its memory in bytes.
    pub memory_bytes: String,
    /// The settings that are known, by their names.
    pub settings: Vec<(String, String)>,
}

impl From<engine::ChainSnapshot> for ChainSnapshot {
    fn from(snapshot: engine::ChainSnapshot) -> Self {
        Self {
            fingerprint: snapshot.fingerprint,
            network: snapshot.network,
            canister: snapshot.canister,
            snapshot: snapshot.snapshot,
        }
    }
}

impl From<engine::Circumstances> for Circumstances {
    fn from(then: engine::Circumstances) -> Self {
        let settings = then.settings;
        let mut known = vec![("controllers".to_owned(), settings.controllers.join(" "))];
        let named = [
            ("computeAllocation", settings.compute_allocation),
            ("memoryAllocation", settings.memory_allocation),
            ("freezingThreshold", settings.freezing_threshold),
            ("reservedCyclesLimit", settings.reserved_cycles_limit),
            ("wasmMemoryLimit", settings.wasm_memory_limit),
            ("wasmMemoryThreshold", settings.wasm_memory_threshold),
            ("logVisibility", settings.log_visibility),
            ("snapshotVisibility", settings.snapshot_visibility),
            ("statusVisibility", settings.status_visibility),
        ];
        known.extend(
            named
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
        Self {
            at: then.at as f64,
            run_state: then.run_state,
            canister_name: then.canister_name,
            cycles: then.cycles,
            memory_bytes: then.memory_bytes,
            settings: known,
        }
    }
}

impl From<engine::Manifest> for CopyRecord {
    fn from(manifest: engine::Manifest) -> Self {
        Self {
            name: manifest.name,
            notes: manifest.notes,
            pinned: manifest.pinned,
            origin: match manifest.origin {
                engine::Origin::Downloaded => CopyOrigin::Downloaded,
                engine::Origin::Continued => CopyOrigin::Continued,
                engine::Origin::Found => CopyOrigin::Found,
                engine::Origin::Unpacked => CopyOrigin::Unpacked,
            },
            made_at: manifest.made_at as f64,
            hashes_since: manifest.hashes_since as f64,
            verified_at: manifest.verified_at.map(|at| at as f64),
            damaged_at: manifest.damaged_at.map(|at| at as f64),
            proven_at: manifest.proven_at.map(|at| at as f64),
            snapshot: manifest.snapshot.map(Into::into),
            also: manifest.also.into_iter().map(Into::into).collect(),
            module_hash: manifest.module_hash.to_string(),
            content: manifest.content.to_string(),
            then: manifest.then.map(Into::into),
        }
    }
}

impl From<&engine::Global> for GlobalValue {
    fn from(global: &engine::Global) -> Self {
        use engine::Global as G;
        let (kind, value) = match *global {
            G::I32(value) => ("i32", value.to_string()),
            G::I64(value) => ("i64", value.to_string()),
            G::F32(bits) => ("f32", format!("{} (0x{bits:08x})", f32::from_bits(bits))),
            G::F64(bits) => ("f64", format!("{} (0x{bits:016x})", f64::from_bits(bits))),
            G::V128(value) => ("v128", format!("0x{value:032x}")),
            G::Lost => {
                return Self {
                    kind: None,
                    value: String::new(),
                };
            }
        };
        Self {
            kind: Some(kind.to_owned()),
            value,
        }
    }
}

impl From<&engine::SnapshotMetadata> for CopyContent {
    fn from(metadata: &engine::SnapshotMetadata) -> Self {
        Self {
            // Nanoseconds outgrow a front end's numbers.
            taken_at: (metadata.taken_at / 1_000_000) as f64,
            is_uploaded: metadata.source == Some(engine::Source::Uploaded),
            canister_version: metadata.canister_version.to_string(),
            module_bytes: metadata.module_bytes as f64,
            heap_bytes: metadata.heap_bytes as f64,
            stable_bytes: metadata.stable_bytes as f64,
            stored_chunks: metadata.stored.len(),
            globals: metadata.globals.iter().map(Into::into).collect(),
            certified_data: hex::encode(&metadata.certified_data),
            has_lost_globals: metadata.has_lost_globals(),
            has_floats_beyond_json: metadata.has_floats_beyond_json(),
        }
    }
}
