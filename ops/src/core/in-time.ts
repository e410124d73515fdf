import { setTimeout as sleep } from "node:timers/promises";

const longestMs = 2_000;

/**
 * Waits for the disk, two seconds at most: one that hangs is no reason to tell nobody. Resolves with whether it
 * was in time.
 */
export const inTime = async (work: Promise<unknown>): Promise<boolean> => {
  const enough = new AbortController();
  const overdue = sleep(longestMs, false, { ref: false, signal: enough.signal });
  try {
    return await Promise.race([work.then(() => true), overdue]);
  } finally {
    enough.abort();
  }
};
