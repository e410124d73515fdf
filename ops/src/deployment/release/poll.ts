import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { withTimeout } from "../../core/with-timeout.ts";

const answersWithinMs = 10_000;

export interface PollOptions<T> {
  /** What is asked for, in a log line. */
  name: string;
  everyMs: number;
  ask: () => Promise<T>;
  onAnswer: (answer: T) => void;
  clock: Clock;
  log: Pick<Logger, "warn">;
}

/**
 * Returns a function that asks if it is due, and does not wait for the answer. One question at a time. An error is logged
 * when it appears, and changes nothing: what cannot be asked is unknown.
 */
export const poll = <T>({ name, everyMs, ask, onAnswer, clock, log }: PollOptions<T>): (() => void) => {
  let askedMs = Number.NEGATIVE_INFINITY;
  let isAsking = false;
  let isFailing = false;
  const run = async (): Promise<void> => {
    try {
      onAnswer(await withTimeout(answersWithinMs, ask()));
      isFailing = false;
    } catch (err) {
      if (!isFailing) log.warn({ err, source: name }, "the judge cannot ask one of its sources");
      isFailing = true;
    } finally {
      isAsking = false;
    }
  };
  return () => {
    if (isAsking || clock.monotonicMs() - askedMs < everyMs) return;
    askedMs = clock.monotonicMs();
    isAsking = true;
    void run();
  };
};
