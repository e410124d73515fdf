import type { OperationDetails } from "../api/operations.ts";
import { duration, type Format } from "../format.ts";
import styles from "./progress.module.css";

/** How far a running operation is: its steps, and the rows of a long one. */
export const Progress = ({ operation, format }: { operation: OperationDetails; format: Format }) => {
  const { steps, receipts, progress } = operation;
  return (
    <div className={styles.progress} role="status">
      <p>
        {Math.min(receipts.length, steps.length)} of {format.count(steps.length, "step")} moved.{" "}
        <span className="t2">Closing this page stops nothing.</span>
      </p>
      {progress && (
        <>
          <progress
            aria-label={`Rows of step ${progress.step}`}
            max={Math.max(progress.rows_in_all, progress.rows_done)}
            value={progress.rows_done}
          />
          <p className="mono t2">
            {format.number(progress.rows_done)} of about {format.count(progress.rows_in_all, "row")},{" "}
            {format.number(progress.rows_per_second)} per second
            {progress.seconds_left !== null && `, ${duration(progress.seconds_left * 1_000)} left`}
          </p>
        </>
      )}
    </div>
  );
};
