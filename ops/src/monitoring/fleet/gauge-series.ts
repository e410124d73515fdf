import { type Kysely, sql } from "kysely";
import { type GaugeName, gaugeStatistics } from "./gauges.ts";
import type { SeriesGrid } from "./series-grid.ts";

interface GaugeSeriesQuery {
  wanted: readonly GaugeName[];
  from: Date;
  until: Date;
  byHour: boolean;
}

/** One column for each gauge, over all instances. A point without samples is null. */
export const gaugeColumns = async (
  db: Kysely<unknown>,
  { startMs, stepMs, length }: SeriesGrid,
  { wanted, from, until, byHour }: GaugeSeriesQuery,
): Promise<Record<string, (number | null)[]>> => {
  const { rows } = await sql<{ gauge: GaugeName; index: number; mean: number; highest: number }>`
    select gauge, floor((extract(epoch from at) * 1000 - ${startMs}::float8) / ${stepMs}::float8)::integer as index,
      sum(total) / sum(samples) as mean, max(highest) as highest
    from (
      select gauge, minute as at, samples, total, highest from earlybird.gauge_minutes
      where not (${byHour} and exists (
        select from earlybird.gauge_hours merged
        where merged.gauge = gauge_minutes.gauge and merged.hour = date_trunc('hour', minute, 'UTC')))
      union all
      select gauge, hour, samples, total, highest from earlybird.gauge_hours where ${byHour}
    ) as stored
    where gauge = any(${[...wanted]}::text[]) and at >= ${from} and at < ${until}
    group by 1, 2`.execute(db);
  const columns = new Map(wanted.map((name) => [name, new Array<number | null>(length).fill(null)]));
  for (const { gauge, index, mean, highest } of rows) {
    const value = gaugeStatistics[gauge] === "mean" ? mean : highest;
    columns.get(gauge)?.splice(index, 1, Math.round(value * 1000) / 1000);
  }
  return Object.fromEntries(columns);
};
