/** An identity that is being added: what it will be called, and where its key is going to be kept. */
import type { Failure, IdentityListing, Keeper, Newcomer } from "../backend/wire";
import type { AppState } from "../state/app";
import { text } from "../text/en";

export class Candidate {
  name = $state("");
  keeper = $state<Keeper>("keyring");
  /** Opens the vault, or becomes its passphrase where there is none yet. */
  passphrase = $state("");

  constructor(private readonly app: AppState) {}

  readonly #vault = $derived.by(() => this.app.identities.value?.vault);

  /** Whether the vault has to be made or opened before it can take a key. */
  readonly needsVault = $derived(this.keeper === "vaultFile" && this.#vault?.isOpen !== true);
  readonly makesVault = $derived(this.needsVault && this.#vault?.exists !== true);

  /** What is not filled in yet. */
  readonly missing = $derived.by(() => {
    if (this.name.trim() === "") return text.identities.newcomer.nameFirst;
    return this.needsVault && this.passphrase === "" ? text.identities.newcomer.passphraseFirst : undefined;
  });

  get newcomer(): Newcomer {
    return { name: this.name.trim(), keeper: this.keeper };
  }

  /** Makes or opens the vault if it is wanted and closed, then adds. Answers with why it failed, if it did. */
  async add(request: () => Promise<IdentityListing>): Promise<Failure | undefined> {
    const { backend, identities } = this.app;
    if (this.needsVault) {
      const { passphrase } = this;
      const failure = await identities.change(
        backend.request(this.makesVault ? "createVault" : "unlockVault", { passphrase }),
      );
      if (failure) return failure;
      this.passphrase = "";
    }
    return identities.change(request());
  }
}
