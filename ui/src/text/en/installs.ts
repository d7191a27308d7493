/** What is said where a canister gets its code. */
import type { CallersVerdict, ChangeKind, Obstacle, OnFailure } from "../../backend/wire";
import { count } from "../format";

const callers: Record<CallersVerdict, string> = {
  compatible: "Whoever calls it can go on as before.",
  breaking: "Callers may break: it takes or gives something else than before.",
  unknown: "Whether callers can go on as before is unknown: one of the modules does not say what it takes and gives.",
};

const changeKinds: Record<ChangeKind, string> = {
  added: "is new",
  removed: "goes",
  changed: "takes or gives something else",
};

const obstacles: Record<Obstacle, string> = {
  denied: "This identity may not do it, or the canister is not in the state for it.",
  cannotKeepMemory: "The new module cannot keep the main memory of the old one.",
  wouldLoseMemory:
    "The old module keeps its data in main memory, and the new one would begin anew. Say below that it is replaced, if that is meant.",
  storeFull: "The chunk store of the canister has no room for the module.",
  argumentTooLarge: "The arguments alone are too large for a message.",
};

export const install = {
  title: {
    install: (name: string) => `Install a module in ${name}`,
    upgrade: (name: string) => `Upgrade ${name}`,
    reinstall: (name: string) => `Reinstall ${name}`,
  },
  verb: {
    install: (name: string) => `Install in ${name}`,
    upgrade: (name: string) => `Upgrade ${name}`,
    reinstall: (name: string) => `Reinstall ${name}`,
  },
  way: "How the module is installed",
  ways: {
    install: "It is empty: the module begins with the arguments it is given.",
    upgrade: "New code over what is there. Stable memory stays.",
    reinstall: "New code, and all its memory is lost. Only its snapshots remember what was.",
  },
  module: "Module",
  pick: "Choose a WebAssembly module",
  drop: "Drop a .wasm or .wasm.gz file here.",
  choose: "Choose a module",
  another: "Choose another",
  reading: "It is being read.",
  packed: (unpacked: string) => `${unpacked} unpacked`,
  methods: (amount: number) => count(amount, "method"),
  hasInterface: "tells its interface",
  noInterface: "tells no interface",
  chooseModule: "Choose a module first.",
  fillIn: "Fill in what the module is told.",
  arguments: "Arguments",
  noInit: "The module does not say what it takes. Most take nothing: ().",
  details: "Details of the upgrade",
  skip: "Skip pre_upgrade",
  skipMeaning: "For a module whose pre_upgrade traps. What it would have saved is lost.",
  mainMemory: "Main memory",
  memories: {
    module: "As the module wants it",
    keep: "Keep it",
    replace: "Replace it",
  },
  meaning: "What it would mean",
  hash: "Module hash",
  hashBefore: "module hash of now",
  hashAfter: "module hash afterwards",
  sameModule: "the same module again",
  size: "Size",
  chunks: (missing: number, all: number) => `in ${count(all, "chunk")}, ${missing} of them still to upload`,
  argumentFits: "The module takes them.",
  argumentUnfit: "The module does not take them.",
  callers,
  memoryByModule: "The module itself decides what becomes of the main memory.",
  obstacles,
  changes: (amount: number) => `${count(amount, "method")} changed`,
  changeKinds,
  dropsValues: "callers do not see what they do not know yet",
};

const otherwise: Record<OnFailure, string> = {
  offer: "Leave it as it is, and offer to restore",
  restore: "Restore the safety snapshot by itself",
};

export const net = {
  label: "With a net",
  meaning:
    "A safety snapshot is taken first, and the canister is stopped meanwhile. If the upgrade traps, all is as before.",
  check: "Afterwards it must answer",
  checkMeaning: "A call that shows whether it is well. It is remembered for the next upgrade.",
  method: "Method",
  noCheck: "Nothing is asked",
  given: "With, as Candid",
  expected: "Expected answer, as Candid",
  expectedMeaning: "Empty: any answer will do.",
  otherwise: "If it answers otherwise",
  ways: otherwise,
};
