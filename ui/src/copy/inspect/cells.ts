/** A memory map as a picture: which cells stand where, and what is said of one. */
import type { MemoryMap } from "../../backend/wire";

/** Cells next to each other; fits the narrowest window with cells that can still be pointed at. */
export const ACROSS = 64;
/** As many cells as are asked for: 64 by 16. A picture of any memory that is seen at once. */
export const CELLS = ACROSS * 16;

export type Shade = "used" | "part" | "zero";

export interface Cell {
  place: number;
  x: number;
  y: number;
  shade: Shade;
  /** The pages that it stands for, from and including, to and including. */
  from: number;
  to: number;
  used: number;
}

export function cellsOf({ pages, pagesPerCell, cells }: MemoryMap): Cell[] {
  return cells.map((used, place) => {
    const from = place * pagesPerCell;
    const to = Math.min(from + pagesPerCell, pages) - 1;
    const all = to - from + 1;
    return {
      place,
      x: place % ACROSS,
      y: Math.floor(place / ACROSS),
      shade: used === 0 ? "zero" : used < all ? "part" : "used",
      from,
      to,
      used,
    };
  });
}

/** One path for all cells of a shade: a thousand squares are three elements. */
export function pathOf(cells: Cell[], shade: Shade): string {
  return cells
    .filter((cell) => cell.shade === shade)
    .map(({ x, y }) => `M${x + 0.07} ${y + 0.07}h.86v.86h-.86z`)
    .join("");
}
