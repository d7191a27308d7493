//! What `dfx` keeps: a folder `identity/<name>` with `identity.json` and `identity.pem` or `identity.pem.encrypted`.

use super::{Found, FoundKey, from_keyring, read_json, read_secret, unreadable};
use crate::{
    Algorithm, Code, Error, Keyring, Result, Secret,
    identity::keys::{self, PrivateKey},
};
use aes_gcm::{Aes256Gcm, KeyInit as _, aead::Aead as _};
use base64::Engine as _;
use camino::Utf8Path;
use serde::Deserialize;
use std::{fs, io};
use zeroize::Zeroizing;

const SERVICE: &str = "internet_computer_identities";
const USER_PREFIX: &str = "internet_computer_identity_";

/// Identities that were being made when `dfx` was interrupted.
const UNFINISHED: &str = "___temp___";

/// What `dfx` asks of Argon2id: 64,000 KiB, three rounds, one lane.
const ARGON2: (u32, u32, u32) = (64_000, 3, 1);

#[derive(Default, Deserialize)]
struct Configuration {
    hsm: Option<serde::de::IgnoredAny>,
    encryption: Option<Encryption>,
    keyring_identity_suffix: Option<String>,
}

#[derive(Deserialize)]
struct Encryption {
    pw_salt: String,
    file_nonce: Vec<u8>,
}

#[derive(Deserialize)]
struct Defaults {
    default: String,
}

pub(super) fn identities(store: &Utf8Path) -> Result<Vec<Found>> {
    let folder = store.join("identity");
    let default =
        read_json::<Defaults>(&store.join("identity.json"))?.map(|defaults| defaults.default);
    let mut identities = vec![];
    let entries = folder
        .read_dir_utf8()
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|error| unreadable(&folder, error))?;
    for entry in entries {
        let name = entry.file_name().to_owned();
        if !entry.path().is_dir() || name.starts_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        let configuration = configuration(path)?;
        let key = if configuration.hsm.is_some() {
            FoundKey::Hardware
        } else if configuration.keyring_identity_suffix.is_some() {
            FoundKey::Keyring
        } else if configuration.encryption.is_some() {
            FoundKey::Encrypted
        } else if path.join("identity.pem").is_file() {
            FoundKey::Plain
        } else {
            // A folder with nothing but a list of wallets.
            continue;
        };
        // Nothing has to be asked for a plain file, and without it nobody could tell whose it is. The key is wiped at once.
        let plain = (key == FoundKey::Plain)
            .then(|| read_key(path, None).ok())
            .flatten();
        let public_key = plain.as_ref().and_then(|key| key.public_key().ok());
        identities.push(Found {
            is_default: default.as_ref() == Some(&name),
            principal: public_key.map(|key| keys::principal_of(&key)),
            algorithm: plain.map(|key| key.algorithm()),
            name,
            key,
        });
    }
    identities.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(identities)
}

fn configuration(identity: &Utf8Path) -> Result<Configuration> {
    Ok(read_json(&identity.join("identity.json"))?.unwrap_or_default())
}

fn read_key(identity: &Utf8Path, decrypted: Option<&[u8]>) -> Result<PrivateKey> {
    let doing = "reading a key of dfx";
    let read;
    let pem = if let Some(pem) = decrypted {
        pem
    } else {
        read = read_secret(&identity.join("identity.pem"))?;
        &read
    };
    // `dfx` reads a key on an unnamed curve as secp256k1, the only curve that it ever wrote.
    PrivateKey::from_pem(pem, None, Some(Algorithm::Secp256k1))
        .map_err(|error| error.while_doing(doing))
}

pub(super) fn key(
    store: &Utf8Path,
    found: &Found,
    passphrase: Option<&Secret>,
    keyring: &dyn Keyring,
) -> Result<PrivateKey> {
    let identity = store.join("identity").join(&found.name);
    let configuration = configuration(&identity)?;
    if let Some(suffix) = &configuration.keyring_identity_suffix {
        let user = format!("{USER_PREFIX}{suffix}");
        let text = from_keyring(keyring, SERVICE, &user, &found.name)?;
        let pem = hex::decode(text.expose())
            .map(Zeroizing::new)
            .map_err(|error| {
                Error::new(Code::KeyUnreadable, format!("reading {user} of {SERVICE}"))
                    .because(error)
            })?;
        return read_key(&identity, Some(&pem));
    }
    if let Some(encryption) = &configuration.encryption {
        let doing = "opening a key of dfx";
        let passphrase = passphrase.ok_or_else(|| Error::new(Code::PassphraseNeeded, doing))?;
        let path = identity.join("identity.pem.encrypted");
        let sealed = fs::read(&path).map_err(|error| unreadable(&path, error))?;
        let pem = decrypt(&sealed, encryption, passphrase).map_err(|error| match error {
            Broken::Passphrase => Error::new(Code::PassphraseWrong, doing),
            Broken::Configuration(cause) => unreadable(&identity.join("identity.json"), cause),
        })?;
        return read_key(&identity, Some(&pem));
    }
    read_key(&identity, None)
}

enum Broken {
    Passphrase,
    Configuration(&'static str),
}

/// AES-256-GCM under a key from Argon2id.
fn decrypt(
    sealed: &[u8],
    encryption: &Encryption,
    passphrase: &Secret,
) -> Result<Zeroizing<Vec<u8>>, Broken> {
    // The salt is hexadecimal, but the library that `dfx` hands it to takes its text for Base64.
    let salt = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(&encryption.pw_salt)
        .map_err(|_| Broken::Configuration("the salt is not one"))?;
    let (memory, rounds, lanes) = ARGON2;
    let parameters = argon2::Params::new(memory, rounds, lanes, Some(32))
        .map_err(|_| Broken::Configuration("the parameters are not possible"))?;
    let hash = argon2::Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        parameters,
    );
    let mut key = Zeroizing::new([0; 32]);
    hash.hash_password_into(passphrase.expose().as_bytes(), &salt, key.as_mut())
        .map_err(|_| Broken::Configuration("the salt is too short"))?;
    let nonce: [u8; 12] = encryption
        .file_nonce
        .as_slice()
        .try_into()
        .map_err(|_| Broken::Configuration("the nonce does not have 12 bytes"))?;
    Aes256Gcm::new((&*key).into())
        .decrypt((&nonce).into(), sealed)
        .map(Zeroizing::new)
        .map_err(|_| Broken::Passphrase)
}
