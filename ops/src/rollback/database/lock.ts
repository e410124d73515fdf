import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Change, Database } from "../change/change.ts";
import { writersLock } from "./advisory-locks.ts";
import { type Attempt, isLockConflict, LockConflict } from "./lock-retry.ts";
import { oidsWithPartitionsOf } from "./table-names.ts";
import { journalledTables } from "./write-journal.ts";

/** `SHARE ROW EXCLUSIVE` keeps writers out and lets readers in; `ACCESS EXCLUSIVE` keeps everybody out. */
export const lockModeSchema = z.enum(["SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"]);
export type LockMode = z.infer<typeof lockModeSchema>;

/** A table that a step locks. */
export interface TableLock {
  table: string;
  mode: LockMode;
}

/** The tables whose rows a change writes, those that only the catalog knows included. */
export const writtenTables = async (
  db: Database,
  change: Change,
  changes: readonly Change[],
): Promise<string[]> => {
  const tables = new Set(change.parts.flatMap(({ writes }) => writes));
  for (const part of change.parts)
    for (const table of (await part.writesAlso?.(db, changes)) ?? []) tables.add(table);
  return [...tables].sort();
};

/** What a step locks, each table once. */
export const locksOf = (change: Change, written: readonly string[]): TableLock[] => {
  const swapped = new Set(change.parts.flatMap(({ locks }) => locks));
  const created = new Set(change.parts.flatMap(({ creates = [] }) => creates));
  return [...new Set([...swapped, ...written, ...journalledTables(change)])]
    .filter((table) => !created.has(table))
    .sort()
    .map((table) => ({ table, mode: swapped.has(table) ? "ACCESS EXCLUSIVE" : "SHARE ROW EXCLUSIVE" }));
};

/** How a transaction that moves a step asks for its locks. */
export interface Locking extends Attempt {
  clock: Clock;
}

/**
 * Takes the first locks of a step: one that conflicts only with autovacuum, then the advisory lock that the writers of
 * the service share. Writers take that lock before any table, so the tables are locked after it.
 */
export const lockWriters = async (
  db: Database,
  tables: readonly string[],
  { attemptMs }: Locking,
): Promise<void> => {
  await sql`select set_config('earlybird.engine', 'on', true)`.execute(db);
  await makeAutovacuumYield(db, tables);
  await setLockTimeout(db, attemptMs);
  await sql`select pg_advisory_xact_lock(${sql.lit(writersLock[0])}, ${sql.lit(writersLock[1])})`.execute(db);
};

/**
 * Locks tables one after the other within the time of one attempt: sessions that queue behind the first lock wait no
 * longer, and the attempt ends before a deadlock could abort a transaction of the service.
 *
 * @throws the database's lock conflict
 */
export const lockTables = async (
  db: Database,
  locks: readonly TableLock[],
  { attemptMs, descending, clock }: Locking,
): Promise<void> => {
  const untilMs = clock.monotonicMs() + attemptMs;
  for (const { table, mode } of descending ? locks.toReversed() : locks) {
    await setLockTimeout(db, Math.max(1, Math.round(untilMs - clock.monotonicMs())));
    await sql`lock table ${sql.table(table)} in ${sql.raw(mode)} mode`.execute(db);
  }
  await setLockTimeout(db, attemptMs);
};

/**
 * Sees whether the locks could be had: a transaction that has begun to read a table long ago is met before the work, not
 * after it.
 *
 * @throws the database's lock conflict
 */
export const tryTables = async (
  db: Database,
  locks: readonly TableLock[],
  locking: Locking,
): Promise<void> => {
  await pollLocks(db, locks, {
    untilMs: locking.clock.monotonicMs() + locking.attemptMs,
    clock: locking.clock,
  });
  await sql`rollback to savepoint polled`.execute(db);
};

const swapWaitMs = 3_000;

/**
 * Locks the tables of a swap after work on many rows, which a first refusal must not undo. Gives up after three seconds,
 * or at once if the blocking session waits for this one, which is a deadlock.
 *
 * @throws LockConflict
 */
export const lockForSwap = async (
  db: Database,
  locks: readonly TableLock[],
  { clock }: Locking,
): Promise<void> => {
  try {
    await pollLocks(db, locks, { untilMs: clock.monotonicMs() + swapWaitMs, clock });
  } catch (error) {
    if (!isLockConflict(error)) throw error;
    throw new LockConflict("readers did not end in time", { cause: error });
  }
  await sql`release savepoint polled`.execute(db);
};

const pollMs = 5;

/**
 * Asks for locks on tables that we hold against writers already, without ever standing in the queue: a transaction that
 * has read such a table and now writes to it waits for us, and PostgreSQL ends it with a deadlock at once where it finds
 * us waiting for it in turn. Leaves the savepoint `polled` before the locks.
 */
const pollLocks = async (
  db: Database,
  locks: readonly TableLock[],
  { untilMs, clock }: { untilMs: number; clock: Clock },
): Promise<void> => {
  const [{ mode } = { mode: "ACCESS EXCLUSIVE" }] = locks;
  const tables = sql.join(locks.map(({ table }) => sql.table(table)));
  for (;;) {
    await sql`savepoint polled`.execute(db);
    try {
      await sql`lock table ${tables} in ${sql.raw(mode)} mode nowait`.execute(db);
      return;
    } catch (error) {
      await sql`rollback to savepoint polled; release savepoint polled`.execute(db);
      if (
        !isLockConflict(error) ||
        clock.monotonicMs() >= untilMs ||
        (await othersWaitWhileReading(db, locks))
      )
        throw error;
    }
    await sleep(pollMs);
  }
};

const othersWaitWhileReading = async (db: Database, locks: readonly TableLock[]): Promise<boolean> => {
  const { rows } = await sql<{ cycle: boolean }>`
    select exists (
      select from pg_locks l where l.granted and l.locktype = 'relation' and l.pid <> pg_backend_pid()
        and l.relation in ${oidsWithPartitionsOf(locks.map(({ table }) => table))}
        and pg_backend_pid() = any(pg_blocking_pids(l.pid))) as cycle`.execute(db);
  return rows[0]?.cycle === true;
};

/**
 * Autovacuum holds a lock that a move must wait for, and is cancelled by a session that has waited for
 * `deadlock_timeout`, which is longer than an attempt. This mode conflicts with autovacuum and with no reader or writer,
 * so the wait blocks no other session.
 */
const makeAutovacuumYield = async (db: Database, tables: readonly string[]): Promise<void> => {
  if (tables.length === 0) return;
  const { rows } = await sql<{ ms: number }>`
    select extract(epoch from current_setting('deadlock_timeout')::interval) * 1000 as ms`.execute(db);
  await setLockTimeout(db, Number(rows[0]?.ms ?? 1_000) + 500);
  await sql`lock table ${sql.join(tables.map((table) => sql.table(table)))} in share update exclusive mode`.execute(
    db,
  );
};

const setLockTimeout = (db: Database, ms: number) =>
  sql`select set_config('lock_timeout', ${`${ms}ms`}, true)`.execute(db);

/** The tables that a change locks as far as its declaration tells, for naming who is in the way. */
export const lockedTables = (change: Change): string[] =>
  locksOf(
    change,
    change.parts.flatMap(({ writes }) => writes),
  ).map(({ table }) => table);
