/** A canister that is being made has no id yet; once it has one, it belongs on the board with the name that was thought of. */
import { isUnderWay } from "../state/acts.svelte";
import type { AppState } from "../state/app";

/** Watches the canister that a job makes, as soon as it is there; also when the dialog that began it is long closed. */
export function watchWhenMade(app: AppState, job: number, name: string, group: string): void {
  const ends: (() => void)[] = [];
  const watch = async (canister: string) => {
    await app.labels.change(app.backend.request("watchCanister", { canister, name, group }));
    await app.canisters.refreshAnew();
  };
  ends.push(
    app.backend.follow((news) => {
      const jobs = news.kind === "snapshot" ? news.jobs : "job" in news ? [news.job] : [];
      const found = jobs.find(({ number }) => number === job);
      if (!found || (found.made === null && isUnderWay(found))) return;
      ends.splice(0).forEach((end) => end());
      if (found.made !== null) void watch(found.made);
    }),
  );
}
