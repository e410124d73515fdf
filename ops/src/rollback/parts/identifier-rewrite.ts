import { type RawBuilder, sql } from "kysely";
import { Failure } from "../../lib/failure.ts";
import type { Database } from "../change.ts";
import type { IdentifierPlace } from "./identifier-places.ts";
import type { PartContext, RowCount } from "./part.ts";

const danglingReferences = (constraint: string, count: number) =>
  new Failure(
    "EB_REFERENCES_DANGLING",
    500,
    `After rewriting, ${count} rows would refer to nothing by ${constraint}; nothing was changed.`,
    "Mend these rows first: they refer to nothing now.",
  ).exitingWith(4);

/**
 * Rewrites the ids in all these places, one UPDATE a table, from the maps `earlybird.ids_<table>`. Readers go
 * on reading meanwhile where the database lets us set the foreign keys' triggers aside; each foreign key is
 * then proven by a query. Elsewhere the constraints are dropped and made again, and readers wait.
 */
export const rewriteIdentifiers = async (
  context: PartContext,
  places: readonly IdentifierPlace[],
): Promise<RowCount[]> => {
  const { db } = context;
  await sql`set local work_mem = '256MB'`.execute(db);
  const tables = [...new Set(places.map(({ table }) => table))];
  const counts: RowCount[] = [];
  await withoutForeignKeys(db, tables, async () => {
    for (const table of tables) {
      const here = places.filter((place) => place.table === table);
      counts.push({ table, action: "rewritten", rows: await rewriteTable(context, table, here) });
    }
  });
  await rewriteJournal(context, [...new Set(places.map(({ refers }) => refers))]);
  return counts.filter(({ rows }) => rows > 0);
};

const styles = (direction: PartContext["direction"]) =>
  direction === "rollback"
    ? { from: sql.id("new_id"), to: sql.id("old_id") }
    : { from: sql.id("old_id"), to: sql.id("new_id") };

const mapOf = (table: string) => sql.id("earlybird", `ids_${table}`);

const rewriteTable = async (
  { db, direction }: PartContext,
  table: string,
  places: readonly IdentifierPlace[],
): Promise<number> => {
  const { from, to } = styles(direction);
  const joins: RawBuilder<unknown>[] = [];
  const values: RawBuilder<unknown>[] = [];
  const assignments: RawBuilder<unknown>[] = [];
  const touched: RawBuilder<unknown>[] = [];
  for (const [index, { column, refers, field }] of places.entries()) {
    const map = sql.id(`map_${index}`);
    const value = sql.id(`value_${index}`);
    if (field === undefined) {
      joins.push(sql`left join ${mapOf(refers)} ${map} on ${map}.${from} = s.${sql.id(column)}`);
      values.push(sql`coalesce(${map}.${to}, s.${sql.id(column)}) as ${value}`);
      touched.push(sql`${map}.${to} is not null`);
    } else {
      joins.push(
        sql`left join (${rewrittenDocuments(table, column, field, refers, direction)}) ${map} on ${map}.document = s.${sql.id(column)}`,
      );
      values.push(sql`coalesce(${map}.rewritten, s.${sql.id(column)}) as ${value}`);
      touched.push(sql`${map}.rewritten is not null`);
    }
    assignments.push(sql`${sql.id(column)} = n.${value}`);
  }
  const result = await sql`
    update ${sql.table(table)} t set ${sql.join(assignments)}
    from (
      select s.ctid as place, ${sql.join(values)} from ${sql.table(table)} s ${sql.join(joins, sql` `)}
      where (${sql.join(touched, sql` or `)}) and nextval('earlybird.rows_done') is not null
    ) n
    where t.ctid = n.place`.execute(db);
  return Number(result.numAffectedRows ?? 0);
};

/** Documents repeat: each distinct one is rewritten once, and joined by equality. */
const rewrittenDocuments = (
  table: string,
  column: string,
  field: string,
  refers: string,
  direction: PartContext["direction"],
): RawBuilder<unknown> => {
  const { from, to } = styles(direction);
  return sql`
    select d.document, (
      select jsonb_agg(case when m.${to} is null then e.item else jsonb_set(e.item, array[${field}::text], to_jsonb(m.${to})) end order by e.n)
      from jsonb_array_elements(d.document) with ordinality as e (item, n)
      left join ${mapOf(refers)} m on m.${from} = e.item ->> ${field}::text
    ) as rewritten
    from (select distinct ${sql.id(column)} as document from ${sql.table(table)} where jsonb_typeof(${sql.id(column)}) = 'array') d`;
};

const rewriteJournal = async ({ db, direction }: PartContext, tables: readonly string[]): Promise<void> => {
  const { from, to } = styles(direction);
  for (const table of tables) {
    await sql`update earlybird.journal j set key = m.${to} from ${mapOf(table)} m
      where j.relation = ${table} and j.key = m.${from}`.execute(db);
  }
};

interface ForeignKey {
  table: string;
  name: string;
  definition: string;
  /** A query for the rows that refer to nothing. */
  column: string;
  target: string;
  target_column: string;
}

const withoutForeignKeys = async (
  db: Database,
  tables: readonly string[],
  work: () => Promise<void>,
): Promise<void> => {
  const { rows: keys } = await sql<ForeignKey>`
    select k.conrelid::regclass::text as table, k.conname as name, pg_get_constraintdef(k.oid) as definition,
      a.attname as column, k.confrelid::regclass::text as target, b.attname as target_column
    from pg_constraint k
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
    where k.contype = 'f' and k.conrelid = any(${tables}::regclass[]) and k.conparentid = 0 order by 1, 2`.execute(
    db,
  );
  if (await maySetTriggersAside(db)) {
    await sql`set local session_replication_role = replica`.execute(db);
    await work();
    await sql`set local session_replication_role = origin`.execute(db);
    for (const key of keys) await proveForeignKey(db, key);
    return;
  }
  for (const { table, name } of keys)
    await sql`alter table ${sql.table(table)} drop constraint ${sql.id(name)}`.execute(db);
  await work();
  // What was dropped comes back from the catalog's own words.
  for (const { table, name, definition } of keys) {
    await sql`alter table ${sql.table(table)} add constraint ${sql.id(name)} ${sql.raw(definition)}`.execute(
      db,
    );
  }
};

const maySetTriggersAside = async (db: Database): Promise<boolean> => {
  const { rows } = await sql<{ superuser: boolean }>`
    select rolsuper as superuser from pg_roles where rolname = current_user`.execute(db);
  return rows[0]?.superuser === true;
};

const proveForeignKey = async (
  db: Database,
  { table, name, column, target, target_column }: ForeignKey,
): Promise<void> => {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(table)} c where c.${sql.id(column)} is not null
      and not exists (select from ${sql.table(target)} p where p.${sql.id(target_column)} = c.${sql.id(column)})`.execute(
    db,
  );
  const count = Number(rows[0]?.count ?? 0);
  if (count > 0) throw danglingReferences(name, count);
};
