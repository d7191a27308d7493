//! The shape of a vector file; README.md says what each field means.

use serde::Deserialize;

/// A file of vectors. Its title and source are for readers.
#[derive(Deserialize)]
pub struct VectorFile {
    /// The cases, which share nothing.
    pub cases: Vec<Case>,
}

/// One rule of the network and the steps that show it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique in its file.
    pub name: String,
    /// The rule that is tested, in one sentence.
    pub why: String,
    /// What the case needs beyond the basics.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Canisters that are made before the steps; each becomes a variable.
    #[serde(default)]
    pub canisters: Vec<Canister>,
    /// What is asked and expected, in this order.
    pub steps: Vec<Step>,
}

/// A canister that is made before the steps.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canister {
    /// The variable.
    pub name: String,
    /// The module's expression; without it the canister stays empty.
    pub wasm: Option<String>,
    /// Identities and earlier canisters.
    #[serde(default = "alice")]
    pub controllers: Vec<String>,
}

fn alice() -> Vec<String> {
    vec!["alice".into()]
}

/// A step of a case.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// Waits for a call that an earlier step left in the background.
    Await(Await),
    /// Sends a request.
    Send(Box<Send>),
}

/// Waits for a call that an earlier step left in the background.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Await {
    /// The background name.
    #[serde(rename = "await")]
    pub name: String,
    /// How the call ends.
    pub expect: Expectation,
}

/// Sends a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// An identity.
    pub caller: String,
    /// The endpoint.
    pub kind: Kind,
    /// The management canister, a variable or a principal.
    #[serde(default)]
    pub canister: String,
    /// Nothing for a `read_state`.
    #[serde(default)]
    pub method: String,
    /// Candid text.
    #[serde(default = "no_arguments")]
    pub args: String,
    /// The argument's bytes, instead.
    pub arg_hex: Option<String>,
    /// The interface that types argument and reply.
    pub did: Option<String>,
    /// `interface.method` whose results type the reply, where another method's do.
    pub reply_as: Option<String>,
    /// The effective canister id, where the usual one will not do.
    pub effective: Option<String>,
    /// The labels for a `read_state`.
    #[serde(default)]
    pub path: Vec<String>,
    /// Lets so much time of the network pass first.
    pub wait_ms: Option<u64>,
    /// Asks again until the expectation holds, for at most so long.
    pub retry_s: Option<u64>,
    /// Is not waited for; a later step does, by this name.
    pub background: Option<String>,
    /// A remark.
    pub note: Option<String>,
    /// How it ends; nothing where it stays in the background.
    pub expect: Option<Expectation>,
}

fn no_arguments() -> String {
    "()".into()
}

/// An endpoint of the network.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A replicated call.
    Update,
    /// A query.
    Query,
    /// A certified read.
    ReadState,
}

/// What an answer must be.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Expectation {
    /// A reply with these values.
    Reply {
        /// Candid text with placeholders.
        ok: String,
    },
    /// A reply with exactly these bytes.
    Bytes {
        /// Hexadecimal digits.
        ok_hex: String,
    },
    /// A rejection.
    Reject {
        /// All of it.
        reject: Reject,
    },
    /// An answer of the HTTP layer.
    Http {
        /// Its status.
        http: u16,
        /// A part of its body.
        contains: String,
    },
    /// What a read of the state proves.
    State {
        /// A value or absence.
        state: State,
    },
    /// A reply with a certificate for the canister's data.
    DataCertificate {
        /// What it certifies.
        data_certificate: DataCertificate,
    },
}

/// A rejection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The reject code.
    pub code: u64,
    /// The network's own error code.
    pub error_code: Option<String>,
    /// How the message begins; what follows depends on the implementation.
    pub prefix: String,
    /// Whether the rejection comes in a certificate.
    pub certified: bool,
}

/// What a read of the state proves.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// That there is nothing.
    Absent,
    /// These bytes.
    Hex(String),
    /// This text.
    Text(String),
    /// These principals, in any order.
    Principals(Vec<String>),
}

/// What a data certificate certifies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataCertificate {
    /// Whose data.
    pub canister: String,
    /// The bytes, as hexadecimal digits.
    pub data: String,
}
