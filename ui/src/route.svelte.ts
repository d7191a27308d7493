/** Which view is shown. The address after # is the truth, so links are links and going back works. */
import { createSubscriber } from "svelte/reactivity";

/** The views of the sidebar. */
export const views = ["canisters", "activity", "settings"] as const;
export type View = (typeof views)[number];

/** Where somebody is: a view, or one canister. */
export type Place = { view: View; canister?: undefined } | { view: "canisters"; canister: string };

const subscribe = createSubscriber((update) => {
  addEventListener("hashchange", update);
  return () => removeEventListener("hashchange", update);
});

export const route = {
  /** Where somebody is; an address that names no place leads to the canisters. */
  get place(): Place {
    subscribe();
    const [, first, id] = location.hash.split("/");
    const view = views.find((view) => view === first) ?? "canisters";
    if (view !== "canisters" || id === undefined || id === "") return { view };
    return { view, canister: decodeURIComponent(id) };
  },

  go(to: string): void {
    location.hash = to;
  },
};

export function address(view: View): string {
  return `#/${view}`;
}

export function canisterAddress(canister: string): string {
  return `${address("canisters")}/${encodeURIComponent(canister)}`;
}
