/** Which canisters the board shows, and in which order. Pure; the board decides when to arrange anew. */
import type { Canister } from "../backend/wire";
import { isStopped, lacksCopy, needsAttention } from "./attention";

const columns = ["name", "state", "cycles", "memory", "snapshots", "copy", "module"] as const;
export type Column = (typeof columns)[number];

export const isColumn = (word: string): word is Column => columns.some((column) => column === word);

export interface Choice {
  filter: string;
  onlyAttention: boolean;
  onlyStopped: boolean;
  /** Only those that no verified copy of late stands behind. */
  onlyUncopied: boolean;
  column: Column;
  isDescending: boolean;
}

export const everything: Choice = {
  filter: "",
  onlyAttention: false,
  onlyStopped: false,
  onlyUncopied: false,
  column: "name",
  isDescending: false,
};

/** The ids to show, in order. Whether a canister has trouble of its own also draws attention. */
export function arrange(
  canisters: Canister[],
  choice: Choice,
  hasTrouble: (id: string) => boolean,
  now = Date.now(),
): string[] {
  const wanted = choice.filter.trim().toLowerCase();
  const compare = comparisons[choice.column];
  return canisters
    .filter(({ id, name }) => wanted === "" || name.toLowerCase().includes(wanted) || id.includes(wanted))
    .filter((canister) => !choice.onlyAttention || needsAttention(canister) || hasTrouble(canister.id))
    .filter((canister) => !choice.onlyStopped || isStopped(canister))
    .filter((canister) => !choice.onlyUncopied || lacksCopy(canister, now))
    .toSorted((one, other) => {
      const unknown = Number(!isKnown(one, choice.column)) - Number(!isKnown(other, choice.column));
      // What is not known stays at the end in either direction.
      if (unknown !== 0) return unknown;
      return (choice.isDescending ? -compare(one, other) : compare(one, other)) || comparisons.name(one, other);
    })
    .map(({ id }) => id);
}

/**
 * The order while somebody points at the rows: what is shown stays where it is, what is gone leaves, what is new comes last.
 */
export function steady(shown: string[], wanted: string[], existing: ReadonlySet<string>): string[] {
  const kept = shown.filter((id) => existing.has(id));
  return [...kept, ...wanted.filter((id) => !shown.includes(id))];
}

const order = { stopped: 0, stopping: 1, running: 2 } as const;

const statusOf = ({ reading }: Canister) => (reading.kind === "full" ? reading.status : undefined);

const moduleOf = ({ reading }: Canister) => {
  if (reading.kind === "failed") return undefined;
  return (reading.kind === "full" ? reading.status.moduleHash : reading.moduleHash) ?? undefined;
};

function isKnown(canister: Canister, column: Column): boolean {
  if (column === "name") return true;
  if (column === "snapshots") return canister.snapshots !== null;
  if (column === "copy") return canister.newestCopyAt !== null;
  return column === "module" ? moduleOf(canister) !== undefined : statusOf(canister) !== undefined;
}

const comparisons: Record<Column, (one: Canister, other: Canister) => number> = {
  name: (one, other) => one.name.localeCompare(other.name, "en", { numeric: true }) || one.id.localeCompare(other.id),
  state: (one, other) => order[statusOf(one)?.runState ?? "running"] - order[statusOf(other)?.runState ?? "running"],
  cycles: (one, other) => {
    const difference = BigInt(statusOf(one)?.cycles ?? 0) - BigInt(statusOf(other)?.cycles ?? 0);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  },
  memory: (one, other) => (statusOf(one)?.memoryBytes ?? 0) - (statusOf(other)?.memoryBytes ?? 0),
  snapshots: (one, other) => (one.snapshots?.count ?? 0) - (other.snapshots?.count ?? 0),
  copy: (one, other) => (one.newestCopyAt ?? 0) - (other.newestCopyAt ?? 0),
  module: (one, other) => (moduleOf(one) ?? "").localeCompare(moduleOf(other) ?? ""),
};
