import { describe, expect, it, test } from "vitest";
import {
  ago,
  bytes,
  count,
  cycles,
  date,
  duration,
  exactBytes,
  exactCycles,
  exactMoment,
  listed,
  runway,
  shortHash,
  shortId,
  timeLeft,
} from "./format";

describe("names", () => {
  test.each([
    [["a"], "a"],
    [["a", "b"], "a and b"],
    [["a", "b", "c"], "a, b and c"],
    [["a", "b", "c", "d", "e"], "a, b and 3 more"],
  ])("%j is %s", (names, said) => expect(listed(names)).toBe(said));
});

describe("what is left", () => {
  it("is told as finely as it can be known", () => {
    expect(timeLeft(1_200)).toBe("a few seconds left");
    expect(timeLeft(12_000)).toBe("about 15 s left");
    expect(timeLeft(59_999)).toBe("about 1 min left");
    expect(timeLeft(61_000)).toBe("about 2 min left");
    expect(timeLeft(3 * 3_600_000)).toBe("about 3 h left");
    expect(timeLeft(3 * 86_400_000)).toBe("about 3 days left");
  });
});

describe("cycles", () => {
  test.each([
    ["0", "0 cycles"],
    ["1", "1 cycle"],
    ["999999", "999,999 cycles"],
    ["1000000", "1 M cycles"],
    ["1999999", "1.9 M cycles"],
    ["812345678901", "812 B cycles"],
    ["3204118000000", "3.2 T cycles"],
    ["9990000000000", "9.9 T cycles"],
    ["10000000000000", "10 T cycles"],
    ["99999999999999", "99 T cycles"],
    ["1204000000000000", "1,204 T cycles"],
  ])("shows %s as %s", (decimal, shown) => expect(cycles(decimal)).toBe(shown));

  it("never shows more than there is", () => expect(cycles("1999999999999")).toBe("1.9 T cycles"));

  it("holds amounts that outgrow a double", () => {
    expect(exactCycles("340282366920938463463374607431768211455")).toBe(
      "340,282,366,920,938,463,463,374,607,431,768,211,455 cycles",
    );
  });
});

describe("bytes", () => {
  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [1023, "1,023 bytes"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [1024 ** 2 - 1, "1,023 KiB"],
    [432_013_312, "412 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
    [500 * 1024 ** 3, "500 GiB"],
    [5 * 1024 ** 4, "5 TiB"],
    [3000 * 1024 ** 4, "3,000 TiB"],
  ])("shows %d as %s", (amount, shown) => expect(bytes(amount)).toBe(shown));

  it("is exact when asked", () => expect(exactBytes(431_995_904)).toBe("431,995,904 bytes"));
});

describe("runway", () => {
  test.each([
    [-3, "none left"],
    [0, "none left"],
    [0.01, "less than an hour"],
    [0.05, "about 1 hour"],
    [1.5, "about 36 hours"],
    [2, "about 2 days"],
    [94.7, "about 94 days"],
    [729, "about 729 days"],
    [730, "about 2 years"],
    [36_499, "about 99 years"],
    [1e12, "over 100 years"],
  ])("shows %d days as %s", (days, shown) => expect(runway(days)).toBe(shown));
});

describe("ago", () => {
  const now = Date.UTC(2025, 10, 21, 12);
  test.each([
    [-2_000, "just now"],
    [0, "just now"],
    [4_999, "just now"],
    [5_000, "5 s ago"],
    [59_999, "59 s ago"],
    [60_000, "1 min ago"],
    [3_599_999, "59 min ago"],
    [3_600_000, "1 h ago"],
    [86_399_999, "23 h ago"],
    [86_400_000, "1 day ago"],
    [3 * 86_400_000, "3 days ago"],
  ])("shows %d ms as %s", (passed, shown) => expect(ago(now - passed, now)).toBe(shown));

  it("names the date after a month", () => expect(ago(now - 60 * 86_400_000, now)).toBe(date(now - 60 * 86_400_000)));
});

describe("duration", () => {
  test.each([
    [0, "under 0.1 s"],
    [99, "under 0.1 s"],
    [850, "0.8 s"],
    [9_999, "9.9 s"],
    [12_000, "12 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [192_000, "3 min 12 s"],
    [3_600_000, "1 h"],
    [11_520_000, "3 h 12 min"],
  ])("shows %d ms as %s", (milliseconds, shown) => expect(duration(milliseconds)).toBe(shown));
});

describe("moments", () => {
  it("are exact to the second, with a zone", () => {
    const moment = exactMoment(Date.UTC(2025, 10, 21, 12, 5, 9));
    expect(moment).toContain("2025");
    expect(moment).toMatch(/:05:09/);
    expect(moment).toMatch(/UTC|GMT|[A-Z]{3,}/);
  });
});

describe("shortening", () => {
  test.each([
    ["rrkah-fqaaa-aaaaa-aaaaq-cai", "rrkah-fqaaa…cai"],
    ["2vxsx-fae", "2vxsx-fae"],
    ["aaaaa-aa", "aaaaa-aa"],
    ["", ""],
    ["5u3yr-2jcnd-qwzpt-dj3hq-jbsme-5dhez-6xqvd-pmqpk-ynlqw-4jx7b-zqe", "5u3yr-2jcnd…zqe"],
  ])("cuts the id %s to %s", (id, shown) => expect(shortId(id)).toBe(shown));

  test.each([
    ["a3f01c5566778899aabbccddeeff00112233445566778899aabbccddeeff9e07", "a3f01c…9e07"],
    ["a3f01c559e07", "a3f01c559e07"],
    ["", ""],
  ])("cuts the hash %s to %s", (hash, shown) => expect(shortHash(hash)).toBe(shown));
});

describe("counting", () => {
  test.each([
    [0, "0 days"],
    [1, "1 day"],
    [1200, "1,200 days"],
  ])("%d", (amount, shown) => expect(count(amount, "day")).toBe(shown));
});
