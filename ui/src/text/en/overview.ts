/** What is said of what a canister holds over time, and of what its module tells about itself. */
export const runway = {
  held: "Cycles held",
  ahead: "If it goes on doing nothing",
  reserve: "Freezing line",
  since: (date: string, then: string, now: string) => `Since ${date} it went from ${then} to ${now}.`,
  onlyNow: "What it holds is written down from today on.",
  endless: "It burns nothing while it is idle.",
  frozen: "It is frozen.",
  freezes: (runway: string, date: string) => `Doing nothing, it freezes in ${runway}, on ${date}.`,
  freezesFar: (runway: string) => `Doing nothing, it freezes in ${runway}.`,
  notRead: "What it held before could not be read:",
};

export const metadata = {
  title: "What its module tells",
  reading: "Reading what its module tells",
  nothing: "Its module tells nothing that this identity may read.",
  noText: "no text",
};
