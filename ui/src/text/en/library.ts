/** What is said of the copies on this computer. */
export const library = {
  title: "Library",
  lead: "Every copy of a snapshot on this computer.",
  empty: "No copies yet",
  emptyMeaning: "Download a snapshot, or import an archive, and it appears here.",
};
