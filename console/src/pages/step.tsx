import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useMove, useOperation } from "../api/operations.ts";
import {
  type Direction,
  type Operation,
  overviewQuery,
  type StepDetails,
  stepQuery,
  stepsQuery,
} from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, type Format, nameOf } from "../format.ts";
import { ChangeGraph } from "../ui/change-graph.tsx";
import { Icon } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, Fault, LoadError, Loading } from "../ui/states.tsx";
import styles from "./step.module.css";
import { Decision } from "./step-decision.tsx";
import { Outcome } from "./step-outcome.tsx";
import { StepPreview, useDryRun } from "./step-preview.tsx";

/** One change: its impact, reason, phrase, the move and its outcome. */
export const StepPage = () => {
  const { step: number } = useParams({ from: "/inside/changes/$step" });
  const { data, error } = useQuery(stepQuery(Number(number)));
  const steps = useQuery(stepsQuery);
  const format = createFormat(useSession());
  const moving = useMove();
  const operation = useOperation(useRunningOf(Number(number)) ?? begunBy(moving.data)).data;
  if (error && !data) return <LoadError error={error} />;
  if (!data || !steps.data) return <Loading lines={8} />;
  const { step, name, title, state, risk, requires, dependents, estimate, while_rolled_back } = data;
  return (
    <div className={styles.page}>
      <p className="t3">
        <Link to="/changes">Changes</Link> / {step}
      </p>
      <h1>{title}</h1>
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
      {moving.error && <Fault error={moving.error} />}
      {moving.data && "approval" in moving.data && (
        <p className={styles.outcome} role="status">
          Another admin must approve this move. Request {moving.data.approval.id} waits.
        </p>
      )}
      {operation && <Outcome operation={operation} format={format} />}
      <Columns
        key={`${step} ${state}`}
        change={data}
        isMoving={moving.isPending || operation?.state === "running"}
        onMove={moving.mutate}
        format={format}
      >
        {while_rolled_back !== null && (
          <Section title="While it is rolled back">
            <p>{while_rolled_back.replaceAll("`", "")}</p>
          </Section>
        )}
        <Section title="Dependencies">
          <ChangeGraph steps={steps.data.steps} selected={step} />
        </Section>
        <Section title="History of this step">
          <History operations={data.operations} format={format} />
        </Section>
      </Columns>
    </div>
  );
};

/** The operation that moves the step now, also if another user started it. */
const useRunningOf = (step: number): string | undefined => {
  const operation = useQuery(overviewQuery).data?.operation;
  return operation?.state === "running" && operation.steps.includes(step) ? operation.id : undefined;
};

const begunBy = (started: ReturnType<typeof useMove>["data"]): string | undefined =>
  started && "operation" in started ? started.operation?.id : undefined;

const Columns = ({
  change,
  isMoving,
  onMove,
  format,
  children,
}: {
  change: StepDetails;
  isMoving: boolean;
  onMove: ReturnType<typeof useMove>["mutate"];
  format: Format;
  children: ReactNode;
}) => {
  const direction: Direction = change.state === "applied" ? "rollback" : "reapply";
  const rehearsal = useDryRun(change, direction);
  const plan = rehearsal.data?.run.plan.hash;
  return (
    <div className={styles.columns}>
      <StepPreview change={change} direction={direction} rehearsal={rehearsal} format={format} />
      <Decision change={change} direction={direction} plan={plan} isMoving={isMoving} onMove={onMove} />
      <aside className={styles.context}>{children}</aside>
    </div>
  );
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
