import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/message-of.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import type { JourneyResult } from "./report.ts";

/** How long a journey may take. */
export const journeyLimitMs = 10_000;

/** A journey whose context is bound. */
export interface BoundJourney {
  name: string;
  /** @param signal aborted at the time limit */
  run(signal: AbortSignal): Promise<string>;
}

export interface RunOptions {
  clock: Clock;
  limitMs?: number;
  onResult?: (result: JourneyResult) => void;
}

/** Runs journeys one after the other, so that their times do not depend on each other. A failed one stops nothing. */
export const runJourneys = async (
  journeys: readonly BoundJourney[],
  { clock, limitMs = journeyLimitMs, onResult }: RunOptions,
): Promise<JourneyResult[]> => {
  const results: JourneyResult[] = [];
  for (const { name, run } of journeys) {
    const startMs = clock.monotonicMs();
    const stop = new AbortController();
    const outcome = await withTimeout(limitMs, attempt(run, stop.signal)).catch((error: unknown) => ({
      ok: false,
      evidence: messageOf(error),
    }));
    stop.abort();
    const result = { name, ...outcome, ms: Math.round((clock.monotonicMs() - startMs) * 10) / 10 };
    results.push(result);
    onResult?.(result);
  }
  return results;
};

/** Also a journey that throws before it returns a promise. */
const attempt = async (run: BoundJourney["run"], signal: AbortSignal) => ({
  ok: true,
  evidence: await run(signal),
});
