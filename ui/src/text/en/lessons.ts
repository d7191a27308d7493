/** What is said of the practice network and its lessons. */
import type { LessonName, LessonStep } from "../../backend/wire";

const each: Record<LessonName, { title: string; goal: string; learned: string }> = {
  takeAndRestore: {
    title: "Take a snapshot and go back to it",
    goal: "A snapshot is a point you can return to. Take one, change something, and bring the old state back.",
    learned: "The counter stands where it stood. A safety snapshot was taken before, so even going back can be undone.",
  },
  surviveBadUpgrade: {
    title: "Survive a bad upgrade",
    goal: "This module fails while it is being installed. Try it with a net, and see that nothing is lost.",
    learned: "It runs with the module that it had before. An upgrade that fails takes nothing with it.",
  },
  moveState: {
    title: "Move a state into another canister",
    goal: "What one canister knows can be brought into another one. Take a snapshot, send it across, and compare.",
    learned: "The second canister holds what the first one held. What was in it before is in its safety snapshot.",
  },
  whenUnknown: {
    title: "When nobody knows what happened",
    goal: "The answer to the next change is lost on purpose. Take a snapshot, and watch how it is found out whether it happened.",
    learned: "It was looked up and never sent again: there is one snapshot, not two.",
  },
};

const steps: Record<LessonStep, { word: string; hint: string; verb?: string }> = {
  takeSnapshot: { word: "Take a snapshot", hint: "It is the point to go back to.", verb: "Take snapshot" },
  changeState: { word: "Change something", hint: "Call a method that counts up.", verb: "Open its calls" },
  restore: { word: "Restore the snapshot", hint: "On its timeline.", verb: "Open its timeline" },
  isRestored: { word: "The old state is back", hint: "Seen by asking the canister." },
  tryUpgrade: { word: "Try the upgrade", hint: "It will fail. That is the point.", verb: "Upgrade" },
  isUnharmed: { word: "Nothing was lost", hint: "It runs, with the module and the state that it had." },
  send: { word: "Send the snapshot across", hint: "From the timeline of the first.", verb: "Open its timeline" },
  hasArrived: { word: "The state has arrived", hint: "Seen by asking the second canister." },
  takeUnheard: {
    word: "Take a snapshot whose answer is lost",
    hint: "The network does it and says nothing.",
    verb: "Take snapshot",
  },
  isFound: { word: "It was found out", hint: "One snapshot is there, and not two." },
};

export const lessons = {
  title: "Lessons",
  lead: "Four short lessons on real canisters that cannot hurt anyone. Each step is checked by the facts, however you do it.",
  notHere: "The lessons are on the practice network",
  notHereMeaning: "Nothing of yours is touched there, and you can switch back at any time.",
  notOpened: "The practice network could not be opened",
  going: "It is being opened.",
  where: "on the practice network",
  failed: "The lessons could not be read",
  notBegun: "The lesson did not begin",
  reading: "Reading the lessons",
  begin: "Begin",
  beginning: "Its canisters are being made.",
  again: "Begin anew",
  done: "Done",
  ofSteps: (done: number, all: number) => `${done} of ${all}`,
  stepDone: "done",
  stepOpen: "to do",
  canister: "Canister",
  target: "Second canister",
  each,
  steps,
};

export const practice = {
  banner: "Practice network: nothing here is worth anything, so try whatever you like.",
  lessons: "Lessons",
  reset: "Reset to the demo fleet",
};

export const quit = {
  title: "Close while something is under way?",
  meaning: "It goes on at the next start. Until then a canister that was stopped for it stands still.",
  stay: "Stay open",
  close: "Close Canopic",
  failed: "It could not be closed",
};
