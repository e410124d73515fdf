import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { kyselyOn } from "../database/bound-kysely.ts";
import { connectionSettings } from "../database/connection-settings.ts";
import { type Fingerprint, fingerprint } from "../rollback/index.ts";

/** A moment at which no transaction that writes was in progress, and a snapshot of it. */
export interface RestMoment {
  /** Every commit before this position is in the snapshot, and none after it. */
  readonly lsn: string;
  /** A position after it that is on the server's disk. */
  readonly after: string;
  /** Of the snapshot. */
  readonly client: pg.Client;
  readonly fingerprint: Fingerprint | null;
  close(): Promise<void>;
}

const alikeSettings = `set search_path = pg_catalog; set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres';
  set extra_float_digits = 1; set bytea_output = 'hex'; set lc_monetary = 'C'; set jit = off;
  set synchronous_commit = on`;

/** A session whose settings make fingerprints of two servers comparable. */
export const openAlike = async (settings: pg.ClientConfig): Promise<pg.Client> => {
  const client = new pg.Client(settings);
  client.on("error", () => undefined);
  await client.connect();
  await client.query(alikeSettings);
  return client;
};

/** The fingerprint in the transaction of a client; null for a database without the platform's tables. */
export const fingerprintOn = async (client: pg.Client): Promise<Fingerprint | null> => {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('earlybird.steps') is not null as there",
  );
  return rows[0]?.there ? fingerprint(kyselyOn(client)) : null;
};

/** How long it is tried without locks, and how often with them. */
const patience = { politeMs: 1_000, lockedAttempts: 20, lockTimeoutMs: 250, pauseMs: 15 };

/**
 * Finds a moment of rest, and reads the fingerprint of the database as it was then.
 *
 * At first without locks: two looks at the running transactions find none, and no transaction id was taken between them,
 * so that a snapshot and a position in the log that were taken between the two looks belong together. On a busy server,
 * with locks: every transaction that wrote to a table of the fingerprint has ended, and others wait for the few milliseconds.
 *
 * @returns undefined if there was none
 */
export const findRestMoment = async (pool: pg.Pool): Promise<RestMoment | undefined> => {
  const [watcher, reader] = await Promise.all([
    openAlike(connectionSettings(pool)),
    openAlike(connectionSettings(pool)),
  ]);
  try {
    const found = await attempts(watcher, reader);
    if (!found) return await closeBoth(watcher, reader);
    // Commits, and so is on disk with everything before it: recovery needs a record behind the position.
    await watcher.query("select pg_logical_emit_message(true, 'earlybird', 'backup')");
    const { rows } = await watcher.query<{ lsn: string }>("select pg_current_wal_flush_lsn() as lsn");
    return {
      lsn: found,
      after: rows[0]?.lsn ?? found,
      client: reader,
      fingerprint: await fingerprintOn(reader),
      close: () => closeBoth(watcher, reader),
    };
  } catch (error) {
    await closeBoth(watcher, reader);
    throw error;
  }
};

const closeBoth = async (...clients: pg.Client[]): Promise<undefined> => {
  for (const client of clients) await client.end().catch(() => undefined);
};

const attempts = async (watcher: pg.Client, reader: pg.Client): Promise<string | undefined> => {
  const startMs = performance.now();
  while (performance.now() - startMs < patience.politeMs) {
    const lsn = await attempt(watcher, reader);
    if (lsn !== undefined) return lsn;
    await sleep(Math.random() * patience.pauseMs);
  }
  for (let count = 0; count < patience.lockedAttempts; count += 1) {
    const lsn = await whileWritersWait(watcher, () => takeBoth(watcher, reader));
    if (lsn !== undefined) return lsn;
    await sleep(patience.lockTimeoutMs * (0.5 + Math.random()));
  }
  return undefined;
};

/** Takes the snapshot of the reader, and the position of the log. */
const takeBoth = async (watcher: pg.Client, reader: pg.Client): Promise<string | undefined> => {
  await reader.query("begin transaction isolation level repeatable read read only");
  // The first query takes the snapshot.
  await reader.query("select pg_current_snapshot()");
  const { rows } = await watcher.query<{ lsn: string }>("select pg_current_wal_insert_lsn() as lsn");
  return rows[0]?.lsn;
};

const attempt = async (watcher: pg.Client, reader: pg.Client): Promise<string | undefined> => {
  const before = await lookAt(watcher);
  if (before === undefined) return undefined;
  const lsn = await takeBoth(watcher, reader);
  const after = await lookAt(watcher);
  if (after === before) return lsn;
  await reader.query("rollback");
  return undefined;
};

/** The next transaction id; undefined while a transaction has one, of any database of the server, prepared ones included. */
const lookAt = async (watcher: pg.Client): Promise<string | undefined> => {
  const { rows } = await watcher.query<{ busy: boolean; next: string }>(
    `select exists (select from pg_locks where locktype = 'transactionid' and mode = 'ExclusiveLock') as busy,
       pg_snapshot_xmax(pg_current_snapshot())::text as next`,
  );
  return rows[0]?.busy ? undefined : rows[0]?.next;
};

/** Runs `work` while nobody has written to a table of the fingerprint without having ended; undefined if somebody goes on. */
const whileWritersWait = async <T>(client: pg.Client, work: () => Promise<T>): Promise<T | undefined> => {
  const { rows } = await client.query<{ names: string | null }>(fingerprintedTables);
  await client.query(`begin; set local lock_timeout = ${patience.lockTimeoutMs}`);
  try {
    // Less than the time after which PostgreSQL looks for a deadlock: this side gives way.
    if (rows[0]?.names) await client.query(`lock table ${rows[0].names} in share mode`);
    return await work();
  } catch (error) {
    if ((error as pg.DatabaseError).code !== lockNotAvailable) throw error;
    return undefined;
  } finally {
    await client.query("rollback");
  }
};

/** Quoted by the catalog. */
const fingerprintedTables = `
  select string_agg(c.oid::regclass::text, ', ') as names from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
    and (n.nspname not in ('pg_catalog', 'information_schema', 'earlybird') or c.oid = to_regclass('earlybird.steps'))
    and pg_has_role(c.relowner, 'usage')`;

const lockNotAvailable = "55P03";
