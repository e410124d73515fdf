import { sql } from "kysely";
import type { Change, Database, StepState } from "./change.ts";
import { countRows, findObstacles, runChecks } from "./inspection.ts";
import { findBlockers, retryWhileLocked } from "./lock-waits.ts";
import type { Engine } from "./manager.ts";
import { lockedTables, lockReceipts, moveStep, roundMs } from "./move-step.ts";
import type { Direction } from "./parts/part.ts";
import { emptyReceipt, planHash, type StepReceipt } from "./receipts.ts";

/** What a run would do: the whole of it was carried out in one transaction, measured, and aborted. */
export interface DryRun {
  operation: { kind: Direction; steps: number[]; dry_run: true };
  steps: StepReceipt[];
  plan: { hash: string };
  executed: true;
  total_ms: number;
}

/** Carries out the steps in one transaction on `session` and aborts it. */
export const dryRun = async (
  engine: Engine,
  session: Database,
  direction: Direction,
  steps: readonly number[],
): Promise<DryRun> => {
  const { clock } = engine;
  const startMs = clock.monotonicMs();
  const moving = steps.flatMap((step) => engine.changes.filter((change) => change.step === step));
  const receipts: StepReceipt[] = [];
  for (const change of moving) {
    receipts.push({
      ...emptyReceipt(change),
      // Before anything is locked: these read whole tables.
      rows: await countRows(session, change, direction),
      impact: await change.impact(session),
      blocked_by: await findObstacles(session, change, direction),
    });
  }
  const executed = await execute(engine, session, direction, moving);
  for (const [index, receipt] of receipts.entries()) {
    const { rows = [], ...measured } = executed[index] ?? {};
    Object.assign(receipt, measured);
    receipt.rows.push(...rows);
    for (const { name, ok, detail } of receipt.checks) if (!ok) receipt.blocked_by.push(`${name}: ${detail}`);
  }
  return {
    operation: { kind: direction, steps: [...steps], dry_run: true },
    steps: receipts,
    plan: { hash: planHash(direction, receipts) },
    executed: true,
    total_ms: roundMs(clock.monotonicMs() - startMs),
  };
};

type Executed = Pick<StepReceipt, "rows" | "locks" | "duration_ms" | "checks">;

const execute = (engine: Engine, session: Database, direction: Direction, moving: readonly Change[]) => {
  const { clock, changes, patience } = engine;
  const target: StepState = direction === "rollback" ? "rolled_back" : "applied";
  const attempt = async (): Promise<Executed[]> => {
    const executed: Executed[] = [];
    await sql`begin`.execute(session);
    try {
      const operation = await rehearsedOperation(session, direction, moving);
      for (const change of moving) {
        const startMs = clock.monotonicMs();
        const moved = await moveStep(session, {
          change,
          changes,
          direction,
          operation,
          attemptMs: patience.attemptMs,
          clock,
        });
        const endMs = clock.monotonicMs();
        executed.push({
          rows: moved?.rows ?? [],
          locks: lockReceipts(change, endMs - (moved?.lockedAtMs ?? endMs)),
          duration_ms: roundMs(endMs - startMs),
          checks: await runChecks(session, change, target),
        });
      }
      return executed;
    } finally {
      await sql`rollback`.execute(session);
    }
  };
  const blockers = () => findBlockers(engine.db, moving.flatMap(lockedTables));
  return retryWhileLocked(attempt, { clock, patience, blockers });
};

/** Values that a re-apply keeps are recorded with an operation: this one vanishes with the transaction. */
const rehearsedOperation = async (
  session: Database,
  direction: Direction,
  moving: readonly Change[],
): Promise<string> => {
  const { rows } = await sql<{ id: string }>`
    insert into earlybird.operations (kind, steps, state, requested_by, origin, started_at)
    values (${direction}, ${moving.map(({ step }) => step)}, 'running', 'dry run', 'dry run', now())
    returning id::text`.execute(session);
  return rows[0]?.id ?? "";
};
