/** By what the board was sorted last. A habit of this window, so the window keeps it. */
import { type Choice, type Column, everything, isColumn } from "./arrangement";

const place = "board";

export function rememberedChoice(): Choice {
  const [column = "", direction] = (localStorage.getItem(place) ?? "").split(" ");
  return isColumn(column) ? { ...everything, column, isDescending: direction === "down" } : everything;
}

export function rememberSort(column: Column, isDescending: boolean): void {
  localStorage.setItem(place, `${column} ${isDescending ? "down" : "up"}`);
}
