/** What was dropped or chosen, one thing each: what it is, and what became of it. */
import type { Backend } from "../backend/backend";
import { failureOf } from "../backend/backend";
import type { ArchiveKey, CopyContent, CopyRecord, Dropped, Failure, Pick } from "../backend/wire";
import type { Copies, Errand } from "../state/copies.svelte";

export class Look {
  /** What it is; undefined while it is looked at. */
  found = $state.raw<Dropped>();
  failure = $state.raw<Failure>();
  isLooking = $state(false);
  /** The copy that it became in the library. */
  copy = $state<string>();
  errand = $state.raw<Errand>();
  #key: ArchiveKey | null = null;

  constructor(
    private readonly backend: Backend,
    private readonly copies: Copies,
    readonly pick: Pick,
  ) {}

  /** Looks at it; a key opens an encrypted archive. */
  async look(key: ArchiveKey | null = null): Promise<void> {
    this.isLooking = true;
    this.failure = undefined;
    try {
      const found = await this.backend.request("lookAtDrop", { pick: this.pick.pick, key });
      this.found = found;
      this.#key = key;
      if ("copy" in found && found.copy !== null) this.copy = found.copy;
    } catch (thrown) {
      this.failure = failureOf(thrown);
    } finally {
      this.isLooking = false;
    }
  }

  /** What the snapshot in it was, as far as that can be seen. */
  get content(): CopyContent | null {
    return this.found && "content" in this.found ? this.found.content : null;
  }

  get record(): CopyRecord | null {
    return this.found && "record" in this.found ? this.found.record : null;
  }

  /** Whether it is a copy that can become a snapshot. */
  get isCopy(): boolean {
    return this.content !== null;
  }

  /** Whether it can stand in the library. */
  get canBeAdded(): boolean {
    return this.isCopy || this.found?.kind === "unfinished";
  }

  /** Whether it is an archive that nobody has opened yet. */
  get isClosed(): boolean {
    return this.found?.kind === "archive" && this.found.content === null;
  }

  /** Takes it into the library, if it is not there; gives the copy's id, or nothing if that failed. */
  async adopt(): Promise<string | undefined> {
    if (this.copy !== undefined) return this.copy;
    this.failure = undefined;
    try {
      this.copy = await this.copies.adopt(this.pick.pick, this.#key, (errand) => (this.errand = errand));
      return this.copy;
    } catch (thrown) {
      this.failure = failureOf(thrown);
      return undefined;
    } finally {
      this.errand = undefined;
    }
  }
}
