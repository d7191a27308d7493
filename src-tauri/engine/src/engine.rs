//! The methods that a request ends in.

use crate::{
    Act, Action, Activity, Appearance, Canister, CanisterId, Code, Connection, Denial, Error,
    Folders, Identities, KnownCanister, Neighbourhood, PracticeDoor, Reading, Result, Settings,
    Surroundings,
    canister::{self, About, describe, may},
    connection::Connections,
    network::Networks,
    project::Projects,
    replica::Call,
    samples::Samples,
    settings,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// One open Canopic: its folders, its settings and its networks.
pub struct Engine {
    pub(crate) folders: Arc<Folders>,
    settings: Mutex<Settings>,
    pub(crate) practice: Arc<dyn PracticeDoor>,
    pub(crate) networks: Networks,
    pub(crate) projects: Projects,
    pub(crate) neighbourhood: Neighbourhood,
    pub(crate) connections: Connections,
    pub(crate) identities: Identities,
    /// Held while the file of recent calls is changed.
    pub(crate) recent_calls: Mutex<()>,
    activity: Activity,
    pub(crate) samples: Samples,
}

impl Engine {
    /// Opens the app's state. Networks are reached when they are first needed.
    pub fn open(folders: Arc<Folders>, practice: Arc<dyn PracticeDoor>) -> Result<Self> {
        Ok(Self {
            settings: Mutex::new(settings::load(&folders.config)?),
            networks: Networks::load(&folders.config)?,
            projects: Projects::load(&folders.config)?,
            identities: Identities::open(&folders, Surroundings::of_this_computer())?,
            samples: Samples::below(&folders),
            folders,
            practice,
            neighbourhood: Neighbourhood::of_this_computer(),
            connections: Connections::default(),
            recent_calls: Mutex::default(),
            activity: Activity::default(),
        })
    }

    /// The same app on a computer where other tools' networks are elsewhere.
    #[must_use]
    pub fn among(mut self, neighbourhood: Neighbourhood) -> Self {
        self.neighbourhood = neighbourhood;
        self
    }

    /// The same app on a computer with another keyring, and where other tools keep their keys elsewhere.
    #[must_use]
    pub fn within(mut self, surroundings: Surroundings) -> Self {
        self.identities = self.identities.within(surroundings);
        self
    }

    /// Where things lie.
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// The choices in force.
    pub fn settings(&self) -> Settings {
        self.settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Chooses light, dark or system.
    pub fn choose_appearance(&self, appearance: Appearance) -> Result<()> {
        self.change_settings(|settings| settings.appearance = appearance)
    }

    /// Changes the choices. In force only if they could be written.
    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut Settings)) -> Result<()> {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chosen = settings.clone();
        change(&mut chosen);
        settings::save(&self.folders.config, &chosen)?;
        *settings = chosen;
        Ok(())
    }

    /// Starts or stops a canister and returns it as a certificate shows it afterwards.
    pub async fn act(&self, action: Action, id: CanisterId) -> Result<Canister, Arc<Error>> {
        let connection = self.connection().await?;
        let known = connection
            .endpoint
            .canisters
            .iter()
            .find(|known| known.id == id)
            .ok_or_else(|| {
                Error::new(Code::CanisterNotFound, format!("looking for canister {id}"))
                    .with("canister", id)
            })?;
        let work = perform(&connection, known, action);
        self.activity.run(action, id, &known.name, work).await
    }

    /// What was done so far, and what is done from now on.
    pub fn follow(&self) -> (Vec<Act>, broadcast::Receiver<Act>) {
        self.activity.follow()
    }
}

/// Does it and looks at what came of it.
async fn perform(
    connection: &Connection,
    known: &KnownCanister,
    action: Action,
) -> Result<Canister> {
    let replica = &connection.replica;
    // The board may be minutes old: what is possible is judged by the state that a certificate shows now.
    let before = canister::read_certified(replica, known.id).await?;
    may(
        action,
        &Reading::Full(Box::new(before)),
        connection.identity.principal,
    )
    .map_err(|denial| denied(denial, action, known))?;
    let method = match action {
        Action::Start => "start_canister",
        _ => "stop_canister",
    };
    let change = Call::<()>::manage(known.id, method, (About::from(known.id),))?;
    let () = replica.perform(&change).await?;
    // The change is proven from here on; a failing look afterwards does not undo it.
    let reading = match canister::read_certified(replica, known.id).await {
        Ok(after) => Reading::Full(Box::new(after)),
        Err(error) => Reading::Failed(error),
    };
    Ok(describe(known, reading))
}

fn denied(denial: Denial, action: Action, known: &KnownCanister) -> Error {
    let code = match denial {
        Denial::NotController => Code::NotController,
        _ => Code::Precondition,
    };
    Error::new(
        code,
        format!("checking {action:?} of canister {}", known.id),
    )
    .with("canister", known.id)
    .with("name", &known.name)
    .with("denial", format!("{denial:?}"))
}
