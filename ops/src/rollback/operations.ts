import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type pg from "pg";
import { Failure, type Problem } from "../lib/failure.ts";
import { kyselyOn } from "../lib/sql.ts";
import type { Database } from "./change.ts";
import type { ConflictOutcome } from "./conflicts.ts";
import { operationLock } from "./locks.ts";
import type { Direction } from "./parts/part.ts";
import type { StepReceipt } from "./receipts.ts";

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
  started_at: string;
  finished_at: string | null;
}

export interface OperationDetails extends RollbackOperation {
  receipts: StepReceipt[];
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

const operationRunning = (running: RollbackOperation | undefined) =>
  new Failure(
    "EB_OPERATION_RUNNING",
    409,
    running
      ? `Operation ${running.id} (${running.kind} of ${running.steps.join(", ")}, by ${running.requested_by}) has been running since ${running.started_at}.`
      : "Another operation is running.",
    'Wait for its end; "earlybird history" shows it.',
  ).exitingWith(5);

const nothingToResume = (operation: RollbackOperation | undefined) =>
  new Failure(
    "EB_NOTHING_TO_RESUME",
    409,
    operation
      ? `Operation ${operation.id} is ${operation.state}: there is nothing to go on with, and nothing to take back.`
      : "There has been no operation.",
    '"earlybird history" shows what was interrupted or has failed.',
  ).exitingWith(4);

const operationOvertaken = (id: string, last: string) =>
  new Failure(
    "EB_OPERATION_OVERTAKEN",
    409,
    `Operation ${last} has come after operation ${id}, which can no longer be taken up.`,
    '"earlybird status" shows where the steps are; roll back or re-apply from there.',
  ).exitingWith(4);

const operationUnknown = (id: string) =>
  new Failure(
    "EB_OPERATION_UNKNOWN",
    404,
    `There is no operation ${id}.`,
    '"earlybird history" lists them.',
  ).exitingWith(2);

const lockWaitMs = 2_000;
const lockPollMs = 50;

/**
 * Runs `work` on a connection of its own that holds the operation lock: one operation at a time, across
 * processes and machines. The lock belongs to the connection, so that it ends with a killed process.
 *
 * @throws Failure EB_OPERATION_RUNNING after two seconds of waiting
 */
export const withOperationLock = async <T>(pool: pg.Pool, work: (db: Database) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  const db: Database = kyselyOn(client);
  let failed: Error | undefined;
  try {
    await client.query("set application_name = 'earlybird rollback'");
    // A killed operator must not leave a statement running for nobody; some systems cannot check for that.
    await client.query("set client_connection_check_interval = '200ms'").catch(() => undefined);
    for (let waitedMs = 0; !(await tryLock(db)); waitedMs += lockPollMs) {
      if (waitedMs >= lockWaitMs) throw operationRunning(await runningOperation(db));
      await sleep(lockPollMs);
    }
    return await work(db);
  } catch (error) {
    failed = error as Error;
    throw error;
  } finally {
    // Closing the session releases its lock whatever state it is in.
    client.release(failed ?? true);
  }
};

const tryLock = async (db: Database): Promise<boolean> => {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_lock(${sql.lit(operationLock[0])}, ${sql.lit(operationLock[1])}) as locked`.execute(
    db,
  );
  return rows[0]?.locked === true;
};

const columns = sql`o.id::text, o.kind, o.steps, o.requested_by, o.origin, o.reason, o.plan_hash as plan,
  o.started_at, o.finished_at,
  case when o.state = 'running' and not exists (
    select from pg_locks l where l.locktype = 'advisory' and l.granted
      and l.classid = ${sql.lit(operationLock[0])} and l.objid = ${sql.lit(operationLock[1])}
      and l.database = (select oid from pg_database where datname = current_database())
  ) then 'interrupted' else o.state end as state`;

interface Row extends Omit<RollbackOperation, "started_at" | "finished_at"> {
  started_at: Date;
  finished_at: Date | null;
}

const fromRow = ({ started_at, finished_at, ...row }: Row): RollbackOperation => ({
  ...row,
  started_at: started_at.toISOString(),
  finished_at: finished_at?.toISOString() ?? null,
});

const runningOperation = async (db: Database): Promise<RollbackOperation | undefined> => {
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.operations o where o.state = 'running' order by o.id desc limit 1`.execute(
    db,
  );
  return rows[0] && fromRow(rows[0]);
};

/** The newest first. */
export const listOperations = async (db: Database, limit: number): Promise<RollbackOperation[]> => {
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.operations o order by o.id desc limit ${limit}`.execute(db);
  return rows.map(fromRow);
};

/** @throws Failure EB_OPERATION_UNKNOWN */
export const operationDetails = async (db: Database, id: string): Promise<OperationDetails> => {
  if (!/^\d{1,18}$/.test(id)) throw operationUnknown(id);
  const found = await sql<Row & { receipts: StepReceipt[]; failure: Problem | null }>`
    select ${columns}, o.receipts, o.failure from earlybird.operations o where o.id = ${id}::bigint`.execute(
    db,
  );
  const [row] = found.rows;
  if (!row) throw operationUnknown(id);
  const kept = await sql<OperationDetails["kept_values"][number]>`
    select step, relation as table, key, outcome, written, parked from earlybird.kept_values
    where operation_id = ${id}::bigint order by step, relation, key`.execute(db);
  const { receipts, failure, ...operation } = row;
  return { ...fromRow(operation), receipts, failure, kept_values: kept.rows };
};

/** Records that an operation has begun. */
export const beginOperation = async (
  db: Database,
  begun: {
    kind: OperationKind;
    steps: number[];
    requestedBy: string;
    origin: string;
    reason?: string;
    plan?: string;
    at: Date;
  },
): Promise<RollbackOperation> => {
  const { kind, steps, requestedBy, origin, reason = null, plan = null, at } = begun;
  const { rows } = await sql<Row>`
    insert into earlybird.operations as o (kind, steps, state, requested_by, origin, reason, plan_hash, started_at)
    values (${kind}, ${steps}, 'running', ${requestedBy}, ${origin}, ${reason}, ${plan}, ${at})
    returning ${columns}`.execute(db);
  return fromRow(rows[0] as Row);
};

/**
 * The last operation, where it was interrupted or has failed.
 *
 * @throws Failure EB_NOTHING_TO_RESUME, EB_OPERATION_UNKNOWN, EB_OPERATION_OVERTAKEN
 */
export const unfinishedOperation = async (db: Database, id?: string): Promise<OperationDetails> => {
  const { rows } = await sql<{
    id: string;
  }>`select id::text from earlybird.operations order by id desc limit 1`.execute(db);
  const last = rows[0]?.id;
  const details =
    id === undefined && last === undefined ? undefined : await operationDetails(db, id ?? last ?? "");
  if (
    !details ||
    (details.state !== "interrupted" && details.state !== "failed") ||
    details.kind === "apply"
  ) {
    throw nothingToResume(details);
  }
  if (details.id !== last) throw operationOvertaken(details.id, last ?? "");
  return details;
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

/** Takes an operation up again. */
export const continueOperation = (db: Database, id: string) =>
  sql`update earlybird.operations set state = 'running', finished_at = null, failure = null where id = ${id}::bigint`.execute(
    db,
  );

/** Whoever holds the operation lock knows that an operation still called running has lost its process. */
export const markInterrupted = async (db: Database, at: Date): Promise<RollbackOperation[]> => {
  const { rows } = await sql<Row>`
    update earlybird.operations o set state = 'interrupted', finished_at = ${at} where state = 'running'
    returning ${columns}`.execute(db);
  return rows.map(fromRow);
};
