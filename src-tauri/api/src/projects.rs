//! Projects: folders in which people build canisters.

use crate::{Api, failure::Failure, networks::Tool};
use canopic_engine as engine;
use serde::Serialize;
use ts_rs::TS;

/// A project that is open.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Its folder.
    pub folder: String,
    /// Its name.
    pub name: String,
    /// Its environments; empty when the folder cannot be read.
    pub environments: Vec<Environment>,
    /// What is wrong in its files.
    pub problems: Vec<ProjectProblem>,
    /// Why the folder as a whole cannot be read; null if it can.
    pub failure: Option<Failure>,
}

/// A place where a project's canisters live.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// The tool whose files it stands in.
    pub tool: Tool,
    /// The network that it belongs to, as the project calls it.
    pub network: String,
    /// What that network is.
    pub ground: Ground,
    /// Its canisters in the order of their names.
    pub canisters: Vec<Member>,
}

/// The network under an environment.
#[derive(Debug, Serialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Ground {
    /// The Internet Computer.
    Mainnet,
    /// A network that a tool runs on this computer: any of these.
    Local {
        /// The names of the networks, to be chosen by.
        networks: Vec<String>,
    },
    /// A network at an address.
    Elsewhere {
        /// The address.
        address: String,
        /// The fingerprint of its root key; null if the project tells none.
        fingerprint: Option<String>,
    },
    /// The project does not say what it is.
    Unknown,
}

/// A canister of an environment.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The name that the project gives it.
    pub name: String,
    /// Its id; null while it was not created there.
    pub id: Option<String>,
    /// Whether the project still has it; otherwise only its id is left.
    pub is_declared: bool,
}

/// Something that is wrong in a file of a project.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProjectProblem {
    /// The file, from the project's folder on.
    pub file: String,
    /// The line, counted from one; null where it is the file as a whole.
    pub line: Option<u32>,
    /// What is wrong.
    pub kind: ProblemKind,
    /// What it is about: a name, a path, a limit, or the words of the parser.
    pub subject: String,
}

crate::failure::mirror! {
    /// What can be wrong in a file of a project. See [`canopic_engine::ProblemKind`].
    ProblemKind {
        DuplicateName, Malformed, MalformedId, MalformedName, MissingKey, NotFound, Outside, TooDeep, TooLarge, TooMany,
        UnknownCanister, UnknownKey, UnknownNetwork, Unreadable, WrongKind,
    }
}

impl From<engine::Project> for Project {
    fn from(project: engine::Project) -> Self {
        Self {
            folder: project.folder.to_string(),
            name: project.name,
            environments: project
                .environments
                .into_iter()
                .map(Environment::from)
                .collect(),
            problems: project
                .problems
                .into_iter()
                .map(|problem| ProjectProblem {
                    file: problem.file.to_string(),
                    line: problem.line,
                    kind: problem.kind.into(),
                    subject: problem.subject,
                })
                .collect(),
            failure: None,
        }
    }
}

impl From<engine::Environment> for Environment {
    fn from(environment: engine::Environment) -> Self {
        Self {
            name: environment.name,
            tool: environment.tool.into(),
            network: environment.network,
            ground: match environment.ground {
                engine::Ground::Mainnet => Ground::Mainnet,
                engine::Ground::Local(ids) => Ground::Local {
                    networks: ids.iter().map(ToString::to_string).collect(),
                },
                engine::Ground::Elsewhere(address, fingerprint) => Ground::Elsewhere {
                    address: address.to_string(),
                    fingerprint: fingerprint.map(|fingerprint| fingerprint.to_string()),
                },
                engine::Ground::Unknown => Ground::Unknown,
            },
            canisters: environment
                .canisters
                .into_iter()
                .map(|member| Member {
                    name: member.name,
                    id: member.id.map(|id| id.to_string()),
                    is_declared: member.is_declared,
                })
                .collect(),
        }
    }
}

impl Api {
    pub(crate) async fn projects(&self) -> Result<Vec<Project>, Failure> {
        let engine = self.engine()?;
        // Reading files may block for as long as a disk sleeps.
        let projects = tokio::task::spawn_blocking(move || engine.projects())
            .await
            .map_err(|error| Failure::bug("reading projects", &error))?;
        Ok(projects
            .into_iter()
            .map(|(folder, project)| match project {
                Ok(project) => project.into(),
                Err(error) => Project {
                    name: folder.file_name().unwrap_or(folder.as_str()).to_owned(),
                    folder: folder.to_string(),
                    environments: Vec::new(),
                    problems: Vec::new(),
                    failure: Some(error.into()),
                },
            })
            .collect())
    }

    pub(crate) async fn open_project(&self, pick: u32) -> Result<Vec<Project>, Failure> {
        let engine = self.engine()?;
        let folder = self.picks.path(pick)?;
        tokio::task::spawn_blocking(move || engine.open_project(&folder).map(drop))
            .await
            .map_err(|error| Failure::bug("opening a project", &error))??;
        self.picks.drop(pick);
        self.projects().await
    }

    pub(crate) async fn close_project(&self, folder: String) -> Result<Vec<Project>, Failure> {
        self.engine()?.close_project(folder.as_str().into())?;
        self.projects().await
    }
}
