/** Bytes as lines that people read: where, the bytes, what they are as text. */

/** Bytes of a line; what every hex viewer shows. */
export const LINE = 16;
/** Bytes of a screenful. */
export const PAGE = LINE * 32;

export interface HexLine {
  offset: number;
  bytes: string[];
  text: string;
}

export function linesOf(hexadecimal: string, from: number): HexLine[] {
  const bytes = hexadecimal.match(/../g) ?? [];
  const lines: HexLine[] = [];
  for (let at = 0; at < bytes.length; at += LINE) {
    const line = bytes.slice(at, at + LINE);
    lines.push({ offset: from + at, bytes: line, text: line.map(letter).join("") });
  }
  return lines;
}

/** What is no printable ASCII is a dot: one letter per byte, so that the columns stand. */
function letter(byte: string): string {
  const code = Number.parseInt(byte, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·";
}

/** Where something lies, as people type it: decimal, or hexadecimal after 0x. */
export function offsetOf(typed: string): number | undefined {
  const text = typed.trim().replaceAll(/[_,\s]/g, "");
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) return undefined;
  const offset = Number(text);
  return Number.isSafeInteger(offset) ? offset : undefined;
}

export function offsetShown(offset: number): string {
  return `0x${offset.toString(16).padStart(8, "0")}`;
}
