/** Which of the known networks is the one under an environment of a project. */
import type { Ground, Network, NetworkListing } from "../backend/wire";

const plain = (address: string | null) => address?.replace(/\/$/, "");

/** The network to choose for it; none where it is not known here. */
export function groundOf(ground: Ground, networks: NetworkListing[]): NetworkListing | undefined {
  switch (ground.kind) {
    case "mainnet":
      return networks.find(({ kind }) => kind === "mainnet");
    case "local":
      return networks.find(({ id }) => ground.networks.includes(id));
    case "elsewhere":
      return networks.find(
        ({ address, fingerprint }) =>
          plain(address) === plain(ground.address) &&
          (ground.fingerprint === null || fingerprint === null || fingerprint === ground.fingerprint),
      );
    case "unknown":
      return undefined;
  }
}

/** Whether the environment lies on the network in use. */
export function isHere(ground: Ground, here: Network | undefined, networks: NetworkListing[]): boolean {
  if (!here) return false;
  if (ground.kind === "local") return ground.networks.includes(here.id);
  return groundOf(ground, networks)?.id === here.id;
}
