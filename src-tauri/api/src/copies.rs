//! Copies: the library of snapshots on this computer, and looking into them.
//!
//! Verifying, mapping, searching, comparing, packing and unpacking take a while. Such a request names an errand by a number of the
//! caller's choice; while the request is open, [`errand`](crate::Request) tells how far it is and `stopErrand` ends it.

use crate::{Api, failure::Failure, wire::milliseconds};
use canopic_engine::{self as engine, CopyState, Part, archive, inspect, library};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use ts_rs::TS;

/// The library.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Library {
    /// The folders that are looked through, the library's own first.
    pub folders: Vec<String>,
    /// The copies in them.
    pub copies: Vec<LocalCopy>,
    /// What was deleted and can be brought back, the latest first.
    pub deleted: Vec<DeletedCopy>,
    /// The bytes that are free where new copies go; null where the system does not say.
    pub free_bytes: Option<f64>,
    /// The program that carries the library's own folder to other computers; null where there is none.
    pub synced_by: Option<SyncService>,
}

/// A copy on this computer.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LocalCopy {
    /// What requests name it by.
    pub id: String,
    /// Where it lies, to be shown.
    pub folder: String,
    /// The bytes that it takes up on its disk.
    pub disk_bytes: f64,
    /// What is known of it.
    pub state: LocalCopyState,
}

/// What is known of a copy.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[expect(
    clippy::large_enum_variant,
    reason = "made for the wire and gone at once"
)]
pub enum LocalCopyState {
    /// It is whole.
    Whole {
        /// What its snapshot was.
        content: CopyContent,
        /// What else is known; null for the folder of another tool that was never verified.
        record: Option<CopyRecord>,
    },
    /// It was never finished.
    Unfinished {
        /// The name that it is to have; null where another tool began it.
        name: Option<String>,
        /// The snapshot that it is to be a copy of; null where that is not known.
        snapshot: Option<ChainSnapshot>,
    },
    /// It cannot be read as a copy.
    Unreadable {
        /// Why.
        failure: Failure,
    },
}

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

/// Something in the bin.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeletedCopy {
    /// What requests name it by.
    pub id: String,
    /// Where it was.
    pub folder: String,
    /// When it was deleted, in milliseconds since 1970.
    pub at: f64,
    /// The bytes that it still takes up.
    pub disk_bytes: f64,
}

/// A program that carries files to other computers.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "names of products")]
pub enum SyncService {
    Dropbox,
    GoogleDrive,
    ICloud,
    Nextcloud,
    OneDrive,
    Syncthing,
    Other,
}

/// What came of a verification.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Whether every byte is what it must be.
    pub is_sound: bool,
    /// Whether there were hashes to compare with; otherwise they are known from now on.
    pub had_hashes: bool,
    /// What is damaged.
    pub damage: Vec<CopyDamage>,
    /// How many bytes were read.
    pub bytes: f64,
}

/// Something in a copy that is not as it must be.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyDamage {
    /// The file, as a path in the copy's folder.
    pub file: String,
    /// Which chunk of 2,000,000 bytes; null for the whole file.
    pub chunk: Option<f64>,
}

/// A part of a copy that can be looked into.
#[derive(Clone, Copy, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum CopyPart {
    /// The module.
    Module,
    /// The Wasm memory.
    Heap,
    /// The stable memory.
    Stable,
}

/// Which pages of a memory hold something, or differ.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MemoryMap {
    /// How many pages of 64 KiB there are.
    pub pages: f64,
    /// How many of them hold something, or differ.
    pub used: f64,
    /// How many pages one cell stands for.
    pub pages_per_cell: f64,
    /// For each cell, how many of its pages do.
    pub cells: Vec<f64>,
}

/// What a copy is, without its memories.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyInspection {
    /// What its snapshot was.
    pub content: CopyContent,
    /// What else is known.
    pub record: Option<CopyRecord>,
    /// What the module is; null where it cannot be understood.
    pub module: Option<CopyModule>,
    /// Why the module cannot be understood.
    pub module_failure: Option<Failure>,
    /// The language that it was written in, where it tells.
    pub language: Option<Language>,
    /// The tools that made it, with their versions.
    pub tools: Vec<(String, String)>,
    /// What lies in the stable memory.
    pub layout: StableLayout,
}

/// A language that canisters are written in.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "names of languages")]
pub enum Language {
    Motoko,
    Rust,
    C,
    Other,
}

/// A module.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyModule {
    /// Whether it is gzipped.
    pub is_packed: bool,
    /// Whether its memory is addressed by 64 bits.
    pub is_wasm64: bool,
    /// Whether it is Motoko with enhanced orthogonal persistence.
    pub has_enhanced_persistence: bool,
    /// Its methods: names and whether each is an `update`, a `query` or a `compositeQuery`.
    pub methods: Vec<(String, String)>,
    /// What the network calls by itself.
    pub hooks: Vec<String>,
    /// Its custom sections.
    pub sections: Vec<CopySection>,
    /// Its interface in Candid.
    pub interface: Option<String>,
}

/// A custom section.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopySection {
    /// Its name, without its prefix.
    pub name: String,
    /// `public`, `private`, or null where it is no metadata.
    pub visibility: Option<String>,
    /// Its bytes.
    pub bytes: f64,
}

/// What lies in a stable memory.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum StableLayout {
    /// There is none.
    Empty,
    /// Something else.
    Unknown,
    /// The memory manager of `ic-stable-structures`.
    Manager {
        /// How many pages a bucket has.
        bucket_pages: f64,
        /// How many buckets are taken.
        buckets: f64,
        /// The virtual memories.
        memories: Vec<VirtualMemory>,
    },
    /// One structure that has the memory for itself.
    Single {
        /// Which.
        structure: StableStructure,
    },
    /// The regions of Motoko.
    Regions {
        /// How many pages a block has.
        block_pages: f64,
        /// How many blocks are taken.
        blocks: f64,
        /// The regions: number, pages, blocks.
        regions: Vec<(f64, f64, f64)>,
    },
}

/// A virtual memory.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMemory {
    /// Its number.
    pub id: u8,
    /// How many pages it has.
    pub pages: f64,
    /// How many buckets it has.
    pub buckets: f64,
    /// Where its first bucket lies.
    pub offset: f64,
    /// What begins there.
    pub structure: StableStructure,
}

/// A structure of `ic-stable-structures`.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "documented where the engine declares them")]
pub enum StableStructure {
    BTreeMap,
    Vec,
    Cell,
    LogIndex,
    LogEntries,
    MinHeap,
    Unknown,
}

/// What a search found.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Finds {
    /// Where, in order.
    pub offsets: Vec<f64>,
    /// Where to go on; null at the end.
    pub next: Option<f64>,
}

/// What is searched for.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Needle {
    /// Text, as UTF-8.
    Text(String),
    /// Bytes, hexadecimal.
    Hex(String),
}

/// What tells two copies apart.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyComparison {
    /// Whether both hold the same in everything.
    pub is_same: bool,
    /// Whether both have the same module.
    pub is_same_module: bool,
    /// What changed in the interface, where the modules differ and both bring theirs along.
    pub interface: Option<InterfaceChange>,
    /// The bytes of module, Wasm memory and stable memory in both.
    pub sizes: [[f64; 3]; 2],
    /// The places of the globals that differ.
    pub globals: Vec<usize>,
    /// Whether the certified data differ.
    pub differs_certified: bool,
    /// How many entries of the chunk store only the first has, and only the second.
    pub stored_chunks: [usize; 2],
    /// The pages of the Wasm memory that differ.
    pub heap: MemoryMap,
    /// The pages of the stable memory that differ.
    pub stable: MemoryMap,
}

/// What changed in an interface.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceChange {
    /// Whether callers of the first may fail with the second; null where that cannot be said.
    pub is_breaking: Option<bool>,
    /// Methods that only the second has.
    pub added: Vec<String>,
    /// Methods that only the first has.
    pub removed: Vec<String>,
    /// Methods that take or give something else.
    pub changed: Vec<String>,
}

/// What an archive is encrypted with.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ArchiveLock {
    /// A passphrase.
    Passphrase(#[ts(type = "string")] engine::Secret),
    /// For whoever has the key of this recipient (`age1…`).
    Recipient(String),
}

/// How far an errand is.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Errand {
    /// The bytes that are done.
    pub done: f64,
    /// The bytes that there are to do, at most.
    pub total: f64,
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

impl From<engine::LocalCopy> for LocalCopy {
    fn from(copy: engine::LocalCopy) -> Self {
        Self {
            id: copy.id.to_string(),
            folder: copy.folder.to_string(),
            disk_bytes: copy.disk_bytes as f64,
            state: match copy.state {
                CopyState::Whole(about) => LocalCopyState::Whole {
                    content: (&about.metadata).into(),
                    record: about.manifest.map(Into::into),
                },
                CopyState::Unfinished(draft) => LocalCopyState::Unfinished {
                    name: draft.as_ref().map(|draft| draft.name.clone()),
                    snapshot: draft.and_then(|draft| draft.snapshot).map(Into::into),
                },
                CopyState::Unreadable(error) => LocalCopyState::Unreadable {
                    failure: error.into(),
                },
            },
        }
    }
}

impl From<library::Deleted> for DeletedCopy {
    fn from(deleted: library::Deleted) -> Self {
        Self {
            id: deleted.id.to_string(),
            folder: deleted.folder.to_string(),
            at: deleted.at as f64,
            disk_bytes: deleted.disk_bytes as f64,
        }
    }
}

impl From<library::Service> for SyncService {
    fn from(service: library::Service) -> Self {
        use library::Service as S;
        match service {
            S::Dropbox => Self::Dropbox,
            S::GoogleDrive => Self::GoogleDrive,
            S::ICloud => Self::ICloud,
            S::Nextcloud => Self::Nextcloud,
            S::OneDrive => Self::OneDrive,
            S::Syncthing => Self::Syncthing,
            S::Other => Self::Other,
        }
    }
}

impl From<CopyPart> for Part {
    fn from(part: CopyPart) -> Self {
        match part {
            CopyPart::Module => Self::Module,
            CopyPart::Heap => Self::Heap,
            CopyPart::Stable => Self::Stable,
        }
    }
}

impl From<inspect::MemoryMap> for MemoryMap {
    fn from(map: inspect::MemoryMap) -> Self {
        Self {
            pages: map.pages as f64,
            used: map.used as f64,
            pages_per_cell: map.pages_per_cell as f64,
            cells: map.cells.into_iter().map(|pages| pages as f64).collect(),
        }
    }
}

impl From<inspect::Structure> for StableStructure {
    fn from(structure: inspect::Structure) -> Self {
        use inspect::Structure as S;
        match structure {
            S::BTreeMap => Self::BTreeMap,
            S::Vec => Self::Vec,
            S::Cell => Self::Cell,
            S::LogIndex => Self::LogIndex,
            S::LogEntries => Self::LogEntries,
            S::MinHeap => Self::MinHeap,
            S::Unknown => Self::Unknown,
        }
    }
}

impl From<inspect::Layout> for StableLayout {
    fn from(layout: inspect::Layout) -> Self {
        use inspect::Layout as L;
        match layout {
            L::Empty => Self::Empty,
            L::Unknown => Self::Unknown,
            L::Manager {
                bucket_pages,
                buckets,
                memories,
            } => Self::Manager {
                bucket_pages: bucket_pages as f64,
                buckets: buckets as f64,
                memories: memories
                    .into_iter()
                    .map(|memory| VirtualMemory {
                        id: memory.id,
                        pages: memory.pages as f64,
                        buckets: memory.buckets as f64,
                        offset: memory.offset as f64,
                        structure: memory.structure.into(),
                    })
                    .collect(),
            },
            L::Single(structure) => Self::Single {
                structure: structure.into(),
            },
            L::Regions {
                block_pages,
                blocks,
                regions,
            } => Self::Regions {
                block_pages: block_pages as f64,
                blocks: blocks as f64,
                regions: regions
                    .into_iter()
                    .map(|region| (region.id as f64, region.pages as f64, region.blocks as f64))
                    .collect(),
            },
        }
    }
}

impl From<engine::ModuleFacts> for CopyModule {
    fn from(facts: engine::ModuleFacts) -> Self {
        let kind = |kind| match kind {
            engine::ExportKind::Update => "update",
            engine::ExportKind::Query => "query",
            engine::ExportKind::CompositeQuery => "compositeQuery",
        };
        let visibility = |visibility| match visibility {
            engine::Visibility::Public => Some("public".to_owned()),
            engine::Visibility::Private => Some("private".to_owned()),
            engine::Visibility::None => None,
        };
        Self {
            is_packed: facts.is_packed,
            is_wasm64: facts.is_wasm64,
            has_enhanced_persistence: facts.has_enhanced_persistence,
            methods: facts
                .methods
                .into_iter()
                .map(|method| (method.name, kind(method.kind).to_owned()))
                .collect(),
            hooks: facts.hooks,
            sections: facts
                .sections
                .into_iter()
                .map(|section| CopySection {
                    name: section.name,
                    visibility: visibility(section.visibility),
                    bytes: section.size as f64,
                })
                .collect(),
            interface: facts.interface,
        }
    }
}

impl From<inspect::Inspection> for CopyInspection {
    fn from(found: inspect::Inspection) -> Self {
        let (module, module_failure) = match found.module {
            Ok(facts) => (Some(facts.into()), None),
            Err(error) => (None, Some(error.into())),
        };
        Self {
            content: (&found.metadata).into(),
            record: found.manifest.map(Into::into),
            module,
            module_failure,
            language: found.made_with.language.map(|language| match language {
                inspect::Language::Motoko => Language::Motoko,
                inspect::Language::Rust => Language::Rust,
                inspect::Language::C => Language::C,
                inspect::Language::Other => Language::Other,
            }),
            tools: found.made_with.tools,
            layout: found.layout.into(),
        }
    }
}

impl From<engine::Compatibility> for InterfaceChange {
    fn from(found: engine::Compatibility) -> Self {
        let of = |kind: engine::ChangeKind| -> Vec<String> {
            let changes = found.changes.iter().filter(|change| change.kind == kind);
            changes.map(|change| change.method.clone()).collect()
        };
        Self {
            is_breaking: match found.verdict {
                engine::Verdict::Compatible => Some(false),
                engine::Verdict::Breaking => Some(true),
                engine::Verdict::Unknown => None,
            },
            added: of(engine::ChangeKind::Added),
            removed: of(engine::ChangeKind::Removed),
            changed: of(engine::ChangeKind::Changed),
        }
    }
}

impl From<inspect::Comparison> for CopyComparison {
    fn from(found: inspect::Comparison) -> Self {
        let sizes =
            |sizes: inspect::Sizes| [sizes.module as f64, sizes.heap as f64, sizes.stable as f64];
        Self {
            is_same: found.is_same,
            is_same_module: found.is_same_module,
            interface: found.interface.map(Into::into),
            sizes: found.sizes.map(sizes),
            globals: found.globals,
            differs_certified: found.differs_certified,
            stored_chunks: found.stored.map(|only| only.len()),
            heap: found.heap.into(),
            stable: found.stable.into(),
        }
    }
}

pub(crate) fn now() -> u64 {
    milliseconds(SystemTime::now()) as u64
}

/// One method per request.
impl Api {
    pub(crate) async fn library(&self) -> Result<Library, Failure> {
        let engine = self.engine()?;
        let folders = engine.library_folders();
        let room = folders.first().map(|own| library::room(own));
        Ok(Library {
            folders: folders.iter().map(ToString::to_string).collect(),
            copies: engine.copies().await?.into_iter().map(Into::into).collect(),
            deleted: engine
                .deleted_copies()
                .into_iter()
                .map(Into::into)
                .collect(),
            free_bytes: room
                .as_ref()
                .and_then(|room| room.free)
                .map(|free| free as f64),
            synced_by: room.and_then(|room| room.synced_by).map(Into::into),
        })
    }

    pub(crate) async fn label_copy(
        &self,
        copy: String,
        name: String,
        notes: String,
        pinned: bool,
    ) -> Result<(), Failure> {
        let label = library::Label {
            name,
            notes,
            pinned,
        };
        Ok(self
            .engine()?
            .label_copy(copy.parse()?, label, now())
            .await?)
    }

    pub(crate) async fn verify_copy(
        &self,
        copy: String,
        errand: u32,
    ) -> Result<Verification, Failure> {
        let found = self
            .engine()?
            .verify_copy(copy.parse()?, errand, now())
            .await?;
        Ok(Verification {
            is_sound: found.is_sound(),
            had_hashes: found.hashes == engine::Hashes::Known,
            damage: found
                .damage
                .into_iter()
                .map(|damage| CopyDamage {
                    file: damage.file,
                    chunk: damage.chunk.map(|chunk| chunk as f64),
                })
                .collect(),
            bytes: found.bytes as f64,
        })
    }

    pub(crate) async fn delete_copy(&self, copy: String) -> Result<DeletedCopy, Failure> {
        Ok(self
            .engine()?
            .delete_copy(copy.parse()?, now())
            .await?
            .into())
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn restore_copy(&self, copy: String) -> Result<(), Failure> {
        Ok(self.engine()?.restore_copy(copy.parse()?)?)
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn empty_bin(&self) -> Result<f64, Failure> {
        // Everything that is in it now: a person has said so.
        Ok(self.engine()?.empty_bin(u64::MAX)? as f64)
    }

    pub(crate) async fn inspect_copy(&self, copy: String) -> Result<CopyInspection, Failure> {
        Ok(self.engine()?.inspect_copy(copy.parse()?).await?.into())
    }

    pub(crate) async fn map_copy(
        &self,
        copy: String,
        part: CopyPart,
        cells: u32,
        errand: u32,
    ) -> Result<MemoryMap, Failure> {
        Ok(self
            .engine()?
            .map_copy(copy.parse()?, part.into(), cells.into(), errand)
            .await?
            .into())
    }

    pub(crate) async fn look_into_copy(
        &self,
        copy: String,
        part: CopyPart,
        offset: f64,
        length: u32,
    ) -> Result<String, Failure> {
        let bytes = self
            .engine()?
            .look_into_copy(copy.parse()?, part.into(), offset as u64, length.into())
            .await?;
        Ok(hex::encode(bytes))
    }

    pub(crate) async fn search_copy(
        &self,
        copy: String,
        part: CopyPart,
        needle: Needle,
        from: f64,
        errand: u32,
    ) -> Result<Finds, Failure> {
        let needle = match needle {
            Needle::Text(text) => text.into_bytes(),
            Needle::Hex(text) => {
                hex::decode(text.split_whitespace().collect::<String>()).map_err(|error| {
                    Failure::from(
                        engine::Error::new(
                            engine::Code::Precondition,
                            "reading what is searched for",
                        )
                        .because(error),
                    )
                })?
            }
        };
        let found = self
            .engine()?
            .search_copy(copy.parse()?, part.into(), needle, from as u64, errand)
            .await?;
        Ok(Finds {
            offsets: found
                .offsets
                .into_iter()
                .map(|offset| offset as f64)
                .collect(),
            next: found.next.map(|next| next as f64),
        })
    }

    pub(crate) async fn compare_copies(
        &self,
        one: String,
        other: String,
        cells: u32,
        errand: u32,
    ) -> Result<CopyComparison, Failure> {
        Ok(self
            .engine()?
            .compare_copies(one.parse()?, other.parse()?, cells.into(), errand)
            .await?
            .into())
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn add_library_folder(&self, pick: u32) -> Result<(), Failure> {
        self.engine()?.add_library_folder(&self.picks.path(pick)?)?;
        self.picks.drop(pick);
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn remove_library_folder(&self, folder: String) -> Result<(), Failure> {
        // Nothing is opened by this path: it is looked for in the list.
        Ok(self
            .engine()?
            .remove_library_folder(folder.as_str().into())?)
    }

    pub(crate) async fn export_copy(
        &self,
        copy: String,
        pick: u32,
        lock: Option<ArchiveLock>,
        errand: u32,
    ) -> Result<(), Failure> {
        let lock = lock.map(|lock| match lock {
            ArchiveLock::Passphrase(passphrase) => archive::Lock::with_passphrase(&passphrase),
            ArchiveLock::Recipient(recipient) => archive::Lock::Recipient(recipient),
        });
        let file = self.picks.path(pick)?;
        self.engine()?
            .export_copy(copy.parse()?, file, lock, errand, now())
            .await?;
        self.picks.drop(pick);
        Ok(())
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn errand(&self, errand: u32) -> Result<Option<Errand>, Failure> {
        let found = self.engine()?.errand(errand);
        Ok(found.map(|errand| Errand {
            done: errand.done as f64,
            total: errand.total as f64,
        }))
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn stop_errand(&self, errand: u32) -> Result<(), Failure> {
        self.engine()?.stop_errand(errand);
        Ok(())
    }
}
