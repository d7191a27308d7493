/** What Canopic does and did since it was opened, as the engine tells it. */
import type { Backend } from "../backend/backend";
import type { Act } from "../backend/wire";

export class Acts {
  /** Newest first. */
  all = $state.raw<Act[]>([]);

  readonly running = $derived(this.all.filter((act) => act.state.kind === "running"));

  constructor(private readonly backend: Backend) {}

  /** Listens until the returned function is called. */
  follow(): () => void {
    return this.backend.follow((news) => {
      if (news.kind === "snapshot") {
        this.all = news.acts.toReversed();
      } else {
        const { act } = news;
        const others = this.all.filter(({ number }) => number !== act.number);
        // News may be about an older act that ends after a newer one began.
        this.all = [...others, act].sort((one, other) => other.number - one.number);
      }
    });
  }
}

/** When an act ended, in milliseconds since 1970. */
export function endOf({ state }: Act): number | undefined {
  return state.kind === "running" ? undefined : state.at;
}

/** Whether an act ended and nobody knows how. */
export function isUnknown({ state }: Act): boolean {
  return state.kind === "failed" && state.failure.certainty === "unknown";
}
