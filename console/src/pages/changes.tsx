import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { stepsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat } from "../format.ts";
import { ChangeGraph } from "../ui/change-graph.tsx";
import { Icon } from "../ui/icon.tsx";
import { LoadError, Loading } from "../ui/states.tsx";
import styles from "./changes.module.css";
import { blockerOf } from "./missing.ts";

/** All changes: their state, risk and cost, and what depends on what. */
export const ChangesPage = () => {
  const { data, error } = useQuery(stepsQuery);
  const format = createFormat(useSession());
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={12} />;
  return (
    <div className={styles.page}>
      <h1>Changes</h1>
      <ChangeGraph steps={data.steps} />
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">While it is applied</th>
            <th scope="col">State</th>
            <th scope="col">Risk</th>
            <th scope="col">To move</th>
            <th scope="col">Parked</th>
          </tr>
        </thead>
        <tbody>
          {data.steps.map(
            ({ step, title, state, risk, estimate, parked_rows, blocked_by, cascade, until }) => (
              <tr key={step}>
                <td className="mono">{step}</td>
                <th scope="row">
                  <Link to="/changes/$step" params={{ step: String(step) }}>
                    {title}
                  </Link>
                  <span className={styles.more}>{blockerOf({ step, blocked_by, state, cascade })}</span>
                </th>
                <td>
                  <span className={styles.state}>
                    <Icon name={state === "applied" ? "applied" : "rolled-back"} />
                    {state === "applied" ? "applied" : "rolled back"}
                  </span>
                  {until !== null && <span className={styles.more}>until {format.time(until)}</span>}
                </td>
                <td>
                  <span className={styles.state}>
                    {risk === "critical" && <Icon name="critical" />}
                    {risk}
                  </span>
                </td>
                <td className="mono">{`${format.count(estimate.rows, "row")}, ${format.ms(estimate.duration_ms)}`}</td>
                <td className="mono">{parked_rows > 0 ? format.count(parked_rows, "row") : ""}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
};
