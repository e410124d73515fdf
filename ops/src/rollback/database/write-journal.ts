import { type RawBuilder, sql } from "kysely";
import type { Change, Database } from "../change/change.ts";
import { keyFromText, primaryKeyOf } from "./primary-key.ts";
import { oidsWithPartitionsOf } from "./table-names.ts";

/**
 * The journal knows which rows were inserted, updated or deleted while a step was rolled back, so that re-applying
 * looks at those rows alone: at a million orders it costs what the gap costs, and no untouched row changes.
 *
 * Triggers write it. They are created with the change and stay disabled (and free) until one of the steps
 * that concern their table is rolled back. Clocks play no part: an entry carries a position from a sequence,
 * and a step remembers the position at which it was rolled back.
 */

/** The tables whose writes a change wants journalled, each once, in one order. */
export const journalledTables = ({ parts }: Change): string[] =>
  [...new Set(parts.flatMap(({ journals }) => journals))].sort();

/** Keeps with a step which tables it journals: a process that does not know the step must not stop them. */
export const noteJournals = async (db: Database, change: Change): Promise<void> => {
  await sql`update earlybird.steps set journals = ${journalledTables(change)} where step = ${change.step}`.execute(
    db,
  );
};

/**
 * Journals the writes to the change's tables for as long as some step that concerns them is not applied. The
 * tables must be locked against writers.
 */
export const followWrites = async (db: Database, change: Change): Promise<void> => {
  const { rows } = await sql<{ journals: string[] | null }>`
    select journals from earlybird.steps where state <> 'applied'`.execute(db);
  const unknown = rows.some(({ journals }) => journals === null);
  const followed = new Set(rows.flatMap(({ journals }) => journals ?? []));
  for (const table of journalledTables(change))
    await switchJournal(db, table, followed.has(table) ? "on" : unknown ? "as it is" : "off");
};

/** Creates the disabled triggers of a table, where they are absent. */
export const createJournalTriggers = async (db: Database, table: string): Promise<void> => {
  const there = await triggersOf(db, table);
  const { rows } = await sql<{ name: string; kind: string; partition: boolean }>`
    select c.oid::regclass::text as name, c.relkind as kind, c.relispartition as partition
    from pg_class c where c.oid in ${oidsWithPartitionsOf([table])}`.execute(db);
  const partitioned = rows.some(({ kind }) => kind === "p");
  for (const { name, partition } of rows) {
    for (const event of eventsOf({ partitioned, partition })) {
      const trigger = `earlybird_journal_${event}`;
      if (there.some((each) => each.relation === name && each.trigger === trigger)) continue;
      // The name comes quoted from the catalog.
      await sql`create trigger ${sql.id(trigger)} ${definitions[event]} on ${sql.raw(name)} ${scopes[event]}
        when (current_setting('earlybird.engine', true) is distinct from 'on')
        execute function earlybird.journal_rows(${sql.lit(table)})`.execute(db);
    }
  }
  // Only new tables: a partition got a copy of its parent's trigger.
  const known = new Set(there.map(({ relation, trigger }) => `${relation} ${trigger}`));
  for (const made of await triggersOf(db, table)) {
    if (!known.has(`${made.relation} ${made.trigger}`)) await enable(db, made, false);
  }
};

const switchJournal = async (db: Database, table: string, to: "on" | "off" | "as it is"): Promise<void> => {
  if (to === "as it is") return;
  // An earlier version made fewer triggers, and a partition may be new.
  if (to === "on") await createJournalTriggers(db, table);
  for (const trigger of await triggersOf(db, table)) {
    if (trigger.enabled !== (to === "on")) await enable(db, trigger, to === "on");
  }
  if (to === "off") await sql`delete from earlybird.journal where relation = ${table}`.execute(db);
};

const enable = (db: Database, { relation, trigger }: { relation: string; trigger: string }, on: boolean) =>
  sql`alter table only ${sql.raw(relation)} ${sql.raw(on ? "enable" : "disable")} trigger ${sql.id(trigger)}`.execute(
    db,
  );

type Event = "insert" | "update" | "delete" | "truncate" | "row";

/**
 * A statement's trigger is cheaper, but does not fire for what is written into a partition directly; a row's trigger
 * does, and every partition that is ever attached gets it from its parent. Only truncates have no row.
 */
const eventsOf = ({ partitioned, partition }: { partitioned: boolean; partition: boolean }): Event[] => {
  if (!partitioned) return ["insert", "update", "delete", "truncate"];
  return partition ? ["truncate"] : ["row", "truncate"];
};

const definitions: Record<Event, RawBuilder<unknown>> = {
  insert: sql`after insert`,
  update: sql`after update`,
  delete: sql`after delete`,
  truncate: sql`before truncate`,
  row: sql`after insert or update or delete`,
};

const scopes: Record<Event, RawBuilder<unknown>> = {
  insert: sql`referencing new table as written for each statement`,
  update: sql`referencing new table as written for each statement`,
  delete: sql`referencing old table as removed for each statement`,
  truncate: sql`for each statement`,
  row: sql`for each row`,
};

const triggersOf = async (db: Database, table: string) => {
  const { rows } = await sql<{ relation: string; trigger: string; enabled: boolean }>`
    select tgrelid::regclass::text as relation, tgname as trigger, tgenabled <> 'D' as enabled
    from pg_trigger where tgrelid in ${oidsWithPartitionsOf([table])} and tgname like 'earlybird\\_journal\\_%'`.execute(
    db,
  );
  return rows;
};

/** The position from which on a step that is rolled back now has to look. */
export const journalPosition = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ at: number }>`select nextval('earlybird.journal_position') as at`.execute(db);
  return Number(rows[0]?.at);
};

/** Of these tables, those with any row that was written or deleted since the position `from`. */
export const tablesWrittenSince = async (
  db: Database,
  tables: readonly string[],
  from: number,
): Promise<Set<string>> => {
  const { rows } = await sql<{ relation: string }>`
    select distinct relation from earlybird.journal
    where relation = any(${tables}) and position > ${from}`.execute(db);
  return new Set(rows.map(({ relation }) => relation));
};

/**
 * A subquery of the keys of a table's rows that were written or deleted since the position `from`: a column for each
 * column of the primary key.
 */
export const writtenSince = async (
  db: Database,
  table: string,
  from: number,
): Promise<RawBuilder<unknown>> => {
  // The journal holds keys as text; comparing in the key's own type lets the primary key's index serve.
  const key = await primaryKeyOf(db, table);
  return sql`(select ${keyFromText(key, sql`key`)} from earlybird.journal where relation = ${table} and position > ${from})`;
};

/** Whether the row with this key, as text, was deleted since the position `from`; if it is there, it is another. */
export const removedSince = (table: string, key: RawBuilder<unknown>, from: number): RawBuilder<unknown> =>
  sql`exists (select from earlybird.journal j where j.relation = ${table} and j.key = ${key} and j.removed_at > ${from})`;
