import { totalmem } from "node:os";
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { type Clock, systemClock } from "../lib/clock.ts";

/** What the process uses, as of the last sample. */
export interface SystemSample {
  /** Of one processor, since the sample before; above 100 when more than one is busy. */
  cpu_percent: number;
  /** Resident memory. */
  memory_bytes: number;
  /** Of the container's limit where there is one, otherwise of the machine's memory. */
  memory_percent: number;
  /** How late 99 % of the timers of the interval were at most. */
  event_loop_p99_ms: number;
}

const delayResolutionMs = 20;

/** Below this the share of a processor says more about the moment than about the process. */
const shortestIntervalMs = 250;

/** Samples the process's own processor time, memory and event-loop delay, for the time since the last sample. */
export class SystemMetrics {
  readonly #clock: Clock;
  readonly #memoryLimitBytes = memoryLimit(process.constrainedMemory(), totalmem());
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: delayResolutionMs });
  #sampledAtMs: number;
  #cpu = process.cpuUsage();
  #cpuPercent = 0;
  #eventLoopP99Ms = 0;

  constructor({ clock = systemClock }: { clock?: Clock } = {}) {
    this.#clock = clock;
    this.#sampledAtMs = clock.monotonicMs();
  }

  /** Begins to watch the event loop. */
  start(): void {
    this.#delays.enable();
  }

  stop(): void {
    this.#delays.disable();
  }

  sample(): SystemSample {
    const nowMs = this.#clock.monotonicMs();
    const elapsedMs = nowMs - this.#sampledAtMs;
    if (elapsedMs >= shortestIntervalMs) {
      const { user, system } = process.cpuUsage(this.#cpu);
      this.#cpuPercent = cpuPercent(user + system, elapsedMs);
      this.#eventLoopP99Ms = eventLoopDelayMs(this.#delays.percentile(99));
      this.#cpu = process.cpuUsage();
      this.#delays.reset();
      this.#sampledAtMs = nowMs;
    }
    const memoryBytes = process.memoryUsage.rss();
    return {
      cpu_percent: this.#cpuPercent,
      memory_bytes: memoryBytes,
      memory_percent: toTenth((100 * memoryBytes) / this.#memoryLimitBytes),
      event_loop_p99_ms: this.#eventLoopP99Ms,
    };
  }
}

/** The share of one processor that `cpuMicroseconds` in `elapsedMs` make. */
export const cpuPercent = (cpuMicroseconds: number, elapsedMs: number): number =>
  toTenth((100 * cpuMicroseconds) / (elapsedMs * 1000));

/**
 * The memory that the process may use, in bytes.
 *
 * A cgroup without a limit says so in many ways: by nothing, by zero, by a number near 2^63 or 2^64. Only a
 * limit below the machine's memory limits anything.
 */
export const memoryLimit = (constrainedBytes: number | undefined, machineBytes: number): number =>
  constrainedBytes !== undefined && constrainedBytes > 0 && constrainedBytes < machineBytes
    ? constrainedBytes
    : machineBytes;

/** Node measures from timer to timer: what lies beyond the timer's own interval is delay. */
const eventLoopDelayMs = (intervalNanoseconds: number): number =>
  toTenth(Math.max(0, intervalNanoseconds / 1e6 - delayResolutionMs));

const toTenth = (value: number): number => Math.round(value * 10) / 10;
