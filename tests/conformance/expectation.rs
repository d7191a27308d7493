//! Whether an answer is what a step expects.

use crate::expression::{Scope, Surroundings};
use crate::format::{DataCertificate, Expectation, Reject, Send, State};
use crate::library::MANAGEMENT;
use crate::network::{Answer, Lookup, Network};
use crate::pattern;
use anyhow::{Context as _, Result, bail, ensure};
use candid::{IDLArgs, Principal};
use ic_agent::Certificate;

impl Send {
    /// The interface that types the argument and the reply.
    pub fn interface(&self) -> Option<&str> {
        let management = (self.canister == MANAGEMENT).then_some(MANAGEMENT);
        self.did.as_deref().or(management)
    }

    fn decode(&self, reply: &[u8], scope: &Scope) -> Result<IDLArgs> {
        match self
            .reply_as
            .as_ref()
            .and_then(|place| place.split_once('.'))
        {
            Some((interface, method)) => scope.library().decode(reply, Some(interface), method),
            None => scope
                .library()
                .decode(reply, self.interface(), &self.method),
        }
    }
}

/// Checks an answer; what the expectation captures becomes a variable. `sent` tells the types.
pub fn check(
    expectation: &Expectation,
    sent: &Send,
    answer: &Answer,
    network: &Network,
    scope: &mut Scope,
) -> Result<()> {
    let plain = |text: &str, scope: &Scope| scope.expand(text, Surroundings::Plain);
    let fits = match (expectation, answer) {
        (Expectation::Reply { ok }, Answer::Reply(reply)) => {
            let expected = pattern::parse(ok, scope)?;
            return pattern::check(&expected, &sent.decode(reply, scope)?, scope);
        }
        (Expectation::DataCertificate { data_certificate }, Answer::Reply(reply)) => {
            return check_certificate(data_certificate, reply, network, scope);
        }
        (Expectation::Bytes { ok_hex }, Answer::Reply(reply)) => {
            plain(ok_hex, scope)? == hex::encode(reply)
        }
        (
            Expectation::Reject { reject },
            Answer::Reject {
                response,
                certified,
            },
        ) => {
            let Reject {
                code,
                error_code,
                prefix,
                certified: expected,
            } = reject;
            *code == response.reject_code as u64
                && *error_code == response.error_code
                && response.reject_message.starts_with(&plain(prefix, scope)?)
                && expected == certified
        }
        (Expectation::Http { http, contains }, Answer::Http { status, body }) => {
            http == status && body.contains(&plain(contains, scope)?)
        }
        (Expectation::State { state }, Answer::State(found)) => check_state(state, found, scope)?,
        _ => false,
    };
    ensure!(fits, "expected {expectation:?}, got {}", describe(answer));
    Ok(())
}

fn check_state(expected: &State, found: &Lookup, scope: &Scope) -> Result<bool> {
    let plain = |text: &str| scope.expand(text, Surroundings::Plain);
    Ok(match (expected, found) {
        (State::Absent, Lookup::Absent) => true,
        (State::Hex(digits), Lookup::Found(value)) => plain(digits)? == hex::encode(value),
        (State::Text(text), Lookup::Found(value)) => plain(text)?.as_bytes() == value,
        (State::Principals(names), Lookup::Found(value)) => {
            let mut expected = names
                .iter()
                .map(|name| scope.principal(name))
                .collect::<Result<Vec<Principal>>>()?;
            let mut found: Vec<Principal> = serde_cbor::from_slice(value)?;
            expected.sort();
            found.sort();
            expected == found
        }
        _ => false,
    })
}

fn check_certificate(
    expected: &DataCertificate,
    reply: &[u8],
    network: &Network,
    scope: &Scope,
) -> Result<()> {
    let canister = scope.principal(&expected.canister)?;
    let data = scope.expand(&expected.data, Surroundings::Plain)?;
    let certificate =
        pattern::blob_of(&IDLArgs::from_bytes(reply)?).context("the reply is no blob")?;
    let certificate: Certificate = serde_cbor::from_slice(&certificate)?;
    let path = [
        b"canister".to_vec(),
        canister.as_slice().to_vec(),
        b"certified_data".to_vec(),
    ];
    match network
        .verify(&certificate, canister, &path)
        .context("data certificate")?
    {
        Lookup::Found(value) if hex::encode(&value) == data => Ok(()),
        Lookup::Found(value) => bail!("expected certified data {data}, got {}", hex::encode(value)),
        Lookup::Absent | Lookup::Unknown => bail!("expected certified data {data}, got none"),
    }
}

/// An answer in so many words as a failure needs.
pub fn describe(answer: &Answer) -> String {
    let text = match answer {
        Answer::Reply(reply) => match IDLArgs::from_bytes(reply) {
            Ok(values) => format!("reply {values}"),
            Err(_) => format!("reply 0x{}", hex::encode(reply)),
        },
        Answer::Reject {
            response,
            certified,
        } => format!("certified: {certified}, {response:?}"),
        Answer::Http { status, body } => format!("HTTP status {status} {body:?}"),
        Answer::State(Lookup::Found(value)) => format!("state 0x{}", hex::encode(value)),
        Answer::State(Lookup::Absent) => "a proof of absence".into(),
        Answer::State(Lookup::Unknown) => "a certificate that proves nothing".into(),
        Answer::Unusable(error) => format!("{error:?}"),
    };
    text.chars().take(700).collect()
}
