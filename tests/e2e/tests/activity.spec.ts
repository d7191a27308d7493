import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "../bridge";
import { idOf, layReady, run } from "../engine";
import { expectNothingFound } from "../axe";

test.slow();

for (const colorScheme of ["light", "dark"] as const) {
  test(`what was done opens to its steps and is found by a filter, ${colorScheme}`, async ({ page, bridge }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await run(bridge, { op: "stop", canister: await idOf(bridge, "stock") });
    await run(bridge, { op: "start", canister: await idOf(bridge, "stock") });
    await run(bridge, { op: "stop", canister: await idOf(bridge, "storefront") });
    await page.goto(`${bridge.url}/#/activity`);
    await expect(page.getByRole("rowheader")).toHaveText([/Stopped storefront/, /Started stock/, /Stopped stock/]);
    const steps = page.getByRole("link", { name: "Steps of “Stopped storefront”" });
    await steps.press("Enter");
    await expect(page.getByText("Signed by")).toBeVisible();
    await expect(page.getByText("Newest proof")).toBeVisible();
    await expectNothingFound(page, "an act with its steps");
    await page.getByRole("link", { name: "Steps of “Stopped storefront”" }).press("Enter");
    await expect(page.getByText("Signed by")).toBeHidden();

    await page.getByRole("searchbox").fill("stock");
    await expect(page.getByRole("rowheader")).toHaveText([/Started stock/, /Stopped stock/]);
    await page.getByRole("searchbox").fill("nobody has this name");
    await expect(page.getByText("Nothing matches")).toBeVisible();
    await page.getByRole("button", { name: "Show all" }).press("Enter");
    await expect(page.getByRole("rowheader")).toHaveCount(3);
  });
}

test("the record leaves the app and is verified; one that was changed is told", async ({ page, bridge, home }) => {
  await run(bridge, { op: "stop", canister: await idOf(bridge, "stock") });
  await page.goto(`${bridge.url}/#/activity`);
  const file = join(home, "record.json");
  const choose = async (name: string) => {
    await layReady(bridge, [file]);
    await page.getByRole("button", { name: "Export or verify" }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  await choose("Export as JSON, to be verified");
  await expect(page.getByText("The record was saved as record.json.")).toBeVisible();
  await choose("Verify a record");
  await expect(page.getByText("record.json is as it was exported.")).toBeVisible();
  await writeFile(file, (await readFile(file, "utf8")).replaceAll("stock", "stack"));
  await choose("Verify a record");
  await expect(page.getByText("record.json cannot be relied on")).toBeVisible();
});

test("asked before the window closes while something is under way", async ({ page, bridge }) => {
  // The shell asks by news; a browser has no shell.
  await page.addInitScript(() => {
    const Real = EventSource;
    window.EventSource = class extends Real {
      constructor(url: string | URL) {
        super(url);
        const data = JSON.stringify({ kind: "closing", jobs: [] });
        addEventListener("test:closing", () => this.onmessage?.(new MessageEvent("message", { data })));
      }
    };
  });
  await page.goto(bridge.url);
  await expect(page.getByRole("table")).toBeVisible();
  await page.evaluate(() => dispatchEvent(new Event("test:closing")));
  const dialog = page.getByRole("dialog", { name: "Close while something is under way?" });
  await expect(dialog.getByRole("button", { name: "Stay open" })).toBeFocused();
  await expectNothingFound(page, "the question before closing");
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
});
