import { expect, it } from "vitest";
import { pattern } from "./pattern";

it("is the same for the same id, every time", () => {
  expect(pattern("rrkah-fqaaa-aaaaa-aaaaq-cai")).toEqual(pattern("rrkah-fqaaa-aaaaa-aaaaq-cai"));
});

it("mirrors left and right", () => {
  const { cells } = pattern("lxzze-o7777-77777-aaaaa-cai");
  for (let row = 0; row < 5; row++) {
    const line = cells.slice(row * 5, row * 5 + 5);
    expect(line).toEqual(line.toReversed());
  }
});

it("tells ids apart that differ in one letter", () => {
  const letters = Array.from("abcdefghijklmnopqrstuvwxyz234567");
  const seen = new Set(letters.map((letter) => JSON.stringify(pattern(`${letter}xzze-o7777-77777-aaaaa-cai`))));
  expect(seen.size, "a clash among 32 neighbours would be bad luck of one in ten thousand").toBe(letters.length);
});
