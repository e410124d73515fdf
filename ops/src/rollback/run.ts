import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import { Failure } from "../lib/failure.ts";
import type { Change, Database, StepState } from "./change.ts";
import { dryRun } from "./dry-run.ts";
import { countRows, findObstacles, runChecks } from "./inspection.ts";
import type { LedgerHead } from "./ledger.ts";
import { findBlockers, retryWhileLocked } from "./lock-waits.ts";
import type { Engine, OperationRequest } from "./manager.ts";
import { lockedTables, lockReceipts, moveStep, recordStep, roundMs } from "./move-step.ts";
import { addReceipt, beginOperation, endOperation, type RollbackOperation } from "./operations.ts";
import type { Direction } from "./parts/part.ts";
import { emptyReceipt, type StepReceipt } from "./receipts.ts";

/** What a run did. `operation` is null when every step already was where it should be. */
export interface OperationResult {
  operation: RollbackOperation | null;
  steps: StepReceipt[];
  total_ms: number;
  /** The ledger's newest entry, to be kept outside of the database. */
  ledger_head: LedgerHead | null;
}

const planStale = (demanded: string, current: string) =>
  new Failure(
    "EB_PLAN_STALE",
    409,
    `The plan ${demanded} no longer holds: the data or the steps have changed since, and the plan is now ${current}.`,
    "Read a new dry run and use its hash, or leave --plan out.",
    { plan: current },
  ).exitingWith(3);

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
    `Step ${step} cannot be rolled back now: ${obstacles.join("; ")}.`,
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

/** Carries out an operation whose steps are ordered and acknowledged, on the session with the lock. */
export const runOperation = async (
  engine: Engine,
  session: Database,
  {
    direction,
    moving,
    request,
  }: { direction: Direction; moving: readonly Change[]; request: OperationRequest },
): Promise<OperationResult> => {
  const { clock, log } = engine;
  const startMs = clock.monotonicMs();
  const steps = moving.map(({ step }) => step);
  if (steps.length === 0) return { operation: null, steps: [], total_ms: 0, ledger_head: null };
  for (const change of moving) {
    const obstacles = await findObstacles(session, change, direction);
    if (obstacles.length > 0) throw stepObstructed(change.step, obstacles);
  }
  const promised = request.plan === undefined ? undefined : await dryRun(engine, session, direction, steps);
  if (promised && promised.plan.hash !== request.plan)
    throw planStale(request.plan ?? "", promised.plan.hash);

  const { requestedBy, origin, reason = null, plan = null } = request;
  const begun = { kind: direction, steps, requested_by: requestedBy, origin, reason, plan, at: clock.now() };
  const operation = await beginOperation(session, begun);
  const receipts: StepReceipt[] = [];
  let head: LedgerHead | null = null;
  try {
    for (const [index, change] of moving.entries()) {
      const moved = await runStep(engine, session, {
        change,
        direction,
        operation,
        promised: promised?.steps[index],
      });
      receipts.push(moved.receipt);
      head = moved.head;
      request.onProgress?.({
        step: change.step,
        index,
        of: moving.length,
        duration_ms: moved.receipt.duration_ms,
      });
      log.info(
        { operation: operation.id, step: change.step, direction, ledger_head: head.hash },
        `step ${change.step}: ${direction} done`,
      );
    }
    // After the last commit, where it holds nobody up.
    const state: StepState = direction === "rollback" ? "rolled_back" : "applied";
    for (const [index, change] of moving.entries()) {
      const receipt = receipts[index];
      if (receipt) receipt.checks = await runChecks(session, change, state);
    }
    if (receipts.some(({ checks }) => checks.some(({ ok }) => !ok))) throw checksFailed(receipts, direction);
  } catch (error) {
    const failure = error instanceof Failure ? error : undefined;
    const problem = failure?.toProblem() ?? unexpected(error).toProblem();
    await endOperation(session, operation.id, {
      state: "failed",
      at: clock.now(),
      receipts,
      failure: problem,
    });
    if (failure) failure.extra.operation = operation.id;
    throw error;
  }
  const finished = clock.now();
  await endOperation(session, operation.id, { state: "completed", at: finished, receipts });
  const ended: RollbackOperation = { ...operation, state: "completed", finished_at: finished.toISOString() };
  return {
    operation: ended,
    steps: receipts,
    total_ms: roundMs(clock.monotonicMs() - startMs),
    ledger_head: head,
  };
};

const unexpected = (error: unknown) =>
  new Failure(
    "EB_OPERATION_FAILED",
    500,
    error instanceof Error ? error.message : String(error),
    "Look into the log.",
  );

/** One step in one transaction: effect, state, receipt and ledger entry commit together. */
const runStep = (
  engine: Engine,
  session: Database,
  run: {
    change: Change;
    direction: Direction;
    operation: RollbackOperation;
    promised: StepReceipt | undefined;
  },
): Promise<{ receipt: StepReceipt; head: LedgerHead }> => {
  const { clock, changes, patience } = engine;
  const { change, direction, operation, promised } = run;
  const attempt = async () => {
    const receipt: StepReceipt = {
      ...emptyReceipt(change),
      rows: await countRows(session, change, direction),
      impact: await change.impact(session),
    };
    const startMs = clock.monotonicMs();
    await sql`begin`.execute(session);
    try {
      const moved = await moveStep(session, {
        change,
        changes,
        direction,
        operation: operation.id,
        attemptMs: patience.attemptMs,
        clock,
      });
      receipt.rows.push(...(moved?.rows ?? []));
      if (promised && !isDeepStrictEqual(promised.rows, receipt.rows)) throw planOfStepStale(change.step);
      const { requested_by: operator, origin, reason, plan } = operation;
      const entry = {
        action: direction,
        operation: operation.id,
        steps: [change.step],
        operator,
        origin,
        reason,
        plan,
        result: receipt.rows,
      };
      const head = await recordStep(session, change.step, { at: clock.now().toISOString(), ...entry });
      await addReceipt(session, operation.id, receipt);
      await sql`commit`.execute(session);
      const endMs = clock.monotonicMs();
      receipt.duration_ms = roundMs(endMs - startMs);
      receipt.locks = lockReceipts(change, endMs - (moved?.lockedAtMs ?? endMs));
      return { receipt, head };
    } catch (error) {
      await sql`rollback`.execute(session).catch(() => undefined);
      throw error;
    }
  };
  const blockers = () => findBlockers(engine.db, lockedTables(change));
  return retryWhileLocked(attempt, { clock, patience, blockers });
};
