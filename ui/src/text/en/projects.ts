/** What is said of projects, of canisters that are watched, and of the first steps. */
import type { KnownBy, Tool } from "../../backend/wire";

const tools: Record<Tool, string> = { icp: "icp", dfx: "dfx" };

export const projectWords = {
  title: "Projects",
  open: "Open a project",
  pickTitle: "Choose the folder of a project",
  close: "Close project",
  closeNamed: (name: string) => `Close ${name}`,
  closed: (name: string) => `${name} is closed. Its folder stays as it is.`,
  reopen: "Open again",
  opened: (name: string) => `${name} is open.`,
  gone: "This project is not open",
  goneMeaning: "It was closed, or this address leads nowhere.",
  unreadable: (name: string) => `${name} cannot be read`,
  notOpened: "This was not opened",
  folder: "project folder",
  readAgain: "Read its files again",
  environments: "Environments",
  none: "No environments",
  noneMeaning: "Its files name no place where canisters live.",
  network: "Network",
  tool: (tool: Tool) => `from ${tools[tool]}'s files`,
  here: "You are here",
  work: (name: string) => `Work on ${name}`,
  add: "Add this network",
  grounds: {
    mainnet: "Mainnet",
    local: "On this computer",
    localNot: "Its network does not run on this computer now.",
    elsewhere: (address: string) => address,
    unknown: "The project does not say which network this is.",
  },
  columns: { canister: "Canister", id: "Id", state: "State" },
  created: "Created",
  notCreated: "Not created yet",
  notCreatedMeaning: "The project has it, and nobody created it in this environment so far.",
  notDeclared: "Not in the project any more",
  notDeclaredMeaning: "Its id is still noted, but the project's files do not name it any more.",
  id: (name: string) => `id of ${name}`,
  noCanisters: "It has no canisters.",
  problems: (amount: number) =>
    amount === 1 ? "1 thing in its files is not right" : `${amount} things in its files are not right`,
  problemsMeaning: "Everything else was read. Canopic changes nothing in these files.",
  line: (file: string, line: number | null) => (line === null ? file : `${file}, line ${line}`),
  watched: "Favourites",
};

const knownBy: Record<KnownBy, string> = {
  board: "On the board already",
  id: "Not known yet",
  otherEnvironment: "In another environment of a project",
  otherNetwork: "Known on another network",
};

export const watchWords = {
  title: "Add a canister",
  lead: "Anybody may look at any canister: its module and its controllers are public. What more you see depends on who you are.",
  network: "On",
  id: "Canister id",
  idMeaning: "For example ryjl3-tyaaa-aaaaa-aaaba-cai",
  name: "Name",
  nameMeaning: "How you call it. May stay empty.",
  group: "Group",
  groupMeaning: "Where it stands on the board. May stay empty.",
  verb: (name: string) => (name === "" ? "Add canister" : `Add ${name}`),
  idFirst: "It needs an id.",
  added: (name: string) => `${name} is on the board.`,
  knownBy,
  describe: (name: string) => `Name and note of ${name}`,
  note: "Note",
  noteMeaning: "Only you see it; it stays on this computer.",
  favourite: "Keep it in the sidebar",
  save: "Save",
  saved: "Saved.",
  unwatched: (name: string) => `${name} is not on the board any more. Nothing changed for the canister itself.`,
  watchAgain: "Add again",
};

export const welcomeWords = {
  title: "Welcome",
  lead: "Canopic looks after canisters: whether all is well, and above all how to get back to a moment when it was.",
  doors: {
    project: {
      word: "Open a project folder",
      meaning: "With icp.yaml or dfx.json. Dropping it here does the same.",
    },
    canister: { word: "Add a canister by its id", meaning: "On any network. Looking needs no identity." },
    practice: {
      word: "Open the practice network",
      meaning: "A small Internet Computer inside this app. Try anything.",
    },
    practiceHere: { word: "Practise here", meaning: "The shop below is a demo. Try anything." },
  },
  path: "Two minutes to feel at home",
  steps: {
    open: "Open a canister",
    openMeaning: "orders is a good one.",
    take: "Take a snapshot of it",
    takeMeaning: "A moment to go back to.",
    restore: "Restore it",
    restoreMeaning: "And see it come back, with proof.",
  },
  done: "Done",
  go: { open: "Open orders", take: "Take snapshot", restore: "Restore" },
  hide: "Hide this",
  finished: "That is the heart of it. Everything else is in reach of Ctrl K.",
};

const canisters = (amount: number) => (amount === 1 ? "1 canister" : `${amount} canisters`);

export const severalWords = {
  start: {
    question: (amount: number) => `Start ${canisters(amount)}?`,
    meaning: "Each takes calls again, with its memory as it was left. Stop it again at any time.",
    verb: (amount: number) => `Start ${canisters(amount)}`,
  },
  stop: {
    question: (amount: number) => `Stop ${canisters(amount)}?`,
    meaning: "Each answers no calls until somebody starts it. Whoever uses it notices at once.",
    verb: (amount: number) => `Stop ${canisters(amount)}`,
  },
  download: {
    question: (amount: number) => `Download the newest snapshot of ${canisters(amount)}?`,
    meaning: "A copy of each comes into the library. Nothing changes on the network.",
    verb: (amount: number) => `Download ${amount === 1 ? "1 snapshot" : `${amount} snapshots`}`,
  },
  ready: "Ready",
  blocked: "Something has to be mended first: open it to see what.",
  copied: "Its newest snapshot is on this computer already.",
  noneAble: "It can be done to none of them.",
  ended: "All of them have come to an end.",
};

export const shareWords = {
  group: "Group",
  id: "Id",
  lasts: "Lasts",
  read: "Read at",
  menu: "Share the board",
  csv: "Save as a table (CSV)",
  png: "Save as a picture",
  pickTitle: "Where to save it",
  fileName: (network: string) => `canisters-${network}`,
  saved: (name: string) => `${name} is saved.`,
  failed: "It was not saved",
};

export const tidyWords = {
  bulk: (amount: number) => `${amount} selected`,
  label: "What to do with the selected canisters",
  choose: (name: string) => `Choose ${name}`,
  chooseAll: "Select all",
  none: "Select none",
  start: "Start",
  stop: "Stop",
  takeSnapshots: "Take snapshots",
  restore: "Restore",
  download: "Download",
  share: "Share",
};
