import { expect, openBoard, row, test } from "../bridge";

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("stops and starts a canister without a mouse", async ({ page }) => {
  const { keyboard } = page;
  await keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await keyboard.type("sto");
  await keyboard.press("ArrowDown");
  // What the filter leaves: customers, stock, storefront.
  await expect(row(page, "customers")).toBeFocused();
  await keyboard.press("End");
  await expect(row(page, "storefront")).toBeFocused();
  await keyboard.press("ArrowUp");
  const stock = row(page, "stock");
  await expect(stock).toBeFocused();
  await keyboard.press("ArrowRight");
  await expect(stock.getByRole("button", { name: "Stop stock" }), "the first that can be pressed").toBeFocused();
  await keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(dialog).toContainText("All checks are fine.");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await expect(stock).toContainText("Stopped");
  await expect(stock.getByRole("button", { name: "Start stock" }), "the focus comes back").toBeFocused();
  await keyboard.press("Escape");
  await expect(stock).toBeFocused();
  await keyboard.press("ArrowDown");
  await expect(row(page, "storefront")).toBeFocused();
  await keyboard.press("ArrowUp");
  await keyboard.press("ArrowRight");
  await keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Start stock?" })).toContainText("All checks are fine.");
  await keyboard.press("Tab");
  await keyboard.press("Enter");
  await expect(stock).toContainText("Running");
});

test("reaches everything by Tab, beginning with the way past the sidebar", async ({ page }) => {
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  const stops = [
    "Share the board",
    "Make a canister",
    "Add a canister",
    "Refresh",
    "Filter by name or id",
    "Needs attention",
    "Stopped",
    "No recent copy",
    "Canister",
    "State",
  ];
  for (const name of stops) {
    await page.keyboard.press("Tab");
    await expect(page.locator(":focus")).toHaveAccessibleName(new RegExp(`^${name}`));
  }
});

test("lists the keys, goes to the views, and closes with Escape", async ({ page }) => {
  const { keyboard } = page;
  await keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await expect(keys).toContainText("Filter the canisters");
  await keyboard.press("Escape");
  await expect(keys).toBeHidden();
  await keyboard.press("Control+3");
  await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
  await keyboard.press("Control+4");
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
});

test("clears the filter with Escape", async ({ page }) => {
  await page.keyboard.press("/");
  await page.keyboard.type("stock");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("searchbox")).toHaveValue("");
});

test("finds a canister and an action by name", async ({ page }) => {
  const { keyboard } = page;
  await keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Find a canister or an action" })).toBeFocused();
  await keyboard.type("newsl");
  await expect(page.getByRole("option").first()).toContainText("newsletter");
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "newsletter" })).toBeVisible();

  await keyboard.press("Control+k");
  await keyboard.type("start newsletter");
  await keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Start newsletter?" })).toBeVisible();
  await keyboard.press("Escape");

  await keyboard.press("Control+k");
  await keyboard.type("activity");
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
});
