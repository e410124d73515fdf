import { useQuery } from "@tanstack/react-query";
import type { Health } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import type { Column } from "../charts/columns.ts";
import { figuresQuery, seriesQuery } from "../charts/history.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { type ThresholdSetting, useThresholds } from "../charts/thresholds.ts";
import type { Format } from "../format.ts";
import { FactTable } from "../ui/fact-table.tsx";
import { Section } from "../ui/section.tsx";
import styles from "./vital-signs.module.css";

interface VitalSign {
  name: string;
  value: string;
  /** The last hour; empty if the service keeps no history. */
  column: Column;
  limit?: { at: number; text: string };
  /** Whether the value is outside of what it should be. */
  isBad: boolean;
}

const metrics = [
  "requests_per_second",
  "error_rate_percent",
  "p95_ms",
  "p99_ms",
  "database_ping_ms",
  "pool_in_use",
  "cpu_percent",
  "memory_percent",
] as const;

/** The last minute of this instance, beside the last hour of all and the thresholds; below, the service's own figures. */
export const VitalSigns = ({ health, format }: { health: Health; format: Format }) => {
  const { fleet } = useSession().features;
  const { data } = useQuery({
    ...seriesQuery({ metrics, range: { kind: "last", name: "1h" }, points: 60 }),
    enabled: fleet,
  });
  const figures = useQuery(figuresQuery);
  const limits = useThresholds();
  const { performance, database, system } = health;
  const column = (name: (typeof metrics)[number]): Column => data?.series[name] ?? [];
  const limited = (
    current: number,
    setting: ThresholdSetting,
    show: (value: number) => string,
  ): Pick<VitalSign, "limit" | "isBad"> => {
    const at = limits[setting];
    return at === undefined ? { isBad: false } : { limit: { at, text: show(at) }, isBad: current > at };
  };
  const signs: VitalSign[] = [
    {
      name: "Requests",
      value: `${format.number(performance.requests_per_second)} /s`,
      column: column("requests_per_second"),
      isBad: false,
    },
    {
      name: "Failed",
      value: format.percent(performance.error_rate_percent),
      column: column("error_rate_percent"),
      ...limited(performance.error_rate_percent, "ALERT_ERROR_RATE_PERCENT", format.percent),
    },
    {
      name: "Slowest 5 %",
      value: format.ms(performance.p95_ms),
      column: column("p95_ms"),
      ...limited(performance.p95_ms, "ALERT_API_TIMEOUT_MS", format.ms),
    },
    { name: "Slowest 1 %", value: format.ms(performance.p99_ms), column: column("p99_ms"), isBad: false },
  ];
  if (database && database.status !== "not_configured") {
    const { response_time_ms: ping, pool } = database;
    signs.push(
      {
        name: "Database",
        value: ping === null ? "no answer" : format.ms(ping),
        column: column("database_ping_ms"),
        ...limited(ping ?? 0, "ALERT_DATABASE_SLOW_MS", format.ms),
        ...(database.status === "healthy" ? {} : { isBad: true }),
      },
      {
        name: "Connections",
        value: `${pool.in_use} of ${pool.size}`,
        column: column("pool_in_use"),
        limit: { at: pool.size, text: pool.waiting > 0 ? `${pool.waiting} wait` : "" },
        isBad: pool.waiting > 0,
      },
    );
  }
  if (system) {
    signs.push(
      {
        name: "CPU",
        value: format.percent(system.cpu_percent),
        column: column("cpu_percent"),
        ...limited(system.cpu_percent, "ALERT_CPU_PERCENT", format.percent),
      },
      {
        name: "Memory",
        value: format.percent(system.memory_percent),
        column: column("memory_percent"),
        ...limited(system.memory_percent, "ALERT_MEMORY_PERCENT", format.percent),
      },
    );
  }
  return (
    <Section title="Vital signs" aside={<span>{fleet ? "the last hour, and now here" : "now"}</span>}>
      <table className={styles.signs}>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">What</th>
            <th scope="col">Last hour</th>
            <th scope="col">Now</th>
            <th scope="col">Alert from</th>
          </tr>
        </thead>
        <tbody>
          {signs.map(({ name, value, column, limit, isBad }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={styles.spark}>
                {column.length > 0 && (
                  <Sparkline column={column} limit={limit?.at} tone={isBad ? "error" : "plain"} />
                )}
              </td>
              <td className={isBad ? "error" : undefined}>{value}</td>
              <td className={styles.limit}>{limit?.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {figures.data && figures.data.figures.length > 0 && (
        <FactTable
          facts={figures.data.figures.map(({ label, value, unit }) => ({
            name: label,
            value: textOf(value, unit, format),
          }))}
        />
      )}
    </Section>
  );
};

const textOf = (value: number | string, unit: string | null, format: Format): string =>
  typeof value === "number" && unit === null ? format.number(value) : format.quantity(value, unit ?? "");
