/** The settings that a copy noted about its canister: names and values as text, read as people read them. */
import type { Setting } from "../../backend/wire";
import { text } from "../../text/en";
import { bytes, cycles, duration } from "../../text/format";

const size = (none: string) => (value: string) => (value === "0" ? none : bytes(Number(value)));
const viewers = (value: string) =>
  value === "controllers" || value === "public" ? text.canister.viewers[value] : value.replaceAll(" ", "\n");

const reading: Partial<Record<Setting, (value: string) => string>> = {
  computeAllocation: (value) => (value === "0" ? text.canister.bestEffort : text.canister.percent(value)),
  controllers: (value) => (value === "" ? text.canister.none : value.replaceAll(" ", "\n")),
  freezingThreshold: (value) => duration(Number(value) * 1_000),
  logVisibility: viewers,
  memoryAllocation: size(text.canister.bestEffort),
  reservedCyclesLimit: cycles,
  snapshotVisibility: viewers,
  statusVisibility: viewers,
  wasmMemoryLimit: size(text.canister.none),
  wasmMemoryThreshold: size(text.canister.none),
};

/** A setting in words; one that is not known by that name (an environment variable) stands as it is. */
export function settingOf(name: string, value: string): { name: string; value: string } {
  if (!isSetting(name)) return { name, value };
  return { name: text.settingNames[name], value: reading[name]?.(value) ?? value };
}

function isSetting(name: string): name is Setting {
  return name in text.settingNames;
}
