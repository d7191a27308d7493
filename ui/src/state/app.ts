/** All state of the window, handed down from App.svelte. */
import { createContext } from "svelte";
import { type Backend, failureOf } from "../backend/backend";
import type {
  Failure,
  IdentityListing,
  Label,
  LeftStopped,
  NetworkListing,
  Project,
  Scope,
  Session as Opened,
  Shown,
} from "../backend/wire";
import { Acts } from "./acts.svelte";
import { Asking } from "./asking.svelte";
import { Canisters } from "./canisters.svelte";
import { Copies } from "./copies.svelte";
import { Keyboard } from "./keyboard.svelte";
import { Kept } from "./kept.svelte";
import { Session } from "./session.svelte";
import { Timelines } from "./timelines.svelte";
import { Toasts } from "./toasts.svelte";

export class AppState {
  readonly session: Session;
  readonly canisters: Canisters;
  readonly acts: Acts;
  readonly copies: Copies;
  readonly asking = new Asking();
  readonly keyboard = new Keyboard();
  readonly toasts = new Toasts();
  readonly timelines: Timelines;
  readonly networks: Kept<NetworkListing[]>;
  readonly identities: Kept<IdentityListing>;
  readonly projects: Kept<Project[]>;
  /** What was stopped and not started again. */
  readonly left: Kept<LeftStopped[]>;
  /** What the person has said about canisters of the network in use. */
  readonly labels: Kept<Label[]>;

  constructor(readonly backend: Backend) {
    this.session = new Session(backend);
    this.canisters = new Canisters(backend);
    this.acts = new Acts(backend);
    this.timelines = new Timelines(backend);
    this.copies = new Copies(backend);
    this.networks = new Kept(() => backend.request("networks", {}));
    this.identities = new Kept(() => backend.request("identities", {}));
    this.projects = new Kept(() => backend.request("projects", {}));
    this.left = new Kept(() => backend.request("leftStopped", {}));
    this.labels = new Kept(() => backend.request("labels", {}));
  }

  /** Works on another network from now on. Answers with why it could not, and stays where it was then. */
  async chooseNetwork(network: string): Promise<Failure | undefined> {
    const before = this.session.opened?.network.id;
    try {
      this.#arrive(await this.backend.request("chooseNetwork", { network }));
      return undefined;
    } catch (thrown) {
      // The choice itself was kept, only the network is not there: back to where everything on the screen is from.
      if (before !== undefined) {
        await this.backend.request("chooseNetwork", { network: before }).catch(() => undefined);
      }
      return failureOf(thrown);
    }
  }

  /** Lets another identity sign on the network in use. */
  chooseIdentity(identity: string): Promise<Failure | undefined> {
    return this.#move(this.backend.request("chooseIdentity", { identity }));
  }

  /** Lets the network in use be changed for a while. */
  async unlockNetwork(scope: Scope): Promise<Failure | undefined> {
    return this.#update(this.backend.request("unlock", { scope }));
  }

  lockNetwork(): Promise<Failure | undefined> {
    return this.#update(this.backend.request("lockNetwork", {}));
  }

  /** Locks every key; those that jobs need are locked when the jobs are done. */
  lockKeys(): Promise<Failure | undefined> {
    return this.identities.change(this.backend.request("lockIdentities", {}));
  }

  /** Unlocks an identity; what could not be read without it is read anew. */
  async unlockIdentity(identity: string): Promise<Failure | undefined> {
    const failure = await this.identities.change(this.backend.request("unlockIdentity", { identity }));
    if (!failure) void this.canisters.refresh();
    return failure;
  }

  /** Makes the practice network as new. */
  resetPractice(): Promise<Failure | undefined> {
    return this.#move(this.backend.request("resetPractice", {}));
  }

  /** Reads everything that belongs to the network and the identity in use. */
  readSurroundings(): void {
    void this.networks.read();
    void this.identities.read();
    void this.projects.read();
    void this.labels.read();
    void this.left.read();
  }

  /** Shows something in the system's file manager. */
  async show(shown: Shown): Promise<void> {
    try {
      await this.backend.reveal(shown);
    } catch (thrown) {
      this.asking.askOver({ dialog: "notShown", failure: failureOf(thrown) });
    }
  }

  /** Takes in a session of the same place: nothing that was read becomes void. */
  async #update(session: Promise<Opened>): Promise<Failure | undefined> {
    try {
      this.session.take(await session);
      return undefined;
    } catch (thrown) {
      return failureOf(thrown);
    }
  }

  async #move(session: Promise<Opened>): Promise<Failure | undefined> {
    try {
      this.#arrive(await session);
      return undefined;
    } catch (thrown) {
      return failureOf(thrown);
    }
  }

  #arrive(opened: Opened): void {
    this.session.take(opened);
    this.canisters.forget();
    this.labels.forget();
    this.timelines.clear();
    void this.canisters.refresh();
    this.readSurroundings();
  }
}

export const [getApp, setApp] = createContext<AppState>();
