import { defineConfig } from "@playwright/test";
import { browser } from "./playwright.config";

/** Every view and state as a picture, light and dark, in both sizes that the design names. Not a test: pictures to judge. */
export default defineConfig({
  testDir: "screenshots",
  fullyParallel: true,
  // Many states in one test, on a computer that may be busy.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  retries: 0,
  workers: 2,
  reporter: "list",
  use: { ...browser, contextOptions: { reducedMotion: "reduce" } },
  projects: ["light", "dark"].flatMap((theme) =>
    [
      { width: 1240, height: 800 },
      { width: 960, height: 640 },
    ].map((viewport) => ({
      name: `${theme}-${viewport.width}x${viewport.height}`,
      use: { colorScheme: theme as "light" | "dark", viewport },
    })),
  ),
});
