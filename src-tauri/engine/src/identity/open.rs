//! The keys that are open right now.
//!
//! A connection signs for as long as the app runs, so it must not own a key: it holds a [`Handle`], which looks for the key among
//! the open ones each time it signs. Locking takes the key out and wipes it, whoever holds a handle.
//!
//! A key is locked by hand, or when nobody signed a change with it for a time. Questions do not count: the board asks them by
//! itself, all day long. A key on [`Hold`] is spared until the hold is dropped: a job that stopped a canister must be able to
//! start it again.

use candid::Principal;
use ic_agent::{Identity as Signer, Signature, agent::EnvelopeContent};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::time::Instant;

/// The keys that are open, and those that somebody has to unlock before they are.
#[derive(Default)]
pub(super) struct OpenKeys(Mutex<State>);

#[derive(Default)]
struct State {
    keys: HashMap<Principal, OpenKey>,
    locked: BTreeSet<Principal>,
    /// None while keys stay open until they are locked by hand.
    lock_after: Option<Duration>,
}

struct OpenKey {
    signer: Box<dyn Signer>,
    used_at: Instant,
    holds: usize,
    lock_when_released: bool,
}

impl State {
    fn lock(&mut self, principal: Principal) {
        match self.keys.get_mut(&principal) {
            Some(key) if key.holds > 0 => key.lock_when_released = true,
            _ => {
                self.keys.remove(&principal);
                self.locked.insert(principal);
            }
        }
    }
}

impl OpenKeys {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_open(&self, principal: Principal) -> bool {
        self.state().keys.contains_key(&principal)
    }

    /// Whether somebody has to unlock it; a key that was never needed yet is neither open nor locked.
    pub(super) fn is_locked(&self, principal: Principal) -> bool {
        self.state().locked.contains(&principal)
    }

    /// Takes a key in.
    pub(super) fn open(&self, principal: Principal, signer: Box<dyn Signer>, now: Instant) {
        let mut state = self.state();
        state.locked.remove(&principal);
        state.keys.entry(principal).or_insert(OpenKey {
            signer,
            used_at: now,
            holds: 0,
            lock_when_released: false,
        });
    }

    /// Locks every key in `principals`, those on hold as soon as they are released. Answers which are on hold.
    pub(super) fn lock(&self, principals: impl IntoIterator<Item = Principal>) -> Vec<Principal> {
        let mut state = self.state();
        let mut held = vec![];
        for principal in principals {
            state.lock(principal);
            if state.keys.contains_key(&principal) {
                held.push(principal);
            }
        }
        held
    }

    /// Whether no key is open.
    pub(super) fn is_idle(&self) -> bool {
        self.state().keys.is_empty()
    }

    /// A key that is gone for good.
    pub(super) fn forget(&self, principal: Principal) {
        let mut state = self.state();
        state.keys.remove(&principal);
        state.locked.remove(&principal);
    }

    pub(super) fn lock_after(&self, time: Option<Duration>) {
        self.state().lock_after = time;
    }

    /// Locks what nobody used for long enough, and tells when to look again; never while keys stay open, or none is.
    pub(super) fn lock_idle(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        let time = state.lock_after?;
        let idle: Vec<Principal> = state
            .keys
            .iter()
            .filter(|(_, key)| key.holds == 0 && key.used_at + time <= now)
            .map(|(principal, _)| *principal)
            .collect();
        for principal in idle {
            state.lock(principal);
        }
        state
            .keys
            .values()
            // One on hold counts from its release; until then there is nothing to do before a whole time has gone by.
            .map(|key| if key.holds > 0 { now } else { key.used_at })
            .min()
            .map(|used_at| used_at + time)
    }

    /// Keeps a key from being locked.
    pub(super) fn hold(self: &Arc<Self>, principal: Principal) -> Hold {
        if let Some(key) = self.state().keys.get_mut(&principal) {
            key.holds += 1;
            return Hold(Some((Arc::downgrade(self), principal)));
        }
        Hold(None)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some((keys, principal)) = self.0.take() else {
            return;
        };
        let Some(keys) = keys.upgrade() else { return };
        let mut state = keys.state();
        let Some(key) = state.keys.get_mut(&principal) else {
            return;
        };
        key.holds = key.holds.saturating_sub(1);
        if key.holds == 0 && key.lock_when_released {
            state.lock(principal);
        }
    }
}

/// Keeps a key open while a job needs it, against every lock: it is locked when the last hold is dropped.
pub struct Hold(Option<(Weak<OpenKeys>, Principal)>);

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Hold({:?})",
            self.0.as_ref().map(|(_, principal)| principal.to_text())
        )
    }
}

/// Signs with a key for as long as it is open.
pub(super) struct Handle {
    pub(super) principal: Principal,
    pub(super) public_key: Vec<u8>,
    pub(super) keys: Arc<OpenKeys>,
}

impl Signer for Handle {
    fn sender(&self) -> Result<Principal, String> {
        Ok(self.principal)
    }

    fn public_key(&self) -> Option<Vec<u8>> {
        Some(self.public_key.clone())
    }

    fn sign(&self, content: &EnvelopeContent) -> Result<Signature, String> {
        let mut state = self.keys.state();
        let key = state
            .keys
            .get_mut(&self.principal)
            .ok_or("the key is locked")?;
        if matches!(content, EnvelopeContent::Call { .. }) {
            key.used_at = Instant::now();
        }
        key.signer.sign(content)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ic_agent::identity::BasicIdentity;

    const MINUTE: Duration = Duration::from_secs(60);

    fn opened() -> (Arc<OpenKeys>, Handle, Instant) {
        let keys = Arc::new(OpenKeys::default());
        let signer = BasicIdentity::from_raw_key(&[7; 32]);
        let (principal, public_key) = (signer.sender().unwrap(), signer.public_key().unwrap());
        let now = Instant::now();
        keys.open(principal, Box::new(signer), now);
        keys.lock_after(Some(10 * MINUTE));
        let handle = Handle {
            principal,
            public_key,
            keys: keys.clone(),
        };
        (keys, handle, now)
    }

    fn question() -> EnvelopeContent {
        EnvelopeContent::ReadState {
            ingress_expiry: 1,
            sender: Principal::anonymous(),
            paths: vec![],
        }
    }

    fn change() -> EnvelopeContent {
        EnvelopeContent::Call {
            nonce: None,
            ingress_expiry: 1,
            sender: Principal::anonymous(),
            canister_id: Principal::management_canister(),
            method_name: "stop_canister".to_owned(),
            arg: vec![],
            sender_info: None,
        }
    }

    #[test]
    fn a_locked_key_signs_nothing_whoever_holds_a_handle() {
        let (keys, handle, now) = opened();
        handle.sign(&question()).unwrap();
        assert!(keys.lock([handle.principal]).is_empty(), "no job needs it");
        assert_eq!(handle.sign(&question()).unwrap_err(), "the key is locked");
        assert!(keys.is_locked(handle.principal));

        keys.open(
            handle.principal,
            Box::new(BasicIdentity::from_raw_key(&[7; 32])),
            now,
        );
        handle
            .sign(&question())
            .expect("the same handle signs again once the key is open");
    }

    #[test]
    fn a_key_that_nobody_used_is_locked_after_the_time() {
        let (keys, handle, now) = opened();
        assert_eq!(
            keys.lock_idle(now + 9 * MINUTE),
            Some(now + 10 * MINUTE),
            "it tells when to look again"
        );
        assert!(keys.is_open(handle.principal));
        assert_eq!(keys.lock_idle(now + 10 * MINUTE), None, "none is open now");
        assert!(keys.is_locked(handle.principal));
    }

    #[test]
    fn changes_keep_a_key_open_and_questions_do_not() {
        let (keys, handle, opened_at) = opened();
        handle.sign(&question()).unwrap();
        assert_eq!(
            keys.lock_idle(opened_at),
            Some(opened_at + 10 * MINUTE),
            "the board's questions do not count"
        );
        handle.sign(&change()).unwrap();
        assert!(
            keys.lock_idle(opened_at).unwrap() > opened_at + 10 * MINUTE,
            "a change does"
        );
    }

    #[test]
    fn a_key_on_hold_is_locked_when_it_is_released() {
        let (keys, handle, now) = opened();
        let (job, other) = (keys.hold(handle.principal), keys.hold(handle.principal));
        assert!(keys.lock_idle(now + 60 * MINUTE).is_some());
        assert!(
            keys.is_open(handle.principal),
            "a job must be able to end what it began"
        );
        assert_eq!(
            keys.lock([handle.principal]),
            [handle.principal],
            "it is told that the lock has to wait"
        );
        drop(job);
        handle
            .sign(&change())
            .expect("the other job still needs it");
        drop(other);
        assert!(keys.is_locked(handle.principal), "the last hold is gone");
    }

    #[test]
    fn keys_stay_open_where_a_person_wants_it() {
        let (keys, handle, now) = opened();
        keys.lock_after(None);
        assert_eq!(keys.lock_idle(now + 10_000 * MINUTE), None);
        assert!(keys.is_open(handle.principal));
    }
}
