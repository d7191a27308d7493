/** A canister's past as it is shown: moments that can be gone back to, and between them what happened. */
import { text } from "../text/en";
import type { CopyOnDisk, Job, Moment, PastChange, SnapshotCause, Timeline } from "../backend/wire";

export type Entry = { kind: "moment"; moment: Moment } | { kind: "change"; change: PastChange };

/** Moments and changes in one order, the newest first. Of two at the same time, the change came after what was kept before it. */
export function entries({ moments, changes }: Timeline): Entry[] {
  const all: Entry[] = [
    ...changes.map((change) => ({ kind: "change", change }) as const),
    ...moments.map((moment) => ({ kind: "moment", moment }) as const),
  ];
  return all.sort((one, other) => at(other) - at(one));
}

const at = (entry: Entry) => (entry.kind === "moment" ? entry.moment.at : entry.change.at);

/** The copy to go by: one that is whole and not known to be damaged, the one that was verified last. */
export function bestCopy({ copies }: Moment): CopyOnDisk | undefined {
  return copies
    .filter(({ isWhole, damagedAt }) => isWhole && damagedAt === null)
    .toSorted((one, other) => (other.verifiedAt ?? 0) - (one.verifiedAt ?? 0))
    .at(0);
}

/** Whether a snapshot can go without anything being lost: every byte of it lies here and was found to be right. */
export function isKept(moment: Moment): boolean {
  const copy = bestCopy(moment);
  return copy !== undefined && copy.verifiedAt !== null;
}

export function momentOf(timeline: Timeline | undefined, snapshot: string | null | undefined): Moment | undefined {
  return timeline?.moments.find((moment) => moment.snapshot?.id === snapshot && moment.snapshot !== null);
}

/** Whether a job is about a canister. */
export function isAbout(job: Job, canister: string): boolean {
  return job.canister === canister || job.targets.some(({ id }) => id === canister);
}

/** The snapshot that a job took of a canister to have a way back. */
export function safetyOf({ proof }: Job, canister: string): string | undefined {
  return proof.canisters.find((one) => one.canister === canister && one.isSafety)?.snapshot ?? undefined;
}

/** How many bytes it takes up: on the network, else on this computer. */
export function sizeOf({ snapshot, copies }: Moment): number {
  return snapshot?.bytes ?? copies[0]?.diskBytes ?? 0;
}

/** What people call it: its name, or what it is. */
export function calledAs({ name, snapshot }: Moment): string {
  const words = text.timeline;
  if (name !== "") return name;
  if (!snapshot) return words.copy;
  return snapshot.cause?.isSafety === true ? words.safety(snapshot.cause.op) : words.snapshot;
}

/** Why it cannot be gone back to as it is, if it cannot. */
export function hindrance(moment: Moment): string | undefined {
  const words = text.timeline;
  if (moment.snapshot) {
    const { wholeness } = moment.snapshot;
    return wholeness === "half" || wholeness === "paused" || wholeness === "underWay"
      ? words.wholenesses[wholeness].meaning
      : undefined;
  }
  if (bestCopy(moment)) return undefined;
  return moment.copies.some(({ damagedAt }) => damagedAt !== null) ? words.copyDamagedOnly : words.copyUnfinished;
}

/** What a snapshot was made for, as part of a sentence. */
export function phraseOfCause({ op, isSafety }: SnapshotCause): string {
  const words = text.timeline;
  return isSafety ? words.safety(op) : words.byUs;
}

/** What a job took of several canisters together; nothing for any other job. */
export function takenTogether({ kind, proof, targets }: Job): { canister: string; name: string; snapshot: string }[] {
  if (kind !== "takeSnapshots") return [];
  const named = (canister: string) => targets.find(({ id }) => id === canister)?.name ?? canister;
  return proof.canisters.flatMap(({ canister, snapshot }) =>
    snapshot === null ? [] : [{ canister, name: named(canister), snapshot }],
  );
}

/** Snapshots of several canisters that one job took together. */
export interface RestorePoint {
  job: number;
  at: number;
  /** The snapshots, by their canisters. */
  snapshots: Record<string, string>;
}

/** The restore points that these canisters share, the newest first. */
export function pointsOf(timelines: Timeline[]): RestorePoint[] {
  const points = new Map<number, RestorePoint>();
  for (const { canister, moments } of timelines) {
    for (const { snapshot, at } of moments) {
      if (snapshot?.cause?.op !== "takeSnapshots") continue;
      const { job } = snapshot.cause;
      const point = points.get(job) ?? { job, at, snapshots: {} };
      point.snapshots[canister] = snapshot.id;
      point.at = Math.max(point.at, at);
      points.set(job, point);
    }
  }
  return [...points.values()]
    .filter(({ snapshots }) => Object.keys(snapshots).length > 1)
    .sort((one, other) => other.job - one.job);
}
