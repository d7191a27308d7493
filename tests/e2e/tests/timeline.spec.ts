import type { Page } from "@playwright/test";
import { expect, openBoard, row, test } from "../bridge";

const patience = { timeout: 60_000 };

test.beforeEach(async ({ page, bridge }) => {
  test.slow();
  await openBoard(page, bridge);
});

async function openTimeline(page: Page, name: string) {
  await row(page, name).getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("region", { name: "Timeline" }).getByRole("article").first()).toBeVisible(patience);
}

test("tells what a canister can go back to, and what happened between", async ({ page }) => {
  await openTimeline(page, "orders");
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline).toContainText(/\d of 10 snapshots/);
  await expect(timeline).toContainText("Now");
  await expect(timeline).toContainText("Module upgraded");
  await expect(timeline.getByRole("article")).not.toHaveCount(0);
  const first = timeline.getByRole("article").first();
  await first.getByRole("button").first().click();
  await expect(first).toContainText("Snapshot id");
  await expect(first).toContainText("Taken from the canister");
});

test("is walked with the keyboard: arrows, Enter, X, and two selected are compared", async ({ page }) => {
  await openTimeline(page, "orders");
  const cards = page.getByRole("region", { name: "Timeline" }).getByRole("article");
  const stop = (place: number) => cards.nth(place).getByRole("button").first();
  await stop(0).focus();
  await page.keyboard.press("ArrowDown");
  await expect(stop(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(stop(1)).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("x");
  await page.keyboard.press("Home");
  await expect(stop(0)).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.getByText("2 selected")).toBeVisible();
  await page.getByRole("button", { name: "Compare" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Two moments of orders" });
  await expect(dialog).toContainText("apart");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("a moment is named where it stands", async ({ page }) => {
  await openTimeline(page, "orders");
  const first = page.getByRole("region", { name: "Timeline" }).getByRole("article").first();
  await first.getByRole("button", { name: /What can be done/ }).click();
  await page.getByRole("menuitem", { name: /^Name / }).click();
  await first.getByLabel("Name", { exact: true }).fill("before the price change");
  await first.getByLabel("Note").fill("the old prices are in here");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article", { name: "before the price change" })).toContainText(
    "the old prices are in here",
    patience,
  );
});

test("says that all places are used", async ({ page }) => {
  await openTimeline(page, "customers");
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("10 of 10 snapshots");
});

test("above the newest moment stands now, which Enter keeps", async ({ page }) => {
  await openTimeline(page, "orders");
  const timeline = page.getByRole("region", { name: "Timeline" });
  await timeline.getByRole("article").first().getByRole("button").first().focus();
  await page.keyboard.press("ArrowUp");
  await expect(timeline.getByRole("button", { name: "Keep this moment" })).toBeFocused();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Take a snapshot of orders" });
  await expect(dialog).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(timeline.getByRole("button", { name: "Keep this moment" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(timeline.getByRole("article").first().getByRole("button").first()).toBeFocused();
});

test("where the network tells no history, the past is said to be unknown", async ({ page }) => {
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "timeline") return route.fallback();
    const answer = await route.fetch();
    const timeline = (await answer.json()) as object;
    await route.fulfill({ json: { ...timeline, hasHistory: false, changes: [] } });
  });
  await openTimeline(page, "orders");
  const last = page.getByRole("region", { name: "Timeline" }).getByRole("list").first().locator("> li").last();
  await expect(last).toContainText("Not known");
  await expect(last).toContainText("this network tells no history of canisters");
});
