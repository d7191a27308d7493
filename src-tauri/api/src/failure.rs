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
macro_rules! mirror {
    ($(#[doc = $doc:literal])+ $name:ident { $($variant:ident),+ $(,)? }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
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

mirror! {
    /// What went wrong. See [`canopic_engine::Code`].
    Code {
        ArgumentMalformed, Bug, Cancelled, CanisterBusy, CanisterNotFound, ClockOff, CopyUnfit, CyclesLow,
        FileUnreadable, FolderUnusable, IdentityExists, IdentityLocked, IdentityUnknown, IdMalformed,
        InterfaceMalformed, InterfaceMissing, InUse, JobNotFound, JournalDamaged, JournalFromNewerVersion,
        JournalUnusable, KeyCurveUnknown, KeyLost, KeyringBroken, KeyringLocked, KeyringMissing, KeyUnreadable,
        KeyUnsupported, MethodMissing, ModuleDiffers, ModuleMalformed, ModuleTooLarge, NameDiffers, NameTaken,
        NameUnusable, NoNetwork, NotAsPlanned, NotController, OnlyController, OutcomeUnknown, PassphraseNeeded,
        PassphraseTooShort, PassphraseWrong, PhraseDraftGone, PhraseUnconfirmed, PhraseWrong, PracticeFailed,
        Precondition, Refused, SettingsDamaged, SettingsFromNewerVersion, SlotsFull, SnapshotDiffers, SnapshotGone,
        StalePlan, StoreUnreadable, Throttled, Untrusted, VaultDamaged, VaultExists, VaultLocked, VaultMissing,
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
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code.into(),
            certainty: error.certainty.into(),
            facts: error
                .facts
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            report: error.chain(),
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
