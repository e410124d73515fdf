import type { Clock } from "../../core/clock.ts";
import { bucketOf } from "./latency-histogram.ts";
import { RecordingCost } from "./recording-cost.ts";
import type { Endpoint } from "./route-metrics.ts";
import { Series, sliceMs, statusClasses } from "./sliding-window.ts";

/** The status under which a request counts whose client went away before the answer, as nginx has it. */
export const clientWentAway = 499;

/** These say more about the client than about the service. */
const noErrors = new Set([401, 404, clientWentAway]);

/** Few enough that nobody waits for milliseconds when each is the first of its endpoint in a new slice. */
const batchSize = 64;

/** By so much may two clocks differ that are not read at the same moment. */
const toleratedMs = 1_000;

/**
 * What all endpoints of a process have in common.
 *
 * Requests are noted as they end and counted later, many at once: between two requests the processor's caches lose
 * what counting needs.
 */
export class Traffic {
  readonly cost = new RecordingCost();
  /** Added to the clock's monotonic time, it makes milliseconds since 1970 that only grow; grows itself. */
  epochMs: number;
  /** How far these are ahead of the wall clock because that has gone back; as of the last {@link nowMs}. */
  aheadMs = 0;
  inFlight = 0;
  /** The endpoint that failed last. */
  failedLast: Endpoint | undefined;
  /** All requests that are counted. */
  readonly series = new Series();
  readonly #errorsFromStatus: 400 | 500;
  readonly #endpoints: Endpoint[] = [];
  readonly #statuses = new Int16Array(batchSize);
  readonly #durationsMs = new Float64Array(batchSize);
  #noted = 0;
  #counted = 0;
  /** All that is noted belongs to the slice of this time, which ends at the other. */
  #notedAtMs = 0;
  #sliceEndsMs = 0;

  /** @param errorsFromStatus from which status on an answer counts as an error; 401, 404 and 499 never do */
  constructor(
    readonly clock: Clock,
    errorsFromStatus: 400 | 500,
  ) {
    this.#errorsFromStatus = errorsFromStatus;
    this.epochMs = clock.now().getTime() - clock.monotonicMs();
  }

  /**
   * Milliseconds since 1970 that only grow. Where the wall clock has gone ahead, they follow: somebody has set it, or
   * the machine has slept, and the monotonic clock with it. For readers, every check among them: a request must not pay
   * for it.
   */
  nowMs(): number {
    const nowMs = this.epochMs + this.clock.monotonicMs();
    const aheadMs = nowMs - this.clock.now().getTime();
    this.aheadMs = aheadMs > toleratedMs ? aheadMs : 0;
    if (aheadMs >= -toleratedMs) return nowMs;
    this.epochMs -= aheadMs;
    return nowMs - aheadMs;
  }

  isError(status: number): boolean {
    return status >= this.#errorsFromStatus && !noErrors.has(status);
  }

  /** Notes a request that has ended, to be counted with others. Allocates nothing. */
  note(endpoint: Endpoint, nowMs: number, durationMs: number, status: number): void {
    if (nowMs >= this.#sliceEndsMs) this.#beginSlice(nowMs);
    const place = this.#noted++;
    this.#endpoints[place] = endpoint;
    this.#statuses[place] = status;
    this.#durationsMs[place] = durationMs;
    if (this.#noted === batchSize) this.count();
  }

  /** Counts what is noted: whoever reads an endpoint's numbers does this before. */
  count(): void {
    const noted = this.#noted;
    if (noted === 0) return;
    this.#noted = 0;
    const { clock } = this;
    const beforeMs = clock.monotonicMs();
    const startedMs = clock.monotonicMs();
    for (let n = 0; n < noted; n++) {
      this.#countOne(this.#endpoints[n] as Endpoint, this.#statuses[n] ?? 0, this.#durationsMs[n] ?? 0);
    }
    this.#counted += noted;
    // The clock is read when a request comes and when it ends.
    this.cost.add(2 * (startedMs - beforeMs) + (clock.monotonicMs() - startedMs) / noted);
  }

  /** Requests since the process started. */
  get recorded(): number {
    return this.#counted + this.#noted;
  }

  #beginSlice(nowMs: number): void {
    this.count();
    this.#notedAtMs = nowMs;
    this.#sliceEndsMs = (Math.floor(nowMs / sliceMs) + 1) * sliceMs;
  }

  #countOne(endpoint: Endpoint, status: number, durationMs: number): void {
    // One impossible number would spoil the sums of its whole slice.
    const tookMs = Number.isFinite(durationMs) ? Math.max(durationMs, 0) : 0;
    const bucket = bucketOf(tookMs);
    const statusClass = Math.min(Math.max(Math.trunc(status / 100), 1), statusClasses) - 1;
    const failed = this.isError(status);
    this.series.record(this.#notedAtMs, bucket, tookMs, statusClass, failed);
    endpoint.series.record(this.#notedAtMs, bucket, tookMs, statusClass, failed);
    endpoint.tally.add(tookMs, statusClass);
  }
}
