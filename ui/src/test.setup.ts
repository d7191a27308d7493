import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/svelte";
import { afterEach } from "vitest";

// The parts of a browser that jsdom leaves out.
Object.assign(HTMLElement.prototype, {
  showPopover: () => undefined,
  hidePopover: () => undefined,
  scrollIntoView: () => undefined,
});
Object.assign(HTMLDialogElement.prototype, {
  showModal(this: HTMLDialogElement) {
    this.open = true;
  },
});

// Tests look at the app of somebody who knows it; the greeting has its own.
localStorage.setItem("welcome", "hidden");

afterEach(() => {
  cleanup();
  localStorage.clear();
  location.hash = "";
});
