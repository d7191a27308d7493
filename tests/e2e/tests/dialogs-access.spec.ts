/** Nothing that a machine can find against WCAG 2.2 AA in the dialogs that no other spec looks at, in both themes. */
import type { Page } from "@playwright/test";
import { expectNothingFound } from "../axe";
import { expect, openBoard, row, test } from "../bridge";
import { download } from "../engine";

const waiting = { timeout: 40_000 };

async function choose(page: Page, canister: string, action: string) {
  await row(page, canister)
    .getByRole("button", { name: `More about ${canister}` })
    .click();
  await page.getByRole("menuitem", { name: action }).click();
}

async function leave(page: Page) {
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });
    test.slow();

    test("of a canister", async ({ page, bridge }) => {
      await openBoard(page, bridge);
      const dialog = page.getByRole("dialog");
      await choose(page, "orders", "Name and note");
      await expectNothingFound(page, "name and note");
      await leave(page);
      await choose(page, "newsletter", "Delete");
      await expect(dialog).toContainText("What dies with it", waiting);
      await expectNothingFound(page, "deleting");
      await leave(page);
      await row(page, "stock").getByRole("button", { name: "Stop stock" }).click();
      await expect(dialog).toContainText("All checks are fine.", waiting);
      await expectNothingFound(page, "stopping");
    });

    test("of what cannot be shown in the file manager", async ({ page, bridge }) => {
      await download(bridge, ["at home"]);
      await page.route("**/bridge/reveal", (route) =>
        route.fulfill({
          status: 422,
          json: {
            code: "noFileManager",
            certainty: "nothingSent",
            facts: { path: "/home/ada/copies/at home" },
            report: "no file manager answers",
          },
        }),
      );
      await page.goto(`${bridge.url}/#/library`);
      await page.getByRole("button", { name: "More for at home" }).click(waiting);
      await page.getByRole("menuitem", { name: "Show in folder" }).click();
      await expect(page.getByRole("dialog", { name: "It could not be shown" })).toContainText("at home", waiting);
      await expectNothingFound(page, "what could not be shown");
    });

    test("of the settings", async ({ page, bridge }) => {
      await page.goto(`${bridge.url}/#/settings/networks`);
      await page.getByRole("button", { name: "More about Practice" }).click(waiting);
      await expectNothingFound(page, "the menu of a network");
      await page.getByRole("menuitem", { name: "Reset to the demo" }).click();
      await expectNothingFound(page, "resetting the practice network");
      await leave(page);
      await page.goto(`${bridge.url}/#/settings/identities`);
      for (const [button, where] of [
        ["Create identity", "creating an identity"],
        ["Import identity", "importing an identity"],
        ["Create vault", "creating the vault"],
      ] as const) {
        await page.getByRole("button", { name: button }).click(waiting);
        await expectNothingFound(page, where);
        await leave(page);
      }
      await page.goto(`${bridge.url}/#/settings/general`);
      const quiet = page.getByRole("region", { name: "Notifications" }).getByRole("checkbox");
      await expect(quiet).toBeChecked(waiting);
      await expectNothingFound(page, "the notifications");
      await quiet.uncheck();
      await expectNothingFound(page, "no notifications");
      await page.goto(`${bridge.url}/#/settings/failures`);
      await expect(page.getByRole("heading", { name: /Failures/ })).toBeVisible(waiting);
      await expectNothingFound(page, "all failures");
    });
  });
}
