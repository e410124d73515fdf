import type { StepReport } from "../api/operations.ts";
import type { Format } from "../format.ts";
import { Icon } from "./icon.tsx";
import { Line } from "./line.tsx";
import styles from "./receipt.module.css";

/** How many checks hold, and the evidence of those that do not. */
export const Checks = ({ checks, format }: { checks: StepReport["checks"]; format: Format }) => {
  const failed = checks.filter(({ ok }) => !ok);
  return (
    <>
      <p className={styles.line}>
        <span>
          {checks.length - failed.length} of {format.count(checks.length, "check")} hold
        </span>
        <Icon name={failed.length === 0 ? "check" : "cross"} />
      </p>
      {failed.map(({ name, detail }) => (
        <Line key={name} name={name} value={detail} />
      ))}
    </>
  );
};
