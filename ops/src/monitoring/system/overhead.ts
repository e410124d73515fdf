import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { PerformanceMetrics } from "../requests/request-metrics.ts";
import { RollingStats } from "./rolling-stats.ts";

/** The cost of monitoring. */
export const overhead = z.object({
  cpu_percent: z
    .number()
    .describe(
      "Share of one processor that recording, checks and their listeners used over the last five minutes, without the network I/O of pings.",
    ),
  memory_bytes: z.number().describe("Estimate for the histograms and intervals of all endpoints."),
  seconds_per_request: z.number().describe("Time to record one request."),
});
export type Overhead = z.infer<typeof overhead>;

/** Measures the time that monitoring takes. */
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

  /** Runs synchronous work of the monitoring and adds its duration. */
  during<T>(work: () => T): T {
    const startedMs = this.#clock.monotonicMs();
    try {
      return work();
    } finally {
      this.#checksMs += this.#clock.monotonicMs() - startedMs;
    }
  }

  /** Ends an interval of measurement. */
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
    // Includes the time since then: right after the start, the first check would dominate.
    const overMs = elapsed_ms + this.#clock.monotonicMs() - this.#takenAtMs;
    return {
      cpu_percent: Math.round((100_000 * took_ms) / Math.max(overMs, 1)) / 1_000,
      memory_bytes: this.#bytes,
      seconds_per_request: Number((this.#performance.recordingMs / 1_000).toPrecision(3)),
    };
  }
}
