//! Identities: who signs, where the keys are kept, how they come (`arrival`) and go.
//!
//! Keys never cross. Secrets come in as [`Secret`]; the words of a new recovery phrase go out once. What JSON and the web view
//! copied on the way cannot be wiped from here; everything from this line on is.

mod arrival;

pub use arrival::{FoundIdentity, FoundKey, FoundStore, KeySource, NewPhrase, Newcomer};

use crate::{Api, failure::Failure, wire::Session};
use candid::Principal;
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
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
