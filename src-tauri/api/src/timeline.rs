//! The timeline of a canister: what it can go back to, and what happened in between.

use crate::{
    Api,
    canisters::Denial,
    failure::{Failure, mirror},
    jobs::OpName,
    wire::texts,
};
use canopic_engine as engine;
use serde::Serialize;
use ts_rs::TS;

/// Everything that a canister can go back to.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// Which canister.
    pub canister: String,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the module that it has now, hexadecimal; null where it has none or that is not known.
    pub module_hash: Option<String>,
    /// What is known of the snapshots on the network.
    pub snapshots: SnapshotListing,
    /// Every moment, the newest first.
    pub moments: Vec<Moment>,
    /// What happened to the canister, the newest first.
    pub changes: Vec<PastChange>,
    /// Whether the canister's own history was to be had; otherwise only what was done from here is known.
    pub has_history: bool,
    /// Whether all was read; otherwise the rest is being read, and is there when it is asked for again.
    pub is_complete: bool,
}

/// What is known of the snapshots on the network.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SnapshotListing {
    /// All.
    Listed {
        /// How many there are.
        used: usize,
        /// How many there may be.
        limit: usize,
    },
    /// They are not for whoever asks.
    Denied {
        /// Why.
        denial: Denial,
    },
    /// They could not be read.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// A moment that can be gone back to: a snapshot on the network, copies on this computer, or both.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    /// What stays the same while the moment is there: its snapshot's id, or its first copy's.
    pub key: String,
    /// When, in milliseconds since 1970.
    pub at: f64,
    /// The snapshot on the network.
    pub snapshot: Option<SnapshotOnChain>,
    /// The copies on this computer, the closest first.
    pub copies: Vec<CopyOnDisk>,
    /// SHA-256 of the module, hexadecimal; null where it is not known.
    pub module_hash: Option<String>,
    /// Whether that is the module that the canister has now; null where that is not known.
    pub is_same_module: Option<bool>,
    /// What a person calls it; empty where nobody named it.
    pub name: String,
    /// What a person noted about it.
    pub note: String,
    /// Since when it is proven that it can be restored, in milliseconds since 1970.
    pub proven_at: Option<f64>,
    /// The job that proved it.
    #[ts(type = "number | null")]
    pub proven_by: Option<u64>,
}

/// A snapshot on the network.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotOnChain {
    /// Its id, hexadecimal.
    pub id: String,
    /// How many bytes it takes up.
    pub bytes: f64,
    /// How it came to be; null where that could not be read.
    pub arrival: Option<Arrival>,
    /// Whether all of it is there.
    pub wholeness: Wholeness,
    /// The canister's version then, decimal.
    pub version: Option<String>,
    /// Our job that made it, if it was one of ours.
    pub cause: Option<SnapshotCause>,
}

/// Which job of ours made a snapshot.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotCause {
    /// Its number.
    #[ts(type = "number")]
    pub job: u64,
    /// What it was for.
    pub op: OpName,
    /// Whether it was to keep what the job was about to replace.
    pub is_safety: bool,
}

/// A copy on this computer.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct CopyOnDisk {
    /// What requests name it by.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// How it belongs to the snapshot.
    pub bond: Bond,
    /// The bytes that it takes up on its disk.
    pub disk_bytes: f64,
    /// Whether it is finished.
    pub is_whole: bool,
    /// When it was made, in milliseconds since 1970.
    pub made_at: f64,
    /// When every byte was last found to be right, in milliseconds since 1970; null once damage was found.
    pub verified_at: Option<f64>,
    /// When damage was found, in milliseconds since 1970; null for a copy that nothing is known against.
    pub damaged_at: Option<f64>,
    /// When it was last restored with success, in milliseconds since 1970.
    pub proven_at: Option<f64>,
}

/// Something that happened to a canister.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PastChange {
    /// When, in milliseconds since 1970.
    pub at: f64,
    /// What.
    pub what: Happening,
    /// Who did it, a person or a canister; null where that is not known.
    pub who: Option<String>,
    /// Our job that did it, if it was one of ours.
    #[ts(type = "number | null")]
    pub job: Option<u64>,
}

/// What happened.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[expect(missing_docs, reason = "documented in canopic_engine::Happening")]
pub enum Happening {
    Created,
    Installed {
        module_hash: String,
    },
    Reinstalled {
        module_hash: String,
    },
    Upgraded {
        module_hash: String,
    },
    Uninstalled,
    Restored {
        snapshot: String,
        /// Whose it is, if it is another canister's.
        from: Option<String>,
    },
    ControllersChanged {
        controllers: Vec<String>,
    },
    SettingsChanged,
}

mirror! {
    /// How a snapshot came to be. See [`canopic_engine::Arrival`].
    Arrival { Taken, Uploaded }
}

mirror! {
    /// Whether all of a snapshot is there. See [`canopic_engine::Wholeness`].
    Wholeness { Half, Paused, UnderWay, Unknown, Whole }
}

mirror! {
    /// How a copy belongs to a snapshot. See [`canopic_engine::Bond`].
    Bond { Same, SameContent }
}

impl From<engine::Happening> for Happening {
    fn from(happening: engine::Happening) -> Self {
        match happening {
            engine::Happening::Created => Self::Created,
            engine::Happening::Installed(hash) => Self::Installed {
                module_hash: hex::encode(hash),
            },
            engine::Happening::Reinstalled(hash) => Self::Reinstalled {
                module_hash: hex::encode(hash),
            },
            engine::Happening::Upgraded(hash) => Self::Upgraded {
                module_hash: hex::encode(hash),
            },
            engine::Happening::Uninstalled => Self::Uninstalled,
            engine::Happening::Restored { snapshot, from } => Self::Restored {
                snapshot: snapshot.to_string(),
                from: from.map(|canister| canister.to_string()),
            },
            engine::Happening::ControllersChanged(controllers) => Self::ControllersChanged {
                controllers: texts(&controllers),
            },
            engine::Happening::SettingsChanged => Self::SettingsChanged,
        }
    }
}

impl From<engine::OnChain> for SnapshotOnChain {
    fn from(snapshot: engine::OnChain) -> Self {
        Self {
            id: snapshot.id.to_string(),
            bytes: snapshot.bytes as f64,
            arrival: snapshot.arrival.map(Into::into),
            wholeness: snapshot.wholeness.into(),
            version: snapshot.version.map(|version| version.to_string()),
            cause: snapshot.cause.map(|cause| SnapshotCause {
                job: cause.job.0,
                op: cause.op.into(),
                is_safety: cause.is_safety,
            }),
        }
    }
}

impl From<engine::OnDisk> for CopyOnDisk {
    fn from(copy: engine::OnDisk) -> Self {
        Self {
            id: copy.id.to_string(),
            name: copy.name,
            bond: copy.bond.into(),
            disk_bytes: copy.disk_bytes as f64,
            is_whole: copy.is_whole,
            made_at: copy.made_at as f64,
            verified_at: copy.verified_at.map(|at| at as f64),
            damaged_at: copy.damaged_at.map(|at| at as f64),
            proven_at: copy.proven_at.map(|at| at as f64),
        }
    }
}

impl From<engine::Moment> for Moment {
    fn from(moment: engine::Moment) -> Self {
        let of_snapshot = moment.snapshot.as_ref().map(|one| one.id.to_string());
        let of_copy = || moment.copies.first().map(|copy| copy.id.to_string());
        Self {
            key: of_snapshot.or_else(of_copy).unwrap_or_default(),
            at: moment.at as f64,
            snapshot: moment.snapshot.map(SnapshotOnChain::from),
            copies: moment.copies.into_iter().map(CopyOnDisk::from).collect(),
            module_hash: moment.module_hash.map(hex::encode),
            is_same_module: moment.is_same_module,
            name: moment.name,
            note: moment.note,
            proven_at: moment.proven_at.map(|at| at as f64),
            proven_by: moment.proven_by.map(|job| job.0),
        }
    }
}

impl From<engine::Timeline> for Timeline {
    fn from(timeline: engine::Timeline) -> Self {
        let changes = timeline.changes.into_iter().map(|change| PastChange {
            at: change.at as f64,
            what: change.what.into(),
            who: change.who.map(|who| who.to_text()),
            job: change.job.map(|job| job.0),
        });
        Self {
            canister: timeline.canister.to_string(),
            name: timeline.name,
            module_hash: timeline.module_hash.map(hex::encode),
            snapshots: match timeline.listing {
                engine::SnapshotList::Listed { used, limit } => {
                    SnapshotListing::Listed { used, limit }
                }
                engine::SnapshotList::Denied(denial) => SnapshotListing::Denied {
                    denial: denial.into(),
                },
                engine::SnapshotList::Failed(error) => SnapshotListing::Failed {
                    failure: error.into(),
                },
            },
            moments: timeline.moments.into_iter().map(Moment::from).collect(),
            changes: changes.collect(),
            has_history: timeline.has_history,
            is_complete: timeline.is_complete,
        }
    }
}

/// One method per request.
impl Api {
    pub(crate) async fn timeline(&self, canister: String) -> Result<Timeline, Failure> {
        let timeline = self.engine()?.timeline(canister.parse()?).await?;
        Ok(timeline.into())
    }

    pub(crate) async fn label_snapshot(
        &self,
        canister: String,
        snapshot: String,
        name: String,
        note: String,
    ) -> Result<(), Failure> {
        let engine = self.engine()?;
        let (canister, snapshot) = (canister.parse()?, snapshot.parse()?);
        Ok(engine
            .label_snapshot(canister, &snapshot, &name, &note)
            .await?)
    }
}
