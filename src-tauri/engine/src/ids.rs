//! Names of things on a network: well-formed by construction.

use crate::{Code, Error};
use candid::Principal;
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
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
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
