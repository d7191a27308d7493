//! How keys come, and how they go: new phrases, imports, exports, and identities that are forgotten.
//!
//! An identity is in the list only after its key is where it is kept, and its key is removed only after the identity is out of the
//! list: a crash in between leaves a key that nobody uses, never an identity without a key.

use super::{
    Algorithm, Draft, Identities, Keeper, KeyOrigin, Loss, NewPhrase, Phrase, PrivateKey, Profile,
    SHORTEST_PASSPHRASE, Secret, Signatory, VaultState, keyring, keys, milliseconds, stores,
};
use crate::{
    Canister, Code, Engine, Error, Fingerprint, IdentityId, Place, Reading, Result, Tool, settings,
};
use camino::Utf8Path;
use candid::Principal;
use std::{
    fs,
    sync::{Arc, PoisonError},
    time::SystemTime,
};

/// No file with a key is larger than a few kilobytes; a larger one was picked by mistake and is not read into memory.
const LARGEST_FILE: u64 = 1 << 20;

/// What an identity that is being added will be called, and where its key is going to be kept.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Its name.
    pub name: String,
    /// Where its key is kept.
    pub keeper: Keeper,
}

/// How identities come.
impl Identities {
    /// Makes a new recovery phrase. One that was not confirmed yet is wiped.
    pub fn draft(&self, algorithm: Algorithm, now: SystemTime) -> Result<NewPhrase> {
        let draft = Draft::new(algorithm, now)?;
        let shown = NewPhrase {
            words: draft
                .phrase
                .words()
                .map(|word| Secret::from(word.to_owned()))
                .collect(),
            asked: draft.asked.clone(),
            ends_at: draft.ends_at,
        };
        let ends_at = draft.ends_at;
        *self.drafted() = Some(draft);
        let place = Arc::downgrade(&self.draft);
        tokio::spawn(async move {
            tokio::time::sleep(super::phrase::DRAFT_LIFE).await;
            if let Some(place) = place.upgrade() {
                let mut draft = place.lock().unwrap_or_else(PoisonError::into_inner);
                // Another draft may have taken its place meanwhile, and has its own end.
                draft.take_if(|draft| draft.ends_at == ends_at);
            }
        });
        Ok(shown)
    }

    /// Wipes a phrase that was not confirmed.
    pub fn discard_draft(&self) {
        *self.drafted() = None;
    }

    /// Makes an identity from the phrase that was shown, once these words are the ones that were asked for.
    pub async fn confirm_draft(
        &self,
        answers: &[Secret],
        newcomer: Newcomer,
        now: SystemTime,
    ) -> Result<Profile> {
        let key = {
            let mut drafted = self.drafted();
            drafted.take_if(|draft| draft.ends_at <= now);
            let draft = drafted
                .as_ref()
                .ok_or_else(|| Error::new(Code::PhraseDraftGone, "confirming a recovery phrase"))?;
            draft.confirm(answers)?;
            draft
                .phrase
                .key(draft.algorithm)
                .map_err(|error| error.while_doing("deriving a key from a recovery phrase"))?
        };
        let profile = self.add(key, newcomer, KeyOrigin::Created, now).await?;
        self.discard_draft();
        Ok(profile)
    }

    fn drafted(&self) -> std::sync::MutexGuard<'_, Option<Draft>> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Imports the key that a recovery phrase stands for.
    pub async fn import_phrase(
        &self,
        phrase: &Secret,
        algorithm: Algorithm,
        newcomer: Newcomer,
        now: SystemTime,
    ) -> Result<Profile> {
        let key = Phrase::parse(phrase)?
            .key(algorithm)
            .map_err(|error| error.while_doing("deriving a key from a recovery phrase"))?;
        self.add(key, newcomer, KeyOrigin::Phrase, now).await
    }

    /// Imports a key from PEM. `assumed` is for files that do not say which curve they are on.
    pub async fn import_pem(
        &self,
        text: Secret,
        passphrase: Option<Secret>,
        assumed: Option<Algorithm>,
        newcomer: Newcomer,
        now: SystemTime,
    ) -> Result<Profile> {
        let key = read_pem(text, passphrase, assumed).await?;
        self.add(key, newcomer, KeyOrigin::Pem, now).await
    }

    /// Imports a key from a PEM file.
    pub async fn import_file(
        &self,
        path: &Utf8Path,
        passphrase: Option<Secret>,
        assumed: Option<Algorithm>,
        newcomer: Newcomer,
        now: SystemTime,
    ) -> Result<Profile> {
        let doing = "reading a file with a key";
        let unreadable = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(Code::KeyUnreadable, doing)
                .with("path", path)
                .because(cause)
        };
        let length = fs::metadata(path)
            .map_err(|error| unreadable(error.into()))?
            .len();
        if length > LARGEST_FILE {
            return Err(unreadable(format!("{length} bytes are no key").into()));
        }
        let text = fs::read_to_string(path)
            .map(Secret::from)
            .map_err(|error| unreadable(error.into()))?;
        let key = read_pem(text, passphrase, assumed)
            .await
            .map_err(|error| error.with("path", path))?;
        self.add(key, newcomer, KeyOrigin::Pem, now).await
    }

    /// The identities of the other tools on this computer. Nothing is asked of a keyring for that.
    pub fn found(&self) -> Vec<stores::Store> {
        self.stores.all()
    }

    /// Imports an identity of another tool. The tool's own copy stays as it is.
    pub async fn import_found(
        &self,
        tool: Tool,
        name: &str,
        passphrase: Option<Secret>,
        newcomer: Newcomer,
        now: SystemTime,
    ) -> Result<Profile> {
        let (stores, name) = (self.stores.clone(), name.to_owned());
        let key = keyring::asked(&self.keyring, move |keyring| {
            stores.key(tool, &name, passphrase.as_ref(), keyring)
        })
        .await?;
        let origin = match tool {
            Tool::Icp => KeyOrigin::Icp,
            Tool::Dfx => KeyOrigin::Dfx,
        };
        self.add(key, newcomer, origin, now).await
    }

    async fn add(
        &self,
        key: PrivateKey,
        newcomer: Newcomer,
        origin: KeyOrigin,
        now: SystemTime,
    ) -> Result<Profile> {
        let doing = "adding an identity";
        let public_key = key.public_key().map_err(|error| error.while_doing(doing))?;
        let principal = keys::principal_of(&public_key);
        let profile = {
            let list = self.list();
            list.insist_new(principal)?;
            Profile {
                principal,
                name: list.free_name(&newcomer.name, None)?,
                algorithm: key.algorithm(),
                public_key,
                keeper: newcomer.keeper,
                origin,
                added_at: milliseconds(now),
                exported_at: None,
            }
        };
        let pem = key.to_pem().map_err(|error| error.while_doing(doing))?;
        self.keep(&profile, Secret::from(pem.to_string())).await?;
        self.change(|list| {
            list.insist_new(principal)?;
            list.free_name(&profile.name, None)?;
            list.identities.push(profile.clone());
            Ok(())
        })?;
        self.take_in(principal, key);
        tracing::info!(%principal, keeper = ?profile.keeper, origin = ?profile.origin, "an identity was added");
        Ok(profile)
    }

    /// Writes a key to where it is kept, and reads it back: a key that cannot be read again was not kept.
    async fn keep(&self, profile: &Profile, pem: Secret) -> Result<()> {
        let principal = profile.principal;
        match profile.keeper {
            Keeper::Keyring => {
                keyring::asked(&self.keyring, move |keyring| {
                    let user = principal.to_text();
                    keyring.write(keyring::SERVICE, &user, &pem)?;
                    if keyring.read(keyring::SERVICE, &user)?.as_ref() == Some(&pem) {
                        return Ok(());
                    }
                    Err(
                        Error::new(Code::KeyringBroken, "writing a key to the keyring")
                            .because("it does not give back what it was given"),
                    )
                })
                .await
            }
            Keeper::VaultFile => {
                self.in_the_vault(move |vault| vault.write(principal, pem))
                    .await
            }
        }
    }
}

/// How keys and identities go.
impl Identities {
    /// Writes the key as encrypted PEM to a file that only its owner can read.
    pub async fn export(
        &self,
        principal: Principal,
        passphrase: Secret,
        path: &Utf8Path,
        now: SystemTime,
    ) -> Result<()> {
        let doing = "exporting a key";
        insist_long_enough(&passphrase)?;
        let profile = self.profile(principal)?;
        if self.keys.is_locked(principal) {
            return Err(super::locked(&profile));
        }
        let key = self.key(&profile).await?;
        let public_key = profile.public_key.clone();
        let pem = blocking(move || {
            let pem = key
                .to_encrypted_pem(&passphrase)
                .map_err(|error| error.while_doing(doing))?;
            // An export that cannot be imported again would be no export.
            let again = PrivateKey::from_pem(pem.as_bytes(), Some(&passphrase), None)
                .and_then(|key| key.public_key())
                .map_err(|error| error.while_doing(doing))?;
            if again != public_key {
                return Err(Error::new(Code::Bug, doing).because("what was written is another key"));
            }
            Ok(pem)
        })
        .await?;
        settings::replace_file(path, pem.as_bytes()).map_err(|error| {
            Error::new(Code::FolderUnusable, doing)
                .with("path", path)
                .because(error)
        })?;
        self.change(|list| {
            if let Some(profile) = list.profile_mut(principal) {
                profile.exported_at = Some(milliseconds(now));
            }
            Ok(())
        })
    }

    /// What would be lost with an identity.
    pub fn loss(&self, principal: Principal) -> Result<Loss> {
        let profile = self.profile(principal)?;
        let controlled = self.list().controlled_by(principal);
        Ok(Loss {
            profile,
            controlled,
        })
    }

    /// Forgets an identity and its key, if this is its name and nobody is left without a controller.
    pub(crate) async fn forget(&self, principal: Principal, typed_name: &str) -> Result<()> {
        let doing = "forgetting an identity";
        let loss = self.loss(principal)?;
        let profile = &loss.profile;
        if typed_name.trim() != profile.name {
            return Err(Error::new(Code::NameDiffers, doing).with("name", &profile.name));
        }
        if let Some(orphan) = loss.orphan() {
            return Err(Error::new(Code::OnlyController, doing)
                .with("identity", &profile.name)
                .with("canister", orphan.canister));
        }
        // A keeper that cannot be changed now is found out before the list is.
        match profile.keeper {
            Keeper::Keyring => {
                keyring::asked(&self.keyring, |keyring| keyring.probe()).await?;
            }
            Keeper::VaultFile => {
                self.vault.read(principal)?;
            }
        }
        self.change(|list| {
            list.forget(principal);
            Ok(())
        })?;
        self.keys.forget(principal);
        tracing::info!(%principal, "an identity was forgotten");
        match profile.keeper {
            Keeper::Keyring => {
                keyring::asked(&self.keyring, move |keyring| {
                    keyring.remove(keyring::SERVICE, &principal.to_text())
                })
                .await
            }
            Keeper::VaultFile => {
                self.in_the_vault(move |vault| vault.remove(principal))
                    .await
            }
        }
    }
}

/// The keepers.
impl Identities {
    /// Whether keys can be kept in the keyring right now; the error says what is missing. It writes an entry of its own and removes it.
    pub async fn probe_keyring(&self) -> Result<()> {
        keyring::asked(&self.keyring, |keyring| keyring.probe()).await
    }

    /// How it stands with the vault file.
    pub fn vault(&self) -> VaultState {
        VaultState {
            path: self.vault.path().to_owned(),
            exists: self.vault.exists(),
            is_open: self.vault.is_open(),
        }
    }

    /// Makes an empty vault file.
    pub async fn create_vault(&self, passphrase: Secret) -> Result<()> {
        insist_long_enough(&passphrase)?;
        self.in_the_vault(move |vault| vault.create(passphrase))
            .await
    }

    /// Opens the vault file, and every key in it.
    pub async fn unlock_vault(&self, passphrase: Secret) -> Result<()> {
        self.in_the_vault(move |vault| vault.open(passphrase))
            .await?;
        let kept: Vec<Profile> = self
            .list()
            .identities
            .iter()
            .filter(|profile| profile.keeper == Keeper::VaultFile)
            .cloned()
            .collect();
        for profile in kept {
            match self.key(&profile).await {
                Ok(key) => self.take_in(profile.principal, key),
                // One that is not in there must not keep the others closed; whoever needs it is told.
                Err(error) => tracing::warn!(error = error.chain(), "a key is not in the vault"),
            }
        }
        Ok(())
    }

    /// Gives the vault file another passphrase.
    pub async fn change_vault_passphrase(&self, old: Secret, new: Secret) -> Result<()> {
        insist_long_enough(&new)?;
        self.in_the_vault(move |vault| vault.change_passphrase(&old, new))
            .await
    }

    async fn in_the_vault<Answer: Send + 'static>(
        &self,
        work: impl FnOnce(&super::VaultFile) -> Result<Answer> + Send + 'static,
    ) -> Result<Answer> {
        let vault = self.vault.clone();
        blocking(move || work(&vault)).await
    }
}

/// Who signs where.
impl Engine {
    /// All identities.
    pub fn identities(&self) -> &Identities {
        &self.identities
    }

    /// Chooses the identity for the network in use.
    pub async fn choose_identity(&self, id: IdentityId) -> Result<()> {
        let (_, endpoint) = self.network().await?;
        if id == IdentityId::Practice && endpoint.play_key.is_none() {
            return Err(Error::new(
                Code::IdentityUnknown,
                "choosing the play identity elsewhere",
            ));
        }
        self.identities.choose(endpoint.fingerprint(), id)
    }

    /// The play identity, where the network in use brings one along.
    pub async fn play_identity(&self) -> Option<Signatory> {
        let (_, endpoint) = self.network().await.ok()?;
        Some(Signatory::play(endpoint.play_key.as_ref()?))
    }

    /// Who signs on the network in use. No key is read for it, so that it can be told of a locked one too.
    pub async fn signatory(&self) -> Result<Signatory> {
        let (_, endpoint) = self.network().await?;
        let id = self.identities.used_on(&endpoint);
        Ok(match (id, &endpoint.play_key) {
            (IdentityId::Practice, Some(key)) => Signatory::play(key),
            (IdentityId::Practice | IdentityId::Anonymous, _) => Signatory::anonymous(),
            (IdentityId::Stored(principal), _) => Signatory {
                id,
                name: self.identities.profile(principal)?.name,
                principal,
                state: Some(self.identities.state(principal)?),
            },
        })
    }

    /// Remembers who controls the canisters that were read just now. What cannot be written is said in the log alone: it must not
    /// keep anybody from seeing the canisters.
    pub(crate) fn note_control<'read>(
        &self,
        network: Fingerprint,
        canisters: impl IntoIterator<Item = &'read Canister>,
    ) {
        let news = canisters.into_iter().filter_map(|read| {
            let controllers = match &read.reading {
                Reading::Full(status) => &status.settings.controllers,
                Reading::Public(facts) => &facts.controllers,
                Reading::Failed(_) => return None,
            };
            let place = Place {
                network,
                canister: read.id,
            };
            Some((place, controllers.as_slice()))
        });
        if let Err(error) = self.identities.note_controllers(news) {
            tracing::warn!(
                error = error.chain(),
                "who controls what was not remembered"
            );
        }
    }

    /// Renames an identity.
    pub fn rename_identity(&self, principal: Principal, name: &str) -> Result<()> {
        self.identities.rename(principal, name)?;
        self.disconnect_identity(principal);
        Ok(())
    }

    /// Forgets an identity and its key.
    pub async fn forget_identity(&self, principal: Principal, typed_name: &str) -> Result<()> {
        self.identities.forget(principal, typed_name).await?;
        self.disconnect_identity(principal);
        Ok(())
    }
}

fn insist_long_enough(passphrase: &Secret) -> Result<()> {
    if passphrase.expose().chars().count() >= SHORTEST_PASSPHRASE {
        return Ok(());
    }
    Err(
        Error::new(Code::PassphraseTooShort, "choosing a passphrase")
            .with("least", SHORTEST_PASSPHRASE),
    )
}

async fn read_pem(
    text: Secret,
    passphrase: Option<Secret>,
    assumed: Option<Algorithm>,
) -> Result<PrivateKey> {
    blocking(move || {
        PrivateKey::from_pem(text.expose().as_bytes(), passphrase.as_ref(), assumed)
            .map_err(|error| error.while_doing("reading a key"))
    })
    .await
}

/// Passphrases take about a second each, on purpose: not on a thread that others wait for.
async fn blocking<Answer: Send + 'static>(
    work: impl FnOnce() -> Result<Answer> + Send + 'static,
) -> Result<Answer> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|panic| Error::new(Code::Bug, "working with a key").because(panic))?
}
