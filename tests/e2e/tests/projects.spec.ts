/** Projects: opened from a dialog, read as they are, their problems told where they are. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, layReady, openBoard, test } from "../bridge";
import { expectNothingFound } from "../axe";

const waiting = { timeout: 20_000 };

async function project(home: string): Promise<string> {
  const folder = join(home, "flower_shop");
  await mkdir(join(folder, ".dfx"), { recursive: true });
  await writeFile(
    join(folder, "dfx.json"),
    JSON.stringify({ canisters: { backend: { type: "motoko", main: "main.mo" }, website: { type: "assets" } } }),
  );
  await writeFile(
    join(folder, "canister_ids.json"),
    JSON.stringify({ backend: { ic: "ryjl3-tyaaa-aaaaa-aaaba-cai" }, website: { ic: "not an id" } }),
  );
  return folder;
}

test("opens a project, shows what is there and what is wrong in its files, and closes it", async ({
  page,
  bridge,
  home,
}) => {
  test.slow();
  const folder = await project(home);
  await openBoard(page, bridge);
  await layReady(bridge, [folder]);
  await page.getByRole("button", { name: "Open a project", exact: true }).click();
  await expect(page.getByRole("heading", { name: "flower_shop" })).toBeVisible(waiting);
  const sidebar = page.getByRole("region", { name: "Projects" });
  await expect(sidebar.getByRole("link", { name: /^flower_shop/ })).toBeVisible();
  await expect(sidebar.getByRole("link", { name: "ic" })).toBeVisible();

  const mainnet = page.getByRole("main").getByRole("region", { name: "ic", exact: true });
  await expect(mainnet.getByRole("listitem").filter({ hasText: "backend" })).toContainText("ryjl3-tyaaa…cai");
  await expect(mainnet.getByRole("listitem").filter({ hasText: "website" })).toContainText("Not created yet");
  await expect(page.getByText("canister_ids.json", { exact: false }).first()).toBeVisible();
  await expect(
    page
      .getByText("The id of “not an id” is not a canister id.")
      .or(page.getByText(/is not a canister id/))
      .first(),
  ).toBeVisible();

  await mainnet.getByRole("button", { name: "Work on Mainnet" }).click();
  await expect(page.getByRole("button", { name: /^Network: Mainnet/ })).toBeVisible(waiting);
  await expect(mainnet.getByText("You are here", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Close project" }).click();
  await expect(page.getByText(/flower_shop is closed/)).toBeVisible(waiting);
  await expect(sidebar.getByRole("link")).toHaveCount(0);
});

test("files that are broken say where and why, and what can be read is shown all the same", async ({
  page,
  bridge,
  home,
}) => {
  test.slow();
  const folder = join(home, "flower_shop");
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "icp.yaml"),
    "canisters:\n  - name: backend\n    build:\n      steps: []\n  - name: backend\n    build:\n      steps: []\n  - missing/place\n",
  );
  await openBoard(page, bridge);
  await layReady(bridge, [folder]);
  await page.getByRole("button", { name: "Open a project", exact: true }).click();
  await expect(page.getByRole("heading", { name: "flower_shop" })).toBeVisible(waiting);
  const main = page.getByRole("main");
  await expect(main).toContainText("“backend” is there twice.");
  await expect(main).toContainText("icp.yaml");
  await expect(main.getByRole("listitem").filter({ hasText: "backend" }).first()).toBeVisible();
  await expectNothingFound(page, "a project with broken files");

  // Somebody mends it in an editor, and breaks it in another way.
  await writeFile(join(folder, "icp.yaml"), "canisters: [\n");
  await page.getByRole("button", { name: "Read its files again" }).click();
  await expect(main).toContainText("It cannot be understood");
});

test("says why a folder is no project", async ({ page, bridge, home }) => {
  await openBoard(page, bridge);
  const folder = join(home, "holiday");
  await mkdir(folder, { recursive: true });
  await layReady(bridge, [folder]);
  await page.getByRole("button", { name: "Open a project", exact: true }).click();
  const alert = page.getByRole("region", { name: "Projects" }).getByRole("alert");
  await expect(alert).toContainText("This was not opened", waiting);
  await alert.getByRole("button", { name: "Dismiss" }).click();
  await expect(alert).toBeHidden();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("nothing that a machine finds", async ({ page, bridge, home }) => {
      test.slow();
      await openBoard(page, bridge);
      await layReady(bridge, [await project(home)]);
      await page.getByRole("button", { name: "Open a project", exact: true }).click();
      await expect(page.getByRole("heading", { name: "flower_shop" })).toBeVisible(waiting);
      await expectNothingFound(page, "a project");
    });
  });
}
