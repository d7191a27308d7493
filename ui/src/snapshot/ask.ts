/** What can be asked about snapshots. A moment is named by its key on the timeline. */
export type AskOfSnapshots =
  | { dialog: "takeSnapshot"; canister: string }
  /** Goes back to a moment; `undoes` is the job that this takes back. */
  | { dialog: "restore"; canister: string; moment?: string; undoes?: number }
  | { dialog: "downloadSnapshot" | "sendSnapshot" | "drill"; canister: string; moment: string }
  | { dialog: "deleteSnapshots"; canister: string; moments: string[] }
  | { dialog: "compareMoments"; canister: string; moments: [string, string] }
  | { dialog: "takeSnapshots"; canisters: string[] }
  /** Several at once; `snapshots` is what was chosen before, by canister. */
  | { dialog: "restoreSnapshots"; canisters: string[]; snapshots?: Record<string, string> }
  /** A job that is under way or done: its steps or its proof. */
  | { dialog: "job"; job: number };
