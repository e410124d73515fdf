import { sql } from "kysely";
import type { Database } from "../change.ts";

/** Something that is bound to a physical column, not to its name, and would therefore follow it. */
export interface Hanging {
  kind:
    | "view"
    | "policy"
    | "trigger"
    | "column grant"
    | "default"
    | "not-null constraint"
    | "check"
    | "generated column";
  name: string;
  column: string;
}

/**
 * What hangs on these columns that a swap would silently carry along: a view or policy would go on reading
 * the parked values, a default would fill them, a not-null or check constraint would refuse yesterday's
 * inserts. Foreign keys and indexes follow on purpose and are not listed.
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
      where a.attrelid = ${table}::regclass and a.attname = any(${columns}) and not a.attisdropped
    ),
    dependent as (
      select s.attname, d.classid, d.objid
      from swapped s
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = s.attrelid and d.refobjsubid = s.attnum
    )
    select 'view' as kind, c.oid::regclass::text as name, d.attname as column
      from dependent d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
      join pg_class c on c.oid = r.ev_class
    union
    select 'policy', p.polname, d.attname
      from dependent d join pg_policy p on d.classid = 'pg_policy'::regclass and p.oid = d.objid
    union
    select 'trigger', t.tgname, d.attname
      from dependent d join pg_trigger t on d.classid = 'pg_trigger'::regclass and t.oid = d.objid and not t.tgisinternal
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
    select 'column grant', s.attname, s.attname from swapped s where s.attacl is not null
    order by 1, 2`.execute(db);
  return rows;
};
