import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, openBoard, row, test } from "../bridge";

const patience = { timeout: 90_000 };

test.beforeEach(async ({ page, bridge }) => {
  test.slow();
  await openBoard(page, bridge);
});

async function openTimeline(page: Page, name: string) {
  await row(page, name).getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("region", { name: "Timeline" }).getByRole("article").first()).toBeVisible(patience);
}

test("a snapshot is taken, named, and stands on the timeline", async ({ page }) => {
  await openTimeline(page, "orders");
  await page.getByRole("button", { name: "Take snapshot" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Take a snapshot of orders" });
  await dialog.getByLabel("Name", { exact: true }).fill("before the price change");
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Take a snapshot of orders" }).click(patience);
  await expect(dialog.getByRole("region", { name: "Proof" })).toContainText("Took a snapshot of orders", patience);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("article", { name: "before the price change" })).toBeVisible(patience);
});

test("with all places used, one gives way, and never silently", async ({ page }) => {
  await openTimeline(page, "customers");
  await page.getByRole("button", { name: "Take snapshot" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Take a snapshot of customers" });
  await expect(dialog).toContainText("All 10 snapshots are used. Which one gives way?", patience);
  const next = dialog.getByRole("button", { name: "Next" });
  await expect(next).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("radio").last().check();
  await expect(dialog).toContainText("There is no verified copy of it: it would be lost.");
  await expect(next).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("button", { name: "Download it first" }).click();
  await expect(dialog).toContainText("A verified copy of it lies on this computer.", patience);
  await next.click();
  await dialog.getByRole("button", { name: "Take a snapshot of customers" }).click(patience);
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("nothing that a machine can find against the timeline and each stage of a restore", async ({ page }) => {
      const look = async (where: string) => {
        const { violations } = await new AxeBuilder({ page })
          .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
          .analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
        expect.soft(found, where).toEqual([]);
      };
      await openTimeline(page, "orders");
      await page.getByRole("article").first().getByRole("button").first().click();
      await look("the timeline");
      await page
        .getByRole("article")
        .first()
        .getByRole("button", { name: /^Restore/ })
        .click();
      const dialog = page.getByRole("dialog");
      await expect(dialog).toContainText("The snapshot is there", patience);
      await look("check");
      await dialog.getByRole("button", { name: "Back" }).click();
      await look("choose");
      await dialog.getByRole("button", { name: "Next" }).click();
      await expect(dialog).toContainText("The snapshot is there", patience);
      await dialog.getByRole("button", { name: "Next" }).click();
      await look("confirm");
      await dialog.getByRole("button", { name: "Restore orders" }).click();
      await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
      await look("proof");
    });
  });
}
