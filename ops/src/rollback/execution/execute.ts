import { z } from "zod";
import { defineFailure, Failure } from "../../core/failure.ts";
import { messageOf } from "../../core/message-of.ts";
import type { Approval } from "../approvals/approval.ts";
import { type LedgerHead, ledgerHeadSchema } from "../audit/ledger-hash.ts";
import { waitForFollowers } from "../behaviours/wait-for-followers.ts";
import type { Change, Database, Direction } from "../change/change.ts";
import { runChecks } from "../change/checks.ts";
import type { Finding } from "../change/finding.ts";
import { refusedByDatabase } from "../database/database-errors.ts";
import { foreignKeyChecks } from "../database/foreign-keys.ts";
import type { Engine } from "../engine/engine.ts";
import { readStates } from "../engine/states.ts";
import { stateAfter } from "../operations/actions.ts";
import {
  endOperation,
  failOperation,
  operationSchema,
  type RollbackStatus,
} from "../operations/operation.ts";
import { type StepReport, stepReportSchema } from "../operations/step-report.ts";
import { inspect, obstacles } from "../preflight/inspect.ts";
import { type ExecutedStep, executeStep, type StepContext } from "./execute-step.ts";
import { roundMs } from "./step-transaction.ts";

/**
 * The result of an operation. `operation` is null if no step had to move, and if a second person must approve first:
 * `approval` is then the pending request.
 */
export const operationResultSchema = z.object({
  operation: operationSchema.nullable(),
  steps: z.array(stepReportSchema),
  total_ms: z.number().nonnegative(),
  /** The newest entry of the ledger; keep it outside the database. */
  ledger_head: ledgerHeadSchema.nullable(),
});
export type OperationResult = z.infer<typeof operationResultSchema> & { approval?: Approval };

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

const checksFailed = (reports: readonly StepReport[], direction: Direction) => {
  const failed = reports.flatMap(({ step, checks }) =>
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

/** The failure of an operation that has begun and can be resumed. */
const failedOperation = (error: unknown, operation: string): Failure => {
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

/** @throws Failure EB_STEP_OBSTRUCTED if the catalog shows an obstacle to applying or moving a change */
export const refuseObstacles = async (engine: Engine, session: Database, moving: readonly Change[]) => {
  const states = await readStates(session);
  for (const change of moving)
    refuseFindings(change.step, await inspect(engine, session, { change, state: states.get(change.step) }));
};

/** @throws Failure EB_STEP_OBSTRUCTED if a finding blocks the move */
export const refuseFindings = (step: number, findings: readonly Finding[]): void => {
  const found = obstacles(findings);
  if (found.length > 0) throw stepObstructed({ step, obstacles: found.join("; ") }, { blocked_by: found });
};

/** An operation and how to execute it. */
export interface Execution extends StepContext {
  moving: readonly Change[];
  /** The reports of the plan to hold to, in the order of `moving`. */
  promised?: readonly StepReport[] | undefined;
  /** When an operation is resumed or aborted: the reports it has, and the ledger entry that records who does so. */
  earlier?: { reports: readonly StepReport[]; head: LedgerHead };
  /** The changes to check after the last commit; each has a report by then. */
  checking: readonly Change[];
  /** The operation's state after success. */
  endsAs: RollbackStatus;
}

/** Moves the steps of an operation, one transaction each, then checks them. `session` holds the operation lock. */
export const executeOperation = async (
  engine: Engine,
  session: Database,
  execution: Execution,
): Promise<OperationResult> => {
  const { clock } = engine;
  const { operation, earlier, endsAs } = execution;
  const startMs = clock.monotonicMs();
  const reports: StepReport[] = [];
  const allReports = () => [...(earlier?.reports ?? []), ...reports];
  let head: LedgerHead | null = earlier?.head ?? null;
  try {
    for (const [index, change] of execution.moving.entries()) {
      const promised = execution.promised?.[index];
      const moved = await executeStep(engine, session, { ...execution, change, promised });
      reports.push(moved.report);
      head = moved.head;
      await followUp(engine, session, { ...execution, index, moved });
    }
    // After the last commit, so that no lock is held while the checks read.
    await checkReports(engine, session, { ...execution, reports: allReports() });
  } catch (error) {
    const failure = failedOperation(error, operation.id);
    await failOperation(engine, session, operation.id, { failure, receipts: allReports() });
    throw failure;
  }
  const finished = clock.now();
  await endOperation(session, operation.id, { state: endsAs, at: finished, receipts: allReports() });
  return {
    operation: { ...operation, state: endsAs, finished_at: finished.toISOString() },
    steps: reports,
    total_ms: roundMs(clock.monotonicMs() - startMs),
    ledger_head: head,
  };
};

/** Waits for the followers of a committed step, and reports the step. */
const followUp = async (
  { clock, log }: Engine,
  session: Database,
  step: Execution & { index: number; moved: ExecutedStep },
): Promise<void> => {
  const { operation, direction, moving, onProgress, index, moved } = step;
  const { report, head } = moved;
  // The step is committed: an error here must not make it count as failed.
  report.followers = await waitForFollowers(session, clock).catch((err: unknown) => {
    log.warn({ err, operation: operation.id }, "the followers of the step could not be read");
    return null;
  });
  const { step: number, duration_ms } = report;
  onProgress?.({ kind: "step", step: number, index, of: moving.length, duration_ms });
  log.info(
    { operation: operation.id, step: number, direction, duration_ms, ledger_head: head.hash },
    `step ${number}: ${direction} done`,
  );
};

/** Adds checks to the last report of each step. @throws Failure EB_CHECKS_FAILED */
const checkReports = async (
  engine: Engine,
  session: Database,
  { direction, checking, reports }: Execution & { reports: readonly StepReport[] },
): Promise<void> => {
  const foreignKeysHold = foreignKeyChecks(session, engine.changes);
  const checked: StepReport[] = [];
  for (const change of checking) {
    const report = reports.findLast(({ step }) => step === change.step);
    if (!report) continue;
    report.checks = [
      ...(await runChecks(session, change, stateAfter[direction])),
      ...(await foreignKeysHold(change)),
    ];
    checked.push(report);
  }
  if (checked.some(({ checks }) => checks.some(({ ok }) => !ok))) throw checksFailed(checked, direction);
};
