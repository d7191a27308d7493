/** The timeline and every dialog about snapshots, in every state that a person can see. */
import type { Locator, Page } from "@playwright/test";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bridge, expect, openBoard, row, test } from "../bridge";
import { ask, download, idOf, refusal, run, steer } from "../engine";
import { take } from "./picture";

const patience = { timeout: 60_000 };

test.beforeEach(() => test.setTimeout(150_000));

async function openTimeline(page: Page, bridge: Bridge, name: string): Promise<Locator> {
  await openBoard(page, bridge);
  await row(page, name).getByRole("link", { name, exact: true }).click();
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.getByRole("article").first()).toBeVisible(patience);
  return timeline;
}

async function choose(card: Locator, action: string | RegExp) {
  await card.getByRole("button", { name: /What can be done/ }).click();
  await card.page().getByRole("menuitem", { name: action }).click();
}

/** Begins to go back to the newest moment. */
async function beginRestore(timeline: Locator) {
  await timeline
    .getByRole("article")
    .first()
    .getByRole("button", { name: /^Restore/ })
    .click();
}

/** Rewrites what the timeline is told, for states that the practice network is not in. */
async function rewrite(page: Page, change: (timeline: Record<string, unknown>) => Record<string, unknown>) {
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "timeline") return route.fallback();
    const answer = await route.fetch();
    await route.fulfill({ json: change((await answer.json()) as Record<string, unknown>) });
  });
}

test("the timeline", async ({ page, bridge }) => {
  await download(bridge, ["as it was on the fair"]);
  const timeline = await openTimeline(page, bridge, "orders");
  await take(page, "timeline");
  const first = timeline.getByRole("article").first();
  await first.getByRole("button").first().click();
  await take(page, "timeline-open");
  await first.getByRole("button", { name: /What can be done/ }).click();
  await take(page, "timeline-menu");
  await page.keyboard.press("Escape");
  await choose(first, /^Name /);
  await first.getByLabel("Note").fill("The old prices are in here, and the orders of the whole fair.");
  await take(page, "timeline-naming");
  await first.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Upload a copy" }).click();
  await take(page, "timeline-upload");
  await page.keyboard.press("Escape");
  for (const place of [0, 1]) await timeline.getByRole("checkbox").nth(place).check();
  await take(page, "timeline-selected");
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByRole("dialog")).toContainText("apart");
  await take(page, "timeline-compared");
});

test("badges", async ({ page, bridge }) => {
  await openTimeline(page, bridge, "staff_notes");
  await take(page, "timeline-half");
  await openTimeline(page, bridge, "customers");
  await take(page, "timeline-full");

  await download(bridge, ["sound", "to be damaged"]);
  const { copies } = await ask<{ copies: { id: string; folder: string }[] }>(bridge, "library");
  for (const { id, folder } of copies) {
    if (folder.includes("damaged")) {
      const file = await openFile(join(folder, "wasm_memory.bin"), "r+");
      await file.write(Buffer.from("damage"), 0, 6, 100);
      await file.close();
    }
    await ask(bridge, "verifyCopy", { copy: id, errand: 1 });
  }
  await openTimeline(page, bridge, "orders");
  await expect(page.getByText("Copy damaged")).toBeVisible();
  await take(page, "timeline-damaged");
});

test("what cannot be read", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request === "timeline") await held;
    await route.fallback();
  });
  await row(page, "stock").getByRole("link", { name: "stock", exact: true }).click();
  await expect(page.getByText("Reading the timeline")).toBeAttached();
  await page.evaluate(() => document.getAnimations().forEach((animation) => (animation.currentTime = 400)));
  await take(page, "timeline-loading");
  letGo();
  await expect(page.getByText("No snapshot yet")).toBeVisible();
  await take(page, "timeline-empty");
  await page.goto(`${bridge.url}/#/canisters`);
  await row(page, "shipping_partner").getByRole("link", { name: "shipping_partner", exact: true }).click();
  await expect(page.getByText("Its snapshots are not shown to this identity")).toBeVisible();
  await take(page, "timeline-denied");

  await rewrite(page, (timeline) => ({ ...timeline, hasHistory: false, changes: [] }));
  await page.goto(`${bridge.url}/#/canisters`);
  await row(page, "orders").getByRole("link", { name: "orders", exact: true }).click();
  await expect(page.getByText(/not known/).first()).toBeVisible();
  await take(page, "timeline-no-history");
});

test("live: what is under way grows where it will stand", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "storefront");
  const pieces = {
    method: "read_canister_snapshot_data",
    after: 12,
    times: 400,
    effect: { delay: { milliseconds: 8_000 } },
  };
  await steer(bridge, "faults", [pieces]);
  await choose(timeline.getByRole("article").first(), /^Download/);
  await expect(page.getByRole("region", { name: "Acts" })).toContainText("left", patience);
  await take(page, "timeline-download");
  await page.getByRole("button", { name: "Show recent acts" }).click();
  await take(page, "tray-download");
  await page
    .getByRole("region", { name: "Acts" })
    .getByRole("button", { name: /^Pause/ })
    .click();
  await expect(page.getByRole("region", { name: "Acts" })).toContainText("Paused", patience);
  await take(page, "tray-paused");
  await page.getByRole("button", { name: "Hide recent acts" }).click();

  await steer(bridge, "faults", [{ kind: "call", method: "take_canister_snapshot", effect: "freeze" }]);
  await page.getByRole("button", { name: "Take snapshot" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Next" }).click(patience);
  await dialog.getByRole("button", { name: /^Take a snapshot of/ }).click(patience);
  // The network stands still at this step, not at one before it.
  await expect(dialog).toContainText("Take a snapshot : Under way", patience);
  await take(page, "take-run");
  await dialog.getByRole("button", { name: "Close" }).click();
  await take(page, "timeline-growing");
  await steer(bridge, "thaw");
  await expect(page.getByRole("region", { name: "Acts" })).toContainText("Took a snapshot", patience);
});

test("restore, page by page", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "orders");
  await beginRestore(timeline);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("The snapshot is there", patience);
  await take(page, "restore-check");
  await dialog.getByRole("button", { name: "Back" }).click();
  await take(page, "restore-choose");
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog).toContainText("The snapshot is there", patience);
  await dialog.getByRole("button", { name: "Next" }).click();
  await take(page, "restore-confirm");
  await steer(bridge, "faults", [{ kind: "call", method: "take_canister_snapshot", effect: "freeze" }]);
  await dialog.getByRole("button", { name: "Restore orders" }).click();
  // The network stands still at this step, not at one before it.
  await expect(dialog).toContainText("Take a snapshot : Under way", patience);
  await take(page, "restore-run");
  await steer(bridge, "thaw");
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await take(page, "restore-proof");
  await dialog.getByRole("button", { name: "Close" }).click();
  await take(page, "timeline-restored");

  await steer(bridge, "faults", [refusal("load_canister_snapshot")]);
  await beginRestore(timeline);
  await expect(dialog).toContainText("The snapshot is there", patience);
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Restore orders" }).click();
  await expect(dialog.getByRole("alert")).toContainText("orders was not restored", patience);
  await take(page, "restore-failed");
});

test("restore with all places used, and on mainnet", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "customers");
  await beginRestore(timeline);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("All 10 snapshots are used", patience);
  await dialog.getByRole("radio").last().check();
  await take(page, "restore-full");
  await page.keyboard.press("Escape");

  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "session") return route.fallback();
    const answer = await route.fetch();
    const session = (await answer.json()) as { network: object };
    const network = { ...session.network, kind: "mainnet", name: "Mainnet" };
    await route.fulfill({ json: { ...session, network, access: { kind: "writable" } } });
  });
  await page.reload();
  await openTimeline(page, bridge, "orders");
  await beginRestore(timeline);
  await expect(dialog).toContainText("The snapshot is there", patience);
  await dialog.getByRole("button", { name: "Next" }).click();
  await take(page, "restore-mainnet");
});

test("take, delete, send, drill", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "customers");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Take snapshot" }).first().click();
  await expect(dialog).toContainText("All 10 snapshots are used");
  await dialog.getByRole("radio").last().check();
  await take(page, "take-full");
  await page.keyboard.press("Escape");
  await choose(timeline.getByRole("article").first(), "Delete");
  await expect(dialog).toContainText("gone for good", patience);
  await take(page, "delete-lost");
  await page.keyboard.press("Escape");

  await openTimeline(page, bridge, "orders");
  const first = timeline.getByRole("article").first();
  await choose(first, "Send to another canister");
  await take(page, "send-choose");
  await dialog.getByRole("radio", { name: /^stock/ }).check();
  await dialog.getByRole("checkbox", { name: /may be replaced/ }).check();
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog).toContainText("The snapshot is there", patience);
  await take(page, "send-check");
  await dialog.getByRole("button", { name: "Next" }).click();
  await take(page, "send-confirm");
  await page.keyboard.press("Escape");

  await choose(first, "Prove that it can be restored");
  await take(page, "drill-choose");
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Next" }).click(patience);
  await take(page, "drill-confirm");
  await dialog.getByRole("button", { name: /throw-away/ }).click();
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await take(page, "drill-proof");
});

test("several canisters at once", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  for (const name of ["orders", "stock"]) await row(page, name).getByRole("checkbox").check();
  const dialog = page.getByRole("dialog");
  await page
    .getByRole("toolbar")
    .getByRole("button", { name: /Take snapshot/ })
    .click();
  await take(page, "fleet-take");
  await page.keyboard.press("Escape");
  const both = [await idOf(bridge, "orders"), await idOf(bridge, "stock")];
  await run(bridge, { op: "takeSnapshots", canisters: both, replace: [] });
  await page
    .getByRole("toolbar")
    .getByRole("button", { name: /Restore/ })
    .click();
  await expect(dialog).toContainText("taken together", patience);
  await dialog.getByRole("radio").first().check();
  await take(page, "fleet-restore");
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Next" }).click(patience);
  await take(page, "fleet-restore-confirm");
  await dialog.getByRole("button", { name: /^Restore 2/ }).click();
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await take(page, "fleet-restore-proof");
  await dialog.getByRole("button", { name: "Close" }).click();
  await openTimeline(page, bridge, "stock");
  await take(page, "timeline-together");
});

test("a past worth a picture: ui/timeline.png is this one, light and wide", async ({ page, bridge }) => {
  const canister = await idOf(bridge, "orders");
  const { moments } = await ask<{ moments: { snapshot: { id: string } | null }[] }>(bridge, "timeline", { canister });
  const [evening = "", release = "", before = ""] = moments.flatMap(({ snapshot }) => (snapshot ? [snapshot.id] : []));
  for (const [snapshot, name, note] of [
    [evening, "Before the weekend sale", ""],
    [release, "After the new release", ""],
    [before, "The old release", "The prices of the spring are in here."],
  ])
    await ask(bridge, "labelSnapshot", { canister, snapshot, name, note });
  await run(bridge, { op: "downloadSnapshot", canister, snapshot: release, name: "After the new release", copy: null });
  const { copies } = await ask<{ copies: { id: string }[] }>(bridge, "library");
  for (const { id } of copies) await ask(bridge, "verifyCopy", { copy: id, errand: 1 });
  await run(bridge, { op: "restore", canister, snapshot: evening, replace: null });
  await openTimeline(page, bridge, "orders");
  await expect(page.getByText("Proven restorable")).toBeVisible(patience);
  await take(page, "timeline-told");
});
