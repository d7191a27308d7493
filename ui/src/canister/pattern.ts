/**
 * A picture for an id, the same every time: people recognise a shape before they read an id. It is a sign to look at, not a
 * proof; the id stands beside it.
 */

export interface Pattern {
  /** Degrees on the colour circle. */
  hue: number;
  /** Which cells of a five by five grid are filled, row by row; left and right mirror each other. */
  cells: boolean[];
}

/** FNV-1a: short, and spreads even ids that differ in one letter. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const letter of text) {
    value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193);
  }
  // Short texts barely reach the upper bits; this mixes them down (the finaliser of MurmurHash3).
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

export function pattern(id: string): Pattern {
  const bits = hash(id);
  const cells = Array.from({ length: 25 }, (_, cell) => {
    const column = cell % 5;
    const mirrored = Math.min(column, 4 - column);
    return ((bits >>> (Math.floor(cell / 5) * 3 + mirrored)) & 1) === 1;
  });
  // Fifteen bits draw, the others choose among hues that can be told apart.
  return { hue: ((bits >>> 16) % 18) * 20, cells };
}
