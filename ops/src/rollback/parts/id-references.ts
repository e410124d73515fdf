import { sql } from "kysely";
import type { Change, ColumnCopy, Database } from "../change/change.ts";
import { declaredName, oidOf, parkingSchema, quotedTable } from "../database/table-names.ts";
import type { EmbeddedIdentifier } from "./id-style.ts";

/** A column that holds ids of the table `refers`: its own key, a reference, or an array of JSON objects. */
export interface IdentifierPlace {
  /** With its schema where that is not the service's own. */
  table: string;
  column: string;
  refers: string;
  /** In JSON: the field of each object that holds the id. */
  field?: string;
  /** A key, or held to one by a foreign key: each value is an id of `refers`. */
  enforced?: boolean;
  /** The database computes it from another place. */
  generated?: boolean;
}

/** What the catalog knows of a place. */
export interface CatalogPlace extends IdentifierPlace {
  type: string;
  /** Whether equal values are equal byte for byte. */
  deterministic: boolean;
}

/**
 * The keys of these tables and every column that foreign keys bind to one, however many keys lie between: a key of
 * several columns binds each of its pairs, a shared primary key has references of its own, and what a reference also
 * refers to holds the same ids; so does a generated column that is part of a key. A partition's column is that of its partitioned table. Parked columns keep their keys.
 */
export const catalogPlaces = async (db: Database, tables: readonly string[]): Promise<CatalogPlace[]> => {
  const { rows } = await sql<CatalogPlace>`
    with recursive key_pair as (
      select coalesce(pg_partition_root(k.conrelid), k.conrelid)::oid as child, c.attname as child_column,
        coalesce(pg_partition_root(k.confrelid), k.confrelid)::oid as parent, p.attname as parent_column,
        k.convalidated and coalesce(pg_partition_root(k.conrelid), k.conrelid) = k.conrelid
          and (k.confmatchtype = 'f' or not exists (
            select from unnest(k.conkey) other join pg_attribute o on o.attrelid = k.conrelid and o.attnum = other
            where o.attnum <> c.attnum and not o.attnotnull)) as enforced
      from pg_constraint k
      cross join lateral unnest(k.conkey, k.confkey) as bound (child, parent)
      join pg_attribute c on c.attrelid = k.conrelid and c.attnum = bound.child
      join pg_attribute p on p.attrelid = k.confrelid and p.attnum = bound.parent
      where k.contype = 'f' and k.conparentid = 0
    ),
    generated_pair as (
      select g.attrelid as child, g.attname as child_column, g.attrelid as parent, s.attname as parent_column, false as enforced
      from pg_attribute g join pg_attrdef d on d.adrelid = g.attrelid and d.adnum = g.attnum
      join pg_depend on classid = 'pg_attrdef'::regclass and objid = d.oid and refclassid = 'pg_class'::regclass and refobjid = g.attrelid
      join pg_attribute s on s.attrelid = g.attrelid and s.attnum = refobjsubid and s.attnum <> g.attnum
      where g.attgenerated <> '' and exists (
        select from key_pair where (g.attrelid, g.attname) in ((child, child_column), (parent, parent_column)))
    ),
    pair as (table key_pair union all table generated_pair),
    root as (
      select to_regclass(quoted)::oid as relation, name from unnest(${tables.map(quotedTable)}::text[], ${[...tables]}::text[]) as t (quoted, name)
    ),
    place as (
      select relation, 'id'::name as "column", name as refers from root
      union
      select case when down then pair.child else pair.parent end,
        case when down then pair.child_column else pair.parent_column end, place.refers
      from place cross join (values (true), (false)) as direction (down)
      join pair on (down and (pair.parent, pair.parent_column) = (place.relation, place."column"))
        or (not down and (pair.child, pair.child_column) = (place.relation, place."column"))
    )
    select ${declaredName(sql`place.relation`)} as table, a.attname as column, place.refers,
      root.relation = place.relation or exists (
        select from pair where (pair.child, pair.child_column) = (place.relation, place."column")
          and (pair.parent, pair.parent_column) = (root.relation, 'id') and pair.enforced) as enforced,
      a.attgenerated <> '' as generated, format_type(a.atttypid, a.atttypmod) as type,
      coalesce((select collisdeterministic from pg_collation l where l.oid = a.attcollation), true) as deterministic
    from place join root on root.name = place.refers
    join pg_attribute a on a.attrelid = place.relation and a.attname = place."column" and not a.attisdropped
    order by place.relation <> root.relation, 1, 2`.execute(db);
  return rows;
};

/**
 * Every column that holds an id of one of these tables: what the catalog knows, what the parts of all changes keep
 * without a foreign key, and JSON.
 */
export const identifierPlaces = async (
  db: Database,
  {
    tables,
    embedded,
    changes,
  }: { tables: readonly string[]; embedded: readonly EmbeddedIdentifier[]; changes: readonly Change[] },
): Promise<IdentifierPlace[]> => {
  const places = new Map<string, IdentifierPlace>();
  const nameOf = ({ table, column }: { table: string; column: string }) => `${table}.${column}`;
  for (const place of await catalogPlaces(db, tables)) places.set(nameOf(place), place);
  const copies = await copiesOf(db, changes);
  let found: number;
  do {
    found = places.size;
    for (const { table, column, of } of copies) {
      const original = places.get(nameOf(of));
      const copy = { table, column, refers: original?.refers ?? "" };
      if (original && !places.has(nameOf(copy))) places.set(nameOf(copy), copy);
    }
  } while (places.size > found);
  return [...places.values(), ...(await embeddedPlaces(db, embedded))];
};

/** The tables of the service that hold ids of these; a rewrite of ids locks all of them against writers. */
export const tablesWithIds = async (
  db: Database,
  tables: readonly string[],
  embedded: readonly EmbeddedIdentifier[],
): Promise<string[]> => {
  const places = [...(await catalogPlaces(db, tables)), ...(await embeddedPlaces(db, embedded))];
  return [...new Set(places.map(({ table }) => table))].sort();
};

/** What the parts of changes that this database has keep of the service's columns, in tables that exist. */
const copiesOf = async (db: Database, changes: readonly Change[]): Promise<ColumnCopy[]> => {
  const { rows: there } = await sql<{ step: number }>`select step from earlybird.steps`.execute(db);
  const steps = new Set(there.map(({ step }) => step));
  const copies: ColumnCopy[] = [];
  for (const { step, parts } of changes) {
    if (!steps.has(step)) continue;
    for (const part of parts) copies.push(...((await part.copies?.(db, step)) ?? []));
  }
  const { rows } = await sql<ColumnCopy>`
    select ${declaredName(sql`c.relation`)} as table, c."column",
      json_build_object('table', ${declaredName(sql`c.of_relation`)}, 'column', c.of_column) as of
    from (
      select coalesce(to_regclass(quoted), to_regclass(${`${parkingSchema}.`} || quoted)) as relation, copy."column",
        coalesce(to_regclass(of_quoted), to_regclass(${`${parkingSchema}.`} || of_quoted)) as of_relation, copy.of_column
      from unnest(
        ${copies.map(({ table }) => quotedTable(table))}::text[], ${copies.map(({ column }) => column)}::text[],
        ${copies.map(({ of }) => quotedTable(of.table))}::text[], ${copies.map(({ of }) => of.column)}::text[]
      ) as copy (quoted, "column", of_quoted, of_column)) c
    join pg_attribute a on a.attrelid = c.relation and a.attname = c."column" and not a.attisdropped`.execute(
    db,
  );
  return rows;
};

/** Ids in JSON, in visible and parked columns, empty twins and parked tables. */
export const embeddedPlaces = async (
  db: Database,
  embedded: readonly EmbeddedIdentifier[],
): Promise<CatalogPlace[]> => {
  const places: CatalogPlace[] = [];
  for (const { table, column, field, refers } of embedded) {
    const { rows } = await sql<{ table: string; column: string; type: string }>`
      select ${declaredName(sql`attrelid`)} as table, attname as column, format_type(atttypid, atttypmod) as type
      from pg_attribute
      where attrelid = coalesce(${oidOf(table)}, ${oidOf(`${parkingSchema}.${table}`)}) and attnum > 0 and not attisdropped
        and (attname = ${column} or attname ~ ${`^eb[0-9]+_(parked|empty)_${column}$`})`.execute(db);
    places.push(...rows.map((found) => ({ ...found, field, refers, deterministic: true })));
  }
  return places;
};
