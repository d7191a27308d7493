import { describe, expect, it } from "vitest";
import type { Certainty, Code } from "../backend/wire";
import { failure } from "../test.backend";
import { explain, explainAct, text } from "./en";

const codes = [
  "bug",
  "canisterNotFound",
  "clockOff",
  "folderUnusable",
  "idMalformed",
  "inUse",
  "noNetwork",
  "notController",
  "practiceFailed",
  "precondition",
  "refused",
  "settingsDamaged",
  "settingsFromNewerVersion",
  "throttled",
  "untrusted",
] as const satisfies Code[];

/** Every sentence of the table; functions are called with what can pass as a name and as a number. */
function sentences(part: unknown): string[] {
  if (typeof part === "string") return [part];
  if (typeof part === "function") {
    try {
      return sentences((part as (...values: unknown[]) => unknown)("7", "8"));
    } catch {
      // It wants a word of the contract, and the type check holds it to its table.
      return [];
    }
  }
  if (typeof part === "object" && part !== null) return Object.values(part).flatMap(sentences);
  return [];
}

const explained = codes.flatMap((code) =>
  Object.values(explain(failure({ code })) as unknown as Record<string, string>),
);
const everything = [...sentences(text), ...explained];

describe("the words", () => {
  it("are calm: no exclamation marks, no blame, nothing called simple", () => {
    const loud = everything.filter((sentence) => /!|oops|simply|just click|please|you failed|invalid/i.test(sentence));
    expect(loud).toEqual([]);
  });

  it("never show a fact that is missing", () => {
    // Of failures and of checks: what they tell comes from the engine, and an older one may tell less.
    const told = [...sentences(text.checks), ...explained];
    expect(told.filter((sentence) => /undefined|null|NaN|\[object/.test(sentence))).toEqual([]);
  });
});

describe("what is said of callers", () => {
  const { warns, remedy } = text.checks.callers;

  it("names the methods that are gone and those that changed", () => {
    expect(warns({ gone: "refund, well", changed: "count", name: "orders" })).toBe(
      "Those who call it may fail: without refund, well; count not as before",
    );
    expect(warns({ gone: "", changed: "count" })).toBe("Those who call it may fail: count not as before");
  });

  it("says why nothing is known", () => {
    expect(warns({ unknown: "large", name: "orders" })).toBe("Whether those who call orders can go on is not known");
    const reasons = ["large", "now", "then", "unread"].map((unknown) => remedy?.({ unknown }));
    expect(new Set(reasons).size).toBe(4);
  });
});

describe("an explanation", () => {
  it.each(codes)("of %s says what happened, what is safe and what to do", (code) => {
    const { title, safe, next } = explain(failure({ code, facts: { path: "/home/ada/settings.json", name: "stock" } }));
    expect(title).toMatch(/^\S.*[^.]$/);
    expect(safe).toMatch(/\.$/);
    expect(next).toMatch(/\.$/);
  });

  it("names the facts that it has", () => {
    const { safe } = explain(failure({ code: "settingsDamaged", facts: { path: "/home/ada/settings.json" } }));
    expect(safe).toContain("/home/ada/settings.json");
    expect(explain(failure({ code: "notController", facts: { name: "stock" } })).title).toContain("stock");
  });

  it("of an act is worded by certainty, whatever the code", () => {
    const safe = (certainty: Certainty) => explainAct(failure({ certainty })).safe;
    const all = (["nothingSent", "refused", "refusedUnproven", "unknown"] as const).map(safe);
    expect(new Set(all).size).toBe(4);
  });

  it.each(codes)("of an unknown outcome never asks to try again (%s)", (code) => {
    const { safe, next } = explainAct(failure({ code, certainty: "unknown" }));
    expect(safe).toMatch(/unknown/i);
    expect(next).not.toMatch(/try again/i);
    expect(next).toMatch(/check what happened/i);
  });
});
