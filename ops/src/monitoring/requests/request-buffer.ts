import type { Clock } from "../../core/clock.ts";
import { bucketOf } from "../../core/latency-bucket.ts";
import type { CumulativeHistogram } from "./cumulative-histogram.ts";
import { intervalMs, SlidingWindow, statusClasses } from "./sliding-window.ts";
import type { LastError } from "./summary.ts";

/** Status of a request whose client disconnected before the response was complete, as in nginx. */
export const clientClosedRequest = 499;

/** Caused by the client rather than by the service. */
const neverErrors = new Set([401, 404, clientClosedRequest]);

/** Small enough that a flush takes no milliseconds when every request is the first of its route in a new interval. */
const batchSize = 64;

/** Two clocks that are read one after the other may differ by this much. */
const clockToleranceMs = 1_000;

const costSamples = 63;

/** The counters that a request is added to. */
export interface RequestCounters {
  /** Whether its requests count only for itself, not in the sum of all routes. */
  readonly excludedFromRates: boolean;
  readonly recent: SlidingWindow;
  readonly total: CumulativeHistogram;
  readonly lastError: LastError | null;
}

/**
 * Buffers finished requests and counts them in batches: between two requests, the CPU caches lose the data that counting
 * needs. Also holds the state that all routes of a process share.
 */
export class RequestBuffer {
  /** Added to the clock's monotonic time, gives milliseconds since 1970 that never go back. Only grows. */
  epochMs: number;
  /** How far these are ahead of a wall clock that was set back; updated by {@link nowMs}. */
  aheadMs = 0;
  inFlight = 0;
  /** The route whose request failed last, of those in the sum. */
  failedLast: RequestCounters | undefined;
  /** The counted requests of all routes that are not excluded. */
  readonly recent = new SlidingWindow();
  readonly #errorsFromStatus: 400 | 500;
  readonly #routes: RequestCounters[] = [];
  readonly #statuses = new Int16Array(batchSize);
  readonly #durationsMs = new Float64Array(batchSize);
  #buffered = 0;
  #counted = 0;
  /** All buffered requests belong to the interval of this time. */
  #bufferedAtMs = 0;
  #intervalEndsMs = 0;
  readonly #costsMs = new Float64Array(costSamples);
  #costsMeasured = 0;

  /** @param errorsFromStatus the lowest status that counts as an error; 401, 404 and 499 never do */
  constructor(
    readonly clock: Clock,
    errorsFromStatus: 400 | 500,
  ) {
    this.#errorsFromStatus = errorsFromStatus;
    this.epochMs = clock.now().getTime() - clock.monotonicMs();
  }

  /**
   * Milliseconds since 1970 that never go back. They follow a wall clock that moved forward, because it was set or
   * because the machine slept and stopped the monotonic clock. Readers call this; recording does not, to stay cheap.
   */
  nowMs(): number {
    const nowMs = this.epochMs + this.clock.monotonicMs();
    const aheadMs = nowMs - this.clock.now().getTime();
    this.aheadMs = aheadMs > clockToleranceMs ? aheadMs : 0;
    if (aheadMs >= -clockToleranceMs) return nowMs;
    this.epochMs -= aheadMs;
    return nowMs - aheadMs;
  }

  isError(status: number): boolean {
    return status >= this.#errorsFromStatus && !neverErrors.has(status);
  }

  /** Adds a finished request. Allocates nothing. */
  add(route: RequestCounters, nowMs: number, durationMs: number, status: number): void {
    if (nowMs >= this.#intervalEndsMs) this.#beginInterval(nowMs);
    const index = this.#buffered++;
    this.#routes[index] = route;
    this.#statuses[index] = status;
    this.#durationsMs[index] = durationMs;
    if (this.#buffered === batchSize) this.flush();
  }

  /** Counts the buffered requests. Readers call this before they read any counter. */
  flush(): void {
    const buffered = this.#buffered;
    if (buffered === 0) return;
    this.#buffered = 0;
    const { clock } = this;
    const beforeMs = clock.monotonicMs();
    const startedMs = clock.monotonicMs();
    for (let n = 0; n < buffered; n++) {
      this.#count(this.#routes[n] as RequestCounters, this.#statuses[n] ?? 0, this.#durationsMs[n] ?? 0);
    }
    this.#counted += buffered;
    // Recording a request reads the clock twice: when it arrives and when it ends.
    this.#costsMs[this.#costsMeasured++ % costSamples] =
      2 * (startedMs - beforeMs) + (clock.monotonicMs() - startedMs) / buffered;
  }

  /** Requests since the process started. */
  get recorded(): number {
    return this.#counted + this.#buffered;
  }

  /** Median of the latest measurements of recording one request, in milliseconds. A mean would include interruptions. */
  get recordingMs(): number {
    const costs = this.#costsMs.slice(0, Math.min(this.#costsMeasured, costSamples)).sort();
    return costs[Math.floor(costs.length / 2)] ?? 0;
  }

  #beginInterval(nowMs: number): void {
    this.flush();
    this.#bufferedAtMs = nowMs;
    this.#intervalEndsMs = (Math.floor(nowMs / intervalMs) + 1) * intervalMs;
  }

  #count(route: RequestCounters, status: number, durationMs: number): void {
    // A single invalid number would corrupt the sums of its interval.
    const tookMs = Number.isFinite(durationMs) ? Math.max(durationMs, 0) : 0;
    const bucket = bucketOf(tookMs);
    const statusClass = Math.min(Math.max(Math.trunc(status / 100), 1), statusClasses) - 1;
    const failed = this.isError(status);
    if (!route.excludedFromRates) {
      this.recent.record(this.#bufferedAtMs, bucket, tookMs, statusClass, failed);
    }
    route.recent.record(this.#bufferedAtMs, bucket, tookMs, statusClass, failed);
    route.total.add(tookMs, statusClass);
  }
}
