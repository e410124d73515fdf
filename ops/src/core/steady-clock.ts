import type { Clock } from "./clock.ts";

/**
 * Milliseconds since 1970 that never jump during the life of the process: the wall clock at the start plus the
 * monotonic time since then. Unlike the monotonic clock, comparable with times saved before a restart, as long as the
 * wall clock was not set back in between.
 */
export const steadyClock = (clock: Clock): (() => number) => {
  const offsetMs = clock.now().getTime() - clock.monotonicMs();
  return () => clock.monotonicMs() + offsetMs;
};
