/**
 * Whether single keys act. WCAG 2.1.4 wants a way to turn them off, for people who dictate or strike keys by accident.
 * A habit of this window's keyboard and not of the app's state, so the window keeps it.
 */
const place = "singleKeys";

export class Keyboard {
  #singleKeys = $state(localStorage.getItem(place) !== "off");

  get singleKeys(): boolean {
    return this.#singleKeys;
  }

  set singleKeys(on: boolean) {
    this.#singleKeys = on;
    localStorage.setItem(place, on ? "on" : "off");
  }

  /** Whether this key press is a single key that may act: no modifier, and not meant for a field that takes text. */
  acts(event: KeyboardEvent): boolean {
    if (!this.#singleKeys || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
    const { target } = event;
    return !(target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]"));
  }
}
