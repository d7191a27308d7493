/** How long a job has kept its canister from taking calls. */
import type { Job } from "../backend/wire";
import { endOf, isUnderWay } from "../state/acts.svelte";

export interface Downtime {
  milliseconds: number;
  /** Whether it takes calls again. */
  isOver: boolean;
}

/** From the beginning of the first stop to the end of the last start; nothing for a job that does not stop and start. */
export function downtimeOf(job: Job, now: number): Downtime | undefined {
  const stop = job.steps.find(({ name }) => name === "stop");
  const start = job.steps.findLast(({ name }) => name === "start");
  if (!stop || stop.beganAt === null || !start) return undefined;
  const back = start.endedAt ?? (isUnderWay(job) ? null : (endOf(job) ?? null));
  return { milliseconds: Math.max(0, (back ?? now) - stop.beganAt), isOver: back !== null };
}
