//! What `icp` keeps: `identity_list.json`, `identity_defaults.json` and `keys/<name>.pem`.

use super::{Found, FoundKey, from_keyring, read_json, read_secret, unreadable};
use crate::{Algorithm, Code, Error, Keyring, Result, Secret, identity::keys::PrivateKey};
use camino::Utf8Path;
use candid::Principal;
use serde::Deserialize;
use std::collections::BTreeMap;

const SERVICE: &str = "icp-cli";

#[derive(Deserialize)]
struct List {
    v: u32,
    identities: BTreeMap<String, Spec>,
}

/// As loose as can be: an entry of a newer `icp` must not hide the others.
#[derive(Deserialize)]
struct Spec {
    kind: String,
    format: Option<String>,
    algorithm: Option<String>,
    principal: Option<Principal>,
}

#[derive(Deserialize)]
struct Defaults {
    default: String,
}

pub(super) fn identities(store: &Utf8Path) -> Result<Vec<Found>> {
    let path = store.join("identity_list.json");
    let Some(list) = read_json::<List>(&path)? else {
        return Ok(vec![]);
    };
    if list.v != 1 {
        return Err(unreadable(&path, format!("it has version {}", list.v)).with("found", list.v));
    }
    let default = read_json::<Defaults>(&store.join("identity_defaults.json"))?
        .map(|defaults| defaults.default);
    let identities = list.identities.into_iter().filter_map(|(name, spec)| {
        let key = match (spec.kind.as_str(), spec.format.as_deref()) {
            ("anonymous", _) => return None,
            ("pem", Some("plaintext")) => FoundKey::Plain,
            ("pem", Some("pbes2")) => FoundKey::Encrypted,
            ("keyring", _) => FoundKey::Keyring,
            ("hsm", _) => FoundKey::Hardware,
            ("web-auth" | "internet-identity" | "pending-delegation" | "delegation", _) => {
                FoundKey::Delegated
            }
            (kind, _) => FoundKey::Unknown(kind.to_owned()),
        };
        let algorithm = match spec.algorithm.as_deref() {
            Some("secp256k1" | "k256") => Some(Algorithm::Secp256k1),
            Some("prime256v1" | "p256" | "secp256r1") => Some(Algorithm::P256),
            Some("ed25519") => Some(Algorithm::Ed25519),
            _ => None,
        };
        Some(Found {
            is_default: default.as_ref() == Some(&name),
            principal: spec.principal,
            name,
            algorithm,
            key,
        })
    });
    Ok(identities.collect())
}

pub(super) fn key(
    store: &Utf8Path,
    found: &Found,
    passphrase: Option<&Secret>,
    keyring: &dyn Keyring,
) -> Result<PrivateKey> {
    let name = &found.name;
    let doing = format!("importing {name} from icp");
    if found.key == FoundKey::Keyring {
        let pem = from_keyring(keyring, SERVICE, name, name)?;
        return PrivateKey::from_pem(pem.expose().as_bytes(), None, None)
            .map_err(|error| error.while_doing(&doing));
    }
    // `icp` takes letters, digits, `_` and `-` only; whatever else stands in its list is no name of a file.
    if name.contains(['/', '\\']) || name.starts_with('.') {
        return Err(Error::new(Code::StoreUnreadable, doing).with("identity", name));
    }
    let pem = read_secret(&store.join("keys").join(format!("{name}.pem")))?;
    PrivateKey::from_pem(&pem, passphrase, None).map_err(|error| error.while_doing(&doing))
}
