import { Tally } from "./cumulative-histogram.ts";
import type { Traffic } from "./request-buffer.ts";
import { Series } from "./sliding-window.ts";

/** The last request that failed. */
export interface LastError {
  /** ISO 8601. */
  at: string;
  status: number;
  method: string;
  route: string;
  /** The code of the failure, where the answer had one. */
  code: string | null;
}

/** One method of one route. What it records is in its series and its tally once {@link Traffic.count} has counted it. */
export class Endpoint {
  readonly series = new Series();
  readonly tally = new Tally();
  /** Requests that failed since the process started. */
  errors = 0;
  inFlight = 0;
  readonly #traffic: Traffic;
  #failedAtMs = 0;
  #failedStatus = 0;
  #failedCode: string | undefined;

  constructor(
    readonly method: string,
    readonly route: string,
    traffic: Traffic,
  ) {
    this.#traffic = traffic;
  }

  /** A request that has arrived is for this endpoint. */
  enter(): void {
    this.inFlight++;
  }

  /** What had {@link enter}ed is not to be recorded. */
  leave(): void {
    this.inFlight--;
    this.#traffic.inFlight--;
  }

  /**
   * A request that had {@link enter}ed is over, recorded as {@link record} does.
   *
   * @param arrivedMs as `PerformanceMetrics.arrive` said
   */
  finish(arrivedMs: number, status: number, code?: string | undefined): void {
    this.leave();
    const nowMs = this.#traffic.clock.monotonicMs();
    this.#record(nowMs, nowMs - arrivedMs, status, code);
  }

  /**
   * Records a request that was answered with `status` after `durationMs` milliseconds. Takes no lock, makes no promise
   * and allocates nothing.
   *
   * @param code of the failure that it was answered with
   */
  record(status: number, durationMs: number, code?: string | undefined): void {
    this.#record(this.#traffic.clock.monotonicMs(), durationMs, status, code);
  }

  #record(monotonicMs: number, durationMs: number, status: number, code: string | undefined): void {
    const traffic = this.#traffic;
    const nowMs = traffic.epochMs + monotonicMs;
    traffic.note(this, nowMs, durationMs, status);
    if (!traffic.isError(status)) return;
    this.errors++;
    this.#failedAtMs = nowMs;
    this.#failedStatus = status;
    this.#failedCode = code;
    traffic.failedLast = this;
  }

  /** The last request that failed, however long ago; null when none has. */
  get lastError(): LastError | null {
    if (this.#failedAtMs === 0) return null;
    const { method, route } = this;
    const at = new Date(this.#failedAtMs - this.#traffic.aheadMs).toISOString();
    return { at, status: this.#failedStatus, method, route, code: this.#failedCode ?? null };
  }
}
