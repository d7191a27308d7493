import { change, expect, names, openBoard, row, test } from "../bridge";
import { ask } from "../engine";

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("shows the fleet of the practice network, by group", async ({ page }) => {
  await expect(page.getByRole("rowheader", { name: /^Shop \d/ })).toBeVisible();
  await expect(page.getByRole("rowheader", { name: /^Back office \d/ })).toBeVisible();
  const storefront = row(page, "storefront");
  await expect(storefront).toContainText("Running");
  await expect(storefront).toContainText(/[\d.]+ T cycles/);
  await expect(storefront).toContainText(/[\d.]+ [KM]iB/);
  await expect(storefront).toContainText(/[0-9a-f]{6}…[0-9a-f]{4}/);
  expect(await names(page)).toHaveLength(10);
});

test("says where one is and who one is", async ({ page }) => {
  await expect(page.getByRole("region", { name: "Network" })).toContainText("Practice");
  await expect(page.getByRole("region", { name: "You are" })).toContainText("Practice");
});

test("copies an id whole though it is shown short", async ({ page }) => {
  const copy = row(page, "storefront").getByRole("button", { name: "Copy id of storefront" });
  await expect(copy).toContainText("…");
  await copy.hover();
  const tooltip = page.getByRole("tooltip");
  await expect(tooltip).toHaveText(/^([a-z0-9]{5}-){4}cai$/);
  const whole = await tooltip.textContent();
  await copy.click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(whole);
});

test("filters by name and finds its way back", async ({ page }) => {
  await page.getByRole("searchbox", { name: "Filter by name or id" }).fill("STOCK");
  expect(await names(page)).toEqual(["stock"]);
  await page.getByRole("searchbox").fill("nothing has this name");
  await expect(page.getByText("No canister matches")).toBeVisible();
  await page.getByRole("button", { name: "Show all" }).click();
  expect(await names(page)).toHaveLength(10);
});

test("filters by what needs attention and by what is stopped", async ({ page }) => {
  await change(page, "Stop", "orders");
  await expect(row(page, "orders")).toContainText("Stopped");
  const stopped = page.getByRole("button", { name: /^Stopped \d/ });
  await stopped.click();
  await expect(stopped).toHaveAttribute("aria-pressed", "true");
  await expect(row(page, "orders")).toBeVisible();
  await expect(row(page, "storefront")).toBeHidden();
  await stopped.click();

  await page.getByRole("button", { name: /^Needs attention \d/ }).click();
  await expect(row(page, "orders")).toBeVisible();
  await expect(row(page, "payments"), "it is out of cycles").toBeVisible();
  await expect(row(page, "storefront")).toBeHidden();
});

test("sorts within the groups, both ways", async ({ page }) => {
  const cycles = page.getByRole("columnheader", { name: "Cycles" });
  await expect(page.getByRole("columnheader", { name: "Canister" })).toHaveAttribute("aria-sort", "ascending");
  const byName = await names(page);
  expect(byName.slice(0, 6), "a group is sorted by name at first").toEqual(byName.slice(0, 6).toSorted());

  await cycles.getByRole("button").click();
  await expect(cycles).toHaveAttribute("aria-sort", "ascending");
  const ascending = await names(page);
  expect(ascending[0], "it has the least cycles of its group").toBe("payments");
  await cycles.getByRole("button").click();
  await expect(cycles).toHaveAttribute("aria-sort", "descending");
  expect((await names(page)).slice(0, 6)).toEqual(ascending.slice(0, 6).toReversed());
});

test("moves no row while somebody points at it", async ({ page }) => {
  await page.getByRole("columnheader", { name: "State" }).getByRole("button").click();
  const before = await names(page);
  const last = before[5] ?? "";
  await change(page, "Stop", last);
  await row(page, last).hover();
  await expect(row(page, last)).toContainText("Stopped");
  expect(await names(page), "the rows stay under the pointer").toEqual(before);
  await page.getByRole("heading", { name: "Canisters" }).hover();
  await page.getByRole("searchbox").focus();
  await expect.poll(async () => (await names(page))[0], "what stands still comes first once one has left").toBe(last);
});

test("refreshes on demand and by itself, and says when it did", async ({ page }) => {
  // The window's clock stands still but for what the test lets pass.
  const began = Date.now();
  await page.clock.install({ time: began });
  await page.clock.pauseAt(began + 60_000);
  await page.reload();
  await expect(page.getByText("Refreshed just now")).toBeVisible();
  await page.clock.runFor(12_000);
  await expect(page.getByText("Refreshed 12 s ago")).toBeVisible();

  const isReading = (request: { postData: () => string | null }) => request.postData() === '{"request":"canisters"}';
  const byItself = page.waitForRequest(isReading);
  await page.clock.runFor(4_000);
  // One that is under way is joined, not begun again.
  await (await byItself).response();
  await expect(page.getByRole("button", { name: "Refresh" })).not.toHaveAttribute("aria-busy", "true");
  const onDemand = page.waitForRequest(isReading);
  await page.getByRole("button", { name: "Refresh" }).click();
  await onDemand;
});

test("draws of a thousand rows only those that are near, and reaches the last one by a key", async ({ page }) => {
  await page.route("**/bridge/request", async (route) => {
    if (route.request().postData() !== '{"request":"canisters"}') return route.continue();
    const answer = await route.fetch();
    const { canisters } = (await answer.json()) as { canisters: object[] };
    const many = Array.from({ length: 1_000 }, (_, at) => ({
      ...canisters[0],
      id: `${String(at).padStart(5, "a")}-aaaaa-aaaaa-aaaaa-cai`,
      name: `shop_${String(at).padStart(3, "0")}`,
    }));
    await route.fulfill({ json: { trouble: null, canisters: many } });
  });
  await page.reload();
  await expect(page.getByRole("table")).toHaveAttribute("aria-rowcount", "1002");
  const drawn = page.locator("[data-row]");
  expect(await drawn.count()).toBeLessThan(80);
  await row(page, "shop_000").focus();
  await page.keyboard.press("End");
  await expect(row(page, "shop_999")).toBeFocused();
  expect(await drawn.count(), "also after a long way").toBeLessThan(80);
});

test("says why something cannot be done", async ({ page }) => {
  await row(page, "storefront").getByRole("button", { name: "More about storefront" }).click();
  const start = page.getByRole("menuitem", { name: /^Start/ });
  await expect(start).toHaveAttribute("aria-disabled", "true");
  await expect(start).toContainText("It is running already.");
  await page.keyboard.press("Escape");

  const stop = row(page, "shipping_partner").getByRole("button", { name: "Stop shipping_partner" });
  await expect(stop).toHaveAttribute("aria-disabled", "true");
  await expect(stop).toHaveAccessibleDescription("Only its controllers may do this.");
  await stop.hover();
  await expect(page.getByRole("tooltip")).toHaveText("Only its controllers may do this.");
  // It can be pressed, so that it can be reached; it only does nothing.
  await stop.click({ force: true });
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("works without an identity, and says what one would add", async ({ page, bridge }) => {
  await ask(bridge, "chooseIdentity", { identity: "anonymous" });
  await page.reload();
  await expect(row(page, "orders")).toContainText("Not visible");
  await expect(row(page, "orders").getByRole("button", { name: "Copy module hash of orders" })).toBeVisible();
  await expect(page.getByRole("main")).toContainText("You look without an identity");
  await page.getByRole("main").getByRole("button", { name: "Manage identities" }).click();
  await expect(page.getByText("Where keys are kept")).toBeVisible();
});

test("says what only others may see, and what is known all the same", async ({ page }) => {
  const foreign = row(page, "shipping_partner");
  await expect(foreign).toContainText("Not visible");
  await expect(foreign).toContainText("Only its controllers may see the status.");
  await expect(foreign.getByRole("button", { name: "Copy module hash of shipping_partner" })).toBeVisible();
});
