import type { Clock } from "../lib/clock.ts";
import { bucketOf } from "./latency-histogram.ts";
import { RecordingCost } from "./recording-cost.ts";
import { Series, statusClasses } from "./series.ts";
import { Tally } from "./tally.ts";

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

/** The status under which a request counts whose client went away before the answer, as nginx has it. */
export const clientWentAway = 499;

/** These say more about the client than about the service. */
const noErrors = new Set([401, 404, clientWentAway]);

/** What all endpoints of a process have in common. */
export class Traffic {
  readonly series = new Series();
  readonly cost = new RecordingCost();
  /** Added to the clock's monotonic time, it makes milliseconds since 1970 that only grow. */
  readonly epochMs: number;
  inFlight = 0;
  /** The endpoint that failed last. */
  failedLast: Endpoint | undefined;

  /** @param errorsFromStatus from which status on an answer counts as an error; 401, 404 and 499 never do */
  constructor(
    readonly clock: Clock,
    readonly errorsFromStatus: 400 | 500,
  ) {
    this.epochMs = clock.now().getTime() - clock.monotonicMs();
  }
}

/** One method of one route; what it records is counted for itself and in the series of all. */
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

  /** A request has come. Returns when, for {@link finish}. */
  enter(): number {
    this.inFlight++;
    this.#traffic.inFlight++;
    return this.#traffic.clock.monotonicMs();
  }

  /** A request that had {@link enter}ed here turns out to belong to another endpoint. */
  passTo(endpoint: Endpoint): void {
    this.inFlight--;
    endpoint.inFlight++;
  }

  /** A request that had {@link enter}ed is over, counted as {@link record} does. */
  finish(enteredMs: number, status: number, code?: string | undefined): void {
    this.inFlight--;
    this.#traffic.inFlight--;
    const nowMs = this.#traffic.clock.monotonicMs();
    this.#count(nowMs, nowMs - enteredMs, status, code);
  }

  /**
   * Counts a request that was answered with `status` after `durationMs` milliseconds. Takes no lock, makes no promise
   * and allocates nothing.
   *
   * @param code of the failure that it was answered with
   */
  record(status: number, durationMs: number, code?: string | undefined): void {
    this.#count(this.#traffic.clock.monotonicMs(), durationMs, status, code);
  }

  #count(startedMs: number, durationMs: number, status: number, code: string | undefined): void {
    const traffic = this.#traffic;
    const nowMs = traffic.epochMs + startedMs;
    // One impossible number would spoil the sums of its whole slice.
    const tookMs = Number.isFinite(durationMs) ? Math.max(durationMs, 0) : 0;
    const bucket = bucketOf(tookMs);
    const failed = status >= traffic.errorsFromStatus && !noErrors.has(status);
    const statusClass = Math.min(Math.max(Math.trunc(status / 100), 1), statusClasses) - 1;
    this.series.record(nowMs, bucket, tookMs, statusClass, failed);
    traffic.series.record(nowMs, bucket, tookMs, statusClass, failed);
    this.tally.add(tookMs, statusClass);
    if (failed) {
      this.errors++;
      this.#failedAtMs = nowMs;
      this.#failedStatus = status;
      this.#failedCode = code;
      traffic.failedLast = this;
    }
    if (traffic.cost.isDue()) traffic.cost.add(traffic.clock.monotonicMs() - startedMs);
  }

  /** The last request that failed, however long ago; null when none has. */
  get lastError(): LastError | null {
    if (this.#failedAtMs === 0) return null;
    const { method, route } = this;
    const at = new Date(this.#failedAtMs).toISOString();
    return { at, status: this.#failedStatus, method, route, code: this.#failedCode ?? null };
  }
}
