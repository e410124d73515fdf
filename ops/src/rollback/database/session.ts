import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import type { Database } from "../change/change.ts";

/**
 * What the engine's sessions depend on, whatever the defaults of the role, the database or the server are. A move sets
 * its own `lock_timeout` in its transaction.
 */
const pinned: Readonly<Record<string, string>> = {
  application_name: "earlybird rollback",
  // Lock first, read second: a snapshot from before the wait would not show what the wait was for.
  default_transaction_isolation: "read committed",
  default_transaction_read_only: "off",
  default_transaction_deferrable: "off",
  statement_timeout: "0",
  lock_timeout: "0",
  // An operator who falls silent must not keep the service's writers waiting.
  idle_in_transaction_session_timeout: "30s",
  idle_session_timeout: "0",
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "5",
  tcp_keepalives_count: "3",
  // Where a policy would hide rows, the database refuses instead of moving what can be seen.
  row_security: "off",
  synchronous_commit: "on",
  datestyle: "ISO, YMD",
  intervalstyle: "postgres",
  bytea_output: "hex",
  extra_float_digits: "1",
  standard_conforming_strings: "on",
  // Checks that read whole tables take one processor: the others are the site's.
  max_parallel_workers_per_gather: "0",
};

/** A killed operator must not leave a statement running for nobody; some systems cannot check for that. */
const optional: Readonly<Record<string, string>> = { client_connection_check_interval: "200ms" };

const statements = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings)
    .map(([name, value]) => `set ${name} = '${value}'`)
    .join("; ");

const changed = [...Object.keys(pinned), ...Object.keys(optional), "search_path"];
const remember = `select name, current_setting(name, true) as value from unnest(array['${changed.join("', '")}']) name`;
const pin = `${remember}; ${statements(pinned)}; select to_regclass('earlybird.home') is not null as installed`;
const pinOptional = statements(optional);
const takePath = "select set_config('search_path', search_path || ', pg_temp', false) from earlybird.home";
const restore = `select pg_advisory_unlock_all(), set_config(name, value, false) from json_to_recordset($1) s (name text, value text)`;

/** What a session had before it was the engine's: not always its defaults, where the pool sets something of its own. */
type Remembered = { name: string; value: string | null }[];

/**
 * Makes a connection a session of the engine. Names are resolved as the service resolves them, whichever role or command
 * moves; nobody's temporary table comes before the service's.
 */
export const pinSession = async (client: pg.ClientBase): Promise<Remembered> => {
  const results = (await client.query(pin)) as unknown as pg.QueryResult[];
  if (results.at(-1)?.rows[0]?.installed) await client.query(takePath);
  return (results[0]?.rows ?? []) as Remembered;
};

/** What a session that holds the operation lock has besides. */
export const pinOperator = (client: pg.ClientBase): Promise<unknown> =>
  client.query(pinOptional).catch(() => undefined);

/** The next to borrow the connection finds it as it was; it has cost a process and caches of its own to make. */
export const unpinSession = (client: pg.ClientBase, remembered: Remembered): Promise<unknown> =>
  client.query(restore, [JSON.stringify(remembered.filter(({ value }) => value !== null))]);

/** A Kysely on sessions of the engine, each made of a connection of the pool for as long as it is used. */
export const engineDatabase = (pool: pg.Pool): Database => {
  const connect = async () => {
    const client = await pool.connect();
    let remembered: Remembered;
    try {
      remembered = await pinSession(client);
    } catch (error) {
      client.release(error as Error);
      throw error;
    }
    return {
      query: client.query.bind(client),
      release: () =>
        void unpinSession(client, remembered).then(
          () => client.release(),
          (error: Error) => client.release(error),
        ),
    };
  };
  const sessions = { connect, end: async () => undefined };
  return new Kysely({ dialect: new PostgresDialect({ pool: sessions as unknown as pg.Pool }) });
};

/** Keeps on which path the service looks its tables up, as the connections of its pool do. */
export const storeSearchPath = async (db: Database, service: pg.Pool): Promise<void> => {
  const { rows } = await service.query<{ path: string | null }>(`
    select string_agg(quote_ident(name), ', ' order by n) as path
    from unnest(current_schemas(false)) with ordinality as path (name, n)
    -- Which a role of that name would find first.
    where name not in ('earlybird', 'earlybird_parked')`);
  const path = rows[0]?.path;
  if (!path) return;
  await sql`insert into earlybird.home (one, search_path) values (true, ${path})
    on conflict (one) do update set search_path = excluded.search_path
      where home.search_path <> excluded.search_path`.execute(db);
};
