import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import App from "../App.svelte";
import type { Job, Notice } from "../backend/wire";
import { act, failing, failure, session, TestBackend } from "../test.backend";
import { phraseNotice } from "./notices";

const notice = (changes: Partial<Notice>): Notice => ({
  number: 1,
  failed: [],
  needsYou: [],
  finished: [],
  ...changes,
});
const done: Job = act(1, { state: { kind: "done", at: 63_000 } });
const failed: Job = act(2, { state: { kind: "failed", at: 2_000, failure: failure({ code: "slotsFull" }) } });
const stuck: Job = act(3, { state: { kind: "stuck", at: 2_000, failure: failure({ code: "cyclesLow" }) } });
const full: Job = act(4, { hindrance: failure({ code: "diskFull" }) });

describe("a notice", () => {
  it("says what is done and how long it took", () => {
    expect(phraseNotice(notice({ finished: [1] }), [done])).toEqual({
      title: "Stopped stock",
      body: "It took 1 min 2 s.",
    });
  });

  it("says what failed and how the world stands", () => {
    const said = phraseNotice(notice({ failed: [2] }), [done, failed]);
    expect(said?.title).toBe("stock was not stopped");
    expect(said?.body).toMatch(/snapshots?.*\. Nothing was sent/);
  });

  it("says what needs somebody, and what it waits for", () => {
    expect(phraseNotice(notice({ needsYou: [3] }), [stuck])?.body).toContain("It needs you");
    const said = phraseNotice(notice({ needsYou: [4] }), [full]);
    expect(said?.title).toBe("Stopping stock");
    expect(said?.body).toMatch(/\S/);
  });

  it("names the gravest of several first, and no more than are shown", () => {
    const many = [5, 6, 7].map((number) => ({ ...done, number, name: `shop_${number}` }));
    const said = phraseNotice(notice({ failed: [2], needsYou: [3], finished: [5, 6, 7] }), [
      ...many,
      failed,
      { ...stuck, name: "orders" },
    ]);
    expect(said?.title).toBe("1 failed, 1 needs you, 3 are done");
    expect(said?.body.split("\n")).toEqual([
      "stock was not stopped",
      "orders was not stopped",
      "Stopped shop_5",
      "and 2 others",
    ]);
  });

  it("says nothing of what the window does not know", () => {
    expect(phraseNotice(notice({ failed: [77] }), [done])).toBeUndefined();
  });
});

describe("the window", () => {
  async function open() {
    const backend = new TestBackend();
    backend.answer("activity", () => ({ entries: [], brokenAt: null }));
    render(App, { backend });
    // From then on it listens.
    await waitFor(() => expect(backend.asked.map(({ name }) => name)).toContain("networks"));
    return backend;
  }

  it("phrases a notice, and shows what it is about to whoever presses it", async () => {
    const backend = await open();
    backend.isPressed = true;
    backend.tell({ kind: "snapshot", jobs: [failed], inherited: [] });
    backend.tell({ kind: "notice", notice: notice({ number: 9, failed: [2] }) });
    await waitFor(() => expect(location.hash).toContain("activity/2"));
    expect(backend.notified).toMatchObject([{ notice: 9, title: "stock was not stopped" }]);
  });

  it("can be told to be quiet, and says when that was not kept", async () => {
    const backend = await open();
    location.hash = "#/settings";
    const choice = await screen.findByRole("checkbox", { name: "Tell me what ends while I look elsewhere" });
    expect(choice).toBeChecked();
    backend.answer("chooseQuiet", ({ isQuiet }) => session({ isQuiet }));
    const user = userEvent.setup();
    await user.click(choice);
    await waitFor(() => expect(choice).not.toBeChecked());
    backend.answer("chooseQuiet", failing({ code: "folderUnusable" }));
    await user.click(choice);
    expect(await screen.findByRole("alert")).toHaveTextContent("The choice was not saved");
    await waitFor(() => expect(choice, "as it is kept").not.toBeChecked());
  });
});
