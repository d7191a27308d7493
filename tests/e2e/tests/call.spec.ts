/** Calling methods: forms by their types, answers and whether they are proven, and what is remembered. */
import type { Page } from "@playwright/test";
import { expect, openBoard, row, test } from "../bridge";

async function openCall(page: Page, name: string) {
  await row(page, name).getByRole("link", { name, exact: true }).click();
  await page.getByRole("navigation", { name: "Pages of this canister" }).getByRole("link", { name: "Call" }).click();
}

test.beforeEach(({ page, bridge }) => openBoard(page, bridge));

test("a query is asked, and with proof as an update", async ({ page }) => {
  await openCall(page, "shop_backend");
  await page.getByRole("button", { name: "summary query" }).click();
  await page.getByRole("button", { name: "Ask summary" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect(answer).toContainText("takings");
  await expect(answer).toContainText("Not certified");
  await page.getByRole("checkbox", { name: "With proof" }).check();
  await page.getByRole("button", { name: "Call summary" }).click();
  await expect(answer.getByText("Certified", { exact: true })).toBeVisible();
  await answer.getByRole("radio", { name: "Candid" }).check();
  await expect(answer).toContainText("record {");
  await answer.getByRole("radio", { name: "Raw" }).check();
  await expect(answer).toContainText("4449444c");
});

test("an update is called by its form, and what is wrong stands at its field", async ({ page }) => {
  await openCall(page, "shop_backend");
  await page.getByRole("button", { name: "order update" }).click();
  await page.getByRole("button", { name: "Call order" }).click();
  await expect(page.getByText("Write a number."), "nothing is sent").toBeVisible();
  await expect(page.getByLabel("pieces")).toBeFocused();
  await page.getByLabel("customer").fill("Ada");
  await page.getByLabel("code").fill("B1");
  await page.getByLabel("pieces").fill("-1");
  await expect(page.getByText("It cannot be below zero.")).toBeVisible();
  await page.getByLabel("pieces").fill("1");
  await page.getByRole("button", { name: "Call order" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await expect(answer).toContainText("Certified");
  await expect(answer).toContainText("ok");
  await expect(answer).toContainText("Ada");
});

test("arguments go from the form to text and bytes and back", async ({ page }) => {
  await openCall(page, "orders");
  await page.getByRole("button", { name: "add update" }).click();
  await page.getByLabel("Argument 1").fill("18446744073709551616");
  await expect(page.getByText("Write a number from 0 to 18446744073709551615.")).toBeVisible();
  await page.getByLabel("Argument 1").fill("7");
  await page.getByRole("radio", { name: "Candid" }).check();
  await expect(page.getByLabel("Arguments as Candid text")).toHaveValue("(7)");
  await page.getByLabel("Arguments as Candid text").fill("(9)");
  await page.getByRole("radio", { name: "Raw" }).check();
  await expect(page.getByLabel("Arguments as bytes")).toHaveValue("4449444c0001780900000000000000");
  await page.getByRole("radio", { name: "Form" }).check();
  await expect(page.getByLabel("Argument 1")).toHaveValue("9");
  await page.getByRole("radio", { name: "Candid" }).check();
  await page.getByLabel("Arguments as Candid text").fill('("nine")');
  await page.getByRole("button", { name: "Call add" }).click();
  await expect(page.getByRole("alert")).toContainText("The arguments do not fit");
});

test("calls are remembered, made again and forgotten", async ({ page }) => {
  await openCall(page, "orders");
  await page.getByRole("button", { name: "add update" }).click();
  await page.getByLabel("Argument 1").fill("5");
  await page.getByRole("button", { name: "Call add" }).click();
  const recent = page.getByRole("region", { name: "Recent calls" });
  await expect(recent.getByRole("listitem")).toContainText("Replied");
  await page.reload();
  await recent.getByRole("button", { name: /Fill the form with this call of add/ }).click();
  await expect(page.getByLabel("Argument 1")).toHaveValue("5");
  await recent.getByRole("button", { name: "Forget these calls" }).click();
  await expect(recent).toContainText("Calls that are made here are remembered on this computer.");
});

test("a lost answer to an update is unknown, and not sent again", async ({ page }) => {
  await openCall(page, "orders");
  let sent = 0;
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "call") return route.continue();
    sent += 1;
    await route.fulfill({
      status: 422,
      json: { code: "outcomeUnknown", certainty: "unknown", facts: {}, report: "the answer was lost" },
    });
  });
  await page.getByRole("button", { name: "add update" }).click();
  await page.getByLabel("Argument 1").fill("5");
  await page.getByRole("button", { name: "Call add" }).click();
  await expect(page.getByRole("alert")).toContainText("Unknown whether add took effect");
  await expect(page.getByRole("alert")).toContainText("It is not sent again by itself.");
  expect(sent).toBe(1);
});

test("a trap and what cannot be called say why", async ({ page }) => {
  await openCall(page, "orders");
  await page.getByRole("button", { name: "add update" }).click();
  await page.getByRole("radio", { name: "Raw" }).check();
  await page.getByLabel("Arguments as bytes").fill("4449444c00");
  await page.getByRole("button", { name: "Call add" }).click();
  await expect(page.getByRole("alert")).toBeVisible();

  await page.goto(page.url().replace(/#.*/, "#/canisters"));
  await row(page, "newsletter").getByRole("link", { name: "newsletter", exact: true }).click();
  await page.getByRole("navigation", { name: "Pages of this canister" }).getByRole("link", { name: "Call" }).click();
  await expect(page.getByText("It cannot be called now")).toBeVisible();
});

test("without an interface there is the method's name and text", async ({ page }) => {
  await page.route("**/bridge/request", async (route) => {
    if ((route.request().postDataJSON() as { request: string }).request !== "interface") return route.continue();
    await route.fulfill({ json: null });
  });
  await openCall(page, "orders");
  await expect(page.getByText("It does not say what it can be asked")).toBeVisible();
  await page.getByLabel("Method").fill("total");
  await page.getByRole("button", { name: "Ask total" }).click();
  await expect(page.getByRole("region", { name: "Answer" })).toContainText(/\(\d+\)/);
});
