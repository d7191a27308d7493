/** Where we are and who we are; and, when the app's state could not be opened, why. */
import { type Backend, failureOf } from "../backend/backend";
import type { Appearance, Failure, Session as Opened } from "../backend/wire";

type Phase = { kind: "opening" } | { kind: "open"; opened: Opened } | { kind: "failed"; failure: Failure };

/**
 * The last appearance, kept by the window itself: it is painted before the engine has read the settings, and must not flash.
 * The settings are the truth, this is only its shadow.
 */
const shadow = "appearance";

export class Session {
  phase = $state.raw<Phase>({ kind: "opening" });
  /** A repair or another try at opening is under way. */
  isTrying = $state(false);
  appearance = $state<Appearance>(remembered());
  /** Why the last choice of an appearance was not saved. */
  appearanceFailure = $state.raw<Failure>();

  readonly opened = $derived(this.phase.kind === "open" ? this.phase.opened : undefined);

  constructor(private readonly backend: Backend) {}

  open(): Promise<void> {
    return this.#try("session");
  }

  reopen(): Promise<void> {
    return this.#try("reopen");
  }

  setSettingsAside(): Promise<void> {
    return this.#try("setSettingsAside");
  }

  /** Shows the choice at once and takes it back if it could not be saved. */
  async chooseAppearance(appearance: Appearance): Promise<void> {
    const before = this.appearance;
    this.appearance = appearance;
    this.appearanceFailure = undefined;
    try {
      this.take(await this.backend.request("chooseAppearance", { appearance }));
    } catch (thrown) {
      this.appearance = before;
      this.appearanceFailure = failureOf(thrown);
    }
  }

  /** Switches the system's notifications off, or on again. */
  async chooseQuiet(isQuiet: boolean): Promise<Failure | undefined> {
    try {
      this.take(await this.backend.request("chooseQuiet", { isQuiet }));
      return undefined;
    } catch (thrown) {
      return failureOf(thrown);
    }
  }

  async #try(request: "session" | "reopen" | "setSettingsAside"): Promise<void> {
    this.isTrying = true;
    try {
      this.take(await this.backend.request(request, {}));
    } catch (thrown) {
      this.phase = { kind: "failed", failure: failureOf(thrown) };
    } finally {
      this.isTrying = false;
    }
  }

  /** Takes in where we are and who we are from now on. */
  take(opened: Opened): void {
    this.phase = { kind: "open", opened };
    this.appearance = opened.appearance;
    localStorage.setItem(shadow, opened.appearance);
  }
}

function remembered(): Appearance {
  const found = localStorage.getItem(shadow);
  return found === "light" || found === "dark" ? found : "system";
}
