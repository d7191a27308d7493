//! A canister module on its way to a canister: what somebody built, read from a file and looked at before anything is sent.
//!
//! The network decides what a valid module is; it says so when it refuses one. What is checked here is what would otherwise cost a
//! person an upload or a downtime: that the file is a module at all, that it is whole, that it fits, and what it is: its hash as the
//! network will show it (of the bytes as they are sent, packed or not), its methods, its metadata, and how Motoko wants it upgraded.
//!
//! Files come from anywhere. Unpacking stops at the network's own limit, so a small file cannot fill the memory, and the parser
//! allocates nothing by what a file claims.

use crate::{
    Code, Error, Result,
    ids::as_text,
    settings::{make_private_folder, replace_file},
};
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeSet,
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    str::FromStr,
    sync::Arc,
};
use wasmparser::{ExternalKind, Parser, Payload, Validator, WasmFeatures};

/// The largest module that the network takes, unpacked as well as packed.
pub const MAX_MODULE: u64 = 100 << 20;

/// Where modules are kept, below the folder of what the app keeps.
const FOLDER: &str = "modules";

/// How many modules are kept: more than there are jobs at a time, and at most 2 GiB of the largest there can be.
const MOST_KEPT: usize = 20;

/// A custom section of this name, public or private, asks for the heap to survive upgrades.
pub(crate) const ENHANCED_PERSISTENCE: &str = "enhanced-orthogonal-persistence";

/// SHA-256 of a module as it is sent: what the network shows as the module hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleHash([u8; 32]);

impl ModuleHash {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ModuleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ModuleHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ModuleHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|error| Error::new(Code::Bug, "reading a module hash").because(error))?;
        Ok(Self(bytes))
    }
}

as_text!(ModuleHash);

/// A module that was read and looked at. Clones share the bytes.
#[derive(Clone)]
pub struct Module {
    bytes: Arc<[u8]>,
    hash: ModuleHash,
    facts: Arc<ModuleFacts>,
}

/// What a module is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleFacts {
    /// Bytes as they are sent.
    pub size: u64,
    /// Bytes when unpacked.
    pub unpacked_size: u64,
    /// Whether the file is gzipped; the network takes it as it is.
    pub is_packed: bool,
    /// Whether its memory is addressed by 64 bits.
    pub is_wasm64: bool,
    /// Whether it is Motoko with enhanced orthogonal persistence, whose upgrades keep the main memory.
    pub has_enhanced_persistence: bool,
    /// The methods that it exports, by name.
    pub methods: Vec<ExportedMethod>,
    /// Exports that the network itself calls: `canister_init`, `canister_heartbeat` and the like.
    pub hooks: Vec<String>,
    /// What it imports from the network, by name.
    pub imports: Vec<String>,
    /// Its metadata and other custom sections.
    pub sections: Vec<Section>,
    /// Its interface in Candid, if it brings one along.
    pub interface: Option<String>,
    /// The types of its installation arguments, if it brings them along.
    pub init_arguments: Option<String>,
}

/// A method as the module exports it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExportedMethod {
    /// What it is called.
    pub name: String,
    /// How it may be called.
    pub kind: ExportKind,
}

/// How an exported method may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExportKind {
    /// By an update call.
    Update,
    /// By a query, or by an update call for a certified answer.
    Query,
    /// By a query only.
    CompositeQuery,
}

/// A custom section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name, without the prefix that says who may read it.
    pub name: String,
    /// Who may read it once the module is installed.
    pub visibility: Visibility,
    /// Bytes of its content.
    pub size: u64,
}

/// Who may read a custom section of an installed module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody: `icp:public`.
    Public,
    /// Controllers: `icp:private`.
    Private,
    /// Nobody; it is not metadata.
    None,
}

/// Why bytes are not a canister module.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("neither a WebAssembly module nor a gzipped one")]
    Format,
    #[error("unpack the module")]
    Unpack(#[source] io::Error),
    #[error("the module ends early or is not valid")]
    Invalid(#[source] wasmparser::BinaryReaderError),
    #[error("it imports {name} from {module}, and canisters import from ic0 only")]
    Import { module: String, name: String },
    #[error("it is a component, and canisters are plain modules")]
    Component,
    #[error("it is not what was kept under this name")]
    Changed,
    #[error("it exports nothing that a canister has: no method, no init, no hook")]
    NotACanister,
}

impl Module {
    /// Reads a module from a file.
    pub fn open(path: &Utf8Path) -> Result<Self> {
        let unreadable = |error| {
            Error::new(Code::FileUnreadable, format!("reading {path}"))
                .with("path", path)
                .because(error)
        };
        let mut bytes = Vec::new();
        // One byte over the limit is enough to know.
        File::open(path)
            .and_then(|file| file.take(MAX_MODULE + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        Self::read(bytes).map_err(|error| error.with("path", path))
    }

    /// Takes bytes for a module, packed or not.
    pub fn read(bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() as u64 > MAX_MODULE {
            return Err(too_large());
        }
        let unpacked = unpack(&bytes)?;
        let mut facts = examine(&unpacked).map_err(malformed)?;
        facts.size = bytes.len() as u64;
        facts.is_packed = bytes[..] != unpacked[..];
        Ok(Self {
            hash: ModuleHash(Sha256::digest(&bytes).into()),
            bytes: bytes.into(),
            facts: Arc::new(facts),
        })
    }

    /// Keeps it on this computer under its hash, so that a job can go on with it after a restart, and after the file that it came
    /// from has changed.
    pub(crate) fn keep(&self, data: &Utf8Path) -> Result<()> {
        let folder = data.join(FOLDER);
        let failed = |error| {
            Error::new(Code::FolderUnusable, "keeping a module")
                .with("path", &folder)
                .because(error)
        };
        make_private_folder(&folder).map_err(failed)?;
        replace_file(&place(data, self.hash), &self.bytes).map_err(failed)?;
        make_room(&folder).map_err(failed)
    }

    /// The module that was kept under a hash. What lies there is hashed again: it is what was kept, or an error.
    pub(crate) fn kept(data: &Utf8Path, hash: ModuleHash) -> Result<Self> {
        let path = place(data, hash);
        let module = Self::open(&path)?;
        if module.hash == hash {
            Ok(module)
        } else {
            Err(malformed(Unfit::Changed).with("path", path))
        }
    }

    /// The bytes as they are sent.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the bytes as they are sent: the module hash that the network will show.
    pub fn hash(&self) -> ModuleHash {
        self.hash
    }

    /// What it is.
    pub fn facts(&self) -> &ModuleFacts {
        &self.facts
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Module({}, {} bytes)", self.hash, self.bytes.len())
    }
}

fn place(data: &Utf8Path, hash: ModuleHash) -> Utf8PathBuf {
    data.join(FOLDER).join(format!("{hash}.wasm"))
}

/// Deletes what was kept longest ago.
fn make_room(folder: &Utf8Path) -> io::Result<()> {
    let mut kept = Vec::new();
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        kept.push((entry.metadata()?.modified()?, entry.into_path()));
    }
    kept.sort();
    let too_many = kept.len().saturating_sub(MOST_KEPT);
    kept[..too_many]
        .iter()
        .try_for_each(|(_, path)| fs::remove_file(path))
}

fn too_large() -> Error {
    Error::new(Code::ModuleTooLarge, "reading a module").with("limit", MAX_MODULE)
}

fn malformed(unfit: Unfit) -> Error {
    let error = Error::new(Code::ModuleMalformed, "reading a module");
    let error = match &unfit {
        Unfit::Invalid(cause) => error.with("offset", cause.offset()),
        Unfit::Import { module, name } => error.with("import", format!("{module}.{name}")),
        _ => error,
    };
    error.because(unfit)
}

/// The module without its gzip, if it has one.
pub(crate) fn unpack(bytes: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>> {
    match bytes {
        [0, b'a', b's', b'm', ..] => Ok(bytes.into()),
        [0x1f, 0x8b, 0x08, ..] => {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(bytes)
                .take(MAX_MODULE + 1)
                .read_to_end(&mut unpacked)
                .map_err(|error| malformed(Unfit::Unpack(error)))?;
            if unpacked.len() as u64 > MAX_MODULE {
                return Err(too_large());
            }
            Ok(unpacked.into())
        }
        _ => Err(malformed(Unfit::Format)),
    }
}

fn examine(wasm: &[u8]) -> Result<ModuleFacts, Unfit> {
    // What the network's machines run: the standard of 2022 with 64-bit memories.
    let features = WasmFeatures::WASM2 | WasmFeatures::MEMORY64 | WasmFeatures::EXTENDED_CONST;
    Validator::new_with_features(features)
        .validate_all(wasm)
        .map_err(Unfit::Invalid)?;
    let mut facts = ModuleFacts {
        size: 0,
        unpacked_size: wasm.len() as u64,
        is_packed: false,
        is_wasm64: false,
        has_enhanced_persistence: false,
        methods: Vec::new(),
        hooks: Vec::new(),
        imports: Vec::new(),
        sections: Vec::new(),
        interface: None,
        init_arguments: None,
    };
    let mut imports = BTreeSet::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(Unfit::Invalid)? {
            Payload::Version { encoding, .. } if encoding != wasmparser::Encoding::Module => {
                return Err(Unfit::Component);
            }
            Payload::ImportSection(section) => {
                for import in section {
                    let import = import.map_err(Unfit::Invalid)?;
                    if import.module != "ic0" {
                        return Err(Unfit::Import {
                            module: import.module.to_owned(),
                            name: import.name.to_owned(),
                        });
                    }
                    imports.insert(import.name.to_owned());
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    facts.is_wasm64 |= memory.map_err(Unfit::Invalid)?.memory64;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(Unfit::Invalid)?;
                    if export.kind == ExternalKind::Func {
                        sort_export(&mut facts, export.name);
                    }
                }
            }
            Payload::CustomSection(section) => {
                sort_section(&mut facts, section.name(), section.data());
            }
            _ => {}
        }
    }
    if facts.methods.is_empty() && facts.hooks.is_empty() {
        return Err(Unfit::NotACanister);
    }
    facts.methods.sort();
    facts.hooks.sort();
    facts.imports = imports.into_iter().collect();
    Ok(facts)
}

fn sort_export(facts: &mut ModuleFacts, name: &str) {
    let kinds = [
        ("canister_update ", ExportKind::Update),
        ("canister_query ", ExportKind::Query),
        ("canister_composite_query ", ExportKind::CompositeQuery),
    ];
    let method = kinds
        .iter()
        .find_map(|(prefix, kind)| Some((name.strip_prefix(prefix)?, *kind)));
    if let Some((name, kind)) = method {
        facts.methods.push(ExportedMethod {
            name: name.to_owned(),
            kind,
        });
    } else if name.starts_with("canister_") {
        facts.hooks.push(name.to_owned());
    }
}

fn sort_section(facts: &mut ModuleFacts, full: &str, content: &[u8]) {
    let (name, visibility) = if let Some(name) = full.strip_prefix("icp:public ") {
        (name, Visibility::Public)
    } else if let Some(name) = full.strip_prefix("icp:private ") {
        (name, Visibility::Private)
    } else {
        (full, Visibility::None)
    };
    if visibility != Visibility::None {
        let text = || String::from_utf8(content.to_vec()).ok();
        match name {
            "candid:service" => facts.interface = text(),
            "candid:args" => facts.init_arguments = text(),
            ENHANCED_PERSISTENCE => facts.has_enhanced_persistence = true,
            _ => {}
        }
    }
    facts.sections.push(Section {
        name: name.to_owned(),
        visibility,
        size: content.len() as u64,
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write as _;

    /// The smallest canister: one query, one private and one public section.
    pub(crate) fn small() -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([1, 4, 1, 0x60, 0, 0]); // one type: () -> ()
        wasm.extend([3, 2, 1, 0]); // one function of it
        let export = b"canister_query look";
        wasm.extend([7, export.len() as u8 + 4, 1, export.len() as u8]);
        wasm.extend(export);
        wasm.extend([0, 0]); // function 0
        wasm.extend([10, 4, 1, 2, 0, 0x0b]); // an empty body
        for (name, content) in [
            (
                "icp:public candid:service",
                "service : { look : () -> () query }",
            ),
            ("icp:private enhanced-orthogonal-persistence", "1"),
        ] {
            wasm.extend([0, (1 + name.len() + content.len()) as u8, name.len() as u8]);
            wasm.extend(name.bytes());
            wasm.extend(content.bytes());
        }
        wasm
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_module_tells_what_it_is_packed_or_not() {
        let plain = Module::read(small()).unwrap();
        let gzipped = Module::read(packed(&small())).unwrap();
        assert_ne!(
            plain.hash(),
            gzipped.hash(),
            "the network hashes what was sent, not what comes out of it"
        );
        assert_eq!(
            gzipped.hash().as_bytes()[..],
            Sha256::digest(gzipped.bytes())[..]
        );
        assert!(gzipped.facts().is_packed && !plain.facts().is_packed);
        for module in [plain, gzipped] {
            let facts = module.facts();
            assert_eq!(
                facts.methods,
                [ExportedMethod {
                    name: "look".to_owned(),
                    kind: ExportKind::Query
                }]
            );
            assert_eq!(facts.unpacked_size, small().len() as u64);
            assert!(
                facts.has_enhanced_persistence,
                "a private section counts as well"
            );
            assert_eq!(
                facts.interface.as_deref(),
                Some("service : { look : () -> () query }")
            );
            assert_eq!(facts.sections[0].visibility, Visibility::Public);
            assert_eq!(facts.sections[1].visibility, Visibility::Private);
        }
    }

    #[test]
    fn a_module_cut_anywhere_is_malformed_and_nothing_worse() {
        for whole in [small(), packed(&small())] {
            for length in 0..whole.len() {
                // Cut between two sections a module can still be valid, only poorer; never is it a crash.
                if let Err(error) = Module::read(whole[..length].to_vec()) {
                    assert_eq!(error.code, Code::ModuleMalformed, "{}", error.chain());
                }
            }
        }
        let error = Module::read(small()[..small().len() - 3].to_vec()).unwrap_err();
        assert!(
            error.facts.contains_key("offset"),
            "it is said where: {}",
            error.chain()
        );
    }

    #[test]
    fn a_kept_module_is_found_by_its_hash_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let data = Utf8Path::from_path(folder.path()).unwrap();
        let module = Module::read(small()).unwrap();
        module.keep(data).unwrap();
        module.keep(data).unwrap();
        let hash: ModuleHash = module.hash().to_string().parse().unwrap();
        assert_eq!(Module::kept(data, hash).unwrap().bytes(), module.bytes());

        fs::write(place(data, hash), packed(&small())).unwrap();
        let error = Module::kept(data, hash).unwrap_err();
        assert_eq!(error.code, Code::ModuleMalformed, "{}", error.chain());

        for number in 0..MOST_KEPT + 5 {
            fs::write(data.join(FOLDER).join(number.to_string()), b"").unwrap();
        }
        module.keep(data).unwrap();
        let left = data.join(FOLDER).read_dir_utf8().unwrap().count();
        assert_eq!(left, MOST_KEPT);
        Module::kept(data, hash).unwrap();
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let bomb = packed(&vec![0; MAX_MODULE as usize + 1]);
        assert!(bomb.len() < 1 << 20, "a small file of {} bytes", bomb.len());
        let error = Module::read(bomb).unwrap_err();
        assert_eq!(error.code, Code::ModuleTooLarge);
        assert_eq!(error.facts["limit"], "104857600");
    }

    #[test]
    fn what_is_valid_but_no_canister_is_refused() {
        let empty = b"\0asm\x01\0\0\0".to_vec();
        let mut importing = empty.clone();
        importing.extend([1, 4, 1, 0x60, 0, 0]);
        importing.extend([2, 9, 1, 3, b'e', b'n', b'v', 1, b'f', 0, 0]);
        let component = b"\0asm\x0d\0\x01\0".to_vec();
        for (bytes, word) in [
            (empty, "exports nothing"),
            (importing, "env"),
            (component, ""),
            (b"MZ\x90\0".to_vec(), "neither"),
            (Vec::new(), "neither"),
        ] {
            let error = Module::read(bytes).unwrap_err();
            assert_eq!(error.code, Code::ModuleMalformed);
            assert!(error.chain().contains(word), "{}", error.chain());
        }
    }
}
