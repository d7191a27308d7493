//! The engine's one error.
//!
//! Modules keep small private errors and turn them into [`Error`] where they know what was being done. `Display` never repeats
//! the source: whoever shows an error walks [`std::error::Error::source`], and [`Error::chain`] does it for logs and reports.

use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// What went wrong, as far as somebody reacts to it differently.
///
/// A variant exists only while the front end has a sentence of its own for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Code {
    /// A network's address is plain HTTP and not on this computer.
    AddressInsecure,
    /// A network's address is not an address.
    AddressMalformed,
    /// A text is not a number.
    AmountMalformed,
    /// An amount of cycles does not even cover the fees.
    AmountTooSmall,
    /// A canister that was asked whether it is well answered otherwise than expected, or not at all.
    AnswerDiffers,
    /// This passphrase, or this key, does not open an encrypted archive.
    ArchiveKeyWrong,
    /// A file is not an archive of a copy, or one that should not be opened: links, two files of one name, sizes that lie.
    ArchiveMalformed,
    /// The arguments do not fit what the module or the method takes. The facts say where.
    ArgumentMalformed,
    /// The identity holds too few cycles to pay for this.
    BalanceTooLow,
    /// A defect in Canopic.
    Bug,
    /// A person called it off.
    Cancelled,
    /// A job is under way on the same canister.
    CanisterBusy,
    /// No canister with this id exists on this network.
    CanisterNotFound,
    /// The network's certificates are stale, or from the future: most likely this computer's clock is off.
    ClockOff,
    /// A copy vanished or was changed by something else while it was in use.
    CopyChanged,
    /// What lies in a copy is not what was stored.
    CopyDamaged,
    /// Something lies already where a copy should be made.
    CopyExists,
    /// A copy was made by a newer Canopic.
    CopyFromNewerVersion,
    /// Another program, or another part of this one, is writing to a copy.
    CopyInUse,
    /// A folder is not a copy of a snapshot, or cannot be understood as one.
    CopyMalformed,
    /// A copy was never finished.
    CopyUnfinished,
    /// A copy does not fit the canister that it is to be uploaded to.
    CopyUnfit,
    /// The cycles ledger could not make the canister and paid the cycles back, less its fee.
    CreationFailed,
    /// The canister holds too few cycles for this.
    CyclesLow,
    /// The disk has no room left.
    DiskFull,
    /// The file system of the place cannot hold a file of this size.
    FileTooLarge,
    /// A file that was picked cannot be read.
    FileUnreadable,
    /// A folder of the app cannot be made, read or written.
    FolderUnusable,
    /// A principal or canister id is not well-formed.
    IdMalformed,
    /// The same key is among the identities already.
    IdentityExists,
    /// The identity's key was locked, by hand or after a time. Somebody has to unlock it.
    IdentityLocked,
    /// No identity is called this here, or not on this network.
    IdentityUnknown,
    /// Another process of Canopic uses the same folders.
    InUse,
    /// An interface in Candid cannot be understood.
    InterfaceMalformed,
    /// The canister does not publish its interface, and this needs one.
    InterfaceMissing,
    /// No job has this number, or it is not in a state for this.
    JobNotFound,
    /// The journal of jobs cannot be understood.
    JournalDamaged,
    /// The journal of jobs was written by a newer Canopic.
    JournalFromNewerVersion,
    /// The disk has no room left for the journal of jobs: nothing is done until it has.
    JournalFull,
    /// The journal of jobs may be read and not written: nothing is done without it.
    JournalReadOnly,
    /// The journal of jobs cannot be opened or written: nothing is done without it.
    JournalUnusable,
    /// A file with a key does not say which kind of key it is.
    KeyCurveUnknown,
    /// The keyring is open and no longer holds the identity's key.
    KeyLost,
    /// Something is not a private key, or only a part of one.
    KeyUnreadable,
    /// A private key is of a kind that Canopic cannot use.
    KeyUnsupported,
    /// The system's keyring answers with errors, or not at all.
    KeyringBroken,
    /// The system's keyring is locked, and nobody opened it.
    KeyringLocked,
    /// This system has no keyring that programs can use.
    KeyringMissing,
    /// The interface has no such method.
    MethodMissing,
    /// After an installation the canister has another module than the one that was sent.
    ModuleDiffers,
    /// A file is not a canister module.
    ModuleMalformed,
    /// A module is larger than the network takes.
    ModuleTooLarge,
    /// A name that was typed as a confirmation is another one.
    NameDiffers,
    /// Another identity has this name.
    NameTaken,
    /// A name is empty, too long, or cannot be shown.
    NameUnusable,
    /// The network is in use, so it cannot be forgotten.
    NetworkInUse,
    /// No network of this name is known.
    NetworkUnknown,
    /// This computer has no file manager that could be asked to show something.
    NoFileManager,
    /// The network cannot be reached.
    NoNetwork,
    /// What was done does not show in the world as it was planned.
    NotAsPlanned,
    /// The caller is not a controller of the canister.
    NotController,
    /// The id lies outside every range of this network: it belongs to another one.
    NotOnThisNetwork,
    /// The identity is the only known controller of a canister, and its key was never exported.
    OnlyController,
    /// The network has not written a snapshot out yet, so it cannot be loaded elsewhere: it can be after the next checkpoint.
    NotYetLoadable,
    /// A change was sent, and neither the network nor the world tells whether it happened.
    OutcomeUnknown,
    /// A key is protected by a passphrase, and none was given.
    PassphraseNeeded,
    /// A passphrase is too short to protect anything.
    PassphraseTooShort,
    /// A passphrase does not open what it should open.
    PassphraseWrong,
    /// A new recovery phrase was not confirmed in time, or another one took its place.
    PhraseDraftGone,
    /// Words of a new recovery phrase were not repeated as they were shown.
    PhraseUnconfirmed,
    /// A recovery phrase is not one. The facts say which word, or that the words do not belong together.
    PhraseWrong,
    /// What was picked in a dialog or dropped is not known any more.
    PickGone,
    /// The practice network did not start.
    PracticeFailed,
    /// This is for the practice network only, and another one is in use.
    PracticeOnly,
    /// The current state of the canister does not allow this; not because something broke.
    Precondition,
    /// The folder holds no project.
    ProjectNotFound,
    /// A project's folder cannot be read.
    ProjectUnreadable,
    /// The network is locked: it is read, and nothing is changed until a person unlocks it.
    ReadOnly,
    /// A record of activity is not as it was when it was exported.
    RecordBroken,
    /// A file is no record of activity.
    RecordUnreadable,
    /// The network refused for a reason that has no code of its own.
    Refused,
    /// The network shows another root key than the one that it is known by.
    RootKeyChanged,
    /// A root key is not a root key.
    RootKeyMalformed,
    /// The record of past cycles and memory cannot be read or written.
    SamplesUnusable,
    /// A setting is outside what the network takes. The facts name it, its value and the limit.
    SettingUnfit,
    /// The settings file cannot be understood.
    SettingsDamaged,
    /// The settings file was written by a newer Canopic.
    SettingsFromNewerVersion,
    /// The canister has as many snapshots as it may have.
    SlotsFull,
    /// A canister has not answered in time; it may yet.
    SlowAnswer,
    /// The snapshot on the network is not the one that the copy was begun from.
    SnapshotDiffers,
    /// The snapshot is not there, or not any more.
    SnapshotGone,
    /// The world has changed since the plan was made.
    StalePlan,
    /// The canister waits for open calls; the network gave up waiting with it, and it is still stopping.
    StillStopping,
    /// The identities of another tool cannot be read.
    StoreUnreadable,
    /// A name or note is longer than what is kept.
    TextTooLong,
    /// The network asks to slow down.
    Throttled,
    /// An answer came that the network's root key does not vouch for.
    Untrusted,
    /// The vault file is not a vault file, or a newer one.
    VaultDamaged,
    /// There is a vault file already.
    VaultExists,
    /// The vault file is locked. Its passphrase opens it.
    VaultLocked,
    /// There is no vault file.
    VaultMissing,
}

/// What is known about the world after an error. It decides the words and the buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Certainty {
    /// Nothing left this computer that could change anything.
    NothingSent,
    /// The network refused, and a certificate proves it.
    Refused,
    /// A single machine of the network refused, without proof.
    RefusedUnproven,
    /// A change was sent and nobody knows whether it happened. It must be looked up, never sent again.
    Unknown,
}

/// A result of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause below an [`Error`].
type Source = Box<dyn std::error::Error + Send + Sync>;

/// Everything that is known about a failure.
#[derive(Debug)]
pub struct Error {
    /// What went wrong.
    pub code: Code,
    /// What was being done, as a fragment: "stopping canister rrkah-…".
    pub doing: String,
    /// What is known about the world now.
    pub certainty: Certainty,
    /// Values for the sentence that the front end says: paths, ids, versions. Never secrets.
    pub facts: BTreeMap<Cow<'static, str>, String>,
    source: Option<Source>,
}

impl Error {
    /// An error before anything left this computer.
    pub fn new(code: Code, doing: impl Into<String>) -> Self {
        Self {
            code,
            doing: doing.into(),
            certainty: Certainty::NothingSent,
            facts: BTreeMap::new(),
            source: None,
        }
    }

    /// The same error with the cause below it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error with a value for its sentence.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl fmt::Display) -> Self {
        self.facts.insert(name.into(), value.to_string());
        self
    }

    /// The same error with another certainty.
    #[must_use]
    pub fn certainty(mut self, certainty: Certainty) -> Self {
        self.certainty = certainty;
        self
    }

    /// The error and all causes below it, outermost first.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}, {:?})", self.doing, self.code, self.certainty)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_every_cause_once() {
        let cause = std::io::Error::other("disk on fire");
        let error = Error::new(Code::FolderUnusable, "reading settings").because(cause);
        assert_eq!(
            error.chain(),
            "reading settings (FolderUnusable, NothingSent): disk on fire",
            "Display does not repeat the source, so the chain names it exactly once"
        );
    }
}
