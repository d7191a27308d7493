/**
 * The copies on this computer, and the errands that look through them: verifying, packing, comparing. An errand goes on when
 * the view that began it is left; what it found is kept here until the copy is verified again.
 */
import { SvelteMap } from "svelte/reactivity";
import { type Backend, failureOf } from "../backend/backend";
import type { ArchiveKey, Failure, Library, LocalCopy, Verification } from "../backend/wire";

export type ErrandKind = "adopt" | "verify" | "exportCopy" | "map" | "search" | "compare";

/** Often enough for a bar that moves, rare enough to cost nothing. */
const glance = 300;

export class Errand {
  /** Bytes. */
  done = $state(0);
  total = $state(0);
  /** Somebody asked it to end; it does at its next chunk. */
  isStopping = $state(false);
  readonly number = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

  constructor(
    private readonly backend: Backend,
    readonly kind: ErrandKind,
    /** The copy that it is about, where there is one already. */
    readonly copy: string | undefined,
  ) {}

  async stop(): Promise<void> {
    this.isStopping = true;
    // One that has ended meanwhile need not be stopped.
    await this.backend.request("stopErrand", { errand: this.number }).catch(() => undefined);
  }

  async look(): Promise<void> {
    const far = await this.backend.request("errand", { errand: this.number }).catch(() => null);
    if (!far) return;
    this.done = far.done;
    this.total = far.total;
  }
}

export class Copies {
  /** Undefined before the first reading. */
  library = $state.raw<Library>();
  /** Why the last reading failed, if it did. */
  failure = $state.raw<Failure>();
  errands = $state.raw<Errand[]>([]);
  /** What the last verification of a copy found, while the app is open. */
  readonly verified = new SvelteMap<string, Verification>();
  /** Why the last errand of a copy failed, until somebody has seen it. */
  readonly troubles = new SvelteMap<string, Failure>();

  #reading: Promise<void> | undefined;

  constructor(private readonly backend: Backend) {}

  /** Reads the library; joins a reading that is under way. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  find(id: string): LocalCopy | undefined {
    return this.library?.copies.find((copy) => copy.id === id);
  }

  errandOf(copy: string): Errand | undefined {
    return this.errands.find((errand) => errand.copy === copy);
  }

  /** Does an errand and watches how far it is. Throws what the request throws. */
  async send<Reply>(
    kind: ErrandKind,
    copy: string | undefined,
    ask: (errand: number) => Promise<Reply>,
    begun?: (errand: Errand) => void,
  ): Promise<Reply> {
    const errand = new Errand(this.backend, kind, copy);
    this.errands = [...this.errands, errand];
    begun?.(errand);
    const timer = setInterval(() => void errand.look(), glance);
    try {
      return await ask(errand.number);
    } finally {
      clearInterval(timer);
      this.errands = this.errands.filter((other) => other !== errand);
    }
  }

  /** Compares every byte with its hash. Gives what it found, or nothing if it failed or was stopped. */
  async verify(copy: string): Promise<Verification | undefined> {
    this.troubles.delete(copy);
    this.verified.delete(copy);
    try {
      const found = await this.send("verify", copy, (errand) => this.backend.request("verifyCopy", { copy, errand }));
      this.verified.set(copy, found);
      return found;
    } catch (thrown) {
      const failure = failureOf(thrown);
      if (failure.code !== "cancelled") this.troubles.set(copy, failure);
      return undefined;
    } finally {
      await this.#anew();
    }
  }

  /** Names a copy, notes something about it, pins it. Throws what the request throws. */
  async label(copy: string, name: string, notes: string, pinned: boolean): Promise<void> {
    await this.backend.request("labelCopy", { copy, name, notes, pinned });
    await this.#anew();
  }

  /** Takes something that was picked into the library, and gives the new copy's id. Throws what the request throws. */
  async adopt(pick: number, key: ArchiveKey | null, begun: (errand: Errand) => void): Promise<string> {
    const copy = await this.send(
      "adopt",
      undefined,
      (errand) => this.backend.request("adoptPick", { pick, key, errand }),
      begun,
    );
    await this.#anew();
    return copy;
  }

  /** Moves a copy to the bin. Gives why it stays where it is, if it does. */
  async remove(copy: string): Promise<Failure | undefined> {
    return this.#try(() => this.backend.request("deleteCopy", { copy }));
  }

  /** Takes a copy out of the bin. Gives why it stays there, if it does. */
  async bringBack(copy: string): Promise<Failure | undefined> {
    return this.#try(() => this.backend.request("restoreCopy", { copy }));
  }

  /** A reading that begins now: one that is under way may have looked before the change. */
  async #anew(): Promise<void> {
    await this.#reading;
    await this.refresh();
  }

  async #try(change: () => Promise<unknown>): Promise<Failure | undefined> {
    try {
      await change();
      return undefined;
    } catch (thrown) {
      return failureOf(thrown);
    } finally {
      await this.#anew();
    }
  }

  async #read(): Promise<void> {
    try {
      this.library = await this.backend.request("library", {});
      this.failure = undefined;
    } catch (thrown) {
      this.failure = failureOf(thrown);
    }
  }
}
