//! Files and folders that a person picked, by number.
//!
//! The web view names no path: what it shows is untrusted enough that a path of its own choosing must not be opened or overwritten.
//! A person picks in a native dialog or drops something on the window; the shell hands the paths in here, and the page gets a
//! number and a name to show. A request that needs a file takes the number. A pick is good for this process, until it is used up or
//! dropped. What was written to a pick can still be shown where it lies ([`Shown`]), but not be opened or written to any more.

use crate::{Api, failure::Failure};
use camino::{Utf8Path, Utf8PathBuf};
use canopic_engine::{Code, Error};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use ts_rs::TS;

/// How many picks are kept; the oldest goes first. More than anybody drops on a window at once.
const KEPT: usize = 1_000;

/// What a person is asked to pick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum PickKind {
    /// A folder that is there.
    Folder,
    /// A file that is there.
    File,
    /// Any number of files that are there.
    Files,
    /// A file that is to be written.
    NewFile,
}

/// Something that was picked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Pick {
    /// What requests name it by.
    pub pick: u32,
    /// The name of the file or folder, to be shown.
    pub name: String,
    /// Where it is, to be shown.
    pub path: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Something that the system's file manager can show where it lies. The page names it; the path is known here.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Shown {
    /// A copy of the library.
    Copy {
        /// Which.
        copy: String,
    },
    /// The folder with the app's logs.
    Logs,
    /// A file that was written for a person.
    Written {
        /// The pick that it was written to.
        pick: u32,
    },
}

/// The picks of this process.
#[derive(Default)]
pub(crate) struct Picks(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u32,
    paths: BTreeMap<u32, Utf8PathBuf>,
    /// Files that were written for a person.
    written: BTreeMap<u32, Utf8PathBuf>,
}

impl Picks {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_in(&self, path: Utf8PathBuf) -> Pick {
        let mut kept = self.kept();
        kept.last += 1;
        let pick = kept.last;
        if kept.paths.len() == KEPT {
            kept.paths.pop_first();
        }
        let shown = Pick {
            pick,
            name: path.file_name().unwrap_or(path.as_str()).to_owned(),
            path: path.to_string(),
            is_folder: path.is_dir(),
        };
        kept.paths.insert(pick, path);
        shown
    }

    /// The path behind a pick.
    pub(crate) fn path(&self, pick: u32) -> Result<Utf8PathBuf, Failure> {
        let found = self.kept().paths.get(&pick).cloned();
        found.ok_or_else(|| Error::new(Code::PickGone, "looking for what was picked").into())
    }

    /// A pick has served: its file is written, and can only be shown from now on.
    pub(crate) fn written(&self, pick: u32) {
        let mut kept = self.kept();
        if let Some(path) = kept.paths.remove(&pick) {
            if kept.written.len() == KEPT {
                kept.written.pop_first();
            }
            kept.written.insert(pick, path);
        }
    }

    /// Forgets a pick, once it has served.
    pub(crate) fn drop(&self, pick: u32) {
        self.kept().paths.remove(&pick);
    }
}

impl Api {
    /// Takes in what a person picked or dropped. Paths that are no text are left out: they could be neither shown nor stored.
    pub fn picked(
        &self,
        paths: impl IntoIterator<Item = impl AsRef<std::path::Path>>,
    ) -> Vec<Pick> {
        paths
            .into_iter()
            .filter_map(|path| Utf8Path::from_path(path.as_ref()).map(Utf8Path::to_owned))
            .filter(|path| path.is_absolute())
            .map(|path| self.picks.take_in(path))
            .collect()
    }

    /// Writes what the page made, a table or a picture, to a file that a person picked, in place of what is there.
    pub(crate) async fn save_file(&self, pick: u32, content: String) -> Result<(), Failure> {
        let path = self.picks.path(pick)?;
        let bytes = hex::decode(&content)
            .map_err(|error| Failure::bug("reading what is to be written", &error))?;
        let written = path.clone();
        // A disk may sleep.
        tokio::task::spawn_blocking(move || std::fs::write(written, bytes))
            .await
            .map_err(|error| Failure::bug("writing a file", &error))?
            .map_err(|error| {
                Error::new(Code::FolderUnusable, "writing a file")
                    .with("path", &path)
                    .because(error)
            })?;
        self.picks.written(pick);
        Ok(())
    }

    /// Where something lies that is to be shown.
    pub fn place_of(&self, shown: &Shown) -> Result<Utf8PathBuf, Failure> {
        match shown {
            Shown::Copy { copy } => Ok(self.engine()?.copy_folder(copy.parse()?)?),
            Shown::Logs => Ok(self.engine()?.folders().logs.clone()),
            Shown::Written { pick } => {
                let found = self.picks.kept().written.get(pick).cloned();
                found.ok_or_else(|| {
                    Error::new(Code::PickGone, "looking for what was written").into()
                })
            }
        }
    }

    #[expect(clippy::unused_async, reason = "requests are asynchronous alike")]
    pub(crate) async fn drop_pick(&self, pick: u32) -> Result<(), Failure> {
        self.picks.drop(pick);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::failure;

    #[test]
    fn a_pick_leads_to_its_path_until_it_is_dropped() {
        let picks = Picks::default();
        let first = picks.take_in("/home/ada/shop".into());
        let second = picks.take_in("/home/ada/notes".into());
        assert_ne!(first.pick, second.pick);
        assert_eq!(
            (
                first.name.as_str(),
                picks.path(first.pick).unwrap().as_str()
            ),
            ("shop", "/home/ada/shop")
        );
        picks.drop(first.pick);
        assert_eq!(
            picks.path(first.pick).unwrap_err().code,
            failure::Code::PickGone
        );
        assert_eq!(
            picks.path(second.pick).unwrap(),
            "/home/ada/notes",
            "the others stay"
        );
        assert_eq!(
            picks.path(77).unwrap_err().code,
            failure::Code::PickGone,
            "numbers cannot be guessed into paths"
        );
    }

    #[test]
    fn what_was_written_is_shown_and_neither_opened_nor_written_again() {
        let picks = Picks::default();
        let report = picks.take_in("/home/ada/report.html".into()).pick;
        assert!(
            picks.kept().written.is_empty(),
            "nothing is shown that was only picked"
        );
        picks.written(report);
        assert_eq!(
            picks.kept().written.get(&report).unwrap(),
            "/home/ada/report.html"
        );
        assert!(picks.path(report).is_err(), "the pick has served");
    }

    #[test]
    fn only_so_many_are_kept_and_the_newest_stay() {
        let picks = Picks::default();
        let first = picks.take_in("/a".into());
        let last = (0..KEPT)
            .map(|number| picks.take_in(format!("/{number}").into()))
            .last()
            .unwrap();
        assert!(picks.path(first.pick).is_err() && picks.path(last.pick).is_ok());
    }
}
