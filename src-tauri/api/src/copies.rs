//! Copies: the library of snapshots on this computer. `record` is what is known of each, `inside` is looking into them.
//!
//! Verifying, mapping, searching, comparing, packing and unpacking take a while. Such a request names an errand by a number of the
//! caller's choice; while the request is open, [`errand`](crate::Request) tells how far it is and `stopErrand` ends it.

mod inside;
mod record;

pub use inside::{
    CopyComparison, CopyInspection, CopyModule, CopyPart, CopySection, Finds, InterfaceChange,
    Language, MemoryMap, Needle, StableLayout, StableStructure, VirtualMemory,
};
pub use record::{ChainSnapshot, Circumstances, CopyContent, CopyOrigin, CopyRecord, GlobalValue};

use crate::{Api, failure::Failure, wire::milliseconds};
use canopic_engine::{self as engine, CopyState, archive, library};
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
    /// It was finished.
    Whole {
        /// What its snapshot was.
        content: CopyContent,
        /// What else is known; null for the folder of another tool that was never verified.
        record: Option<CopyRecord>,
        /// Its files that are not as large as they must be.
        wrong_sizes: Vec<WrongSize>,
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

/// A file that is not as large as it must be.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WrongSize {
    /// The file, as a path in the copy's folder.
    pub file: String,
    /// The bytes that it must have.
    pub expected: f64,
    /// The bytes that it has; null where it is not there.
    pub found: Option<f64>,
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
                    wrong_sizes: about.wrong_sizes.into_iter().map(Into::into).collect(),
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

impl From<engine::WrongSize> for WrongSize {
    fn from(wrong: engine::WrongSize) -> Self {
        Self {
            file: wrong.file,
            expected: wrong.expected as f64,
            found: wrong.found.map(|bytes| bytes as f64),
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
        self.picks.written(pick);
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
