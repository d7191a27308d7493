//! The system's keyring: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
//!
//! Secrets are PEM of about 250 bytes, written as bytes: Credential Manager takes 2,560 and doubles text. Everything here blocks, and
//! may wait for a person who types the keyring's password; callers on the async side go through [`asked`].
//!
//! A locked Secret Service that cannot ask anybody says "no such entry" when it is read. So an entry that is not there is believed only after
//! an entry of our own could be written: a locked keyring must never look like a lost key.

use super::Secret;
use crate::{Code, Error, Result};
use keyring::Entry;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use zeroize::Zeroizing;

/// The name that all of Canopic's entries are kept under.
pub(super) const SERVICE: &str = "canopic";

/// An entry that is written and removed again to see whether the keyring is open.
const PROBE: &str = "probe";

/// A person may have to look up the keyring's password before typing it; a service that is silent for longer is broken.
const PATIENCE: Duration = Duration::from_secs(3 * 60);

/// Where keys are kept by the system. Blocks.
pub trait Keyring: Send + Sync {
    /// The secret of an entry; none where the keyring is open and has no such entry.
    fn read(&self, service: &str, user: &str) -> Result<Option<Secret>>;

    /// Writes an entry, over what it held.
    fn write(&self, service: &str, user: &str, secret: &Secret) -> Result<()>;

    /// Removes an entry. One that is not there is removed already.
    fn remove(&self, service: &str, user: &str) -> Result<()>;

    /// Whether keys can be kept here right now.
    fn probe(&self) -> Result<()> {
        self.write(SERVICE, PROBE, &Secret::from(PROBE.to_owned()))?;
        self.remove(SERVICE, PROBE)
    }
}

/// The keyring of this computer.
#[derive(Debug, Default)]
pub struct SystemKeyring;

impl Keyring for SystemKeyring {
    fn read(&self, service: &str, user: &str) -> Result<Option<Secret>> {
        let doing = format!("reading {user} of {service} from the keyring");
        let entry = Entry::new(service, user).map_err(|error| failed(&doing, error))?;
        match entry.get_secret() {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let text = std::str::from_utf8(&bytes).map_err(|_| {
                    Error::new(Code::KeyUnreadable, &doing).because("the entry is not text")
                })?;
                Ok(Some(Secret::from(text.to_owned())))
            }
            Err(keyring::Error::NoEntry) => self.probe().map(|()| None),
            Err(error) => Err(failed(&doing, error)),
        }
    }

    fn write(&self, service: &str, user: &str, secret: &Secret) -> Result<()> {
        let doing = format!("writing {user} of {service} to the keyring");
        Entry::new(service, user)
            .and_then(|entry| entry.set_secret(secret.expose().as_bytes()))
            .map_err(|error| failed(&doing, error))
    }

    fn remove(&self, service: &str, user: &str) -> Result<()> {
        let doing = format!("removing {user} of {service} from the keyring");
        match Entry::new(service, user).and_then(|entry| entry.delete_credential()) {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(&doing, error)),
        }
    }
}

fn failed(doing: &str, error: keyring::Error) -> Error {
    let code = match &error {
        keyring::Error::NoStorageAccess(_) => Code::KeyringLocked,
        keyring::Error::PlatformFailure(cause) => platform_failure(cause.as_ref()),
        _ => Code::KeyringBroken,
    };
    let found = Error::new(code, doing);
    let found = if code == Code::KeyringMissing {
        // What a distribution's package search finds.
        found.with("service", "Secret Service (org.freedesktop.secrets)")
    } else {
        found
    };
    found.because(error)
}

/// There may be no bus, or no program on it that keeps secrets; and a locked keyring refuses a new entry by name of the error.
#[cfg(target_os = "linux")]
fn platform_failure(cause: &(dyn std::error::Error + 'static)) -> Code {
    // Names of errors on the bus are part of its protocol; here they reach us inside a text.
    let says = |name: &str| cause.to_string().contains(name);
    if matches!(
        cause.downcast_ref(),
        Some(secret_service::Error::Unavailable)
    ) || says("org.freedesktop.DBus.Error.ServiceUnknown")
    {
        Code::KeyringMissing
    } else if says("org.freedesktop.Secret.Error.IsLocked") {
        Code::KeyringLocked
    } else {
        Code::KeyringBroken
    }
}

/// Other systems always have a keyring.
#[cfg(not(target_os = "linux"))]
fn platform_failure(_: &(dyn std::error::Error + 'static)) -> Code {
    Code::KeyringBroken
}

/// A keyring that is gone with the process, for tests.
#[derive(Default)]
pub struct MemoryKeyring(Mutex<HashMap<(String, String), Secret>>);

impl Keyring for MemoryKeyring {
    fn read(&self, service: &str, user: &str) -> Result<Option<Secret>> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(entries.get(&(service.to_owned(), user.to_owned())).cloned())
    }

    fn write(&self, service: &str, user: &str, secret: &Secret) -> Result<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.insert((service.to_owned(), user.to_owned()), secret.clone());
        Ok(())
    }

    fn remove(&self, service: &str, user: &str) -> Result<()> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&(service.to_owned(), user.to_owned()));
        Ok(())
    }
}

/// Asks the keyring on a thread that may block.
pub(super) async fn asked<Answer: Send + 'static>(
    keyring: &Arc<dyn Keyring>,
    ask: impl FnOnce(&dyn Keyring) -> Result<Answer> + Send + 'static,
) -> Result<Answer> {
    let keyring = keyring.clone();
    let asking = tokio::task::spawn_blocking(move || ask(keyring.as_ref()));
    let doing = "asking the keyring";
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => Err(Error::new(Code::Bug, doing).because(panic)),
        Err(_) => Err(Error::new(Code::KeyringBroken, doing).because("it did not answer in time")),
    }
}
