//! Looking into copies: what the module is, what lies in the memories, where something is found, what tells two copies apart.

use super::{CopyContent, CopyRecord};
use crate::{Api, failure::Failure};
use canopic_engine::{self as engine, Part, inspect};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

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

/// One method per request.
impl Api {
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
}
