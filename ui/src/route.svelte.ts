/** Which view is shown. The address after # is the truth, so links are links and going back works. */
import { createSubscriber } from "svelte/reactivity";

export const views = ["canisters", "activity", "settings"] as const;
export type View = (typeof views)[number];

const subscribe = createSubscriber((update) => {
  addEventListener("hashchange", update);
  return () => removeEventListener("hashchange", update);
});

export const route = {
  /** The view; an address that names none leads to the canisters. */
  get view(): View {
    subscribe();
    return views.find((view) => location.hash === address(view)) ?? "canisters";
  },

  go(view: View): void {
    location.hash = address(view);
  },
};

export function address(view: View): string {
  return `#/${view}`;
}
