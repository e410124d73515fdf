import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { alertHistoryQuery, alertSummaryQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Icon } from "../ui/icon.tsx";
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
          {history.data.alerts.map(({ id, state, severity, type, message, fired_at, resolved_at }) => (
            <li key={id} className={styles.row}>
              {state === "firing" ? <Icon name={severity} /> : <Icon name="check" />}
              <Link to="/alerts/$id" params={{ id }}>
                {message}
              </Link>
              <span className="mono t2">{format.time(fired_at)}</span>
              <span className={styles.more}>
                {state === "firing"
                  ? `firing for ${duration(nowMs - Date.parse(fired_at))}`
                  : `resolved after ${duration(Date.parse(String(resolved_at)) - Date.parse(fired_at))}`}
                {` · ${severity} · ${type}`}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <div className={styles.side}>
        <Section title="Muted">
          {muted.length === 0 && <Empty>Nothing is muted.</Empty>}
          <ul>
            {muted.map(({ id, type, author, reason, until }) => (
              <li key={id} className={styles.row}>
                <Icon name="rolled-back" />
                <span>{type}</span>
                <span className="mono t2">until {format.time(until)}</span>
                <span className={styles.more}>
                  {author}: “{reason}”
                </span>
              </li>
            ))}
          </ul>
        </Section>
        <Section title="Channels">
          <ul>
            {channels.map(({ channel, state, reason, waiting }) => (
              <li key={channel} className={styles.row}>
                <Icon name={state === "working" ? "ok" : state === "failing" ? "warning" : "error"} />
                <span>{channel}</span>
                <span className="mono t2">{waiting > 0 && `${waiting} waiting`}</span>
                <span className={styles.more}>
                  {state}
                  {reason && `: ${reason}`}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      </div>
    </div>
  );
};
