import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { AlertFilter } from "../api/alerts.ts";
import { type Alert, activeAlertsQuery, alertSummaryQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat } from "../format.ts";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import { AlertFilters } from "./alert-filters.tsx";
import { AlertHistory } from "./alert-history.tsx";
import { AlertRow } from "./alert-row.tsx";
import styles from "./alerts.module.css";
import { Mutes } from "./mutes.tsx";

/** Alerts by tab: those that fire, those of the last 90 days, the mutes; and the channels. */
export const AlertsPage = () => {
  const { tab = "active", type, severity } = useSearch({ from: "/inside/alerts" });
  const active = useQuery(activeAlertsQuery);
  const summary = useQuery(alertSummaryQuery);
  const format = createFormat(useSession());
  const error = active.error ?? summary.error;
  if (error && !(active.data && summary.data)) return <LoadError error={error} />;
  if (!active.data || !summary.data) return <Loading lines={8} />;
  const { alerts } = active.data;
  const { muted, channels, alerts: inWindow, window_days } = summary.data;
  const filter = { ...(type && { type }), ...(severity && { severity }) };
  const tabs = [
    ["active", `Active ${alerts.length}`],
    ["history", "History"],
    ["muted", `Muted ${muted.length}`],
  ] as const;
  return (
    <div className={styles.page}>
      <h1>
        {alerts.length === 0
          ? "No alert fires."
          : `${format.count(alerts.length, "alert fires", "alerts fire")}.`}
      </h1>
      <p className={styles.sub}>
        {format.count(inWindow, "alert")} in {window_days} days
      </p>
      <nav className={styles.tabs} aria-label="Alerts">
        {tabs.map(([name, label]) => (
          <Link
            key={name}
            to="/alerts"
            search={name === "active" ? {} : { tab: name }}
            // A link without search parameters would be current on every tab.
            activeOptions={{ exact: true, includeSearch: true }}
            {...(tab === name && { "aria-current": "page" as const })}
          >
            {label}
          </Link>
        ))}
      </nav>
      <div className={styles.columns}>
        <div>
          {tab !== "muted" && <AlertFilters tab={tab} filter={filter} />}
          {tab === "active" && (
            <Active alerts={matching(alerts, filter)} isFiltered={Object.keys(filter).length > 0} />
          )}
          {tab === "history" && <AlertHistory filter={filter} />}
          {tab === "muted" && <Mutes muted={muted} format={format} />}
        </div>
        <Section title="Channels">
          {channels.length === 0 && <Empty>No channel is set up; alerts are only logged.</Empty>}
          <ul>
            {channels.map(({ channel, state, reason, waiting }) => (
              <Row
                key={channel}
                icon={state === "working" ? "ok" : state === "failing" ? "warning" : "error"}
                aside={waiting > 0 && `${waiting} waiting`}
                more={
                  <>
                    {state}
                    {reason && `: ${reason}`}
                  </>
                }
              >
                {channel}
              </Row>
            ))}
          </ul>
        </Section>
      </div>
    </div>
  );
};

const matching = (alerts: readonly Alert[], { type, severity }: AlertFilter): Alert[] =>
  alerts.filter(
    (alert) =>
      (type === undefined || alert.type === type) && (severity === undefined || alert.severity === severity),
  );

const Active = ({ alerts, isFiltered }: { alerts: readonly Alert[]; isFiltered: boolean }) => {
  if (alerts.length === 0)
    return <Empty>{isFiltered ? "No alert matches the filter." : "No alert fires."}</Empty>;
  return (
    <ul>
      {alerts.map((alert) => (
        <AlertRow key={alert.id} alert={alert} />
      ))}
    </ul>
  );
};
