import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Bridge, expect, openBoard, test } from "../bridge";

async function settings(home: string, text: string): Promise<string> {
  const folder = join(home, "config");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "settings.json"), text);
  return folder;
}

const failed = "Canopic could not start";

test("damaged settings are said, set aside whole, and the board opens", async ({ page, home }) => {
  const damaged = '{"version": 1, "appear';
  const folder = await settings(home, damaged);
  const bridge = await Bridge.start(home);
  try {
    await page.goto(bridge.url);
    await expect(page.getByRole("heading", { name: failed })).toBeVisible();
    await expect(page.getByRole("alert")).toContainText("The settings cannot be read.");
    await expect(page.getByRole("alert")).toContainText(join(folder, "settings.json"));
    await page.getByText("Technical details", { exact: true }).click();
    await expect(page.getByText(/SettingsDamaged/)).toBeVisible();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { name: failed }), "nothing has changed").toBeVisible();

    await page.getByRole("button", { name: "Set the settings aside and start" }).click();
    await expect(page.getByRole("table")).toBeVisible();
    const aside = (await readdir(folder)).filter((name) => name.includes("set-aside"));
    expect(aside).toHaveLength(1);
    expect(await readFile(join(folder, aside[0] ?? ""), "utf8"), "the old file is kept, whole").toBe(damaged);
  } finally {
    await bridge.stop();
  }
});

test("settings of a newer version are said as such", async ({ page, home }) => {
  await settings(home, '{"version": 7}');
  const bridge = await Bridge.start(home);
  try {
    await page.goto(bridge.url);
    await expect(page.getByRole("alert")).toContainText("The settings come from a newer Canopic.");
    await expect(page.getByRole("alert")).toContainText("version 7");
  } finally {
    await bridge.stop();
  }
});

test("a second Canopic stays out, and opens once the first is gone", async ({ page, bridge, home }) => {
  await openBoard(page, bridge);
  const second = await Bridge.start(home);
  try {
    await page.goto(second.url);
    await expect(page.getByRole("alert")).toContainText("Another Canopic is open already.");
    await expect(page.getByRole("button", { name: /Set the settings aside/ })).toBeHidden();
    await bridge.stop();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("table")).toBeVisible();
  } finally {
    await second.stop();
  }
});

test("a window whose program does not load says so", async ({ page, bridge }) => {
  await page.route("**/*.js", (route) => route.abort());
  await page.goto(bridge.url);
  await expect(page.getByText(/the window could not load its program/)).toBeVisible();
});

test("an exception in the window is told calmly, and the window stays usable", async ({ page, bridge, complaints }) => {
  await openBoard(page, bridge);
  await page.evaluate(() => setTimeout(() => Promise.reject(new Error("a surprise"))));
  const panel = page.getByRole("alert").filter({ hasText: "This window made a mistake" });
  await expect(panel).toBeVisible();
  await panel.getByRole("button", { name: "Dismiss" }).click();
  await expect(panel).toBeHidden();
  await expect(page.getByRole("table")).toBeVisible();
  expect(complaints.splice(0), "the only complaint is the surprise").toEqual([expect.stringContaining("a surprise")]);
});
