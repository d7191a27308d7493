/** Whether the window greets somebody who is new here. A habit of the window, so the window keeps it. */
const place = "welcome";

class First {
  /** Whether a canister was opened since: the first step of the way. */
  hasOpened = $state(false);
  #isHidden = $state(localStorage.getItem(place) === "hidden");

  get isHidden(): boolean {
    return this.#isHidden;
  }

  set isHidden(is: boolean) {
    this.#isHidden = is;
    localStorage.setItem(place, is ? "hidden" : "shown");
  }
}

export const first = new First();
