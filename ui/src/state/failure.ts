/** What may be done about a failed change. */
import type { Code, Failure } from "../backend/wire";

/** Whether the same change could come out differently while the canister is as it is. */
const mayPass: Record<Code, boolean> = {
  argumentMalformed: false,
  bug: false,
  canisterNotFound: false,
  clockOff: true,
  fileUnreadable: true,
  folderUnusable: true,
  idMalformed: false,
  inUse: true,
  interfaceMalformed: false,
  interfaceMissing: false,
  methodMissing: false,
  moduleDiffers: false,
  moduleMalformed: false,
  moduleTooLarge: false,
  noNetwork: true,
  notController: false,
  practiceFailed: true,
  precondition: false,
  refused: false,
  settingsDamaged: false,
  settingsFromNewerVersion: false,
  throttled: true,
  untrusted: true,
};

/** The way on: an unknown outcome is looked up and never tried again. */
export function wayOn({ certainty, code }: Failure): "check" | "tryAgain" | "none" {
  if (certainty === "unknown") return "check";
  return mayPass[code] ? "tryAgain" : "none";
}
