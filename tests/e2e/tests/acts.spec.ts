import { change, expect, openBoard, row, test } from "../bridge";

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

test("a lost answer is unknown, is looked up, and is never sent again", async ({ page }) => {
  let sent = 0;
  await page.route("**/bridge/request", async (route) => {
    if (!route.request().postData()?.includes("stopCanister")) return route.continue();
    sent += 1;
    // The request arrives and takes effect; only its answer is lost.
    await route.fetch();
    await route.abort("connectionreset");
  });
  const stock = row(page, "stock");
  await change(page, "Stop", "stock");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("alert")).toContainText("Unknown whether stock was stopped");
  await expect(dialog.getByRole("alert")).toContainText("It will not be sent a second time.");
  await expect(dialog.getByRole("button", { name: "Try again" })).toBeHidden();
  await dialog.getByRole("button", { name: "Check what happened" }).click();

  await expect(page.getByText("stock is stopped")).toBeVisible();
  await expect(stock).toContainText("Stopped");
  expect(sent, "an unknown outcome is looked up").toBe(1);
  await page.getByRole("button", { name: "Dismiss" }).click();
  await expect(page.getByText("stock is stopped")).toBeHidden();
});

test("a refusal says what is safe, and its details can be copied", async ({ page, bridge }) => {
  // Somebody else stops it between the look at the board and the press of the button.
  const id = await row(page, "stock")
    .getByText(/([a-z0-9]{5}-){1}/)
    .first()
    .textContent();
  expect(id).toBeTruthy();
  await row(page, "stock").getByRole("button", { name: "Copy id of stock" }).click();
  const canister = await page.evaluate(() => navigator.clipboard.readText());
  await row(page, "stock").getByRole("button", { name: "Stop stock" }).click();
  await page.request.post(`${bridge.url}/bridge/request`, { data: { request: "stopCanister", canister } });
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Stop stock" }).click();
  await expect(dialog.getByRole("alert")).toContainText("stock was not stopped");
  await expect(dialog.getByRole("alert")).toContainText("Nothing was sent, so nothing has changed.");
  await dialog.getByRole("button", { name: "Copy technical details" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("Precondition");
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("stock was not stopped").first(), "and it stays at the row").toBeVisible();
});
