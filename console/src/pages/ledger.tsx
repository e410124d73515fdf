import { useQuery } from "@tanstack/react-query";
import { auditQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat } from "../format.ts";
import { Icon } from "../ui/icon.tsx";
import { Empty, LoadError, Loading } from "../ui/states.tsx";
import styles from "./ledger.module.css";

/** The audit trail, newest first, and whether its chain of hashes holds. */
export const LedgerPage = () => {
  const format = createFormat(useSession());
  const { data, error } = useQuery(auditQuery);
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={12} />;
  const { verified, faults, head, anchors, entries } = data;
  return (
    <div className={styles.page}>
      <h1>Ledger</h1>
      <div className={styles.verified} role="status">
        <p>
          <Icon name={verified ? "check" : "cross"} large />{" "}
          {verified ? "Every entry is as it was written." : "The ledger was changed."}
        </p>
        <p className="t2">
          {format.count(head.seq, "entry", "entries")}, head{" "}
          <span className="mono">{head.hash.slice(0, 16)}</span>
          {anchors?.newest &&
            `; compared with ${format.count(anchors.compared, "signed anchor")}, the newest of ${format.time(anchors.newest.at)}`}
        </p>
        {faults.map((fault) => (
          <p key={fault} className="error">
            {fault}
          </p>
        ))}
      </div>
      {entries.length === 0 && <Empty>The ledger has no entries yet.</Empty>}
      <ol>
        {entries.map(({ seq, at, action, steps, operator, reason, hash }) => (
          <li key={seq} className={styles.entry}>
            <span className="mono t2">{seq}</span>
            <span>
              <b>{action.replaceAll("_", " ")}</b>
              {steps.length > 0 && ` ${steps.length === 1 ? "step" : "steps"} ${steps.join(", ")}`}
              {reason && `: “${reason}”`}
              <span className={styles.more}>{operator}</span>
            </span>
            <span className={styles.when}>
              <span className="mono">{format.time(at)}</span>
              <span className="mono t3">{hash.slice(0, 12)}</span>
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
};
