/**
 * Where the window begins. Reading order: App.svelte (the frame), views/ (one per screen), state/ (one class per resource),
 * backend/ (the door to the Rust side), text/en.ts (every sentence).
 */
import { flushSync, mount, unmount } from "svelte";
import App from "./App.svelte";
import type { Backend } from "./backend/backend";
import { browser } from "./backend/browser";
import { tauri } from "./backend/tauri";
import Broken from "./views/Broken.svelte";

/** Shows the last resort for an exception that nothing else caught; one panel is enough. */
function watchOver(body: HTMLElement) {
  let panel: Record<string, unknown> | undefined;
  const show = (reason: unknown) => {
    if (panel) return;
    const report = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    const ondismiss = () => {
      if (panel) void unmount(panel);
      panel = undefined;
    };
    panel = mount(Broken, { target: body, props: { report, ondismiss } });
  };
  addEventListener("error", ({ error, message }) => show(error ?? message));
  addEventListener("unhandledrejection", ({ reason }) => show(reason));
}

const place = document.getElementById("app");
if (place) {
  watchOver(document.body);
  const backend: Backend = "__TAURI_INTERNALS__" in window ? tauri : browser;
  place.replaceChildren();
  mount(App, { target: place, props: { backend } });
  flushSync();
  // Said at once and not on the next frame: the window is still hidden, and a hidden web view may never draw one.
  backend.painted("frame");
}
