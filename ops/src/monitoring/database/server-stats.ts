import { type Kysely, type RawBuilder, sql } from "kysely";
import type pg from "pg";
import { onConnection } from "../../database/monitoring-pool.ts";
import { type Collection, readCollections } from "./table-sizes.ts";

/** What is known of the database beyond its answering; null where it could not be found out, or not lately. */
export interface DatabaseDetails {
  /** ISO 8601; the last time that they could be read. */
  taken_at: string;
  /** Of all databases of the server together, against what it allows. */
  connections: { used: number; max: number } | null;
  /** The one that has been open for longest in this database, and the name of its application; without any, 0. */
  longest_transaction: { seconds: number; application: string | null } | null;
  /** Who waits for a lock in this database, and for how long the one that has waited for longest. */
  lock_waits: { waiting: number; longest_seconds: number } | null;
  /** Those that follow this server, if any. */
  replicas: Replica[] | null;
  size_bytes: number | null;
  /** The largest tables, and how many rows they have. */
  collections: Collection[] | null;
  /** Why something is null, and what would help. */
  unknown: { detail: string; reason: string }[];
}

/** A server that follows this one; a lag is null where this login may not see it. */
export interface Replica {
  /** What it calls itself: `walreceiver`, unless it is given a name. */
  application: string;
  /** Null over a socket, and where this login may not see it. */
  address: string | null;
  /** The replication slot that it uses, if any. */
  slot: string | null;
  state: string;
  lag_bytes: number | null;
  lag_seconds: number | null;
}

type Found = Omit<DatabaseDetails, "taken_at" | "unknown">;
/** Whoever finds something missing says why: a number that is not known is not 0. */
type Readers = {
  [Name in keyof Found]: (tx: Kysely<unknown>, missing: (reason: string) => void) => Promise<Found[Name]>;
};

const grantIt = "Grant this login pg_read_all_stats, or pg_monitor.";

/**
 * Finds out the details, one after the other. One that cannot be found out, for want of a right or within a few
 * seconds, is null and does not keep the others from being found.
 *
 * @param pool as `createMonitoringPool` makes it
 * @throws whatever keeps it from the database
 */
export const readDatabaseDetails = async (pool: pg.Pool, now: Date): Promise<DatabaseDetails> =>
  onConnection(pool, async (db) => {
    const unknown: DatabaseDetails["unknown"] = [];
    const find = async <Name extends keyof Found>(detail: Name): Promise<Found[Name] | null> => {
      const missing = (reason: string) => void unknown.push({ detail, reason });
      try {
        return await withPatience(db, (tx) => readers[detail](tx, missing));
      } catch (error) {
        // A refusal of the server, with its code, concerns this one detail. Anything else ends the connection.
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
      collections: await find("collections"),
      unknown,
    };
  });

/** What is known when a long time has passed since details were read: no more than that, and why. */
export const outdatedDetails = (taken_at: string, reason: string): DatabaseDetails => ({
  taken_at,
  connections: null,
  longest_transaction: null,
  lock_waits: null,
  replicas: null,
  size_bytes: null,
  collections: null,
  unknown: Object.keys(readers).map((detail) => ({ detail, reason })),
});

const isRefusal = (error: unknown): error is pg.DatabaseError =>
  error instanceof Error && "severity" in error && error.severity === "ERROR";

/** Rather no answer than one that is in the way: limits for one transaction. */
const withPatience = async <T>(db: Kysely<unknown>, read: (tx: Kysely<unknown>) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (tx) => {
    await sql`select set_config('statement_timeout', '3s', true), set_config('lock_timeout', '250ms', true)`.execute(
      tx,
    );
    return read(tx);
  });

const only = async <Row>(tx: Kysely<unknown>, query: RawBuilder<Row>): Promise<Row | undefined> =>
  (await query.execute(tx)).rows[0];

/** Of a replica, where this login may not see any: each has one. */
const hiddenState = "unknown";

const readers: Readers = {
  // Not from pg_stat_activity: without a special right it does not tell which connections are those of clients.
  connections: async (tx) =>
    (await only(
      tx,
      sql<{ used: number; max: number }>`
        select sum(numbackends)::integer as used, current_setting('max_connections')::integer as max
        from pg_stat_database`,
    )) ?? null,

  longest_transaction: async (tx, missing) => {
    // Without a special right, a session of another role shows that it is there and nothing of what it does.
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

  // Everybody sees everybody's locks, and since when they are waited for.
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
        -- A replica that has caught up and hears nothing new stops telling its lag.
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

  collections: readCollections,
};
