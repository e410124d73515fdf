import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  type Alert,
  activeAlertsQuery,
  type Health,
  healthQuery,
  type Operation,
  operationsQuery,
  overviewQuery,
  stepsQuery,
  trafficQuery,
} from "../api/queries.ts";
import { reportUrl } from "../api/report.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, type Format, nameOf } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { type Fact, FactTable } from "../ui/fact-table.tsx";
import { Horizon } from "../ui/horizon.tsx";
import { Icon } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Awaited, Empty, LoadError, Loading } from "../ui/states.tsx";
import { type Lead, leadOf } from "./lead.ts";
import { useLeadEvidence } from "./lead-evidence.ts";
import styles from "./now.module.css";

const horizonHours = 12;

/** The front page: what is wrong, what to do next, what fires, what changed, vital signs. */
export const NowPage = () => {
  const session = useSession();
  const format = createFormat(session);
  const nowMs = useNow();
  const health = useQuery(healthQuery);
  const alerts = useQuery(activeAlertsQuery);
  const { rollback } = session.features;
  const overview = useQuery({ ...overviewQuery, enabled: rollback });
  const steps = useQuery({ ...stepsQuery, enabled: rollback });
  const operations = useQuery({ ...operationsQuery, enabled: rollback });
  const traffic = useQuery({ ...trafficQuery(horizonHours), enabled: session.features.fleet });
  const evidence = useLeadEvidence(alerts.data?.alerts ?? []);
  const error = health.error ?? alerts.error;
  if (error && !health.data) return <LoadError error={error} />;
  if (!health.data || !alerts.data || (rollback && steps.isPending)) return <Loading lines={8} />;
  const situation = {
    health: health.data,
    alerts: alerts.data.alerts,
    steps: steps.data?.steps ?? [],
    operation: overview.data?.operation ?? null,
    ...evidence,
    nowMs,
  };
  const lead = leadOf(situation, format);
  const changes = operations.data?.operations ?? [];
  return (
    <>
      <h1 className="visually-hidden">Now</h1>
      <Horizon
        points={traffic.data?.points ?? []}
        hours={horizonHours}
        nowMs={nowMs}
        marks={changes.map((operation) => ({
          atMs: Date.parse(operation.started_at),
          label: describe(operation),
          icon: operation.kind === "rollback" ? "undo" : "redo",
        }))}
        format={format}
      />
      <LeadSection lead={lead} />
      <div className={styles.columns}>
        <Section title="Firing" aside={<Link to="/alerts">All alerts</Link>}>
          <Firing alerts={alerts.data.alerts} nowMs={nowMs} />
        </Section>
        {rollback && (
          <Section title="What changed" aside={<Link to="/changes">All changes</Link>}>
            {operations.data ? (
              <Changed operations={changes.slice(0, 5)} format={format} />
            ) : (
              <Awaited error={operations.error} />
            )}
          </Section>
        )}
        <Section title="Vital signs" aside={<span>last minute, this instance</span>}>
          <VitalSigns health={health.data} format={format} />
        </Section>
      </div>
    </>
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

/** `Step 26 rolled back`, `Steps 22, 23 re-applied`. */
const describe = ({ kind, steps }: Operation): string => {
  const done = { rollback: "rolled back", reapply: "re-applied", apply: "applied", purge: "purged" };
  const which = steps.length > 3 ? `${steps.length} steps` : steps.join(", ");
  return `${which} ${done[kind]}`;
};

const Changed = ({ operations, format }: { operations: readonly Operation[]; format: Format }) => {
  if (operations.length === 0) return <Empty>No step was moved yet.</Empty>;
  return (
    <ul>
      {operations.map((operation) => (
        <Row
          key={operation.id}
          icon={operation.kind === "rollback" ? "undo" : "redo"}
          aside={format.time(operation.started_at)}
          more={
            <>
              {nameOf(operation.requested_by)}
              {operation.reason && `: “${operation.reason}”`}
            </>
          }
        >
          {describe(operation)}
        </Row>
      ))}
    </ul>
  );
};

const databaseFacts = (database: Health["database"], format: Format): Fact[] => [
  {
    name: "Database",
    value: database?.response_time_ms == null ? "no answer" : format.ms(database.response_time_ms),
    note: database?.status,
    isWarning: database?.status !== "healthy",
  },
  {
    name: "Connections",
    value: database ? `${database.pool.in_use} of ${database.pool.size}` : "",
    note: database && database.pool.waiting > 0 ? `${database.pool.waiting} waiting` : undefined,
    isWarning: (database?.pool.waiting ?? 0) > 0,
  },
];

const VitalSigns = ({
  health: { performance, database, system },
  format,
}: {
  health: Health;
  format: Format;
}) => {
  const facts: Fact[] = [
    { name: "Requests", value: `${format.number(performance.requests_per_second)} /s` },
    { name: "Failed", value: format.percent(performance.error_rate_percent) },
    { name: "Slowest 5 %", value: format.ms(performance.p95_ms) },
    { name: "Slowest 1 %", value: format.ms(performance.p99_ms) },
    ...(database?.status === "not_configured" ? [] : databaseFacts(database, format)),
    { name: "CPU", value: format.percent(system?.cpu_percent ?? 0) },
    {
      name: "Memory",
      value: format.percent(system?.memory_percent ?? 0),
      note: format.bytes(system?.memory_bytes ?? 0),
    },
  ];
  return <FactTable facts={facts} />;
};
