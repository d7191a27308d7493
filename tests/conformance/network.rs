//! The network that is asked, and what it can answer. Certificates and query signatures are verified by the agent.

use crate::format::Kind;
use anyhow::{Context as _, Result, anyhow};
use candid::Principal;
use ic_agent::agent::{EffectiveId, RejectResponse, status};
use ic_agent::hash_tree::{Label, LookupResult};
use ic_agent::identity::{AnonymousIdentity, BasicIdentity};
use ic_agent::{Agent, AgentError, Certificate};
use std::collections::BTreeMap;

/// A network and those who ask it.
pub struct Network {
    agents: BTreeMap<&'static str, Agent>,
    /// Everybody's principal.
    pub principals: BTreeMap<&'static str, Principal>,
    /// The effective canister id for making canisters.
    pub create_at: Principal,
    /// Where no other network is named: it ends with the process.
    _own: Option<canopic_practice::Network>,
}

/// A request with everything resolved.
pub struct Request {
    pub caller: String,
    pub kind: Kind,
    pub canister: Principal,
    pub method: String,
    pub argument: Vec<u8>,
    pub effective: Principal,
    pub path: Vec<Vec<u8>>,
}

/// What comes back.
pub enum Answer {
    Reply(Vec<u8>),
    /// A rejection; `certified` where a certificate proves it.
    Reject {
        response: RejectResponse,
        certified: bool,
    },
    Http {
        status: u16,
        body: String,
    },
    State(Lookup),
    /// Nothing that a vector can expect: no connection, a certificate that does not verify, …
    Unusable(AgentError),
}

/// What a read of the state proves.
pub enum Lookup {
    Found(Vec<u8>),
    Absent,
    Unknown,
}

impl Network {
    /// Takes the network that `CANOPIC_NETWORK_URL` names, else starts one.
    pub async fn open() -> Result<Self> {
        let variable = |name| std::env::var(name).ok();
        let own = match variable("CANOPIC_NETWORK_URL") {
            Some(_) => None,
            None => Some(canopic_practice::start(canopic_practice::Options::default()).await?),
        };
        let url = own
            .as_ref()
            .map(|own| own.ready().url.clone())
            .or_else(|| variable("CANOPIC_NETWORK_URL"));
        let url = url.context("no network")?;

        let mut agents = BTreeMap::new();
        let mut principals = BTreeMap::new();
        for name in ["anonymous", "alice", "bob", "carol"] {
            let agent = Agent::builder().with_url(&url);
            let agent = match name {
                "anonymous" => agent.with_identity(AnonymousIdentity),
                _ => agent.with_identity(BasicIdentity::from_raw_key(&seed(name))),
            };
            let agent = agent.build()?;
            match &own {
                Some(own) => agent.set_root_key(hex::decode(&own.ready().root_key)?),
                None => agent.fetch_root_key().await.context("fetch the root key")?,
            }
            principals.insert(name, agent.get_principal().map_err(|error| anyhow!(error))?);
            agents.insert(name, agent);
        }
        let create_at = match (variable("CANOPIC_EFFECTIVE_CANISTER_ID"), &own) {
            (Some(id), _) => Principal::from_text(id)?,
            (None, Some(own)) => Principal::from_text(&own.ready().default_effective_canister_id)?,
            (None, None) => announced(&agents["anonymous"])
                .await?
                .unwrap_or(Principal::management_canister()),
        };
        Ok(Self {
            agents,
            principals,
            create_at,
            _own: own,
        })
    }

    /// Sends a request and waits for its end.
    pub async fn ask(&self, request: &Request) -> Result<Answer> {
        let agent = self.agents.get(request.caller.as_str());
        let agent = agent.ok_or_else(|| anyhow!("no identity {}", request.caller))?;
        let answer = match request.kind {
            Kind::Update => {
                let update = agent
                    .update(&request.canister, &request.method)
                    .with_arg(request.argument.clone());
                let update = update.with_effective_canister_id(request.effective);
                update.call_and_wait().await.map(Answer::Reply)
            }
            Kind::Query => {
                let query = agent
                    .query(&request.canister, &request.method)
                    .with_arg(request.argument.clone());
                let query = query.with_effective_canister_id(request.effective);
                query.call().await.map(Answer::Reply)
            }
            Kind::ReadState => {
                let path = request
                    .path
                    .iter()
                    .map(|label| Label::from_bytes(label))
                    .collect();
                let certificate = agent
                    .read_state_raw(vec![path], EffectiveId::Canister(request.effective))
                    .await;
                certificate.map(|certificate| Answer::State(look_up(&certificate, &request.path)))
            }
        };
        Ok(answer.unwrap_or_else(|error| match error {
            AgentError::CertifiedReject { reject, .. } => Answer::Reject {
                response: reject,
                certified: true,
            },
            AgentError::UncertifiedReject { reject, .. } => Answer::Reject {
                response: reject,
                certified: false,
            },
            AgentError::HttpError(payload) => Answer::Http {
                status: payload.status,
                body: String::from_utf8_lossy(&payload.content).into_owned(),
            },
            error => Answer::Unusable(error),
        }))
    }

    /// Verifies a certificate for what a canister's query may see and looks a path up in it.
    pub fn verify(
        &self,
        certificate: &Certificate,
        canister: Principal,
        path: &[Vec<u8>],
    ) -> Result<Lookup> {
        self.agents["anonymous"].verify(certificate, EffectiveId::Canister(canister))?;
        Ok(look_up(certificate, path))
    }
}

/// An identity's secret: its name, padded with zero bytes.
fn seed(name: &str) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..name.len()].copy_from_slice(name.as_bytes());
    seed
}

/// The effective canister id that a network's status endpoint announces. Where certificates carry a delegation, the agent
/// checks the range, so that the management canister's own id would not do.
async fn announced(agent: &Agent) -> Result<Option<Principal>> {
    let status = agent.status().await?;
    let announced = ["default_effective_canister_id", "effective_canister_id"]
        .iter()
        .find_map(|name| status.values.get(*name));
    Ok(match announced.map(AsRef::as_ref) {
        Some(status::Value::Bytes(bytes)) => Some(Principal::try_from_slice(bytes)?),
        Some(status::Value::String(text)) => Some(Principal::from_text(text)?),
        _ => None,
    })
}

fn look_up(certificate: &Certificate, path: &[Vec<u8>]) -> Lookup {
    match certificate.tree.lookup_path(path.iter().map(Vec::as_slice)) {
        LookupResult::Found(value) => Lookup::Found(value.to_vec()),
        LookupResult::Absent => Lookup::Absent,
        LookupResult::Unknown | LookupResult::Error => Lookup::Unknown,
    }
}
