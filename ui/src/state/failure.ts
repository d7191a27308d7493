/** What may be done about a failed change. */
import type { Code, Failure } from "../backend/wire";

/** What may pass by itself or by the person's doing: the same change could come out differently while the canister is as it is. */
const mayPass: ReadonlySet<Code> = new Set<Code>([
  "cancelled",
  "canisterBusy",
  "clockOff",
  "copyChanged",
  "copyInUse",
  "diskFull",
  "fileUnreadable",
  "folderUnusable",
  "identityLocked",
  "inUse",
  "journalUnusable",
  "keyringBroken",
  "keyringLocked",
  "keyringMissing",
  "networkInUse",
  "networkUnknown",
  "noNetwork",
  "practiceFailed",
  "projectNotFound",
  "projectUnreadable",
  "throttled",
  "untrusted",
  "vaultLocked",
]);

/** The way on: an unknown outcome is looked up and never tried again. */
export function wayOn({ certainty, code }: Failure): "check" | "tryAgain" | "none" {
  if (certainty === "unknown") return "check";
  return mayPass.has(code) ? "tryAgain" : "none";
}
