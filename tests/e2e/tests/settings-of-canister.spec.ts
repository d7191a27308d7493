/** Settings of a canister: changed as a whole, reviewed, and sent only then. */
import type { Page } from "@playwright/test";
import { expect, openBoard, row, test } from "../bridge";

async function openSettings(page: Page, name: string) {
  await row(page, name).getByRole("link", { name, exact: true }).click();
  await page
    .getByRole("navigation", { name: "Pages of this canister" })
    .getByRole("link", { name: "Settings" })
    .click();
}

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("a change is reviewed, made, and stands in the activity", async ({ page }) => {
  await openSettings(page, "orders");
  const review = page.getByRole("button", { name: "Review the change" });
  await expect(review).toHaveAttribute("aria-disabled", "true");
  await page.getByLabel("Freezing threshold").first().fill("90");
  await page.getByLabel("Heap limit").first().fill("1.5");
  await page.getByRole("button", { name: "Add a variable" }).click();
  await page.getByRole("textbox", { name: "Name of variable 1" }).fill("STAGE");
  await page.getByRole("textbox", { name: "Value of STAGE" }).fill("practice");
  await expect(page.getByText("3 settings are changed")).toBeVisible();
  await review.click();
  const dialog = page.getByRole("dialog", { name: "Change settings of orders" });
  await expect(dialog).toContainText("30 days");
  await expect(dialog).toContainText("90 days");
  await expect(dialog).toContainText("1.5 GiB");
  await expect(dialog).toContainText("STAGE");
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await dialog.getByRole("button", { name: "Change settings of orders" }).click();
  await expect(dialog).toContainText("Changed settings of orders", { timeout: 20_000 });
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("Nothing is changed yet.").first(), "what was changed is in force").toBeVisible({
    timeout: 20_000,
  });
  await expect(page.getByLabel("Freezing threshold").first()).toHaveValue("90");

  await page
    .getByRole("navigation", { name: "Pages of this canister" })
    .getByRole("link", { name: "Activity" })
    .click();
  const acts = page.getByRole("list", { name: "What was done to orders" });
  await acts.getByText("Changed settings of orders").click();
  await expect(acts).toContainText("Change the settings");
  await expect(acts).toContainText("Proven by a certificate");
});

test("what is wrong stands at its field, and nothing is sent", async ({ page }) => {
  await openSettings(page, "orders");
  await page.getByLabel("Compute allocation").fill("101");
  await expect(page.getByText("Write a number from 0 to 100.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Review the change" })).toHaveAttribute("aria-disabled", "true");
  await page.getByRole("button", { name: "Put back as it was" }).click();
  await expect(page.getByLabel("Compute allocation")).toHaveValue("0");
});

test("a controller that is removed has its canister's name typed", async ({ page }) => {
  await openSettings(page, "orders");
  await page.getByLabel("Principal", { exact: true }).fill("2vxsx-fae");
  await page.keyboard.press("Enter");
  const list = page.getByRole("list", { name: "Controllers" });
  await expect(list.getByRole("listitem")).toHaveCount(2);
  await list.getByRole("button", { name: /^Remove 4axum/ }).click();
  await page.getByRole("button", { name: "Review the change" }).click();
  const dialog = page.getByRole("dialog", { name: "Change settings of orders" });
  await expect(dialog).toContainText("Everybody in the world would control it.");
  await expect(dialog).toContainText("This identity would lose control");
  await expect(dialog).toContainText("Controller removed");
});

test("who may look is chosen by name or by list", async ({ page }) => {
  await openSettings(page, "stock");
  await page.getByLabel("Who may read its log").selectOption("listed");
  await expect(page.getByText("Write at least one principal")).toBeVisible();
  await page.getByLabel("Principals, one a line").fill("2vxsx-fae");
  await page.getByLabel("Who may read its status").selectOption("public");
  await page.getByRole("button", { name: "Review the change" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Controllers and 1 other: 2vxsx-fae");
  await expect(dialog).toContainText("Everybody could read its status.");
});

test("others see why they cannot", async ({ page }) => {
  await openSettings(page, "shipping_partner");
  await expect(page.getByText("Only its controllers see and change the settings")).toBeVisible();
});
