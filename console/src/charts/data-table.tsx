import { useState } from "react";
import type { Format } from "../format.ts";
import table from "../ui/data-table.module.css";
import styles from "./charts.module.css";
import type { Column } from "./columns.ts";
import type { Mark } from "./marks.ts";

export interface DataColumn {
  label: string;
  values: Column;
  show(value: number): string;
}

/** The data of a chart as a table behind a disclosure. Its rows exist only while it is open: there may be many. */
export const DataTable = ({
  name,
  times,
  columns,
  events = [],
  format,
}: {
  /** What the chart shows. */
  name: string;
  /** In Unix seconds. */
  times: readonly number[];
  columns: readonly DataColumn[];
  /** Shown below the data. */
  events?: readonly Mark[];
  format: Format;
}) => {
  const [isOpen, setOpen] = useState(false);
  const at = (ms: number) => format.time(new Date(ms).toISOString());
  return (
    <details className={styles.data} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        Data as a table<span className="visually-hidden">: {name}</span>
      </summary>
      {isOpen && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className={styles.rows} aria-label={`${name}, data`} tabIndex={0}>
          {events.length > 0 && (
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">Time ({format.zone})</th>
                  <th scope="col">What happened</th>
                </tr>
              </thead>
              <tbody>
                {events.map(({ id, atMs, title }) => (
                  <tr key={id}>
                    <td>{at(atMs)}</td>
                    <td>{title}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">Time ({format.zone})</th>
                {columns.map(({ label }) => (
                  <th key={label} scope="col">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((seconds, index) => (
                <tr key={seconds}>
                  <td>{at(seconds * 1_000)}</td>
                  {columns.map(({ label, values, show }) => (
                    <td key={label}>{showOrNone(values[index] ?? null, show)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
};

const showOrNone = (value: number | null, show: (value: number) => string): string =>
  value === null ? "none" : show(value);
