import type { Clock } from "../../core/clock.ts";
import type { PerformanceMetrics } from "../requests/request-metrics.ts";
import { RollingStats } from "./rolling-stats.ts";

/** What monitoring itself costs. */
export interface Overhead {
  /**
   * The share of one processor that recording, checking and those who listen to the checks took over the last five
   * minutes. Without what Node and the driver spend on the wire of a ping.
   */
  cpu_percent: number;
  /** Histograms and intervals of all endpoints: an estimate. */
  memory_bytes: number;
  /** What recording one request takes; measured now and then. */
  seconds_per_request: number;
}

/** Adds up the time that monitoring takes. */
export class OverheadMeter {
  readonly #clock: Clock;
  readonly #performance: PerformanceMetrics;
  readonly #recent = new RollingStats(["took_ms", "elapsed_ms"]);
  #takenAtMs: number;
  #recorded = 0;
  #checksMs = 0;
  #bytes = 0;

  constructor({ clock, performance }: { clock: Clock; performance: PerformanceMetrics }) {
    this.#clock = clock;
    this.#performance = performance;
    this.#takenAtMs = clock.monotonicMs();
  }

  /** Does some work of monitoring's, which must not wait for anything, and counts how long it takes. */
  during<T>(work: () => T): T {
    const startedMs = this.#clock.monotonicMs();
    try {
      return work();
    } finally {
      this.#checksMs += this.#clock.monotonicMs() - startedMs;
    }
  }

  /** Ends an interval. */
  sample(): void {
    const nowMs = this.#clock.monotonicMs();
    const { recorded, recordingMs, bytes } = this.#performance;
    this.#recent.add(nowMs, {
      took_ms: this.#checksMs + (recorded - this.#recorded) * recordingMs,
      elapsed_ms: nowMs - this.#takenAtMs,
    });
    this.#takenAtMs = nowMs;
    this.#recorded = recorded;
    this.#checksMs = 0;
    this.#bytes = bytes;
  }

  /** As of the last sample. */
  report(): Overhead {
    const { took_ms, elapsed_ms } = this.#recent.sum();
    // The time since then, too: what a check took in the first moment of a process is not what it takes all the time.
    const overMs = elapsed_ms + this.#clock.monotonicMs() - this.#takenAtMs;
    return {
      cpu_percent: Math.round((100_000 * took_ms) / Math.max(overMs, 1)) / 1_000,
      memory_bytes: this.#bytes,
      seconds_per_request: Number((this.#performance.recordingMs / 1_000).toPrecision(3)),
    };
  }
}
