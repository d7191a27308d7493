import { Bridge, expect, test } from "../bridge";
import { ask, idOf } from "../engine";
import { expectNothingFound } from "../axe";

test.slow();

test("what was under way at an end in the middle is told at the next start, with what became of it", async ({
  page,
  home,
}) => {
  const first = await Bridge.start(home);
  const canister = await idOf(first, "orders");
  const op = {
    op: "takeSnapshot",
    canister,
    isStoppedMeanwhile: true,
    replace: null,
    name: "in between",
    note: "",
  };
  const { fingerprint } = await ask<{ fingerprint: string }>(first, "plan", { op });
  await ask(first, "run", { op, fingerprint });
  await first.stop();

  const second = await Bridge.start(home);
  try {
    await page.goto(second.url);
    const told = page.getByRole("status").filter({ hasText: "was under way when Canopic last ended" });
    await expect(told).toContainText(/snapshot of orders/, { timeout: 60_000 });
    await expectNothingFound(page, "after an end in the middle");
    await told.getByRole("link", { name: /Show its steps/ }).press("Enter");
    await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
    await told.getByRole("button", { name: "Dismiss" }).press("Enter");
    await expect(told).toBeHidden();
    await page.reload();
    await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();
    await expect(told).toBeHidden();
  } finally {
    await second.stop();
  }
});

test("what was left stopped stands on every view until somebody decides", async ({ page, bridge }) => {
  const canister = await idOf(bridge, "stock");
  const since = Date.now() - 240_000;
  const one = {
    canister,
    fingerprint: "",
    name: "stock",
    since,
    job: 1,
    during: "restore",
    isWanted: false,
    isSeen: true,
  };
  const { network } = await ask<{ network: { fingerprint: string } }>(bridge, "session");
  await page.route("**/bridge/request", async (route) => {
    const body = route.request().postData() ?? "";
    if (body.includes("leftStopped")) await route.fulfill({ json: [{ ...one, fingerprint: network.fingerprint }] });
    else if (body.includes("keepStopped")) await route.fulfill({ json: [] });
    else await route.continue();
  });
  for (const view of ["canisters", "library", "activity", "settings"]) {
    await page.goto(`${bridge.url}/#/${view}`);
    const banner = page.getByRole("region", { name: "Stopped and not started again" });
    await expect(banner).toContainText("stock stands still");
    await expect(banner).toContainText("4 min ago");
  }
  await expectNothingFound(page, "what was left stopped");
  const banner = page.getByRole("region", { name: "Stopped and not started again" });
  await banner.getByRole("button", { name: "Start stock" }).press("Enter");
  await expect(page.getByRole("dialog", { name: "Start stock?" })).toBeVisible();
  await page.keyboard.press("Escape");
  await banner.getByRole("button", { name: /Keep it stopped/ }).press("Enter");
  await expect(banner).toBeHidden();
});
