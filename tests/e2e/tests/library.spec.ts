import { open as openFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "../bridge";
import { ask, download, idOf, layReady } from "../engine";
import { expectNothingFound } from "../axe";

test.slow();

interface Found {
  copies: { id: string; folder: string }[];
}

test("a copy is verified, named, pinned, deleted and brought back", async ({ page, bridge }) => {
  await page.goto(`${bridge.url}/#/library`);
  await expect(page.getByText("No copies yet")).toBeVisible();
  await download(bridge, ["before the change"]);
  const copy = page.locator("[data-row]").filter({ hasText: "before the change" });
  await expect(copy).toContainText("Not verified");

  const more = copy.getByRole("button", { name: "More for before the change" });
  await more.click();
  await page.getByRole("menuitem", { name: "Verify", exact: true }).click();
  await expect(page.getByText("before the change is sound")).toBeVisible();
  await expect(copy).toContainText(/Verified/);

  await more.click();
  await page.getByRole("menuitem", { name: "Name, note and pin" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("as it was");
  await dialog.getByLabel("Pin it").check();
  await dialog.getByRole("button", { name: "Save name and note" }).click();
  const renamed = page.locator("[data-row]").filter({ hasText: "as it was" });
  await expect(renamed).toContainText("Pinned");

  await renamed.getByRole("button", { name: "More for as it was" }).click();
  await expect(page.getByRole("menuitem", { name: "Move to the bin" })).toContainText("Unpin it first.");
  await page.getByRole("menuitem", { name: "Unpin", exact: true }).click();
  await expect(renamed).not.toContainText("Pinned");
  await renamed.getByRole("button", { name: "More for as it was" }).click();
  await page.getByRole("menuitem", { name: "Move to the bin" }).click();
  await expect(page.getByText("as it was is in the bin")).toBeVisible();
  await page.getByRole("button", { name: "Bring it back", exact: true }).click();
  await expect(renamed).toBeVisible();
});

test("damage is found, said where it is, and repaired from the snapshot", async ({ page, bridge }) => {
  await download(bridge, ["to be damaged"]);
  const { copies } = await ask<Found>(bridge, "library");
  const file = await openFile(join(copies[0]?.folder ?? "", "wasm_memory.bin"), "r+");
  await file.write(Buffer.from("damage"), 0, 6, 100);
  await file.close();

  await page.goto(`${bridge.url}/#/library`);
  const copy = page.locator("[data-row]").filter({ hasText: "to be damaged" });
  await copy.getByRole("button", { name: "More for to be damaged" }).click();
  await page.getByRole("menuitem", { name: "Verify", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("is damaged in 1 place");
  await page.getByText("Where", { exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("wasm_memory.bin");
  await expectNothingFound(page, "a damaged copy");
  await page.getByRole("button", { name: "Repair to be damaged" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Repair to be damaged" }).click();
  await expect(dialog).toContainText("Repaired a copy of orders");
});

test("a copy that was cut off says what is missing, here and on the timeline, and is repaired", async ({
  page,
  bridge,
}) => {
  await download(bridge, ["cut off"]);
  const { copies } = await ask<Found>(bridge, "library");
  const path = join(copies[0]?.folder ?? "", "wasm_memory.bin");
  const { size } = await stat(path);
  await truncate(path, size / 2);

  await page.goto(`${bridge.url}/#/canisters/${await idOf(bridge, "orders")}`);
  await expect(page.getByRole("article").first()).toContainText("Copy damaged", { timeout: 45_000 });

  await page.goto(`${bridge.url}/#/library`);
  const copy = page.locator("[data-row]").filter({ hasText: "cut off" });
  await expect(copy).toContainText("Damaged");
  const told = page.getByRole("alert");
  await expect(told).toContainText("cut off is cut off");
  const count = new Intl.NumberFormat("en");
  await expect(told).toContainText(`wasm_memory.bin: ${count.format(size / 2)} bytes of ${count.format(size)} bytes`);
  await expectNothingFound(page, "a copy that was cut off");
  await copy.getByRole("button", { name: "More for cut off" }).click();
  await expect(page.getByRole("menuitem", { name: "Upload into a canister" })).toContainText("Repair it first.");
  await page.keyboard.press("Escape");
  await told.getByRole("button", { name: "Repair cut off" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Repair cut off" }).click();
  await expect(dialog).toContainText("Repaired a copy of orders");
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(copy).toContainText("Verified");
  await expect(told).toBeHidden();
});

test("a copy leaves encrypted and comes back with its passphrase", async ({ page, bridge, home }) => {
  await download(bridge, ["to travel"]);
  await page.goto(`${bridge.url}/#/library`);
  const archive = join(home, "travel.zip.age");
  await layReady(bridge, [archive]);
  await page.getByRole("button", { name: "More for to travel" }).click();
  await page.getByRole("menuitem", { name: "Export as an archive" }).click();
  const dialog = page.getByRole("dialog");
  await dialog
    .getByLabel("Passphrase", { exact: true })
    .and(page.locator("input[type=password]"))
    .fill("four words in row");
  await dialog.getByLabel("The passphrase again").fill("four words in row");
  await dialog.getByRole("button", { name: "Choose where and export" }).click();
  await expect(dialog).toContainText("Exported as travel.zip.age", { timeout: 60_000 });
  await dialog.getByRole("button", { name: "Close" }).click();

  await layReady(bridge, [archive]);
  await page.getByRole("button", { name: "Bring in copies" }).click();
  await page.getByRole("menuitem", { name: "Choose an archive" }).click();
  const bringing = page.getByRole("dialog", { name: "What you brought" });
  await expect(bringing).toContainText("It is encrypted with a passphrase.");
  await bringing.getByLabel("Passphrase").fill("not this one");
  await bringing.getByRole("button", { name: "Open the archive" }).click();
  await expect(bringing.getByRole("alert")).toBeVisible({ timeout: 60_000 });
  await bringing.getByLabel("Passphrase").fill("four words in row");
  await bringing.getByRole("button", { name: "Open the archive" }).click();
  await expect(bringing).toContainText("It brings hashes of every byte.", { timeout: 60_000 });
  await bringing.getByRole("button", { name: "Add to the library" }).click();
  await expect(page.locator("[data-row]").filter({ hasText: "orders" })).toHaveCount(2, { timeout: 60_000 });
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("a copy can be looked into and compared, by keyboard alone", async ({ page, bridge }) => {
      await download(bridge, ["one", "other"]);
      await page.goto(`${bridge.url}/#/library`);
      await expect(page.getByRole("table")).toBeVisible();
      await expectNothingFound(page, "the library");

      await page.locator("[data-row]").first().focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await expect(page.getByRole("heading", { name: "one" })).toBeVisible();
      await expect(page.getByRole("region", { name: "The snapshot" })).toContainText("Canister version");
      await expectNothingFound(page, "a copy");
      await page.getByRole("link", { name: "Module", exact: true }).press("Enter");
      await expect(page.getByRole("heading", { name: "Globals" })).toBeVisible();
      await expectNothingFound(page, "its module");
      await page.getByRole("link", { name: "Memory", exact: true }).press("Enter");
      const map = page.getByRole("slider", { name: /Map of the heap/ });
      await expect(map).toBeVisible();
      await expectNothingFound(page, "its memory");
      await map.press("ArrowRight");
      await map.press("ArrowLeft");
      await map.press("Enter");
      await expect(page.getByRole("region", { name: "Bytes of the heap" })).toContainText("0x00000000");
      await page.getByLabel("Search", { exact: true }).fill("0x 00 00");
      await page.keyboard.press("Enter");
      await expect(page.getByText(/place/).first()).toBeVisible();
      await expectNothingFound(page, "its bytes");

      await page.goto(`${bridge.url}/#/library`);
      for (const name of ["one", "other"]) await page.getByLabel(`Select ${name}`).press("Space");
      await page.getByRole("button", { name: "Compare the two" }).press("Enter");
      await expect(page.getByRole("heading", { name: "Sizes" })).toBeVisible();
      await expect(page.getByRole("main")).toContainText("The same module");
      await expectNothingFound(page, "a comparison");
    });
  });
}
