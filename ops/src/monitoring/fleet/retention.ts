import { type Kysely, sql } from "kysely";
import { lockClass } from "../../database/platform-tables.ts";
import type { EndpointMinute } from "../requests/request-metrics.ts";
import { mergeGaugeHour } from "./gauge-minutes.ts";
import { endpointColumns, rowsOf } from "./minutes.ts";
import { RouteSums } from "./route-sums.ts";
import { slicesKept } from "./since.ts";
import { pruneStarts } from "./starts.ts";

/** Retention of minutes; after that, only hours are kept. */
export const minutesKept = "72 hours";
export const hoursKept = "90 days";

/** Minutes are written a few seconds after their end. Later ones make their hour due again. */
const hourIsCompleteAfter = "1 hour 2 minutes";

const rowsAtOnce = 5_000;

/** Held while an instance merges and deletes minutes. */
const retentionLock = [lockClass + 2, 1] as const;

/**
 * Merges the oldest due hour and deletes some of the expired rows. Does nothing while another instance is doing it. Ages
 * are by the clock of the database, which all instances share.
 */
export const applyRetention = async (db: Kysely<unknown>): Promise<void> => {
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ free: boolean }>`
      select pg_try_advisory_xact_lock(${sql.join(retentionLock)}) as free`.execute(tx);
    if (!rows[0]?.free) return;
    await keepMergedHours(tx);
    await mergeOldestHour(tx);
    await prune(tx);
  });
};

/**
 * A merged hour whose minutes may have expired is not merged again: the remaining minutes would replace it. Only a process
 * whose clock is days behind writes such minutes.
 */
const keepMergedHours = (tx: Kysely<unknown>) =>
  sql`
    delete from earlybird.metric_hours_due due
    where hour < now() - ${minutesKept}::interval
      and exists (select from earlybird.metric_hours merged where merged.hour = due.hour)`.execute(tx);

const mergeOldestHour = async (tx: Kysely<unknown>): Promise<void> => {
  // Lock first, read second: a concurrent write of a minute waits, and makes the hour due again.
  const { rows: due } = await sql<{ hour: Date }>`
    select hour from earlybird.metric_hours_due
    where hour <= now() - ${hourIsCompleteAfter}::interval
    order by hour limit 1 for update`.execute(tx);
  const hour = due[0]?.hour;
  if (!hour) return;
  const sums = new RouteSums();
  // Minute by minute, to limit memory and not to block the event loop.
  for (let minute = 0; minute < 60; minute++) {
    const { rows } = await sql<EndpointMinute>`
      select ${endpointColumns} from earlybird.metric_minutes
      where minute = ${hour}::timestamptz + make_interval(mins => ${minute})`.execute(tx);
    for (const row of rows) sums.add(row);
  }
  await sql`
    insert into earlybird.metric_hours
      (hour, route, method, requests, errors, statuses, total_ms, max_ms, durations)
    select ${hour}::timestamptz, given.* from ${rowsOf(sums.read())} as given
    on conflict (route, method, hour) do update set
      requests = excluded.requests, errors = excluded.errors, statuses = excluded.statuses,
      total_ms = excluded.total_ms, max_ms = excluded.max_ms, durations = excluded.durations`.execute(tx);
  await mergeGaugeHour(tx, hour);
  await sql`delete from earlybird.metric_hours_due where hour = ${hour}`.execute(tx);
};

const prune = async (tx: Kysely<unknown>): Promise<void> => {
  for (const minutes of [sql.table("earlybird.metric_minutes"), sql.table("earlybird.gauge_minutes")]) {
    // Minutes of an unmerged hour are kept, however old: the service may have been stopped for days.
    await sql`
      delete from ${minutes} where ctid = any (array(
        select ctid from ${minutes}
        where minute < least(now() - ${minutesKept}::interval, (select min(hour) from earlybird.metric_hours_due))
        limit ${rowsAtOnce}))`.execute(tx);
  }
  for (const hours of [sql.table("earlybird.metric_hours"), sql.table("earlybird.gauge_hours")]) {
    await sql`
      delete from ${hours} where ctid = any (array(
        select ctid from ${hours}
        where hour < now() - ${hoursKept}::interval limit ${rowsAtOnce}))`.execute(tx);
  }
  await sql`
    delete from earlybird.error_minutes where ctid = any (array(
      select ctid from earlybird.error_minutes
      where minute < now() - ${minutesKept}::interval limit ${rowsAtOnce}))`.execute(tx);
  await sql`
    delete from earlybird.request_slices where ended_at < now() - ${slicesKept}::interval`.execute(tx);
  await pruneStarts(tx);
};
