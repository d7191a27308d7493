/** Every view, dialog and state. The pictures go to the folder of CANOPIC_SCREENSHOTS, one file per state, theme and size. */
import type { Page } from "@playwright/test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Bridge, change, expect, openBoard, row, test } from "../bridge";
import { ask, breakIt } from "../engine";
import { take } from "./picture";

/** Changes what the board is told, so that states can be seen that the practice fleet is not in. */
async function rewrite(
  page: Page,
  change: (canisters: Record<string, unknown>[]) => unknown[],
  trouble: object | null = null,
) {
  await page.route("**/bridge/request", async (route) => {
    if (route.request().postData() !== '{"request":"canisters"}') return route.continue();
    const answer = await route.fetch();
    const { canisters } = (await answer.json()) as { canisters: Record<string, unknown>[] };
    await route.fulfill({ json: { trouble, canisters: change(canisters) } });
  });
}

const failure = (code: string) => ({
  code,
  certainty: "nothingSent",
  facts: {},
  report: `reading the status (${code})`,
});

test("the board", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await expect(page.getByText("Not listed yet")).toHaveCount(0);
  await take(page, "board");
  await row(page, "shipping_partner").getByRole("button", { name: "Stop shipping_partner" }).hover();
  await expect(page.getByRole("tooltip")).toBeVisible();
  await take(page, "board-tooltip");
  await page.getByRole("searchbox").fill("nothing has this name");
  await take(page, "board-no-match");
});

test("stop, start, tray, activity", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await row(page, "orders").getByRole("button", { name: "Stop orders" }).click();
  await take(page, "confirm-stop");
  await page.getByRole("dialog").getByRole("button", { name: "Stop orders" }).click();
  await expect(row(page, "orders")).toContainText("Certified");
  await take(page, "board-certified");
  await row(page, "orders").getByRole("button", { name: "Start orders" }).click();
  await take(page, "confirm-start");
  await page.getByRole("dialog").getByRole("button", { name: "Start orders" }).click();
  await expect(row(page, "orders")).toContainText("Running");
  await page.getByRole("button", { name: "Show recent acts" }).click();
  await take(page, "board-tray");
  await page.getByRole("link", { name: "All activity" }).click();
  await page.getByRole("button", { name: "Hide recent acts" }).click();
  await take(page, "activity");
});

test("an act under way", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await breakIt(bridge, { kind: "call", method: "stop_canister", effect: { delay: { milliseconds: 9000 } } });
  await change(page, "Stop", "orders");
  await expect(page.getByRole("dialog")).toContainText("Stop, once open calls have ended");
  await take(page, "stop-running");
  await expect(page.getByRole("dialog")).toContainText("orders is stopping");
  await take(page, "stop-waiting");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await take(page, "board-running");
  await expect(row(page, "orders")).toContainText("Stopped", { timeout: 20_000 });
});

test("a beginning that nobody answers", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await page.route("**/bridge/request", (route) =>
    route.request().postData()?.includes('"request":"run"') ? route.abort("connectionreset") : route.continue(),
  );
  await change(page, "Stop", "orders");
  await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
  await take(page, "stop-unknown");
});

test("refused", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await breakIt(bridge, {
    kind: "call",
    method: "stop_canister",
    times: 20,
    effect: { reject_certified: { error: 406, message: "the network thought better of it" } },
  });
  await change(page, "Stop", "orders");
  await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
  await take(page, "stop-refused");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await take(page, "board-refused");
});

test("readings of all kinds", async ({ page, bridge }) => {
  await rewrite(page, (canisters) =>
    canisters.map((canister, at) => {
      const denied = { denied: { start: "notRead", stop: "notRead" } };
      if (at === 0) return { ...canister, ...denied, reading: { kind: "failed", failure: failure("throttled") } };
      if (at === 1)
        return {
          ...canister,
          denied: { start: "notController", stop: "notController" },
          reading: { kind: "public", moduleHash: "a3f0".repeat(16), controllers: [] },
        };
      if (at === 2) return { ...canister, name: "a_name_that_somebody_made_much_longer_than_any_column_is_wide" };
      if (at === 3) {
        const reading = canister["reading"] as { status: object };
        return {
          ...canister,
          reading: { ...reading, status: { ...reading.status, runwayDays: 12.4, moduleHash: null } },
        };
      }
      return canister;
    }),
  );
  await openBoard(page, bridge);
  await take(page, "board-readings");
  await page
    .getByRole("button", { name: /^(Stop|Start) a_name/ })
    .last()
    .click();
  await take(page, "confirm-long-name");
});

for (const [code, facts] of [
  ["noNetwork", { address: "https://icp-api.io" }],
  ["clockOff", { seconds: "1020", direction: "ahead" }],
  ["untrusted", {}],
  ["throttled", {}],
  ["rootKeyChanged", { name: "Shop test net", known: "733394faed011060", found: "90aa6a3f27ab8e40" }],
] as const) {
  test(`nothing readable: ${code}`, async ({ page, bridge }) => {
    const trouble = { ...failure(code), facts };
    await rewrite(
      page,
      (canisters) =>
        canisters.map((canister) => ({
          ...canister,
          denied: { start: "notRead", stop: "notRead" },
          reading: { kind: "failed", failure: trouble },
        })),
      trouble,
    );
    await openBoard(page, bridge);
    await take(page, `board-${code}`);
  });
}

test("without an identity, and with a thousand rows", async ({ page, bridge }) => {
  await ask(bridge, "chooseIdentity", { identity: "anonymous" });
  await openBoard(page, bridge);
  await take(page, "board-anonymous");
  await ask(bridge, "chooseIdentity", { identity: "practice" });
  await rewrite(page, (canisters) =>
    Array.from({ length: 1_000 }, (_, at) => {
      const one = canisters[at % canisters.length] ?? {};
      return {
        ...one,
        id: `${String(at).padStart(5, "a")}-aaaaa-aaaaa-aaaaa-cai`,
        name: `${String(one["name"])}_${at}`,
      };
    }),
  );
  await page.reload();
  await expect(page.getByRole("table")).toBeVisible();
  await page.getByRole("row").nth(4).focus();
  await page.keyboard.press("End");
  await take(page, "board-thousand");
});

test("several, palette, welcome, share", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  for (const name of ["orders", "stock", "newsletter", "shipping_partner"]) {
    await row(page, name).focus();
    await page.keyboard.press("Space");
  }
  await take(page, "board-bulk");
  await page.getByRole("toolbar").getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("dialog").getByText("Ready").first()).toBeVisible();
  await take(page, "several");
  await page.keyboard.press("Escape");
  await page.getByRole("toolbar").getByRole("button", { name: "Select none" }).click();
  await page.getByRole("button", { name: "More about orders" }).click();
  await take(page, "board-menu");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Share the board" }).click();
  await take(page, "board-share");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await take(page, "palette");
  await page.keyboard.type("stop");
  await take(page, "palette-found");
  await page.keyboard.press("Escape");
  await page.evaluate(() => localStorage.setItem("welcome", "shown"));
  await page.reload();
  await expect(page.getByRole("region", { name: "Welcome" })).toBeVisible();
  await expect(page.getByRole("table")).toBeVisible();
  await take(page, "welcome");
  await page.goto(`${bridge.url}/#/settings/failures`);
  await expect(page.getByRole("heading", { name: /Failures/ })).toBeVisible();
  await take(page, "failures");
});

test("empty, loading, failed", async ({ page, bridge }) => {
  await rewrite(page, () => []);
  await page.goto(bridge.url);
  await expect(page.getByText("No canisters here")).toBeVisible();
  await take(page, "board-empty");
  await page.unroute("**/bridge/request");

  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  await page.route("**/bridge/request", async (route) => {
    if (!route.request().postData()?.includes("canisters")) return route.continue();
    await held;
    await route.abort("connectionrefused");
  });
  await page.reload();
  await expect(page.getByText("Reading the canisters")).toBeAttached();
  // Skeletons wait 250 ms before they show, so that a quick answer does not flicker.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.ready)));
  await page.evaluate(() => document.getAnimations().forEach((animation) => (animation.currentTime = 400)));
  await take(page, "board-loading");
  letGo();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  await take(page, "board-failed");
});

test("a refresh that failed", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await bridge.stop();
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(page.getByText("The last refresh did not get through")).toBeVisible();
  await take(page, "board-stale");
});

test("settings, keys, empty activity", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await page.getByRole("link", { name: "Settings" }).click();
  await take(page, "settings");
  await page.getByRole("heading", { name: "About" }).scrollIntoViewIfNeeded();
  await take(page, "settings-end");
  await page.keyboard.press("?");
  await take(page, "keys");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Activity" }).click();
  await take(page, "activity-empty");
});

test("an exception", async ({ page, bridge, complaints }) => {
  await openBoard(page, bridge);
  await page.evaluate(() => setTimeout(() => Promise.reject(new Error("a surprise"))));
  await expect(page.getByText("This window made a mistake")).toBeVisible();
  await take(page, "exception");
  complaints.splice(0);
});

test("failed starts", async ({ page, home }) => {
  await mkdir(join(home, "config"), { recursive: true });
  await writeFile(join(home, "config", "settings.json"), "not settings");
  const bridge = await Bridge.start(home);
  await page.goto(bridge.url);
  await expect(page.getByRole("button", { name: /Set the settings aside/ })).toBeVisible();
  await page.getByText("Technical details", { exact: true }).click();
  await take(page, "failed-start");
  await bridge.stop();
});
