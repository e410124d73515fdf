import type { HistoryPoint } from "../api/queries.ts";
import type { Format } from "../format.ts";
import styles from "./horizon.module.css";
import { Icon, type IconName } from "./icon.tsx";

export interface Mark {
  atMs: number;
  label: string;
  icon: IconName;
}

const height = 100;
const base = 80;
const top = 24;

/** Requests and failures by the minute over some hours, with marks of what changed. */
export const Horizon = ({
  points,
  marks,
  hours,
  nowMs,
  format,
}: {
  points: readonly HistoryPoint[];
  marks: readonly Mark[];
  hours: number;
  nowMs: number;
  format: Format;
}) => {
  const spanMs = hours * 3_600_000;
  const fromMs = nowMs - spanMs;
  const share = (ms: number) => (ms - fromMs) / spanMs;
  const x = (ms: number) => share(ms) * 1_000;
  const most = Math.max(1, ...points.map(({ requests }) => requests));
  const y = (requests: number) => base - ((base - top) * requests) / most;
  const known = points.map((point) => ({ ...point, atMs: Date.parse(point.at) }));
  const line = known.map(({ atMs, requests }) => `L${x(atMs).toFixed(1)} ${y(requests).toFixed(1)}`).join("");
  const first = known[0];
  const last = known.at(-1);
  const failed = known.filter(({ errors }) => errors > 0);
  const firstHour = Math.ceil(fromMs / 3_600_000) * 3_600_000;
  const ticks = Array.from({ length: hours }, (_, n) => firstHour + n * 3_600_000);
  const visible = apart(
    marks.filter(({ atMs }) => atMs > fromMs && atMs <= nowMs),
    spanMs * 0.12,
  );
  return (
    <figure className={styles.horizon}>
      <svg
        viewBox={`0 0 1000 ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Requests of the last ${hours} hours by the minute: at most ${most}, ${failed.length} minutes with failures.`}
      >
        {first && last && (
          <>
            <path
              d={`M${x(first.atMs).toFixed(1)} ${base}${line}L${x(last.atMs).toFixed(1)} ${base}Z`}
              fill="var(--area)"
              opacity=".55"
            />
            <path
              d={`M${line.slice(1)}`}
              fill="none"
              stroke="var(--area-line)"
              vectorEffect="non-scaling-stroke"
            />
          </>
        )}
        {failed.map(({ atMs, errors }) => (
          <rect
            key={atMs}
            x={x(atMs)}
            y={Math.min(base - 3, y(errors))}
            width="2"
            height={base - Math.min(base - 3, y(errors))}
            fill="var(--error)"
          />
        ))}
        <path d={`M0 ${base}h1000`} stroke="var(--rule-strong)" vectorEffect="non-scaling-stroke" />
      </svg>
      {ticks.map((atMs) => (
        <span key={atMs} className={styles.tick} ref={placed(share(atMs))}>
          {format.time(new Date(atMs).toISOString()).slice(-5)}
        </span>
      ))}
      {visible.map(({ atMs, label, icon }) => (
        <span key={`${atMs}${label}`} className={styles.mark} ref={placed(share(atMs))}>
          <Icon name={icon} /> {label}
        </span>
      ))}
    </figure>
  );
};

/** The newest marks, of which no two are closer than their labels are wide. */
const apart = (marks: readonly Mark[], leastMs: number): Mark[] => {
  const kept: Mark[] = [];
  for (const mark of [...marks].sort((a, b) => b.atMs - a.atMs)) {
    if (kept.every(({ atMs }) => atMs - mark.atMs >= leastMs)) kept.push(mark);
  }
  return kept;
};

/** Places an element by script: the policy of the pages allows no style attribute. */
const placed = (share: number) => (element: HTMLElement | null) => {
  element?.style.setProperty("left", `${(share * 100).toFixed(2)}%`);
  if (element && share > 0.85) element.dataset.end = "";
};
