import styles from "./charts.module.css";
import { areaPath, type Column, highestOf, linePath } from "./columns.ts";

const width = 112;
const height = 20;

/** A small line without axes, beside the number that says the same; hidden from screen readers. */
export const Sparkline = ({
  column,
  failed = [],
  limit,
  tone = "plain",
}: {
  column: Column;
  /** Drawn over the line, on the same scale. */
  failed?: Column;
  /** A dashed line, at the top if the values are far below it. */
  limit?: number | undefined;
  tone?: "plain" | "error";
}) => {
  const most = Math.max(highestOf(column), limit ?? 0) * 1.15 || 1;
  const x = (index: number) => (index * width) / Math.max(1, column.length - 1);
  const y = (value: number) => height - 1 - ((height - 2) * value) / most;
  return (
    <svg className={styles.spark} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      {limit !== undefined && (
        <path d={`M0 ${y(limit).toFixed(1)}h${width}`} stroke="var(--rule-strong)" strokeDasharray="2 3" />
      )}
      <path
        d={linePath(column, x, y)}
        fill="none"
        stroke={tone === "error" ? "var(--error)" : "var(--area-line)"}
        strokeWidth="1.3"
      />
      {highestOf(failed) > 0 && <path d={areaPath(failed, x, y)} fill="var(--error)" />}
    </svg>
  );
};
