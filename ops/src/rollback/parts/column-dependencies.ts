import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change/change.ts";
import { oidOf } from "../database/table-names.ts";

/** Something that is bound to a physical column, not to its name, and would therefore follow it. */
export interface Hanging {
  kind:
    | "view"
    | "materialized view"
    | "rule"
    | "function"
    | "policy"
    | "trigger"
    | "publication"
    | "foreign key"
    | "partition key"
    | "column grant"
    | "default"
    | "not-null constraint"
    | "check"
    | "generated column";
  name: string;
  column: string;
}

/**
 * What hangs on these columns that a swap would silently carry along: a view, policy or function would go on reading
 * the parked values, a default would fill them, a not-null or check constraint would refuse yesterday's inserts, a
 * foreign key from elsewhere would hold others to them. The columns' own foreign keys and indexes follow on purpose,
 * and their grants are carried over (see `column-grants.ts`), unless a role other than the owner granted them.
 */
export const hangsOnColumns = async (
  db: Database,
  table: string,
  columns: readonly string[],
): Promise<Hanging[]> => {
  const { rows } = await sql<Hanging>`
    with swapped as (
      select a.attrelid, a.attnum, a.attname, a.attnotnull, a.attacl
      from pg_attribute a
      where a.attrelid = ${oidOf(table)} and a.attname = any(${columns}) and not a.attisdropped
    ),
    dependent as (
      select s.attrelid, s.attname, d.classid, d.objid
      from swapped s
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.attrelid and d.refobjsubid = s.attnum
    )
    select case when c.oid = d.attrelid then 'rule' when c.relkind = 'm' then 'materialized view' else 'view' end as kind,
        case when c.oid = d.attrelid then r.rulename::text else c.oid::regclass::text end as name, d.attname as column
      from dependent d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
      join pg_class c on c.oid = r.ev_class
    union
    select 'function', p.oid::regprocedure::text, d.attname
      from dependent d join pg_proc p on d.classid = 'pg_proc'::regclass and p.oid = d.objid
    union
    select 'policy', p.polname, d.attname
      from dependent d join pg_policy p on d.classid = 'pg_policy'::regclass and p.oid = d.objid
    union
    select 'trigger', t.tgname, d.attname
      from dependent d join pg_trigger t on d.classid = 'pg_trigger'::regclass and t.oid = d.objid and not t.tgisinternal
    union
    select 'publication', p.pubname, d.attname
      from dependent d join pg_publication_rel r on d.classid = 'pg_publication_rel'::regclass and r.oid = d.objid
      join pg_publication p on p.oid = r.prpubid
    union
    select 'foreign key', k.conrelid::regclass || '.' || k.conname, s.attname
      from swapped s join pg_constraint k on k.contype = 'f' and k.confrelid = s.attrelid and s.attnum = any(k.confkey)
    union
    select 'partition key', k.partrelid::regclass::text, s.attname
      from swapped s join pg_partitioned_table k on k.partrelid = s.attrelid and s.attnum = any(k.partattrs)
    union
    select 'check', k.conname, d.attname
      from dependent d join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid and k.contype = 'c'
    union
    select case when a.attgenerated = '' then 'default' else 'generated column' end, a.attname, d.attname
      from dependent d join pg_attrdef f on d.classid = 'pg_attrdef'::regclass and f.oid = d.objid
      join pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
    union
    select 'not-null constraint', s.attname, s.attname from swapped s where s.attnotnull
    union
    select 'column grant', s.attname, s.attname
      from swapped s join pg_class c on c.oid = s.attrelid cross join lateral aclexplode(s.attacl) g
      where g.grantor <> c.relowner
    order by 1, 2`.execute(db);
  return rows;
};

/** The columns of a table by name, with their types as SQL. */
export const columnTypes = async (db: Database, table: string): Promise<Map<string, string>> => {
  const { rows } = await sql<{ name: string; type: string }>`
    select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = ${oidOf(table)} and attnum > 0 and not attisdropped`.execute(db);
  return new Map(rows.map(({ name, type }) => [name, type]));
};

/**
 * @returns a function that casts a value to the type of a column, without its length: a value that is too long must be
 *   refused where it is assigned, not cut
 */
export const castsOf = async (
  db: Database,
  table: string,
): Promise<(column: string, value: RawBuilder<unknown>) => RawBuilder<unknown>> => {
  const { rows } = await sql<{ name: string; type: string }>`
    select attname as name, format_type(atttypid, -1) as type from pg_attribute
    where attrelid = ${oidOf(table)} and attnum > 0 and not attisdropped`.execute(db);
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  return (column, value) => sql`(${value})::${sql.raw(types.get(column) ?? "text")}`;
};
