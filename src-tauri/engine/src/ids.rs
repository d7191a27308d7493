//! Names of things on a network: well-formed by construction.

use crate::{Code, Error};
use candid::Principal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// The id of a canister.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CanisterId(Principal);

impl CanisterId {
    /// The id as the network's libraries know it.
    pub fn principal(self) -> Principal {
        self.0
    }
}

impl From<Principal> for CanisterId {
    fn from(principal: Principal) -> Self {
        Self(principal)
    }
}

impl FromStr for CanisterId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Principal::from_text(text.trim())
            .map(Self)
            .map_err(|error| {
                Error::new(Code::IdMalformed, "reading a canister id")
                    .with("text", text.trim())
                    .because(error)
            })
    }
}

impl fmt::Display for CanisterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CanisterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What tells networks apart: the beginning of the SHA-256 of a root key. The same canister id under another fingerprint is another canister.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// The fingerprint of a DER-encoded root key.
    pub fn of(root_key: &[u8]) -> Self {
        let mut beginning = [0; 8];
        beginning.copy_from_slice(&Sha256::digest(root_key)[..8]);
        Self(beginning)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// Stored and sent as their text.
macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use as_text;

as_text!(CanisterId, Fingerprint);

/// A canister on a network: what everything stored about a canister is stored under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Place {
    /// The network.
    pub network: Fingerprint,
    /// The canister there.
    pub canister: CanisterId,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.canister)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_spaces_around_it() {
        let id: CanisterId = " um5iw-rqaaa-aaaaq-qaaba-cai\n"
            .parse()
            .expect("the cycles ledger's id is well-formed");
        assert_eq!(id.to_string(), "um5iw-rqaaa-aaaaq-qaaba-cai");
    }

    #[test]
    fn a_mistyped_id_is_refused_with_the_text() {
        let error = "um5iw-rqaaa-aaaaq-qaabb-cai"
            .parse::<CanisterId>()
            .expect_err("its checksum does not fit");
        assert_eq!(error.code, Code::IdMalformed);
        assert_eq!(error.facts["text"], "um5iw-rqaaa-aaaaq-qaabb-cai");
    }
}
