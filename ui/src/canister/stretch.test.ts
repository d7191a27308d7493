import { describe, expect, it } from "vitest";
import { DRAWN_WHOLE, ROW, stretches } from "./stretch";

const numbers = (amount: number) => Array.from({ length: amount }, (_, index) => index);
const drawn = (cut: ReturnType<typeof stretches<number>>) =>
  cut.flat().flatMap(({ isDrawn, rows }) => (isDrawn ? rows : []));
const nothing = () => false;

describe("the stretches of a long table", () => {
  it("hold every row once and in order", () => {
    const cut = stretches([numbers(45), numbers(3)], { from: 0, to: 800 }, nothing);
    expect(cut.map((group) => group.flatMap(({ rows }) => rows))).toEqual([numbers(45), numbers(3)]);
    expect(cut[0]?.map(({ from }) => from)).toEqual([0, 20, 40]);
  });

  it("are all drawn while the table is short", () => {
    expect(drawn(stretches([numbers(DRAWN_WHOLE)], { from: 0, to: 100 }, nothing))).toHaveLength(DRAWN_WHOLE);
  });

  it("are drawn where they are seen and a window's height around", () => {
    const some = drawn(stretches([numbers(1_000)], { from: 500 * ROW, to: 500 * ROW + 800 }, nothing));
    expect(some).toContain(500);
    expect(some).toContain(485);
    expect(some).toContain(530);
    expect(some.length).toBeLessThan(120);
  });

  it("are drawn where a row must stay, wherever it is", () => {
    const some = drawn(stretches([numbers(1_000)], { from: 0, to: 800 }, (row) => row === 777));
    expect(some).toContain(777);
    expect(some).not.toContain(500);
  });
});
