/** Everything that can be done from anywhere, for the palette: places first, then canisters, then what is done to them. */
import BoxIcon from "@lucide/svelte/icons/box";
import FolderIcon from "@lucide/svelte/icons/folder";
import FolderOpenIcon from "@lucide/svelte/icons/folder-open";
import GraduationCapIcon from "@lucide/svelte/icons/graduation-cap";
import GlobeIcon from "@lucide/svelte/icons/globe";
import KeyboardIcon from "@lucide/svelte/icons/keyboard";
import LockIcon from "@lucide/svelte/icons/lock";
import LockOpenIcon from "@lucide/svelte/icons/lock-open";
import PlusIcon from "@lucide/svelte/icons/plus";
import RefreshIcon from "@lucide/svelte/icons/refresh-cw";
import RotateCcwIcon from "@lucide/svelte/icons/rotate-ccw";
import SettingsIcon from "@lucide/svelte/icons/settings-2";
import SproutIcon from "@lucide/svelte/icons/sprout";
import UserIcon from "@lucide/svelte/icons/user-round";
import type { Component } from "svelte";
import { actionsOn } from "../canister/actions";
import { identityName } from "../identity/words";
import { networkName, networkPlace } from "../network/words";
import { chooseProject } from "../project/open";
import { address, canisterAddress, route, settingsPages, type View, views } from "../route.svelte";
import type { AppState } from "../state/app";
import { text } from "../text/en";
import { shortId } from "../text/format";
import { first } from "../welcome/first.svelte";

/** Something that can be done from anywhere. */
export interface Command {
  id: string;
  name: string;
  /** More to find it by, and to tell it from others: an id, a group. */
  detail?: string;
  icon: Component<{ size?: number }>;
  /** The key that does the same. */
  key?: string;
  /** Why it cannot be done now. */
  disabledReason?: string | undefined;
  run: () => void;
}

interface Frame {
  /** The key that goes with a number. */
  control: string;
  views: Record<(typeof views)[number], Component<{ size?: number }>>;
  onkeys: () => void;
}

export function commandsOf(app: AppState, frame: Frame): Command[] {
  return [...placesOf(app, frame), ...deedsOf(app), ...surroundingsOf(app), ...canistersOf(app)];
}

function placesOf({ canisters, projects, session }: AppState, frame: Frame): Command[] {
  const go = (to: string) => () => route.go(to);
  return [
    ...views.map((view: View & keyof Frame["views"], place): Command => ({
      id: view,
      name: text.frame[view],
      icon: frame.views[view],
      key: `${frame.control}${place + 1}`,
      run: go(address(view)),
    })),
    {
      id: "lessons",
      name: text.lessons.title,
      ...(session.opened?.network.kind === "practice" ? {} : { detail: text.lessons.where }),
      icon: GraduationCapIcon,
      run: go(address("lessons")),
    },
    { id: "refresh", name: text.refresh, icon: RefreshIcon, run: () => void canisters.refresh() },
    { id: "keys", name: text.keys.help, icon: KeyboardIcon, key: "F1", run: frame.onkeys },
    ...settingsPages.map((page): Command => ({
      id: `settings-${page}`,
      name: text.palette.page(text.settings.page[page]),
      icon: SettingsIcon,
      run: go(page === "general" ? address("settings") : address("settings", page)),
    })),
    ...(projects.value ?? []).map(({ folder, name }): Command => ({
      id: `project-${folder}`,
      name,
      detail: folder,
      icon: FolderIcon,
      run: go(address("projects", folder)),
    })),
  ];
}

function deedsOf(app: AppState): Command[] {
  const { asking, session } = app;
  const isPractice = session.opened?.network.kind === "practice";
  return [
    { id: "watch", name: text.watching.title, icon: PlusIcon, run: () => asking.ask({ dialog: "watch" }) },
    { id: "open", name: text.projects.open, icon: FolderOpenIcon, run: () => void chooseProject(app) },
    { id: "network", name: text.networking.add, icon: PlusIcon, run: () => asking.ask({ dialog: "addNetwork" }) },
    {
      id: "create",
      name: text.identities.create,
      icon: PlusIcon,
      run: () => asking.ask({ dialog: "createIdentity" }),
    },
    {
      id: "import",
      name: text.identities.import,
      icon: PlusIcon,
      run: () => asking.ask({ dialog: "importIdentity" }),
    },
    { id: "lock", name: text.identities.lock, icon: LockIcon, run: () => void app.lockKeys() },
    ...(session.opened?.access.kind === "readOnly"
      ? [
          {
            id: "unlock",
            name: text.guarding.verb.minutes,
            icon: LockOpenIcon,
            run: () => asking.ask({ dialog: "unlock" }),
          },
        ]
      : []),
    ...(isPractice
      ? [
          {
            id: "reset",
            name: text.palette.practiceReset,
            icon: RotateCcwIcon,
            run: () => asking.ask({ dialog: "resetPractice" }),
          },
        ]
      : []),
    {
      id: "welcome",
      name: text.palette.welcome,
      icon: SproutIcon,
      run: () => {
        first.isHidden = false;
        route.go(address("canisters"));
      },
    },
  ];
}

/** The other networks and identities. */
function surroundingsOf(app: AppState): Command[] {
  const { identities, networks, session } = app;
  const all = [
    ...(identities.value?.builtIn ?? []),
    ...(identities.value?.stored ?? []).map(({ identity }) => identity),
  ];
  return [
    ...(networks.value ?? [])
      .filter(({ id }) => id !== session.opened?.network.id)
      .map((listing): Command => ({
        id: `network-${listing.id}`,
        name: text.networking.useNamed(networkName(listing)),
        detail: networkPlace(listing),
        icon: GlobeIcon,
        // What may fail is chosen where there is room to say why.
        run: () =>
          void app.chooseNetwork(listing.id).then((failure) => {
            if (failure) route.go(address("settings", "networks"));
          }),
      })),
    ...all
      .filter(({ id }) => id !== session.opened?.identity.id)
      .map((identity): Command => ({
        id: `identity-${identity.id}`,
        name: text.identities.use(identityName(identity)),
        detail: shortId(identity.principal),
        icon: UserIcon,
        run: () =>
          void app.chooseIdentity(identity.id).then((failure) => {
            if (failure) route.go(address("settings", "identities"));
          }),
      })),
  ];
}

function canistersOf(app: AppState): Command[] {
  const all = app.canisters.all ?? [];
  return [
    ...all.map(({ id, name, group }): Command => ({
      id: `show-${id}`,
      name,
      detail: `${group} · ${id}`,
      icon: BoxIcon,
      run: () => route.go(canisterAddress(id)),
    })),
    ...all.flatMap((canister) =>
      actionsOn(canister, app).map(({ name, command, icon, disabledReason, run }): Command => ({
        id: `${name}-${canister.id}`,
        name: command,
        detail: canister.id,
        icon,
        disabledReason,
        run,
      })),
    ),
  ];
}
