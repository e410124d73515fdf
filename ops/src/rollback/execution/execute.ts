import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import { defineFailure, Failure } from "../../core/failure.ts";
import { messageOf } from "../../core/message-of.ts";
import type { Approval } from "../approvals/approval.ts";
import type { LedgerHead } from "../audit/ledger-hash.ts";
import { waitForFollowers } from "../behaviours/wait-for-followers.ts";
import type { Change, Database, Direction, OnConflict, StepState } from "../change/change.ts";
import { countRows, impactOf, reviewOf, runChecks } from "../change/checks.ts";
import type { Finding } from "../change/finding.ts";
import { refusedByDatabase } from "../database/database-errors.ts";
import { foreignKeyChecks } from "../database/foreign-keys.ts";
import { lockedTables } from "../database/lock.ts";
import { type Attempt, findBlockers, retryWhileLocked } from "../database/lock-retry.ts";
import type { AttemptingEngine, Engine } from "../engine/engine.ts";
import type { ProgressListener, Requester } from "../engine/request.ts";
import { readStates } from "../engine/states.ts";
import { writeUntil } from "../expiry/until.ts";
import {
  addReceipt,
  endOperation,
  type RollbackOperation,
  type RollbackStatus,
} from "../operations/operation.ts";
import { reportProgress } from "../operations/progress.ts";
import { emptyReceipt, type StepReceipt } from "../operations/step-report.ts";
import { inspect, obstacles } from "../preflight/inspect.ts";
import { runOutside } from "./outside-transaction.ts";
import { lockReceipts, moveStep, recordStep, roundMs } from "./step-transaction.ts";

/**
 * What a run did. `operation` is null when every step already was where it should be, and when a second person must
 * approve first: then there is an `approval`, as it was asked for.
 */
export interface OperationResult {
  operation: RollbackOperation | null;
  steps: StepReceipt[];
  total_ms: number;
  /** The ledger's newest entry, to be kept outside of the database. */
  ledger_head: LedgerHead | null;
  approval?: Approval;
}

const planOfStepStale = defineFailure({
  code: "EB_PLAN_STALE",
  status: 409,
  exitStatus: 3,
  detail: "Step {step} would have changed other rows than its plan lists; it was not moved.",
  remedy: "Run a new dry run for the remaining steps.",
});

const stepObstructed = defineFailure({
  code: "EB_STEP_OBSTRUCTED",
  status: 409,
  exitStatus: 4,
  detail: "Step {step} cannot be moved: {obstacles}.",
  remedy: "Resolve these obstacles, then try again.",
});

const rollbackChecksFailed = defineFailure({
  code: "EB_CHECKS_FAILED",
  status: 500,
  detail: "The steps were rolled back, but checks failed afterwards: {failed}.",
  remedy: 'Check these; "earlybird reapply" re-applies the steps without loss.',
});

const reapplyChecksFailed = defineFailure({
  code: "EB_CHECKS_FAILED",
  status: 500,
  detail: "The steps were re-applied, but checks failed afterwards: {failed}.",
  remedy: 'Check these; "earlybird show" lists the edits that were kept.',
});

const checksFailed = (receipts: readonly StepReceipt[], direction: Direction) => {
  const failed = receipts.flatMap(({ step, checks }) =>
    checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${step}: ${name} (${detail})`),
  );
  const failure = direction === "rollback" ? rollbackChecksFailed : reapplyChecksFailed;
  return failure({ failed: failed.join("; ") }, { failed });
};

const operationFailed = defineFailure({
  code: "EB_OPERATION_FAILED",
  status: 500,
  detail: "The operation failed: {reason}.",
  remedy: "Check the log.",
});

/** What a run that had begun ends with: it can be taken up. */
const failedRun = (error: unknown, operation: string): Failure => {
  const { code, status, detail, remedy, extra, exitStatus, cause } =
    error instanceof Failure
      ? error
      : (refusedByDatabase(error) ?? operationFailed({ reason: messageOf(error) }, {}, { cause: error }));
  const onwards = `Every step is fully moved or not at all: "earlybird resume" continues, "earlybird abort" reverts.`;
  return new Failure(
    code,
    status,
    detail,
    `${remedy} ${onwards}`,
    { ...extra, operation },
    { cause, exitStatus },
  );
};

/** @throws Failure EB_STEP_OBSTRUCTED when the catalog says anything against applying a change or moving it */
export const refuseObstacles = async (engine: Engine, session: Database, moving: readonly Change[]) => {
  const states = await readStates(session);
  for (const change of moving)
    refuseFindings(change.step, await inspect(engine, session, { change, state: states.get(change.step) }));
};

/** @throws Failure EB_STEP_OBSTRUCTED when any of the findings blocks */
export const refuseFindings = (step: number, findings: readonly Finding[]): void => {
  const found = obstacles(findings);
  if (found.length > 0) throw stepObstructed({ step, obstacles: found.join("; ") }, { blocked_by: found });
};

export interface Run {
  operation: RollbackOperation;
  /** Who moves these steps: not always who began the operation. */
  by: Requester & { reason?: string };
  direction: Direction;
  moving: readonly Change[];
  /** What a plan promised of each step, in their order. */
  promised?: readonly StepReceipt[] | undefined;
  onConflict: OnConflict;
  onProgress: ProgressListener | undefined;
  /** When an operation is taken up again: what it has done before, and the entry that says who took it up. */
  taken?: { receipts: readonly StepReceipt[]; head: LedgerHead };
  /** What is to hold in the end; each of these has a receipt by then. */
  checking: readonly Change[];
  /** The operation's state when all is done. */
  endsAs: RollbackStatus;
}

/** Moves the steps of an operation, one transaction each, on the session with the lock; then checks them. */
export const carryOut = async (engine: Engine, session: Database, run: Run): Promise<OperationResult> => {
  const { clock, log } = engine;
  const { operation, direction, moving, promised, onProgress, taken, checking, endsAs } = run;
  const startMs = clock.monotonicMs();
  const receipts: StepReceipt[] = [];
  const allReceipts = () => [...(taken?.receipts ?? []), ...receipts];
  let head: LedgerHead | null = taken?.head ?? null;
  try {
    for (const [index, change] of moving.entries()) {
      const moved = await runStep(engine, session, { ...run, change, promised: promised?.[index] });
      receipts.push(moved.receipt);
      // The step is committed: that its followers cannot be asked must not make it count as failed.
      moved.receipt.followers = await waitForFollowers(session, clock).catch((error: unknown) => {
        log.warn({ err: error, operation: operation.id }, "who follows the step could not be asked");
        return null;
      });
      head = moved.head;
      const { step } = change;
      const { duration_ms } = moved.receipt;
      onProgress?.({ kind: "step", step, index, of: moving.length, duration_ms });
      log.info(
        { operation: operation.id, step, direction, duration_ms, ledger_head: head.hash },
        `step ${step}: ${direction} done`,
      );
    }
    // After the last commit, where it holds nobody up.
    const state: StepState = direction === "rollback" ? "rolled_back" : "applied";
    const foreignKeysHold = foreignKeyChecks(session, engine.changes);
    const checked: StepReceipt[] = [];
    for (const change of checking) {
      const receipt = allReceipts().findLast(({ step }) => step === change.step);
      if (!receipt) continue;
      receipt.checks = [...(await runChecks(session, change, state)), ...(await foreignKeysHold(change))];
      checked.push(receipt);
    }
    if (checked.some(({ checks }) => checks.some(({ ok }) => !ok))) throw checksFailed(checked, direction);
  } catch (error) {
    const failure = failedRun(error, operation.id);
    const end = { state: "failed", at: clock.now(), receipts: allReceipts() } as const;
    await endOperation(session, operation.id, { ...end, failure: failure.toProblem() }).catch(
      (left: unknown) =>
        // Its connection may be what failed: without it, the operation counts as interrupted.
        log.warn({ err: left, operation: operation.id }, "the end of the operation could not be recorded"),
    );
    throw failure;
  }
  const finished = clock.now();
  await endOperation(session, operation.id, {
    state: endsAs,
    at: finished,
    receipts: allReceipts(),
  });
  return {
    operation: { ...operation, state: endsAs, finished_at: finished.toISOString() },
    steps: receipts,
    total_ms: roundMs(clock.monotonicMs() - startMs),
    ledger_head: head,
  };
};

type StepRun = Omit<Run, "promised"> & { change: Change; promised: StepReceipt | undefined };

const runStep = async (engine: Engine, session: Database, run: StepRun) => {
  const { change, direction, operation, onProgress } = run;
  const receipt: StepReceipt = {
    ...emptyReceipt(change),
    rows: await countRows(session, change, direction),
    impact: await impactOf(session, change, direction),
  };
  const watched = {
    change,
    direction,
    operation: operation.id,
    listener: onProgress && ((progress) => onProgress({ kind: "rows", ...progress })),
  } satisfies Parameters<typeof reportProgress>[1];
  const blockers = () => findBlockers(engine.db, lockedTables(change));
  const startMs = engine.clock.monotonicMs();
  const attempt = (patience: Attempt) =>
    moveInTransaction({ ...engine, patience }, session, { ...run, startMs }, receipt);
  const inTransaction = () => retryWhileLocked(attempt, { ...engine, blockers });
  return reportProgress(engine, watched, async () => {
    if (direction === "reapply") return reapplyAfterOutside(engine, session, { change, inTransaction });
    // Not before the commit: a rollback that is refused must have taken nothing away.
    const moved = await inTransaction();
    await runOutside(engine, session, { change, direction });
    moved.receipt.duration_ms = roundMs(engine.clock.monotonicMs() - startMs);
    return moved;
  });
};

/** What was built for a re-apply that is then refused goes again. */
const reapplyAfterOutside = async <T>(
  engine: Engine,
  session: Database,
  { change, inTransaction }: { change: Change; inTransaction: () => Promise<T> },
): Promise<T> => {
  try {
    await runOutside(engine, session, { change, direction: "reapply" });
    return await inTransaction();
  } catch (error) {
    await runOutside(engine, session, { change, direction: "rollback" }).catch((left: unknown) =>
      engine.log.warn({ err: left, step: change.step }, "what was built could not be taken back"),
    );
    throw error;
  }
};

/**
 * One step in one transaction: effect, state, receipt and ledger entry commit together. What the step takes
 * counts from `startMs`, with what it has done before the transaction.
 */
const moveInTransaction = async (
  { clock, changes, patience }: AttemptingEngine,
  session: Database,
  { change, direction, operation, by, promised, onConflict, startMs }: StepRun & { startMs: number },
  counted: StepReceipt,
): Promise<{ receipt: StepReceipt; head: LedgerHead }> => {
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
    const receipt = {
      ...counted,
      rows: [...counted.rows, ...(moved?.rows ?? [])],
      warnings: moved ? await reviewOf(session, change, direction) : [],
    };
    // Where a rollback takes a re-apply back, the time that the step had before holds again.
    if (direction === "rollback" && operation.kind === "rollback")
      await writeUntil(session, change.step, operation.until ? new Date(operation.until) : null, clock.now());
    if (promised && !isDeepStrictEqual(promised.rows, receipt.rows))
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
      result: receipt.rows,
    });
    const measure = () => {
      const nowMs = clock.monotonicMs();
      receipt.duration_ms = roundMs(nowMs - startMs);
      receipt.locks = lockReceipts(moved, nowMs);
    };
    // Once for whoever watches, or finds the operation interrupted; then with the commit's own time.
    measure();
    await addReceipt(session, operation.id, receipt);
    await sql`commit`.execute(session);
    measure();
    return { receipt, head };
  } catch (error) {
    await sql`rollback`.execute(session).catch(() => undefined);
    throw error;
  }
};
