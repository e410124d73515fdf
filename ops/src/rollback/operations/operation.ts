import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { defineFailure, type Failure, type Problem } from "../../core/failure.ts";
import type { Logger } from "../../core/logger.ts";
import type { Database, Direction } from "../change/change.ts";
import { impactLines } from "../change/impact.ts";
import { operationsClass } from "../database/advisory-locks.ts";
import { progressSchema } from "../engine/request.ts";
import { conflictOutcomeSchema } from "../parts/conflicts.ts";
import { type StepReport, stepReportSchema } from "./step-report.ts";

export const RollbackStatus = {
  running: "running",
  completed: "completed",
  failed: "failed",
  /** Its process died; every step is fully moved or not at all. */
  interrupted: "interrupted",
  /** The steps it had moved were reverted. */
  aborted: "aborted",
} as const;
export type RollbackStatus = (typeof RollbackStatus)[keyof typeof RollbackStatus];

export const operationKindSchema = z.enum(["apply", "rollback", "reapply"]);
export type OperationKind = z.infer<typeof operationKindSchema>;

/** A requested move of steps. Times are ISO 8601. */
export const operationSchema = z.object({
  id: z.string(),
  kind: operationKindSchema,
  /** In the order in which they move. */
  steps: z.array(z.int()),
  state: z.enum(RollbackStatus),
  requested_by: z.string(),
  origin: z.string(),
  reason: z.string().nullable(),
  plan: z.string().nullable(),
  /** The time by which its steps are to be re-applied. */
  until: z.iso.datetime().nullable(),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
});
export type RollbackOperation = z.infer<typeof operationSchema>;

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  remedy: z.string(),
});

export const operationDetailsSchema = operationSchema.extend({
  receipts: z.array(stepReportSchema),
  /** The progress of a long step that is moving. */
  progress: progressSchema.nullable(),
  failure: problemSchema.nullable(),
  /** The values that a re-apply found edited: the written and the parked value, and the outcome. */
  kept_values: z.array(
    z.object({
      step: z.int(),
      table: z.string(),
      key: z.string(),
      outcome: conflictOutcomeSchema,
      written: z.unknown(),
      parked: z.unknown(),
    }),
  ),
});
export type OperationDetails = z.infer<typeof operationDetailsSchema>;

const operationUnknown = defineFailure({
  code: "EB_OPERATION_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no operation {id}.",
  remedy: '"earlybird history" lists them.',
});

export const operationColumns = sql`o.id::text, o.kind, o.steps, o.requested_by, o.origin, o.reason, o.plan_hash as plan,
  o.until, o.started_at, o.finished_at,
  case when o.state = 'running' and not exists (
    select from pg_locks l where l.locktype = 'advisory' and l.granted
      and l.classid = ${sql.lit(operationsClass)} and l.objid = o.id::int
      and l.database = (select oid from pg_database where datname = current_database())
  ) then 'interrupted' else o.state end as state`;

/** Part of the statement that sets the state to running, so that a running operation always holds its lock. */
const lockOperation = sql`pg_advisory_lock(${sql.lit(operationsClass)}, id::int)`;

export interface OperationRow extends Omit<RollbackOperation, "until" | "started_at" | "finished_at"> {
  until: Date | null;
  started_at: Date;
  finished_at: Date | null;
}

export const operationFrom = ({
  until,
  started_at,
  finished_at,
  ...row
}: OperationRow): RollbackOperation => ({
  ...row,
  until: until?.toISOString() ?? null,
  started_at: started_at.toISOString(),
  finished_at: finished_at?.toISOString() ?? null,
});

/** The operation in state running, which can be interrupted if its process died. */
export const runningOperation = async (db: Database): Promise<RollbackOperation | undefined> => {
  const { rows } = await sql<OperationRow>`
    select ${operationColumns} from earlybird.operations o where o.state = 'running' order by o.id desc limit 1`.execute(
    db,
  );
  return rows[0] && operationFrom(rows[0]);
};

/** Filters operations; all by default. */
export interface OperationFilter {
  /** Older than the one with this id. */
  before?: string | undefined;
  /** Those that concern this step. */
  step?: number | undefined;
  /** A part of the name or id of the requester, in upper or lower case. */
  operator?: string | undefined;
  kind?: OperationKind | undefined;
  /** Those that ran, at least in part, in this time. */
  between?: { from: Date; to: Date } | undefined;
}

/** The newest first. */
export const listOperations = async (
  db: Database,
  { limit, before, step, operator, kind, between }: OperationFilter & { limit: number },
): Promise<RollbackOperation[]> => {
  const { rows } = await sql<OperationRow>`
    select ${operationColumns} from earlybird.operations o
    where ${before === undefined ? sql`true` : sql`o.id < ${before}::bigint`}
      and ${step === undefined ? sql`true` : sql`${step} = any(o.steps)`}
      and ${between === undefined ? sql`true` : sql`o.started_at <= ${between.to} and (o.finished_at is null or o.finished_at >= ${between.from})`}
      and ${kind === undefined ? sql`true` : sql`o.kind = ${kind}`}
      and ${operator === undefined ? sql`true` : sql`strpos(lower(o.requested_by), lower(${operator})) > 0`}
    order by o.id desc limit ${limit}`.execute(db);
  return rows.map(operationFrom);
};

/** The progress of an operation, without kept values, so that it can be read twice a second. */
export const operationNow = async (
  db: Database,
  id: string,
): Promise<RollbackOperation & Pick<OperationDetails, "receipts" | "progress" | "failure">> => {
  if (!/^\d{1,18}$/.test(id)) throw operationUnknown({ id });
  const { rows } = await sql<OperationRow & Pick<OperationDetails, "receipts" | "progress" | "failure">>`
    select ${operationColumns}, o.receipts, o.progress, o.failure from earlybird.operations o where o.id = ${id}::bigint`.execute(
    db,
  );
  if (!rows[0]) throw operationUnknown({ id });
  const { receipts, progress, failure, ...operation } = rows[0];
  const completed = receipts.map((receipt) => ({ ...receipt, impact: impactLines(receipt.impact) }));
  return { ...operationFrom(operation), receipts: completed, progress, failure };
};

/** @throws Failure EB_OPERATION_UNKNOWN */
export const operationDetails = async (db: Database, id: string): Promise<OperationDetails> => {
  const operation = await operationNow(db, id);
  const kept = await sql<OperationDetails["kept_values"][number]>`
    select step, relation as table, key, outcome, written, parked from earlybird.kept_values
    where operation_id = ${id}::bigint order by step, relation, key`.execute(db);
  return { ...operation, kept_values: kept.rows };
};

/** Records that an operation has begun, on the session that executes it. */
export const beginOperation = async (
  db: Database,
  begun: {
    kind: OperationKind;
    steps: number[];
    requestedBy: string;
    origin: string;
    reason?: string;
    plan?: string;
    until?: Date;
    at: Date;
  },
): Promise<RollbackOperation> => {
  const { kind, steps, requestedBy, origin, reason = null, plan = null, until = null, at } = begun;
  const { rows } = await sql<{ id: string }>`
    insert into earlybird.operations (kind, steps, state, requested_by, origin, reason, plan_hash, until, started_at)
    values (${kind}, ${steps}, 'running', ${requestedBy}, ${origin}, ${reason}, ${plan}, ${until}, ${at})
    returning id::text, ${lockOperation}`.execute(db);
  return {
    id: rows[0]?.id ?? "",
    kind,
    steps,
    state: "running",
    requested_by: requestedBy,
    origin,
    reason,
    plan,
    until: until?.toISOString() ?? null,
    started_at: at.toISOString(),
    finished_at: null,
  };
};

export const directionOf = ({ kind }: RollbackOperation): Direction =>
  kind === "rollback" ? "rollback" : "reapply";

/** Adds the report of a step, in the transaction of the step. */
export const appendStepReport = (db: Database, id: string, receipt: StepReport) =>
  sql`update earlybird.operations set receipts = receipts || ${JSON.stringify([receipt])}::jsonb where id = ${id}::bigint`.execute(
    db,
  );

/** Records the end of an operation, with its final reports. */
export const endOperation = (
  db: Database,
  id: string,
  end: { state: RollbackStatus; at: Date; receipts: readonly StepReport[]; failure?: Problem },
) =>
  sql`update earlybird.operations
    set state = ${end.state}, finished_at = ${end.at}, receipts = ${JSON.stringify(end.receipts)}::jsonb,
      failure = ${end.failure ? JSON.stringify(end.failure) : null}::jsonb
    where id = ${id}::bigint`.execute(db);

/** Records that an operation failed. If the connection is lost, the operation counts as interrupted instead. */
export const failOperation = (
  { clock, log }: { clock: Clock; log: Logger },
  db: Database,
  id: string,
  { failure, receipts }: { failure: Failure | undefined; receipts: readonly StepReport[] },
): Promise<unknown> =>
  endOperation(db, id, {
    state: "failed",
    at: clock.now(),
    receipts,
    ...(failure && { failure: failure.toProblem() }),
  }).catch((err: unknown) =>
    log.warn({ err, operation: id }, "the end of the operation could not be recorded"),
  );

/** Marks an operation as running again, on the session that executes it. */
export const continueOperation = (db: Database, id: string) =>
  sql`update earlybird.operations set state = 'running', finished_at = null, failure = null, progress = null
    where id = ${id}::bigint returning ${lockOperation}`.execute(db);

/** For the holder of the operation lock: any operation still in state running has lost its process. */
export const markInterrupted = async (db: Database, at: Date): Promise<RollbackOperation[]> => {
  const { rows } = await sql<OperationRow>`
    update earlybird.operations o set state = 'interrupted', finished_at = ${at} where state = 'running'
    returning ${operationColumns}`.execute(db);
  return rows.map(operationFrom);
};
