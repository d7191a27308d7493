//! What can be asked for. An operation crosses as ids and decimal numbers; [`Op::read`] makes the engine's of it, and gives what is paid
//! its moment: from there on it is one payment, however often it is sent.

use crate::{
    calls::{Manner, all, both_ways},
    canisters::{Placement, Purse, SettingsChange, parse_amount},
    failure::Failure,
    installs::{InstallMode, UpgradeOptions},
};
use canopic_engine as engine;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use ts_rs::TS;

/// Something to ask for. See [`canopic_engine::Op`].
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(
    tag = "op",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Op {
    /// Changes settings of a canister.
    ChangeSettings {
        /// Of which.
        canister: String,
        /// What is to become of them.
        change: SettingsChange,
    },
    /// Makes a canister.
    Create {
        /// Where.
        placement: Placement,
        /// Its settings; what they do not name is as usual.
        settings: SettingsChange,
        /// Cycles, decimal.
        amount: String,
        /// Who pays; null: as the network has it.
        purse: Option<Purse>,
        /// What it is called on the board; empty for its id.
        name: String,
    },
    /// Deletes a canister for ever, with all that is in it.
    Delete {
        /// Which.
        canister: String,
        /// Whether its cycles are sent to the identity's account in the cycles ledger before.
        withdraws: bool,
        /// The snapshot whose place the safety snapshot takes that is needed for it; null: there is room.
        replace: Option<String>,
    },
    /// Lets a canister take calls again.
    Start {
        /// Which.
        canister: String,
    },
    /// Lets a canister take no more calls.
    Stop {
        /// Which.
        canister: String,
    },
    /// Takes a snapshot.
    TakeSnapshot {
        /// Of which canister.
        canister: String,
        /// Whether it is stopped meanwhile, if it runs.
        is_stopped_meanwhile: bool,
        /// The snapshot whose place it takes; that one is gone afterwards.
        replace: Option<String>,
        /// What people will call it.
        name: String,
        /// What people want to remember of it.
        note: String,
    },
    /// Copies a snapshot into the library.
    DownloadSnapshot {
        /// Of which canister.
        canister: String,
        /// Which of its snapshots.
        snapshot: String,
        /// What people will call the copy.
        name: String,
        /// The unfinished copy of it that is gone on with.
        copy: Option<String>,
    },
    /// Makes a snapshot of a copy.
    UploadCopy {
        /// Of which canister it will be a snapshot.
        canister: String,
        /// Which copy of the library.
        copy: String,
        /// The snapshot that is not needed any more afterwards.
        replace: Option<String>,
        /// Whether all of it is read back and compared afterwards, instead of a sample.
        compares_all: bool,
    },
    /// Fetches again what a copy has lost.
    RepairCopy {
        /// The canister of the snapshot that it is of.
        canister: String,
        /// Which copy of the library.
        copy: String,
    },
    /// Gives cycles to a canister.
    TopUp {
        /// To which.
        canister: String,
        /// Cycles, decimal.
        amount: String,
        /// Who pays; null: as the network has it.
        purse: Option<Purse>,
    },
    /// Removes the module of a canister, and all memory.
    Uninstall {
        /// Of which.
        canister: String,
    },
    /// Installs a module that was read before.
    Install {
        /// Where.
        canister: String,
        /// The hash of the module.
        module: String,
        /// How.
        mode: InstallMode,
        /// What the module is told: the bytes, hexadecimal.
        argument: String,
    },
    /// Upgrades a canister with a safety snapshot below, and asks it afterwards whether it is well.
    Upgrade {
        /// Which.
        canister: String,
        /// The hash of the new module, which was read before.
        module: String,
        /// The details.
        options: UpgradeOptions,
        /// What the module is told: the bytes, hexadecimal.
        argument: String,
        /// What is asked afterwards.
        checks: Vec<CheckCall>,
        /// What happens if the canister answers otherwise than expected.
        on_failure: OnFailure,
        /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
        replace: Option<String>,
    },
    /// Takes a snapshot of each of several canisters, as one restore point.
    TakeSnapshots {
        /// Which, in the order in which they are stopped.
        canisters: Vec<String>,
        /// Their snapshots that give way where the slots of one are used up; they are gone afterwards.
        replace: Vec<String>,
    },
    /// Puts a snapshot's state in place of a canister's, after a safety snapshot of that.
    Restore {
        /// Which canister.
        canister: String,
        /// Its snapshot.
        snapshot: String,
        /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
        replace: Option<String>,
    },
    /// The same for several canisters, as one.
    RestoreSnapshots {
        /// Which, in the order in which they are stopped.
        restores: Vec<Restore>,
    },
    /// Puts one canister's snapshot into another one: directly on the same subnet, otherwise through a copy.
    SendSnapshot {
        /// Whose snapshot.
        source: String,
        /// Which.
        snapshot: String,
        /// Where to.
        target: String,
        /// Whether a person said that what is in the target may be replaced.
        may_replace: bool,
        /// Whether the target gets the source's settings, too.
        carries_settings: bool,
        /// Whether it goes through a copy although both are on the same subnet: then nobody waits for a checkpoint.
        through_copy: bool,
        /// The longest that somebody likes to wait until it can be loaded directly; where that may take longer it goes through a copy.
        /// Null: as long as it takes.
        waits_at_most_seconds: Option<u32>,
        /// The target's snapshots that give way where its slots are used up; the last one to the safety snapshot.
        replace: Vec<String>,
        /// What the copy that stays in the library will be called; null: none stays.
        keep_as: Option<String>,
    },
    /// Puts the state of a copy into a canister, after a safety snapshot of what is there.
    RestoreCopy {
        /// Which canister.
        canister: String,
        /// Which copy of the library.
        copy: String,
        /// Whether a person said that what is in the canister may be replaced.
        may_replace: bool,
        /// The canister's snapshots that give way where its slots are used up; the last one to the safety snapshot.
        replace: Vec<String>,
    },
    /// Finds out in a throw-away canister of the same subnet whether a snapshot can be restored.
    Drill {
        /// Whose snapshot.
        canister: String,
        /// Which.
        snapshot: String,
        /// What the throw-away canister is asked.
        checks: Vec<CheckCall>,
        /// Who pays for the throw-away canister; null: as the network has it.
        purse: Option<Purse>,
    },
    /// Finds out in a throw-away canister of the network in use whether a copy can be restored.
    DrillCopy {
        /// Which copy of the library.
        copy: String,
        /// What the throw-away canister is asked.
        checks: Vec<CheckCall>,
        /// Who pays for the throw-away canister; null: as the network has it.
        purse: Option<Purse>,
    },
    /// Deletes snapshots for ever.
    DeleteSnapshots {
        /// Of which canister.
        canister: String,
        /// Which.
        snapshots: Vec<String>,
    },
}

both_ways! {
    /// What happens if an upgraded canister answers otherwise than expected: a person is offered to restore, or it is restored.
    OnFailure = OnFailure { Offer, Restore }
}

/// A call whose answer tells whether a canister is well.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckCall {
    /// Which method.
    pub method: String,
    /// How it is called.
    pub manner: Manner,
    /// With what, as Candid text.
    pub arguments: String,
    /// What it should answer, as Candid text; null: any answer will do, as long as it is one.
    pub expected: Option<String>,
}

impl From<CheckCall> for engine::CheckCall {
    fn from(call: CheckCall) -> Self {
        Self {
            method: call.method,
            manner: call.manner.into(),
            arguments: call.arguments,
            expected: call.expected,
        }
    }
}

impl From<engine::CheckCall> for CheckCall {
    fn from(call: engine::CheckCall) -> Self {
        Self {
            method: call.method,
            manner: call.manner.into(),
            arguments: call.arguments,
            expected: call.expected,
        }
    }
}

/// A canister and the snapshot that is restored there.
#[derive(Clone, Debug, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Restore {
    /// Which canister.
    pub canister: String,
    /// Its snapshot.
    pub snapshot: String,
    /// The snapshot whose place the safety snapshot takes; that one is gone afterwards.
    pub replace: Option<String>,
}

impl Restore {
    fn read(self) -> Result<engine::Restore, Failure> {
        Ok(engine::Restore {
            canister: self.canister.parse()?,
            snapshot: self.snapshot.parse()?,
            replace: self.replace.as_deref().map(str::parse).transpose()?,
        })
    }
}

fn parsed<T: std::str::FromStr<Err = engine::Error>>(
    texts: Vec<String>,
) -> Result<Vec<T>, Failure> {
    texts
        .into_iter()
        .map(|text| text.parse().map_err(Failure::from))
        .collect()
}

impl Op {
    pub(super) fn read(self, engine: &engine::Engine) -> Result<engine::Op, Failure> {
        Ok(match self {
            Self::ChangeSettings { canister, change } => engine::Op::ChangeSettings {
                canister: canister.parse()?,
                change: Box::new(change.try_into()?),
            },
            Self::Create {
                placement,
                settings,
                amount,
                purse,
                name,
            } => engine::Op::Create {
                creation: Box::new(engine::Creation {
                    placement: placement.try_into()?,
                    settings: settings.try_into()?,
                    payment: payment(&amount)?,
                    purse: purse.map(Into::into),
                    name,
                }),
            },
            Self::Delete {
                canister,
                withdraws,
                replace,
            } => engine::Op::Delete {
                canister: canister.parse()?,
                withdraws,
                replace: replace.as_deref().map(str::parse).transpose()?,
            },
            Self::TopUp {
                canister,
                amount,
                purse,
            } => engine::Op::TopUp(engine::TopUp {
                canister: canister.parse()?,
                payment: payment(&amount)?,
                purse: purse.map(Into::into),
            }),
            Self::DownloadSnapshot {
                canister,
                snapshot,
                name,
                copy,
            } => engine::Op::DownloadSnapshot(engine::DownloadSnapshot {
                canister: canister.parse()?,
                snapshot: snapshot.parse()?,
                folder: match copy {
                    Some(copy) => engine.copy_folder(copy.parse()?)?,
                    None => engine.place_for_copy(&name)?,
                },
                name,
            }),
            Self::UploadCopy {
                canister,
                copy,
                replace,
                compares_all,
            } => engine::Op::UploadCopy(engine::UploadCopy {
                canister: canister.parse()?,
                folder: engine.copy_folder(copy.parse()?)?,
                replace: replace.as_deref().map(str::parse).transpose()?,
                compares_all,
            }),
            Self::RepairCopy { canister, copy } => engine::Op::RepairCopy(engine::RepairCopy {
                canister: canister.parse()?,
                folder: engine.copy_folder(copy.parse()?)?,
            }),
            Self::Uninstall { canister } => engine::Op::Uninstall {
                canister: canister.parse()?,
            },
            Self::Start { canister } => engine::Op::Start {
                canister: canister.parse()?,
            },
            Self::Stop { canister } => engine::Op::Stop {
                canister: canister.parse()?,
            },
            Self::TakeSnapshot {
                canister,
                is_stopped_meanwhile,
                replace,
                name,
                note,
            } => engine::Op::TakeSnapshot(engine::TakeSnapshot {
                canister: canister.parse()?,
                is_stopped_meanwhile,
                replace: replace.as_deref().map(str::parse).transpose()?,
                name,
                note,
            }),
            Self::Install {
                canister,
                module,
                mode,
                argument,
            } => engine::Op::Install(engine::InstallModule {
                canister: canister.parse()?,
                module: module.parse()?,
                mode: mode.into(),
                argument,
            }),
            Self::TakeSnapshots { canisters, replace } => engine::Op::TakeSnapshots {
                canisters: parsed(canisters)?,
                replace: parsed(replace)?,
            },
            Self::Restore {
                canister,
                snapshot,
                replace,
            } => {
                let wish = Restore {
                    canister,
                    snapshot,
                    replace,
                };
                engine::Op::Restore(wish.read()?)
            }
            Self::RestoreSnapshots { restores } => engine::Op::RestoreSnapshots {
                restores: restores
                    .into_iter()
                    .map(Restore::read)
                    .collect::<Result<_, _>>()?,
            },
            Self::SendSnapshot {
                source,
                snapshot,
                target,
                may_replace,
                carries_settings,
                through_copy,
                waits_at_most_seconds,
                replace,
                keep_as,
            } => {
                let (source, target): (engine::CanisterId, engine::CanisterId) =
                    (source.parse()?, target.parse()?);
                let on_its_way = || format!("{source} to {target}");
                engine::Op::SendSnapshot(engine::SendSnapshot {
                    source,
                    snapshot: snapshot.parse()?,
                    target,
                    may_replace,
                    carries_settings,
                    through_copy,
                    waits_at_most_seconds: waits_at_most_seconds.map(u64::from),
                    replace: parsed(replace)?,
                    folder: engine.place_for_copy(&keep_as.clone().unwrap_or_else(on_its_way))?,
                    keep_as,
                })
            }
            Self::RestoreCopy {
                canister,
                copy,
                may_replace,
                replace,
            } => engine::Op::RestoreCopy(engine::RestoreCopy {
                canister: canister.parse()?,
                folder: engine.copy_folder(copy.parse()?)?,
                may_replace,
                replace: parsed(replace)?,
            }),
            Self::Drill {
                canister,
                snapshot,
                checks,
                purse,
            } => engine::Op::Drill(engine::Drill {
                canister: canister.parse()?,
                snapshot: snapshot.parse()?,
                checks: all(checks),
                purse: purse.map(Into::into),
                asked_at: now(),
            }),
            Self::DrillCopy {
                copy,
                checks,
                purse,
            } => engine::Op::DrillCopy(engine::DrillCopy {
                folder: engine.copy_folder(copy.parse()?)?,
                checks: all(checks),
                purse: purse.map(Into::into),
                asked_at: now(),
            }),
            Self::Upgrade {
                canister,
                module,
                options,
                argument,
                checks,
                on_failure,
                replace,
            } => engine::Op::Upgrade(engine::Upgrade {
                canister: canister.parse()?,
                module: module.parse()?,
                options: options.into(),
                argument,
                checks: all(checks),
                on_failure: on_failure.into(),
                replace: replace.as_deref().map(str::parse).transpose()?,
            }),
            Self::DeleteSnapshots {
                canister,
                snapshots,
            } => engine::Op::DeleteSnapshots {
                canister: canister.parse()?,
                snapshots: parsed(snapshots)?,
            },
        })
    }
}

/// This moment, in nanoseconds since 1970: what is paid is known by it, however often it is sent.
fn now() -> u64 {
    engine::Payment::new(0, SystemTime::now()).made_at
}

/// A payment of this moment: from here on it is this one, however often it is sent.
fn payment(amount: &str) -> Result<engine::Payment, Failure> {
    Ok(engine::Payment::new(
        parse_amount(amount)?,
        SystemTime::now(),
    ))
}
