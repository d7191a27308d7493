/**
 * The door to the Rust side. Everything above it sees this interface, so the same front end runs in the app's window
 * (tauri.ts) and, for tests and development, in a browser (browser.ts).
 *
 * Whatever goes wrong arrives as a `Failed` that carries the contract's `Failure`; a door that cannot be reached makes one
 * itself.
 */
import type { Action, Certainty, Code, Failure, News, Pick, PickKind, Requests, Shown } from "./wire";

export type RequestName = keyof Requests;

/** What the board's own buttons do. */
export type ActKind = Extract<Action, "start" | "stop">;

/** What the shell wants to know about the picture: the frame stands, the canisters are on it. */
export type Milestone = "frame" | "board";

/** A place in the window, in the units of the page. */
export interface Point {
  x: number;
  y: number;
}

export interface Backend {
  /** Asks, and answers or throws a `Failed`. */
  request<Name extends RequestName>(
    name: Name,
    parameters: Requests[Name]["parameters"],
  ): Promise<Requests[Name]["reply"]>;
  /** Tells all news from now on, beginning with everything, to one listener: another one takes its place. Gives back what ends it. */
  follow(listener: (news: News) => void): () => void;
  /** Lets a person pick files or a folder in the system's own dialog; nothing if they thought better of it. */
  pick(kind: PickKind, title: string, suggestion?: string): Promise<Pick[]>;
  /** Tells what is dropped on the window from now on; gives back what ends it. */
  dropped(listener: (picks: Pick[]) => void): () => void;
  /** Tells where something is dragged over the window, and nothing once it has left or was dropped; gives back what ends it. */
  dragging(listener: (at: Point | undefined) => void): () => void;

  /** Shows what was phrased of a notice outside of the window, and tells in the end whether a person pressed it. */
  notify(notice: number, title: string, body: string): Promise<boolean>;
  /** Shows something in the system's file manager, where it lies. */
  reveal(shown: Shown): Promise<void>;
  /** Says how far the picture is. */
  painted(milestone: Milestone): void;
}

/** A request that failed. */
export class Failed extends Error {
  override name = "Failed";

  constructor(readonly failure: Failure) {
    super(failure.report);
  }
}

/** The failure in whatever was thrown; something unforeseen is a defect of ours. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failed) return thrown.failure;
  const report = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { code: "bug", certainty: "unknown", facts: {}, report };
}

/** Which requests change something outside: when their answer is lost, nobody knows whether it happened. */
const changes: ReadonlySet<RequestName> = new Set<RequestName>([
  "startCanister",
  "stopCanister",
  "run",
  "cancel",
  "goOn",
  "pause",
  "retry",
  "leave",
]);

/** A failure of the door itself. */
export function doorFailed(name: RequestName, code: Code, report: string, facts: Failure["facts"] = {}): Failed {
  const certainty: Certainty = changes.has(name) ? "unknown" : "nothingSent";
  return new Failed({ code, certainty, facts, report: `${name}: ${report}` });
}

/** Whether something from the other side is a failure of the contract. */
export function isFailure(value: unknown): value is Failure {
  return typeof value === "object" && value !== null && "code" in value && "certainty" in value && "report" in value;
}
