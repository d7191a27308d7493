/** The log of a canister: followed, filtered, copied; what went is said, and to whom it is not open. */
import type { Page } from "@playwright/test";
import { expect, openBoard, row, test } from "../bridge";

const line = (number: number, text: string) => ({ number, at: 1_763_740_800_000 + number * 1_000, text, hex: null });

/** Answers the log's requests in turn; the last one again and again. */
async function scripted(page: Page, answers: object[]) {
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "canisterLog") return route.continue();
    await route.fulfill({ json: answers.length > 1 ? answers.shift() : answers[0] });
  });
}

async function openLogs(page: Page, name: string) {
  await row(page, name).getByRole("link", { name, exact: true }).click();
  await page.getByRole("navigation", { name: "Pages of this canister" }).getByRole("link", { name: "Logs" }).click();
}

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("is followed, filtered and copied, and says what went", async ({ page }) => {
  await scripted(page, [
    { lines: [line(1, "the shop opens"), line(2, "an order of 3 pieces")], next: 3, lost: 0 },
    { lines: [line(9, "the shop closes")], next: 10, lost: 6 },
    { lines: [], next: 10, lost: 0 },
  ]);
  await openLogs(page, "orders");
  const log = page.getByRole("log", { name: "Log of orders" });
  await expect(log).toContainText("an order of 3 pieces");
  await expect(log, "what comes later appears by itself").toContainText("the shop closes", { timeout: 15_000 });
  await expect(page.getByText("6 lines went before they were read")).toBeVisible();
  await page.getByRole("searchbox", { name: "Filter lines" }).fill("shop");
  await expect(log).not.toContainText("order");
  await page.getByRole("button", { name: "Copy 2 lines" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/the shop opens\n.*the shop closes/);
  await page.getByRole("searchbox", { name: "Filter lines" }).fill("nothing");
  await expect(page.getByText("No line says this.")).toBeVisible();
});

test("is empty, and not open to everybody", async ({ page }) => {
  await openLogs(page, "orders");
  await expect(page.getByText("The log is empty")).toBeVisible();
  await expect(page.getByText("Who may read it: controllers.")).toBeVisible();
  await page.getByRole("link", { name: "All canisters" }).click();
  await openLogs(page, "shipping_partner");
  await expect(page.getByText("This log is not open to you")).toBeVisible();
});

test("a failure stands above the lines that are there", async ({ page }) => {
  await scripted(page, [{ lines: [line(1, "the shop opens")], next: 2, lost: 0 }]);
  await openLogs(page, "orders");
  await expect(page.getByRole("log")).toContainText("the shop opens");
  await page.unroute("**/bridge/request");
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "canisterLog") return route.continue();
    await route.abort("connectionreset");
  });
  await expect(page.getByRole("alert")).toBeVisible({ timeout: 15_000 });
  await expect(page.getByRole("log")).toContainText("the shop opens");
});
