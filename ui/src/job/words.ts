import type { Job, PlannedStep, Step } from "../backend/wire";
import { isUnknown } from "../state/acts.svelte";
import { text } from "../text/en";

/** An act as a phrase: what is under way, what was done, what failed. */
export function phrase(act: Job): string {
  const words = text.jobs[act.kind];
  switch (act.state.kind) {
    case "running":
    case "paused":
    case "unwinding":
      return words.running(act.name);
    case "done":
      return words.done(act.name);
    case "cancelled":
    case "failed":
    case "left":
    case "stuck":
      return isUnknown(act) ? words.unknown(act.name) : words.failed(act.name);
  }
}

/** A step, and the canister that it works on where that has to be said. */
export function stepPhrase({ name, target }: PlannedStep): string {
  return target === null ? text.steps[name] : text.guide.stepOn(text.steps[name], target.name);
}

/** The step that an act is at. */
export function stepUnderWay({ steps }: Job): Step | undefined {
  return steps.find(({ progress }) => progress === "running" || progress === "undoing");
}
