//! Projects.

use crate::{
    Engine, Result,
    settings::{self, Kept},
};
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// The projects that are open.
pub(crate) struct Projects(Mutex<File>);

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
    pub(crate) fn load(config: &camino::Utf8Path) -> Result<Self> {
        Ok(Self(Mutex::new(settings::load(config)?)))
    }
}

impl Engine {
    /// The folders of the projects that are open.
    pub(crate) fn project_folders(&self) -> Vec<Utf8PathBuf> {
        self.projects
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .opened
            .clone()
    }
}
