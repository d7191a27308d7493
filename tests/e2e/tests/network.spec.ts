import { expect, names, openBoard, test } from "../bridge";

test("what was read stays on the board when the network goes, with its age", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  const before = await names(page);
  await bridge.stop();
  await page.getByRole("button", { name: "Refresh" }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The last refresh did not get through");
  await expect(alert).toContainText("does not answer");
  expect(await names(page)).toEqual(before);
  await expect(page.getByText(/^Refreshed /)).toBeVisible();
});

test("a network that comes back is seen without a word from anybody", async ({ page, bridge }) => {
  await page.clock.install();
  await openBoard(page, bridge);
  await page.route("**/bridge/request", (route) => route.abort("connectionrefused"));
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await page.unroute("**/bridge/request");
  await page.clock.runFor(16_000);
  await expect(page.getByRole("alert")).toBeHidden();
});

test("a first reading that fails is said in words, and can be tried again", async ({ page, bridge }) => {
  await page.route("**/bridge/request", (route) =>
    route.request().postData()?.includes("canisters") ? route.abort("connectionrefused") : route.continue(),
  );
  await page.goto(bridge.url);
  await expect(page.getByText(/does not answer/)).toBeVisible();
  await page.unroute("**/bridge/request");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("table")).toBeVisible();
});
