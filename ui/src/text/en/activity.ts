/** What is said of what was done, and of what was left behind. */
import type { Form } from "../../backend/wire";
import { count } from "../format";

const forms: Record<Form, string> = {
  csv: "CSV, for a spreadsheet",
  html: "HTML, to be read",
  json: "JSON, to be verified",
};

export const history = {
  needsYou: "Needs you",
  underWay: "Under way",
  paused: "Paused",
  pausedMeaning: "Nothing happens until you go on with it, or turn it back.",
  needs: (amount: number) => `${amount} ${amount === 1 ? "needs" : "need"} you`,
  safeToClose: "Canopic can be closed meanwhile: at its next start it goes on, or takes back what was half done.",
  past: "Done",
  filter: "Filter by canister, id or who signed",
  filters: "Show only",
  outcomes: { done: "Done", failed: "Failed", cancelled: "Called off", left: "Left as is" },
  since: "Since",
  spans: { always: "Any time", day: "The last day", week: "The last week", month: "The last 30 days" },
  noMatch: "Nothing matches",
  noMatchMeaning: "The filter leaves nothing to show.",
  showAll: "Show all",
  more: "Show more",
  steps: (what: string) => `Steps of “${what}”`,
  who: "Signed by",
  network: "Network",
  cost: "Expected to cost",
  proven: "Newest proof",
  notProven: "no certificate",
  report: "Save a report",
  link: (what: string) => `Open “${what}” on its canister’s page`,
  export: "Export or verify",
  forms,
  exportTo: (form: Form) => `Export as ${forms[form]}`,
  pickTitle: "Save the record",
  fileName: (form: Form) => `canopic-activity.${form}`,
  exported: (name: string) => `The record was saved as ${name}.`,
  notExported: "There is no record",
  verify: "Verify a record",
  verifyPick: "Record to verify",
  holds: (name: string) => `${name} is as it was exported`,
  holdsMeaning: (acts: number, events: number, when: string) =>
    `${count(acts, "act")} made of ${count(events, "event")}, exported ${when}. Each event follows from the one before it.`,
  notHolds: (name: string) => `${name} cannot be relied on`,
  brokenTitle: "The journal was changed by somebody",
  brokenMeaning: (event: number) =>
    `From event ${event} on it does not follow from what came before. What is listed below may not be what happened.`,
  readingFailed: "What was done could not be read",
  reading: "Reading what was done",
};

export const left = {
  title: (name: string) => `${name} stands still`,
  since: "Canopic stopped it",
  during: (what: string) => `during “${what}”, and did not start it again.`,
  start: (name: string) => `Start ${name}`,
  keep: "Keep it stopped",
  elsewhere: "It is on another network: switch there to start it.",
  label: "Stopped and not started again",
  failed: "It could not be noted",
};

export const resumed = {
  title: (amount: number) =>
    amount === 1
      ? "Something was under way when Canopic last ended"
      : `${amount} things were under way when Canopic last ended`,
  meaning: "Nothing was sent twice: each was looked up first, and gone on with or taken back.",
  show: "Show its steps",
};
