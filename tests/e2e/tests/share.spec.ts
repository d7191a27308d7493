/** The board, saved for somebody who does not have this app. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, layReady, openBoard, test } from "../bridge";

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("as a table that a spreadsheet opens", async ({ page, bridge, home }) => {
  const file = join(home, "board.csv");
  await layReady(bridge, [file]);
  await page.getByRole("button", { name: "Share the board" }).click();
  await page.getByRole("menuitem", { name: "Save as a table (CSV)" }).click();
  await expect(page.getByText("board.csv is saved.")).toBeVisible();
  const lines = (await readFile(file, "utf8")).trim().split("\r\n");
  expect(lines[0]).toBe("Group,Canister,Id,State,Cycles,Lasts,Memory,Module,Read at");
  expect(lines).toHaveLength(11);
  expect(lines.find((line) => line.includes(",newsletter,"))).toMatch(/,Stopped,\d+,/);
  expect(
    lines.find((line) => line.includes(",shipping_partner,")),
    "what is not known stays empty",
  ).toMatch(/,Not visible,,,,[0-9a-f]{64},/);
});

test("as a picture", async ({ page, bridge, home }) => {
  const file = join(home, "board.png");
  await layReady(bridge, [file]);
  await page.getByRole("button", { name: "Share the board" }).click();
  await page.getByRole("menuitem", { name: "Save as a picture" }).click();
  await expect(page.getByText("board.png is saved.")).toBeVisible();
  const picture = await readFile(file);
  expect(picture.subarray(1, 4).toString(), "its kind").toBe("PNG");
  expect(picture.readUInt32BE(16), "its width, twice as fine as a screen").toBe(1920);
  expect(picture.readUInt32BE(20), "its height: a line for each of ten canisters").toBe(2 * (84 + 10 * 32 + 24));
});

test("nothing is written when the dialog of the system is left, and what cannot be written is said", async ({
  page,
  bridge,
  home,
}) => {
  await page.getByRole("button", { name: "Share the board" }).click();
  await page.getByRole("menuitem", { name: "Save as a table (CSV)" }).click();
  await layReady(bridge, [join(home, "nowhere", "board.csv")]);
  await page.getByRole("button", { name: "Share the board" }).click();
  await page.getByRole("menuitem", { name: "Save as a table (CSV)" }).click();
  await expect(page.getByRole("alert")).toContainText("It was not saved");
});
