//! Who signs: the identities, and where their keys are kept.
//!
//! - Keys lie in the system's keyring, or in a vault file that a person asked for, and nowhere else; [`list`] remembers the rest.
//! - A key is read when it is first needed, and open in memory from then on ([`open`]): until somebody locks it, or until nobody has
//!   signed a change with it for a time. Then somebody has to unlock it before it is read again.
//! - What signs is a handle without a key, so that a lock reaches every connection.
//! - A new identity comes from a recovery phrase that was repeated ([`phrase`]), from a file ([`keys`]), or from the stores of `icp` and
//!   `dfx` ([`stores`]), which are only ever read.
//! - A key leaves again as encrypted PEM alone, and goes for good only when its identity is forgotten by its typed name.
//!
//! Reading order: this file, [`list`], [`open`], [`keyring`], [`vault`], [`keeping`], then the three sources.

mod keeping;
mod keyring;
mod keys;
mod list;
mod open;
mod phrase;
mod secret;
mod stores;
mod vault;

pub use keeping::Newcomer;
pub use keyring::{Keyring, MemoryKeyring, SystemKeyring};
pub use list::{Controlled, Keeper, KeyOrigin, Profile};
pub use open::Hold;
pub use secret::Secret;
pub use stores::{Found, FoundKey, Store, Stores};

use crate::{
    Code, Endpoint, Error, Fingerprint, Place, Result,
    ids::as_text,
    settings::{self, Folders},
};
use camino::{Utf8Path, Utf8PathBuf};
use candid::Principal;
use ic_agent::{
    Identity as Signer,
    identity::{AnonymousIdentity, BasicIdentity},
};
use keys::PrivateKey;
use list::List;
use open::{Handle, OpenKeys};
use phrase::{Draft, Phrase};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::time::Instant;
use vault::VaultFile;

/// `icp` asks for as many, and fewer can be tried out.
const SHORTEST_PASSPHRASE: usize = 8;

/// The names of the identities that need no key of their own.
const BUILT_IN_NAMES: [&str; 2] = ["anonymous", "practice"];

/// The kinds of keys that sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Algorithm {
    /// Edwards curve 25519.
    Ed25519,
    /// The curve of Bitcoin; what `icp` and `dfx` make unless told otherwise.
    Secp256k1,
    /// NIST's curve, called prime256v1 by OpenSSL and `icp`.
    P256,
}

/// Names an identity on this computer. As text: `anonymous`, `practice`, or its principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityId {
    /// Nobody: may ask what everybody may ask.
    Anonymous,
    /// The play identity that the practice network brings along.
    Practice,
    /// One with a key of its own.
    Stored(Principal),
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Practice => f.write_str("practice"),
            Self::Stored(principal) => principal.fmt(f),
        }
    }
}

impl FromStr for IdentityId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "anonymous" => Ok(Self::Anonymous),
            "practice" => Ok(Self::Practice),
            _ => Principal::from_text(text)
                .map(Self::Stored)
                .map_err(|error| {
                    Error::new(Code::IdentityUnknown, "reading the name of an identity")
                        .because(error)
                }),
        }
    }
}

as_text!(IdentityId);

/// An identity that is ready to sign. The key never leaves the signer.
#[derive(Clone)]
pub struct Identity {
    /// The name that people gave it.
    pub name: String,
    /// Who the network sees.
    pub principal: Principal,
    pub(crate) signer: Arc<dyn Signer>,
}

impl Identity {
    /// The practice network's own identity.
    pub(crate) fn play(key: &[u8; 32]) -> Self {
        let signer = BasicIdentity::from_raw_key(key);
        let principal = signer.sender().unwrap_or_else(|_| Principal::anonymous());
        Self {
            name: "practice".to_owned(),
            principal,
            signer: Arc::new(signer),
        }
    }

    /// Nobody: may ask what everybody may ask.
    pub(crate) fn anonymous() -> Self {
        Self {
            name: "anonymous".to_owned(),
            principal: Principal::anonymous(),
            signer: Arc::new(AnonymousIdentity),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, {})", self.name, self.principal)
    }
}

/// Who signs somewhere, whether the key is at hand or not.
#[derive(Clone, Debug)]
pub struct Signatory {
    /// Which identity.
    pub id: IdentityId,
    /// The name that people gave it.
    pub name: String,
    /// Who the network sees.
    pub principal: Principal,
    /// Whether it could sign right now; none where it needs no key of its own.
    pub state: Option<KeyState>,
}

impl Signatory {
    /// Nobody.
    pub fn anonymous() -> Self {
        Self::built_in(IdentityId::Anonymous, Identity::anonymous())
    }

    pub(crate) fn play(key: &[u8; 32]) -> Self {
        Self::built_in(IdentityId::Practice, Identity::play(key))
    }

    fn built_in(id: IdentityId, identity: Identity) -> Self {
        Self {
            id,
            name: identity.name,
            principal: identity.principal,
            state: None,
        }
    }
}

/// The account that the ICP ledger keeps for a principal, as exchanges write it: 64 hexadecimal digits.
pub fn account_id(principal: Principal) -> String {
    use sha2::{Digest as _, Sha224};
    let mut hash = Sha224::new();
    hash.update(b"\x0aaccount-id");
    hash.update(principal.as_slice());
    hash.update([0; 32]);
    let hash: [u8; 28] = hash.finalize().into();
    let mut check = flate2::Crc::new();
    check.update(&hash);
    hex::encode([&check.sum().to_be_bytes(), hash.as_slice()].concat())
}

/// Whether a key could sign right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It was not needed yet, and is read when it is.
    Ready,
    /// It is open.
    Open,
    /// Somebody has to unlock it.
    Locked,
}

/// Where the vault file is, and whether it is there and open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultState {
    /// Where it is, or would be.
    pub path: Utf8PathBuf,
    /// Whether it is there.
    pub exists: bool,
    /// Whether it is open.
    pub is_open: bool,
}

/// A new recovery phrase, shown once.
pub struct NewPhrase {
    /// The words, in their order.
    pub words: Vec<Secret>,
    /// Which words have to be repeated, counted from 1.
    pub asked: Vec<usize>,
    /// Until when it can be confirmed.
    pub ends_at: SystemTime,
}

/// What would be lost with an identity.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The identity.
    pub profile: Profile,
    /// The canisters that it is known to control.
    pub controlled: Vec<Controlled>,
}

impl Loss {
    /// The first canister that nobody could ever change again.
    fn orphan(&self) -> Option<Place> {
        if self.profile.exported_at.is_some() {
            return None;
        }
        let orphan = self
            .controlled
            .iter()
            .find(|controlled| controlled.is_only_controller);
        orphan.map(|controlled| controlled.place)
    }

    /// Whether it may be forgotten: not while it is the only known controller of a canister and its key was never exported.
    pub fn may_forget(&self) -> bool {
        self.orphan().is_none()
    }
}

/// What of this computer the identities use. Tests bring their own.
pub struct Surroundings {
    /// Where keys are kept.
    pub keyring: Arc<dyn Keyring>,
    /// Where other tools keep theirs.
    pub stores: Stores,
    /// How costly each guess at the vault file's passphrase is, as a power of two.
    vault_cost: u8,
}

impl Surroundings {
    /// The system's keyring, and the stores in a person's home.
    pub fn of_this_computer() -> Self {
        Self {
            keyring: Arc::new(SystemKeyring),
            stores: Stores::of_this_computer(),
            vault_cost: vault::COST,
        }
    }

    /// A keyring that is gone with the process, no stores but those below `home`, and a vault that is quick to open and easy to break.
    pub fn of_a_test(home: &Utf8Path) -> Self {
        Self {
            keyring: Arc::new(MemoryKeyring::default()),
            stores: Stores::below(home),
            vault_cost: 4,
        }
    }

    /// The same with another keyring.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Arc<dyn Keyring>) -> Self {
        self.keyring = keyring;
        self
    }
}

/// All identities.
pub struct Identities {
    config: Utf8PathBuf,
    list: Mutex<List>,
    keys: Arc<OpenKeys>,
    keyring: Arc<dyn Keyring>,
    vault: Arc<VaultFile>,
    stores: Stores,
    draft: Arc<Mutex<Option<Draft>>>,
}

/// What is known of the identities, and which is used where.
impl Identities {
    /// Opens the list of identities. No key is read.
    pub(crate) fn open(folders: &Folders, surroundings: Surroundings) -> Result<Self> {
        let list: List = settings::load(&folders.config)?;
        let keys = Arc::new(OpenKeys::default());
        keys.lock_after(list.lock_after_minutes.map(minutes));
        Ok(Self {
            config: folders.config.clone(),
            list: Mutex::new(list),
            keys,
            keyring: surroundings.keyring,
            vault: Arc::new(VaultFile::new(
                folders.config.join("vault.age"),
                surroundings.vault_cost,
            )),
            stores: surroundings.stores,
            draft: Arc::default(),
        })
    }

    /// The same identities on another computer.
    pub(crate) fn within(mut self, surroundings: Surroundings) -> Self {
        let path = self.vault.path().to_owned();
        self.vault = Arc::new(VaultFile::new(path, surroundings.vault_cost));
        self.keyring = surroundings.keyring;
        self.stores = surroundings.stores;
        self
    }

    /// The identities with keys of their own, in the order in which they came, and whether each could sign.
    pub fn profiles(&self) -> Vec<(Profile, KeyState)> {
        let list = self.list();
        let states = list.identities.iter().map(|profile| {
            let state = self.state_of(profile);
            (profile.clone(), state)
        });
        states.collect()
    }

    /// Whether an identity with a key of its own could sign right now.
    pub fn state(&self, principal: Principal) -> Result<KeyState> {
        Ok(self.state_of(&self.profile(principal)?))
    }

    fn state_of(&self, profile: &Profile) -> KeyState {
        if self.keys.is_open(profile.principal) {
            KeyState::Open
        } else if self.keys.is_locked(profile.principal)
            || (profile.keeper == Keeper::VaultFile && !self.vault.is_open())
        {
            KeyState::Locked
        } else {
            KeyState::Ready
        }
    }

    /// One identity with a key of its own.
    pub fn profile(&self, principal: Principal) -> Result<Profile> {
        self.list().profile(principal).cloned().ok_or_else(|| {
            Error::new(Code::IdentityUnknown, "looking for an identity")
                .with("principal", principal)
        })
    }

    /// The identity that was chosen for a network; none where nobody has chosen yet.
    pub fn chosen(&self, network: Fingerprint) -> Option<IdentityId> {
        self.list().chosen.get(&network).copied()
    }

    /// The identity that is used on a network: the chosen one, else the play identity where the network brings one along, else nobody.
    pub fn used_on(&self, endpoint: &Endpoint) -> IdentityId {
        match (self.chosen(endpoint.fingerprint()), endpoint.play_key) {
            (Some(chosen), _) => chosen,
            (None, Some(_)) => IdentityId::Practice,
            (None, None) => IdentityId::Anonymous,
        }
    }

    /// Chooses the identity for a network.
    pub(crate) fn choose(&self, network: Fingerprint, id: IdentityId) -> Result<()> {
        if let IdentityId::Stored(principal) = id {
            self.profile(principal)?;
        }
        self.change(|list| {
            list.chosen.insert(network, id);
            Ok(())
        })
    }

    /// Renames an identity.
    pub(crate) fn rename(&self, principal: Principal, name: &str) -> Result<()> {
        self.profile(principal)?;
        self.change(|list| {
            let name = list.free_name(name, Some(principal))?;
            if let Some(profile) = list.profile_mut(principal) {
                profile.name = name;
            }
            Ok(())
        })
    }

    /// Remembers who controls canisters, as far as one of the identities does.
    pub fn note_controllers<'news>(
        &self,
        news: impl IntoIterator<Item = (Place, &'news [Principal])>,
    ) -> Result<()> {
        let mut list = self.list();
        let mut noted = list.clone();
        let mut is_news = false;
        for (place, controllers) in news {
            is_news |= noted.note_controllers(place, controllers);
        }
        // The board brings the same every few seconds, and a file is not written for that.
        if is_news {
            settings::save(&self.config, &noted)?;
            *list = noted;
        }
        Ok(())
    }

    /// Forgets who controls a canister that is no longer looked after.
    pub fn forget_canister(&self, place: Place) -> Result<()> {
        let was_known = self.list().clone().forget_canister(place);
        if was_known {
            self.change(|list| {
                list.forget_canister(place);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The identities that are known to control a canister.
    pub fn controlling(&self, place: Place) -> Vec<Principal> {
        self.list().controlling(place)
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the list. In force only if it could be written.
    fn change<Answer>(&self, change: impl FnOnce(&mut List) -> Result<Answer>) -> Result<Answer> {
        let mut list = self.list();
        let mut changed = list.clone();
        let answer = change(&mut changed)?;
        settings::save(&self.config, &changed)?;
        *list = changed;
        Ok(answer)
    }
}

/// Keys in use: read when first needed, locked by hand or after a time.
impl Identities {
    /// An identity that is ready to sign. Its key is read now, if it was not needed before. `play_key` is what the practice network
    /// brings along.
    pub async fn signer(&self, id: IdentityId, play_key: Option<&[u8; 32]>) -> Result<Identity> {
        let principal = match id {
            IdentityId::Anonymous => return Ok(Identity::anonymous()),
            IdentityId::Practice => {
                return play_key.map(Identity::play).ok_or_else(|| {
                    Error::new(Code::IdentityUnknown, "looking for the play identity")
                });
            }
            IdentityId::Stored(principal) => principal,
        };
        let profile = self.profile(principal)?;
        if self.keys.is_locked(principal) {
            return Err(locked(&profile));
        }
        if !self.keys.is_open(principal) {
            let key = self.key(&profile).await?;
            self.take_in(principal, key);
        }
        Ok(Identity {
            name: profile.name,
            principal,
            signer: Arc::new(Handle {
                principal,
                public_key: profile.public_key,
                keys: self.keys.clone(),
            }),
        })
    }

    /// Keeps a key open while a job needs it: every lock waits for the last hold to be dropped.
    pub fn hold(&self, identity: &Identity) -> Hold {
        self.keys.hold(identity.principal)
    }

    /// Locks every key, and the vault file. Keys that jobs need are locked when the jobs are done; those are answered.
    pub fn lock(&self) -> Vec<Principal> {
        let everybody: Vec<Principal> = self
            .list()
            .identities
            .iter()
            .map(|profile| profile.principal)
            .collect();
        self.vault.close();
        self.keys.lock(everybody)
    }

    /// Unlocks an identity whose key is in the keyring. The keyring may ask a person for its own password.
    pub async fn unlock(&self, principal: Principal) -> Result<()> {
        let profile = self.profile(principal)?;
        let key = self.key(&profile).await?;
        self.take_in(principal, key);
        Ok(())
    }

    /// How long a key stays open without a change being signed; none while it stays open until it is locked by hand.
    pub fn lock_after_minutes(&self) -> Option<u32> {
        self.list().lock_after_minutes
    }

    /// Chooses how long a key stays open.
    pub fn choose_lock_after(&self, time: Option<u32>) -> Result<()> {
        self.change(|list| {
            list.lock_after_minutes = time;
            Ok(())
        })?;
        self.keys.lock_after(time.map(minutes));
        self.watch();
        Ok(())
    }

    /// Reads a key from where it is kept.
    async fn key(&self, profile: &Profile) -> Result<PrivateKey> {
        let (principal, name) = (profile.principal, profile.name.clone());
        let doing = format!("reading the key of {principal}");
        let pem = match profile.keeper {
            Keeper::Keyring => {
                keyring::asked(&self.keyring, move |keyring| {
                    keyring.read(keyring::SERVICE, &principal.to_text())
                })
                .await?
            }
            Keeper::VaultFile => self.vault.read(principal)?,
        };
        let pem = pem.ok_or_else(|| Error::new(Code::KeyLost, &doing).with("identity", &name))?;
        let key = PrivateKey::from_pem(pem.expose().as_bytes(), None, None)
            .map_err(|error| error.while_doing(&doing))?;
        let found = key
            .public_key()
            .map_err(|error| error.while_doing(&doing))?;
        if found != profile.public_key {
            // Somebody wrote another key under this name; signing with it would be signing as somebody else.
            return Err(Error::new(Code::KeyLost, &doing)
                .with("identity", name)
                .because("another key is kept in its place"));
        }
        Ok(key)
    }

    fn take_in(&self, principal: Principal, key: PrivateKey) {
        self.keys.open(principal, key.into_signer(), Instant::now());
        self.watch();
    }

    /// Sees to it that open keys are locked in time. The task ends when no key is open, or none has to be locked.
    fn watch(&self) {
        let (keys, vault) = (Arc::downgrade(&self.keys), Arc::downgrade(&self.vault));
        tokio::spawn(async move {
            loop {
                let next = {
                    let Some(keys) = keys.upgrade() else { return };
                    keys.lock_idle(Instant::now())
                };
                let Some(next) = next else { break };
                tokio::time::sleep_until(next).await;
            }
            // With its last key the vault's passphrase goes too.
            if let (Some(keys), Some(vault)) = (keys.upgrade(), vault.upgrade())
                && keys.is_idle()
            {
                vault.close();
            }
        });
    }
}

fn locked(profile: &Profile) -> Error {
    Error::new(Code::IdentityLocked, "using a locked key").with("identity", &profile.name)
}

fn minutes(number: u32) -> Duration {
    Duration::from_secs(u64::from(number) * 60)
}

fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis()
        .try_into()
        .unwrap_or(u64::MAX)
}
