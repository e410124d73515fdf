import { type RawBuilder, sql } from "kysely";
import type { Database } from "./change.ts";

/**
 * The journal knows which rows were inserted or updated while a step was rolled back, so that re-applying
 * looks at those rows alone: at a million orders it costs what the gap costs, and no untouched row changes.
 *
 * Triggers write it. They are created with the change and stay disabled (and free) until one of the steps
 * that concern their table is rolled back. Clocks play no part: an entry carries a position from a sequence,
 * and a step remembers the position at which it was rolled back.
 */
const events = ["insert", "update"] as const;

/** A table whose writes a part wants to know of, and the column that identifies its rows. */
export interface Journalled {
  table: string;
  key: string;
}

/** Creates the disabled triggers of a table, where they are absent. */
export const createJournalTriggers = async (db: Database, { table, key }: Journalled): Promise<void> => {
  if (await journalState(db, table)) return;
  for (const event of events) {
    await sql`create trigger ${triggerId(event)} after ${sql.raw(event)} on ${sql.table(table)}
      referencing new table as written for each statement
      when (current_setting('earlybird.engine', true) is distinct from 'on')
      execute function earlybird.journal_rows(${sql.lit(table)}, ${sql.lit(key)})`.execute(db);
  }
  await switchJournal(db, table, "off");
};

/** Turns journalling of a table on or off; needs no more than a short exclusive lock on it. */
export const switchJournal = async (db: Database, table: string, to: "on" | "off"): Promise<void> => {
  if ((await journalState(db, table)) === to) return;
  const verb = sql.raw(to === "on" ? "enable" : "disable");
  const [insert, update] = events.map((event) => sql`${verb} trigger ${triggerId(event)}`);
  await sql`alter table ${sql.table(table)} ${insert}, ${update}`.execute(db);
  if (to === "off") await sql`delete from earlybird.journal where relation = ${table}`.execute(db);
};

/** The position from which on a step that is rolled back now has to look. */
export const journalPosition = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ at: number }>`select nextval('earlybird.journal_position') as at`.execute(db);
  return Number(rows[0]?.at);
};

/** Of these tables, those with any row that was written since the position `from`. */
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

/** A subquery of the keys of a table's rows that were written since the position `from`. */
export const writtenSince = async (
  db: Database,
  { table, key }: Journalled,
  from: number,
): Promise<RawBuilder<unknown>> => {
  // The journal holds keys as text; comparing in the key's own type lets the primary key's index serve.
  const { rows } = await sql<{ type: string }>`
    select format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = ${table}::regclass and attname = ${key} and not attisdropped`.execute(db);
  const type = sql.raw(rows[0]?.type ?? "text");
  return sql`(select key::${type} from earlybird.journal where relation = ${table} and position > ${from})`;
};

const triggerId = (event: string) => sql.id(`earlybird_journal_${event}`);

const journalState = async (db: Database, table: string): Promise<"on" | "off" | undefined> => {
  const { rows } = await sql<{ tgenabled: string }>`
    select tgenabled from pg_trigger where tgrelid = ${table}::regclass and tgname = ${`earlybird_journal_${events[0]}`}
  `.execute(db);
  if (!rows[0]) return undefined;
  return rows[0].tgenabled === "D" ? "off" : "on";
};
