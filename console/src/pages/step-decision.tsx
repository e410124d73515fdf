import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { useMove } from "../api/operations.ts";
import type { Direction, StepDetails } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { useOfflineReason } from "../live/link.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { missingFor } from "./missing.ts";
import styles from "./step.module.css";

/** Reason, phrase and the button that moves the step. */
export const Decision = ({
  change,
  direction,
  plan,
  isMoving,
  onMove,
}: {
  change: StepDetails;
  direction: Direction;
  /** The hash of the dry run. */
  plan: string | undefined;
  isMoving: boolean;
  onMove: ReturnType<typeof useMove>["mutate"];
}) => {
  const { step, acknowledge } = change;
  const verb = direction === "rollback" ? "Undo" : "Redo";
  const { can } = useSession();
  const { reason: prefilled = "" } = useSearch({ from: "/inside/changes/$step" });
  const [reason, setReason] = useState(prefilled);
  const [phrase, setPhrase] = useState("");
  const [onlyWithPlan, setOnlyWithPlan] = useState(true);
  const offline = useOfflineReason();
  const missing =
    offline ??
    missingFor({
      step: change,
      direction,
      may: can.move,
      reason,
      phrase,
      hasPlan: plan !== undefined,
      isMoving,
    });
  const submit = () =>
    onMove({
      step,
      direction,
      reason: reason.trim(),
      acknowledge: phrase === "" ? [] : [phrase],
      plan: onlyWithPlan ? plan : undefined,
    });
  const needsPhrase = direction === "rollback" && acknowledge !== null;
  return (
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
      </div>
    </form>
  );
};
