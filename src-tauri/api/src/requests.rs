//! Every request, declared once.

use crate::{
    activity::{Activity, Form, LeftStopped, VerifiedRecord, Wanted},
    calls::{ArgumentForms, Arguments, CallAnswer, Interface, Manner, RecentCall},
    canisters::{
        Balance, Board, Canister, CreationPlan, CustomSection, History, Log, LogFilter, Placement,
        Purse, Review, SettingsChange,
    },
    closing::{self, Closing},
    computer::Computer,
    copies::{
        ArchiveLock, CopyComparison, CopyInspection, CopyPart, DeletedCopy, Errand, Finds, Library,
        MemoryMap, Needle, Verification,
    },
    dropped::{ArchiveKey, Dropped},
    failure::Failure,
    feed::{self, News},
    identities::{
        Algorithm, FoundStore, IdentityListing, KeySource, Loss, NewPhrase, Newcomer, Secret,
    },
    installs::{InstallPlan, InstallWish, Module, UpgradeOptions},
    jobs::{Begun, CheckCall, Confirmed, Op, Plan, Planned},
    lessons::{Lesson, LessonName},
    networks::{GivenKey, NetworkListing, Probe, Scope},
    notices::Notices,
    picks::Picks,
    projects::Project,
    timeline::Timeline,
    watch::{Hit, Label},
    wire::{self, Appearance, Session},
};
use canopic_engine::{Engine, Error, Folders, PracticeDoor, set_aside};
use futures::Stream;
use serde::Deserialize;
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
};

/// Makes, from one declaration per request: the enum [`Request`], its dispatch to the method of [`Api`] with the same name, and the
/// TypeScript interface `Requests`. A request without a method, or with another reply, does not compile.
macro_rules! requests {
    ($($(#[doc = $doc:literal])+ $request:ident => $method:ident($($name:ident: $parameter:ty),*) -> $reply:ty;)+) => {
        /// Something that the front end asks.
        #[derive(Debug, Deserialize)]
        #[serde(tag = "request", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
        pub enum Request {
            $($(#[doc = $doc])+ $request { $(#[doc = stringify!($name)] $name: $parameter),* },)+
        }

        impl Request {
            /// What logs may say of a request: never its parameters, which can be secrets.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$request { .. } => stringify!($method)),+ }
            }
        }

        impl Api {
            async fn dispatch(&self, request: Request) -> Result<serde_json::Value, Failure> {
                match request {
                    $(Request::$request { $($name),* } => {
                        let reply: $reply = self.$method($($name),*).await?;
                        serde_json::to_value(reply).map_err(|error| Failure::bug("writing a reply", &error))
                    })+
                }
            }
        }

        /// The declarations, for the generator of TypeScript.
        pub(crate) fn declare(collector: &mut crate::typescript::Collector) {
            $(
                collector.begin(stringify!($method), concat!($($doc),+));
                $(collector.parameter::<$parameter>(stringify!($name));)*
                collector.reply::<$reply>();
            )+
        }
    };
}

requests! {
    /// Where we are, who we are, and the choices in force.
    Session => session() -> Session;
    /// All canisters that are looked after, with what is known of each right now.
    Canisters => canisters() -> Board;
    /// One canister, watched or not, by a cheap question or with a certificate.
    ReadCanister => read_canister(canister: String, certified: bool) -> Canister;
    /// What a canister's module tells about itself, certified.
    CanisterMetadata => canister_metadata(canister: String) -> Vec<CustomSection>;
    /// What a canister held since a moment, in milliseconds since 1970.
    CanisterHistory => canister_history(canister: String, since: f64) -> History;
    /// The log of a canister, or a part of it. Following it is asking again from `next`.
    CanisterLog => canister_log(canister: String, filter: LogFilter) -> Log;
    /// The cycles of the identity in use.
    Balance => balance() -> Balance;
    /// What it would mean to make a canister, before anything is paid.
    PlanCreation => plan_creation(placement: Placement, settings: SettingsChange, amount: String, purse: Option<Purse>) -> CreationPlan;
    /// What a change of settings would mean, before it is sent.
    ReviewSettings => review_settings(canister: String, change: SettingsChange) -> Review;
    /// Starts a canister.
    StartCanister => start_canister(canister: String) -> Canister;
    /// Stops a canister.
    StopCanister => stop_canister(canister: String) -> Canister;
    /// Chooses light, dark or the system's.
    ChooseAppearance => choose_appearance(appearance: Appearance) -> Session;
    /// Switches the system's notifications off, or on again.
    ChooseQuiet => choose_quiet(is_quiet: bool) -> Session;
    /// Tries once more to open the app's state after a failed start.
    Reopen => reopen() -> Session;
    /// Moves settings that cannot be read out of the way, whole, and opens the app's state without them.
    SetSettingsAside => set_settings_aside() -> Session;

    // Jobs.
    /// What an operation would do, from the world as it is; changes nothing.
    Plan => plan(op: Op) -> Plan;
    /// Begins the operation whose plan was confirmed, and answers with the job's number. Refused if the world has moved since.
    Run => run(op: Op, fingerprint: String) -> f64;
    /// The same over several canisters: a plan each, or why there is none.
    PlanEach => plan_each(ops: Vec<Op>) -> Vec<Planned>;
    /// Begins several operations whose plans were confirmed: a job each, or why there is none.
    RunEach => run_each(confirmed: Vec<Confirmed>) -> Vec<Begun>;
    /// Wants a job to end: it turns back as soon as nothing is in flight.
    Cancel => cancel(job: u32) -> ();
    /// Lets a job rest as soon as nothing is in flight; only what says that it may.
    Pause => pause(job: u32) -> ();
    /// Lets a paused job go on.
    GoOn => go_on(job: u32) -> ();
    /// Lets a stuck job try once more.
    Retry => retry(job: u32) -> ();
    /// Leaves the world of a stuck job as it is.
    Leave => leave(job: u32) -> ();
    /// The check calls that were made last on a canister of the network in use, to be made again.
    CheckCalls => check_calls(canister: String) -> Vec<CheckCall>;

    // The timeline.
    /// What a canister can go back to, and what happened in between. Never refused for want of rights: it says what is missing.
    Timeline => timeline(canister: String) -> Timeline;
    /// Names a snapshot on the network in use, and notes something about it.
    LabelSnapshot => label_snapshot(canister: String, snapshot: String, name: String, note: String) -> ();

    // Activity.
    /// What was done, newest first.
    Activity => activity(wanted: Wanted) -> Activity;
    /// Writes what was done to a file that was picked.
    ExportActivity => export_activity(form: Form, wanted: Wanted, pick: u32) -> ();
    /// Writes one job as a page to read and print to a file that was picked.
    SaveReport => save_report(job: u32, pick: u32) -> ();
    /// Whether a record that was picked is as it was when it was exported.
    VerifyActivity => verify_activity(pick: u32) -> VerifiedRecord;
    /// What was stopped and not started again.
    LeftStopped => left_stopped() -> Vec<LeftStopped>;
    /// Says that a canister stays stopped.
    KeepStopped => keep_stopped(canister: String, fingerprint: String) -> Vec<LeftStopped>;

    // The end of the app.
    /// Closes the app although jobs are under way: they go on at the next start.
    CloseAnyway => close_anyway() -> ();
    /// Does not close the app after all.
    StayOpen => stay_open() -> ();

    // Lessons.
    /// The lessons on the practice network, and how far each is.
    Lessons => lessons() -> Vec<Lesson>;
    /// Begins a lesson anew, with canisters of its own.
    BeginLesson => begin_lesson(lesson: LessonName) -> Vec<Lesson>;

    // Networks.
    /// All networks that can be chosen. None but those on this computer is asked anything.
    Networks => networks() -> Vec<NetworkListing>;
    /// Asks a network who it is.
    ProbeNetwork => probe_network(network: String) -> Probe;
    /// Asks an address who is there, before it becomes a network.
    LookAtAddress => look_at_address(address: String) -> Probe;
    /// Adds a network.
    AddNetwork => add_network(name: String, address: String, key: GivenKey) -> Vec<NetworkListing>;
    /// Gives a network that a person entered another name.
    RenameNetwork => rename_network(network: String, name: String) -> Vec<NetworkListing>;
    /// Forgets a network that a person entered.
    RemoveNetwork => remove_network(network: String) -> Vec<NetworkListing>;
    /// Ends an alarm: the network is known by the root key of this fingerprint from now on.
    AcceptRootKey => accept_root_key(network: String, shown: String) -> Vec<NetworkListing>;
    /// Says whether a network that a person entered opens for reading only, as mainnet does.
    GuardNetwork => guard_network(network: String, is_guarded: bool) -> Vec<NetworkListing>;
    /// Lets the network in use be changed for a while. It locks again by itself.
    Unlock => unlock(scope: Scope) -> Session;
    /// Locks the network in use again.
    LockNetwork => lock_network() -> Session;
    /// Chooses the network to work on.
    ChooseNetwork => choose_network(network: String) -> Session;
    /// Ends the practice network; it starts again when it is next needed.
    StopPractice => stop_practice() -> ();
    /// Forgets all that happened on the practice network: the demo fleet is as new.
    ResetPractice => reset_practice() -> Session;

    // Interfaces and calls.
    /// What a canister can be asked; null where it publishes no interface.
    Interface => interface(canister: String) -> Option<Interface>;
    /// Calls a method. An update is sent once, whatever becomes of the answer.
    Call => call(canister: String, method: String, manner: Manner, arguments: Arguments, remember: bool) -> CallAnswer;
    /// Arguments of a method in every form, checked against its types. Nothing is sent.
    ConvertArguments => convert_arguments(canister: String, method: String, arguments: Arguments) -> ArgumentForms;
    /// The calls of late to a canister, the last one first.
    RecentCalls => recent_calls(canister: String) -> Vec<RecentCall>;
    /// Forgets the calls to a canister, or to all.
    ForgetCalls => forget_calls(canister: Option<String>) -> ();

    // Projects, and what a person picked.
    /// The projects that are open, as their files are now.
    Projects => projects() -> Vec<Project>;
    /// Opens the project in a folder that was picked.
    OpenProject => open_project(pick: u32) -> Vec<Project>;
    /// Forgets a project; its folder stays as it is.
    CloseProject => close_project(folder: String) -> Vec<Project>;
    /// Forgets something that was picked.
    DropPick => drop_pick(pick: u32) -> ();
    /// Writes a table or a picture that the page made to a file that was picked; its bytes are hexadecimal.
    SaveFile => save_file(pick: u32, content: String) -> ();
    // Identities.
    /// All identities. No key is read for it.
    Identities => identities() -> IdentityListing;
    /// Whether keys can be kept in the system's keyring; fails with what is missing. The keyring may ask a person to open it.
    ProbeKeyring => probe_keyring() -> ();
    /// Chooses who signs on the network in use.
    ChooseIdentity => choose_identity(identity: String) -> Session;
    /// The identities that are known to control a canister of the network in use.
    IdentitiesOf => identities_of(canister: String) -> Vec<String>;
    /// A new recovery phrase, to be shown once. One that was not confirmed is void.
    DraftIdentity => draft_identity(algorithm: Algorithm) -> NewPhrase;
    /// Makes an identity from the phrase that was shown, given the words that were asked for.
    ConfirmIdentity => confirm_identity(words: Vec<Secret>, newcomer: Newcomer) -> IdentityListing;
    /// Wipes a phrase that was not confirmed.
    DiscardDraft => discard_draft() -> ();
    /// Imports an identity.
    ImportIdentity => import_identity(source: KeySource, newcomer: Newcomer) -> IdentityListing;
    /// The identities that other tools keep on this computer. They are only read.
    FoundIdentities => found_identities() -> Vec<FoundStore>;
    /// Writes a key to a file, encrypted with a passphrase.
    ExportIdentity => export_identity(identity: String, passphrase: Secret, pick: u32) -> IdentityListing;
    /// Gives an identity another name.
    RenameIdentity => rename_identity(identity: String, name: String) -> IdentityListing;
    /// What would be lost with an identity.
    IdentityLoss => identity_loss(identity: String) -> Loss;
    /// Forgets an identity and its key, confirmed by its typed name.
    ForgetIdentity => forget_identity(identity: String, typed_name: String) -> IdentityListing;
    /// Locks every key; those that jobs need are locked when the jobs are done.
    LockIdentities => lock_identities() -> IdentityListing;
    /// Unlocks an identity. The keyring may ask a person to open it.
    UnlockIdentity => unlock_identity(identity: String) -> IdentityListing;
    /// Chooses after how many minutes without a change a key is locked; null for never.
    ChooseLockAfter => choose_lock_after(minutes: Option<u32>) -> IdentityListing;
    /// Makes an empty vault file.
    CreateVault => create_vault(passphrase: Secret) -> IdentityListing;
    /// Opens the vault file and every key in it.
    UnlockVault => unlock_vault(passphrase: Secret) -> IdentityListing;
    /// Gives the vault file another passphrase.
    ChangeVaultPassphrase => change_vault_passphrase(old: Secret, new: Secret) -> ();

    // Copies on this computer. An errand is a number of the caller's choice, by which a request is watched and stopped.
    /// All copies in the folders of the library, and what is in the bin.
    Library => library() -> Library;
    /// Adds a picked folder to the library; nothing in it is changed.
    AddLibraryFolder => add_library_folder(pick: u32) -> ();
    /// Takes a folder out of the library; nothing in it is changed.
    RemoveLibraryFolder => remove_library_folder(folder: String) -> ();
    /// Names a copy, writes about it, pins it.
    LabelCopy => label_copy(copy: String, name: String, notes: String, pinned: bool) -> ();
    /// Compares every byte of a copy with its hashes; a copy without hashes gets them.
    VerifyCopy => verify_copy(copy: String, errand: u32) -> Verification;
    /// Moves a copy to the bin.
    DeleteCopy => delete_copy(copy: String) -> DeletedCopy;
    /// Takes a copy out of the bin again.
    RestoreCopy => restore_copy(copy: String) -> ();
    /// Deletes for good what is in the bin, and answers with the bytes that this freed.
    EmptyBin => empty_bin() -> f64;
    /// Writes an archive of a copy to a picked new file.
    ExportCopy => export_copy(copy: String, pick: u32, lock: Option<ArchiveLock>, errand: u32) -> ();
    /// What a picked file or folder is, before anything is done with it. A key opens an encrypted archive; without one it stays closed.
    LookAtDrop => look_at_drop(pick: u32, key: Option<ArchiveKey>) -> Dropped;
    /// Takes a picked copy into the library and answers with what it is called there: a folder where it lies, an archive unpacked.
    AdoptPick => adopt_pick(pick: u32, key: Option<ArchiveKey>, errand: u32) -> String;
    /// What a copy is: its snapshot, its module, the layout of its stable memory.
    InspectCopy => inspect_copy(copy: String) -> CopyInspection;
    /// Which pages of a memory hold something, in at most so many cells.
    MapCopy => map_copy(copy: String, part: CopyPart, cells: u32, errand: u32) -> MemoryMap;
    /// The bytes of a range, at most 65,536, hexadecimal.
    LookIntoCopy => look_into_copy(copy: String, part: CopyPart, offset: f64, length: u32) -> String;
    /// Where text or bytes lie, from an offset on.
    SearchCopy => search_copy(copy: String, part: CopyPart, needle: Needle, from: f64, errand: u32) -> Finds;
    /// What tells two copies apart.
    CompareCopies => compare_copies(one: String, other: String, cells: u32, errand: u32) -> CopyComparison;
    /// How far an errand is; null once it has ended.
    Errand => errand(errand: u32) -> Option<Errand>;
    /// Ends an errand at its next chunk.
    StopErrand => stop_errand(errand: u32) -> ();

    // The watch list.
    /// What the person has said about canisters of the network in use.
    Labels => labels() -> Vec<Label>;
    /// Watches a canister of the network in use by its id.
    WatchCanister => watch_canister(canister: String, name: String, group: String) -> Vec<Label>;
    /// Watches a canister no more; what was noted about it goes with it.
    UnwatchCanister => unwatch_canister(canister: String) -> Vec<Label>;
    /// Names a canister of the network in use, and notes something about it.
    DescribeCanister => describe_canister(canister: String, name: String, group: String, note: String, is_favourite: bool) -> Vec<Label>;
    /// Looks a canister up by name, group, note or id, wherever it is known.
    Find => find(text: String) -> Vec<Hit>;
    // Modules and installations.
    /// Reads a module from a file that was picked and keeps it on this computer, so that it can be installed by its hash.
    ReadModule => read_module(pick: u32) -> Module;
    /// A module that was read before, by its hash.
    Module => module(hash: String) -> Module;
    /// What it would mean to install a module, before anything is sent.
    PlanInstall => plan_install(canister: String, module: String, wish: InstallWish, options: UpgradeOptions, arguments: Option<Arguments>) -> InstallPlan;
}

/// The app's state behind all requests: an open engine, or the reason why there is none.
pub struct Api {
    practice: Arc<dyn PracticeDoor>,
    computer: Computer,
    state: RwLock<State>,
    pub(crate) picks: Picks,
    pub(crate) closing: Closing,
    pub(crate) notices: Arc<Notices>,
}

enum State {
    Open(Arc<Engine>),
    /// The folders are ours, but what lies in them cannot be used.
    Unusable(Option<Arc<Folders>>, Failure),
}

impl Api {
    /// Opens the app's state below these folders. A failure is kept and answered to every request, so that a window can say it.
    pub fn open(folders: Result<Folders, Error>, practice: Arc<dyn PracticeDoor>) -> Self {
        Self::open_on(folders, practice, Computer::this())
    }

    /// The same on another computer. Where the folders could not be had, it is there that they are tried for again.
    pub fn open_on(
        folders: Result<Folders, Error>,
        practice: Arc<dyn PracticeDoor>,
        computer: Computer,
    ) -> Self {
        let state = open(folders.map(Arc::new), &practice, &computer);
        Self {
            practice,
            computer,
            state: RwLock::new(state),
            picks: Picks::default(),
            closing: Closing::default(),
            notices: Arc::default(),
        }
    }

    /// Why the app could not start, if it could not.
    pub fn start_failure(&self) -> Option<Failure> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(_) => None,
            State::Unusable(_, failure) => Some(failure.clone()),
        }
    }

    /// Answers a request. A panic below becomes an ordinary failure, and the app goes on.
    pub async fn answer(&self, request: Request) -> Result<serde_json::Value, Failure> {
        use futures::FutureExt as _;
        let name = request.name();
        let answer = AssertUnwindSafe(self.dispatch(request))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| {
                // The panic hook has logged message and backtrace.
                Err(Failure::bug("answering a request", &"the request panicked"))
            });
        if let Err(failure) = &answer {
            tracing::warn!(request = name, report = failure.report, "request failed");
        }
        answer
    }

    /// Answers a request that comes as JSON.
    pub async fn answer_json(
        &self,
        request: serde_json::Value,
    ) -> Result<serde_json::Value, Failure> {
        let request = serde_json::from_value(request)
            .map_err(|error| Failure::bug("reading a request", &error))?;
        self.answer(request).await
    }

    /// Puts in order what must not end with the process: the practice network keeps what happened on it.
    pub async fn end(&self) {
        if let Ok(engine) = self.engine()
            && let Err(error) = engine.stop_practice().await
        {
            tracing::warn!(
                error = error.chain(),
                "the practice network did not end well"
            );
        }
    }

    /// What happens from now on, beginning with all that is under way.
    pub fn follow(&self) -> Result<impl Stream<Item = News> + use<>, Failure> {
        Ok(closing::with_wishes(
            feed::follow(self.engine()?),
            self.closing.follow(),
        ))
    }
}

/// One method per request.
impl Api {
    pub(crate) async fn session(&self) -> Result<Session, Failure> {
        let engine = self.engine()?;
        let (network, endpoint) = engine.network().await?;
        let identity = engine.signatory().await?;
        // The front end asks for the session first: from here on whatever an earlier process left unfinished goes on.
        if let Err(error) = engine.resume().await {
            tracing::warn!(error = error.chain(), "unfinished jobs wait");
        }
        Ok(wire::session(
            engine.folders(),
            &engine.settings(),
            &network,
            &endpoint,
            identity,
            engine.access(),
        ))
    }

    async fn choose_appearance(&self, appearance: Appearance) -> Result<Session, Failure> {
        self.engine()?.choose_appearance(appearance.into())?;
        self.session().await
    }

    async fn choose_quiet(&self, is_quiet: bool) -> Result<Session, Failure> {
        self.engine()?.choose_quiet(is_quiet)?;
        self.session().await
    }

    async fn reopen(&self) -> Result<Session, Failure> {
        self.open_again(|_| Ok(()))?;
        self.session().await
    }

    async fn set_settings_aside(&self) -> Result<Session, Failure> {
        self.open_again(|failure| match failure.facts.get("path") {
            Some(path) if failure.is_about_settings() => set_aside(path.as_str().into()).map(drop),
            _ => Ok(()),
        })?;
        self.session().await
    }

    pub(crate) fn engine(&self) -> Result<Arc<Engine>, Failure> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(engine) => Ok(engine.clone()),
            State::Unusable(_, failure) => Err(failure.clone()),
        }
    }

    /// Opens the state if it is not open yet, after `repair` has done its part.
    fn open_again(
        &self,
        repair: impl FnOnce(&Failure) -> Result<(), Error>,
    ) -> Result<(), Failure> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State::Unusable(folders, failure) = &*state else {
            return Ok(());
        };
        let folders = match folders {
            Some(folders) => {
                repair(failure)?;
                Ok(folders.clone())
            }
            None => self.computer.folders().map(Arc::new),
        };
        *state = open(folders, &self.practice, &self.computer);
        Ok(())
    }
}

fn open(
    folders: Result<Arc<Folders>, Error>,
    practice: &Arc<dyn PracticeDoor>,
    computer: &Computer,
) -> State {
    match folders {
        Ok(folders) => match Engine::open(folders.clone(), practice.clone()) {
            Ok(engine) => State::Open(Arc::new(computer.furnish(engine))),
            Err(error) => State::Unusable(Some(folders), error.into()),
        },
        Err(error) => State::Unusable(None, error.into()),
    }
}
