import { statusClasses } from "./sliding-window.ts";

/**
 * Upper bounds of the buckets of a {@link CumulativeHistogram}, in milliseconds: those that OpenTelemetry's semantic
 * conventions recommend for `http.server.request.duration`, and 2,000, the threshold of API_TIMEOUT. Prometheus
 * interpolates between bounds, so without it 1.1 and 2.4 seconds look the same. One more bucket holds longer durations.
 */
export const bucketBoundsMs: readonly number[] = [
  5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_000, 2_500, 5_000, 7_500, 10_000,
];

/** Requests of one status class since the process started. Every number only grows. */
export interface StatusHistogram {
  /** 1 for 1xx to 5 for 5xx. */
  statusClass: number;
  count: number;
  sumMs: number;
  /** Requests in each bucket of {@link bucketBoundsMs}, then those that took longer; not cumulated. */
  buckets: number[];
}

const buckets = bucketBoundsMs.length + 1;
const width = buckets + 1;

/** Counts the requests since the process started, with a coarse histogram for each status class. */
export class CumulativeHistogram {
  // For each status class the buckets, then the sum. Whole numbers up to 2^53, so nothing overflows.
  readonly #numbers = new Float64Array(statusClasses * width);
  #read: readonly StatusHistogram[] | undefined = [];

  /** @param statusClass 0 for 1xx to 4 for 5xx */
  add(durationMs: number, statusClass: number): void {
    let bucket = 0;
    while (bucket < bucketBoundsMs.length && durationMs > (bucketBoundsMs[bucket] ?? 0)) bucket++;
    this.#read = undefined;
    const start = statusClass * width;
    this.#numbers[start + bucket] = (this.#numbers[start + bucket] ?? 0) + 1;
    this.#numbers[start + buckets] = (this.#numbers[start + buckets] ?? 0) + durationMs;
  }

  /** The status classes with requests. Returns the same array until something is added. */
  read(): readonly StatusHistogram[] {
    this.#read ??= this.#readNow();
    return this.#read;
  }

  #readNow(): StatusHistogram[] {
    const found: StatusHistogram[] = [];
    for (let n = 0; n < statusClasses; n++) {
      const counts = this.#numbers.slice(n * width, n * width + buckets);
      const count = counts.reduce((sum, each) => sum + each, 0);
      if (count === 0) continue;
      found.push({
        statusClass: n + 1,
        count,
        sumMs: this.#numbers[n * width + buckets] ?? 0,
        buckets: [...counts],
      });
    }
    return found;
  }
}
