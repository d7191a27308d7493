import { describe, expect, it } from "vitest";
import { act } from "../test.backend";
import { marked, Paces, paceOf } from "./pace";

describe("a pace", () => {
  const marks = [
    { at: 0, done: 0 },
    { at: 2_000, done: 4_000 },
  ];

  it("is what was done in the time that passed, and tells how long the rest takes", () => {
    expect(paceOf(marks, 10_000, 2_000)).toEqual({ bytesPerSecond: 2_000, left: 3_000 });
  });

  it("falls while nothing is reported", () => {
    expect(paceOf(marks, 10_000, 4_000)).toEqual({ bytesPerSecond: 1_000, left: 6_000 });
  });

  it("is not told too early, nor the rest where the whole is not known", () => {
    expect(paceOf(marks.slice(0, 1), 10_000, 9_000)).toBeUndefined();
    expect(paceOf(marks, 10_000, 1_000)).toBeUndefined();
    expect(paceOf(marks, null, 2_000)?.left).toBeUndefined();
  });

  it("forgets what is long ago, and what another step did", () => {
    expect(marked(marks, { at: 21_000, done: 5_000 }).map(({ at }) => at)).toEqual([2_000, 21_000]);
    expect(marked(marks, { at: 3_000, done: 10 })).toEqual([{ at: 3_000, done: 10 }]);
  });

  it("is kept for each job, by its step", () => {
    const paces = new Paces();
    const job = (done: number) => act(1, { report: { done, total: 8_000 } });
    paces.hear(job(0), 0);
    paces.hear(job(4_000), 2_000);
    expect(paces.of(job(4_000), 2_000)?.left).toBe(2_000);
    paces.hear({ ...job(4_000), report: null }, 3_000);
    expect(paces.of(job(4_000), 4_000)).toBeUndefined();
  });
});
