import { type RawBuilder, sql } from "kysely";
import type { Database, PartContext, RowCount } from "../change/change.ts";
import { oidOf } from "../database/table-names.ts";
import { withoutForeignKeys } from "./id-foreign-keys.ts";
import { rewriteKeptKeys } from "./id-kept-keys.ts";
import { mapColumns, mapOf, sameId } from "./id-maps.ts";
import type { IdentifierPlace } from "./id-references.ts";

/**
 * Rewrites the ids in all these places, one UPDATE a table, from the maps `earlybird.ids_<table>`. Readers go
 * on reading meanwhile where the database lets us set the foreign keys' triggers aside; each foreign key is
 * then proven by a query. Elsewhere the constraints are dropped and made again, and readers wait.
 *
 * @param complete tables whose map knows every row
 */
export const rewriteIdentifiers = async (
  context: PartContext,
  places: readonly IdentifierPlace[],
  complete: ReadonlySet<string>,
): Promise<RowCount[]> => {
  const { db } = context;
  const tables = [...new Set(places.map(({ table }) => table))];
  const counts: RowCount[] = [];
  await withoutForeignKeys(db, places, async () => {
    // Nothing is known to the planner of what a value becomes; hash joins leave the rows in their order.
    await sql`set local enable_mergejoin = off`.execute(db);
    await sql`set local enable_nestloop = off`.execute(db);
    for (const table of tables) {
      const here = [];
      for (const place of places)
        if (place.table === table && !place.generated && (await isUsed(db, place))) here.push(place);
      if (here.length === 0) continue;
      counts.push({ table, action: "rewritten", rows: await rewriteTable(context, table, here, complete) });
    }
    await sql`set local enable_mergejoin to default`.execute(db);
    await sql`set local enable_nestloop to default`.execute(db);
  });
  await rewriteKeptKeys(context, places);
  return counts.filter(({ rows }) => rows > 0);
};

/** Looking for the first value costs a fraction of joining the map to a column that has none. */
const isUsed = async (db: Database, { table, column }: IdentifierPlace): Promise<boolean> => {
  const { rows } = await sql`
    select from ${sql.table(table)} where ${sql.id(column)} is not null limit 1`.execute(db);
  return rows.length > 0;
};

/** An UPDATE cannot join outwards from its own table: each lookup knows every value there is, NULL too. */
const rewriteTable = async (
  { db, direction }: PartContext,
  table: string,
  places: readonly IdentifierPlace[],
  complete: ReadonlySet<string>,
): Promise<number> => {
  const lookups: RawBuilder<unknown>[] = [];
  const joins: RawBuilder<unknown>[] = [];
  const assignments: RawBuilder<unknown>[] = [];
  const changed: RawBuilder<unknown>[] = [];
  for (const [index, place] of places.entries()) {
    const column = sql.id(place.column);
    const [was, becomes] = [sql.id(`was_${index}`), sql.id(`becomes_${index}`)];
    const [lookup, value] =
      place.field !== undefined
        ? [documents(place, place.field, direction), sql`t.${column}::text`]
        : place.enforced && complete.has(place.refers)
          ? [everyId(place.refers, direction), sql`t.${column}`]
          : [values(place, direction), sql`t.${column}`];
    const nullable = await mayBeNull(db, place);
    lookups.push(
      sql`(${lookup} ${nullable ? sql`union all select null, null` : sql``}) ${sql.id(`lookup_${index}`)} (${was}, ${becomes})`,
    );
    joins.push(
      nullable
        ? sameId(sql`coalesce(${was}, ${nothing})`, sql`coalesce(${value}, ${nothing})`)
        : sameId(was, value),
    );
    assignments.push(sql`${column} = ${becomes}`);
    const compared = place.field === undefined ? sql`${becomes} collate "default"` : becomes;
    changed.push(sql`${compared} is distinct from t.${column}`);
  }
  const result = await sql`
    update ${sql.table(table)} t set ${sql.join(assignments)} from ${sql.join(lookups)}
    where ${sql.join(joins, sql` and `)} and (${sql.join(changed, sql` or `)})
      and nextval('earlybird.rows_done') is not null`.execute(db);
  return Number(result.numAffectedRows ?? 0);
};

/** Stands for NULL where hashes are compared: a character that no id and no JSON holds. */
const nothing = sql`'\u0001'::text`;

const mayBeNull = async (db: Database, { table, column }: IdentifierPlace): Promise<boolean> => {
  const { rows } = await sql`select from pg_attribute
    where attrelid = ${oidOf(table)} and attname = ${column} and attnotnull`.execute(db);
  return rows.length === 0;
};

const everyId = (refers: string, direction: PartContext["direction"]): RawBuilder<unknown> => {
  const { from, to } = mapColumns(direction);
  return sql`select ${from}, ${to} from ${mapOf(refers)}`;
};

const values = (
  { table, column, refers }: IdentifierPlace,
  direction: PartContext["direction"],
): RawBuilder<unknown> => {
  const { from, to } = mapColumns(direction);
  return sql`select v.value, coalesce(m.${to}, v.value)
    from (select distinct ${sql.id(column)} as value from ${sql.table(table)} where ${sql.id(column)} is not null) v
    left join ${mapOf(refers)} m on ${sameId(sql`m.${from}`, sql`v.value`)}`;
};

/**
 * Documents repeat: each distinct one is rewritten once. As text, because for jsonb 1 equals 1.0, which would
 * not come back as it was. The offset keeps the rewriting out of the join; the series, of one number, lets the
 * planner expect many documents and join them last, where it would else begin by hashing the whole table.
 */
const documents = (
  { table, column, refers }: IdentifierPlace,
  field: string,
  direction: PartContext["direction"],
): RawBuilder<unknown> => {
  const { from, to } = mapColumns(direction);
  return sql`select * from (
    select d.text, case when jsonb_typeof(d.text::jsonb) = 'array' then coalesce((
      select jsonb_agg(case when m.${to} is null then e.item else jsonb_set(e.item, array[${field}::text], to_jsonb(m.${to})) end order by e.n)
      from jsonb_array_elements(d.text::jsonb) with ordinality as e (item, n)
      left join ${mapOf(refers)} m on m.${from} = e.item ->> ${field}::text), d.text::jsonb)
      else d.text::jsonb end
    from (select distinct ${sql.id(column)}::text as text from ${sql.table(table)} where ${sql.id(column)} is not null) d,
      generate_series(1, (select 1))
    offset 0) rewritten`;
};
