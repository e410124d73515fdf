import { type Column, whereRequested } from "../charts/columns.ts";
import { type Metric, periodOfAnswer, type Series } from "../charts/history.ts";
import type { Mark } from "../charts/marks.ts";
import { Plot } from "../charts/plot.tsx";
import type { Period } from "../charts/range.ts";
import { useThresholds } from "../charts/thresholds.ts";
import type { Format } from "../format.ts";
import styles from "./traffic.module.css";

/** What the charts need of the series. */
export const chartMetrics = [
  "requests",
  "requests_per_second",
  "errors",
  "p50_ms",
  "p95_ms",
  "p99_ms",
] as const satisfies readonly Metric[];

/** Requests and durations over time. */
export const TrafficCharts = ({
  data,
  marks,
  height,
  onSelect,
  format,
}: {
  data: Series;
  marks: readonly Mark[];
  height: number;
  onSelect(period: Period): void;
  format: Format;
}) => {
  const limits = useThresholds();
  const column = (name: Metric): Column => data.series[name] ?? [];
  const requests = column("requests");
  const perSecond = column("requests_per_second");
  const failed = column("errors").map((errors, index) =>
    errors === null ? null : ((perSecond[index] ?? 0) * errors) / (requests[index] || 1),
  );
  const shared = { period: periodOfAnswer(data), times: data.times, marks, height, onSelect, format };
  const perSecondText = (value: number) => `${format.rate(value)} /s`;
  const limit = limits.ALERT_API_TIMEOUT_MS;
  return (
    <div className={styles.charts}>
      <Plot
        {...shared}
        title="Requests a second"
        series={[
          {
            label: "all",
            values: perSecond,
            show: perSecondText,
            colour: "--area-line",
            isFilled: true,
          },
          {
            label: "failed",
            values: failed,
            isRare: true,
            show: perSecondText,
            colour: "--error",
            isFilled: true,
          },
        ]}
      />
      <Plot
        {...shared}
        title="Duration"
        threshold={
          limit === undefined ? undefined : { at: limit, label: `alert: p95 over ${format.ms(limit)}` }
        }
        series={(
          [
            ["p50", "p50_ms", "--text-3", [2, 3]],
            ["p95", "p95_ms", "--area-line", [6, 3]],
            ["p99", "p99_ms", "--text", undefined],
          ] as const
        ).map(([label, name, colour, dash]) => ({
          label,
          values: whereRequested(column(name), requests),
          show: format.ms,
          colour,
          ...(dash && { dash: [...dash] }),
        }))}
      />
    </div>
  );
};
