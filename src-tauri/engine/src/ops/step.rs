//! What a plan is made of: the table of all steps, and what each of them can do.

use super::{
    check_call, copies, cycles, drill, install, lifecycle, removal, restore, send, settings,
    snapshots, upgrade,
};
use crate::{CanisterId, Result, runner::Work};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Makes, from one line per step: the enum [`Step`] that a plan is a list of, its names, and the way to its verb.
macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $step:ident($verb:ty),)+) => {
        /// A step of a plan, as data.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "step", rename_all = "camelCase")]
        pub enum Step { $($(#[doc = $doc])+ $step($verb),)+ }

        /// What a step does, as far as there are words for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum StepName { $($(#[doc = $doc])+ $step,)+ }

        impl Step {
            /// What it does.
            pub fn name(&self) -> StepName {
                match self { $(Self::$step(_) => StepName::$step,)+ }
            }

            pub(crate) fn verb(&self) -> &dyn Verb {
                match self { $(Self::$step(verb) => verb,)+ }
            }
        }

        $(impl From<$verb> for Step {
            fn from(verb: $verb) -> Self {
                Self::$step(verb)
            }
        })+
    };
}

steps! {
    /// Puts a canister that was made on the board.
    AddToBoard(cycles::AddToBoard),
    /// Makes a canister from the identity's cycles.
    Buy(cycles::Buy),
    /// Changes settings.
    ChangeSettings(settings::ChangeSettings),
    /// Deletes a canister.
    Delete(removal::Delete),
    /// Has the network give a canister cycles.
    Give(cycles::Give),
    /// Pays cycles from the identity's account to a canister.
    Pay(cycles::Pay),
    /// Puts the module in place that sends a canister's cycles away.
    PutMessenger(removal::PutMessenger),
    /// Has the network make a canister.
    Receive(cycles::Receive),
    /// Sends the cycles of a canister to the identity's account.
    SendCycles(removal::SendCycles),
    /// Removes the module of a canister.
    Uninstall(removal::Uninstall),
    /// Lets a canister take calls again.
    Start(lifecycle::Start),
    /// Lets a canister take no more calls.
    Stop(lifecycle::Stop),
    /// Takes a snapshot.
    TakeSnapshot(snapshots::Take),
    /// Sends the chunks of a module to the canister's chunk store.
    UploadModule(install::UploadModule),
    /// Installs a module.
    InstallCode(install::InstallCode),
    /// Empties the chunk store again.
    ClearChunks(install::ClearChunks),
    /// Checks that a certificate shows the module.
    VerifyModule(install::VerifyModule),
    /// Fetches a snapshot into a folder.
    FetchSnapshot(copies::Fetch),
    /// Holds every byte of a copy against its hash.
    VerifyCopy(copies::Verify),
    /// Makes a snapshot of zeros, as large as the copy's.
    MakeSnapshot(copies::Make),
    /// Sends everything of a copy that is not zero.
    FillSnapshot(copies::Fill),
    /// Reads back what was sent.
    CompareSnapshot(copies::Compare),
    /// Deletes the snapshot that the new one replaces.
    DeleteReplaced(copies::Replace),
    /// Fetches again what a copy has lost.
    MendCopy(copies::Mend),
    /// Puts a snapshot's state in place of the canister's.
    LoadSnapshot(restore::Load),
    /// Looks whether the canister is as planned.
    Verify(restore::Verify),
    /// Deletes a snapshot.
    DeleteSnapshot(snapshots::DeleteSnapshot),
    /// Upgrades a canister whose state is kept as a snapshot.
    UpgradeCode(upgrade::UpgradeCode),
    /// Asks a canister whether it is well.
    CheckAnswer(check_call::CheckAnswer),
    /// Makes a throw-away canister.
    MakeTrial(drill::MakeTrial),
    /// Loads a snapshot into the throw-away canister.
    LoadTrial(drill::LoadTrial),
    /// Deletes the throw-away canister.
    DeleteTrial(drill::DeleteTrial),
    /// Notes in a copy that it was restored, with success.
    StampCopy(drill::StampCopy),
    /// Fetches a snapshot that goes to another canister.
    FetchToSend(send::FetchToSend),
    /// Waits until the network has written a snapshot out.
    AwaitCheckpoint(send::AwaitCheckpoint),
    /// Deletes the copy that was only a means.
    DropCopy(send::DropCopy),
}

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It changes nothing.
    Observe,
    /// Doing it again changes nothing more.
    Repeatable,
    /// It must not happen twice.
    Once,
}

/// Whether a call took effect, as the world shows it.
#[derive(Debug)]
pub(crate) enum Happened {
    /// It did not.
    No,
    /// It did, with what came of it.
    Yes(Value),
    /// The world does not tell.
    Unclear,
}

/// What a step can do. See the head of the module for the rules.
#[async_trait]
pub(crate) trait Verb: Send + Sync {
    /// The canister that it works on.
    fn canister(&self) -> CanisterId;

    /// How often it may be done.
    fn kind(&self) -> Kind;

    /// Whether it stays done when the job turns back.
    fn is_lasting(&self) -> bool {
        false
    }

    /// Whether a failure leaves the job where it is, for a person, instead of turning it back.
    fn is_left_to_a_person(&self) -> bool {
        false
    }

    /// Whether it waits where the network has not written out yet what is loaded. Not where somebody misses the canister meanwhile.
    fn waits_for_checkpoint(&self) -> bool {
        true
    }

    /// What has to be known of the world to tell later whether the call took effect.
    async fn before(&self, _work: &Work) -> Result<Value> {
        Ok(Value::Null)
    }

    /// Does it, and says what came of it.
    async fn run(&self, work: &Work) -> Result<Value>;

    /// Whether the call that was sealed in the world `before` took effect.
    async fn check(&self, _work: &Work, _before: &Value) -> Result<Happened> {
        Ok(Happened::Unclear)
    }

    /// Whether taking it back calls off what the network is at right now, so that a person who wants the job to end need not wait for it.
    async fn is_undo_enough(&self, _work: &Work) -> bool {
        false
    }

    /// Takes it back. Looks first.
    async fn undo(&self, _work: &Work, _output: Option<&Value>) -> Result<()> {
        Ok(())
    }
}
