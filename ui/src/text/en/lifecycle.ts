/** What is said of the life of a canister: making it, giving it code and cycles, ending it. */
/** What can be done to a canister: as an entry of its menu, and with its name where several are meant. */
export const actions = {
  takeSnapshot: { word: "Take snapshot", command: (name: string) => `Take a snapshot of ${name}` },
  restore: { word: "Restore", command: (name: string) => `Restore ${name}` },
  start: { word: "Start", command: (name: string) => `Start ${name}` },
  stop: { word: "Stop", command: (name: string) => `Stop ${name}` },
  install: { word: "Install a module", command: (name: string) => `Install a module in ${name}` },
  upgrade: { word: "Upgrade", command: (name: string) => `Upgrade ${name}` },
  topUp: { word: "Top up", command: (name: string) => `Top up ${name}` },
  describe: { word: "Name and note", command: (name: string) => `Name and note of ${name}` },
  copyId: { word: "Copy id", command: (name: string) => `Copy the id of ${name}` },
  unwatch: { word: "Take off the board", command: (name: string) => `Take ${name} off the board` },
  reinstall: { word: "Reinstall", command: (name: string) => `Reinstall ${name}` },
  uninstall: { word: "Remove module", command: (name: string) => `Remove the module of ${name}` },
  delete: { word: "Delete", command: (name: string) => `Delete ${name}` },
};

export const amounts = {
  label: "Cycles, in trillions",
  meaning: "1 T is 1,000,000,000,000 cycles. Up to twelve places after the point.",
  notANumber: "Write a number like 2 or 0.5.",
  tooSmall: "Write more than nothing.",
};

export const topUp = {
  title: (name: string) => `Top up ${name}`,
  verb: (name: string) => `Top up ${name}`,
  holdsNow: "Holds now",
  lastsNow: "Freezes in",
  holdsThen: "Holds then",
  lastsThen: "Freezes then in",
  balance: "You hold",
  balanceThen: "You hold then",
  gift: "This network gives cycles away for trying things out.",
  reading: "Reading what you hold",
};

export const uninstall = {
  title: (name: string) => `Remove the module of ${name}`,
  verb: (name: string) => `Remove the module of ${name}`,
  meaning: (name: string) =>
    `${name} stays, with its id, its cycles, its settings and its snapshots. Its code and all its memory go.`,
};

export const deletion = {
  title: (name: string) => `Delete ${name}`,
  verb: (name: string) => `Delete ${name}`,
  dies: "What dies with it",
  id: "Its id. No canister will ever have it again, and whoever calls it reaches nobody.",
  cycles: (cycles: string) => `${cycles}. Nobody gets them back.`,
  rest: "What remains of its cycles. The network holds back a little while the others are sent.",
  withdraw: "Send its cycles to my account first",
  withdrawal:
    "Its code is replaced by a small one of Canopic's that pays them into your account in the cycles ledger. A snapshot keeps what it holds until it is deleted: if they cannot be sent, it runs on as before.",
  memory: (bytes: string) => `${bytes} of memory.`,
  snapshots: (bytes: string) => `Its snapshots, ${bytes}. Download first what may be needed again.`,
  copies: "Copies on this computer stay. They can be put into another canister.",
};
