/** The same done to several canisters at once, from the bar under the board. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expectNothingFound } from "../axe";
import { expect, openBoard, row, test } from "../bridge";
import { breakIt } from "../engine";

const waiting = { timeout: 40_000 };

async function choose(page: Page, names: string[]) {
  for (const name of names) {
    await row(page, name).focus();
    await page.keyboard.press("Space");
  }
}

test.slow();
test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("stops those that can be stopped, and says why the others cannot", async ({ page }) => {
  await choose(page, ["orders", "stock", "newsletter", "shipping_partner"]);
  const bar = page.getByRole("toolbar", { name: "What to do with the selected canisters" });
  await expect(bar).toContainText("4 selected");
  await bar.getByRole("button", { name: "Stop" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop 4 canisters?" });
  const line = (name: string) => dialog.getByRole("listitem").filter({ hasText: name });
  await expect(line("orders")).toContainText("Ready", waiting);
  await expect(line("newsletter")).toContainText("It is stopped already.");
  await expect(line("shipping_partner")).toContainText("Only its controllers may do this.");
  await expect(dialog.getByRole("button", { name: "Cancel" }), "the safe way out has the focus").toBeFocused();
  await expectNothingFound(page, "several at once");
  await dialog.getByRole("button", { name: "Stop 2 canisters" }).click();
  await expect(line("orders")).toContainText("Done", waiting);
  await expect(line("stock")).toContainText("Done", waiting);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(row(page, "orders")).toContainText("Stopped", waiting);
  await bar.getByRole("button", { name: "Select none" }).click();
  await expect(bar).toBeHidden();
});

test("one that fails does not keep the others from it", async ({ page, bridge }) => {
  await choose(page, ["orders", "stock"]);
  await page.getByRole("toolbar").getByRole("button", { name: "Stop" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop 2 canisters?" });
  const verb = dialog.getByRole("button", { name: "Stop 2 canisters" });
  await expect(verb).not.toHaveAttribute("aria-disabled", "true", waiting);
  await breakIt(bridge, {
    kind: "call",
    method: "stop_canister",
    effect: { reject_certified: { error: 406, message: "the network thought better of it" } },
  });
  await verb.click();
  await expect(dialog.getByText("Done", { exact: true })).toBeVisible(waiting);
  await expect(dialog.getByText("Failed", { exact: true })).toBeVisible(waiting);
  await expect(dialog).toContainText("All of them have come to an end.");
});

test("downloads the newest snapshot of each that has one", async ({ page, home }) => {
  await choose(page, ["orders", "stock"]);
  await page.getByRole("toolbar").getByRole("button", { name: "Download" }).click();
  const dialog = page.getByRole("dialog", { name: "Download the newest snapshot of 2 canisters?" });
  const line = (name: string) => dialog.getByRole("listitem").filter({ hasText: name });
  await expect(line("stock")).toContainText("It has no snapshot.", waiting);
  await dialog.getByRole("button", { name: "Download 1 snapshot" }).click();
  await expect(line("orders")).toContainText("Done", waiting);
  const found = await readdir(join(home, "data"), { recursive: true });
  expect(found.some((path) => path.endsWith("wasm_memory.bin"))).toBe(true);
});
