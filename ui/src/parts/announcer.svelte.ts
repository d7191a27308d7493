/** What screen readers are told about things that happen in passing. One region in App.svelte says it. */
class Announcer {
  message = $state("");

  say(message: string): void {
    // The same words twice in a row are news only if something differs.
    this.message = message === this.message ? `${message}\u00a0` : message;
  }
}

export const announcer = new Announcer();
