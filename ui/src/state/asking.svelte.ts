/**
 * What somebody is about to do, from wherever it was asked for: menus, the palette, keys and drops all open the same dialog,
 * and views/Dialogs.svelte shows it. One at a time.
 */
import type { ActKind } from "../backend/backend";

export type Ask = { dialog: ActKind; canister: string } | { dialog: "takeSnapshot"; canister: string };

export class Asking {
  asked = $state.raw<Ask>();

  ask(asked: Ask): void {
    this.asked = asked;
  }

  leave(): void {
    this.asked = undefined;
  }
}
