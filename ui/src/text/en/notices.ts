/** What is said outside of the window. */
import { count, duration } from "../format";

export const notices = {
  /** Of several that ended together, the gravest first. */
  several: (failed: number, needsYou: number, finished: number) =>
    [
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(needsYou > 0 ? [`${needsYou} ${needsYou === 1 ? "needs" : "need"} you`] : []),
      ...(finished > 0 ? [`${finished} ${finished === 1 ? "is" : "are"} done`] : []),
    ].join(", "),
  /** Beside several that are named. */
  more: (amount: number) => `and ${count(amount, "other")}`,
  took: (milliseconds: number) => `It took ${duration(milliseconds)}.`,
  needsYou: "It needs you: it can go neither on nor back by itself.",
};

/** The choice whether anything is said there. */
export const quiet = {
  title: "Notifications",
  choice: "Tell me what ends while I look elsewhere",
  meaning:
    "Your system's notifications say what failed, what needs you, and what is done after more than a few seconds. While this window has the focus they say nothing.",
  failed: "The choice was not saved",
};

/** Showing something where it lies. */
export const showing = {
  word: "Show in folder",
  failed: "It could not be shown",
  place: "path",
};
