/** What a copy is called and how it stands, from what is known of it. */
import type {
  Canister,
  ChainSnapshot,
  CopyContent,
  CopyRecord,
  LocalCopy,
  Verification,
  WrongSize,
} from "../backend/wire";
import { shortId } from "../text/format";

/** How far a copy can be relied on. */
export type Standing = "proven" | "verified" | "unverified" | "damaged" | "unfinished" | "unreadable";

export interface CopyFacts {
  copy: LocalCopy;
  /** The name that a person gave it, or the canister's. */
  title: string;
  /** The canister's name; where it is known by nobody, its short id; empty where not even that is known. */
  canister: string;
  snapshot: ChainSnapshot | null;
  content: CopyContent | undefined;
  record: CopyRecord | null;
  standing: Standing;
  /** Its files that are not as large as they must be. */
  wrongSizes: WrongSize[];
}

/** The last part of a path, of any system. */
export function folderName(path: string): string {
  return (
    path
      .split(/[\\/]/)
      .filter((part) => part !== "")
      .at(-1) ?? path
  );
}

export function factsOf(
  copy: LocalCopy,
  canisters: Canister[] | undefined,
  verification: Verification | undefined,
): CopyFacts {
  const { state } = copy;
  const record = state.kind === "whole" ? state.record : null;
  const snapshot = (state.kind === "unfinished" ? state.snapshot : record?.snapshot) ?? null;
  const known = canisters?.find(({ id }) => id === snapshot?.canister)?.name;
  // What it was called then stays right even when another network has a canister of the same id.
  const then = record?.then?.canisterName ?? "";
  const canister = (then === "" ? known : then) ?? (snapshot ? shortId(snapshot.canister) : "");
  const given = state.kind === "unfinished" ? (state.name ?? "") : (record?.name ?? "");
  return {
    copy,
    title: [given, canister, folderName(copy.folder)].find((name) => name !== "") ?? copy.id,
    canister,
    snapshot,
    content: state.kind === "whole" ? state.content : undefined,
    record,
    standing: standingOf(copy, record, verification),
    wrongSizes: state.kind === "whole" ? state.wrongSizes : [],
  };
}

function standingOf({ state }: LocalCopy, record: CopyRecord | null, verification: Verification | undefined): Standing {
  if (state.kind !== "whole") return state.kind;
  if (state.wrongSizes.length > 0) return "damaged";
  if (verification ? !verification.isSound : record !== null && record.damagedAt !== null) return "damaged";
  if (!record) return "unverified";
  if (record.provenAt !== null) return "proven";
  return record.verifiedAt === null ? "unverified" : "verified";
}

export type Order = "newest" | "largest" | "name";

/** The copies that a filter leaves, in an order; what is pinned comes first. */
export function shelve(
  all: CopyFacts[],
  filter: string,
  only: Standing | "pinned" | undefined,
  order: Order,
): CopyFacts[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((facts) => {
    if (only === "pinned" ? facts.record?.pinned !== true : only !== undefined && facts.standing !== only) return false;
    const { copy, title, canister, snapshot, record } = facts;
    const text = [
      title,
      canister,
      record?.notes,
      snapshot?.canister,
      snapshot?.snapshot,
      snapshot?.network,
      copy.folder,
    ]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const by: Record<Order, (one: CopyFacts, other: CopyFacts) => number> = {
    newest: (one, other) => momentOf(other) - momentOf(one),
    largest: (one, other) => other.copy.diskBytes - one.copy.diskBytes,
    name: (one, other) => one.title.localeCompare(other.title, "en"),
  };
  return found.sort(
    (one, other) =>
      Number(other.record?.pinned ?? false) - Number(one.record?.pinned ?? false) || by[order](one, other),
  );
}

/** When its snapshot was taken; what has no such moment comes last. */
function momentOf({ content }: CopyFacts): number {
  return content?.takenAt ?? 0;
}
