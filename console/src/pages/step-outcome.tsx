import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { OperationDetails, StepReport } from "../api/operations.ts";
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
      <Findings receipts={receipts} format={format} />
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

/** So many checks that hold are listed at once. */
const mostChecks = 6;

/** The checks after a move, those that failed first, and the warnings. */
const Findings = ({ receipts, format }: { receipts: readonly StepReport[]; format: Format }) => {
  const checks = receipts.flatMap((receipt) => receipt.checks).sort((a, b) => Number(a.ok) - Number(b.ok));
  const shown = Math.max(mostChecks, checks.filter(({ ok }) => !ok).length);
  const rest = checks.slice(shown);
  return (
    <>
      <CheckList checks={checks.slice(0, shown)} />
      {rest.length > 0 && (
        <details>
          <summary>{format.count(rest.length, "more check holds", "more checks hold")}</summary>
          <CheckList checks={rest} />
        </details>
      )}
      {receipts
        .flatMap(({ warnings }) => warnings)
        .map((warning) => (
          <p key={warning}>
            <Icon name="warning" /> {warning}
          </p>
        ))}
    </>
  );
};

const CheckList = ({ checks }: Pick<StepReport, "checks">) => (
  <ul className={styles.checks}>
    {checks.map(({ name, ok, detail }, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: two steps can have a check of the same name
      <li key={`${name} ${at}`}>
        <Icon name={ok ? "check" : "cross"} /> {name} <span className="t2">{detail}</span>
      </li>
    ))}
  </ul>
);
