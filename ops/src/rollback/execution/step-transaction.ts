import { sql } from "kysely";
import type { Clock } from "../../core/clock.ts";
import { appendToLedger, type LedgerEntry } from "../audit/ledger.ts";
import type { LedgerHead } from "../audit/ledger-hash.ts";
import { changesChannel } from "../behaviours/follower.ts";
import type {
  Change,
  Database,
  Direction,
  OnConflict,
  PartContext,
  RowCount,
  StepState,
} from "../change/change.ts";
import {
  type LockMode,
  lockForSwap,
  locksOf,
  lockTables,
  lockWriters,
  type TableLock,
  tryTables,
  writtenTables,
} from "../database/lock.ts";
import { type Attempt, type LockPatience, quickMs } from "../database/lock-retry.ts";
import { suspendTriggers } from "../database/service-triggers.ts";
import {
  followWrites,
  journalledTables,
  journalPosition,
  noteJournals,
  tablesWrittenSince,
} from "../database/write-journal.ts";
import { stateAfter } from "../operations/actions.ts";
import { estimateMove } from "../operations/estimates.ts";
import type { HeldLock } from "../operations/step-report.ts";

export interface Moved {
  rows: RowCount[];
  /** The locks, and since when by the monotonic clock; all are held until the transaction ends. */
  locks: (TableLock & { sinceMs: number })[];
}

/**
 * Moves one step inside the transaction of `db`: its rows, its swap, its state.
 *
 * All tables of the step are locked against writers before the first read, so that the move sees everything committed
 * before it and overwrites nothing committed later. Readers are blocked from the start if the step takes no longer than
 * `readersMs`, else only for its swap.
 *
 * @returns undefined if the step does not have to move
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
    patience: Attempt;
    clock: Clock;
    /** Called immediately before and after the swap. */
    aroundSwap?: (moment: "before" | "after") => Promise<void>;
  },
): Promise<Moved | undefined> => {
  const { change, changes, direction, operation, onConflict, rehearsal, patience, clock, aroundSwap } = move;
  const locking = { ...patience, clock };
  const { step, parts } = change;
  const written = await writtenTables(db, change, changes);
  const locks = locksOf(change, written);
  await lockWriters(
    db,
    locks.map(({ table }) => table),
    locking,
  );
  const { rows: found } = await sql<{ state: StepState; journal_from: number | null }>`
    select state, journal_from from earlybird.steps where step = ${step}`.execute(db);
  const target = stateAfter[direction];
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
  const swapped = locks.filter(({ mode }) => mode === "ACCESS EXCLUSIVE");
  const readersLast = swapped.length > 0 && (await takesLong(db, move));
  const first = readersLast ? locks.map(({ table }) => ({ table, mode: writersOut })) : locks;
  await lockTables(db, first, locking);
  const held = first.map((lock) => ({ ...lock, sinceMs: clock.monotonicMs() }));
  if (readersLast) await tryTables(db, swapped, locking);
  // Check constraints immediately: a table with pending deferred checks cannot be altered.
  await sql`set constraints all immediate`.execute(db);
  const resumeTriggers = await suspendTriggers(db, written);
  for (const part of ordered) rows.push(...((await part.prepare?.(context)) ?? []));
  await aroundSwap?.("before");
  if (readersLast) {
    await lockForSwap(db, swapped, locking);
    held.push(...swapped.map((lock) => ({ ...lock, sinceMs: clock.monotonicMs() })));
  }
  for (const part of ordered) await part.swap(context);
  await aroundSwap?.("after");
  if (direction === "reapply") {
    // Read under the lock, when no further writes are possible.
    context.writtenMeanwhile = await tablesWrittenSince(db, journalledTables(change), context.journalFrom);
  }
  for (const part of ordered) rows.push(...(await part.settle(context)));
  await resumeTriggers();
  const position = direction === "rollback" ? await journalPosition(db) : null;
  await sql`update earlybird.steps set state = ${target}, changed_at = ${clock.now()}, journal_from = ${position} where step = ${step}`.execute(
    db,
  );
  await noteJournals(db, change);
  await followWrites(db, change);
  await announce(db, step);
  return { rows, locks: held };
};

const writersOut: LockMode = "SHARE ROW EXCLUSIVE";

/** Whether a step takes too long to block readers for all of it. */
const takesLong = async (
  db: Database,
  { change, direction, patience }: { change: Change; direction: Direction; patience: LockPatience },
): Promise<boolean> => {
  if (!change.parts.some(({ prepare }) => prepare)) return false;
  const { duration_ms } = await estimateMove(db, change, direction, new Map());
  return duration_ms > (patience.readersMs ?? quickMs);
};

/** Notifies the followers of the steps at the commit. */
export const announce = async (db: Database, step: number): Promise<void> => {
  await sql`select pg_notify(${changesChannel}, ${String(step)})`.execute(db);
};

/** Appends the ledger entry of a step, and stores its position and hash with the step. */
export const recordStep = async (db: Database, step: number, entry: LedgerEntry): Promise<LedgerHead> => {
  const head = await appendToLedger(db, entry);
  await sql`update earlybird.steps set ledger_seq = ${head.seq}, ledger_hash = ${head.hash} where step = ${step}`.execute(
    db,
  );
  return head;
};

/** The locks of a moved step, and how long they have been held at `nowMs`. */
export const heldLocks = (moved: Moved | undefined, nowMs: number): HeldLock[] =>
  (moved?.locks ?? []).map(({ table, mode, sinceMs }) => ({
    table,
    mode,
    held_ms: roundMs(nowMs - sinceMs),
  }));

/** Rounds milliseconds to two decimals. */
export const roundMs = (ms: number): number => Math.round(ms * 100) / 100;
