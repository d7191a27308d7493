/** Somebody who opens Canopic for the first time. */
import type { Page } from "@playwright/test";
import { type Bridge, expect, openBoard, test } from "../bridge";
import { expectNothingFound } from "../axe";

const waiting = { timeout: 30_000 };

async function openAnew(page: Page, bridge: Bridge) {
  await page.addInitScript(() => {
    if (sessionStorage.getItem("anew") === null) localStorage.setItem("welcome", "shown");
    sessionStorage.setItem("anew", "no");
  });
  await openBoard(page, bridge);
}

const welcome = (page: Page) => page.getByRole("region", { name: "Welcome" });

test("greets with three doors, and leaves when it is told to", async ({ page, bridge }) => {
  await openAnew(page, bridge);
  for (const door of ["Open a project folder", "Add a canister by its id", "Practise here"]) {
    await expect(welcome(page).getByRole("button", { name: new RegExp(door) })).toBeVisible();
  }
  await welcome(page).getByRole("button", { name: "Hide this" }).click();
  await expect(welcome(page)).toBeHidden();
  await page.reload();
  await expect(page.getByRole("table")).toBeVisible(waiting);
  await expect(welcome(page)).toBeHidden();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Show the welcome again" }).click();
  await page.getByRole("link", { name: "Canisters", exact: true }).click();
  await expect(welcome(page)).toBeVisible();
});

test("the way of two minutes, by keyboard alone, to a restore with its proof", async ({ page, bridge }) => {
  test.slow();
  await openAnew(page, bridge);
  const { keyboard } = page;
  const step = welcome(page).getByRole("button", { name: "Open orders" });
  await step.focus();
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "orders", level: 1 })).toBeVisible(waiting);
  await keyboard.press("Control+1");
  await expect(welcome(page).getByRole("listitem").filter({ hasText: "Open a canister" })).toContainText("Done");

  await welcome(page).getByRole("button", { name: "Take snapshot" }).focus();
  await keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toBeVisible(waiting);
  for (let page_ = 0; page_ < 3; page_++) {
    const on = dialog.getByRole("button", { name: /^(Next|Take a snapshot of orders)$/ });
    await expect(on).not.toHaveAttribute("aria-disabled", "true", waiting);
    const isLast = (await on.textContent())?.includes("Take") ?? false;
    await on.focus();
    await keyboard.press("Enter");
    if (isLast) break;
  }
  await expect(dialog.getByText(/Took a snapshot of orders|Snapshot taken/).first()).toBeVisible(waiting);
  await keyboard.press("Escape");
  await expect(welcome(page).getByRole("listitem").filter({ hasText: "Take a snapshot of it" })).toContainText(
    "Done",
    waiting,
  );

  await welcome(page).getByRole("button", { name: "Restore" }).focus();
  await keyboard.press("Enter");
  await page
    .getByRole("article")
    .first()
    .getByRole("button", { name: /^Restore/ })
    .press("Enter", waiting);
  const restore = page.getByRole("dialog", { name: "Restore orders" });
  await expect(restore).toContainText("The snapshot is there", waiting);
  const on = restore.getByRole("button", { name: "Next" });
  await expect(on).not.toHaveAttribute("aria-disabled", "true", waiting);
  await on.focus();
  await keyboard.press("Enter");
  const confirm = restore.getByRole("button", { name: "Restore orders" });
  await expect(confirm).not.toHaveAttribute("aria-disabled", "true", waiting);
  await confirm.focus();
  await keyboard.press("Enter");
  await expect(restore.getByRole("region", { name: "Proof" })).toContainText("Restored orders", waiting);
  await keyboard.press("Escape");
  await keyboard.press("Control+1");
  await expect(welcome(page).getByRole("listitem").filter({ hasText: "Restore it" })).toContainText("Done", waiting);
  await expect(welcome(page)).toContainText("That is the heart of it.");
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("nothing that a machine finds", async ({ page, bridge }) => {
      test.slow();
      await openAnew(page, bridge);
      await expectNothingFound(page, "the welcome");
      await page.getByRole("button", { name: "Add a canister", exact: true }).click();
      await expectNothingFound(page, "adding a canister");
    });
  });
}
