/** One operation for each of several canisters, or why there is none. */
import type { Backend } from "../backend/backend";
import type { Canister, Op } from "../backend/wire";
import { text } from "../text/en";

export type Several = "start" | "stop" | "download";

interface Found {
  id: string;
  op?: Op;
  denial?: string;
}

export async function opFor(
  backend: Backend,
  what: Several,
  canister: Canister | undefined,
  id: string,
): Promise<Found> {
  const denial = canister?.denied[what === "download" ? "readSnapshots" : what];
  if (denial !== undefined) return { id, denial: text.denials[denial] };
  switch (what) {
    case "start":
    case "stop":
      return { id, op: { op: what, canister: id } };
    case "download": {
      // Without a snapshot there is nothing to download; what is whole on this computer already needs no second copy.
      const { moments } = await backend.request("timeline", { canister: id });
      const newest = moments.find(({ snapshot }) => snapshot?.wholeness === "whole");
      if (!newest?.snapshot) return { id, denial: text.denials.noSnapshot };
      if (newest.copies.some(({ isWhole }) => isWhole)) return { id, denial: text.several.copied };
      return {
        id,
        op: { op: "downloadSnapshot", canister: id, snapshot: newest.snapshot.id, name: newest.name, copy: null },
      };
    }
  }
}
