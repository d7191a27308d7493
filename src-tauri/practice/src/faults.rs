//! Faults on purpose: what a network does on a bad day, done when a test says so.
//!
//! A script is a list of [`Fault`]s. The first one that fits a request strikes and is used up by it. Requests are told
//! apart by their kind and the method that they call: `Call` with `read_canister_snapshot_data` and `after: 3` strikes the
//! fourth slice of a download, `upload_canister_snapshot_data` the pieces of an upload, `take_canister_snapshot` the taking.
//! Nothing here is active unless a script was given, as data ([`crate::Network::break_it`]) or through the control endpoint.

use crate::errors::Reject;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Which requests a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Update calls.
    Call,
    /// Queries.
    Query,
    /// Reads of the certified state; polling for an outcome is one.
    ReadState,
}

/// A fault, and when it strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The kind of request; all kinds without it.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// The method that is called; all methods without it. Reads of the state have none.
    #[serde(default)]
    pub method: Option<String>,
    /// So many fitting requests pass unharmed first.
    #[serde(default)]
    pub after: u32,
    /// So many are struck then.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens.
    pub effect: Effect,
}

fn once() -> u32 {
    1
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// It happens, but the connection breaks before the answer.
    LoseReply,
    /// The connection breaks, and nothing happens.
    Cut,
    /// A call is rejected in a block instead of executed.
    RejectCertified(Refusal),
    /// It is rejected without a certificate.
    RejectUncertified(Refusal),
    /// It waits so many milliseconds before anything happens.
    Delay {
        /// How long.
        milliseconds: u64,
    },
    /// The HTTP layer answers with this status, for instance 429 or 503.
    Status {
        /// The status.
        code: u16,
    },
    /// The answer's signature is not the network's.
    WrongSignature,
    /// The certificate is so many seconds old.
    StaleCertificate {
        /// How old.
        seconds: u64,
    },
    /// The network panics over the call: it is rejected for that, and everything else goes on. Calls only.
    Panic,
    /// No blocks are made any more, until the network is thawed; the request itself is taken in.
    Freeze,
    /// The network is gone at once, and nothing is saved.
    Crash,
}

/// A rejection as a script says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The number of the error code, for instance 210; its hundreds are the reject code.
    pub error: u16,
    /// The message.
    pub message: String,
}

impl From<Refusal> for Reject {
    fn from(refusal: Refusal) -> Self {
        Self::numbered(refusal.error, refusal.message)
    }
}

/// The faults that are still to strike.
#[derive(Debug, Default)]
pub struct Script(Mutex<Vec<Fault>>);

impl Script {
    fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds faults, after those that are there.
    pub fn extend(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults().extend(faults);
    }

    /// Forgets all faults.
    pub fn clear(&self) {
        self.faults().clear();
    }

    /// What is still to strike.
    pub fn remaining(&self) -> Vec<Fault> {
        self.faults().clone()
    }

    /// What strikes this request.
    pub fn strike(&self, kind: Kind, method: Option<&str>) -> Option<Effect> {
        let mut faults = self.faults();
        let fits = |fault: &Fault| {
            fault.kind.is_none_or(|wanted| wanted == kind)
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| method == Some(wanted))
        };
        let position = faults.iter().position(fits)?;
        let fault = &mut faults[position];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let effect = fault.effect.clone();
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            faults.remove(position);
        }
        Some(effect)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_fault_strikes_what_it_names_and_as_often_as_it_says() {
        let script = Script::default();
        let text = r#"[{"kind":"call","method":"stop_canister","after":1,"times":2,"effect":"lose_reply"},
                       {"effect":{"status":{"code":503}}}]"#;
        script.extend(serde_json::from_str::<Vec<Fault>>(text).unwrap());
        let stop = || script.strike(Kind::Call, Some("stop_canister"));
        assert_eq!(stop(), None, "the first one passes");
        assert_eq!(stop(), Some(Effect::LoseReply), "the second is struck");
        assert_eq!(
            script.strike(Kind::Query, Some("stop_canister")),
            Some(Effect::Status { code: 503 }),
            "the other fault fits all"
        );
        assert_eq!(stop(), Some(Effect::LoseReply), "and the third");
        assert_eq!(stop(), None, "then it is used up");
        assert!(script.remaining().is_empty(), "as is the script");
    }
}
