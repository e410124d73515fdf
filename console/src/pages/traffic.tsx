import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { diagnosticsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { sumOf } from "../charts/columns.ts";
import { periodOfAnswer, routesQuery, seriesQuery } from "../charts/history.ts";
import { useEvents } from "../charts/marks.ts";
import { type Period, periodOf, rangeText, readRange, within } from "../charts/range.ts";
import { RangePicker } from "../charts/range-picker.tsx";
import { createFormat } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Empty, Fault, LoadError, Loading } from "../ui/states.tsx";
import page from "./page.module.css";
import styles from "./traffic.module.css";
import { chartMetrics, TrafficCharts } from "./traffic-charts.tsx";
import type { TrafficSearch } from "./traffic-columns.ts";
import { RouteDetails, statusMetrics } from "./traffic-route.tsx";
import { TrafficTable } from "./traffic-table.tsx";

/** All routes of a period, or one of them. */
export const TrafficPage = () => {
  const { fleet } = useSession().features;
  return fleet ? <TrafficOverTime /> : <LastMinute />;
};

const points = 240;

const TrafficOverTime = () => {
  const format = createFormat(useSession());
  const nowMs = useNow();
  const navigate = useNavigate();
  const search = useSearch({ from: "/inside/traffic" });
  const { range, note } = readRange(search.range, { nowMs, fallback: "1h" });
  const { route } = search;
  const series = useQuery(
    seriesQuery({ metrics: [...chartMetrics, ...statusMetrics], range, points, route }),
  );
  const { data } = series;
  const period = data ? periodOfAnswer(data) : periodOf(range, nowMs);
  const { marks } = useEvents(range, period);
  const select = (selected: Period) =>
    void navigate({ to: "/traffic", search: { ...search, range: rangeText(within(selected, nowMs)) } });
  if (series.error && !data) return <LoadError error={series.error} />;
  const requests = sumOf(data?.series.requests ?? []);
  return (
    <div className={page.page}>
      {route === undefined ? (
        <h1>Traffic</h1>
      ) : (
        <div>
          <Link to="/traffic" search={withoutRoute(search)}>
            All routes
          </Link>
          <h1 className={styles.route}>{route}</h1>
        </div>
      )}
      <RangePicker
        range={range}
        period={period}
        nowMs={nowMs}
        note={note}
        onSelect={select}
        format={format}
      />
      {!data ? (
        <Loading lines={12} />
      ) : (
        <>
          {requests === 0 && (
            <Empty>
              {route === undefined
                ? "No request was recorded in this period."
                : `No request to ${route} was recorded in this period.`}
            </Empty>
          )}
          <TrafficCharts
            data={data}
            marks={marks}
            height={route === undefined ? 200 : 260}
            onSelect={select}
            format={format}
          />
        </>
      )}
      {route === undefined && <AllRoutes search={search} range={range} />}
      {route !== undefined && data && (
        <RouteDetails route={route} range={range} data={data} marks={marks} nowMs={nowMs} format={format} />
      )}
    </div>
  );
};

const withoutRoute = ({ route: _, ...rest }: TrafficSearch): TrafficSearch => rest;

const AllRoutes = ({
  search,
  range,
}: {
  search: TrafficSearch;
  range: ReturnType<typeof readRange>["range"];
}) => {
  const format = createFormat(useSession());
  const { data, error } = useQuery(routesQuery(range));
  if (error && !data) return <Fault error={error} />;
  if (!data) return <Loading lines={12} />;
  if (data.routes.length === 0) return null;
  return <TrafficTable routes={data.routes} search={search} format={format} />;
};

/** A service without a database knows the last minute of this instance only. */
const LastMinute = () => {
  const format = createFormat(useSession());
  const search = useSearch({ from: "/inside/traffic" });
  const { data, error } = useQuery(diagnosticsQuery);
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={12} />;
  return (
    <div className={page.page}>
      <h1>Traffic</h1>
      <p className="t2">
        The last minute of this instance. The service keeps no history of its traffic: it has no database.
      </p>
      {data.endpoints.length === 0 ? (
        <Empty>No route was requested in the last minute.</Empty>
      ) : (
        <TrafficTable routes={data.endpoints} search={search} format={format} />
      )}
    </div>
  );
};
