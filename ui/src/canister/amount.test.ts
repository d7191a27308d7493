import { describe, expect, it } from "vitest";
import { fromTrillions, toTrillions } from "./amount";

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
