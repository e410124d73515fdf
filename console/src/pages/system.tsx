import { useQuery } from "@tanstack/react-query";
import { diagnosticsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat } from "../format.ts";
import table from "../ui/data-table.module.css";
import { FactTable } from "../ui/fact-table.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import styles from "./page.module.css";
import { SystemCharts } from "./system-charts.tsx";
import { databaseFacts, processFacts } from "./system-facts.ts";

/** Services have hundreds of tables; those that matter here are large. */
const mostTables = 12;

/** Process, database, instances and the largest tables; now, and over time where the service keeps it. */
export const SystemPage = () => {
  const session = useSession();
  const format = createFormat(session);
  const { data, error } = useQuery(diagnosticsQuery);
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={12} />;
  const { database, followers, collections, reasons } = data;
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
          <FactTable facts={processFacts(data, format)} />
        </Section>
        <Section title="Database">
          {database?.status === "not_configured" && <Empty>The service has no database.</Empty>}
          <FactTable facts={databaseFacts(database, format)} />
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
      {session.features.fleet && <SystemCharts />}
      <Section title="Largest tables">
        {(collections ?? []).length === 0 ? (
          <Empty>No table is counted yet.</Empty>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
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
                {(collections ?? []).slice(0, mostTables).map(({ table: name, rows, estimate, bytes }) => (
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
        )}
      </Section>
    </div>
  );
};
