/** Networks, identities and projects, in every state that a person can see. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Bridge, expect, openBoard, test } from "../bridge";
import { ask, layReady } from "../engine";
import { Proxy } from "../proxy";
import { take } from "./picture";

const waiting = { timeout: 40_000 };
const identities = join(import.meta.dirname, "../../fixtures/identities");
const projects = join(import.meta.dirname, "../../fixtures/projects");

async function leave(page: Page) {
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
}

test("networks", async ({ page, bridge }) => {
  const home = await mkdtemp(join(tmpdir(), "canopic-pictures-"));
  const behind = await Bridge.start(home);
  const { network } = await ask<{ network: { address: string } }>(behind, "session");
  const proxy = await Proxy.before(network.address);
  try {
    await page.goto(`${bridge.url}/#/settings/networks`);
    await expect(page.getByRole("region", { name: "Always there" })).toBeVisible(waiting);
    await page.getByRole("button", { name: "More about Practice" }).click();
    await take(page, "networks-menu");
    await page.getByRole("menuitem", { name: "Ask who is there" }).click();
    await expect(page.getByText("It is the network it says it is")).toBeVisible(waiting);
    await take(page, "networks-asked");

    await page.getByRole("button", { name: "Add network" }).click();
    await take(page, "network-add");
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Test net of the flower shop, second floor");
    await dialog.getByLabel("Address").fill(proxy.address);
    await dialog.getByRole("button", { name: "Ask the address" }).click();
    await expect(dialog.getByText("Nobody vouches for this key")).toBeVisible(waiting);
    await take(page, "network-add-asked");
    await dialog.getByRole("button", { name: /^Add Test net/ }).click();
    await expect(dialog).toBeHidden(waiting);
    await take(page, "networks-added");
    proxy.mood = { kind: "posing" };
    const added = page.getByRole("region", { name: "Added by you" });
    await added.getByRole("button", { name: /^Work here/ }).click();
    await page.getByRole("link", { name: "Canisters", exact: true }).click();
    const alarm = page.getByRole("main").getByRole("alert");
    await expect(alarm).toContainText("another root key", waiting);
    await take(page, "networks-alarm");
    await alarm.getByRole("button", { name: "Look at the new key" }).click();
    await expect(dialog).toContainText("It is known by", waiting);
    await take(page, "network-new-key");
    await leave(page);

    await page.getByRole("button", { name: /^Network: / }).click();
    await take(page, "network-switch");
    await page.getByRole("menuitemradio", { name: /Mainnet/ }).click();
    await page.getByRole("button", { name: "Unlock Mainnet" }).click(waiting);
    await take(page, "mainnet-unlock");
    await page.getByRole("button", { name: "Unlock for 15 minutes" }).click();
    await expect(page.getByText("Unlocked, 15 min left")).toBeVisible(waiting);
    await take(page, "mainnet-unlocked");
  } finally {
    await proxy.close();
    await behind.stop();
    await rm(home, { recursive: true, force: true });
  }
});

test("identities", async ({ page, bridge, home }) => {
  await cp(join(identities, "icp/identity"), join(home, "identity"), { recursive: true });
  await cp(join(identities, "dfx/.config"), join(home, ".config"), { recursive: true });
  await page.goto(`${bridge.url}/#/settings/identities`);
  await expect(page.getByText("No identity of your own yet")).toBeVisible(waiting);
  await take(page, "identities-none");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Create identity" }).click();
  await dialog.getByLabel("Name").fill("support");
  await take(page, "identity-create");
  await dialog.getByRole("button", { name: "Show the recovery phrase" }).click();
  await dialog.getByRole("button", { name: "Show the words" }).click();
  await take(page, "identity-phrase");
  await leave(page);

  await page.getByRole("button", { name: "Import identity" }).click();
  const found = dialog.getByRole("group", { name: "Found on this computer" });
  await expect(found.getByRole("radio").first()).toBeVisible(waiting);
  await take(page, "identity-import");
  await found.getByRole("radio", { name: /^plain .*icp · Unprotected file/ }).check();
  await dialog.getByLabel("Name").fill("from icp");
  await dialog.getByRole("button", { name: "Import from icp" }).click();
  await expect(dialog).toBeHidden(waiting);
  await take(page, "identities");
  await page.getByRole("button", { name: "More about from icp" }).click();
  await take(page, "identity-menu");
  await page.getByRole("menuitem", { name: "Export encrypted" }).click();
  await take(page, "identity-export");
  await leave(page);
  await page.getByRole("button", { name: "More about from icp" }).click();
  await page.getByRole("menuitem", { name: "Forget" }).click();
  await expect(dialog.getByText("It is not known to control any canister.")).toBeVisible(waiting);
  await take(page, "identity-forget");
  await leave(page);
  await page.getByRole("button", { name: "Create vault" }).click();
  await take(page, "vault-create");
  await leave(page);

  // A keyring that is locked: what it says is what the system's own would.
  await page.route("**/bridge/request", async (route) => {
    if (!route.request().postData()?.includes("eyring")) return route.continue();
    const failure = { code: "keyringMissing", certainty: "nothingSent", facts: {}, report: "no secret service" };
    await route.fulfill({ status: 422, json: failure });
  });
  await page.getByRole("button", { name: "Try the keyring" }).click();
  await page.getByRole("alert").first().scrollIntoViewIfNeeded();
  await take(page, "keyring-missing");
  await page.getByRole("button", { name: /Switch identity/ }).click();
  await take(page, "identity-switch");
});

test("projects", async ({ page, bridge, home }) => {
  await openBoard(page, bridge);
  const open = async (folder: string, name: string) => {
    await layReady(bridge, [folder]);
    await page.getByRole("button", { name: "Open a project", exact: true }).click();
    await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible(waiting);
  };
  for (const name of ["hello", "workshop"]) {
    await cp(join(projects, name), join(home, name), { recursive: true });
    await open(join(home, name), name);
    await take(page, `project-${name}`);
  }
  const broken = join(home, "flower_shop");
  await mkdir(broken, { recursive: true });
  await writeFile(join(broken, "icp.yaml"), "canisters:\n  - name: backend\n    build: [\n");
  await open(broken, "flower_shop");
  await take(page, "project-broken");
  await layReady(bridge, [join(home, "data")]);
  await page.getByRole("button", { name: "Open a project", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("This was not opened", waiting);
  await take(page, "project-refused");
});
