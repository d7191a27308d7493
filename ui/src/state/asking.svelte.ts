/**
 * What somebody is about to do, from wherever it was asked for: menus, the palette, keys and drops all open the same dialog,
 * and views/Dialogs.svelte shows it. One at a time; only what mends something in a dialog (topping up before a restore) opens
 * over it, and leads back to it.
 */
import type { ActKind } from "../backend/backend";

export type Ask = { dialog: ActKind; canister: string } | { dialog: "takeSnapshot"; canister: string };

export class Asking {
  /** What is asked, the later over the earlier. */
  all = $state.raw<Ask[]>([]);

  /** What is asked on top. */
  readonly asked = $derived(this.all.at(-1));

  ask(asked: Ask): void {
    this.all = [asked];
  }

  /** Asks over what is asked already. */
  askOver(asked: Ask): void {
    this.all = [...this.all, asked];
  }

  /** Leaves what is asked on top. */
  leave(): void {
    this.all = this.all.slice(0, -1);
  }
}
