//! The watch list: which canisters are looked after, and what people call them.
//!
//! A canister is looked after on a network for one of three reasons: the network brings it along, an open project has it there, or
//! a person watches it by its id. Whatever the reason, a person can give it a name, a group, a note and a star of their own. All of
//! that is kept on this computer alone, in `watch.json`, under the canister's [`Place`]: the same id on another network is another thing.
//!
//! [`Engine::known_canisters`] is the board's list, in one order and without duplicates; [`Engine::find`] looks everywhere, on
//! networks that are not in use as well.

use crate::{
    CanisterId, Code, Connection, Engine, Error, Fingerprint, KnownCanister, Place, Result,
    settings::{self, Kept, checked_text},
};
use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The lengths of what is kept, in characters: a name fits a row, a note fits a page.
const LONGEST_NAME: usize = 80;
const LONGEST_NOTE: usize = 4_000;

/// How many hits a search gives: more than anybody reads through.
const MOST_HITS: usize = 50;

/// What a person has said about a canister.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Whether it is watched by its id.
    pub is_watched: bool,
    /// Their name for it; empty for the one that it comes with.
    pub name: String,
    /// Their group for it; empty for the one that it comes with.
    pub group: String,
    /// Their note.
    pub note: String,
    /// Whether it is one of their favourites.
    pub is_favourite: bool,
}

/// A canister that a search came upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its id.
    pub id: CanisterId,
    /// Its name.
    pub name: String,
    /// Its group or project, and the environment there.
    pub group: String,
    /// Its network; none where a project does not tell which key its network has.
    pub network: Option<Fingerprint>,
    /// How it is known.
    pub known_by: KnownBy,
}

/// How a canister is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// The network in use brings it along, an open project has it there, or a person watches it there.
    Board,
    /// A person watches or has named it on another network.
    OtherNetwork,
    /// An open project has it in another environment.
    OtherEnvironment,
    /// Not at all: only the id was given.
    Id,
}

/// What is kept, in force.
pub(crate) struct Watch(Mutex<File>);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default)]
    canisters: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    place: Place,
    #[serde(default)]
    is_watched: bool,
    #[serde(default)]
    name: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    is_favourite: bool,
}

impl Kept for File {
    const FILE: &str = "watch.json";
    const VERSION: u32 = 1;
}

impl Entry {
    fn label(&self) -> Label {
        Label {
            is_watched: self.is_watched,
            name: self.name.clone(),
            group: self.group.clone(),
            note: self.note.clone(),
            is_favourite: self.is_favourite,
        }
    }
}

impl Watch {
    pub(crate) fn load(config: &Utf8Path) -> Result<Self> {
        Ok(Self(Mutex::new(settings::load(config)?)))
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is kept of one canister. In force only if it could be written; what says nothing any more is not kept.
    fn change(
        &self,
        config: &Utf8Path,
        place: Place,
        change: impl FnOnce(&mut Label),
    ) -> Result<()> {
        let mut file = self.file();
        let mut canisters = file.canisters.clone();
        let at = canisters.iter().position(|entry| entry.place == place);
        let mut label = at.map(|at| canisters[at].label()).unwrap_or_default();
        change(&mut label);
        let says_something = label != Label::default();
        let entry = Entry {
            place,
            is_watched: label.is_watched,
            name: label.name,
            group: label.group,
            note: label.note,
            is_favourite: label.is_favourite,
        };
        match at {
            Some(at) if says_something => canisters[at] = entry,
            Some(at) => drop(canisters.remove(at)),
            None if says_something => canisters.push(entry),
            None => return Ok(()),
        }
        let changed = File { canisters };
        settings::save(config, &changed)?;
        *file = changed;
        Ok(())
    }

    /// Watches a canister on a network. A name that it was given before stays, unless there is another one.
    pub(crate) fn add(
        &self,
        config: &Utf8Path,
        network: Fingerprint,
        canister: CanisterId,
        name: &str,
    ) -> Result<()> {
        self.change(config, Place { network, canister }, |label| {
            label.is_watched = true;
            if !name.is_empty() {
                name.clone_into(&mut label.name);
            }
        })
    }

    /// What is kept of a network's canisters, in the order in which it was said first.
    fn on(&self, network: Fingerprint) -> Vec<(CanisterId, Label)> {
        let file = self.file();
        let here = file
            .canisters
            .iter()
            .filter(|entry| entry.place.network == network);
        here.map(|entry| (entry.place.canister, entry.label()))
            .collect()
    }
}

/// A name as it is kept.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    checked_text(name, LONGEST_NAME)
}

/// An id of the kind that canisters have; a person's principal is taken for one easily.
fn canister_id(id: CanisterId) -> Result<CanisterId> {
    /// The last byte of an opaque id, which only the system gives out. See "Principals" in the interface specification.
    const OPAQUE: u8 = 1;
    if id.principal().as_slice().last() == Some(&OPAQUE) {
        return Ok(id);
    }
    Err(Error::new(Code::IdMalformed, "reading a canister id")
        .with("text", id)
        .because("a principal, but not that of a canister"))
}

impl Engine {
    /// The canisters that are looked after on a network: those that it brings along, then those of open projects, then those that
    /// are watched, each once and by the name that the person gave it.
    pub fn known_canisters(&self, connection: &Connection) -> Vec<KnownCanister> {
        let said = self.watch.on(connection.fingerprint());
        let watched = said
            .iter()
            .filter(|(_, label)| label.is_watched)
            .map(|(id, _)| KnownCanister {
                id: *id,
                name: id.to_string(),
                group: String::new(),
            });
        let labels: HashMap<_, _> = said.iter().map(|(id, label)| (*id, label)).collect();
        let mut seen = HashSet::new();
        let all = connection.canisters().iter().cloned();
        all.chain(self.project_canisters(connection))
            .chain(watched)
            .filter(|known| seen.insert(known.id))
            .map(|mut known| {
                if let Some(label) = labels.get(&known.id) {
                    if !label.name.is_empty() {
                        known.name.clone_from(&label.name);
                    }
                    if !label.group.is_empty() {
                        known.group.clone_from(&label.group);
                    }
                }
                known
            })
            .collect()
    }

    /// One of them; a canister that is not looked after goes by its id.
    pub(crate) fn known_canister(&self, connection: &Connection, id: CanisterId) -> KnownCanister {
        let known = self
            .known_canisters(connection)
            .into_iter()
            .find(|known| known.id == id);
        known.unwrap_or_else(|| KnownCanister {
            id,
            name: id.to_string(),
            group: String::new(),
        })
    }

    /// Watches a canister on the network in use. It is not asked whether it exists: the board will tell.
    pub async fn watch(&self, id: CanisterId, name: &str, group: &str) -> Result<()> {
        let (name, group) = (
            checked_text(name, LONGEST_NAME)?,
            checked_text(group, LONGEST_NAME)?,
        );
        let place = self.place_of(canister_id(id)?).await?;
        self.watch.change(&self.folders.config, place, |label| {
            label.is_watched = true;
            label.name = name;
            label.group = group;
        })
    }

    /// Watches a canister on the network in use no more. What was noted about it goes with it; the canister stays as it is.
    pub async fn unwatch(&self, id: CanisterId) -> Result<()> {
        let place = self.place_of(id).await?;
        self.identities.forget_canister(place)?;
        self.watch.change(&self.folders.config, place, |label| {
            *label = Label::default();
        })
    }

    /// Names a canister of the network in use, and notes something about it.
    pub async fn describe_canister(
        &self,
        id: CanisterId,
        name: &str,
        group: &str,
        note: &str,
        is_favourite: bool,
    ) -> Result<()> {
        let (name, group) = (
            checked_text(name, LONGEST_NAME)?,
            checked_text(group, LONGEST_NAME)?,
        );
        let note = checked_text(note, LONGEST_NOTE)?;
        let place = self.place_of(canister_id(id)?).await?;
        self.watch.change(&self.folders.config, place, |label| {
            *label = Label {
                is_watched: label.is_watched,
                name,
                group,
                note,
                is_favourite,
            };
        })
    }

    /// What the person has said about canisters of the network in use.
    pub async fn labels(&self) -> Result<Vec<(CanisterId, Label)>> {
        let (_, endpoint) = self.network().await?;
        Ok(self.watch.on(endpoint.fingerprint()))
    }

    /// The canisters whose name, group, note or id contain a text, the best hits first: those of the board, of other networks and of
    /// other environments of open projects. A whole id is always a hit, known or not.
    pub async fn find(&self, text: &str) -> Result<Vec<Hit>> {
        let connection = self.connection().await?;
        let wanted = text.trim().to_lowercase();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let here = connection.fingerprint();
        let notes: HashMap<_, _> = self
            .watch
            .on(here)
            .into_iter()
            .map(|(id, label)| (id, label.note))
            .collect();
        let mut found: Vec<(u8, Hit)> = Vec::new();
        let mut consider = |hit: Hit, note: &str| {
            if let Some(rank) = rank(&wanted, &hit, note) {
                found.push((rank, hit));
            }
        };
        for known in self.known_canisters(&connection) {
            let note = notes.get(&known.id).map_or("", String::as_str);
            let hit = Hit {
                id: known.id,
                name: known.name,
                group: known.group,
                network: Some(here),
                known_by: KnownBy::Board,
            };
            consider(hit, note);
        }
        let elsewhere: Vec<Entry> = self
            .watch
            .file()
            .canisters
            .iter()
            .filter(|entry| entry.place.network != here)
            .cloned()
            .collect();
        for entry in elsewhere {
            let id = entry.place.canister;
            let hit = Hit {
                id,
                name: if entry.name.is_empty() {
                    id.to_string()
                } else {
                    entry.name
                },
                group: entry.group,
                network: Some(entry.place.network),
                known_by: KnownBy::OtherNetwork,
            };
            consider(hit, &entry.note);
        }
        for project in self.readable_projects() {
            for environment in project
                .environments
                .iter()
                .filter(|environment| !environment.ground.is(&connection))
            {
                for member in &environment.canisters {
                    let Some(id) = member.id else { continue };
                    let hit = Hit {
                        id,
                        name: member.name.clone(),
                        group: format!("{}, {}", project.name, environment.name),
                        network: environment.ground.fingerprint(),
                        known_by: KnownBy::OtherEnvironment,
                    };
                    consider(hit, "");
                }
            }
        }
        if let Ok(id) = wanted.parse::<CanisterId>()
            && canister_id(id).is_ok()
            && !found.iter().any(|(_, hit)| hit.id == id)
        {
            let hit = Hit {
                id,
                name: id.to_string(),
                group: String::new(),
                network: None,
                known_by: KnownBy::Id,
            };
            found.push((0, hit));
        }
        // Stable: within a rank the board comes first, in its own order.
        found.sort_by_key(|(rank, _)| *rank);
        Ok(found
            .into_iter()
            .take(MOST_HITS)
            .map(|(_, hit)| hit)
            .collect())
    }

    async fn place_of(&self, canister: CanisterId) -> Result<Place> {
        let (_, endpoint) = self.network().await?;
        Ok(Place {
            network: endpoint.fingerprint(),
            canister,
        })
    }
}

/// How well a hit fits what is wanted, the best first; none if it does not.
fn rank(wanted: &str, hit: &Hit, note: &str) -> Option<u8> {
    let (id, name) = (hit.id.to_string(), hit.name.to_lowercase());
    let fits = [
        id == wanted || name == wanted,
        name.starts_with(wanted) || id.starts_with(wanted),
        name.contains(wanted) || id.contains(wanted),
        hit.group.to_lowercase().contains(wanted),
        note.to_lowercase().contains(wanted),
    ];
    (0_u8..)
        .zip(fits)
        .find(|(_, fits)| *fits)
        .map(|(rank, _)| rank)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use candid::Principal;

    #[test]
    fn only_what_can_be_a_canister_is_watched() {
        let person = Principal::self_authenticating([7; 32]);
        for principal in [
            person,
            Principal::anonymous(),
            Principal::management_canister(),
        ] {
            let error = canister_id(principal.into()).unwrap_err();
            assert_eq!(error.code, Code::IdMalformed, "{principal}");
        }
        let canister: CanisterId = "um5iw-rqaaa-aaaaq-qaaba-cai".parse().unwrap();
        assert_eq!(canister_id(canister).unwrap(), canister);
    }

    #[test]
    fn the_better_a_hit_fits_the_higher_it_ranks() {
        let hit = Hit {
            id: "um5iw-rqaaa-aaaaq-qaaba-cai".parse().unwrap(),
            name: "Shop backend".to_owned(),
            group: "Harbour".to_owned(),
            network: None,
            known_by: KnownBy::Board,
        };
        for (wanted, expected) in [
            ("shop backend", Some(0)),
            ("um5iw-rqaaa-aaaaq-qaaba-cai", Some(0)),
            ("shop", Some(1)),
            ("um5", Some(1)),
            ("backend", Some(2)),
            ("qaaba", Some(2)),
            ("harb", Some(3)),
            ("monday", Some(4)),
            ("tuesday", None),
        ] {
            assert_eq!(
                rank(wanted, &hit, "Deployed on Mondays"),
                expected,
                "{wanted}"
            );
        }
    }
}
