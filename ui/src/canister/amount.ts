/** Cycles as people type them: in trillions, with a point. */
const trillion = 10n ** 12n;
const places = 12;

/** Cycles as a decimal string, from trillions; nothing where it is no such number. */
export function fromTrillions(typed: string): string | undefined {
  const found = /^(\d*)(?:[.,](\d*))?$/.exec(typed.trim().replaceAll("_", ""));
  const whole = found?.[1] ?? "";
  const part = found?.[2] ?? "";
  if (!found || whole + part === "" || part.length > places) return undefined;
  return String(BigInt(whole || "0") * trillion + BigInt(part.padEnd(places, "0")));
}

/** Trillions as a person would type them, from cycles. */
export function toTrillions(decimal: string): string {
  const amount = BigInt(decimal);
  const part = String(amount % trillion)
    .padStart(places, "0")
    .replace(/0+$/, "");
  return `${amount / trillion}${part === "" ? "" : `.${part}`}`;
}
