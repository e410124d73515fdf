import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { Explained } from "../api/alerts.ts";
import { ApiError } from "../api/client.ts";
import { alertQuery } from "../api/queries.ts";
import { reportUrl } from "../api/report.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, type Format } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import styles from "./alert.module.css";
import { AlertActions } from "./alert-actions.tsx";
import { timelineOf } from "./alert-timeline.ts";
import { Suspects } from "./suspects.tsx";

/** One alert: what was measured, what happened to it, who was notified and why, and what changed before. */
export const AlertPage = () => {
  const { id } = useParams({ from: "/inside/alerts/$id" });
  const { data, error } = useQuery(alertQuery(id));
  const format = createFormat(useSession());
  if (error && !data)
    return error instanceof ApiError && error.status === 404 ? <Gone id={id} /> : <LoadError error={error} />;
  if (!data) return <Loading lines={6} />;
  const { alert, instance } = data;
  return (
    <div className={styles.page}>
      <p className={styles.crumb}>
        <Link to="/alerts">Alerts</Link> / {alert.type}
      </p>
      <h1>{alert.message}</h1>
      <p className={styles.facts}>
        <State explained={data} />
        <span>since {format.dateTime(alert.fired_at)}</span>
        <span>{instance}</span>
      </p>
      {alert.state === "resolved" && alert.resolved_at && (
        <p className={styles.over} role="status">
          This alert is over since {format.time(alert.resolved_at)}: there is nothing to acknowledge or mute.
        </p>
      )}
      <div className={styles.columns}>
        <Suspects alert={alert.id} />
        <div className={styles.main}>
          {alert.state === "firing" && <AlertActions alert={alert} format={format} />}
          <Section title="Notified">
            <Channels channels={data.channels} format={format} />
          </Section>
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
        </div>
        <Section title="Timeline">
          <Timeline explained={data} format={format} />
        </Section>
      </div>
      <p>
        <a href={reportUrl([alert])} download>
          Download incident report
        </a>
      </p>
    </div>
  );
};

const Gone = ({ id }: { id: string }) => (
  <div className={styles.page} role="alert">
    <h1>This alert is not known any more.</h1>
    <p className="t2">
      There is no alert {id}: alerts are kept for 90 days, or the link belongs to another service.
    </p>
    <p>
      <Link to="/alerts" search={{ tab: "history" }}>
        See the history of alerts
      </Link>
    </p>
  </div>
);

const State = ({ explained: { alert } }: { explained: Explained }) => {
  const nowMs = useNow();
  const { state, fired_at, resolved_at } = alert;
  const lastedMs = (resolved_at ? Date.parse(resolved_at) : nowMs) - Date.parse(fired_at);
  return (
    <span>
      <Icon name={state === "firing" ? alert.severity : "check"} />
      {alert.severity}, {state === "firing" ? "firing for" : "resolved after"} {duration(lastedMs)}
    </span>
  );
};

const Timeline = ({ explained, format }: { explained: Explained; format: Format }) => (
  <ol>
    {timelineOf(explained).map(({ at, what, more }) => (
      <li key={`${at} ${what}`} className={styles.row}>
        <time className="mono t2" dateTime={at}>
          {format.time(at)}
        </time>
        <span>
          {what}
          {more !== "" && <span className={styles.more}>{withTimes(more, format)}</span>}
        </span>
      </li>
    ))}
  </ol>
);

const outcomes: Record<Explained["channels"][number]["outcome"], { icon: IconName; word: string }> = {
  accepted: { icon: "check", word: "notified" },
  on_its_way: { icon: "applied", word: "on its way" },
  failed: { icon: "error", word: "failed" },
  not_sent: { icon: "muted", word: "not notified" },
};

const Channels = ({ channels, format }: Pick<Explained, "channels"> & { format: Format }) => {
  if (channels.length === 0) return <Empty>No channel is set up; alerts are only logged.</Empty>;
  return (
    <ul>
      {channels.map(({ channel, outcome, why }) => (
        <Row
          key={channel}
          icon={outcomes[outcome].icon}
          aside={outcomes[outcome].word}
          more={withTimes(why, format)}
        >
          {channel}
        </Row>
      ))}
    </ul>
  );
};

/** A sentence of the server, with its times by the clock of the service. */
const withTimes = (sentence: string, format: Format): string =>
  sentence.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => format.time(iso));
