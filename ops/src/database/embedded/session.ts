import { Socket } from "node:net";
import pg from "pg";

/** Every user of a server holds this advisory lock shared; the user that stops the server holds it exclusively. */
const usersLock = 5_721_840_936;
const answersWithinMs = 20_000;

/**
 * An open session by which PostgreSQL itself knows that a process uses the server. It ends with its process, also
 * after `kill -9`, and does not keep the process alive.
 */
export interface Session {
  /** Fulfils when the connection has ended. */
  readonly ended: Promise<void>;
  /** Creates a database of the server if it is missing; other processes may do the same at once. */
  ensureDatabase(name: string): Promise<void>;
  /**
   * Ends the use.
   *
   * @returns whether no other process uses the server. If so, none can until this session ends: stop the server first.
   * @throws if the connection has ended
   */
  leave(): Promise<boolean>;
  close(): void;
}

/** Opens a session as soon as no other process is about to stop the server. */
export const openSession = async (url: string): Promise<Session> => {
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    application_name: "earlybird session",
    connectionTimeoutMillis: answersWithinMs,
    query_timeout: answersWithinMs,
    stream: () => socket,
  });
  const ended = new Promise<void>((resolve) => client.once("end", resolve));
  // The end of the connection follows.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select pg_advisory_lock_shared($1)", [usersLock]);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.unref();
  return {
    ended,
    ensureDatabase: (name) => ensureDatabase(client, name),
    leave: async () => {
      socket.ref();
      // If two processes leave at once, one of them gets the lock: each releases its own before it tries.
      const { rows } = await client.query<{ is_last: boolean }>(
        "select case when pg_advisory_unlock_shared($1) then pg_try_advisory_lock($1) end as is_last",
        [usersLock],
      );
      return rows[0]?.is_last === true;
    },
    close: () => void socket.destroy(),
  };
};

const ensureDatabase = async (client: pg.Client, name: string): Promise<void> => {
  try {
    const { rows } = await client.query<{ has_path: boolean }>(
      `select exists (select from pg_db_role_setting s, unnest(s.setconfig) as setting
         where s.setdatabase = d.oid and setting like 'search_path=%') as has_path
       from pg_database d where d.datname = $1`,
      [name],
    );
    if (rows[0]?.has_path) return;
    if (!rows[0]) await client.query(`create database ${pg.escapeIdentifier(name)}`);
    // The user has the same name as the platform's schema, so "$user" would put that schema first.
    await client.query(`alter database ${pg.escapeIdentifier(name)} set search_path = public`);
  } catch (error) {
    // Another process that starts at the same moment created it first.
    const { code } = error as pg.DatabaseError;
    if (code !== duplicateDatabase && code !== uniqueViolation && code !== concurrentUpdate) throw error;
  }
};

const duplicateDatabase = "42P04";
const uniqueViolation = "23505";
const concurrentUpdate = "XX000";
