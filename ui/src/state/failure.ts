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
  identityExists: false,
  identityLocked: true,
  identityUnknown: false,
  idMalformed: false,
  interfaceMalformed: false,
  interfaceMissing: false,
  inUse: true,
  keyCurveUnknown: false,
  keyLost: false,
  keyringBroken: true,
  keyringLocked: true,
  keyringMissing: true,
  keyUnreadable: false,
  keyUnsupported: false,
  methodMissing: false,
  moduleDiffers: false,
  moduleMalformed: false,
  moduleTooLarge: false,
  nameDiffers: false,
  nameTaken: false,
  nameUnusable: false,
  noNetwork: true,
  notController: false,
  onlyController: false,
  passphraseNeeded: false,
  passphraseTooShort: false,
  passphraseWrong: false,
  phraseDraftGone: false,
  phraseUnconfirmed: false,
  phraseWrong: false,
  practiceFailed: true,
  precondition: false,
  refused: false,
  settingsDamaged: false,
  settingsFromNewerVersion: false,
  storeUnreadable: false,
  throttled: true,
  untrusted: true,
  vaultDamaged: false,
  vaultExists: false,
  vaultLocked: true,
  vaultMissing: false,
};

/** The way on: an unknown outcome is looked up and never tried again. */
export function wayOn({ certainty, code }: Failure): "check" | "tryAgain" | "none" {
  if (certainty === "unknown") return "check";
  return mayPass[code] ? "tryAgain" : "none";
}
