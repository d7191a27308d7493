/**
 * A tooltip: exact values, whole ids, reasons. One element for all of them, in the top layer so that no scroll box cuts it.
 *
 * After WCAG 1.4.13 it can be dismissed (Escape), pointed at without vanishing, and stays until the pointer or the focus
 * leaves. It is placed through the object model, because the content security policy allows no style attributes.
 */
import type { Attachment } from "svelte/attachments";

/** Long enough that a passing pointer raises nothing. */
const patience = 350;
/** Long enough to cross the gap between the thing and its tooltip. */
const crossing = 120;
const gap = 6;

const id = "hint";
let bubble: HTMLElement | undefined;
let shownFor: Element | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

function later(act: () => void, delay: number): void {
  clearTimeout(timer);
  timer = setTimeout(act, delay);
}

function hide(): void {
  clearTimeout(timer);
  if (!shownFor) return;
  if (shownFor.getAttribute("aria-describedby") === id) shownFor.removeAttribute("aria-describedby");
  shownFor = undefined;
  bubble?.hidePopover();
}

function show(anchor: Element, text: string): void {
  // What is drawn anew while somebody is patient has no place any more.
  if (!anchor.isConnected) return;
  if (!bubble) {
    bubble = document.createElement("div");
    bubble.id = id;
    bubble.className = "hint";
    bubble.popover = "manual";
    bubble.setAttribute("role", "tooltip");
    bubble.addEventListener("pointerenter", () => clearTimeout(timer));
    bubble.addEventListener("pointerleave", () => later(hide, crossing));
  }
  hide();
  bubble.textContent = text;
  // In an open dialog everything outside is inert; elsewhere it belongs to the landmark that it speaks of.
  (anchor.closest("dialog, main, header") ?? document.body).append(bubble);
  bubble.showPopover();
  shownFor = anchor;
  // What already has a description says the same there.
  if (!anchor.hasAttribute("aria-describedby")) anchor.setAttribute("aria-describedby", id);

  const at = anchor.getBoundingClientRect();
  const size = bubble.getBoundingClientRect();
  const left = Math.min(Math.max(gap, at.left + at.width / 2 - size.width / 2), innerWidth - size.width - gap);
  const above = at.top - size.height - gap;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${above < gap ? at.bottom + gap : above}px`;
}

addEventListener("keydown", ({ key }) => key === "Escape" && hide(), { capture: true });
addEventListener("scroll", hide, { capture: true, passive: true });

/** Shows `text` beside the element while it is pointed at or focused by keyboard; nothing if there is no text. */
export function hint(text: string | undefined): Attachment {
  return (anchor) => {
    if (text === undefined || text === "") return undefined;
    const point = () => later(() => show(anchor, text), patience);
    const leave = () => later(hide, crossing);
    const focus = () => anchor.matches(":focus-visible") && show(anchor, text);
    const blur = () => shownFor === anchor && hide();
    anchor.addEventListener("pointerenter", point);
    anchor.addEventListener("pointerleave", leave);
    anchor.addEventListener("pointerdown", hide);
    anchor.addEventListener("focus", focus);
    anchor.addEventListener("blur", blur);
    return () => {
      anchor.removeEventListener("pointerenter", point);
      anchor.removeEventListener("pointerleave", leave);
      anchor.removeEventListener("pointerdown", hide);
      anchor.removeEventListener("focus", focus);
      anchor.removeEventListener("blur", blur);
      if (shownFor === anchor) hide();
    };
  };
}
