import { describe, expect, it } from "vitest";
import { act, canister, failing, failure, pending, session, stopped, TestBackend } from "../test.backend";
import type { Board } from "../backend/wire";
import { Acts } from "./acts.svelte";
import { Canisters } from "./canisters.svelte";
import { wayOn } from "./failure";
import { Session } from "./session.svelte";

describe("the canisters", () => {
  it("keep what was read when a refresh fails, and say why", async () => {
    const backend = new TestBackend();
    const canisters = new Canisters(backend, () => 5_000);
    backend.answer("canisters", () => ({ trouble: null, canisters: [canister("stock")] }));
    await canisters.refresh();
    backend.answer("canisters", failing());
    await canisters.refresh();
    expect(canisters.all).toHaveLength(1);
    expect(canisters.refreshedAt).toBe(5_000);
    expect(canisters.failure?.code).toBe("noNetwork");
  });

  it("ask once when refreshed twice at the same time", async () => {
    const backend = new TestBackend();
    const canisters = new Canisters(backend);
    await Promise.all([canisters.refresh(), canisters.refresh()]);
    expect(backend.asked).toHaveLength(1);
  });

  it("never let an older refresh overwrite what was proven since", async () => {
    const backend = new TestBackend();
    const canisters = new Canisters(backend);
    backend.answer("canisters", () => ({ trouble: null, canisters: [canister("stock")] }));
    await canisters.refresh();

    const late = pending<Board>();
    backend.answer("canisters", () => late.promise);
    const refresh = canisters.refresh();
    backend.answer("readCanister", () => stopped("stock"));
    await canisters.prove(canister("stock").id);
    late.resolve({ trouble: null, canisters: [canister("stock")] });
    await refresh;
    expect(canisters.all?.[0], "the refresh may have read it before it was stopped").toEqual(stopped("stock"));
  });

  it("look up an unknown outcome with a reading that began afterwards, and send nothing again", async () => {
    const backend = new TestBackend();
    const canisters = new Canisters(backend);
    const early = pending<Board>();
    backend.answer("canisters", () => early.promise);
    void canisters.refresh();
    const check = canisters.check("stock");
    backend.answer("canisters", () => ({ trouble: null, canisters: [stopped("stock")] }));
    early.resolve({ trouble: null, canisters: [canister("stock")] });
    await check;
    expect(canisters.all).toEqual([stopped("stock")]);
    expect(backend.asked.map(({ name }) => name)).toEqual(["canisters", "canisters"]);
  });

  it("call an outcome seen only by a full reading that is younger", async () => {
    const backend = new TestBackend();
    const canisters = new Canisters(backend);
    backend.answer("canisters", () => ({ trouble: null, canisters: [canister("stock", { readAt: 2_000 })] }));
    await canisters.refresh();
    const { id } = canister("stock");
    expect(canisters.seenSince(id, 1_999)).toBeDefined();
    expect(canisters.seenSince(id, 2_000)).toBeUndefined();
  });
});

describe("the acts", () => {
  it("replace their list or one entry of it, newest first", () => {
    const backend = new TestBackend();
    const acts = new Acts(backend);
    const stop = acts.follow(() => undefined);
    backend.tell({ kind: "snapshot", jobs: [act(1), act(2)], inherited: [] });
    backend.tell({ kind: "job", job: act(3) });
    backend.tell({ kind: "job", job: act(1, { state: { kind: "done", at: 2_000 } }) });
    expect(acts.all.map(({ number }) => number)).toEqual([3, 2, 1]);
    expect(acts.running.map(({ number }) => number)).toEqual([3, 2]);
    backend.tell({ kind: "snapshot", jobs: [], inherited: [] });
    expect(acts.all, "a snapshot makes void what was known").toEqual([]);
    stop();
    backend.tell({ kind: "job", job: act(4) });
    expect(acts.all, "nobody listens any more").toEqual([]);
  });

  it("keep a failed start or stop as trouble until it is put away, or another one came after it", () => {
    const backend = new TestBackend();
    const acts = new Acts(backend);
    acts.follow(() => undefined);
    const { canister } = act(1);
    const failed = { kind: "failed", at: 2_000, failure: failure({ certainty: "refused" }) } as const;
    backend.tell({ kind: "snapshot", jobs: [act(1, { state: failed })], inherited: [] });
    expect(acts.troubles.size, "that was before anybody looked").toBe(0);

    backend.tell({ kind: "job", job: act(2) });
    expect(acts.turning.get(canister)).toBe("stop");
    backend.tell({ kind: "job", job: act(2, { state: failed }) });
    expect(acts.turning.size, "nothing is under way any more").toBe(0);
    expect(acts.troubles.get(canister)?.number).toBe(2);
    acts.dismiss(2);
    expect(acts.troubles.size).toBe(0);

    backend.tell({ kind: "job", job: act(3, { state: failed }) });
    backend.tell({ kind: "job", job: act(4, { kind: "start", state: { kind: "done", at: 3_000 } }) });
    expect(acts.troubles.size, "what came later tells how it is").toBe(0);
    backend.tell({ kind: "job", job: act(5, { kind: "topUp", state: failed }) });
    expect(acts.troubles.size, "only starts and stops have a place at the row").toBe(0);
  });
});

describe("what an earlier process left under way", () => {
  const told = (): number[] => {
    const backend = new TestBackend();
    const acts = new Acts(backend);
    acts.follow(() => undefined);
    // As after a start that was quicker than its window: it is over before anybody looks.
    backend.tell({ kind: "snapshot", jobs: [act(1, { state: { kind: "done", at: 2_000 } }), act(2)], inherited: [1] });
    return acts.resumed;
  };

  it("is told once to a window, however quickly it was mended", () => {
    sessionStorage.clear();
    expect(told()).toEqual([1]);
    expect(told(), "a window that is loaded again").toEqual([]);
  });
});

describe("the session", () => {
  it("is failed until a repair succeeds", async () => {
    const backend = new TestBackend();
    const state = new Session(backend);
    backend.answer("session", failing({ code: "settingsDamaged" }));
    await state.open();
    expect(state.phase).toMatchObject({ kind: "failed", failure: { code: "settingsDamaged" } });
    backend.answer("setSettingsAside", () => session());
    await state.setSettingsAside();
    expect(state.opened).toEqual(session());
  });

  it("takes back an appearance that could not be saved", async () => {
    const backend = new TestBackend();
    const state = new Session(backend);
    await state.open();
    backend.answer("chooseAppearance", failing({ code: "folderUnusable" }));
    const choosing = state.chooseAppearance("dark");
    expect(state.appearance, "shown at once").toBe("dark");
    await choosing;
    expect(state.appearance).toBe("system");
    expect(state.appearanceFailure?.code).toBe("folderUnusable");
  });

  it("remembers the appearance for the first picture of the next window", async () => {
    const backend = new TestBackend();
    backend.answer("session", () => session({ appearance: "dark" }));
    await new Session(backend).open();
    expect(new Session(backend).appearance, "before the engine has answered").toBe("dark");
  });
});

describe("the way on", () => {
  it("is never another try while the outcome is unknown", () => {
    expect(wayOn(failure({ certainty: "unknown", code: "noNetwork" }))).toBe("check");
    expect(wayOn(failure({ certainty: "nothingSent", code: "noNetwork" }))).toBe("tryAgain");
    expect(wayOn(failure({ certainty: "refused", code: "notController" }))).toBe("none");
  });
});
