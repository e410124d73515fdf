import { Link, useSearch } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import type { Move } from "../api/operations.ts";
import type { Alert, Direction, DryRun, Step, StepDetails } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import type { Format } from "../format.ts";
import { useOfflineReason } from "../live/link.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { missingFor } from "./missing.ts";
import styles from "./step.module.css";
import { PreparedBy, PreparedLink } from "./step-link.tsx";
import { Phrases } from "./step-phrases.tsx";

/** Reason, phrases and the button that moves the step. */
export const Decision = ({
  change,
  direction,
  moving,
  plan,
  alert,
  blocker,
  busy,
  format,
  onMove,
}: {
  change: StepDetails;
  direction: Direction;
  /** The steps that move, in order. */
  moving: readonly Step[];
  /** The dry run. */
  plan: DryRun | undefined;
  /** The alert that led here. */
  alert: Alert | undefined;
  blocker: string | undefined;
  busy: string | undefined;
  format: Format;
  onMove: (move: Pick<Move, "reason" | "acknowledge" | "plan">) => void;
}) => {
  const search = useSearch({ from: "/inside/changes/$step" });
  const { can } = useSession();
  const [reason, setReason] = useState(search.reason ?? alert?.message ?? "");
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [onlyWithPlan, setOnlyWithPlan] = useState(true);
  const isRollback = direction === "rollback";
  const phrases = isRollback ? moving.flatMap(({ acknowledge }) => acknowledge ?? []) : [];
  const hash = plan?.plan.hash;
  const offline = useOfflineReason();
  const missing = missingFor({
    direction,
    may: can.move,
    busy: offline ?? busy,
    blocker,
    needsReason: moving.some(({ risk }) => risk === "high" || risk === "critical"),
    reason,
    phrases,
    typed,
    hasPlan: hash !== undefined,
  });
  const verb = isRollback ? "Undo" : "Redo";
  const which =
    moving.length > 1 ? `steps ${moving.map(({ step }) => step).join(", ")}` : `step ${change.step}`;
  return (
    <form
      className={styles.decision}
      id="decide"
      onKeyDown={submitOnControlEnter}
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === undefined)
          onMove({ reason: reason.trim(), acknowledge: phrases, plan: onlyWithPlan ? hash : undefined });
      }}
    >
      <PreparedBy direction={direction} hash={hash} />
      <label className={styles.field}>
        <span className={styles.question}>
          <i>1</i> Why?
        </span>
        <span className="t2">The reason is recorded in the ledger, so no personal data.</span>
        <textarea
          rows={2}
          value={reason}
          maxLength={500}
          autoComplete="off"
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      {alert && (
        <p className="t2">
          <Icon name={alert.state === "firing" ? alert.severity : "check"} /> From the alert{" "}
          <Link to="/alerts/$id" params={{ id: alert.id }}>
            {alert.type}
          </Link>
          , {alert.state === "firing" ? `firing since ${format.time(alert.fired_at)}` : "which is over"}.
        </p>
      )}
      <Phrases phrases={phrases} moving={moving} typed={typed} onType={setTyped} />
      <div className={styles.field}>
        <span className={styles.question}>
          <i>{phrases.length > 0 ? 3 : 2}</i> {verb}
        </span>
        <label className={styles.check}>
          <input
            type="checkbox"
            checked={onlyWithPlan}
            onChange={(event) => setOnlyWithPlan(event.target.checked)}
          />
          <span className="t2">
            Only with the numbers of the dry run. If they have changed, nothing happens and a new dry run is
            shown.
          </span>
        </label>
        <div className={styles.dock}>
          {missing !== undefined && (
            <p className="t2" id="missing">
              {missing}
            </p>
          )}
          <Button type="submit" missing={missing}>
            <Icon name={isRollback ? "undo" : "redo"} />
            {verb} {which}
            <kbd>Ctrl Enter</kbd>
          </Button>
        </div>
        {plan?.executed && <Afterwards plan={plan} format={format} />}
      </div>
      <PreparedLink
        change={change}
        direction={direction}
        reason={reason}
        hash={hash}
        isCascade={moving.length > 1}
      />
    </form>
  );
};

const submitOnControlEnter = (event: KeyboardEvent<HTMLFormElement>) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
};

/** What happens after the button, with the times of the dry run. */
const Afterwards = ({ plan, format }: { plan: DryRun; format: Format }) => (
  <dl className={styles.then}>
    <dt>{format.ms(plan.steps.reduce((sum, { duration_ms }) => sum + duration_ms, 0))}</dt>
    <dd>
      {plan.steps.length === 1 ? "the transaction of the step" : "one transaction for each step"}, as measured
    </dd>
    <dt>then</dt>
    <dd>checks run, and this page counts requests until you say it is good</dd>
  </dl>
);
