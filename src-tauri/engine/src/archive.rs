//! A copy as one file, to carry and to keep elsewhere.
//!
//! A plain archive is an ordinary zip, written as a stream: one folder that `icp canister snapshot upload` takes as it is, whoever
//! unpacks it. The same copy makes the same bytes. An encrypted archive is that zip in the format of `age`; the standard tool opens
//! it with the passphrase or the key.
//!
//! An archive may come from anybody. So:
//!
//! - no path is ever made of a name in it: its entries are looked up by the names that a copy has, and an archive with a link, an
//!   absolute name, a `..` or two entries of one name is refused whole;
//! - its list of entries is bounded before it is read, every size must be the one that the metadata say, and not one byte more is
//!   unpacked;
//! - it is unpacked once, straight into the folder of the copy, and a copy that does not become whole is removed again.

use crate::{
    Code, CopyId, CopyReader, Engine, Error, Result, Secret,
    folder::{failed, open_plain},
    library::off_the_loop,
};
use age::secrecy::SecretString;
use camino::{Utf8Path, Utf8PathBuf};
use std::{
    io::{self, BufRead as _, BufReader},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

mod pack;
mod unpack;

pub use pack::export;
pub use unpack::{Import, import, look};

/// What an encrypted archive is closed with.
pub enum Lock {
    /// Whoever knows the passphrase opens it.
    Passphrase(SecretString),
    /// Whoever has the key of this recipient (`age1…`) opens it.
    Recipient(String),
}

/// What an encrypted archive is opened with.
pub enum Key {
    /// The passphrase.
    Passphrase(SecretString),
    /// The secret key (`AGE-SECRET-KEY-1…`).
    Identity(SecretString),
}

impl Lock {
    /// Closes with a passphrase.
    pub fn with_passphrase(passphrase: &Secret) -> Self {
        Self::Passphrase(SecretString::from(passphrase.expose().to_owned()))
    }
}

impl Key {
    /// Opens with a passphrase.
    pub fn from_passphrase(passphrase: &Secret) -> Self {
        Self::Passphrase(SecretString::from(passphrase.expose().to_owned()))
    }

    /// Opens with a secret key.
    pub fn from_identity(identity: &Secret) -> Self {
        Self::Identity(SecretString::from(identity.expose().to_owned()))
    }
}

/// What kind of archive a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A zip.
    Plain,
    /// Encrypted with a passphrase.
    Passphrase,
    /// Encrypted for recipients.
    Recipients,
}

const METADATA: &str = "metadata.json";
const MANIFEST: &str = "canopic.json";

/// Says what kind of archive a file is, by its first bytes.
pub fn kind(archive: &Utf8Path) -> Result<Kind> {
    let doing = "looking at an archive";
    let (file, _) = open_plain(archive).map_err(|error| failed(doing, archive, error))?;
    let mut beginning = [0; 4];
    let mut input = BufReader::new(file);
    let magic = input
        .fill_buf()
        .map_err(|error| failed(doing, archive, error))?;
    beginning[..magic.len().min(4)].copy_from_slice(&magic[..magic.len().min(4)]);
    if &beginning == b"PK\x03\x04" {
        return Ok(Kind::Plain);
    }
    if !magic.starts_with(b"age-encryption.org/") {
        return Err(malformed(
            archive,
            "it is neither a zip nor encrypted with age",
        ));
    }
    let decryptor = age::Decryptor::new_buffered(input).map_err(|error| locked(archive, error))?;
    Ok(if decryptor.is_scrypt() {
        Kind::Passphrase
    } else {
        Kind::Recipients
    })
}

/// What a failed decryption means.
fn locked(archive: &Utf8Path, error: age::DecryptError) -> Error {
    use age::DecryptError as D;
    match error {
        D::DecryptionFailed | D::KeyDecryptionFailed | D::NoMatchingKeys => {
            Error::new(Code::ArchiveKeyWrong, "decrypting an archive")
                .with("path", archive)
                .because(error)
        }
        D::ExcessiveWork { .. } => malformed(
            archive,
            "its passphrase asks for more work than this computer should do",
        ),
        D::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            failed("decrypting an archive", archive, error)
        }
        error => {
            malformed(archive, "its encryption cannot be understood").because(error.to_string())
        }
    }
}

/// The error for an archive that should not be opened. The reason is a fragment for people.
fn malformed(archive: &Utf8Path, reason: &str) -> Error {
    Error::new(Code::ArchiveMalformed, "opening an archive")
        .with("path", archive)
        .with("reason", reason)
}

fn check_cancel(cancel: &CancellationToken, doing: &str) -> Result<()> {
    if cancel.is_cancelled() {
        Err(Error::new(Code::Cancelled, doing))
    } else {
        Ok(())
    }
}

/// Archives of the library's copies.
impl Engine {
    /// Writes an archive of a copy. A folder without hashes gets them first, so that the archive vouches for every byte.
    pub async fn export_copy(
        &self,
        id: CopyId,
        archive: Utf8PathBuf,
        lock: Option<Lock>,
        errand: u32,
        now: u64,
    ) -> Result<()> {
        let library = Arc::clone(&self.library);
        off_the_loop(move || {
            let folder = library.find(id)?;
            let reader = CopyReader::open(&folder)?;
            let errand = library
                .errands
                .begin(errand, reader.metadata().bytes_at_most());
            if reader.manifest().is_none() {
                crate::verify(&folder, now, &|_| {}, errand.cancel())?;
            }
            export(
                &folder,
                &archive,
                lock.as_ref(),
                &|bytes| errand.advance(bytes),
                errand.cancel(),
            )
        })
        .await
    }
}

#[cfg(test)]
mod tests;
