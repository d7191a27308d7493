/** What is said of snapshots and of the dialogs about them. */
import type { OpName } from "../../backend/wire";
import { count } from "../format";

export const takeSnapshot = {
  title: (name: string) => `Take a snapshot of ${name}`,
  verb: (name: string) => `Take a snapshot of ${name}`,
  name: "Name",
  nameMeaning: "What you will look for later: “before the price change”. May stay empty.",
  note: "Note",
  stops: "Stop it meanwhile",
  stopsMeaning:
    "It takes no calls for some seconds, and no answer is missing in the snapshot. It is started again by itself.",
};

/** Which snapshot gives way to another one. */
export const slots = {
  full: (limit: number) => `All ${limit} snapshots are used. Which one gives way?`,
  fullMeaning: "The network keeps no more. The one that gives way is gone from it for good.",
  label: "Gives way",
  choose: "Choose the one that gives way.",
  several: (needed: number, chosen: number) =>
    `${needed} have to give way: one to what comes in, one to the safety snapshot. ${chosen} of ${needed} ${chosen === 1 ? "is" : "are"} chosen.`,
  kept: "A verified copy of it lies on this computer.",
  lost: "There is no verified copy of it: it would be lost.",
  downloadFirst: "Download it first",
  downloading: "It is being downloaded.",
  verifying: "Its copy is being verified.",
  damaged: "The copy on this computer is damaged: it would be lost.",
  lose: "I do not need it any more",
  ofMoment: (moment: string) => `The one of ${moment}`,
  loseOne: (name: string) => `I do not need it any more: ${name}`,
  decide: "Download it first, or say that you do not need it any more.",
};

export const restore = {
  title: (name: string) => `Restore ${name}`,
  undoTitle: (name: string) => `Undo the restore of ${name}`,
  verb: (name: string) => `Restore ${name}`,
  undoVerb: (name: string) => `Bring ${name} back`,
  choose: "Which moment should it go back to?",
  none: "There is nothing to go back to",
  noneMeaning: "Neither a snapshot on the network nor a copy on this computer is there.",
  incomplete: "Choose a moment first.",
  loss: (since: string) => `Everything written since ${since} is replaced`,
  lossMeaning: (time: string) => `That is ${time} of what it was told.`,
  versions: (amount: number) => `The network counted ${count(amount, "change")} since then.`,
  safety: "A safety snapshot of the state of now is taken first. It brings all of it back, with one click.",
  noSafety: "It is empty now, so there is nothing to keep: no safety snapshot is taken.",
  otherModule: (then: string, now: string) => `The code goes back, too: module ${then} comes in place of ${now}.`,
  sameModule: "The code stays the same.",
  gone: (name: string) => `The snapshot of ${name} is not there any more`,
};

/** What takes back what a job did, on a button. */
const undo: Partial<Record<OpName, string>> = {
  restore: "Undo the restore",
  restoreCopy: "Undo the restore",
  restoreSnapshots: "Undo the restore",
  sendSnapshot: "Bring back what was there",
  upgrade: "Go back to before the upgrade",
};

export const proof = {
  title: "Proof",
  moment: "Went back to",
  ended: "Ended",
  took: "Took",
  down: "Took no calls for",
  module: "Module now",
  certificate: "Certificate of",
  certificateMeaning: "The network signed what it did. This is the time in its signature.",
  noCertificate: "none: it changed nothing on the network",
  safety: "Safety snapshot",
  asked: (method: string) => `Asked ${method}`,
  notAsked: "was not asked",
  expected: "expected:",
  otherAnswer: "It answered otherwise than expected",
  steps: "What happened, step by step",
  undo,
  undoOther: "Take it back",
  report: "Save report",
  reportTitle: "Where the report goes",
  reportSaved: "Report saved",
  undoGone: "Its safety snapshot is not there any more.",
};

export const download = {
  title: (name: string) => `Download a snapshot of ${name}`,
  verb: "Download to this computer",
};

export const send = {
  title: (name: string) => `Send a snapshot of ${name}`,
  verb: (source: string, target: string) => `Put the snapshot of ${source} into ${target}`,
  which: "Snapshot",
  target: "Where does it go?",
  filter: "Filter by name or id",
  noTarget: "No other canister here",
  noTargetMeaning:
    "A snapshot can go into any canister that you control, also into an empty one. There is none but this.",
  noMatch: "No canister matches.",
  mayReplace: (name: string) => `What is in ${name} may be replaced`,
  mayReplaceMeaning: "A safety snapshot of it is taken first.",
  settings: "Carry the settings over, too",
  settingsMeaning: "A snapshot brings none along. Controllers stay as they are.",
  throughCopy: "Go over this computer in any case",
  throughCopyMeaning: "It is downloaded, checked and uploaded, even where it could be loaded directly.",
  patience: "How long may it wait for the network?",
  patienceMeaning:
    "On the same subnet the snapshot is loaded directly, once the network has written it out: within ten minutes of when it was taken. Where that takes longer than this, it goes over this computer instead.",
  patiences: [
    { value: "", word: "As long as it takes" },
    { value: "300", word: "Up to 5 minutes" },
    { value: "60", word: "Up to a minute" },
    { value: "0", word: "Not at all" },
  ],
  keeps: "Keep the copy in the library",
  keepsMeaning: "Where it goes over this computer, the copy is deleted afterwards unless you keep it.",
  incomplete: "Choose where it goes first.",
  source: (name: string) => `${name} stays as it is, and goes on running.`,
};

/** A restore that harms nobody: into a canister that is thrown away. */
export const drill = {
  title: (name: string) => `Prove that a snapshot of ${name} can be restored`,
  verb: "Restore it in a throw-away canister",
  lead: (name: string) =>
    `A canister is made, the snapshot is loaded into it and started there, it is asked what you say below, and it is deleted again. ${name} is not touched.`,
  checks: "What it is asked",
  none: "Nothing: it is proven that it loads and starts.",
  add: "Add a question",
  remove: (method: string) => `Remove ${method}`,
  method: "Method",
  arguments: "Arguments",
  expected: "Expected answer",
  expectedMeaning: "May stay empty: then any answer will do.",
  incomplete: "Name the method of each question.",
};

export const remove = {
  title: (amount: number, name: string) => `Delete ${count(amount, "snapshot")} of ${name}`,
  verb: (amount: number) => `Delete ${count(amount, "snapshot")}`,
  kept: "A verified copy of each lies on this computer. The library keeps them.",
  lost: (amount: number) =>
    amount === 1
      ? "There is no verified copy of it on this computer: it is gone for good."
      : `Of ${amount} of them there is no verified copy on this computer: they are gone for good.`,
  list: "What is deleted",
};

export const fleet = {
  takeTitle: (amount: number) => `Take snapshots of ${count(amount, "canister")}`,
  takeVerb: (amount: number) => `Take ${count(amount, "snapshot")}`,
  takeMeaning:
    "All of them are stopped first, in this order, and started in the reverse order: the snapshots fit each other.",
  order: "Stopped in this order",
  up: (name: string) => `Move ${name} up`,
  down: (name: string) => `Move ${name} down`,
  restoreTitle: (amount: number) => `Restore ${count(amount, "canister")}`,
  restoreVerb: (amount: number) => `Restore ${count(amount, "canister")}`,
  restoreMeaning: "All of them go back, or none: what fails turns all of them back to how they are now.",
  point: "Restore point",
  pointOf: (when: string, amount: number) => `${count(amount, "canister")}, taken together ${when}`,
  momentOf: (name: string) => `Moment for ${name}`,
  each: "Choose for each",
  skip: "Leave as it is",
  nothing: "It has no snapshot.",
  incomplete: "Choose a moment for at least one of them.",
};

export const compare = {
  title: (name: string) => `Two moments of ${name}`,
  earlier: "Earlier",
  later: "Later",
  apart: (time: string) => `${time} apart`,
  rows: {
    when: "Taken",
    name: "Name",
    size: "Size",
    module: "Module",
    version: "Changes until then",
    origin: "Came from",
    where: "Lies",
  },
  same: "the same",
  differs: "differs",
  between: "What happened between them",
  nothing: "Nothing that is known.",
  memory: "Compare the memory",
  memoryReason: "Download both first: only copies on this computer can be looked into.",
};
