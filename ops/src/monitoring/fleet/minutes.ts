import { type Kysely, type RawBuilder, sql } from "kysely";
import { mergeIntervals } from "../requests/interval.ts";
import type { EndpointMinute, RecordedEndpoint } from "../requests/request-metrics.ts";

/** The requests of one process in one minute. */
export interface Minute {
  startedAt: Date;
  endpoints: readonly EndpointMinute[];
}

/** Name of the sum of the endpoints, which is written even without requests. */
export const allRoutes = { route: "(all)", method: "*" } as const;

/** Adds the sum of all endpoints that are not excluded from rates. */
export const withSum = ({
  startedAt,
  endpoints,
}: {
  startedAt: Date;
  endpoints: readonly RecordedEndpoint[];
}): Minute => {
  const counted = endpoints.filter(({ excludedFromRates }) => !excludedFromRates);
  return { startedAt, endpoints: [...endpoints, { ...allRoutes, ...mergeIntervals(counted) }] };
};

/** Writes or replaces a minute of an instance. */
export const writeMinute = async (
  db: Kysely<unknown>,
  instanceId: string,
  { startedAt, endpoints }: Minute,
): Promise<void> => {
  await db.transaction().execute(async (tx) => {
    await sql`
      insert into earlybird.metric_minutes
        (minute, instance_id, route, method, requests, errors, statuses, total_ms, max_ms, durations)
      select ${startedAt}::timestamptz, ${instanceId}::uuid, given.* from ${rowsOf(endpoints)} as given
      on conflict (route, method, minute, instance_id) do update set
        requests = excluded.requests, errors = excluded.errors, statuses = excluded.statuses,
        total_ms = excluded.total_ms, max_ms = excluded.max_ms, durations = excluded.durations`.execute(tx);
    await markHourDue(tx, startedAt);
  });
};

/** Lets the hour of a minute be merged, in the transaction that writes the minute. */
export const markHourDue = async (tx: Kysely<unknown>, minute: Date): Promise<void> => {
  // Also updates an existing row: this waits for an instance that merges the hour, and makes it due again.
  await sql`
    insert into earlybird.metric_hours_due (hour) values (date_trunc('hour', ${minute}::timestamptz, 'UTC'))
    on conflict (hour) do update set hour = excluded.hour`.execute(tx);
};

/** Endpoints as rows `(route, method, requests, errors, statuses, total_ms, max_ms, durations)`. */
export const rowsOf = (endpoints: readonly EndpointMinute[]): RawBuilder<unknown> => {
  const column = <T>(value: (endpoint: EndpointMinute) => T): T[] => endpoints.map(value);
  return sql`(
    select route, method, requests, errors, statuses::integer[], total_ms, max_ms, durations
    from unnest(
      ${column(({ route }) => route)}::text[],
      ${column(({ method }) => method)}::text[],
      ${column(({ requests }) => requests)}::integer[],
      ${column(({ errors }) => errors)}::integer[],
      ${column(({ statuses }) => `{${statuses.join()}}`)}::text[],
      ${column(({ totalMs }) => totalMs)}::double precision[],
      ${column(({ maxMs }) => maxMs)}::double precision[],
      ${column(({ counts }) => Buffer.from(counts))}::bytea[]
    ) as given (route, method, requests, errors, statuses, total_ms, max_ms, durations))`;
};

/** The columns of minutes and hours that form an `EndpointMinute`. */
export const endpointColumns = sql`route, method, requests, errors, statuses,
  total_ms as "totalMs", max_ms as "maxMs", durations as counts`;
