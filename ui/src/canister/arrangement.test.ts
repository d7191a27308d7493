import { describe, expect, it } from "vitest";
import { canister, failure, status, stopped } from "../test.backend";
import { arrange, everything, steady } from "./arrangement";
import { needsAttention, supply } from "./attention";

const none = () => false;
const ids = (...names: string[]) => names.map((name) => canister(name).id);
const failed = canister("broken", { reading: { kind: "failed", failure: failure() } });
const foreign = canister("partner", {
  reading: { kind: "public", moduleHash: null, controllers: [], hasInterface: null },
});

describe("supply", () => {
  it.each([
    [null, "endless"],
    [0, "frozen"],
    [29.9, "low"],
    [30, "enough"],
  ] as const)("of a runway of %s days is %s", (runwayDays, level) => {
    expect(supply(status({ runwayDays }))).toBe(level);
  });
});

describe("attention", () => {
  it("is for what is stopped, stopping, soon dry or not readable", () => {
    const low = canister("low", { reading: { kind: "full", status: status({ runwayDays: 3 }) } });
    const stopping = canister("stopping", { reading: { kind: "full", status: status({ runState: "stopping" }) } });
    expect([stopped("a"), stopping, low, failed].every(needsAttention)).toBe(true);
  });

  it("is not for what runs well, nor for what is somebody else's", () => {
    expect([canister("fine"), foreign].some(needsAttention)).toBe(false);
  });
});

describe("arranging", () => {
  it("sorts names as people count", () => {
    const all = ["shop_10", "shop_9", "Shop_1"].map((name) => canister(name));
    expect(arrange(all, everything, none)).toEqual(ids("Shop_1", "shop_9", "shop_10"));
  });

  it("filters by name and id, whatever the case", () => {
    const all = ["stock", "orders"].map((name) => canister(name));
    expect(arrange(all, { ...everything, filter: " STOCK " }, none)).toEqual(ids("stock"));
    expect(arrange(all, { ...everything, filter: "orders-aaaaa" }, none)).toEqual(ids("orders"));
  });

  it("keeps only what needs attention, trouble of its own included", () => {
    const all = [canister("fine"), canister("troubled"), stopped("stopped")];
    const hasTrouble = (id: string) => id === canister("troubled").id;
    expect(arrange(all, { ...everything, onlyAttention: true }, hasTrouble)).toEqual(ids("stopped", "troubled"));
  });

  it("keeps only what is stopped", () => {
    expect(arrange([canister("fine"), stopped("off")], { ...everything, onlyStopped: true }, none)).toEqual(ids("off"));
  });

  it("sorts cycles by amount, not by spelling, in both directions", () => {
    const holding = (name: string, cycles: string) =>
      canister(name, { reading: { kind: "full", status: status({ cycles }) } });
    const all = [
      holding("much", "20000000000000"),
      holding("little", "9000000000000"),
      holding("huge", "1".repeat(30)),
    ];
    const byCycles = { ...everything, column: "cycles" } as const;
    expect(arrange(all, byCycles, none)).toEqual(ids("little", "much", "huge"));
    expect(arrange(all, { ...byCycles, isDescending: true }, none)).toEqual(ids("huge", "much", "little"));
  });

  it("keeps what is not known at the end in either direction", () => {
    const all = [failed, foreign, canister("known")];
    for (const isDescending of [false, true]) {
      const order = arrange(all, { ...everything, column: "memory", isDescending }, none);
      expect(order[0], "only one has a memory to compare").toBe(canister("known").id);
    }
  });

  it("shows what stands still first when sorted by state", () => {
    const stopping = canister("b", { reading: { kind: "full", status: status({ runState: "stopping" }) } });
    const order = arrange([canister("a"), stopping, stopped("c")], { ...everything, column: "state" }, none);
    expect(order).toEqual(ids("c", "b", "a"));
  });
});

describe("holding still", () => {
  it("keeps places, lets the gone go, and puts the new last", () => {
    expect(steady(["a", "b", "c"], ["c", "new", "a"], new Set(["a", "c", "new"]))).toEqual(["a", "c", "new"]);
  });

  it("keeps what the filter would drop now, while it exists", () => {
    expect(steady(["a", "b"], ["b"], new Set(["a", "b"]))).toEqual(["a", "b"]);
  });
});
