/** Copies that are chosen in a dialog of the system: dragging is not everybody's way. */
import FileArchiveIcon from "@lucide/svelte/icons/file-archive";
import FolderIcon from "@lucide/svelte/icons/folder";
import { failureOf } from "../backend/backend";
import type { Failure, PickKind } from "../backend/wire";
import type { Item } from "../parts/menu";
import type { AppState } from "../state/app";
import { text } from "../text/en";

/**
 * A folder or archives, an entry of a menu each: dialogs of systems show either the one or the other. What is chosen is looked at, and
 * uploaded to the canister if there is one. Hears why it could not be asked for, and each time that it is.
 */
export function waysToChoose(
  { asking, backend }: AppState,
  canister: string | undefined,
  onfailure: (failure: Failure | undefined) => void,
): Item[] {
  async function choose(kind: PickKind, title: string) {
    onfailure(undefined);
    try {
      const picks = await backend.pick(kind, title);
      if (picks.length > 0) asking.ask({ dialog: "bringIn", picks, canister });
    } catch (thrown) {
      onfailure(failureOf(thrown));
    }
  }
  const { chooseArchive, chooseFolder } = text.drops;
  return [
    { word: chooseArchive, icon: FileArchiveIcon, run: () => void choose("files", chooseArchive) },
    { word: chooseFolder, icon: FolderIcon, run: () => void choose("folder", chooseFolder) },
  ];
}
