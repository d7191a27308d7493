import { Bridge, expect, openBoard, test } from "../bridge";

test("the appearance is chosen, shown at once, and outlives the app", async ({ page, bridge, home }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await openBoard(page, bridge);
  await page.getByRole("link", { name: "Settings" }).click();
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  // The choice is shown before it is saved, and only what is saved outlives the app.
  const saved = page.waitForResponse(
    (response) => response.request().postData()?.includes("chooseAppearance") ?? false,
  );
  await page.getByRole("radio", { name: "Dark" }).check();
  await expect.poll(ground).not.toBe(light);
  const dark = await ground();
  await saved;

  await bridge.stop();
  const next = await Bridge.start(home);
  try {
    await page.goto(`${next.url}/#/settings`);
    await expect(page.getByRole("radio", { name: "Dark" })).toBeChecked();
    expect(await ground()).toBe(dark);
    await page.getByRole("radio", { name: "System" }).check();
    await expect.poll(ground, "the system says light").toBe(light);
  } finally {
    await next.stop();
  }
});

test("a choice that cannot be saved is taken back, and says why", async ({ page, bridge }) => {
  await page.goto(`${bridge.url}/#/settings`);
  await expect(page.getByRole("radio", { name: "System" })).toBeChecked();
  await bridge.stop();
  await page.getByRole("radio", { name: "Dark" }).click();
  await expect(page.getByRole("alert")).toContainText("The choice was not saved");
  await expect(page.getByRole("radio", { name: "System" })).toBeChecked();
});

test("the network can be asked from outside with what is shown", async ({ page, bridge, home }) => {
  await page.goto(`${bridge.url}/#/settings`);
  const network = page.getByRole("region", { name: "Network Practice" });
  await network.getByRole("button", { name: "Copy root key" }).click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const rootKey = await copied();
  expect(rootKey, "a BLS key in its DER wrapping is 133 bytes long").toMatch(/^[0-9a-f]{266}$/);
  await network.getByRole("button", { name: "Copy address" }).click();
  const address = await copied();
  await network.getByRole("button", { name: "Copy command" }).click();
  expect(await copied()).toContain(`-n ${address} -k ${rootKey} --identity anonymous`);

  const status = await page.request.get(new URL("api/v2/status", address).href);
  expect(status.ok(), "the address is the network's").toBe(true);
  await expect(page.getByRole("region", { name: "Where things lie" })).toContainText(home);
});
