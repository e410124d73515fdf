import type uPlot from "uplot";
import type { Format } from "../format.ts";
import type { DataColumn } from "./data-table.tsx";
import type { Period } from "./range.ts";

/** A line of a chart. */
export interface PlotSeries extends DataColumn {
  /** A custom property of the theme, such as `--text`. */
  colour: string;
  /** Lengths of dashes and gaps, so that lines differ by more than their colour. */
  dash?: number[];
  /** Fills the area below. */
  isFilled?: boolean;
  /** Mostly 0, and not drawn there. */
  isRare?: boolean;
}

export interface Threshold {
  at: number;
  label: string;
}

export interface PlotOptions {
  period: Period;
  series: readonly PlotSeries[];
  threshold?: Threshold | undefined;
  /** Whether the threshold is drawn however far the values are below it, as with percentages. */
  alwaysShowThreshold?: boolean;
  format: Format;
}

/** The part of a threshold that values must reach for it to be drawn; below, it would flatten them. */
const nearThreshold = 0.1;

/** The highest value of the scale. */
export const scaleMost = (
  highest: number,
  threshold: Threshold | undefined,
  alwaysShowThreshold = false,
): number => {
  const isShown = threshold && (alwaysShowThreshold || highest >= threshold.at * nearThreshold);
  return Math.max(highest, isShown ? threshold.at : 0) * 1.12 || 1;
};

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name);

const dayMs = 86_400_000;

/** Labels of times: hours, dates if there are days between them, and the date at midnight. */
export const timeLabels = (
  splits: readonly number[],
  { timeZone, locale }: Pick<Format, "timeZone" | "locale">,
): string[] => {
  const hours = new Intl.DateTimeFormat(locale, {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const days = new Intl.DateTimeFormat(locale, { timeZone, day: "numeric", month: "short" });
  const stepMs = ((splits[1] ?? 0) - (splits[0] ?? 0)) * 1_000;
  return splits.map((seconds) => {
    const time = hours.format(seconds * 1_000);
    return stepMs >= dayMs || time === "00:00" ? days.format(seconds * 1_000) : time;
  });
};

/** The options of uPlot, without what needs the component. */
export const plotOptions = (
  { period, series, threshold, alwaysShowThreshold, format }: PlotOptions,
  { width, height, tzDate }: { width: number; height: number; tzDate: typeof uPlot.tzDate },
): uPlot.Options => {
  const axis: uPlot.Axis = {
    stroke: () => colour("--text-3"),
    font: "400 11px 'IBM Plex Mono', monospace",
    grid: { stroke: () => colour("--rule"), width: 1 },
    ticks: { show: false },
  };
  const show = series[0]?.show ?? String;
  return {
    width,
    height,
    tzDate: (seconds) => tzDate(new Date(seconds * 1_000), format.timeZone),
    legend: { show: false },
    padding: [26, 20, 0, 0],
    cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { size: 6 } },
    scales: {
      x: { min: period.fromMs / 1_000, max: period.toMs / 1_000, auto: false },
      y: { range: (_, __, highest) => [0, scaleMost(highest ?? 0, threshold, alwaysShowThreshold)] },
    },
    axes: [
      { ...axis, size: 24, gap: 6, space: 70, values: (_, splits) => timeLabels(splits, format) },
      { ...axis, size: 62, gap: 8, space: 34, values: (_, splits) => splits.map(show) },
    ],
    series: [
      {},
      ...series.map(
        ({ label, colour: name, dash, isFilled }): uPlot.Series => ({
          label,
          stroke: () => colour(name),
          width: 1.4,
          points: { size: 4 },
          ...(dash && { dash }),
          ...(isFilled && { fill: () => `${colour(name)}33` }),
        }),
      ),
    ],
    hooks: { draw: threshold ? [(plot) => drawThreshold(plot, threshold)] : [] },
  };
};

const drawThreshold = (plot: uPlot, { at, label }: Threshold): void => {
  const { ctx, bbox } = plot;
  const isAbove = at > (plot.scales.y?.max ?? 0);
  const y = isAbove ? bbox.top : plot.valToPos(at, "y", true);
  const { devicePixelRatio: ratio } = globalThis;
  ctx.save();
  ctx.strokeStyle = colour("--warning");
  ctx.fillStyle = colour("--warning");
  ctx.font = `400 ${11 * ratio}px 'IBM Plex Mono', monospace`;
  ctx.textAlign = "right";
  // Marks stand above the plotting area.
  ctx.textBaseline = isAbove ? "top" : "bottom";
  if (!isAbove) {
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.fillText(isAbove ? `${label} ↑` : label, bbox.left + bbox.width, y + (isAbove ? 2 : -3) * ratio);
  ctx.restore();
};
