//! What may be done with a canister, and why not.
//!
//! One table, asked before an act, so that a button can be shown disabled with its reason instead of failing afterwards. Rights come
//! before state: whoever has no rights learns nothing about the state from the answer.

use super::{Reading, RunState, Status};
use candid::Principal;

/// Something that can be done with a canister.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Call its methods.
    Call,
    /// Change its settings.
    ChangeSettings,
    /// Delete it for ever.
    Delete,
    /// Delete one of its snapshots.
    DeleteSnapshot,
    /// Install a module in an empty canister.
    Install,
    /// List and read its snapshots.
    ReadSnapshots,
    /// Read its log.
    ReadLog,
    /// Replace its module and forget its memory.
    Reinstall,
    /// Load one of its snapshots.
    RestoreSnapshot,
    /// Let it take calls again.
    Start,
    /// Let it take no more calls.
    Stop,
    /// Take a snapshot.
    TakeSnapshot,
    /// Give it cycles.
    TopUp,
    /// Remove its module and forget its memory.
    Uninstall,
    /// Replace its module and keep its stable memory.
    Upgrade,
    /// Put a copy from this computer among its snapshots.
    UploadSnapshot,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 16] = [
        Self::Call,
        Self::ChangeSettings,
        Self::Delete,
        Self::DeleteSnapshot,
        Self::Install,
        Self::ReadSnapshots,
        Self::ReadLog,
        Self::Reinstall,
        Self::RestoreSnapshot,
        Self::Start,
        Self::Stop,
        Self::TakeSnapshot,
        Self::TopUp,
        Self::Uninstall,
        Self::Upgrade,
        Self::UploadSnapshot,
    ];
}

/// Why something cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It has a module already.
    AlreadyInstalled,
    /// It is running already.
    AlreadyRunning,
    /// It is stopping already and waits for open calls.
    AlreadyStopping,
    /// It is stopped already.
    AlreadyStopped,
    /// It holds too few cycles to do anything.
    Frozen,
    /// It has no module.
    NothingInstalled,
    /// It has no snapshot.
    NoSnapshot,
    /// The identity in use is not one of its controllers.
    NotController,
    /// Its state could not be read, so nothing can be said.
    NotRead,
    /// It does not run, so it answers nobody.
    NotRunning,
    /// It must be stopped first.
    NotStopped,
    /// It does not tell this identity whether it may look.
    NotTold,
    /// The identity in use is none of those who may look.
    NotViewer,
}

/// Whether an action is possible on a canister that is known like this.
pub fn may(action: Action, reading: &Reading, caller: Principal) -> Result<(), Denial> {
    match reading {
        Reading::Failed(_) => Err(Denial::NotRead),
        Reading::Full(status) => judge(action, status, caller),
        Reading::Public(facts) => match action {
            // Anybody may give, and anybody may ask; whether it runs is not ours to see.
            Action::TopUp => Ok(()),
            Action::Call if facts.module_hash.is_some() => Ok(()),
            Action::Call => Err(Denial::NothingInstalled),
            Action::ReadLog | Action::ReadSnapshots => Err(Denial::NotTold),
            _ => Err(Denial::NotController),
        },
    }
}

fn judge(action: Action, status: &Status, caller: Principal) -> Result<(), Denial> {
    let controllers = &status.settings.controllers;
    let deny = |holds: bool, denial: Denial| if holds { Err(denial) } else { Ok(()) };
    match action {
        Action::Call | Action::TopUp => {}
        Action::ReadLog => {
            let visibility = &status.settings.log_visibility;
            deny(!visibility.admits(caller, controllers), Denial::NotViewer)?;
        }
        Action::ReadSnapshots => {
            let visibility = &status.settings.snapshot_visibility;
            deny(!visibility.admits(caller, controllers), Denial::NotViewer)?;
        }
        _ => deny(!controllers.contains(&caller), Denial::NotController)?,
    }
    let is_empty = status.module_hash.is_none();
    let has_no_snapshot = status.memory.snapshots == 0;
    match action {
        Action::ChangeSettings | Action::ReadLog | Action::TopUp => Ok(()),
        Action::Start => deny(
            status.run_state == RunState::Running,
            Denial::AlreadyRunning,
        ),
        Action::Stop => match status.run_state {
            RunState::Running => Ok(()),
            RunState::Stopping => Err(Denial::AlreadyStopping),
            RunState::Stopped => Err(Denial::AlreadyStopped),
        },
        Action::Delete => deny(status.run_state != RunState::Stopped, Denial::NotStopped),
        Action::Uninstall => deny(is_empty, Denial::NothingInstalled),
        Action::DeleteSnapshot | Action::ReadSnapshots => deny(has_no_snapshot, Denial::NoSnapshot),
        // What follows needs cycles above the reserve.
        Action::Install => {
            deny(!is_empty, Denial::AlreadyInstalled).and(deny(status.is_frozen(), Denial::Frozen))
        }
        Action::Upgrade | Action::Reinstall | Action::TakeSnapshot => {
            deny(is_empty, Denial::NothingInstalled).and(deny(status.is_frozen(), Denial::Frozen))
        }
        Action::RestoreSnapshot => {
            deny(has_no_snapshot, Denial::NoSnapshot).and(deny(status.is_frozen(), Denial::Frozen))
        }
        Action::UploadSnapshot => deny(status.is_frozen(), Denial::Frozen),
        Action::Call => deny(is_empty, Denial::NothingInstalled)
            .and(deny(
                status.run_state != RunState::Running,
                Denial::NotRunning,
            ))
            .and(deny(status.is_frozen(), Denial::Frozen)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Code, Error, PublicFacts,
        canister::{Viewers, status::tests::status},
    };

    const CONTROLLER: Principal = Principal::from_slice(&[1]);
    const STRANGER: Principal = Principal::from_slice(&[2]);

    fn full(status: Status) -> Reading {
        Reading::Full(Box::new(status))
    }

    /// What is denied to the controller, and why; all else is allowed.
    #[test]
    fn every_action_is_allowed_or_denied_with_its_reason() {
        use {Action::*, Denial::*, RunState::*};
        let with_snapshots = |mut status: Status| {
            status.memory.snapshots = 1;
            status
        };
        let empty = |mut status: Status| {
            status.module_hash = None;
            status
        };
        let frozen = |mut status: Status| {
            status.cycles = 1;
            status
        };
        let table = [
            (
                with_snapshots(status(Running)),
                vec![
                    (Delete, NotStopped),
                    (Install, AlreadyInstalled),
                    (Start, AlreadyRunning),
                ],
            ),
            (
                with_snapshots(status(Stopping)),
                vec![
                    (Call, NotRunning),
                    (Delete, NotStopped),
                    (Install, AlreadyInstalled),
                    (Stop, AlreadyStopping),
                ],
            ),
            (
                with_snapshots(status(Stopped)),
                vec![
                    (Call, NotRunning),
                    (Install, AlreadyInstalled),
                    (Stop, AlreadyStopped),
                ],
            ),
            (
                empty(status(Running)),
                vec![
                    (Call, NothingInstalled),
                    (Delete, NotStopped),
                    (DeleteSnapshot, NoSnapshot),
                    (ReadSnapshots, NoSnapshot),
                    (Reinstall, NothingInstalled),
                    (RestoreSnapshot, NoSnapshot),
                    (Start, AlreadyRunning),
                    (TakeSnapshot, NothingInstalled),
                    (Uninstall, NothingInstalled),
                    (Upgrade, NothingInstalled),
                ],
            ),
            (
                frozen(with_snapshots(status(Running))),
                vec![
                    (Call, Frozen),
                    (Delete, NotStopped),
                    (Install, AlreadyInstalled),
                    (Reinstall, Frozen),
                    (RestoreSnapshot, Frozen),
                    (Start, AlreadyRunning),
                    (TakeSnapshot, Frozen),
                    (Upgrade, Frozen),
                    (UploadSnapshot, Frozen),
                ],
            ),
        ];
        for (status, expected) in table {
            let described = format!("{status:?}");
            let reading = full(status);
            let denied: Vec<_> = Action::ALL
                .into_iter()
                .filter_map(|action| Some((action, may(action, &reading, CONTROLLER).err()?)))
                .collect();
            assert_eq!(denied, expected, "{described}");
        }
    }

    #[test]
    fn rights_come_before_state() {
        let open_to_all = [Action::Call, Action::TopUp];
        let to_viewers = [Action::ReadLog, Action::ReadSnapshots];
        let public = Reading::Public(PublicFacts {
            module_hash: Some(vec![7; 32]),
            controllers: vec![CONTROLLER],
            has_interface: None,
        });
        let failed = Reading::Failed(Error::new(Code::NoNetwork, "testing"));
        for action in Action::ALL {
            let expected = if open_to_all.contains(&action) {
                (Ok(()), Ok(()))
            } else if to_viewers.contains(&action) {
                (Err(Denial::NotViewer), Err(Denial::NotTold))
            } else {
                (Err(Denial::NotController), Err(Denial::NotController))
            };
            let found = (
                may(action, &full(status(RunState::Running)), STRANGER),
                may(action, &public, STRANGER),
            );
            assert_eq!(found, expected, "{action:?} by a stranger");
            assert_eq!(
                may(action, &failed, CONTROLLER),
                Err(Denial::NotRead),
                "nothing is offered blindly"
            );
        }
    }

    #[test]
    fn whoever_is_on_the_list_may_look() {
        let mut status = status(RunState::Running);
        status.settings.log_visibility = Viewers::Listed(vec![STRANGER]);
        let reading = full(status);
        assert_eq!(may(Action::ReadLog, &reading, STRANGER), Ok(()));
        assert_eq!(
            may(Action::ReadSnapshots, &reading, STRANGER),
            Err(Denial::NotViewer),
            "each list stands for itself"
        );
    }
}
