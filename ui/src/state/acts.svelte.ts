/** What Canopic does and did, as its journal tells it. */
import type { Backend } from "../backend/backend";
import type { Failure, Job } from "../backend/wire";

const greeted = "greeted";

export class Acts {
  /** Newest first. */
  all = $state.raw<Job[]>([]);

  readonly running = $derived(this.all.filter(isUnderWay));

  constructor(private readonly backend: Backend) {}

  /** The numbers of those that an earlier process left unfinished; until somebody has read what became of them. */
  resumed = $state.raw<number[]>([]);
  /** The numbers of those that would go on at the next start: somebody wants to close the app meanwhile. */
  closing = $state.raw<number[]>();

  /** Listens until the returned function is called. */
  follow(): () => void {
    return this.backend.follow((news) => {
      if (news.kind === "snapshot") {
        this.all = news.jobs.toReversed();
        this.#greet(news.inherited);
      } else if (news.kind === "job") {
        const { job } = news;
        const others = this.all.filter(({ number }) => number !== job.number);
        // News may be about an older act that ends after a newer one began.
        this.all = [...others, job].sort((one, other) => other.number - one.number);
      } else {
        this.closing = news.jobs;
      }
    });
  }

  /** Once, at the first news of a window; one that is only loaded again has told it already. */
  #greet(inherited: number[]): void {
    if (sessionStorage.getItem(greeted) !== null) return;
    sessionStorage.setItem(greeted, "yes");
    this.resumed = inherited;
  }
}

/** Whether a job is being worked on. */
export function isUnderWay({ state }: Job): boolean {
  return state.kind === "running" || state.kind === "unwinding";
}

/** When a job came to rest, in milliseconds since 1970. */
export function endOf({ state }: Job): number | undefined {
  return "at" in state ? state.at : undefined;
}

/** Why a job failed or is stuck, if it is. */
export function failureOfJob({ state }: Job): Failure | undefined {
  return "failure" in state ? state.failure : undefined;
}

/** Whether a job came to rest and nobody knows how. */
export function isUnknown(job: Job): boolean {
  return failureOfJob(job)?.certainty === "unknown";
}
