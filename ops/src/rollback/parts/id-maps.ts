import { type RawBuilder, sql } from "kysely";
import type { Database, Direction } from "../change/change.ts";
import { newStyleId, numberIn, oldStyleId, skipNumbers } from "./id-numbers.ts";
import type { IdentifierStyle } from "./id-style.ts";

/** The ids of a table in both styles: `new_id` and `old_id`, each unique. */
export const mapOf = (table: string) => sql.id("earlybird", `ids_${table}`);

/** The columns of a map that hold what an id is, and what it becomes. */
export const mapColumns = (direction: Direction) =>
  direction === "rollback"
    ? { from: sql.id("new_id"), to: sql.id("old_id") }
    : { from: sql.id("old_id"), to: sql.id("new_id") };

/**
 * Compares an id from a map with another one, byte for byte. The other one's column may have a collation of its own, and
 * PostgreSQL does not choose between two.
 */
export const sameId = (mapped: RawBuilder<unknown>, id: RawBuilder<unknown>): RawBuilder<boolean> =>
  sql<boolean>`${mapped} collate "default" = ${id}`;

export const createMap = async (db: Database, table: string): Promise<void> => {
  await sql`create table if not exists ${mapOf(table)} (new_id text not null, old_id text not null)`.execute(
    db,
  );
  await createMapIndexes(db, table);
};

const indexesOf = (table: string) =>
  (["new_id", "old_id"] as const).map((column) => ({ column, name: `ids_${table}_${column}` }));

const createMapIndexes = async (db: Database, table: string): Promise<void> => {
  for (const { column, name } of indexesOf(table)) {
    await sql`create unique index if not exists ${sql.id(name)} on ${mapOf(table)} (${sql.id(column)})`.execute(
      db,
    );
  }
};

const dropMapIndexes = async (db: Database, table: string): Promise<void> => {
  for (const { name } of indexesOf(table))
    await sql`drop index if exists ${sql.id("earlybird", name)}`.execute(db);
};

/**
 * Gives every row that has none its id of the other style. A row that was born with an id of the style to come keeps it.
 *
 * @returns whether the map knows every row: it does not know those that keep their id
 */
export const completeMap = async (
  db: Database,
  { table, style, direction }: { table: string; style: IdentifierStyle; direction: Direction },
): Promise<boolean> => {
  const { from, to } = mapColumns(direction);
  const arrives = direction === "rollback" ? style.before : style.now;
  const arrived = sql`t.id like ${beginningWith(arrives)}`;
  const { rows: staying } = await sql<{ some: boolean; newest: number | null }>`
    select count(*) > 0 as some, max(${numberIn(sql`t.id`, style)}) as newest
    from ${sql.table(table)} t where ${arrived}`.execute(db);
  const { some = false, newest = null } = staying[0] ?? {};
  await skipNumbers(db, table, newest);
  const { rows } = await sql`select from ${mapOf(table)} limit 1`.execute(db);
  const first = rows.length === 0;
  // Built in bulk, the indexes cost a fraction of what maintaining them row by row does.
  if (first) await dropMapIndexes(db, table);
  // Old ids assigned by other writers did not take their number from this sequence.
  const given = direction === "reapply" ? numberIn(sql`old_id`, style) : sql`null::bigint`;
  const { rows: added } = await sql<{ newest: number | null }>`
    with added as (
      insert into ${mapOf(table)} (${from}, ${to})
      select born.id, ${direction === "rollback" ? oldStyleId(style, table) : newStyleId(style)} from (
        select t.id from ${sql.table(table)} t
        where not ${arrived} and not exists (select from ${mapOf(table)} m where ${sameId(sql`m.${from}`, sql`t.id`)})
        order by t.id) as born
      returning old_id)
    select max(${given}) as newest from added`.execute(db);
  await skipNumbers(db, table, added[0]?.newest ?? null);
  if (first) await createMapIndexes(db, table);
  await sql`analyze ${mapOf(table)}`.execute(db);
  return !some;
};

/** As a pattern of `like`. */
export const beginningWith = (prefix: string): string => `${prefix.replaceAll("_", "\\_")}%`;
