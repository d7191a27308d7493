/**
 * Something that the engine keeps: networks, identities, projects, labels. Read when it is first wanted; whatever changes it is
 * answered with all of it anew. A reading that began before a change never overwrites the answer to the change.
 */
import { failureOf } from "../backend/backend";
import type { Failure } from "../backend/wire";

export class Kept<Thing> {
  /** Undefined before the first reading. */
  value = $state.raw<Thing>();
  /** Why the last reading failed, if it did. */
  failure = $state.raw<Failure>();

  /** Each reading and each change makes the readings before it void. */
  #round = 0;

  constructor(private readonly ask: () => Promise<Thing>) {}

  async read(): Promise<void> {
    const mine = ++this.#round;
    try {
      const value = await this.ask();
      if (mine === this.#round) this.take(value);
    } catch (thrown) {
      if (mine === this.#round) this.failure = failureOf(thrown);
    }
  }

  /** Takes in the answer to a change. Answers with why it failed, if it did. */
  async change(answer: Promise<Thing>): Promise<Failure | undefined> {
    try {
      this.take(await answer);
      return undefined;
    } catch (thrown) {
      return failureOf(thrown);
    }
  }

  take(value: Thing): void {
    this.#round += 1;
    this.value = value;
    this.failure = undefined;
  }

  /** What was read belongs to somewhere else. */
  forget(): void {
    this.#round += 1;
    this.value = undefined;
    this.failure = undefined;
  }
}
