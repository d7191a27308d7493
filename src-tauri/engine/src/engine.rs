//! The methods that a request ends in.

use crate::{
    Action, Appearance, Canister, CanisterId, Code, Conduct, End, Error, Folders, Identities,
    JobFailure, Neighbourhood, Op, PracticeDoor, Reading, Result, Settings, State, Surroundings,
    beside::Remembered,
    canister::{self, describe},
    connection::Connections,
    library::Library,
    network::Networks,
    project::Projects,
    read_only::Locks,
    runner::Jobs,
    samples::Samples,
    settings,
    snapshot::Labels,
    watch::Watch,
};
use std::sync::{Arc, Mutex, PoisonError};

/// One open Canopic: its folders, its settings and its networks.
pub struct Engine {
    pub(crate) folders: Arc<Folders>,
    settings: Mutex<Settings>,
    pub(crate) practice: Arc<dyn PracticeDoor>,
    pub(crate) networks: Networks,
    pub(crate) projects: Projects,
    pub(crate) watch: Arc<Watch>,
    pub(crate) neighbourhood: Neighbourhood,
    pub(crate) connections: Connections,
    pub(crate) identities: Identities,
    /// Held while the file of recent calls is changed.
    pub(crate) recent_calls: Mutex<()>,
    /// Held while the file of check calls is changed.
    pub(crate) check_calls: Mutex<()>,
    pub(crate) samples: Samples,
    pub(crate) jobs: Jobs,
    pub(crate) library: Arc<Library>,
    pub(crate) labels: Labels,
    pub(crate) locks: Locks,
    pub(crate) remembered: Remembered,
}

impl Engine {
    /// Opens the app's state. Networks are reached when they are first needed.
    pub fn open(folders: Arc<Folders>, practice: Arc<dyn PracticeDoor>) -> Result<Self> {
        Self::open_with(folders, practice, Conduct::default())
    }

    /// Opens the app's state, with another patience for jobs.
    pub fn open_with(
        folders: Arc<Folders>,
        practice: Arc<dyn PracticeDoor>,
        conduct: Conduct,
    ) -> Result<Self> {
        Ok(Self {
            settings: Mutex::new(settings::load(&folders.config)?),
            networks: Networks::load(&folders.config)?,
            projects: Projects::load(&folders.config)?,
            watch: Arc::new(Watch::load(&folders.config)?),
            identities: Identities::open(&folders, Surroundings::of_this_computer())?,
            samples: Samples::below(&folders),
            jobs: Jobs::open(folders.data.clone(), conduct),
            library: Arc::new(Library::load(&folders.data, &folders.config)?),
            labels: Labels::load(&folders.config)?,
            locks: Locks::default(),
            remembered: Remembered::default(),
            folders,
            practice,
            neighbourhood: Neighbourhood::of_this_computer(),
            connections: Connections::default(),
            recent_calls: Mutex::default(),
            check_calls: Mutex::default(),
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

    /// Switches the system's notifications off, or on again.
    pub fn choose_quiet(&self, is_quiet: bool) -> Result<()> {
        self.change_settings(|settings| settings.is_quiet = is_quiet)
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

    /// Starts or stops a canister as a job, and returns it as a certificate shows it afterwards.
    pub async fn act(&self, action: Action, id: CanisterId) -> Result<Canister> {
        let connection = self.connection().await?;
        let known = self
            .known_canisters(&connection)
            .into_iter()
            .find(|known| known.id == id)
            .ok_or_else(|| {
                Error::new(Code::CanisterNotFound, format!("looking for canister {id}"))
                    .with("canister", id)
            })?;
        let op = match action {
            Action::Start => Op::Start { canister: id },
            _ => Op::Stop { canister: id },
        };
        let plan = self.plan(&op).await?;
        let job = self.run(op, &plan.fingerprint).await?;
        let job = self.rest(job).await?;
        if job.state != State::Ended(End::Done) {
            let failure = match &job.state {
                State::Stuck(failure) => Some(failure),
                _ => job.failure.as_ref(),
            };
            return Err(failure.map_or_else(
                || Error::new(Code::JournalUnusable, "carrying out a job"),
                JobFailure::to_error,
            ));
        }
        // The change is proven from here on; a failing look afterwards does not undo it.
        let reading = match canister::read_certified(&connection.replica, known.id).await {
            Ok(after) => Reading::Full(Box::new(after)),
            Err(error) => Reading::Failed(error),
        };
        Ok(describe(&known, reading))
    }
}
