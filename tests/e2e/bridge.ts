/**
 * What a test gets: a bridge of its own (engine, practice network and the built front end, in folders of their own) and a
 * page that must come through without an exception and without a word from the content security policy.
 */
import { expect, type Locator, type Page, test as base } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = process.env["CANOPIC_BRIDGE"] ?? join(import.meta.dirname, "../../target/debug/canopic-bridge");
const dist = join(import.meta.dirname, "../../ui/dist");

/** A running bridge. */
export class Bridge {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(home: string): Promise<Bridge> {
    const child = spawn(program, ["--dist", dist, "--home", home], { stdio: ["pipe", "pipe", "pipe"] });
    let errors = "";
    child.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
    const line = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${program} ended with ${code} before it was ready: ${errors}`)));
    });
    const { url } = JSON.parse(line) as { url: string };
    return new Bridge(child, url);
  }

  /** Ends it as a crash would, and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }
}

interface Fixtures {
  /** The folder that holds the app's data, settings and logs. */
  home: string;
  bridge: Bridge;
  /** What the page must not say. Asserted to be empty when the test ends. */
  complaints: string[];
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern
  home: async ({}, use) => {
    const home = await mkdtemp(join(tmpdir(), "canopic-e2e-"));
    await use(home);
    await rm(home, { recursive: true, force: true });
  },

  bridge: async ({ home }, use) => {
    const bridge = await Bridge.start(home);
    await use(bridge);
    await bridge.stop();
  },

  complaints: [
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(`exception: ${error.stack ?? error.message}`));
      page.on("console", (message) => {
        // A refused request is told by the browser, too; the front end's own words are what a test looks at.
        const isNetwork = message.text().startsWith("Failed to load resource");
        if (message.type() === "error" && !isNetwork) complaints.push(`console: ${message.text()}`);
      });
      await page.exposeFunction("complain", (what: string) => complaints.push(what));
      await page.addInitScript(() => {
        // Somebody who knows the app; first-run.spec.ts is about somebody who does not.
        if (localStorage.getItem("welcome") === null) localStorage.setItem("welcome", "hidden");
        addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => {
          const { complain } = window as unknown as { complain: (what: string) => void };
          complain(`policy: ${violatedDirective} blocked ${blockedURI} in ${sourceFile}`);
        });
      });
      await use(complaints);
      expect(complaints, "the page throws nothing and keeps to its content security policy").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Lays ready what the next dialog of the system answers. */
export async function layReady(bridge: Bridge, paths: string[]): Promise<void> {
  const answer = await fetch(`${bridge.url}/bridge/ready`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(paths),
  });
  expect(answer.ok).toBe(true);
}

/** Opens the app and waits until the canisters are on the board. */
export async function openBoard(page: Page, bridge: Bridge): Promise<void> {
  await page.goto(bridge.url);
  // The practice network begins first.
  await expect(page.getByRole("table")).toBeVisible({ timeout: 60_000 });
}

/** The row of a canister. */
export function row(page: Page, name: string): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: new RegExp(`^${name} `) }) });
}

/** The names of the canisters on the board, from top to bottom. */
export function names(page: Page): Promise<string[]> {
  return page
    .getByRole("rowheader")
    .filter({ has: page.getByRole("button") })
    .evaluateAll((headers) => headers.map((header) => header.querySelector("a")?.textContent ?? ""));
}

/** Stops or starts a canister the way a person does: button, dialog, button. */
export async function change(page: Page, verb: "Start" | "Stop", name: string): Promise<void> {
  await row(page, name)
    .getByRole("button", { name: `${verb} ${name}` })
    .click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: `${verb} ${name}` })
    .click();
}
