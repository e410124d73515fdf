import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Kysely, sql } from "kysely";
import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import { DatabaseWithTables } from "../../database/database-with-tables.ts";
import { onConnection } from "../../database/monitoring-pool.ts";
import { createFleetTables } from "./schema.ts";

/** Who has not been seen for so long counts as dead; the living write themselves every five seconds. */
const aliveSeconds = 20;

/** One process of the service. */
export interface Instance {
  id: string;
  host: string;
  pid: number;
  version: string;
  /** ISO 8601. */
  started_at: string;
  /** ISO 8601, by the database's clock. */
  seen_at: string;
}

/** Writes this process into the database and learns there of the others that live. */
export class Instances {
  /** Of this process; another one after each start. */
  readonly instanceId: string = randomUUID();
  readonly #pool: pg.Pool;
  readonly #database: DatabaseWithTables;
  readonly #version: string;
  readonly #startedAt: Date;
  #living: readonly Instance[] = [];

  /** @param options.pool as `createMonitoringPool` makes it */
  constructor({ pool, version, clock = systemClock }: { pool: pg.Pool; version: string; clock?: Clock }) {
    this.#pool = pool;
    this.#database = new DatabaseWithTables(pool, createFleetTables);
    this.#version = version;
    this.#startedAt = clock.now();
  }

  /** All that lived at the last contact with the database, this one among them, the oldest first. */
  get living(): readonly Instance[] {
    return this.#living;
  }

  /**
   * How many of the living are older than this one, as of the last contact with the database: 0 for the first, and
   * before any contact. Each knows its place while the database is away, without asking the others.
   */
  rank(): number {
    return Math.max(
      0,
      this.#living.findIndex(({ id }) => id === this.instanceId),
    );
  }

  /**
   * Says that this one lives, and reads who else does.
   *
   * @throws whatever keeps it from the database; what was known before stays known
   */
  async beat(): Promise<void> {
    this.#living = await this.connected(async (db) => {
      await sql`
        insert into earlybird.instances (id, host, pid, version, started_at, seen_at)
        values (${this.instanceId}, ${hostname()}, ${process.pid}, ${this.#version}, ${this.#startedAt}, now())
        on conflict (id) do update set seen_at = excluded.seen_at`.execute(db);
      const { rows } = await sql<
        Omit<Instance, "started_at" | "seen_at"> & { started_at: Date; seen_at: Date }
      >`
        select id, host, pid, version, started_at, seen_at from earlybird.instances
        where seen_at > now() - make_interval(secs => ${aliveSeconds})
        order by started_at, id`.execute(db);
      return rows.map(({ started_at, seen_at, ...rest }) => ({
        ...rest,
        started_at: started_at.toISOString(),
        seen_at: seen_at.toISOString(),
      }));
    });
  }

  /** Strikes this one off, so that its place is free at once. */
  async leave(): Promise<void> {
    await onConnection(this.#pool, (db) =>
      sql`delete from earlybird.instances where id = ${this.instanceId}`.execute(db),
    );
  }

  /** Lends a connection to `work`, to a database that has the fleet's tables. */
  connected<T>(work: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
    return this.#database.connected(work);
  }
}
