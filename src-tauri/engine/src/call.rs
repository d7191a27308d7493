//! Calling any method of any canister, as a person does it by hand: arguments as fields, as Candid text or as bytes; the answer as
//! far as it can be understood.
//!
//! An update call is sent once. If its answer is lost it is looked for by the request id, and if it cannot be found the outcome is
//! unknown; it is never sent again. A rejection is an answer, not a failure: it is what the canister, or the network in its place,
//! says to this call.
//!
//! Calls are remembered per canister, so that one can be made again: which method, with what, and how it ended; never what came back.
//! Arguments that look like a secret are left out, and all of it can be forgotten.

use crate::{
    Argument, CanisterId, Certainty, Code, Connection, Engine, Error, Interface, MethodKind, Place,
    Result, Signature,
    interface::{self, decode_untyped, encode_untyped},
    replica::{Call, Raw},
    settings::{self, Kept},
};
use ic_agent::{AgentError, agent::RejectResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The beginning of every message in Candid.
const MAGIC: &[u8] = b"DIDL";

/// Arguments, the way a person gave them.
#[derive(Clone, Debug, PartialEq)]
pub enum Arguments {
    /// A value for each argument, as JSON by its type; see `interface/value.rs` for the form.
    Values(Vec<Json>),
    /// Candid text: `(1, "two")`.
    Text(String),
    /// The bytes that are sent.
    Bytes(Vec<u8>),
}

impl Arguments {
    /// Arguments from a file: bytes in Candid as they are, the same in hexadecimal, or Candid text.
    pub fn from_file(content: Vec<u8>) -> Result<Self> {
        if content.starts_with(MAGIC) {
            return Ok(Self::Bytes(content));
        }
        let text = String::from_utf8(content).map_err(|error| {
            Error::new(Code::ArgumentMalformed, "reading arguments from a file")
                .with("expected", "Candid as bytes, in hexadecimal or as text")
                .with("found", "other bytes")
                .because(error)
        })?;
        Ok(match hex::decode(text.trim()) {
            Ok(bytes) if bytes.starts_with(MAGIC) => Self::Bytes(bytes),
            _ => Self::Text(text),
        })
    }

    /// The bytes to send. Fields and text are checked against the types where these are known; bytes are the person's own.
    pub(crate) fn encode(&self, known: Option<(&Interface, &[Argument])>) -> Result<Vec<u8>> {
        match (self, known) {
            (Self::Bytes(bytes), _) => Ok(bytes.clone()),
            (Self::Values(values), Some((interface, types))) => {
                interface.encode_json(types, values)
            }
            (Self::Text(text), Some((interface, types))) => interface.encode_text(types, text),
            (Self::Text(text), None) => encode_untyped(text),
            (Self::Values(values), None) if values.is_empty() => encode_untyped("()"),
            (Self::Values(_), None) => Err(Error::new(
                Code::InterfaceMissing,
                "encoding arguments of unknown types",
            )),
        }
    }
}

/// How a method is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Manner {
    /// One machine of the network answers, quickly and without proof. Nothing changes.
    Query,
    /// The network agrees on the answer and certifies it. The state may change.
    Update,
}

/// A call that somebody wants to make.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodCall {
    /// Whom.
    pub canister: CanisterId,
    /// Which method.
    pub method: String,
    /// How.
    pub manner: Manner,
    /// With what.
    pub arguments: Arguments,
    /// Whether to remember it.
    pub remember: bool,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallAnswer {
    /// The reply, or why there is none.
    pub outcome: CallOutcome,
    /// Whether a certificate of the network proves it; otherwise one machine signed it.
    pub is_certified: bool,
    /// From sending to knowing.
    pub took: Duration,
}

/// The reply to a call, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub enum CallOutcome {
    /// The canister replied.
    Replied {
        /// By the types that the interface promises; none without an interface, or if the reply is not what it promises.
        values: Option<Vec<Json>>,
        /// As Candid text; none if it is not Candid.
        text: Option<String>,
        /// The bytes that came.
        bytes: Vec<u8>,
    },
    /// It was rejected.
    Rejected {
        /// The number of the reject code: 1 to 5.
        code: u8,
        /// The network's own code, for example `IC0503`.
        error_code: Option<String>,
        /// What the canister or the network says.
        message: String,
    },
}

/// Arguments in every form at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgumentForms {
    /// By their types; none where these are not known, or the bytes are not of them.
    pub values: Option<Vec<Json>>,
    /// As Candid text; none if they are not Candid.
    pub text: Option<String>,
    /// The bytes that would be sent.
    pub bytes: Vec<u8>,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecentCall {
    /// Which method.
    pub method: String,
    /// How.
    pub manner: Manner,
    /// With what, as Candid text; none where it was long, or looked like a secret.
    pub arguments: Option<String>,
    /// How it ended.
    pub ended: Ended,
    /// When it was made, in milliseconds since 1970.
    pub at: u64,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    /// With a reply.
    Replied,
    /// With a rejection.
    Rejected,
    /// Without having been sent, or refused.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// The calls of late, canister by canister; the canister that was called last comes first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecentCalls {
    canisters: Vec<Called>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Called {
    place: Place,
    calls: Vec<RecentCall>,
}

impl Kept for RecentCalls {
    const FILE: &str = "recent-calls.json";
    const VERSION: u32 = 1;
}

impl RecentCalls {
    /// As many as anybody looks through, and all together still a small file that is written in a moment.
    const PER_CANISTER: usize = 20;
    const CANISTERS: usize = 100;

    fn of(&self, place: Place) -> &[RecentCall] {
        let found = self.canisters.iter().find(|called| called.place == place);
        found.map_or(&[], |called| &called.calls)
    }

    fn forget(&mut self, place: Place) {
        self.canisters.retain(|called| called.place != place);
    }

    /// Puts a call first. The same call again only moves up.
    fn add(&mut self, place: Place, call: RecentCall) {
        let mut calls = self.of(place).to_vec();
        calls.retain(|known| {
            (&known.method, known.manner, &known.arguments)
                != (&call.method, call.manner, &call.arguments)
        });
        calls.insert(0, call);
        calls.truncate(Self::PER_CANISTER);
        self.forget(place);
        self.canisters.insert(0, Called { place, calls });
        self.canisters.truncate(Self::CANISTERS);
    }
}

/// Longer arguments are not remembered: nobody would read them in a list.
const LONGEST_REMEMBERED: usize = 4 << 10;

/// Words that tell of a secret, in the names of arguments and fields as well as in what is said. Too many rather than too few: what is
/// forgotten here is only a convenience.
const SECRETIVE: [&str; 9] = [
    "api_key",
    "apikey",
    "credential",
    "mnemonic",
    "passphrase",
    "password",
    "private",
    "secret",
    "seed",
];

fn rememberable(text: &str, types: &[Argument]) -> bool {
    let names = types.iter().filter_map(|argument| argument.name.as_deref());
    text.len() <= LONGEST_REMEMBERED
        && names.chain([text]).all(|text| {
            let text = text.to_lowercase();
            SECRETIVE.iter().all(|word| !text.contains(word))
        })
}

/// The rejection that an error is made of, if it is an answer of the canister or of the network in its place.
fn rejection(error: &Error) -> Option<(&RejectResponse, bool)> {
    // What has a code of its own, a canister that is not there or a network that is busy, is no answer to the call.
    if error.code != Code::Refused {
        return None;
    }
    match std::error::Error::source(error)?.downcast_ref()? {
        AgentError::CertifiedReject { reject, .. } => Some((reject, true)),
        AgentError::UncertifiedReject { reject, .. } => Some((reject, false)),
        _ => None,
    }
}

/// The interface of a canister, where it can be had and is understood. Why it cannot is not a reason to forbid a call.
async fn known_interface(
    connection: &Connection,
    canister: CanisterId,
) -> Result<Option<Interface>> {
    match interface::read(&connection.replica, canister).await {
        Err(error) if error.code == Code::InterfaceMalformed => Ok(None),
        read => read,
    }
}

/// The method in the interface. Bytes and text can be sent to a method that the interface does not list.
fn known_method<'interface>(
    interface: Option<&'interface Interface>,
    method: &str,
    arguments: &Arguments,
) -> Result<Option<(&'interface Interface, &'interface Signature)>> {
    let Some(interface) = interface else {
        return Ok(None);
    };
    match interface.method(method) {
        Ok(method) => Ok(Some((interface, &method.signature))),
        Err(_) if !matches!(arguments, Arguments::Values(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn send(connection: &Connection, call: &MethodCall, bytes: Vec<u8>) -> Result<Raw> {
    let call_data = Call::<Raw>::to(call.canister, &call.method, bytes);
    match call.manner {
        Manner::Query => connection.replica.query(&call_data).await,
        Manner::Update => connection.replica.perform(&call_data).await,
    }
}

impl Engine {
    /// The interface of a canister; none where it publishes none.
    pub async fn interface(&self, canister: CanisterId) -> Result<Option<Interface>> {
        let connection = self.connection().await?;
        interface::read(&connection.replica, canister).await
    }

    /// Calls a method. A rejection is an answer; an error says that there is none, and whether anything was sent.
    pub async fn call(&self, call: &MethodCall) -> Result<CallAnswer> {
        let connection = self.connection().await?;
        if call.manner == Manner::Update {
            self.may_change(&connection.network.id, &[call.canister])?;
        }
        let interface = known_interface(&connection, call.canister).await?;
        let known = known_method(interface.as_ref(), &call.method, &call.arguments)?;
        let types = known.map(|(interface, signature)| (interface, &signature.arguments[..]));
        let bytes = call.arguments.encode(types)?;
        let text = forms(types, &bytes).text;
        let oneway = known.is_some_and(|(_, signature)| signature.kind == MethodKind::Oneway);

        let (sent_at, began) = (SystemTime::now(), Instant::now());
        let sent = send(&connection, call, bytes).await;
        let took = began.elapsed();

        let answer = match sent {
            Ok(Raw(bytes)) => {
                let results =
                    known.map(|(interface, signature)| (interface, &signature.results[..]));
                // Who calls a method that answers nobody gets nothing, not even an empty message.
                let decoded = (!oneway).then(|| forms(results, &bytes));
                let (values, text) =
                    decoded.map_or((None, None), |decoded| (decoded.values, decoded.text));
                Ok(CallAnswer {
                    outcome: CallOutcome::Replied {
                        values,
                        text,
                        bytes,
                    },
                    is_certified: call.manner == Manner::Update,
                    took,
                })
            }
            Err(error) => match rejection(&error) {
                Some((reject, is_certified)) => Ok(CallAnswer {
                    outcome: CallOutcome::Rejected {
                        code: reject.reject_code as u8,
                        error_code: reject.error_code.clone(),
                        message: reject.reject_message.clone(),
                    },
                    is_certified,
                    took,
                }),
                None => Err(error.with("canister", call.canister)),
            },
        };
        if call.remember {
            let ended = match &answer {
                Ok(CallAnswer {
                    outcome: CallOutcome::Replied { .. },
                    ..
                }) => Ended::Replied,
                Ok(_) => Ended::Rejected,
                Err(error) if error.certainty == Certainty::Unknown => Ended::Unknown,
                Err(_) => Ended::Failed,
            };
            let types = types.map_or(&[][..], |(_, types)| types);
            let made = RecentCall {
                method: call.method.clone(),
                manner: call.manner,
                arguments: text.filter(|text| rememberable(text, types)),
                ended,
                at: sent_at
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default()
                    .as_millis() as u64,
            };
            // What cannot be remembered happened all the same.
            if let Err(error) = self.remember(connection.place(call.canister), made) {
                tracing::warn!(report = error.chain(), "a call was not remembered");
            }
        }
        answer
    }

    /// The arguments of a method in every form, checked against its types.
    pub async fn convert_arguments(
        &self,
        canister: CanisterId,
        method: &str,
        arguments: &Arguments,
    ) -> Result<ArgumentForms> {
        let connection = self.connection().await?;
        let interface = known_interface(&connection, canister).await?;
        let known = known_method(interface.as_ref(), method, arguments)?;
        let types = known.map(|(interface, signature)| (interface, &signature.arguments[..]));
        let bytes = arguments.encode(types)?;
        Ok(forms(types, &bytes))
    }

    /// The calls of late to a canister on the chosen network, the last one first.
    pub async fn recent_calls(&self, canister: CanisterId) -> Result<Vec<RecentCall>> {
        let place = self.connection().await?.place(canister);
        let known: RecentCalls = settings::load(&self.folders.data)?;
        Ok(known.of(place).to_vec())
    }

    /// Forgets the calls to a canister, or to all canisters of all networks.
    pub async fn forget_calls(&self, canister: Option<CanisterId>) -> Result<()> {
        let place = match canister {
            Some(canister) => Some(self.connection().await?.place(canister)),
            None => None,
        };
        self.change_recent_calls(|calls| match place {
            Some(place) => calls.forget(place),
            None => *calls = RecentCalls::default(),
        })
    }

    fn remember(&self, place: Place, made: RecentCall) -> Result<()> {
        self.change_recent_calls(|calls| calls.add(place, made))
    }

    fn change_recent_calls(&self, change: impl FnOnce(&mut RecentCalls)) -> Result<()> {
        let _writing = self
            .recent_calls
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut calls: RecentCalls = settings::load(&self.folders.data)?;
        change(&mut calls);
        settings::save(&self.folders.data, &calls)
    }
}

/// What bytes are, as far as it can be told.
pub(crate) fn forms(types: Option<(&Interface, &[Argument])>, bytes: &[u8]) -> ArgumentForms {
    let decoded = match types {
        Some((interface, types)) => interface.decode(types, bytes),
        None => decode_untyped(bytes),
    };
    let (values, text) = match decoded {
        Ok(decoded) => (decoded.values, Some(decoded.text)),
        Err(_) => (None, None),
    };
    ArgumentForms {
        values,
        text,
        bytes: bytes.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Shape;

    fn made(method: &str, at: u64) -> RecentCall {
        RecentCall {
            method: method.to_owned(),
            manner: Manner::Query,
            arguments: Some("()".to_owned()),
            ended: Ended::Replied,
            at,
        }
    }

    fn place(number: u8) -> Place {
        Place {
            network: crate::Fingerprint::of(b"a key"),
            canister: CanisterId::from(candid::Principal::from_slice(&[number])),
        }
    }

    #[test]
    fn recent_calls_are_bounded_and_repeated_ones_move_up() {
        let mut calls = RecentCalls::default();
        for at in 0..50 {
            calls.add(place(1), made(&format!("method {}", at % 25), at));
        }
        let known = calls.of(place(1));
        assert_eq!(known.len(), RecentCalls::PER_CANISTER);
        assert_eq!((known[0].method.as_str(), known[0].at), ("method 24", 49));
        for number in 0..=255 {
            calls.add(place(number), made("look", 0));
        }
        assert_eq!(calls.canisters.len(), RecentCalls::CANISTERS);
        assert_eq!(calls.of(place(1)), [], "what was called long ago made room");
        calls.forget(place(255));
        assert_eq!(calls.of(place(255)), []);
    }

    #[test]
    fn what_looks_like_a_secret_is_not_remembered() {
        let named = |name: &str| {
            [Argument {
                name: Some(name.to_owned()),
                shape: Shape::Text,
            }]
        };
        assert!(rememberable("(\"Ada\")", &named("customer")));
        assert!(!rememberable("(\"hunter2\")", &named("newPassword")));
        assert!(!rememberable(
            "(record { seed_phrase = \"legal winner\" })",
            &[]
        ));
        assert!(!rememberable(&"a".repeat(LONGEST_REMEMBERED + 1), &[]));
    }

    #[test]
    fn a_file_of_arguments_is_bytes_digits_or_text() {
        let read = |content: &[u8]| Arguments::from_file(content.to_vec());
        assert_eq!(
            read(b"DIDL\0\0").unwrap(),
            Arguments::Bytes(b"DIDL\0\0".to_vec())
        );
        assert_eq!(
            read(b"4449444c0000\n").unwrap(),
            Arguments::Bytes(b"DIDL\0\0".to_vec())
        );
        assert_eq!(read(b"(1)").unwrap(), Arguments::Text("(1)".to_owned()));
        assert_eq!(read(b"\xff\xfe").unwrap_err().code, Code::ArgumentMalformed);
    }
}
