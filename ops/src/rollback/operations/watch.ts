import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "../../core/failure.ts";
import type { Database } from "../change/change.ts";
import { translated } from "../database/database-errors.ts";
import type { Progress } from "../engine/request.ts";
import { operationNow, type RollbackOperation } from "./operation.ts";
import type { StepReport } from "./step-report.ts";

/** An event of an operation; `quiet` means that nothing happened since the last read. */
export type OperationEvent =
  | { event: "step" /** From 1, of all steps it has moved so far. */; number: number; receipt: StepReport }
  | { event: "progress"; progress: Progress }
  | { event: "quiet" }
  | { event: "end"; operation: RollbackOperation; failure: Problem | null };

const everyMs = 500;

/**
 * Watches an operation by reading its row twice a second, so that any process can watch it. Ends after the event `end`, or
 * when `signal` is aborted.
 *
 * @param stepsSeen the number of steps that are already known and are skipped
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
    // An abort during the sleep is not an error.
    await sleep(everyMs, undefined, signal && { signal }).catch(() => undefined);
  }
}
