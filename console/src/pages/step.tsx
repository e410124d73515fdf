import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import {
  type Direction,
  dryRun,
  type Move,
  move,
  type Operation,
  type StepDetails,
  stepQuery,
  stepsQuery,
} from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, type Format, nameOf } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Button } from "../ui/button.tsx";
import { ChangeGraph } from "../ui/change-graph.tsx";
import { Icon } from "../ui/icon.tsx";
import { Receipt } from "../ui/receipt.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, Fault, LoadError, Loading } from "../ui/states.tsx";
import { missingFor } from "./missing.ts";
import styles from "./step.module.css";

/** A dry run that takes longer, by its estimate, does not start by itself. */
const dryRunByItselfMs = 1_000;

/** One change: a dry run as a receipt, reason, phrase, the move and its outcome. */
export const StepPage = () => {
  const { step: number } = useParams({ from: "/inside/changes/$step" });
  const { data, error } = useQuery(stepQuery(Number(number)));
  const steps = useQuery(stepsQuery);
  const format = createFormat(useSession());
  const moving = useMove();
  if (error && !data) return <LoadError error={error} />;
  if (!data || !steps.data) return <Loading lines={8} />;
  const { step, name, title, state, risk, requires, dependents, estimate } = data;
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
      <Outcome moving={moving} format={format} />
      <Decision key={`${step} ${state}`} change={data} moving={moving}>
        <Section title="Dependencies">
          <ChangeGraph steps={steps.data.steps} selected={step} />
        </Section>
        <Section title="History of this step">
          <History operations={data.operations} format={format} />
        </Section>
      </Decision>
    </div>
  );
};

/** Moves a step; the pages read the new state once it has ended, however it did. */
const useMove = () => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (request: Move) => move(request),
    onSettled: () => queries.invalidateQueries({ queryKey: ["rollback"] }),
  });
};

/** The result of the move that was made on this page. */
const Outcome = ({ moving: { data, variables, error }, format }: { moving: Moving; format: Format }) => {
  if (error) return <Fault error={error} />;
  if (!data || !variables) return null;
  if ("approval" in data) {
    return (
      <p className={styles.outcome} role="status">
        Another admin must approve this move. Request {data.approval.id} waits.
      </p>
    );
  }
  const checks = data.steps.flatMap((moved) => moved.checks);
  const warnings = data.steps.flatMap((moved) => moved.warnings);
  const done = variables.direction === "rollback" ? "rolled back" : "re-applied";
  return (
    <div className={styles.outcome} role="status">
      <p className={styles.question}>
        <Icon name="check" large /> Step {variables.step} is {done}.
      </p>
      <p className="t2">
        {format.ms(data.total_ms)}. {checks.filter(({ ok }) => ok).length} of{" "}
        {format.count(checks.length, "check")} hold.
        {data.ledger_head && (
          <>
            {" "}
            Ledger entry {data.ledger_head.seq}, head{" "}
            <span className="mono">{data.ledger_head.hash.slice(0, 12)}</span>.
          </>
        )}
      </p>
      {warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
    </div>
  );
};

type Moving = ReturnType<typeof useMove>;

const Decision = ({
  change,
  moving,
  children,
}: {
  change: StepDetails;
  moving: Moving;
  children: ReactNode;
}) => {
  const { step, state, acknowledge, estimate } = change;
  const direction: Direction = state === "applied" ? "rollback" : "reapply";
  const verb = direction === "rollback" ? "Undo" : "Redo";
  const session = useSession();
  const format = createFormat(session);
  const nowMs = useNow();
  const { reason: prefilled = "" } = useSearch({ from: "/inside/changes/$step" });
  const [reason, setReason] = useState(prefilled);
  const [phrase, setPhrase] = useState("");
  const [onlyWithPlan, setOnlyWithPlan] = useState(true);
  const preview = useMutation({
    mutationFn: async () => ({ run: await dryRun(step, direction), atMs: Date.now() }),
  });
  const startsByItself = session.can.move && estimate.duration_ms < dryRunByItselfMs;
  const { mutate: runDry } = preview;
  useEffect(() => {
    if (startsByItself) runDry();
  }, [startsByItself, runDry]);
  const hash = preview.data?.run.plan.hash;
  const missing = missingFor({
    step: change,
    direction,
    may: session.can.move,
    reason,
    phrase,
    hasPlan: hash !== undefined,
    isMoving: moving.isPending,
  });
  const submit = () =>
    moving.mutate({
      step,
      direction,
      reason: reason.trim(),
      acknowledge: phrase === "" ? [] : [phrase],
      plan: onlyWithPlan ? hash : undefined,
    });
  const needsPhrase = direction === "rollback" && acknowledge !== null;
  return (
    <div className={styles.columns}>
      <div>
        {preview.data && (
          <Receipt
            run={preview.data.run}
            title={`Dry run of step ${step}, ${direction === "rollback" ? "rolling back" : "re-applying"}`}
            at={new Date(preview.data.atMs).toISOString()}
            ageMs={nowMs - preview.data.atMs}
            format={format}
          />
        )}
        {preview.isPending && <Loading lines={10} />}
        {preview.error && <Fault error={preview.error} />}
        <p className={styles.again}>
          <Button
            quiet
            missing={
              session.can.move
                ? undefined
                : "A dry run executes the move and aborts it, which needs an admin."
            }
            onClick={() => runDry()}
          >
            {preview.data ? "Run it again" : `Dry run, about ${format.ms(estimate.duration_ms)}`}
          </Button>
        </p>
      </div>
      <form
        className={styles.decision}
        onSubmit={(event) => {
          event.preventDefault();
          if (missing === undefined) submit();
        }}
      >
        <label className={styles.field}>
          <span className={styles.question}>
            <i>1</i> Why?
          </span>
          <span className="t2">The reason is recorded in the ledger, so no personal data.</span>
          <textarea
            rows={2}
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {needsPhrase && (
          <label className={styles.field}>
            <span className={styles.question}>
              <i>2</i> Confirm the risk
            </span>
            <span className="t2">
              This step is{" "}
              <b className="critical">
                <Icon name="critical" /> critical
              </b>
              . Type <b className={styles.phrase}>{acknowledge}</b>.
            </span>
            <input
              className="mono"
              value={phrase}
              autoComplete="off"
              spellCheck={false}
              autoCapitalize="none"
              onChange={(event) => setPhrase(event.target.value)}
            />
          </label>
        )}
        <div className={styles.field}>
          <span className={styles.question}>
            <i>{needsPhrase ? 3 : 2}</i> {verb}
          </span>
          <label className={styles.check}>
            <input
              type="checkbox"
              checked={onlyWithPlan}
              onChange={(event) => setOnlyWithPlan(event.target.checked)}
            />
            <span className="t2">
              Only with the numbers of the dry run. If they have changed, nothing happens.
            </span>
          </label>
          <div className={styles.dock}>
            {missing !== undefined && <p className="t2">{missing}</p>}
            <Button type="submit" missing={missing}>
              <Icon name={direction === "rollback" ? "undo" : "redo"} />
              {verb} step {step}
            </Button>
          </div>
          {moving.isPending && (
            <p role="status" className="t2">
              Step {step} is moving. Closing this page stops nothing.
            </p>
          )}
        </div>
      </form>
      <aside className={styles.context}>{children}</aside>
    </div>
  );
};

const words = { rollback: "Rolled back", reapply: "Re-applied", apply: "Applied", purge: "Purged" };

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
          {state === "completed" ? words[kind] : `${words[kind]}: ${state.replaceAll("_", " ")}`}
        </Row>
      ))}
    </ul>
  );
};
