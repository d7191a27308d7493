/** Taking pictures: one file per state, theme and size, in the folder of CANOPIC_SCREENSHOTS. */
import type { Page } from "@playwright/test";
import { join } from "node:path";
import { test } from "../bridge";

const folder = process.env["CANOPIC_SCREENSHOTS"] ?? join(import.meta.dirname, "../../../target/screenshots");

export async function take(page: Page, name: string): Promise<void> {
  // Nothing under the pointer, unless the picture is of that.
  if (!name.includes("tooltip")) await page.mouse.move(0, 0);
  await page.screenshot({ path: join(folder, `${name}-${test.info().project.name}.png`) });
}
