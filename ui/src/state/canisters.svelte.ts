/**
 * All canisters, as they were last read.
 *
 * Invariants: a failed refresh leaves what was read before, with its age; what was read of one canister on its own is never
 * overwritten by a refresh that began before it; a change whose outcome is unknown is looked up, never sent again from here.
 */
import { SvelteSet } from "svelte/reactivity";
import { type Backend, failureOf } from "../backend/backend";
import type { Canister, Failure } from "../backend/wire";

/** Young enough to act on, rare enough that forty canisters are not a burden to a network. */
const freshFor = 15_000;

export class Canisters {
  /** In the order of their groups; undefined before the first reading. */
  all = $state.raw<Canister[]>();
  /** When they were last read. */
  refreshedAt = $state<number>();
  /** Why the last refresh failed, if it did. */
  failure = $state.raw<Failure>();
  /** The one reason why no canister could be read, if there is one. */
  trouble = $state.raw<Failure>();
  isRefreshing = $state(false);
  /** The canisters that are being looked up on their own: an outcome is unknown, or proof is wanted. */
  readonly checking = new SvelteSet<string>();

  #refresh: Promise<void> | undefined;
  /** Goes up when everything belongs to another network or another identity: an answer from before is void then. */
  #place = 0;
  /** Read on their own while a refresh is under way: that refresh may have read them before. */
  // Never shown, so it need not be reactive.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #newer = new Set<string>();

  constructor(
    private readonly backend: Backend,
    private readonly now: () => number = Date.now,
  ) {}

  /** Reads all canisters; joins a refresh that is under way. */
  refresh(): Promise<void> {
    if (this.#refresh) return this.#refresh;
    const reading = this.#read().finally(() => {
      if (this.#refresh === reading) this.#refresh = undefined;
    });
    this.#refresh = reading;
    return reading;
  }

  /** Reads all canisters with a reading that begins now: one that is under way may not know of a change yet. */
  async refreshAnew(): Promise<void> {
    await this.#refresh;
    await this.refresh();
  }

  /** Everything that was read belongs to another network, or to what another identity may see. */
  forget(): void {
    this.#place += 1;
    this.#refresh = undefined;
    this.all = undefined;
    this.refreshedAt = undefined;
    this.failure = undefined;
    this.trouble = undefined;
    this.checking.clear();
  }

  /** Refreshes now and from then on by itself, while the window can be seen; until the returned function is called. */
  keepFresh(): () => void {
    const refreshIfSeen = () => {
      if (document.visibilityState === "visible") void this.refresh();
    };
    const refreshIfStale = () => {
      if (this.now() - (this.refreshedAt ?? 0) >= freshFor) refreshIfSeen();
    };
    const timer = setInterval(refreshIfSeen, freshFor);
    document.addEventListener("visibilitychange", refreshIfStale);
    // The first reading does not wait to be seen: the window opens when there is something to see.
    void this.refresh();
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", refreshIfStale);
    };
  }

  /** Looks up what became of a change whose outcome is unknown. */
  async check(canister: string): Promise<void> {
    this.checking.add(canister);
    try {
      await this.refreshAnew();
    } finally {
      this.checking.delete(canister);
    }
  }

  /** Reads one canister with a certificate. Answers with why it failed, if it did. */
  async prove(canister: string): Promise<Failure | undefined> {
    this.checking.add(canister);
    try {
      this.#take(await this.backend.request("readCanister", { canister, certified: true }));
      return undefined;
    } catch (thrown) {
      return failureOf(thrown);
    } finally {
      this.checking.delete(canister);
    }
  }

  find(canister: string): Canister | undefined {
    return this.all?.find((known) => known.id === canister);
  }

  /** The canister as it was seen after a moment, if it was. */
  seenSince(canister: string, moment: number): Canister | undefined {
    const found = this.find(canister);
    return found?.reading.kind === "full" && found.readAt > moment ? found : undefined;
  }

  /** Takes in what was read of one canister just now. */
  #take(read: Canister): void {
    this.#newer.add(read.id);
    this.all = this.all?.map((known) => (known.id === read.id ? read : known));
  }

  async #read(): Promise<void> {
    const place = this.#place;
    this.isRefreshing = true;
    this.#newer.clear();
    try {
      const board = await this.backend.request("canisters", {});
      if (place !== this.#place) return;
      this.all = board.canisters.map((read) => (this.#newer.has(read.id) ? (this.find(read.id) ?? read) : read));
      this.trouble = board.trouble ?? undefined;
      this.refreshedAt = this.now();
      this.failure = undefined;
    } catch (thrown) {
      if (place === this.#place) this.failure = failureOf(thrown);
    } finally {
      if (place === this.#place) this.isRefreshing = false;
    }
  }
}
