/* eslint-disable svelte/prefer-svelte-reactivity -- the maps here are made anew with every look, never changed. */
/** What Canopic does and did, as its journal tells it. */
import { SvelteSet } from "svelte/reactivity";
import type { ActKind, Backend } from "../backend/backend";
import type { Failure, Job, Notice } from "../backend/wire";
import { Paces } from "./pace";

const greeted = "greeted";

export class Acts {
  /** Newest first. */
  all = $state.raw<Job[]>([]);

  readonly running = $derived(this.all.filter(isUnderWay));
  /** What cannot go on without a person, newest first. */
  readonly stuck = $derived(this.all.filter(({ state }) => state.kind === "stuck"));
  /** What rests until somebody wants it to go on, newest first. */
  readonly paused = $derived(this.all.filter(({ state }) => state.kind === "paused"));
  /** How fast those under way are. */
  readonly paces = new Paces();

  /** The newest start or stop of each canister. */
  readonly #turns = $derived.by(() => {
    const turns = new Map<string, Turn>();
    for (const job of this.all) if (isTurn(job) && !turns.has(job.canister)) turns.set(job.canister, job);
    return turns;
  });

  /** The canisters that are being started or stopped. */
  readonly turning: ReadonlyMap<string, ActKind> = $derived(
    new Map([...this.#turns.values()].filter(isUnderWay).map(({ canister, kind }) => [canister, kind])),
  );

  /** The starts and stops that failed before the eyes of this window, by canister, until somebody has put them away. */
  readonly troubles: ReadonlyMap<string, Turn> = $derived(
    new Map(
      [...this.#turns].filter(
        ([, job]) => failureOfJob(job) && this.#witnessed.has(job.number) && !this.#dismissed.has(job.number),
      ),
    ),
  );

  readonly #witnessed = new SvelteSet<number>();
  readonly #dismissed = new SvelteSet<number>();

  constructor(private readonly backend: Backend) {}

  /** The numbers of those that an earlier process left unfinished; until somebody has read what became of them. */
  resumed = $state.raw<number[]>([]);
  /** The numbers of those that would go on at the next start: somebody wants to close the app meanwhile. */
  closing = $state.raw<number[]>();

  /** Listens until the returned function is called; what is to be told outside of the window goes to `ontell`. */
  follow(ontell: (notice: Notice) => void): () => void {
    return this.backend.follow((news) => {
      if (news.kind === "snapshot") {
        this.all = news.jobs.toReversed();
        for (const job of this.running) {
          this.#witnessed.add(job.number);
          this.paces.hear(job, Date.now());
        }
        this.#greet(news.inherited);
      } else if (news.kind === "job") {
        const { job } = news;
        this.#witnessed.add(job.number);
        this.paces.hear(job, Date.now());
        const others = this.all.filter(({ number }) => number !== job.number);
        // News may be about an older act that ends after a newer one began.
        this.all = [...others, job].sort((one, other) => other.number - one.number);
      } else if (news.kind === "notice") {
        ontell(news.notice);
      } else {
        this.closing = news.jobs;
      }
    });
  }

  /** Somebody has seen how an act failed. */
  dismiss(number: number): void {
    this.#dismissed.add(number);
  }

  /** Once, at the first news of a window; one that is only loaded again has told it already. */
  #greet(inherited: number[]): void {
    if (sessionStorage.getItem(greeted) !== null) return;
    sessionStorage.setItem(greeted, "yes");
    this.resumed = inherited;
  }
}

/** A start or a stop. */
export type Turn = Job & { kind: ActKind };

function isTurn(job: Job): job is Turn {
  return job.kind === "start" || job.kind === "stop";
}

/** Whether a job is being worked on. */
export function isUnderWay({ state }: Job): boolean {
  return state.kind === "running" || state.kind === "unwinding";
}

/** Whether a job can still be ended: it is worked on, or rests until somebody wants it to go on. */
export function isUnfinished(job: Job): boolean {
  return isUnderWay(job) || job.state.kind === "paused";
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

/** Whether a job keeps what it has and can be gone on with: one that rests, or a download that somebody ended. */
export function isPaused({ kind, state }: Job): boolean {
  return state.kind === "paused" || (kind === "downloadSnapshot" && state.kind === "cancelled");
}
