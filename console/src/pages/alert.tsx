import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { alertQuery } from "../api/queries.ts";
import { reportUrl } from "../api/report.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, nameOf } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Icon } from "../ui/icon.tsx";
import { Section } from "../ui/section.tsx";
import { LoadError, Loading } from "../ui/states.tsx";
import styles from "./alert.module.css";
import { AlertActions } from "./alert-actions.tsx";
import { Suspects } from "./suspects.tsx";

/** One alert: what was measured, each decision about notifying, and each attempt by channel. */
export const AlertPage = () => {
  const { id } = useParams({ from: "/inside/alerts/$id" });
  const { data, error } = useQuery(alertQuery(id));
  const format = createFormat(useSession());
  const nowMs = useNow();
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={6} />;
  const { alert, decisions, channels, instance } = data;
  const lastedMs = (alert.resolved_at ? Date.parse(alert.resolved_at) : nowMs) - Date.parse(alert.fired_at);
  return (
    <div className={styles.page}>
      <p className="t3">
        <Link to="/alerts">Alerts</Link> / {alert.type}
      </p>
      <h1>{alert.message}</h1>
      <p className={styles.facts}>
        <span>
          <Icon name={alert.state === "firing" ? alert.severity : "check"} /> {alert.severity}
        </span>
        <span>
          {alert.state === "firing" ? "firing for" : "resolved after"} {duration(lastedMs)}
        </span>
        <span>since {format.dateTime(alert.fired_at)}</span>
        <span>{instance}</span>
        {alert.acknowledged && (
          <span>
            acknowledged by {nameOf(alert.acknowledged.by)} at {format.time(alert.acknowledged.at)}
            {alert.acknowledged.note && `: “${alert.acknowledged.note}”`}
          </span>
        )}
      </p>
      {alert.state === "firing" && <AlertActions alert={alert} format={format} />}
      <div className={styles.columns}>
        <Section title="Measured">
          <dl className={styles.details}>
            {Object.entries(alert.details).map(([name, value]) => (
              <div key={name}>
                <dt>{name.replaceAll("_", " ")}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </Section>
        <Section title="Decisions">
          <ol>
            {decisions.map(({ at, occasion, decision, why }) => (
              <li key={`${at}${occasion}`} className={styles.row}>
                <span className="mono t2">{format.time(at)}</span>
                <span>
                  {occasion}: {decision.replaceAll("_", " ")}
                  <span className={styles.more}>{why}</span>
                </span>
              </li>
            ))}
          </ol>
        </Section>
        <Section title="Channels">
          <ul>
            {channels.map(({ channel, outcome, why }) => (
              <li key={channel} className={styles.row}>
                <span className="mono">{channel}</span>
                <span>
                  {outcome.replaceAll("_", " ")}
                  <span className={styles.more}>{why}</span>
                </span>
              </li>
            ))}
          </ul>
        </Section>
      </div>
      <Suspects alert={alert.id} reason={alert.message} />
      <p>
        <a href={reportUrl([alert])} download>
          Download incident report
        </a>
      </p>
    </div>
  );
};
