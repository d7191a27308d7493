/** Making, importing, exporting, locking and forgetting identities. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { type Bridge, expect, layReady, test } from "../bridge";
import { expectNothingFound } from "../axe";

const waiting = { timeout: 20_000 };

async function openIdentities(page: Page, bridge: Bridge) {
  await page.goto(`${bridge.url}/#/settings/identities`);
  await expect(page.getByText("Where keys are kept")).toBeVisible(waiting);
}

const listed = (page: Page, name: string) => page.getByRole("listitem").filter({ hasText: name });

/** Goes the whole way of making one; answers with its phrase. */
async function create(page: Page, name: string): Promise<string[]> {
  await page.getByRole("button", { name: "Create identity" }).click();
  const dialog = page.getByRole("dialog", { name: "Create an identity" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Show the recovery phrase" }).click();
  await dialog.getByRole("button", { name: "Show the words" }).click();
  const shown = await dialog.locator("ol").last().getByRole("listitem").allTextContents();
  const words = shown.map((item) => item.replace(/^\s*\d+\s*/, "").trim());
  expect(words).toHaveLength(24);
  await dialog.getByLabel("I have written them down").check();
  await dialog.getByRole("button", { name: "Next" }).click();
  for (const [place, word] of words.entries()) {
    const field = dialog.getByLabel(`Word ${place + 1}`, { exact: true });
    if ((await field.count()) > 0) await field.fill(word);
  }
  await dialog.getByRole("button", { name: `Create ${name}` }).click();
  await expect(dialog).toBeHidden(waiting);
  await expect(listed(page, name)).toBeVisible();
  return words;
}

test("makes an identity, signs with it, renames it, and comes back to its phrase", async ({ page, bridge }) => {
  test.slow();
  await openIdentities(page, bridge);
  await expect(page.getByText("No identity of your own yet")).toBeVisible();
  const words = await create(page, "support");
  await expect(listed(page, "support")).toContainText("Made here, Ed25519");
  await expect(listed(page, "support")).toContainText("Never exported");

  await listed(page, "support").getByRole("button", { name: "Use support" }).click();
  await expect(page.getByRole("button", { name: "You are support. Switch identity" })).toBeVisible(waiting);
  await expect(listed(page, "support")).toContainText("In use");

  await page.getByRole("button", { name: "More about support" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("helper");
  await page.getByRole("dialog").getByRole("button", { name: "Rename identity" }).click();
  await expect(page.getByRole("button", { name: "You are helper. Switch identity" })).toBeVisible(waiting);

  await page.getByRole("button", { name: "More about helper" }).click();
  await page.getByRole("menuitem", { name: "Forget" }).click();
  const forget = page.getByRole("dialog", { name: "Forget helper?" });
  await expect(forget.getByText("It is not known to control any canister.")).toBeVisible(waiting);
  await expect(forget.getByRole("button", { name: "Forget helper" })).toHaveAttribute("aria-disabled", "true");
  await forget.getByLabel("Type helper to confirm").fill("helper");
  await forget.getByRole("button", { name: "Forget helper" }).click();
  await expect(listed(page, "helper")).toBeHidden(waiting);
  await expect(page.getByRole("button", { name: "You are Practice. Switch identity" })).toBeVisible(waiting);

  await page.getByRole("button", { name: "Import identity" }).click();
  const dialog = page.getByRole("dialog", { name: "Import an identity" });
  await dialog.getByText("A recovery phrase", { exact: true }).click();
  await dialog.getByRole("textbox", { name: "Recovery phrase" }).fill(words.join(" "));
  await dialog.getByLabel("Ed25519").check();
  await dialog.getByLabel("Name").fill("again");
  await dialog.getByRole("button", { name: "Import again" }).click();
  await expect(listed(page, "again")).toContainText("From a recovery phrase", waiting);
});

test("a wrong word makes no identity", async ({ page, bridge }) => {
  await openIdentities(page, bridge);
  await page.getByRole("button", { name: "Create identity" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("support");
  await dialog.getByRole("button", { name: "Show the recovery phrase" }).click();
  await expect(dialog.getByRole("button", { name: "Next" }), "nothing was written down yet").toHaveAttribute(
    "aria-disabled",
    "true",
  );
  await dialog.getByRole("button", { name: "Show the words" }).click();
  await dialog.getByLabel("I have written them down").check();
  await dialog.getByRole("button", { name: "Next" }).click();
  for (const field of await dialog.getByLabel(/^Word \d/).all()) await field.fill("zebra");
  await dialog.getByRole("button", { name: "Create support" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible(waiting);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("No identity of your own yet")).toBeVisible();
});

test("keeps a key in the vault, exports it, locks it and opens it again", async ({ page, bridge, home }) => {
  test.slow();
  await openIdentities(page, bridge);
  await page.getByRole("button", { name: "Create vault" }).click();
  let dialog = page.getByRole("dialog", { name: "Create the vault" });
  await dialog.getByLabel("Passphrase", { exact: true }).fill("a vault of stone");
  await dialog.getByLabel("Passphrase again").fill("a vault of sand");
  await expect(dialog.getByText("The two are not the same.").first()).toBeVisible();
  await dialog.getByLabel("Passphrase again").fill("a vault of stone");
  await dialog.getByRole("button", { name: "Create vault" }).click();
  await expect(page.getByText("Open: the keys in it can sign.")).toBeVisible(waiting);

  await page.getByRole("button", { name: "Create identity" }).click();
  dialog = page.getByRole("dialog", { name: "Create an identity" });
  await dialog.getByLabel("The vault file").check();
  await page.keyboard.press("Escape");
  await create(page, "shop");

  const file = join(home, "shop.pem");
  await layReady(bridge, [file]);
  await page.getByRole("button", { name: "More about shop" }).click();
  await page.getByRole("menuitem", { name: "Export encrypted" }).click();
  dialog = page.getByRole("dialog", { name: "Export shop" });
  await dialog.getByLabel("Passphrase", { exact: true }).fill("carried by hand");
  await dialog.getByLabel("Passphrase again").fill("carried by hand");
  await dialog.getByRole("button", { name: "Choose file and export" }).click();
  await expect(dialog).toBeHidden(waiting);
  expect(await readFile(file, "utf8")).toContain("ENCRYPTED PRIVATE KEY");
  await expect(listed(page, "shop")).toContainText("Exported");

  await page.getByRole("button", { name: "Lock all keys" }).click();
  await expect(listed(page, "shop")).toContainText("Locked", waiting);
  await expect(page.getByText("Locked: the keys in it sign nothing.")).toBeVisible();
  await page.getByRole("button", { name: "Unlock vault" }).click();
  dialog = page.getByRole("dialog", { name: "Unlock the vault" });
  await dialog.getByLabel("Passphrase").fill("wrong");
  await dialog.getByRole("button", { name: "Unlock vault" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible(waiting);
  await dialog.getByLabel("Passphrase").fill("a vault of stone");
  await dialog.getByRole("button", { name: "Unlock vault" }).click();
  await expect(page.getByText("Open: the keys in it can sign.")).toBeVisible(waiting);
});

test("imports a key from a file", async ({ page, bridge, home }) => {
  const file = join(home, "deploy.pem");
  await mkdir(home, { recursive: true });
  // A key of nobody, made for this test.
  await writeFile(
    file,
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIBERERERERERERERERERERERERERERERERERERERERER\n-----END PRIVATE KEY-----\n",
  );
  await layReady(bridge, [file]);
  await openIdentities(page, bridge);
  await page.getByRole("button", { name: "Import identity" }).click();
  const dialog = page.getByRole("dialog", { name: "Import an identity" });
  await expect(dialog.getByText("No identities of icp or dfx were found on this computer.")).toBeVisible(waiting);
  await dialog.getByText("A file", { exact: true }).click();
  await dialog.getByRole("button", { name: "Choose file" }).click();
  await expect(dialog.getByLabel("Name")).toHaveValue("deploy");
  await dialog.getByRole("button", { name: "Import deploy" }).click();
  await expect(listed(page, "deploy")).toContainText("From a file", waiting);
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("nothing that a machine finds", async ({ page, bridge }) => {
      test.slow();
      await openIdentities(page, bridge);
      await create(page, "support");
      await expectNothingFound(page, "the identities");
      await page.getByRole("button", { name: "Create identity" }).click();
      await expectNothingFound(page, "creating");
      await page.getByRole("dialog").getByLabel("Name").fill("other");
      await page.getByRole("button", { name: "Show the recovery phrase" }).click();
      await page.getByRole("button", { name: "Show the words" }).click();
      await expectNothingFound(page, "the phrase");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Import identity" }).click();
      await expectNothingFound(page, "importing");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /^You are/ }).click();
      await expectNothingFound(page, "who I am");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "More about support" }).click();
      await page.getByRole("menuitem", { name: "Forget" }).click();
      await expectNothingFound(page, "forgetting");
    });
  });
}
