import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import { Failure } from "../lib/failure.ts";
import type { Change, Database, StepState } from "./change.ts";
import type { Engine } from "./engine.ts";
import { countRows, findObstacles, impactOf, runChecks } from "./inspection.ts";
import type { LedgerHead } from "./ledger.ts";
import { findBlockers, retryWhileLocked } from "./lock-waits.ts";
import { lockedTables, lockReceipts, moveStep, recordStep, roundMs } from "./move-step.ts";
import { addReceipt, endOperation, type RollbackOperation, type RollbackStatus } from "./operations.ts";
import type { Direction, OnConflict } from "./parts/part.ts";
import { reportProgress } from "./progress.ts";
import { emptyReceipt, type StepReceipt } from "./receipts.ts";
import type { ProgressListener, Requester } from "./request.ts";

/** What a run did. `operation` is null when every step already was where it should be. */
export interface OperationResult {
  operation: RollbackOperation | null;
  steps: StepReceipt[];
  total_ms: number;
  /** The ledger's newest entry, to be kept outside of the database. */
  ledger_head: LedgerHead | null;
}

const planOfStepStale = (step: number) =>
  new Failure(
    "EB_PLAN_STALE",
    409,
    `Step ${step} would have touched other rows than its plan promised, so it was left as it was.`,
    "Read a new dry run for the steps that remain.",
  ).exitingWith(3);

const stepObstructed = (step: number, obstacles: readonly string[]) =>
  new Failure(
    "EB_STEP_OBSTRUCTED",
    409,
    `Step ${step} cannot be moved now: ${obstacles.join("; ")}.`,
    "Remove the obstacles named, then try again.",
    { blocked_by: obstacles },
  ).exitingWith(4);

const checksFailed = (receipts: readonly StepReceipt[], direction: Direction) => {
  const failed = receipts.flatMap(({ step, checks }) =>
    checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${step}: ${name} (${detail})`),
  );
  return new Failure(
    "EB_CHECKS_FAILED",
    500,
    `The steps were moved, but checks failed afterwards: ${failed.join("; ")}.`,
    direction === "rollback"
      ? 'Look into these; "earlybird reapply" takes the steps back without loss.'
      : 'Look into these; "earlybird show" lists what was kept.',
    { failed },
  );
};

const operationFailed = (error: unknown) =>
  new Failure(
    "EB_OPERATION_FAILED",
    500,
    `The database refused: ${error instanceof Error ? error.message : error}.`,
    'Look into the log. Each step is before or after; "earlybird resume" goes on, "earlybird abort" goes back.',
    {},
    { cause: error },
  );

/** @throws Failure EB_STEP_OBSTRUCTED when something hangs on what would be swapped */
export const refuseObstacles = async (session: Database, moving: readonly Change[]) => {
  for (const change of moving) {
    const obstacles = await findObstacles(session, change);
    if (obstacles.length > 0) throw stepObstructed(change.step, obstacles);
  }
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
    const checked: StepReceipt[] = [];
    for (const change of checking) {
      const receipt = allReceipts().findLast(({ step }) => step === change.step);
      if (!receipt) continue;
      receipt.checks = await runChecks(session, change, state);
      checked.push(receipt);
    }
    if (checked.some(({ checks }) => checks.some(({ ok }) => !ok))) throw checksFailed(checked, direction);
  } catch (error) {
    const failure = error instanceof Failure ? error : operationFailed(error);
    const end = { state: "failed", at: clock.now(), receipts: allReceipts() } as const;
    await endOperation(session, operation.id, { ...end, failure: failure.toProblem() });
    failure.extra.operation = operation.id;
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
  const attempt = async () => {
    const startMs = engine.clock.monotonicMs();
    for (const part of change.parts) await part.outside?.(session, change.step, direction);
    return moveInTransaction(engine, session, { ...run, startMs }, receipt);
  };
  return reportProgress(engine, watched, () => retryWhileLocked(attempt, { ...engine, blockers }));
};

/**
 * One step in one transaction: effect, state, receipt and ledger entry commit together. What the step takes
 * counts from `startMs`, with what it has done before the transaction.
 */
const moveInTransaction = async (
  { clock, changes, patience }: Engine,
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
    const moved = await moveStep(session, { ...move, attemptMs: patience.attemptMs, clock });
    const receipt = { ...counted, rows: [...counted.rows, ...(moved?.rows ?? [])] };
    if (promised && !isDeepStrictEqual(promised.rows, receipt.rows)) throw planOfStepStale(change.step);
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
      receipt.locks = lockReceipts(change, nowMs - (moved?.lockedAtMs ?? nowMs));
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
