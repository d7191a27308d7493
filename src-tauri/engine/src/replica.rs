//! The one door to a network.
//!
//! What is asked is a [`Call`]: data, made by the modules that know what it means. A change goes through stages that cannot be
//! skipped: [`Replica::seal`] makes the signed [`Envelope`] and with it the request id, [`Replica::send`] hands exactly that envelope
//! to the network, and [`Replica::outcome`] reads from a certificate what became of it. The end is one of
//!
//! - done: a certificate carries the reply;
//! - refused: by certificate ([`Certainty::Refused`]) or by one machine before execution ([`Certainty::RefusedUnproven`]);
//! - unknown: it was sent and no answer can be had ([`Certainty::Unknown`]).
//!
//! An envelope may be sent as often as one likes: the network takes the same bytes for the same request, until they expire. What must
//! never happen is a second envelope for a change that may have happened. So a job writes the envelope down before the first byte
//! leaves (see `runner`), and asks for its outcome by its request id, also after a restart. [`Replica::submit`] is the short way for
//! whoever keeps nothing: it sends once, and looks for an answer that was lost before it calls it unknown.
//!
//! Reads are free of this: they change nothing and may be repeated by whoever wants to. What an error means after each is in `trouble`.

mod trouble;

pub(crate) use trouble::read_failed;

use crate::{CanisterId, Certainty, Code, Endpoint, Error, Identity, Result};
use candid::{
    Principal,
    utils::{ArgumentDecoder, ArgumentEncoder},
};
use ic_agent::{
    Agent, AgentError, Certificate, RequestId,
    agent::{AgentBuilder, CallResponse, RequestStatusResponse},
    hash_tree::LookupResult,
};
use serde::{Deserialize, Serialize};
use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use trouble::{change_failed, classify, follow_failed};

/// How long a sealed change may be delivered. The network takes up to five minutes; three leave room for clocks that differ.
pub(crate) const ENVELOPE_LIFE: Duration = Duration::from_secs(3 * 60);

/// After so long a request is given up, as in an agent's own client: longer than any envelope lives.
const LONGEST_REQUEST: Duration = Duration::from_secs(6 * 60);

/// The beginning of an agent for an address.
///
/// An agent's own client begins with the web's certificates that this computer trusts, and reads all of them: a tenth of a second that
/// every connection would wait for. Where nothing is encrypted, as on this computer, there is nothing to hold against them.
pub(crate) fn dial(address: &str) -> AgentBuilder {
    let builder = Agent::builder().with_url(address);
    if !address.starts_with("http://") {
        return builder;
    }
    let client = reqwest::Client::builder()
        .tls_certs_only([])
        .timeout(LONGEST_REQUEST)
        .build();
    match client {
        Ok(client) => builder.with_http_client(client),
        Err(error) => {
            tracing::warn!(%error, "a connection begins the long way");
            builder
        }
    }
}

/// A connection to one network as one identity.
#[derive(Clone)]
pub(crate) struct Replica {
    agent: Agent,
    envelope_life: Duration,
    /// Shared by all clones: an answer did not verify.
    is_doubted: Arc<AtomicBool>,
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

impl<Reply> Call<Reply> {
    /// What is called.
    pub(crate) fn method(&self) -> &str {
        &self.method
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

/// A signed change, and what its reply is read as.
pub(crate) struct Sealed<Reply> {
    pub(crate) envelope: Envelope,
    reply: PhantomData<fn() -> Reply>,
}

impl<Reply> From<Envelope> for Sealed<Reply> {
    fn from(envelope: Envelope) -> Self {
        Self {
            envelope,
            reply: PhantomData,
        }
    }
}

/// A signed change as it is written down: enough to send it again, and to ask what became of it, in another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    doing: String,
    effective: Principal,
    #[serde(with = "hexadecimal")]
    request_id: Vec<u8>,
    /// Nanoseconds since 1970 after which no machine of the network takes it.
    expiry: u64,
    /// Kept beside the journal's log, and only until the end is known: they can be megabytes.
    #[serde(default, skip_serializing, with = "hexadecimal")]
    bytes: Vec<u8>,
}

/// Bytes as text, for JSON.
mod hexadecimal {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

impl Envelope {
    /// What is being done, as a fragment.
    pub(crate) fn doing(&self) -> &str {
        &self.doing
    }

    /// What the network knows it by.
    pub(crate) fn request_id(&self) -> &[u8] {
        &self.request_id
    }

    /// The very bytes that are sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same with its bytes, which lie elsewhere.
    pub(crate) fn put_bytes(&mut self, bytes: Vec<u8>) {
        self.bytes = bytes;
    }

    /// Whether nothing takes it any more at this moment of the network's time.
    pub(crate) fn is_expired(&self, at: SystemTime) -> bool {
        nanoseconds(at) > self.expiry
    }

    /// The last moment at which a machine of the network takes it.
    pub(crate) fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.expiry)
    }

    fn request(&self) -> Result<RequestId> {
        <[u8; 32]>::try_from(self.request_id.as_slice())
            .map(|bytes| RequestId::new(&bytes))
            .map_err(|_| {
                Error::new(Code::Bug, &self.doing).because("a request id of another length")
            })
    }
}

/// What a certificate says about a change that was sent.
pub(crate) struct Outcome {
    pub(crate) fate: Fate,
    /// The certificate's time.
    pub(crate) proven_at: SystemTime,
}

/// What became of a change.
pub(crate) enum Fate {
    /// The network knows nothing of it: it never came, or its end was forgotten long ago.
    Absent,
    /// It came and has no end yet.
    Pending,
    /// It was executed.
    Replied(Vec<u8>),
    /// It was executed, and the reply is forgotten.
    Forgotten,
    /// It was refused.
    Refused(Error),
}

impl Replica {
    /// Prepares the connection; nothing is sent yet.
    pub(crate) fn connect(endpoint: &Endpoint, identity: &Identity) -> Result<Self> {
        let agent = dial(&endpoint.address)
            .with_arc_identity(identity.signer.clone())
            .build()
            .map_err(|error| {
                Error::new(Code::NoNetwork, "connecting")
                    .with("address", &endpoint.address)
                    .because(error)
            })?;
        // The key comes with the endpoint and is never fetched: a network that chose its own key could prove anything.
        agent.set_root_key(endpoint.root_key.clone());
        Ok(Self {
            agent,
            envelope_life: ENVELOPE_LIFE,
            is_doubted: Arc::default(),
        })
    }

    /// The same connection, whose envelopes live for another time.
    pub(crate) fn with_envelope_life(mut self, life: Duration) -> Self {
        self.envelope_life = life;
        self
    }

    /// Signs a change. Nothing is sent yet.
    pub(crate) fn seal<Reply>(&self, call: &Call<Reply>) -> Result<Sealed<Reply>> {
        let envelope = self
            .agent
            .update(&call.callee, &call.method)
            .with_effective_canister_id(call.effective)
            .with_arg(call.arguments.clone())
            .expire_after(self.envelope_life)
            .sign()
            .map_err(|error| classify(&call.doing, error))?;
        Ok(Sealed::from(Envelope {
            doing: call.doing.clone(),
            effective: envelope.effective_canister_id,
            request_id: envelope.request_id.to_vec(),
            expiry: envelope.ingress_expiry,
            bytes: envelope.signed_update,
        }))
    }

    /// Seals and submits: for changes that may be asked for again, so that nobody has to remember the envelope.
    pub(crate) async fn perform<Reply: Answer>(&self, call: &Call<Reply>) -> Result<Reply> {
        self.submit(self.seal(call)?).await
    }

    /// Signs and sends once, for pieces that are sent again anyway: an answer that is lost is not looked for. Nobody needs the
    /// envelope, so that the agent does not have to take one apart again, which would hold the bytes once more.
    pub(crate) async fn attempt<Reply: Answer>(&self, call: Call<Reply>) -> Result<Reply> {
        let Call {
            doing,
            callee,
            effective,
            method,
            arguments,
            ..
        } = call;
        let sending = self
            .agent
            .update(&callee, method)
            .with_effective_canister_id(effective)
            .with_arg(arguments)
            .expire_after(self.envelope_life)
            .call();
        let reply = match sending.await {
            Ok(CallResponse::Response((reply, _))) => reply,
            Ok(CallResponse::Poll(request)) => {
                // What came too late is never answered: sent anew it is done sooner than the agent would give up.
                let answer = self.agent.wait(&request, effective);
                tokio::time::timeout(self.envelope_life, answer)
                    .await
                    .unwrap_or(Err(AgentError::TimeoutWaitingForResponse()))
                    .map(|(reply, _)| reply)
                    .map_err(|error| self.follow_failed(&doing, error))?
            }
            Err(error) => return Err(self.change_failed(&doing, error)),
        };
        read_reply(&doing, reply)
    }

    /// Asks what only a certificate proves, and when it was so. On the network this is a change, but one that changes nothing: an
    /// answer that was lost is asked for once more, and leaves no doubt behind.
    pub(crate) async fn prove<Reply: Answer>(
        &self,
        call: &Call<Reply>,
    ) -> Result<(Reply, SystemTime)> {
        let ask = || {
            let question = self.agent.update(&call.callee, &call.method);
            question
                .with_effective_canister_id(call.effective)
                .with_arg(call.arguments.clone())
                .expire_after(self.envelope_life)
                .call()
                .and_wait()
        };
        let mut answer = ask().await;
        if matches!(&answer, Err(AgentError::TransportError(_))) {
            answer = ask().await;
        }
        let (reply, certificate) = answer.map_err(|error| self.read_failed(&call.doing, error))?;
        let reply = Reply::read(reply)
            .map_err(|error| Error::new(Code::Bug, &call.doing).because(error))?;
        let proven_at = time_of(&certificate)
            .ok_or_else(|| Error::new(Code::Untrusted, &call.doing).because("no time in it"))?;
        Ok((reply, proven_at))
    }

    /// Sends a sealed change and follows it to its end.
    pub(crate) async fn submit<Reply: Answer>(&self, sealed: Sealed<Reply>) -> Result<Reply> {
        let envelope = sealed.envelope;
        let reply = match self.send(&envelope).await {
            Ok(Some(reply)) => reply,
            // Still working, or the answer was lost on the way: the request id finds the outcome if there is one.
            Ok(None)
            | Err(Error {
                certainty: Certainty::Unknown,
                ..
            }) => {
                let followed = self
                    .agent
                    .wait(&envelope.request()?, envelope.effective)
                    .await;
                followed
                    .map(|(reply, _)| reply)
                    .map_err(|error| self.follow_failed(&envelope.doing, error))?
            }
            Err(refused) => return Err(refused),
        };
        read_reply(&envelope.doing, reply)
    }

    /// Hands an envelope to the network; sending it again is the same request. The reply, where it came at once.
    pub(crate) async fn send(&self, envelope: &Envelope) -> Result<Option<Vec<u8>>> {
        let doing = &envelope.doing;
        tracing::info!(doing, request_id = %hex::encode(&envelope.request_id), "submitting");
        match self
            .agent
            .update_signed(envelope.effective, envelope.bytes.clone())
            .await
        {
            Ok(CallResponse::Response(reply)) => Ok(Some(reply)),
            Ok(CallResponse::Poll(_)) => Ok(None),
            Err(error) => Err(self.change_failed(doing, error)),
        }
    }

    /// What a certificate says about an envelope right now. A mere question.
    pub(crate) async fn outcome(&self, envelope: &Envelope) -> Result<Outcome> {
        let doing = format!("looking for the outcome of {}", envelope.doing);
        let (status, certificate) = self
            .agent
            .request_status_raw(&envelope.request()?, envelope.effective)
            .await
            .map_err(|error| self.read_failed(&doing, error))?;
        let fate = match status {
            RequestStatusResponse::Unknown => Fate::Absent,
            RequestStatusResponse::Received | RequestStatusResponse::Processing => Fate::Pending,
            RequestStatusResponse::Replied(reply) => Fate::Replied(reply.arg),
            RequestStatusResponse::Done => Fate::Forgotten,
            RequestStatusResponse::Rejected(reject) => Fate::Refused(self.change_failed(
                &envelope.doing,
                AgentError::CertifiedReject {
                    reject,
                    operation: None,
                },
            )),
        };
        Ok(Outcome {
            fate,
            proven_at: time_of(&certificate)
                .ok_or_else(|| Error::new(Code::Untrusted, doing).because("no time in it"))?,
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
            .map_err(|error| self.read_failed(&call.doing, error))?;
        Reply::read(reply).map_err(|error| Error::new(Code::Bug, &call.doing).because(error))
    }

    /// The certified controllers of a canister.
    pub(crate) async fn controllers(&self, canister: CanisterId) -> Result<Vec<Principal>> {
        self.agent
            .read_state_canister_controllers(canister.principal())
            .await
            .map_err(|error| {
                self.read_failed(&format!("reading the controllers of {canister}"), error)
            })
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
            Err(error) => {
                Err(self.read_failed(&format!("reading the module hash of {canister}"), error))
            }
        }
    }

    /// The network's time where a canister lives, by certificate.
    pub(crate) async fn time_at(&self, canister: CanisterId) -> Result<SystemTime> {
        let doing = "reading the network's time";
        let certificate = self
            .agent
            .read_state_raw(vec![vec!["time".into()]], canister.principal())
            .await
            .map_err(|error| self.read_failed(doing, error))?;
        time_of(&certificate)
            .ok_or_else(|| Error::new(Code::Untrusted, doing).because("no time in it"))
    }

    /// The subnet that a canister lives on, by certificate.
    pub(crate) async fn subnet_of(&self, canister: CanisterId) -> Result<Principal> {
        let subnet = self
            .agent
            .get_subnet_by_canister(&canister.principal())
            .await;
        subnet.map(|subnet| subnet.id()).map_err(|error| {
            self.read_failed(&format!("looking for the subnet of {canister}"), error)
        })
    }

    /// A canister id of some subnet: the neighbourhood where a canister is made when nobody cares. The root subnet vouches for the list,
    /// and is chosen only where there is no other. The management canister's own id would not do: no certificate covers it, so an
    /// answer could never be believed.
    pub(crate) async fn somewhere(&self) -> Result<CanisterId> {
        let doing = "looking for a subnet";
        let root = Principal::self_authenticating(self.agent.read_root_key());
        let listed = self
            .agent
            .read_subnet_state_raw(vec![vec!["subnet".into()]], root)
            .await
            .map_err(|error| self.read_failed(doing, error))?;
        let paths = listed.tree.list_paths();
        let mut others = paths
            .iter()
            .filter_map(|path| match path.as_slice() {
                [kind, id, ..] if kind.as_bytes() == b"subnet" => {
                    Principal::try_from_slice(id.as_bytes()).ok()
                }
                _ => None,
            })
            .filter(|subnet| *subnet != root);
        self.first_canister_id_of(others.next().unwrap_or(root))
            .await
    }

    /// The first of the canister ids that a subnet may give, by certificate: what names the subnet where a canister id must.
    pub(crate) async fn first_canister_id_of(&self, subnet: Principal) -> Result<CanisterId> {
        let doing = format!("looking for subnet {subnet}");
        let found = self.agent.get_subnet_by_id(&subnet).await;
        let found = found.map_err(|error| self.read_failed(&doing, error))?;
        let first = found.iter_canister_ranges().next();
        first
            .map(|range| CanisterId::from(*range.start()))
            .ok_or_else(|| Error::new(Code::Refused, doing).because("it has no canister ids"))
    }

    /// A certified metadata section of a canister's module; none where there provably is none. Private sections are for
    /// controllers only.
    pub(crate) async fn metadata(
        &self,
        canister: CanisterId,
        section: &str,
    ) -> Result<Option<Vec<u8>>> {
        match self
            .agent
            .read_state_canister_metadata(canister.principal(), section)
            .await
        {
            Ok(content) => Ok(Some(content)),
            Err(AgentError::LookupPathAbsent(_)) => Ok(None),
            Err(error) => Err(self.read_failed(
                &format!("reading the metadata {section} of {canister}"),
                error,
            )),
        }
    }

    /// Whether an answer did not verify since it was last asked: whoever answers there may not be the network that is meant.
    pub(crate) fn take_doubt(&self) -> bool {
        self.is_doubted.swap(false, Ordering::Relaxed)
    }

    /// Doubts again: what was asked about the doubt had no answer that ends it.
    pub(crate) fn doubt(&self) {
        self.is_doubted.store(true, Ordering::Relaxed);
    }

    fn read_failed(&self, doing: &str, error: AgentError) -> Error {
        self.noted(read_failed(doing, error))
    }

    fn change_failed(&self, doing: &str, error: AgentError) -> Error {
        self.noted(change_failed(doing, error))
    }

    fn follow_failed(&self, doing: &str, error: AgentError) -> Error {
        self.noted(follow_failed(doing, error))
    }

    fn noted(&self, error: Error) -> Error {
        if error.code == Code::Untrusted {
            self.doubt();
        }
        error
    }
}

/// Reads the reply of a change that happened. One that cannot be decoded happened all the same; only its meaning is not known.
pub(crate) fn read_reply<Reply: Answer>(doing: &str, reply: Vec<u8>) -> Result<Reply> {
    Reply::read(reply).map_err(|error| {
        Error::new(Code::Bug, doing)
            .certainty(Certainty::Unknown)
            .because(error)
    })
}

/// The time that a certificate was made for: LEB128 nanoseconds under `time`.
pub(crate) fn time_of(certificate: &Certificate) -> Option<SystemTime> {
    let LookupResult::Found(bytes) = certificate.tree.lookup_path([b"time".as_slice()]) else {
        return None;
    };
    let nanoseconds = bytes
        .iter()
        .take(9) // nine times seven bits reach beyond the year 2262
        .enumerate()
        .fold(0_u64, |sum, (place, byte)| {
            sum | u64::from(byte & 0x7f) << (7 * place)
        });
    Some(UNIX_EPOCH + Duration::from_nanos(nanoseconds))
}

fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}
