import { defineConfig } from "@playwright/test";

/** The system's Chromium, so that nothing is downloaded. As root, as in containers, it runs only without its sandbox. */
export const browser = {
  launchOptions: {
    executablePath: process.env["CANOPIC_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  },
};

export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  forbidOnly: Boolean(process.env["CI"]),
  // A test that passes the second time hides a race.
  retries: 0,
  // Each worker drives a browser and a whole practice network.
  workers: 2,
  // Of a busy computer: what does not come at all still fails, a little later.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: {
    ...browser,
    viewport: { width: 1240, height: 800 },
    // The trace of a failure tells more than its picture.
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    permissions: ["clipboard-read", "clipboard-write"],
  },
});
