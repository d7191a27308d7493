/** When a canister wants somebody's attention. */
import type { Canister, Status } from "../backend/wire";

/** Below this a runway is low: a month is what a monthly routine of topping up needs. */
const lowDays = 30;

/** How well a canister is supplied with cycles. */
export type Supply = "frozen" | "low" | "enough" | "endless";

export function supply({ runwayDays }: Status): Supply {
  if (runwayDays === null) return "endless";
  if (runwayDays <= 0) return "frozen";
  return runwayDays < lowDays ? "low" : "enough";
}

/** Stopped or stopping, soon without cycles, or not readable. What only others may see is their business. */
export function needsAttention({ reading }: Canister): boolean {
  switch (reading.kind) {
    case "full":
      return reading.status.runState !== "running" || ["frozen", "low"].includes(supply(reading.status));
    case "public":
      return false;
    case "failed":
      return true;
  }
}

export function isStopped({ reading }: Canister): boolean {
  return reading.kind === "full" && reading.status.runState === "stopped";
}

/** How old the newest verified copy may be: a week is what most people could bear to lose. */
const recent = 7 * 24 * 60 * 60 * 1_000;

/** Whether it is ours to keep, and no verified copy of late is on this computer. */
export function lacksCopy({ reading, denied, newestCopyAt }: Canister, now: number): boolean {
  const isOurs = reading.kind === "full" && denied.takeSnapshot !== "notController";
  return isOurs && (newestCopyAt === null || now - newestCopyAt > recent);
}
