/** What the network refuses in the life of a canister: said in the dialog, with what is safe, and nothing is half done. */
import type { Page } from "@playwright/test";
import { expectNothingFound } from "../axe";
import { expect, openBoard, row, test } from "../bridge";
import { breakIt } from "../engine";

const waiting = { timeout: 40_000 };
const refusal = { reject_certified: { error: 406, message: "the network thought better of it" } };
const refuse = (method: string) => ({ kind: "call", method, times: 20, effect: refusal });

async function choose(page: Page, canister: string, action: string) {
  await row(page, canister)
    .getByRole("button", { name: `More about ${canister}` })
    .click();
  await page.getByRole("menuitem", { name: action }).click();
}

const dialog = (page: Page, name: string) => page.getByRole("dialog", { name });

async function expectRefusal(page: Page, name: string, words: string) {
  const alert = dialog(page, name).getByRole("alert");
  await expect(alert).toContainText(words, waiting);
  await expect(alert).toContainText("A certificate proves the refusal: nothing has changed.");
  await expect(alert.getByRole("button", { name: "Copy technical details" })).toBeVisible();
  await expect(dialog(page, name).getByRole("button", { name: "Close" })).toBeVisible();
  await expectNothingFound(page, words);
}

test.slow();
test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("making a canister", async ({ page, bridge }) => {
  await breakIt(bridge, refuse("provisional_create_canister_with_cycles"));
  await page.getByRole("button", { name: "Make a canister" }).click();
  const name = "Make a canister";
  await dialog(page, name).getByLabel("Name", { exact: true }).fill("archive");
  await expect(dialog(page, name)).toContainText("It starts with", waiting);
  await dialog(page, name).getByRole("button", { name: "Next" }).click();
  await dialog(page, name).getByRole("button", { name: "Make archive" }).click();
  await expectRefusal(page, name, "No canister was made");
});

test("topping up", async ({ page, bridge }) => {
  await breakIt(bridge, refuse("provisional_top_up_canister"));
  await choose(page, "payments", "Top up");
  const name = "Top up payments";
  await dialog(page, name).getByRole("button", { name: "Next" }).click();
  await dialog(page, name).getByRole("button", { name: "Top up payments" }).click();
  await expectRefusal(page, name, "payments was not topped up");
});

test("removing a module", async ({ page, bridge }) => {
  await breakIt(bridge, refuse("uninstall_code"));
  await choose(page, "stock", "Remove module");
  const name = "Remove the module of stock";
  await dialog(page, name).getByLabel("Type stock to confirm").fill("stock");
  await dialog(page, name).getByRole("button", { name }).click();
  await expectRefusal(page, name, "The module of stock was not removed");
});

test("deleting", async ({ page, bridge }) => {
  await breakIt(bridge, refuse("delete_canister"));
  await choose(page, "newsletter", "Delete");
  const name = "Delete newsletter";
  await dialog(page, name).getByLabel("Type newsletter to confirm").fill("newsletter");
  await dialog(page, name).getByRole("button", { name }).click();
  await expectRefusal(page, name, "newsletter was not deleted");
});

test("changing settings", async ({ page, bridge }) => {
  await breakIt(bridge, refuse("update_settings"));
  await row(page, "orders").getByRole("link", { name: "orders", exact: true }).click();
  await page
    .getByRole("navigation", { name: "Pages of this canister" })
    .getByRole("link", { name: "Settings" })
    .click();
  await page.getByLabel("Freezing threshold").first().fill("90");
  await page.getByRole("button", { name: "Review the change" }).click();
  const name = "Change settings of orders";
  await dialog(page, name).getByRole("button", { name }).click();
  await expectRefusal(page, name, "The settings of orders were not changed");
  await dialog(page, name).getByRole("button", { name: "Close" }).click();
  await expect(page.getByLabel("Freezing threshold").first(), "what was written stays").toHaveValue("90");
});

test("starting", async ({ page, bridge }) => {
  await breakIt(bridge, refuse("start_canister"));
  await row(page, "newsletter").getByRole("button", { name: "Start newsletter" }).click();
  await dialog(page, "Start newsletter?").getByRole("button", { name: "Start newsletter" }).click();
  await expectRefusal(page, "Start newsletter?", "newsletter was not started");
});
