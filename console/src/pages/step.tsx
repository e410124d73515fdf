import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ApiError } from "../api/client.ts";
import { useMove } from "../api/operations.ts";
import { type Operation, type StepDetails, stepQuery, stepsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, type Format, nameOf } from "../format.ts";
import { ChangeGraph } from "../ui/change-graph.tsx";
import { Icon } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, Fault, LoadError, Loading } from "../ui/states.tsx";
import styles from "./step.module.css";
import { Deciding } from "./step-deciding.tsx";
import { useStepOperation } from "./step-operation.ts";
import { Outcome } from "./step-outcome.tsx";

/** One change: its impact, reason, phrase, the move and its outcome. */
export const StepPage = () => {
  const step = Number(useParams({ from: "/inside/changes/$step" }).step);
  const { data, error } = useQuery(stepQuery(step));
  const steps = useQuery(stepsQuery);
  const format = createFormat(useSession());
  const moving = useMove();
  const { shown, other } = useStepOperation({ step, begun: begunBy(moving.data), known: data?.operations });
  if (error && !data) return <LoadError error={error} />;
  if (!data || !steps.data) return <Loading lines={8} />;
  return (
    <div className={styles.page}>
      <p className={styles.crumb}>
        <Link to="/changes">Changes</Link> / {step}
      </p>
      <h1>{data.title}</h1>
      <Facts change={data} format={format} />
      <Response moving={moving} isShown={shown !== undefined} />
      {shown && <Outcome operation={shown} change={data} format={format} />}
      <Deciding
        key={`${step} ${data.state}`}
        change={data}
        steps={steps.data.steps}
        operation={other ?? (shown?.state === "running" ? shown : undefined)}
        moving={moving}
        format={format}
      >
        {data.while_rolled_back !== null && (
          <Section title="While it is rolled back">
            <p className="t2">{data.while_rolled_back.replaceAll("`", "")}</p>
          </Section>
        )}
        <Section title="Dependencies">
          <ChangeGraph steps={steps.data.steps} selected={step} />
        </Section>
        <Section title="History of this step">
          <History operations={data.operations} format={format} />
        </Section>
      </Deciding>
    </div>
  );
};

const begunBy = (started: ReturnType<typeof useMove>["data"]): string | undefined =>
  started && "operation" in started ? started.operation?.id : undefined;

const Facts = ({ change, format }: { change: StepDetails; format: Format }) => {
  const { step, name, state, risk, requires, dependents, estimate } = change;
  return (
    <p className={styles.facts}>
      <span className="mono">
        {step} {name}
      </span>
      <span>
        <Icon name={state === "applied" ? "applied" : "rolled-back"} />
        {state === "applied" ? "applied" : "rolled back"}
      </span>
      <span>
        {risk === "critical" && <Icon name="critical" />}
        {risk} risk
      </span>
      {requires.length > 0 && <span>requires {requires.join(", ")}</span>}
      {dependents.length > 0 && <span>required by {dependents.join(", ")}</span>}
      <span>about {format.count(estimate.rows, "row")}</span>
    </p>
  );
};

/** What the server said to a move that has not begun. */
const Response = ({
  moving: { data, error },
  isShown,
}: {
  moving: ReturnType<typeof useMove>;
  /** Whether an operation of the step is shown. */
  isShown: boolean;
}) => {
  const code = error instanceof ApiError ? error.problem?.code : undefined;
  if (code === "EB_OPERATION_RUNNING" && isShown)
    return <p role="status">Another move began first, so yours did not start. It is shown here.</p>;
  if (code === "EB_PLAN_STALE")
    return (
      <p className={styles.failed} role="alert">
        <span>
          <Icon name="warning" /> <b>Nothing was moved: the numbers have changed since the dry run.</b>{" "}
          Compare the two receipts, then decide again.
        </span>
      </p>
    );
  if (error) return <Fault error={error} />;
  if (data && "approval" in data)
    return (
      <p className={styles.outcome} role="status">
        Another admin must approve this move. Request {data.approval.id} waits.
      </p>
    );
  if (data && "operation" in data && data.operation === null)
    return <p role="status">Nothing was moved: somebody has done it already.</p>;
  return null;
};

const words = { rollback: "Rolled back", reapply: "Re-applied", apply: "Applied" };

const History = ({ operations, format }: { operations: readonly Operation[]; format: Format }) => {
  if (operations.length === 0) return <Empty>The step was never moved.</Empty>;
  return (
    <ul>
      {operations.map(({ id, kind, state, started_at, finished_at, requested_by, reason }) => (
        <Row
          key={id}
          icon={kind === "rollback" ? "undo" : "redo"}
          aside={format.time(started_at)}
          more={
            <>
              {nameOf(requested_by)}
              {finished_at && `, ${duration(Date.parse(finished_at) - Date.parse(started_at))}`}
              {reason && `: “${reason}”`}
            </>
          }
        >
          <Link to="/operations/$id" params={{ id }}>
            {state === "completed" ? words[kind] : `${words[kind]}: ${state}`}
          </Link>
        </Row>
      ))}
    </ul>
  );
};
