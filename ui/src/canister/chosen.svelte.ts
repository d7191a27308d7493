/** The canisters on the board that something is about to be done to together. */
import { SvelteSet } from "svelte/reactivity";

export class Chosen {
  readonly ids = new SvelteSet<string>();
  /** Where a range begins: the one that was chosen last. */
  #anchor: string | undefined;

  /** Chooses one or gives it up; with a range, everything from the last one to it. */
  toggle(id: string, order: string[], isRange: boolean): void {
    const from = this.#anchor === undefined ? -1 : order.indexOf(this.#anchor);
    const to = order.indexOf(id);
    if (isRange && from !== -1 && to !== -1) {
      for (const between of order.slice(Math.min(from, to), Math.max(from, to) + 1)) this.ids.add(between);
    } else if (!this.ids.delete(id)) {
      this.ids.add(id);
    }
    this.#anchor = id;
  }

  clear(): void {
    this.ids.clear();
    this.#anchor = undefined;
  }
}
