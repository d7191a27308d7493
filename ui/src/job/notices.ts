import type { Job, Notice } from "../backend/wire";
import { endOf, failureOfJob } from "../state/acts.svelte";
import { explain, explainAct, text } from "../text/en";
import { phrase } from "./words";

/** As many lines as systems show of a notification. */
const lines = 3;

/** What is said of a notice outside of the window; nothing of jobs that the window does not know. */
export function phraseNotice(
  { failed, needsYou, finished }: Notice,
  jobs: Job[],
): { title: string; body: string } | undefined {
  const words = text.notices;
  const named = [...failed, ...needsYou, ...finished].flatMap(
    (number) => jobs.find((job) => job.number === number) ?? [],
  );
  const [first] = named;
  if (!first) return undefined;
  if (named.length === 1) return { title: phrase(first), body: whatOf(first) };
  const rest = named.length - lines;
  return {
    title: words.several(failed.length, needsYou.length, finished.length),
    body: [...named.slice(0, lines).map(phrase), ...(rest > 0 ? [words.more(rest)] : [])].join("\n"),
  };
}

/** What there is to know of a job beside its phrase. */
function whatOf(job: Job): string {
  const failure = failureOfJob(job);
  if (failure) {
    const { title, safe } = explainAct(failure);
    return job.state.kind === "stuck" ? `${title}. ${text.notices.needsYou}` : `${title}. ${safe}`;
  }
  if (job.hindrance) {
    const { title, next } = explain(job.hindrance);
    return `${title}. ${next}`;
  }
  const end = endOf(job);
  return end === undefined ? "" : text.notices.took(end - job.beganAt);
}
