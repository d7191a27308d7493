/** Which view is shown. The address after # is the truth, so links are links and going back works. */
import { createSubscriber } from "svelte/reactivity";

/** The views of the sidebar. */
export const views = ["canisters", "library", "activity", "settings"] as const;

/** Places that have an address and stand elsewhere in the sidebar. */
export const places = [...views, "projects", "lessons"] as const;
export type View = (typeof places)[number];

/** Pages of the settings; the first is where their link leads. */
export const settingsPages = ["general", "networks", "identities"] as const;
export type SettingsPage = (typeof settingsPages)[number];

/** Pages of one canister; the first is where its link leads. */
export const canisterPages = ["timeline", "overview", "call", "logs", "settings", "activity"] as const;
export type CanisterPage = (typeof canisterPages)[number];

/** Pages of one copy in the library. */
export const copyPages = ["about", "module", "memory", "bytes"] as const;
export type CopyPage = (typeof copyPages)[number];

/** Where somebody is: a view, and in it the thing that is looked at, and of that a page. */
export interface Place {
  view: View;
  /** A canister's id among the canisters, a copy's in the library, a job's number in the activity, a project's folder, a page of the settings. */
  thing?: string | undefined;
  page?: string | undefined;
}

const subscribe = createSubscriber((update) => {
  addEventListener("hashchange", update);
  return () => removeEventListener("hashchange", update);
});

export const route = {
  /** Where somebody is; an address that names no place leads to the canisters. */
  get place(): Place {
    subscribe();
    const [, first, thing = "", page = ""] = location.hash.split("/").map(decoded);
    const view = places.find((view) => view === first) ?? "canisters";
    return { view, thing: thing === "" ? undefined : thing, page: page === "" ? undefined : page };
  },

  go(to: string): void {
    location.hash = to;
  },
};

export function address(view: View, thing?: string, page?: string): string {
  return ["#", view, thing, page]
    .filter((part) => part !== undefined)
    .map((part, place) => (place === 0 ? part : encodeURIComponent(part)))
    .join("/");
}

export function canisterAddress(canister: string, page?: CanisterPage): string {
  return address("canisters", canister, page);
}

/** Two copies of the library, held against each other. */
export function comparisonAddress(one: string, other: string): string {
  return address("library", one, other);
}

/** The copy that a page of a copy compares it with: what is no page of its own. */
export function comparedCopy(page: string | undefined): string | undefined {
  return copyPages.some((known) => known === page) ? undefined : page;
}

/** A part of an address as it was meant; somebody may have typed it. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
