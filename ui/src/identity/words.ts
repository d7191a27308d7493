/** What an identity is called: those that are built in have names in the language of the screen. */
import type { Identity } from "../backend/wire";
import { text } from "../text/en";

export function identityName({ id, name }: Pick<Identity, "id" | "name">): string {
  if (id === "anonymous") return text.identities.builtIn.anonymous;
  return id === "practice" ? text.identities.builtIn.practice : name;
}
