/** Opening projects: from the system's dialog, or from what was dropped. */
import { failureOf } from "../backend/backend";
import type { Failure, Pick } from "../backend/wire";
import { address, route } from "../route.svelte";
import type { AppState } from "../state/app";
import { text } from "../text/en";

/** Lets a person choose a folder and opens the project in it. Answers with why that failed, if it did. */
export async function chooseProject(app: AppState): Promise<Failure | undefined> {
  try {
    const [pick] = await app.backend.pick("folder", text.projects.pickTitle);
    return pick && (await openProject(app, pick));
  } catch (thrown) {
    return failureOf(thrown);
  }
}

/** Opens the project in a folder that was picked or dropped, and goes there. */
export async function openProject(app: AppState, { pick, path }: Pick): Promise<Failure | undefined> {
  const before = new Set(app.projects.value?.map(({ folder }) => folder));
  const failure = await app.projects.change(app.backend.request("openProject", { pick }));
  if (failure) return failure;
  const all = app.projects.value ?? [];
  // One that was open already is shown all the same; the folder that was chosen may lie inside of it.
  const opened =
    all.find(({ folder }) => !before.has(folder)) ??
    all.find(({ folder }) => path === folder || path.startsWith(`${folder}/`) || path.startsWith(`${folder}\\`));
  void app.canisters.refreshAnew();
  if (opened) route.go(address("projects", opened.folder));
  return undefined;
}

export async function closeProject(app: AppState, folder: string, name: string): Promise<Failure | undefined> {
  const failure = await app.projects.change(app.backend.request("closeProject", { folder }));
  if (failure) return failure;
  void app.canisters.refreshAnew();
  app.toasts.say(text.projects.closed(name));
  return undefined;
}
