import { useId } from "react";
import type { Format } from "../format.ts";
import { areaPath, type Column, highestOf, linePath } from "./columns.ts";
import { DataTable } from "./data-table.tsx";
import styles from "./horizon.module.css";
import { placeMarks } from "./labels.ts";
import { MarkLink } from "./mark-link.tsx";
import type { Events } from "./marks.ts";
import type { Period } from "./range.ts";
import { lanesOf } from "./spans.ts";
import { hourTicks } from "./ticks.ts";
import { leftAt, useWidth } from "./use-width.ts";

/** Requests and failures of each point; empty if nothing is known. */
export interface Traffic {
  /** The beginnings of the points, in Unix seconds. */
  times: readonly number[];
  requests: Column;
  errors: Column;
}

const height = 100;
const base = 80;
const top = 30;
/** More steps that are rolled back at the same time share the last lane. */
const mostLanes = 3;

/** Some hours of traffic and failures, with what changed and when alerts fired. */
export const Horizon = ({
  period,
  traffic: { times, requests, errors },
  events,
  note,
  format,
}: {
  period: Period;
  traffic: Traffic;
  events: Events;
  /** Why traffic is missing, or since when it is known. */
  note?: string | undefined;
  format: Format;
}) => {
  const id = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const { fromMs, toMs } = period;
  const x = (ms: number) => ((ms - fromMs) / (toMs - fromMs)) * width;
  const at = (index: number) => x((times[index] ?? 0) * 1_000);
  const most = Math.max(1, highestOf(requests));
  const y = (value: number) => base - ((base - top) * value) / most;
  const failed = [...errors.entries()].filter(([, count]) => (count ?? 0) > 0);
  const pointWidth = Math.max(1.6, at(1) - at(0) - 0.6);
  const ticks = hourTicks(period, { timeZone: format.timeZone, everyHours: width < 560 ? 3 : 1 });
  const lanes = lanesOf(events.rolledBack).slice(0, mostLanes);
  return (
    <figure className={styles.horizon}>
      <div className={styles.plot} ref={ref}>
        <svg viewBox={`0 0 ${Math.max(1, width)} ${height}`} role="img" aria-labelledby={`${id}t ${id}d`}>
          <title id={`${id}t`}>Requests of the last 12 hours, and what changed.</title>
          <desc id={`${id}d`}>
            {describe({ period, traffic: { times, requests, errors }, events, format })}
          </desc>
          {events.alerts.map((span) => (
            <rect
              key={`${span.severity}${span.fromMs}`}
              x={x(span.fromMs)}
              y={14}
              width={Math.max(2, x(span.toMs) - x(span.fromMs))}
              height={base - 14}
              fill={`var(--${span.severity})`}
              opacity=".12"
            />
          ))}
          <path d={areaPath(requests, at, y)} fill="var(--area)" opacity=".55" />
          <path d={linePath(requests, at, y)} fill="none" stroke="var(--area-line)" strokeWidth="1.2" />
          {failed.map(([index, count]) => (
            <rect
              key={times[index]}
              x={at(index)}
              y={Math.min(base - 3, y(count ?? 0))}
              width={pointWidth}
              height={Math.max(3, base - y(count ?? 0))}
              fill="var(--error)"
            />
          ))}
          <path d={`M0 ${base + 0.5}H${width}`} stroke="var(--rule-strong)" />
          {ticks.map(({ atMs }) => (
            <path key={atMs} d={`M${x(atMs).toFixed(1)} ${base}v5`} stroke="var(--rule-strong)" />
          ))}
          {lanes.map((lane, n) =>
            lane.map((span) => (
              <path
                key={`${span.step} ${span.fromMs}`}
                d={`M${x(span.fromMs).toFixed(1)} ${base - 4 - n * 5}H${x(span.toMs).toFixed(1)}`}
                stroke="var(--rolled-back)"
                strokeWidth="3"
              />
            )),
          )}
        </svg>
        {ticks.map(({ atMs, label }) => (
          <span
            key={atMs}
            className={styles.tick}
            data-hidden={x(atMs) < 18 || x(atMs) > width - 18 || undefined}
            ref={leftAt(x(atMs))}
          >
            {label}
          </span>
        ))}
        {width > 0 &&
          placeMarks(events.marks, x, width).map(({ mark, x, label }) => (
            <span
              key={mark.id}
              className={styles.mark}
              data-tone={mark.tone}
              data-label={label}
              ref={leftAt(x)}
            >
              <MarkLink mark={mark} hasLabel={label !== "none"} format={format} />
            </span>
          ))}
      </div>
      {note && <p className={styles.note}>{note}</p>}
      <DataTable
        name="The last 12 hours"
        times={times}
        columns={[
          { label: "Requests", values: requests, show: format.number },
          { label: "Failed", values: errors, show: format.number },
        ]}
        format={format}
        events={events.marks}
      />
    </figure>
  );
};

/** `Requests from 15:14 to 03:14 IST: at most 84 a minute, 12 failed. Step 26 was rolled back from 00:08 to 02:41.` */
const describe = ({
  period: { fromMs, toMs },
  traffic: { requests, errors },
  events,
  format,
}: {
  period: Period;
  traffic: Traffic;
  events: Events;
  format: Format;
}): string => {
  const time = (ms: number) => format.time(new Date(ms).toISOString());
  const failed = errors.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const sentences = [
    `Requests from ${time(fromMs)} to ${time(toMs)} ${format.zone}: at most ${format.number(highestOf(requests))} a minute, ${format.number(failed)} failed.`,
    ...events.rolledBack.map(
      ({ step, fromMs, toMs }) => `Step ${step} was rolled back from ${time(fromMs)} to ${time(toMs)}.`,
    ),
    ...events.alerts.map(
      ({ severity, fromMs, toMs }) =>
        `Alerts of severity ${severity} fired from ${time(fromMs)} to ${time(toMs)}.`,
    ),
  ];
  return sentences.join(" ");
};
