/** A backend for tests: answers what the test says, when the test says it. */
import { type Backend, Failed, type RequestName } from "./backend/backend";
import type { Canister, Failure, Job, News, Pick, Plan, Requests, Session, Shown, Status } from "./backend/wire";

type Answer = (parameters: never) => unknown;

export class TestBackend implements Backend {
  readonly asked: { name: RequestName; parameters: unknown }[] = [];
  readonly painting: string[] = [];
  #answers = new Map<RequestName, Answer>();
  #listeners = new Set<(news: News) => void>();

  constructor() {
    this.answer("session", () => session());
    this.answer("canisters", () => ({ trouble: null, canisters: [] }));
    this.answer("networks", () => []);
    this.answer("projects", () => []);
    this.answer("labels", () => []);
    this.answer("identities", () => ({
      inUse: "practice",
      builtIn: [],
      stored: [],
      vault: { path: "/home/ada/config/vault", exists: false, isOpen: false },
      lockAfterMinutes: 15,
      notYet: [],
    }));
  }

  /** What a request answers from now on; throw a `Failed` to fail. */
  answer<Name extends RequestName>(
    name: Name,
    answer: (parameters: Requests[Name]["parameters"]) => Requests[Name]["reply"] | Promise<Requests[Name]["reply"]>,
  ): void {
    this.#answers.set(name, answer);
  }

  async request<Name extends RequestName>(
    name: Name,
    parameters: Requests[Name]["parameters"],
  ): Promise<Requests[Name]["reply"]> {
    this.asked.push({ name, parameters });
    const answer = this.#answers.get(name);
    if (!answer) throw new Error(`the test did not expect ${name}`);
    return (await answer(parameters as never)) as Requests[Name]["reply"];
  }

  follow(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(news: News): void {
    this.#listeners.forEach((listener) => listener(news));
  }

  /** What the next dialogs answer; without any they are cancelled. */
  readonly picking: Pick[][] = [];
  #drops = new Set<(picks: Pick[]) => void>();

  pick(): Promise<Pick[]> {
    return Promise.resolve(this.picking.shift() ?? []);
  }

  dropped(listener: (picks: Pick[]) => void): () => void {
    this.#drops.add(listener);
    return () => this.#drops.delete(listener);
  }

  drop(picks: Pick[]): void {
    this.#drops.forEach((listener) => listener(picks));
  }

  dragging(): () => void {
    return () => undefined;
  }

  readonly notified: { notice: number; title: string; body: string }[] = [];
  /** Whether a person presses what is shown outside of the window. */
  isPressed = false;

  notify(notice: number, title: string, body: string): Promise<boolean> {
    this.notified.push({ notice, title, body });
    return Promise.resolve(this.isPressed);
  }

  readonly revealed: Shown[] = [];

  reveal(shown: Shown): Promise<void> {
    this.revealed.push(shown);
    return Promise.resolve();
  }

  painted(milestone: string): void {
    this.painting.push(milestone);
  }
}

export function failure(changes: Partial<Failure> = {}): Failure {
  return { code: "noNetwork", certainty: "nothingSent", facts: {}, report: "the report", ...changes };
}

export const failing = (changes?: Partial<Failure>) => (): never => {
  throw new Failed(failure(changes));
};

export function session(changes: Partial<Session> = {}): Session {
  return {
    version: "0.1.0",
    network: {
      id: "practice",
      kind: "practice",
      name: "",
      trust: "builtIn",
      address: "http://127.0.0.1:4943/",
      rootKey: "30818230",
      fingerprint: "733394faed011060",
    },
    identity: {
      id: "practice",
      name: "practice",
      principal: "4axum-7r33z-yrnqn-zyxp5-eae",
      accountId: "0".repeat(64),
      state: "none",
    },
    access: { kind: "open" },
    appearance: "system",
    isQuiet: false,
    folders: { data: "/home/ada/data", config: "/home/ada/config", logs: "/home/ada/logs" },
    ...changes,
  };
}

export function status(changes: Partial<Status> = {}): Status {
  return {
    runState: "running",
    isCertified: false,
    provenAt: null,
    moduleHash: "a3f01c5566778899aabbccddeeff00112233445566778899aabbccddeeff9e07",
    settings: {
      controllers: ["4axum-7r33z-yrnqn-zyxp5-eae"],
      computeAllocation: "0",
      memoryAllocation: "0",
      freezingThresholdSeconds: "2592000",
      reservedCyclesLimit: "5000000000000",
      minimumIncomingCallCycles: "0",
      logVisibility: { kind: "controllers" },
      snapshotVisibility: { kind: "controllers" },
      statusVisibility: { kind: "controllers" },
      logMemoryLimit: "4096",
      wasmMemoryLimit: "3221225472",
      wasmMemoryThreshold: "0",
      environmentVariables: [],
    },
    cycles: "3204118000000",
    reserve: "1020000000000",
    reservedCycles: "0",
    idleBurnPerDay: "34000000000",
    runwayDays: 94,
    daysUntilEmpty: 124,
    memoryBytes: 432_013_312,
    snapshotBytes: 0,
    memory: {
      heap: 400_000_000,
      stable: 32_000_000,
      globals: 0,
      module: 13_312,
      customSections: 0,
      history: 0,
      chunkStore: 0,
      snapshots: 0,
      log: 0,
    },
    queries: null,
    isReadyForMigration: null,
    version: 7,
    ...changes,
  };
}

export function canister(name: string, changes: Partial<Canister> = {}): Canister {
  return {
    id: `${name}-aaaaa-aaaaa-cai`,
    name,
    group: "shop",
    readAt: 1_000,
    reading: { kind: "full", status: status() },
    denied: { start: "alreadyRunning" },
    warnings: [],
    snapshots: null,
    newestCopyAt: null,
    moduleChangedAt: null,
    ...changes,
  };
}

export function stopped(name: string, changes: Partial<Canister> = {}): Canister {
  return canister(name, {
    reading: { kind: "full", status: status({ runState: "stopped", isCertified: true }) },
    denied: { stop: "alreadyStopped" },
    ...changes,
  });
}

export function act(number: number, changes: Partial<Job> = {}): Job {
  return {
    number,
    kind: "stop",
    canister: "stock-aaaaa-aaaaa-cai",
    name: "stock",
    made: null,
    targets: [{ id: "stock-aaaaa-aaaaa-cai", name: "stock" }],
    snapshots: [],
    beganAt: 1_000,
    state: { kind: "running" },
    steps: [{ name: "stop", target: null, progress: "running", beganAt: 1_000, endedAt: null, provenAt: null }],
    isCancelled: false,
    mayPause: false,
    isHeld: false,
    hindrance: null,
    report: null,
    proof: { canisters: [], asked: [], trial: null },
    ...changes,
  };
}

export function plan(changes: Partial<Plan> = {}): Plan {
  return {
    targets: [{ id: "stock-aaaaa-aaaaa-cai", name: "stock" }],
    steps: [{ name: "stop", target: null }],
    checks: [],
    isBlocked: false,
    cost: "0",
    downtime: "open",
    undo: "start",
    twin: [],
    fingerprint: "a fingerprint",
    ...changes,
  };
}

/** A promise that the test settles. (Promise.withResolvers is younger than Node 20.) */
export function pending<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
