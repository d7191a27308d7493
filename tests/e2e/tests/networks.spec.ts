/** Choosing, adding, believing and locking networks. The second network of a test is a second practice network, entered by hand. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Bridge, expect, openBoard, test as base } from "../bridge";
import { expectNothingFound } from "../axe";

interface Other {
  address: string;
  fingerprint: string;
  rootKey: string;
}

const test = base.extend<{ other: Other }>({
  // eslint-disable-next-line no-empty-pattern
  other: async ({}, use) => {
    const home = await mkdtemp(join(tmpdir(), "canopic-e2e-other-"));
    const bridge = await Bridge.start(home);
    const answer = await fetch(`${bridge.url}/bridge/request`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ request: "session" }),
    });
    const { network } = (await answer.json()) as { network: Other };
    await use(network);
    await bridge.stop();
    await rm(home, { recursive: true, force: true });
  },
});

const waiting = { timeout: 60_000 };

async function openNetworks(page: Page, bridge: Bridge) {
  await page.goto(`${bridge.url}/#/settings/networks`);
  await expect(page.getByRole("region", { name: "Always there" })).toBeVisible(waiting);
}

async function add(page: Page, name: string, { address }: Other) {
  await page.getByRole("button", { name: "Add network" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a network" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Address").fill(address);
  await dialog.getByRole("button", { name: "Ask the address" }).click();
  await expect(dialog.getByText("Nobody vouches for this key")).toBeVisible(waiting);
  await dialog.getByRole("button", { name: `Add ${name}` }).click();
  await expect(dialog).toBeHidden(waiting);
}

test("lists what is always there and says who answers", async ({ page, bridge }) => {
  await openNetworks(page, bridge);
  const always = page.getByRole("region", { name: "Always there" });
  await expect(always.getByRole("listitem")).toHaveCount(2);
  await expect(always.getByRole("listitem").filter({ hasText: "Practice" })).toContainText("In use");
  await page.getByRole("button", { name: "More about Practice" }).click();
  await page.getByRole("menuitem", { name: "Ask who is there" }).click();
  await expect(page.getByText("It is the network it says it is")).toBeVisible(waiting);
  await expect(page.getByText("Agrees with the network")).toBeVisible();
});

test("adds a network by its own word, works on it, renames it and removes it", async ({ page, bridge, other }) => {
  test.slow();
  await openNetworks(page, bridge);
  await add(page, "Shop test net", other);
  const added = page.getByRole("region", { name: "Added by you" }).getByRole("listitem");
  await expect(added).toContainText("Trusted on first use");
  await expect(added).toContainText("Nobody vouched for its root key");

  await added.getByRole("button", { name: "Work here Shop test net" }).click();
  await expect(page.getByRole("button", { name: /^Network: Shop test net/ })).toBeVisible(waiting);
  await page.getByRole("link", { name: "Canisters", exact: true }).click();
  await expect(page.getByText("No canisters here")).toBeVisible(waiting);
  await expect(page.getByRole("button", { name: "Add a canister by its id" })).toBeVisible();

  await page.getByRole("button", { name: /^Network: / }).click();
  await page.getByRole("menuitemradio", { name: /Practice/ }).click();
  await expect(page.getByRole("table")).toBeVisible(waiting);

  await openNetworks(page, bridge);
  await page.getByRole("button", { name: "More about Shop test net" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Old shop");
  await page.getByRole("dialog").getByRole("button", { name: "Rename network" }).click();
  await expect(added).toContainText("Old shop");
  await page.getByRole("button", { name: "More about Old shop" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove Old shop" }).click();
  await expect(page.getByRole("region", { name: "Added by you" })).toBeHidden();
});

test("refuses an address that is none, at the field", async ({ page, bridge }) => {
  await openNetworks(page, bridge);
  await page.getByRole("button", { name: "Add network" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Nowhere");
  await dialog.getByLabel("Address").fill("not an address");
  await dialog.getByRole("button", { name: "Ask the address" }).click();
  await expect(dialog.getByLabel("Address")).toHaveAttribute("aria-invalid", "true", waiting);
  await expect(dialog.getByText(/is not the address of a network/)).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Add Nowhere" })).toHaveAttribute("aria-disabled", "true");
});

test("mainnet opens read-only, unlocks for a while and locks again", async ({ page, bridge }) => {
  test.slow();
  await openBoard(page, bridge);
  await page.getByRole("button", { name: /^Network: / }).click();
  await page.getByRole("menuitemradio", { name: /Mainnet/ }).click();
  await expect(page.getByText("Read-only", { exact: true })).toBeVisible(waiting);
  await page.getByRole("button", { name: "Unlock Mainnet" }).click();
  const dialog = page.getByRole("dialog", { name: "Unlock Mainnet?" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await dialog.getByRole("button", { name: "Unlock for 15 minutes" }).click();
  await expect(page.getByText("Unlocked, 15 min left")).toBeVisible(waiting);
  await page.getByRole("button", { name: "Lock now" }).click();
  await expect(page.getByText("Read-only", { exact: true })).toBeVisible(waiting);
});

test("mainnet locks again by itself once the time is over", async ({ page, bridge }) => {
  test.slow();
  await page.clock.install();
  await openBoard(page, bridge);
  await page.getByRole("button", { name: /^Network: / }).click();
  await page.getByRole("menuitemradio", { name: /Mainnet/ }).click();
  await page.getByRole("button", { name: "Unlock Mainnet" }).click(waiting);
  await page.getByRole("dialog").getByRole("button", { name: "Unlock for 15 minutes" }).click();
  await expect(page.getByText("Unlocked, 15 min left")).toBeVisible(waiting);
  await page.clock.fastForward(5 * 60_000);
  await expect(page.getByText("Unlocked, 10 min left")).toBeVisible(waiting);

  // The engine's own clock cannot be turned: what it says once the time is over is said for it.
  await page.route("**/bridge/request", async (route) => {
    if (route.request().postData() !== '{"request":"session"}') return route.continue();
    const answer = await route.fetch();
    await route.fulfill({ json: { ...(await answer.json()), access: { kind: "readOnly", unlocked: [] } } });
  });
  await page.clock.fastForward(10 * 60_000 + 2_000);
  await expect(page.getByText("Read-only", { exact: true })).toBeVisible(waiting);
  await expect(page.getByRole("button", { name: "Unlock Mainnet" })).toBeVisible();
});

test("resets the practice network", async ({ page, bridge }) => {
  test.slow();
  await openNetworks(page, bridge);
  await page.getByRole("button", { name: "More about Practice" }).click();
  await page.getByRole("menuitem", { name: "Reset to the demo" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reset practice" }).click();
  await expect(page.getByText("The practice network is as new.")).toBeVisible({ timeout: 40_000 });
  await page.getByRole("link", { name: "Canisters", exact: true }).click();
  await expect(page.getByRole("table")).toBeVisible({ timeout: 40_000 });
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("nothing that a machine finds", async ({ page, bridge, other }) => {
      test.slow();
      await openNetworks(page, bridge);
      await add(page, "Shop test net", other);
      await expectNothingFound(page, "the networks");
      await page.getByRole("button", { name: "Add network" }).click();
      await expectNothingFound(page, "adding a network");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /^Network: / }).click();
      await expectNothingFound(page, "the switch");
      await page.getByRole("menuitemradio", { name: /Mainnet/ }).click();
      await page.getByRole("button", { name: "Unlock Mainnet" }).click(waiting);
      await expectNothingFound(page, "unlocking");
    });
  });
}
