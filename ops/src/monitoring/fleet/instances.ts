import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Kysely, sql } from "kysely";
import type pg from "pg";
import { z } from "zod";
import { type Clock, systemClock } from "../../core/clock.ts";
import { DatabaseWithTables } from "../../database/database-with-tables.ts";
import { onConnection } from "../../database/monitoring-pool.ts";
import { createFleetTables } from "./schema.ts";

/** An instance not seen for this long counts as dead. Live ones send a heartbeat every five seconds. */
export const aliveSeconds = 20;

/** A process of the service. */
export const instance = z.object({
  id: z.uuid(),
  host: z.string(),
  pid: z.int(),
  version: z.string(),
  started_at: z.iso.datetime(),
  seen_at: z.iso.datetime().describe("By the clock of the database."),
});
export type Instance = z.infer<typeof instance>;

/** Registers this process in the database and lists the live ones. */
export class Instances {
  /** Of this process; new on every start. */
  readonly instanceId: string = randomUUID();
  readonly #pool: pg.Pool;
  readonly #database: DatabaseWithTables;
  readonly #version: string;
  readonly #clock: Clock;
  /** On the monotonic clock. */
  readonly #startedMs: number;
  #living: readonly Instance[] = [];

  /** @param options.pool created by `createMonitoringPool` */
  constructor({ pool, version, clock = systemClock }: { pool: pg.Pool; version: string; clock?: Clock }) {
    this.#pool = pool;
    this.#database = new DatabaseWithTables(pool, createFleetTables);
    this.#version = version;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  /** The instances alive at the last contact with the database, including this one, oldest first. */
  get living(): readonly Instance[] {
    return this.#living;
  }

  /**
   * Number of live instances older than this one at the last contact with the database: 0 for the first, and before any
   * contact. Also known while the database is down.
   */
  rank(): number {
    return Math.max(
      0,
      this.#living.findIndex(({ id }) => id === this.instanceId),
    );
  }

  /**
   * Sends a heartbeat and reads the live instances.
   *
   * @throws if the database is unavailable; the known instances are kept
   */
  async beat(): Promise<void> {
    this.#living = await this.connected(async (db) => {
      await sql`
        insert into earlybird.instances (id, host, pid, version, started_at, seen_at)
        values (${this.instanceId}, ${hostname()}, ${process.pid}, ${this.#version}, least(${this.#startedAt()}::timestamptz, date_trunc('milliseconds', now())), now())
        on conflict (id) do update set seen_at = excluded.seen_at`.execute(db);
      const { rows } = await sql<
        Omit<Instance, "started_at" | "seen_at"> & { started_at: Date; seen_at: Date }
      >`
        select id, host, pid, version, started_at, seen_at from earlybird.instances
        where seen_at > now() - make_interval(secs => ${aliveSeconds}) and stopped_at is null
        order by started_at, id`.execute(db);
      return rows.map(({ started_at, seen_at, ...rest }) => ({
        ...rest,
        started_at: started_at.toISOString(),
        seen_at: seen_at.toISOString(),
      }));
    });
  }

  /** Records the end of this instance, so that its rank is free immediately. */
  async leave(): Promise<void> {
    await onConnection(this.#pool, (db) =>
      sql`update earlybird.instances set seen_at = now(), stopped_at = now() where id = ${this.instanceId}`.execute(
        db,
      ),
    );
  }

  /** The clock of a machine may be wrong when the process starts, and right at the first contact with the database. */
  #startedAt(): Date {
    return new Date(this.#clock.now().getTime() - (this.#clock.monotonicMs() - this.#startedMs));
  }

  /** Calls `work` with a connection to a database that has the tables of the fleet. */
  connected<T>(work: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
    return this.#database.connected(work);
  }
}
