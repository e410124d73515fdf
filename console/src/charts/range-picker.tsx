import { Link } from "@tanstack/react-router";
import type { Format } from "../format.ts";
import styles from "./charts.module.css";
import { type Period, type Preset, presetLabels, type Range, shift, shortestMs, zoom } from "./range.ts";

const offered: readonly Preset[] = ["15m", "1h", "6h", "24h", "7d", "90d"];

/** The choice of a period: by name, or by zooming and moving the one that is shown. All of it is in the address. */
export const RangePicker = ({
  range,
  period,
  nowMs,
  note,
  onSelect,
  format,
}: {
  range: Range;
  /** What is shown. */
  period: Period;
  nowMs: number;
  /** Why another range is shown than the address says. */
  note?: string | undefined;
  onSelect(period: Period): void;
  format: Format;
}) => {
  const lengthMs = period.toMs - period.fromMs;
  const time = (ms: number) => format.time(new Date(ms).toISOString());
  const actions = [
    { label: "Earlier", to: shift(period, -1, nowMs), isOff: false },
    { label: "Later", to: shift(period, 1, nowMs), isOff: period.toMs > nowMs - 120_000 },
    { label: "Zoom in", to: zoom(period, 0.5, nowMs), isOff: lengthMs <= shortestMs },
    { label: "Zoom out", to: zoom(period, 2, nowMs), isOff: lengthMs >= 90 * 86_400_000 },
  ];
  return (
    <div className={styles.range}>
      <nav className={styles.choices} aria-label="Period">
        {offered.map((name) => (
          <Link
            key={name}
            to="."
            search={(search) => ({ ...search, range: name })}
            {...(range.kind === "last" && range.name === name && { "aria-current": "true" as const })}
            activeProps={{ "aria-current": undefined }}
          >
            {presetLabels[name]}
          </Link>
        ))}
      </nav>
      <div className={styles.choices}>
        {actions.map(({ label, to, isOff }) => (
          <button key={label} type="button" disabled={isOff} onClick={() => onSelect(to)}>
            {label}
          </button>
        ))}
      </div>
      <span className="mono t2">
        {time(period.fromMs)} to {time(period.toMs)} <span className="t3">{format.zone}</span>
      </span>
      {note && (
        <p className="warning" role="status">
          {note}
        </p>
      )}
    </div>
  );
};
