/** The life of a canister: made, given code and cycles, stopped, emptied, deleted. */
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { Bridge } from "../bridge";
import { breakIt } from "../engine";
import { change, expect, openBoard, row, test } from "../bridge";

const modules = join(import.meta.dirname, "../../../src-tauri/practice/demo");

/** Lays a module ready for the next file dialog. */
const ready = (page: Page, bridge: Bridge, name: string) =>
  page.request.post(`${bridge.url}/bridge/ready`, { data: [join(modules, name)] });

async function choose(page: Page, canister: string, action: string) {
  await row(page, canister).getByRole("link", { name: canister, exact: true }).click();
  await page.getByRole("button", { name: `More that can be done to ${canister}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("a canister is made, given a module and called, only by keyboard", async ({ page, bridge }) => {
  test.slow();
  const { keyboard } = page;
  await page.getByRole("button", { name: "Make a canister" }).focus();
  await keyboard.press("Enter");
  const creation = page.getByRole("dialog", { name: "Make a canister" });
  await expect(creation.getByRole("button", { name: "Cancel" }), "the safe way out has the focus").toBeFocused();
  await creation.getByLabel("Name", { exact: true }).focus();
  await keyboard.type("archive");
  await expect(creation).toContainText("It starts with");
  await creation.getByRole("button", { name: "Next" }).focus();
  await keyboard.press("Enter");
  await expect(creation).toContainText("What happens");
  await creation.getByRole("button", { name: "Make archive" }).focus();
  await keyboard.press("Enter");
  await expect(creation).toContainText("archive is made", { timeout: 20_000 });
  await expect(creation.getByRole("button", { name: "Install a module" })).toBeVisible({ timeout: 20_000 });
  await ready(page, bridge, "tally.wasm");
  await creation.getByRole("button", { name: "Install a module" }).focus();
  await keyboard.press("Enter");

  const installation = page.getByRole("dialog", { name: "Install a module in archive" });
  await installation.getByRole("button", { name: "Choose a module" }).focus();
  await keyboard.press("Enter");
  await expect(installation).toContainText("tally.wasm");
  await expect(installation.getByRole("region", { name: "What it would mean" })).toBeVisible({ timeout: 20_000 });
  await installation.getByRole("button", { name: "Next" }).focus();
  await keyboard.press("Enter");
  await expect(installation).toContainText("What happens");
  await installation.getByRole("button", { name: "Install in archive" }).focus();
  await keyboard.press("Enter");
  await expect(installation).toContainText("Installed a module in archive", { timeout: 20_000 });
  await keyboard.press("Escape");

  await row(page, "archive").focus();
  await keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Pages of this canister" }).getByRole("link", { name: "Call" }).focus();
  await keyboard.press("Enter");
  await page.getByRole("button", { name: "add update" }).focus();
  await keyboard.press("Enter");
  await page.getByLabel("Argument 1").focus();
  await keyboard.type("41");
  await keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Answer" })).toContainText("41");
});

test("an upgrade goes with a net and says what it would mean", async ({ page, bridge }) => {
  test.slow();
  await choose(page, "shop_backend", "Upgrade");
  const dialog = page.getByRole("dialog", { name: "Upgrade shop_backend" });
  await ready(page, bridge, "shop_backend_1.wasm.gz");
  await dialog.getByRole("button", { name: "Choose a module" }).click();
  const meaning = dialog.getByRole("region", { name: "What it would mean" });
  await expect(meaning).toContainText("Callers may break", { timeout: 20_000 });
  await dialog.getByLabel("Method").selectOption("shelf");
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog).toContainText("Those who call it may fail: without order, orders, shelf, summary");
});

test("a file that is no module is explained", async ({ page, bridge }) => {
  await choose(page, "orders", "Reinstall");
  const dialog = page.getByRole("dialog", { name: "Reinstall orders" });
  await page.request.post(`${bridge.url}/bridge/ready`, { data: [join(modules, "tally.wat")] });
  await dialog.getByRole("button", { name: "Choose a module" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Next" })).toHaveAttribute("aria-disabled", "true");
});

test("reinstalling wants the name typed, and a dropped file will do", async ({ page, bridge }) => {
  await choose(page, "orders", "Reinstall");
  const dialog = page.getByRole("dialog", { name: "Reinstall orders" });
  const answer = await page.request.post(`${bridge.url}/bridge/drop`, { data: [join(modules, "tally.wasm")] });
  const picks = (await answer.json()) as unknown;
  await page.evaluate((detail) => dispatchEvent(new CustomEvent("bridge:dropped", { detail })), picks);
  await expect(dialog).toContainText("tally.wasm");
  await dialog.getByRole("button", { name: "Next" }).click({ timeout: 20_000 });
  const reinstall = dialog.getByRole("button", { name: "Reinstall orders" });
  await expect(reinstall).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Type orders to confirm").fill("orders");
  await reinstall.click();
  await expect(dialog).toContainText("Reinstalled orders", { timeout: 20_000 });
});

test("cycles are given, and what they are good for is said before", async ({ page }) => {
  await choose(page, "payments", "Top up");
  const dialog = page.getByRole("dialog", { name: "Top up payments" });
  await dialog.getByLabel("Cycles, in trillions").fill("nothing");
  await expect(dialog).toContainText("Write a number like 2 or 0.5.");
  await expect(dialog.getByRole("button", { name: "Next" })).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Cycles, in trillions").fill("2");
  await expect(dialog).toContainText("Freezes then in");
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Top up payments" }).click();
  await expect(dialog).toContainText("Topped up payments", { timeout: 20_000 });
});

test("a module is removed and the canister deleted, each with its name typed", async ({ page }) => {
  test.slow();
  await choose(page, "stock", "Remove module");
  const removal = page.getByRole("dialog", { name: "Remove the module of stock" });
  await removal.getByLabel("Type stock to confirm").fill("stock");
  await removal.getByRole("button", { name: "Remove the module of stock" }).click();
  await expect(removal).toContainText("Removed the module of stock", { timeout: 20_000 });
  await removal.getByRole("button", { name: "Close" }).click();

  const menu = page.getByRole("button", { name: "More that can be done to stock" });
  await menu.click();
  await expect(page.getByRole("menuitem", { name: /Delete/ })).toContainText("It has to be stopped first.");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Stop stock" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop stock" }).click();
  await expect(page.getByRole("main").getByText("Stopped", { exact: true }).first()).toBeVisible({ timeout: 20_000 });
  await menu.click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const deletion = page.getByRole("dialog", { name: "Delete stock" });
  await expect(deletion).toContainText("What dies with it");
  const button = deletion.getByRole("button", { name: "Delete stock" });
  await expect(button).toHaveAttribute("aria-disabled", "true");
  await deletion.getByLabel("Type stock to confirm").fill("stock");
  await button.click();
  await expect(deletion).toContainText("Deleted stock", { timeout: 20_000 });
});

test("stopping that takes its time says what it waits for", async ({ page }) => {
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "canisters") return route.continue();
    const answer = await route.fetch();
    const board = (await answer.json()) as {
      canisters: { name: string; denied: object; reading: { status?: object } }[];
    };
    for (const canister of board.canisters) {
      if (canister.name !== "orders") continue;
      canister.reading.status = { ...canister.reading.status, runState: "stopping" };
      canister.denied = { stop: "alreadyStopping" };
    }
    await route.fulfill({ json: board });
  });
  await page.reload();
  await row(page, "orders").getByRole("link", { name: "orders", exact: true }).click();
  await expect(page.getByText("orders is stopping")).toBeVisible();
  await expect(page.getByText("it can be never")).toBeVisible();
  await page.getByRole("button", { name: "Start orders again" }).click();
  await expect(page.getByRole("dialog", { name: "Start orders?" })).toBeVisible();
});

test("a stop of ours that still waits is called off from the canister's page", async ({ page, bridge }) => {
  // The network gives up waiting again and again, as it does while a call is open; the job asks anew each time.
  const waits = { reject_certified: { error: 206, message: "Stop canister request timed out" } };
  await breakIt(bridge, { kind: "call", method: "stop_canister", times: 100, effect: waits });
  let isStopping = false;
  await page.route("**/bridge/request", async (route) => {
    const { request } = route.request().postDataJSON() as { request: string };
    if (request !== "canisters" || !isStopping) return route.continue();
    const answer = await route.fetch();
    const board = (await answer.json()) as {
      canisters: { name: string; denied: object; reading: { status?: object } }[];
    };
    for (const canister of board.canisters) {
      if (canister.name !== "orders") continue;
      canister.reading.status = { ...canister.reading.status, runState: "stopping" };
      canister.denied = { stop: "alreadyStopping" };
    }
    await route.fulfill({ json: board });
  });
  await change(page, "Stop", "orders");
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  isStopping = true;
  await row(page, "orders").getByRole("link", { name: "orders", exact: true }).click();
  await expect(page.getByText("orders is stopping")).toBeVisible({ timeout: 20_000 });
  await page.getByRole("button", { name: "Start orders again" }).click();
  isStopping = false;
  await page.goto(`${bridge.url}/#/activity`);
  await expect(page.getByRole("row", { name: /orders/ }).first(), "the stop itself was turned back").toContainText(
    "Called off",
    { timeout: 45_000 },
  );
});
