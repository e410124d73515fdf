import { type RawBuilder, sql } from "kysely";
import type { Change, Check, Database } from "../change/change.ts";
import { noneOf } from "../change/checks.ts";
import { locksOf, writtenTables } from "./lock.ts";
import { declaredName, oidsWithPartitionsOf, parkingSchema } from "./table-names.ts";

/** A foreign key, as the catalog has it. One that a partition has from its partitioned table is part of that one. */
export interface ForeignKey {
  name: string;
  /** The referring table as SQL text, quoted where it must be. */
  relation: string;
  /** The same as declarations name it; of a partition, the partitioned table. */
  table: string;
  /** The referring columns. */
  columns: string[];
  /** All of it, as `alter table ... add constraint` takes it. */
  definition: string;
  comment: string | null;
  /** Whether every row is held to it: not so while it is `not valid` or `not enforced`. */
  validated: boolean;
  /** Whether our role may read all rows of both tables. */
  readable: boolean;
  match_full: boolean;
  /** Whether the last pair of columns is a period. */
  temporal: boolean;
  from: string;
  to: string;
  /** For each pair of columns whether they are equal, for a row `c` that refers to a row `p`. */
  equalities: string[];
  quoted_columns: string[];
  period: string | null;
}

/** The foreign keys from or to these tables, each once, by name. */
export const foreignKeysOf = async (db: Database, tables: readonly string[]): Promise<ForeignKey[]> => {
  const concerned = oidsWithPartitionsOf(tables);
  // Only: a key neither holds inheritance children nor is satisfied by them. As the key itself compares: with its
  // operator, in the collation of the column referred to.
  const { rows } = await sql<ForeignKey>`
    select k.conname as name, k.conrelid::regclass::text as relation,
      ${declaredName(sql`coalesce(pg_partition_root(k.conrelid), k.conrelid)`)} as table,
      pg_get_constraintdef(k.oid) as definition, obj_description(k.oid, 'pg_constraint') as comment,
      k.convalidated as validated, k.confmatchtype = 'f' as match_full,
      coalesce(to_jsonb(k) ->> 'conperiod', 'false')::boolean as temporal,
      has_table_privilege(k.conrelid, 'select') and has_table_privilege(k.confrelid, 'select')
        and not row_security_active(k.conrelid) and not row_security_active(k.confrelid) as readable,
      case child.relkind when 'p' then '' else 'only ' end || k.conrelid::regclass as "from",
      case parent.relkind when 'p' then '' else 'only ' end || k.confrelid::regclass as "to",
      pairs.*
    from pg_constraint k join pg_class child on child.oid = k.conrelid join pg_class parent on parent.oid = k.confrelid
    cross join lateral (
      select json_agg(c.attname order by n) as columns, json_agg(quote_ident(c.attname) order by n) as quoted_columns,
        json_agg(format('p.%I operator(%I.%s) c.%I', p.attname, s.nspname, o.oprname, c.attname)
          || case when p.attcollation <> c.attcollation
               then format(' collate %I.%I', l.nspname, l.collname) else '' end order by n) as equalities,
        (array_agg(quote_ident(p.attname) order by n desc))[1] as period
      from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality as pair (child, parent, operator, n)
      join pg_attribute c on c.attrelid = k.conrelid and c.attnum = pair.child
      join pg_attribute p on p.attrelid = k.confrelid and p.attnum = pair.parent
      join pg_operator o on o.oid = pair.operator join pg_namespace s on s.oid = o.oprnamespace
      left join (select l.oid, l.collname, n.nspname from pg_collation l join pg_namespace n on n.oid = l.collnamespace) l
        on l.oid = p.attcollation
    ) pairs
    where k.contype = 'f' and k.conparentid = 0 and (k.conrelid in ${concerned} or k.confrelid in ${concerned})
    order by 2, 1`.execute(db);
  return rows;
};

/** A query for what refers to nothing: the values of each such row, as one text. */
export const danglingRows = (key: ForeignKey): RawBuilder<unknown> => {
  const columns = key.quoted_columns.map((column) => sql.raw(`c.${column}`));
  const equal = key.equalities.map((equality) => sql.raw(equality));
  const row = sql`row(${sql.join(columns)})`;
  const values = sql`concat_ws(', ', ${sql.join(columns.map((column) => sql`${column}::text`))})`;
  const held = key.match_full ? sql`num_nonnulls(${sql.join(columns)}) > 0` : sql`${row} is not null`;
  const referred = sql`from ${sql.raw(key.to)} p where ${sql.join(key.temporal ? equal.slice(0, -1) : equal, sql` and `)}`;
  const dangling = key.temporal
    ? sql`coalesce(not ${columns.at(-1)} <@ (select range_agg(p.${sql.raw(key.period ?? "")}) ${referred}), true)`
    : sql`not exists (select ${referred})`;
  return sql`select ${values} from ${sql.raw(key.from)} c where ${held} and ${dangling}`;
};

/**
 * Checks every foreign key from or to the tables of a change by a query of its own, because PostgreSQL does not look at a
 * key while triggers are set aside.
 *
 * @returns a function for one change after the other; a key that they share is checked once, by reading its two tables
 */
export const foreignKeyChecks = (
  db: Database,
  changes: readonly Change[],
): ((change: Change) => Promise<Check[]>) => {
  const known = new Map<string, Check>();
  return async (change) => {
    const checks: Check[] = [];
    for (const key of await foreignKeysOf(db, await tablesOf(db, change, changes))) {
      if (!key.validated) continue;
      const name = `foreign key ${key.name} of ${key.relation} holds`;
      const check = known.get(name) ?? (await checkForeignKey(db, name, key));
      known.set(name, check);
      checks.push(check);
    }
    return checks;
  };
};

const checkForeignKey = async (db: Database, name: string, key: ForeignKey): Promise<Check> =>
  key.readable
    ? noneOf(db, name, danglingRows(key))
    : { name, ok: true, detail: "not checked: the role of this connection may not read all rows" };

const tablesOf = async (db: Database, change: Change, changes: readonly Change[]): Promise<string[]> => {
  const created = change.parts.flatMap(({ creates = [] }) => creates);
  const locked = locksOf(change, await writtenTables(db, change, changes)).map(({ table }) => table);
  return [...locked, ...created, ...created.map((table) => `${parkingSchema}.${table}`)];
};
