import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, openBoard, row, test } from "../bridge";
import { download, dropAt, writeAsIcp } from "../engine";
import { expectNothingFound } from "../axe";

test.slow();

test("a folder of another tool, dropped on a row, is looked at and uploaded to that canister", async ({
  page,
  bridge,
  home,
}) => {
  await openBoard(page, bridge);
  const folder = join(home, "from-icp");
  await writeAsIcp(folder);
  const box = await row(page, "storefront").boundingBox();
  const at = { x: (box?.x ?? 0) + 200, y: (box?.y ?? 0) + 20 };
  await page.evaluate((at) => dispatchEvent(new CustomEvent("bridge:dragging", { detail: at })), at);
  await expect(page.getByText("Upload to storefront")).toBeVisible();
  await dropAt(page, [folder], at);

  const dialog = page.getByRole("dialog", { name: "What you brought" });
  await expect(dialog).toContainText("from-icp");
  await expect(dialog).toContainText("None: another tool made it.");
  await expectNothingFound(page, "a card of what was dropped");
  await dialog.getByRole("button", { name: "Upload to storefront" }).click();

  const upload = page.getByRole("dialog", { name: /Upload from-icp/ });
  await expect(upload).toContainText("It gets a new snapshot.");
  await upload.getByRole("button", { name: "Next" }).click();
  await expect(upload).toContainText("What happens");
  await upload.getByRole("button", { name: "Upload to storefront" }).click();
  await expect(upload).toContainText("Uploaded a copy as a snapshot of storefront", { timeout: 60_000 });
});

test("several at once, each told for what it is", async ({ page, bridge, home }) => {
  await page.goto(`${bridge.url}/#/library`);
  await expect(page.getByText("No copies yet")).toBeVisible();
  const [one, other, note, module] = ["one", "other", "note.txt", "code.wasm"].map((name) => join(home, name));
  await writeAsIcp(one ?? "");
  await writeAsIcp(other ?? "");
  await writeFile(note ?? "", "words");
  await copyFile(join(import.meta.dirname, "../../../src-tauri/practice/demo/tally.wasm"), module ?? "");
  await dropAt(page, [one ?? "", other ?? "", note ?? "", module ?? ""], { x: 700, y: 400 });
  const dialog = page.getByRole("dialog", { name: "What you brought: 4 things" });
  await expect(dialog.getByRole("article", { name: "note.txt" })).toContainText("Neither a copy nor an archive");
  await expect(dialog.getByRole("article", { name: "code.wasm" })).toContainText("A module is code without a state.");
  await dialog.getByRole("button", { name: "Add 2 copies to the library" }).click();
  await expect(page.getByRole("row")).toHaveCount(3);
});

test("a folder with copies in it can be added, and taken out again", async ({ page, bridge, home }) => {
  await page.goto(`${bridge.url}/#/library`);
  await expect(page.getByText("No copies yet")).toBeVisible();
  const shelf = join(home, "shelf");
  await mkdir(shelf);
  await writeAsIcp(join(shelf, "a-copy"));
  await dropAt(page, [shelf], { x: 700, y: 400 });
  await page.getByRole("dialog").getByRole("button", { name: "Add the folder to the library" }).click();
  await expect(page.getByRole("row").filter({ hasText: "a-copy" })).toBeVisible();
  await page.getByRole("button", { name: `Remove ${shelf} from the library` }).click();
  await expect(page.getByText("No copies yet")).toBeVisible();
});

test("what is dropped while a dialog is open disturbs nobody", async ({ page, bridge, home }) => {
  await download(bridge, ["here"]);
  await page.goto(`${bridge.url}/#/library`);
  await page.getByRole("button", { name: "More for here" }).click();
  await page.getByRole("menuitem", { name: "Name, note and pin" }).click();
  const folder = join(home, "from-icp");
  await writeAsIcp(folder);
  await dropAt(page, [folder], { x: 700, y: 400 });
  await expect(page.getByRole("dialog")).toHaveCount(1);
  await expect(page.getByRole("dialog", { name: "Name here" })).toBeVisible();
});

test("what cannot be uploaded is explained where it fell", async ({ page, bridge, home }) => {
  await openBoard(page, bridge);
  const damaged = join(home, "half.zip");
  await writeFile(damaged, "PK and nothing behind it");
  const project = join(home, "shop");
  await mkdir(project);
  await writeFile(join(project, "icp.yaml"), "canisters: []\n");
  await row(page, "orders").getByRole("link", { name: "orders", exact: true }).click();
  await expect(page.getByRole("region", { name: "Timeline" }).getByRole("article").first()).toBeVisible({
    timeout: 60_000,
  });
  await dropAt(page, [damaged, project], { x: 700, y: 400 });
  const dialog = page.getByRole("dialog", { name: "What you brought: 2 things" });
  await expect(dialog.getByRole("article", { name: "half.zip" })).toContainText("Cannot be used");
  await expect(dialog.getByRole("article", { name: "shop" })).toContainText("The folder of a project.");
  await expect(dialog.getByRole("button", { name: /^Upload/ })).toBeHidden();
  await expectNothingFound(page, "what cannot be uploaded");
});
