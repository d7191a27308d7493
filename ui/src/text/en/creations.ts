/** What is said where a canister is made, and of what was done to one. */
import type { Outcome, Placement } from "../../backend/wire";

const places: Record<Placement["kind"], string> = {
  anywhere: "Wherever the network likes",
  beside: "On the subnet of another canister",
  on: "On a subnet of my choice",
};

export const creation = {
  title: "Make a canister",
  verb: (name: string) => `Make ${name}`,
  unnamed: "the canister",
  name: "Name",
  nameMeaning: "What you will call it here. It may stay empty.",
  group: "Group",
  amount: "Cycles to pay, in trillions",
  where: "Where",
  places,
  besideWhich: "Beside",
  subnetId: "Id of the subnet",
  subnet: "Subnet",
  settings: "Settings",
  freezing: "Freezing threshold, in days",
  fee: "Making it costs",
  nothing: "nothing",
  startsWith: "It starts with",
  incomplete: "Something is left to fill in.",
  made: (name: string) => `${name} is made`,
  madeMeaning: "It is empty and stands on the board. Install a module to give it code.",
  open: (name: string) => `Open ${name}`,
};

const outcomes: Record<Outcome, string> = {
  underWay: "Under way",
  paused: "Paused",
  needsYou: "Needs you",
  done: "Done",
  failed: "Failed",
  cancelled: "Called off",
  left: "Left as is",
};

export const canisterActs = {
  label: (name: string) => `What was done to ${name}`,
  reading: "Reading what was done",
  empty: "Nothing yet",
  emptyMeaning: (name: string) => `Whatever Canopic changes in ${name} is listed here, with its steps.`,
  outcomes,
  by: (who: string, when: string) => `Signed by ${who}, begun ${when}.`,
  proven: (when: string) => `Proven by a certificate of ${when}.`,
  broken: "This record was changed by somebody",
  brokenMeaning: "An entry does not follow from the one before it. What stands after it cannot be relied on.",
};

export const stopping = {
  title: (name: string) => `${name} is stopping`,
  meaning:
    "It takes no new calls and waits for the answers of calls that it made itself. How long that takes depends on those whom it called; it can be never.",
  keepWaiting: "Waiting is safe: nothing is lost. Starting it again lets it take calls as before.",
  startAgain: (name: string) => `Start ${name} again`,
  callsOff: "The stop that waits is called off, and it takes calls as before.",
};
