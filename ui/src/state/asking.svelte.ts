/** What somebody is about to do to a canister, from wherever it was asked for: one dialog asks them. */
import type { ActKind } from "../backend/backend";

export class Asking {
  asked = $state.raw<{ kind: ActKind; canister: string }>();

  ask(kind: ActKind, canister: string): void {
    this.asked = { kind, canister };
  }

  leave(): void {
    this.asked = undefined;
  }
}
