/**
 * What somebody is about to do, from wherever it was asked for: menus, the palette, keys and drops all open the same dialog,
 * and views/Dialogs.svelte shows it. One at a time; only what mends something in a dialog (topping up before a restore) opens
 * over it, and leads back to it.
 */
import type { ActKind } from "../backend/backend";
import type { Action, Failure, IdentityDetails, NetworkListing, Pick, SettingsChange } from "../backend/wire";

/** About a network. */
type AskNetwork =
  | { dialog: "addNetwork"; address?: string; name?: string }
  | { dialog: "acceptRootKey" | "renameNetwork" | "removeNetwork"; network: NetworkListing }
  | { dialog: "resetPractice" }
  /** Lets the network in use be changed; for one canister, if it was one that somebody was about to change. */
  | { dialog: "unlock"; canister?: string };

/** About an identity. */
type AskIdentity =
  | { dialog: "createIdentity" | "importIdentity" }
  | { dialog: "exportIdentity" | "renameIdentity" | "forgetIdentity"; identity: IdentityDetails }
  | { dialog: "createVault" | "unlockVault" | "changeVault" };

/** About snapshots. A moment is named by its key on the timeline. */
type AskOfSnapshots =
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

/** The ways of giving a canister its code. */
export type InstallWay = Extract<Action, "install" | "upgrade" | "reinstall">;

/** What is done with a copy of the library. */
export type CopyAsk =
  | { dialog: "exportCopy" | "finishCopy" | "labelCopy" | "repairCopy"; copy: string }
  /** It becomes a snapshot; where, is chosen in the dialog if it is not given. */
  | { dialog: "uploadCopy"; copy: string; canister: string | undefined };

export type Ask =
  | { dialog: ActKind | "takeSnapshot" | "topUp" | "uninstall" | "delete"; canister: string }
  | { dialog: "settings"; canister: string; change: SettingsChange }
  | { dialog: "create" }
  /** With the file that was dropped on it, or the module that was read before, if there is one. */
  | { dialog: "install"; canister: string; way: InstallWay; pick?: Pick; module?: string }
  /** What a person calls a canister, and notes about it. */
  | { dialog: "describe"; canister: string }
  | { dialog: "watch" }
  /** The same to each of several. */
  | { dialog: "several"; what: "start" | "stop" | "download"; canisters: string[] }
  | AskNetwork
  | AskIdentity
  | AskOfSnapshots
  | CopyAsk
  /** The system's file manager could not show something. */
  | { dialog: "notShown"; failure: Failure }
  /** What was dropped or chosen is looked at, then brought into the library or uploaded to the canister that it fell on. */
  | { dialog: "bringIn"; picks: Pick[]; canister: string | undefined };

export class Asking {
  /** What is asked, the later over the earlier. */
  all = $state.raw<Ask[]>([]);

  /** What is asked on top. */
  readonly asked = $derived(this.all.at(-1));

  ask(asked: Ask): void {
    this.all = [asked];
  }

  /** Asks over what is asked already. */
  askOver(asked: Ask): void {
    this.all = [...this.all, asked];
  }

  /** Leaves what is asked on top. */
  leave(): void {
    this.all = this.all.slice(0, -1);
  }
}
