//! What happened to a canister: its own history, joined with what was done from here.
//!
//! The network records the last changes of each canister, and tells them to canisters only. So somebody has to ask for us: the
//! *historian* of a network is a canister that passes the question on ([`Endpoint::historian`](crate::Endpoint)). Where there is none,
//! only what this computer did is known, and the timeline says so. What the network does not record at all, such as a change of
//! other settings than the controllers, always comes from our journal.

use crate::{
    CanisterId, Connection, Fingerprint, InstallMode, InstallModule, JobId, Place, Result,
    SnapshotId,
    job::{Job, Progress},
    journal::milliseconds,
    ops::{Step, restore::Which},
    replica::Call,
};
use candid::{CandidType, Principal, Reserved};
use serde::Deserialize;

/// How many changes are asked for: the network keeps twenty.
const CHANGES: u64 = 20;

/// How far the certificate of a step may lie behind the change that it proves, in milliseconds. A call that waited for a busy subnet
/// takes minutes; two acts of one kind, by one identity, on one canister, within that time are ours both.
const FARTHEST: u64 = 10 * 60 * 1_000;

/// Something that happened to a canister.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastChange {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// What.
    pub what: Happening,
    /// Who did it, a person or a canister; none where that is not known.
    pub who: Option<Principal>,
    /// Our job that did it, if it was one of ours.
    pub job: Option<JobId>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It was made.
    Created,
    /// Its module was installed, where there was none.
    Installed(Vec<u8>),
    /// Its module was replaced, and its memory forgotten.
    Reinstalled(Vec<u8>),
    /// Its module was replaced.
    Upgraded(Vec<u8>),
    /// Its module was removed.
    Uninstalled,
    /// A snapshot was loaded.
    Restored {
        /// Which.
        snapshot: SnapshotId,
        /// Whose, if it is another canister's.
        from: Option<CanisterId>,
    },
    /// Others control it since.
    ControllersChanged(Vec<Principal>),
    /// Other settings were changed.
    SettingsChanged,
}

impl Happening {
    /// Whether both are of one kind, whatever they are about.
    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether the network records such a change.
    fn is_recorded(&self) -> bool {
        !matches!(self, Self::SettingsChanged)
    }
}

#[derive(CandidType)]
struct Question {
    canister_id: Principal,
    num_requested_changes: Option<u64>,
}

#[derive(CandidType, Deserialize)]
struct Answer {
    recent_changes: Vec<Change>,
}

#[derive(CandidType, Deserialize)]
struct Change {
    timestamp_nanos: u64,
    origin: Origin,
    details: Option<Details>,
}

#[derive(CandidType, Deserialize)]
enum Origin {
    #[serde(rename = "from_user")]
    User { user_id: Principal },
    #[serde(rename = "from_canister")]
    Canister { canister_id: Principal },
}

#[derive(CandidType, Deserialize)]
enum Mode {
    #[serde(rename = "install")]
    Install,
    #[serde(rename = "reinstall")]
    Reinstall,
    #[serde(rename = "upgrade")]
    Upgrade,
}

#[derive(CandidType, Deserialize)]
enum Details {
    #[serde(rename = "creation")]
    Creation(Reserved),
    #[serde(rename = "code_uninstall")]
    CodeUninstall,
    #[serde(rename = "code_deployment")]
    CodeDeployment {
        mode: Mode,
        #[serde(with = "serde_bytes")]
        module_hash: Vec<u8>,
    },
    #[serde(rename = "load_snapshot")]
    LoadSnapshot {
        from_canister_id: Option<Principal>,
        #[serde(with = "serde_bytes")]
        snapshot_id: Vec<u8>,
    },
    #[serde(rename = "controllers_change")]
    ControllersChange { controllers: Vec<Principal> },
}

impl Change {
    /// None for a kind of change that is not known here: a newer network may record more.
    fn read(self) -> Option<PastChange> {
        let what = match self.details? {
            Details::Creation(_) => Happening::Created,
            Details::CodeUninstall => Happening::Uninstalled,
            Details::CodeDeployment { mode, module_hash } => match mode {
                Mode::Install => Happening::Installed(module_hash),
                Mode::Reinstall => Happening::Reinstalled(module_hash),
                Mode::Upgrade => Happening::Upgraded(module_hash),
            },
            Details::LoadSnapshot {
                from_canister_id,
                snapshot_id,
            } => Happening::Restored {
                snapshot: snapshot_id.into(),
                from: from_canister_id.map(CanisterId::from),
            },
            Details::ControllersChange { controllers } => {
                Happening::ControllersChanged(controllers)
            }
        };
        let who = match self.origin {
            Origin::User { user_id } => user_id,
            Origin::Canister { canister_id } => canister_id,
        };
        Some(PastChange {
            at: self.timestamp_nanos / 1_000_000,
            what,
            who: Some(who),
            job: None,
        })
    }
}

/// The changes that the network recorded, as its historian tells them; none where there is no historian, or it does not answer.
pub(super) async fn history(
    connection: &Connection,
    canister: CanisterId,
) -> Option<Vec<PastChange>> {
    let historian = connection.endpoint.historian?;
    let asked: Result<(Answer,)> = async {
        let question = Question {
            canister_id: canister.principal(),
            num_requested_changes: Some(CHANGES),
        };
        let arguments = candid::encode_one(question).map_err(|error| {
            crate::Error::new(crate::Code::Bug, "asking for a history").because(error)
        })?;
        let call: Call<(Answer,)> = Call::to(historian, "canister_info", arguments);
        connection.replica.perform(&call).await
    }
    .await;
    match asked {
        Ok((answer,)) => Some(
            answer
                .recent_changes
                .into_iter()
                .filter_map(Change::read)
                .collect(),
        ),
        Err(error) => {
            tracing::warn!(error = error.chain(), "the historian did not answer");
            None
        }
    }
}

/// What was done from here, by the steps of our jobs.
fn done(jobs: &[Job], network: Fingerprint, canister: CanisterId) -> Vec<PastChange> {
    let mut done = vec![];
    for job in jobs.iter().filter(|job| job.is_about(network, canister)) {
        for (step, state) in job.deed.plan.steps.iter().zip(&job.steps) {
            if step.verb().canister() != canister || !matches!(state.progress, Progress::Done(_)) {
                continue;
            }
            let what = match step {
                Step::InstallCode(step) => installed(&step.0),
                Step::UpgradeCode(step) => installed(&step.install),
                Step::Uninstall(_) => Happening::Uninstalled,
                Step::LoadSnapshot(step) => match loaded(job, &step.snapshot) {
                    Some(snapshot) => Happening::Restored {
                        snapshot,
                        from: None,
                    },
                    None => continue,
                },
                Step::ChangeSettings(step) => match &step.change.controllers {
                    Some(controllers) => Happening::ControllersChanged(controllers.clone()),
                    None => Happening::SettingsChanged,
                },
                _ => continue,
            };
            let ended = state.ended_at.unwrap_or(job.changed_at);
            done.push(PastChange {
                // The network's clock where it vouches for the step, ours otherwise.
                at: state.proven_at.unwrap_or_else(|| milliseconds(ended)),
                what,
                who: Some(job.deed.caller),
                job: Some(job.id),
            });
        }
    }
    done
}

fn installed(wish: &InstallModule) -> Happening {
    let module = wish.module.as_bytes().to_vec();
    match wish.mode {
        InstallMode::Install => Happening::Installed(module),
        InstallMode::Reinstall => Happening::Reinstalled(module),
        InstallMode::Upgrade { .. } => Happening::Upgraded(module),
    }
}

/// The snapshot that a step of a job loads: one that there was, or one that an earlier step made.
pub(super) fn loaded(job: &Job, which: &Which) -> Option<SnapshotId> {
    match which {
        Which::Snapshot(snapshot) => Some(snapshot.clone()),
        Which::Made { made } => {
            let output = job.steps.get(*made)?.output.as_ref()?;
            output["snapshot"].as_str()?.parse().ok()
        }
    }
}

/// Everything that happened, the newest first.
pub(super) fn changes(
    history: Option<Vec<PastChange>>,
    jobs: &[Job],
    place: Place,
) -> Vec<PastChange> {
    join(history, done(jobs, place.network, place.canister))
}

/// Joins what the network recorded with what we did: what is in both is one.
fn join(history: Option<Vec<PastChange>>, mut ours: Vec<PastChange>) -> Vec<PastChange> {
    let mut all = history.unwrap_or_default();
    // Before its oldest entry a history knows nothing: it holds so many and no more.
    let knows_since = all.iter().map(|change| change.at).min();
    for change in &mut all {
        let fits = |own: &PastChange| {
            own.what.is_like(&change.what)
                && own.who == change.who
                && own.at.saturating_add(1_000) >= change.at
                && own.at.saturating_sub(change.at) <= FARTHEST
        };
        // The next one after it: two of a kind in a row keep their order.
        let nearest = (0..ours.len())
            .filter(|at| fits(&ours[*at]))
            .min_by_key(|at| ours[*at].at);
        if let Some(at) = nearest {
            change.job = ours.swap_remove(at).job;
        }
    }
    all.extend(
        ours.into_iter().filter(|own| {
            !own.what.is_recorded() || knows_since.is_none_or(|since| own.at < since)
        }),
    );
    all.sort_by_key(|change| std::cmp::Reverse(change.at));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Principal = Principal::from_slice(&[1]);
    const OTHER: Principal = Principal::from_slice(&[2]);

    fn change(at: u64, what: Happening, who: Principal, job: Option<u64>) -> PastChange {
        PastChange {
            at,
            what,
            who: Some(who),
            job: job.map(JobId),
        }
    }

    #[test]
    fn what_the_network_recorded_and_we_did_is_one() {
        let upgraded = || Happening::Upgraded(vec![7]);
        let history = vec![
            change(10_000, Happening::Installed(vec![6]), OTHER, None),
            change(60_000, upgraded(), ME, None),
            change(90_000, upgraded(), ME, None),
            change(95_000, upgraded(), OTHER, None),
        ];
        let ours = vec![
            change(91_000, upgraded(), ME, Some(4)),
            change(61_000, upgraded(), ME, Some(3)),
            change(62_000, Happening::SettingsChanged, ME, Some(5)),
            change(5_000, Happening::Uninstalled, ME, Some(2)),
        ];
        let joined = join(Some(history), ours);
        let told: Vec<_> = joined
            .iter()
            .map(|change| (change.at, change.job.map(|job| job.0)))
            .collect();
        assert_eq!(
            told,
            [
                (95_000, None),
                (90_000, Some(4)),
                (62_000, Some(5)),
                (60_000, Some(3)),
                (10_000, None),
                (5_000, Some(2)),
            ],
            "newest first, each act once, settings and what is older than the history from the journal"
        );
    }

    #[test]
    fn without_a_history_what_we_did_is_what_is_known() {
        let ours = vec![change(5, Happening::Uninstalled, ME, Some(2))];
        assert_eq!(join(None, ours.clone()), ours);
    }
}
