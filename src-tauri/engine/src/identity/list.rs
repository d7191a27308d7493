//! What is remembered of the identities: everything but their keys.
//!
//! One file, `identities.json`: who they are, where each key is kept, which one is used on which network, and which canisters are
//! known to be controlled by whom. It holds nothing secret.

use super::{Algorithm, IdentityId};
use crate::{CanisterId, Code, Error, Fingerprint, Place, Result, settings::Kept};
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Names longer than this break every list that they stand in.
const LONGEST_NAME: usize = 64;

/// Where a key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Keeper {
    /// In the system's keyring.
    Keyring,
    /// In the vault file.
    VaultFile,
}

/// Where an identity came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyOrigin {
    /// Made here, with a recovery phrase that was confirmed.
    Created,
    /// Imported from a recovery phrase.
    Phrase,
    /// Imported from a PEM file or text.
    Pem,
    /// Imported from `icp`.
    Icp,
    /// Imported from `dfx`.
    Dfx,
}

/// An identity with a key of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// Who the network sees. No two identities have the same.
    pub principal: Principal,
    /// The name that people gave it.
    pub name: String,
    /// The kind of its key.
    pub algorithm: Algorithm,
    /// The DER-encoded public key.
    #[serde(with = "hex_text")]
    pub public_key: Vec<u8>,
    /// Where its key is kept.
    pub keeper: Keeper,
    /// Where it came from.
    pub origin: KeyOrigin,
    /// Since when it is here, in milliseconds since 1970.
    pub added_at: u64,
    /// When its key was last exported, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported_at: Option<u64>,
}

mod hex_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A canister that an identity controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controlled {
    /// The canister.
    pub place: Place,
    /// Whether nobody else is known who could change it.
    pub is_only_controller: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct List {
    #[serde(default)]
    pub(super) identities: Vec<Profile>,
    #[serde(default)]
    pub(super) chosen: BTreeMap<Fingerprint, IdentityId>,
    /// The controllers of every canister that one of the identities controls, as they were last seen.
    #[serde(default)]
    controllers: BTreeMap<Fingerprint, BTreeMap<CanisterId, BTreeSet<Principal>>>,
    /// None while keys stay open until they are locked by hand.
    #[serde(default = "an_hour")]
    pub(super) lock_after_minutes: Option<u32>,
}

/// Long enough for a piece of work, short enough for a lunch break.
#[expect(clippy::unnecessary_wraps, reason = "the type of the field")]
fn an_hour() -> Option<u32> {
    Some(60)
}

impl Default for List {
    fn default() -> Self {
        Self {
            identities: vec![],
            chosen: BTreeMap::new(),
            controllers: BTreeMap::new(),
            lock_after_minutes: an_hour(),
        }
    }
}

impl Kept for List {
    const FILE: &str = "identities.json";
    const VERSION: u32 = 1;
}

impl List {
    pub(super) fn profile(&self, principal: Principal) -> Option<&Profile> {
        self.identities
            .iter()
            .find(|profile| profile.principal == principal)
    }

    pub(super) fn profile_mut(&mut self, principal: Principal) -> Option<&mut Profile> {
        self.identities
            .iter_mut()
            .find(|profile| profile.principal == principal)
    }

    /// The name as it is stored, if it can be one and no other identity than `whose` has it.
    pub(super) fn free_name(&self, name: &str, whose: Option<Principal>) -> Result<String> {
        let doing = "naming an identity";
        let name = name.trim();
        if name.is_empty()
            || name.chars().count() > LONGEST_NAME
            || name.chars().any(char::is_control)
        {
            return Err(Error::new(Code::NameUnusable, doing).with("longest", LONGEST_NAME));
        }
        let same = |other: &str| other.to_lowercase() == name.to_lowercase();
        let taken = super::BUILT_IN_NAMES.into_iter().any(same)
            || self
                .identities
                .iter()
                .any(|profile| Some(profile.principal) != whose && same(&profile.name));
        if taken {
            return Err(Error::new(Code::NameTaken, doing).with("name", name));
        }
        Ok(name.to_owned())
    }

    /// Refuses a key that is here already.
    pub(super) fn insist_new(&self, principal: Principal) -> Result<()> {
        self.profile(principal).map_or(Ok(()), |profile| {
            Err(Error::new(Code::IdentityExists, "adding an identity")
                .with("name", &profile.name)
                .with("principal", principal))
        })
    }

    /// Remembers who controls a canister, if one of the identities does. Answers whether that is news.
    pub(super) fn note_controllers(&mut self, place: Place, controllers: &[Principal]) -> bool {
        let ours = controllers
            .iter()
            .any(|principal| self.profile(*principal).is_some());
        if !ours {
            return self.forget_canister(place);
        }
        let now: BTreeSet<Principal> = controllers.iter().copied().collect();
        let network = self.controllers.entry(place.network).or_default();
        network.insert(place.canister, now.clone()).as_ref() != Some(&now)
    }

    /// Forgets a canister that is no longer looked after. Answers whether it was known.
    pub(super) fn forget_canister(&mut self, place: Place) -> bool {
        let Some(network) = self.controllers.get_mut(&place.network) else {
            return false;
        };
        let was_known = network.remove(&place.canister).is_some();
        if network.is_empty() {
            self.controllers.remove(&place.network);
        }
        was_known
    }

    /// The identities that control a canister, as far as is known.
    pub(super) fn controlling(&self, place: Place) -> Vec<Principal> {
        let Some(controllers) = self
            .controllers
            .get(&place.network)
            .and_then(|network| network.get(&place.canister))
        else {
            return vec![];
        };
        self.identities
            .iter()
            .map(|profile| profile.principal)
            .filter(|principal| controllers.contains(principal))
            .collect()
    }

    /// The canisters that an identity controls, as far as is known.
    pub(super) fn controlled_by(&self, principal: Principal) -> Vec<Controlled> {
        let mut controlled = vec![];
        for (network, canisters) in &self.controllers {
            for (canister, controllers) in canisters {
                if !controllers.contains(&principal) {
                    continue;
                }
                // Neither a canister that controls itself nor "everybody" is somebody who could help.
                let others = controllers.iter().filter(|other| {
                    **other != principal
                        && **other != canister.principal()
                        && **other != Principal::anonymous()
                });
                controlled.push(Controlled {
                    place: Place {
                        network: *network,
                        canister: *canister,
                    },
                    is_only_controller: others.count() == 0,
                });
            }
        }
        controlled
    }

    /// Removes an identity and all that was remembered of it.
    pub(super) fn forget(&mut self, principal: Principal) {
        self.identities
            .retain(|profile| profile.principal != principal);
        self.chosen
            .retain(|_, id| *id != IdentityId::Stored(principal));
        let ours: BTreeSet<Principal> = self
            .identities
            .iter()
            .map(|profile| profile.principal)
            .collect();
        for canisters in self.controllers.values_mut() {
            canisters.retain(|_, controllers| !controllers.is_disjoint(&ours));
        }
        self.controllers
            .retain(|_, canisters| !canisters.is_empty());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn principal(number: u8) -> Principal {
        Principal::self_authenticating([number; 32])
    }

    fn profile(number: u8, name: &str) -> Profile {
        Profile {
            principal: principal(number),
            name: name.to_owned(),
            algorithm: Algorithm::Ed25519,
            public_key: vec![number; 32],
            keeper: Keeper::Keyring,
            origin: KeyOrigin::Created,
            added_at: 0,
            exported_at: None,
        }
    }

    fn place(canister: u8) -> Place {
        Place {
            network: Fingerprint::of(b"a root key"),
            canister: CanisterId::from(Principal::from_slice(&[canister; 10])),
        }
    }

    fn list() -> List {
        List {
            identities: vec![profile(1, "Ada"), profile(2, "Brook")],
            ..List::default()
        }
    }

    #[test]
    fn a_list_survives_its_file() {
        let mut list = list();
        list.chosen
            .insert(place(1).network, IdentityId::Stored(principal(2)));
        list.note_controllers(place(1), &[principal(1), principal(9)]);
        let text = serde_json::to_string(&list).unwrap();
        let again: List = serde_json::from_str(&text).unwrap();
        assert_eq!(again.identities, list.identities);
        assert_eq!(again.chosen, list.chosen);
        assert_eq!(again.controlling(place(1)), [principal(1)]);
        assert_eq!(again.lock_after_minutes, Some(60));
    }

    #[test]
    fn names_are_trimmed_visible_and_nobody_elses() {
        let list = list();
        assert_eq!(list.free_name("  Chidi ", None).unwrap(), "Chidi");
        for (name, code) in [
            ("", Code::NameUnusable),
            ("   ", Code::NameUnusable),
            ("line\nbreak", Code::NameUnusable),
            (&"x".repeat(65), Code::NameUnusable),
            ("ada", Code::NameTaken),
            ("Anonymous", Code::NameTaken),
        ] {
            assert_eq!(
                list.free_name(name, None).unwrap_err().code,
                code,
                "{name:?}"
            );
        }
        assert_eq!(
            list.free_name("ADA", Some(principal(1))).unwrap(),
            "ADA",
            "one's own name can be written in another way"
        );
    }

    #[test]
    fn who_controls_what_is_remembered_until_it_changes() {
        let mut list = list();
        assert!(
            !list.note_controllers(place(1), &[principal(8)]),
            "canisters of strangers are not remembered"
        );
        assert!(list.note_controllers(place(1), &[principal(1), principal(2)]));
        assert!(
            !list.note_controllers(place(1), &[principal(2), principal(1)]),
            "the same controllers in another order are no news"
        );
        assert_eq!(list.controlling(place(1)), [principal(1), principal(2)]);
        assert_eq!(
            list.controlling(place(2)),
            [],
            "nothing is known of another canister"
        );
        assert!(list.note_controllers(place(1), &[principal(8)]));
        assert_eq!(list.controlling(place(1)), []);
    }

    #[test]
    fn the_only_controller_is_the_one_that_nobody_can_stand_in_for() {
        let mut list = list();
        let itself = place(3).canister.principal();
        list.note_controllers(place(1), &[principal(1)]);
        list.note_controllers(place(2), &[principal(1), principal(9)]);
        list.note_controllers(place(3), &[principal(1), itself, Principal::anonymous()]);
        let only: Vec<_> = list
            .controlled_by(principal(1))
            .iter()
            .map(|controlled| (controlled.place, controlled.is_only_controller))
            .collect();
        assert_eq!(
            only,
            [(place(1), true), (place(2), false), (place(3), true)],
            "neither the canister itself nor everybody counts as somebody else"
        );
    }

    #[test]
    fn forgetting_leaves_nothing_of_an_identity_and_everything_of_the_others() {
        let mut list = list();
        list.chosen
            .insert(place(1).network, IdentityId::Stored(principal(1)));
        list.note_controllers(place(1), &[principal(1)]);
        list.note_controllers(place(2), &[principal(1), principal(2)]);
        list.forget(principal(1));
        assert!(list.profile(principal(1)).is_none());
        assert!(list.chosen.is_empty(), "another identity has to be chosen");
        assert_eq!(list.controlling(place(2)), [principal(2)]);
        assert!(
            !serde_json::to_string(&list.controllers)
                .unwrap()
                .contains(&place(1).canister.to_string())
        );
    }
}
