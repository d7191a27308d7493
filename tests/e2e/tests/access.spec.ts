/** Nothing that a machine can find against WCAG 2.2 AA, in both themes, on every view, dialog and state. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectNothingFound } from "../axe";
import { Bridge, change, expect, openBoard, row, test } from "../bridge";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("views and dialogs", async ({ page, bridge }) => {
      // Many looks, and each search takes a second or two.
      test.slow();
      await openBoard(page, bridge);
      await expectNothingFound(page, "the board");

      await row(page, "storefront").getByRole("button", { name: "Stop storefront" }).click();
      await expectNothingFound(page, "the question before a stop");
      await page.getByRole("dialog").getByRole("button", { name: "Stop storefront" }).click();
      await expect(row(page, "storefront")).toContainText("Certified");
      await page.getByRole("button", { name: "Show recent acts" }).click();
      await row(page, "storefront").getByText("Certified").hover();
      await expect(page.getByRole("tooltip")).toBeVisible();
      await expectNothingFound(page, "the board with a certified row, a tooltip and the open tray");
      await page.getByRole("button", { name: "Hide recent acts" }).click();

      await row(page, "storefront").getByRole("button", { name: "Start storefront" }).click();
      await expectNothingFound(page, "the question before a start");
      await page.keyboard.press("Escape");

      await row(page, "orders").getByRole("link", { name: "orders" }).click();
      await expectNothingFound(page, "a canister");
      await page.goBack();

      await page.getByRole("button", { name: /^Stopped \d/ }).click();
      await page.getByRole("searchbox").fill("nothing has this name");
      await expectNothingFound(page, "no match");

      await page.getByRole("link", { name: "Activity" }).click();
      await expectNothingFound(page, "the activity");
      await page.getByRole("link", { name: "Settings" }).click();
      await expectNothingFound(page, "the settings");
      await page.keyboard.press("?");
      await expectNothingFound(page, "the keys");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.keyboard.type("st");
      await expectNothingFound(page, "the palette");
    });

    test("failures", async ({ page, bridge }) => {
      await page.goto(`${bridge.url}/#/activity`);
      await expect(page.getByText("Nothing yet")).toBeVisible();
      await expectNothingFound(page, "an empty activity");
      await page.getByRole("link", { name: "Canisters" }).click();
      await expect(page.getByRole("table")).toBeVisible();
      await page.route("**/bridge/request", (route) =>
        route.request().postData()?.includes('"request":"run"') ? route.abort("connectionreset") : route.continue(),
      );
      await change(page, "Stop", "stock");
      await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
      await expectNothingFound(page, "an unknown outcome in the dialog");
      await page.keyboard.press("Escape");
      await page.route("**/bridge/request", (route) => route.abort("connectionreset"));
      await page.getByRole("button", { name: "Refresh" }).click();
      await expect(page.getByText("The last refresh did not get through")).toBeVisible();
      await expectNothingFound(page, "an unknown outcome at its row, and a refresh that failed");
    });

    test("a failed start", async ({ page, home }) => {
      await mkdir(join(home, "config"), { recursive: true });
      await writeFile(join(home, "config", "settings.json"), "not settings");
      const bridge = await Bridge.start(home);
      try {
        await page.goto(bridge.url);
        await expect(page.getByRole("button", { name: /Set the settings aside/ })).toBeVisible();
        await expectNothingFound(page, "a failed start");
      } finally {
        await bridge.stop();
      }
    });

    test("at 200 %", async ({ page, bridge }) => {
      // What is left of the smallest window when it is magnified to twice its size.
      await page.setViewportSize({ width: 480, height: 320 });
      await openBoard(page, bridge);
      await expectNothingFound(page, "the board in half the width");
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, "only the table itself scrolls sideways").toBeLessThanOrEqual(0);
      await expect(page.getByRole("region", { name: "Network" }), "where one is stays readable").toContainText(
        "Practice",
      );
    });
  });
}
