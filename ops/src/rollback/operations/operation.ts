import { sql } from "kysely";
import { defineFailure, type Problem } from "../../core/failure.ts";
import type { Database, Direction } from "../change/change.ts";
import { operationsClass } from "../database/advisory-locks.ts";
import type { Progress } from "../engine/request.ts";
import type { ConflictOutcome } from "../parts/conflicts.ts";
import type { StepReceipt } from "./step-report.ts";

export const RollbackStatus = {
  running: "running",
  completed: "completed",
  failed: "failed",
  /** Its process died; every step of it is either before or after. */
  interrupted: "interrupted",
  /** What it had moved was moved back. */
  aborted: "aborted",
} as const;
export type RollbackStatus = (typeof RollbackStatus)[keyof typeof RollbackStatus];

export type OperationKind = "apply" | "rollback" | "reapply";

/** Something that was asked for and carried out, or not. Times are ISO 8601. */
export interface RollbackOperation {
  id: string;
  kind: OperationKind;
  /** In the order in which they move. */
  steps: number[];
  state: RollbackStatus;
  requested_by: string;
  origin: string;
  reason: string | null;
  plan: string | null;
  /** By when its steps are to be re-applied. */
  until: string | null;
  started_at: string;
  finished_at: string | null;
}

export interface OperationDetails extends RollbackOperation {
  receipts: StepReceipt[];
  /** Of a long step that is under way. */
  progress: Progress | null;
  failure: Problem | null;
  /** What a re-apply found edited: what was written meanwhile, what was parked, and which of them stands. */
  kept_values: {
    step: number;
    table: string;
    key: string;
    outcome: ConflictOutcome;
    written: unknown;
    parked: unknown;
  }[];
}

const operationUnknown = defineFailure({
  code: "EB_OPERATION_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no operation {id}.",
  remedy: '"earlybird history" lists them.',
});

const columns = sql`o.id::text, o.kind, o.steps, o.requested_by, o.origin, o.reason, o.plan_hash as plan,
  o.until, o.started_at, o.finished_at,
  case when o.state = 'running' and not exists (
    select from pg_locks l where l.locktype = 'advisory' and l.granted
      and l.classid = ${sql.lit(operationsClass)} and l.objid = o.id::int
      and l.database = (select oid from pg_database where datname = current_database())
  ) then 'interrupted' else o.state end as state`;

/** Part of the statement that makes an operation running: nobody sees it so without its lock. */
const lockOperation = sql`pg_advisory_lock(${sql.lit(operationsClass)}, id::int)`;

interface Row extends Omit<RollbackOperation, "until" | "started_at" | "finished_at"> {
  until: Date | null;
  started_at: Date;
  finished_at: Date | null;
}

const fromRow = ({ until, started_at, finished_at, ...row }: Row): RollbackOperation => ({
  ...row,
  until: until?.toISOString() ?? null,
  started_at: started_at.toISOString(),
  finished_at: finished_at?.toISOString() ?? null,
});

/** The one that still calls itself running, or is called so since its process died. */
export const runningOperation = async (db: Database): Promise<RollbackOperation | undefined> => {
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.operations o where o.state = 'running' order by o.id desc limit 1`.execute(
    db,
  );
  return rows[0] && fromRow(rows[0]);
};

/** Which operations are asked for; all when empty. */
export interface OperationFilter {
  /** Older than the one with this id. */
  before?: string;
  /** Those that concern this step. */
  step?: number;
}

/** The newest first. */
export const listOperations = async (
  db: Database,
  { limit, before, step }: OperationFilter & { limit: number },
): Promise<RollbackOperation[]> => {
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.operations o
    where ${before === undefined ? sql`true` : sql`o.id < ${before}::bigint`}
      and ${step === undefined ? sql`true` : sql`${step} = any(o.steps)`}
    order by o.id desc limit ${limit}`.execute(db);
  return rows.map(fromRow);
};

/** How far an operation has come, in as few bytes as can be read twice a second. */
export const operationNow = async (
  db: Database,
  id: string,
): Promise<RollbackOperation & Pick<OperationDetails, "receipts" | "progress" | "failure">> => {
  if (!/^\d{1,18}$/.test(id)) throw operationUnknown({ id });
  const { rows } = await sql<Row & Pick<OperationDetails, "receipts" | "progress" | "failure">>`
    select ${columns}, o.receipts, o.progress, o.failure from earlybird.operations o where o.id = ${id}::bigint`.execute(
    db,
  );
  if (!rows[0]) throw operationUnknown({ id });
  const { receipts, progress, failure, ...operation } = rows[0];
  return { ...fromRow(operation), receipts, progress, failure };
};

/** @throws Failure EB_OPERATION_UNKNOWN */
export const operationDetails = async (db: Database, id: string): Promise<OperationDetails> => {
  const operation = await operationNow(db, id);
  const kept = await sql<OperationDetails["kept_values"][number]>`
    select step, relation as table, key, outcome, written, parked from earlybird.kept_values
    where operation_id = ${id}::bigint order by step, relation, key`.execute(db);
  return { ...operation, kept_values: kept.rows };
};

/** Records that an operation has begun, on the session that will carry it out. */
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

/** Adds a step's receipt, in the step's own transaction. */
export const addReceipt = (db: Database, id: string, receipt: StepReceipt) =>
  sql`update earlybird.operations set receipts = receipts || ${JSON.stringify([receipt])}::jsonb where id = ${id}::bigint`.execute(
    db,
  );

/** Records how an operation ended, with its final receipts. */
export const endOperation = (
  db: Database,
  id: string,
  end: { state: RollbackStatus; at: Date; receipts: readonly StepReceipt[]; failure?: Problem },
) =>
  sql`update earlybird.operations
    set state = ${end.state}, finished_at = ${end.at}, receipts = ${JSON.stringify(end.receipts)}::jsonb,
      failure = ${end.failure ? JSON.stringify(end.failure) : null}::jsonb
    where id = ${id}::bigint`.execute(db);

/** Takes an operation up again, on the session that will carry it out. */
export const continueOperation = (db: Database, id: string) =>
  sql`update earlybird.operations set state = 'running', finished_at = null, failure = null, progress = null
    where id = ${id}::bigint returning ${lockOperation}`.execute(db);

/** Whoever holds the operation lock knows that an operation still called running has lost its process. */
export const markInterrupted = async (db: Database, at: Date): Promise<RollbackOperation[]> => {
  const { rows } = await sql<Row>`
    update earlybird.operations o set state = 'interrupted', finished_at = ${at} where state = 'running'
    returning ${columns}`.execute(db);
  return rows.map(fromRow);
};
