//! The vault file: where keys are kept on a computer without a keyring.
//!
//! One file, `vault.age`, encrypted with a passphrase in the standard `age` format: `age -d` opens it, and inside lies JSON with a
//! PEM for each principal. It is replaced whole, readable for its owner alone, and read back before the old one is given up.
//! It is made when a person asks for it and never by itself.
//!
//! While it is open its keys and its passphrase are in memory, because each change writes the whole file anew. Everything here
//! computes for about a second, on purpose; callers on the async side use a thread that may block.

use super::Secret;
use crate::{Code, Error, Result, settings};
use age::secrecy::SecretString;
use camino::{Utf8Path, Utf8PathBuf};
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    sync::{Mutex, MutexGuard, PoisonError},
};
use zeroize::Zeroizing;

/// Scrypt with 2^18 rounds: about a second and 256 MiB for each guess, which is what the `age` program itself aims at.
pub(super) const COST: u8 = 18;

/// A file that would take longer than 16 seconds or so was not made by this program.
const HIGHEST_COST: u8 = 22;

const VERSION: u32 = 1;

pub(super) struct VaultFile {
    path: Utf8PathBuf,
    cost: u8,
    opened: Mutex<Option<Opened>>,
}

struct Opened {
    passphrase: Secret,
    content: Content,
}

/// What lies inside. Entries of a newer version are not dropped by accident: it is refused.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    version: u32,
    keys: BTreeMap<String, Secret>,
}

impl VaultFile {
    pub(super) fn new(path: Utf8PathBuf, cost: u8) -> Self {
        Self {
            path,
            cost,
            opened: Mutex::default(),
        }
    }

    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }

    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    pub(super) fn is_open(&self) -> bool {
        self.opened().is_some()
    }

    pub(super) fn close(&self) {
        *self.opened() = None;
    }

    /// Makes an empty one.
    pub(super) fn create(&self, passphrase: Secret) -> Result<()> {
        let mut opened = self.opened();
        if self.exists() {
            return Err(
                Error::new(Code::VaultExists, "making a vault file").with("path", &self.path)
            );
        }
        let content = Content {
            version: VERSION,
            keys: BTreeMap::new(),
        };
        let made = Opened {
            passphrase,
            content,
        };
        self.save(&made)?;
        *opened = Some(made);
        Ok(())
    }

    /// Opens it with its passphrase, whether it is open already or not.
    pub(super) fn open(&self, passphrase: Secret) -> Result<()> {
        let content = self.load(&passphrase)?;
        *self.opened() = Some(Opened {
            passphrase,
            content,
        });
        Ok(())
    }

    /// The key of a principal, as PEM.
    pub(super) fn read(&self, principal: Principal) -> Result<Option<Secret>> {
        let opened = self.opened();
        let keys = &opened.as_ref().ok_or_else(|| self.closed())?.content.keys;
        Ok(keys.get(&principal.to_text()).cloned())
    }

    pub(super) fn write(&self, principal: Principal, pem: Secret) -> Result<()> {
        self.change(|opened| {
            opened.content.keys.insert(principal.to_text(), pem);
        })
    }

    pub(super) fn remove(&self, principal: Principal) -> Result<()> {
        self.change(|opened| {
            opened.content.keys.remove(&principal.to_text());
        })
    }

    pub(super) fn change_passphrase(&self, old: &Secret, new: Secret) -> Result<()> {
        let content = self.load(old)?;
        let changed = Opened {
            passphrase: new,
            content,
        };
        self.save(&changed)?;
        *self.opened() = Some(changed);
        Ok(())
    }

    fn change(&self, change: impl FnOnce(&mut Opened)) -> Result<()> {
        let mut opened = self.opened();
        let current = opened.as_ref().ok_or_else(|| self.closed())?;
        let mut changed = Opened {
            passphrase: current.passphrase.clone(),
            content: current.content.clone(),
        };
        change(&mut changed);
        self.save(&changed)?;
        *opened = Some(changed);
        Ok(())
    }

    fn closed(&self) -> Error {
        let code = if self.exists() {
            Code::VaultLocked
        } else {
            Code::VaultMissing
        };
        Error::new(code, "using the vault file").with("path", &self.path)
    }

    fn opened(&self) -> MutexGuard<'_, Option<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self, passphrase: &Secret) -> Result<Content> {
        let doing = "opening the vault file";
        let sealed = fs::read(&self.path).map_err(|error| {
            let code = match error.kind() {
                io::ErrorKind::NotFound => Code::VaultMissing,
                _ => Code::FolderUnusable,
            };
            Error::new(code, doing)
                .with("path", &self.path)
                .because(error)
        })?;
        self.decrypt(&sealed, passphrase)
    }

    fn decrypt(&self, sealed: &[u8], passphrase: &Secret) -> Result<Content> {
        let doing = "opening the vault file";
        let damaged = || Error::new(Code::VaultDamaged, doing).with("path", &self.path);
        let mut identity = age::scrypt::Identity::new(secret_string(passphrase));
        identity.set_max_work_factor(HIGHEST_COST);
        let text = age::decrypt(&identity, sealed)
            .map(Zeroizing::new)
            .map_err(|error| match error {
                age::DecryptError::DecryptionFailed
                | age::DecryptError::KeyDecryptionFailed
                | age::DecryptError::NoMatchingKeys => {
                    Error::new(Code::PassphraseWrong, doing).because(error)
                }
                error => damaged().because(error),
            })?;
        let content: Content =
            serde_json::from_slice(&text).map_err(|error| damaged().because(error))?;
        if content.version > VERSION {
            return Err(damaged().because(format!("it has version {}", content.version)));
        }
        Ok(content)
    }

    /// Writes the file; afterwards either the old or the new one is there, whole. What was written is opened once before it
    /// replaces the old: a vault that cannot be opened would be the loss of every key in it.
    fn save(&self, opened: &Opened) -> Result<()> {
        let doing = "writing the vault file";
        let bug = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::new(Code::Bug, doing).because(error)
        };
        // Room for all of it at once: a buffer that grows leaves copies behind that nobody wipes.
        let length: usize = opened
            .content
            .keys
            .iter()
            .map(|(name, pem)| name.len() + 2 * pem.expose().len() + 16)
            .sum();
        let mut text = Zeroizing::new(Vec::with_capacity(length + 64));
        serde_json::to_writer(&mut *text, &opened.content).map_err(|error| bug(error.into()))?;
        let mut recipient = age::scrypt::Recipient::new(secret_string(&opened.passphrase));
        recipient.set_work_factor(self.cost);
        let sealed = age::encrypt(&recipient, &text).map_err(|error| bug(error.into()))?;
        let written = self.decrypt(&sealed, &opened.passphrase)?;
        if written.keys.len() != opened.content.keys.len() {
            return Err(bug("what was written is not what was to be written".into()));
        }
        settings::replace_file(&self.path, &sealed).map_err(|error| {
            Error::new(Code::FolderUnusable, doing)
                .with("path", &self.path)
                .because(error)
        })
    }
}

fn secret_string(secret: &Secret) -> SecretString {
    SecretString::from(secret.expose().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Quick, because what is tested is not the cost.
    const CHEAP: u8 = 4;

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    fn somebody() -> Principal {
        Principal::self_authenticating([1; 32])
    }

    fn vault() -> (tempfile::TempDir, VaultFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("vault.age")).unwrap();
        (folder, VaultFile::new(path, CHEAP))
    }

    #[test]
    fn a_vault_keeps_what_it_was_given_and_shows_it_to_its_passphrase_alone() {
        let (_keep, vault) = vault();
        assert_eq!(
            vault.read(somebody()).unwrap_err().code,
            Code::VaultMissing,
            "it is never made by itself"
        );
        vault.create(secret("lantern on the pier")).unwrap();
        vault.write(somebody(), secret("a key")).unwrap();
        vault.close();
        assert_eq!(vault.read(somebody()).unwrap_err().code, Code::VaultLocked);

        let again = VaultFile::new(vault.path().to_owned(), CHEAP);
        assert_eq!(
            again.open(secret("lantern on the pie")).unwrap_err().code,
            Code::PassphraseWrong
        );
        assert!(!again.is_open());
        again.open(secret("lantern on the pier")).unwrap();
        assert_eq!(again.read(somebody()).unwrap().unwrap().expose(), "a key");
        again.remove(somebody()).unwrap();
        assert!(again.read(somebody()).unwrap().is_none());
    }

    #[test]
    fn nobody_else_reads_the_file_and_nothing_in_it_is_plain() {
        let (_keep, vault) = vault();
        vault.create(secret("lantern on the pier")).unwrap();
        vault.write(somebody(), secret("MC4CAQAwBQYDK2Vw")).unwrap();
        let bytes = fs::read(vault.path()).unwrap();
        assert!(
            bytes.starts_with(b"age-encryption.org/v1"),
            "the standard tool opens it"
        );
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(
            !holds(b"MC4CAQAwBQYDK2Vw") && !holds(somebody().to_text().as_bytes()),
            "neither keys nor whose they are"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(vault.path()).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "others must not read the file");
        }
    }

    #[test]
    fn a_vault_is_never_overwritten_by_a_new_one() {
        let (_keep, vault) = vault();
        vault.create(secret("lantern on the pier")).unwrap();
        vault.write(somebody(), secret("a key")).unwrap();
        vault.close();
        assert_eq!(
            vault.create(secret("another one")).unwrap_err().code,
            Code::VaultExists
        );
        vault.open(secret("lantern on the pier")).unwrap();
        assert!(vault.read(somebody()).unwrap().is_some());
    }

    #[test]
    fn a_changed_passphrase_opens_it_and_the_old_one_no_more() {
        let (_keep, vault) = vault();
        vault.create(secret("lantern on the pier")).unwrap();
        vault.write(somebody(), secret("a key")).unwrap();
        assert_eq!(
            vault
                .change_passphrase(&secret("wrong one"), secret("boats at low tide"))
                .unwrap_err()
                .code,
            Code::PassphraseWrong,
            "an open vault is no reason to change its passphrase without knowing it"
        );
        vault
            .change_passphrase(&secret("lantern on the pier"), secret("boats at low tide"))
            .unwrap();
        vault.close();
        assert_eq!(
            vault.open(secret("lantern on the pier")).unwrap_err().code,
            Code::PassphraseWrong
        );
        vault.open(secret("boats at low tide")).unwrap();
        assert!(vault.read(somebody()).unwrap().is_some());
    }

    #[test]
    fn what_is_not_a_vault_is_said_and_left_alone() {
        let (_keep, vault) = vault();
        vault.create(secret("lantern on the pier")).unwrap();
        let whole = fs::read(vault.path()).unwrap();
        for broken in [&whole[..whole.len() - 9], b"", b"-----BEGIN nothing"] {
            fs::write(vault.path(), broken).unwrap();
            let error = vault.open(secret("lantern on the pier")).unwrap_err();
            assert_eq!(error.code, Code::VaultDamaged, "{}", error.chain());
            assert_eq!(fs::read(vault.path()).unwrap(), broken);
        }
    }
}
