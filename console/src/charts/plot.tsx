import { useEffect, useRef, useState } from "react";
import type uPlot from "uplot";
import styles from "./charts.module.css";
import { withoutFlatZeros } from "./columns.ts";
import { DataTable } from "./data-table.tsx";
import { placeMarks } from "./labels.ts";
import { MarkLink } from "./mark-link.tsx";
import type { Mark } from "./marks.ts";
import { type PlotOptions, plotOptions } from "./plot-options.ts";
import type { Period } from "./range.ts";
import { leftAt, useWidth } from "./use-width.ts";

/** Where the plotting area is within the chart, in pixels. */
interface Area {
  left: number;
  width: number;
}

/** A chart over time with marks, a threshold, and its data as a table. Dragging over it selects a period. */
export const Plot = ({
  title,
  times,
  height = 200,
  marks = [],
  onSelect,
  ...options
}: PlotOptions & {
  title: string;
  /** In Unix seconds. */
  times: readonly number[];
  height?: number;
  marks?: readonly Mark[];
  onSelect(period: Period): void;
}) => {
  const { series, format, period } = options;
  const [ref, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLDivElement>(null);
  const [area, setArea] = useState<Area>();
  const [index, setIndex] = useState<number | null>(null);
  const library = useUplot();
  const latest = useRef({ options, onSelect });
  latest.current = { options, onSelect };
  // The chart is drawn anew when what it shows changes, not at each render.
  const shown = JSON.stringify([times, series.map(({ values }) => values), period, options.threshold]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shown` stands for the options
  useEffect(() => {
    if (!library || !canvas.current || width === 0) return;
    const { options } = latest.current;
    const base = plotOptions(options, { width, height, tzDate: library.tzDate });
    const plot = new library(
      {
        ...base,
        hooks: {
          ...base.hooks,
          ready: [
            ({ bbox }) =>
              setArea({ left: bbox.left / devicePixelRatio, width: bbox.width / devicePixelRatio }),
          ],
          setCursor: [({ cursor }) => setIndex(cursor.idx ?? null)],
          setSelect: [
            (plot) => {
              const { left, width } = plot.select;
              if (width < 4) return;
              const ms = (x: number) => plot.posToVal(x, "x") * 1_000;
              latest.current.onSelect({ fromMs: ms(left), toMs: ms(left + width) });
            },
          ],
        },
      },
      [[...times], ...series.map(({ values, isRare }) => [...(isRare ? withoutFlatZeros(values) : values)])],
      canvas.current,
    );
    const unfollow = followTheme(() => plot.redraw(false));
    return () => {
      unfollow();
      plot.destroy();
    };
  }, [library, width, height, shown]);
  const { threshold } = options;
  const x = (ms: number) =>
    area ? area.left + ((ms - period.fromMs) / (period.toMs - period.fromMs)) * area.width : 0;
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.caption}>
        <span>{title}</span>
        <span className={styles.legend}>
          {series.map(({ label, colour, dash, values, show }) => {
            const value = index === null ? null : (values[index] ?? null);
            return (
              <span key={label}>
                <svg viewBox="0 0 18 8" aria-hidden="true">
                  <path
                    d="M0 4h18"
                    stroke={`var(${colour})`}
                    strokeWidth="2"
                    strokeDasharray={dash?.join(" ")}
                  />
                </svg>
                {label}
                {value !== null && <b> {show(value)}</b>}
              </span>
            );
          })}
        </span>
      </figcaption>
      <div className={styles.plot} data-height={height} ref={ref}>
        <div
          ref={canvas}
          role="img"
          aria-label={`${title}${threshold ? `, ${threshold.label}` : ""}. The data follows as a table.`}
        />
        {area &&
          placeMarks(
            marks.map((mark) => ({ ...mark, label: "" })),
            x,
            width,
          ).map(({ mark, x }) => (
            <span key={mark.id} className={styles.mark} data-tone={mark.tone} ref={leftAt(x)}>
              <MarkLink mark={mark} format={format} />
            </span>
          ))}
      </div>
      <DataTable name={title} times={times} columns={series} format={format} />
    </figure>
  );
};

const useUplot = (): typeof uPlot | undefined => {
  const [library, setLibrary] = useState<typeof uPlot>();
  useEffect(() => {
    void import("./uplot.ts").then(({ default: loaded }) => setLibrary(() => loaded));
  }, []);
  return library;
};

/** Calls the listener when the theme changes: a canvas does not follow custom properties by itself. */
const followTheme = (listener: () => void): (() => void) => {
  const light = matchMedia("(prefers-color-scheme: light)");
  light.addEventListener("change", listener);
  const attributes = new MutationObserver(listener);
  attributes.observe(document.documentElement, { attributes: true });
  return () => {
    light.removeEventListener("change", listener);
    attributes.disconnect();
  };
};
