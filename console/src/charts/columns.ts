/** One value per point; null where nothing was recorded. */
export type Column = readonly (number | null)[];

/** The durations of the points that had requests: without any, a percentile is unknown, not 0. */
export const whereRequested = (durations: Column, requests: Column): Column =>
  durations.map((value, index) => ((requests[index] ?? 0) > 0 ? value : null));

export const sumOf = (column: Column): number => column.reduce<number>((sum, value) => sum + (value ?? 0), 0);

export const highestOf = (column: Column): number =>
  column.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0);

/** The runs of recorded points as `[first, last]`, so that a line is not drawn over a gap. */
export const runsOf = (column: Column): [number, number][] => {
  const runs: [number, number][] = [];
  for (const [index, value] of column.entries()) {
    if (value === null) continue;
    const run = runs.at(-1);
    if (run && run[1] === index - 1) run[1] = index;
    else runs.push([index, index]);
  }
  return runs;
};

/** Without the zeros between zeros: a rare thing is drawn where it happens, not as a line along the axis. */
export const withoutFlatZeros = (column: Column): Column =>
  column.map((value, index) =>
    value === 0 && !(column[index - 1] ?? 0) && !(column[index + 1] ?? 0) ? null : value,
  );

/** The path of a line in an SVG, with gaps; a single point becomes a short stroke. */
export const linePath = (
  column: Column,
  x: (index: number) => number,
  y: (value: number) => number,
): string =>
  runsOf(column)
    .map(([first, last]) => {
      const points = column
        .slice(first, last + 1)
        .map((value, n) => `${x(first + n).toFixed(1)} ${y(value ?? 0).toFixed(1)}`);
      return `M${points.join("L")}${first === last ? "h1" : ""}`;
    })
    .join("");

/** The path of the area below such a line. */
export const areaPath = (
  column: Column,
  x: (index: number) => number,
  y: (value: number) => number,
): string =>
  runsOf(column)
    .map(([first, last]) => {
      const top = linePath(column.slice(first, last + 1), (n) => x(first + n), y).slice(1);
      return `M${x(first).toFixed(1)} ${y(0)}L${top}V${y(0)}Z`;
    })
    .join("");
