/**
 * Every sentence that the screen says, in English.
 *
 * Calm and concrete: what happened, what is safe, what to do. What is not known is called unknown. The tables over types of
 * the contract are complete, or the type check fails: a new failure code needs its sentence before it can be shown.
 */
import type { ActKind } from "../backend/backend";
import type { CanisterPage, SettingsPage } from "../route.svelte";
import type {
  Appearance,
  Certainty,
  Denial,
  Memory,
  NetworkKind,
  ProblemKind,
  RunState,
  Setting,
  Warning,
} from "../backend/wire";
import { acts, checks, downtimes, guide, jobs, steps, undos } from "./en/operations";
import { identityWords } from "./en/identities";
import { guardWords, networkWords } from "./en/networks";
import { projectWords, tidyWords, watchWords, welcomeWords } from "./en/projects";
import { canisterSettings } from "./en/canister-settings";
import { canisterActs, creation, stopping } from "./en/creations";
import { log } from "./en/logs";
import { metadata, runway } from "./en/overview";
import { calls, values } from "./en/calls";
import { install, net } from "./en/installs";
import { library } from "./en/library";
import { actions, amounts, deletion, topUp, uninstall } from "./en/lifecycle";
import { compare, download, drill, fleet, proof, remove, restore, send, slots, takeSnapshot } from "./en/snapshots";
import { timeline } from "./en/timeline";

export { explain, explainAct, type Explanation, failureCodes } from "./en/failures";

const runStates: Record<RunState, { word: string; meaning: string }> = {
  running: { word: "Running", meaning: "It takes calls." },
  stopping: { word: "Stopping", meaning: "It takes no new calls and waits for open ones." },
  stopped: { word: "Stopped", meaning: "It takes no calls until somebody starts it." },
};

const denials: Record<Denial, string> = {
  alreadyInstalled: "It has a module already.",
  alreadyRunning: "It is running already.",
  alreadyStopped: "It is stopped already.",
  alreadyStopping: "It is stopping already.",
  frozen: "It has too few cycles to do anything: top it up first.",
  noSnapshot: "It has no snapshot.",
  notController: "Only its controllers may do this.",
  notRead: "Its state could not be read.",
  notRunning: "It does not run, so it answers nobody.",
  notStopped: "It has to be stopped first.",
  notTold: "Only those who may see its status are told whether they may look.",
  notViewer: "Its controllers do not let this identity look.",
  nothingInstalled: "It has no module.",
};

/** What an owner should know, in one sentence. */
const warnings: Record<Warning, string> = {
  controlledByAnonymous: "Anybody can change it: the anonymous identity is one of its controllers.",
  frozen: "It is frozen: it takes no calls until it is topped up.",
  noController: "It has no controller: nobody can change it any more.",
  notOurs: "None of your identities controls it.",
  oneController: "It has only one controller. If that key is lost, nobody can change it any more.",
  publicLog: "Everybody can read its log.",
  publicSnapshots: "Everybody can read its snapshots, and with them all that it holds.",
  publicStatus: "Everybody can read its status.",
  runwayShort: "Its cycles last less than 30 days.",
};

const settings: Record<Setting, string> = {
  computeAllocation: "Compute allocation",
  controllers: "Controllers",
  environmentVariables: "Environment variables",
  freezingThreshold: "Freezing threshold",
  logMemoryLimit: "Log size",
  logVisibility: "Who may read its log",
  memoryAllocation: "Memory allocation",
  minimumIncomingCallCycles: "Least cycles of a call to it",
  reservedCyclesLimit: "Most cycles set aside for storage",
  snapshotVisibility: "Who may read its snapshots",
  statusVisibility: "Who may read its status",
  wasmMemoryLimit: "Heap limit",
  wasmMemoryThreshold: "Low heap hook below",
};

const networks: Record<NetworkKind, { name: string; place: string; meaning: string }> = {
  practice: {
    name: "Practice",
    place: "Inside this app",
    meaning:
      "A small Internet Computer that runs inside this app. It speaks the real protocol and proves its answers, and nothing on it is worth anything: try whatever you like.",
  },
  mainnet: {
    name: "Mainnet",
    place: "The Internet Computer",
    meaning: "The Internet Computer itself. What is changed here is changed for everybody, and cycles cost money.",
  },
  local: {
    name: "Local",
    place: "On this computer",
    meaning: "A network that icp or dfx runs on this computer. It ends, with all that is on it, when the tool says so.",
  },
  custom: {
    name: "Custom",
    place: "At an address you entered",
    meaning: "A network that you entered by its address and root key.",
  },
};

/** What is wrong in a project's file, after its name and line. */
const projectProblems: Record<ProblemKind, (subject: string) => string> = {
  duplicateName: (name) => `“${name}” is there twice.`,
  malformed: (words) => `It cannot be understood: ${words}.`,
  malformedId: (name) => `The id of “${name}” is not a canister id.`,
  malformedName: (name) => `“${name}” cannot be a name: letters, digits, _ and - can.`,
  missingKey: (key) => `“${key}” is missing.`,
  notFound: (path) => `“${path}” leads to nothing.`,
  outside: (path) => `“${path}” leads out of the project, so it was not followed.`,
  tooDeep: (limit) => `It is nested deeper than ${limit} levels, so it was not read.`,
  tooLarge: (limit) => `It is larger than ${limit} bytes, so it was not read.`,
  tooMany: (limit) => `It holds more than ${limit} entries, so it was not read.`,
  unknownCanister: (name) => `The project has no canister “${name}”.`,
  unknownKey: (key) => `“${key}” has no meaning here.`,
  unknownNetwork: (name) => `The project has no network “${name}”.`,
  unreadable: (words) => `It cannot be read: ${words}.`,
  wrongKind: (key) => `“${key}” is of another kind than it should be.`,
};

const appearances: Record<Appearance, string> = { system: "System", light: "Light", dark: "Dark" };

export const text = {
  product: "Canopic",
  close: "Close",
  cancel: "Cancel",
  open: "Open",
  dismiss: "Dismiss",
  refresh: "Refresh",
  tryAgain: "Try again",
  check: "Check what happened",
  copy: (what: string) => `Copy ${what}`,
  copied: "Copied",
  copyFailed: "Not copied: the system did not allow it",
  details: "Technical details",
  copyDetails: "Copy details",

  runStates,
  denials,
  warnings,
  settingNames: settings,
  acts,
  jobs,
  checks,
  steps,
  downtimes,
  undos,
  guide,
  takeSnapshot,
  actions,
  amounts,
  topUp,
  uninstall,
  deletion,
  calls,
  values,
  canisterSettings,
  canisterActs,
  creation,
  stopping,
  log,
  metadata,
  runway,
  install,
  net,
  slots,
  restore,
  proof,
  download,
  send,
  drill,
  remove,
  fleet,
  compare,
  timeline,
  library,
  networks,
  networking: networkWords,
  guarding: guardWords,
  identities: identityWords,
  projects: projectWords,
  watching: watchWords,
  welcome: welcomeWords,
  tidy: tidyWords,
  projectProblems,
  appearances,

  frame: {
    navigation: "Views",
    canisters: "Canisters",
    library: "Library",
    activity: "Activity",
    settings: "Settings",
    network: "Network",
    identity: "You are",
    principal: "principal",
    find: "Find",
    keys: "Keys",
    skip: "Skip to the content",
  },

  palette: {
    title: "Find a canister or an action",
    placeholder: "A name, an id, or what you want to do",
    found: "Found",
    nothing: "Nothing has this name.",
  },

  board: {
    title: "Canisters",
    reading: "Reading the canisters",
    filter: "Filter by name or id",
    attention: "Needs attention",
    stopped: "Stopped",
    chips: "Show only",
    refreshed: "Refreshed",
    columns: {
      name: "Canister",
      state: "State",
      cycles: "Cycles",
      memory: "Memory",
      module: "Module",
      actions: "Actions",
    },
    id: (name: string) => `id of ${name}`,
    module: (name: string) => `module hash of ${name}`,
    noModule: "Empty",
    noModuleMeaning: "No code is installed.",
    certified: "Certified",
    certifiedMeaning: "A certificate of the network proves this state. Other rows are the word of one of its machines.",
    notVisible: "Not visible",
    onlyControllers: "Only its controllers may see the status.",
    notRead: "Not read",
    changing: { start: "Starting", stop: "Stopping" } satisfies Record<ActKind, string>,
    burnsNothing: "burns nothing",
    frozen: "Frozen",
    supply: {
      frozen: "What is left is its reserve: it takes no calls until it is topped up.",
      low: "Low: it lasts less than 30 days.",
      enough: "Until it reaches its reserve and freezes.",
      endless: "Nothing is used up while it is idle.",
    },
    burns: (cycles: string) => `Idle, it burns ${cycles} a day.`,
    memory: (bytes: string, snapshots: string) => `${bytes}, of which ${snapshots} are snapshots`,
    empty: "No canisters here",
    emptyMeaning: "There is no canister on this network that Canopic looks after.",
    noMatch: "No canister matches",
    noMatchMeaning: "The filter and the chips leave nothing to show.",
    showAll: "Show all",
    stale: "The last refresh did not get through",
    checked: (name: string, state: string) => `${name} ${state}`,
    checkedState: {
      running: "is running",
      stopping: "is stopping",
      stopped: "is stopped",
    } satisfies Record<RunState, string>,
    checkedWhen: "Looked up",
    looking: "It is being looked up.",
  },

  canister: {
    back: "All canisters",
    pages: "Pages of this canister",
    page: {
      timeline: "Timeline",
      overview: "Overview",
      call: "Call",
      logs: "Logs",
      settings: "Settings",
      activity: "Activity",
    } satisfies Record<CanisterPage, string>,
    more: (name: string) => `More that can be done to ${name}`,
    moreWord: "More",
    gone: "No such canister here",
    goneMeaning: (id: string) => `${id} is not among the canisters that are looked after on this network.`,
    prove: "Read with a certificate",
    proveMeaning: "The network agrees on the answer and signs it. It takes as long as a change does.",
    proving: "It is being read.",
    notProven: "It could not be read with a certificate",
    attention: "Worth knowing",
    overTime: "Cycles over time",
    cycles: "Cycles",
    runway: "Freezes in",
    empty: "Empty in",
    burn: "Burns, idle",
    burnADay: (cycles: string) => `${cycles} a day`,
    reserve: "Reserve",
    reserveMeaning: "Below this it freezes.",
    memory: "Memory",
    kinds: {
      heap: "Heap",
      stable: "Stable memory",
      globals: "Globals",
      module: "Module",
      customSections: "Custom sections",
      history: "History",
      chunkStore: "Chunk store",
      snapshots: "Snapshots",
      log: "Log",
    } satisfies Record<keyof Memory, string>,
    module: "Module",
    version: "Changes so far",
    versionMeaning: "The network counts every change of it.",
    queries: "Queries answered",
    controllers: "Controllers",
    you: "you",
    notYours: "The identity in use is not among them.",
    controller: "controller",
    read: "Read",
    settings: "Settings",
    none: "none",
    standard: "as the network has it",
    seconds: (seconds: string) => `${seconds} s`,
    percent: (part: string) => `${part} % of a core`,
    bestEffort: "as there is room",
    viewers: {
      controllers: "Controllers",
      public: "Everybody",
      listed: (amount: number) => `Controllers and ${amount === 1 ? "1 other" : `${amount} others`}`,
    },
  },

  confirm: {
    effects: "What happens",
    undo: "How to undo it",
    goesOn: "You can close this; it goes on, and the bar below tells how it ends.",
  },

  tray: {
    label: "Acts",
    idle: "Nothing under way",
    under: (amount: number) => `${amount} under way`,
    show: "Show recent acts",
    hide: "Hide recent acts",
    all: "All activity",
  },

  activity: {
    title: "Activity",
    lead: "What Canopic did on your behalf, newest first.",
    empty: "Nothing yet",
    emptyMeaning: "Whatever Canopic changes on your behalf is listed here: start or stop a canister, and it appears.",
    columns: { what: "What", state: "State", when: "Began", took: "Took" },
    states: {
      running: "Under way",
      unwinding: "Taking back",
      done: "Done",
      cancelled: "Called off",
      failed: "Failed",
      stuck: "Needs you",
      left: "Left as is",
      unknown: "Unknown",
    },
    report: (what: string) => `details of “${what}”`,
  },

  settings: {
    title: "Settings",
    pages: "Pages of the settings",
    page: { general: "General", networks: "Networks", identities: "Identities" } satisfies Record<SettingsPage, string>,
    appearance: "Appearance",
    appearanceMeaning: "Light, dark, or whatever your system says.",
    appearanceFailed: "The choice was not saved",
    keyboard: "Keyboard",
    singleKeys: "Single keys act",
    singleKeysMeaning:
      "/ filters, R refreshes, ? lists the keys. Turn this off if you dictate or strike keys by accident.",
    showKeys: "Show all keys",
    showWelcome: "Show the welcome again",
    welcomeBack: "The welcome is on the board again.",
    failures: "Failures",
    failuresLead: "Every failure that can be told, with all that is said of it. For whoever works on Canopic.",
    failuresFilter: "Filter the failures",
    certainties: {
      nothingSent: "Nothing was sent",
      refused: "Refused, with proof",
      refusedUnproven: "Refused, without proof",
      unknown: "Unknown",
    } satisfies Record<Certainty, string>,
    network: "Network",
    address: "Address",
    rootKey: "Root key",
    rootKeyMeaning: "Every certificate of this network is checked against it.",
    fingerprint: "Fingerprint",
    fingerprintMeaning: "Tells this network apart from every other.",
    ask: "Ask it yourself",
    askMeaning: "The same network answers icp in a terminal, for as long as Canopic is open.",
    command: "command",
    folders: "Where things lie",
    data: "Kept",
    config: "Chosen",
    logs: "Logs",
    dataFolder: "data folder",
    configFolder: "settings folder",
    logsFolder: "log folder",
    dataMeaning: "What the app keeps",
    configMeaning: "What you chose here",
    logsMeaning: "What the app did, for support",
    about: "About",
    version: "Version",
    aboutMeaning: "Canopic looks after Internet Computer canisters. Free software under the Apache License 2.0.",
  },

  failedStart: {
    lead: "Canopic could not start",
    happened: "What happened",
    safe: "What is safe",
    next: "What you can do",
    setAside: "Set the settings aside and start",
    opening: "Opening",
  },

  broken: {
    title: "This window made a mistake",
    safe: "Your canisters are not affected: what was under way goes on, and nothing is sent twice.",
    next: "Load the window again. If it comes back, send the details to the people who make Canopic.",
    reload: "Load the window again",
  },

  keys: {
    title: "Keys",
    find: "Find a canister or an action",
    filter: "Filter the canisters",
    refresh: "Refresh",
    help: "Show this list",
    views: "Canisters, Library, Activity, Settings",
    rows: "Move through the rows",
    ends: "First or last row",
    enter: "Open the canister of the row",
    buttons: "Move among the row's buttons",
    escape: "Close a dialog, clear the filter, go back to the row",
  },
};
