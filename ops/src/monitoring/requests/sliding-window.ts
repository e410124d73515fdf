import { type Interval, mergeIntervals } from "./interval.ts";
import { IntervalRing } from "./interval-ring.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** Resolution of the last minute; the rest of the last hour is stored by the minute. */
export const intervalMs = 5_000;
const intervalsInMinute = 12;
const minuteMs = intervalsInMinute * intervalMs;
const minutesInHour = 60;

/** 1xx to 5xx. */
export const statusClasses = 5;

/**
 * Requests of the last hour.
 *
 * Recording changes only the current interval. The first request or read after its end closes it, and it is compacted
 * to a few hundred bytes; the intervals of a minute are merged in the same way. A window without requests costs nothing.
 *
 * Times are milliseconds since 1970 that never go back.
 */
export class SlidingWindow {
  readonly #intervals = new IntervalRing(intervalsInMinute);
  readonly #minutes = new IntervalRing(minutesInHour);
  #current = 0;
  #currentEndsMs = 0;
  #histogram: LatencyHistogram | undefined;
  #requests = 0;
  #errors = 0;
  readonly #statuses = new Uint32Array(statusClasses);
  #totalMs = 0;
  #maxMs = 0;

  /**
   * Counts one request.
   *
   * @param bucket the `bucketOf` of `durationMs`
   * @param statusClass 0 for 1xx to 4 for 5xx
   */
  record(nowMs: number, bucket: number, durationMs: number, statusClass: number, failed: boolean): void {
    if (nowMs >= this.#currentEndsMs) this.#advanceTo(nowMs);
    this.#histogram ??= new LatencyHistogram();
    this.#histogram.increment(bucket);
    this.#requests++;
    if (failed) this.#errors++;
    this.#statuses[statusClass] = (this.#statuses[statusClass] ?? 0) + 1;
    this.#totalMs += durationMs;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /**
   * The intervals of the last `windowSeconds`, at most an hour, and the start of the oldest: up to one interval or minute
   * before the window.
   */
  read(nowMs: number, windowSeconds: number): { sinceMs: number; intervals: Interval[] } {
    this.#advanceTo(nowMs);
    if (windowSeconds <= 60) {
      const first = this.#current - (windowSeconds * 1_000) / intervalMs;
      return { sinceMs: first * intervalMs, intervals: this.#intervalsSince(first) };
    }
    const minute = minuteOf(this.#current);
    const first = minute - windowSeconds / 60;
    const minutes = this.#minutes.between(first, minute - 1).map(({ interval }) => interval);
    return { sinceMs: first * minuteMs, intervals: [...this.#currentMinute(), ...minutes] };
  }

  /**
   * The minutes with requests, after that of `afterMs` up to that of `lastMs`, in no particular order. The current
   * minute has its requests up to `nowMs`.
   */
  minutesAfter(
    afterMs: number,
    { lastMs, nowMs }: { lastMs: number; nowMs: number },
  ): { startedMs: number; interval: Interval }[] {
    this.#advanceTo(nowMs);
    const current = minuteOf(this.#current);
    const last = Math.floor(lastMs / minuteMs);
    const minutes = this.#minutes.between(Math.floor(afterMs / minuteMs) + 1, Math.min(last, current - 1));
    const unfinished = last < current ? [] : this.#currentMinute();
    if (unfinished.length > 0) minutes.push({ number: current, interval: mergeIntervals(unfinished) });
    return minutes.map(({ number, interval }) => ({ startedMs: number * minuteMs, interval }));
  }

  /** Estimated memory use. */
  get bytes(): number {
    const current = this.#histogram ? LatencyHistogram.bytes : 0;
    return current + this.#intervals.bytes + this.#minutes.bytes;
  }

  /** Makes the interval of `nowMs` the current one. */
  #advanceTo(nowMs: number): void {
    const now = Math.floor(nowMs / intervalMs);
    if (now === this.#current) return;
    const before = this.#current;
    if (this.#requests > 0) {
      this.#intervals.set(before, this.#currentInterval());
      this.#clear();
    }
    const minute = minuteOf(before);
    if (minuteOf(now) !== minute) {
      const intervals = this.#intervals.between(minute * intervalsInMinute, before);
      if (intervals.length > 0)
        this.#minutes.set(minute, mergeIntervals(intervals.map(({ interval }) => interval)));
    }
    this.#current = now;
    this.#currentEndsMs = (now + 1) * intervalMs;
  }

  #currentMinute(): Interval[] {
    return this.#intervalsSince(minuteOf(this.#current) * intervalsInMinute);
  }

  #intervalsSince(first: number): Interval[] {
    const newest = this.#requests > 0 ? [this.#currentInterval()] : [];
    return [...newest, ...this.#intervals.between(first, this.#current - 1).map(({ interval }) => interval)];
  }

  #currentInterval(): Interval {
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

const minuteOf = (interval: number): number => Math.floor(interval / intervalsInMinute);
