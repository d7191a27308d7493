/** What a menu lists. */
import type { Component } from "svelte";

export interface Item {
  word: string;
  icon?: Component<{ size?: number }>;
  /** A second line: what it is, how it stands. */
  detail?: string | undefined;
  /** One of several of which one is in force: whether it is this one. */
  isCurrent?: boolean | undefined;
  /** Set apart from those above it. */
  isApart?: boolean;
  /** Why it cannot be chosen now. */
  disabledReason?: string | undefined;
  /** Loses something: set apart at the end, and in the colour of loss. */
  isGrave?: boolean;
  run: () => void;
}
