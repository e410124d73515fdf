import { LatencyHistogram } from "./latency-histogram.ts";

/** What a stretch of time held; durations in milliseconds, `counts` as a histogram compacts them. */
export interface Slice {
  requests: number;
  errors: number;
  totalMs: number;
  maxMs: number;
  counts: Uint8Array;
}

/**
 * The last `slices` stretches of `sliceMs` each, the newest of them still open. Recording touches only the
 * open one; it is closed, and takes a few hundred bytes from then on, by the first request that comes after
 * its time. A ring that nobody records into costs nothing.
 */
export class SliceRing {
  readonly #sliceMs: number;
  readonly #closed: ((Slice & { number: number }) | undefined)[];
  readonly #histogram = new LatencyHistogram();
  #number = 0;
  #requests = 0;
  #errors = 0;
  #totalMs = 0;
  #maxMs = 0;

  constructor({ sliceMs, slices }: { sliceMs: number; slices: number }) {
    this.#sliceMs = sliceMs;
    this.#closed = new Array(slices);
  }

  /** Opens the slice of `nowMs`, if it is not open yet. */
  turnTo(nowMs: number): void {
    const number = Math.floor(nowMs / this.#sliceMs);
    if (number === this.#number) return;
    if (this.#requests > 0) {
      this.#closed[this.#number % this.#closed.length] = { number: this.#number, ...this.#openSlice() };
      this.#histogram.clear();
      this.#requests = this.#errors = this.#totalMs = this.#maxMs = 0;
    }
    this.#number = number;
  }

  /** Counts one request in the open slice. */
  record(bucket: number, durationMs: number, failed: boolean): void {
    this.#histogram.increment(bucket);
    this.#requests++;
    if (failed) this.#errors++;
    this.#totalMs += durationMs;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /**
   * The newest `count` slices as of `nowMs`, the open one among them, without those that held nothing; and
   * `sinceMs`, when the oldest of them began.
   */
  read(nowMs: number, count: number): { sinceMs: number; slices: Slice[] } {
    this.turnTo(nowMs);
    const oldest = this.#number - count + 1;
    const slices: Slice[] = this.#requests > 0 ? [this.#openSlice()] : [];
    for (const slice of this.#closed) {
      if (slice && slice.number >= oldest && slice.number < this.#number) slices.push(slice);
    }
    return { sinceMs: oldest * this.#sliceMs, slices };
  }

  #openSlice(): Slice {
    return {
      requests: this.#requests,
      errors: this.#errors,
      totalMs: this.#totalMs,
      maxMs: this.#maxMs,
      counts: this.#histogram.compact(),
    };
  }
}
