//! The identities that `icp` and `dfx` keep on this computer. They are read when a person asks for it, and never changed.
//!
//! - `icp` has one list with the principal of each; keys are PKCS#8, plain or encrypted, or entries `icp-cli`/name of the keyring.
//! - `dfx` has a folder for each, and knows no principal before it has read the key. Keys are PEM, plain or encrypted in a way of its
//!   own, or entries of the keyring in hexadecimal.
//!
//! One that cannot be used here is listed all the same, with the reason: it must not look as if it were lost.

mod dfx;
mod icp;

use super::{Algorithm, Keyring, PrivateKey, Secret, keys};
use crate::{Code, Error, Result, Tool};
use camino::{Utf8Path, Utf8PathBuf};
use candid::Principal;
use serde::Deserialize;
use std::{fs, io};
use zeroize::Zeroizing;

/// How a tool keeps a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundKey {
    /// In a file that anybody who reads it can use.
    Plain,
    /// In a file with a passphrase.
    Encrypted,
    /// In the system's keyring.
    Keyring,
    /// On a hardware key.
    Hardware,
    /// Lent by a web login such as Internet Identity, or delegated by another key.
    Delegated,
    /// In a way that this program has never heard of.
    Unknown(String),
}

impl FoundKey {
    /// Whether it can be imported.
    pub fn is_supported(&self) -> bool {
        matches!(self, Self::Plain | Self::Encrypted | Self::Keyring)
    }
}

/// An identity of another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What the tool calls it.
    pub name: String,
    /// Who the network sees, where the tool tells, or the key can be read without asking for anything.
    pub principal: Option<Principal>,
    /// The kind of its key, where the same holds.
    pub algorithm: Option<Algorithm>,
    /// How the tool keeps its key.
    pub key: FoundKey,
    /// Whether the tool uses it unless told otherwise.
    pub is_default: bool,
}

/// The identities of one tool.
#[derive(Debug)]
pub struct Store {
    /// Which tool.
    pub tool: Tool,
    /// Where they lie.
    pub path: Utf8PathBuf,
    /// What is there. One tool's damaged files say nothing about the other's.
    pub identities: Result<Vec<Found>>,
}

/// Where other tools keep identities.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    icp: Option<Utf8PathBuf>,
    dfx: Option<Utf8PathBuf>,
}

impl Stores {
    /// Where the tools themselves look on this computer.
    pub fn of_this_computer() -> Self {
        let variable = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .and_then(|value| Utf8PathBuf::from_os_string(value).ok())
        };
        let utf8 = |path: &std::path::Path| Utf8PathBuf::from_path_buf(path.to_owned()).ok();
        let icp = variable("ICP_HOME")
            .map(|home| home.join("identity"))
            .or_else(|| {
                let found = directories::ProjectDirs::from("org", "dfinity", "icp-cli")?;
                utf8(found.data_dir()).map(|data| data.join("identity"))
            });
        let dfx = if cfg!(windows) {
            directories::ProjectDirs::from("", "", "dfx").and_then(|found| utf8(found.config_dir()))
        } else {
            variable("DFX_CONFIG_ROOT")
                .or_else(|| directories::BaseDirs::new().and_then(|found| utf8(found.home_dir())))
                .map(|home| home.join(".config/dfx"))
        };
        Self { icp, dfx }
    }

    /// Below one folder: `ICP_HOME` and `DFX_CONFIG_ROOT` at once.
    pub fn below(home: &Utf8Path) -> Self {
        Self {
            icp: Some(home.join("identity")),
            dfx: Some(home.join(".config/dfx")),
        }
    }

    /// The stores that are there.
    pub(super) fn all(&self) -> Vec<Store> {
        let mut stores = vec![];
        if let Some(path) = self.icp.clone().filter(|path| path.is_dir()) {
            let identities = icp::identities(&path);
            stores.push(Store {
                tool: Tool::Icp,
                path,
                identities,
            });
        }
        if let Some(path) = self
            .dfx
            .clone()
            .filter(|path| path.join("identity").is_dir())
        {
            let identities = dfx::identities(&path);
            stores.push(Store {
                tool: Tool::Dfx,
                path,
                identities,
            });
        }
        stores
    }

    /// Reads the key of an identity. Blocks: a passphrase takes its time, and a keyring may ask a person.
    pub(super) fn key(
        &self,
        tool: Tool,
        name: &str,
        passphrase: Option<&Secret>,
        keyring: &dyn Keyring,
    ) -> Result<PrivateKey> {
        let doing = "importing from another tool";
        // Only what is listed is read, so that a name is never a path to somewhere else.
        let found = self
            .all()
            .into_iter()
            .find(|store| store.tool == tool)
            .map_or(Ok(vec![]), |store| store.identities)?
            .into_iter()
            .find(|found| found.name == name)
            .ok_or_else(|| Error::new(Code::IdentityUnknown, doing).with("identity", name))?;
        let unsupported = |kind: &str| {
            Err(Error::new(Code::KeyUnsupported, doing)
                .with("identity", name)
                .with("found", kind))
        };
        match &found.key {
            FoundKey::Hardware => return unsupported("hardware key"),
            FoundKey::Delegated => return unsupported("web login"),
            FoundKey::Unknown(kind) => return unsupported(kind),
            FoundKey::Plain | FoundKey::Encrypted | FoundKey::Keyring => {}
        }
        let key = match (tool, &self.icp, &self.dfx) {
            (Tool::Icp, Some(path), _) => icp::key(path, &found, passphrase, keyring)?,
            (Tool::Dfx, _, Some(path)) => dfx::key(path, &found, passphrase, keyring)?,
            _ => return unsupported("no such tool"),
        };
        let principal = key.public_key().map(|key| keys::principal_of(&key));
        let principal = principal.map_err(|error| error.while_doing(doing))?;
        if found.principal.is_some_and(|listed| listed != principal) {
            return Err(Error::new(Code::StoreUnreadable, doing)
                .with("identity", name)
                .because("the key is not the one that the tool's list names"));
        }
        Ok(key)
    }
}

/// Reads a file of JSON; none where it is not there.
fn read_json<Content: for<'text> Deserialize<'text>>(path: &Utf8Path) -> Result<Option<Content>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| unreadable(path, error))
}

fn unreadable(
    path: &Utf8Path,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::new(Code::StoreUnreadable, "reading the identities of a tool")
        .with("path", path)
        .because(cause)
}

fn read_secret(path: &Utf8Path) -> Result<Zeroizing<Vec<u8>>> {
    fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| unreadable(path, error))
}

fn from_keyring(keyring: &dyn Keyring, service: &str, user: &str, name: &str) -> Result<Secret> {
    keyring.read(service, user)?.ok_or_else(|| {
        Error::new(Code::KeyLost, format!("reading {user} of {service}")).with("identity", name)
    })
}
