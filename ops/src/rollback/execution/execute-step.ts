import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import type { LedgerHead } from "../audit/ledger-hash.ts";
import type { Change, Database, Direction, OnConflict } from "../change/change.ts";
import { countRows, impactOf, reviewOf } from "../change/checks.ts";
import { type AttemptingEngine, retryOnLocks } from "../engine/attempt.ts";
import type { Engine } from "../engine/engine.ts";
import type { ProgressListener, Requester } from "../engine/request.ts";
import { writeUntil } from "../expiry/until.ts";
import { appendStepReport, type RollbackOperation } from "../operations/operation.ts";
import { reportProgress } from "../operations/progress.ts";
import { emptyReport, type StepReport } from "../operations/step-report.ts";
import { runOutside } from "./outside-transaction.ts";
import { heldLocks, moveStep, recordStep, roundMs } from "./step-transaction.ts";

const planOfStepStale = defineFailure({
  code: "EB_PLAN_STALE",
  status: 409,
  exitStatus: 3,
  detail: "Step {step} would have changed other rows than its plan lists; it was not moved.",
  remedy: "Run a new dry run for the remaining steps.",
});

/** What all steps of an operation have in common. */
export interface StepContext {
  operation: RollbackOperation;
  /** The person who moves these steps; a resumed operation may have been started by a different one. */
  by: Requester & { reason?: string };
  direction: Direction;
  onConflict: OnConflict;
  onProgress: ProgressListener | undefined;
}

interface StepExecution extends StepContext {
  change: Change;
  /** The report that the plan promised for this step. */
  promised: StepReport | undefined;
}

/** A step that was moved, and the ledger entry of the move. */
export interface ExecutedStep {
  report: StepReport;
  head: LedgerHead;
}

/** Moves one step, with the work that its parts do outside of the transaction. */
export const executeStep = async (
  engine: Engine,
  session: Database,
  execution: StepExecution,
): Promise<ExecutedStep> => {
  const { change, direction, operation, onProgress } = execution;
  const report: StepReport = {
    ...emptyReport(change),
    rows: await countRows(session, change, direction),
    impact: await impactOf(session, change, direction),
  };
  const watched = {
    change,
    direction,
    operation: operation.id,
    listener: onProgress && ((progress) => onProgress({ kind: "rows", ...progress })),
  } satisfies Parameters<typeof reportProgress>[1];
  const startMs = engine.clock.monotonicMs();
  const inTransaction = () =>
    retryOnLocks(engine, [change], (attempting) =>
      moveInTransaction(attempting, session, { ...execution, startMs }, report),
    );
  return reportProgress(engine, watched, async () => {
    if (direction === "reapply") return reapplyAfterOutside(engine, session, { change, inTransaction });
    // After the commit: a refused rollback must remove nothing.
    const moved = await inTransaction();
    await runOutside(engine, session, { change, direction });
    moved.report.duration_ms = roundMs(engine.clock.monotonicMs() - startMs);
    return moved;
  });
};

/** Removes what was built outside the transaction if the re-apply is then refused. */
const reapplyAfterOutside = async <T>(
  engine: Engine,
  session: Database,
  { change, inTransaction }: { change: Change; inTransaction: () => Promise<T> },
): Promise<T> => {
  try {
    await runOutside(engine, session, { change, direction: "reapply" });
    return await inTransaction();
  } catch (error) {
    await runOutside(engine, session, { change, direction: "rollback" }).catch((err: unknown) =>
      engine.log.warn({ err, step: change.step }, "what was built could not be removed"),
    );
    throw error;
  }
};

/**
 * Moves one step in one transaction: effect, state, report and ledger entry commit together. The duration counts from
 * `startMs`, so it includes the work before the transaction.
 */
const moveInTransaction = async (
  { clock, changes, patience }: AttemptingEngine,
  session: Database,
  { change, direction, operation, by, promised, onConflict, startMs }: StepExecution & { startMs: number },
  counted: StepReport,
): Promise<ExecutedStep> => {
  await sql`begin`.execute(session);
  try {
    const move = {
      change,
      changes,
      direction,
      operation: operation.id,
      onConflict,
      rehearsal: false,
    } as const;
    const moved = await moveStep(session, { ...move, patience, clock });
    const report = {
      ...counted,
      rows: [...counted.rows, ...(moved?.rows ?? [])],
      warnings: moved ? await reviewOf(session, change, direction) : [],
    };
    // A rollback that aborts a re-apply leaves the previous time in force.
    if (direction === "rollback" && operation.kind === "rollback")
      await writeUntil(session, change.step, operation.until ? new Date(operation.until) : null, clock.now());
    if (promised && !isDeepStrictEqual(promised.rows, report.rows))
      throw planOfStepStale({ step: change.step });
    const head = await recordStep(session, change.step, {
      at: clock.now().toISOString(),
      action: direction,
      operation: operation.id,
      steps: [change.step],
      operator: by.requestedBy,
      origin: by.origin,
      reason: by.reason ?? operation.reason,
      plan: operation.plan,
      result: report.rows,
    });
    const measure = () => {
      const nowMs = clock.monotonicMs();
      report.duration_ms = roundMs(nowMs - startMs);
      report.locks = heldLocks(moved, nowMs);
    };
    // First for clients that watch or if the process dies here; then again to include the commit.
    measure();
    await appendStepReport(session, operation.id, report);
    await sql`commit`.execute(session);
    measure();
    return { report, head };
  } catch (error) {
    await sql`rollback`.execute(session).catch(() => undefined);
    throw error;
  }
};
