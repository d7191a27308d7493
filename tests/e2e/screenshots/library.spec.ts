/** The library, what is brought into it, the inspector, the activity and the lessons, in every state that a person can see. */
import { open as openFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, openBoard, row, test } from "../bridge";
import { ask, download, dropAt, idOf, refusal, run, steer, writeAsIcp } from "../engine";
import { take } from "./picture";

const patience = { timeout: 60_000 };

test.beforeEach(() => test.setTimeout(150_000));

interface Found {
  copies: { id: string; folder: string }[];
}

test("the library and its pages", async ({ page, bridge }) => {
  await page.goto(`${bridge.url}/#/library`);
  await expect(page.getByText("No copies yet")).toBeVisible(patience);
  await take(page, "library-empty");
  await download(bridge, ["as it was on the fair", "to be damaged"]);
  const { copies } = await ask<Found>(bridge, "library");
  for (const { id, folder } of copies) {
    if (folder.includes("damaged")) {
      const file = await openFile(join(folder, "wasm_memory.bin"), "r+");
      await file.write(Buffer.from("damage"), 0, 6, 100);
      await file.close();
    }
    await ask(bridge, "verifyCopy", { copy: id, errand: 1 });
  }
  await page.reload();
  await expect(page.getByText("Damaged").first()).toBeVisible(patience);
  await take(page, "library");
  await page.getByRole("button", { name: "More for to be damaged" }).click();
  await take(page, "library-menu");
  await page.keyboard.press("Escape");
  for (const name of ["as it was on the fair", "to be damaged"]) await page.getByLabel(`Select ${name}`).check();
  await take(page, "library-selected");
  await page.getByRole("button", { name: "Compare the two" }).click();
  await expect(page.getByRole("heading", { name: "Sizes" })).toBeVisible(patience);
  await take(page, "comparison");
  const sound = copies.find(({ folder }) => folder.includes("fair"))?.id ?? "";
  for (const one of ["about", "module", "memory", "bytes"]) {
    await page.goto(`${bridge.url}/#/library/${sound}/${one}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.waitForLoadState("networkidle");
    await take(page, `copy-${one}`);
  }
});

test("what is brought", async ({ page, bridge, home }) => {
  await openBoard(page, bridge);
  const [copy, note, damaged] = ["from-icp", "note.txt", "half.zip"].map((name) => join(home, name));
  await writeAsIcp(copy ?? "");
  await writeFile(note ?? "", "words");
  await writeFile(damaged ?? "", "PK and nothing behind it");
  const box = await row(page, "storefront").boundingBox();
  const at = { x: (box?.x ?? 0) + 200, y: (box?.y ?? 0) + 20 };
  await page.evaluate((at) => dispatchEvent(new CustomEvent("bridge:dragging", { detail: at })), at);
  await take(page, "drop-veil");
  await dropAt(page, [copy ?? ""], at);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("None: another tool made it.", patience);
  await take(page, "drop-copy");
  await dialog.getByRole("button", { name: "Upload to storefront" }).click();
  await expect(dialog).toContainText("It gets a new snapshot.", patience);
  await take(page, "upload");
  await page.keyboard.press("Escape");
  await dropAt(page, [copy ?? "", note ?? "", damaged ?? ""], at);
  await expect(dialog.getByRole("article")).toHaveCount(3, patience);
  await expect(dialog).toContainText("Cannot be used", patience);
  await take(page, "drop-several");
});

test("activity and lessons", async ({ page, bridge }) => {
  await run(bridge, { op: "stop", canister: await idOf(bridge, "stock") });
  await run(bridge, { op: "start", canister: await idOf(bridge, "stock") });
  const both = [await idOf(bridge, "orders"), await idOf(bridge, "stock")];
  await run(bridge, { op: "takeSnapshots", canisters: both, replace: [] });
  await steer(bridge, "faults", [refusal("stop_canister")]);
  const op = { op: "stop", canister: await idOf(bridge, "storefront") };
  const { fingerprint } = await ask<{ fingerprint: string }>(bridge, "plan", { op });
  await ask(bridge, "run", { op, fingerprint });
  await page.goto(`${bridge.url}/#/activity`);
  await expect(page.getByText("Failed").first()).toBeVisible(patience);
  await page
    .getByRole("link", { name: /^Steps of “Took/ })
    .first()
    .click();
  await expect(page.getByText("Signed by")).toBeVisible(patience);
  await take(page, "activity-steps");
  await page.goto(`${bridge.url}/#/lessons`);
  await expect(page.getByRole("region", { name: /^1\. / })).toBeVisible(patience);
  await take(page, "lessons");
  await page
    .getByRole("region", { name: /^1\. / })
    .getByRole("button", { name: /^Begin/ })
    .click();
  await expect(page.getByText("0 of 4")).toBeVisible(patience);
  await take(page, "lesson-begun");
});
