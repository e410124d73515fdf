/** The points in time of a series: each covers `stepMs` from its own time on. */
export interface SeriesGrid {
  startMs: number;
  stepMs: number;
  length: number;
}

export interface GridRequest {
  from: Date;
  until: Date;
  /** At most this many; one more where the first point begins before `from`. */
  points: number;
  /** Length of the stored intervals. */
  unitMs: number;
}

/** Points begin at multiples of their length, so that the same point has the same value in the next request. */
export const gridOf = ({ from, until, points, unitMs }: GridRequest): SeriesGrid => {
  const spanMs = Math.max(0, until.getTime() - from.getTime());
  const stepMs = Math.max(1, Math.ceil(spanMs / points / unitMs)) * unitMs;
  const startMs = Math.floor(from.getTime() / stepMs) * stepMs;
  const length = spanMs === 0 ? 0 : Math.ceil((until.getTime() - startMs) / stepMs);
  return { startMs, stepMs, length };
};

/** The beginnings of the points, in Unix seconds. */
export const timesOf = ({ startMs, stepMs, length }: SeriesGrid): number[] =>
  Array.from({ length }, (_, index) => (startMs + index * stepMs) / 1000);

export const indexIn = ({ startMs, stepMs }: SeriesGrid, atMs: number): number =>
  Math.floor((atMs - startMs) / stepMs);
