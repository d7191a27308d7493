//! What can be said of a network from outside: whether it answers, how fast, whether its certificates lead back to the key that it
//! is known by, and whether this computer's clock agrees with it.
//!
//! A probe asks two things, as nobody: the status, which no key protects, and a certificate of the root subnet, which the root key
//! proves or does not. A person with a wrong clock, a wrong key and no connection gets three different findings.

use super::Address;
use crate::{
    Certainty, Code, Error, Fingerprint, Result,
    replica::{dial, read_failed, time_of},
};
use candid::Principal;
use ic_agent::{Agent, AgentError, agent::EffectiveId};
use std::time::{Duration, Instant, SystemTime};

/// A network that has not answered by then counts as unreachable: mainnet answers within a second from anywhere.
const ANSWERED_AT_LATEST: Duration = Duration::from_secs(10);

/// The same for this computer itself, where nothing is far away and several ports are tried.
const ANSWERED_AT_LATEST_HERE: Duration = Duration::from_secs(2);

/// However wrong this computer's clock is, a probe's certificate is read all the same: that is how the clock is found out. Requests
/// of nobody's are not held against their expiry, so this expiry harms nothing.
const ANY_AGE: Duration = Duration::from_secs(50 * 365 * 24 * 60 * 60);

/// From here on a clock is called off. Envelopes live for three minutes less up to one of rounding, so two are left before the
/// network refuses them; half of that is time to react.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// What was found out about a network.
#[derive(Debug)]
pub struct Probe {
    /// Where it was asked.
    pub address: Address,
    /// What it is.
    pub finding: Finding,
    /// The key that the network says is its own; proves nothing by itself.
    pub root_key: Option<Vec<u8>>,
    /// How long it takes to answer.
    pub latency: Option<Duration>,
    /// How far this computer's clock is from the time of the certificate.
    pub clock: Option<ClockOffset>,
    /// The version of the software that answers, as it says.
    pub version: Option<String>,
}

/// What a network turned out to be.
#[derive(Debug)]
pub enum Finding {
    /// Its certificate leads back to the root key.
    Proven,
    /// Nobody answers.
    Unreachable(Error),
    /// Somebody answers who is no Internet Computer.
    Stranger(Error),
    /// It says that its root key is another one.
    OtherKey {
        /// What it is known by.
        known: Fingerprint,
        /// What it says.
        found: Fingerprint,
    },
    /// Its certificate does not lead back to the root key.
    Untrusted(Error),
    /// It answers, but no certificate could be had.
    Unproven(Error),
}

/// How far this computer's clock is from a network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    /// How far.
    pub by: Duration,
    /// Whether this computer is ahead of the network.
    pub is_ahead: bool,
}

impl ClockOffset {
    fn between(here: SystemTime, network: SystemTime) -> Self {
        match here.duration_since(network) {
            Ok(by) => Self { by, is_ahead: true },
            Err(behind) => Self {
                by: behind.duration(),
                is_ahead: false,
            },
        }
    }

    /// Whether requests are in danger by it.
    pub fn is_off(self) -> bool {
        self.by > CLOCK_TOLERANCE
    }
}

/// Asks a network who it is. `root_key` is the one that it is known by; without one, the one that it tells is taken for now.
pub(crate) async fn probe(address: &Address, root_key: Option<&[u8]>, now: SystemTime) -> Probe {
    let began = Instant::now();
    let mut found = Probe {
        address: address.clone(),
        finding: Finding::Proven,
        root_key: None,
        latency: None,
        clock: None,
        version: None,
    };
    let status = match status(address).await {
        Ok(status) => status,
        Err(error) => {
            found.finding = if error.code == Code::NoNetwork {
                Finding::Unreachable(error)
            } else {
                Finding::Stranger(error)
            };
            return found;
        }
    };
    found.latency = Some(began.elapsed());
    found.version = status.impl_version;
    found.root_key = status.root_key;
    let key = match (root_key, &found.root_key) {
        (Some(known), Some(told)) if known != told => {
            found.finding = Finding::OtherKey {
                known: Fingerprint::of(known),
                found: Fingerprint::of(told),
            };
            return found;
        }
        (Some(key), _) => key.to_vec(),
        (None, Some(key)) => key.clone(),
        (None, None) => {
            found.finding = Finding::Stranger(
                Error::new(Code::Untrusted, "looking for a root key").with("address", address),
            );
            return found;
        }
    };
    let asked = Instant::now();
    match certificate_time(address, key).await {
        Ok(time) => {
            found.latency = Some(asked.elapsed());
            // The certificate was made about half way between question and answer.
            let here = now + began.elapsed() - asked.elapsed() / 2;
            found.clock = Some(ClockOffset::between(here, time));
        }
        Err(error) if error.code == Code::Untrusted => found.finding = Finding::Untrusted(error),
        Err(error) => found.finding = Finding::Unproven(error),
    }
    found
}

/// What a network says of itself. No key protects it.
pub(super) async fn status(address: &Address) -> Result<ic_agent::agent::status::Status> {
    let doing = "asking a network for its status";
    let asked = agent(address)?;
    let answer = within(address, doing, async {
        asked
            .status()
            .await
            .map_err(|error| read_failed(doing, error))
    })
    .await;
    answer.map_err(|error| error.with("address", address))
}

/// The root key that a network says is its own; none if it does not say.
pub(super) async fn told_root_key(address: &Address) -> Result<Option<Vec<u8>>> {
    Ok(status(address).await?.root_key)
}

async fn certificate_time(address: &Address, root_key: Vec<u8>) -> Result<SystemTime> {
    let doing = "reading a certificate of the root subnet";
    let agent = agent(address)?;
    // The root subnet's id follows from its key, so no canister has to be known.
    let root = Principal::self_authenticating(&root_key);
    agent.set_root_key(root_key);
    let certificate = within(address, doing, async {
        agent
            .read_state_raw(vec![vec!["time".into()]], EffectiveId::Subnet(root))
            .await
            .map_err(|error| read_failed(doing, error))
    })
    .await?;
    time_of(&certificate).ok_or_else(|| Error::new(Code::Untrusted, doing).because("no time in it"))
}

fn agent(address: &Address) -> Result<Agent> {
    dial(&address.to_string())
        .with_ingress_expiry(ANY_AGE)
        .build()
        .map_err(|error: AgentError| read_failed("preparing to ask a network", error))
}

async fn within<Found>(
    address: &Address,
    doing: &str,
    asking: impl Future<Output = Result<Found>>,
) -> Result<Found> {
    let limit = if address.is_loopback() {
        ANSWERED_AT_LATEST_HERE
    } else {
        ANSWERED_AT_LATEST
    };
    tokio::time::timeout(limit, asking)
        .await
        .unwrap_or_else(|_| {
            Err(Error::new(Code::NoNetwork, doing)
                .certainty(Certainty::NothingSent)
                .with("address", address)
                .because(format!("no answer within {} s", limit.as_secs())))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_from_a_minute_on_to_either_side() {
        let network = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_000_000);
        for (seconds, is_off) in [(0, false), (60, false), (61, true), (86_400, true)] {
            let by = Duration::from_secs(seconds);
            let ahead = ClockOffset::between(network + by, network);
            let behind = ClockOffset::between(network - by, network);
            assert_eq!(
                (ahead.is_off(), ahead.by, ahead.is_ahead),
                (is_off, by, true),
                "{seconds} s ahead"
            );
            assert_eq!(
                (behind.is_off(), behind.by),
                (is_off, by),
                "{seconds} s behind"
            );
            assert_eq!(
                behind.is_ahead,
                seconds == 0,
                "no offset counts as ahead by nothing"
            );
        }
    }
}
