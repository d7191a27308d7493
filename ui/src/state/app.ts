/** All state of the window, handed down from App.svelte. */
import { createContext } from "svelte";
import type { Backend } from "../backend/backend";
import { Acts } from "./acts.svelte";
import { Asking } from "./asking.svelte";
import { Canisters } from "./canisters.svelte";
import { Keyboard } from "./keyboard.svelte";
import { Session } from "./session.svelte";

export class AppState {
  readonly session: Session;
  readonly canisters: Canisters;
  readonly acts: Acts;
  readonly asking = new Asking();
  readonly keyboard = new Keyboard();

  constructor(readonly backend: Backend) {
    this.session = new Session(backend);
    this.canisters = new Canisters(backend);
    this.acts = new Acts(backend);
  }
}

export const [getApp, setApp] = createContext<AppState>();
