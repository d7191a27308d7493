import { expect, test } from "../bridge";
import { expectNothingFound } from "../axe";

test.slow();

for (const colorScheme of ["light", "dark"] as const) {
  test(`a lesson begins, sees what is done and says what is next, ${colorScheme}`, async ({ page, bridge }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto(bridge.url);
    await page.getByRole("complementary", { name: "Practice" }).getByRole("link", { name: "Lessons" }).press("Enter");
    const lesson = page.getByRole("region", { name: "1. Take a snapshot and go back to it" });
    await expect(lesson).toBeVisible({ timeout: 30_000 });
    await expect(page.getByRole("region", { name: /^\d\. / })).toHaveCount(4);
    await expectNothingFound(page, "the lessons");
    await lesson.getByRole("button", { name: /^Begin/ }).press("Enter");
    await expect(lesson.getByText("0 of 4")).toBeVisible({ timeout: 60_000 });

    await lesson.getByRole("button", { name: "Take snapshot" }).press("Enter");
    const dialog = page.getByRole("dialog");
    const next = dialog.getByRole("button", { name: "Next" });
    await expect(next, "a key waits for nothing").toBeEnabled({ timeout: 30_000 });
    await next.press("Enter");
    await dialog.getByRole("button", { name: /^Take a snapshot of/ }).click({ timeout: 30_000 });
    await expect(dialog).toContainText("Took a snapshot", { timeout: 60_000 });
    await dialog.getByRole("button", { name: "Close" }).press("Enter");
    await expect(lesson.getByText("1 of 4")).toBeVisible({ timeout: 60_000 });
    await expect(lesson.getByRole("button", { name: "Open its calls" })).toBeVisible();
    await expectNothingFound(page, "a lesson under way");
  });
}

test("are found in the sidebar and the palette, and lead to the practice network from another one", async ({
  page,
  bridge,
}) => {
  await page.goto(bridge.url);
  const lessons = page.getByRole("navigation").getByRole("link", { name: "Lessons" });
  await lessons.press("Enter");
  await expect(page.getByRole("heading", { name: "Lessons" })).toBeVisible({ timeout: 60_000 });

  // As if another network were in use.
  let isElsewhere = true;
  await page.route("**/bridge/request", async (route) => {
    const { request } = route.request().postDataJSON() as { request: string };
    if (request === "chooseNetwork") isElsewhere = false;
    if (request !== "session" || !isElsewhere) return route.continue();
    const answer = await route.fetch();
    const session = (await answer.json()) as { network: object };
    await route.fulfill({ json: { ...session, network: { ...session.network, kind: "mainnet" } } });
  });
  await page.goto(`${bridge.url}/#/canisters`);
  await page.reload();
  await expect(page.getByRole("table")).toBeVisible({ timeout: 60_000 });
  await expect(lessons).toBeHidden();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("lessons");
  await expect(page.getByRole("option", { name: /Lessons/ })).toContainText("on the practice network");
  await page.keyboard.press("Enter");
  await expect(page.getByText("The lessons are on the practice network")).toBeVisible();
  await page.getByRole("button", { name: "Work on Practice" }).click();
  await expect(page.getByRole("region", { name: /^1\. / })).toBeVisible({ timeout: 60_000 });
});
