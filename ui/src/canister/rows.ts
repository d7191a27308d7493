/**
 * Keys in a table of rows: up, down, Home and End move among rows, Enter opens one, Space chooses it, left and right move among its buttons,
 * Escape goes back to the row.
 *
 * Rows are moved among by their ids, because a row far away need not be drawn yet.
 */
export function moveAmongRows(
  event: KeyboardEvent,
  ids: string[],
  go: (id: string) => void,
  open: (id: string) => void,
  choose: (id: string, isRange: boolean) => void,
): void {
  const { target, key } = event;
  if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = target.closest<HTMLElement>("[data-row]");
  if (!row) return;

  const id = row.dataset["row"] ?? "";
  const at = ids.indexOf(id);
  const toRow = {
    ArrowDown: ids[at + 1],
    ArrowUp: ids[at - 1],
    Home: ids.at(0),
    End: ids.at(-1),
  }[key];
  if (toRow !== undefined) {
    event.preventDefault();
    go(toRow);
    return;
  }

  if (key === " " && target === row) {
    event.preventDefault();
    choose(id, event.shiftKey);
    return;
  }

  // On a button or a link, Enter presses it.
  if (key === "Enter" && target === row) {
    event.preventDefault();
    open(id);
    return;
  }

  const buttons = [...row.querySelectorAll<HTMLElement>("button")];
  const neighbour = (step: number) => buttons[buttons.indexOf(target) + step];
  const inRow = (() => {
    switch (key) {
      case "ArrowRight":
        // First to what can be done; what can be copied is left of it.
        return target === row
          ? (row.querySelector<HTMLElement>("td:last-child button:not([aria-disabled])") ?? buttons.at(-1))
          : neighbour(1);
      case "ArrowLeft":
        return target === row || target === buttons[0] ? row : neighbour(-1);
      case "Escape":
        return target === row ? undefined : row;
      default:
        return undefined;
    }
  })();
  if (!inRow) return;
  event.preventDefault();
  inRow.focus();
  inRow.scrollIntoView({ block: "nearest" });
}
