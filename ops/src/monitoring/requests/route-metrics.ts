import { CumulativeHistogram } from "./cumulative-histogram.ts";
import type { RequestBuffer, RequestCounters } from "./request-buffer.ts";
import { SlidingWindow } from "./sliding-window.ts";
import type { LastError } from "./summary.ts";

/** One method of one route. A recorded request is in `recent` and `total` after {@link RequestBuffer.flush}. */
export class RouteMetrics implements RequestCounters {
  readonly recent = new SlidingWindow();
  readonly total = new CumulativeHistogram();
  /** Failed requests since the process started. */
  errors = 0;
  inFlight = 0;
  readonly #buffer: RequestBuffer;
  #failedAtMs = 0;
  #failedStatus = 0;
  #failedCode: string | undefined;

  constructor(
    readonly method: string,
    readonly route: string,
    buffer: RequestBuffer,
    readonly excludedFromRates = false,
  ) {
    this.#buffer = buffer;
  }

  /** Assigns a request that has arrived to this route. */
  enter(): void {
    this.inFlight++;
  }

  /** Removes a request that called {@link enter}, without recording it. */
  leave(): void {
    this.inFlight--;
    this.#buffer.inFlight--;
  }

  /**
   * Ends a request that called {@link enter}, and records it as {@link record} does.
   *
   * @param arrivedMs the result of `PerformanceMetrics.arrive`
   */
  finish(arrivedMs: number, status: number, code?: string | undefined): void {
    this.leave();
    const nowMs = this.#buffer.clock.monotonicMs();
    this.#record(nowMs, nowMs - arrivedMs, status, code);
  }

  /**
   * Records a request that got the response `status` after `durationMs` milliseconds. Takes no lock, creates no promise
   * and allocates nothing.
   *
   * @param code the error code of the response
   */
  record(status: number, durationMs: number, code?: string | undefined): void {
    this.#record(this.#buffer.clock.monotonicMs(), durationMs, status, code);
  }

  #record(monotonicMs: number, durationMs: number, status: number, code: string | undefined): void {
    const buffer = this.#buffer;
    const nowMs = buffer.epochMs + monotonicMs;
    buffer.add(this, nowMs, durationMs, status);
    if (!buffer.isError(status)) return;
    this.errors++;
    this.#failedAtMs = nowMs;
    this.#failedStatus = status;
    this.#failedCode = code;
    if (!this.excludedFromRates) buffer.failedLast = this;
  }

  /** The last failed request since the process started; null if none failed. */
  get lastError(): LastError | null {
    if (this.#failedAtMs === 0) return null;
    const { method, route } = this;
    const at = new Date(this.#failedAtMs - this.#buffer.aheadMs).toISOString();
    return { at, status: this.#failedStatus, method, route, code: this.#failedCode ?? null };
  }
}
