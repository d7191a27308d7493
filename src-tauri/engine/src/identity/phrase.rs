//! Recovery phrases: 24 words from which a key can be made again, by Canopic, `icp` and `dfx` alike.
//!
//! A phrase becomes a seed by BIP-39 without a password, and the seed a key by SLIP-10 along `m/44'/223'/0'/0/0`; Ed25519 knows
//! hardened steps only, so its path is hardened to the end. For secp256k1 this is BIP-32, which is what `dfx` does; for all three it
//! is what `icp` does.
//!
//! A new phrase begins as a [`Draft`]: it is shown once, a person repeats some of its words, and only then is there an identity.
//! A draft lives for [`DRAFT_LIFE`]; then it is wiped.

use super::{
    Algorithm, Secret,
    keys::{KeyError, PrivateKey},
};
use crate::{Code, Error, Result};
use bip39::{Language, Mnemonic};
use hmac::{Hmac, Mac as _};
use k256::elliptic_curve::{
    PrimeField as _,
    rand_core::{OsRng, RngCore as _},
    sec1::ToEncodedPoint as _,
};
use sha2::Sha512;
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// Long enough to write 24 words down twice, short enough that a forgotten window gives nothing away.
pub(super) const DRAFT_LIFE: Duration = Duration::from_secs(15 * 60);

/// How many words are asked back: enough that guessing is hopeless, few enough that nobody skips writing the rest down.
const ASKED: usize = 3;

/// A valid recovery phrase. Wiped when it is dropped.
pub(super) struct Phrase(Mnemonic);

impl Phrase {
    /// A new phrase of 24 words.
    pub(super) fn generate() -> Result<Self> {
        let mut entropy = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(entropy.as_mut());
        Mnemonic::from_entropy_in(Language::English, entropy.as_ref())
            .map(Self)
            .map_err(|error| Error::new(Code::Bug, "making a recovery phrase").because(error))
    }

    /// Reads a phrase as people write it: any case, any space between the words. The error says which word, never the word.
    pub(super) fn parse(text: &Secret) -> Result<Self> {
        let mut words = Zeroizing::new(String::with_capacity(text.expose().len()));
        for word in text.expose().split_whitespace() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.extend(word.chars().map(|letter| letter.to_ascii_lowercase()));
        }
        Mnemonic::parse_in_normalized(Language::English, &words)
            .map(Self)
            .map_err(|error| {
                let wrong = Error::new(Code::PhraseWrong, "reading a recovery phrase");
                match error {
                    bip39::Error::UnknownWord(index) => {
                        wrong.with("reason", "word").with("position", index + 1)
                    }
                    bip39::Error::BadWordCount(count) => {
                        wrong.with("reason", "count").with("count", count)
                    }
                    _ => wrong.with("reason", "checksum"),
                }
            })
    }

    /// The key that this phrase stands for.
    pub(super) fn key(&self, algorithm: Algorithm) -> Result<PrivateKey, KeyError> {
        let seed = Zeroizing::new(self.0.to_seed_normalized(""));
        derive(&seed[..], algorithm, path(algorithm))
    }

    /// The words, in their order.
    pub(super) fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }
}

/// A phrase that was shown and is not confirmed yet.
pub(super) struct Draft {
    pub(super) phrase: Phrase,
    pub(super) algorithm: Algorithm,
    /// Which words are asked back, counted from 1, in rising order.
    pub(super) asked: Vec<usize>,
    pub(super) ends_at: SystemTime,
}

impl Draft {
    pub(super) fn new(algorithm: Algorithm, now: SystemTime) -> Result<Self> {
        let phrase = Phrase::generate()?;
        let mut positions: Vec<usize> = (1..=phrase.words().count()).collect();
        let mut asked: Vec<usize> = (0..ASKED)
            .map(|_| positions.swap_remove(OsRng.next_u32() as usize % positions.len()))
            .collect();
        asked.sort_unstable();
        Ok(Self {
            phrase,
            algorithm,
            asked,
            ends_at: now + DRAFT_LIFE,
        })
    }

    /// Whether these are the words that were asked for, in the order of [`Draft::asked`].
    pub(super) fn confirm(&self, answers: &[Secret]) -> Result<()> {
        let words: Vec<&str> = self.phrase.words().collect();
        let wrong: Vec<String> = self
            .asked
            .iter()
            .enumerate()
            .filter(|(index, position)| {
                let answer = answers
                    .get(*index)
                    .map_or("", |answer| answer.expose().trim());
                !answer.eq_ignore_ascii_case(words[**position - 1])
            })
            .map(|(_, position)| position.to_string())
            .collect();
        if wrong.is_empty() && answers.len() == self.asked.len() {
            return Ok(());
        }
        Err(
            Error::new(Code::PhraseUnconfirmed, "confirming a recovery phrase")
                .with("words", wrong.join(", ")),
        )
    }
}

const HARDENED: u32 = 1 << 31;

/// 44' for BIP-44, 223' for the Internet Computer.
fn path(algorithm: Algorithm) -> [u32; 5] {
    let hardened_to_the_end = match algorithm {
        Algorithm::Ed25519 => HARDENED,
        Algorithm::Secp256k1 | Algorithm::P256 => 0,
    };
    [
        HARDENED + 44,
        HARDENED + 223,
        HARDENED,
        hardened_to_the_end,
        hardened_to_the_end,
    ]
}

/// SLIP-10: from a seed along a path.
fn derive(
    seed: &[u8],
    algorithm: Algorithm,
    path: impl IntoIterator<Item = u32>,
) -> Result<PrivateKey, KeyError> {
    let domain: &[u8] = match algorithm {
        Algorithm::Ed25519 => b"ed25519 seed",
        Algorithm::Secp256k1 => b"Bitcoin seed",
        Algorithm::P256 => b"Nist256p1 seed",
    };
    let mut node = Node::hash(domain, &[seed]);
    while !is_possible(algorithm, &node.key) {
        let again = Zeroizing::new([node.key, node.chain].concat());
        node = Node::hash(domain, &[&again]);
    }
    for mut index in path {
        node = loop {
            let serial = index.to_be_bytes();
            let next = if index & HARDENED != 0 {
                Node::hash(&node.chain, &[&[0], &node.key, &serial])
            } else {
                Node::hash(
                    &node.chain,
                    &[&compressed_public_key(algorithm, &node.key)?, &serial],
                )
            };
            if let Some(key) = add(algorithm, &next.key, &node.key) {
                break Node {
                    key: *key,
                    chain: next.chain,
                };
            }
            // Once in 2^32 for P-256, once in 2^127 for secp256k1: the next index, as BIP-32 has it and `icp` does it.
            index += 1;
        };
    }
    PrivateKey::from_scalar(algorithm, &node.key)
}

/// A key on the way, and what its children are made with.
#[derive(zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
struct Node {
    key: [u8; 32],
    chain: [u8; 32],
}

impl Node {
    fn hash(key: &[u8], parts: &[&[u8]]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut hash = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
        for part in parts {
            hash.update(part);
        }
        let out = Zeroizing::new(<[u8; 64]>::from(hash.finalize().into_bytes()));
        let mut node = Self {
            key: [0; 32],
            chain: [0; 32],
        };
        node.key.copy_from_slice(&out[..32]);
        node.chain.copy_from_slice(&out[32..]);
        node
    }
}

/// Whether these bytes are a private key of the curve: neither zero nor beyond its order.
fn is_possible(algorithm: Algorithm, key: &[u8; 32]) -> bool {
    algorithm == Algorithm::Ed25519 || PrivateKey::from_scalar(algorithm, key).is_ok()
}

/// The child's key: for Ed25519 the hash itself, for the others hash and parent added modulo the order. None where that is no key.
fn add(algorithm: Algorithm, hash: &[u8; 32], parent: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let sum: [u8; 32] = match algorithm {
        Algorithm::Ed25519 => *hash,
        Algorithm::Secp256k1 => {
            let sum = Option::<k256::Scalar>::from(k256::Scalar::from_repr((*hash).into()))?
                + Option::<k256::Scalar>::from(k256::Scalar::from_repr((*parent).into()))?;
            sum.to_repr().into()
        }
        Algorithm::P256 => {
            let sum = Option::<p256::Scalar>::from(p256::Scalar::from_repr((*hash).into()))?
                + Option::<p256::Scalar>::from(p256::Scalar::from_repr((*parent).into()))?;
            sum.to_repr().into()
        }
    };
    is_possible(algorithm, &sum).then(|| Zeroizing::new(sum))
}

fn compressed_public_key(algorithm: Algorithm, key: &[u8; 32]) -> Result<Vec<u8>, KeyError> {
    match PrivateKey::from_scalar(algorithm, key)? {
        PrivateKey::Secp256k1(key) => Ok(key.public_key().to_encoded_point(true).to_bytes().into()),
        PrivateKey::P256(key) => Ok(key.public_key().to_encoded_point(true).to_bytes().into()),
        PrivateKey::Ed25519(_) => Err(KeyError::Malformed("Ed25519 has hardened steps only")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn scalar(key: &PrivateKey) -> String {
        match key {
            PrivateKey::Ed25519(key) => hex::encode(key.serialize_raw()),
            PrivateKey::Secp256k1(key) => hex::encode(key.to_bytes()),
            PrivateKey::P256(key) => hex::encode(key.to_bytes()),
        }
    }

    #[test]
    fn keys_are_derived_as_slip_10_has_it() {
        // Test vector 1 of SLIP-10, chains m/0'/1/2'/2/1000000000 and, for Ed25519, m/0'/1'/2'/2'/1000000000'.
        let seed = hex::decode("000102030405060708090a0b0c0d0e0f").unwrap();
        let h = HARDENED;
        for (algorithm, path, expected) in [
            (
                Algorithm::Secp256k1,
                [h, 1, 2 + h, 2, 1_000_000_000],
                "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8",
            ),
            (
                Algorithm::P256,
                [h, 1, 2 + h, 2, 1_000_000_000],
                "21c4f269ef0a5fd1badf47eeacebeeaa3de22eb8e5b0adcd0f27dd99d34d0119",
            ),
            (
                Algorithm::Ed25519,
                [h, 1 + h, 2 + h, 2 + h, 1_000_000_000 + h],
                "8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793",
            ),
        ] {
            let key = derive(&seed, algorithm, path).unwrap();
            assert_eq!(scalar(&key), expected, "{algorithm:?}");
        }
    }

    #[test]
    fn a_child_that_is_no_key_is_skipped() {
        // SLIP-10's own vectors for P-256 that need a second try begin with these seeds; here the arithmetic that finds them out.
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        let order: [u8; 32] = hex::decode(order).unwrap().try_into().unwrap();
        let one = {
            let mut one = [0; 32];
            one[31] = 1;
            one
        };
        let mut minus_one = order;
        minus_one[31] -= 1;
        assert!(
            add(Algorithm::P256, &order, &one).is_none(),
            "a hash beyond the order is no key"
        );
        assert!(
            add(Algorithm::P256, &minus_one, &one).is_none(),
            "zero is no key"
        );
        assert_eq!(
            add(Algorithm::P256, &one, &one).unwrap()[31],
            2,
            "everything else is"
        );
    }

    const ABANDON: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    #[test]
    fn a_phrase_may_be_written_in_any_way() {
        let untidy = ABANDON.to_uppercase().replace(' ', "\n  ");
        let same = Phrase::parse(&Secret::from(untidy)).unwrap();
        assert!(
            same.words().eq(ABANDON.split(' ')),
            "case and space do not count"
        );
    }

    #[test]
    fn what_is_wrong_with_a_phrase_is_said_without_repeating_it() {
        let wrong = |text: String| Phrase::parse(&Secret::from(text)).err().unwrap();
        let error = wrong(
            ABANDON
                .replacen("abandon", "abandond", 3)
                .replacen("abandond", "abandon", 2),
        );
        assert_eq!(
            (
                error.code,
                &*error.facts["reason"],
                &*error.facts["position"]
            ),
            (Code::PhraseWrong, "word", "3"),
            "the third word is misspelt"
        );
        assert!(
            !error.chain().contains("abandond"),
            "a word of a phrase is a secret"
        );
        let error = wrong(ABANDON.replace("about", "zoo"));
        assert_eq!(
            error.facts["reason"], "checksum",
            "zoo is a word, but not this one"
        );
        let error = wrong("abandon about".to_owned());
        assert_eq!(
            (&*error.facts["reason"], &*error.facts["count"]),
            ("count", "2")
        );
    }

    #[test]
    fn a_draft_asks_for_words_that_were_shown() {
        let draft = Draft::new(Algorithm::P256, SystemTime::UNIX_EPOCH).unwrap();
        let words: Vec<&str> = draft.phrase.words().collect();
        assert_eq!(words.len(), 24, "256 bits and a checksum of 8");
        assert_eq!(draft.asked.len(), ASKED);
        assert!(
            draft.asked.is_sorted_by(|one, next| one < next)
                && draft
                    .asked
                    .iter()
                    .all(|position| (1..=24).contains(position)),
            "different words, in their order: {:?}",
            draft.asked
        );
        let right: Vec<Secret> = draft
            .asked
            .iter()
            .map(|position| Secret::from(format!(" {} ", words[position - 1].to_uppercase())))
            .collect();
        draft.confirm(&right).unwrap();

        let mut wrong = right;
        wrong[1] = Secret::from("lighthouse".to_owned());
        let error = draft.confirm(&wrong).unwrap_err();
        assert_eq!(error.code, Code::PhraseUnconfirmed);
        assert_eq!(
            error.facts["words"],
            draft.asked[1].to_string(),
            "the number of the word, never the word"
        );
        assert!(
            draft.confirm(&wrong[..1]).is_err() && draft.confirm(&[]).is_err(),
            "fewer answers are no confirmation"
        );
    }
}
