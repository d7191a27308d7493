/** What a network is called: by its own name where it has one, else by its kind. */
import type { Network, NetworkListing } from "../backend/wire";
import { text } from "../text/en";

export function networkName({ name, kind }: Pick<Network | NetworkListing, "name" | "kind">): string {
  return name === "" ? text.networks[kind].name : name;
}

/** What a network is called that was written down by its name: those that are built in are known to everybody by another. */
export function networkCalled(name: string): string {
  return name === "practice" || name === "mainnet" ? text.networks[name].name : name;
}

/** Where it is, in a few words: its address, or that it is part of this app. */
export function networkPlace({ kind, address }: Pick<NetworkListing, "kind" | "address">): string {
  return kind === "practice" ? text.networking.practice : (address ?? text.networks[kind].place).replace(/\/$/, "");
}
