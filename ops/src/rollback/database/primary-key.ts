import { type RawBuilder, sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import type { Database } from "../change/change.ts";
import { oidOf } from "./table-names.ts";

/** The columns of a table's primary key, in its order, with their types as SQL. */
export type PrimaryKey = readonly { name: string; type: string }[];

const primaryKeyMissing = defineFailure({
  code: "EB_PRIMARY_KEY_MISSING",
  status: 409,
  exitStatus: 4,
  detail: "Table {table} has no primary key, so its rows cannot be identified.",
  remedy: "Add one: alter table {table} add primary key (...).",
});

/**
 * Reads the primary key of a table from the catalog.
 *
 * @throws Failure EB_PRIMARY_KEY_MISSING
 */
export const primaryKeyOf = async (db: Database, table: string): Promise<PrimaryKey> => {
  const key = await findPrimaryKey(db, table);
  if (key.length === 0) throw primaryKeyMissing({ table });
  return key;
};

/** The same; empty where the table has none, or does not exist. */
export const findPrimaryKey = async (db: Database, table: string): Promise<PrimaryKey> => {
  const { rows } = await sql<{ name: string; type: string }>`
    select a.attname as name, format_type(a.atttypid, a.atttypmod) as type
    from pg_index i cross join lateral unnest(i.indkey) with ordinality k (attnum, position)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = ${oidOf(table)} and i.indisprimary and k.position <= i.indnkeyatts
    order by k.position`.execute(db);
  return rows;
};

/** The names under which a copy of a key is kept: `key`, or `key_1`, `key_2`, ... for several columns. */
export const keyNames = (key: PrimaryKey): string[] =>
  key.length === 1 ? ["key"] : key.map((_, at) => `key_${at + 1}`);

/** The key of the row `row`, a column each, under those names: a select list. */
export const keyColumns = (key: PrimaryKey, row: string): RawBuilder<unknown> =>
  sql.join(keyNames(key).map((name, at) => sql`${sql.ref(`${row}.${key[at]?.name}`)} as ${sql.id(name)}`));

/** The key of the row `row` as one value, or as a row of several: for `in` and `=`. */
export const keyValue = (key: PrimaryKey, row: string): RawBuilder<unknown> => {
  const values = sql.join(key.map(({ name }) => sql.ref(`${row}.${name}`)));
  return key.length === 1 ? values : sql`(${values})`;
};

/** Whether the row `row` has the key that `copy` keeps. */
export const isRowOf = (key: PrimaryKey, row: string, copy: string): RawBuilder<unknown> =>
  sql.join(
    keyNames(key).map(
      (name, at) => sql`${sql.ref(`${row}.${key[at]?.name}`)} = ${sql.ref(`${copy}.${name}`)}`,
    ),
    sql` and `,
  );

/**
 * The key as the text in `earlybird.journal` and `earlybird.kept_values`: the value itself, or a JSON array of
 * the values as text. `names` are the columns that hold it in `row`.
 */
export const keyText = (row: string, names: readonly string[]): RawBuilder<unknown> => {
  const texts = names.map((name) => sql`${sql.ref(`${row}.${name}`)}::text`);
  return names.length === 1 ? (texts[0] ?? sql`null`) : sql`jsonb_build_array(${sql.join(texts)})::text`;
};

/** The inverse: a column of each key column's own type from the text `text`. Its index can serve then. */
export const keyFromText = (key: PrimaryKey, text: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql.join(
    key.map(({ type }, at) =>
      key.length === 1
        ? sql`${text}::${sql.raw(type)}`
        : sql`(${text}::jsonb ->> ${sql.lit(at)})::${sql.raw(type)}`,
    ),
  );
