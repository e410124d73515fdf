import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { diagnosticsQuery, trafficQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, type Format } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import table from "../ui/data-table.module.css";
import { Horizon } from "../ui/horizon.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import styles from "./page.module.css";

const hours = 3;

type Endpoint = NonNullable<
  Awaited<ReturnType<NonNullable<typeof diagnosticsQuery.queryFn>>>
>["endpoints"][number];

/** The columns by which the routes can be sorted, and how each is shown. */
const columns = {
  requests: { label: "Requests", show: ({ requests }: Endpoint, format: Format) => format.number(requests) },
  errors: {
    label: "Failed",
    show: ({ errors, error_rate_percent }: Endpoint, format: Format) =>
      errors === 0 ? "0" : `${format.number(errors)} (${format.percent(error_rate_percent)})`,
  },
  p50_ms: { label: "p50", show: ({ p50_ms }: Endpoint, format: Format) => format.ms(p50_ms) },
  p95_ms: { label: "p95", show: ({ p95_ms }: Endpoint, format: Format) => format.ms(p95_ms) },
  p99_ms: { label: "p99", show: ({ p99_ms }: Endpoint, format: Format) => format.ms(p99_ms) },
  max_ms: { label: "Slowest", show: ({ max_ms }: Endpoint, format: Format) => format.ms(max_ms) },
} as const;

export type TrafficColumn = keyof typeof columns;

export const isTrafficColumn = (value: unknown): value is TrafficColumn =>
  typeof value === "string" && Object.hasOwn(columns, value);

/** Each route of the last minute: requests, failures, percentiles. */
export const TrafficPage = () => {
  const session = useSession();
  const format = createFormat(session);
  const nowMs = useNow();
  const { sort = "requests" } = useSearch({ from: "/inside/traffic" });
  const { data, error } = useQuery(diagnosticsQuery);
  const traffic = useQuery({ ...trafficQuery(hours), enabled: session.features.fleet });
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={12} />;
  const endpoints = [...data.endpoints].sort((a, b) => b[sort] - a[sort]);
  const { performance } = data;
  return (
    <div className={styles.page}>
      <h1>Traffic</h1>
      <Horizon points={traffic.data?.points ?? []} hours={hours} nowMs={nowMs} marks={[]} format={format} />
      <p className="t2">
        {format.count(performance.requests, "request")} in the last minute on this instance,{" "}
        {format.percent(performance.error_rate_percent)} failed; p95 {format.ms(performance.p95_ms)}.
      </p>
      {endpoints.length === 0 ? (
        <Empty>No route was requested in the last minute.</Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className={table.scroll} aria-label="Routes" tabIndex={0}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">Route</th>
                {Object.entries(columns).map(([name, { label }]) => (
                  <th key={name} scope="col" aria-sort={name === sort ? "descending" : undefined}>
                    <Link to="/traffic" search={{ sort: name as TrafficColumn }}>
                      {label}
                    </Link>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {endpoints.map((endpoint) => (
                <tr key={`${endpoint.method} ${endpoint.route}`}>
                  <td>
                    {endpoint.method} {endpoint.route}
                  </td>
                  {Object.entries(columns).map(([name, { show }]) => (
                    <td key={name} className={name === "errors" && endpoint.errors > 0 ? "error" : undefined}>
                      {show(endpoint, format)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
};
