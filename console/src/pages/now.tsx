import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Alert, activeAlertsQuery, healthQuery, overviewQuery, stepsQuery } from "../api/queries.ts";
import { newestReleaseQuery } from "../api/releases.ts";
import { reportUrl } from "../api/report.ts";
import { useSession } from "../api/session.ts";
import { periodOfAnswer, seriesQuery } from "../charts/history.ts";
import { Horizon } from "../charts/horizon.tsx";
import { type Events, useEvents } from "../charts/marks.ts";
import { periodOf, type Range } from "../charts/range.ts";
import { createFormat, duration, type Format } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Icon } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import { leadOf } from "./lead.ts";
import { useLeadEvidence } from "./lead-evidence.ts";
import styles from "./now.module.css";
import type { Lead } from "./situation.ts";
import { VitalSigns } from "./vital-signs.tsx";

const horizonRange: Range = { kind: "last", name: "12h" };

/** History that begins this much later than the horizon is said to begin late. */
const lateMs = 300_000;

/** The front page: what is wrong, what to do next, what fires, what changed, vital signs. */
export const NowPage = () => {
  const session = useSession();
  const format = createFormat(session);
  const nowMs = useNow();
  const health = useQuery(healthQuery);
  const alerts = useQuery(activeAlertsQuery);
  const { rollback, releases } = session.features;
  const overview = useQuery({ ...overviewQuery, enabled: rollback });
  const steps = useQuery({ ...stepsQuery, enabled: rollback });
  const release = useQuery({ ...newestReleaseQuery, enabled: releases });
  const events = useEvents(horizonRange, periodOf(horizonRange, nowMs));
  const evidence = useLeadEvidence(alerts.data?.alerts ?? []);
  const error = health.error ?? alerts.error;
  if (error && !health.data) return <LoadError error={error} />;
  if (!health.data || !alerts.data || (rollback && steps.isPending)) return <Loading lines={8} />;
  const situation = {
    health: health.data,
    alerts: alerts.data.alerts,
    steps: steps.data?.steps ?? [],
    operation: overview.data?.operation ?? null,
    release: release.data ?? null,
    ...evidence,
    nowMs,
  };
  const lead = leadOf(situation, format);
  return (
    <>
      <h1 className="visually-hidden">Now</h1>
      <TwelveHours nowMs={nowMs} events={events} format={format} />
      <LeadSection lead={lead} />
      <div className={styles.columns}>
        <Section title="Firing" aside={<Link to="/alerts">All alerts</Link>}>
          <Firing alerts={alerts.data.alerts} nowMs={nowMs} />
        </Section>
        <Section title="What changed" aside={rollback && <Link to="/changes">All changes</Link>}>
          <Changed events={events} format={format} />
        </Section>
        <VitalSigns health={health.data} format={format} />
      </div>
    </>
  );
};

/** The horizon, or as much of it as the service can know. */
const TwelveHours = ({ nowMs, events, format }: { nowMs: number; events: Events; format: Format }) => {
  const { fleet } = useSession().features;
  const metrics = ["requests", "errors"] as const;
  const { data, error } = useQuery({
    ...seriesQuery({ metrics, range: horizonRange, points: 720 }),
    enabled: fleet,
  });
  const period = data ? periodOfAnswer(data) : periodOf(horizonRange, nowMs);
  const { times = [], series: { requests = [], errors = [] } = {} } = data ?? {};
  const first = requests.findIndex((count) => count !== null);
  const sinceMs = (times[first] ?? 0) * 1_000;
  const noteOf = () => {
    if (!fleet) return "This service keeps no history of its traffic: it has no database.";
    if (error && !data) return `The traffic could not be read. ${error.message}`;
    if (!data) return undefined;
    if (first === -1) return "No traffic is recorded yet.";
    if (sinceMs - period.fromMs < lateMs) return undefined;
    return `Recorded since ${format.time(new Date(sinceMs).toISOString())}`;
  };
  return (
    <Horizon
      period={period}
      traffic={{ times, requests, errors }}
      events={events}
      note={noteOf()}
      format={format}
    />
  );
};

const LeadSection = ({ lead: { status, kicker, headline, detail, next } }: { lead: Lead }) => (
  <div className={styles.lead}>
    <div>
      <p className={`${styles.kicker} ${status}`}>
        <Icon name={status} large />
        {kicker}
      </p>
      <p className={styles.headline}>{headline}</p>
      <p className={styles.detail}>{detail}</p>
    </div>
    {next && (
      <aside className={styles.next} aria-label="Suggested next">
        <p className="t2">Suggested next</p>
        <h2>{next.title}</h2>
        <ul>
          {next.why.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
        <Link className={styles.action} {...next.action}>
          {next.action.label}
        </Link>
      </aside>
    )}
  </div>
);

const Firing = ({ alerts, nowMs }: { alerts: readonly Alert[]; nowMs: number }) => {
  if (alerts.length === 0) return <Empty>No alert fires.</Empty>;
  return (
    <>
      <ul>
        {alerts.map(({ id, severity, type, message, fired_at }) => (
          <Row
            key={id}
            icon={severity}
            aside={duration(nowMs - Date.parse(fired_at))}
            more={
              <>
                {severity} · {type}
              </>
            }
          >
            <Link to="/alerts/$id" params={{ id }}>
              {message}
            </Link>
          </Row>
        ))}
      </ul>
      <p>
        <a href={reportUrl(alerts)} download>
          Download incident report
        </a>
      </p>
    </>
  );
};

/** As many of the newest changes as are shown. */
const mostChanges = 5;

const Changed = ({ events, format }: { events: Events; format: Format }) => {
  const changes = events.marks.filter(({ kind }) => kind !== "alert");
  const known = events.missing.length === 0;
  return (
    <>
      {changes.length === 0 && known && <Empty>Nothing changed in the last 12 hours.</Empty>}
      {!known && <p className="warning">Could not be read: {events.missing.join(", ")}.</p>}
      <ul>
        {changes.slice(0, mostChanges).map(({ id, icon, atMs, title, link, more }) => (
          <Row key={id} icon={icon} aside={format.time(new Date(atMs).toISOString())} more={more}>
            {link ? <Link {...link}>{title}</Link> : title}
          </Row>
        ))}
      </ul>
    </>
  );
};
