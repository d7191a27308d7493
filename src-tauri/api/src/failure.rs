//! The one error that crosses to the front end, made from the engine's.

use canopic_engine::{self as engine, Error};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Display, sync::Arc};
use ts_rs::TS;

/// What went wrong and what is known now. The sentence is the front end's, chosen by `code` and filled with `facts`.
#[derive(Clone, Debug, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Which sentence.
    pub code: Code,
    /// What is known about the world now.
    pub certainty: Certainty,
    /// Values for the sentence.
    pub facts: BTreeMap<String, String>,
    /// The technical detail, for support.
    pub report: String,
}

/// Mirrors one of the engine's enums on the wire: a variant that is missing here does not compile.
#[macro_export]
macro_rules! mirror {
    ($(#[doc = $doc:literal])+ $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
        #[serde(rename_all = "camelCase")]
        #[expect(missing_docs, reason = "documented where the engine declares them")]
        pub enum $name { $($variant),+ }

        impl From<engine::$name> for $name {
            fn from(value: engine::$name) -> Self {
                match value { $(engine::$name::$variant => Self::$variant),+ }
            }
        }
    };
}

pub(crate) use mirror;

mirror! {
    /// What went wrong. See [`canopic_engine::Code`].
    Code {
        AddressInsecure, AddressMalformed, AmountMalformed, AmountTooSmall, AnswerDiffers, ArchiveKeyWrong, ArchiveMalformed, ArgumentMalformed,
        BalanceTooLow, Bug, Cancelled, CanisterBusy, CanisterNotFound, ClockOff, CopyChanged, CopyDamaged, CopyExists,
        CopyFromNewerVersion, CopyInUse, CopyMalformed, CopyUnfinished, CopyUnfit, CreationFailed, CyclesLow, DiskFull,
        FileTooLarge, FileUnreadable, FolderUnusable, IdMalformed, IdentityExists, IdentityLocked, IdentityUnknown, InUse,
        InterfaceMalformed, InterfaceMissing, JobNotFound, JournalDamaged, JournalFromNewerVersion, JournalFull, JournalReadOnly,
        JournalUnusable,
        KeyCurveUnknown, KeyLost, KeyUnreadable, KeyUnsupported, KeyringBroken, KeyringLocked, KeyringMissing, MethodMissing,
        ModuleDiffers, ModuleMalformed, ModuleTooLarge, NameDiffers, NameTaken, NameUnusable, NetworkInUse, NetworkUnknown,
        NoFileManager, NoNetwork, NotAsPlanned, NotController, NotOnThisNetwork, OnlyController, NotYetLoadable, OutcomeUnknown, PassphraseNeeded,
        PassphraseTooShort, PassphraseWrong, PhraseDraftGone, PhraseUnconfirmed, PhraseWrong, PickGone, PracticeFailed, PracticeOnly,
        Precondition, ProjectNotFound, ProjectUnreadable, ReadOnly, RecordBroken, RecordUnreadable, Refused, RootKeyChanged, RootKeyMalformed, SamplesUnusable, SettingUnfit,
        SettingsDamaged, SettingsFromNewerVersion, SlotsFull, SlowAnswer, SnapshotDiffers, SnapshotGone, StalePlan, StillStopping,
        StoreUnreadable, TextTooLong, Throttled, Untrusted, VaultDamaged, VaultExists, VaultLocked, VaultMissing,
    }
}

mirror! {
    /// What is known about the world now. See [`canopic_engine::Certainty`].
    Certainty { NothingSent, Refused, RefusedUnproven, Unknown }
}

impl Failure {
    /// A defect in Canopic itself.
    pub fn bug(doing: &str, cause: &dyn Display) -> Self {
        Error::new(engine::Code::Bug, doing)
            .because(cause.to_string())
            .into()
    }

    /// Whether a file of choices is what cannot be used; `path` among the facts says which.
    pub(crate) fn is_about_settings(&self) -> bool {
        matches!(
            self.code,
            Code::SettingsDamaged | Code::SettingsFromNewerVersion
        )
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code.into(),
            certainty: error.certainty.into(),
            facts: error
                .facts
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect(),
            report: error.chain(),
        }
    }
}

impl From<&engine::JobFailure> for Failure {
    fn from(failure: &engine::JobFailure) -> Self {
        Self {
            code: failure.code.into(),
            certainty: failure.certainty.into(),
            facts: failure.facts.clone(),
            report: failure.report.clone(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<Arc<Error>> for Failure {
    fn from(error: Arc<Error>) -> Self {
        Self::from(&*error)
    }
}
