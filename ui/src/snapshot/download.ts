/** Downloads are begun without asking, as long as nothing speaks against it: they change nothing on the network. */
import type { Moment, Op } from "../backend/wire";
import type { AppState } from "../state/app";
import { failureOf } from "../backend/backend";
import type { Failure } from "../backend/wire";

export function downloadOf(canister: string, moment: Moment): Op | undefined {
  if (!moment.snapshot) return undefined;
  const unfinished = moment.copies.find(({ isWhole }) => !isWhole);
  return {
    op: "downloadSnapshot",
    canister,
    snapshot: moment.snapshot.id,
    name: moment.name,
    // What was fetched before is not fetched again.
    copy: unfinished?.id ?? null,
  };
}

/**
 * Begins a download and answers with its job's number; or, where there is something to know first, asks. Answers with why it could not
 * begin, if it could not.
 */
export async function beginDownload(
  { backend, asking }: AppState,
  canister: string,
  moment: Moment,
): Promise<Failure | undefined> {
  const op = downloadOf(canister, moment);
  if (!op) return undefined;
  try {
    const plan = await backend.request("plan", { op });
    if (plan.checks.some(({ verdict }) => verdict !== "fine")) {
      asking.askOver({ dialog: "downloadSnapshot", canister, moment: moment.key });
      return undefined;
    }
    await backend.request("run", { op, fingerprint: plan.fingerprint });
    return undefined;
  } catch (thrown) {
    return failureOf(thrown);
  }
}
