import { change, expect, openBoard, row, test } from "../bridge";
import { breakIt, idOf, run } from "../engine";

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("a canister is stopped and started, each with its certified state", async ({ page }) => {
  const storefront = row(page, "storefront");
  await storefront.getByRole("button", { name: "Stop storefront" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop storefront?" });
  await expect(dialog).toContainText("Practice");
  await expect(dialog).toContainText("It answers no calls until somebody starts it.");
  await expect(dialog).toContainText(/([a-z0-9]{5}-){4}cai/);
  await expect(dialog.getByRole("button", { name: "Cancel" }), "the safe way out has the focus").toBeFocused();
  await dialog.getByRole("button", { name: "Stop storefront" }).click();
  await expect(dialog).toBeHidden();
  await expect(storefront).toContainText("Stopped");
  await expect(storefront).toContainText("Certified");
  await storefront.getByText("Certified").hover();
  await expect(page.getByRole("tooltip")).toContainText("A certificate of the network proves this state.");
  await expect(page.getByRole("region", { name: "Acts" })).toContainText("Stopped storefront");

  await change(page, "Start", "storefront");
  await expect(storefront).toContainText("Running");
  await expect(storefront).toContainText("Certified");
});

test("nothing happens when the dialog is left", async ({ page }) => {
  const stop = row(page, "storefront").getByRole("button", { name: "Stop storefront" });
  const leave = [
    () => page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click(),
    () => page.keyboard.press("Escape"),
    () => page.mouse.click(20, 400),
  ];
  for (const way of leave) {
    await stop.click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await way();
    await expect(page.getByRole("dialog")).toBeHidden();
  }
  await page.getByRole("link", { name: "Activity" }).click();
  await expect(page.getByText("Nothing yet")).toBeVisible();
});

test("what was done stands in the tray and in the activity, newest first", async ({ page }) => {
  await change(page, "Stop", "stock");
  await expect(row(page, "stock")).toContainText("Stopped");
  await change(page, "Start", "stock");
  await expect(row(page, "stock")).toContainText("Running");

  const tray = page.getByRole("region", { name: "Acts" });
  await tray.getByRole("button", { name: "Show recent acts" }).click();
  await expect(tray.getByRole("listitem")).toHaveText([/Started stock/, /Stopped stock/]);
  await tray.getByRole("link", { name: "All activity" }).click();

  await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
  await expect(page.getByRole("rowheader")).toHaveText([/Started stock/, /Stopped stock/]);
  await expect(page.getByRole("row", { name: /Started stock/ })).toContainText("Done");
  await page.reload();
  await expect(page.getByRole("rowheader"), "the engine remembers, not the window").toHaveCount(2);
});

/** Whether a request begins an operation. */
const begins = (body: string | null) => body?.includes('"request":"run"') ?? false;

test("a lost answer loses nothing: what was begun is watched to its end", async ({ page }) => {
  let sent = 0;
  await page.route("**/bridge/request", async (route) => {
    if (!begins(route.request().postData())) return route.continue();
    sent += 1;
    // The request arrives and takes effect; only its answer is lost.
    await route.fetch();
    await route.abort("connectionreset");
  });
  await change(page, "Stop", "stock");
  await expect(row(page, "stock")).toContainText("Stopped");
  await expect(page.getByRole("dialog"), "it closes as if nothing had happened").toBeHidden();
  expect(sent, "nothing is sent twice").toBe(1);
});

test("a beginning that nobody answers is unknown, and is looked up", async ({ page }) => {
  await page.route("**/bridge/request", (route) =>
    begins(route.request().postData()) ? route.abort("connectionreset") : route.continue(),
  );
  await change(page, "Stop", "stock");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("alert")).toContainText("Unknown whether stock was stopped");
  await expect(dialog.getByRole("alert")).toContainText("It will not be sent a second time.");
  await expect(dialog.getByRole("button", { name: "Stop stock" }), "first it is looked up").toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await page.unroute("**/bridge/request");
  await dialog.getByRole("button", { name: "Check what happened" }).click();
  await expect(dialog.getByRole("alert")).toBeHidden();
  // The look has shown that it runs as before: now it can be decided again.
  await dialog.getByRole("button", { name: "Stop stock" }).click();
  await expect(row(page, "stock")).toContainText("Stopped");
});

test("a refusal says what is safe, and its details can be copied", async ({ page, bridge }) => {
  await breakIt(bridge, {
    kind: "call",
    method: "stop_canister",
    times: 20,
    effect: { reject_certified: { error: 406, message: "the network thought better of it" } },
  });
  await change(page, "Stop", "stock");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("alert")).toContainText("stock was not stopped");
  await expect(dialog.getByRole("alert")).toContainText("nothing has changed");
  await dialog.getByRole("button", { name: "Copy technical details" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("the network thought better of it");
  await dialog.getByRole("button", { name: "Close" }).click();
  const table = page.getByRole("table");
  await expect(table, "and it stays at the row").toContainText("stock was not stopped");
  await table.getByRole("button", { name: "Dismiss" }).click();
  await expect(table).not.toContainText("stock was not stopped");
});

test("what somebody else has stopped meanwhile cannot be stopped again", async ({ page, bridge }) => {
  await row(page, "stock").getByRole("button", { name: "Stop stock" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("All checks are fine.");
  await run(bridge, { op: "stop", canister: await idOf(bridge, "stock") });
  await expect(dialog).toContainText("is stopped already");
  await expect(dialog.getByRole("button", { name: "Stop stock" })).toHaveAttribute("aria-disabled", "true");
});
