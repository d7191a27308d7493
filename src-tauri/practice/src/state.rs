//! The state folder: how a network lives on over restarts.
//!
//! One file holds everything, written at checkpoints and at a clean stop: to another name, synced, and then renamed, so that a
//! power cut leaves either the former checkpoint or the new one. A lock, which the operating system gives back
//! whatever happens to the process, keeps two networks out of one folder.

use crate::blocks::World;
use crate::canister::Canister;
use crate::certify::{Hash, Tree};
use crate::ingress::RequestId;
use crate::messages::Message;
use crate::server::Taken;
use crate::subnet::Topology;
use crate::system::Economy;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The layout of the file. Raised when an older program could not read it any more.
const FORMAT: u32 = 1;

/// Why a state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another network has it.
    #[error("state folder {0} is in use by another network")]
    InUse(PathBuf),
    /// The folder cannot be made, locked, read or written.
    #[error("{action} {path}")]
    Io {
        /// What failed.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is no state.
    #[error("read the state in {path}: {reason}")]
    Damaged {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A newer program wrote it.
    #[error("the state in {path} has format {found}, this program knows {FORMAT}")]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Its keys are others.
    #[error("the state in {path} was made with seed {found}, not {asked}")]
    OtherSeed {
        /// Where.
        path: PathBuf,
        /// The seed of the state.
        found: u64,
        /// The seed that was asked for.
        asked: u64,
    },
}

/// The first thing in the file: whether the rest can be read.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    seed: u64,
}

/// Everything that is not derived from something else.
#[derive(Serialize, Deserialize)]
struct Saved {
    time: u64,
    height: u64,
    next_numbers: Vec<u64>,
    randomness: Hash,
    canisters: Vec<Canister>,
    requests: Vec<SavedRequest>,
    queue: Vec<Message>,
    economy: Economy,
}

/// A request, who sent it, and the leaves of its status.
type SavedRequest = (RequestId, Taken, Vec<(String, Vec<u8>)>);

/// A folder that is ours until it is dropped.
#[derive(Debug)]
pub struct StateFolder {
    file: PathBuf,
    folder: PathBuf,
    seed: u64,
    _lock: File,
}

impl StateFolder {
    /// Takes possession of a folder, made if need be.
    pub fn open(folder: &Path, seed: u64) -> Result<Self, StateError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| StateError::Io {
                action,
                path,
                source,
            }
        };
        fs::create_dir_all(folder).map_err(failed("create", folder))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(failed("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        Ok(Self {
            file: folder.join("state.cbor"),
            folder: folder.to_owned(),
            seed,
            _lock: lock,
        })
    }

    /// The state of the last checkpoint; nothing in a new folder.
    pub fn load(&self, topology: &Arc<Topology>) -> Result<Option<World>, StateError> {
        let path = || self.file.clone();
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(StateError::Io {
                    action: "open",
                    path: path(),
                    source,
                });
            }
        };
        let damaged = |error: ciborium::de::Error<io::Error>| StateError::Damaged {
            path: path(),
            reason: error.to_string(),
        };
        let mut reader = BufReader::new(file);
        let head: Head = ciborium::from_reader(&mut reader).map_err(damaged)?;
        if head.format > FORMAT {
            return Err(StateError::Newer {
                path: path(),
                found: head.format,
            });
        }
        if head.seed != self.seed {
            return Err(StateError::OtherSeed {
                path: path(),
                found: head.seed,
                asked: self.seed,
            });
        }
        let saved: Saved = ciborium::from_reader(&mut reader).map_err(damaged)?;
        let mut world = World::new(topology.clone(), saved.time);
        world.height = saved.height;
        world.next_numbers = saved.next_numbers;
        world.randomness = saved.randomness;
        world.queue = saved.queue.into();
        world.economy = Arc::new(saved.economy);
        for canister in saved.canisters {
            world.insert(canister);
        }
        for (request, taken, status) in saved.requests {
            let status = status
                .into_iter()
                .map(|(label, value)| (label, Tree::leaf(value)));
            world.set_status(taken.subnet, &request, Tree::branch(status));
            world.requests.insert(request, taken);
        }
        Ok(Some(world))
    }

    /// Writes the state, so that it is the new one completely or not at all.
    pub fn save(&self, world: &World) -> Result<(), StateError> {
        let unfinished = self.file.with_extension("unfinished");
        let failed = |action| {
            let path = unfinished.clone();
            move |source| StateError::Io {
                action,
                path,
                source,
            }
        };
        let request = |(request, taken): (&RequestId, &Taken)| {
            let fields = world.trees[taken.subnet]
                .lookup(&[b"request_status", request])
                .map(Tree::leaves)
                .unwrap_or_default();
            (*request, taken.clone(), fields)
        };
        let saved = Saved {
            time: world.time,
            height: world.height,
            next_numbers: world.next_numbers.clone(),
            randomness: world.randomness,
            canisters: world.canisters().cloned().collect(),
            requests: world.requests.iter().map(request).collect(),
            queue: world.queue.iter().cloned().collect(),
            economy: Economy::clone(&world.economy),
        };
        let mut writer = BufWriter::new(File::create(&unfinished).map_err(failed("create"))?);
        let written = ciborium::into_writer(
            &Head {
                format: FORMAT,
                seed: self.seed,
            },
            &mut writer,
        )
        .and_then(|()| ciborium::into_writer(&saved, &mut writer))
        .map_err(io::Error::other);
        written
            .and_then(|()| writer.flush())
            .and_then(|()| writer.get_ref().sync_all())
            .map_err(failed("write"))?;
        fs::rename(&unfinished, &self.file).map_err(failed("rename"))?;
        // Without this the rename itself may be forgotten in a power cut. Windows has no such call and needs none.
        #[cfg(unix)]
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(failed("sync the folder of"))?;
        Ok(())
    }
}

/// Memories by the pages that are not zero.
pub mod sparse {
    use crate::memory::{Memory, WASM_PAGE};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
    use serde_bytes::ByteBuf;

    #[derive(Serialize, Deserialize)]
    struct Pages {
        size: u64,
        pages: Vec<(u64, ByteBuf)>,
    }

    /// Writes a memory.
    pub fn serialize<S: Serializer>(memory: &Memory, serializer: S) -> Result<S::Ok, S::Error> {
        let pages = memory
            .pages()
            .map(|(offset, page)| (offset, ByteBuf::from(page.as_slice())))
            .collect();
        Pages {
            size: memory.size(),
            pages,
        }
        .serialize(serializer)
    }

    /// Reads a memory.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Memory, D::Error> {
        let Pages { size, pages } = Pages::deserialize(deserializer)?;
        let mut memory = Memory::zeroed(size / WASM_PAGE);
        for (offset, page) in pages {
            memory.write(offset, &page).map_err(D::Error::custom)?;
        }
        memory.flush(); // it was read from where a checkpoint put it
        Ok(memory)
    }
}

/// Modules by their bytes; compiled anew when they are read, each once.
pub mod recompiled {
    use crate::module::Module;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
    use serde_bytes::{ByteBuf, Bytes};

    /// Writes a module.
    pub fn serialize<S: Serializer>(module: &Module, serializer: S) -> Result<S::Ok, S::Error> {
        Bytes::new(module.bytes()).serialize(serializer)
    }

    /// Reads a module.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Module, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        Module::compile(&bytes).map_err(D::Error::custom)
    }
}
