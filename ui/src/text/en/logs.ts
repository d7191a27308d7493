/** What is said of logs. */
import { count } from "../format";

export const log = {
  label: (name: string) => `Log of ${name}`,
  filter: "Filter lines",
  follow: "Follow",
  end: "To the end",
  reading: "Reading the log",
  empty: "The log is empty",
  emptyMeaning: "What the canister prints, and what it traps with, stands here.",
  emptyFollowed: "What the canister prints, and what it traps with, appears here by itself.",
  noMatch: "No line says this.",
  lost: (amount: number) => `${count(amount, "line")} went before they were read: the canister keeps only the latest.`,
  lines: (amount: number) => count(amount, "line"),
  bytes: "bytes",
  read: "Read",
  visibleTo: (who: string) => `Who may read it: ${who.toLowerCase()}.`,
  denied: "This log is not open to you",
};
