import type pg from "pg";

/** What decides how a server can be backed up. */
export interface ServerFacts {
  readonly version: string;
  readonly major: number;
  readonly superuser: string;
  readonly max_prepared_transactions: number;
  readonly database: string;
  readonly is_standby: boolean;
  /** Whether the role of the connection may replicate, and the server lets it. */
  readonly may_replicate: boolean;
  /** Of all databases that the role may look at, or of this one. */
  readonly bytes: number;
  readonly roles: string[];
}

export const readServerFacts = async (pool: pg.Pool): Promise<ServerFacts> => {
  const { rows } = await pool.query<ServerFacts>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
       (select rolname from pg_roles where oid = 10) as superuser,
       current_setting('max_prepared_transactions')::int as max_prepared_transactions,
       current_database()::text as database, pg_is_in_recovery() as is_standby,
       (select rolreplication or rolsuper from pg_roles where rolname = current_user)
         and current_setting('wal_level') <> 'minimal' and current_setting('max_wal_senders')::int > 1 as may_replicate,
       (select sum(pg_database_size(oid))::float8 from pg_database where datname = current_database()
         or has_database_privilege(oid, 'connect') or pg_has_role('pg_read_all_stats', 'usage')) as bytes,
       array(select rolname::text from pg_roles where rolname !~ '^pg_' order by rolname) as roles`,
  );
  const [facts] = rows;
  if (!facts) throw new Error("the server answered nothing");
  return facts;
};
