//! Asking a canister whether it is well, as a step of an operation.

use super::{Check, CheckName, Kind, Verb};
use crate::{
    Answer, CanisterId, Certainty, CheckCall, Code, Error, Interface, Manner, Result, interface,
    replica::{Call, Raw},
    runner::{Done, Work},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Whom a step works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Whom {
    /// A canister that there is.
    Canister(CanisterId),
    /// The throw-away canister that an earlier step makes.
    Trial {
        /// That step.
        trial: usize,
    },
}

impl Whom {
    /// Its id, as far as it is known before anything happens: the management canister stands for what has none yet.
    pub(crate) fn known(&self) -> CanisterId {
        match self {
            Self::Canister(canister) => *canister,
            Self::Trial { .. } => candid::Principal::management_canister().into(),
        }
    }

    /// Its id now.
    pub(crate) fn id(&self, work: &Work) -> Result<CanisterId> {
        match self {
            Self::Canister(canister) => Ok(*canister),
            Self::Trial { trial } => {
                let made = work.output(*trial);
                made.and_then(|made| made["trial"].as_str()?.parse().ok())
                    .ok_or_else(|| Error::new(Code::Bug, "looking for the throw-away canister"))
            }
        }
    }
}

impl From<CanisterId> for Whom {
    fn from(canister: CanisterId) -> Self {
        Self::Canister(canister)
    }
}

/// Whether each of the calls can be made, by the interface that the canister will have then.
pub(super) fn can_be_made(calls: &[CheckCall], interface: Option<&Interface>) -> Vec<Check> {
    calls
        .iter()
        .map(|call| {
            let name = CheckName::CheckCall;
            match call.encode(interface) {
                Ok(_) => Check::require(name, true),
                Err(error) => error
                    .facts
                    .iter()
                    .fold(Check::require(name, false), |check, (fact, value)| {
                        check.with(fact, value)
                    })
                    .or(error.code),
            }
            .with("method", &call.method)
        })
        .collect()
}

/// Calls a method and compares what it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckAnswer {
    pub(crate) whom: Whom,
    pub(crate) call: CheckCall,
    /// Whether the job turns back unless the answer is the expected one.
    pub(crate) is_decisive: bool,
}

/// One machine answers a query, and it may be a block or two behind what was just done: another answer than the expected one is asked
/// for once more, twice.
const QUERIES: usize = 3;

impl CheckAnswer {
    async fn ask(&self, work: &Work) -> Result<Answer> {
        let canister = self.whom.id(work)?;
        let interface = work
            .look(|| interface::read(work.replica(), canister))
            .await;
        let interface = match interface {
            // Not understood is as good as not known.
            Err(error) if error.code == Code::InterfaceMalformed => None,
            read => read?,
        };
        let arguments = self.call.encode(interface.as_ref())?;
        let call = Call::<Raw>::to(canister, &self.call.method, arguments);
        let judged = |answered: Result<Raw>| match answered {
            Ok(Raw(reply)) => Ok(self.call.judge(interface.as_ref(), &reply)),
            Err(error) if ends_the_step(&error) => Err(error),
            Err(error) => Ok(CheckCall::rejected(&error)),
        };
        match self.call.manner {
            Manner::Update => judged(match work.once(self, call).await {
                Ok(Done::Replied(reply)) => Ok(reply),
                Ok(Done::Adopted(_)) => Err(Error::new(Code::Bug, "asking a canister")),
                Err(error) => Err(error),
            }),
            Manner::Query => {
                let mut pauses = work.pauses();
                for _ in 1..QUERIES {
                    let answer = judged(work.look(|| work.replica().query(&call)).await)?;
                    if answer.fits {
                        return Ok(answer);
                    }
                    work.pause(pauses.next()).await;
                }
                judged(work.look(|| work.replica().query(&call)).await)
            }
        }
    }
}

/// Whether it says nothing about the canister's health: somebody wants the job to end, or nobody knows what became of the call.
fn ends_the_step(error: &Error) -> bool {
    matches!(
        error.code,
        Code::Cancelled | Code::JournalUnusable | Code::JournalDamaged | Code::Bug
    ) || error.certainty == Certainty::Unknown
}

#[async_trait]
impl Verb for CheckAnswer {
    fn canister(&self) -> CanisterId {
        self.whom.known()
    }

    fn kind(&self) -> Kind {
        match self.call.manner {
            Manner::Query => Kind::Observe,
            Manner::Update => Kind::Once,
        }
    }

    async fn run(&self, work: &Work) -> Result<Value> {
        let answer = match self.ask(work).await {
            Ok(answer) => answer,
            Err(error) if ends_the_step(&error) || self.is_decisive => return Err(error),
            Err(error) => CheckCall::rejected(&error),
        };
        if answer.fits || !self.is_decisive {
            return Ok(json!({ "answer": answer }));
        }
        let canister = self.whom.id(work)?;
        let mut error = Error::new(Code::AnswerDiffers, "asking a canister whether it is well")
            .with("canister", canister)
            .with("name", work.world().name(canister))
            .with("method", &self.call.method);
        let told = [
            ("expected", &self.call.expected),
            ("found", &answer.found),
            ("rejection", &answer.rejection),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                error = error.with(name, value);
            }
        }
        Err(error)
    }
}
