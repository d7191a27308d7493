/** A thousand canisters on the board: when the first rows stand, how long frames take while it is scrolled, and what it holds. */
import type { Page } from "@playwright/test";
import { expect, openBoard, test } from "../bridge";

async function thousand(page: Page) {
  await page.route("**/bridge/request", async (route) => {
    if (route.request().postData() !== '{"request":"canisters"}') return route.continue();
    const answer = await route.fetch();
    const { canisters } = (await answer.json()) as { canisters: { name: string }[] };
    const many = Array.from({ length: 1_000 }, (_, at) => {
      const one = canisters[at % canisters.length];
      const number = at.toString(26).replaceAll(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "a");
      return { ...one, id: `${number.padStart(5, "a")}-aaaaa-aaaaa-aaaaa-cai`, name: `${one?.name}_${at}` };
    });
    await route.fulfill({ json: { trouble: null, canisters: many } });
  });
}

const used = (page: Page) =>
  page.evaluate(() => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize);

test("a thousand canisters", async ({ page, bridge }) => {
  await openBoard(page, bridge);
  await thousand(page);
  const rounds: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await page.reload({ waitUntil: "commit" });
    // From the beginning of the page to the picture that holds the first row.
    const shown = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const look = () =>
            document.querySelector("[data-row]")
              ? requestAnimationFrame(() => resolve(performance.now()))
              : requestAnimationFrame(look);
          look();
        }),
    );
    rounds.push(Math.round(shown));
  }
  await expect(page.getByRole("heading", { name: "Canisters" })).toBeVisible();
  const before = await used(page);
  const frames = await page.evaluate(async () => {
    const main = document.querySelector("main");
    if (!main) throw new Error("no main");
    const took: number[] = [];
    let last = performance.now();
    const step = 90;
    const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
    // Down and up again, as fast as a wheel turns.
    for (const way of [1, -1]) {
      for (let at = 0; at < 400; at += 1) {
        main.scrollTop += way * step;
        const now = await frame();
        took.push(now - last);
        last = now;
      }
    }
    return took.slice(2);
  });
  const rows = await page.locator("[data-row]").count();
  const after = await used(page);
  const sorted = frames.toSorted((one, other) => one - other);
  const part = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  console.log(
    [
      `first rows after ${rounds.join(", ")} ms`,
      `frames: median ${part(0.5)} ms, 95 of 100 below ${part(0.95)} ms, longest ${sorted.at(-1)?.toFixed(1)} ms, ` +
        `above 50 ms: ${frames.filter((took) => took > 50).length} of ${frames.length}`,
      `rows in the page: ${rows}; heap ${mib(before)} before, ${mib(after)} after scrolling`,
    ].join("\n"),
  );
});
