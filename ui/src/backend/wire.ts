// Generated from src-tauri/api by `cargo xtask wire`. Do not edit.

/**
 * Whether the network in use may be changed.
 */
export type Access = { "kind": "open" } | { "kind": "readOnly", 
/**
 * Those.
 */
unlocked: Array<string>, } | { "kind": "unlocked", 
/**
 * Until then, in milliseconds since 1970.
 */
until: number, };

/**
 * Something that can be done with a canister. See [`canopic_engine::Action`].
 */
export type Action = "call" | "changeSettings" | "delete" | "deleteSnapshot" | "install" | "readSnapshots" | "readLog" | "reinstall" | "restoreSnapshot" | "start" | "stop" | "takeSnapshot" | "topUp" | "uninstall" | "upgrade" | "uploadSnapshot";

/**
 * What was done.
 */
export type Activity = { 
/**
 * The acts that are wanted, newest first.
 */
entries: Array<Entry>, 
/**
 * The first event whose hash does not follow from the one before it: somebody changed the journal. Null if the chain holds.
 */
brokenAt: number | null, };

/**
 * The kinds of keys.
 */
export type Algorithm = "ed25519" | "secp256k1" | "p256";

/**
 * What came of a check call.
 */
export type Answer = { 
/**
 * Whether it is the answer that was expected.
 */
fits: boolean, 
/**
 * What was answered: as Candid text, or the digits of its bytes. Null where there was no answer.
 */
found: string | null, 
/**
 * Why there was none.
 */
rejection: string | null, };

/**
 * Light, dark, or whatever the system says.
 */
export type Appearance = "system" | "light" | "dark";

/**
 * What an encrypted archive is opened with.
 */
export type ArchiveKey = { "passphrase": string } | { "identity": string };

/**
 * What kind of archive a file is.
 */
export type ArchiveKind = "plain" | "passphrase" | "recipients";

/**
 * What an archive is encrypted with.
 */
export type ArchiveLock = { "passphrase": string } | { "recipient": string };

/**
 * One of the values that a function takes or gives.
 */
export type Argument = { 
/**
 * What the author calls it; null where they do not.
 */
name: string | null, 
/**
 * Its type.
 */
shape: Shape, };

/**
 * Arguments in every form at once.
 */
export type ArgumentForms = { 
/**
 * By their types; null where these are not known, or the bytes are not of them.
 */
values: Array<Value> | null, 
/**
 * As Candid text; null if they are not Candid.
 */
text: string | null, 
/**
 * The bytes that would be sent, hexadecimal.
 */
bytes: string, };

/**
 * Arguments, the way a person gives them.
 */
export type Arguments = { "kind": "values", 
/**
 * By their types.
 */
values: Array<Value>, } | { "kind": "text", 
/**
 * For example `(1, "two")`.
 */
text: string, } | { "kind": "bytes", 
/**
 * Hexadecimal.
 */
bytes: string, };

/**
 * How a snapshot came to be. See [`canopic_engine::Arrival`].
 */
export type Arrival = "taken" | "uploaded";

/**
 * A check call, and what came of it.
 */
export type Asked = { 
/**
 * What was asked.
 */
call: CheckCall, 
/**
 * What was answered; null where it did not come to that.
 */
answer: Answer | null, };

/**
 * What an identity holds in the cycles ledger, decimal.
 */
export type Balance = { 
/**
 * Cycles.
 */
cycles: string, 
/**
 * What the ledger keeps of each payment.
 */
fee: string, 
/**
 * The largest payment that it can make.
 */
most: string, };

/**
 * The job of one of several operations, or why there is none.
 */
export type Begun = { "kind": "job", 
/**
 * Its number.
 */
number: number, } | { "kind": "failed", 
/**
 * Why.
 */
failure: Failure, };

/**
 * Who began a copy that was never finished.
 */
export type BegunBy = "canopic" | "icp" | "dfx";

/**
 * All canisters that are looked after.
 */
export type Board = { 
/**
 * In the order of their groups.
 */
canisters: Array<Canister>, 
/**
 * What keeps all of them from being read: the network is gone, not the one that it was, or seen with a wrong clock.
 */
trouble: Failure | null, };

/**
 * How a copy belongs to a snapshot. See [`canopic_engine::Bond`].
 */
export type Bond = "same" | "sameContent";

/**
 * What came of a call.
 */
export type CallAnswer = { 
/**
 * The reply, or why there is none.
 */
outcome: CallOutcome, 
/**
 * Whether a certificate of the network proves it; otherwise one machine signed it.
 */
isCertified: boolean, 
/**
 * Milliseconds from sending to knowing.
 */
took: number, };

/**
 * How a call ended.
 */
export type CallEnd = "replied" | "rejected" | "failed" | "unknown";

/**
 * The reply to a call, or why there is none.
 */
export type CallOutcome = { "kind": "replied", 
/**
 * By the types that the interface promises; null where it promises none, or the reply is not of them.
 */
values: Array<Value> | null, 
/**
 * As Candid text; null if it is not Candid.
 */
text: string | null, 
/**
 * The bytes that came, hexadecimal.
 */
bytes: string, } | { "kind": "rejected", 
/**
 * The number of the reject code, 1 to 5.
 */
code: number, 
/**
 * The network's own code, for example `IC0503`; null where it has none.
 */
errorCode: string | null, 
/**
 * What the canister or the network says.
 */
message: string, };

/**
 * What becomes of those who call a canister by its interface of now.
 */
export type CallersVerdict = "compatible" | "breaking" | "unknown";

/**
 * A canister and what is known of it.
 */
export type Canister = { 
/**
 * Its id.
 */
id: string, 
/**
 * The name that people use.
 */
name: string, 
/**
 * The group that it is shown in.
 */
group: string, 
/**
 * When it was read, in milliseconds since 1970.
 */
readAt: number, 
/**
 * What is known, and how well.
 */
reading: Reading, 
/**
 * What cannot be done, and why; what is not named can be done.
 */
denied: { [key in Action]?: Denial }, 
/**
 * What its owner should know.
 */
warnings: Array<Warning>, 
/**
 * Its snapshots, as they were when they were listed last; null where nobody has listed them yet.
 */
snapshots: SnapshotCount | null, 
/**
 * When the newest of its states was taken that a verified copy on this computer holds, in milliseconds since 1970.
 */
newestCopyAt: number | null, 
/**
 * When its module was first seen, if another one was seen before, in milliseconds since 1970.
 */
moduleChangedAt: number | null, };

/**
 * What a job did with a canister.
 */
export type CanisterProof = { 
/**
 * Which.
 */
canister: string, 
/**
 * The snapshot that it took; null where it took none, or took it back.
 */
snapshot: string | null, 
/**
 * Whether that was taken to have a way back: restoring it undoes the job.
 */
isSafety: boolean, 
/**
 * Whether it loaded a snapshot.
 */
isLoaded: boolean, 
/**
 * The module hash that a certificate showed afterwards, hexadecimal.
 */
moduleHash: string | null, 
/**
 * The version that a certificate showed afterwards.
 */
version: number | null, };

/**
 * All settings of a canister; numbers are decimal.
 */
export type CanisterSettings = { controllers: Array<string>, computeAllocation: string, memoryAllocation: string, freezingThresholdSeconds: string, reservedCyclesLimit: string | null, minimumIncomingCallCycles: string, logVisibility: Viewers, snapshotVisibility: Viewers, statusVisibility: Viewers, logMemoryLimit: string | null, wasmMemoryLimit: string, wasmMemoryThreshold: string, environmentVariables: Array<EnvironmentVariable>, };

/**
 * What is known about the world now. See [`canopic_engine::Certainty`].
 */
export type Certainty = "nothingSent" | "refused" | "refusedUnproven" | "unknown";

/**
 * A snapshot on a network.
 */
export type ChainSnapshot = { 
/**
 * The fingerprint of the network's root key.
 */
fingerprint: string, 
/**
 * What the network was called.
 */
network: string, 
/**
 * The canister's id.
 */
canister: string, 
/**
 * The snapshot's id, hexadecimal.
 */
snapshot: string, };

/**
 * What becomes of a method.
 */
export type ChangeKind = "added" | "removed" | "changed";

/**
 * What was looked at, and what was found.
 */
export type Check = { 
/**
 * What was looked at.
 */
name: CheckName, 
/**
 * What was found.
 */
verdict: CheckVerdict, 
/**
 * Values for the sentence.
 */
facts: { [key in string]: string }, };

/**
 * A call whose answer tells whether a canister is well.
 */
export type CheckCall = { 
/**
 * Which method.
 */
method: string, 
/**
 * How it is called.
 */
manner: Manner, 
/**
 * With what, as Candid text.
 */
arguments: string, 
/**
 * What it should answer, as Candid text; null: any answer will do, as long as it is one.
 */
expected: string | null, };

/**
 * What was looked at before a plan was made. See [`canopic_engine::CheckName`].
 */
export type CheckName = "amount" | "anotherCanister" | "argument" | "balance" | "boundToId" | "callers" | "checkCall" | "checkpoint" | "chunkStore" | "controller" | "copyFits" | "cycles" | "cyclesLost" | "difference" | "freeSlot" | "guard" | "mainMemory" | "memoryLimit" | "memoryLost" | "module" | "openCalls" | "preUpgrade" | "room" | "runState" | "safetyElsewhere" | "sameSubnet" | "settingsDiffer" | "snapshotOrigin" | "snapshotsLost" | "snapshotThere" | "snapshotWhole" | "synced" | "targetState" | "trialRuns" | "whatIsLost" | "withdrawal";

/**
 * What a check found. See [`canopic_engine::CheckVerdict`].
 */
export type CheckVerdict = "fine" | "warns" | "blocks";

/**
 * What goes through the chunk store.
 */
export type Chunks = { 
/**
 * Chunks of the module.
 */
all: number, 
/**
 * Those that are not there yet.
 */
missing: number, 
/**
 * Others in the store, which stay.
 */
foreign: number, };

/**
 * How things were with the canister when its snapshot was copied. Amounts are decimal.
 */
export type Circumstances = { 
/**
 * When it was looked at, in milliseconds since 1970.
 */
at: number, 
/**
 * `running`, `stopping` or `stopped`; empty where it is not known.
 */
runState: string, 
/**
 * The name that the canister had.
 */
canisterName: string, 
/**
 * Its cycles.
 */
cycles: string, 
/**
 * Its memory in bytes.
 */
memoryBytes: string, 
/**
 * The settings that are known, by their names.
 */
settings: Array<[string, string]>, };

/**
 * What went wrong. See [`canopic_engine::Code`].
 */
export type Code = "addressInsecure" | "addressMalformed" | "amountMalformed" | "amountTooSmall" | "answerDiffers" | "archiveKeyWrong" | "archiveMalformed" | "argumentMalformed" | "balanceTooLow" | "bug" | "cancelled" | "canisterBusy" | "canisterNotFound" | "clockOff" | "copyChanged" | "copyDamaged" | "copyExists" | "copyFromNewerVersion" | "copyInUse" | "copyMalformed" | "copyUnfinished" | "copyUnfit" | "creationFailed" | "cyclesLow" | "diskFull" | "fileTooLarge" | "fileUnreadable" | "folderUnusable" | "idMalformed" | "identityExists" | "identityLocked" | "identityUnknown" | "inUse" | "interfaceMalformed" | "interfaceMissing" | "jobNotFound" | "journalDamaged" | "journalFromNewerVersion" | "journalFull" | "journalReadOnly" | "journalUnusable" | "keyCurveUnknown" | "keyLost" | "keyUnreadable" | "keyUnsupported" | "keyringBroken" | "keyringLocked" | "keyringMissing" | "methodMissing" | "moduleDiffers" | "moduleMalformed" | "moduleTooLarge" | "nameDiffers" | "nameTaken" | "nameUnusable" | "networkInUse" | "networkUnknown" | "noFileManager" | "noNetwork" | "notAsPlanned" | "notController" | "notOnThisNetwork" | "onlyController" | "notYetLoadable" | "outcomeUnknown" | "passphraseNeeded" | "passphraseTooShort" | "passphraseWrong" | "phraseDraftGone" | "phraseUnconfirmed" | "phraseWrong" | "pickGone" | "practiceFailed" | "practiceOnly" | "precondition" | "projectNotFound" | "projectUnreadable" | "readOnly" | "recordBroken" | "recordUnreadable" | "refused" | "rootKeyChanged" | "rootKeyMalformed" | "samplesUnusable" | "settingUnfit" | "settingsDamaged" | "settingsFromNewerVersion" | "slotsFull" | "slowAnswer" | "snapshotDiffers" | "snapshotGone" | "stalePlan" | "stillStopping" | "storeUnreadable" | "textTooLong" | "throttled" | "untrusted" | "vaultDamaged" | "vaultExists" | "vaultLocked" | "vaultMissing";

/**
 * An operation whose plan was confirmed.
 */
export type Confirmed = { 
/**
 * It.
 */
op: Op, 
/**
 * The plan's fingerprint.
 */
fingerprint: string, };

/**
 * A canister that an identity controls.
 */
export type ControlledCanister = { 
/**
 * The canister.
 */
canister: string, 
/**
 * The fingerprint of its network.
 */
network: string, 
/**
 * Whether nobody else is known who could change it.
 */
isOnlyController: boolean, };

/**
 * What tells two copies apart.
 */
export type CopyComparison = { 
/**
 * Whether both hold the same in everything.
 */
isSame: boolean, 
/**
 * Whether both have the same module.
 */
isSameModule: boolean, 
/**
 * What changed in the interface, where the modules differ and both bring theirs along.
 */
interface: InterfaceChange | null, 
/**
 * The bytes of module, Wasm memory and stable memory in both.
 */
sizes: [[number, number, number], [number, number, number]], 
/**
 * The places of the globals that differ.
 */
globals: Array<number>, 
/**
 * Whether the certified data differ.
 */
differsCertified: boolean, 
/**
 * How many entries of the chunk store only the first has, and only the second.
 */
storedChunks: [number, number], 
/**
 * The pages of the Wasm memory that differ.
 */
heap: MemoryMap, 
/**
 * The pages of the stable memory that differ.
 */
stable: MemoryMap, };

/**
 * What the network said of a snapshot.
 */
export type CopyContent = { 
/**
 * When it was taken, in milliseconds since 1970.
 */
takenAt: number, 
/**
 * Whether it was made by an upload.
 */
isUploaded: boolean, 
/**
 * The canister's version at that moment, decimal.
 */
canisterVersion: string, 
/**
 * The bytes of the module.
 */
moduleBytes: number, 
/**
 * The bytes of the Wasm memory.
 */
heapBytes: number, 
/**
 * The bytes of the stable memory.
 */
stableBytes: number, 
/**
 * How many entries the chunk store has.
 */
storedChunks: number, 
/**
 * The globals in the module's order, each as its kind and its value; floats with their bits.
 */
globals: Array<GlobalValue>, 
/**
 * The certified data, hexadecimal.
 */
certifiedData: string, 
/**
 * Whether another tool has lost the value of a global: this cannot be uploaded.
 */
hasLostGlobals: boolean, 
/**
 * Whether a float is NaN or infinite: another tool would upload it as zero.
 */
hasFloatsBeyondJson: boolean, };

/**
 * Something in a copy that is not as it must be.
 */
export type CopyDamage = { 
/**
 * The file, as a path in the copy's folder.
 */
file: string, 
/**
 * Which chunk of 2,000,000 bytes; null for the whole file.
 */
chunk: number | null, };

/**
 * What a copy is, without its memories.
 */
export type CopyInspection = { 
/**
 * What its snapshot was.
 */
content: CopyContent, 
/**
 * What else is known.
 */
record: CopyRecord | null, 
/**
 * What the module is; null where it cannot be understood.
 */
module: CopyModule | null, 
/**
 * Why the module cannot be understood.
 */
moduleFailure: Failure | null, 
/**
 * The language that it was written in, where it tells.
 */
language: Language | null, 
/**
 * The tools that made it, with their versions.
 */
tools: Array<[string, string]>, 
/**
 * What lies in the stable memory.
 */
layout: StableLayout, };

/**
 * A module.
 */
export type CopyModule = { 
/**
 * Whether it is gzipped.
 */
isPacked: boolean, 
/**
 * Whether its memory is addressed by 64 bits.
 */
isWasm64: boolean, 
/**
 * Whether it is Motoko with enhanced orthogonal persistence.
 */
hasEnhancedPersistence: boolean, 
/**
 * Its methods: names and whether each is an `update`, a `query` or a `compositeQuery`.
 */
methods: Array<[string, string]>, 
/**
 * What the network calls by itself.
 */
hooks: Array<string>, 
/**
 * Its custom sections.
 */
sections: Array<CopySection>, 
/**
 * Its interface in Candid.
 */
interface: string | null, };

/**
 * A copy on this computer.
 */
export type CopyOnDisk = { 
/**
 * What requests name it by.
 */
id: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * How it belongs to the snapshot.
 */
bond: Bond, 
/**
 * The bytes that it takes up on its disk.
 */
diskBytes: number, 
/**
 * Whether it is finished.
 */
isWhole: boolean, 
/**
 * When it was made, in milliseconds since 1970.
 */
madeAt: number, 
/**
 * When every byte was last found to be right, in milliseconds since 1970; null once damage was found.
 */
verifiedAt: number | null, 
/**
 * When damage was found, in milliseconds since 1970; null for a copy that nothing is known against.
 */
damagedAt: number | null, 
/**
 * When it was last restored with success, in milliseconds since 1970.
 */
provenAt: number | null, };

/**
 * How a copy came to be.
 */
export type CopyOrigin = "downloaded" | "continued" | "found" | "unpacked";

/**
 * A part of a copy that can be looked into.
 */
export type CopyPart = "module" | "heap" | "stable";

/**
 * What is known of a copy beside its snapshot.
 */
export type CopyRecord = { 
/**
 * The name that a person gave it.
 */
name: string, 
/**
 * What a person wrote about it.
 */
notes: string, 
/**
 * Whether it is kept whatever happens.
 */
pinned: boolean, 
/**
 * How it came to be.
 */
origin: CopyOrigin, 
/**
 * When it was made, in milliseconds since 1970.
 */
madeAt: number, 
/**
 * Since when damage can be seen, in milliseconds since 1970.
 */
hashesSince: number, 
/**
 * When every byte was last found to be right, in milliseconds since 1970.
 */
verifiedAt: number | null, 
/**
 * When damage was found, in milliseconds since 1970; null for a copy that nothing is known against.
 */
damagedAt: number | null, 
/**
 * When it was last restored with success, in milliseconds since 1970.
 */
provenAt: number | null, 
/**
 * The snapshot that it is a copy of.
 */
snapshot: ChainSnapshot | null, 
/**
 * Other snapshots that hold the same: those that it was uploaded as.
 */
also: Array<ChainSnapshot>, 
/**
 * SHA-256 of the module, hexadecimal.
 */
moduleHash: string, 
/**
 * What tells two contents apart, hexadecimal.
 */
content: string, 
/**
 * The canister's status and settings at that time.
 */
then: Circumstances | null, };

/**
 * A custom section.
 */
export type CopySection = { 
/**
 * Its name, without its prefix.
 */
name: string, 
/**
 * `public`, `private`, or null where it is no metadata.
 */
visibility: string | null, 
/**
 * Its bytes.
 */
bytes: number, };

/**
 * What making a canister means; amounts are decimal.
 */
export type CreationPlan = { 
/**
 * The subnet, where it is known before.
 */
subnet: string | null, 
/**
 * What is paid.
 */
amount: string, 
/**
 * What the network keeps for making it, on a subnet of usual size.
 */
creationFee: string, 
/**
 * What the ledger keeps.
 */
ledgerFee: string, 
/**
 * What the canister starts with, on a subnet of usual size.
 */
startsWith: string, 
/**
 * What the identity holds now; null where the network pays.
 */
balance: string | null, 
/**
 * What it holds then.
 */
balanceAfter: string | null, };

/**
 * A custom section of a module.
 */
export type CustomSection = { 
/**
 * Its name.
 */
name: string, 
/**
 * Bytes in it.
 */
bytes: number, 
/**
 * What is in it, where that is text.
 */
text: string | null, };

/**
 * Something in the bin.
 */
export type DeletedCopy = { 
/**
 * What requests name it by.
 */
id: string, 
/**
 * Where it was.
 */
folder: string, 
/**
 * When it was deleted, in milliseconds since 1970.
 */
at: number, 
/**
 * The bytes that it still takes up.
 */
diskBytes: number, };

/**
 * Why something cannot be done. See [`canopic_engine::Denial`].
 */
export type Denial = "alreadyInstalled" | "alreadyRunning" | "alreadyStopping" | "alreadyStopped" | "frozen" | "nothingInstalled" | "noSnapshot" | "notController" | "notRead" | "notRunning" | "notStopped" | "notTold" | "notViewer";

/**
 * One thing that would differ.
 */
export type Difference = { "kind": "number", setting: Setting, before: string | null, after: string, } | { "kind": "viewers", setting: Setting, before: Viewers, after: Viewers, } | { "kind": "controllers", added: Array<string>, removed: Array<string>, } | { "kind": "variable", name: string, before: string | null, after: string | null, };

/**
 * How long a canister takes no calls. See [`canopic_engine::Downtime`].
 */
export type Downtime = "none" | "brief" | "open";

/**
 * What a file or a folder is.
 */
export type Dropped = { "kind": "copy", 
/**
 * What its snapshot was.
 */
content: CopyContent, 
/**
 * What else is known; null for the folder of another tool, which has no hashes yet.
 */
record: CopyRecord | null, 
/**
 * The bytes that it takes up on its disk.
 */
diskBytes: number, 
/**
 * What it is called in the library; null where it is not in it.
 */
copy: string | null, } | { "kind": "unfinished", 
/**
 * Who began it; null where that cannot be told.
 */
begunBy: BegunBy | null, 
/**
 * The name that it is to have; null where another tool began it.
 */
name: string | null, 
/**
 * The snapshot that it is to be a copy of; null where that is not known.
 */
snapshot: ChainSnapshot | null, 
/**
 * What it is called in the library; null where it is not in it.
 */
copy: string | null, } | { "kind": "archive", 
/**
 * How it is closed.
 */
archive: ArchiveKind, 
/**
 * The bytes of the file.
 */
bytes: number, 
/**
 * What the snapshot in it was; null while it is closed.
 */
content: CopyContent | null, 
/**
 * What else is known of the copy in it.
 */
record: CopyRecord | null, } | { "kind": "module", 
/**
 * What it is.
 */
module: Module, } | { "kind": "project" } | { "kind": "shelf", 
/**
 * How many.
 */
copies: number, } | { "kind": "unusable", 
/**
 * Why.
 */
failure: Failure, } | { "kind": "unknown" };

/**
 * One act, whole.
 */
export type Entry = { 
/**
 * The number of its job.
 */
job: number, 
/**
 * What was asked for.
 */
op: OpName, 
/**
 * The canisters that it worked on.
 */
targets: Array<Target>, 
/**
 * The fingerprint of the network's root key.
 */
fingerprint: string, 
/**
 * What the network was called on this computer.
 */
network: string, 
/**
 * Who signed.
 */
who: string, 
/**
 * The steps of the plan that was confirmed.
 */
plan: Array<StepName>, 
/**
 * What the plan was expected to cost, in cycles, decimal.
 */
cost: string, 
/**
 * When it began, in milliseconds since 1970.
 */
beganAt: number, 
/**
 * When something happened to it last, in milliseconds since 1970.
 */
changedAt: number, 
/**
 * How it came out.
 */
outcome: Outcome, 
/**
 * The time of the newest certificate that proves a step of it, in milliseconds since 1970.
 */
provenAt: number | null, 
/**
 * Why it did not come out as planned.
 */
failure: Failure | null, };

/**
 * A place where a project's canisters live.
 */
export type Environment = { 
/**
 * Its name.
 */
name: string, 
/**
 * The tool whose files it stands in.
 */
tool: Tool, 
/**
 * The network that it belongs to, as the project calls it.
 */
network: string, 
/**
 * What that network is.
 */
ground: Ground, 
/**
 * Its canisters in the order of their names.
 */
canisters: Array<Member>, };

/**
 * Something that the code can ask for by name.
 */
export type EnvironmentVariable = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its value.
 */
value: string, };

/**
 * How far an errand is.
 */
export type Errand = { 
/**
 * The bytes that are done.
 */
done: number, 
/**
 * The bytes that there are to do, at most.
 */
total: number, };

/**
 * How an exported method may be called.
 */
export type ExportKind = "update" | "query" | "compositeQuery";

/**
 * A method as a module exports it.
 */
export type ExportedMethod = { 
/**
 * What it is called.
 */
name: string, 
/**
 * How it may be called.
 */
kind: ExportKind, };

/**
 * What went wrong and what is known now. The sentence is the front end's, chosen by `code` and filled with `facts`.
 */
export type Failure = { 
/**
 * Which sentence.
 */
code: Code, 
/**
 * What is known about the world now.
 */
certainty: Certainty, 
/**
 * Values for the sentence.
 */
facts: { [key in string]: string }, 
/**
 * The technical detail, for support.
 */
report: string, };

/**
 * What a network turned out to be.
 */
export type Finding = { "kind": "proven" } | { "kind": "unreachable", 
/**
 * How it was noticed.
 */
failure: Failure, } | { "kind": "stranger", 
/**
 * How it was noticed.
 */
failure: Failure, } | { "kind": "otherKey", 
/**
 * The fingerprint that it is known by.
 */
known: string, 
/**
 * The fingerprint of the key that it shows.
 */
found: string, } | { "kind": "untrusted", 
/**
 * How it was noticed.
 */
failure: Failure, } | { "kind": "unproven", 
/**
 * Why not.
 */
failure: Failure, };

/**
 * What a search found.
 */
export type Finds = { 
/**
 * Where, in order.
 */
offsets: Array<number>, 
/**
 * Where to go on; null at the end.
 */
next: number | null, };

/**
 * Where things lie on this computer.
 */
export type Folders = { 
/**
 * What the app keeps.
 */
data: string, 
/**
 * What a person chose.
 */
config: string, 
/**
 * What the app did, for support.
 */
logs: string, };

/**
 * In which form the log leaves the app. See [`activity::Form`].
 */
export type Form = "csv" | "html" | "json";

/**
 * An identity of another tool.
 */
export type FoundIdentity = { 
/**
 * What the tool calls it.
 */
name: string, 
/**
 * Who the network sees; null where only the key can tell.
 */
principal: string | null, 
/**
 * The kind of its key; null where only the key can tell.
 */
algorithm: Algorithm | null, 
/**
 * How the tool keeps its key.
 */
key: FoundKey, 
/**
 * Whether the tool uses it unless told otherwise.
 */
isDefault: boolean, 
/**
 * The identity here with the same key; null for none, as far as is known.
 */
alreadyHere: string | null, };

/**
 * How a tool keeps a key.
 */
export type FoundKey = "plain" | "encrypted" | "keyring" | "hardware" | "delegated" | "unknown";

/**
 * The identities of another tool.
 */
export type FoundStore = { 
/**
 * Which tool.
 */
tool: Tool, 
/**
 * Where they lie.
 */
path: string, 
/**
 * What is there.
 */
identities: Array<FoundIdentity>, 
/**
 * Why it could not be read; null if it could.
 */
failure: Failure | null, };

/**
 * Whom a person believes when they enter a network.
 */
export type GivenKey = { "kind": "pasted", 
/**
 * Hexadecimal.
 */
rootKey: string, } | { "kind": "told", 
/**
 * The fingerprint that they were shown.
 */
fingerprint: string, };

/**
 * A global of a module.
 */
export type GlobalValue = { 
/**
 * `i32`, `i64`, `f32`, `f64`, `v128`, or null where it is lost.
 */
kind: string | null, 
/**
 * The value as text, empty where it is lost.
 */
value: string, };

/**
 * The network under an environment.
 */
export type Ground = { "kind": "mainnet" } | { "kind": "local", 
/**
 * The names of the networks, to be chosen by.
 */
networks: Array<string>, } | { "kind": "elsewhere", 
/**
 * The address.
 */
address: string, 
/**
 * The fingerprint of its root key; null if the project tells none.
 */
fingerprint: string | null, } | { "kind": "unknown" };

/**
 * Something to think about before a change is sent. See [`canopic_engine::Guard`].
 */
export type Guard = "addsAnonymous" | "freezes" | "leavesMeOut" | "leavesOneController" | "leavesNoController" | "losesLog" | "lowersFreezingThreshold" | "makesLogPublic" | "makesSnapshotsPublic" | "makesStatusPublic" | "memoryLimitBelowUse";

/**
 * What happened.
 */
export type Happening = { "kind": "created" } | { "kind": "installed", moduleHash: string, } | { "kind": "reinstalled", moduleHash: string, } | { "kind": "upgraded", moduleHash: string, } | { "kind": "uninstalled" } | { "kind": "restored", snapshot: string, 
/**
 * Whose it is, if it is another canister's.
 */
from: string | null, } | { "kind": "controllersChanged", controllers: Array<string>, } | { "kind": "settingsChanged" };

/**
 * What a canister held over time.
 */
export type History = { 
/**
 * Oldest first; thinned out with age.
 */
samples: Array<Sample>, 
/**
 * When its module was first seen, in milliseconds since 1970, if another one was seen before.
 */
moduleChangedAt: number | null, };

/**
 * A canister that a search came upon.
 */
export type Hit = { 
/**
 * Its id.
 */
canister: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Its group, or its project and the environment there.
 */
group: string, 
/**
 * The fingerprint of its network; null where that is not known.
 */
network: string | null, 
/**
 * How it is known.
 */
knownBy: KnownBy, };

/**
 * An identity, without its key.
 */
export type Identity = { 
/**
 * Which one: `anonymous`, `practice`, or its principal.
 */
id: string, 
/**
 * The name that people gave it; `anonymous` and `practice` for the built-in ones.
 */
name: string, 
/**
 * Who the network sees.
 */
principal: string, 
/**
 * Its account on the ICP ledger.
 */
accountId: string, 
/**
 * Whether it could sign right now.
 */
state: KeyState, };

/**
 * What is known of an identity with a key of its own.
 */
export type IdentityDetails = { 
/**
 * The identity.
 */
identity: Identity, 
/**
 * The kind of its key.
 */
algorithm: Algorithm, 
/**
 * Where its key is kept.
 */
keeper: Keeper, 
/**
 * Where it came from.
 */
origin: KeyOrigin, 
/**
 * Since when it is here, in milliseconds since 1970.
 */
addedAt: number, 
/**
 * When its key was last exported, in milliseconds since 1970; null for never.
 */
exportedAt: number | null, };

/**
 * All identities.
 */
export type IdentityListing = { 
/**
 * The one that is used on the network in use.
 */
inUse: string, 
/**
 * Those that need no key: anonymous, and the practice network's where it is in use.
 */
builtIn: Array<Identity>, 
/**
 * Those with keys of their own, in the order in which they came.
 */
stored: Array<IdentityDetails>, 
/**
 * The vault file.
 */
vault: Vault, 
/**
 * After how many minutes without a change a key is locked; null for never.
 */
lockAfterMinutes: number | null, 
/**
 * What cannot be used yet.
 */
notYet: Array<NotYet>, };

/**
 * How it is installed.
 */
export type InstallMode = { "kind": "install" } | { "kind": "reinstall" } | { "kind": "upgrade", 
/**
 * Whether the old module's `pre_upgrade` is left out.
 */
skipPreUpgrade: boolean, 
/**
 * What becomes of the main memory; null where the network's default is meant.
 */
mainMemory: MainMemory | null, };

/**
 * What an installation would do.
 */
export type InstallPlan = { 
/**
 * How.
 */
mode: InstallMode, 
/**
 * Whether the module decided what becomes of the main memory, and nobody else.
 */
memoryByModule: boolean, 
/**
 * The module hash of now, certified; null for an empty canister.
 */
hashBefore: string | null, 
/**
 * The module hash afterwards.
 */
hashAfter: string, 
/**
 * Bytes of the module as it is sent.
 */
size: number, 
/**
 * What goes through the chunk store; null where it fits in a message.
 */
chunks: Chunks | null, 
/**
 * What the module is told: the bytes, hexadecimal.
 */
argument: string, 
/**
 * The same as Candid text; null if it is not Candid.
 */
argumentText: string | null, 
/**
 * Whether the module takes it; null where it does not say what it takes.
 */
argumentFits: boolean | null, 
/**
 * What becomes of those who call it.
 */
callers: CallersVerdict, 
/**
 * Methods that are not as they were.
 */
changes: Array<MethodChange>, 
/**
 * What stands in the way.
 */
obstacles: Array<Obstacle>, };

/**
 * Which way of installing somebody wants; `auto` goes by what is there.
 */
export type InstallWish = "auto" | "install" | "reinstall" | "upgrade";

/**
 * What can be asked of a canister.
 */
export type Interface = { 
/**
 * As its author wrote it.
 */
text: string, 
/**
 * Named types. They may refer to each other and to themselves.
 */
types: { [key in string]: Shape }, 
/**
 * What can be called, in the order of names.
 */
methods: Array<Method>, 
/**
 * What an installation takes; null where the interface does not say.
 */
init: Array<Argument> | null, };

/**
 * What changed in an interface.
 */
export type InterfaceChange = { 
/**
 * Whether callers of the first may fail with the second; null where that cannot be said.
 */
isBreaking: boolean | null, 
/**
 * Methods that only the second has.
 */
added: Array<string>, 
/**
 * Methods that only the first has.
 */
removed: Array<string>, 
/**
 * Methods that take or give something else.
 */
changed: Array<string>, };

/**
 * Something that the app does or did: an operation, as it is written down.
 */
export type Job = { 
/**
 * Later jobs have higher numbers.
 */
number: number, 
/**
 * What is done.
 */
kind: OpName, 
/**
 * The canister that it is about first.
 */
canister: string, 
/**
 * That canister's name at that time.
 */
name: string, 
/**
 * All canisters that it is about.
 */
targets: Array<Target>, 
/**
 * The ids of the snapshots that it was asked to work with.
 */
snapshots: Array<string>, 
/**
 * The canister that it made, once it did.
 */
made: string | null, 
/**
 * Since when, in milliseconds since 1970.
 */
beganAt: number, 
/**
 * How far it is.
 */
state: JobState, 
/**
 * Its steps, in order.
 */
steps: Array<Step>, 
/**
 * Whether a person asked it to end; it does when nothing is in flight any more.
 */
isCancelled: boolean, 
/**
 * Whether it can be paused now.
 */
mayPause: boolean, 
/**
 * Whether a person asked it to pause; it does when nothing is in flight any more.
 */
isHeld: boolean, 
/**
 * What it waits for right now, if it does.
 */
hindrance: Failure | null, 
/**
 * How far the step under way is, if it tells.
 */
report: Report | null, 
/**
 * What it shows for itself.
 */
proof: Proof, };

/**
 * How far a job is.
 */
export type JobState = { "kind": "running" } | { "kind": "paused", 
/**
 * Since when, in milliseconds since 1970.
 */
at: number, } | { "kind": "unwinding" } | { "kind": "done", 
/**
 * When, in milliseconds since 1970.
 */
at: number, } | { "kind": "cancelled", 
/**
 * When, in milliseconds since 1970.
 */
at: number, } | { "kind": "failed", 
/**
 * When, in milliseconds since 1970.
 */
at: number, 
/**
 * How.
 */
failure: Failure, } | { "kind": "stuck", 
/**
 * Since when, in milliseconds since 1970.
 */
at: number, 
/**
 * Why.
 */
failure: Failure, } | { "kind": "left", 
/**
 * When, in milliseconds since 1970.
 */
at: number, };

/**
 * Where a key is kept.
 */
export type Keeper = "keyring" | "vaultFile";

/**
 * Where an identity came from.
 */
export type KeyOrigin = "created" | "phrase" | "pem" | "icp" | "dfx";

/**
 * Where a key is read from.
 */
export type KeySource = { "kind": "file", 
/**
 * Which.
 */
pick: number, 
/**
 * What it is protected by; null for nothing.
 */
passphrase: Secret | null, 
/**
 * The kind of key, for files that do not say; null to go by the file.
 */
algorithm: Algorithm | null, } | { "kind": "text", 
/**
 * The PEM.
 */
text: Secret, 
/**
 * What it is protected by; null for nothing.
 */
passphrase: Secret | null, 
/**
 * The kind of key, for PEM that does not say; null to go by the PEM.
 */
algorithm: Algorithm | null, } | { "kind": "phrase", 
/**
 * The words.
 */
phrase: Secret, 
/**
 * The kind of key that it stands for.
 */
algorithm: Algorithm, } | { "kind": "tool", 
/**
 * Which tool.
 */
tool: Tool, 
/**
 * What the tool calls it.
 */
identity: string, 
/**
 * What it is protected by; null for nothing.
 */
passphrase: Secret | null, };

/**
 * Whether an identity could sign right now.
 */
export type KeyState = "ready" | "open" | "locked" | "none";

/**
 * How a canister is known. See [`canopic_engine::KnownBy`].
 */
export type KnownBy = "board" | "id" | "otherEnvironment" | "otherNetwork";

/**
 * What a person has said about a canister of the network in use.
 */
export type Label = { 
/**
 * The canister's id.
 */
canister: string, 
/**
 * Whether it is watched by its id.
 */
isWatched: boolean, 
/**
 * Their name for it; empty for the one that it comes with.
 */
name: string, 
/**
 * Their group for it; empty for the one that it comes with.
 */
group: string, 
/**
 * Their note.
 */
note: string, 
/**
 * Whether it is one of their favourites.
 */
isFavourite: boolean, };

/**
 * A language that canisters are written in.
 */
export type Language = "motoko" | "rust" | "c" | "other";

/**
 * A canister that was stopped and not started again.
 */
export type LeftStopped = { 
/**
 * Which.
 */
canister: string, 
/**
 * The fingerprint of its network's root key.
 */
fingerprint: string, 
/**
 * What people called it then.
 */
name: string, 
/**
 * Since when, in milliseconds since 1970.
 */
since: number, 
/**
 * The job that stopped it.
 */
job: number, 
/**
 * What that job was for.
 */
during: OpName, 
/**
 * Whether stopping it was all that was asked for, or somebody said that it stays stopped.
 */
isWanted: boolean, 
/**
 * Whether the world was asked just now, and not only the journal.
 */
isSeen: boolean, };

/**
 * A lesson, and how far it is.
 */
export type Lesson = { 
/**
 * Which.
 */
name: LessonName, 
/**
 * The canister that it is about; null before it has begun.
 */
canister: string | null, 
/**
 * The canister that the state is brought to.
 */
target: string | null, 
/**
 * The hash of the module that is to be tried: an installation names it by that.
 */
module: string | null, 
/**
 * Its steps, in order.
 */
steps: Array<LessonProgress>, 
/**
 * Whether all of them are done.
 */
isDone: boolean, };

/**
 * Which lesson. See [`canopic_engine::LessonName`].
 */
export type LessonName = "takeAndRestore" | "surviveBadUpgrade" | "moveState" | "whenUnknown";

/**
 * A step of a lesson, judged by the facts.
 */
export type LessonProgress = { 
/**
 * What is to be done, or to be seen.
 */
step: LessonStep, 
/**
 * Whether it is.
 */
isDone: boolean, };

/**
 * A step of a lesson. See [`canopic_engine::LessonStep`].
 */
export type LessonStep = "changeState" | "hasArrived" | "isFound" | "isRestored" | "isUnharmed" | "restore" | "send" | "takeSnapshot" | "takeUnheard" | "tryUpgrade";

/**
 * The library.
 */
export type Library = { 
/**
 * The folders that are looked through, the library's own first.
 */
folders: Array<string>, 
/**
 * The copies in them.
 */
copies: Array<LocalCopy>, 
/**
 * What was deleted and can be brought back, the latest first.
 */
deleted: Array<DeletedCopy>, 
/**
 * The bytes that are free where new copies go; null where the system does not say.
 */
freeBytes: number | null, 
/**
 * The program that carries the library's own folder to other computers; null where there is none.
 */
syncedBy: SyncService | null, };

/**
 * A copy on this computer.
 */
export type LocalCopy = { 
/**
 * What requests name it by.
 */
id: string, 
/**
 * Where it lies, to be shown.
 */
folder: string, 
/**
 * The bytes that it takes up on its disk.
 */
diskBytes: number, 
/**
 * What is known of it.
 */
state: LocalCopyState, };

/**
 * What is known of a copy.
 */
export type LocalCopyState = { "kind": "whole", 
/**
 * What its snapshot was.
 */
content: CopyContent, 
/**
 * What else is known; null for the folder of another tool that was never verified.
 */
record: CopyRecord | null, 
/**
 * Its files that are not as large as they must be.
 */
wrongSizes: Array<WrongSize>, } | { "kind": "unfinished", 
/**
 * The name that it is to have; null where another tool began it.
 */
name: string | null, 
/**
 * The snapshot that it is to be a copy of; null where that is not known.
 */
snapshot: ChainSnapshot | null, } | { "kind": "unreadable", 
/**
 * Why.
 */
failure: Failure, };

/**
 * A part of a log.
 */
export type Log = { 
/**
 * Its lines, oldest first.
 */
lines: Array<LogLine>, 
/**
 * The number to ask from next.
 */
next: number, 
/**
 * How many of those that were asked for are gone.
 */
lost: number, };

/**
 * Which lines of a log are wanted.
 */
export type LogFilter = { "kind": "all" } | { "kind": "from", 
/**
 * It.
 */
number: number, } | { "kind": "since", 
/**
 * In milliseconds since 1970.
 */
at: number, };

/**
 * A line of a log.
 */
export type LogLine = { 
/**
 * Its number.
 */
number: number, 
/**
 * When it was written, in milliseconds since 1970.
 */
at: number, 
/**
 * What was written; what is no text is shown as it can be.
 */
text: string, 
/**
 * Whether all of it is text; otherwise `hex` has the bytes.
 */
hex: string | null, };

/**
 * What would be lost with an identity.
 */
export type Loss = { 
/**
 * The identity.
 */
identity: IdentityDetails, 
/**
 * The canisters that it is known to control.
 */
controlled: Array<ControlledCanister>, 
/**
 * Whether it may be forgotten. If not, its key has to be exported first, or another controller added.
 */
mayForget: boolean, };

/**
 * What becomes of the main memory in an upgrade.
 */
export type MainMemory = "keep" | "replace";

/**
 * How a method is called: by a query, quickly and without proof, or by an update, certified.
 */
export type Manner = "query" | "update";

/**
 * A canister of an environment.
 */
export type Member = { 
/**
 * The name that the project gives it.
 */
name: string, 
/**
 * Its id; null while it was not created there.
 */
id: string | null, 
/**
 * Whether the project still has it; otherwise only its id is left.
 */
isDeclared: boolean, };

/**
 * Bytes of a canister by kind.
 */
export type Memory = { heap: number, stable: number, globals: number, module: number, customSections: number, history: number, chunkStore: number, snapshots: number, log: number, };

/**
 * Which pages of a memory hold something, or differ.
 */
export type MemoryMap = { 
/**
 * How many pages of 64 KiB there are.
 */
pages: number, 
/**
 * How many of them hold something, or differ.
 */
used: number, 
/**
 * How many pages one cell stands for.
 */
pagesPerCell: number, 
/**
 * For each cell, how many of its pages do.
 */
cells: Array<number>, };

/**
 * A method.
 */
export type Method = { 
/**
 * What it is called.
 */
name: string, 
/**
 * What it takes and gives.
 */
signature: Signature, 
/**
 * The comment above it, line by line.
 */
docs: Array<string>, };

/**
 * How a method changes.
 */
export type MethodChange = { 
/**
 * Which.
 */
method: string, 
/**
 * What becomes of it.
 */
kind: ChangeKind, 
/**
 * What breaks for its callers; empty if nothing does.
 */
reasons: Array<Reason>, 
/**
 * Whether callers go on without seeing what they do not understand.
 */
dropsValues: boolean, };

/**
 * How a method may be called.
 */
export type MethodKind = "update" | "query" | "compositeQuery" | "oneway";

/**
 * A module that was read.
 */
export type Module = { 
/**
 * SHA-256 of it as it is sent: the module hash that the network will show, hexadecimal.
 */
hash: string, 
/**
 * Bytes as they are sent.
 */
size: number, 
/**
 * Bytes when unpacked.
 */
unpackedSize: number, 
/**
 * Whether the file is gzipped.
 */
isPacked: boolean, 
/**
 * Whether its memory is addressed by 64 bits.
 */
isWasm64: boolean, 
/**
 * Whether it is Motoko that keeps its main memory over upgrades.
 */
hasEnhancedPersistence: boolean, 
/**
 * The methods that it exports.
 */
methods: Array<ExportedMethod>, 
/**
 * Exports that the network itself calls.
 */
hooks: Array<string>, 
/**
 * What it imports from the network.
 */
imports: Array<string>, 
/**
 * Its custom sections.
 */
sections: Array<ModuleSection>, 
/**
 * What it can be asked, and what an installation takes; null if it does not say, or if that is not understood.
 */
interface: Interface | null, };

/**
 * A custom section of a module.
 */
export type ModuleSection = { 
/**
 * Its name.
 */
name: string, 
/**
 * Who may read it.
 */
visibility: SectionVisibility, 
/**
 * Bytes of its content.
 */
size: number, };

/**
 * A moment that can be gone back to: a snapshot on the network, copies on this computer, or both.
 */
export type Moment = { 
/**
 * What stays the same while the moment is there: its snapshot's id, or its first copy's.
 */
key: string, 
/**
 * When, in milliseconds since 1970.
 */
at: number, 
/**
 * The snapshot on the network.
 */
snapshot: SnapshotOnChain | null, 
/**
 * The copies on this computer, the closest first.
 */
copies: Array<CopyOnDisk>, 
/**
 * SHA-256 of the module, hexadecimal; null where it is not known.
 */
moduleHash: string | null, 
/**
 * Whether that is the module that the canister has now; null where that is not known.
 */
isSameModule: boolean | null, 
/**
 * What a person calls it; empty where nobody named it.
 */
name: string, 
/**
 * What a person noted about it.
 */
note: string, 
/**
 * Since when it is proven that it can be restored, in milliseconds since 1970.
 */
provenAt: number | null, 
/**
 * The job that proved it.
 */
provenBy: number | null, };

/**
 * What is searched for.
 */
export type Needle = { "text": string } | { "hex": string };

/**
 * The network in use.
 */
export type Network = { 
/**
 * Which one.
 */
id: string, 
/**
 * What kind of network it is; its colour follows from it.
 */
kind: NetworkKind, 
/**
 * The name that people gave it; empty where its kind says all.
 */
name: string, 
/**
 * How its root key is known.
 */
trust: Trust, 
/**
 * The address of its HTTP interface.
 */
address: string, 
/**
 * The DER-encoded root key, hexadecimal.
 */
rootKey: string, 
/**
 * What tells it apart from other networks.
 */
fingerprint: string, };

/**
 * The kinds of networks.
 */
export type NetworkKind = "practice" | "mainnet" | "local" | "custom";

/**
 * A network in the list of all that can be chosen.
 */
export type NetworkListing = { 
/**
 * Which one.
 */
id: string, 
/**
 * What kind of network it is.
 */
kind: NetworkKind, 
/**
 * The name that people gave it; empty where its kind says all.
 */
name: string, 
/**
 * How its root key is known.
 */
trust: Trust, 
/**
 * Its address; null for the practice network, which has one only while it runs.
 */
address: string | null, 
/**
 * What tells it apart from others, as far as it is known without asking it.
 */
fingerprint: string | null, 
/**
 * The tool that runs it; null where it is not known.
 */
tool: Tool | null, 
/**
 * The project that it belongs to; null for none.
 */
project: string | null, 
/**
 * Whether it runs; null for networks that are not asked before they are chosen.
 */
isRunning: boolean | null, 
/**
 * Whether it opens for reading only.
 */
isGuarded: boolean, };

/**
 * A new recovery phrase. It is shown once and cannot be asked for again.
 */
export type NewPhrase = { 
/**
 * The words, in their order.
 */
words: Array<Secret>, 
/**
 * Which words have to be repeated, counted from 1.
 */
asked: Array<number>, 
/**
 * Until when it can be confirmed, in milliseconds since 1970.
 */
endsAt: number, };

/**
 * What an identity that is being added will be called, and where its key is going to be kept.
 */
export type Newcomer = { 
/**
 * Its name.
 */
name: string, 
/**
 * Where its key is kept.
 */
keeper: Keeper, };

/**
 * What the front end is told.
 */
export type News = { "kind": "snapshot", 
/**
 * All jobs, oldest first.
 */
jobs: Array<Job>, 
/**
 * The numbers of those that an earlier process left under way, whatever became of them since.
 */
inherited: number[], } | { "kind": "job", 
/**
 * It.
 */
job: Job, } | { "kind": "closing", 
/**
 * The numbers of the jobs that would go on at the next start.
 */
jobs: number[], } | { "kind": "notice", 
/**
 * It.
 */
notice: Notice, };

/**
 * Kinds of identities that are not supported yet.
 */
export type NotYet = "hardwareKey" | "internetIdentity";

/**
 * Something to be told outside of the window. Each list holds numbers of jobs, in the order in which they came to it.
 */
export type Notice = { 
/**
 * What the shell knows it by.
 */
number: number, 
/**
 * What failed.
 */
failed: number[], 
/**
 * What can go neither on nor back without a person.
 */
needsYou: number[], 
/**
 * What is done.
 */
finished: number[], };

/**
 * The kinds of numbers: the types of Candid with these names.
 */
export type NumberKind = "nat" | "int" | "nat8" | "nat16" | "nat32" | "nat64" | "int8" | "int16" | "int32" | "int64" | "float32" | "float64";

/**
 * Why an installation would fail, or lose what nobody said may be lost.
 */
export type Obstacle = "denied" | "cannotKeepMemory" | "wouldLoseMemory" | "storeFull" | "argumentTooLarge";

/**
 * What happens if an upgraded canister answers otherwise than expected: a person is offered to restore, or it is restored.
 */
export type OnFailure = "offer" | "restore";

/**
 * Something to ask for. See [`canopic_engine::Op`].
 */
export type Op = { "op": "changeSettings", 
/**
 * Of which.
 */
canister: string, 
/**
 * What is to become of them.
 */
change: SettingsChange, } | { "op": "create", 
/**
 * Where.
 */
placement: Placement, 
/**
 * Its settings; what they do not name is as usual.
 */
settings: SettingsChange, 
/**
 * Cycles, decimal.
 */
amount: string, 
/**
 * Who pays; null: as the network has it.
 */
purse: Purse | null, 
/**
 * What it is called on the board; empty for its id.
 */
name: string, } | { "op": "delete", 
/**
 * Which.
 */
canister: string, 
/**
 * Whether its cycles are sent to the identity's account in the cycles ledger before.
 */
withdraws: boolean, 
/**
 * The snapshot whose place the safety snapshot takes that is needed for it; null: there is room.
 */
replace: string | null, } | { "op": "start", 
/**
 * Which.
 */
canister: string, } | { "op": "stop", 
/**
 * Which.
 */
canister: string, } | { "op": "takeSnapshot", 
/**
 * Of which canister.
 */
canister: string, 
/**
 * Whether it is stopped meanwhile, if it runs.
 */
isStoppedMeanwhile: boolean, 
/**
 * The snapshot whose place it takes; that one is gone afterwards.
 */
replace: string | null, 
/**
 * What people will call it.
 */
name: string, 
/**
 * What people want to remember of it.
 */
note: string, } | { "op": "downloadSnapshot", 
/**
 * Of which canister.
 */
canister: string, 
/**
 * Which of its snapshots.
 */
snapshot: string, 
/**
 * What people will call the copy.
 */
name: string, 
/**
 * The unfinished copy of it that is gone on with.
 */
copy: string | null, } | { "op": "uploadCopy", 
/**
 * Of which canister it will be a snapshot.
 */
canister: string, 
/**
 * Which copy of the library.
 */
copy: string, 
/**
 * The snapshot that is not needed any more afterwards.
 */
replace: string | null, 
/**
 * Whether all of it is read back and compared afterwards, instead of a sample.
 */
comparesAll: boolean, } | { "op": "repairCopy", 
/**
 * The canister of the snapshot that it is of.
 */
canister: string, 
/**
 * Which copy of the library.
 */
copy: string, } | { "op": "topUp", 
/**
 * To which.
 */
canister: string, 
/**
 * Cycles, decimal.
 */
amount: string, 
/**
 * Who pays; null: as the network has it.
 */
purse: Purse | null, } | { "op": "uninstall", 
/**
 * Of which.
 */
canister: string, } | { "op": "install", 
/**
 * Where.
 */
canister: string, 
/**
 * The hash of the module.
 */
module: string, 
/**
 * How.
 */
mode: InstallMode, 
/**
 * What the module is told: the bytes, hexadecimal.
 */
argument: string, } | { "op": "upgrade", 
/**
 * Which.
 */
canister: string, 
/**
 * The hash of the new module, which was read before.
 */
module: string, 
/**
 * The details.
 */
options: UpgradeOptions, 
/**
 * What the module is told: the bytes, hexadecimal.
 */
argument: string, 
/**
 * What is asked afterwards.
 */
checks: Array<CheckCall>, 
/**
 * What happens if the canister answers otherwise than expected.
 */
onFailure: OnFailure, 
/**
 * The snapshot whose place the safety snapshot takes; that one is gone afterwards.
 */
replace: string | null, } | { "op": "takeSnapshots", 
/**
 * Which, in the order in which they are stopped.
 */
canisters: Array<string>, 
/**
 * Their snapshots that give way where the slots of one are used up; they are gone afterwards.
 */
replace: Array<string>, } | { "op": "restore", 
/**
 * Which canister.
 */
canister: string, 
/**
 * Its snapshot.
 */
snapshot: string, 
/**
 * The snapshot whose place the safety snapshot takes; that one is gone afterwards.
 */
replace: string | null, } | { "op": "restoreSnapshots", 
/**
 * Which, in the order in which they are stopped.
 */
restores: Array<Restore>, } | { "op": "sendSnapshot", 
/**
 * Whose snapshot.
 */
source: string, 
/**
 * Which.
 */
snapshot: string, 
/**
 * Where to.
 */
target: string, 
/**
 * Whether a person said that what is in the target may be replaced.
 */
mayReplace: boolean, 
/**
 * Whether the target gets the source's settings, too.
 */
carriesSettings: boolean, 
/**
 * Whether it goes through a copy although both are on the same subnet: then nobody waits for a checkpoint.
 */
throughCopy: boolean, 
/**
 * The longest that somebody likes to wait until it can be loaded directly; where that may take longer it goes through a copy.
 * Null: as long as it takes.
 */
waitsAtMostSeconds: number | null, 
/**
 * The target's snapshots that give way where its slots are used up; the last one to the safety snapshot.
 */
replace: Array<string>, 
/**
 * What the copy that stays in the library will be called; null: none stays.
 */
keepAs: string | null, } | { "op": "restoreCopy", 
/**
 * Which canister.
 */
canister: string, 
/**
 * Which copy of the library.
 */
copy: string, 
/**
 * Whether a person said that what is in the canister may be replaced.
 */
mayReplace: boolean, 
/**
 * The canister's snapshots that give way where its slots are used up; the last one to the safety snapshot.
 */
replace: Array<string>, } | { "op": "drill", 
/**
 * Whose snapshot.
 */
canister: string, 
/**
 * Which.
 */
snapshot: string, 
/**
 * What the throw-away canister is asked.
 */
checks: Array<CheckCall>, 
/**
 * Who pays for the throw-away canister; null: as the network has it.
 */
purse: Purse | null, } | { "op": "drillCopy", 
/**
 * Which copy of the library.
 */
copy: string, 
/**
 * What the throw-away canister is asked.
 */
checks: Array<CheckCall>, 
/**
 * Who pays for the throw-away canister; null: as the network has it.
 */
purse: Purse | null, } | { "op": "deleteSnapshots", 
/**
 * Of which canister.
 */
canister: string, 
/**
 * Which.
 */
snapshots: Array<string>, };

/**
 * What an operation does. See [`canopic_engine::OpName`].
 */
export type OpName = "changeSettings" | "create" | "delete" | "deleteSnapshots" | "downloadSnapshot" | "drill" | "install" | "reinstall" | "repairCopy" | "restore" | "restoreCopy" | "restoreSnapshots" | "sendSnapshot" | "start" | "stop" | "takeSnapshot" | "takeSnapshots" | "topUp" | "uninstall" | "upgrade" | "uploadCopy";

/**
 * How an act came out. See [`activity::Outcome`].
 */
export type Outcome = "underWay" | "paused" | "needsYou" | "done" | "failed" | "cancelled" | "left";

/**
 * Something that happened to a canister.
 */
export type PastChange = { 
/**
 * When, in milliseconds since 1970.
 */
at: number, 
/**
 * What.
 */
what: Happening, 
/**
 * Who did it, a person or a canister; null where that is not known.
 */
who: string | null, 
/**
 * Our job that did it, if it was one of ours.
 */
job: number | null, };

/**
 * Something that was picked.
 */
export type Pick = { 
/**
 * What requests name it by.
 */
pick: number, 
/**
 * The name of the file or folder, to be shown.
 */
name: string, 
/**
 * Where it is, to be shown.
 */
path: string, 
/**
 * Whether it is a folder.
 */
isFolder: boolean, };

/**
 * What a person is asked to pick.
 */
export type PickKind = "folder" | "file" | "files" | "newFile";

/**
 * Where a canister is made.
 */
export type Placement = { "kind": "anywhere" } | { "kind": "beside", 
/**
 * Its id.
 */
canister: string, } | { "kind": "on", 
/**
 * Its id.
 */
subnet: string, };

/**
 * What will happen, to be confirmed.
 */
export type Plan = { 
/**
 * The canisters that it works on.
 */
targets: Array<Target>, 
/**
 * What is done, in order.
 */
steps: Array<PlannedStep>, 
/**
 * What was looked at.
 */
checks: Array<Check>, 
/**
 * Whether a check forbids to run it.
 */
isBlocked: boolean, 
/**
 * What the network will charge, roughly, in cycles, decimal.
 */
cost: string, 
/**
 * How long calls are not taken.
 */
downtime: Downtime, 
/**
 * How it can be taken back afterwards.
 */
undo: Undo, 
/**
 * The same in a terminal.
 */
twin: Array<string>, 
/**
 * To be handed back with the confirmation: the plan runs only in the world that it was made for.
 */
fingerprint: string, };

/**
 * The plan of one of several operations, or why there is none.
 */
export type Planned = { "kind": "plan", 
/**
 * It.
 */
plan: Plan, } | { "kind": "failed", 
/**
 * Why.
 */
failure: Failure, };

/**
 * A step that will be taken.
 */
export type PlannedStep = { 
/**
 * What it does.
 */
name: StepName, 
/**
 * The canister that it works on, where the plan works on several.
 */
target: Target | null, };

/**
 * What was found out about a network.
 */
export type Probe = { 
/**
 * Where it was asked.
 */
address: string, 
/**
 * What it is.
 */
finding: Finding, 
/**
 * The root key that it says is its own, hexadecimal; proves nothing by itself.
 */
rootKey: string | null, 
/**
 * The fingerprint of that key.
 */
fingerprint: string | null, 
/**
 * How long it takes to answer, in milliseconds.
 */
latency: number | null, 
/**
 * How far this computer's clock is ahead of the network's, in milliseconds; negative while it is behind.
 */
clockAhead: number | null, 
/**
 * Whether the clock is off so far that requests are in danger.
 */
isClockOff: boolean, 
/**
 * The version of the software that answers, as it says.
 */
version: string | null, };

/**
 * What can be wrong in a file of a project. See [`canopic_engine::ProblemKind`].
 */
export type ProblemKind = "duplicateName" | "malformed" | "malformedId" | "malformedName" | "missingKey" | "notFound" | "outside" | "tooDeep" | "tooLarge" | "tooMany" | "unknownCanister" | "unknownKey" | "unknownNetwork" | "unreadable" | "wrongKind";

/**
 * A project that is open.
 */
export type Project = { 
/**
 * Its folder.
 */
folder: string, 
/**
 * Its name.
 */
name: string, 
/**
 * Its environments; empty when the folder cannot be read.
 */
environments: Array<Environment>, 
/**
 * What is wrong in its files.
 */
problems: Array<ProjectProblem>, 
/**
 * Why the folder as a whole cannot be read; null if it can.
 */
failure: Failure | null, };

/**
 * Something that is wrong in a file of a project.
 */
export type ProjectProblem = { 
/**
 * The file, from the project's folder on.
 */
file: string, 
/**
 * The line, counted from one; null where it is the file as a whole.
 */
line: number | null, 
/**
 * What is wrong.
 */
kind: ProblemKind, 
/**
 * What it is about: a name, a path, a limit, or the words of the parser.
 */
subject: string, };

/**
 * What a job shows for itself, read from its steps.
 */
export type Proof = { 
/**
 * What it did with each canister.
 */
canisters: Array<CanisterProof>, 
/**
 * What was asked, in order.
 */
asked: Array<Asked>, 
/**
 * The throw-away canister that it made, as long as that is there.
 */
trial: string | null, };

/**
 * Where cycles come from. See [`canopic_engine::Purse`].
 */
export type Purse = "gift" | "ledger";

/**
 * Queries that a canister has answered, decimal.
 */
export type Queries = { calls: string, instructions: string, requestBytes: string, responseBytes: string, };

/**
 * How well a canister is known.
 */
export type Reading = { "kind": "full", 
/**
 * The status.
 */
status: Status, } | { "kind": "public", 
/**
 * SHA-256 of the module, hexadecimal; null for an empty canister.
 */
moduleHash: string | null, 
/**
 * Who may change it.
 */
controllers: Array<string>, 
/**
 * Whether it tells everybody which methods it has; null where that is for controllers only.
 */
hasInterface: boolean | null, } | { "kind": "failed", 
/**
 * Why.
 */
failure: Failure, };

/**
 * A place where old and new do not fit, as a technical detail.
 */
export type Reason = { 
/**
 * Where, from the outside in.
 */
place: Array<string>, 
/**
 * What.
 */
why: string, };

/**
 * A call that was made.
 */
export type RecentCall = { 
/**
 * Which method.
 */
method: string, 
/**
 * How.
 */
manner: Manner, 
/**
 * With what, as Candid text; null where it was long, or looked like a secret.
 */
arguments: string | null, 
/**
 * How it ended.
 */
ended: CallEnd, 
/**
 * When, in milliseconds since 1970.
 */
at: number, };

/**
 * How far a step under way is.
 */
export type Report = { 
/**
 * So much is done.
 */
done: number, 
/**
 * Of so much, where that is known.
 */
total: number | null, };

/**
 * A canister and the snapshot that is restored there.
 */
export type Restore = { 
/**
 * Which canister.
 */
canister: string, 
/**
 * Its snapshot.
 */
snapshot: string, 
/**
 * The snapshot whose place the safety snapshot takes; that one is gone afterwards.
 */
replace: string | null, };

/**
 * A change of settings, held against those in force.
 */
export type Review = { 
/**
 * What would differ.
 */
differences: Array<Difference>, 
/**
 * What to think about first.
 */
guards: Array<Guard>, };

/**
 * What a canister is doing. See [`canopic_engine::RunState`].
 */
export type RunState = "running" | "stopping" | "stopped";

/**
 * What a canister held at a moment.
 */
export type Sample = { 
/**
 * In milliseconds since 1970.
 */
at: number, 
/**
 * Cycles, decimal.
 */
cycles: string, 
/**
 * Bytes, snapshots included.
 */
memoryBytes: number, };

/**
 * What is unlocked.
 */
export type Scope = { "kind": "canister", 
/**
 * Its id.
 */
canister: string, } | { "kind": "minutes", 
/**
 * So many, sixty at most.
 */
minutes: number, };

/**
 * A passphrase, a phrase or a key as text. Wiped when it was used, and never logged.
 */
export type Secret = string;

/**
 * Who may read a custom section once the module is installed: everybody, controllers, or nobody.
 */
export type SectionVisibility = "public" | "private" | "none";

/**
 * Where we are, who we are, and the choices in force.
 */
export type Session = { 
/**
 * The app's version.
 */
version: string, 
/**
 * The network in use.
 */
network: Network, 
/**
 * Who signs.
 */
identity: Identity, 
/**
 * Whether the network in use may be changed.
 */
access: Access, 
/**
 * Light, dark or system.
 */
appearance: Appearance, 
/**
 * Whether the system's notifications are switched off.
 */
isQuiet: boolean, 
/**
 * Where things lie on this computer.
 */
folders: Folders, };

/**
 * A setting, by name. See [`canopic_engine::Setting`].
 */
export type Setting = "computeAllocation" | "controllers" | "environmentVariables" | "freezingThreshold" | "logMemoryLimit" | "logVisibility" | "memoryAllocation" | "minimumIncomingCallCycles" | "reservedCyclesLimit" | "snapshotVisibility" | "statusVisibility" | "wasmMemoryLimit" | "wasmMemoryThreshold";

/**
 * What is to become of some settings; numbers are decimal, what is absent stays.
 */
export type SettingsChange = { controllers?: Array<string>, computeAllocation?: string, memoryAllocation?: string, freezingThresholdSeconds?: string, reservedCyclesLimit?: string, minimumIncomingCallCycles?: string, logVisibility?: Viewers, snapshotVisibility?: Viewers, statusVisibility?: Viewers, logMemoryLimit?: string, wasmMemoryLimit?: string, wasmMemoryThreshold?: string, environmentVariables?: Array<EnvironmentVariable>, };

/**
 * A type.
 */
export type Shape = { "kind": "null" } | { "kind": "bool" } | { "kind": "number", 
/**
 * Which numbers.
 */
number: NumberKind, } | { "kind": "text" } | { "kind": "blob" } | { "kind": "principal" } | { "kind": "reserved" } | { "kind": "empty" } | { "kind": "opt", 
/**
 * Of what.
 */
inner: Shape, } | { "kind": "vec", 
/**
 * Of what.
 */
inner: Shape, } | { "kind": "record", 
/**
 * Its fields.
 */
fields: Array<ShapeField>, } | { "kind": "variant", 
/**
 * The choices.
 */
fields: Array<ShapeField>, } | { "kind": "func", 
/**
 * What the method takes and gives.
 */
signature: Signature, } | { "kind": "service", 
/**
 * What it can be asked.
 */
methods: Array<Method>, } | { "kind": "named", 
/**
 * Which.
 */
name: string, };

/**
 * A field of a record, or a choice of a variant.
 */
export type ShapeField = { 
/**
 * What stands for it in a value.
 */
key: string, 
/**
 * Its name; null where it has a number only.
 */
name: string | null, 
/**
 * What it holds.
 */
shape: Shape, };

/**
 * Something that the system's file manager can show where it lies. The page names it; the path is known here.
 */
export type Shown = { "kind": "copy", 
/**
 * Which.
 */
copy: string, } | { "kind": "logs" } | { "kind": "written", 
/**
 * The pick that it was written to.
 */
pick: number, };

/**
 * What a function takes and gives.
 */
export type Signature = { 
/**
 * How it may be called.
 */
kind: MethodKind, 
/**
 * What it takes.
 */
arguments: Array<Argument>, 
/**
 * What it gives.
 */
results: Array<Argument>, };

/**
 * Which job of ours made a snapshot.
 */
export type SnapshotCause = { 
/**
 * Its number.
 */
job: number, 
/**
 * What it was for.
 */
op: OpName, 
/**
 * Whether it was to keep what the job was about to replace.
 */
isSafety: boolean, };

/**
 * How many snapshots there are.
 */
export type SnapshotCount = { 
/**
 * So many.
 */
count: number, 
/**
 * When the newest was taken, in milliseconds since 1970.
 */
newestAt: number | null, 
/**
 * When they were listed, in milliseconds since 1970.
 */
readAt: number, 
/**
 * Whether the status speaks against it by now; they are being listed anew.
 */
isStale: boolean, };

/**
 * What is known of the snapshots on the network.
 */
export type SnapshotListing = { "kind": "listed", 
/**
 * How many there are.
 */
used: number, 
/**
 * How many there may be.
 */
limit: number, } | { "kind": "denied", 
/**
 * Why.
 */
denial: Denial, } | { "kind": "failed", 
/**
 * Why.
 */
failure: Failure, };

/**
 * A snapshot on the network.
 */
export type SnapshotOnChain = { 
/**
 * Its id, hexadecimal.
 */
id: string, 
/**
 * How many bytes it takes up.
 */
bytes: number, 
/**
 * How it came to be; null where that could not be read.
 */
arrival: Arrival | null, 
/**
 * Whether all of it is there.
 */
wholeness: Wholeness, 
/**
 * The canister's version then, decimal.
 */
version: string | null, 
/**
 * Our job that made it, if it was one of ours.
 */
cause: SnapshotCause | null, };

/**
 * What lies in a stable memory.
 */
export type StableLayout = { "kind": "empty" } | { "kind": "unknown" } | { "kind": "manager", 
/**
 * How many pages a bucket has.
 */
bucketPages: number, 
/**
 * How many buckets are taken.
 */
buckets: number, 
/**
 * The virtual memories.
 */
memories: Array<VirtualMemory>, } | { "kind": "single", 
/**
 * Which.
 */
structure: StableStructure, } | { "kind": "regions", 
/**
 * How many pages a block has.
 */
blockPages: number, 
/**
 * How many blocks are taken.
 */
blocks: number, 
/**
 * The regions: number, pages, blocks.
 */
regions: Array<[number, number, number]>, };

/**
 * A structure of `ic-stable-structures`.
 */
export type StableStructure = "bTreeMap" | "vec" | "cell" | "logIndex" | "logEntries" | "minHeap" | "unknown";

/**
 * The status of a canister.
 */
export type Status = { 
/**
 * Running, stopping or stopped.
 */
runState: RunState, 
/**
 * Whether a certificate proves it; otherwise one machine of the network signed it.
 */
isCertified: boolean, 
/**
 * The time of that certificate, in milliseconds since 1970; null without one.
 */
provenAt: number | null, 
/**
 * SHA-256 of the module, hexadecimal; null for an empty canister.
 */
moduleHash: string | null, 
/**
 * All its settings.
 */
settings: CanisterSettings, 
/**
 * Cycles that it holds, decimal.
 */
cycles: string, 
/**
 * Cycles that it must keep: below that it freezes; decimal.
 */
reserve: string, 
/**
 * Cycles that are set aside for storage, decimal.
 */
reservedCycles: string, 
/**
 * Cycles that it burns in a day of doing nothing, decimal.
 */
idleBurnPerDay: string, 
/**
 * Days until it freezes; null while it burns nothing.
 */
runwayDays: number | null, 
/**
 * Days until nothing is left; null while it burns nothing.
 */
daysUntilEmpty: number | null, 
/**
 * Bytes that it takes up, snapshots included.
 */
memoryBytes: number, 
/**
 * Bytes of that which its snapshots take up.
 */
snapshotBytes: number, 
/**
 * Those bytes by kind.
 */
memory: Memory, 
/**
 * Queries that it has answered; null where the network does not count them.
 */
queries: Queries | null, 
/**
 * Whether it could be moved to another subnet now; null where the network does not tell.
 */
isReadyForMigration: boolean | null, 
/**
 * Counts every change of it.
 */
version: number, };

/**
 * A step of a job.
 */
export type Step = { 
/**
 * What it does.
 */
name: StepName, 
/**
 * The canister that it works on, where the job works on several.
 */
target: Target | null, 
/**
 * How far it is.
 */
progress: StepProgress, 
/**
 * When it began, in milliseconds since 1970.
 */
beganAt: number | null, 
/**
 * When it was done or failed, in milliseconds since 1970.
 */
endedAt: number | null, 
/**
 * The time of the certificate that proves it, in milliseconds since 1970.
 */
provenAt: number | null, };

/**
 * What a step does. See [`canopic_engine::StepName`].
 */
export type StepName = "addToBoard" | "awaitCheckpoint" | "buy" | "changeSettings" | "checkAnswer" | "clearChunks" | "compareSnapshot" | "delete" | "deleteReplaced" | "deleteSnapshot" | "deleteTrial" | "dropCopy" | "fetchSnapshot" | "fetchToSend" | "fillSnapshot" | "give" | "installCode" | "loadSnapshot" | "loadTrial" | "makeSnapshot" | "makeTrial" | "mendCopy" | "pay" | "putMessenger" | "receive" | "sendCycles" | "stampCopy" | "start" | "stop" | "takeSnapshot" | "uninstall" | "upgradeCode" | "uploadModule" | "verify" | "verifyCopy" | "verifyModule";

/**
 * How far a step is.
 */
export type StepProgress = "waiting" | "running" | "done" | "failed" | "undoing" | "undone" | "stays";

/**
 * A program that carries files to other computers.
 */
export type SyncService = "dropbox" | "googleDrive" | "iCloud" | "nextcloud" | "oneDrive" | "syncthing" | "other";

/**
 * A canister that a plan works on.
 */
export type Target = { 
/**
 * Its id.
 */
id: string, 
/**
 * What people call it.
 */
name: string, };

/**
 * Everything that a canister can go back to.
 */
export type Timeline = { 
/**
 * Which canister.
 */
canister: string, 
/**
 * What people call it.
 */
name: string, 
/**
 * SHA-256 of the module that it has now, hexadecimal; null where it has none or that is not known.
 */
moduleHash: string | null, 
/**
 * What is known of the snapshots on the network.
 */
snapshots: SnapshotListing, 
/**
 * Every moment, the newest first.
 */
moments: Array<Moment>, 
/**
 * What happened to the canister, the newest first.
 */
changes: Array<PastChange>, 
/**
 * Whether the canister's own history was to be had; otherwise only what was done from here is known.
 */
hasHistory: boolean, 
/**
 * Whether all was read; otherwise the rest is being read, and is there when it is asked for again.
 */
isComplete: boolean, };

/**
 * A tool that runs networks and keeps identities.
 */
export type Tool = "icp" | "dfx";

/**
 * How a root key came to be known, from the best reason to believe it to the worst.
 */
export type Trust = "builtIn" | "descriptor" | "pasted" | "firstUse" | "fetched";

/**
 * How what is planned can be taken back once it is done. See [`canopic_engine::Undo`].
 */
export type Undo = "changeBack" | "deleteSnapshot" | "needless" | "never" | "restoreSafety" | "start" | "stop";

/**
 * The details of an upgrade.
 */
export type UpgradeOptions = { 
/**
 * Not to run the old module's `pre_upgrade`. What it would have saved is lost.
 */
skipPreUpgrade: boolean, 
/**
 * What becomes of the main memory; null to let the module decide.
 */
mainMemory: MainMemory | null, };

/**
 * A value of a known type; see the head of this file for the form.
 */
export type Value = null | boolean | string | Value[] | { [key: string]: Value };

/**
 * The vault file.
 */
export type Vault = { 
/**
 * Where it is, or would be.
 */
path: string, 
/**
 * Whether it is there.
 */
exists: boolean, 
/**
 * Whether it is open.
 */
isOpen: boolean, };

/**
 * What came of a verification.
 */
export type Verification = { 
/**
 * Whether every byte is what it must be.
 */
isSound: boolean, 
/**
 * Whether there were hashes to compare with; otherwise they are known from now on.
 */
hadHashes: boolean, 
/**
 * What is damaged.
 */
damage: Array<CopyDamage>, 
/**
 * How many bytes were read.
 */
bytes: number, };

/**
 * What a record that holds tells.
 */
export type VerifiedRecord = { 
/**
 * How many acts are in it.
 */
acts: number, 
/**
 * How many events they are made of.
 */
events: number, 
/**
 * When it was exported, in milliseconds since 1970.
 */
exportedAt: number, };

/**
 * Who may look.
 */
export type Viewers = { "kind": "controllers" } | { "kind": "public" } | { "kind": "listed", 
/**
 * Their principals.
 */
principals: Array<string>, };

/**
 * A virtual memory.
 */
export type VirtualMemory = { 
/**
 * Its number.
 */
id: number, 
/**
 * How many pages it has.
 */
pages: number, 
/**
 * How many buckets it has.
 */
buckets: number, 
/**
 * Where its first bucket lies.
 */
offset: number, 
/**
 * What begins there.
 */
structure: StableStructure, };

/**
 * Which acts are wanted; what is absent excludes nothing.
 */
export type Wanted = { 
/**
 * Occurs in a name or an id of a canister, or in the principal of who signed.
 */
text?: string, 
/**
 * Came out like this.
 */
outcome?: Outcome, 
/**
 * Began at this moment or later, in milliseconds since 1970.
 */
since?: number, 
/**
 * Began before this moment, in milliseconds since 1970.
 */
until?: number, };

/**
 * Something that an owner should know. See [`canopic_engine::Warning`].
 */
export type Warning = "controlledByAnonymous" | "frozen" | "noController" | "notOurs" | "oneController" | "publicLog" | "publicSnapshots" | "publicStatus" | "runwayShort";

/**
 * Whether all of a snapshot is there. See [`canopic_engine::Wholeness`].
 */
export type Wholeness = "half" | "paused" | "underWay" | "unknown" | "whole";

/**
 * A file that is not as large as it must be.
 */
export type WrongSize = { 
/**
 * The file, as a path in the copy's folder.
 */
file: string, 
/**
 * The bytes that it must have.
 */
expected: number, 
/**
 * The bytes that it has; null where it is not there.
 */
found: number | null, };

/** Every request: what it takes and what it answers. */
export interface Requests {
  /** Where we are, who we are, and the choices in force. */
  session: { parameters: {}; reply: Session };
  /** All canisters that are looked after, with what is known of each right now. */
  canisters: { parameters: {}; reply: Board };
  /** One canister, watched or not, by a cheap question or with a certificate. */
  readCanister: { parameters: { canister: string; certified: boolean; }; reply: Canister };
  /** What a canister's module tells about itself, certified. */
  canisterMetadata: { parameters: { canister: string; }; reply: Array<CustomSection> };
  /** What a canister held since a moment, in milliseconds since 1970. */
  canisterHistory: { parameters: { canister: string; since: number; }; reply: History };
  /** The log of a canister, or a part of it. Following it is asking again from `next`. */
  canisterLog: { parameters: { canister: string; filter: LogFilter; }; reply: Log };
  /** The cycles of the identity in use. */
  balance: { parameters: {}; reply: Balance };
  /** What it would mean to make a canister, before anything is paid. */
  planCreation: { parameters: { placement: Placement; settings: SettingsChange; amount: string; purse: Purse | null; }; reply: CreationPlan };
  /** What a change of settings would mean, before it is sent. */
  reviewSettings: { parameters: { canister: string; change: SettingsChange; }; reply: Review };
  /** Starts a canister. */
  startCanister: { parameters: { canister: string; }; reply: Canister };
  /** Stops a canister. */
  stopCanister: { parameters: { canister: string; }; reply: Canister };
  /** Chooses light, dark or the system's. */
  chooseAppearance: { parameters: { appearance: Appearance; }; reply: Session };
  /** Switches the system's notifications off, or on again. */
  chooseQuiet: { parameters: { isQuiet: boolean; }; reply: Session };
  /** Tries once more to open the app's state after a failed start. */
  reopen: { parameters: {}; reply: Session };
  /** Moves settings that cannot be read out of the way, whole, and opens the app's state without them. */
  setSettingsAside: { parameters: {}; reply: Session };
  /** What an operation would do, from the world as it is; changes nothing. */
  plan: { parameters: { op: Op; }; reply: Plan };
  /** Begins the operation whose plan was confirmed, and answers with the job's number. Refused if the world has moved since. */
  run: { parameters: { op: Op; fingerprint: string; }; reply: number };
  /** The same over several canisters: a plan each, or why there is none. */
  planEach: { parameters: { ops: Array<Op>; }; reply: Array<Planned> };
  /** Begins several operations whose plans were confirmed: a job each, or why there is none. */
  runEach: { parameters: { confirmed: Array<Confirmed>; }; reply: Array<Begun> };
  /** Wants a job to end: it turns back as soon as nothing is in flight. */
  cancel: { parameters: { job: number; }; reply: null };
  /** Lets a job rest as soon as nothing is in flight; only what says that it may. */
  pause: { parameters: { job: number; }; reply: null };
  /** Lets a paused job go on. */
  goOn: { parameters: { job: number; }; reply: null };
  /** Lets a stuck job try once more. */
  retry: { parameters: { job: number; }; reply: null };
  /** Leaves the world of a stuck job as it is. */
  leave: { parameters: { job: number; }; reply: null };
  /** The check calls that were made last on a canister of the network in use, to be made again. */
  checkCalls: { parameters: { canister: string; }; reply: Array<CheckCall> };
  /** What a canister can go back to, and what happened in between. Never refused for want of rights: it says what is missing. */
  timeline: { parameters: { canister: string; }; reply: Timeline };
  /** Names a snapshot on the network in use, and notes something about it. */
  labelSnapshot: { parameters: { canister: string; snapshot: string; name: string; note: string; }; reply: null };
  /** What was done, newest first. */
  activity: { parameters: { wanted: Wanted; }; reply: Activity };
  /** Writes what was done to a file that was picked. */
  exportActivity: { parameters: { form: Form; wanted: Wanted; pick: number; }; reply: null };
  /** Writes one job as a page to read and print to a file that was picked. */
  saveReport: { parameters: { job: number; pick: number; }; reply: null };
  /** Whether a record that was picked is as it was when it was exported. */
  verifyActivity: { parameters: { pick: number; }; reply: VerifiedRecord };
  /** What was stopped and not started again. */
  leftStopped: { parameters: {}; reply: Array<LeftStopped> };
  /** Says that a canister stays stopped. */
  keepStopped: { parameters: { canister: string; fingerprint: string; }; reply: Array<LeftStopped> };
  /** Closes the app although jobs are under way: they go on at the next start. */
  closeAnyway: { parameters: {}; reply: null };
  /** Does not close the app after all. */
  stayOpen: { parameters: {}; reply: null };
  /** The lessons on the practice network, and how far each is. */
  lessons: { parameters: {}; reply: Array<Lesson> };
  /** Begins a lesson anew, with canisters of its own. */
  beginLesson: { parameters: { lesson: LessonName; }; reply: Array<Lesson> };
  /** All networks that can be chosen. None but those on this computer is asked anything. */
  networks: { parameters: {}; reply: Array<NetworkListing> };
  /** Asks a network who it is. */
  probeNetwork: { parameters: { network: string; }; reply: Probe };
  /** Asks an address who is there, before it becomes a network. */
  lookAtAddress: { parameters: { address: string; }; reply: Probe };
  /** Adds a network. */
  addNetwork: { parameters: { name: string; address: string; key: GivenKey; }; reply: Array<NetworkListing> };
  /** Gives a network that a person entered another name. */
  renameNetwork: { parameters: { network: string; name: string; }; reply: Array<NetworkListing> };
  /** Forgets a network that a person entered. */
  removeNetwork: { parameters: { network: string; }; reply: Array<NetworkListing> };
  /** Ends an alarm: the network is known by the root key of this fingerprint from now on. */
  acceptRootKey: { parameters: { network: string; shown: string; }; reply: Array<NetworkListing> };
  /** Says whether a network that a person entered opens for reading only, as mainnet does. */
  guardNetwork: { parameters: { network: string; isGuarded: boolean; }; reply: Array<NetworkListing> };
  /** Lets the network in use be changed for a while. It locks again by itself. */
  unlock: { parameters: { scope: Scope; }; reply: Session };
  /** Locks the network in use again. */
  lockNetwork: { parameters: {}; reply: Session };
  /** Chooses the network to work on. */
  chooseNetwork: { parameters: { network: string; }; reply: Session };
  /** Ends the practice network; it starts again when it is next needed. */
  stopPractice: { parameters: {}; reply: null };
  /** Forgets all that happened on the practice network: the demo fleet is as new. */
  resetPractice: { parameters: {}; reply: Session };
  /** What a canister can be asked; null where it publishes no interface. */
  interface: { parameters: { canister: string; }; reply: Interface | null };
  /** Calls a method. An update is sent once, whatever becomes of the answer. */
  call: { parameters: { canister: string; method: string; manner: Manner; arguments: Arguments; remember: boolean; }; reply: CallAnswer };
  /** Arguments of a method in every form, checked against its types. Nothing is sent. */
  convertArguments: { parameters: { canister: string; method: string; arguments: Arguments; }; reply: ArgumentForms };
  /** The calls of late to a canister, the last one first. */
  recentCalls: { parameters: { canister: string; }; reply: Array<RecentCall> };
  /** Forgets the calls to a canister, or to all. */
  forgetCalls: { parameters: { canister: string | null; }; reply: null };
  /** The projects that are open, as their files are now. */
  projects: { parameters: {}; reply: Array<Project> };
  /** Opens the project in a folder that was picked. */
  openProject: { parameters: { pick: number; }; reply: Array<Project> };
  /** Forgets a project; its folder stays as it is. */
  closeProject: { parameters: { folder: string; }; reply: Array<Project> };
  /** Forgets something that was picked. */
  dropPick: { parameters: { pick: number; }; reply: null };
  /** Writes a table or a picture that the page made to a file that was picked; its bytes are hexadecimal. */
  saveFile: { parameters: { pick: number; content: string; }; reply: null };
  /** All identities. No key is read for it. */
  identities: { parameters: {}; reply: IdentityListing };
  /** Whether keys can be kept in the system's keyring; fails with what is missing. The keyring may ask a person to open it. */
  probeKeyring: { parameters: {}; reply: null };
  /** Chooses who signs on the network in use. */
  chooseIdentity: { parameters: { identity: string; }; reply: Session };
  /** The identities that are known to control a canister of the network in use. */
  identitiesOf: { parameters: { canister: string; }; reply: Array<string> };
  /** A new recovery phrase, to be shown once. One that was not confirmed is void. */
  draftIdentity: { parameters: { algorithm: Algorithm; }; reply: NewPhrase };
  /** Makes an identity from the phrase that was shown, given the words that were asked for. */
  confirmIdentity: { parameters: { words: Array<Secret>; newcomer: Newcomer; }; reply: IdentityListing };
  /** Wipes a phrase that was not confirmed. */
  discardDraft: { parameters: {}; reply: null };
  /** Imports an identity. */
  importIdentity: { parameters: { source: KeySource; newcomer: Newcomer; }; reply: IdentityListing };
  /** The identities that other tools keep on this computer. They are only read. */
  foundIdentities: { parameters: {}; reply: Array<FoundStore> };
  /** Writes a key to a file, encrypted with a passphrase. */
  exportIdentity: { parameters: { identity: string; passphrase: Secret; pick: number; }; reply: IdentityListing };
  /** Gives an identity another name. */
  renameIdentity: { parameters: { identity: string; name: string; }; reply: IdentityListing };
  /** What would be lost with an identity. */
  identityLoss: { parameters: { identity: string; }; reply: Loss };
  /** Forgets an identity and its key, confirmed by its typed name. */
  forgetIdentity: { parameters: { identity: string; typedName: string; }; reply: IdentityListing };
  /** Locks every key; those that jobs need are locked when the jobs are done. */
  lockIdentities: { parameters: {}; reply: IdentityListing };
  /** Unlocks an identity. The keyring may ask a person to open it. */
  unlockIdentity: { parameters: { identity: string; }; reply: IdentityListing };
  /** Chooses after how many minutes without a change a key is locked; null for never. */
  chooseLockAfter: { parameters: { minutes: number | null; }; reply: IdentityListing };
  /** Makes an empty vault file. */
  createVault: { parameters: { passphrase: Secret; }; reply: IdentityListing };
  /** Opens the vault file and every key in it. */
  unlockVault: { parameters: { passphrase: Secret; }; reply: IdentityListing };
  /** Gives the vault file another passphrase. */
  changeVaultPassphrase: { parameters: { old: Secret; new: Secret; }; reply: null };
  /** All copies in the folders of the library, and what is in the bin. */
  library: { parameters: {}; reply: Library };
  /** Adds a picked folder to the library; nothing in it is changed. */
  addLibraryFolder: { parameters: { pick: number; }; reply: null };
  /** Takes a folder out of the library; nothing in it is changed. */
  removeLibraryFolder: { parameters: { folder: string; }; reply: null };
  /** Names a copy, writes about it, pins it. */
  labelCopy: { parameters: { copy: string; name: string; notes: string; pinned: boolean; }; reply: null };
  /** Compares every byte of a copy with its hashes; a copy without hashes gets them. */
  verifyCopy: { parameters: { copy: string; errand: number; }; reply: Verification };
  /** Moves a copy to the bin. */
  deleteCopy: { parameters: { copy: string; }; reply: DeletedCopy };
  /** Takes a copy out of the bin again. */
  restoreCopy: { parameters: { copy: string; }; reply: null };
  /** Deletes for good what is in the bin, and answers with the bytes that this freed. */
  emptyBin: { parameters: {}; reply: number };
  /** Writes an archive of a copy to a picked new file. */
  exportCopy: { parameters: { copy: string; pick: number; lock: ArchiveLock | null; errand: number; }; reply: null };
  /** What a picked file or folder is, before anything is done with it. A key opens an encrypted archive; without one it stays closed. */
  lookAtDrop: { parameters: { pick: number; key: ArchiveKey | null; }; reply: Dropped };
  /** Takes a picked copy into the library and answers with what it is called there: a folder where it lies, an archive unpacked. */
  adoptPick: { parameters: { pick: number; key: ArchiveKey | null; errand: number; }; reply: string };
  /** What a copy is: its snapshot, its module, the layout of its stable memory. */
  inspectCopy: { parameters: { copy: string; }; reply: CopyInspection };
  /** Which pages of a memory hold something, in at most so many cells. */
  mapCopy: { parameters: { copy: string; part: CopyPart; cells: number; errand: number; }; reply: MemoryMap };
  /** The bytes of a range, at most 65,536, hexadecimal. */
  lookIntoCopy: { parameters: { copy: string; part: CopyPart; offset: number; length: number; }; reply: string };
  /** Where text or bytes lie, from an offset on. */
  searchCopy: { parameters: { copy: string; part: CopyPart; needle: Needle; from: number; errand: number; }; reply: Finds };
  /** What tells two copies apart. */
  compareCopies: { parameters: { one: string; other: string; cells: number; errand: number; }; reply: CopyComparison };
  /** How far an errand is; null once it has ended. */
  errand: { parameters: { errand: number; }; reply: Errand | null };
  /** Ends an errand at its next chunk. */
  stopErrand: { parameters: { errand: number; }; reply: null };
  /** What the person has said about canisters of the network in use. */
  labels: { parameters: {}; reply: Array<Label> };
  /** Watches a canister of the network in use by its id. */
  watchCanister: { parameters: { canister: string; name: string; group: string; }; reply: Array<Label> };
  /** Watches a canister no more; what was noted about it goes with it. */
  unwatchCanister: { parameters: { canister: string; }; reply: Array<Label> };
  /** Names a canister of the network in use, and notes something about it. */
  describeCanister: { parameters: { canister: string; name: string; group: string; note: string; isFavourite: boolean; }; reply: Array<Label> };
  /** Looks a canister up by name, group, note or id, wherever it is known. */
  find: { parameters: { text: string; }; reply: Array<Hit> };
  /** Reads a module from a file that was picked and keeps it on this computer, so that it can be installed by its hash. */
  readModule: { parameters: { pick: number; }; reply: Module };
  /** A module that was read before, by its hash. */
  module: { parameters: { hash: string; }; reply: Module };
  /** What it would mean to install a module, before anything is sent. */
  planInstall: { parameters: { canister: string; module: string; wish: InstallWish; options: UpgradeOptions; arguments: Arguments | null; }; reply: InstallPlan };
}
