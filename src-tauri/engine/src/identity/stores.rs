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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::MemoryKeyring;

    const PASSPHRASE: &str = "lantern on the pier";

    fn fixture(tool: &str) -> Utf8PathBuf {
        Utf8PathBuf::from(format!(
            "{}/../../tests/fixtures/identities/{tool}",
            env!("CARGO_MANIFEST_DIR")
        ))
    }

    fn identities(stores: &Stores) -> Vec<Found> {
        let [store] = &stores.all()[..] else {
            panic!("one tool has a store here")
        };
        store.identities.as_ref().unwrap().clone()
    }

    fn summary(found: &Found) -> (&str, &FoundKey, Option<String>, bool) {
        let principal = found.principal.map(|principal| principal.to_text());
        (&found.name, &found.key, principal, found.is_default)
    }

    fn key(stores: &Stores, tool: Tool, name: &str, passphrase: Option<&str>) -> Result<String> {
        let passphrase = passphrase.map(|text| Secret::from(text.to_owned()));
        let key = stores.key(tool, name, passphrase.as_ref(), &MemoryKeyring::default())?;
        Ok(keys::principal_of(&key.public_key().unwrap()).to_text())
    }

    fn code(result: Result<String>) -> Code {
        result.unwrap_err().code
    }

    const PLAIN: &str = "vcing-a6rws-au6kc-nw5hn-bzj7o-x27lb-wtjfc-arfcd-xs5ll-tixeh-rae";
    const PLAIN_P256: &str = "q2khb-utlnf-ahmi4-nlnb5-yqxwj-vhfr3-t262e-dsu3f-5l5t4-y2jkq-dqe";
    const PROTECTED: &str = "yfhtr-jyzht-bfanu-rnfen-dyr22-mfvol-q4q6n-lpva2-htse2-7cd3l-hae";
    const ED25519: &str = "2ebla-k4rho-ngymo-seaev-zjsiy-p3koe-lbpxp-sjtkr-dgupd-wzkj2-3ae";
    const SECP256K1: &str = "yaghh-ljhn2-ted72-xdk4w-at4po-wsn7i-gugke-6fzla-ripjq-ly2vg-xqe";
    const BESIDE: &str = "73h2t-aly7d-ehjbk-agleu-dlhrj-25cfx-me23a-52t3s-hrxp2-qwr7p-wqe";

    #[test]
    fn what_icp_keeps_is_listed_and_imported() {
        let stores = Stores::below(&fixture("icp"));
        let found = identities(&stores);
        let summaries: Vec<_> = found.iter().map(summary).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            summaries,
            [
                ("plain", &FoundKey::Plain, text(PLAIN), false),
                ("plain_p256", &FoundKey::Plain, text(PLAIN_P256), false),
                ("protected", &FoundKey::Encrypted, text(PROTECTED), true),
                (
                    "protected_ed25519",
                    &FoundKey::Encrypted,
                    text(ED25519),
                    false
                ),
            ],
            "everybody but anonymous, and which one icp itself uses"
        );
        let icp = |name, passphrase| key(&stores, Tool::Icp, name, passphrase);
        assert_eq!(icp("plain", None).unwrap(), PLAIN);
        assert_eq!(icp("plain_p256", None).unwrap(), PLAIN_P256);
        assert_eq!(icp("protected", Some(PASSPHRASE)).unwrap(), PROTECTED);
        assert_eq!(icp("protected_ed25519", Some(PASSPHRASE)).unwrap(), ED25519);
        assert_eq!(code(icp("protected", None)), Code::PassphraseNeeded);
        assert_eq!(code(icp("../protected", None)), Code::IdentityUnknown);
    }

    #[test]
    fn what_dfx_keeps_is_listed_and_imported() {
        let stores = Stores::below(&fixture("dfx"));
        let found = identities(&stores);
        let summaries: Vec<_> = found.iter().map(summary).collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            summaries,
            [
                ("default", &FoundKey::Plain, text(SECP256K1), true),
                ("early", &FoundKey::Plain, text(ED25519), false),
                ("in_keyring", &FoundKey::Keyring, None, false),
                ("protected", &FoundKey::Encrypted, None, false),
                ("token", &FoundKey::Hardware, None, false),
            ],
            "neither half-made identities nor folders with wallets alone"
        );
        let dfx = |name, passphrase| key(&stores, Tool::Dfx, name, passphrase);
        assert_eq!(dfx("default", None).unwrap(), SECP256K1);
        assert_eq!(dfx("early", None).unwrap(), ED25519);
        assert_eq!(dfx("protected", Some(PASSPHRASE)).unwrap(), BESIDE);
        assert_eq!(code(dfx("protected", None)), Code::PassphraseNeeded);
        assert_eq!(code(dfx("protected", Some("boats"))), Code::PassphraseWrong);
        assert_eq!(code(dfx("token", None)), Code::KeyUnsupported);
        assert_eq!(
            code(dfx("in_keyring", None)),
            Code::KeyLost,
            "the list names it, and the keyring does not have it"
        );
    }

    #[test]
    fn keys_in_a_keyring_are_read_as_each_tool_writes_them() {
        let read =
            |name: &str| fs::read_to_string(fixture("keys").join(format!("{name}.pem"))).unwrap();
        let keyring = MemoryKeyring::default();
        let pem = read("sec1_secp256k1_curve_beside");
        keyring
            .write(
                "internet_computer_identities",
                "internet_computer_identity_in_keyring",
                &Secret::from(hex::encode(&pem)),
            )
            .unwrap();
        keyring
            .write("icp-cli", "vault", &Secret::from(read("pkcs8_p256")))
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir_all(home.join("identity")).unwrap();
        let list = |principal: &str| {
            let list = format!(
                r#"{{"v":1,"identities":{{"vault":{{"kind":"keyring","principal":"{principal}","algorithm":"prime256v1"}}}}}}"#
            );
            fs::write(home.join("identity/identity_list.json"), list).unwrap();
        };
        list(PLAIN_P256);
        let principal = |key: PrivateKey| keys::principal_of(&key.public_key().unwrap()).to_text();
        let stores = Stores::below(home);
        let key = stores.key(Tool::Icp, "vault", None, &keyring).unwrap();
        assert_eq!(principal(key), PLAIN_P256);
        let key = Stores::below(&fixture("dfx"))
            .key(Tool::Dfx, "in_keyring", None, &keyring)
            .unwrap();
        assert_eq!(principal(key), BESIDE);

        list(ED25519);
        let other = stores
            .key(Tool::Icp, "vault", None, &keyring)
            .err()
            .unwrap();
        assert_eq!(
            other.code,
            Code::StoreUnreadable,
            "a key that is not the one in the list is nobody's"
        );
    }

    #[test]
    fn what_cannot_be_imported_is_listed_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir_all(home.join("identity")).unwrap();
        let path = home.join("identity/identity_list.json");
        let list = r#"{"v":1,"identities":{
            "a":{"kind":"hsm","principal":"2vxsx-fae","module":"/lib.so","slot":0,"key-id":"01"},
            "b":{"kind":"web-auth","algorithm":"ed25519","principal":"2vxsx-fae","storage":{"kind":"keyring"},"host":"https://id.ai"},
            "c":{"kind":"pending-delegation","algorithm":"prime256v1","storage":{"kind":"pem","format":"plaintext"}},
            "d":{"kind":"threshold","shares":3}}}"#;
        fs::write(&path, list).unwrap();
        let stores = Stores::below(home);
        let kinds: Vec<_> = identities(&stores)
            .into_iter()
            .map(|found| found.key)
            .collect();
        assert_eq!(
            kinds,
            [
                FoundKey::Hardware,
                FoundKey::Delegated,
                FoundKey::Delegated,
                FoundKey::Unknown("threshold".to_owned())
            ]
        );
        assert_eq!(
            code(key(&stores, Tool::Icp, "b", None)),
            Code::KeyUnsupported
        );

        for (broken, why) in [
            (r#"{"v":2,"identities":{}}"#, "a newer list"),
            (r#"{"v":1,"identities""#, "half a list"),
        ] {
            fs::write(&path, broken).unwrap();
            let store = &stores.all()[0];
            let error = store.identities.as_ref().unwrap_err();
            assert_eq!(
                (error.code, &*error.facts["path"]),
                (Code::StoreUnreadable, path.as_str()),
                "{why}"
            );
        }
    }

    #[test]
    fn a_computer_without_other_tools_has_no_stores() {
        let folder = tempfile::tempdir().unwrap();
        let stores = Stores::below(Utf8Path::from_path(folder.path()).unwrap());
        assert!(stores.all().is_empty());
        assert_eq!(
            code(key(&stores, Tool::Dfx, "default", None)),
            Code::IdentityUnknown
        );
    }
}
