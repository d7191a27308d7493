/** What is done with a moment: sent on, proven, deleted, downloaded, brought back from a copy; and with what was taken together. */
import type { Locator, Page } from "@playwright/test";
import { open as openFile } from "node:fs/promises";
import { join } from "node:path";
import { expectNothingFound } from "../axe";
import { Bridge, expect, openBoard, row, test } from "../bridge";
import { ask, download, idOf, refusal, run, steer } from "../engine";

const patience = { timeout: 45_000 };

test.beforeEach(() => test.setTimeout(150_000));

async function openTimeline(page: Page, bridge: Bridge, name: string): Promise<Locator> {
  await page.goto(`${bridge.url}/#/canisters/${await idOf(bridge, name)}`);
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.getByRole("article").first()).toBeVisible(patience);
  return timeline;
}

async function choose(card: Locator, action: string | RegExp) {
  await card.getByRole("button", { name: /What can be done/ }).click();
  await card.page().getByRole("menuitem", { name: action }).click();
}

test("a snapshot is sent to another canister, and a refusal leaves that one as it was", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "orders");
  const send = page.getByRole("dialog", { name: "Send a snapshot of orders" });
  const prepare = async () => {
    await choose(timeline.getByRole("article").first(), "Send to another canister");
    await expect(send.getByRole("button", { name: "Next" })).toHaveAttribute("aria-disabled", "true");
    await send.getByRole("radio", { name: /^stock/ }).check();
    await send.getByRole("checkbox", { name: /What is in stock may be replaced/ }).check();
    await send.getByRole("button", { name: "Next" }).click();
    await expect(send).toContainText("The snapshot is there", patience);
    await send.getByRole("button", { name: "Next" }).click();
    await send.getByRole("button", { name: "Put the snapshot of orders into stock" }).click();
  };
  await steer(bridge, "faults", [refusal("load_canister_snapshot")]);
  await prepare();
  await expect(send.getByRole("alert")).toContainText("No snapshot was put into stock", patience);
  await send.getByRole("button", { name: "Close" }).click();
  await prepare();
  await expect(send.getByRole("region", { name: "Proof" })).toContainText("stock", patience);
  await expect(send.getByRole("button", { name: "Bring back what was there" })).toBeVisible();
});

test("a drill proves a snapshot, which then says so", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "orders");
  const first = timeline.getByRole("article").first();
  await choose(first, "Prove that it can be restored");
  const dialog = page.getByRole("dialog", { name: "Prove that a snapshot of orders can be restored" });
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Next" }).click(patience);
  await expect(dialog).toContainText("Make a throw-away canister");
  await dialog.getByRole("button", { name: "Restore it in a throw-away canister" }).click();
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(first).toContainText("Proven restorable", patience);
});

test("without a verified copy, deleting asks for the name; with one it does not", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "orders");
  const cards = timeline.getByRole("article");
  const before = await cards.count();
  await choose(cards.last(), "Delete");
  const dialog = page.getByRole("dialog", { name: "Delete 1 snapshot of orders" });
  await expect(dialog).toContainText("gone for good", patience);
  const verb = dialog.getByRole("button", { name: "Delete 1 snapshot" });
  await expect(verb).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Type orders to confirm").fill("orders");
  await verb.click(patience);
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(cards).toHaveCount(before - 1, patience);

  await download(bridge, ["kept"]);
  const { copies } = await ask<{ copies: { id: string }[] }>(bridge, "library");
  await ask(bridge, "verifyCopy", { copy: copies[0]?.id, errand: 1 });
  await page.reload();
  await expect(cards.first()).toContainText("Verified", patience);
  await choose(cards.first(), "Delete");
  await expect(dialog).toContainText("The library keeps them.", patience);
  await expect(dialog.getByLabel("Type orders to confirm")).toBeHidden();
  await dialog.getByRole("button", { name: "Delete 1 snapshot" }).click(patience);
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await dialog.getByRole("button", { name: "Close" }).click();

  // The copy is left, at its moment, and can be gone back to.
  await expect(cards.first()).not.toContainText("On the network", patience);
  await cards
    .first()
    .getByRole("button", { name: /^Restore/ })
    .click();
  const restore = page.getByRole("dialog", { name: "Restore orders" });
  await restore.getByRole("button", { name: "Next" }).click(patience);
  await restore.getByRole("button", { name: "Restore orders" }).click();
  await expect(restore.getByRole("region", { name: "Proof" })).toContainText("Put a copy into orders", patience);
});

test("a damaged copy is told on the timeline, and keeps nothing from being lost", async ({ page, bridge }) => {
  await download(bridge, ["to be damaged"]);
  const { copies } = await ask<{ copies: { id: string; folder: string }[] }>(bridge, "library");
  const { id = "", folder = "" } = copies[0] ?? {};
  await ask(bridge, "verifyCopy", { copy: id, errand: 1 });
  const file = await openFile(join(folder, "wasm_memory.bin"), "r+");
  await file.write(Buffer.from("damage"), 0, 6, 100);
  await file.close();
  await ask(bridge, "verifyCopy", { copy: id, errand: 2 });
  const timeline = await openTimeline(page, bridge, "orders");
  const first = timeline.getByRole("article").first();
  await expect(first).toContainText("Copy damaged");
  await expect(first).not.toContainText("Verified");
  await expectNothingFound(page, "a damaged copy on the timeline");
  await choose(first, "Delete");
  await expect(page.getByRole("dialog")).toContainText("gone for good", patience);
  await page.keyboard.press("Escape");
  // The library knows it too, also after a start.
  await page.goto(`${bridge.url}/#/library`);
  await page.reload();
  await expect(page.locator("[data-row]").first()).toContainText("Damaged");
});

test("half an upload is said as such and cannot be restored", async ({ page, bridge }) => {
  const timeline = await openTimeline(page, bridge, "staff_notes");
  const half = timeline.getByRole("article").filter({ hasText: "Half uploaded" });
  await expect(half.getByRole("button", { name: /^Restore/ })).toHaveAttribute("aria-disabled", "true");
});

test("a download is asked about where there is something to know, is paused, and goes on from there", async ({
  page,
  bridge,
}) => {
  const timeline = await openTimeline(page, bridge, "storefront");
  const first = timeline.getByRole("article").first();
  // A disk without much room, as the plan would find it.
  await page.route("**/bridge/request", async (route) => {
    const body = route.request().postDataJSON() as { request: string };
    if (body.request !== "plan") return route.fallback();
    const answer = await route.fetch();
    const plan = (await answer.json()) as { checks: object[] };
    const synced = { name: "synced", verdict: "warns", facts: { service: "Dropbox" } };
    await route.fulfill({ json: { ...plan, checks: [...plan.checks, synced] } });
  });
  // Half of it comes at once, the rest slowly.
  const slices = {
    method: "read_canister_snapshot_data",
    after: 12,
    times: 400,
    effect: { delay: { milliseconds: 15_000 } },
  };
  await steer(bridge, "faults", [slices]);
  await choose(first, /^Download/);
  const dialog = page.getByRole("dialog", { name: "Download a snapshot of storefront" });
  await expect(dialog).toContainText("kept in step with other computers by Dropbox", patience);
  await dialog.getByRole("button", { name: "Download to this computer" }).click();
  await expect(dialog.getByText(/of 5\d MiB/)).toBeVisible(patience);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(first.getByRole("progressbar")).toBeVisible();
  await page.unroute("**/bridge/request");

  const tray = page.getByRole("region", { name: "Acts" });
  await tray.getByRole("button", { name: "Show recent acts" }).click();
  await expect(tray).toContainText(/MiB\/s/, patience);
  await expect(tray).toContainText(/left/);
  await expect(tray).toContainText("Download the snapshot");
  await expect(tray).toContainText("Canopic can be closed meanwhile");
  await tray.getByRole("button", { name: /^Pause/ }).press("Enter");
  await expect(tray.getByRole("listitem").first()).toContainText("Paused", patience);
  await expectNothingFound(page, "the tray with a download that was paused");
  await expect(first).toContainText("Copy unfinished", patience);

  await steer(bridge, "faults", []);
  await page.goto(`${bridge.url}/#/activity`);
  await page
    .getByRole("link", { name: /^Steps of/ })
    .first()
    .click();
  await page.getByRole("main").getByRole("button", { name: "Go on with the download" }).click();
  await expect(page.getByRole("dialog")).toContainText("What happens", patience);
});

test("an upload is paused, stays so over an end of the app, goes on from there, and can be turned back", async ({
  page,
  home,
}) => {
  const first = await Bridge.start(home);
  let second: Bridge | undefined;
  try {
    const canister = await idOf(first, "storefront");
    const { moments } = await ask<{ moments: { snapshot: { id: string } }[] }>(first, "timeline", { canister });
    const snapshot = moments[0]?.snapshot.id;
    await run(first, { op: "downloadSnapshot", canister, snapshot, name: "at home", copy: null });
    const { copies } = await ask<{ copies: { id: string }[] }>(first, "library");
    // Some of it arrives at once, and then a windowful slowly: long enough to be paused, and over when it goes on.
    const pieces = {
      kind: "call",
      method: "upload_canister_snapshot_data",
      after: 8,
      times: 12,
      effect: { delay: { milliseconds: 15_000 } },
    };
    await steer(first, "faults", [pieces]);
    const op = { op: "uploadCopy", canister, copy: copies[0]?.id, replace: null, comparesAll: false };
    const { fingerprint } = await ask<{ fingerprint: string }>(first, "plan", { op });
    await page.goto(`${first.url}/#/activity`);
    await ask(first, "run", { op, fingerprint });
    const main = page.getByRole("main");
    await expect(main).toContainText(/of 5\d MiB/, patience);
    await main.getByRole("button", { name: /^Pause/ }).press("Enter");
    const paused = main.getByRole("region", { name: /^Paused/ });
    await expect(paused).toContainText("What was sent stays on the network.", patience);
    await expectNothingFound(page, "an upload that was paused");

    await page.goto(`${first.url}/#/canisters/${canister}`);
    const card = page.getByRole("article").filter({ hasText: "Upload paused" });
    await expect(card.getByRole("button", { name: /^Restore/ })).toHaveAttribute("aria-disabled", "true", patience);
    const tray = page.getByRole("region", { name: "Acts" });
    await tray.getByRole("button", { name: "Show recent acts" }).click();
    const newest = tray.getByRole("listitem").first();
    await expect(newest).toContainText("Paused");
    await expectNothingFound(page, "the timeline and the tray with an upload that was paused");
    await tray.getByRole("button", { name: /^Go on/ }).press("Enter");
    await expect(newest).toContainText("Done", { timeout: 90_000 });
    await expect(card).toBeHidden();

    await steer(first, "faults", [pieces]);
    const again = await ask<{ fingerprint: string }>(first, "plan", { op });
    await ask(first, "run", { op, fingerprint: again.fingerprint });
    await tray.getByRole("button", { name: /^Pause/ }).press("Enter", patience);
    await expect(newest).toContainText("Paused", patience);
    await first.stop();

    second = await Bridge.start(home);
    await page.goto(`${second.url}/#/activity`);
    await expect(paused).toContainText("What was sent stays on the network.", patience);
    await expect(page.getByText("was under way when Canopic last ended"), "a person paused it").toBeHidden();
    await paused.getByRole("button", { name: /^Turn back/ }).press("Enter");
    await expect(page.getByRole("row", { name: /storefront/ }).first()).toContainText("Called off", patience);
    await expect(paused).toBeHidden();
  } finally {
    await first.stop();
    await second?.stop();
  }
});

test("what was taken together goes back together, from wherever it is looked for", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  for (const name of ["orders", "stock"]) await row(page, name).getByRole("checkbox").check();
  const bulk = page.getByRole("toolbar");
  await bulk.getByRole("button", { name: "Take snapshots" }).click();
  const take = page.getByRole("dialog", { name: "Take snapshots of 2 canisters" });
  await take.getByRole("button", { name: "Move stock up" }).click();
  await take.getByRole("button", { name: "Next" }).click();
  await take.getByRole("button", { name: "Next" }).click(patience);
  await take.getByRole("button", { name: "Take 2 snapshots" }).click();
  await expect(take.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await expect(take.getByRole("button", { name: "Restore all 2 together" })).toBeVisible();
  await take.getByRole("button", { name: "Close" }).click();

  await bulk.getByRole("button", { name: "Restore" }).click();
  const restore = page.getByRole("dialog", { name: "Restore 2 canisters" });
  await expect(restore).toContainText("2 canisters, taken together", patience);
  await expectNothingFound(page, "which moments several go back to");
  await page.keyboard.press("Escape");

  const timeline = await openTimeline(page, bridge, "stock");
  const first = timeline.getByRole("article").first();
  await expect(first).toContainText("taken together with orders", patience);
  await choose(first, "Restore all 2 together");
  await expect(restore).toContainText("The snapshot is there", patience);
  await restore.getByRole("button", { name: "Next" }).click();
  await restore.getByRole("button", { name: "Restore 2 canisters" }).click();
  await expect(restore.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await restore.getByRole("button", { name: "Close" }).click();
  await expect(timeline).toContainText(/Snapshot restored\s+of \d\d:\d\d today/, patience);
});

test("a fleet that cannot go back as a whole does not go back at all", async ({ page, bridge }) => {
  const canisters = [await idOf(bridge, "orders"), await idOf(bridge, "stock")];
  await run(bridge, { op: "takeSnapshots", canisters, replace: [] });
  const timeline = await openTimeline(page, bridge, "orders");
  await choose(timeline.getByRole("article").first(), "Restore all 2 together");
  const restore = page.getByRole("dialog", { name: "Restore 2 canisters" });
  await expect(restore).toContainText("The snapshot is there", patience);
  await steer(bridge, "faults", [{ ...refusal("load_canister_snapshot"), after: 1 }]);
  await restore.getByRole("button", { name: "Next" }).click();
  await restore.getByRole("button", { name: "Restore 2 canisters" }).click();
  await expect(restore.getByRole("alert")).toBeVisible(patience);
  await expect(restore).toContainText("Taken back", patience);
});
