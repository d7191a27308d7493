/** Identities of icp and dfx, found on this computer and taken over. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expectNothingFound } from "../axe";
import { expect, test } from "../bridge";

const fixtures = join(import.meta.dirname, "../../fixtures/identities");
const waiting = { timeout: 30_000 };

test.slow();

test("are listed with how their keys are kept, and taken over without touching them", async ({
  page,
  bridge,
  home,
}) => {
  await cp(join(fixtures, "icp/identity"), join(home, "identity"), { recursive: true });
  await cp(join(fixtures, "dfx/.config"), join(home, ".config"), { recursive: true });
  await page.goto(`${bridge.url}/#/settings/identities`);
  await page.getByRole("button", { name: "Import identity" }).click(waiting);
  const dialog = page.getByRole("dialog", { name: "Import an identity" });
  const found = dialog.getByRole("group", { name: "Found on this computer" });
  await expect(found.getByText("icp · Unprotected file").first()).toBeVisible(waiting);
  await expect(found.getByText("icp · File with a passphrase").first()).toBeVisible();
  await expect(found.getByText("dfx · Keys on hardware cannot be used here yet.")).toBeVisible();
  await expect(found).toContainText("They are only read.");
  await expectNothingFound(page, "identities of other tools");

  await found.getByRole("radio", { name: /^plain .*icp · Unprotected file/ }).check();
  await dialog.getByLabel("Name").fill("from icp");
  await dialog.getByRole("button", { name: "Import from icp" }).click();
  await expect(dialog).toBeHidden(waiting);
  await expect(page.getByRole("listitem").filter({ hasText: "from icp" })).toBeVisible();

  await page.getByRole("button", { name: "Import identity" }).click();
  await expect(dialog.getByText(/Here already, as from icp/).first()).toBeVisible(waiting);
  await found.getByRole("radio", { name: /^protected .*icp · File with a passphrase/ }).check();
  await dialog.getByLabel("Name").fill("guarded");
  await dialog.getByRole("textbox", { name: "Passphrase of the key" }).fill("not the passphrase");
  await dialog.getByRole("button", { name: "Import guarded" }).click();
  await expect(dialog.getByRole("alert")).toContainText("passphrase", waiting);
});

test("nothing found is said", async ({ page, bridge }) => {
  await page.goto(`${bridge.url}/#/settings/identities`);
  await page.getByRole("button", { name: "Import identity" }).click(waiting);
  await expect(page.getByRole("dialog")).toContainText("No identities of icp or dfx were found", waiting);
});
