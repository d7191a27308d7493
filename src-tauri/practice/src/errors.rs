//! How the network says no.
//!
//! Tools branch on the reject code and on the `IC…` error code, and show the message; so codes and
//! the beginnings of messages are those of a real replica. What executing code can do wrong is in `execute/trap.rs`. The reject code is the first digit of the
//! error code and therefore never written down twice.

use std::fmt;

/// The error codes that this network gives, with the replica's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum ErrorCode {
    /// The subnet has no room for more.
    SubnetOversubscribed = 101,
    /// A stop request waited too long.
    StopCanisterRequestTimeout = 206,
    /// The canister cannot pay, or is frozen.
    CanisterOutOfCycles = 207,
    /// Too much memory was written since the last rounds.
    HeapDeltaRateLimited = 210,
    /// No such canister.
    CanisterNotFound = 301,
    /// No such snapshot.
    SnapshotNotFound = 305,
    /// The canister id asked for cannot be given.
    CanisterInvalidId = 405,
    /// The canister, or the management canister, said no.
    Rejected = 406,
    /// An argument does not fit.
    InvalidArgument = 408,
    /// The snapshot was not made by upload, or was loaded already.
    SnapshotImmutable = 409,
    /// The module does not fulfil the contract of a canister.
    InvalidWasm = 505,
    /// The code did what the specification forbids.
    ContractViolation = 504,
    /// The call ended without an answer.
    DidNotReply = 506,
    /// The canister is stopped.
    Stopped = 508,
    /// The canister is stopping.
    Stopping = 509,
    /// The canister should have been stopped first.
    NotStopped = 510,
    /// A stop request was overtaken by a start.
    StoppingCancelled = 511,
    /// The caller does not control the canister.
    InvalidController = 512,
    /// The canister has code already.
    NonEmpty = 514,
    /// Growing would freeze the canister.
    InsufficientCyclesForMemory = 532,
    /// The network could not execute the code, and the code is not to blame.
    EngineFailure = 521,
    /// Composite queries ask too many others.
    QueryCallGraphTooLarge = 524,
    /// A composite query was called as an update.
    CompositeQueryInReplicatedMode = 527,
    /// The canister has no such method.
    MethodNotFound = 536,
    /// The canister has no code.
    WasmModuleNotFound = 537,
    /// The reserved cycles are already more than the new limit.
    ReservedLimitTooLow = 540,
}

/// Most bytes of a reject message; what is longer ends in an ellipsis, as on a replica.
const LONGEST_MESSAGE: usize = 8 * 1024;

/// A rejection, certified or not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reject {
    /// The class of the rejection, 1 to 6.
    pub code: u8,
    /// The finer code, where the network (and not a canister's own reject) made it.
    pub error: String,
    /// What the tools show.
    pub message: String,
}

impl Reject {
    /// A rejection by the network.
    pub fn new(error: ErrorCode, message: impl Into<String>) -> Self {
        Self::numbered(error as u16, message)
    }

    /// A rejection whose error code is known by its number, as execution gives it.
    pub fn numbered(error: u16, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > LONGEST_MESSAGE {
            let mut end = LONGEST_MESSAGE - 3;
            while !message.is_char_boundary(end) {
                end -= 1;
            }
            message.truncate(end);
            message.push_str("...");
        }
        Self {
            code: (error / 100) as u8,
            error: format!("IC{error:04}"),
            message,
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_the_first_digit() {
        let reject = Reject::new(ErrorCode::SnapshotNotFound, "gone");
        assert_eq!(
            (reject.code, reject.error.as_str()),
            (3, "IC0305"),
            "tools branch on both"
        );
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let reject = Reject::new(ErrorCode::Rejected, "ä".repeat(LONGEST_MESSAGE));
        assert!(
            reject.message.len() <= LONGEST_MESSAGE,
            "the limit holds in bytes"
        );
        assert!(
            reject.message.ends_with("ä..."),
            "no character is cut in two"
        );
    }
}
