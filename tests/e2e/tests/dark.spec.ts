/** A board that cannot be read: each reason is told apart, with its own way out. A proxy stands before a second practice network. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectNothingFound } from "../axe";
import { Bridge, expect, openBoard, test as base } from "../bridge";
import { ask, breakIt, idOf } from "../engine";
import { Proxy } from "../proxy";

const waiting = { timeout: 40_000 };

interface Far {
  proxy: Proxy;
  bridge: Bridge;
}

const addressOf = async (bridge: Bridge) =>
  (await ask<{ network: { address: string } }>(bridge, "session")).network.address;

const test = base.extend<{ far: Far }>({
  // eslint-disable-next-line no-empty-pattern
  far: async ({}, use) => {
    const home = await mkdtemp(join(tmpdir(), "canopic-e2e-far-"));
    const bridge = await Bridge.start(home);
    const proxy = await Proxy.before(await addressOf(bridge));
    await use({ proxy, bridge });
    await proxy.close();
    await bridge.stop();
    await rm(home, { recursive: true, force: true });
  },
});

test.slow();

/** Adds the network behind the proxy; answers with its id. */
async function add(bridge: Bridge, { proxy }: Far): Promise<string | undefined> {
  const probe = await ask<{ fingerprint: string }>(bridge, "lookAtAddress", { address: proxy.address });
  const networks = await ask<{ id: string; name: string }[]>(bridge, "addNetwork", {
    name: "Shop test net",
    address: proxy.address,
    key: { kind: "told", fingerprint: probe.fingerprint },
  });
  return networks.find(({ name }) => name === "Shop test net")?.id;
}

/** Works on the network behind the proxy, with two of its canisters on the board. */
async function workThere(bridge: Bridge, far: Far): Promise<void> {
  await ask(bridge, "chooseNetwork", { network: await add(bridge, far) });
  for (const name of ["orders", "stock"]) {
    await ask(bridge, "watchCanister", { canister: await idOf(far.bridge, name), name, group: "Shop" });
  }
}

test("nothing answers", async ({ page, bridge, far }) => {
  await workThere(bridge, far);
  await openBoard(page, bridge);
  far.proxy.mood = { kind: "down" };
  await page.getByRole("button", { name: "Refresh" }).click();
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toContainText("does not answer", waiting);
  await expect(alert).toContainText("Your canisters go on as they are");
  await expect(page.getByRole("row").filter({ hasText: "orders" })).toContainText("Not read");
  await expectNothingFound(page, "a network that does not answer");
  far.proxy.mood = { kind: "open" };
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(alert).toBeHidden(waiting);
});

test("this computer's clock is off", async ({ page, bridge, far }) => {
  await workThere(bridge, far);
  await openBoard(page, bridge);
  far.proxy.mood = { kind: "skewed", minutes: 17 };
  await page.getByRole("button", { name: "Refresh" }).click();
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toContainText("clock is 17 min ahead", waiting);
  await expect(alert).toContainText("Set the computer's clock");
  await expectNothingFound(page, "a clock that is off");
});

test("answers are not the network's own", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await breakIt(bridge, { times: 400, effect: "wrong_signature" });
  await page.getByRole("button", { name: "Refresh" }).click();
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toContainText("root key does not vouch for", waiting);
  await expect(alert).toContainText("Nothing of it is shown");
  await expectNothingFound(page, "answers that nobody vouches for");
});

test("another root key at the same address is an alarm, and nothing is believed by itself", async ({
  page,
  bridge,
  far,
}) => {
  await add(bridge, far);
  far.proxy.mood = { kind: "posing" };
  await page.goto(`${bridge.url}/#/settings/networks`);
  const added = page.getByRole("region", { name: "Added by you" }).getByRole("listitem");
  await added.getByRole("button", { name: "Work here Shop test net" }).click();
  await expect(page.getByRole("button", { name: /^Network: Shop test net/ })).toBeVisible(waiting);
  await page.getByRole("link", { name: "Canisters", exact: true }).click();
  const alarm = page.getByRole("main").getByRole("alert");
  await expect(alarm).toContainText("shows another root key than before", waiting);
  await expect(alarm).toContainText("Nothing is sent there until you decide");
  await expectNothingFound(page, "another root key");
  await alarm.getByRole("button", { name: "Look at the new key" }).click();

  const dialog = page.getByRole("dialog", { name: "Believe the new root key of Shop test net?" });
  await expect(dialog.getByRole("button", { name: "Cancel" }), "the safe way out has the focus").toBeFocused();
  await expect(dialog).toContainText("It is known by", waiting);
  await expect(dialog).toContainText("Ask whoever runs it.");
  await expectNothingFound(page, "the question about the new key");
  await dialog.getByRole("button", { name: "Cancel" }).click();

  far.proxy.mood = { kind: "open" };
  await alarm.getByRole("button", { name: "Look at the new key" }).click();
  await expect(dialog).toContainText("It is the network it says it is", waiting);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(page.getByText("No canisters here")).toBeVisible(waiting);
});
