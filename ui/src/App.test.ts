import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import App from "./App.svelte";
import type { Canister, Failure } from "./backend/wire";
import { act, canister, failing, failure, plan, session, status, stopped, TestBackend } from "./test.backend";

async function open(canisters: Canister[], prepare?: (backend: TestBackend) => void) {
  const backend = new TestBackend();
  backend.answer("canisters", () => ({ trouble: null, canisters }));
  prepare?.(backend);
  render(App, { backend });
  const user = userEvent.setup();
  if (canisters.length > 0) await screen.findByRole("table");
  return { backend, user };
}

const row = (name: string) => screen.getByRole("row", { name: new RegExp(`^${name}`) });
const button = (name: string) => screen.getByRole("button", { name });
const dialog = () => screen.getByRole("dialog");

describe("finding", () => {
  it("opens a canister", async () => {
    const { user } = await open([canister("stock"), canister("orders")]);
    await user.keyboard("{Control>}k{/Control}");
    await user.keyboard("orders{Enter}");
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(await screen.findByRole("heading", { name: "orders" })).toBeVisible();
  });

  it("asks before it does something, and says why it can't", async () => {
    const { user } = await open([canister("stock")]);
    await user.keyboard("{Control>}k{/Control}");
    await user.keyboard("start stock");
    expect(screen.getByRole("option", { name: /Start stock/ })).toHaveTextContent("It is running already.");
    await user.keyboard("{Enter}");
    expect(screen.getByRole("combobox"), "what can't be done does nothing").toHaveFocus();
    await user.clear(screen.getByRole("combobox"));
    await user.keyboard("stop stock{Enter}");
    expect(screen.getByRole("dialog", { name: "Stop stock?" })).toBeVisible();
  });
});

describe("the board", () => {
  it("says when its rows are painted, once", async () => {
    const { backend, user } = await open([canister("stock")]);
    await user.click(button("Refresh"));
    expect(backend.painting).toEqual(["board"]);
  });

  it("shows what only controllers may see as such, in its row", async () => {
    await open([
      canister("partner", {
        reading: { kind: "public", moduleHash: null, controllers: [], hasInterface: null },
        denied: { start: "notController", stop: "notController" },
      }),
    ]);
    expect(row("partner")).toHaveTextContent("Not visible");
    expect(row("partner")).toHaveTextContent("Only its controllers may see the status.");
    expect(button("Stop partner")).toHaveAccessibleDescription("Only its controllers may do this.");
  });

  it("shows a failed reading in its row, and the other rows as they are", async () => {
    const reading = { kind: "failed", failure: failure({ code: "throttled" }) } as const;
    await open([canister("broken", { reading, denied: { start: "notRead", stop: "notRead" } }), canister("stock")]);
    expect(row("broken")).toHaveTextContent("The network asks to slow down");
    expect(row("stock")).toHaveTextContent("Running");
  });

  it("says once, above the table, what keeps every row from being read", async () => {
    const reading = { kind: "failed", failure: failure() } as const;
    const all = [canister("stock", { reading }), canister("orders", { reading })];
    await open(all, (backend) => backend.answer("canisters", () => ({ trouble: failure(), canisters: all })));
    expect(screen.getAllByText(/The network does not answer/)).toHaveLength(1);
  });

  it("says in words that there is nothing", async () => {
    await open([]);
    expect(await screen.findByText("No canisters here")).toBeVisible();
  });

  it("says why the first reading failed and reads again on demand", async () => {
    const { backend, user } = await open([], (backend) => backend.answer("canisters", failing()));
    expect(await screen.findByText("The network does not answer")).toBeVisible();
    backend.answer("canisters", () => ({ trouble: null, canisters: [canister("stock")] }));
    await user.click(button("Try again"));
    expect(await screen.findByRole("row", { name: /^stock/ })).toBeVisible();
  });

  it("keeps the rows when a refresh fails, and says so", async () => {
    const { backend, user } = await open([canister("stock")]);
    backend.answer("canisters", failing());
    await user.click(button("Refresh"));
    expect(await screen.findByText("The last refresh did not get through")).toBeVisible();
    expect(row("stock")).toBeVisible();
  });

  it("warns of a short runway in words", async () => {
    const reading = { kind: "full", status: status({ runwayDays: 12 }) } as const;
    await open([canister("stock", { reading })]);
    expect(row("stock")).toHaveTextContent("about 12 days");
    expect(button("Needs attention 1")).toBeVisible();
  });
});

describe("stopping", () => {
  const beginning = (backend: TestBackend) => {
    backend.answer("plan", () => plan());
    backend.answer("run", () => 1);
    backend.answer("readCanister", () => stopped("stock"));
  };
  async function stop(user: Awaited<ReturnType<typeof open>>["user"]) {
    await user.click(button("Stop stock"));
    const confirm = within(dialog()).getByRole("button", { name: "Stop stock" });
    await waitFor(() => expect(confirm).not.toHaveAttribute("aria-disabled"));
    await user.click(confirm);
  }
  const failed = (changes: Partial<Failure>) =>
    act(1, { state: { kind: "failed", at: Date.now(), failure: failure(changes) } });

  it("asks first, with the safe way out in focus, and sends nothing when left", async () => {
    const { backend, user } = await open([canister("stock")], beginning);
    await user.click(button("Stop stock"));
    expect(dialog()).toHaveAccessibleName("Stop stock?");
    for (const part of ["stock", canister("stock").id, "Practice"]) {
      expect(within(dialog()).getByText(part), "the dialog says whom it is about and where").toBeVisible();
    }
    expect(within(dialog()).getByRole("button", { name: "Cancel" })).toHaveFocus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(backend.asked.filter(({ name }) => name === "run")).toEqual([]);
  });

  it("closes when it is done, shows the certified state, and gives the focus back", async () => {
    const { backend, user } = await open([canister("stock")], beginning);
    await stop(user);
    backend.tell({ kind: "job", job: act(1, { state: { kind: "done", at: Date.now() } }) });
    await waitFor(() => expect(row("stock")).toHaveTextContent(/Stopped\s*Certified/));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(button("Start stock")).toHaveFocus();
  });

  it("goes on when the dialog is closed", async () => {
    const { backend, user } = await open([canister("stock")], beginning);
    await stop(user);
    backend.tell({ kind: "job", job: act(1) });
    await user.click(within(dialog()).getByRole("button", { name: "Close" }));
    expect(row("stock")).toHaveTextContent("Stopping");
    expect(button("Stop stock")).toHaveAccessibleDescription("Stopping stock.");
    backend.answer("canisters", () => ({ trouble: null, canisters: [stopped("stock")] }));
    backend.tell({ kind: "job", job: act(1, { state: { kind: "done", at: Date.now() } }) });
    await waitFor(() => expect(row("stock")).toHaveTextContent("Stopped"));
  });

  it("looks again when the answer to its beginning was lost, and sends nothing a second time", async () => {
    const { backend, user } = await open([canister("stock")], beginning);
    backend.answer("run", failing({ certainty: "unknown" }));
    await stop(user);
    const alert = await within(dialog()).findByRole("alert");
    expect(alert).toHaveTextContent("Unknown whether stock was stopped");
    await user.click(within(alert).getByRole("button", { name: "Check what happened" }));
    expect(backend.asked.filter(({ name }) => name === "run")).toHaveLength(1);
    expect(backend.asked.filter(({ name }) => name === "plan")).toHaveLength(2);
  });

  it("is watched when the answer to its beginning was lost and the job is told of", async () => {
    const { backend, user } = await open([canister("stock")], beginning);
    backend.answer("run", failing({ certainty: "unknown" }));
    await stop(user);
    await within(dialog()).findByRole("alert");
    backend.tell({ kind: "job", job: act(1) });
    await waitFor(() => expect(within(dialog()).queryByRole("alert")).toBeNull());
    expect(within(dialog()).getByText("Stop, once open calls have ended")).toBeVisible();
  });

  it("is looked up at its row when nobody knows how it ended", async () => {
    const { backend, user } = await open([canister("stock")], beginning);
    await stop(user);
    backend.tell({ kind: "job", job: failed({ certainty: "unknown" }) });
    await user.click(within(dialog()).getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
    backend.answer("canisters", () => ({
      trouble: null,
      canisters: [stopped("stock", { readAt: Date.now() + 60_000 })],
    }));
    await user.click(screen.getByRole("button", { name: "Check what happened" }));
    expect(await screen.findByText("stock is stopped")).toBeVisible();
    await user.click(button("Dismiss"));
    expect(screen.queryByText("stock is stopped")).toBeNull();
  });

  it("leaves the failure at the row when the dialog is closed", async () => {
    const { backend, user } = await open([canister("stock")], beginning);
    await stop(user);
    backend.tell({
      kind: "job",
      job: failed({ code: "refused", certainty: "refused", facts: { message: "No." } }),
    });
    await user.click(within(dialog()).getByRole("button", { name: "Close" }));
    expect(screen.getByRole("table")).toHaveTextContent("stock was not stopped");
    expect(screen.getByText(/A certificate proves the refusal/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Try again" }), "the same refusal would come back").toBeNull();
  });
});

describe("the tray and the activity", () => {
  it("say what is under way and how it ended", async () => {
    const { backend, user } = await open([canister("stock")]);
    backend.tell({ kind: "job", job: act(1) });
    expect(await screen.findByText("Stopping stock")).toBeVisible();
    const lost = failure({ certainty: "unknown" });
    backend.tell({ kind: "job", job: act(1, { state: { kind: "failed", at: Date.now(), failure: lost } }) });
    const tray = screen.getByRole("region", { name: "Acts" });
    expect(await within(tray).findByText("Unknown whether stock was stopped")).toBeVisible();
    await user.click(screen.getByRole("link", { name: "Activity" }));
    await user.click(await screen.findByRole("link", { name: /Unknown whether stock was stopped/ }));
    const check = await screen.findByRole("button", { name: "Check what happened" });
    const before = backend.asked.filter(({ name }) => name === "canisters").length;
    await user.click(check);
    expect(backend.asked.filter(({ name }) => name === "canisters")).toHaveLength(before + 1);
  });
});

describe("a failed start", () => {
  it("offers to set damaged settings aside, and opens the board afterwards", async () => {
    const { backend, user } = await open([], (backend) => {
      backend.answer("session", failing({ code: "settingsDamaged", facts: { path: "/home/ada/settings.json" } }));
      backend.answer("setSettingsAside", () => session());
    });
    expect(await screen.findByRole("heading", { name: "Canopic could not start" })).toBeVisible();
    expect(
      backend.asked.map(({ name }) => name),
      "nothing else is asked of a closed state",
    ).toEqual(["session"]);
    await user.click(button("Set the settings aside and start"));
    expect(await screen.findByRole("heading", { name: "Canisters" })).toBeVisible();
  });

  it("offers only another try where nothing can be set aside", async () => {
    const { user } = await open([], (backend) => {
      backend.answer("session", failing({ code: "inUse" }));
      backend.answer("reopen", failing({ code: "folderUnusable" }));
    });
    expect(await screen.findByText("Another Canopic is open already.")).toBeVisible();
    expect(screen.queryByRole("button", { name: /Set the settings aside/ })).toBeNull();
    await user.click(button("Try again"));
    expect(await screen.findByText("A folder that Canopic needs cannot be used.")).toBeVisible();
  });
});

describe("single keys", () => {
  it("act outside of text fields only, and can be turned off", async () => {
    const { user } = await open([canister("stock")]);
    await user.keyboard("/");
    const filter = screen.getByRole("searchbox");
    expect(filter).toHaveFocus();
    await user.keyboard("?");
    expect(filter, "in a field it is a letter").toHaveValue("?");
    await user.click(screen.getByRole("link", { name: "Settings" }));
    await user.click(await screen.findByRole("checkbox", { name: "Single keys act" }));
    await user.click(screen.getByRole("heading", { name: "Settings" }));
    await user.keyboard("?");
    expect(screen.queryByRole("dialog")).toBeNull();
    await user.keyboard("{F1}");
    expect(screen.getByRole("dialog")).toHaveAccessibleName("Keys");
  });
});
