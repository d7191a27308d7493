/**
 * Everything that can be done to a canister, once: the menu of its page, the menu of its row and the palette all show this list.
 * What cannot be done stays in it with its reason.
 */
import CameraIcon from "@lucide/svelte/icons/camera";
import EyeOffIcon from "@lucide/svelte/icons/eye-off";
import CopyIcon from "@lucide/svelte/icons/copy";
import FuelIcon from "@lucide/svelte/icons/fuel";
import HistoryIcon from "@lucide/svelte/icons/history";
import PackageCheckIcon from "@lucide/svelte/icons/package-check";
import PackageMinusIcon from "@lucide/svelte/icons/package-minus";
import PackageOpenIcon from "@lucide/svelte/icons/package-open";
import PackagePlusIcon from "@lucide/svelte/icons/package-plus";
import PencilIcon from "@lucide/svelte/icons/pencil";
import PlayIcon from "@lucide/svelte/icons/play";
import SquareIcon from "@lucide/svelte/icons/square";
import TrashIcon from "@lucide/svelte/icons/trash";
import type { Component } from "svelte";
import type { ActKind } from "../backend/backend";
import type { Action, Canister } from "../backend/wire";
import type { Item } from "../parts/menu";
import type { AppState } from "../state/app";
import { announcer } from "../parts/announcer.svelte";
import { text } from "../text/en";

/** What can be done, by name; `text.actions` has the words for each. */
export type CanisterActionName = keyof typeof text.actions;

/** Something that can be done to one canister, ready for a menu. */
export interface CanisterAction extends Item {
  name: CanisterActionName;
  /** With the canister's name in it, where no heading says which one is meant. */
  command: string;
  icon: Component<{ size?: number }>;
}

interface Known {
  icon: Component<{ size?: number }>;
  /** What the engine's table of rights calls it. */
  action?: Action;
  isGrave?: boolean;
}

/** In the order of a menu: what is done every day comes first, what loses something comes last. */
const known: Record<CanisterActionName, Known> = {
  takeSnapshot: { icon: CameraIcon, action: "takeSnapshot" },
  restore: { icon: HistoryIcon, action: "restoreSnapshot" },
  start: { icon: PlayIcon, action: "start" },
  stop: { icon: SquareIcon, action: "stop" },
  install: { icon: PackagePlusIcon, action: "install" },
  upgrade: { icon: PackageCheckIcon, action: "upgrade" },
  topUp: { icon: FuelIcon, action: "topUp" },
  describe: { icon: PencilIcon },
  copyId: { icon: CopyIcon },
  unwatch: { icon: EyeOffIcon },
  reinstall: { icon: PackageOpenIcon, action: "reinstall", isGrave: true },
  uninstall: { icon: PackageMinusIcon, action: "uninstall", isGrave: true },
  delete: { icon: TrashIcon, action: "delete", isGrave: true },
};

async function copyId(id: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(id);
    announcer.say(text.copied);
  } catch {
    announcer.say(text.copyFailed);
  }
}

/** Looks after a canister no more; the way back takes one press. */
async function unwatch({ id, name, group }: Canister, app: AppState): Promise<void> {
  const { backend, canisters, labels, toasts } = app;
  const failure = await labels.change(backend.request("unwatchCanister", { canister: id }));
  if (failure) return;
  void canisters.refreshAnew();
  toasts.say(text.watching.unwatched(name), {
    word: text.watching.watchAgain,
    run: () => {
      const again = backend.request("watchCanister", { canister: id, name: name === id ? "" : name, group });
      void labels.change(again).then(() => canisters.refreshAnew());
    },
  });
}

/** All that can be done to a canister, or cannot and why. */
export function actionsOn(canister: Canister, app: AppState): CanisterAction[] {
  const { acts, asking, labels } = app;
  // Only what somebody added by its id can be taken away again; the others come with their network or their project.
  const isWatched = labels.value?.some((label) => label.canister === canister.id && label.isWatched) ?? false;
  const changing: ActKind | undefined = acts.turning.get(canister.id);
  const names = (Object.keys(known) as CanisterActionName[]).filter((name) => name !== "unwatch" || isWatched);
  return names.map((name) => {
    const { icon, action, isGrave = false } = known[name];
    const denial = action === undefined ? undefined : canister.denied[action];
    const isBusy = changing !== undefined && action !== undefined;
    return {
      name,
      word: text.actions[name].word,
      command: text.actions[name].command(canister.name),
      icon,
      isGrave,
      disabledReason: isBusy
        ? `${text.acts[changing].running(canister.name)}.`
        : denial === undefined
          ? undefined
          : text.denials[denial],
      run: () => {
        if (name === "copyId") void copyId(canister.id);
        else if (name === "unwatch") void unwatch(canister, app);
        else if (name === "install" || name === "upgrade" || name === "reinstall")
          asking.ask({ dialog: "install", canister: canister.id, way: name });
        else asking.ask({ dialog: name, canister: canister.id });
      },
    };
  });
}
