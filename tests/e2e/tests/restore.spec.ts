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

test("a canister goes back to yesterday with proof, and the restore is undone", async ({ page }) => {
  await openTimeline(page, "orders");
  const before = await page.getByRole("article").count();
  await page
    .getByRole("article")
    .first()
    .getByRole("button", { name: /^Restore/ })
    .click();
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await expect(dialog).toContainText("The snapshot is there", patience);
  await expect(dialog).toContainText("Practice");
  await dialog.getByRole("button", { name: "Next" }).click();
  await expect(dialog).toContainText("Everything written since");
  await expect(dialog).toContainText("A safety snapshot of the state of now is taken first.");
  await dialog.getByRole("button", { name: "Restore orders" }).click();
  const proof = dialog.getByRole("region", { name: "Proof" });
  await expect(proof).toContainText("Restored orders", patience);
  await expect(proof).toContainText("Certificate of");
  await expect(proof).toContainText("Took no calls for");
  await expect(proof).toContainText("Safety snapshot");

  await dialog.getByRole("button", { name: "Undo the restore" }).click();
  const undo = page.getByRole("dialog", { name: "Undo the restore of orders" });
  await expect(undo).toContainText("The snapshot is there", patience);
  await undo.getByRole("button", { name: "Next" }).click();
  await undo.getByRole("button", { name: "Bring orders back" }).click();
  await expect(undo.getByRole("region", { name: "Proof" })).toContainText("Restored orders", patience);
  await undo.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("article")).toHaveCount(before + 2, patience);
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("Safety before a restore");
});

test("what is refused on the way leaves the canister as it was", async ({ page, bridge }) => {
  await openTimeline(page, "orders");
  const session = await page.request.post(`${bridge.url}/bridge/request`, { data: { request: "session" } });
  const { network } = (await session.json()) as { network: { address: string } };
  await page.request.post(new URL("/_/faults", network.address).href, {
    data: [
      {
        kind: "call",
        method: "load_canister_snapshot",
        effect: { reject_certified: { error: 406, message: "the network thought better of it" } },
      },
    ],
  });
  await page
    .getByRole("article")
    .first()
    .getByRole("button", { name: /^Restore/ })
    .click();
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await expect(dialog).toContainText("The snapshot is there", patience);
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Restore orders" }).click();
  await expect(dialog.getByRole("alert")).toContainText("orders was not restored", patience);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("main")).toContainText("Running", patience);
});

test("with the keyboard alone", async ({ page }) => {
  await openTimeline(page, "orders");
  await page
    .getByRole("article")
    .first()
    .getByRole("button", { name: /^Restore/ })
    .press("Enter");
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await expect(dialog.getByRole("button", { name: "Cancel" }), "the safe way out has the focus").toBeFocused();
  await expect(dialog).toContainText("The snapshot is there", patience);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(dialog).toContainText("Everything written since");
  await dialog.getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Tab");
  await expect(dialog.getByRole("button", { name: "Restore orders" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await expect(dialog.getByRole("button", { name: "Close" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});
