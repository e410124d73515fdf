import { appendToLedger } from "./audit/ledger.ts";
import type { Change, Database, RowCount } from "./change/change.ts";
import type { Engine } from "./engine/engine.ts";
import type { Requester } from "./engine/request.ts";
import { readStates } from "./engine/states.ts";
import { onlineBatches } from "./execution/online-batches.ts";
import { ledgerEntry } from "./operations/audited-run.ts";

/** The rows that were filled for a step. */
export interface SettledStep {
  step: number;
  rows: RowCount[];
}

/**
 * Fills what instances that do not know a step have written since it was applied: a version before the step leaves its
 * columns empty. Steps that are not applied are left out. Repeating it fills nothing.
 *
 * `session` holds the operation lock.
 */
export const settleSteps = async (
  engine: Engine,
  session: Database,
  { changes, by }: { changes: readonly Change[]; by: Requester & { reason?: string } },
): Promise<SettledStep[]> => {
  const states = await readStates(session);
  const settled: SettledStep[] = [];
  for (const change of changes.filter(({ step }) => states.get(step) === "applied")) {
    const inBatches = onlineBatches(engine, session, change);
    const rows: RowCount[] = [];
    for (const part of change.parts) rows.push(...((await part.fill?.(inBatches)) ?? []));
    settled.push({ step: change.step, rows });
    if (rows.some(({ action }) => action === "filled"))
      await session.transaction().execute(async (tx) => {
        await appendToLedger(tx, ledgerEntry(engine, { action: "settle", steps: [change.step], by }, rows));
      });
  }
  return settled;
};
