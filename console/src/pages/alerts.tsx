import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { alertHistoryQuery, alertSummaryQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, nameOf } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import styles from "./alerts.module.css";

/** Alerts, newest first, the mutes and the channels. */
export const AlertsPage = () => {
  const history = useQuery(alertHistoryQuery);
  const summary = useQuery(alertSummaryQuery);
  const format = createFormat(useSession());
  const nowMs = useNow();
  const error = history.error ?? summary.error;
  if (error && !history.data) return <LoadError error={error} />;
  if (!history.data || !summary.data) return <Loading lines={8} />;
  const { muted, channels } = summary.data;
  return (
    <div className={styles.page}>
      <h1>Alerts</h1>
      <Section title="Newest">
        {history.data.alerts.length === 0 && <Empty>No alert has fired yet.</Empty>}
        <ul>
          {history.data.alerts.map(
            ({ id, state, severity, type, message, fired_at, resolved_at, acknowledged }) => (
              <Row
                key={id}
                icon={state === "firing" ? severity : "check"}
                aside={format.time(fired_at)}
                more={
                  <>
                    {state === "firing"
                      ? `firing for ${duration(nowMs - Date.parse(fired_at))}`
                      : `resolved after ${duration(Date.parse(String(resolved_at)) - Date.parse(fired_at))}`}
                    {` · ${severity} · ${type}`}
                    {acknowledged && ` · acknowledged by ${nameOf(acknowledged.by)}`}
                  </>
                }
              >
                <Link to="/alerts/$id" params={{ id }}>
                  {message}
                </Link>
              </Row>
            ),
          )}
        </ul>
      </Section>
      <div className={styles.side}>
        <Section title="Muted">
          {muted.length === 0 && <Empty>Nothing is muted.</Empty>}
          <ul>
            {muted.map(({ id, type, key, route, author, reason, until }) => (
              <Row
                key={id}
                icon="rolled-back"
                aside={<>until {format.time(until)}</>}
                more={
                  <>
                    {nameOf(author)}
                    {reason && `: “${reason}”`}
                  </>
                }
              >
                {[type, key, route].filter(Boolean).join(" · ")}
              </Row>
            ))}
          </ul>
        </Section>
        <Section title="Channels">
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
