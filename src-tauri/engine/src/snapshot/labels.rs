//! What a person says about snapshots on a network.
//!
//! The network keeps neither names nor notes, so they lie here, under the network's fingerprint, the canister and the snapshot. A name
//! that was given when the snapshot was taken stands in its job; what is kept here goes before it. A snapshot that is deleted
//! keeps its label: ids are never used again, and a copy of it may still be around.

use super::SnapshotId;
use crate::{
    CanisterId, Engine, Place, Result,
    settings::{self, Kept, checked_text},
};
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lengths of what is kept, in characters, as for canisters.
const LONGEST_NAME: usize = 80;
const LONGEST_NOTE: usize = 4_000;

/// What is known of a snapshot here and nowhere else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotLabel {
    /// Its name; none where nobody has named it here.
    pub name: Option<String>,
    /// Its note; none where nobody has written one here.
    pub note: Option<String>,
}

/// The labels, in force.
pub(crate) struct Labels {
    config: Utf8PathBuf,
    file: Mutex<File>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default)]
    snapshots: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    place: Place,
    snapshot: SnapshotId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Kept for File {
    const FILE: &str = "snapshots.json";
    const VERSION: u32 = 1;
}

impl Labels {
    pub(crate) fn load(config: &Utf8Path) -> Result<Self> {
        Ok(Self {
            config: config.to_owned(),
            file: Mutex::new(settings::load(config)?),
        })
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept of a snapshot.
    pub(crate) fn of(&self, place: Place, snapshot: &SnapshotId) -> SnapshotLabel {
        let file = self.file();
        let found = file
            .snapshots
            .iter()
            .find(|entry| entry.place == place && entry.snapshot == *snapshot);
        found.map_or_else(SnapshotLabel::default, |entry| SnapshotLabel {
            name: entry.name.clone(),
            note: entry.note.clone(),
        })
    }

    /// Changes what is kept of one snapshot. In force only if it could be written.
    fn change(
        &self,
        place: Place,
        snapshot: &SnapshotId,
        change: impl FnOnce(&mut Entry),
    ) -> Result<()> {
        let mut file = self.file();
        let mut changed = file.clone();
        let is_it = |entry: &Entry| entry.place == place && entry.snapshot == *snapshot;
        let at = changed.snapshots.iter().position(is_it);
        let at = at.unwrap_or_else(|| {
            changed.snapshots.push(Entry {
                place,
                snapshot: snapshot.clone(),
                name: None,
                note: None,
            });
            changed.snapshots.len() - 1
        });
        change(&mut changed.snapshots[at]);
        settings::save(&self.config, &changed)?;
        *file = changed;
        Ok(())
    }
}

impl Engine {
    /// Names a snapshot of a canister of the network in use, and notes something about it.
    pub async fn label_snapshot(
        &self,
        canister: CanisterId,
        snapshot: &SnapshotId,
        name: &str,
        note: &str,
    ) -> Result<()> {
        let name = checked_text(name, LONGEST_NAME)?;
        let note = checked_text(note, LONGEST_NOTE)?;
        let (_, endpoint) = self.network().await?;
        let place = Place {
            network: endpoint.fingerprint(),
            canister,
        };
        self.labels.change(place, snapshot, |entry| {
            entry.name = Some(name);
            entry.note = Some(note);
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Fingerprint, Places};

    #[test]
    fn what_is_said_of_a_snapshot_is_said_of_this_one_on_this_network_and_survives() {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8Path::from_path(folder.path()).unwrap();
        let folders = Places::below(home).open().unwrap();
        let place = |key: &[u8]| Place {
            network: Fingerprint::of(key),
            canister: "um5iw-rqaaa-aaaaq-qaaba-cai".parse().unwrap(),
        };
        let snapshot: SnapshotId = "0000000000000003ffffffffffe000010101".parse().unwrap();
        let labels = Labels::load(&folders.config).unwrap();
        labels
            .change(place(b"a"), &snapshot, |entry| {
                entry.name = Some("before the sale".to_owned());
            })
            .unwrap();
        drop(labels);
        let labels = Labels::load(&folders.config).unwrap();
        let expected = SnapshotLabel {
            name: Some("before the sale".to_owned()),
            note: None,
        };
        assert_eq!(labels.of(place(b"a"), &snapshot), expected);
        assert_eq!(
            labels.of(place(b"b"), &snapshot),
            SnapshotLabel::default(),
            "the same ids on another network are another snapshot"
        );
    }
}
