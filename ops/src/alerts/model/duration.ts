/** A latency for display: `850 ms`, `2.3 s`. */
export const formatMs = (ms: number): string =>
  ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;

/** A duration for display: `1 s`, `3 min 10 s`, `2 h 5 min`; seconds are rounded up, so that it is never 0. */
export const formatDuration = (durationMs: number): string => {
  const seconds = Math.max(1, Math.ceil(durationMs / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
};
