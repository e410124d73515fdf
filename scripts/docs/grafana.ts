import { defaultThresholds } from "@earlybird-ops/platform/alerts";

const requests = "http_server_request_duration_seconds";
const ours = 'job=~"$job",instance=~"$instance"';
const route = `${ours},http_route=~"$route"`;
/** Without the platform's own routes and the probes of the service. */
const counted = `${route},excluded_from_rates=""`;
const routeName = "{{http_request_method}} {{http_route}}";

type Unit = "reqps" | "s" | "percentunit" | "short" | "bytes";

interface Panel {
  title: string;
  unit: Unit;
  /** A query and its legend. */
  queries: readonly [promql: string, legend: string][];
  kind?: "timeseries" | "stat";
  /** The default alert threshold, drawn as a line. */
  threshold?: number;
}

const { errorRatePercent, databaseSlowMs, cpuPercent, memoryPercent, apiTimeoutMs } = defaultThresholds;

const percentile = (share: number, by: string): string =>
  `histogram_quantile(${share}, sum by (${by}le) (rate(${requests}_bucket{${route}}[$__rate_interval])))`;

const perRoute = "http_request_method, http_route, ";

/** Left to right, three per row. */
const panels: readonly Panel[] = [
  {
    title: "Alerts firing",
    unit: "short",
    kind: "stat",
    queries: [
      [`sum(earlybird_alert_firing{${ours}})`, "total"],
      [`sum by (type) (earlybird_alert_firing{${ours}}) > 0`, "{{type}}"],
    ],
  },
  {
    title: "Database up",
    unit: "short",
    kind: "stat",
    queries: [[`min(earlybird_database_up{${ours}})`, "up"]],
  },
  {
    title: "Versions",
    unit: "short",
    kind: "stat",
    queries: [[`count by (version) (earlybird_build_info{${ours}})`, "{{version}}"]],
  },
  {
    title: "Requests",
    unit: "reqps",
    queries: [
      [
        `sum by (http_response_status_code) (rate(${requests}_count{${route}}[$__rate_interval]))`,
        "{{http_response_status_code}}",
      ],
    ],
  },
  {
    title: "Error rate",
    unit: "percentunit",
    threshold: errorRatePercent / 100,
    queries: [
      [
        `sum(rate(earlybird_http_errors_total{${counted}}[$__rate_interval])) / sum(rate(${requests}_count{${counted}}[$__rate_interval]))`,
        "of all requests",
      ],
    ],
  },
  {
    title: "Request duration",
    unit: "s",
    queries: [
      [percentile(0.5, ""), "p50"],
      [percentile(0.95, ""), "p95"],
      [percentile(0.99, ""), "p99"],
    ],
  },
  { title: "p50 of each route", unit: "s", queries: [[percentile(0.5, perRoute), routeName]] },
  {
    title: "p95 of each route",
    unit: "s",
    threshold: apiTimeoutMs / 1000,
    queries: [[percentile(0.95, perRoute), routeName]],
  },
  { title: "p99 of each route", unit: "s", queries: [[percentile(0.99, perRoute), routeName]] },
  {
    title: "Database: response time",
    unit: "s",
    threshold: databaseSlowMs / 1000,
    queries: [[`earlybird_database_response_seconds{${ours}}`, "{{instance}}"]],
  },
  {
    title: "Database: connections",
    unit: "short",
    queries: [
      [`max(earlybird_database_connections{${ours}})`, "in use"],
      [`max(earlybird_database_connections_limit{${ours}})`, "limit"],
    ],
  },
  {
    title: "Database: oldest transaction and lock waits",
    unit: "short",
    queries: [
      [`max(earlybird_database_longest_transaction_seconds{${ours}})`, "oldest transaction, seconds"],
      [`max(earlybird_database_lock_waits{${ours}})`, "waiting for locks"],
    ],
  },
  {
    title: "Database: size",
    unit: "bytes",
    queries: [
      [`max(earlybird_database_size_bytes{${ours}})`, "all"],
      [`topk(10, max by (table) (earlybird_table_size_bytes{${ours}}))`, "{{table}}"],
    ],
  },
  {
    title: "Database: replication lag",
    unit: "s",
    queries: [
      [
        `max by (application, address, slot) (earlybird_replica_lag_seconds{${ours}})`,
        "{{application}} {{address}} {{slot}}",
      ],
    ],
  },
  {
    title: "Connection pool",
    unit: "short",
    queries: [
      [`sum(earlybird_pool_in_use{${ours}})`, "in use"],
      [`sum(earlybird_pool_waiting{${ours}})`, "requests waiting"],
      [`sum(earlybird_pool_size{${ours}})`, "size"],
    ],
  },
  {
    title: "CPU",
    unit: "percentunit",
    threshold: cpuPercent / 100,
    queries: [[`earlybird_cpu_ratio{${ours}}`, "{{instance}}"]],
  },
  {
    title: "Memory",
    unit: "percentunit",
    threshold: memoryPercent / 100,
    queries: [[`earlybird_memory_ratio{${ours}}`, "{{instance}}"]],
  },
  {
    title: "Event loop delay, p99",
    unit: "s",
    queries: [[`earlybird_event_loop_delay_p99_seconds{${ours}}`, "{{instance}}"]],
  },
];

const width = 8;
const height = 7;
const source = { type: "prometheus", uid: "$datasource" };

const line = (at: number) => ({
  custom: { thresholdsStyle: { mode: "line" } },
  thresholds: {
    mode: "absolute",
    steps: [
      { color: "green", value: null },
      { color: "red", value: at },
    ],
  },
});

const panelJson = ({ title, unit, queries, kind = "timeseries", threshold }: Panel, n: number) => ({
  id: n + 1,
  title,
  type: kind,
  datasource: source,
  gridPos: { x: (n % 3) * width, y: Math.floor(n / 3) * height, w: width, h: height },
  fieldConfig: { defaults: { unit, min: 0, ...(threshold !== undefined && line(threshold)) }, overrides: [] },
  targets: queries.map(([expr, legendFormat], query) => ({
    refId: String.fromCharCode("A".charCodeAt(0) + query),
    datasource: source,
    expr,
    legendFormat,
  })),
});

const labelVariable = (name: string, metric: string, label: string) => ({
  name,
  label,
  type: "query",
  datasource: source,
  query: `label_values(${metric}, ${label})`,
  refresh: 2,
  includeAll: true,
  allValue: ".*",
  multi: true,
  current: { text: "All", value: "$__all" },
});

/** A Grafana dashboard; the import asks for the Prometheus data source. */
export const grafanaDashboard = (): string => {
  const dashboard = {
    uid: "earlybird",
    title: "EarlyBird",
    tags: ["earlybird"],
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: {
      list: [
        { name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" },
        labelVariable("job", "earlybird_build_info", "job"),
        labelVariable("instance", "earlybird_build_info", "instance"),
        labelVariable("route", `${requests}_count`, "http_route"),
      ],
    },
    panels: panels.map(panelJson),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
};

/** Every query of the dashboard, for the test that validates them with promtool. */
export const dashboardQueries = (): string[] =>
  panels.flatMap(({ queries }) => queries.map(([promql]) => promql));
