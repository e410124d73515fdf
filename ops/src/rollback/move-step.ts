import { sql } from "kysely";
import type { Clock } from "../lib/clock.ts";
import type { Change, Database, StepState } from "./change.ts";
import { changesChannel } from "./changes.ts";
import {
  createJournalTriggers,
  type Journalled,
  journalPosition,
  switchJournal,
  tablesWrittenSince,
} from "./journal.ts";
import { appendToLedger, type LedgerEntry, type LedgerHead } from "./ledger.ts";
import { writersLock } from "./locks.ts";
import type { Direction, OnConflict, PartContext, RowCount } from "./parts/part.ts";
import type { LockReceipt } from "./receipts.ts";

export interface Moved {
  rows: RowCount[];
  /** When the exclusive locks were obtained, by the monotonic clock; they last until the transaction ends. */
  lockedAtMs: number;
}

/** The tables that the step's swap locks, in one order for everybody. */
export const lockedTables = (change: Change): string[] =>
  [
    ...new Set(
      change.parts.flatMap(({ locks, journals }) => [...locks, ...journals.map(({ table }) => table)]),
    ),
  ].sort();

/**
 * Moves one step inside the transaction of `db`: its rows, its swap, its state. Nothing is visible to anybody
 * before the commit; an aborted transaction leaves no trace.
 *
 * @returns undefined when the step already was where it should be
 */
export const moveStep = async (
  db: Database,
  move: {
    change: Change;
    changes: readonly Change[];
    direction: Direction;
    operation: string;
    onConflict: OnConflict;
    /** Whether the transaction will be aborted. */
    rehearsal: boolean;
    attemptMs: number;
    clock: Clock;
    /** Called right before the swap and right after it. */
    aroundSwap?: (moment: "before" | "after") => Promise<void>;
  },
): Promise<Moved | undefined> => {
  const { change, changes, direction, operation, onConflict, rehearsal, attemptMs, clock, aroundSwap } = move;
  const { step, parts } = change;
  await beginMove(db, attemptMs);
  const { rows: found } = await sql<{ state: StepState; journal_from: number | null }>`
    select state, journal_from from earlybird.steps where step = ${step}`.execute(db);
  const target: StepState = direction === "rollback" ? "rolled_back" : "applied";
  if (!found[0] || found[0].state === target) return undefined;

  const context: PartContext = {
    db,
    step,
    direction,
    changes,
    operation,
    journalFrom: Number(found[0].journal_from ?? 0),
    writtenMeanwhile: new Set(),
    onConflict,
    rehearsal,
  };
  const ordered = direction === "rollback" ? [...parts].reverse() : parts;
  const rows: RowCount[] = [];
  for (const part of ordered) rows.push(...((await part.prepare?.(context)) ?? []));
  await aroundSwap?.("before");
  const tables = lockedTables(change);
  if (tables.length > 0) {
    await sql`lock table ${sql.join(tables.map((table) => sql.table(table)))} in access exclusive mode`.execute(
      db,
    );
  }
  const lockedAtMs = clock.monotonicMs();
  for (const part of ordered) await part.swap(context);
  await aroundSwap?.("after");
  if (direction === "reapply") {
    // Under the lock: nobody can write any more, and most often nobody has.
    const journalled = journalsOf(change).map(({ table }) => table);
    context.writtenMeanwhile = await tablesWrittenSince(db, journalled, context.journalFrom);
  }
  for (const part of ordered) rows.push(...(await part.settle(context)));
  const position = direction === "rollback" ? await journalPosition(db) : null;
  await sql`update earlybird.steps set state = ${target}, changed_at = ${clock.now()}, journal_from = ${position} where step = ${step}`.execute(
    db,
  );
  await followWrites(db, change, changes);
  await sql`select pg_notify(${changesChannel}, ${String(step)})`.execute(db);
  return { rows, lockedAtMs };
};

/** Journals the writes to the change's tables for as long as some step that concerns them is rolled back. */
const followWrites = async (db: Database, change: Change, changes: readonly Change[]): Promise<void> => {
  const { rows } = await sql<{
    step: number;
  }>`select step from earlybird.steps where state = 'rolled_back'`.execute(db);
  const away = new Set(rows.map(({ step }) => step));
  const followed = new Set(
    changes
      .filter(({ step }) => away.has(step))
      .flatMap((other) => journalsOf(other).map(({ table }) => table)),
  );
  for (const { table } of journalsOf(change))
    await switchJournal(db, table, followed.has(table) ? "on" : "off");
};

const journalsOf = (change: Change): Journalled[] => {
  const byTable = new Map(
    change.parts.flatMap(({ journals }) => journals.map((journal) => [journal.table, journal])),
  );
  return [...byTable.values()];
};

/** Chains the entry that tells of a step, and anchors the step to it. */
export const recordStep = async (db: Database, step: number, entry: LedgerEntry): Promise<LedgerHead> => {
  const head = await appendToLedger(db, entry);
  await sql`update earlybird.steps set ledger_seq = ${head.seq}, ledger_hash = ${head.hash} where step = ${step}`.execute(
    db,
  );
  return head;
};

const beginMove = async (db: Database, attemptMs: number): Promise<void> => {
  await sql`select set_config('lock_timeout', ${`${attemptMs}ms`}, true), set_config('earlybird.engine', 'on', true)`.execute(
    db,
  );
  // Writers first, tables second: a writer holds its shared lock before it asks for a table.
  await sql`select pg_advisory_xact_lock(${sql.lit(writersLock[0])}, ${sql.lit(writersLock[1])})`.execute(db);
};

/** Applies a change for the first time, in the transaction of `db`. */
export const applyForTheFirstTime = async (
  db: Database,
  {
    change,
    changes,
    entry,
    attemptMs,
  }: { change: Change; changes: readonly Change[]; entry: LedgerEntry; attemptMs: number },
): Promise<LedgerHead> => {
  await beginMove(db, attemptMs);
  for (const part of change.parts) await part.apply(db, change.step, changes);
  for (const journal of journalsOf(change)) await createJournalTriggers(db, journal);
  const head = await appendToLedger(db, entry);
  await sql`insert into earlybird.steps (step, name, state, changed_at, ledger_seq, ledger_hash)
    values (${change.step}, ${change.name}, 'applied', ${new Date(entry.at)}, ${head.seq}, ${head.hash})`.execute(
    db,
  );
  await sql`select pg_notify(${changesChannel}, ${String(change.step)})`.execute(db);
  return head;
};

export const lockReceipts = (change: Change, heldMs: number): LockReceipt[] =>
  lockedTables(change).map((table) => ({ table, mode: "ACCESS EXCLUSIVE", held_ms: roundMs(heldMs) }));

/** Milliseconds to two decimals: what a person compares and a clock of this kind can tell. */
export const roundMs = (ms: number): number => Math.round(ms * 100) / 100;
