import type { Clock } from "./clock.ts";

/**
 * Milliseconds since 1970 that never jump while the process lives: the wall clock as it was at the start, and
 * what has passed since then. Comparable with what was saved before a restart, unlike the monotonic clock, as long
 * as the wall clock is not set back in between.
 */
export const steadyClock = (clock: Clock): (() => number) => {
  const offsetMs = clock.now().getTime() - clock.monotonicMs();
  return () => clock.monotonicMs() + offsetMs;
};
