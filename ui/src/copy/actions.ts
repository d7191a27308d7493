/** Everything that can be done with a copy, for its row and for its page. */
import DownloadIcon from "@lucide/svelte/icons/download";
import FolderIcon from "@lucide/svelte/icons/folder-open";
import PackageIcon from "@lucide/svelte/icons/package";
import PencilIcon from "@lucide/svelte/icons/pencil";
import PinIcon from "@lucide/svelte/icons/pin";
import PinOffIcon from "@lucide/svelte/icons/pin-off";
import SearchIcon from "@lucide/svelte/icons/search";
import ShieldIcon from "@lucide/svelte/icons/shield";
import TrashIcon from "@lucide/svelte/icons/trash-2";
import UploadIcon from "@lucide/svelte/icons/upload";
import WrenchIcon from "@lucide/svelte/icons/wrench";
import type { Component } from "svelte";
import { networkCalled } from "../network/words";
import { address, route } from "../route.svelte";
import type { AppState } from "../state/app";
import { text } from "../text/en";
import type { CopyFacts } from "./facts";

/** An entry of a menu. */
interface CopyAction {
  word: string;
  icon: Component<{ size?: number }>;
  disabledReason?: string | undefined;
  isGrave?: boolean;
  run: () => void;
}

export function actionsOf(
  facts: CopyFacts,
  app: AppState,
  remove: (facts: CopyFacts) => void,
  /** The words of those that stand beside the menu already. */
  without: string[] = [],
): CopyAction[] {
  const { asking, copies, session } = app;
  const words = text.library;
  const { copy, record, snapshot, standing } = facts;
  const { id } = copy;
  const isWhole = copy.state.kind === "whole";
  const busy = copies.errandOf(id) ? words.busy : undefined;
  const whole = !isWhole ? words.notWhole : facts.wrongSizes.length > 0 ? words.cutOffFirst : busy;
  const isHere = snapshot?.fingerprint === session.opened?.network.fingerprint;
  const source = snapshot ? (isHere ? busy : words.elsewhere(networkCalled(snapshot.network))) : words.noSource;
  const all: CopyAction[] = [
    {
      word: words.inspect,
      icon: SearchIcon,
      disabledReason: isWhole && facts.wrongSizes.length > 0 ? words.cutOffFirst : isWhole ? undefined : words.notWhole,
      run: () => route.go(address("library", id)),
    },
    {
      word: words.verify,
      icon: ShieldIcon,
      disabledReason: isWhole ? busy : words.notWhole,
      run: () => void copies.verify(id),
    },
    ...(standing === "damaged"
      ? [
          {
            word: words.repair,
            icon: WrenchIcon,
            disabledReason: source,
            run: () => asking.ask({ dialog: "repairCopy", copy: id }),
          },
        ]
      : []),
    ...(standing === "unfinished"
      ? [
          {
            word: words.finish,
            icon: DownloadIcon,
            disabledReason: source,
            run: () => asking.ask({ dialog: "finishCopy", copy: id }),
          },
        ]
      : []),
    {
      word: words.upload,
      icon: UploadIcon,
      disabledReason: whole,
      run: () => asking.ask({ dialog: "uploadCopy", copy: id, canister: undefined }),
    },
    {
      word: words.export,
      icon: PackageIcon,
      disabledReason: whole,
      run: () => asking.ask({ dialog: "exportCopy", copy: id }),
    },
    { word: text.showing.word, icon: FolderIcon, run: () => void app.show({ kind: "copy", copy: id }) },
    {
      word: words.label,
      icon: PencilIcon,
      disabledReason: whole,
      run: () => asking.ask({ dialog: "labelCopy", copy: id }),
    },
    {
      word: record?.pinned === true ? words.unpin : words.pin,
      icon: record?.pinned === true ? PinOffIcon : PinIcon,
      disabledReason: whole,
      run: () =>
        void copies
          .label(id, record?.name ?? "", record?.notes ?? "", record?.pinned !== true)
          .catch(() => asking.ask({ dialog: "labelCopy", copy: id })),
    },
    {
      word: words.delete,
      icon: TrashIcon,
      isGrave: true,
      disabledReason: record?.pinned === true ? words.unpinFirst : busy,
      run: () => remove(facts),
    },
  ];
  return all.filter(({ word }) => !without.includes(word));
}
