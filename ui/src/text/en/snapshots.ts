/** What is said of snapshots and of the dialogs about them. */
export const takeSnapshot = {
  title: (name: string) => `Take a snapshot of ${name}`,
  verb: (name: string) => `Take a snapshot of ${name}`,
  name: "Name",
  nameMeaning: "What you will look for later: “before the price change”. May stay empty.",
  note: "Note",
  stops: "Stop it meanwhile",
  stopsMeaning:
    "It takes no calls for some seconds, and no answer is missing in the snapshot. It is started again by itself.",
};
