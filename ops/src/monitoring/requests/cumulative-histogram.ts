import { statusClasses } from "./sliding-window.ts";

/**
 * The upper ends of the buckets of a {@link Tally}, in milliseconds: those that OpenTelemetry's semantic conventions
 * recommend for `http.server.request.duration`, and 2,000, over which API_TIMEOUT fires: between two ends Prometheus
 * can only guess, so that it could not tell 1.1 seconds from 2.4. One more bucket holds what took longer.
 */
export const tallyBoundsMs: readonly number[] = [
  5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_000, 2_500, 5_000, 7_500, 10_000,
];

/** Requests of one status class since the process started; every number only grows. */
export interface StatusTally {
  /** 1 for 1xx to 5 for 5xx. */
  statusClass: number;
  count: number;
  sumMs: number;
  /** How many requests each bucket of {@link tallyBoundsMs} holds, and the last how many took longer; not cumulated. */
  buckets: number[];
}

const buckets = tallyBoundsMs.length + 1;
const width = buckets + 1;

/** Counts requests for as long as the process runs, each status class in a histogram of few buckets. */
export class Tally {
  // For each status class the buckets and then the sum: whole numbers up to 2^53, so nothing overflows.
  readonly #numbers = new Float64Array(statusClasses * width);
  #read: readonly StatusTally[] | undefined = [];

  /** @param statusClass 0 for 1xx to 4 for 5xx */
  add(durationMs: number, statusClass: number): void {
    let bucket = 0;
    while (bucket < tallyBoundsMs.length && durationMs > (tallyBoundsMs[bucket] ?? 0)) bucket++;
    this.#read = undefined;
    const start = statusClass * width;
    this.#numbers[start + bucket] = (this.#numbers[start + bucket] ?? 0) + 1;
    this.#numbers[start + buckets] = (this.#numbers[start + buckets] ?? 0) + durationMs;
  }

  /** The status classes that have been met: the very same array until something is added. */
  read(): readonly StatusTally[] {
    this.#read ??= this.#readNow();
    return this.#read;
  }

  #readNow(): StatusTally[] {
    const met: StatusTally[] = [];
    for (let n = 0; n < statusClasses; n++) {
      const counts = this.#numbers.slice(n * width, n * width + buckets);
      const count = counts.reduce((sum, each) => sum + each, 0);
      if (count === 0) continue;
      met.push({
        statusClass: n + 1,
        count,
        sumMs: this.#numbers[n * width + buckets] ?? 0,
        buckets: [...counts],
      });
    }
    return met;
  }
}
