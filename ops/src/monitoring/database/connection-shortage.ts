import type pg from "pg";
import { z } from "zod";
import type { DatabaseDetails } from "./server-stats.ts";

/** Maximum connections of the pool, connections in use, and requests waiting for one. */
export const poolUse = z.object({ size: z.int(), in_use: z.int(), waiting: z.int() });
export type PoolUse = z.infer<typeof poolUse>;

/** `unreachable`: pings fail. The others: the server answers, but the service gets no connection. */
export const databaseProblem = z.enum(["unreachable", "pool_exhausted", "connection_limit"]);
export type DatabaseProblem = z.infer<typeof databaseProblem>;

/** A request that waits longer than this for a connection counts as stuck. */
const longestWaitSeconds = 4;

/** Estimates how long requests wait for a connection of the pool, from the rate at which the pool lends them. */
export class PoolWaits {
  readonly #pool: pg.Pool;
  #lent = 0;
  #measuredAtMs: number;
  #lastLentAtMs: number;
  readonly #count = () => {
    this.#lent++;
  };

  constructor(pool: pg.Pool, nowMs: number) {
    this.#pool = pool;
    this.#measuredAtMs = this.#lastLentAtMs = nowMs;
    pool.on("acquire", this.#count);
  }

  /** The wait in seconds of a request that asks now, from the rate since the last call; 0 if none waits. */
  measure(nowMs: number): number {
    const elapsedMs = nowMs - this.#measuredAtMs;
    const lent = this.#lent;
    this.#lent = 0;
    this.#measuredAtMs = nowMs;
    if (lent > 0) this.#lastLentAtMs = nowMs;
    const { waitingCount } = this.#pool;
    if (waitingCount === 0) return 0;
    return (lent > 0 ? (waitingCount / lent) * elapsedMs : nowMs - this.#lastLentAtMs) / 1000;
  }

  close(): void {
    this.#pool.off("acquire", this.#count);
  }
}

/**
 * Why the service gets no connection, though the server answers; undefined if it gets one. Pure.
 *
 * @param poolWaitSeconds from {@link PoolWaits}
 */
export const connectionShortage = (
  { size, in_use, waiting }: PoolUse,
  poolWaitSeconds: number,
  connections: DatabaseDetails["connections"] | undefined,
): { problem: DatabaseProblem; reason: string } | undefined => {
  if (in_use >= size && poolWaitSeconds > longestWaitSeconds) {
    const reason = `all ${size} connections of the pool are in use, and ${waiting} ${waiting === 1 ? "request waits" : "requests wait"}`;
    return { problem: "pool_exhausted", reason };
  }
  if (connections && connections.used >= connections.max - connections.reserved) {
    const { used, max, reserved } = connections;
    const reason = `the server has ${used} of ${max} connections in use, and keeps ${reserved} for superusers`;
    return { problem: "connection_limit", reason };
  }
  return undefined;
};
