/** The past of canisters, read when somebody looks at it and kept so that a dialog over it need not wait for it again. */
import { SvelteMap } from "svelte/reactivity";
import { type Backend, failureOf } from "../backend/backend";
import type { Failure, Timeline } from "../backend/wire";

export interface Known {
  /** What was read last; a failed reading leaves it. */
  timeline?: Timeline | undefined;
  /** Why the last reading failed, if it did. */
  failure?: Failure | undefined;
  isReading: boolean;
  /** When the reading of the timeline began, in milliseconds since 1970: what happened later may be missing in it. */
  asOf: number;
}

/** Until the rest of what was incomplete is asked for again: the engine goes on reading meanwhile. */
const restAfter = 2_000;

export class Timelines {
  readonly #known = new SvelteMap<string, Known>();
  /** The readings under way, and whether another was asked for meanwhile. */
  // Never shown, so it need not be reactive.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #readings = new Map<string, { isStale: boolean }>();

  constructor(private readonly backend: Backend) {}

  of(canister: string): Known | undefined {
    return this.#known.get(canister);
  }

  /** Forgets all: another network is in use. */
  clear(): void {
    this.#known.clear();
  }

  /** Reads it anew. What was asked for while a reading is under way is read once more after it: that one may have been too early. */
  async read(canister: string): Promise<void> {
    const reading = this.#readings.get(canister);
    if (reading) {
      reading.isStale = true;
      return;
    }
    const before = this.#known.get(canister);
    this.#known.set(canister, { asOf: 0, ...before, isReading: true });
    const asOf = Date.now();
    const mine = { isStale: false };
    this.#readings.set(canister, mine);
    try {
      const timeline = await this.backend.request("timeline", { canister });
      this.#known.set(canister, { timeline, isReading: false, asOf });
      if (!timeline.isComplete) setTimeout(() => void this.read(canister), restAfter);
    } catch (thrown) {
      this.#known.set(canister, { asOf: 0, ...before, failure: failureOf(thrown), isReading: false });
    } finally {
      this.#readings.delete(canister);
    }
    if (mine.isStale) await this.read(canister);
  }
}
