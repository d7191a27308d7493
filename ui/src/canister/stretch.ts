/**
 * Which rows of a long table are drawn.
 *
 * A thousand rows cost seconds to draw and nobody sees more than twenty at once. So rows come in stretches, and a stretch far
 * from what is seen is one empty row of the same height. The heights are only used to decide what is near: a row that is
 * higher than they say is drawn a moment early or late, never wrongly.
 */

/** Rows in a stretch: few enough to draw within a frame, many enough that scrolling by a wheel's click rarely needs a new one. */
const LENGTH = 20;

/** Up to here everything is drawn: quick enough, and everything can be found and read aloud without scrolling. */
export const DRAWN_WHOLE = 80;

/** The height of a row and of a group's heading, in CSS pixels. */
export const ROW = 56;
export const HEADING = 48;

export interface Stretch<Row> {
  /** The place of its first row in its group. */
  from: number;
  rows: Row[];
  isDrawn: boolean;
}

export interface Seen {
  /** From where to where of the table the window shows, in CSS pixels from its first group. */
  from: number;
  to: number;
}

/**
 * Cuts groups into stretches and says which to draw: those within a window's height of what is seen, and those that hold a
 * row that must not go away.
 */
export function stretches<Row>(groups: Row[][], seen: Seen, mustStay: (row: Row) => boolean): Stretch<Row>[][] {
  const isShort = groups.reduce((sum, rows) => sum + rows.length, 0) <= DRAWN_WHOLE;
  const margin = Math.max(seen.to - seen.from, ROW * LENGTH);
  let top = 0;
  return groups.map((rows) => {
    top += HEADING;
    const cut: Stretch<Row>[] = [];
    for (let from = 0; from < rows.length; from += LENGTH) {
      const some = rows.slice(from, from + LENGTH);
      const bottom = top + some.length * ROW;
      const isNear = bottom >= seen.from - margin && top <= seen.to + margin;
      cut.push({ from, rows: some, isDrawn: isShort || isNear || some.some(mustStay) });
      top = bottom;
    }
    return cut;
  });
}
