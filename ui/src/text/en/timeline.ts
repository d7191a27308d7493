/** What is said of a canister's past: its moments, and what happened between them. */
import type { Arrival, Happening, OpName, Wholeness } from "../../backend/wire";
import { ago, count, listed } from "../format";

/** What happened, in two or three words. */
const happenings: Record<Happening["kind"], string> = {
  created: "Created",
  installed: "Module installed",
  reinstalled: "Reinstalled: its memory began anew",
  upgraded: "Module upgraded",
  uninstalled: "Module removed",
  restored: "Snapshot restored",
  controllersChanged: "Controllers changed",
  settingsChanged: "Settings changed",
};

const arrivals: Record<Arrival, string> = {
  taken: "Taken from the canister",
  uploaded: "Uploaded",
};

const wholenesses: Record<Wholeness, { word: string; meaning: string }> = {
  whole: { word: "Whole", meaning: "All of it is there." },
  underWay: { word: "Being uploaded", meaning: "It can be restored once its upload has ended." },
  paused: { word: "Upload paused", meaning: "It can be restored once its upload has gone on and ended." },
  half: { word: "Half uploaded", meaning: "Its upload never finished. It cannot be restored." },
  unknown: {
    word: "Perhaps unfinished",
    meaning: "Somebody else uploaded it. Nobody can tell whether all of it is there.",
  },
};

/** What a safety snapshot was taken before. */
const before: Partial<Record<OpName, string>> = {
  restore: "Safety before a restore",
  restoreSnapshots: "Safety before a restore",
  sendSnapshot: "Safety before another one's state",
  upgrade: "Safety before an upgrade",
  install: "Safety before an installation",
};

export const timeline = {
  title: "Timeline",
  reading: "Reading the timeline",
  notRead: "The timeline could not be read",
  stale: "The last look did not get through",
  now: "Now",
  keepNow: ["Keep", "this moment"],
  empty: "No snapshot yet",
  emptyMeaning: "A snapshot keeps code and memory as they are at that moment, so that you can come back to it.",
  slots: (used: number, limit: number) => `${used} of ${limit} snapshots`,
  slotsFull: "The next one takes the place of another.",
  upload: "Upload a copy",
  dropHint: "or drop it anywhere here",
  denied: "Its snapshots are not shown to this identity",
  listFailed: "Its snapshots could not be read",
  earlier: "Not known",
  noHistory:
    "Installs, upgrades and settings that others changed are not known: this network tells no history of canisters. What was done from this computer stands above.",
  incomplete: "Some of it is still being read.",
  snapshot: "Snapshot",
  copy: "Copy",
  safety: (op: OpName) => before[op] ?? "Safety snapshot",
  happenings,
  arrivals,
  wholenesses,
  restoredTo: (name: string, when: string) => (name === "" ? `of ${when}` : `${name}, of ${when}`),
  restoredGone: "one that is not there any more",
  restoredFrom: (name: string) => `of ${name}`,
  byUs: "by Canopic",
  onNetwork: "On the network",
  onComputer: "On this computer",
  onComputerMeaning: (amount: number) =>
    amount === 1
      ? "A copy of it lies on this computer."
      : `${count(amount, "copy").replace("copys", "copies")} of it lie on this computer.`,
  unfinishedCopy: "Copy unfinished",
  unfinishedCopyMeaning: "Its download stopped on the way. Download it again, and it goes on from there.",
  damagedCopy: "Copy damaged",
  damagedCopyMeaning: (when: string, isOnNetwork: boolean) =>
    `Not every byte of it is what it must be, as was found ${when}. ${isOnNetwork ? "It can be repaired from the snapshot, in the library." : "Its inspector says where."}`,
  copyDamagedOnly: "The copy is damaged.",
  notVerified: "Not verified",
  notVerifiedMeaning: "Nobody has compared its bytes with their hashes yet.",
  verified: (at: number, now: number) => `Verified ${ago(at, now)}`,
  verifiedMeaning: "Every byte was what it must be.",
  proven: "Proven restorable",
  provenMeaning: (when: string) => `It was restored with success, ${when}.`,
  uploaded: "Uploaded",
  uploadedMeaning: "It was not taken from the canister: it is what somebody made it.",
  together: (names: string[]) => `taken together with ${listed(names)}`,
  restoreTogether: (amount: number) => `Restore all ${amount} together`,
  sameModule: "same module as now",
  otherModule: "another module than now",
  moduleUnknown: "module not known",
  module: "module hash",
  restore: "Restore",
  restoreOf: (what: string) => `Restore ${what}`,
  more: (what: string) => `What can be done with ${what}`,
  download: "Download to this computer",
  downloaded: "A copy of it lies on this computer already.",
  send: "Send to another canister",
  drill: "Prove that it can be restored",
  inspect: "Inspect the copy",
  noCopy: "Only a copy on this computer can be looked into: download it first.",
  notOnNetwork: "It lies on this computer only.",
  onlyWhole: "Its upload never finished.",
  copyUnfinished: "The copy is unfinished.",
  edit: (what: string) => `Name ${what}`,
  name: "Name",
  note: "Note",
  save: "Save",
  notSaved: "Neither name nor note was saved",
  delete: "Delete",
  deleteCopy: "Delete the copy",
  inLibrary: "Show in the library",
  details: {
    when: "Taken",
    id: "Snapshot id",
    size: "Size",
    module: "Module hash",
    version: "Changes until then",
    versionMeaning: "The network counts every change of a canister.",
    origin: "Came from",
    byJob: (job: number) => `job ${job}`,
    copies: "Copies",
    unknown: "not known",
  },
  snapshotId: "snapshot id",
  select: (what: string) => `Select ${what}`,
  selected: (amount: number) => `${amount} selected`,
  compare: "Compare",
  compareTwo: "Select two to compare them.",
  clear: "Clear",
  deleteSelected: (amount: number) => `Delete ${count(amount, "snapshot")}`,
  nothingToDelete: "None of them is on the network.",
  showJob: "Show",
  keys: "Arrows move along the timeline, Enter opens a moment, X selects it.",
};
