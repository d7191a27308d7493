import type { Act } from "../backend/wire";
import { isUnknown } from "../state/acts.svelte";
import { text } from "../text/en";

/** An act as a phrase: what is under way, what was done, what failed. */
export function phrase(act: Act): string {
  const words = text.acts[act.kind];
  switch (act.state.kind) {
    case "running":
      return words.running(act.name);
    case "done":
      return words.done(act.name);
    case "failed":
      return isUnknown(act) ? words.unknown(act.name) : words.failed(act.name);
  }
}
