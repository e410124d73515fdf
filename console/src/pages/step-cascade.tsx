import { Link } from "@tanstack/react-router";
import type { Step, StepDetails } from "../api/queries.ts";
import { Icon } from "../ui/icon.tsx";
import { othersOf } from "./missing.ts";
import styles from "./step.module.css";

/** The steps that must move with a step, and the choice to move them in the same operation. */
export const Cascade = ({
  change,
  steps,
  isChosen,
  onChoose,
}: {
  change: StepDetails;
  steps: readonly Step[];
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
}) => {
  const others = othersOf(change);
  if (others.length === 0) return null;
  const isRollback = change.state === "applied";
  return (
    <fieldset className={styles.field}>
      <legend className={styles.question}>
        {isRollback ? "Steps that need this one" : "Steps that this one needs"}
      </legend>
      <ul className={styles.others}>
        {others.map((number) => {
          const other = steps.find(({ step }) => step === number);
          return (
            <li key={number}>
              <Icon name={isRollback ? "applied" : "rolled-back"} />
              <Link to="/changes/$step" params={{ step: String(number) }}>
                <span className="mono">{number}</span> {other?.title}
              </Link>
              {other?.risk === "critical" && (
                <span className="t2">
                  <Icon name="critical" /> critical
                </span>
              )}
            </li>
          );
        })}
      </ul>
      <label className={styles.check}>
        <input type="checkbox" checked={isChosen} onChange={(event) => onChoose(event.target.checked)} />
        <span>
          {isRollback ? "Undo them, too" : "Redo them, too"}: {change.cascade.steps.join(", ")}, in this
          order, in one operation.
        </span>
      </label>
    </fieldset>
  );
};
