/** A canister that is being made has no id yet; once it has one, it belongs on the board with the name that was thought of. */
import { isUnderWay } from "../state/acts.svelte";
import type { AppState } from "../state/app";

/** Watches the canister that a job makes, as soon as it is there; also when the dialog that began it is long closed. */
export function watchWhenMade(app: AppState, job: number, name: string, group: string): void {
  let isOver = false;
  const watch = async (canister: string) => {
    await app.labels.change(app.backend.request("watchCanister", { canister, name, group }));
    await app.canisters.refreshAnew();
  };
  // What the window knows of its jobs already: it is told the news once, and whoever listened anew would take them from it.
  const end = $effect.root(() => {
    $effect(() => {
      const found = app.acts.all.find(({ number }) => number === job);
      if (isOver || !found || (found.made === null && isUnderWay(found))) return;
      isOver = true;
      queueMicrotask(() => {
        end();
        if (found.made !== null) void watch(found.made);
      });
    });
  });
}
