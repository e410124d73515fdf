import { mergeSlices, type Slice } from "./interval.ts";
import { SliceRing } from "./interval-ring.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** The last minute is kept in slices of this length, the last hour in minutes. */
export const sliceMs = 5_000;
const slicesInMinute = 12;
const minuteMs = slicesInMinute * sliceMs;
const minutesKept = 60;

/** Of the status classes 1xx to 5xx. */
export const statusClasses = 5;

/**
 * Requests over the last hour.
 *
 * Recording touches only the newest slice, which is open. A slice is closed, and takes a few hundred bytes from then
 * on, by the first request or reader that comes after its time; a minute is made of its slices in the same way. A
 * series that nobody records into costs nothing.
 *
 * Times are milliseconds since 1970 that only grow.
 */
export class Series {
  readonly #slices = new SliceRing(slicesInMinute);
  readonly #minutes = new SliceRing(minutesKept);
  #open = 0;
  #openUntilMs = 0;
  #histogram: LatencyHistogram | undefined;
  #requests = 0;
  #errors = 0;
  readonly #statuses = new Uint32Array(statusClasses);
  #totalMs = 0;
  #maxMs = 0;

  /**
   * Counts one request.
   *
   * @param bucket as `bucketOf` says for `durationMs`
   * @param statusClass 0 for 1xx to 4 for 5xx
   */
  record(nowMs: number, bucket: number, durationMs: number, statusClass: number, failed: boolean): void {
    if (nowMs >= this.#openUntilMs) this.#turnTo(nowMs);
    this.#histogram ??= new LatencyHistogram();
    this.#histogram.increment(bucket);
    this.#requests++;
    if (failed) this.#errors++;
    this.#statuses[statusClass] = (this.#statuses[statusClass] ?? 0) + 1;
    this.#totalMs += durationMs;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /**
   * The slices of a window of at most an hour that ends at `nowMs`, and when the oldest of them began: the window's
   * length ago, or up to a slice or minute before that.
   */
  read(nowMs: number, windowSeconds: number): { sinceMs: number; slices: Slice[] } {
    this.#turnTo(nowMs);
    if (windowSeconds <= 60) {
      const first = this.#open - (windowSeconds * 1_000) / sliceMs;
      return { sinceMs: first * sliceMs, slices: this.#slicesSince(first) };
    }
    const minute = minuteOf(this.#open);
    const first = minute - windowSeconds / 60;
    return {
      sinceMs: first * minuteMs,
      slices: [...this.#openMinute(), ...this.#minutes.between(first, minute - 1)],
    };
  }

  /**
   * The minutes after the one of `afterMs` up to that of `lastMs` that held something, in no particular order; of the
   * one under way, what there is at `nowMs`.
   */
  minutesAfter(
    afterMs: number,
    { lastMs, nowMs }: { lastMs: number; nowMs: number },
  ): { startedMs: number; slice: Slice }[] {
    this.#turnTo(nowMs);
    const open = minuteOf(this.#open);
    const last = Math.floor(lastMs / minuteMs);
    const minutes = this.#minutes.numberedBetween(
      Math.floor(afterMs / minuteMs) + 1,
      Math.min(last, open - 1),
    );
    const underWay = last < open ? [] : this.#openMinute();
    if (underWay.length > 0) minutes.push({ number: open, slice: mergeSlices(underWay) });
    return minutes.map(({ number, slice }) => ({ startedMs: number * minuteMs, slice }));
  }

  /** An estimate of the memory it occupies. */
  get bytes(): number {
    const open = this.#histogram ? LatencyHistogram.bytes : 0;
    return open + this.#slices.bytes + this.#minutes.bytes;
  }

  /** Opens the slice of `nowMs`, if it is not open yet. */
  #turnTo(nowMs: number): void {
    const now = Math.floor(nowMs / sliceMs);
    if (now === this.#open) return;
    const before = this.#open;
    if (this.#requests > 0) {
      this.#slices.keep(before, this.#openSlice());
      this.#clear();
    }
    const minute = minuteOf(before);
    if (minuteOf(now) !== minute) {
      const slices = this.#slices.between(minute * slicesInMinute, before);
      if (slices.length > 0) this.#minutes.keep(minute, mergeSlices(slices));
    }
    this.#open = now;
    this.#openUntilMs = (now + 1) * sliceMs;
  }

  /** What there is of the minute under way. */
  #openMinute(): Slice[] {
    return this.#slicesSince(minuteOf(this.#open) * slicesInMinute);
  }

  #slicesSince(first: number): Slice[] {
    const newest = this.#requests > 0 ? [this.#openSlice()] : [];
    return [...newest, ...this.#slices.between(first, this.#open - 1)];
  }

  #openSlice(): Slice {
    return {
      requests: this.#requests,
      errors: this.#errors,
      statuses: [...this.#statuses],
      totalMs: this.#totalMs,
      maxMs: this.#maxMs,
      counts: this.#histogram?.compact() ?? new Uint8Array(),
    };
  }

  #clear(): void {
    this.#histogram?.clear();
    this.#requests = this.#errors = this.#totalMs = this.#maxMs = 0;
    this.#statuses.fill(0);
  }
}

const minuteOf = (slice: number): number => Math.floor(slice / slicesInMinute);
