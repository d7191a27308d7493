import { defineConfig } from "@playwright/test";
import { browser } from "./playwright.config";

/** How quick the window is, as figures to read. Not a test: a busy computer is slower than the app. */
export default defineConfig({
  testDir: "measure",
  retries: 0,
  workers: 1,
  timeout: 120_000,
  reporter: "line",
  use: { ...browser, viewport: { width: 1240, height: 800 } },
});
