/**
 * How fast a step is and how long it still takes, from what it reported. One way to tell it, for the tray, the activity, the
 * timeline and the dialogs.
 */
import { SvelteMap } from "svelte/reactivity";
import type { Job } from "../backend/wire";

/** What had been done at a moment. */
export interface Mark {
  at: number;
  done: number;
}

export interface Pace {
  bytesPerSecond: number;
  /** Milliseconds; undefined where the whole is not known, or nothing moves. */
  left: number | undefined;
}

/** What is looked back on: long enough to be calm, short enough to notice that a line got slower. */
const memory = 20_000;
/** Nothing is said before this much was seen. */
const least = 1_500;

/** Adds what was reported now; marks of another step, and old ones, are forgotten. */
export function marked(marks: Mark[], mark: Mark): Mark[] {
  const last = marks.at(-1);
  // A step that begins counts from nothing again.
  if (last && mark.done < last.done) return [mark];
  if (last?.done === mark.done) return marks;
  const recent = marks.filter(({ at }) => mark.at - at <= memory);
  return [...recent, mark];
}

/** Time that passes without a report counts: what stands still gets slower. */
export function paceOf(marks: Mark[], total: number | null, now: number): Pace | undefined {
  const [first] = marks;
  const last = marks.at(-1);
  if (!first || !last) return undefined;
  const passed = now - first.at;
  if (passed < least || last.done === first.done) return undefined;
  const bytesPerSecond = ((last.done - first.done) * 1_000) / passed;
  return {
    bytesPerSecond,
    left: total === null ? undefined : (Math.max(0, total - last.done) * 1_000) / bytesPerSecond,
  };
}

/** The reports of the jobs that are under way. */
export class Paces {
  readonly #marks = new SvelteMap<number, { step: number; marks: Mark[] }>();

  /** Takes in what is told of a job. */
  hear(job: Job, at: number): void {
    const step = job.steps.findIndex(({ progress }) => progress === "running");
    if (step < 0 || !job.report) {
      this.#marks.delete(job.number);
      return;
    }
    const known = this.#marks.get(job.number);
    const marks = known?.step === step ? known.marks : [];
    this.#marks.set(job.number, { step, marks: marked(marks, { at, done: job.report.done }) });
  }

  of(job: Job, now: number): Pace | undefined {
    return job.report ? paceOf(this.#marks.get(job.number)?.marks ?? [], job.report.total, now) : undefined;
  }
}
