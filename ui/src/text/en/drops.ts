/** What is said of files and folders that are dropped or chosen. */
import type { BegunBy } from "../../backend/wire";
import { count } from "../format";

const begunBy: Record<BegunBy, string> = { canopic: "Canopic", icp: "icp", dfx: "dfx" };

export const drops = {
  veil: {
    canister: (name: string) => `Upload to ${name}`,
    library: "Bring into the library",
  },
  chooseArchive: "Choose an archive",
  chooseFolder: "Choose the folder of a copy",
  title: (amount: number) => (amount === 1 ? "What you brought" : `What you brought: ${amount} things`),
  looking: "Looking at it",
  failed: "It could not be looked at",
  kinds: {
    copy: "Copy of a snapshot",
    unfinished: "Unfinished copy",
    archive: "Archive of a copy",
    module: "Canister module",
    project: "Project",
    shelf: "Folder with copies",
    unusable: "Cannot be used",
    unknown: "Not known",
  },
  known: "It is in the library already.",
  hashes: "Hashes",
  hashed: "It brings hashes of every byte.",
  noHashes: "None: another tool made it. Canopic makes them when it is first verified, before anything is sent.",
  fileSize: "File",
  unfinished: (by: BegunBy | null) =>
    `${by === null ? "Another tool" : begunBy[by]} began it and never finished. It can be added to the library and gone on with there; it cannot be uploaded as it is.`,
  closed: {
    plain: "",
    passphrase: "It is encrypted with a passphrase.",
    recipients: "It is encrypted for the owner of an age key.",
  },
  passphrase: "Passphrase",
  identity: "Secret key",
  identityMeaning: "Begins with AGE-SECRET-KEY-1. It is used once and not kept.",
  open: "Open the archive",
  opening: "It is being opened.",
  openFirst: "Open the archive first.",
  module: "A module is code without a state. It can be installed in a canister, and is no copy of one.",
  moduleHash: "Hash",
  install: (name: string) => `Install in ${name}`,
  chooseForModule: "Open a canister first and drop it there, to install it.",
  project: "The folder of a project. Opening it shows its canisters on the board.",
  openProject: "Open the project",
  shelf: (copies: number) => `${count(copies, "copy").replace("copys", "copies")} lie in it. Nothing in it is changed.`,
  addShelf: "Add the folder to the library",
  unknown:
    "Neither a copy nor an archive, a module or a project. A copy is a folder with metadata.json, as Canopic, icp and dfx write it; an archive ends in .zip or .age.",
  upload: (name: string) => `Upload to ${name}`,
  uploadSomewhere: "Upload into a canister",
  add: "Add to the library",
  addAll: (amount: number) => `Add ${amount} copies to the library`,
  adding: "It is being added.",
  added: "It is in the library",
  notAdded: "It was not added",
  show: "Show the library",
  nothing: "There is nothing among it to bring in.",
};
