import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { OperationDetails } from "../api/operations.ts";
import { overviewQuery, type StepDetails } from "../api/queries.ts";
import { type Format, nameOf } from "../format.ts";
import { Icon } from "../ui/icon.tsx";
import { sentenceOf } from "../ui/operation-words.ts";
import { Progress } from "../ui/progress.tsx";
import styles from "./step.module.css";
import { Verify } from "./step-verify.tsx";
import { TakeUp } from "./take-up.tsx";

/** The operation that moves the step, or has just moved it: progress, then checks, ledger and the requests since. */
export const Outcome = ({
  operation,
  change,
  format,
}: {
  operation: OperationDetails;
  change: StepDetails;
  format: Format;
}) => {
  const { data: overview } = useQuery(overviewQuery);
  const { id, state, receipts, failure, requested_by, reason, started_at } = operation;
  const by = (
    <p className="t2">
      {nameOf(requested_by)}, {format.time(started_at)}
      {reason && `: “${reason}”`}
    </p>
  );
  if (state === "running") {
    return (
      <div className={styles.outcome}>
        <p className={styles.question}>{sentenceOf(operation)}</p>
        {by}
        <Progress operation={operation} format={format} />
      </div>
    );
  }
  const isDone = state === "completed";
  return (
    <div className={isDone ? styles.outcome : styles.failed}>
      <div className={styles.ended} role={isDone ? "status" : "alert"}>
        <p className={styles.question}>
          <Icon name={isDone ? "check" : "error"} large /> {sentenceOf(operation, { isCurrent: true })}
        </p>
        {by}
        {failure && (
          <p>
            {failure.detail} <span className="t2">{failure.remedy}</span>
          </p>
        )}
      </div>
      {receipts.map(({ step, checks, warnings }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: receipts are only appended, and a step can have two
        <ul key={`${step} ${at}`}>
          {checks.map(({ name, ok, detail }) => (
            <li key={name}>
              <Icon name={ok ? "check" : "cross"} /> {name} <span className="t2">{detail}</span>
            </li>
          ))}
          {warnings.map((warning) => (
            <li key={warning}>
              <Icon name="warning" /> {warning}
            </li>
          ))}
        </ul>
      ))}
      <TakeUp operation={operation} />
      <p className="t2">
        <Link to="/operations/$id" params={{ id }}>
          Operation {id}
        </Link>
        , {format.ms(receipts.reduce((sum, { duration_ms }) => sum + duration_ms, 0))}
        {overview && (
          <>
            . Ledger entry {overview.ledger_head.seq}, head{" "}
            <span className="mono">{overview.ledger_head.hash.slice(0, 12)}</span>
          </>
        )}
        .
      </p>
      {isDone && <Verify operation={operation} change={change} format={format} />}
    </div>
  );
};
