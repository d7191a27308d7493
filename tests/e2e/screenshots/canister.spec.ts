/** The pages of a canister and the dialogs of its life, in every state that a person can see. */
import type { Page } from "@playwright/test";
import { join } from "node:path";
import { expect, openBoard, row, test } from "../bridge";
import { take } from "./picture";

const modules = join(import.meta.dirname, "../../../src-tauri/practice/demo");

async function open(page: Page, name: string, of: string) {
  await page.goto(page.url().replace(/#.*|$/, "#/canisters"));
  await row(page, name).getByRole("link", { name, exact: true }).click();
  await page.getByRole("navigation", { name: "Pages of this canister" }).getByRole("link", { name: of }).click();
}

async function choose(page: Page, name: string, action: string) {
  await page.getByRole("button", { name: `More that can be done to ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("overview", async ({ page }) => {
  await open(page, "shop_backend", "Overview");
  await expect(page.getByRole("region", { name: "What its module tells" })).toContainText("candid:service");
  await take(page, "canister-overview");
  await page.getByRole("button", { name: "More that can be done to shop_backend" }).click();
  await take(page, "canister-menu");
  await open(page, "payments", "Overview");
  await take(page, "canister-overview-low");
  await open(page, "shipping_partner", "Overview");
  await take(page, "canister-overview-not-ours");
});

test("call", async ({ page }) => {
  await open(page, "shop_backend", "Call");
  await page.getByRole("button", { name: "order update" }).click();
  await take(page, "canister-call-form");
  await page.getByRole("button", { name: "Call order" }).click();
  await expect(page.getByText("Write a number.")).toBeVisible();
  await take(page, "canister-call-trouble");
  await page.getByLabel("customer").fill("Ada");
  await page.getByLabel("code").fill("B1");
  await page.getByLabel("pieces").fill("1");
  await page.getByRole("button", { name: "Call order" }).click();
  await expect(page.getByRole("region", { name: "Answer" })).toContainText("Certified");
  await take(page, "canister-call-answer");
  await page.getByRole("radio", { name: "Candid" }).first().check();
  await take(page, "canister-call-text");
  await page.getByRole("button", { name: "shelf query" }).click();
  await page.getByRole("button", { name: "Ask shelf" }).click();
  await expect(page.getByRole("region", { name: "Answer" })).toContainText("A map of the bay");
  await take(page, "canister-call-list");
});

test("calls that fail", async ({ page }) => {
  await open(page, "orders", "Call");
  await page.getByRole("button", { name: "add update" }).click();
  await page.getByRole("radio", { name: "Raw" }).check();
  await page.getByLabel("Arguments as bytes").fill("4449444c00");
  await page.getByRole("button", { name: "Call add" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await take(page, "canister-call-failed");
});

test("logs", async ({ page }) => {
  await page.route("**/bridge/request", async (route) => {
    const { request, filter } = route.request().postDataJSON() as { request: string; filter?: { kind: string } };
    if (request !== "canisterLog") return route.continue();
    // Whoever follows it is told each line once.
    if (filter?.kind === "from") return route.fulfill({ json: { lines: [], next: 3, lost: 0 } });
    const lines = ["the shop opens", "an order of 3 pieces", "a trap: no article B9"].map((text, number) => ({
      number,
      at: 1_763_740_800_000 + number * 61_000,
      text,
      hex: null,
    }));
    await route.fulfill({ json: { lines, next: 3, lost: 2 } });
  });
  await open(page, "orders", "Logs");
  await page.getByRole("checkbox", { name: "Follow" }).uncheck();
  await expect(page.getByRole("log")).toContainText("a trap");
  await take(page, "canister-log");
  await page.unroute("**/bridge/request");
  await open(page, "stock", "Logs");
  await expect(page.getByText("The log is empty")).toBeVisible();
  await take(page, "canister-log-empty");
});

test("settings and activity", async ({ page }) => {
  await open(page, "orders", "Settings");
  await take(page, "canister-settings");
  await page.getByLabel("Freezing threshold").first().fill("90");
  await page.getByLabel("Heap limit").first().fill("x");
  await take(page, "canister-settings-trouble");
  await page.getByLabel("Heap limit").first().fill("2");
  await page.getByRole("button", { name: "Review the change" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("What happens");
  await take(page, "canister-settings-review");
  await dialog.getByRole("button", { name: "Change settings of orders" }).click();
  await expect(dialog).toContainText("Changed settings of orders");
  await take(page, "canister-settings-done");
  await dialog.getByRole("button", { name: "Close" }).click();
  await open(page, "orders", "Activity");
  await page.getByText("Changed settings of orders").first().click();
  await take(page, "canister-activity");
});

test("dialogs of its life", async ({ page, bridge }) => {
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Make a canister" }).click();
  await dialog.getByLabel("Name", { exact: true }).fill("archive");
  await expect(dialog).toContainText("It starts with");
  await take(page, "canister-create");
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Make archive" }).click();
  await expect(dialog).toContainText("archive is made");
  await take(page, "canister-create-done");
  await dialog.getByRole("button", { name: "Close" }).click();

  await open(page, "shop_backend", "Overview");
  await choose(page, "shop_backend", "Upgrade");
  await take(page, "canister-upgrade-empty");
  await page.request.post(`${bridge.url}/bridge/ready`, { data: [join(modules, "shop_backend_1.wasm.gz")] });
  await dialog.getByRole("button", { name: "Choose a module" }).click();
  await expect(dialog.getByRole("region", { name: "What it would mean" })).toBeVisible();
  await take(page, "canister-upgrade");
  await page.keyboard.press("Escape");
  await choose(page, "shop_backend", "Top up");
  await take(page, "canister-top-up");
  await page.keyboard.press("Escape");
  await choose(page, "shop_backend", "Remove module");
  await expect(dialog).toContainText("What happens");
  await take(page, "canister-remove-module");
  await page.keyboard.press("Escape");
  await choose(page, "shop_backend", "Name and note");
  await take(page, "canister-describe");
  await page.keyboard.press("Escape");
  await open(page, "newsletter", "Overview");
  await choose(page, "newsletter", "Delete");
  await expect(page.getByRole("dialog")).toContainText("What dies with it");
  await take(page, "canister-delete");
});
