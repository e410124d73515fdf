import { useQuery } from "@tanstack/react-query";
import { diagnosticsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration } from "../format.ts";
import table from "../ui/data-table.module.css";
import { type Fact, FactTable } from "../ui/fact-table.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import styles from "./page.module.css";

/** Process, database, instances and the largest tables. */
export const SystemPage = () => {
  const format = createFormat(useSession());
  const { data, error } = useQuery(diagnosticsQuery);
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={12} />;
  const { system, database, followers, collections, overhead, version, reasons } = data;
  const process: Fact[] = system
    ? [
        { name: "CPU", value: format.percent(system.cpu_percent), note: `of ${system.limits.cpus} CPUs` },
        {
          name: "Memory",
          value: format.bytes(system.memory_bytes),
          note: `${format.percent(system.memory_percent)} of ${format.bytes(system.limits.memory_bytes)}`,
        },
        {
          name: "Event loop",
          value: format.percent(system.event_loop_utilization_percent),
          note: `longest delay ${format.ms(system.event_loop_max_ms)}`,
          isWarning: system.event_loop_utilization_percent > 90,
        },
        {
          name: "Garbage collection",
          value: format.percent(system.gc_percent),
          note: `longest ${format.ms(system.gc_longest_ms)}`,
        },
        { name: "Running for", value: duration(system.uptime_seconds * 1_000), note: version },
        {
          name: "Cost of monitoring",
          value: overhead ? format.percent(overhead.cpu_percent) : "",
          note: overhead ? format.bytes(overhead.memory_bytes) : "",
        },
      ]
    : [];
  const details = database?.details;
  const facts: Fact[] =
    database && database.status !== "not_configured"
      ? [
          {
            name: "Answers in",
            value: database.response_time_ms === null ? "no answer" : format.ms(database.response_time_ms),
            note: database.status,
            isWarning: database.status !== "healthy",
          },
          {
            name: "Pool",
            value: `${database.pool.in_use} of ${database.pool.size}`,
            note: `${database.pool.waiting} waiting`,
            isWarning: database.pool.waiting > 0,
          },
          {
            name: "Connections of the server",
            value: details?.connections
              ? `${details.connections.used} of ${details.connections.max}`
              : "unknown",
          },
          {
            name: "Longest transaction",
            value: details?.longest_transaction
              ? duration(details.longest_transaction.seconds * 1_000)
              : "unknown",
            note: details?.longest_transaction?.application ?? "",
          },
          {
            name: "Waiting for locks",
            value: details?.lock_waits ? format.number(details.lock_waits.waiting) : "unknown",
            isWarning: (details?.lock_waits?.waiting ?? 0) > 0,
          },
          { name: "Size", value: details?.size_bytes == null ? "unknown" : format.bytes(details.size_bytes) },
          ...(details?.replicas ?? []).map((replica, index) => ({
            name: `Replica ${index + 1}`,
            value: JSON.stringify(replica),
          })),
        ]
      : [];
  return (
    <div className={styles.page}>
      <h1>System</h1>
      {reasons.map((reason) => (
        <p key={reason} className="warning">
          {reason}
        </p>
      ))}
      <div className={styles.columns}>
        <Section title="Process">
          <FactTable facts={process} />
        </Section>
        <Section title="Database">
          {database?.status === "not_configured" && <Empty>The service has no database.</Empty>}
          <FactTable facts={facts} />
        </Section>
        <Section title="Instances">
          {(followers ?? []).length === 0 && <Empty>No instance follows the changes.</Empty>}
          <FactTable
            facts={(followers ?? []).map(({ name, version: at, following, seen_at }) => ({
              name,
              value: following ? "following" : "not following",
              note: `version ${at}, seen ${format.time(seen_at)}`,
              isWarning: !following,
            }))}
          />
        </Section>
      </div>
      <Section title="Largest tables">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <section className={table.scroll} aria-label="Largest tables" tabIndex={0}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">Table</th>
                <th scope="col">Rows</th>
                <th scope="col">Size</th>
              </tr>
            </thead>
            <tbody>
              {(collections ?? []).map(({ table: name, rows, estimate, bytes }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td>
                    {estimate && "about "}
                    {rows === null ? "unknown" : format.number(rows)}
                  </td>
                  <td>{bytes === null ? "unknown" : format.bytes(bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </Section>
    </div>
  );
};
