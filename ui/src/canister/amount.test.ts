import { describe, expect, it } from "vitest";
import { fromSize, fromTrillions, fromUnit, toSize, toTrillions, toUnit } from "./amount";

describe("cycles in trillions", () => {
  it.each([
    ["1", "1000000000000"],
    ["0.5", "500000000000"],
    [".25", "250000000000"],
    ["2,5", "2500000000000"],
    ["0.000000000001", "1"],
    ["340282366920938463463374607431", "340282366920938463463374607431000000000000"],
  ])("%s is %s", (typed, cycles) => expect(fromTrillions(typed)).toBe(cycles));

  it.each(["", ".", "-1", "1 T", "1e3", "0.0000000000001", "a"])("%j is none", (typed) =>
    expect(fromTrillions(typed)).toBeUndefined(),
  );

  it.each(["1", "0.5", "2.000000000001", "0"])("%s comes back as it was typed", (typed) =>
    expect(toTrillions(fromTrillions(typed) ?? "")).toBe(typed),
  );
});

describe("days", () => {
  const day = 86_400n;
  it("are whole seconds, or not taken", () => {
    expect(fromUnit("30", day)).toBe("2592000");
    expect(fromUnit("0.5", day)).toBe("43200");
    expect(fromUnit("0.333333", day)).toBeUndefined();
    expect(toUnit("2592000", day)).toBe("30");
    expect(toUnit("1", day), "a second has no end in days").toBeUndefined();
  });
});

describe("memory", () => {
  it.each([
    ["0", { amount: "0", unit: "GiB" }],
    ["3221225472", { amount: "3", unit: "GiB" }],
    ["1610612736", { amount: "1.5", unit: "GiB" }],
    ["52428800", { amount: "50", unit: "MiB" }],
    ["4096", { amount: "4", unit: "KiB" }],
    ["1234567", { amount: "1234567", unit: "bytes" }],
  ] as const)("of %s bytes is shown in a unit that fits, and comes back", (bytes, size) => {
    expect(toSize(bytes)).toEqual(size);
    expect(fromSize(toSize(bytes))).toBe(bytes);
  });
});
