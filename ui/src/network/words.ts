/** What a network is called: by its own name where it has one, else by its kind. */
import type { Network, NetworkListing } from "../backend/wire";
import { text } from "../text/en";

export function networkName({ name, kind }: Pick<Network | NetworkListing, "name" | "kind">): string {
  return name === "" ? text.networks[kind].name : name;
}

/** Where it is, in a few words: its address, or that it is part of this app. */
export function networkPlace({ kind, address }: Pick<NetworkListing, "kind" | "address">): string {
  return kind === "practice" ? text.networking.practice : (address ?? text.networks[kind].place).replace(/\/$/, "");
}
