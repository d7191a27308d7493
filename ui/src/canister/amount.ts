/**
 * Amounts as people type them: cycles in trillions, time in days, memory in MiB or GiB. Nothing is rounded: what does not come out
 * as a whole number of cycles, seconds or bytes is not taken.
 */
const trillion = 10n ** 12n;
/** So many digits after the point are as many as a trillion has. */
const places = 12;

/** A whole number, from an amount of a unit; nothing where it is no such number. */
export function fromUnit(typed: string, unit: bigint): string | undefined {
  const found = /^(\d*)(?:[.,](\d*))?$/.exec(typed.trim().replaceAll("_", ""));
  const whole = found?.[1] ?? "";
  const part = found?.[2] ?? "";
  if (!found || whole + part === "" || part.length > places) return undefined;
  const scaled = BigInt(whole + part) * unit;
  const scale = 10n ** BigInt(part.length);
  return scaled % scale === 0n ? String(scaled / scale) : undefined;
}

/** The amount of a unit, as a person would type it; nothing where it has too many digits for that. */
export function toUnit(decimal: string, unit: bigint): string | undefined {
  const amount = BigInt(decimal);
  const scaled = (amount % unit) * 10n ** BigInt(places);
  if (scaled % unit !== 0n) return undefined;
  const part = String(scaled / unit)
    .padStart(places, "0")
    .replace(/0+$/, "");
  return `${amount / unit}${part === "" ? "" : `.${part}`}`;
}

/** Cycles as a decimal string, from trillions. */
export const fromTrillions = (typed: string) => fromUnit(typed, trillion);

/** Trillions, from cycles. */
export const toTrillions = (decimal: string) => toUnit(decimal, trillion) ?? "";

export const byteUnits = { GiB: 2n ** 30n, MiB: 2n ** 20n, KiB: 2n ** 10n, bytes: 1n } as const;
export type ByteUnit = keyof typeof byteUnits;

/** Memory as a person types it. */
export interface Size {
  amount: string;
  unit: ByteUnit;
}

export const fromSize = ({ amount, unit }: Size) => fromUnit(amount, byteUnits[unit]);

/** Bytes in the largest unit that they are a short number of. */
export function toSize(decimal: string): Size {
  if (decimal === "0") return { amount: "0", unit: "GiB" };
  for (const unit of ["GiB", "MiB", "KiB"] as const) {
    const amount = toUnit(decimal, byteUnits[unit]);
    if (amount !== undefined && BigInt(decimal) >= byteUnits[unit] && amount.length <= 8) return { amount, unit };
  }
  return { amount: decimal, unit: "bytes" };
}
