/** An identity of another tool that was chosen. */
import type { FoundIdentity, Tool } from "../backend/wire";

export interface Chosen {
  tool: Tool;
  identity: FoundIdentity;
}
