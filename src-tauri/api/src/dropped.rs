//! What somebody dropped on the window, or chose: what it is, before anything is done with it; and taking a copy into the library.

use crate::{
    Api,
    copies::{ChainSnapshot, CopyContent, CopyRecord, now},
    failure::Failure,
    installs::Module,
};
use canopic_engine::{self as engine, archive, library};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a file or a folder is.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Dropped {
    /// A whole copy, of ours or of another tool.
    Copy {
        /// What its snapshot was.
        content: CopyContent,
        /// What else is known; null for the folder of another tool, which has no hashes yet.
        record: Option<CopyRecord>,
        /// The bytes that it takes up on its disk.
        disk_bytes: f64,
        /// What it is called in the library; null where it is not in it.
        copy: Option<String>,
    },
    /// A copy that was never finished.
    Unfinished {
        /// Who began it; null where that cannot be told.
        begun_by: Option<BegunBy>,
        /// The name that it is to have; null where another tool began it.
        name: Option<String>,
        /// The snapshot that it is to be a copy of; null where that is not known.
        snapshot: Option<ChainSnapshot>,
        /// What it is called in the library; null where it is not in it.
        copy: Option<String>,
    },
    /// An archive of a copy.
    Archive {
        /// How it is closed.
        archive: ArchiveKind,
        /// The bytes of the file.
        bytes: f64,
        /// What the snapshot in it was; null while it is closed.
        content: Option<CopyContent>,
        /// What else is known of the copy in it.
        record: Option<CopyRecord>,
    },
    /// A canister module. It is kept, so that its hash names it from now on.
    Module {
        /// What it is.
        module: Module,
    },
    /// A folder of a project.
    Project,
    /// A folder of copies, which can be added to the library.
    Shelf {
        /// How many.
        copies: usize,
    },
    /// It looks like one of these and cannot be used.
    Unusable {
        /// Why.
        failure: Failure,
    },
    /// Nothing that there is a use for.
    Unknown,
}

/// Who began a copy that was never finished.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "names of tools")]
pub enum BegunBy {
    Canopic,
    Icp,
    Dfx,
}

/// What kind of archive a file is.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ArchiveKind {
    /// A zip.
    Plain,
    /// Encrypted with a passphrase.
    Passphrase,
    /// Encrypted for recipients.
    Recipients,
}

/// What an encrypted archive is opened with.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum ArchiveKey {
    /// The passphrase.
    Passphrase(#[ts(type = "string")] engine::Secret),
    /// The secret key (`AGE-SECRET-KEY-1…`).
    Identity(#[ts(type = "string")] engine::Secret),
}

impl From<ArchiveKey> for archive::Key {
    fn from(key: ArchiveKey) -> Self {
        match key {
            ArchiveKey::Passphrase(passphrase) => Self::from_passphrase(&passphrase),
            ArchiveKey::Identity(identity) => Self::from_identity(&identity),
        }
    }
}

impl From<archive::Kind> for ArchiveKind {
    fn from(kind: archive::Kind) -> Self {
        match kind {
            archive::Kind::Plain => Self::Plain,
            archive::Kind::Passphrase => Self::Passphrase,
            archive::Kind::Recipients => Self::Recipients,
        }
    }
}

impl From<library::Dropped> for Dropped {
    fn from(dropped: library::Dropped) -> Self {
        use library::Dropped as D;
        match dropped {
            D::Copy {
                about,
                disk_bytes,
                known,
            } => Self::Copy {
                content: (&about.metadata).into(),
                record: about.manifest.map(Into::into),
                disk_bytes: disk_bytes as f64,
                copy: known.map(Into::into),
            },
            D::Unfinished { draft, by, known } => Self::Unfinished {
                begun_by: match (&draft, by) {
                    (Some(_), _) => Some(BegunBy::Canopic),
                    (None, Some(engine::By::Icp)) => Some(BegunBy::Icp),
                    (None, Some(engine::By::Dfx)) => Some(BegunBy::Dfx),
                    (None, None) => None,
                },
                name: draft.as_ref().map(|draft| draft.name.clone()),
                snapshot: draft.and_then(|draft| draft.snapshot).map(Into::into),
                copy: known.map(Into::into),
            },
            D::Archive { kind, bytes, about } => {
                let (content, record) = match about {
                    Some(about) => (
                        Some((&about.metadata).into()),
                        about.manifest.map(Into::into),
                    ),
                    None => (None, None),
                };
                Self::Archive {
                    archive: kind.into(),
                    bytes: bytes as f64,
                    content,
                    record,
                }
            }
            D::Module(module) => Self::Module {
                module: (*module).into(),
            },
            D::Project => Self::Project,
            D::Shelf(copies) => Self::Shelf { copies },
            D::Unusable(error) => Self::Unusable {
                failure: error.into(),
            },
            D::Unknown => Self::Unknown,
        }
    }
}

/// One method per request.
impl Api {
    pub(crate) async fn look_at_drop(
        &self,
        pick: u32,
        key: Option<ArchiveKey>,
    ) -> Result<Dropped, Failure> {
        let path = self.picks.path(pick)?;
        let dropped = self
            .engine()?
            .look_at_drop(path, key.map(Into::into))
            .await?;
        Ok(dropped.into())
    }

    pub(crate) async fn adopt_pick(
        &self,
        pick: u32,
        key: Option<ArchiveKey>,
        errand: u32,
    ) -> Result<String, Failure> {
        let path = self.picks.path(pick)?;
        let copy = self
            .engine()?
            .adopt(path, key.map(Into::into), errand, now())
            .await?;
        self.picks.drop(pick);
        Ok(copy.to_string())
    }
}
