//! A canister as it is known at a moment.
//!
//! [`Reading`] says how well it is known: the full status for those who may see it, the public facts for everybody else, or the
//! reason why there is neither. Reading order: [`status`] is what the network tells and what follows from it, [`settings`] is what an
//! owner decides and how a change is reviewed, [`may`] answers before an act whether it is possible, [`creation`] and [`lifecycle`] are
//! the calls from its first day to its last.
//!
//! A board of many canisters is read with a bounded number of questions in flight, each with a deadline of its own and all with a
//! common one: a canister that does not answer holds up none of the others, and a network that does not answer holds up nobody.

pub(crate) mod creation;
pub(crate) mod lifecycle;
mod may;
mod settings;
mod status;

pub use creation::{CREATION_FEE, Creation, CreationPlan, Placement};
pub use may::{Action, Denial, may};
pub use settings::{
    CanisterSettings, Difference, EnvironmentVariable, Guard, MOST_CONTROLLERS, Review, Setting,
    SettingsChange, Viewers, check, review,
};
pub use status::{
    Memory, Queries, RunState, SHORT_RUNWAY_DAYS, Status, Warning, controller_warnings,
};

pub(crate) use status::amount;

use crate::{
    CanisterId, Code, Engine, Error, KnownCanister, Result,
    replica::{Call, Replica},
};
use candid::{CandidType, Principal};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use status::StatusReply;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// How many canisters are read at the same time: enough to hide the network's latency, few enough not to be throttled.
const READS_AT_ONCE: usize = 24;

/// How long a canister may take to answer: many times what the slowest subnet needs, and no longer than a person looks at a row
/// that says nothing.
const READ_DEADLINE: Duration = Duration::from_secs(5);

/// How long a whole board may take. What is not read by then is shown as still waiting; the next refresh begins anew.
const BOARD_DEADLINE: Duration = Duration::from_secs(15);

/// How long to wait before asking again where the network asks to slow down. The client below has tried for more than a second by
/// then; two more tries fit in the deadline.
const PATIENCE: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];

/// The section of a module that says which methods it has.
pub(crate) const CANDID_SERVICE: &str = "candid:service";

/// The sections that tools put into modules. A certificate tells whether one is there, never which there are, so they are asked
/// for by name.
const KNOWN_SECTIONS: [&str; 9] = [
    CANDID_SERVICE,
    "candid:args",
    "dfx",
    "enhanced-orthogonal-persistence",
    "git_commit_id",
    "motoko:compiler",
    "motoko:stable-types",
    "supported_certificate_versions",
    "target_chain",
];

/// A canister and what is known of it.
#[derive(Debug)]
pub struct Canister {
    /// Its id.
    pub id: CanisterId,
    /// The name that people use.
    pub name: String,
    /// The group that it is shown in.
    pub group: String,
    /// What is known, and how well.
    pub reading: Reading,
    /// When it was read, by this computer's clock.
    pub read_at: SystemTime,
}

/// How well a canister is known.
#[derive(Debug)]
pub enum Reading {
    /// The caller may see everything.
    Full(Box<Status>),
    /// The caller may not see the status; these facts are everybody's.
    Public(PublicFacts),
    /// Nothing could be read.
    Failed(Error),
}

impl Reading {
    /// The status, if it is known.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Full(status) => Some(status),
            _ => None,
        }
    }

    /// Who controls it, if that is known.
    pub fn controllers(&self) -> Option<&[Principal]> {
        match self {
            Self::Full(status) => Some(&status.settings.controllers),
            Self::Public(facts) => Some(&facts.controllers),
            Self::Failed(_) => None,
        }
    }

    /// What its owner should know. `ours` are the principals of all identities at hand.
    pub fn warnings(&self, ours: &[Principal]) -> Vec<Warning> {
        match self {
            Self::Full(status) => status.warnings(ours),
            Self::Public(facts) => controller_warnings(&facts.controllers, ours),
            Self::Failed(_) => vec![],
        }
    }
}

/// What everybody may know of a canister; always certified. What is missing against a status is all the rest: whether it runs, its
/// cycles, memory, settings and snapshots.
#[derive(Debug)]
pub struct PublicFacts {
    /// SHA-256 of the installed module; none for an empty canister.
    pub module_hash: Option<Vec<u8>>,
    /// Who may change it.
    pub controllers: Vec<Principal>,
    /// Whether it tells everybody which methods it has; none where that is for controllers only.
    pub has_interface: Option<bool>,
}

/// A custom section of a module that the caller may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomSection {
    /// Its name, without the prefix that says who may read it.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// An argument that names one canister.
#[derive(CandidType)]
pub(crate) struct About {
    canister_id: Principal,
}

impl From<CanisterId> for About {
    fn from(id: CanisterId) -> Self {
        Self {
            canister_id: id.principal(),
        }
    }
}

fn status_call(id: CanisterId) -> Result<Call<(StatusReply,)>> {
    Call::manage(id, "canister_status", (About::from(id),))
}

/// Reads cheaply: one machine's signed answer, and the public facts where the status is not for the caller.
pub(crate) async fn read(replica: &Replica, id: CanisterId) -> Reading {
    let asked = async { replica.query(&status_call(id)?).await };
    match asked.await {
        Ok((reply,)) => Reading::Full(Box::new(reply.into_status(None))),
        Err(error) if error.code == Code::NotController => match read_public(replica, id).await {
            Ok(facts) => Reading::Public(facts),
            Err(error) => Reading::Failed(error),
        },
        Err(error) => Reading::Failed(error),
    }
}

async fn read_public(replica: &Replica, id: CanisterId) -> Result<PublicFacts> {
    let interface = async {
        match replica.metadata(id, CANDID_SERVICE).await {
            Ok(interface) => Ok(Some(interface.is_some())),
            // The network's word for a section that is for controllers only.
            Err(error) if error.code == Code::Refused => Ok(None),
            Err(error) => Err(error),
        }
    };
    let (module_hash, controllers, has_interface) =
        tokio::try_join!(replica.module_hash(id), replica.controllers(id), interface)?;
    Ok(PublicFacts {
        module_hash,
        controllers,
        has_interface,
    })
}

/// Reads the status with a certificate. It takes as long as a change does, because on the network it is one; but it changes
/// nothing, so an answer that is lost leaves no doubt behind.
pub(crate) async fn read_certified(replica: &Replica, id: CanisterId) -> Result<Status> {
    let ((reply,), proven_at) = replica.prove(&status_call(id)?).await?;
    Ok(reply.into_status(Some(proven_at)))
}

/// Reads within the deadlines, and asks again where the network asks to slow down.
async fn read_in_time(replica: &Replica, id: CanisterId, board_ends: Instant) -> Reading {
    let began = Instant::now();
    let ends = board_ends.min(began + READ_DEADLINE);
    let patient = async {
        for pause in PATIENCE {
            match read(replica, id).await {
                Reading::Failed(error) if error.code == Code::Throttled => {
                    tokio::time::sleep(pause).await;
                }
                reading => return reading,
            }
        }
        read(replica, id).await
    };
    tokio::time::timeout_at(ends, patient)
        .await
        .unwrap_or_else(|_| {
            Reading::Failed(
                Error::new(Code::SlowAnswer, format!("reading {id}"))
                    .with("canister", id)
                    .with("seconds", ends.duration_since(began).as_secs()),
            )
        })
}

pub(crate) fn describe(known: &KnownCanister, reading: Reading) -> Canister {
    Canister {
        id: known.id,
        name: known.name.clone(),
        group: known.group.clone(),
        reading,
        read_at: SystemTime::now(),
    }
}

impl Engine {
    /// All canisters that are looked after, each as well as it can be known. One that cannot be read holds up none of the others.
    pub async fn canisters(&self) -> Result<Vec<Canister>> {
        let connection = self.connection().await?;
        let ends = Instant::now() + BOARD_DEADLINE;
        let canisters: Vec<_> = stream::iter(self.known_canisters(&connection))
            .map(|known| {
                let replica = connection.replica.clone();
                // A task of its own: checking signatures takes a processor, and there are several.
                tokio::spawn(async move {
                    let reading = read_in_time(&replica, known.id, ends).await;
                    describe(&known, reading)
                })
            })
            .buffered(READS_AT_ONCE)
            .try_collect()
            .await
            .map_err(|error| Error::new(Code::Bug, "reading canisters").because(error))?;
        self.keep_samples(connection.fingerprint(), &canisters)
            .await;
        self.note_control(connection.fingerprint(), &canisters);
        Ok(canisters)
    }

    /// One canister, watched or not, by a cheap question or with a certificate.
    pub async fn canister(&self, id: CanisterId, certified: bool) -> Result<Canister> {
        let connection = self.connection().await?;
        let known = self.known_canister(&connection, id);
        let replica = &connection.replica;
        let reading = if certified {
            match read_certified(replica, id).await {
                Ok(status) => Reading::Full(Box::new(status)),
                Err(error) if error.code == Code::NotController => {
                    Reading::Public(read_public(replica, id).await?)
                }
                Err(error) => Reading::Failed(error),
            }
        } else {
            read_in_time(replica, id, Instant::now() + READ_DEADLINE).await
        };
        let read = describe(&known, reading);
        self.note_control(connection.fingerprint(), [&read]);
        Ok(read)
    }

    /// What a change of settings would mean, held against the settings that a certificate shows now.
    pub async fn review(&self, id: CanisterId, change: &SettingsChange) -> Result<Review> {
        let connection = self.connection().await?;
        check(change)?;
        let status = read_certified(&connection.replica, id).await?;
        review(&status, change, connection.identity.principal)
    }

    /// The well-known sections of a canister's module that the caller may read, certified. Private ones are controllers' only.
    pub async fn metadata(&self, id: CanisterId) -> Result<Vec<CustomSection>> {
        let replica = &self.connection().await?.replica;
        let asked = KNOWN_SECTIONS.map(|name| async move {
            match replica.metadata(id, name).await {
                Ok(content) => Ok(content.map(|content| CustomSection {
                    name: name.to_owned(),
                    content,
                })),
                // It is there, and not for this caller.
                Err(error) if error.code == Code::Refused => Ok(None),
                Err(error) => Err(error),
            }
        });
        let found = futures::future::try_join_all(asked).await?;
        Ok(found.into_iter().flatten().collect())
    }
}
