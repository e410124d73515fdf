import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sumOf } from "../charts/columns.ts";
import { type ErrorCount, errorsQuery, type Metric, type Series } from "../charts/history.ts";
import type { Mark } from "../charts/marks.ts";
import type { Range } from "../charts/range.ts";
import type { Format } from "../format.ts";
import table from "../ui/data-table.module.css";
import { FactTable } from "../ui/fact-table.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, Fault, Loading } from "../ui/states.tsx";
import styles from "./traffic.module.css";

/** Older errors are not kept. */
const errorsKeptMs = 72 * 3_600_000;

const statusNames = {
  responses_2xx: "2xx, done",
  responses_3xx: "3xx, elsewhere",
  responses_4xx: "4xx, refused",
  responses_5xx: "5xx, failed here",
} as const satisfies Partial<Record<Metric, string>>;
export const statusMetrics = Object.keys(statusNames) as (keyof typeof statusNames)[];

/** Below the charts of a route: its statuses, its errors with the step each comes from, what changed meanwhile. */
export const RouteDetails = ({
  route,
  range,
  data,
  marks,
  nowMs,
  format,
}: {
  route: string;
  range: Range;
  data: Series;
  marks: readonly Mark[];
  nowMs: number;
  format: Format;
}) => {
  const errors = useQuery(errorsQuery(route, range));
  const counts = statusMetrics.map((name) => ({ name, count: sumOf(data.series[name] ?? []) }));
  const all = counts.reduce((sum, { count }) => sum + count, 0);
  return (
    <div className={styles.details}>
      <Section title="Responses">
        <FactTable
          facts={counts.map(({ name, count }) => ({
            name: statusNames[name],
            value: format.number(count),
            note: all > 0 ? format.percent((100 * count) / all) : "",
          }))}
        />
      </Section>
      <Section title="Errors">
        {errors.error && !errors.data && <Fault error={errors.error} />}
        {!errors.data && !errors.error && <Loading />}
        {errors.data && <Errors errors={errors.data.errors} format={format} />}
        {errors.data?.scope === "instance" && (
          <p className="t3">The database is away: these are the errors of one instance.</p>
        )}
        {Date.parse(data.from) < nowMs - errorsKeptMs && (
          <p className="t3">Errors are kept for 72 hours; older ones are not listed.</p>
        )}
      </Section>
      <Section title="What changed">
        {marks.length === 0 && <Empty>Nothing changed in this period.</Empty>}
        <ul>
          {marks.slice(0, 8).map(({ id, icon, atMs, title, link, more }) => (
            <Row key={id} icon={icon} aside={format.time(new Date(atMs).toISOString())} more={more}>
              {link ? <Link {...link}>{title}</Link> : title}
            </Row>
          ))}
        </ul>
      </Section>
    </div>
  );
};

const Errors = ({ errors, format }: { errors: readonly ErrorCount[]; format: Format }) => {
  if (errors.length === 0) return <Empty>No response of 400 or more in this period.</Empty>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={table.scroll} aria-label="Errors" tabIndex={0}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Status</th>
            <th scope="col">Step</th>
            <th scope="col">Times</th>
            <th scope="col">Last</th>
          </tr>
        </thead>
        <tbody>
          {errors.map(({ code, status, step, count, last }) => (
            <tr key={`${code} ${status} ${step}`}>
              <td>{code ?? "no code"}</td>
              <td>{status}</td>
              <td>
                {step === null ? (
                  "none"
                ) : (
                  <Link to="/changes/$step" params={{ step: String(step) }}>
                    step {step}
                  </Link>
                )}
              </td>
              <td>{format.number(count)}</td>
              <td>{format.time(last)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
