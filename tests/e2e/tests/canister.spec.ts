import { change, expect, openBoard, row, test } from "../bridge";

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("opens from its row and from its address, and leads back", async ({ page }) => {
  await row(page, "orders").getByRole("link", { name: "orders" }).click();
  await expect(page.getByRole("heading", { name: "orders" })).toBeVisible();
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("region", { name: "Controllers" })).toContainText("you");
  await expect(page.getByRole("region", { name: "Cycles", exact: true })).toContainText("Burns, idle");
  await page.reload();
  await expect(page.getByRole("heading", { name: "orders" }), "the address names it").toBeVisible();
  await page.getByRole("link", { name: "All canisters" }).click();
  await expect(page.getByRole("table")).toBeVisible();

  await row(page, "orders").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "orders" })).toBeVisible();
});

test("is stopped and started from its page", async ({ page }) => {
  await page.goto(page.url().replace(/#.*|$/, ""));
  await row(page, "stock").getByRole("link", { name: "stock" }).click();
  await page.getByRole("button", { name: "Stop stock" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop stock" }).click();
  await expect(page.getByRole("main")).toContainText("Stopped");
  await expect(page.getByRole("main")).toContainText("Certified");
  await page.getByRole("link", { name: "All canisters" }).click();
  await change(page, "Start", "stock");
  await expect(row(page, "stock")).toContainText("Running");
});

test("says what is only its controllers' to see, and what is nowhere", async ({ page }) => {
  await row(page, "shipping_partner").getByRole("link", { name: "shipping_partner" }).click();
  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("region", { name: "Not visible" })).toContainText("Only its controllers");
  await expect(page.getByRole("region", { name: "Controllers" })).toContainText(
    "The identity in use is not among them.",
  );
  await page.evaluate(() => {
    location.hash = "#/canisters/aaaaa-aa";
  });
  await expect(page.getByText("No such canister here")).toBeVisible();
});
