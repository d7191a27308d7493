/**
 * Keys in a table of rows: up, down, Home and End move among rows, Enter goes to the row's first button that can be pressed,
 * left and right move among its buttons, Escape goes back to the row.
 */
export function moveAmongRows(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const { target, currentTarget, key } = event;
  if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = target.closest<HTMLElement>("[data-row]");
  if (!row) return;

  const rows = [...currentTarget.querySelectorAll<HTMLElement>("[data-row]")];
  const buttons = [...row.querySelectorAll<HTMLElement>("button")];
  const neighbour = (all: HTMLElement[], from: HTMLElement, step: number) => all[all.indexOf(from) + step];

  const goal = (() => {
    switch (key) {
      case "ArrowDown":
        return neighbour(rows, row, 1);
      case "ArrowUp":
        return neighbour(rows, row, -1);
      case "Home":
        return rows.at(0);
      case "End":
        return rows.at(-1);
      case "Enter":
        // On a button, Enter presses it.
        if (target !== row) return undefined;
        return row.querySelector<HTMLElement>("td:last-child button:not([aria-disabled])") ?? buttons.at(-1);
      case "ArrowRight":
        return target === row ? buttons.at(0) : neighbour(buttons, target, 1);
      case "ArrowLeft":
        return target === buttons[0] ? row : neighbour(buttons, target, -1);
      case "Escape":
        return target === row ? undefined : row;
      default:
        return undefined;
    }
  })();
  if (!goal) return;
  event.preventDefault();
  goal.focus();
  goal.scrollIntoView({ block: "nearest" });
}
