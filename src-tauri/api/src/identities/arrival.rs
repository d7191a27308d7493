//! How identities come: made here with a phrase that is shown once, or brought from a file, a phrase or another tool.

use super::{Algorithm, IdentityListing, Keeper, Secret};
use crate::{Api, failure::Failure, networks::Tool};
use candid::Principal;
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};
use ts_rs::TS;

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

fn plain(secret: Option<Secret>) -> Option<engine::Secret> {
    secret.map(|secret| secret.0)
}

/// One method per request.
impl Api {
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
}
