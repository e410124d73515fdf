import { z } from "zod";
import {
  type Change,
  type Database,
  type Direction,
  directionSchema,
  type Impact,
  type OnConflict,
} from "../change/change.ts";
import { runChecks } from "../change/checks.ts";
import type { Finding } from "../change/finding.ts";
import { countRows, impactLines, impactOf, reviewOf } from "../change/impact.ts";
import { type AttemptingEngine, retryOnLocks } from "../engine/attempt.ts";
import type { Engine } from "../engine/engine.ts";
import { heldLocks, moveStep, roundMs } from "../execution/step-transaction.ts";
import { stateAfter, stateBefore } from "../operations/actions.ts";
import { estimateMove, isHeavy, readPastEstimates } from "../operations/estimates.ts";
import { emptyReport, planHash, type StepReport, stepReportSchema } from "../operations/step-report.ts";
import { inspectFully, obstacles, warnings } from "../preflight/inspect.ts";
import { inAbortedTransaction } from "./aborted-transaction.ts";

/** What an operation would do. */
export const dryRunSchema = z.object({
  operation: z.object({ kind: directionSchema, steps: z.array(z.int()), dry_run: z.literal(true) }),
  steps: z.array(stepReportSchema),
  plan: z.object({ hash: z.string() }),
  /** For the rollback of a critical step: the newest backup that was proven by a restore; null if there is none. */
  last_verified_backup: z.object({ id: z.string(), at: z.iso.datetime() }).nullable().optional(),
  /** True if the steps were executed, measured and aborted; false if they are estimated from statistics. */
  executed: z.boolean(),
  total_ms: z.number().nonnegative(),
});
export type DryRun = z.infer<typeof dryRunSchema>;

export interface DryRunOptions {
  /** Execute it regardless of the number of rows. */
  execute?: boolean;
  /** Also time the hot queries that a step speeds up. */
  measure?: boolean;
  onConflict?: OnConflict;
}

/** Executes the steps in an aborted transaction on `session`, or estimates them. */
export const dryRun = async (
  engine: Engine,
  session: Database,
  {
    direction,
    moving,
    options = {},
  }: { direction: Direction; moving: readonly Change[]; options?: DryRunOptions },
): Promise<DryRun> => {
  const startMs = engine.clock.monotonicMs();
  const inspected = await inspectAll(engine, session, { direction, moving });
  const obstructed = inspected.some(({ findings }) => obstacles(findings).length > 0);
  const tooMany = options.execute ? [] : await changesAboveLimit(engine, session, { direction, moving });
  const executed = !obstructed && tooMany.length === 0;
  const why = obstructed
    ? "Estimated from statistics and past operations: the move would be refused."
    : "Estimated from statistics and past operations; --execute measures it, which can take long.";
  const steps = executed
    ? await measureAll(engine, session, { direction, moving, inspected, options })
    : await estimateAll(session, { direction, inspected, why });
  return {
    operation: { kind: direction, steps: moving.map(({ step }) => step), dry_run: true },
    steps,
    plan: { hash: planHash(direction, steps, { executed }) },
    ...(await readLastBackup(engine, direction, moving)),
    executed,
    total_ms: roundMs(engine.clock.monotonicMs() - startMs),
  };
};

const readLastBackup = async (
  { lastVerifiedBackup, log }: Engine,
  direction: Direction,
  moving: readonly Change[],
): Promise<Pick<DryRun, "last_verified_backup">> => {
  if (!lastVerifiedBackup || direction !== "rollback") return {};
  if (!moving.some(({ risk }) => risk === "critical")) return {};
  try {
    const last = await lastVerifiedBackup();
    return { last_verified_backup: last ? { id: last.id, at: last.at.toISOString() } : null };
  } catch (err) {
    log.warn({ err }, "the last backup is not known");
    return {};
  }
};

const changesAboveLimit = async (
  { rowLimits }: Engine,
  session: Database,
  { direction, moving }: { direction: Direction; moving: readonly Change[] },
): Promise<Change[]> => {
  const above: Change[] = [];
  for (const change of moving.filter(isHeavy)) {
    const { rows } = await estimateMove(session, change, direction, new Map());
    if (rows > rowLimits.dryRun) above.push(change);
  }
  return above;
};

interface Inspected {
  change: Change;
  findings: Finding[];
}

const inspectAll = async (
  engine: Engine,
  session: Database,
  { direction, moving }: { direction: Direction; moving: readonly Change[] },
): Promise<Inspected[]> => {
  const inspected: Inspected[] = [];
  for (const change of moving)
    inspected.push({
      change,
      findings: await inspectFully(engine, session, { change, state: stateBefore[direction] }),
    });
  return inspected;
};

const estimateAll = async (
  session: Database,
  { direction, inspected, why }: { direction: Direction; inspected: readonly Inspected[]; why: string },
) => {
  const pastEstimates = await readPastEstimates(session);
  const reports: StepReport[] = [];
  for (const { change, findings } of inspected) {
    const { rows, duration_ms } = await estimateMove(session, change, direction, pastEstimates);
    reports.push({
      ...emptyReport(change),
      rows: [{ table: "all", action: "about", rows }],
      duration_ms,
      impact: await impactOf(session, change, direction),
      warnings: [why, ...warnings(findings)],
      blocked_by: obstacles(findings),
    });
  }
  return reports;
};

interface Rehearsal {
  direction: Direction;
  moving: readonly Change[];
  inspected: readonly Inspected[];
  options: DryRunOptions;
}

const measureAll = async (engine: Engine, session: Database, rehearsal: Rehearsal): Promise<StepReport[]> => {
  const { direction, moving, inspected } = rehearsal;
  const reports: StepReport[] = [];
  for (const { change, findings } of inspected) {
    reports.push({
      ...emptyReport(change),
      // Before anything is locked: these read whole tables.
      rows: await countRows(session, change, direction),
      impact: await impactOf(session, change, direction),
      warnings: warnings(findings),
      blocked_by: obstacles(findings),
    });
  }
  const executed = await retryOnLocks(engine, moving, (attempting) =>
    inAbortedTransaction(session, rehearsal, (operation) =>
      measureSteps(attempting, session, { ...rehearsal, operation }),
    ),
  );
  for (const [index, report] of reports.entries()) {
    const { rows = [], impact = [], warnings = [], ...measured } = executed[index] ?? {};
    Object.assign(report, measured);
    report.rows.push(...rows);
    report.impact = impactLines([...report.impact, ...impact]);
    report.warnings.push(...warnings);
    for (const { name, ok, detail } of report.checks) if (!ok) report.blocked_by.push(`${name}: ${detail}`);
  }
  return reports;
};

interface Executed extends Pick<StepReport, "rows" | "warnings" | "locks" | "duration_ms" | "checks"> {
  impact: Impact[];
}

const measureSteps = async (
  { clock, changes, patience }: AttemptingEngine,
  session: Database,
  {
    direction,
    moving,
    options: { measure = false, onConflict = "keep" },
    operation,
  }: Rehearsal & { operation: string },
): Promise<Executed[]> => {
  const executed: Executed[] = [];
  for (const change of moving) {
    const probes = { before: [] as Impact[], after: [] as Impact[] };
    let probingMs = 0;
    const aroundSwap = async (moment: "before" | "after") => {
      const fromMs = clock.monotonicMs();
      for (const part of change.parts) probes[moment].push(...((await part.probe?.(session, measure)) ?? []));
      probingMs += clock.monotonicMs() - fromMs;
    };
    const startMs = clock.monotonicMs();
    const move = {
      change,
      changes,
      direction,
      operation,
      onConflict,
      rehearsal: true,
      aroundSwap,
    } as const;
    const moved = await moveStep(session, { ...move, patience, clock });
    const endMs = clock.monotonicMs();
    executed.push({
      rows: moved?.rows ?? [],
      impact: compared(probes),
      warnings: moved ? await reviewOf(session, change, direction) : [],
      locks: heldLocks(moved, endMs),
      duration_ms: roundMs(endMs - startMs - probingMs),
      checks: await runChecks(session, change, stateAfter[direction]),
    });
  }
  return executed;
};

const compared = ({ before, after }: Record<"before" | "after", Impact[]>): Impact[] =>
  before.map((line, at) => ({ ...line, value: `${line.value} → ${after[at]?.value}` }));
