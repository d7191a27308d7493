//! Identities: who signs, where the keys are kept, how they come and go.
//!
//! Keys never cross. Secrets come in as [`Secret`]; the words of a new recovery phrase go out once. What JSON and the web view
//! copied on the way cannot be wiped from here; everything from this line on is.

use crate::{Api, failure::Failure, networks::Tool, wire::Session};
use candid::Principal;
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};
use ts_rs::TS;

/// A passphrase, a phrase or a key as text. Wiped when it was used, and never logged.
#[derive(Debug, Serialize, Deserialize, TS)]
#[serde(transparent)]
pub struct Secret(#[ts(type = "string")] engine::Secret);

/// The kinds of keys.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Algorithm {
    /// Edwards curve 25519.
    Ed25519,
    /// The curve of Bitcoin; what `icp` and `dfx` make unless told otherwise.
    Secp256k1,
    /// NIST's curve, also called prime256v1.
    P256,
}

/// Where a key is kept.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Keeper {
    /// In the system's keyring.
    Keyring,
    /// In the vault file.
    VaultFile,
}

/// Where an identity came from.
#[derive(Clone, Copy, Debug, Serialize, TS)]
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

/// Whether an identity could sign right now.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum KeyState {
    /// Its key was not needed yet, and is read when it is.
    Ready,
    /// Its key is open.
    Open,
    /// Somebody has to unlock it.
    Locked,
    /// It needs no key: it is anonymous, or comes with the practice network.
    None,
}

/// Kinds of identities that are not supported yet.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum NotYet {
    /// Keys on a hardware token.
    HardwareKey,
    /// A web login.
    InternetIdentity,
}

/// An identity, without its key.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Which one: `anonymous`, `practice`, or its principal.
    pub id: String,
    /// The name that people gave it; `anonymous` and `practice` for the built-in ones.
    pub name: String,
    /// Who the network sees.
    pub principal: String,
    /// Its account on the ICP ledger.
    pub account_id: String,
    /// Whether it could sign right now.
    pub state: KeyState,
}

/// What is known of an identity with a key of its own.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct IdentityDetails {
    /// The identity.
    pub identity: Identity,
    /// The kind of its key.
    pub algorithm: Algorithm,
    /// Where its key is kept.
    pub keeper: Keeper,
    /// Where it came from.
    pub origin: KeyOrigin,
    /// Since when it is here, in milliseconds since 1970.
    pub added_at: f64,
    /// When its key was last exported, in milliseconds since 1970; null for never.
    pub exported_at: Option<f64>,
}

/// All identities.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct IdentityListing {
    /// The one that is used on the network in use.
    pub in_use: String,
    /// Those that need no key: anonymous, and the practice network's where it is in use.
    pub built_in: Vec<Identity>,
    /// Those with keys of their own, in the order in which they came.
    pub stored: Vec<IdentityDetails>,
    /// The vault file.
    pub vault: Vault,
    /// After how many minutes without a change a key is locked; null for never.
    pub lock_after_minutes: Option<u32>,
    /// What cannot be used yet.
    pub not_yet: Vec<NotYet>,
}

/// The vault file.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Vault {
    /// Where it is, or would be.
    pub path: String,
    /// Whether it is there.
    pub exists: bool,
    /// Whether it is open.
    pub is_open: bool,
}

/// A new recovery phrase. It is shown once and cannot be asked for again.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct NewPhrase {
    /// The words, in their order.
    pub words: Vec<Secret>,
    /// Which words have to be repeated, counted from 1.
    pub asked: Vec<u32>,
    /// Until when it can be confirmed, in milliseconds since 1970.
    pub ends_at: f64,
}

/// How a tool keeps a key.
#[derive(Clone, Copy, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FoundKey {
    /// In a file that anybody who reads it can use.
    Plain,
    /// In a file with a passphrase.
    Encrypted,
    /// In the system's keyring.
    Keyring,
    /// On a hardware key: not supported yet.
    Hardware,
    /// Lent by a web login, or delegated by another key: not supported yet.
    Delegated,
    /// In a way that is not known.
    Unknown,
}

/// An identity of another tool.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundIdentity {
    /// What the tool calls it.
    pub name: String,
    /// Who the network sees; null where only the key can tell.
    pub principal: Option<String>,
    /// The kind of its key; null where only the key can tell.
    pub algorithm: Option<Algorithm>,
    /// How the tool keeps its key.
    pub key: FoundKey,
    /// Whether the tool uses it unless told otherwise.
    pub is_default: bool,
    /// The identity here with the same key; null for none, as far as is known.
    pub already_here: Option<String>,
}

/// The identities of another tool.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FoundStore {
    /// Which tool.
    pub tool: Tool,
    /// Where they lie.
    pub path: String,
    /// What is there.
    pub identities: Vec<FoundIdentity>,
    /// Why it could not be read; null if it could.
    pub failure: Option<Failure>,
}

/// A canister that an identity controls.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ControlledCanister {
    /// The canister.
    pub canister: String,
    /// The fingerprint of its network.
    pub network: String,
    /// Whether nobody else is known who could change it.
    pub is_only_controller: bool,
}

/// What would be lost with an identity.
#[derive(Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// The identity.
    pub identity: IdentityDetails,
    /// The canisters that it is known to control.
    pub controlled: Vec<ControlledCanister>,
    /// Whether it may be forgotten. If not, its key has to be exported first, or another controller added.
    pub may_forget: bool,
}

/// What an identity that is being added will be called, and where its key is going to be kept.
#[derive(Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Newcomer {
    /// Its name.
    pub name: String,
    /// Where its key is kept.
    pub keeper: Keeper,
}

/// Where a key is read from.
#[derive(Debug, Deserialize, TS)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum KeySource {
    /// A file that was picked.
    File {
        /// Which.
        pick: u32,
        /// What it is protected by; null for nothing.
        passphrase: Option<Secret>,
        /// The kind of key, for files that do not say; null to go by the file.
        algorithm: Option<Algorithm>,
    },
    /// PEM that was pasted.
    Text {
        /// The PEM.
        text: Secret,
        /// What it is protected by; null for nothing.
        passphrase: Option<Secret>,
        /// The kind of key, for PEM that does not say; null to go by the PEM.
        algorithm: Option<Algorithm>,
    },
    /// A recovery phrase.
    Phrase {
        /// The words.
        phrase: Secret,
        /// The kind of key that it stands for.
        algorithm: Algorithm,
    },
    /// Another tool's identity.
    Tool {
        /// Which tool.
        tool: Tool,
        /// What the tool calls it.
        identity: String,
        /// What it is protected by; null for nothing.
        passphrase: Option<Secret>,
    },
}

/// Mirrors a plain enum of the engine in both directions: a variant that is missing here does not compile.
macro_rules! same {
    ($($name:ident { $($variant:ident),+ })+) => {$(
        impl From<engine::$name> for $name {
            fn from(value: engine::$name) -> Self {
                match value { $(engine::$name::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for engine::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),+ }
            }
        }
    )+};
}

same! {
    Algorithm { Ed25519, Secp256k1, P256 }
    Keeper { Keyring, VaultFile }
    KeyOrigin { Created, Phrase, Pem, Icp, Dfx }
}

impl From<engine::KeyState> for KeyState {
    fn from(state: engine::KeyState) -> Self {
        match state {
            engine::KeyState::Ready => Self::Ready,
            engine::KeyState::Open => Self::Open,
            engine::KeyState::Locked => Self::Locked,
        }
    }
}

impl From<&engine::FoundKey> for FoundKey {
    fn from(key: &engine::FoundKey) -> Self {
        match key {
            engine::FoundKey::Plain => Self::Plain,
            engine::FoundKey::Encrypted => Self::Encrypted,
            engine::FoundKey::Keyring => Self::Keyring,
            engine::FoundKey::Hardware => Self::Hardware,
            engine::FoundKey::Delegated => Self::Delegated,
            engine::FoundKey::Unknown(_) => Self::Unknown,
        }
    }
}

impl From<Newcomer> for engine::Newcomer {
    fn from(newcomer: Newcomer) -> Self {
        Self {
            name: newcomer.name,
            keeper: newcomer.keeper.into(),
        }
    }
}

impl From<engine::Signatory> for Identity {
    fn from(signatory: engine::Signatory) -> Self {
        Self {
            id: signatory.id.to_string(),
            name: signatory.name,
            account_id: engine::account_id(signatory.principal),
            principal: signatory.principal.to_text(),
            state: signatory.state.map_or(KeyState::None, KeyState::from),
        }
    }
}

fn details(profile: engine::Profile, state: engine::KeyState) -> IdentityDetails {
    IdentityDetails {
        algorithm: profile.algorithm.into(),
        keeper: profile.keeper.into(),
        origin: profile.origin.into(),
        added_at: profile.added_at as f64,
        exported_at: profile.exported_at.map(|at| at as f64),
        identity: engine::Signatory {
            id: engine::IdentityId::Stored(profile.principal),
            name: profile.name,
            principal: profile.principal,
            state: Some(state),
        }
        .into(),
    }
}

fn plain(secret: Option<Secret>) -> Option<engine::Secret> {
    secret.map(|secret| secret.0)
}

/// The principal of an identity with a key of its own.
fn stored(id: &str) -> Result<Principal, Failure> {
    match id.parse()? {
        engine::IdentityId::Stored(principal) => Ok(principal),
        built_in => Err(engine::Error::new(
            engine::Code::IdentityUnknown,
            format!("looking for the key of {built_in}"),
        )
        .into()),
    }
}

impl Api {
    pub(crate) async fn identities(&self) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        let identities = engine.identities();
        let mut built_in = vec![engine::Signatory::anonymous()];
        built_in.extend(engine.play_identity().await);
        let vault = identities.vault();
        Ok(IdentityListing {
            in_use: engine.signatory().await?.id.to_string(),
            built_in: built_in.into_iter().map(Identity::from).collect(),
            stored: identities
                .profiles()
                .into_iter()
                .map(|(profile, state)| details(profile, state))
                .collect(),
            vault: Vault {
                path: vault.path.to_string(),
                exists: vault.exists,
                is_open: vault.is_open,
            },
            lock_after_minutes: identities.lock_after_minutes(),
            not_yet: vec![NotYet::HardwareKey, NotYet::InternetIdentity],
        })
    }

    pub(crate) async fn probe_keyring(&self) -> Result<(), Failure> {
        Ok(self.engine()?.identities().probe_keyring().await?)
    }

    pub(crate) async fn choose_identity(&self, identity: String) -> Result<Session, Failure> {
        let engine = self.engine()?;
        engine.choose_identity(identity.parse()?).await?;
        self.session().await
    }

    pub(crate) async fn identities_of(&self, canister: String) -> Result<Vec<String>, Failure> {
        let engine = self.engine()?;
        let canister: engine::CanisterId = canister.parse()?;
        let (_, endpoint) = engine.network().await?;
        let place = engine::Place {
            network: endpoint.fingerprint(),
            canister,
        };
        let controlling = engine.identities().controlling(place);
        Ok(controlling
            .into_iter()
            .map(|principal| principal.to_text())
            .collect())
    }

    #[expect(
        clippy::unused_async,
        reason = "every request is answered by an async method"
    )]
    pub(crate) async fn draft_identity(&self, algorithm: Algorithm) -> Result<NewPhrase, Failure> {
        let engine = self.engine()?;
        let phrase = engine
            .identities()
            .draft(algorithm.into(), SystemTime::now())?;
        let ends_at = phrase.ends_at.duration_since(UNIX_EPOCH);
        Ok(NewPhrase {
            words: phrase.words.into_iter().map(Secret).collect(),
            asked: phrase
                .asked
                .into_iter()
                .map(|position| position as u32)
                .collect(),
            ends_at: ends_at.unwrap_or_default().as_millis() as f64,
        })
    }

    pub(crate) async fn confirm_identity(
        &self,
        words: Vec<Secret>,
        newcomer: Newcomer,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        let words: Vec<engine::Secret> = words.into_iter().map(|word| word.0).collect();
        engine
            .identities()
            .confirm_draft(&words, newcomer.into(), SystemTime::now())
            .await?;
        self.identities().await
    }

    #[expect(
        clippy::unused_async,
        reason = "every request is answered by an async method"
    )]
    pub(crate) async fn discard_draft(&self) -> Result<(), Failure> {
        self.engine()?.identities().discard_draft();
        Ok(())
    }

    pub(crate) async fn import_identity(
        &self,
        source: KeySource,
        newcomer: Newcomer,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        let (identities, now) = (engine.identities(), SystemTime::now());
        let newcomer = newcomer.into();
        match source {
            KeySource::File {
                pick,
                passphrase,
                algorithm,
            } => {
                let path = self.picks.path(pick)?;
                let assumed = algorithm.map(engine::Algorithm::from);
                identities
                    .import_file(&path, plain(passphrase), assumed, newcomer, now)
                    .await?
            }
            KeySource::Text {
                text,
                passphrase,
                algorithm,
            } => {
                let assumed = algorithm.map(engine::Algorithm::from);
                identities
                    .import_pem(text.0, plain(passphrase), assumed, newcomer, now)
                    .await?
            }
            KeySource::Phrase { phrase, algorithm } => {
                identities
                    .import_phrase(&phrase.0, algorithm.into(), newcomer, now)
                    .await?
            }
            KeySource::Tool {
                tool,
                identity,
                passphrase,
            } => {
                identities
                    .import_found(tool.into(), &identity, plain(passphrase), newcomer, now)
                    .await?
            }
        };
        self.identities().await
    }

    #[expect(
        clippy::unused_async,
        reason = "every request is answered by an async method"
    )]
    pub(crate) async fn found_identities(&self) -> Result<Vec<FoundStore>, Failure> {
        let engine = self.engine()?;
        let profiles = engine.identities().profiles();
        let name_of = |principal: Option<Principal>| {
            let (profile, _) = profiles
                .iter()
                .find(|(profile, _)| Some(profile.principal) == principal)?;
            Some(profile.name.clone())
        };
        let stores = engine.identities().found().into_iter().map(|store| {
            let (identities, failure) = match store.identities {
                Ok(identities) => (identities, None),
                Err(error) => (vec![], Some(Failure::from(error))),
            };
            FoundStore {
                tool: store.tool.into(),
                path: store.path.to_string(),
                identities: identities
                    .into_iter()
                    .map(|found| FoundIdentity {
                        already_here: name_of(found.principal),
                        principal: found.principal.map(|principal| principal.to_text()),
                        algorithm: found.algorithm.map(Algorithm::from),
                        key: FoundKey::from(&found.key),
                        is_default: found.is_default,
                        name: found.name,
                    })
                    .collect(),
                failure,
            }
        });
        Ok(stores.collect())
    }

    pub(crate) async fn export_identity(
        &self,
        identity: String,
        passphrase: Secret,
        pick: u32,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        let path = self.picks.path(pick)?;
        engine
            .identities()
            .export(stored(&identity)?, passphrase.0, &path, SystemTime::now())
            .await?;
        self.identities().await
    }

    pub(crate) async fn rename_identity(
        &self,
        identity: String,
        name: String,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        engine.rename_identity(stored(&identity)?, &name)?;
        self.identities().await
    }

    #[expect(
        clippy::unused_async,
        reason = "every request is answered by an async method"
    )]
    pub(crate) async fn identity_loss(&self, identity: String) -> Result<Loss, Failure> {
        let engine = self.engine()?;
        let loss = engine.identities().loss(stored(&identity)?)?;
        Ok(Loss {
            may_forget: loss.may_forget(),
            controlled: loss
                .controlled
                .iter()
                .map(|controlled| ControlledCanister {
                    canister: controlled.place.canister.to_string(),
                    network: controlled.place.network.to_string(),
                    is_only_controller: controlled.is_only_controller,
                })
                .collect(),
            identity: details(
                loss.profile.clone(),
                engine.identities().state(loss.profile.principal)?,
            ),
        })
    }

    pub(crate) async fn forget_identity(
        &self,
        identity: String,
        typed_name: String,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        engine
            .forget_identity(stored(&identity)?, &typed_name)
            .await?;
        self.identities().await
    }

    pub(crate) async fn lock_identities(&self) -> Result<IdentityListing, Failure> {
        self.engine()?.identities().lock();
        self.identities().await
    }

    pub(crate) async fn unlock_identity(
        &self,
        identity: String,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        engine.identities().unlock(stored(&identity)?).await?;
        self.identities().await
    }

    pub(crate) async fn choose_lock_after(
        &self,
        minutes: Option<u32>,
    ) -> Result<IdentityListing, Failure> {
        self.engine()?.identities().choose_lock_after(minutes)?;
        self.identities().await
    }

    pub(crate) async fn create_vault(
        &self,
        passphrase: Secret,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        engine.identities().create_vault(passphrase.0).await?;
        self.identities().await
    }

    pub(crate) async fn unlock_vault(
        &self,
        passphrase: Secret,
    ) -> Result<IdentityListing, Failure> {
        let engine = self.engine()?;
        engine.identities().unlock_vault(passphrase.0).await?;
        self.identities().await
    }

    pub(crate) async fn change_vault_passphrase(
        &self,
        old: Secret,
        new: Secret,
    ) -> Result<(), Failure> {
        let engine = self.engine()?;
        Ok(engine
            .identities()
            .change_vault_passphrase(old.0, new.0)
            .await?)
    }
}
