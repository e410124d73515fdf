import pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import { connectionSettings } from "../../database/connection-settings.ts";
import { type DatabaseDetails, outdatedDetails, readDatabaseDetails } from "./server-stats.ts";

export type HealthStatus = "healthy" | "degraded" | "unhealthy";

/** How many connections the pool may have, how many of them are lent out, and how many requests wait for one. */
export interface PoolUse {
  size: number;
  in_use: number;
  waiting: number;
}

export type DatabaseHealth = (
  | { status: "healthy" | "degraded"; response_time_ms: number; reason: string | null }
  | { status: "unhealthy"; response_time_ms: null; reason: string }
) & {
  pool: PoolUse;
  /** The latest that are known: half a minute old while they can be read, and nulls when they are too old. */
  details?: DatabaseDetails;
};

const slowMs = 1000;
const detailsEveryMs = 30_000;

/** Two looks may fail; what is older says nothing of now. */
const detailsHoldMs = 90_000;

/**
 * Asks the database for a sign of life over a connection of its own: a ping never waits behind the
 * requests that wait for the pool, and says something about the database when the pool is exhausted.
 * Every half a minute it also looks into the details, which no ping waits for.
 */
export class DatabaseHealthChecker {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #detailsPool: pg.Pool | undefined;
  readonly #lostListeners = new Set<() => void>();
  #details: DatabaseDetails | undefined;
  #detailsAskedAtMs = Number.NEGATIVE_INFINITY;
  #detailsOfMs = Number.NEGATIVE_INFINITY;
  #whyNoDetails = "They have not been looked into lately.";
  #connection: pg.Client | undefined;
  #closed = false;

  /**
   * @param options.pool only its settings and numbers are used, never one of its connections
   * @param options.detailsPool as `createMonitoringPool` makes it; without one, no details are looked into
   */
  constructor({
    pool,
    detailsPool,
    clock = systemClock,
    timeoutMs = 2_000,
  }: {
    pool: pg.Pool;
    detailsPool?: pg.Pool;
    clock?: Clock;
    timeoutMs?: number;
  }) {
    this.#pool = pool;
    this.#detailsPool = detailsPool;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Pings the database, connecting first where needed; always answers within the timeout, never rejects. */
  async check(): Promise<DatabaseHealth> {
    try {
      const responseTimeMs = await withTimeout(this.#timeoutMs, this.#ping());
      const slow = responseTimeMs > slowMs;
      this.#lookIntoDetails();
      return {
        ...this.#background(),
        status: slow ? "degraded" : "healthy",
        response_time_ms: Math.round(responseTimeMs * 1000) / 1000,
        reason: slow ? `a ping took ${Math.round(responseTimeMs)} ms` : null,
      };
    } catch (error) {
      this.#abandonConnection();
      const reason = messageOf(error);
      this.#whyNoDetails = reason;
      return { ...this.#background(), status: "unhealthy", response_time_ms: null, reason };
    }
  }

  /** Calls `listener` when the connection breaks between two checks: the sooner it is checked, the better. */
  onLost(listener: () => void): void {
    this.#lostListeners.add(listener);
  }

  close(): void {
    this.#closed = true;
    this.#abandonConnection();
  }

  async #ping(): Promise<number> {
    const connection = this.#connection ?? (await this.#connect());
    const startedMs = this.#clock.monotonicMs();
    await connection.query("select 1");
    return this.#clock.monotonicMs() - startedMs;
  }

  async #connect(): Promise<pg.Client> {
    if (this.#closed) throw new Error("the checker is closed");
    const connection = new pg.Client({
      ...connectionSettings(this.#pool),
      application_name: "earlybird health",
    });
    this.#connection = connection;
    const lost = () => {
      if (this.#connection !== connection) return;
      this.#abandonConnection();
      for (const listener of this.#lostListeners) listener();
    };
    connection.on("error", lost);
    connection.on("end", lost);
    await connection.connect();
    return connection;
  }

  /** Without goodbye: the server may be there and not read, and a polite end would wait for it. */
  #abandonConnection(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.connection.stream.destroy();
  }

  /** Begins to, if it is time; whoever pings does not wait for it. */
  #lookIntoDetails(): void {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#detailsPool || this.#closed || nowMs - this.#detailsAskedAtMs < detailsEveryMs) return;
    this.#detailsAskedAtMs = nowMs;
    readDatabaseDetails(this.#detailsPool, this.#clock.now()).then(
      (details) => {
        this.#details = details;
        this.#detailsOfMs = nowMs;
      },
      // The next look comes in half a minute.
      (error) => {
        this.#whyNoDetails = messageOf(error);
      },
    );
  }

  #background(): { pool: PoolUse; details?: DatabaseDetails } {
    const { options, totalCount, idleCount, waitingCount } = this.#pool;
    const pool = { size: options.max, in_use: totalCount - idleCount, waiting: waitingCount };
    return this.#details === undefined ? { pool } : { pool, details: this.#asOfNow(this.#details) };
  }

  #asOfNow(details: DatabaseDetails): DatabaseDetails {
    if (this.#clock.monotonicMs() - this.#detailsOfMs <= detailsHoldMs) return details;
    return outdatedDetails(details.taken_at, this.#whyNoDetails);
  }
}

/** A connection that is refused on every address of a host has words only inside. */
const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message || error.name : String(error);
};
