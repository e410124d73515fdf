import { Link } from "@tanstack/react-router";
import { Sparkline } from "../charts/sparkline.tsx";
import type { Format } from "../format.ts";
import table from "../ui/data-table.module.css";
import styles from "./traffic.module.css";
import {
  nameOfRoute,
  type RouteFigures,
  sortRoutes,
  type TrafficSearch,
  type TrafficSort,
  trafficColumns,
} from "./traffic-columns.ts";

const names = Object.keys(trafficColumns) as (keyof typeof trafficColumns)[];

/** The routes, sorted by a column; each leads to its charts. */
export const TrafficTable = ({
  routes,
  search,
  format,
}: {
  routes: readonly RouteFigures[];
  search: TrafficSearch;
  format: Format;
}) => {
  const hasPast = routes.some(({ requests_by_point }) => requests_by_point !== undefined);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={table.scroll} aria-label="Routes" tabIndex={0}>
      <table className={`${table.table} ${styles.routes}`}>
        <thead>
          <tr>
            <SortHeading name="route" label="Route" search={search} />
            {hasPast && <th scope="col">Requests, failed</th>}
            {names.map((name) => (
              <SortHeading key={name} name={name} label={trafficColumns[name].label} search={search} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sortRoutes(routes, search).map((figures) => (
            <tr key={nameOfRoute(figures)}>
              <td>
                {hasPast ? (
                  <Link to="/traffic" search={{ ...search, route: nameOfRoute(figures) }}>
                    <span className={styles.method}>{figures.method}</span> {figures.route}
                  </Link>
                ) : (
                  nameOfRoute(figures)
                )}
              </td>
              {hasPast && (
                <td>
                  <Sparkline
                    column={figures.requests_by_point ?? []}
                    failed={figures.errors_by_point ?? []}
                  />
                </td>
              )}
              {names.map((name) => (
                <td key={name} className={name === "errors" && figures.errors > 0 ? "error" : undefined}>
                  {trafficColumns[name].show(figures, format)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};

const SortHeading = ({
  name,
  label,
  search,
}: {
  name: TrafficSort;
  label: string;
  search: TrafficSearch;
}) => {
  const { sort = "requests", order, ...rest } = search;
  const isSorted = sort === name;
  const isAscending = (name === "route") !== (order === "reversed");
  return (
    <th scope="col" aria-sort={isSorted ? (isAscending ? "ascending" : "descending") : undefined}>
      <Link
        to="/traffic"
        search={{ ...rest, sort: name, ...(isSorted && order === undefined && { order: "reversed" }) }}
      >
        {label}
        {isSorted && <span aria-hidden="true">{isAscending ? " ↑" : " ↓"}</span>}
      </Link>
    </th>
  );
};
