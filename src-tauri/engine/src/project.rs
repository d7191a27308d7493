//! Projects: folders in which people build canisters, and the names that they give them.
//!
//! A folder with `icp.yaml`, `dfx.json` or `canister_ids.json` is a project. It has environments, an environment belongs to a
//! network and gives canisters names there, each with an id once it was created. Opened projects are remembered in
//! `projects.json`; the files stay the truth and are read again whenever they change on disk (`changes`).
//!
//! Reading order: the types here; `document`, how files are read that nobody vouches for; `icp` and `dfx`, what stands in them.
//!
//! Nothing in a project is executed, and nothing is written. What is wrong in a file is a [`Problem`] beside everything that could be read.

mod changes;
mod dfx;
mod document;
mod icp;

use crate::{
    CanisterId, Code, Connection, Engine, Error, Fingerprint, KnownCanister, NetworkId, Result,
    network::{Address, MAINNET_ROOT_KEY, Neighbourhood, Tool},
    settings::{self, Kept},
};
use camino::{Utf8Path, Utf8PathBuf};
use changes::Changes;
use document::Reader;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};
use tokio::sync::broadcast;

/// A project as its files are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Its folder, without links in between.
    pub folder: Utf8PathBuf,
    /// The folder's name.
    pub name: String,
    /// Its environments: those of `icp` first, each tool's in the order of their names, `local` and `ic` last as the tools have it.
    pub environments: Vec<Environment>,
    /// What is wrong in its files.
    pub problems: Vec<Problem>,
}

/// A place where a project's canisters live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name; `dfx` calls it a network.
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

/// A canister of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name that the project gives it.
    pub name: String,
    /// Its id; none while it was not created there.
    pub id: Option<CanisterId>,
    /// Whether the project still has it; otherwise only its id is left.
    pub is_declared: bool,
}

/// The network under an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The Internet Computer.
    Mainnet,
    /// A network that a tool runs on this computer: any of these.
    Local(Vec<NetworkId>),
    /// A network at an address, known by a key if the project tells one.
    Elsewhere(Address, Option<Fingerprint>),
    /// The project does not say what it is.
    Unknown,
}

impl Ground {
    /// Whether this is the network of a connection.
    pub(crate) fn is(&self, connection: &Connection) -> bool {
        let fingerprint = connection.fingerprint();
        match self {
            Self::Mainnet => fingerprint == Fingerprint::of(&MAINNET_ROOT_KEY),
            Self::Local(ids) => ids.contains(&connection.network.id),
            Self::Elsewhere(_, Some(known)) => *known == fingerprint,
            Self::Elsewhere(address, None) => {
                let other = connection.endpoint.address.parse::<Address>();
                other.is_ok_and(|other| {
                    other == *address
                        || (other.is_loopback()
                            && address.is_loopback()
                            && other.port() == address.port())
                })
            }
            Self::Unknown => false,
        }
    }

    /// What tells its network apart, as far as the project tells.
    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::Mainnet => Some(Fingerprint::of(&MAINNET_ROOT_KEY)),
            Self::Elsewhere(_, known) => *known,
            Self::Local(_) | Self::Unknown => None,
        }
    }
}

/// Something that is wrong in a file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, from the project's folder on.
    pub file: Utf8PathBuf,
    /// The line, counted from one; none where it is the file as a whole.
    pub line: Option<u32>,
    /// What is wrong.
    pub kind: ProblemKind,
    /// What it is about: a name, a path, a limit, or the words of the parser.
    pub subject: String,
}

/// What can be wrong in a file of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Two canisters have one name.
    DuplicateName,
    /// It is no YAML or JSON.
    Malformed,
    /// An id is none.
    MalformedId,
    /// A name may not be one.
    MalformedName,
    /// A key is missing.
    MissingKey,
    /// A path leads to nothing.
    NotFound,
    /// A path leads out of the project.
    Outside,
    /// Values lie too deep in each other.
    TooDeep,
    /// The file is too large.
    TooLarge,
    /// There is too much of something.
    TooMany,
    /// An environment names a canister that the project does not have.
    UnknownCanister,
    /// A key has no meaning.
    UnknownKey,
    /// An environment names a network that the project does not have.
    UnknownNetwork,
    /// The file cannot be read.
    Unreadable,
    /// A value is of another kind than it should be.
    WrongKind,
}

/// Reads the project in a folder.
fn read(folder: &Utf8Path, neighbourhood: &Neighbourhood) -> Result<Project> {
    read_with(folder, neighbourhood).map(|(project, _)| project)
}

/// Whether a folder holds a project.
pub(crate) fn is_project(folder: &Utf8Path) -> bool {
    read(folder, &Neighbourhood::default()).is_ok()
}

/// The folders that reading a project looks into.
fn folders_read(folder: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    read_with(folder, &Neighbourhood::default())
        .map_or_else(|_| BTreeSet::new(), |(_, folders)| folders)
}

fn read_with(
    folder: &Utf8Path,
    neighbourhood: &Neighbourhood,
) -> Result<(Project, BTreeSet<Utf8PathBuf>)> {
    let unreadable = |error: std::io::Error| {
        Error::new(Code::ProjectUnreadable, "reading a project")
            .with("path", folder)
            .because(error)
    };
    let root = folder.canonicalize_utf8().map_err(unreadable)?;
    root.read_dir_utf8().map_err(unreadable)?;
    let mut reader = Reader::new(root.clone());
    let mut environments = Vec::new();
    let is_icp = reader.has(Utf8Path::new(icp::MANIFEST));
    if is_icp {
        environments.extend(icp::environments(&mut reader));
    }
    let is_dfx = [dfx::MANIFEST, dfx::IDS]
        .iter()
        .any(|file| reader.has(Utf8Path::new(file)));
    if is_dfx {
        environments.extend(dfx::environments(&mut reader, neighbourhood));
    }
    if !(is_icp || is_dfx) {
        return Err(Error::new(Code::ProjectNotFound, "looking for a project").with("path", &root));
    }
    let project = Project {
        name: root.file_name().unwrap_or(root.as_str()).to_owned(),
        folder: root,
        environments,
        problems: reader.problems,
    };
    Ok((project, reader.folders))
}

/// The ids of one file: an object of names and ids.
fn ids(reader: &mut Reader, file: &Utf8Path, found: &document::Value) -> Vec<(String, CanisterId)> {
    let mut ids = Vec::new();
    for (key, value) in found.entries() {
        match value.text().unwrap_or_default().parse() {
            Ok(id) => ids.push((key.name.clone(), id)),
            Err(_) => reader.complain(
                file,
                value.line.or(key.line),
                ProblemKind::MalformedId,
                &key.name,
            ),
        }
    }
    ids
}

/// The members of an environment: what is declared, with its id, and what only has an id.
fn members(declared: &[String], ids: Vec<(String, CanisterId)>) -> Vec<Member> {
    let mut members: Vec<Member> = declared
        .iter()
        .map(|name| Member {
            name: name.clone(),
            id: ids
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, id)| *id),
            is_declared: true,
        })
        .collect();
    members.extend(
        ids.into_iter()
            .filter(|(name, _)| !declared.contains(name))
            .map(|(name, id)| Member {
                name,
                id: Some(id),
                is_declared: false,
            }),
    );
    members.sort_by(|one, other| one.name.cmp(&other.name));
    members.dedup_by(|one, other| one.name == other.name);
    members
}

/// The projects that are open.
pub(crate) struct Projects {
    opened: Mutex<File>,
    changes: Changes,
    /// What was read, and at which generation of changes.
    cached: Mutex<Option<(u64, Vec<Project>)>>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default)]
    opened: Vec<Utf8PathBuf>,
}

impl Kept for File {
    const FILE: &str = "projects.json";
    const VERSION: u32 = 1;
}

impl Projects {
    pub(crate) fn load(config: &Utf8Path) -> Result<Self> {
        let file: File = settings::load(config)?;
        let changes = Changes::default();
        for folder in &file.opened {
            changes.watch(folder);
        }
        Ok(Self {
            opened: Mutex::new(file),
            changes,
            cached: Mutex::default(),
        })
    }

    fn folders(&self) -> Vec<Utf8PathBuf> {
        self.opened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .opened
            .clone()
    }

    /// In force only if it could be written.
    fn change(&self, config: &Utf8Path, change: impl FnOnce(&mut Vec<Utf8PathBuf>)) -> Result<()> {
        let mut file = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = file.clone();
        change(&mut changed.opened);
        settings::save(config, &changed)?;
        *file = changed;
        Ok(())
    }
}

impl Engine {
    /// Opens the project in a folder and remembers it.
    pub fn open_project(&self, folder: &Utf8Path) -> Result<Project> {
        let project = read(folder, &self.neighbourhood)?;
        let folder = project.folder.clone();
        self.projects.change(&self.folders.config, |opened| {
            if !opened.contains(&folder) {
                opened.push(folder.clone());
            }
        })?;
        self.projects.changes.watch(&folder);
        Ok(project)
    }

    /// Forgets a project; its folder stays as it is.
    pub fn close_project(&self, folder: &Utf8Path) -> Result<()> {
        self.projects.change(&self.folders.config, |opened| {
            opened.retain(|other| other != folder);
        })?;
        self.projects.changes.unwatch(folder);
        Ok(())
    }

    /// The projects that are open, each as its files are now or with the reason why they cannot be read.
    pub fn projects(&self) -> Vec<(Utf8PathBuf, Result<Project>)> {
        self.projects
            .folders()
            .into_iter()
            .map(|folder| {
                let project = read(&folder, &self.neighbourhood);
                (folder, project)
            })
            .collect()
    }

    /// The folders of projects whose files have changed, from now on.
    pub fn follow_projects(&self) -> broadcast::Receiver<Utf8PathBuf> {
        self.projects.changes.follow()
    }

    /// The folders of the projects that are open.
    pub(crate) fn project_folders(&self) -> Vec<Utf8PathBuf> {
        self.projects.folders()
    }

    /// The projects that are open and can be read: as they were when the system last told of a change. Why one cannot be read is
    /// told where projects are listed.
    pub(crate) fn readable_projects(&self) -> Vec<Project> {
        let generation = self.projects.changes.generation();
        let mut cached = self
            .projects
            .cached
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match (&*cached, generation) {
            (Some((of, projects)), Some(now)) if *of == now => projects.clone(),
            _ => {
                let projects: Vec<_> = self
                    .projects()
                    .into_iter()
                    .filter_map(|(_, project)| project.ok())
                    .collect();
                *cached = generation.map(|generation| (generation, projects.clone()));
                projects
            }
        }
    }

    /// The canisters that open projects have on a network, by project.
    pub(crate) fn project_canisters(&self, connection: &Connection) -> Vec<KnownCanister> {
        let mut known: Vec<KnownCanister> = Vec::new();
        for project in self.readable_projects() {
            for environment in project
                .environments
                .iter()
                .filter(|environment| environment.ground.is(connection))
            {
                for member in &environment.canisters {
                    if let Some(id) = member.id {
                        known.push(KnownCanister {
                            id,
                            name: member.name.clone(),
                            group: project.name.clone(),
                        });
                    }
                }
            }
        }
        known
    }
}

#[cfg(test)]
mod tests;
