/** The past of a canister for whoever looks at it: read when it is opened, and again whenever something about it has ended. */
import { untrack } from "svelte";
import type { AppState } from "../state/app";
import { isUnderWay } from "../state/acts.svelte";
import type { Known } from "../state/timelines.svelte";
import { isAbout } from "./timeline";

/** To be called while a component is made. The answer is what is known right now. */
export function pastOf({ acts, canisters, timelines }: AppState, canister: () => string): () => Known | undefined {
  // Our jobs count, and the canister's own counter: somebody else may change it, too.
  const sign = $derived.by(() => {
    const id = canister();
    const { reading } = canisters.find(id) ?? {};
    const version = reading?.kind === "full" ? reading.status.version : 0;
    return `${id} ${version} ${acts.all.filter((job) => isAbout(job, id) && !isUnderWay(job)).length}`;
  });
  $effect(() => {
    if (sign === "") return;
    untrack(() => void timelines.read(canister()));
  });
  return () => timelines.of(canister());
}
