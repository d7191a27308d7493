//! The one door to a network.
//!
//! What is asked is a [`Call`]: data, made by the modules that know what it means. A change goes through three stages that cannot be
//! skipped: [`Replica::seal`] makes the signed envelope and with it the request id, [`Replica::submit`] sends exactly that envelope
//! and follows it to its end, and the end is one of
//!
//! - done: a certificate carries the reply;
//! - refused: by certificate ([`Certainty::Refused`]) or by one machine before execution ([`Certainty::RefusedUnproven`]);
//! - unknown: it was sent and no answer can be had ([`Certainty::Unknown`]).
//!
//! An answer that is lost on the way is looked for by its request id before it is called unknown.
//!
//! The envelope is moved into `submit`, so nothing can be sent a second time; `ic-agent` repeats only the same bytes, which the
//! network takes for the same request. Reads are free of this: they change nothing and may be repeated by whoever wants to.

use crate::{CanisterId, Certainty, Code, Endpoint, Error, Identity, Result};
use candid::{
    Principal,
    utils::{ArgumentDecoder, ArgumentEncoder},
};
use ic_agent::{
    Agent, AgentError,
    agent::{CallResponse, RejectCode, RejectResponse},
    agent_error::TransportError,
};
use std::marker::PhantomData;

/// A connection to one network as one identity.
#[derive(Clone)]
pub(crate) struct Replica {
    agent: Agent,
}

/// Something to ask of a canister, and what the answer will be.
pub(crate) struct Call<Reply> {
    doing: String,
    callee: Principal,
    effective: Principal,
    method: String,
    arguments: Vec<u8>,
    reply: PhantomData<fn() -> Reply>,
}

impl<Reply> Call<Reply> {
    /// Asks the management canister about `canister`.
    pub(crate) fn manage(
        canister: CanisterId,
        method: &str,
        arguments: impl ArgumentEncoder,
    ) -> Result<Self> {
        let doing = format!("calling {method} for {canister}");
        let arguments = candid::encode_args(arguments)
            .map_err(|error| Error::new(Code::Bug, &doing).because(error))?;
        Ok(Self {
            doing,
            callee: Principal::management_canister(),
            effective: canister.principal(),
            method: method.to_owned(),
            arguments,
            reply: PhantomData,
        })
    }

    /// Asks a canister itself, with arguments that are encoded already.
    pub(crate) fn to(canister: CanisterId, method: &str, arguments: Vec<u8>) -> Self {
        Self {
            doing: format!("calling {method} of {canister}"),
            callee: canister.principal(),
            effective: canister.principal(),
            method: method.to_owned(),
            arguments,
            reply: PhantomData,
        }
    }
}

/// A reply as the bytes that came, for whoever knows its type only at run time.
pub(crate) struct Raw(pub(crate) Vec<u8>);

/// What an answer is read as.
pub(crate) trait Answer: Sized {
    fn read(reply: Vec<u8>) -> candid::Result<Self>;
}

impl Answer for Raw {
    fn read(reply: Vec<u8>) -> candid::Result<Self> {
        Ok(Self(reply))
    }
}

/// Candid values, as a tuple.
impl<Values: for<'reply> ArgumentDecoder<'reply>> Answer for Values {
    fn read(reply: Vec<u8>) -> candid::Result<Self> {
        candid::decode_args(&reply)
    }
}

/// A signed change that has not been sent yet.
pub(crate) struct Sealed<Reply> {
    doing: String,
    envelope: ic_agent::agent::signed::SignedUpdate,
    reply: PhantomData<fn() -> Reply>,
}

impl Replica {
    /// Prepares the connection; nothing is sent yet.
    pub(crate) fn connect(endpoint: &Endpoint, identity: &Identity) -> Result<Self> {
        let agent = Agent::builder()
            .with_url(&endpoint.address)
            .with_arc_identity(identity.signer.clone())
            .build()
            .map_err(|error| {
                Error::new(Code::NoNetwork, "connecting")
                    .with("address", &endpoint.address)
                    .because(error)
            })?;
        // The key comes with the endpoint and is never fetched: a network that chose its own key could prove anything.
        agent.set_root_key(endpoint.root_key.clone());
        Ok(Self { agent })
    }

    /// Signs a change. Nothing is sent yet.
    pub(crate) fn seal<Reply>(&self, call: &Call<Reply>) -> Result<Sealed<Reply>> {
        let envelope = self
            .agent
            .update(&call.callee, &call.method)
            .with_effective_canister_id(call.effective)
            .with_arg(call.arguments.clone())
            .sign()
            .map_err(|error| Error::new(Code::Bug, &call.doing).because(error))?;
        Ok(Sealed {
            doing: call.doing.clone(),
            envelope,
            reply: PhantomData,
        })
    }

    /// Seals and submits: for changes that may be asked for again, so that nobody has to remember the envelope.
    pub(crate) async fn perform<Reply: Answer>(&self, call: &Call<Reply>) -> Result<Reply> {
        self.submit(self.seal(call)?).await
    }

    /// Sends a sealed change and follows it to its end.
    pub(crate) async fn submit<Reply: Answer>(&self, sealed: Sealed<Reply>) -> Result<Reply> {
        let Sealed {
            doing, envelope, ..
        } = sealed;
        tracing::info!(doing, request_id = %String::from(envelope.request_id), "submitting");
        let effective = envelope.effective_canister_id;
        let sent = match self
            .agent
            .update_signed(effective, envelope.signed_update)
            .await
        {
            Ok(CallResponse::Response(reply)) => Ok(Some(reply)),
            Ok(CallResponse::Poll(_)) => Ok(None),
            Err(error) => Err(change_failed(&doing, error)),
        };
        let reply = match sent {
            Ok(Some(reply)) => reply,
            // Still working, or the answer was lost on the way: the request id finds the outcome if there is one.
            Ok(None)
            | Err(Error {
                certainty: Certainty::Unknown,
                ..
            }) => {
                let followed = self.agent.wait(&envelope.request_id, effective).await;
                followed
                    .map(|(reply, _)| reply)
                    .map_err(|error| follow_failed(&doing, error))?
            }
            Err(refused) => return Err(refused),
        };
        // A certified reply that cannot be decoded happened all the same; only its meaning is not known.
        Reply::read(reply).map_err(|error| {
            Error::new(Code::Bug, &doing)
                .certainty(Certainty::Unknown)
                .because(error)
        })
    }

    /// Asks one machine of the network; the answer carries its signature, not a certificate.
    pub(crate) async fn query<Reply: Answer>(&self, call: &Call<Reply>) -> Result<Reply> {
        let reply = self
            .agent
            .query(&call.callee, &call.method)
            .with_effective_canister_id(call.effective)
            .with_arg(call.arguments.clone())
            .call()
            .await
            .map_err(|error| read_failed(&call.doing, error))?;
        Reply::read(reply).map_err(|error| Error::new(Code::Bug, &call.doing).because(error))
    }

    /// The certified controllers of a canister.
    pub(crate) async fn controllers(&self, canister: CanisterId) -> Result<Vec<Principal>> {
        self.agent
            .read_state_canister_controllers(canister.principal())
            .await
            .map_err(|error| read_failed(&format!("reading the controllers of {canister}"), error))
    }

    /// The certified hash of a canister's module; none where it is provably empty.
    pub(crate) async fn module_hash(&self, canister: CanisterId) -> Result<Option<Vec<u8>>> {
        match self
            .agent
            .read_state_canister_module_hash(canister.principal())
            .await
        {
            Ok(hash) => Ok(Some(hash)),
            Err(AgentError::LookupPathAbsent(_)) => Ok(None),
            Err(error) => Err(read_failed(
                &format!("reading the module hash of {canister}"),
                error,
            )),
        }
    }
}

/// What an agent's error means after a change was handed to it.
fn change_failed(doing: &str, error: AgentError) -> Error {
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
fn follow_failed(doing: &str, error: AgentError) -> Error {
    let certainty = match &error {
        AgentError::CertifiedReject { .. } => Certainty::Refused,
        _ => Certainty::Unknown,
    };
    classify(doing, error).certainty(certainty)
}

/// What an agent's error means after a mere question.
fn read_failed(doing: &str, error: AgentError) -> Error {
    classify(doing, error).certainty(Certainty::NothingSent)
}

fn classify(doing: &str, error: AgentError) -> Error {
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
            (Code::CanisterNotFound, None)
        }
        AgentError::HttpError(answer) if (400..500).contains(&answer.status) => {
            (Code::Refused, None)
        }
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
    if let Some(reject) = reject {
        found = found.with("message", first_line(&reject.reject_message));
        if let Some(code) = &reject.error_code {
            found = found.with("errorCode", code);
        }
    }
    found.because(error)
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
