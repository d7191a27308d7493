import { describe, expect, it } from "vitest";
import type { NumberKind, Shape } from "../backend/wire";
import { bare, blank, isTroubled, resolve, toHex, toText, troubleOf, type Types, typeName } from "./shapes";

const number = (number: NumberKind): Shape => ({ kind: "number", number });
const named = (name: string): Shape => ({ kind: "named", name });
const field = (key: string, shape: Shape) => ({ key, name: key, shape });

const types: Types = {
  // A list: finite because its tail may be absent.
  List: {
    kind: "opt",
    inner: { kind: "record", fields: [field("head", number("nat")), field("tail", named("List"))] },
  },
  // A tree: finite because of its second choice.
  Tree: {
    kind: "variant",
    fields: [
      field("fork", { kind: "record", fields: [field("left", named("Tree")), field("right", named("Tree"))] }),
      field("leaf", { kind: "text" }),
    ],
  },
  Endless: { kind: "record", fields: [field("again", named("Endless"))] },
  Alias: named("Tree"),
};

describe("an empty field", () => {
  it.each([
    [number("nat"), ""],
    [{ kind: "bool" }, false],
    [{ kind: "opt", inner: number("nat") }, null],
    [{ kind: "vec", inner: number("nat") }, []],
    [{ kind: "record", fields: [field("a", { kind: "text" })] }, { a: "" }],
    [
      { kind: "func", signature: { kind: "query", arguments: [], results: [] } },
      { canister: "", method: "" },
    ],
    [named("List"), null],
    [named("Tree"), { tag: "leaf", value: "" }],
    [named("Alias"), { tag: "leaf", value: "" }],
  ] as [Shape, unknown][])("of %j holds %j", (shape, expected) => expect(blank(shape, types)).toEqual(expected));

  it("has nothing where no finite value is", () => expect(blank(named("Endless"), types)).toBeUndefined());

  it("follows names to what they mean", () => expect(resolve(named("Alias"), types).kind).toBe("variant"));
});

describe("trouble at a field", () => {
  it.each([
    ["nat8", "255", undefined],
    ["nat8", "256", "range"],
    ["nat8", "-1", "sign"],
    ["int8", "-128", undefined],
    ["int8", "-129", "range"],
    ["nat64", "18446744073709551615", undefined],
    ["nat64", "18446744073709551616", "range"],
    ["nat", "340282366920938463463374607431768211456", undefined],
    ["int", "-5", undefined],
    ["nat", "1.5", "digits"],
    ["nat", "", "number"],
    ["float64", "1.5e3", undefined],
    ["float64", "-inf", undefined],
    ["float64", "one", "float"],
  ] as [NumberKind, string, string | undefined][])("%s %j: %s", (kind, typed, expected) =>
    expect(troubleOf(number(kind), typed)?.kind).toBe(expected),
  );

  it.each([
    [{ kind: "blob" }, "0aff", false],
    [{ kind: "blob" }, "0af", true],
    [{ kind: "principal" }, "aaaaa-aa", false],
    [{ kind: "principal" }, "2vxsx-fae", false],
    [{ kind: "principal" }, "somebody", true],
    [{ kind: "vec", inner: number("nat8") }, ["1", "300"], true],
    [{ kind: "opt", inner: number("nat8") }, null, false],
    [{ kind: "opt", inner: number("nat8") }, { some: "" }, true],
    [named("Tree"), { tag: "leaf", value: "a" }, false],
    [named("Tree"), { tag: "twig", value: "a" }, true],
    [named("List"), { some: { head: "1", tail: { some: { head: "x", tail: null } } } }, true],
  ] as [Shape, never, boolean][])("in %j, %j: %s", (shape, value, expected) =>
    expect(isTroubled(shape, value, types)).toBe(expected),
  );
});

describe("words and bytes", () => {
  it("names types in outline", () => {
    expect(typeName({ kind: "vec", inner: { kind: "opt", inner: named("Tree") } })).toBe("vec opt Tree");
  });

  it("takes numbers as they are copied", () => expect(bare(" 1,204_000 ")).toBe("1204000"));

  it("turns text into bytes and back", () => {
    expect(toHex("é!")).toBe("c3a921");
    expect(toText("c3a921")).toBe("é!");
    expect(toText("ff")).toBeUndefined();
    expect(toText("00")).toBeUndefined();
  });
});
