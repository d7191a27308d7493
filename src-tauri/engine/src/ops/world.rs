//! The network as somebody, and how a canister stands in it: what plans are made from and steps work on.

use crate::{
    CanisterId, Fingerprint, Folders, Hold, NetworkId, Result, RunState, Status, canister,
    library::Library,
    replica::Replica,
    samples::Samples,
    snapshot::{self, Snapshot, SnapshotId},
    watch::Watch,
};
use candid::Principal;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A network as somebody, for planning and for working.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) replica: Replica,
    pub(crate) caller: Principal,
    /// By when the network has surely written out what was written before.
    pub(crate) checkpoint: Duration,
    pub(crate) network: Fingerprint,
    pub(crate) network_id: NetworkId,
    pub(crate) folders: Arc<Folders>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) samples: Samples,
    pub(crate) library: Arc<Library>,
    pub(crate) names: Arc<BTreeMap<CanisterId, String>>,
    /// Keeps the key open while a job works here: what it stopped it must be able to start again.
    pub(crate) _key: Arc<Hold>,
}

impl World {
    /// What people call a canister; its id where nobody named it.
    pub(crate) fn name(&self, canister: CanisterId) -> String {
        self.names
            .get(&canister)
            .cloned()
            .unwrap_or_else(|| canister.to_string())
    }

    /// How a canister stands right now, by certificate.
    pub(crate) async fn standing(&self, canister: CanisterId) -> Result<Standing> {
        let (status, snapshots) = futures::try_join!(
            canister::read_certified(&self.replica, canister),
            snapshot::list(&self.replica, canister),
        )
        .map_err(|error| {
            error
                .with("canister", canister)
                .with("name", self.name(canister))
        })?;
        Ok(Standing {
            canister,
            name: self.name(canister),
            status,
            snapshots,
        })
    }
}

/// How a canister stands.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) canister: CanisterId,
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) snapshots: Vec<Snapshot>,
}

impl Standing {
    pub(crate) fn is_running(&self) -> bool {
        self.status.run_state == RunState::Running
    }

    pub(crate) fn snapshot(&self, id: &SnapshotId) -> Option<&Snapshot> {
        self.snapshots.iter().find(|snapshot| snapshot.id == *id)
    }

    /// What must not have moved between plan and run. The version counts every message of a running canister, so it says something
    /// only about one that is stopped.
    pub(super) fn fingerprint(&self) -> Value {
        let status = &self.status;
        let mut controllers: Vec<_> = status
            .settings
            .controllers
            .iter()
            .map(Principal::to_text)
            .collect();
        controllers.sort();
        json!([
            self.canister.to_string(),
            format!("{:?}", status.run_state),
            status.module_hash.as_ref().map(hex::encode),
            controllers,
            self.snapshots
                .iter()
                .map(|snapshot| snapshot.id.to_string())
                .collect::<Vec<_>>(),
            (status.run_state == RunState::Stopped).then_some(status.version),
        ])
    }
}
