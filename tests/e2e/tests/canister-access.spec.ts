/** Nothing that a machine can find against WCAG 2.2 AA on the pages and dialogs of a canister, in both themes. */
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectNothingFound } from "../axe";
import { expect, openBoard, row, test } from "../bridge";

const modules = join(import.meta.dirname, "../../../src-tauri/practice/demo");

const pageOf = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Pages of this canister" }).getByRole("link", { name, exact: true }).click();

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });
    test.slow();

    test("pages", async ({ page, bridge }) => {
      await openBoard(page, bridge);
      await row(page, "shop_backend").getByRole("link", { name: "shop_backend", exact: true }).click();
      await pageOf(page, "Overview");
      await expect(page.getByRole("img", { name: /freezes in/ })).toBeVisible();
      await expect(page.getByRole("region", { name: "What its module tells" })).toContainText("candid:service");
      await expectNothingFound(page, "overview with its chart");
      await pageOf(page, "Call");
      await page.getByRole("button", { name: "order update" }).click();
      await page.getByRole("button", { name: "Call order" }).click();
      await expect(page.getByText("Write a number.")).toBeVisible();
      await expectNothingFound(page, "a form with trouble");
      await page.getByRole("button", { name: "shelf query" }).click();
      await page.getByRole("button", { name: "Ask shelf" }).click();
      await expect(page.getByRole("region", { name: "Answer" })).toContainText("A map of the bay");
      await expectNothingFound(page, "an answer");
      await pageOf(page, "Logs");
      await expect(page.getByText("The log is empty")).toBeVisible();
      await expectNothingFound(page, "an empty log");
      await pageOf(page, "Settings");
      await page.getByLabel("Heap limit").first().fill("x");
      await page.getByRole("button", { name: "Add a variable" }).click();
      await page.getByLabel("Who may read its log").selectOption("listed");
      await expectNothingFound(page, "settings with trouble");
      await pageOf(page, "Activity");
      await expect(page.getByText("Nothing yet")).toBeVisible();
      await expectNothingFound(page, "activity");
      await page.getByRole("button", { name: "More that can be done to shop_backend" }).click();
      await expectNothingFound(page, "the menu");
    });

    test("dialogs", async ({ page, bridge }) => {
      await openBoard(page, bridge);
      await page.getByRole("button", { name: "Make a canister" }).click();
      const dialog = page.getByRole("dialog");
      await expect(dialog).toContainText("It starts with");
      await expectNothingFound(page, "making a canister");
      await page.keyboard.press("Escape");
      await row(page, "shop_backend").getByRole("link", { name: "shop_backend", exact: true }).click();
      const choose = async (item: string) => {
        await page.getByRole("button", { name: "More that can be done to shop_backend" }).click();
        await page.getByRole("menuitem", { name: item }).click();
      };
      await choose("Upgrade");
      await expectNothingFound(page, "an upgrade without a module");
      await page.request.post(`${bridge.url}/bridge/ready`, { data: [join(modules, "shop_backend_1.wasm.gz")] });
      await dialog.getByRole("button", { name: "Choose a module" }).click();
      await expect(dialog.getByRole("region", { name: "What it would mean" })).toBeVisible();
      await dialog.getByLabel("Method").selectOption("shelf");
      await expectNothingFound(page, "an upgrade");
      await page.keyboard.press("Escape");
      await choose("Top up");
      await expectNothingFound(page, "a top up");
      await page.keyboard.press("Escape");
      await choose("Remove module");
      await expect(dialog).toContainText("What happens");
      await expectNothingFound(page, "removing a module");
    });
  });
}
