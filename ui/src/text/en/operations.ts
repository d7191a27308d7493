/** What is said of operations: what is asked, what a plan found, what its steps do, and how it ended. */
import type { ActKind } from "../../backend/backend";
import type { Check, CheckName, Downtime, OpName, StepName, Undo } from "../../backend/wire";
import { bytes, cycles, duration, exactMoment, runway } from "../format";

/** How long the network may need at most, by a plan's facts. */
function atMost(facts: Check["facts"]): string {
  return duration(1000 * Number(facts["atMostSeconds"] ?? 600));
}

/** The words for each thing that can be done to a canister. */
interface ActWords {
  verb: string;
  command: (name: string) => string;
  question: (name: string) => string;
  effects: string[];
  running: (name: string) => string;
  done: (name: string) => string;
  failed: (name: string) => string;
  unknown: (name: string) => string;
}

export const acts: Record<ActKind, ActWords> = {
  stop: {
    verb: "Stop",
    command: (name) => `Stop ${name}`,
    question: (name) => `Stop ${name}?`,
    effects: [
      "It answers no calls until somebody starts it. Whoever uses it notices at once.",
      "Calls that are open now are finished first. Until then it shows as stopping.",
      "Its memory and its cycles stay. It goes on paying for its memory.",
    ],
    running: (name) => `Stopping ${name}`,
    done: (name) => `Stopped ${name}`,
    failed: (name) => `${name} was not stopped`,
    unknown: (name) => `Unknown whether ${name} was stopped`,
  },
  start: {
    verb: "Start",
    command: (name) => `Start ${name}`,
    question: (name) => `Start ${name}?`,
    effects: ["It takes calls again, with its memory as it was left."],
    running: (name) => `Starting ${name}`,
    done: (name) => `Started ${name}`,
    failed: (name) => `${name} was not started`,
    unknown: (name) => `Unknown whether ${name} was started`,
  },
};

/** What is said of a job, by what it does. */
interface JobWords {
  running: (name: string) => string;
  done: (name: string) => string;
  failed: (name: string) => string;
  unknown: (name: string) => string;
}

export const jobs: Record<OpName, JobWords> = {
  changeSettings: {
    running: (name) => `Changing settings of ${name}`,
    done: (name) => `Changed settings of ${name}`,
    failed: (name) => `The settings of ${name} were not changed`,
    unknown: (name) => `Unknown whether the settings of ${name} were changed`,
  },
  create: {
    running: () => "Making a canister",
    done: () => "Made a canister",
    failed: () => "No canister was made",
    unknown: () => "Unknown whether a canister was made",
  },
  delete: {
    running: (name) => `Deleting ${name}`,
    done: (name) => `Deleted ${name}`,
    failed: (name) => `${name} was not deleted`,
    unknown: (name) => `Unknown whether ${name} was deleted`,
  },
  start: acts.start,
  stop: acts.stop,
  takeSnapshot: {
    running: (name) => `Taking a snapshot of ${name}`,
    done: (name) => `Took a snapshot of ${name}`,
    failed: (name) => `No snapshot of ${name} was taken`,
    unknown: (name) => `Unknown whether a snapshot of ${name} was taken`,
  },
  downloadSnapshot: {
    running: (name) => `Copying a snapshot of ${name} to this computer`,
    done: (name) => `Copied a snapshot of ${name} to this computer`,
    failed: (name) => `The copy of a snapshot of ${name} is unfinished`,
    unknown: (name) => `The copy of a snapshot of ${name} is unfinished`,
  },
  uploadCopy: {
    running: (name) => `Uploading a copy as a snapshot of ${name}`,
    done: (name) => `Uploaded a copy as a snapshot of ${name}`,
    failed: (name) => `No copy was uploaded to ${name}`,
    unknown: (name) => `Unknown whether a copy was uploaded to ${name}`,
  },
  repairCopy: {
    running: (name) => `Repairing a copy of ${name}`,
    done: (name) => `Repaired a copy of ${name}`,
    failed: (name) => `The copy of ${name} could not be repaired`,
    unknown: (name) => `The copy of ${name} could not be repaired`,
  },
  topUp: {
    running: (name) => `Topping up ${name}`,
    done: (name) => `Topped up ${name}`,
    failed: (name) => `${name} was not topped up`,
    unknown: (name) => `Unknown whether ${name} was topped up`,
  },
  uninstall: {
    running: (name) => `Removing the module of ${name}`,
    done: (name) => `Removed the module of ${name}`,
    failed: (name) => `The module of ${name} was not removed`,
    unknown: (name) => `Unknown whether the module of ${name} was removed`,
  },
  takeSnapshots: {
    running: (name) => `Taking snapshots of ${name} and others`,
    done: (name) => `Took snapshots of ${name} and others`,
    failed: (name) => `No snapshots of ${name} and others were taken`,
    unknown: (name) => `Unknown whether snapshots of ${name} and others were taken`,
  },
  restore: {
    running: (name) => `Restoring ${name}`,
    done: (name) => `Restored ${name}`,
    failed: (name) => `${name} was not restored`,
    unknown: (name) => `Unknown whether ${name} was restored`,
  },
  restoreSnapshots: {
    running: (name) => `Restoring ${name} and others`,
    done: (name) => `Restored ${name} and others`,
    failed: (name) => `${name} and others were not restored`,
    unknown: (name) => `Unknown whether ${name} and others were restored`,
  },
  sendSnapshot: {
    running: (name) => `Putting a snapshot into ${name}`,
    done: (name) => `Put a snapshot into ${name}`,
    failed: (name) => `No snapshot was put into ${name}`,
    unknown: (name) => `Unknown whether a snapshot was put into ${name}`,
  },
  restoreCopy: {
    running: (name) => `Putting a copy into ${name}`,
    done: (name) => `Put a copy into ${name}`,
    failed: (name) => `No copy was put into ${name}`,
    unknown: (name) => `Unknown whether a copy was put into ${name}`,
  },
  drill: {
    running: (name) => `Trying whether ${name || "a copy"} can be restored`,
    done: (name) => `Proved that ${name || "a copy"} can be restored`,
    failed: (name) => `Not proved that ${name || "a copy"} can be restored`,
    unknown: (name) => `Not proved that ${name || "a copy"} can be restored`,
  },
  deleteSnapshots: {
    running: (name) => `Deleting snapshots of ${name}`,
    done: (name) => `Deleted snapshots of ${name}`,
    failed: (name) => `Not all snapshots of ${name} were deleted`,
    unknown: (name) => `Unknown whether all snapshots of ${name} were deleted`,
  },
  install: {
    running: (name) => `Installing a module in ${name}`,
    done: (name) => `Installed a module in ${name}`,
    failed: (name) => `No module was installed in ${name}`,
    unknown: (name) => `Unknown whether a module was installed in ${name}`,
  },
  reinstall: {
    running: (name) => `Reinstalling ${name}`,
    done: (name) => `Reinstalled ${name}`,
    failed: (name) => `${name} was not reinstalled`,
    unknown: (name) => `Unknown whether ${name} was reinstalled`,
  },
  upgrade: {
    running: (name) => `Upgrading ${name}`,
    done: (name) => `Upgraded ${name}`,
    failed: (name) => `${name} was not upgraded`,
    unknown: (name) => `Unknown whether ${name} was upgraded`,
  },
};

type Facts = Check["facts"];

/** What a check looked at, and what it found: the line of a list, and what to know or do where it is not as it has to be. */
interface CheckWords {
  fine: (facts: Facts) => string;
  warns: (facts: Facts) => string;
  blocks: (facts: Facts) => string;
  /** What to do about it; said only where it is not fine. */
  remedy?: (facts: Facts) => string;
}

const named = (facts: Facts) => facts["name"] ?? "The canister";
const days = (text: string | undefined) => (text === undefined || text === "" ? "for ever" : runway(Number(text)));

/** A sentence that is the same however the check ended; used where a check can end in one way only. */
const always = (sentence: (facts: Facts) => string) => ({ fine: sentence, warns: sentence, blocks: sentence });

/** One sentence for whatever is not fine. */
const otherwise = (sentence: (facts: Facts) => string) => ({ warns: sentence, blocks: sentence });

/** The methods that are gone, and those that take or give something else. */
function differing(facts: Facts): string {
  const gone = facts["gone"] ? `without ${facts["gone"]}` : "";
  const changed = facts["changed"] ? `${facts["changed"]} not as before` : "";
  return [gone, changed].filter((part) => part !== "").join("; ") || "its interface is another one";
}

/** Why two interfaces were not compared. */
const notCompared: Record<string, string> = {
  large: "The module in the snapshot is too large to be fetched for this. A copy on this computer would tell.",
  now: "The module that it has now does not say what can be called.",
  then: "The module that it would get does not say what can be called.",
  unread: "The module that it would get could not be read.",
};

const guards: Record<string, string> = {
  AddsAnonymous: "Everybody in the world would control it.",
  Freezes: "It would be frozen at once.",
  LeavesMeOut: "This identity would lose control: you could neither undo this nor change anything else.",
  LeavesOneController:
    "A single controller would be left. If that key is lost, nobody can change the canister any more.",
  LeavesNoController: "Nobody could ever change it again.",
  LosesLog: "The oldest lines of its log would go.",
  LowersFreezingThreshold: "It would freeze later, and have less to live on when it does.",
  MakesLogPublic: "Everybody could read its log.",
  MakesSnapshotsPublic: "Everybody could read its snapshots, and with them all that it holds.",
  MakesStatusPublic: "Everybody could read its status.",
  MemoryLimitBelowUse: "Its heap is larger than this limit already: updates would fail.",
};

/** Why the state of a canister does not allow something, after its name. */
const standsAgainst: Record<string, string> = {
  "": "is still stopping",
  AlreadyInstalled: "has a module already",
  AlreadyRunning: "is running already",
  AlreadyStopped: "is stopped already",
  AlreadyStopping: "is stopping already",
  Frozen: "has too few cycles to do anything",
  NotController: "is not controlled by this identity",
  NotRunning: "does not run",
  NotStopped: "has to be stopped first",
  NothingInstalled: "has no module",
};

export const checks: Record<CheckName, CheckWords> = {
  amount: {
    ...always(() => "The amount"),
    blocks: (facts) => `At least ${cycles(facts["least"] ?? "1")} are needed`,
    remedy: () => "Choose a larger amount.",
  },
  anotherCanister: {
    ...always(() => "The target is another canister"),
    blocks: () => "Source and target are the same canister",
    remedy: () => "Choose another target, or restore the snapshot where it is.",
  },
  argument: {
    fine: () => "The module takes these arguments",
    warns: () => "The module does not say which arguments it takes",
    blocks: () => "The arguments do not fit the module",
    remedy: () => "See that they are what its code expects.",
  },
  balance: {
    fine: (facts) => `This identity can pay for it: it holds ${cycles(facts["balance"] ?? "0")}`,
    ...otherwise(
      (facts) => `This identity holds ${cycles(facts["balance"] ?? "0")}; ${cycles(facts["needed"] ?? "0")} are needed`,
    ),
    remedy: () => "Choose a smaller amount, or add cycles to this identity first.",
  },
  boundToId: {
    ...always((facts) => `What is bound to the id of ${named(facts)} stays with it`),
    remedy: () => "Keys it signs with, addresses derived from them, and whoever knows it by its id do not move along.",
  },
  callers: {
    fine: () => "Whoever calls it can go on as before",
    ...otherwise((facts) =>
      facts["unknown"]
        ? `Whether those who call ${named(facts)} can go on is not known`
        : `Those who call it may fail: ${differing(facts)}`,
    ),
    remedy: (facts) =>
      facts["unknown"]
        ? (notCompared[facts["unknown"]] ?? "The two interfaces could not be compared.")
        : "Tell those who call it, or see that the methods they call stay as they are.",
  },
  checkCall: {
    fine: (facts) => `“${facts["method"] ?? "The check call"}” can be asked`,
    ...otherwise((facts) =>
      facts["runState"] === "stopped"
        ? "It is stopped, and what is stopped answers nobody"
        : `“${facts["method"] ?? "The check call"}” cannot be asked like this`,
    ),
    remedy: (facts) =>
      facts["runState"] === "stopped"
        ? "Start it first, or ask nothing afterwards."
        : "Write arguments and expected answer as Candid text, as the method takes and gives them.",
  },
  checkpoint: {
    fine: () => "The network has written the snapshot out",
    ...otherwise((facts) =>
      facts["isThroughCopy"] === "true"
        ? `The network may need ${atMost(facts)} to write the snapshot out: it goes through a copy instead`
        : `The network may need ${atMost(facts)} to write the snapshot out`,
    ),
    remedy: (facts) =>
      facts["isThroughCopy"] === "true"
        ? "Nothing has to be waited for."
        : "It is waited for before anything is stopped.",
  },
  chunkStore: {
    ...always(() => "There is room to bring the module along"),
    blocks: () => "Its chunk store is full",
    remedy: () => "Clear the chunk store, then plan again.",
  },
  controller: {
    ...always((facts) => `This identity controls ${named(facts)}`),
    blocks: (facts) => `This identity does not control ${named(facts)}`,
    remedy: () => "Choose an identity that does.",
  },
  copyFits: {
    fine: (facts) => `${named(facts)} can hold this copy`,
    warns: (facts) =>
      facts["globalsLost"] === "true"
        ? "Some globals of this copy were lost when it was written"
        : "This copy needs care",
    blocks: (facts) => `${named(facts)} cannot hold this copy`,
    remedy: (facts) =>
      facts["remedy"] === "wasm64"
        ? "Its heap is larger than 4 GiB: the target needs a module with 64-bit memory."
        : "The tool that wrote it could not keep values that are not numbers. The module may not run as before.",
  },
  cycles: {
    fine: (facts) => `Cycles are enough: it lasts ${days(facts["runwayAfter"])} afterwards`,
    ...otherwise(
      (facts) => `It costs ${cycles(facts["cost"] ?? "0")} and ${named(facts)} holds ${cycles(facts["cycles"] ?? "0")}`,
    ),
    remedy: () => "Top it up first.",
  },
  cyclesLost: {
    fine: () => "No cycles are lost",
    ...otherwise((facts) => `${cycles(facts["cycles"] ?? "0")} go with it`),
    remedy: (facts) =>
      facts["isRest"] === "true"
        ? "The network holds them back while the others are sent."
        : "Nobody gets them back, unless they are sent to your account before.",
  },
  difference: {
    fine: (facts) => `${facts["count"] ?? "Some"} ${facts["count"] === "1" ? "setting changes" : "settings change"}`,
    ...otherwise(() => "Nothing would change"),
    remedy: () => "All of it is so already.",
  },
  freeSlot: {
    fine: (facts) => `Room for another snapshot: ${facts["used"] ?? "0"} of ${facts["slots"] ?? "10"} are used`,
    ...otherwise((facts) =>
      facts["needed"] === "2"
        ? `Room for two more snapshots is needed, and ${facts["used"] ?? "nearly all"} of ${facts["slots"] ?? "10"} are used`
        : `All ${facts["slots"] ?? "10"} snapshots are used`,
    ),
    remedy: () => "Choose what gives way. Download it first if you may need it.",
  },
  guard: {
    ...always((facts) => guards[facts["guard"] ?? ""] ?? "Think about this one first"),
  },
  mainMemory: {
    ...always(() => "Its main memory is kept as it must be"),
    blocks: () => "What becomes of its main memory has to be said",
    remedy: () => "Choose whether the upgrade keeps it or replaces it.",
  },
  memoryLimit: {
    fine: () => "The snapshot's heap is within its limit",
    ...otherwise(
      (facts) =>
        `The snapshot's heap, ${bytes(Number(facts["heap"] ?? 0))}, is above its limit of ${bytes(Number(facts["limit"] ?? 0))}`,
    ),
    remedy: () => "Updates would fail afterwards. Raise the heap limit first.",
  },
  memoryLost: {
    fine: () => "No memory is lost",
    ...otherwise((facts) => `${bytes(Number(facts["bytes"] ?? 0))} of memory are gone afterwards`),
    remedy: (facts) =>
      facts["snapshots"] === "0" ? "There is no snapshot to go back to." : "Its snapshots are the only way back.",
  },
  module: {
    ...always((facts) => `${named(facts)} has a module`),
    blocks: (facts) =>
      facts["denial"] === "AlreadyInstalled" ? "It has a module already" : `${named(facts)} has no module`,
    remedy: (facts) =>
      facts["denial"] === "AlreadyInstalled" ? "Upgrade or reinstall it instead." : "Install one first.",
  },
  openCalls: {
    fine: () => "No open calls are lost",
    ...otherwise(() => "Answers to calls that are open now may be missing in it"),
    remedy: () => "Stop the canister meanwhile if the state must be complete.",
  },
  preUpgrade: {
    fine: () => "The old module can save what it holds in memory",
    ...otherwise(() => "The old module is not asked to save what it holds in memory"),
    remedy: () => "What its pre_upgrade would have saved is missing afterwards. The safety snapshot keeps it.",
  },
  room: {
    fine: (facts) => `The disk has room: ${bytes(Number(facts["needed"] ?? 0))} are needed`,
    ...otherwise((facts) =>
      facts["limit"] === undefined
        ? `The disk has ${bytes(Number(facts["free"] ?? 0))} left; ${bytes(Number(facts["needed"] ?? 0))} are needed`
        : `This disk takes no file above ${bytes(Number(facts["limit"] ?? 0))}`,
    ),
    remedy: () => "Make room, or choose another folder for copies.",
  },
  runState: {
    fine: (facts) => `${named(facts)} can be stopped and started`,
    ...otherwise(
      (facts) => `${named(facts)} ${standsAgainst[facts["denial"] ?? ""] ?? "is not in the state for this"}`,
    ),
    remedy: (facts) =>
      (facts["denial"] ?? "AlreadyStopping") === "AlreadyStopping"
        ? "Wait until its open calls have ended, or start it again."
        : "Look at it again before you decide.",
  },
  safetyElsewhere: {
    ...always(() => "The safety snapshot takes the place of another one"),
    blocks: () => "The safety snapshot would take the place of the one to restore",
    remedy: () => "Choose another snapshot to give way.",
  },
  sameSubnet: {
    fine: () => "Both canisters live on the same subnet: nothing has to be carried across",
    ...otherwise(() => "The snapshot cannot, or shall not, be loaded across directly"),
    remedy: () => "The snapshot goes over this computer: it is downloaded, checked and uploaded.",
  },
  settingsDiffer: {
    fine: (facts) =>
      facts["areCarried"] === "true" && facts["differences"] !== "0"
        ? "The settings come along"
        : "Both have the same settings",
    ...otherwise((facts) => `${facts["differences"] ?? "Some"} settings differ, and a snapshot brings none along`),
    remedy: () => "Compare them afterwards, and carry over what should be the same.",
  },
  snapshotOrigin: {
    fine: () => "The snapshot was taken on the network",
    ...otherwise(() => "This snapshot was uploaded: it is what somebody made it"),
    remedy: () => "Restore it only if you trust where it came from.",
  },
  snapshotThere: {
    fine: () => "The snapshot is there",
    ...otherwise(() => "The snapshot is no longer there"),
    remedy: () => "Choose another one.",
  },
  snapshotsLost: {
    fine: () => "No snapshot is lost",
    ...otherwise((facts) =>
      facts["snapshots"] === "1"
        ? "1 snapshot is deleted with it"
        : `${facts["snapshots"] ?? "Its"} snapshots are deleted with it`,
    ),
    remedy: () => "Download what you may need first.",
  },
  snapshotWhole: {
    fine: () => "The snapshot is whole",
    ...otherwise(() => "The upload of this snapshot never finished"),
    remedy: () => "Choose another one. This one can be deleted.",
  },
  synced: {
    fine: () => "No other program carries the copy away",
    ...otherwise(
      (facts) => `The folder is kept in step with other computers by ${facts["service"] ?? "another program"}`,
    ),
    remedy: () =>
      "A copy holds all that the canister knows. Choose another folder if that must not leave this computer.",
  },
  targetState: {
    fine: (facts) => `Nothing keeps ${named(facts)} from taking it`,
    ...otherwise((facts) => `${named(facts)} holds a state of its own`),
    remedy: () => "Say that it is to be replaced. A safety snapshot of it is taken first.",
  },
  trialRuns: {
    ...always(() => "The throw-away canister runs this code while it is there"),
    remedy: () => "It has another id and hardly any cycles, but heartbeats beat and calls go out until it is deleted.",
  },
  whatIsLost: {
    ...always(
      (facts) =>
        `Everything since ${facts["takenAt"] ? exactMoment(Number(facts["takenAt"])) : "the snapshot"} is replaced`,
    ),
    remedy: (facts) =>
      facts["versions"] === undefined || facts["versions"] === "0"
        ? "The safety snapshot keeps it."
        : `${facts["versions"] === "1" ? "1 change was" : `${facts["versions"]} changes were`} counted since then. The safety snapshot keeps ${facts["versions"] === "1" ? "it" : "them"}.`,
  },
  withdrawal: {
    fine: (facts) => `About ${cycles(facts["cycles"] ?? "0")} go to your account first`,
    ...otherwise((facts) =>
      facts["hasLedger"] === "false"
        ? "This network has no cycles ledger to send them to"
        : `It holds less than ${cycles(facts["least"] ?? "0")}: too little to send`,
    ),
    remedy: () => "Delete it without sending its cycles.",
  },
};

export const steps: Record<StepName, string> = {
  addToBoard: "Put it on the board",
  awaitCheckpoint: "Wait until the network has written the snapshot out",
  buy: "Buy cycles and make the canister",
  changeSettings: "Change the settings",
  checkAnswer: "Ask whether it is well",
  clearChunks: "Tidy up the chunk store",
  compareSnapshot: "Read back and compare",
  delete: "Delete the canister",
  deleteReplaced: "Delete the snapshot that gives way",
  deleteSnapshot: "Delete the snapshot",
  deleteTrial: "Delete the throw-away canister",
  dropCopy: "Delete the copy that was only a means",
  fetchSnapshot: "Download the snapshot",
  fetchToSend: "Download the snapshot",
  fillSnapshot: "Upload the memory",
  give: "Put the cycles into the canister",
  installCode: "Install the module",
  loadSnapshot: "Load the snapshot",
  loadTrial: "Load it into the throw-away canister",
  makeSnapshot: "Make the snapshot to fill",
  makeTrial: "Make a throw-away canister",
  mendCopy: "Fetch what is damaged",
  pay: "Pay the cycles",
  putMessenger: "Put the code in place that pays them out",
  receive: "Make the canister",
  sendCycles: "Send its cycles to your account",
  stampCopy: "Note in the copy that it is proven",
  start: "Start",
  stop: "Stop, once open calls have ended",
  takeSnapshot: "Take a snapshot",
  uninstall: "Remove the module",
  upgradeCode: "Upgrade the module",
  uploadModule: "Upload the module",
  verify: "Read the state with a certificate",
  verifyCopy: "Verify the copy",
  verifyModule: "Compare the module's hash",
};

export const downtimes: Record<Downtime, string> = {
  none: "None: it goes on taking calls.",
  brief: "Some seconds: as long as the stop, the act itself and the start take. No transfer happens meanwhile.",
  open: "Until somebody starts it again.",
};

export const undos: Record<Undo, string> = {
  changeBack: "Change them back at any time.",
  start: "Start it again at any time.",
  stop: "Stop it again at any time.",
  deleteSnapshot: "Delete the snapshot.",
  restoreSafety: "One click, while the safety snapshot is there.",
  needless: "There is nothing to undo: nothing stays of it but what it tells.",
  never: "This cannot be undone.",
};

export const guide = {
  stages: { choose: "Choose", check: "Check", confirm: "Confirm", run: "Run", proof: "Proof" },
  label: "Steps of this dialog",
  planning: "Looking at what it would mean",
  checks: "What was looked at",
  fineChecks: (amount: number) => (amount === 1 ? "1 check is fine" : `${amount} checks are fine`),
  allFine: "All checks are fine.",
  verdicts: { fine: "Fine", warns: "Know this", blocks: "In the way" },
  again: "Look again",
  blocked: "Something is in the way",
  plan: "What happens",
  cost: "Costs about",
  costNothing: "nothing worth mentioning",
  downtime: "Takes no calls",
  forGood: "From then on.",
  undo: "How to undo it",
  twin: "The same in a terminal",
  command: "commands",
  typeName: (name: string) => `Type ${name} to confirm`,
  typeNameFirst: (name: string) => `Type ${name} first.`,
  next: "Next",
  back: "Back",
  running: "It goes on when this is closed; the bar at the bottom tells how it ends.",
  downFor: (name: string) => `${name} takes no calls`,
  wasDownFor: (name: string) => `${name} took no calls for`,
  cancelRun: "Turn back",
  pause: "Pause",
  pauseMeaning: "What was fetched stays on this computer. It goes on from there whenever you want.",
  pauseUploadMeaning:
    "What was sent stays on the network, as an unfinished snapshot. It goes on from there whenever you want; until then nothing else is done with the canister.",
  pausing: "It pauses as soon as nothing is in flight.",
  paused: "What was fetched lies on this computer.",
  pausedUpload: "What was sent stays on the network.",
  resume: "Go on with the download",
  goOn: "Go on",
  stepOn: (step: string, name: string) => `${step} · ${name}`,
  cancelMeaning: "What is in flight is waited for. Then what was done is taken back, and the canister is as it was.",
  retry: "Try once more",
  leave: "Leave it as it is",
  leaveMeaning: "The job ends here. Nothing more is sent.",
  asked: "It has been asked.",
  hindered: (why: string) => `${why}. It is waited for; nothing is lost.`,
  atMost: (left: string) => `${left} at most.`,
  far: (done: string, total: string) => `${done} of ${total}`,
  rate: (bytes: string) => `${bytes}/s`,
  chooseFirst: "Something is left to choose.",
  checkFirst: "Look first what happened.",
  cancelling: "It turns back as soon as nothing is in flight.",
  stepStates: {
    waiting: "Waiting",
    running: "Under way",
    done: "Done",
    failed: "Failed",
    undoing: "Taking back",
    undone: "Taken back",
    stays: "Stays as it is done",
  },
  proven: "Proven by a certificate",
  fixes: {
    become: (name: string) => `Continue as ${name}`,
    nobody: "None of your identities may do it.",
    unlock: (name: string) => `Unlock ${name}`,
    open: "Unlock this network",
    topUp: "Top it up",
    waiting: "It is looked at again by itself.",
    startAgain: "Start it again",
  },
};
