//! Private keys: read from PEM, written as PEM, turned into signers.
//!
//! Every form that the tools of the Internet Computer have ever written is read: PKCS#8, plain and encrypted; SEC1 with its curve
//! inside, beside it, or nowhere; and the Ed25519 files of early dfx, which break the standard. What is written is always
//! PKCS#8, version 1: the one form that everything else reads.
//!
//! Whatever holds a secret here wipes it when it is dropped.

use super::{Algorithm, Secret};
use crate::{Code, Error};
use candid::Principal;
use ic_agent::{
    Identity as Signer,
    identity::{BasicIdentity, Prime256v1Identity, Secp256k1Identity},
};
use k256::elliptic_curve::rand_core::{OsRng, RngCore as _};
use pem::Pem;
use pkcs8::{
    AssociatedOid as _, EncodePrivateKey as _, EncryptedPrivateKeyInfo, LineEnding,
    ObjectIdentifier, PrivateKeyInfo, SecretDocument,
    der::{Decode as _, pem::PemLabel as _},
    pkcs5,
};
use sec1::{EcParameters, EcPrivateKey};
use zeroize::{Zeroize as _, Zeroizing};

/// `id-ecPublicKey`: the curve stands in the parameters.
const ELLIPTIC_CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Why something is not a key that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    #[error("no private key among {}", found.join(", "))]
    NoKey { found: Vec<String> },
    #[error("{0} private keys instead of one")]
    SeveralKeys(usize),
    #[error("not in PEM")]
    NotPem(#[source] pem::PemError),
    #[error("the key is damaged")]
    Damaged(#[source] pkcs8::der::Error),
    #[error("the key is damaged: {0}")]
    Malformed(&'static str),
    #[error("the file does not name the key's curve")]
    CurveUnnamed,
    #[error("a key of the kind {0}")]
    Unsupported(String),
    #[error("the key is encrypted")]
    PassphraseNeeded,
    #[error("the passphrase does not open the key")]
    PassphraseWrong,
}

impl KeyError {
    /// The engine's error for whoever knows what was being done.
    pub(super) fn while_doing(self, doing: &str) -> Error {
        let code = match &self {
            Self::NoKey { .. }
            | Self::SeveralKeys(_)
            | Self::NotPem(_)
            | Self::Damaged(_)
            | Self::Malformed(_) => Code::KeyUnreadable,
            Self::CurveUnnamed => Code::KeyCurveUnknown,
            Self::Unsupported(_) => Code::KeyUnsupported,
            Self::PassphraseNeeded => Code::PassphraseNeeded,
            Self::PassphraseWrong => Code::PassphraseWrong,
        };
        let error = Error::new(code, doing);
        match &self {
            Self::Unsupported(found) => error.with("found", found),
            _ => error,
        }
        .because(self)
    }
}

/// A private key of one of the three kinds.
pub(super) enum PrivateKey {
    Ed25519(ic_ed25519::PrivateKey),
    Secp256k1(k256::SecretKey),
    P256(p256::SecretKey),
}

impl PrivateKey {
    /// Reads the one private key in a text, whatever else stands there. `assumed` is for files that do not say which curve.
    pub(super) fn from_pem(
        text: &[u8],
        passphrase: Option<&Secret>,
        assumed: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        let mut blocks = Blocks(pem::parse_many(text).map_err(KeyError::NotPem)?);
        let keys: Vec<&Pem> = blocks
            .0
            .iter()
            .filter(|block| {
                [
                    PrivateKeyInfo::PEM_LABEL,
                    EncryptedPrivateKeyInfo::PEM_LABEL,
                    EcPrivateKey::PEM_LABEL,
                ]
                .contains(&block.tag())
            })
            .collect();
        let [key] = keys[..] else {
            return Err(if keys.is_empty() {
                let found = std::mem::take(&mut blocks.0)
                    .iter()
                    .map(|block| block.tag().to_owned())
                    .collect();
                KeyError::NoKey { found }
            } else {
                KeyError::SeveralKeys(keys.len())
            });
        };
        if key.headers().get("Proc-Type").is_some() {
            // OpenSSL's own encryption of old: one round of MD5 over the passphrase.
            return Err(KeyError::Unsupported(
                "encrypted by OpenSSL's old method".to_owned(),
            ));
        }
        match key.tag() {
            EcPrivateKey::PEM_LABEL => {
                let beside = blocks.0.iter().find(|block| block.tag() == "EC PARAMETERS");
                Self::from_sec1(key.contents(), beside.map(Pem::contents), assumed)
            }
            EncryptedPrivateKeyInfo::PEM_LABEL => {
                let passphrase = passphrase.ok_or(KeyError::PassphraseNeeded)?;
                let opened = decrypt(key.contents(), passphrase)?;
                // With one wrong passphrase in 256 the padding looks right by chance, but never the key inside.
                Self::from_pkcs8(opened.as_bytes()).map_err(|error| match error {
                    KeyError::Damaged(_) => KeyError::PassphraseWrong,
                    error => error,
                })
            }
            _ => Self::from_pkcs8(key.contents()),
        }
    }

    /// Reads PKCS#8.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let info = match PrivateKeyInfo::from_der(der) {
            Ok(info) => info,
            Err(error) => {
                return early_ed25519(der).ok_or(KeyError::Damaged(error));
            }
        };
        if info.algorithm.oid == ED25519 {
            // The key is an octet string inside the octet string.
            let seed = match info.private_key {
                [0x04, 0x20, seed @ ..] => seed,
                _ => &[],
            };
            return ed25519(seed);
        }
        if info.algorithm.oid != ELLIPTIC_CURVE {
            return Err(KeyError::Unsupported(info.algorithm.oid.to_string()));
        }
        let curve = info
            .algorithm
            .parameters_oid()
            .map_err(|_| KeyError::CurveUnnamed)?;
        Self::on_curve(algorithm_of(curve)?, info.private_key)
    }

    fn from_sec1(
        der: &[u8],
        beside: Option<&[u8]>,
        assumed: Option<Algorithm>,
    ) -> Result<Self, KeyError> {
        let key = EcPrivateKey::from_der(der).map_err(KeyError::Damaged)?;
        let named = match (key.parameters, beside) {
            (Some(inside), _) => Some(inside),
            (None, Some(beside)) => {
                Some(EcParameters::from_der(beside).map_err(KeyError::Damaged)?)
            }
            (None, None) => None,
        };
        let algorithm = match named.and_then(EcParameters::named_curve) {
            Some(curve) => algorithm_of(curve)?,
            None => assumed.ok_or(KeyError::CurveUnnamed)?,
        };
        Self::on_curve(algorithm, der)
    }

    /// Reads SEC1 on a known curve. A public key that stands beside the private one has to belong to it.
    fn on_curve(algorithm: Algorithm, sec1: &[u8]) -> Result<Self, KeyError> {
        let wrong = KeyError::Malformed("its numbers do not fit the curve");
        match algorithm {
            Algorithm::Secp256k1 => k256::SecretKey::from_sec1_der(sec1)
                .map(Self::Secp256k1)
                .map_err(|_| wrong),
            Algorithm::P256 => p256::SecretKey::from_sec1_der(sec1)
                .map(Self::P256)
                .map_err(|_| wrong),
            Algorithm::Ed25519 => Err(KeyError::Malformed("Ed25519 keys have no SEC1 form")),
        }
    }

    /// The 32 bytes that a derivation ended in.
    pub(super) fn from_scalar(algorithm: Algorithm, bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let wrong = KeyError::Malformed("not a number of the curve");
        match algorithm {
            Algorithm::Ed25519 => ed25519(bytes),
            Algorithm::Secp256k1 => k256::SecretKey::from_slice(bytes)
                .map(Self::Secp256k1)
                .map_err(|_| wrong),
            Algorithm::P256 => p256::SecretKey::from_slice(bytes)
                .map(Self::P256)
                .map_err(|_| wrong),
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::Secp256k1(_) => Algorithm::Secp256k1,
            Self::P256(_) => Algorithm::P256,
        }
    }

    fn pkcs8(&self) -> Result<SecretDocument, KeyError> {
        let encoded = match self {
            Self::Ed25519(key) => {
                let der =
                    Zeroizing::new(key.serialize_pkcs8(ic_ed25519::PrivateKeyFormat::Pkcs8v1));
                SecretDocument::try_from(der.as_slice()).map_err(pkcs8::Error::from)
            }
            Self::Secp256k1(key) => key.to_pkcs8_der(),
            Self::P256(key) => key.to_pkcs8_der(),
        };
        encoded.map_err(|_| KeyError::Malformed("it cannot be written as PKCS#8"))
    }

    /// Unprotected PEM, for the keyring and for the inside of the vault file. It never reaches a disk as it is.
    pub(super) fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.pkcs8()?
            .to_pem(PrivateKeyInfo::PEM_LABEL, LineEnding::LF)
            .map_err(|_| KeyError::Malformed("it cannot be written as PEM"))
    }

    /// Encrypted PEM: PBES2 with scrypt (2^17, 8, 1) and AES-256-CBC, which is what `icp` itself writes and OpenSSL reads.
    pub(super) fn to_encrypted_pem(
        &self,
        passphrase: &Secret,
    ) -> Result<Zeroizing<String>, KeyError> {
        let failed = |_| KeyError::Malformed("it cannot be encrypted");
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        OsRng.fill_bytes(&mut salt);
        OsRng.fill_bytes(&mut iv);
        let scheme = pkcs5::pbes2::Parameters::scrypt_aes256cbc(
            pkcs5::scrypt::Params::recommended(),
            &salt,
            &iv,
        )
        .map_err(failed)?;
        let encrypted = scheme
            .encrypt(passphrase.expose(), self.pkcs8()?.as_bytes())
            .map_err(failed)?;
        let document = SecretDocument::try_from(EncryptedPrivateKeyInfo {
            encryption_algorithm: scheme.into(),
            encrypted_data: &encrypted,
        })
        .map_err(|_| KeyError::Malformed("it cannot be encrypted"))?;
        document
            .to_pem(EncryptedPrivateKeyInfo::PEM_LABEL, LineEnding::LF)
            .map_err(|_| KeyError::Malformed("it cannot be written as PEM"))
    }

    /// What signs with this key.
    pub(super) fn into_signer(self) -> Box<dyn Signer> {
        match self {
            Self::Ed25519(key) => Box::new(BasicIdentity::from_raw_key(&Zeroizing::new(
                key.serialize_raw(),
            ))),
            Self::Secp256k1(key) => Box::new(Secp256k1Identity::from_private_key(key)),
            Self::P256(key) => Box::new(Prime256v1Identity::from_private_key(key)),
        }
    }

    /// The DER-encoded public key.
    pub(super) fn public_key(&self) -> Result<Vec<u8>, KeyError> {
        use pkcs8::EncodePublicKey as _;
        match self {
            Self::Ed25519(key) => return Ok(key.public_key().serialize_rfc8410_der()),
            Self::Secp256k1(key) => key.public_key().to_public_key_der(),
            Self::P256(key) => key.public_key().to_public_key_der(),
        }
        .map(pkcs8::Document::into_vec)
        .map_err(|_| KeyError::Malformed("its public key cannot be written"))
    }
}

/// Who the network sees behind a public key.
pub(super) fn principal_of(public_key: &[u8]) -> Principal {
    Principal::self_authenticating(public_key)
}

/// Blocks of PEM that are wiped when they are no longer needed.
struct Blocks(Vec<Pem>);

impl Drop for Blocks {
    fn drop(&mut self) {
        for block in self.0.drain(..) {
            block.into_contents().zeroize();
        }
    }
}

fn algorithm_of(curve: ObjectIdentifier) -> Result<Algorithm, KeyError> {
    match curve {
        k256::Secp256k1::OID => Ok(Algorithm::Secp256k1),
        p256::NistP256::OID => Ok(Algorithm::P256),
        other => Err(KeyError::Unsupported(format!("elliptic curve {other}"))),
    }
}

fn ed25519(seed: &[u8]) -> Result<PrivateKey, KeyError> {
    ic_ed25519::PrivateKey::deserialize_raw(seed)
        .map(PrivateKey::Ed25519)
        .map_err(|_| KeyError::Malformed("an Ed25519 key has 32 bytes"))
}

/// Early dfx wrote Ed25519 keys with the public key behind a wrong tag, which no strict reader accepts.
fn early_ed25519(der: &[u8]) -> Option<PrivateKey> {
    ic_ed25519::PrivateKey::deserialize_pkcs8(der)
        .ok()
        .map(PrivateKey::Ed25519)
}

fn decrypt(der: &[u8], passphrase: &Secret) -> Result<SecretDocument, KeyError> {
    let encrypted = EncryptedPrivateKeyInfo::from_der(der).map_err(|error| {
        // Ciphers that the reader does not know look like this; a truncated file does not.
        if matches!(error.kind(), pkcs8::der::ErrorKind::OidUnknown { .. }) {
            KeyError::Unsupported("encrypted by another method".to_owned())
        } else {
            KeyError::Damaged(error)
        }
    })?;
    let mut opened = Zeroizing::new(encrypted.encrypted_data.to_vec());
    let length = match &encrypted.encryption_algorithm {
        pkcs5::EncryptionScheme::Pbes2(scheme) => scheme
            .decrypt_in_place(passphrase.expose(), &mut opened)
            .map(<[u8]>::len),
        other => {
            return Err(KeyError::Unsupported(format!(
                "encrypted by {}",
                other.oid()
            )));
        }
    }
    .map_err(|error| match error {
        // The crate says `EncryptFailed` where the padding of what it decrypted is wrong.
        pkcs5::Error::DecryptFailed | pkcs5::Error::EncryptFailed => KeyError::PassphraseWrong,
        _ => KeyError::Unsupported("encrypted by another method".to_owned()),
    })?;
    SecretDocument::try_from(&opened[..length]).map_err(|_| KeyError::PassphraseWrong)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PASSPHRASE: &str = "lantern on the pier";

    fn file(name: &str) -> Vec<u8> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/identities/keys/"
        );
        std::fs::read(format!("{folder}{name}.pem")).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::from(text.to_owned())
    }

    fn principal(key: &PrivateKey) -> String {
        principal_of(&key.public_key().unwrap()).to_text()
    }

    /// What `icp` says of the same files.
    const ED25519_PRINCIPAL: &str =
        "2ebla-k4rho-ngymo-seaev-zjsiy-p3koe-lbpxp-sjtkr-dgupd-wzkj2-3ae";
    const P256_PRINCIPAL: &str = "q2khb-utlnf-ahmi4-nlnb5-yqxwj-vhfr3-t262e-dsu3f-5l5t4-y2jkq-dqe";
    const SECP256K1_PRINCIPAL: &str =
        "yaghh-ljhn2-ted72-xdk4w-at4po-wsn7i-gugke-6fzla-ripjq-ly2vg-xqe";
    const BESIDE_PRINCIPAL: &str =
        "73h2t-aly7d-ehjbk-agleu-dlhrj-25cfx-me23a-52t3s-hrxp2-qwr7p-wqe";

    #[test]
    fn every_form_of_a_key_is_read_as_icp_reads_it() {
        for (name, algorithm, expected) in [
            ("sec1_secp256k1", Algorithm::Secp256k1, SECP256K1_PRINCIPAL),
            ("sec1_p256", Algorithm::P256, P256_PRINCIPAL),
            (
                "sec1_secp256k1_curve_beside",
                Algorithm::Secp256k1,
                BESIDE_PRINCIPAL,
            ),
            ("pkcs8_secp256k1", Algorithm::Secp256k1, SECP256K1_PRINCIPAL),
            ("pkcs8_p256", Algorithm::P256, P256_PRINCIPAL),
            ("pkcs8_ed25519", Algorithm::Ed25519, ED25519_PRINCIPAL),
            ("pkcs8_v2_ed25519", Algorithm::Ed25519, ED25519_PRINCIPAL),
            ("early_dfx_ed25519", Algorithm::Ed25519, ED25519_PRINCIPAL),
            (
                "encrypted_scrypt_secp256k1",
                Algorithm::Secp256k1,
                SECP256K1_PRINCIPAL,
            ),
            ("encrypted_pbkdf2_p256", Algorithm::P256, P256_PRINCIPAL),
            (
                "encrypted_pbkdf2_ed25519",
                Algorithm::Ed25519,
                ED25519_PRINCIPAL,
            ),
        ] {
            let passphrase = name.starts_with("encrypted").then(|| secret(PASSPHRASE));
            let key = PrivateKey::from_pem(&file(name), passphrase.as_ref(), None)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(key.algorithm(), algorithm, "{name}");
            assert_eq!(principal(&key), expected, "{name}");
            let signer = key.into_signer();
            assert_eq!(
                signer.sender().unwrap().to_text(),
                expected,
                "{name}: what signs is the same"
            );
        }
    }

    fn error(name: &str, passphrase: Option<&str>) -> Error {
        let passphrase = passphrase.map(secret);
        let read = PrivateKey::from_pem(&file(name), passphrase.as_ref(), None);
        read.err()
            .unwrap_or_else(|| panic!("{name} was to be refused"))
            .while_doing("testing")
    }

    #[test]
    fn what_cannot_be_used_is_refused_for_its_own_reason() {
        for (name, passphrase, code) in [
            ("encrypted_scrypt_secp256k1", None, Code::PassphraseNeeded),
            (
                "encrypted_scrypt_secp256k1",
                Some("lantern on the pie"),
                Code::PassphraseWrong,
            ),
            ("encrypted_pbkdf2_p256", Some(""), Code::PassphraseWrong),
            ("sec1_no_curve", None, Code::KeyCurveUnknown),
            ("sec1_wrong_curve", None, Code::KeyUnreadable),
            ("public_key", None, Code::KeyUnreadable),
            ("two_keys", None, Code::KeyUnreadable),
            ("unsupported_curve", None, Code::KeyUnsupported),
            ("unsupported_rsa", None, Code::KeyUnsupported),
            ("unsupported_cipher", Some(PASSPHRASE), Code::KeyUnsupported),
            (
                "unsupported_old_encryption",
                Some(PASSPHRASE),
                Code::KeyUnsupported,
            ),
        ] {
            let error = error(name, passphrase);
            assert_eq!(error.code, code, "{name}: {}", error.chain());
        }
        assert_eq!(
            error("unsupported_curve", None).facts["found"],
            "elliptic curve 1.3.132.0.34",
            "a person can look up what it is"
        );
    }

    #[test]
    fn a_person_can_say_which_curve_a_file_forgot() {
        let key =
            PrivateKey::from_pem(&file("sec1_no_curve"), None, Some(Algorithm::Secp256k1)).unwrap();
        assert_eq!(principal(&key), SECP256K1_PRINCIPAL);
        assert!(
            PrivateKey::from_pem(&file("sec1_no_curve"), None, Some(Algorithm::P256)).is_err(),
            "the public key beside it shows that it is not on the other"
        );
        let p256 =
            PrivateKey::from_pem(&file("sec1_p256"), None, Some(Algorithm::Secp256k1)).unwrap();
        assert_eq!(
            p256.algorithm(),
            Algorithm::P256,
            "what a file says is not overruled"
        );
    }

    #[test]
    fn a_file_that_was_cut_off_is_never_a_key() {
        for name in ["pkcs8_ed25519", "sec1_p256", "encrypted_scrypt_secp256k1"] {
            let whole = file(name);
            // From the first byte to the last but the newline, in steps that hit lines, letters and the footer.
            for length in (0..whole.len() - 2).step_by(7) {
                let read = PrivateKey::from_pem(&whole[..length], Some(&secret(PASSPHRASE)), None);
                assert!(read.is_err(), "{name}: {length} of {} bytes", whole.len());
            }
        }
    }

    #[test]
    fn a_key_whose_inside_was_cut_off_is_damaged_and_no_panic() {
        for name in ["pkcs8_secp256k1", "early_dfx_ed25519", "pkcs8_ed25519"] {
            let text = String::from_utf8(file(name)).unwrap();
            let block = pem::parse(text).unwrap();
            for length in 0..block.contents().len() {
                let error = PrivateKey::from_pkcs8(&block.contents()[..length])
                    .err()
                    .unwrap_or_else(|| panic!("{name}: {length} bytes are not all of it"));
                assert_eq!(
                    error.while_doing("testing").code,
                    Code::KeyUnreadable,
                    "{name}: {length} bytes"
                );
            }
        }
    }

    #[test]
    fn an_exported_key_comes_back_with_its_passphrase_alone() {
        let key = PrivateKey::from_pem(&file("pkcs8_ed25519"), None, None).unwrap();
        let exported = key.to_encrypted_pem(&secret(PASSPHRASE)).unwrap();
        assert!(
            exported.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
            "never plain"
        );
        let read =
            |passphrase| PrivateKey::from_pem(exported.as_bytes(), Some(&secret(passphrase)), None);
        assert_eq!(principal(&read(PASSPHRASE).unwrap()), principal(&key));
        assert!(matches!(read("boats"), Err(KeyError::PassphraseWrong)));
    }

    #[test]
    fn a_key_comes_back_from_where_it_is_kept() {
        for name in ["pkcs8_ed25519", "pkcs8_secp256k1", "pkcs8_p256"] {
            let key = PrivateKey::from_pem(&file(name), None, None).unwrap();
            let pem = key.to_pem().unwrap();
            assert!(
                pem.len() < 512,
                "{name}: Credential Manager takes 2,560 bytes"
            );
            let again = PrivateKey::from_pem(pem.as_bytes(), None, None).unwrap();
            assert_eq!(principal(&again), principal(&key), "{name}");
        }
    }

    #[test]
    fn phrases_become_the_keys_that_icp_makes_of_them() {
        // `icp identity import --from-seed-file --seed-curve` and `icp identity principal` of release 1.5.0.
        let legal = "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth \
                     useful legal winner thank year wave sausage worth title";
        let abandon = format!("{}about", "abandon ".repeat(11));
        for (phrase, algorithm, expected) in [
            (
                legal,
                Algorithm::Secp256k1,
                "r2hp7-ywehf-op3f5-vby42-ycy4v-6oybl-hq4au-p3kja-ehwmj-voeg4-4ae",
            ),
            (
                legal,
                Algorithm::P256,
                "4xovu-66ttb-po557-t6o4t-xvxkq-avbvo-siiju-pdcqr-nk2uh-5ulrf-4ae",
            ),
            (
                legal,
                Algorithm::Ed25519,
                "zt3v5-4jlft-mlgio-n7nmv-b7gpg-tuxlk-bvqt3-ejzie-nycfl-3qxxb-5qe",
            ),
            (
                &abandon,
                Algorithm::Secp256k1,
                "tgzar-4lpln-fq34h-6hxo4-wlm3x-6g3or-6hxvr-d6jbw-ooh2b-lzsw4-aqe",
            ),
            (
                &abandon,
                Algorithm::P256,
                "dwvjk-bkcs7-tyllp-z4urn-peru5-sneoy-o5cwp-mpoj3-bmozp-2b33j-7ae",
            ),
            (
                &abandon,
                Algorithm::Ed25519,
                "fcxk5-23hrp-d3ey5-sniqw-3lagn-fbx3h-cgnml-4dwkg-3dpmp-tyoqq-zae",
            ),
        ] {
            let phrase = super::super::phrase::Phrase::parse(&secret(phrase)).unwrap();
            let key = phrase.key(algorithm).unwrap();
            assert_eq!(principal(&key), expected, "{algorithm:?}");
        }
    }
}
