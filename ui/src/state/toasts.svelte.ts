/** What was done a moment ago and has no place of its own on the screen. Failures never come here: they stay where the thing is. */
export interface Toast {
  number: number;
  words: string;
  /** What takes it back, or leads to it. */
  action?: { word: string; run: () => void } | undefined;
}

/** Long enough to be read twice. */
const shownFor = 6_000;

export class Toasts {
  all = $state.raw<Toast[]>([]);
  #last = 0;

  say(words: string, action?: Toast["action"]): void {
    const number = ++this.#last;
    this.all = [...this.all, { number, words, action }];
    // One with something to press waits for whoever needs longer.
    if (!action) setTimeout(() => this.dismiss(number), shownFor);
  }

  dismiss(number: number): void {
    this.all = this.all.filter((toast) => toast.number !== number);
  }
}
