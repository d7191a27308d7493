//! The networks that a person entered, and what was last known of those on this computer: `networks.json` in the settings folder.
//!
//! A custom network has an address and a root key. The key was pasted, or taken when the network was first reached; either way the
//! network is asked for its key again when a connection is made and whenever an answer does not verify, and another key than the kept one is an alarm
//! ([`Code::RootKeyChanged`]): nothing is sent until a person has accepted the new key or left the network alone.

use super::{Address, Endpoint, MAINNET_ROOT_KEY, Network, NetworkId, Trust, probe};
use crate::{
    Code, Engine, Error, Fingerprint, Result,
    ids::as_text,
    settings::{self, Kept, checked_text},
};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The length of a name in characters: more than fits on the screen.
const LONGEST_NAME: usize = 80;

/// The networks of the file, in force.
pub(crate) struct Networks(Mutex<File>);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    /// How many were ever entered: numbers are not used again, because other things are stored under them.
    #[serde(default)]
    entered: u32,
    #[serde(default)]
    custom: Vec<Custom>,
    #[serde(default)]
    local: Vec<LastSeen>,
}

impl Kept for File {
    const FILE: &str = "networks.json";
    const VERSION: u32 = 1;
}

/// A well-formed root key: a BLS12-381 key in DER. As text, hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RootKey(pub(super) Vec<u8>);

impl RootKey {
    /// A key as the network tells it.
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self> {
        /// What every root key begins with: DER that says "a BLS12-381 key in G2".
        const PREFIX: &[u8] = MAINNET_ROOT_KEY.split_at(37).0;
        if bytes.len() != MAINNET_ROOT_KEY.len() || !bytes.starts_with(PREFIX) {
            return Err(
                Error::new(Code::RootKeyMalformed, "reading a root key").because(format!(
                    "{} bytes that are not a BLS12-381 key",
                    bytes.len()
                )),
            );
        }
        Ok(Self(bytes))
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.0)
    }
}

impl FromStr for RootKey {
    type Err = Error;

    /// A key as a person pasted it: line breaks and a leading `0x` come along easily.
    fn from_str(text: &str) -> Result<Self> {
        let digits: String = text.split_whitespace().collect();
        let bytes = hex::decode(digits.trim_start_matches("0x")).map_err(|error| {
            Error::new(Code::RootKeyMalformed, "reading a root key").because(error)
        })?;
        Self::new(bytes)
    }
}

impl fmt::Display for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

as_text!(RootKey);

/// A network that a person entered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Custom {
    number: u32,
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) root_key: RootKey,
    pub(super) trust: Trust,
}

impl Custom {
    pub(super) fn id(&self) -> NetworkId {
        NetworkId::Custom(self.number)
    }

    pub(super) fn network(&self) -> Network {
        Network {
            id: self.id(),
            name: self.name.clone(),
            trust: self.trust,
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::plain(&self.address, self.root_key.0.clone())
    }
}

/// A local network as it was when it last ran, so that what was kept of it can be shown while it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LastSeen {
    pub(super) id: NetworkId,
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) root_key: RootKey,
    pub(super) trust: Trust,
}

/// Whom a person believes when they enter a network.
#[derive(Clone, Debug)]
pub enum GivenKey {
    /// The key itself, in hexadecimal.
    Pasted(String),
    /// Whatever the network says, which must be the key that they were shown.
    Told(Fingerprint),
}

impl Networks {
    pub(crate) fn load(config: &camino::Utf8Path) -> Result<Self> {
        Ok(Self(Mutex::new(settings::load(config)?)))
    }

    pub(super) fn custom(&self) -> Vec<Custom> {
        self.file().custom.clone()
    }

    /// Whether a person entered this network.
    pub(crate) fn has(&self, id: &NetworkId) -> bool {
        self.of(id).is_ok()
    }

    pub(super) fn of(&self, id: &NetworkId) -> Result<Custom> {
        let found = self
            .file()
            .custom
            .iter()
            .find(|custom| custom.id() == *id)
            .cloned();
        found.ok_or_else(|| {
            Error::new(Code::NetworkUnknown, "looking for a network").with("network", id)
        })
    }

    pub(super) fn last_seen(&self, id: &NetworkId) -> Option<LastSeen> {
        self.file()
            .local
            .iter()
            .find(|seen| seen.id == *id)
            .cloned()
    }

    /// Keeps what a local network is now.
    pub(super) fn see(&self, config: &camino::Utf8Path, seen: LastSeen) -> Result<()> {
        if self.last_seen(&seen.id).as_ref() == Some(&seen) {
            return Ok(());
        }
        self.change(config, |file| {
            file.local.retain(|other| other.id != seen.id);
            file.local.push(seen);
            Ok(())
        })
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In force only if it could be written.
    fn change<Made>(
        &self,
        config: &camino::Utf8Path,
        change: impl FnOnce(&mut File) -> Result<Made>,
    ) -> Result<Made> {
        let mut file = self.file();
        let mut changed = file.clone();
        let made = change(&mut changed)?;
        settings::save(config, &changed)?;
        *file = changed;
        Ok(made)
    }

    fn change_one(
        &self,
        config: &camino::Utf8Path,
        id: &NetworkId,
        change: impl FnOnce(&mut Custom),
    ) -> Result<()> {
        self.change(config, |file| {
            let custom = file.custom.iter_mut().find(|custom| custom.id() == *id);
            change(custom.ok_or_else(|| {
                Error::new(Code::NetworkUnknown, "changing a network").with("network", id)
            })?);
            Ok(())
        })
    }
}

impl Engine {
    /// Adds a network. One that is believed by its own word is asked for it once more.
    pub async fn add_network(&self, name: &str, address: &str, key: &GivenKey) -> Result<Network> {
        let name = checked_text(name, LONGEST_NAME)?;
        let address: Address = address.parse()?;
        let (root_key, trust) = match key {
            GivenKey::Pasted(text) => (text.parse()?, Trust::Pasted),
            GivenKey::Told(shown) => (
                expected_key(&name, &address, *shown).await?,
                Trust::FirstUse,
            ),
        };
        self.networks.change(&self.folders.config, |file| {
            file.entered += 1;
            let custom = Custom {
                number: file.entered,
                name,
                address,
                root_key,
                trust,
            };
            let network = custom.network();
            file.custom.push(custom);
            Ok(network)
        })
    }

    /// Gives a custom network another name.
    pub fn rename_network(&self, id: &NetworkId, name: &str) -> Result<()> {
        let name = checked_text(name, LONGEST_NAME)?;
        self.networks
            .change_one(&self.folders.config, id, |custom| custom.name = name)
    }

    /// Forgets a custom network. What is kept about its canisters stays.
    pub fn remove_network(&self, id: &NetworkId) -> Result<()> {
        let custom = self.networks.of(id)?;
        if self.settings().network == *id {
            return Err(
                Error::new(Code::NetworkInUse, "removing a network").with("name", custom.name)
            );
        }
        self.disconnect(|network| network == id);
        self.networks.change(&self.folders.config, |file| {
            file.custom.retain(|custom| custom.id() != *id);
            Ok(())
        })
    }

    /// Ends an alarm: from now on the network is known by the key that the person was shown.
    pub async fn accept_root_key(&self, id: &NetworkId, shown: Fingerprint) -> Result<()> {
        let custom = self.networks.of(id)?;
        let root_key = expected_key(&custom.name, &custom.address, shown).await?;
        self.disconnect(|network| network == id);
        self.networks
            .change_one(&self.folders.config, id, |custom| {
                custom.root_key = root_key;
                custom.trust = Trust::FirstUse;
            })
    }

    /// Raises the alarm if a custom network shows another key than the one that it is known by.
    pub(super) async fn confirm_root_key(&self, id: &NetworkId) -> Result<()> {
        let custom = self.networks.of(id)?;
        match probe::told_root_key(&custom.address).await? {
            Some(told) if told != custom.root_key.0 => Err(changed(
                &custom.name,
                &custom.address,
                custom.root_key.fingerprint(),
                &told,
            )),
            // One that does not tell is believed by its certificates alone.
            _ => Ok(()),
        }
    }
}

/// The key that a network tells, if it is the one that was shown to the person.
async fn expected_key(name: &str, address: &Address, shown: Fingerprint) -> Result<RootKey> {
    let told = probe::told_root_key(address).await?;
    let told = told.ok_or_else(|| {
        Error::new(Code::Untrusted, "asking a network for its root key").with("address", address)
    })?;
    if Fingerprint::of(&told) != shown {
        return Err(changed(name, address, shown, &told));
    }
    RootKey::new(told)
}

fn changed(name: &str, address: &Address, known: Fingerprint, found: &[u8]) -> Error {
    Error::new(Code::RootKeyChanged, "comparing root keys")
        .with("name", name)
        .with("address", address)
        .with("known", known)
        .with("found", Fingerprint::of(found))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_root_key_is_taken_whole_or_not_at_all() {
        let text = hex::encode(MAINNET_ROOT_KEY);
        for good in [
            text.clone(),
            format!(" 0x{text}\n"),
            text.to_uppercase(),
            format!("{}\n{}", &text[..64], &text[64..]),
        ] {
            assert_eq!(
                good.parse::<RootKey>().unwrap().0,
                MAINNET_ROOT_KEY,
                "{good:?}"
            );
        }
        for bad in [
            "",
            "00",
            &text[2..],
            &text[..264],
            &format!("{text}00"),
            &text.replace("3081", "3082"),
            "not hexadecimal",
        ] {
            assert_eq!(
                bad.parse::<RootKey>().unwrap_err().code,
                Code::RootKeyMalformed,
                "{bad:?}"
            );
        }
    }
}
