/**
 * Values of Candid types as a form holds them: what stands in an empty field, what is wrong with what stands there, and what a
 * type is called. The form of values is the contract's (`Value`); whether they are right is for the engine to say, which sees all
 * of them. What is said here is said early, at the field.
 */
import type { Interface, NumberKind, Shape, Value } from "../backend/wire";

export type Types = Interface["types"];
export type Fields = Record<string, Value>;

/** A type by its structure: names are followed. */
export function resolve(shape: Shape, types: Types): Shape {
  let found = shape;
  // A name may stand for a name; more steps than there are names is a circle.
  for (let step = 0; found.kind === "named" && step <= Object.keys(types).length; step += 1) {
    found = types[found.name] ?? { kind: "empty" };
  }
  return found;
}

/** What stands in a field before anybody typed; nothing for a type that has no finite value. */
export function blank(shape: Shape, types: Types, above: readonly string[] = []): Value | undefined {
  switch (shape.kind) {
    case "null":
    case "reserved":
    case "opt":
      return null;
    case "bool":
      return false;
    case "number":
    case "text":
    case "blob":
    case "principal":
    case "service":
      return "";
    case "vec":
      return [];
    case "func":
      return { canister: "", method: "" };
    case "empty":
      return undefined;
    case "named": {
      if (above.includes(shape.name)) return undefined;
      const meant = types[shape.name];
      return meant && blank(meant, types, [...above, shape.name]);
    }
    case "record": {
      const fields: Fields = {};
      for (const { key, shape: inner } of shape.fields) {
        const value = blank(inner, types, above);
        if (value === undefined) return undefined;
        fields[key] = value;
      }
      return fields;
    }
    case "variant":
      for (const { key, shape: inner } of shape.fields) {
        const value = blank(inner, types, above);
        if (value !== undefined) return { tag: key, value };
      }
      return undefined;
  }
}

/** What a field wants that it does not have. */
export type Trouble =
  | { kind: "number" | "digits" | "sign" | "float" | "hex" | "principal" | "method" | "choice" | "none" }
  | { kind: "range"; least: string; most: string };

const bits: Partial<Record<NumberKind, number>> = {
  nat8: 8,
  nat16: 16,
  nat32: 32,
  nat64: 64,
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
};

function numberTrouble(typed: string, number: NumberKind): Trouble | undefined {
  if (typed === "") return { kind: "number" };
  if (number === "float32" || number === "float64") {
    const isFloat = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed) || /^(-?inf|NaN(:[0-9a-f]+)?)$/.test(typed);
    return isFloat ? undefined : { kind: "float" };
  }
  if (!/^[+-]?\d+$/.test(typed)) return { kind: "digits" };
  const isSigned = number.startsWith("int");
  if (!isSigned && typed.startsWith("-")) return { kind: "sign" };
  const width = bits[number];
  if (width === undefined) return undefined;
  const value = BigInt(typed.replace("+", ""));
  const least = isSigned ? -(2n ** BigInt(width - 1)) : 0n;
  const most = 2n ** BigInt(isSigned ? width - 1 : width) - 1n;
  return value < least || value > most ? { kind: "range", least: String(least), most: String(most) } : undefined;
}

const isPrincipal = (typed: unknown) =>
  typeof typed === "string" && /^([a-z0-9]{5}-)*[a-z0-9]{1,5}$/.test(typed) && typed.length <= 63;

const isHex = (typed: string) => typed.length % 2 === 0 && /^[0-9a-f]*$/i.test(typed);

/** Numbers as people type them: with the marks between thousands that they may have copied along. */
export const bare = (typed: string) => typed.trim().replaceAll(/[_,\s](?=\d{3})/g, "");

/** What is wrong with the value itself; what is wrong in its parts is theirs. */
export function troubleOf(shape: Shape, value: Value): Trouble | undefined {
  switch (shape.kind) {
    case "number":
      return numberTrouble(typeof value === "string" ? value : "", shape.number);
    case "blob":
      return typeof value === "string" && isHex(value) ? undefined : { kind: "hex" };
    case "principal":
    case "service":
      return isPrincipal(value) ? undefined : { kind: "principal" };
    case "func": {
      const { canister, method } = value as Fields;
      if (!isPrincipal(canister)) return { kind: "principal" };
      return method === "" ? { kind: "method" } : undefined;
    }
    case "variant":
      return value === null ? { kind: "choice" } : undefined;
    case "empty":
      return { kind: "none" };
    case "bool":
    case "named":
    case "null":
    case "opt":
    case "record":
    case "reserved":
    case "text":
    case "vec":
      return undefined;
  }
}

/** Whether something is wrong anywhere in a value. */
export function isTroubled(shape: Shape, value: Value, types: Types): boolean {
  const meant = resolve(shape, types);
  if (troubleOf(meant, value)) return true;
  switch (meant.kind) {
    case "opt":
      return value !== null && isTroubled(meant.inner, (value as Fields)["some"] ?? null, types);
    case "vec":
      return (value as Value[]).some((element) => isTroubled(meant.inner, element, types));
    case "record":
      return meant.fields.some(({ key, shape }) => isTroubled(shape, (value as Fields)[key] ?? null, types));
    case "variant": {
      const { tag, value: inner = null } = value as Fields;
      const field = meant.fields.find(({ key }) => key === tag);
      return !field || isTroubled(field.shape, inner, types);
    }
    case "blob":
    case "bool":
    case "empty":
    case "func":
    case "named":
    case "null":
    case "number":
    case "principal":
    case "reserved":
    case "service":
    case "text":
      return false;
  }
}

/** What a type is called, in a few words: its name where it has one, its structure in outline where not. */
export function typeName(shape: Shape): string {
  if (shape.kind === "number") return shape.number;
  if (shape.kind === "named") return shape.name;
  if (shape.kind === "opt" || shape.kind === "vec") return `${shape.kind} ${typeName(shape.inner)}`;
  return shape.kind;
}

/** Whether a value is shown on one line: it has no parts. */
export function isPlain(shape: Shape): boolean {
  return !["record", "variant", "vec", "opt", "func", "named"].includes(shape.kind);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The bytes of a text, as a blob holds them. */
export function toHex(typed: string): string {
  return [...encoder.encode(typed)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The text in a blob, if all of it is text that can be read. */
export function toText(hex: string): string | undefined {
  if (!isHex(hex)) return undefined;
  try {
    const text = decoder.decode(Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
    // eslint-disable-next-line no-control-regex -- These are what makes bytes no text.
    return /[\u0000-\u0008\u000e-\u001f\u007f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
