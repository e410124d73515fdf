import { sql } from "kysely";
import { appendToLedger, type LedgerEntry } from "../audit/ledger.ts";
import type { Change, Database } from "../change/change.ts";
import { atOnce } from "../database/batches.ts";
import { locksOf, lockTables, lockWriters, type TableLock, writtenTables } from "../database/lock.ts";
import { suspendTriggers } from "../database/service-triggers.ts";
import {
  createJournalTriggers,
  followWrites,
  journalledTables,
  journalPosition,
  noteJournals,
  tablesWrittenSince,
} from "../database/write-journal.ts";
import { retryOnLocks } from "../engine/attempt.ts";
import type { Engine } from "../engine/engine.ts";
import { onlineBatches } from "./online-batches.ts";
import { buildOutside } from "./outside-transaction.ts";
import { announce, recordStep } from "./step-transaction.ts";

interface Application {
  change: Change;
  /** The ledger's entry for an action, `apply` or `apply.begun`. */
  entry: (action: string, result: unknown) => LedgerEntry;
  /** The operation that the application belongs to. */
  operation: string;
}

/**
 * Applies a change for the first time. On small tables this is one transaction. On large ones, a short transaction creates
 * the structure, then batches and concurrent index builds run online, then a short transaction handles the rows written
 * in the meantime. If interrupted, the next call continues.
 */
export const applyStep = async (
  engine: Engine,
  session: Database,
  application: Application,
): Promise<void> => {
  const { change } = application;
  if (await begun(session, change)) return finishOnline(engine, session, application);
  if (!(await hasLargeTable(engine, session, change))) {
    return inTransaction(engine, session, { change, readers: "wait" }, async (tx) => {
      await createStructure(engine, tx, change, { online: false });
      const resumeTriggers = await suspendTriggers(tx, await writtenTables(tx, change, engine.changes));
      for (const part of change.parts) await part.fill?.(atOnce(tx));
      await resumeTriggers();
      const position = null;
      await insertStep(tx, application, { action: "apply", state: "applied", position });
      await announce(tx, change.step);
    });
  }
  await inTransaction(engine, session, { change, readers: "wait" }, async (tx) => {
    await createStructure(engine, tx, change, { online: true });
    const position = await journalPosition(tx);
    await insertStep(tx, application, { action: "apply.begun", state: "installing", position });
    await followWrites(tx, change);
  });
  await finishOnline(engine, session, application);
};

const begun = async (db: Database, { step }: Change): Promise<boolean> => {
  const { rows } = await sql`select from earlybird.steps where step = ${step}`.execute(db);
  return rows.length > 0;
};

/** Whether a table that has to be filled or indexed holds too many rows for one transaction. */
const hasLargeTable = async ({ rowLimits }: Engine, db: Database, { parts }: Change): Promise<boolean> => {
  const heavy = parts.filter(({ fill, build }) => fill ?? build);
  for (const table of new Set(
    heavy.flatMap(({ writes, indexed = [] }) => [...writes, ...indexed.map(({ table }) => table)]),
  )) {
    const { rows } = await sql`select from ${sql.table(table)} limit ${rowLimits.atOnce + 1}`.execute(db);
    if (rows.length > rowLimits.atOnce) return true;
  }
  return false;
};

const createStructure = async (
  { changes }: Engine,
  tx: Database,
  change: Change,
  { online }: { online: boolean },
): Promise<void> => {
  for (const part of change.parts) if (!(online && part.build)) await part.apply(tx, change.step, changes);
  for (const table of journalledTables(change)) await createJournalTriggers(tx, table);
};

/** Fills and builds in the declared order, beside the traffic, then takes what was written meanwhile and ends. */
const finishOnline = async (engine: Engine, session: Database, application: Application): Promise<void> => {
  const { changes, clock } = engine;
  const { change, entry, operation } = application;
  const { step, parts } = change;
  const inBatches = onlineBatches(engine, session, change);
  for (const part of parts) {
    if (part.build) await buildOutside(engine, session, step, part);
    await part.fill?.(inBatches);
  }
  await inTransaction(engine, session, { change, readers: "go on" }, async (tx) => {
    const { rows } = await sql<{ journal_from: number }>`
      select journal_from from earlybird.steps where step = ${step}`.execute(tx);
    const journalFrom = Number(rows[0]?.journal_from);
    const context = {
      db: tx,
      step,
      direction: "reapply",
      changes,
      operation,
      journalFrom,
      writtenMeanwhile: await tablesWrittenSince(tx, journalledTables(change), journalFrom),
      onConflict: "keep",
      rehearsal: false,
    } as const;
    const resumeTriggers = await suspendTriggers(tx, await writtenTables(tx, change, changes));
    for (const part of parts) await part.settle(context);
    await resumeTriggers();
    await sql`update earlybird.steps set state = 'applied', changed_at = ${clock.now()}, journal_from = null where step = ${step}`.execute(
      tx,
    );
    await recordStep(tx, step, entry("apply", "applied"));
    await followWrites(tx, change);
    await announce(tx, step);
  });
};

const insertStep = async (
  tx: Database,
  { change, entry }: Application,
  { action, state, position }: { action: string; state: "applied" | "installing"; position: number | null },
): Promise<void> => {
  const made = entry(action, state === "applied" ? "applied" : "begun");
  const head = await appendToLedger(tx, made);
  await sql`insert into earlybird.steps (step, name, state, changed_at, journal_from, ledger_seq, ledger_hash)
    values (${change.step}, ${change.name}, ${state}, ${new Date(made.at)}, ${position}, ${head.seq}, ${head.hash})`.execute(
    tx,
  );
  await noteJournals(tx, change);
};

/** One transaction under the locks of the step, again where they are not to be had. */
const inTransaction = (
  engine: Engine,
  session: Database,
  { change, readers }: { change: Change; readers: "wait" | "go on" },
  work: (tx: Database) => Promise<void>,
): Promise<void> =>
  retryOnLocks(engine, [change], ({ patience }) =>
    session.transaction().execute(async (tx) => {
      const locks = locksOf(change, await writtenTables(tx, change, engine.changes));
      const locking = { ...patience, clock: engine.clock };
      await lockWriters(
        tx,
        locks.map(({ table }) => table),
        locking,
      );
      await lockTables(tx, readers === "wait" ? locks : locks.map(againstWriters), locking);
      await sql`set constraints all immediate`.execute(tx);
      await work(tx);
    }),
  );

const againstWriters = ({ table }: TableLock): TableLock => ({ table, mode: "SHARE ROW EXCLUSIVE" });
