import type { Clock } from "../lib/clock.ts";
import { bucketOf } from "./latency-histogram.ts";
import { type Slice, SliceRing } from "./slice-ring.ts";

const fine = { sliceMs: 5_000, slices: 12 };
const coarse = { sliceMs: 60_000, slices: 60 };

/** Requests over time: the last minute in slices of 5 seconds, the last hour in slices of a minute. */
export class Series {
  readonly #fine = new SliceRing(fine);
  readonly #coarse = new SliceRing(coarse);

  turnTo(nowMs: number): this {
    this.#fine.turnTo(nowMs);
    this.#coarse.turnTo(nowMs);
    return this;
  }

  record(bucket: number, durationMs: number, failed: boolean): void {
    this.#fine.record(bucket, durationMs, failed);
    this.#coarse.record(bucket, durationMs, failed);
  }

  /** The slices of a window of at most an hour that ends at `nowMs`. */
  read(nowMs: number, windowSeconds: number): { sinceMs: number; slices: Slice[] } {
    const windowMs = windowSeconds * 1000;
    return windowMs <= fine.sliceMs * fine.slices
      ? this.#fine.read(nowMs, windowMs / fine.sliceMs)
      : this.#coarse.read(nowMs, windowMs / coarse.sliceMs);
  }
}

/** The status under which a request counts whose client went away before the answer, as nginx has it. */
export const clientWentAway = 499;

/** These say more about the client than about the service. */
const noErrors = new Set([401, 404, clientWentAway]);

const countsAsError = (status: number): boolean => status >= 400 && !noErrors.has(status);

/** One method of one route; what it records is counted for itself and in the series of all. */
export class Endpoint {
  readonly own = new Series();

  constructor(
    readonly method: string,
    readonly route: string,
    private readonly all: Series,
    private readonly clock: Clock,
  ) {}

  /** Counts a request that was answered with `status` after `durationMs` milliseconds. Allocates nothing. */
  record(status: number, durationMs: number): void {
    const nowMs = this.clock.monotonicMs();
    // One impossible number would spoil the sums of its whole slice.
    const tookMs = Number.isFinite(durationMs) ? Math.max(durationMs, 0) : 0;
    const bucket = bucketOf(tookMs);
    const failed = countsAsError(status);
    this.own.turnTo(nowMs).record(bucket, tookMs, failed);
    this.all.turnTo(nowMs).record(bucket, tookMs, failed);
  }
}
