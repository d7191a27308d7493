/** What is in the way of an operation is named, and one click mends it where one click can. */
import type { Locator, Page, Route } from "@playwright/test";
import { expectNothingFound } from "../axe";
import { type Bridge, expect, test } from "../bridge";
import { ask, download, idOf, layReady, run, steer, writeAsIcp } from "../engine";
import { join } from "node:path";

const patience = { timeout: 45_000 };

test.beforeEach(() => test.setTimeout(150_000));

interface Request {
  request: string;
}
const requested = (route: Route) => (route.request().postDataJSON() as Request).request;

async function openTimeline(page: Page, bridge: Bridge, name: string) {
  await page.goto(`${bridge.url}/#/canisters/${await idOf(bridge, name)}`);
  await expect(page.getByRole("region", { name: "Timeline" }).getByRole("article").first()).toBeVisible(patience);
}

async function restoreFirst(page: Page) {
  await page
    .getByRole("article")
    .first()
    .getByRole("button", { name: /^Restore/ })
    .click();
}

/** Makes the next plans find something in the way, as long as `stands` says so. */
async function block(page: Page, check: object, stands: () => boolean) {
  await page.route("**/bridge/request", async (route) => {
    if (requested(route) !== "plan" || !stands()) return route.fallback();
    const answer = await route.fetch();
    const plan = (await answer.json()) as { checks: object[] };
    await route.fulfill({ json: { ...plan, isBlocked: true, checks: [...plan.checks, check] } });
  });
}

test("too few cycles are topped up over the dialog, which looks again by itself", async ({ page, bridge }) => {
  await openTimeline(page, bridge, "orders");
  let isLow = true;
  await block(page, { name: "cycles", verdict: "blocks", facts: { name: "orders" } }, () => isLow);
  await restoreFirst(page);
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await expect(dialog.getByRole("button", { name: "Next" })).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("button", { name: "Top it up" }).click(patience);
  const topUp = page.getByRole("dialog", { name: /Top up orders/ });
  await expect(topUp).toBeVisible();
  isLow = false;
  await topUp.getByRole("button", { name: "Next" }).click(patience);
  await topUp.getByRole("button", { name: /^Top up orders/ }).click(patience);
  await expect(topUp).toContainText(/Topped up orders/, patience);
  await topUp.getByRole("button", { name: "Close" }).click();
  await expect(dialog.getByRole("button", { name: "Next" })).not.toHaveAttribute("aria-disabled", "true", patience);
});

test("another identity of this computer takes over where this one has no right", async ({ page, bridge }) => {
  await openTimeline(page, bridge, "orders");
  let isWrong = true;
  await block(page, { name: "controller", verdict: "blocks", facts: { name: "orders" } }, () => isWrong);
  const other = await ask<{ stored: { identity: { id: string } }[]; builtIn: { id: string; name: string }[] }>(
    bridge,
    "identities",
  );
  const stand = [...other.builtIn, ...other.stored.map(({ identity }) => identity)][0];
  // Somebody who has another identity that controls it.
  await page.route("**/bridge/request", async (route) => {
    const name = requested(route);
    if (name === "identitiesOf") return route.fulfill({ json: ["second"] });
    if (name === "identities") {
      const answer = await route.fetch();
      const listing = (await answer.json()) as { builtIn: object[] };
      const second = { ...stand, id: "second", name: "Ada" };
      return route.fulfill({ json: { ...listing, builtIn: [...listing.builtIn, second] } });
    }
    if (name !== "chooseIdentity") return route.fallback();
    isWrong = false;
    return route.fulfill({ json: await ask(bridge, "session") });
  });
  await restoreFirst(page);
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await dialog.getByRole("button", { name: "Continue as Ada" }).click(patience);
  await expect(dialog.getByRole("button", { name: "Next" })).not.toHaveAttribute("aria-disabled", "true", patience);
});

test("what is still stopping can be started again, and is looked at again by itself", async ({ page, bridge }) => {
  await openTimeline(page, bridge, "orders");
  let isStopping = true;
  await block(page, { name: "runState", verdict: "blocks", facts: { name: "orders" } }, () => isStopping);
  await restoreFirst(page);
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await expect(dialog).toContainText("It is looked at again by itself.", patience);
  await expect(dialog.getByRole("button", { name: "Start it again" })).toBeVisible();
  await expectNothingFound(page, "something in the way");
  isStopping = false;
  await expect(dialog.getByRole("button", { name: "Next" })).not.toHaveAttribute("aria-disabled", "true", patience);
});

test("all places used: one gives way to the safety snapshot, or the restore does not begin", async ({
  page,
  bridge,
}) => {
  await openTimeline(page, bridge, "customers");
  await restoreFirst(page);
  const dialog = page.getByRole("dialog", { name: "Restore customers" });
  await expect(dialog).toContainText("All 10 snapshots are used", patience);
  const next = dialog.getByRole("button", { name: "Next" });
  await expect(next).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("radio").last().check();
  await expect(next).toHaveAttribute("aria-disabled", "true");
  // It is gone as soon as it is answered, so it cannot be seen checked.
  await dialog.getByRole("checkbox", { name: "I do not need it any more" }).click();
  await expect(next).not.toHaveAttribute("aria-disabled", "true", patience);
  await next.click();
  await dialog.getByRole("button", { name: "Restore customers" }).click();
  await expect(dialog.getByRole("region", { name: "Proof" })).toContainText("Restored customers", patience);
});

test("all places used: a copy that is uploaded takes the place of one", async ({ page, bridge, home }) => {
  const folder = join(home, "from-icp");
  await writeAsIcp(folder);
  await openTimeline(page, bridge, "customers");
  await layReady(bridge, [folder]);
  await page.getByRole("button", { name: "Upload a copy" }).press("Enter");
  await page.getByRole("menuitem", { name: "Choose the folder of a copy" }).press("Enter");
  const brought = page.getByRole("dialog", { name: "What you brought" });
  await brought.getByRole("button", { name: "Upload to customers" }).click(patience);
  const upload = page.getByRole("dialog", { name: /^Upload from-icp/ });
  await upload.getByRole("button", { name: "Next" }).click(patience);
  await expect(upload).toContainText("All 10 snapshots are used", patience);
  await upload.getByRole("radio").last().check();
  await upload.getByRole("checkbox", { name: "I do not need it any more" }).click();
  await upload.getByRole("button", { name: "Upload to customers" }).click(patience);
  await expect(upload).toContainText("Uploaded a copy as a snapshot of customers", patience);
  await upload.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("10 of 10 snapshots", patience);
});

/** Lets the two oldest give way: each by itself, and nothing goes on before both are decided. */
async function letTwoGiveWay(dialog: Locator) {
  await expect(dialog).toContainText("Room for two more snapshots is needed, and 10 of 10 are used", patience);
  await expect(dialog).toContainText("0 of 2 are chosen");
  const next = dialog.getByRole("button", { name: "Next" });
  const choices = dialog.getByRole("group", { name: "Gives way" }).getByRole("checkbox");
  await choices.last().check();
  await choices.nth(-2).check();
  await expect(dialog).toContainText("2 of 2 are chosen");
  await expect(choices.first(), "two are enough").toBeDisabled();
  const lost = dialog.getByRole("checkbox", { name: /^I do not need it any more/ });
  await expect(lost).toHaveCount(2);
  await lost.first().check();
  await expect(next, "one of the two is not decided yet").toHaveAttribute("aria-disabled", "true");
  await expectNothingFound(dialog.page(), "two that give way");
  // It is gone as soon as it is answered, so it cannot be seen checked.
  await lost.last().click();
  await expect(next).not.toHaveAttribute("aria-disabled", "true", patience);
  await next.click();
}

test("all places used: two give way to what is sent over this computer and to the safety snapshot", async ({
  page,
  bridge,
}) => {
  await openTimeline(page, bridge, "orders");
  await page
    .getByRole("article")
    .first()
    .getByRole("button", { name: /What can be done/ })
    .click();
  await page.getByRole("menuitem", { name: "Send to another canister" }).click();
  const send = page.getByRole("dialog", { name: "Send a snapshot of orders" });
  await send.getByRole("radio", { name: /^customers/ }).check();
  await send.getByRole("checkbox", { name: /What is in customers may be replaced/ }).check();
  await send.getByRole("checkbox", { name: "Go over this computer in any case" }).check();
  await send.getByRole("button", { name: "Next" }).click();
  await letTwoGiveWay(send);
  await send.getByRole("button", { name: "Put the snapshot of orders into customers" }).click();
  await expect(send.getByRole("region", { name: "Proof" })).toContainText("customers", { timeout: 90_000 });
});

test("all places used: two give way to a copy that is restored and to the safety snapshot", async ({
  page,
  bridge,
}) => {
  const canister = await idOf(bridge, "customers");
  const { moments } = await ask<{ moments: { snapshot: { id: string } }[] }>(bridge, "timeline", { canister });
  const newest = moments[0]?.snapshot.id ?? "";
  await run(bridge, { op: "downloadSnapshot", canister, snapshot: newest, name: "at home", copy: null });
  await run(bridge, { op: "deleteSnapshots", canister, snapshots: [newest] });
  const taken = { isStoppedMeanwhile: false, replace: null, name: "", note: "" };
  await run(bridge, { op: "takeSnapshot", canister, ...taken });
  await openTimeline(page, bridge, "customers");
  await page
    .getByRole("article", { name: "at home" })
    .getByRole("button", { name: /^Restore/ })
    .click();
  const dialog = page.getByRole("dialog", { name: "Restore customers" });
  await letTwoGiveWay(dialog);
  await dialog.getByRole("button", { name: "Restore customers" }).click();
  await expect(dialog.getByRole("region", { name: "Proof" })).toContainText("customers", { timeout: 90_000 });
});

test("what shall not wait for the network's checkpoint goes over this computer, and the plan says so", async ({
  page,
  bridge,
}) => {
  const canister = await idOf(bridge, "orders");
  await run(bridge, { op: "takeSnapshot", canister, isStoppedMeanwhile: false, replace: null, name: "new", note: "" });
  await openTimeline(page, bridge, "orders");
  await page
    .getByRole("article", { name: "new" })
    .getByRole("button", { name: /What can be done/ })
    .click();
  await page.getByRole("menuitem", { name: "Send to another canister" }).click();
  const send = page.getByRole("dialog", { name: "Send a snapshot of orders" });
  await send.getByRole("radio", { name: /^stock/ }).check();
  await send.getByRole("checkbox", { name: /What is in stock may be replaced/ }).check();
  await send.getByRole("button", { name: "Next" }).click();
  await expect(send).toContainText("It is waited for before anything is stopped.", patience);
  await send.getByRole("button", { name: "Back" }).click();
  await send.getByLabel("How long may it wait for the network?").selectOption("Not at all");
  await send.getByRole("button", { name: "Next" }).click();
  await expect(send).toContainText("it goes through a copy instead", patience);
  await expectNothingFound(page, "a wait that is too long");
  await send.getByRole("button", { name: "Next" }).click();
  await expect(send).toContainText("Download");
});

test("on mainnet the name is typed before anything is restored", async ({ page, bridge }) => {
  await page.route("**/bridge/request", async (route) => {
    if (requested(route) !== "session") return route.fallback();
    const answer = await route.fetch();
    const session = (await answer.json()) as { network: object };
    await route.fulfill({ json: { ...session, network: { ...session.network, kind: "mainnet" } } });
  });
  await openTimeline(page, bridge, "orders");
  await restoreFirst(page);
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await expect(dialog).toContainText("The snapshot is there", patience);
  await dialog.getByRole("button", { name: "Next" }).click();
  const verb = dialog.getByRole("button", { name: "Restore orders" });
  await expect(verb).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Type orders to confirm").fill("order");
  await expect(verb).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Type orders to confirm").fill("orders");
  await verb.click();
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
});

test("a restore from a copy that is refused on the way leaves the canister as it was", async ({ page, bridge }) => {
  const canister = await idOf(bridge, "orders");
  await download(bridge, ["at home"]);
  const { moments } = await ask<{ moments: { snapshot: { id: string } | null; copies: object[] }[] }>(
    bridge,
    "timeline",
    { canister },
  );
  const snapshots = moments.flatMap(({ snapshot, copies }) => (snapshot && copies.length > 0 ? [snapshot.id] : []));
  await run(bridge, { op: "deleteSnapshots", canister, snapshots });
  await openTimeline(page, bridge, "orders");
  await steer(bridge, "faults", [
    {
      kind: "call",
      method: "upload_canister_snapshot_data",
      effect: { reject_certified: { error: 408, message: "no room for it" } },
    },
  ]);
  const card = page.getByRole("article", { name: "at home" });
  await card.getByRole("button", { name: /^Restore/ }).click();
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await dialog.getByRole("button", { name: "Next" }).click(patience);
  await dialog.getByRole("button", { name: "Restore orders" }).click();
  await expect(dialog.getByRole("alert")).toContainText("orders", patience);
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("main")).toContainText("Running", patience);
});

test("the report of a restore is saved, from the proof and from the activity", async ({ page, bridge, home }) => {
  await openTimeline(page, bridge, "orders");
  await restoreFirst(page);
  const dialog = page.getByRole("dialog", { name: "Restore orders" });
  await expect(dialog).toContainText("The snapshot is there", patience);
  await dialog.getByRole("button", { name: "Next" }).click();
  await dialog.getByRole("button", { name: "Restore orders" }).click();
  await expect(dialog.getByRole("region", { name: "Proof" })).toBeVisible(patience);
  await layReady(bridge, [join(home, "report.html")]);
  await dialog.getByRole("button", { name: "Save report" }).click();
  await expect(dialog.getByRole("button", { name: "Report saved" })).toBeVisible(patience);
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.goto(`${bridge.url}/#/activity`);
  await page.getByRole("link", { name: /Steps of “Restored orders/ }).click();
  await expect(page.getByRole("button", { name: "Undo the restore" })).toBeVisible(patience);
  await layReady(bridge, [join(home, "again.html")]);
  await page.getByRole("button", { name: "Save report" }).click();
  await expect(page.getByRole("button", { name: "Report saved" })).toBeVisible(patience);
});
