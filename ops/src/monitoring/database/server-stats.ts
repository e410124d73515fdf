import { type Kysely, type RawBuilder, sql } from "kysely";
import type pg from "pg";
import { z } from "zod";
import { onConnection } from "../../database/monitoring-pool.ts";
import { collection, readCollections } from "./table-sizes.ts";

/** A server that replicates this one. A lag is null if this login may not read it. */
const replica = z.object({
  application: z.string().describe("Its application name: `walreceiver` by default."),
  address: z.string().nullable().describe("Null over a socket, or if this login may not read it."),
  slot: z.string().nullable().describe("The replication slot that it uses, if any."),
  state: z.string(),
  lag_bytes: z.number().nullable(),
  lag_seconds: z.number().nullable(),
});
export type Replica = z.infer<typeof replica>;

/** Details of the database. Each is null if it could not be read; `unknown` gives the reason. */
export const databaseDetails = z.object({
  taken_at: z.iso.datetime().describe("The last time that they could be read."),
  connections: z
    .object({
      used: z.int(),
      max: z.int(),
      reserved: z.int().describe("The last ones, for superusers only."),
    })
    .nullable()
    .describe("Of all databases of the server together."),
  longest_transaction: z
    .object({ seconds: z.number(), application: z.string().nullable() })
    .nullable()
    .describe("The oldest open transaction in this database; 0 without any."),
  lock_waits: z
    .object({ waiting: z.int(), longest_seconds: z.number() })
    .nullable()
    .describe("Sessions that wait for a lock in this database, and the longest wait."),
  replicas: z.array(replica).nullable(),
  size_bytes: z.number().nullable(),
  server_version: z.string().nullable().describe("Version of PostgreSQL."),
  collections: z.array(collection).nullable().describe("The largest tables."),
  unknown: z.array(z.object({ detail: z.string(), reason: z.string() })),
});
export type DatabaseDetails = z.infer<typeof databaseDetails>;

type Found = Omit<DatabaseDetails, "taken_at" | "unknown">;
/** A reader reports why a value is missing: an unknown number is not 0. */
type Readers = {
  [Name in keyof Found]: (tx: Kysely<unknown>, missing: (reason: string) => void) => Promise<Found[Name]>;
};

const grantIt = "Grant this login pg_read_all_stats, or pg_monitor.";

/**
 * Reads the details one after the other. A detail that this login may not read, or that takes longer than a few seconds,
 * is null.
 *
 * @param pool created by `createMonitoringPool`
 * @throws if the connection fails
 */
export const readDatabaseDetails = async (pool: pg.Pool, now: Date): Promise<DatabaseDetails> =>
  onConnection(pool, async (db) => {
    const unknown: DatabaseDetails["unknown"] = [];
    const find = async <Name extends keyof Found>(detail: Name): Promise<Found[Name] | null> => {
      const missing = (reason: string) => void unknown.push({ detail, reason });
      try {
        return await withLimits(db, (tx) => readers[detail](tx, missing));
      } catch (error) {
        // An error with an SQLSTATE concerns this detail only. Any other error ends the connection.
        if (!isRefusal(error)) throw error;
        missing(error.message);
        return null;
      }
    };
    return {
      taken_at: now.toISOString(),
      connections: await find("connections"),
      longest_transaction: await find("longest_transaction"),
      lock_waits: await find("lock_waits"),
      replicas: await find("replicas"),
      size_bytes: await find("size_bytes"),
      server_version: await find("server_version"),
      collections: await find("collections"),
      unknown,
    };
  });

/** Details that could not be read for a long time, with the reason. */
export const outdatedDetails = (taken_at: string, reason: string): DatabaseDetails => ({
  taken_at,
  connections: null,
  longest_transaction: null,
  lock_waits: null,
  replicas: null,
  size_bytes: null,
  server_version: null,
  collections: null,
  unknown: Object.keys(readers).map((detail) => ({ detail, reason })),
});

const isRefusal = (error: unknown): error is pg.DatabaseError =>
  error instanceof Error && "severity" in error && error.severity === "ERROR";

/** Limits of a transaction, so that reading details does not disturb the service. */
const withLimits = async <T>(db: Kysely<unknown>, read: (tx: Kysely<unknown>) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (tx) => {
    await sql`select set_config('statement_timeout', '3s', true), set_config('lock_timeout', '250ms', true)`.execute(
      tx,
    );
    return read(tx);
  });

const only = async <Row>(tx: Kysely<unknown>, query: RawBuilder<Row>): Promise<Row | undefined> =>
  (await query.execute(tx)).rows[0];

/** State of a replica that this login may not read. */
const hiddenState = "unknown";

const readers: Readers = {
  // Not from pg_stat_activity: it hides from an ordinary login which connections are clients.
  connections: async (tx) =>
    (await only(
      tx,
      sql<{ used: number; max: number; reserved: number }>`
        select sum(numbackends)::integer as used, current_setting('max_connections')::integer as max,
          -- PostgreSQL 16 and newer reserve some for other roles, too.
          current_setting('superuser_reserved_connections')::integer
            + coalesce(current_setting('reserved_connections', true)::integer, 0) as reserved
        from pg_stat_database`,
    )) ?? null,

  longest_transaction: async (tx, missing) => {
    // An ordinary login sees that sessions of other roles exist, but not their transactions.
    const sessions = await only(
      tx,
      sql<{ hidden: boolean; untracked: boolean }>`
        select coalesce(bool_or(backend_type is null), false) as hidden,
          coalesce(bool_or(state = 'disabled'), false) as untracked
        from pg_stat_activity where datname = current_database() and usesysid is not null`,
    );
    if (sessions?.hidden) {
      missing(`Transactions of other roles are hidden from this login. ${grantIt}`);
      return null;
    }
    if (sessions?.untracked) {
      missing("A session does not tell when its transaction began. Set track_activities to on.");
      return null;
    }
    return (
      (await only(
        tx,
        sql<{ seconds: number; application: string | null }>`
          select round(extract(epoch from clock_timestamp() - xact_start)::numeric, 3)::double precision as seconds,
            application_name as application
          from pg_stat_activity
          where datname = current_database() and xact_start is not null and backend_type = 'client backend'
            and pid <> pg_backend_pid()
          order by xact_start limit 1`,
      )) ?? { seconds: 0, application: null }
    );
  },

  // Locks and waiting times of all sessions are public.
  lock_waits: async (tx) =>
    (await only(
      tx,
      sql<{ waiting: number; longest_seconds: number }>`
        select count(*)::integer as waiting,
          round(coalesce(max(extract(epoch from clock_timestamp() - waitstart)), 0)::numeric, 3)::double precision
            as longest_seconds
        from pg_locks join pg_stat_activity using (pid)
        where not granted and datname = current_database()`,
    )) ?? null,

  replicas: async (tx, missing) => {
    const { rows } = await sql<Replica>`
      select coalesce(application_name, '') as application, host(client_addr) as address, slot_name as slot,
        coalesce(state, ${hiddenState}) as state,
        lag::double precision as lag_bytes,
        -- A replica that has caught up and receives nothing stops reporting its lag.
        case when lag = 0 then 0 else extract(epoch from replay_lag) end::double precision as lag_seconds
      from (
        select *, pg_wal_lsn_diff(
          case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
          replay_lsn) as lag
        from pg_stat_replication) as replicas
      left join pg_replication_slots on active_pid = pid`.execute(tx);
    if (rows.some(({ state }) => state === hiddenState))
      missing(`How far the replicas lie behind is hidden from this login. ${grantIt}`);
    return rows;
  },

  size_bytes: async (tx) => {
    const row = await only(
      tx,
      sql<{ bytes: number }>`select pg_database_size(current_database())::double precision as bytes`,
    );
    return row?.bytes ?? null;
  },

  server_version: async (tx) =>
    (await only(tx, sql<{ version: string }>`select current_setting('server_version') as version`))
      ?.version ?? null,

  collections: readCollections,
};
