import { type Kysely, sql } from "kysely";
import type { GaugeMinute } from "./gauge-buffer.ts";
import { markHourDue } from "./minutes.ts";

/**
 * Writes the gauges of a minute. If the minute exists, as after a wall clock was set back, its samples are added: a
 * repeated write changes neither mean nor maximum.
 */
export const writeGaugeMinute = async (
  db: Kysely<unknown>,
  instanceId: string,
  { startedAt, sums }: GaugeMinute,
): Promise<void> => {
  if (sums.size === 0) return;
  const column = (key: "samples" | "total" | "highest") => [...sums.values()].map((sum) => sum[key]);
  await db.transaction().execute(async (tx) => {
    await sql`
      insert into earlybird.gauge_minutes as kept (gauge, minute, instance_id, samples, total, highest)
      select gauge, ${startedAt}::timestamptz, ${instanceId}::uuid, samples, total, highest
      from unnest(
        ${[...sums.keys()]}::text[],
        ${column("samples")}::integer[],
        ${column("total")}::double precision[],
        ${column("highest")}::double precision[]
      ) as given (gauge, samples, total, highest)
      on conflict (gauge, minute, instance_id) do update set
        samples = kept.samples + excluded.samples,
        total = kept.total + excluded.total,
        highest = greatest(kept.highest, excluded.highest)`.execute(tx);
    await markHourDue(tx, startedAt);
  });
};

/** Merges the gauges of all instances in an hour. */
export const mergeGaugeHour = async (tx: Kysely<unknown>, hour: Date): Promise<void> => {
  await sql`
    insert into earlybird.gauge_hours (gauge, hour, samples, total, highest)
    select gauge, ${hour}::timestamptz, sum(samples), sum(total), max(highest)
    from earlybird.gauge_minutes
    where minute >= ${hour}::timestamptz and minute < ${hour}::timestamptz + interval '1 hour'
    group by gauge
    on conflict (gauge, hour) do update set
      samples = excluded.samples, total = excluded.total, highest = excluded.highest`.execute(tx);
};
