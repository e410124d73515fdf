import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "../../core/failure.ts";
import type { Database } from "../change/change.ts";
import { translated } from "../database/database-errors.ts";
import type { Progress } from "../engine/request.ts";
import { operationNow, type RollbackOperation } from "./operation.ts";
import type { StepReport } from "./step-report.ts";

/** Something that happened to an operation; `quiet` says that nothing did since the last look. */
export type OperationEvent =
  | { event: "step" /** From 1, of all steps it has moved so far. */; number: number; receipt: StepReport }
  | { event: "progress"; progress: Progress }
  | { event: "quiet" }
  | { event: "end"; operation: RollbackOperation; failure: Problem | null };

const everyMs = 500;

/**
 * Follows an operation by reading its row twice a second, so that any process can follow what another
 * carries out. Ends after the event `end`, or when `signal` is aborted.
 *
 * @param stepsSeen so many steps are known already and not told again
 * @throws Failure EB_OPERATION_UNKNOWN, before the first event
 */
export async function* watchOperation(
  db: Database,
  id: string,
  { stepsSeen = 0, signal }: { stepsSeen?: number; signal?: AbortSignal } = {},
): AsyncGenerator<OperationEvent> {
  let told = stepsSeen;
  let lastProgress = "";
  while (!signal?.aborted) {
    const { receipts, progress, failure, ...operation } = await translated(() => operationNow(db, id));
    let quiet = true;
    for (const [index, receipt] of receipts.entries()) {
      if (index < told) continue;
      told = index + 1;
      quiet = false;
      yield { event: "step", number: told, receipt };
    }
    if (operation.state !== "running") {
      yield { event: "end", operation, failure };
      return;
    }
    const current = JSON.stringify(progress);
    if (progress && current !== lastProgress) {
      lastProgress = current;
      quiet = false;
      yield { event: "progress", progress };
    }
    if (quiet) yield { event: "quiet" };
    // Aborted while asleep is not an error: somebody has stopped watching.
    await sleep(everyMs, undefined, signal && { signal }).catch(() => undefined);
  }
}
