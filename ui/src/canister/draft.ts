/** Settings as a form holds them, and the change that they amount to. Only what differs is in it. */
import type { CanisterSettings, EnvironmentVariable, Setting, SettingsChange, Viewers } from "../backend/wire";
import { fromSize, fromTrillions, fromUnit, type Size, toSize, toTrillions, toUnit } from "./amount";

const day = 86_400n;

export type SizeSetting = "memoryAllocation" | "wasmMemoryLimit" | "wasmMemoryThreshold" | "logMemoryLimit";
export type ViewersSetting = "logVisibility" | "snapshotVisibility" | "statusVisibility";
export type CyclesSetting = "reservedCyclesLimit" | "minimumIncomingCallCycles";

export interface Draft
  extends Record<SizeSetting, Size>, Record<ViewersSetting, Viewers>, Record<CyclesSetting, string> {
  controllers: string[];
  /** Parts of a hundred of a core. */
  computeAllocation: string;
  /** Days; seconds where days would have no end. */
  freezingThreshold: { amount: string; unit: "days" | "seconds" };
  environmentVariables: EnvironmentVariable[];
}

export function draftOf(settings: CanisterSettings): Draft {
  const days = toUnit(settings.freezingThresholdSeconds, day);
  const size = (decimal: string | null): Size => (decimal === null ? { amount: "", unit: "KiB" } : toSize(decimal));
  return {
    controllers: settings.controllers,
    computeAllocation: settings.computeAllocation,
    freezingThreshold:
      days === undefined
        ? { amount: settings.freezingThresholdSeconds, unit: "seconds" }
        : { amount: days, unit: "days" },
    memoryAllocation: size(settings.memoryAllocation),
    wasmMemoryLimit: size(settings.wasmMemoryLimit),
    wasmMemoryThreshold: size(settings.wasmMemoryThreshold),
    logMemoryLimit: size(settings.logMemoryLimit),
    reservedCyclesLimit: settings.reservedCyclesLimit === null ? "" : toTrillions(settings.reservedCyclesLimit),
    minimumIncomingCallCycles: toTrillions(settings.minimumIncomingCallCycles),
    logVisibility: settings.logVisibility,
    snapshotVisibility: settings.snapshotVisibility,
    statusVisibility: settings.statusVisibility,
    environmentVariables: settings.environmentVariables,
  };
}

/** What is wrong with a setting as it was typed. */
export type SettingTrouble = "number" | "percent" | "amount" | "size" | "principals" | "controllers" | "variables";

const isPrincipal = (typed: string) => /^([a-z0-9]{5}-)*[a-z0-9]{1,5}$/.test(typed) && typed.length <= 63;

/** What a principal looks like, before the network says whether it is one. */
export const arePrincipals = (all: string[]) => all.every(isPrincipal) && new Set(all).size === all.length;

export interface Changes {
  change: SettingsChange;
  /** The settings that differ, by name. */
  changed: Setting[];
  troubles: Partial<Record<Setting, SettingTrouble>>;
}

/** The change from the settings in force to a draft of them. */
export function changesOf(settings: CanisterSettings, draft: Draft): Changes {
  const change: SettingsChange = {};
  const changed: Setting[] = [];
  const troubles: Changes["troubles"] = {};

  /** Takes in a number, if it is one and differs. What the network does not tell stays as it is until somebody types. */
  function number(
    setting: Setting,
    before: string | null,
    typed: string,
    after: string | undefined,
    trouble: SettingTrouble,
    take: (value: string) => void,
  ) {
    if (before === null && typed.trim() === "") return;
    if (after === undefined) troubles[setting] = trouble;
    else if (after !== before) {
      changed.push(setting);
      take(after);
    }
  }

  if (draft.controllers.length > 10 || !arePrincipals(draft.controllers)) troubles.controllers = "controllers";
  if (!isSame(settings.controllers.toSorted(), draft.controllers.toSorted())) {
    changed.push("controllers");
    change.controllers = draft.controllers;
  }

  const percent = /^\d{1,3}$/.test(draft.computeAllocation.trim())
    ? String(Number(draft.computeAllocation))
    : undefined;
  number(
    "computeAllocation",
    settings.computeAllocation,
    draft.computeAllocation,
    percent !== undefined && Number(percent) <= 100 ? percent : undefined,
    "percent",
    (value) => (change.computeAllocation = value),
  );
  const { amount, unit } = draft.freezingThreshold;
  number(
    "freezingThreshold",
    settings.freezingThresholdSeconds,
    amount,
    fromUnit(amount, unit === "days" ? day : 1n),
    "number",
    (value) => (change.freezingThresholdSeconds = value),
  );
  for (const setting of ["memoryAllocation", "wasmMemoryLimit", "wasmMemoryThreshold", "logMemoryLimit"] as const) {
    const typed = draft[setting];
    number(setting, settings[setting], typed.amount, fromSize(typed), "size", (value) => (change[setting] = value));
  }
  for (const setting of ["reservedCyclesLimit", "minimumIncomingCallCycles"] as const) {
    const typed = draft[setting];
    number(setting, settings[setting], typed, fromTrillions(typed), "amount", (value) => (change[setting] = value));
  }
  for (const setting of ["logVisibility", "snapshotVisibility", "statusVisibility"] as const) {
    const viewers = draft[setting];
    if (viewers.kind === "listed" && (viewers.principals.length === 0 || !arePrincipals(viewers.principals))) {
      troubles[setting] = "principals";
    }
    if (!isSame(settings[setting], viewers)) {
      changed.push(setting);
      change[setting] = viewers;
    }
  }

  const names = draft.environmentVariables.map(({ name }) => name);
  if (names.includes("") || new Set(names).size !== names.length) troubles.environmentVariables = "variables";
  if (!isSame(settings.environmentVariables, draft.environmentVariables)) {
    changed.push("environmentVariables");
    change.environmentVariables = draft.environmentVariables;
  }
  return { change, changed, troubles };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
