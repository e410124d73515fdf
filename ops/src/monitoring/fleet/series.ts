import type { Kysely } from "kysely";
import { gaugeColumns } from "./gauge-series.ts";
import { type GaugeName, gaugeStatistics } from "./gauges.ts";
import { type RequestMetric, readRequests, requestColumns, requestMetrics } from "./request-series.ts";
import { gridOf, timesOf } from "./series-grid.ts";

export const hourMs = 3_600_000;

/** Longest period that is read by the minute; longer ones by the hour. */
const minutesUpToMs = 24 * hourMs;

/** Older data exists by the hour only. */
const minutesKeptMs = 72 * hourMs;

/** Whether a period is read by the hour. */
export const isByHour = ({ from, until, now }: { from: Date; until: Date; now: Date }): boolean =>
  until.getTime() - from.getTime() > minutesUpToMs || from.getTime() < now.getTime() - minutesKeptMs;

const gaugeNames = Object.keys(gaugeStatistics) as GaugeName[];
export type SeriesMetric = RequestMetric | GaugeName;
export const seriesMetrics = [...requestMetrics, ...gaugeNames] as [SeriesMetric, ...SeriesMetric[]];

export interface SeriesRequest {
  metrics: readonly SeriesMetric[];
  /** The template of a route, for the metrics of requests; if omitted, the sum of all routes. */
  route?: string | undefined;
  method?: string | undefined;
  from: Date;
  until: Date;
  /** At most this many, and one for the part before `from`. */
  points: number;
}

/** Metrics over time: one array of times, and one of the same length for each metric. */
export interface Series {
  stepSeconds: number;
  /** The beginnings of the points, in Unix seconds. */
  times: number[];
  columns: Record<string, (number | null)[]>;
}

/** Metrics of all instances over time, from the database. */
export const readSeries = async (
  db: Kysely<unknown>,
  { metrics, route, method, until, ...request }: SeriesRequest,
  now: Date,
): Promise<Series> => {
  const byHour = isByHour({ from: request.from, until, now });
  const grid = gridOf({ ...request, until, unitMs: byHour ? hourMs : 60_000 });
  const span = { from: new Date(grid.startMs), until, byHour };
  const wanted = new Set<SeriesMetric>(metrics);
  const ofRequests = requestMetrics.filter((name) => wanted.has(name));
  const ofGauges = gaugeNames.filter((name) => wanted.has(name));
  const requests =
    ofRequests.length > 0
      ? await requestColumns(await readRequests(db, { route, method, ...span }), grid, ofRequests)
      : {};
  const gauges = ofGauges.length > 0 ? await gaugeColumns(db, grid, { wanted: ofGauges, ...span }) : {};
  return {
    stepSeconds: grid.stepMs / 1000,
    times: timesOf(grid),
    columns: { ...requests, ...gauges },
  };
};
