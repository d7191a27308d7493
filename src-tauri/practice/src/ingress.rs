//! What arrives: envelopes, and whether their senders are who they say.
//!
//! [`open`] takes the bytes of a body and gives an [`Envelope`] whose sender, expiry and signature were
//! checked, or the text of the refusal, which goes out with HTTP status 400. Request ids and delegation hashes are
//! computed over the content as it came, unknown fields included: whoever signs a newer field is not refused.
//!
//! Specification: "Authentication", "Request ids", "Envelope". Signatures known here: Ed25519, and ECDSA over
//! secp256k1 and P-256 with SHA-256; keys in DER.

use crate::certify::{Hash, Path, leb128, sha256};
use candid::Principal;
use ciborium::Value;
use k256::ecdsa::signature::Verifier as _;
use k256::pkcs8::DecodePublicKey as _;
use std::time::Duration;

/// The id of a request: the hash of its content.
pub type RequestId = Hash;

/// What stands before an Ed25519 public key in DER.
pub const ED25519_DER_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// How far ahead an expiry may lie: the network's five minutes and its half minute for unequal clocks.
const WINDOW: Duration = Duration::from_secs(5 * 60 + 30);
/// Delegations in a chain, at most.
const MOST_DELEGATIONS: usize = 20;
/// Targets of a delegation, at most.
const MOST_TARGETS: usize = 1000;
/// Bytes of a nonce, at most.
const LONGEST_NONCE: usize = 32;
/// Paths in one `read_state`, and labels in one path, at most.
const MOST_PATHS: usize = 1000;
const MOST_LABELS: usize = 127;

/// A request whose sender is proven.
#[derive(Debug)]
pub struct Envelope {
    /// The hash of the content.
    pub id: RequestId,
    /// Who sent it.
    pub sender: Principal,
    /// Nanoseconds since 1970 after which the request means nothing.
    pub expiry: u64,
    /// The canisters that the sender's delegations are limited to, if they are.
    pub targets: Option<Vec<Principal>>,
    /// What is asked.
    pub content: Content,
}

impl Envelope {
    /// Whether the sender's delegations allow to speak to this canister.
    pub fn may_address(&self, canister: Principal) -> bool {
        self.targets
            .as_ref()
            .is_none_or(|targets| targets.contains(&canister))
    }
}

/// The kinds of requests.
#[derive(Clone, Debug)]
pub enum Content {
    /// An update call.
    Call(Message),
    /// A query call.
    Query(Message),
    /// A read of the certified state.
    ReadState(Vec<Path>),
}

/// A method and its argument.
#[derive(Clone, Debug)]
pub struct Message {
    /// The canister that is called.
    pub canister: Principal,
    /// Its method.
    pub method: String,
    /// The argument, encoded.
    pub arg: Vec<u8>,
}

/// Why an envelope was refused, in the words that go out.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The body is no envelope.
    #[error("Could not parse body as {expected} message: {reason}")]
    Malformed {
        /// What the path promised.
        expected: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The expiry is past, or too far ahead.
    #[error(
        "Invalid request expiry: Specified ingress_expiry not within expected range: Minimum allowed expiry: {earliest}, Maximum allowed expiry: {latest}, Provided expiry: {expiry}"
    )]
    Expiry {
        /// Now.
        earliest: u64,
        /// The end of the window.
        latest: u64,
        /// What was asked for.
        expiry: u64,
    },
    /// The signature is not the sender's.
    #[error("Invalid signature: {0}")]
    Signature(String),
    /// A delegation does not carry the request.
    #[error("Invalid delegation: {0}")]
    Delegation(String),
    /// The anonymous sender signs nothing.
    #[error("Signature is not allowed for the anonymous user")]
    AnonymousSignature,
    /// A sender must sign.
    #[error("Missing signature from user: {0}")]
    MissingSignature(Principal),
    /// The key is another user's.
    #[error("The user id {sender} does not match the public key {key}")]
    WrongKey {
        /// Who it claims to be from.
        sender: Principal,
        /// The key in hexadecimal.
        key: String,
    },
    /// The nonce is too long.
    #[error("Invalid nonce: The nonce has {0} bytes, at most 32 are allowed")]
    Nonce(usize),
}

/// Which request a path expects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// `.../call`
    Call,
    /// `.../query`
    Query,
    /// `.../read_state`
    ReadState,
}

impl Expected {
    fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Query => "query",
            Self::ReadState => "read_state",
        }
    }
}

/// Reads a body and checks it. `now` is in nanoseconds since 1970.
pub fn open(body: &[u8], expected: Expected, now: u64) -> Result<Envelope, Refusal> {
    let malformed = |reason: String| Refusal::Malformed {
        expected: expected.name(),
        reason,
    };
    let value: Value = ciborium::from_reader(body).map_err(|error| malformed(error.to_string()))?;
    let envelope = Fields::of(untagged(&value)).map_err(malformed)?;
    let content =
        Fields::of(envelope.required("content").map_err(malformed)?).map_err(malformed)?;
    let parsed = parse_content(&content, expected).map_err(malformed)?;
    let sender = content.principal("sender").map_err(malformed)?;
    let expiry = content.number("ingress_expiry").map_err(malformed)?;
    if let Some(nonce) = content.optional_bytes("nonce").map_err(malformed)?
        && nonce.len() > LONGEST_NONCE
    {
        return Err(Refusal::Nonce(nonce.len()));
    }
    let id = content.hash().map_err(malformed)?;

    // The window is there against replays; what an anonymous reader asks has nothing to replay.
    if sender != Principal::anonymous() || expected == Expected::Call {
        let latest = now.saturating_add(WINDOW.as_nanos() as u64);
        if expiry < now || expiry > latest {
            return Err(Refusal::Expiry {
                earliest: now,
                latest,
                expiry,
            });
        }
    }

    let key = envelope
        .optional_bytes("sender_pubkey")
        .map_err(malformed)?;
    let signature = envelope.optional_bytes("sender_sig").map_err(malformed)?;
    let delegations = match envelope.get("sender_delegation") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(delegations)) => delegations.as_slice(),
        Some(_) => return Err(malformed("sender_delegation is not an array".into())),
    };
    let targets = match (key, signature) {
        (None, None) if sender == Principal::anonymous() => None,
        _ if sender == Principal::anonymous() => return Err(Refusal::AnonymousSignature),
        (Some(key), Some(signature)) => {
            if Principal::self_authenticating(key) != sender {
                return Err(Refusal::WrongKey {
                    sender,
                    key: hex::encode(key),
                });
            }
            let (signer, targets) = follow(key, delegations, expected, now)?;
            verify(&signer, b"\x0aic-request", &id, signature).map_err(Refusal::Signature)?;
            targets
        }
        _ => return Err(Refusal::MissingSignature(sender)),
    };
    Ok(Envelope {
        id,
        sender,
        expiry,
        targets,
        content: parsed,
    })
}

fn parse_content(content: &Fields<'_>, expected: Expected) -> Result<Content, String> {
    let kind = content.text("request_type")?;
    if kind != expected.name() {
        return Err(format!("request_type is {kind}"));
    }
    if expected == Expected::ReadState {
        let Value::Array(paths) = content.required("paths")? else {
            return Err("paths is not an array".into());
        };
        if paths.len() > MOST_PATHS {
            return Err(format!(
                "{} paths, at most {MOST_PATHS} are allowed",
                paths.len()
            ));
        }
        let path = |path: &Value| match path {
            Value::Array(labels) if labels.len() <= MOST_LABELS => labels
                .iter()
                .map(|label| {
                    label
                        .as_bytes()
                        .cloned()
                        .ok_or_else(|| "a label is not a byte string".to_owned())
                })
                .collect(),
            _ => Err(format!(
                "a path is not an array of at most {MOST_LABELS} labels"
            )),
        };
        return Ok(Content::ReadState(
            paths.iter().map(path).collect::<Result<_, _>>()?,
        ));
    }
    let message = Message {
        canister: content.principal("canister_id")?,
        method: content.text("method_name")?.to_owned(),
        arg: content
            .optional_bytes("arg")?
            .ok_or("missing field arg")?
            .to_vec(),
    };
    Ok(if expected == Expected::Call {
        Content::Call(message)
    } else {
        Content::Query(message)
    })
}

/// Follows a chain of delegations: the key that must have signed, and the canisters it may address.
fn follow(
    key: &[u8],
    chain: &[Value],
    expected: Expected,
    now: u64,
) -> Result<(Vec<u8>, Option<Vec<Principal>>), Refusal> {
    let bad = Refusal::Delegation;
    if chain.len() > MOST_DELEGATIONS {
        return Err(bad(format!(
            "Chain of {} delegations, at most {MOST_DELEGATIONS} are allowed",
            chain.len()
        )));
    }
    let mut signer = key.to_vec();
    let mut seen = vec![signer.clone()];
    let mut targets: Option<Vec<Principal>> = None;
    for signed in chain {
        let signed = Fields::of(signed).map_err(bad)?;
        let delegation = Fields::of(signed.required("delegation").map_err(bad)?).map_err(bad)?;
        let signature = signed
            .optional_bytes("signature")
            .map_err(bad)?
            .ok_or_else(|| bad("missing signature".into()))?;
        let hash = delegation.hash().map_err(bad)?;
        verify(&signer, b"\x1aic-request-auth-delegation", &hash, signature).map_err(bad)?;

        let expiration = delegation.number("expiration").map_err(bad)?;
        if expiration < now {
            return Err(bad(format!(
                "Specified sender delegation has expired: now: {now}, expiration: {expiration}"
            )));
        }
        match delegation.get("permissions").map(Value::as_text) {
            None | Some(Some("all")) => {}
            Some(Some("queries")) if expected != Expected::Call => {}
            Some(permissions) => {
                return Err(bad(format!(
                    "Permissions {permissions:?} do not cover this request"
                )));
            }
        }
        if let Some(Value::Array(list)) = delegation.get("targets") {
            if list.len() > MOST_TARGETS {
                return Err(bad(format!(
                    "{} targets, at most {MOST_TARGETS} are allowed",
                    list.len()
                )));
            }
            let list: Vec<Principal> = list
                .iter()
                .map(principal)
                .collect::<Result<_, _>>()
                .map_err(bad)?;
            targets = Some(match targets {
                Some(earlier) => earlier
                    .into_iter()
                    .filter(|target| list.contains(target))
                    .collect(),
                None => list,
            });
        }
        let next = delegation
            .optional_bytes("pubkey")
            .map_err(bad)?
            .ok_or_else(|| bad("missing pubkey".into()))?;
        signer = next.to_vec();
        if seen.contains(&signer) {
            return Err(bad("The chain of delegations contains a cycle".into()));
        }
        seen.push(signer.clone());
    }
    Ok((signer, targets))
}

/// Checks a signature over a domain and a hash.
fn verify(key: &[u8], domain: &[u8], hash: &Hash, signature: &[u8]) -> Result<(), String> {
    let message = [domain, hash].concat();
    let wrong = || {
        format!(
            "signature {} of key {} does not verify",
            hex::encode(signature),
            hex::encode(key)
        )
    };
    if let Some(raw) = key.strip_prefix(&ED25519_DER_PREFIX) {
        let raw: &[u8; 32] = raw
            .try_into()
            .map_err(|_| "malformed Ed25519 key".to_owned())?;
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(raw).map_err(|error| error.to_string())?;
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| wrong())?;
        return key.verify_strict(&message, &signature).map_err(|_| wrong());
    }
    if let Ok(key) = k256::ecdsa::VerifyingKey::from_public_key_der(key) {
        let signature = k256::ecdsa::Signature::from_slice(signature).map_err(|_| wrong())?;
        // Both halves of the curve are accepted, as on a replica: not every signer normalises.
        let signature = signature.normalize_s().unwrap_or(signature);
        return key.verify(&message, &signature).map_err(|_| wrong());
    }
    if let Ok(key) = p256::ecdsa::VerifyingKey::from_public_key_der(key) {
        let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| wrong())?;
        return key.verify(&message, &signature).map_err(|_| wrong());
    }
    Err(format!("unsupported public key {}", hex::encode(key)))
}

fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tag(_, inner) => untagged(inner),
        other => other,
    }
}

fn principal(value: &Value) -> Result<Principal, String> {
    let bytes = value.as_bytes().ok_or("a principal is not a byte string")?;
    Principal::try_from_slice(bytes).map_err(|error| error.to_string())
}

/// The fields of a CBOR map, by name.
struct Fields<'a>(Vec<(&'a str, &'a Value)>);

impl<'a> Fields<'a> {
    fn of(value: &'a Value) -> Result<Self, String> {
        let Value::Map(entries) = value else {
            return Err("not a map".into());
        };
        let mut fields: Vec<(&str, &Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = key.as_text().ok_or("a field's name is not text")?;
            // Two fields of one name would let the signed hash and the meaning differ.
            if fields.iter().any(|(name, _)| *name == key) {
                return Err(format!("duplicate field {key}"));
            }
            fields.push((key, value));
        }
        Ok(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }

    fn required(&self, name: &str) -> Result<&'a Value, String> {
        self.get(name)
            .ok_or_else(|| format!("missing field {name}"))
    }

    fn text(&self, name: &str) -> Result<&'a str, String> {
        self.required(name)?
            .as_text()
            .ok_or_else(|| format!("{name} is not text"))
    }

    fn principal(&self, name: &str) -> Result<Principal, String> {
        principal(self.required(name)?)
    }

    fn number(&self, name: &str) -> Result<u64, String> {
        let number = untagged(self.required(name)?).as_integer();
        number
            .and_then(|number| number.try_into().ok())
            .ok_or_else(|| format!("{name} is not a 64-bit natural number"))
    }

    fn optional_bytes(&self, name: &str) -> Result<Option<&'a [u8]>, String> {
        match self.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(_) => Err(format!("{name} is not a byte string")),
        }
    }

    /// The representation-independent hash: of the sorted hashes of names and values. Absent means absent: a null is
    /// a field that is not there.
    fn hash(&self) -> Result<Hash, String> {
        let present = self.0.iter().filter(|(_, value)| **value != Value::Null);
        let mut pairs = present
            .map(|(name, value)| Ok((sha256(&[name.as_bytes()]), hash_value(value)?)))
            .collect::<Result<Vec<_>, String>>()?;
        pairs.sort_unstable();
        Ok(sha256(
            &pairs
                .iter()
                .flat_map(|(name, value)| [name.as_slice(), value])
                .collect::<Vec<_>>(),
        ))
    }
}

/// The representation-independent hash of a value.
pub fn hash_value(value: &Value) -> Result<Hash, String> {
    match untagged(value) {
        Value::Bytes(bytes) => Ok(sha256(&[bytes])),
        Value::Text(text) => Ok(sha256(&[text.as_bytes()])),
        Value::Integer(number) => {
            let number = u64::try_from(*number)
                .map_err(|_| "a number is not a 64-bit natural number".to_owned())?;
            Ok(sha256(&[&leb128(number)]))
        }
        Value::Array(items) => {
            let hashes = items
                .iter()
                .map(hash_value)
                .collect::<Result<Vec<_>, _>>()?;
            Ok(sha256(
                &hashes.iter().map(Hash::as_slice).collect::<Vec<_>>(),
            ))
        }
        map @ Value::Map(_) => Fields::of(map)?.hash(),
        _ => Err("a value has no hash".into()),
    }
}
