//! Networks that matter open for reading only, and a person unlocks them for a while.
//!
//! Mainnet is such a network, and so is every network that a person entered and marked as one. While it is locked no job begins there
//! and no update is called, whoever asks: the rule stands here, before anything is planned or signed, and not in a button. What is
//! under way goes on, for a canister that stands still in the middle is worse than one that is changed.
//!
//! It locks again by itself: after the time that was asked for, when the computer slept, when another network is chosen, and with
//! the end of the process. Nothing of it is written down.

use crate::{CanisterId, Code, Engine, Error, NetworkId, Op, Result, ops::Target};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// How long a single canister stays unlocked: long enough for a careful restore, and no longer than an afternoon's meeting.
const ONE_CANISTER: Duration = Duration::from_secs(60 * 60);

/// The longest that a whole network is unlocked.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How far the two clocks may part before the computer counts as having slept. A clock that is set right moves by seconds.
const SLEPT: Duration = Duration::from_secs(60);

/// A moment by both clocks: the one that people read, and the one that stands still while the computer sleeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    wall: SystemTime,
    steady: Instant,
}

impl Moment {
    fn now() -> Self {
        Self {
            wall: SystemTime::now(),
            steady: Instant::now(),
        }
    }

    /// Whether the computer slept since then, or its clock was moved far: either way nobody has been watching.
    fn has_slept_since(self, before: Self) -> bool {
        let steady = self.steady.saturating_duration_since(before.steady);
        match self.wall.duration_since(before.wall) {
            Ok(wall) => wall > steady + SLEPT,
            Err(backwards) => backwards.duration() > SLEPT,
        }
    }
}

/// What is unlocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One canister of the network in use.
    Canister(CanisterId),
    /// All of it, for so many minutes.
    Minutes(u32),
}

/// Whether the network in use may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It is a network on which nothing is locked.
    Open,
    /// It is locked, but for these canisters.
    ReadOnly(Vec<CanisterId>),
    /// All of it is unlocked until then.
    Until(SystemTime),
}

/// What is unlocked right now.
#[derive(Debug, Default)]
struct Unlocked {
    /// Where; none while nothing is.
    network: Option<NetworkId>,
    since: Option<Moment>,
    until: Option<(SystemTime, Instant)>,
    canisters: BTreeMap<CanisterId, Instant>,
}

/// The locks, in force.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<Unlocked>);

impl Locks {
    /// What is unlocked on a network, after whatever has run out is gone.
    fn on(&self, network: &NetworkId, now: Moment) -> MutexGuard<'_, Unlocked> {
        let mut unlocked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let has_slept = unlocked
            .since
            .is_some_and(|since| now.has_slept_since(since));
        if unlocked.network.as_ref() != Some(network) || has_slept {
            *unlocked = Unlocked::default();
        }
        unlocked.until = unlocked.until.filter(|(_, until)| *until > now.steady);
        unlocked.canisters.retain(|_, until| *until > now.steady);
        unlocked
    }

    fn unlock(&self, network: &NetworkId, scope: Scope, now: Moment) {
        let mut unlocked = self.on(network, now);
        unlocked.network = Some(network.clone());
        unlocked.since = Some(now);
        match scope {
            Scope::Canister(canister) => {
                unlocked
                    .canisters
                    .insert(canister, now.steady + ONE_CANISTER);
            }
            Scope::Minutes(minutes) => {
                let length = Duration::from_secs(u64::from(minutes) * 60).min(LONGEST);
                unlocked.until = Some((now.wall + length, now.steady + length));
            }
        }
    }

    /// Locks everything.
    pub(crate) fn lock(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Unlocked::default();
    }

    fn access(&self, network: &NetworkId, now: Moment) -> Access {
        let unlocked = self.on(network, now);
        match unlocked.until {
            Some((until, _)) => Access::Until(until),
            None => Access::ReadOnly(unlocked.canisters.keys().copied().collect()),
        }
    }
}

/// Whether an operation only reads: what it does, it does on this computer.
fn only_reads(op: &Op) -> bool {
    matches!(op, Op::DownloadSnapshot(_) | Op::RepairCopy(_))
}

impl Engine {
    /// Whether a network is one that opens for reading only.
    pub fn is_guarded(&self, network: &NetworkId) -> bool {
        match network {
            NetworkId::Mainnet => true,
            NetworkId::Custom(number) => self.settings().guarded.contains(number),
            NetworkId::Practice | NetworkId::Local(_) => false,
        }
    }

    /// Says whether a network that a person entered opens for reading only. Mainnet always does, and one on this computer never.
    pub fn guard_network(&self, network: &NetworkId, is_guarded: bool) -> Result<()> {
        let number = match network {
            NetworkId::Custom(number) if self.networks.has(network) => *number,
            _ => {
                let error = Error::new(Code::NetworkUnknown, "marking a network");
                return Err(error.with("network", network));
            }
        };
        self.change_settings(|settings| {
            if is_guarded {
                settings.guarded.insert(number);
            } else {
                settings.guarded.remove(&number);
            }
        })?;
        self.locks.lock();
        Ok(())
    }

    /// Whether the network in use may be changed now.
    pub fn access(&self) -> Access {
        let network = self.settings().network;
        if self.is_guarded(&network) {
            self.locks.access(&network, Moment::now())
        } else {
            Access::Open
        }
    }

    /// Lets the network in use be changed for a while.
    pub fn unlock(&self, scope: Scope) {
        self.locks
            .unlock(&self.settings().network, scope, Moment::now());
    }

    /// Locks the network in use again.
    pub fn lock_network(&self) {
        self.locks.lock();
    }

    /// Refuses a job that would change what is locked. What makes a canister needs the whole network.
    pub(crate) fn may_run(&self, network: &NetworkId, op: &Op, targets: &[Target]) -> Result<()> {
        if only_reads(op) {
            return Ok(());
        }
        let canisters: Vec<_> = targets.iter().map(|target| target.id).collect();
        self.may_change(network, &canisters)
            .map_err(|error| match targets.first() {
                Some(target) => error.with("canister", target.id).with("name", &target.name),
                None => error,
            })
    }

    /// Refuses a change of canisters of which one is locked.
    pub(crate) fn may_change(&self, network: &NetworkId, canisters: &[CanisterId]) -> Result<()> {
        if !self.is_guarded(network) {
            return Ok(());
        }
        let is_unlocked = match self.locks.access(network, Moment::now()) {
            Access::Open | Access::Until(_) => true,
            Access::ReadOnly(unlocked) => {
                !canisters.is_empty()
                    && canisters.iter().all(|canister| unlocked.contains(canister))
            }
        };
        if is_unlocked {
            return Ok(());
        }
        Err(
            Error::new(Code::ReadOnly, "looking whether it may be changed")
                .with("network", network),
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn canister() -> CanisterId {
        "um5iw-rqaaa-aaaaq-qaaba-cai".parse().unwrap()
    }

    fn later(now: Moment, by: Duration) -> Moment {
        Moment {
            wall: now.wall + by,
            steady: now.steady + by,
        }
    }

    #[test]
    fn what_is_unlocked_locks_again_by_itself() {
        let (locks, now) = (Locks::default(), Moment::now());
        let mainnet = NetworkId::Mainnet;
        assert_eq!(locks.access(&mainnet, now), Access::ReadOnly(vec![]));
        locks.unlock(&mainnet, Scope::Minutes(15), now);
        assert_eq!(
            locks.access(&mainnet, later(now, 14 * MINUTE)),
            Access::Until(now.wall + 15 * MINUTE)
        );
        assert_eq!(
            locks.access(&mainnet, later(now, 15 * MINUTE)),
            Access::ReadOnly(vec![])
        );
        locks.unlock(&mainnet, Scope::Canister(canister()), now);
        assert_eq!(
            locks.access(&mainnet, later(now, 15 * MINUTE)),
            Access::ReadOnly(vec![canister()])
        );
        assert_eq!(
            locks.access(&mainnet, later(now, ONE_CANISTER)),
            Access::ReadOnly(vec![])
        );
    }

    #[test]
    fn nobody_unlocks_for_longer_than_an_hour() {
        let (locks, now) = (Locks::default(), Moment::now());
        locks.unlock(&NetworkId::Mainnet, Scope::Minutes(u32::MAX), now);
        assert_eq!(
            locks.access(&NetworkId::Mainnet, now),
            Access::Until(now.wall + LONGEST)
        );
    }

    #[test]
    fn a_computer_that_slept_or_another_network_locks() {
        let (locks, now) = (Locks::default(), Moment::now());
        let mainnet = NetworkId::Mainnet;
        locks.unlock(&mainnet, Scope::Minutes(15), now);
        let woken = Moment {
            wall: now.wall + 5 * MINUTE,
            steady: now.steady + MINUTE,
        };
        assert_eq!(
            locks.access(&mainnet, woken),
            Access::ReadOnly(vec![]),
            "four minutes are missing from the clock that stands still in sleep"
        );
        locks.unlock(&mainnet, Scope::Minutes(15), now);
        assert_eq!(
            locks.access(&NetworkId::Custom(1), now),
            Access::ReadOnly(vec![])
        );
        assert_eq!(
            locks.access(&mainnet, now),
            Access::ReadOnly(vec![]),
            "coming back does not unlock"
        );
    }
}
