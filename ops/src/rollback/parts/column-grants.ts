import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change/change.ts";
import { oidOf } from "../database/table-names.ts";

interface ColumnGrant {
  /** Quoted, or `public`. */
  grantee: string;
  privilege: "SELECT" | "INSERT" | "UPDATE" | "REFERENCES";
  grantable: boolean;
}

/**
 * Statements that move the grants on the column `from` to the column `to`: grants follow the name of a column, so that
 * they never include the parked values.
 */
export const grantsMoved = async (
  db: Database,
  table: string,
  { from, to }: { from: string; to: string },
): Promise<RawBuilder<unknown>[]> => {
  const { rows } = await sql<ColumnGrant>`
    select case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end as grantee,
      g.privilege_type as privilege, g.is_grantable as grantable
    from pg_attribute a cross join lateral aclexplode(a.attacl) g
    where a.attrelid = ${oidOf(table)} and a.attname = ${from} and not a.attisdropped order by 1, 2`.execute(
    db,
  );
  return rows.flatMap(({ grantee, privilege, grantable }) => {
    const what = (column: string) => sql`${sql.raw(privilege)} (${sql.id(column)}) on ${sql.table(table)}`;
    return [
      sql`revoke ${what(from)} from ${sql.raw(grantee)}`,
      sql`grant ${what(to)} to ${sql.raw(grantee)}${grantable ? sql` with grant option` : sql``}`,
    ];
  });
};

/** Roles that can read a column by a grant on the whole table, its owner and superusers left out. */
export const readersOfTable = async (db: Database, table: string): Promise<string[]> => {
  const { rows } = await sql<{ name: string }>`
    select distinct case when g.grantee = 0 then 'public' else pg_get_userbyid(g.grantee)::text end as name
    from pg_class c cross join lateral aclexplode(c.relacl) g left join pg_roles r on r.oid = g.grantee
    where c.oid = ${oidOf(table)} and g.privilege_type = 'SELECT' and g.grantee <> c.relowner
      and not coalesce(r.rolsuper, false) order by 1`.execute(db);
  return rows.map(({ name }) => name);
};
