/** What a test asks of the engine beside the page: a past to look at, files to bring along. */
import type { Page } from "@playwright/test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bridge, expect } from "./bridge";

const practice = join(import.meta.dirname, "../../src-tauri/practice/demo");
const page64 = 65_536;

interface Known {
  id: string;
  name: string;
}
interface Entry {
  job: number;
  outcome: string;
}

export async function ask<Reply>(bridge: Bridge, request: string, parameters: object = {}): Promise<Reply> {
  const answer = await fetch(`${bridge.url}/bridge/request`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ request, ...parameters }),
  });
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error(`${request}: ${JSON.stringify(body)}`);
  return body as Reply;
}

/** The id of a canister of the demo fleet. */
export async function idOf(bridge: Bridge, name: string): Promise<string> {
  const { canisters } = await ask<{ canisters: Known[] }>(bridge, "canisters");
  const found = canisters.find((canister) => canister.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found.id;
}

/** Lets the practice network have a bad day: the faults strike what fits them next. */
export async function breakIt(bridge: Bridge, ...faults: object[]): Promise<void> {
  const { network } = await ask<{ network: { address: string } }>(bridge, "session");
  const answer = await fetch(new URL("/_/faults", network.address), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(faults),
  });
  if (!answer.ok) throw new Error(`faults: ${await answer.text()}`);
}

/** Plans an operation, runs it, and waits for its end. */
export async function run(bridge: Bridge, op: object): Promise<void> {
  const { fingerprint } = await ask<{ fingerprint: string }>(bridge, "plan", { op });
  const job = await ask<number>(bridge, "run", { op, fingerprint });
  await expect
    .poll(
      async () => {
        const { entries } = await ask<{ entries: Entry[] }>(bridge, "activity", { wanted: {} });
        return entries.find((entry) => entry.job === job)?.outcome;
      },
      { timeout: 60_000 },
    )
    .toBe("done");
}

/** Brings the newest snapshots of `orders` into the library, each under a name. */
export async function download(bridge: Bridge, names: string[]): Promise<void> {
  const canister = await idOf(bridge, "orders");
  const { moments } = await ask<{ moments: { snapshot: { id: string } | null }[] }>(bridge, "timeline", { canister });
  const snapshots = moments.flatMap(({ snapshot }) => (snapshot ? [snapshot.id] : []));
  for (const [place, name] of names.entries()) {
    await run(bridge, { op: "downloadSnapshot", canister, snapshot: snapshots[place], name, copy: null });
  }
}

/** Steers the practice network itself: `faults` with a script, `freeze`, `thaw`. */
export async function steer(bridge: Bridge, what: "faults" | "freeze" | "thaw", script: object[] = []): Promise<void> {
  const { network } = await ask<{ network: { address: string } }>(bridge, "session");
  const answer = await fetch(new URL(`/_/${what}`, network.address), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(script),
  });
  expect(answer.ok).toBe(true);
}

/** What the network answers the next calls of a method with. */
export function refusal(method: string, message = "the network thought better of it", times = 1): object {
  return { kind: "call", method, times, effect: { reject_certified: { error: 406, message } } };
}

/** A copy as icp writes it: without hashes. */
export async function writeAsIcp(folder: string): Promise<void> {
  const module = await readFile(join(practice, "tally.wasm"));
  const heap = Buffer.alloc(3 * page64);
  heap.write("a needle in the heap", 2 * page64 + 5);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "wasm_module.bin"), module);
  await writeFile(join(folder, "wasm_memory.bin"), heap);
  await writeFile(
    join(folder, "metadata.json"),
    JSON.stringify({
      source: { taken_from_canister: null },
      taken_at_timestamp: 1_763_000_000_000_000_000,
      wasm_module_size: module.length,
      globals: [{ i64: 7 }],
      wasm_memory_size: heap.length,
      stable_memory_size: 0,
      wasm_chunk_store: [],
      canister_version: 3,
      certified_data: [],
      global_timer: "inactive",
      on_low_wasm_memory_hook_status: "condition_not_satisfied",
    }),
  );
}

/** Lays paths ready for the next dialog of the system. */
export async function layReady(bridge: Bridge, paths: string[]): Promise<void> {
  await fetch(`${bridge.url}/bridge/ready`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(paths),
  });
}

/** Drags paths over a place of the page and drops them there. */
export async function dropAt(page: Page, paths: string[], at: { x: number; y: number }): Promise<void> {
  await page.evaluate((at) => dispatchEvent(new CustomEvent("bridge:dragging", { detail: at })), at);
  await page.evaluate(async (paths) => {
    const answer = await fetch("/bridge/drop", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(paths),
    });
    dispatchEvent(new CustomEvent("bridge:dropped", { detail: await answer.json() }));
  }, paths);
}
