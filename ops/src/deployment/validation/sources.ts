import { sql } from "kysely";
import type pg from "pg";
import type { Clock } from "../../core/clock.ts";
import { onConnection } from "../../database/monitoring-pool.ts";
import { type HistoryPoint, readHistory } from "../../monitoring/index.ts";
import type { RollbackManager } from "../../rollback/index.ts";
import { hasTable } from "../preflight/database.ts";
import type { ValidationContext } from "./context.ts";
import type { Measured } from "./trend.ts";

const hourMs = 3_600_000;
const weekMs = 7 * 24 * hourMs;
/** Longer times are read by the hour. */
const minutesUpToMs = 24 * hourMs;

export interface SourceOptions {
  /** Created by `createMonitoringPool`. */
  pool: pg.Pool;
  manager: Pick<RollbackManager, "verifyLedger">;
  clock: Clock;
  /** The processes of the new version: those that started after this time, with this version. */
  newSlot: { startedAfter: Date; version: string };
}

/** The sources of the validation that need only the database: what the monitoring keeps, and the ledger. */
export const databaseSources = ({
  pool,
  manager,
  clock,
  newSlot,
}: SourceOptions): Pick<ValidationContext, "memory" | "p95" | "lastWeek" | "ledger"> => ({
  memory: (since) => readMemory(pool, since, newSlot),
  p95: (since) => readP95(pool, since, clock.now()),
  lastWeek: (since) => readLastWeek(pool, since, clock.now()),
  ledger: () => manager.verifyLedger(),
});

/** Of the process that was seen longest: those of several processes together show no trend. */
const readMemory = (
  pool: pg.Pool,
  since: Date,
  { startedAfter, version }: SourceOptions["newSlot"],
): Promise<Measured[]> =>
  onConnection(pool, async (db) => {
    if (!(await hasTable(db, "gauge_minutes"))) return [];
    const { rows } = await sql<Measured>`
      select minute as at, total / samples as value from earlybird.gauge_minutes
      where gauge = 'memory_bytes' and minute >= ${since} and instance_id = (
        select instance_id from earlybird.gauge_minutes join earlybird.instances on id = instance_id
        where gauge = 'memory_bytes' and minute >= ${since}
          and started_at >= ${startedAfter} and version = ${version}
        group by instance_id order by count(*) desc, max(minute) desc limit 1)
      order by minute`.execute(db);
    return rows;
  });

const readP95 = async (pool: pg.Pool, since: Date, now: Date): Promise<Measured[]> => {
  const isLong = now.getTime() - since.getTime() > minutesUpToMs;
  const points = await history(pool, { from: since, until: now, resolution: isLong ? "hour" : "minute" });
  return points.map(({ at, p95_ms }) => ({ at: new Date(at), value: p95_ms }));
};

const readLastWeek = async (pool: pg.Pool, since: Date, now: Date) => {
  const hours = await history(pool, { from: since, until: now, resolution: "hour" });
  const last = hours.at(-1);
  if (!last) return null;
  const from = new Date(Date.parse(last.at) - weekMs);
  const until = new Date(from.getTime() + hourMs);
  const [before] = await history(pool, { from, until, resolution: "hour" });
  return before ? { now: last.p95_ms, before: before.p95_ms } : null;
};

/** The points of all routes that had requests, oldest first. */
const history = (
  pool: pg.Pool,
  request: { from: Date; until: Date; resolution: "minute" | "hour" },
): Promise<HistoryPoint[]> =>
  onConnection(pool, async (db) => {
    if (!(await hasTable(db, "metric_minutes"))) return [];
    return (await readHistory(db, request)).filter(({ requests }) => requests > 0);
  });
