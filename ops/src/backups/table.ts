import { hostname } from "node:os";
import { sql } from "kysely";
import type pg from "pg";
import { kyselyOn } from "../database/bound-kysely.ts";
import { createPlatformTables, lockClass } from "../database/platform-tables.ts";
import type { Manifest, Method, Verdict } from "./manifest.ts";

/** Held while a backup of the database is made. */
const backupLock = [lockClass + 3, 1] as const;

/** What the instances of a service know of a backup, wherever its files are. */
export interface BackupRow {
  id: string;
  state: "running" | "complete" | "failed";
  method: Method | null;
  host: string;
  scheduled: boolean;
  started_at: Date;
  finished_at: Date | null;
  bytes: number | null;
  verdict: Verdict | null;
  verified_at: Date | null;
  failure: string | null;
}

const tables = [
  {
    table: "backups",
    statements: [
      sql`create table earlybird.backups (
        id          text primary key,
        state       text not null check (state in ('running', 'complete', 'failed')),
        method      text,
        host        text not null,
        scheduled   boolean not null,
        started_at  timestamptz not null,
        finished_at timestamptz,
        bytes       bigint,
        verdict     text check (verdict in ('ok', 'failed', 'unknown')),
        verified_at timestamptz,
        failure     text
      )`,
    ],
  },
];

/** The table of backups. The files are the truth; the table lets other instances know. */
export class BackupTable {
  readonly #pool: pg.Pool;
  #exists = false;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** The newest first. */
  async list(limit = 200): Promise<BackupRow[]> {
    const { rows } = await this.#query<BackupRow>(
      `select id, state, method, host, scheduled, started_at, finished_at, bytes::float8 as bytes, verdict, verified_at, failure
       from earlybird.backups order by started_at desc limit $1`,
      [limit],
    );
    return rows;
  }

  /** Adds a backup, or replaces what is known of it. */
  async put(row: BackupRow): Promise<void> {
    await this.#query(
      `insert into earlybird.backups (id, state, method, host, scheduled, started_at, finished_at, bytes, verdict, verified_at, failure)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       on conflict (id) do update set state = excluded.state, method = excluded.method, finished_at = excluded.finished_at,
         bytes = excluded.bytes, verdict = excluded.verdict, verified_at = excluded.verified_at, failure = excluded.failure`,
      [
        row.id,
        row.state,
        row.method,
        row.host,
        row.scheduled,
        row.started_at,
        row.finished_at,
        row.bytes,
        row.verdict,
        row.verified_at,
        row.failure,
      ],
    );
  }

  /** Ends those whose process was killed. Only while no other backup can run. */
  async endInterrupted(): Promise<void> {
    await this.#query(
      "update earlybird.backups set state = 'failed', failure = 'The process was ended.' where state = 'running'",
      [],
    );
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#query("delete from earlybird.backups where id = any($1)", [ids]);
  }

  /**
   * Runs `work` while this process is the only one that backs this database up; undefined if another one does. The lock
   * ends with its connection.
   */
  async exclusively<T>(work: () => Promise<T>): Promise<{ result: T } | undefined> {
    const client = await this.#pool.connect();
    try {
      const { rows } = await client.query<{ locked: boolean }>(
        "select pg_try_advisory_lock($1, $2) as locked",
        [...backupLock],
      );
      if (!rows[0]?.locked) return undefined;
      try {
        return { result: await work() };
      } finally {
        // Before the connection closes: the server notices that later, and the next backup may not wait.
        await client.query("select pg_advisory_unlock($1, $2)", [...backupLock]).catch(() => undefined);
      }
    } finally {
      // Closing the session releases the lock, whatever state it is in.
      client.release(true);
    }
  }

  async #query<Row extends pg.QueryResultRow>(text: string, values: unknown[]) {
    const client = await this.#pool.connect();
    try {
      if (!this.#exists) await createPlatformTables(kyselyOn(client), tables);
      this.#exists = true;
      return await client.query<Row>(text, values);
    } catch (error) {
      // The table may have been dropped, or the database restored.
      this.#exists = false;
      throw error;
    } finally {
      client.release();
    }
  }
}

/** What the table has of a backup that begins. */
export const newRow = ({
  id,
  method,
  scheduled,
  at,
}: {
  id: string;
  method: Method;
  scheduled: boolean;
  at: Date;
}): BackupRow => ({
  id,
  state: "running",
  method,
  host: hostname(),
  scheduled,
  started_at: at,
  finished_at: null,
  bytes: null,
  verdict: null,
  verified_at: null,
  failure: null,
});

/** What the table has of a complete backup. */
export const rowOf = (manifest: Manifest): BackupRow => ({
  id: manifest.id,
  state: "complete",
  method: manifest.method,
  host: manifest.host,
  scheduled: manifest.scheduled,
  started_at: new Date(manifest.started_at),
  finished_at: new Date(manifest.finished_at),
  bytes: manifest.bytes,
  verdict: manifest.verification?.verdict ?? null,
  verified_at: manifest.verification ? new Date(manifest.verification.at) : null,
  failure: null,
});
