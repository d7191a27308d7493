//! What an agent's error means: whether the change happened, and what is said about it.
//!
//! The certainty follows from when it came (after a change was handed over, while its outcome is looked for, after a mere question), the
//! code from what the network said. Codes of the network decide and never its texts, but where one code has many reasons.

use crate::{
    Certainty, Code, Error,
    clock::{self, Skew},
};
use ic_agent::{
    AgentError,
    agent::{RejectCode, RejectResponse},
    agent_error::{HttpErrorPayload, TransportError},
};
use std::time::SystemTime;

/// What an agent's error means after a change was handed to it.
pub(super) fn change_failed(doing: &str, error: AgentError) -> Error {
    let certainty = match &error {
        AgentError::CertifiedReject { .. } => Certainty::Refused,
        AgentError::UncertifiedReject { .. } => Certainty::RefusedUnproven,
        // A 4xx is the endpoint's word that it did not take the message. A 5xx may come from a machine in between.
        AgentError::HttpError(answer) if (400..500).contains(&answer.status) => {
            Certainty::RefusedUnproven
        }
        AgentError::TransportError(TransportError::Reqwest(cause)) if cause.is_connect() => {
            Certainty::NothingSent
        }
        AgentError::SigningError(_) => Certainty::NothingSent,
        _ => Certainty::Unknown,
    };
    classify(doing, error).certainty(certainty)
}

/// What an agent's error means while the outcome of a sent change is looked for: only a certificate can end the doubt.
pub(super) fn follow_failed(doing: &str, error: AgentError) -> Error {
    let certainty = match &error {
        AgentError::CertifiedReject { .. } => Certainty::Refused,
        _ => Certainty::Unknown,
    };
    classify(doing, error).certainty(certainty)
}

/// What an agent's error means after a mere question.
pub(crate) fn read_failed(doing: &str, error: AgentError) -> Error {
    classify(doing, error).certainty(Certainty::NothingSent)
}

pub(super) fn classify(doing: &str, error: AgentError) -> Error {
    let (code, reject) = match &error {
        AgentError::CertifiedReject { reject, .. }
        | AgentError::UncertifiedReject { reject, .. } => {
            (reject_code(reject), Some(reject.clone()))
        }
        AgentError::HttpError(answer) if matches!(answer.status, 429 | 503) => {
            (Code::Throttled, None)
        }
        // The endpoint's word for an id outside every range of the network.
        AgentError::HttpError(answer)
            if answer.status == 400
                && String::from_utf8_lossy(&answer.content).contains("canister_not_found") =>
        {
            (Code::NotOnThisNetwork, None)
        }
        AgentError::HttpError(answer) if skew_of(answer).is_some() => (Code::ClockOff, None),
        AgentError::HttpError(answer) if (400..500).contains(&answer.status) => {
            (Code::Refused, None)
        }
        // Only a key that was locked does not sign.
        AgentError::SigningError(_) => (Code::IdentityLocked, None),
        AgentError::CertificateOutdated(_) => (Code::ClockOff, None),
        AgentError::CertificateVerificationFailed()
        | AgentError::CertificateNotAuthorized()
        | AgentError::CertificateHasTooManyDelegations
        | AgentError::QuerySignatureVerificationFailed
        | AgentError::MissingSignature
        | AgentError::MalformedSignature
        | AgentError::MalformedPublicKey
        | AgentError::TooManySignatures { .. }
        | AgentError::DerKeyLengthMismatch { .. }
        | AgentError::DerPrefixMismatch { .. } => (Code::Untrusted, None),
        AgentError::TransportError(_)
        | AgentError::HttpError(_)
        | AgentError::TimeoutWaitingForResponse() => (Code::NoNetwork, None),
        _ => (Code::Bug, None),
    };
    let mut found = Error::new(code, doing);
    if let AgentError::HttpError(answer) = &error
        && let Some(skew) = skew_of(answer)
    {
        let (direction, by) = match skew {
            Skew::Ahead(by) => ("ahead", by),
            Skew::Behind(by) => ("behind", by),
        };
        found = found
            .with("direction", direction)
            .with("seconds", by.as_secs());
    }
    if let Some(reject) = reject {
        found = found.with("message", first_line(&reject.reject_message));
        if let Some(code) = &reject.error_code {
            found = found.with("errorCode", code);
        }
    }
    found.because(error)
}

/// How far our clock is off, where that is why a machine refused.
fn skew_of(answer: &HttpErrorPayload) -> Option<Skew> {
    let text = String::from_utf8_lossy(&answer.content);
    clock::skew(&text, SystemTime::now()).filter(|_| answer.status == 400)
}

/// The network's messages carry advice and links after the first line; the whole text stays in the report.
fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// Codes, never texts, decide: the texts change from release to release.
fn reject_code(reject: &RejectResponse) -> Code {
    match reject.error_code.as_deref() {
        Some("IC0512") => Code::NotController,
        Some("IC0301") => Code::CanisterNotFound,
        Some("IC0206") => Code::StillStopping,
        Some("IC0207" | "IC0532" | "IC0534") => Code::CyclesLow,
        Some("IC0305") => Code::SnapshotGone,
        // The code has many reasons. Only the text tells this one apart.
        Some("IC0406") if reject.reject_message.contains("not currently loadable") => {
            Code::NotYetLoadable
        }
        _ if reject.reject_code == RejectCode::SysTransient => Code::Throttled,
        _ => Code::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(error_code: &str) -> RejectResponse {
        RejectResponse {
            reject_code: RejectCode::CanisterError,
            reject_message: "Only controllers can.\nTry: something else".to_owned(),
            error_code: Some(error_code.to_owned()),
        }
    }

    #[test]
    fn a_lost_answer_is_unknown_and_a_proven_refusal_is_not() {
        let cases = [
            (
                AgentError::TimeoutWaitingForResponse(),
                Code::NoNetwork,
                Certainty::Unknown,
            ),
            (
                AgentError::CertificateVerificationFailed(),
                Code::Untrusted,
                Certainty::Unknown,
            ),
            (
                AgentError::CertifiedReject {
                    reject: reject("IC0512"),
                    operation: None,
                },
                Code::NotController,
                Certainty::Refused,
            ),
            (
                AgentError::UncertifiedReject {
                    reject: reject("IC0301"),
                    operation: None,
                },
                Code::CanisterNotFound,
                Certainty::RefusedUnproven,
            ),
        ];
        for (error, code, certainty) in cases {
            let found = change_failed("testing", error);
            assert_eq!(
                (found.code, found.certainty),
                (code, certainty),
                "{}",
                found.chain()
            );
        }
    }

    #[test]
    fn a_question_never_leaves_an_unknown_change_behind() {
        let found = read_failed("asking", AgentError::TimeoutWaitingForResponse());
        assert_eq!(
            found.certainty,
            Certainty::NothingSent,
            "a read changes nothing, answered or not"
        );
    }

    #[test]
    fn only_the_first_line_of_a_message_becomes_a_fact() {
        let error = AgentError::CertifiedReject {
            reject: reject("IC0508"),
            operation: None,
        };
        let found = change_failed("testing", error);
        assert_eq!(found.facts["message"], "Only controllers can.");
        assert_eq!(found.facts["errorCode"], "IC0508");
    }
}
