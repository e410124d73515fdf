import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change/change.ts";

/**
 * A line for everything that the service's schemas consist of, beside rows: tables, views with their definitions,
 * columns, constraints, indexes, triggers, policies, rules, functions, statistics, sequences, enums and domains,
 * publications; with owners, grants, comments, storage options, row security and replica identity. Not the order of
 * columns, and no functions of extensions.
 */
export const schemaLines = async (db: Database): Promise<string[]> => {
  const lines: string[] = [];
  for (const described of [
    schemas,
    relations,
    sequences,
    columns,
    constraints,
    indexes,
    attached,
    routines,
  ]) {
    const { rows } = await described.execute(db);
    lines.push(...rows.map(({ line }) => JSON.stringify(line)));
  }
  return lines.sort();
};

type Lines = RawBuilder<{ line: unknown }>;

/** Whether the schema with this oid is one of the service's; the one of parked tables is. */
const ofService = (schema: RawBuilder<unknown>): RawBuilder<unknown> => sql`${schema} in (
  select oid from pg_namespace where nspname not in ('pg_catalog', 'information_schema', 'earlybird') and nspname !~ '^pg_(toast|temp)')`;

/** The same of the relation with this oid. */
const inService = (relation: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`${relation} in (select oid from pg_class where relpersistence <> 't' and ${ofService(sql`relnamespace`)})`;

/** Grants in one order: revoking and granting again changes their order, and nothing else. */
const grants = (list: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`array(select item::text from unnest(${list}) item order by 1)`;

const schemas: Lines = sql`
  select json_build_array('schema', nspname, nspowner::regrole, ${grants(sql`coalesce(nspacl, acldefault('n', nspowner))`)},
    obj_description(oid, 'pg_namespace')) as line
  from pg_namespace n where ${ofService(sql`oid`)}`;

const relations: Lines = sql`
  select json_build_array('relation', c.oid::regclass, c.relkind, c.relowner::regrole, c.relpersistence, c.relrowsecurity,
    c.relforcerowsecurity, c.relreplident, c.reloptions, c.reltablespace, c.reloftype::regtype,
    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end, pg_get_expr(c.relpartbound, c.oid),
    array(select inhparent::regclass::text from pg_inherits where inhrelid = c.oid order by inhseqno),
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end,
    ${grants(sql`coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))`)},
    obj_description(c.oid, 'pg_class')) as line
  from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${inService(sql`c.oid`)}`;

/** As they are declared; where one stands is not part of it, because taking a number cannot be undone. */
const sequences: Lines = sql`
  select json_build_array('sequence', seqrelid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
    (select json_agg(json_build_array(refobjid::regclass, refobjsubid)) from pg_depend
      where classid = 'pg_class'::regclass and objid = seqrelid and deptype in ('a', 'i'))) as line
  from pg_sequence where ${inService(sql`seqrelid`)}`;

const columns: Lines = sql`
  select json_build_array('column', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    a.attcollation::regcollation, a.attidentity, a.attgenerated, a.attstorage, a.attcompression,
    -- Newer servers stamp each column with a version of their own, which a dump cannot restore.
    nullif(array(select o from unnest(a.attoptions) o where o not like 'pg\\_attver=%'), '{}'),
    pg_get_expr(d.adbin, d.adrelid), ${grants(sql`a.attacl`)}, col_description(a.attrelid, a.attnum)) as line
  from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'v', 'm', 'f')
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attnum > 0 and not a.attisdropped and ${inService(sql`a.attrelid`)}`;

const constraints: Lines = sql`
  select json_build_array('constraint', conrelid::regclass, contypid::regtype, conname, convalidated, pg_get_constraintdef(oid),
    obj_description(oid, 'pg_constraint')) as line
  from pg_constraint where ${ofService(sql`connamespace`)} and (conrelid = 0 or ${inService(sql`conrelid`)})`;

const indexes: Lines = sql`
  select json_build_array('index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisreplident, i.indisclustered,
    obj_description(i.indexrelid, 'pg_class')) as line
  from pg_index i where ${inService(sql`i.indexrelid`)}`;

const attached: Lines = sql`
  select json_build_array('trigger', tgrelid::regclass, pg_get_triggerdef(oid), tgenabled, obj_description(oid, 'pg_trigger')) as line
  from pg_trigger where not tgisinternal and ${inService(sql`tgrelid`)}
    -- A disabled trigger of the journal does nothing: a rollback creates those that an earlier version did not have.
    and not (tgname like 'earlybird\\_journal\\_%' and tgenabled = 'D')
  union all
  select json_build_array('policy', polrelid::regclass, polname, polcmd, polpermissive,
    array(select role::regrole::text from unnest(polroles) role order by 1),
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(oid, 'pg_policy'))
  from pg_policy where ${inService(sql`polrelid`)}
  union all
  select json_build_array('rule', ev_class::regclass, pg_get_ruledef(oid), ev_enabled, obj_description(oid, 'pg_rewrite'))
  from pg_rewrite where rulename <> '_RETURN' and ${inService(sql`ev_class`)}
  union all
  select json_build_array('statistics', pg_get_statisticsobjdef(oid), obj_description(oid, 'pg_statistic_ext'))
  from pg_statistic_ext where ${inService(sql`stxrelid`)}
  union all
  select json_build_array('published', to_jsonb(t), p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot)
  from pg_publication_tables t join pg_publication p on p.pubname = t.pubname
  where t.schemaname not in ('pg_catalog', 'information_schema', 'earlybird')`;

const routines: Lines = sql`
  select json_build_array('function', oid::regprocedure, case when prokind <> 'a' then pg_get_functiondef(oid) end,
    proowner::regrole, ${grants(sql`coalesce(proacl, acldefault('f', proowner))`)}, obj_description(oid, 'pg_proc')) as line
  from pg_proc where ${ofService(sql`pronamespace`)}
    and not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e')
  union all
  select json_build_array('type', oid::regtype, typtype, format_type(typbasetype, typtypmod), typnotnull, typdefault,
    array(select enumlabel::text from pg_enum where enumtypid = pg_type.oid order by enumsortorder),
    ${grants(sql`coalesce(typacl, acldefault('T', typowner))`)}, obj_description(oid, 'pg_type'))
  from pg_type where typtype in ('e', 'd') and ${ofService(sql`typnamespace`)}`;
