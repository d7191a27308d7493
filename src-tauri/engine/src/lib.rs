//! The engine: everything that Canopic does to networks and canisters, without a window and without a sentence for the screen.
//!
//! Reading order:
//!
//! 1. [`error`](Error): one error for the whole engine. Its [`Code`] is what a front end reacts to, its [`Certainty`] says what is
//!    known about the world afterwards.
//! 2. [`Folders`] and [`Settings`]: where things lie on this computer.
//! 3. [`Network`] and [`PracticeDoor`]: which Internet Computer is meant and how its root key is known; [`Connection`]: one in use,
//!    as an identity.
//! 4. `replica`: the one door to a network. A change is sealed, submitted, and ends as done, refused or unknown; nothing above
//!    it sees HTTP, and nothing above it can send a request twice.
//! 5. [`Canister`]: what is known of a canister, how well it is known, and which actions are possible with which reason.
//! 6. [`Job`]: everything that changes a canister is one, made of steps and written down before it happens: `ops` (what there is to
//!    do, and how to add to it), `job` (the fold), `journal`, `runner`, `recovery`.
//! 7. [`activity`]: what was done, read from the journal and verifiable outside of it; [`LeftStopped`]: what was stopped and not started.
//! 8. [`Engine`]: the methods that a request ends in.
//!
//! Arrows point down that list only. The engine knows nothing of the practice network but an address and a root key.

pub mod activity;
pub mod archive;
mod beside;
mod call;
mod canister;
mod check_call;
mod clock;
mod connection;
mod engine;
mod error;
mod folder;
mod identity;
mod ids;
pub mod inspect;
mod install;
mod interface;
mod job;
mod journal;
mod left;
mod lessons;
pub mod library;
mod logs;
mod module;
mod money;
mod network;
mod ops;
mod project;
mod proof;
mod read_only;
mod recovery;
mod replica;
mod runner;
mod samples;
mod settings;
mod several;
mod snapshot;
mod timeline;
mod transfer;
mod watch;

pub use beside::{Beside, SnapshotCount};
pub use call::{
    ArgumentForms, Arguments, CallAnswer, CallOutcome, Ended, Manner, MethodCall, RecentCall,
};
pub use canister::{
    Action, CREATION_FEE, Canister, CanisterSettings, Creation, CreationPlan, CustomSection,
    Denial, Difference, EnvironmentVariable, Guard, MOST_CONTROLLERS, Memory, Placement,
    PublicFacts, Queries, Reading, Review, RunState, SHORT_RUNWAY_DAYS, Setting, SettingsChange,
    Status, Viewers, Warning, check, controller_warnings, may, review,
};
pub use check_call::{Answer, CheckCall};
pub use connection::Connection;
pub use engine::Engine;
pub use error::{Certainty, Code, Error, Result};
pub use folder::{
    By, ChainSnapshot, Circumstances, CopyReader, CopyWriter, Damage, Draft, FileRecord, GRID,
    Global, Hash, Hashes, Hook, Manifest, Metadata as SnapshotMetadata, Origin, Part, Progress,
    Repair, SettingsThen, Source, Timer, Unfinished, Verification, WrongSize, chunk_at, chunks,
    is_zero, unfinished, verify,
};
pub use identity::{
    Algorithm, Controlled, Found, FoundKey, Hold, Identities, Identity, IdentityId, Keeper,
    KeyOrigin, KeyState, Keyring, Loss, MemoryKeyring, NewPhrase, Newcomer, Profile, Secret,
    Signatory, Store, Stores, Surroundings, SystemKeyring, VaultState, account_id,
};
pub use ids::{CanisterId, Fingerprint, Place};
pub use install::{
    Chunks, InstallMode, InstallOrder, InstallPlan, MainMemory, Obstacle, UpgradeOptions, Wish,
};
pub use interface::{
    Argument, Change, ChangeKind, Compatibility, Field, Interface, Method, MethodKind, Number,
    Reason, Shape, Signature, Verdict,
};
pub use job::{
    Deed, Direction, End, Event, Failure as JobFailure, Job, JobId, Progress as StepProgress, Sent,
    State, StepState,
};
pub use left::LeftStopped;
pub use lessons::{Lesson, LessonName, LessonStep};
pub use library::{Bond, CopyId, CopyState, LocalCopy};
pub use logs::{Log, LogFilter, LogLine};
pub use module::{
    ExportKind, ExportedMethod, MAX_MODULE, Module, ModuleFacts, ModuleHash, Section, Visibility,
};
pub use money::{Balance, LEDGER_FEE, Payment, Purse};
pub use network::{
    Address, ClockOffset, DoorError, Endpoint, Finding, GivenKey, KnownCanister, Listing,
    MAINNET_ROOT_KEY, Neighbourhood, Network, NetworkId, PracticeDoor, Probe, Tool, Trust,
};
pub use ops::{
    Check, CheckName, Downtime, Op, OpName, Plan, Step, StepName, Target, Undo,
    Verdict as CheckVerdict,
    check_call::{CheckAnswer, Whom},
    copies::{DownloadSnapshot, RepairCopy, UploadCopy},
    cycles::{Buy, Give, Pay, Receive, TopUp},
    drill::{DeleteTrial, Drill, DrillCopy, LoadTrial, MakeTrial, StampCopy},
    install::{ClearChunks, InstallCode, InstallModule, UploadModule, VerifyModule},
    lifecycle::{Start, Stop},
    removal::{Delete, PutMessenger, SendCycles, Uninstall},
    restore::{Load, Restore, Verify, Which},
    send::{AwaitCheckpoint, DropCopy, FetchToSend, RestoreCopy, SendSnapshot},
    settings::ChangeSettings,
    snapshots::{DeleteSnapshot, Take, TakeSnapshot},
    upgrade::{OnFailure, Upgrade, UpgradeCode},
};
pub use project::{Environment, Ground, Member, Problem, ProblemKind, Project};
pub use proof::{Asked, CanisterProof, Proof};
pub use read_only::{Access, Scope};
pub use replica::Envelope;
pub use runner::{Conduct, JobView, Report};
pub use samples::Sample;
pub use settings::{Appearance, Folders, HOME_VARIABLE, Places, Settings, set_aside};
pub use snapshot::{SLOTS, Snapshot, SnapshotId, SnapshotLabel};
pub use timeline::{
    Arrival, Cause, Happening, Moment, OnChain, OnDisk, PastChange, SnapshotList, Timeline,
    Wholeness,
};
pub use watch::{Hit, KnownBy, Label};
