import { afterEach, describe, expect, it, vi } from "vitest";
import { Failed, failureOf } from "./backend";
import { browser } from "./browser";
import type { Failure } from "./wire";

const refusal: Failure = { code: "notController", certainty: "refused", facts: { name: "stock" }, report: "IC0512" };

async function failureFrom(request: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await request.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(thrown).toBeInstanceOf(Failed);
  return failureOf(thrown);
}

afterEach(() => vi.unstubAllGlobals());

describe("the browser's door", () => {
  it("asks with the request's name beside its parameters", async () => {
    const fetch = vi.fn(() => Promise.resolve(Response.json({ canisters: [] })));
    vi.stubGlobal("fetch", fetch);
    await expect(browser.request("canisters", {})).resolves.toEqual({ canisters: [] });
    expect(fetch).toHaveBeenCalledWith("/bridge/request", expect.objectContaining({ body: '{"request":"canisters"}' }));
  });

  it("hands on the failure of the contract as it is", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json(refusal, { status: 422 })));
    expect(await failureFrom(browser.request("stopCanister", { canister: "x" }))).toEqual(refusal);
  });

  it("calls a lost answer to a change unknown, and to a question nothing sent", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    const change = await failureFrom(browser.request("stopCanister", { canister: "x" }));
    expect(change).toMatchObject({ code: "noNetwork", certainty: "unknown" });
    const question = await failureFrom(browser.request("canisters", {}));
    expect(question).toMatchObject({ code: "noNetwork", certainty: "nothingSent" });
  });

  it("calls any other answer a defect", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json({}, { status: 500 })));
    expect(await failureFrom(browser.request("session", {}))).toMatchObject({ code: "bug" });
  });
});

describe("whatever else is thrown", () => {
  it("is a defect whose outcome nobody knows", () => {
    expect(failureOf(new Error("surprise"))).toMatchObject({ code: "bug", certainty: "unknown" });
    expect(failureOf("surprise").report).toBe("surprise");
  });
});
