//! The calls of a canister's life. Each is a question to the network as data; whoever sends it decides how: directly, or as a step of
//! a job.
//!
//! All of these may be repeated: starting what runs, stopping what is stopped and setting what is set change nothing further, and what
//! is uninstalled or deleted already cannot be so a second time. [`is_gone`] tells the answer to a repeated deletion from a mistake.
//!
//! **The truth about stopping.** A canister is stopped when no call of it is open any more; until then it is *stopping*: it takes
//! no new calls. The network waits five minutes with the caller and then gives up with [`Code::StillStopping`]; the canister goes
//! on stopping. Nobody can tell from outside how many calls are open, only that there are some. Asking again waits again; starting
//! it calls the stop off.

use super::{About, settings::SettingsChange};
use crate::{CanisterId, Code, Error, Result, replica::Call};
use candid::{CandidType, Principal};

#[derive(CandidType)]
struct UpdateSettings<'a> {
    canister_id: Principal,
    settings: &'a SettingsChange,
}

/// Lets it take calls again; calls off a stop that is under way.
pub(crate) fn start(id: CanisterId) -> Result<Call<()>> {
    Call::manage(id, "start_canister", (About::from(id),))
}

/// Lets it take no more calls, and waits until none is open.
pub(crate) fn stop(id: CanisterId) -> Result<Call<()>> {
    Call::manage(id, "stop_canister", (About::from(id),))
}

/// Removes module, memory, log and waiting parts of modules. Cycles, settings, history and snapshots stay.
pub(crate) fn uninstall(id: CanisterId) -> Result<Call<()>> {
    Call::manage(id, "uninstall_code", (About::from(id),))
}

/// Deletes a stopped canister with everything: cycles, snapshots, its id for ever.
pub(crate) fn delete(id: CanisterId) -> Result<Call<()>> {
    Call::manage(id, "delete_canister", (About::from(id),))
}

/// Changes settings; those that the change does not name stay.
pub(crate) fn update_settings(id: CanisterId, change: &SettingsChange) -> Result<Call<()>> {
    let arguments = UpdateSettings {
        canister_id: id.principal(),
        settings: change,
    };
    Call::manage(id, "update_settings", (arguments,))
}

/// Whether an error says that the canister does not exist (any more): the end that a deletion wants.
pub(crate) fn is_gone(error: &Error) -> bool {
    error.code == Code::CanisterNotFound
}
