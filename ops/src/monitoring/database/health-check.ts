import pg from "pg";
import { z } from "zod";
import { type Clock, systemClock } from "../../core/clock.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import { connectionSettings } from "../../database/connection-settings.ts";
import { connectionShortage, type DatabaseProblem, type PoolUse, PoolWaits } from "./connection-shortage.ts";
import { type DatabaseDetails, outdatedDetails, readDatabaseDetails } from "./server-stats.ts";

export const healthStatus = z.enum(["healthy", "degraded", "unhealthy"]);
export type HealthStatus = z.infer<typeof healthStatus>;

/** Also for a service without a database. */
export const databaseStatus = z.enum([...healthStatus.options, "not_configured"]);

export type DatabaseHealth = (
  | { status: "healthy" | "degraded"; response_time_ms: number; reason: string | null }
  | {
      status: "unhealthy";
      problem: DatabaseProblem;
      response_time_ms: number | null;
      reason: string;
    }
  | { status: "not_configured"; response_time_ms: null; reason: null }
) & {
  pool: PoolUse;
  /** Read every 30 seconds; nulls if they are too old. */
  details?: DatabaseDetails;
};

const slowMs = 1000;
const detailsEveryMs = 30_000;

/** Two reads may fail; then the details are outdated. */
const detailsMaxAgeMs = 90_000;

/**
 * Pings the database over its own connection, so that a ping works when the pool is exhausted, and checks whether the
 * service can get connections. Every 30 seconds it also reads the details in the background.
 */
export class DatabaseHealthChecker {
  readonly #pool: pg.Pool;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #detailsPool: pg.Pool | undefined;
  readonly #poolWaits: PoolWaits;
  readonly #lostListeners = new Set<() => void>();
  #details: DatabaseDetails | undefined;
  #detailsRequestedAtMs = Number.NEGATIVE_INFINITY;
  #detailsOfMs = Number.NEGATIVE_INFINITY;
  #detailsError = "They have not been read lately.";
  #connection: pg.Client | undefined;
  #closed = false;

  /**
   * @param options.pool only its settings and counters are used, never its connections
   * @param options.detailsPool created by `createMonitoringPool`; without it, no details are read
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
    this.#poolWaits = new PoolWaits(pool, clock.monotonicMs());
  }

  /** Pings the database, and connects first if needed. Resolves within the timeout, never rejects. */
  async check(): Promise<DatabaseHealth> {
    try {
      const responseTimeMs = await withTimeout(this.#timeoutMs, this.#ping());
      const slow = responseTimeMs > slowMs;
      this.#readDetailsIfDue();
      const background = this.#background();
      const response_time_ms = Math.round(responseTimeMs * 1000) / 1000;
      const waitSeconds = this.#poolWaits.measure(this.#clock.monotonicMs());
      const shortage = connectionShortage(background.pool, waitSeconds, background.details?.connections);
      if (shortage) return { ...background, status: "unhealthy", ...shortage, response_time_ms };
      return {
        ...background,
        status: slow ? "degraded" : "healthy",
        response_time_ms,
        reason: slow ? `a ping took ${Math.round(responseTimeMs)} ms` : null,
      };
    } catch (error) {
      this.#abandonConnection();
      const reason = messageOf(error);
      this.#detailsError = reason;
      const down = { status: "unhealthy", problem: "unreachable", response_time_ms: null, reason } as const;
      return { ...this.#background(), ...down };
    }
  }

  /** Calls `listener` when the connection breaks between two checks. */
  onLost(listener: () => void): void {
    this.#lostListeners.add(listener);
  }

  close(): void {
    this.#closed = true;
    this.#poolWaits.close();
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

  /** Closes the socket directly: a frozen server would never answer a graceful end. */
  #abandonConnection(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.connection.stream.destroy();
  }

  /** Starts to read the details if they are due. Pings do not wait for it. */
  #readDetailsIfDue(): void {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#detailsPool || this.#closed || nowMs - this.#detailsRequestedAtMs < detailsEveryMs) return;
    this.#detailsRequestedAtMs = nowMs;
    readDatabaseDetails(this.#detailsPool, this.#clock.now()).then(
      (details) => {
        this.#details = details;
        this.#detailsOfMs = nowMs;
      },
      // Retried in 30 seconds.
      (error) => {
        this.#detailsError = messageOf(error);
      },
    );
  }

  #background(): { pool: PoolUse; details?: DatabaseDetails } {
    const { options, totalCount, idleCount, waitingCount } = this.#pool;
    const pool = { size: options.max, in_use: totalCount - idleCount, waiting: waitingCount };
    return this.#details === undefined ? { pool } : { pool, details: this.#asOfNow(this.#details) };
  }

  #asOfNow(details: DatabaseDetails): DatabaseDetails {
    if (this.#clock.monotonicMs() - this.#detailsOfMs <= detailsMaxAgeMs) return details;
    return outdatedDetails(details.taken_at, this.#detailsError);
  }
}

/** A connection refused on every address of a host has messages only in its inner errors. */
const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message || error.name : String(error);
};
