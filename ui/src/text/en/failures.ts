/** What is said of failures: what happened, what is safe, what to do. */
import type { Certainty, Code, Failure } from "../../backend/wire";
import { cycles, duration } from "../format";

/** What a person is told about a failure. */
export interface Explanation {
  title: string;
  safe: string;
  next: string;
}

type Facts = Failure["facts"];

const named = (facts: Facts) => facts["name"] ?? facts["canister"] ?? "The canister";
const identity = (facts: Facts) => facts["identity"] ?? "The identity";
const path = (facts: Facts) => facts["path"] ?? "the app's folder";

/** The copy that a failure is about: its name where it has one, else its place. */
const copy = (facts: Facts) => facts["name"] ?? facts["path"] ?? "The copy";

/** Where arguments do not fit, as the facts say it. */
function argumentTrouble(facts: Facts): string {
  const place = [
    facts["argument"] ? `argument ${facts["argument"]}` : "",
    facts["field"] ? `field ${facts["field"]}` : "",
    facts["line"] ? `line ${facts["line"]}, column ${facts["column"] ?? "1"}` : "",
  ].filter((part) => part);
  const expected = facts["expected"] ? `${facts["expected"]} is expected` : "something else is expected";
  const found = facts["found"] ? `, not ${facts["found"]}` : "";
  return place.length > 0 ? `At ${place.join(", ")}: ${expected}${found}.` : `Here ${expected}${found}.`;
}

const failures: Record<Code, (facts: Facts) => Explanation> = {
  addressInsecure: (facts) => ({
    title: `${facts["address"] ?? "This address"} is not encrypted`,
    safe: "Nothing was sent there.",
    next: "Use its https address. Plain http is only for networks on this computer.",
  }),
  addressMalformed: (facts) => ({
    title: facts["address"]
      ? `“${facts["address"]}” is not the address of a network`
      : "This is not the address of a network",
    safe: "Nothing was sent.",
    next: "An address looks like https://icp-api.io or http://localhost:8000, without a name, a password or a question mark.",
  }),
  amountMalformed: (facts) => ({
    title: facts["text"] ? `“${facts["text"]}” is not a whole number` : "This is not a whole number",
    safe: "Nothing was sent.",
    next: "Write it in digits.",
  }),
  amountTooSmall: (facts) => ({
    title: facts["least"] ? `At least ${cycles(facts["least"])} are needed` : "The amount is too small",
    safe: "Nothing was sent, and nothing was paid.",
    next: "Choose a larger amount.",
  }),
  answerDiffers: (facts) => ({
    title: `${named(facts)} does not answer “${facts["method"] ?? "the check call"}” as expected`,
    safe: "What had been done by then was taken back.",
    next: facts["rejection"]
      ? `It did not answer: ${facts["rejection"]}`
      : `It answered ${facts["found"] ?? "something else"}${facts["expected"] ? `, and ${facts["expected"]} was expected` : ""}.`,
  }),
  archiveKeyWrong: () => ({
    title: "This passphrase or key does not open the archive",
    safe: "The archive is untouched, and nothing was unpacked.",
    next: "Try the passphrase that was chosen at its export, or the key whose recipient it was encrypted for.",
  }),
  archiveMalformed: (facts) => ({
    title: `${path(facts)} is not an archive of a copy`,
    safe: "Nothing was unpacked from it.",
    next: facts["reason"]
      ? `What is wrong with it: ${facts["reason"]}. Choose another file.`
      : "Choose an archive that Canopic exported, or a zip of a snapshot folder.",
  }),
  argumentMalformed: (facts) => ({
    title: "The arguments do not fit",
    safe: "They were checked before anything was sent.",
    next: argumentTrouble(facts),
  }),
  balanceTooLow: (facts) => ({
    title: "Too few cycles for this",
    safe: `Nothing was paid. This identity holds ${cycles(facts["balance"] ?? "0")}, and ${cycles(facts["needed"] ?? "0")} are needed.`,
    next: "Choose a smaller amount, use another identity, or add cycles to this one first.",
  }),
  bug: () => ({
    title: "Canopic ran into a defect of its own",
    safe: "Everything else goes on, and nothing on this computer was damaged.",
    next: "Copy the details and send them to the people who make Canopic.",
  }),
  cancelled: () => ({
    title: "It was called off",
    safe: "What had been done by then was taken back.",
    next: "Begin again whenever you like.",
  }),
  canisterBusy: (facts) => ({
    title: `Something else is under way on ${named(facts)}`,
    safe: "Nothing was sent: one thing at a time happens to a canister.",
    next: "Wait until it has ended, or cancel it. What is paused has to go on first.",
  }),
  canisterNotFound: (facts) => ({
    title: facts["canister"] ? `No canister ${facts["canister"]} on this network` : "No such canister on this network",
    safe: "Nothing has changed.",
    next: "It may have been deleted, or it lives on another network.",
  }),
  clockOff: (facts) => ({
    title: facts["seconds"]
      ? `This computer's clock is ${duration(Number(facts["seconds"]) * 1_000)} ${facts["direction"] === "behind" ? "behind" : "ahead"}`
      : "This computer's clock and the network's do not agree",
    safe: "Nothing that cannot be trusted is shown.",
    next: "Set the computer's clock, then refresh.",
  }),
  copyChanged: (facts) => ({
    title: `${copy(facts)} was changed by something else`,
    safe: "Canopic stopped using it as soon as that showed.",
    next: "See that no other program works in this folder, verify the copy, then try again.",
  }),
  copyDamaged: (facts) => ({
    title: `${copy(facts)} is damaged`,
    safe: "Nothing of it was used. What is on the network is not affected.",
    next: "Verify it to see which parts are damaged. While its snapshot is still on the network, just those can be fetched again.",
  }),
  copyExists: (facts) => ({
    title: `Something lies at ${path(facts)} already`,
    safe: "It was neither overwritten nor added to.",
    next: "Choose another place or another name.",
  }),
  copyFromNewerVersion: (facts) => ({
    title: `${copy(facts)} comes from a newer Canopic`,
    safe: `It is untouched: it has format ${facts["found"] ?? "unknown"}, and this Canopic knows up to ${facts["known"] ?? "an older one"}.`,
    next: "Open it with the newer Canopic.",
  }),
  copyInUse: (facts) => ({
    title: `${copy(facts)} is being written right now`,
    safe: "Both would write to the same files, so this one stays out.",
    next: "Wait until the other one has finished, or stop it there.",
  }),
  copyMalformed: (facts) => ({
    title: `${path(facts)} is not a copy of a snapshot`,
    safe: "Nothing in it was changed.",
    next: facts["reason"]
      ? `What is wrong with it: ${facts["reason"]}. Choose another folder.`
      : "Choose a folder that Canopic, icp or dfx downloaded a snapshot to.",
  }),
  copyUnfinished: (facts) => ({
    title: `${copy(facts)} was never finished`,
    safe: "What is there so far is kept.",
    next: "Continue its download, or delete it.",
  }),
  copyUnfit: (facts) => ({
    title: `The copy does not fit ${named(facts)}`,
    safe: "Nothing was sent, and the copy is untouched.",
    next:
      facts["remedy"] === "wasm64"
        ? "Install a 64-bit module there first, then upload again."
        : "Choose another canister, or another copy.",
  }),
  creationFailed: (facts) => ({
    title: facts["message"] ? `The canister could not be made: ${facts["message"]}` : "The canister could not be made",
    safe: "The cycles were paid back, less the ledger's fee.",
    next: "Choose another subnet or other settings, then try again.",
  }),
  cyclesLow: (facts) => ({
    title: `${named(facts)} has too few cycles for this`,
    safe: "Nothing has changed.",
    next: "Top it up, then try again.",
  }),
  diskFull: (facts) => ({
    title: "The disk is full",
    safe: `What was written so far is kept at ${path(facts)}, marked as unfinished.`,
    next: facts["needed"]
      ? `Make room for ${facts["needed"]} bytes, or choose another disk, then continue.`
      : "Make room or choose another disk, then continue.",
  }),
  fileTooLarge: (facts) => ({
    title: `The disk at ${path(facts)} cannot hold files this large`,
    safe: "Nothing was written.",
    next: "Its file system ends at 4 GB for each file. Choose a folder on another disk.",
  }),
  fileUnreadable: (facts) => ({
    title: facts["path"] ? `The file ${facts["path"]} cannot be read` : "The file cannot be read",
    safe: "Nothing was sent.",
    next: "Check that it still exists and that you may read it, then choose it again.",
  }),
  folderUnusable: (facts) => ({
    title: "A folder that Canopic needs cannot be used",
    safe: `Nothing was deleted or overwritten in ${path(facts)}.`,
    next: "Check that the folder exists, belongs to you, and that the disk is not full.",
  }),
  identityExists: (facts) => ({
    title: facts["name"] ? `This key is already here, as ${facts["name"]}` : "This key is already here",
    safe: "Nothing was stored twice.",
    next: "Use the identity that is there. It can be renamed at any time.",
  }),
  identityLocked: (facts) => ({
    title: `${identity(facts)} is locked`,
    safe: "Nothing was signed and nothing was sent.",
    next: "Unlock it, then do this again.",
  }),
  identityUnknown: () => ({
    title: "There is no such identity here",
    safe: "Nothing was signed and nothing was sent.",
    next: "Choose another identity. The practice identity exists on the practice network alone.",
  }),
  idMalformed: (facts) => ({
    title: facts["text"] ? `“${facts["text"]}” is not a canister id` : "This is not a canister id",
    safe: "Nothing was sent.",
    next: "Compare it with the id where you copied it from.",
  }),
  interfaceMalformed: (facts) => ({
    title: facts["line"]
      ? `The Candid interface is not understood at line ${facts["line"]}`
      : "The Candid interface is not understood",
    safe: "Nothing was sent.",
    next: "Methods can still be called with raw bytes. The details say what is wrong with the interface.",
  }),
  interfaceMissing: (facts) => ({
    title: `${named(facts)} does not publish its interface`,
    safe: "Nothing was sent.",
    next: "Give the arguments as Candid text or as raw bytes.",
  }),
  inUse: (facts) => ({
    title: "Another Canopic is open already",
    safe: `Both would write to ${path(facts)}, so this one stays out.`,
    next: "Go to the other window, or close it and try again here.",
  }),
  jobNotFound: () => ({
    title: "This is over already",
    safe: "Nothing has changed.",
    next: "The activity tells how it ended.",
  }),
  journalDamaged: (facts) => ({
    title: "The journal of what was done cannot be read",
    safe: `The file ${path(facts)} is untouched. Canisters can be looked at; nothing is changed without a journal.`,
    next: "Move the file away to start a new journal, and check by hand what was under way.",
  }),
  journalFromNewerVersion: (facts) => ({
    title: "The journal comes from a newer Canopic",
    safe: `The file ${path(facts)} is untouched. Canisters can be looked at; nothing is changed without a journal.`,
    next: "Open it with the newer Canopic.",
  }),
  journalFull: (facts) => ({
    title: "The disk has no room for the journal",
    safe: "Nothing is sent that could not be written down first. What is under way stands still where it is.",
    next: `Make room on the disk of ${path(facts)}. What was under way goes on by itself then.`,
  }),
  journalReadOnly: (facts) => ({
    title: "The journal of what is done may only be read",
    safe: "Canisters can be looked at. Nothing is sent that could not be written down first.",
    next: `Allow this account to write to ${path(facts)}. What was under way goes on then.`,
  }),
  journalUnusable: (facts) => ({
    title: "The journal of what is done cannot be written",
    safe: "Nothing is sent that could not be written down first.",
    next: `Check that the disk is not full and that ${path(facts)} may be written. What was under way goes on then.`,
  }),
  keyCurveUnknown: () => ({
    title: "The file does not say which kind of key it holds",
    safe: "Nothing was imported.",
    next: "Say which kind it is. Most files of this sort come from dfx and hold a secp256k1 key.",
  }),
  keyLost: (facts) => ({
    title: `The keyring no longer has the key of ${identity(facts)}`,
    safe: "The keyring is open and everything else in it is as it was. Canopic has not removed this key.",
    next: "Import the identity again, from its recovery phrase or from an exported file.",
  }),
  keyringBroken: () => ({
    title: "The system’s keyring does not answer as it should",
    safe: "No key was written anywhere else instead.",
    next: "Log out and in again, or restart the keyring service. Until then keys can be kept in a vault file with a passphrase.",
  }),
  keyringLocked: () => ({
    title: "The system’s keyring is locked",
    safe: "Your keys are in it, whole. Canopic just cannot read them now.",
    next: "Unlock the keyring when the system asks, or with the system’s own password app, and try again.",
  }),
  keyringMissing: (facts) => ({
    title: facts["service"] ? `No keyring runs here: ${facts["service"]} is missing` : "No keyring runs here",
    safe: "No key was written anywhere else instead.",
    next: "Install and start GNOME Keyring (package gnome-keyring), KWallet, or KeePassXC with its Secret Service, then log in again. Or keep your keys in a vault file with a passphrase.",
  }),
  keyUnreadable: (facts) => ({
    title: facts["path"] ? `${facts["path"]} is not a private key` : "This is not a private key",
    safe: "Nothing was imported, and what you chose is untouched.",
    next: "It may have been cut off on the way, or hold a public key or a certificate. Look for a block that begins with BEGIN PRIVATE KEY, BEGIN ENCRYPTED PRIVATE KEY or BEGIN EC PRIVATE KEY.",
  }),
  keyUnsupported: (facts) => ({
    title: facts["found"]
      ? `Keys of this kind cannot be used yet: ${facts["found"]}`
      : "Keys of this kind cannot be used yet",
    safe: "Nothing was imported, and what you chose is untouched.",
    next: "Canopic signs with Ed25519, secp256k1 and P-256.",
  }),
  methodMissing: (facts) => ({
    title: facts["method"] ? `The interface has no method ${facts["method"]}` : "The interface has no such method",
    safe: "Nothing was sent.",
    next: "Choose a method of the interface, or give the arguments as raw bytes.",
  }),
  moduleDiffers: (facts) => ({
    title: `${named(facts)} has another module than the one that was sent`,
    safe: `A certificate shows the module ${facts["found"] ?? "that it has now"}.`,
    next: "Somebody else may have installed at the same time. Compare the hashes before you go on.",
  }),
  moduleMalformed: (facts) => ({
    title: facts["path"] ? `${facts["path"]} is not a canister module` : "The file is not a canister module",
    safe: "Nothing was sent.",
    next: "Choose a .wasm or .wasm.gz file that was built for a canister. The details say what is wrong with this one.",
  }),
  moduleTooLarge: (facts) => ({
    title: `The module is larger than the ${facts["limit"] ?? "104857600"} bytes that the network takes`,
    safe: "It was not unpacked further, and nothing was sent.",
    next: "Build it smaller: without debug names, optimised for size.",
  }),
  nameDiffers: (facts) => ({
    title: facts["name"] ? `This is not the name ${facts["name"]}` : "This is another name",
    safe: "Nothing was removed.",
    next: "Type the name exactly as it is shown.",
  }),
  nameTaken: (facts) => ({
    title: facts["name"] ? `The name ${facts["name"]} is taken` : "This name is taken",
    safe: "Nothing has changed.",
    next: "Choose another name.",
  }),
  nameUnusable: () => ({
    title: "This cannot be a name",
    safe: "Nothing has changed.",
    next: "A name has 1 to 64 characters that can be seen.",
  }),
  networkInUse: (facts) => ({
    title: `${facts["name"] ?? "This network"} is in use`,
    safe: "Nothing was removed.",
    next: "Choose another network first, then remove this one.",
  }),
  networkUnknown: () => ({
    title: "This network is not known any more",
    safe: "Nothing was sent, and what is kept about its canisters stays.",
    next: "If it runs on this computer, start it and look again. Otherwise choose another network.",
  }),
  noFileManager: () => ({
    title: "No file manager of this computer answers",
    safe: "What you want to see is where it was.",
    next: "Copy the path, and go there with the program that you use for files.",
  }),
  noNetwork: (facts) => ({
    title: facts["address"] ? `The network at ${facts["address"]} does not answer` : "The network does not answer",
    safe: "Your canisters go on as they are; only this window cannot see them.",
    next: "Check the connection. Canopic looks again by itself.",
  }),
  notAsPlanned: (facts) => ({
    title: `${named(facts)} is not as it was planned`,
    safe: "Nothing further was done, so that nobody else's change is lost.",
    next: "Look at the canister, and decide by what is shown.",
  }),
  notController: (facts) => ({
    title: `${named(facts)} is controlled by somebody else`,
    safe: "Nothing has changed.",
    next: "Ask one of its controllers, or have them add this identity as a controller.",
  }),
  notOnThisNetwork: (facts) => ({
    title: facts["canister"]
      ? `${facts["canister"]} is not an id of this network`
      : "This id is not one of this network",
    safe: "Nothing has changed.",
    next: "Change to the network that the canister lives on.",
  }),
  onlyController: (facts) => ({
    title: facts["canister"]
      ? `${identity(facts)} is the only controller of ${facts["canister"]}`
      : `${identity(facts)} is the only controller of a canister`,
    safe: "The identity is still here, and so is its key.",
    next: "Export the key first, or add another controller. Without either nobody could ever change the canister again.",
  }),
  notYetLoadable: (facts) => ({
    title: "The network has not written this snapshot out yet",
    safe: "Nothing has changed.",
    next: facts["since"]
      ? "It does so every few minutes; Canopic waits for it, ten minutes at most."
      : "It does so every few minutes: try again a little later, or send the snapshot through a copy.",
  }),
  outcomeUnknown: (facts) => ({
    title: `Nobody can tell whether ${facts["doing"] ?? "the last change"} took effect`,
    safe: "It is not sent a second time.",
    next: "Look at the canister, and decide by what is shown.",
  }),
  passphraseNeeded: () => ({
    title: "This key is protected by a passphrase",
    safe: "Nothing was imported yet.",
    next: "Enter the passphrase that it was protected with.",
  }),
  passphraseTooShort: (facts) => ({
    title: `A passphrase needs at least ${facts["least"] ?? "8"} characters`,
    safe: "Nothing was written.",
    next: "A few words in a row are easy to remember and hard to guess.",
  }),
  passphraseWrong: () => ({
    title: "The passphrase does not fit",
    safe: "Nothing was opened and nothing has changed.",
    next: "Try again; mind capital letters and the keyboard’s language.",
  }),
  phraseDraftGone: () => ({
    title: "This recovery phrase is no longer valid",
    safe: "No identity was made from it, and it was wiped from memory.",
    next: "Begin again with a new phrase, and cross out the old words.",
  }),
  phraseUnconfirmed: (facts) => ({
    title: facts["words"] ? `Not the words that were shown: number ${facts["words"]}` : "Not the words that were shown",
    safe: "No identity was made yet. The phrase is still the same.",
    next: "Compare with what you wrote down, and correct it there if need be.",
  }),
  phraseWrong: (facts) => ({
    title:
      facts["reason"] === "word"
        ? `Word ${facts["position"]} is not one of the words that phrases are made of`
        : facts["reason"] === "count"
          ? `A recovery phrase has 12, 15, 18, 21 or 24 words, and these are ${facts["count"]}`
          : "These words do not belong together",
    safe: "Nothing was imported.",
    next:
      facts["reason"] === "checksum"
        ? "Each word is a possible one, but one of them is wrong or two changed places. Compare them with what you wrote down."
        : "Compare it with what you wrote down.",
  }),
  pickGone: () => ({
    title: "What you picked is not at hand any more",
    safe: "No file was read or written.",
    next: "Pick it again.",
  }),
  practiceFailed: () => ({
    title: "The practice network did not start",
    safe: "It runs inside this app, so no canister of yours is affected.",
    next: "Try again. If it stays like this, close Canopic and open it once more.",
  }),
  practiceOnly: () => ({
    title: "This is for the practice network",
    safe: "Nothing was done on the network in use.",
    next: "Switch to the practice network and begin again.",
  }),
  precondition: (facts) => ({
    title: `${named(facts)} is in another state by now`,
    safe: "It was looked at right before the change, so nothing was sent.",
    next: "Refresh, and decide by what is shown then.",
  }),
  projectNotFound: (facts) => ({
    title: `There is no project in ${facts["path"] ?? "this folder"}`,
    safe: "The folder is as it was.",
    next: "Open the folder that holds icp.yaml, dfx.json or canister_ids.json.",
  }),
  projectUnreadable: (facts) => ({
    title: `${facts["path"] ?? "The project"} cannot be read`,
    safe: "The folder is as it was.",
    next: "Check that it is still there and that you may read it.",
  }),
  readOnly: (facts) => ({
    title: facts["name"]
      ? `${facts["name"]} is locked: this network is open for reading only`
      : "This network is open for reading only",
    safe: "Nothing was sent.",
    next: "Unlock this canister, or the network for 15 minutes. It locks again by itself.",
  }),
  recordBroken: (facts) => ({
    title: facts["event"] ? `This record was changed at event ${facts["event"]}` : "This record was changed",
    safe: "Nothing was done with it. Your own activity log is not affected.",
    next: "Do not rely on it: ask for a fresh export from where it came.",
  }),
  recordUnreadable: () => ({
    title: "This is not a record of activity",
    safe: "Nothing was done with it.",
    next: "Choose a file that was exported from the activity as a record.",
  }),
  refused: (facts) => ({
    title: facts["message"] ? `The network refused: ${facts["message"]}` : "The network refused",
    safe: "Nothing has changed.",
    next: "The details name the network's reason.",
  }),
  rootKeyChanged: (facts) => ({
    title: `${facts["name"] ?? "The network"} shows another root key than before`,
    safe: `Nothing is sent there until you decide. It was known by ${facts["known"] ?? "another key"} and now shows ${facts["found"] ?? "this one"}.`,
    next: "If the network was set up anew, accept its new key. If you know of no reason, somebody may be posing as it: leave it alone and ask whoever runs it.",
  }),
  rootKeyMalformed: () => ({
    title: "This is not a root key",
    safe: "Nothing was sent.",
    next: "A root key has 266 hexadecimal digits and begins with 308182. Copy it whole.",
  }),
  samplesUnusable: (facts) => ({
    title: "The record of past cycles and memory cannot be used",
    safe: `The file ${path(facts)} is untouched. Canisters are looked after as before; only charts and trends are missing.`,
    next: "If a newer Canopic wrote it, open it with that one. Otherwise move the file away, and a new record begins.",
  }),
  settingsDamaged: (facts) => ({
    title: "The settings cannot be read",
    safe: `The file ${path(facts)} is untouched. Canisters and keys are not in it.`,
    next: "Set the settings aside to start with fresh ones. The old file is kept next to them, whole.",
  }),
  settingsFromNewerVersion: (facts) => ({
    title: "The settings come from a newer Canopic",
    safe: `The file ${path(facts)} is untouched: it has version ${facts["found"] ?? "unknown"}, and this Canopic knows up to ${facts["known"] ?? "an older one"}.`,
    next: "Open it with the newer Canopic, or set the settings aside to start with fresh ones here.",
  }),
  settingUnfit: (facts) => ({
    title: `${facts["setting"] ?? "A setting"} cannot be ${facts["value"] ?? "this"}`,
    safe: "Nothing was sent.",
    next: facts["most"]
      ? `At most ${facts["most"]} is possible${facts["variable"] ? ` for ${facts["variable"]}` : ""}.`
      : `At least ${facts["least"] ?? "as much as now"} is needed.`,
  }),
  slotsFull: (facts) => ({
    title: `${named(facts)} has as many snapshots as it may have`,
    safe: "Nothing has changed.",
    next: "Choose one to replace, or delete one first.",
  }),
  slowAnswer: (facts) => ({
    title: `Still waiting for ${named(facts)}`,
    safe: "Nothing is wrong with the others; this one only takes longer.",
    next: "Canopic asks again by itself.",
  }),
  snapshotDiffers: () => ({
    title: "The snapshot is not the one that this copy was begun from",
    safe: "Nothing of the two was mixed. What was copied so far is kept.",
    next: "Begin a new copy of the snapshot that is there now.",
  }),
  snapshotGone: () => ({
    title: "The snapshot is not there any more",
    safe: "Nothing has changed.",
    next: "Refresh the snapshots, and choose another one.",
  }),
  stalePlan: (facts) => ({
    title: `${named(facts)} has changed since the plan was made`,
    safe: "Nothing was sent.",
    next: "Look at the new plan, and confirm again.",
  }),
  stillStopping: (facts) => ({
    title: `${named(facts)} is still stopping`,
    safe: "It takes no new calls, and waits for answers to calls of its own.",
    next: "Keep waiting, or start it again.",
  }),
  storeUnreadable: (facts) => ({
    title: facts["path"] ? `The identities in ${facts["path"]} cannot be read` : "The tool’s identities cannot be read",
    safe: "The tool’s files were only read, never changed.",
    next: "The tool itself may still read them, or a newer release of it wrote them. Its keys can be exported with it and imported as a file.",
  }),
  textTooLong: (facts) => ({
    title: "This text is too long",
    safe: "Nothing was changed.",
    next: `Shorten it to ${facts["limit"] ?? "fewer"} characters.`,
  }),
  throttled: () => ({
    title: "The network asks to slow down",
    safe: "Nothing has changed.",
    next: "Wait a minute before the next try.",
  }),
  untrusted: () => ({
    title: "An answer came that the network's root key does not vouch for",
    safe: "The answer was thrown away. Nothing of it is shown.",
    next: "Something between this computer and the network may be changing answers. Use another connection.",
  }),
  vaultDamaged: (facts) => ({
    title: `${facts["path"] ?? "The vault file"} cannot be understood`,
    safe: "The file is untouched.",
    next: "Bring it back from a backup, or move it away and import your identities into a new vault file.",
  }),
  vaultExists: (facts) => ({
    title: "There is a vault file already",
    safe: `${facts["path"] ?? "It"} is untouched.`,
    next: "Unlock it with its passphrase.",
  }),
  vaultLocked: () => ({
    title: "The vault file is locked",
    safe: "Nothing was signed and nothing was sent.",
    next: "Unlock it with its passphrase, then do this again.",
  }),
  vaultMissing: (facts) => ({
    title: "There is no vault file",
    safe: "No key was written anywhere.",
    next: facts["path"]
      ? `It would lie at ${facts["path"]}. Make one with a passphrase first.`
      : "Make one with a passphrase first.",
  }),
};

/** What is known about the world after an act failed. */
const certainties: Record<Certainty, string> = {
  nothingSent: "Nothing was sent, so nothing has changed.",
  refused: "A certificate proves the refusal: nothing has changed.",
  refusedUnproven: "One machine of the network refused, without proof. Most likely nothing has changed.",
  unknown:
    "The request was sent and no answer came. Whether it took effect is unknown. It will not be sent a second time.",
};

/** All that can be told. */
export const failureCodes = Object.keys(failures) as Code[];

/** What a failed reading, start or choice means. */
export function explain(failure: Failure): Explanation {
  return failures[failure.code](failure.facts);
}

/** What a failed act means: what is safe follows from what is known, not from what went wrong. */
export function explainAct(failure: Failure): Explanation {
  const { title, next } = explain(failure);
  return {
    title,
    safe: certainties[failure.certainty],
    next: failure.certainty === "unknown" ? "Check what happened before you decide what to do." : next,
  };
}
