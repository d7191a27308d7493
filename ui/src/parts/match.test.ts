import { describe, expect, it } from "vitest";
import { matches } from "./match";

const all = ["Stop shop_backend", "shop_backend", "backend_shop", "Settings", "workshop"];
const found = (typed: string) => matches(all, typed, (name) => name);

describe("what is found", () => {
  it("is everything, as it stands, when nothing is typed", () => {
    expect(found("  ")).toEqual(all);
  });

  it("holds every word that was typed, in any order and case", () => {
    expect(found("BACK stop")).toEqual(["Stop shop_backend"]);
    expect(found("nothing")).toEqual([]);
  });

  it("begins with what begins so, then with what has a word that does", () => {
    expect(found("shop")).toEqual(["shop_backend", "Stop shop_backend", "backend_shop", "workshop"]);
  });
});
