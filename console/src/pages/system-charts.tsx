import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useSession } from "../api/session.ts";
import { type Metric, periodOfAnswer, seriesQuery } from "../charts/history.ts";
import { useEvents } from "../charts/marks.ts";
import { Plot } from "../charts/plot.tsx";
import type { PlotSeries } from "../charts/plot-options.ts";
import { type Period, periodOf, rangeText, readRange, within } from "../charts/range.ts";
import { RangePicker } from "../charts/range-picker.tsx";
import { type ThresholdSetting, useThresholds } from "../charts/thresholds.ts";
import { createFormat, duration, type Format } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Fault, Loading } from "../ui/states.tsx";
import styles from "./system.module.css";

interface Chart {
  title: string;
  lines: readonly (readonly [label: string, metric: Metric])[];
  unit: "percent" | "ms" | "number" | "bytes" | "seconds";
  limit?: ThresholdSetting;
  /** Not shown without values: a service may have no replica. */
  isOptional?: boolean;
}

const charts: readonly Chart[] = [
  { title: "CPU", lines: [["mean", "cpu_percent"]], unit: "percent", limit: "ALERT_CPU_PERCENT" },
  { title: "Memory", lines: [["mean", "memory_percent"]], unit: "percent", limit: "ALERT_MEMORY_PERCENT" },
  { title: "Event loop delay", lines: [["p99", "event_loop_p99_ms"]], unit: "ms" },
  {
    title: "Database answers in",
    lines: [["longest", "database_ping_ms"]],
    unit: "ms",
    limit: "ALERT_DATABASE_SLOW_MS",
  },
  {
    title: "Connections",
    lines: [
      ["of the server", "database_connections"],
      ["of the pool", "pool_in_use"],
      ["waiting", "pool_waiting"],
    ],
    unit: "number",
  },
  { title: "Waiting for locks", lines: [["sessions", "lock_waits"]], unit: "number" },
  {
    title: "Longest",
    lines: [
      ["transaction", "longest_transaction_seconds"],
      ["wait for a lock", "longest_lock_wait_seconds"],
    ],
    unit: "seconds",
  },
  { title: "Database size", lines: [["bytes", "database_size_bytes"]], unit: "bytes" },
  { title: "Replica lag", lines: [["slowest", "replica_lag_seconds"]], unit: "seconds", isOptional: true },
];

const metrics = charts.flatMap(({ lines }) => lines.map(([, metric]) => metric));

/** Lines of a chart differ by colour and dash. */
const looks: readonly Pick<PlotSeries, "colour" | "dash">[] = [
  { colour: "--area-line" },
  { colour: "--text", dash: [6, 3] },
  { colour: "--error", dash: [2, 3] },
];

/** The recorded gauges over time, with the thresholds of the alerts. */
export const SystemCharts = () => {
  const format = createFormat(useSession());
  const nowMs = useNow();
  const navigate = useNavigate();
  const search = useSearch({ from: "/inside/system" });
  const { range, note } = readRange(search.range, { nowMs, fallback: "6h" });
  const { data, error } = useQuery(seriesQuery({ metrics, range, points: 120 }));
  const limits = useThresholds();
  const period = data ? periodOfAnswer(data) : periodOf(range, nowMs);
  const { marks } = useEvents(range, period);
  const select = (selected: Period) =>
    void navigate({ to: "/system", search: { range: rangeText(within(selected, nowMs)) } });
  const show = shows(format);
  return (
    <>
      <RangePicker
        range={range}
        period={period}
        nowMs={nowMs}
        note={note}
        onSelect={select}
        format={format}
      />
      {error && !data && <Fault error={error} />}
      {!data && !error && <Loading lines={12} />}
      <div className={styles.charts}>
        {data &&
          charts
            .filter(
              ({ isOptional, lines }) => !isOptional || lines.some(([, metric]) => hasValue(data, metric)),
            )
            .map(({ title, lines, unit, limit }) => {
              const at = limit && limits[limit];
              return (
                <Plot
                  key={title}
                  title={title}
                  times={data.times}
                  period={period}
                  height={120}
                  marks={marks}
                  series={lines.map(([label, metric], n) => ({
                    label,
                    values: data.series[metric] ?? [],
                    show: show[unit],
                    colour: "--text",
                    ...looks[n],
                  }))}
                  threshold={at === undefined ? undefined : { at, label: `alert over ${show[unit](at)}` }}
                  alwaysShowThreshold={unit === "percent"}
                  onSelect={select}
                  format={format}
                />
              );
            })}
      </div>
    </>
  );
};

const hasValue = (data: { series: Partial<Record<Metric, (number | null)[]>> }, metric: Metric): boolean =>
  (data.series[metric] ?? []).some((value) => value !== null);

const shows = (format: Format): Record<Chart["unit"], (value: number) => string> => ({
  percent: format.percent,
  ms: format.ms,
  number: format.number,
  bytes: format.bytes,
  seconds: (value) => (value < 90 ? `${format.number(value)} s` : duration(value * 1_000)),
});
