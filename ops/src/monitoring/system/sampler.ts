import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { type Clock, systemClock } from "../../core/clock.ts";
import { GcPauses } from "./gc-pauses.ts";
import { type SystemNumbers, type SystemReport, type SystemSample, systemNumberNames } from "./report.ts";
import { RollingStats } from "./rolling-stats.ts";
import { type SystemLimits, systemLimits } from "./system-limits.ts";

const delayResolutionMs = 20;

/** Shares of a shorter time are too noisy. */
const shortestIntervalMs = 250;

/** The limits of a running container can change. */
const rereadLimitsMs = 60_000;

/** The numbers that refer to an interval. */
type IntervalNumbers = Omit<SystemNumbers, "memory_bytes" | "memory_percent" | "open_handles">;

/** Samples the resource usage of the process against its limits, for the interval since the previous sample. */
export class SystemMetrics {
  readonly #clock: Clock;
  readonly #readLimits: () => SystemLimits;
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: delayResolutionMs });
  readonly #pauses = new GcPauses();
  readonly #recent = new RollingStats(systemNumberNames);
  #limits: SystemLimits;
  #limitsReadAtMs: number;
  #sampledAtMs: number;
  #cpu = process.cpuUsage();
  #utilization = performance.eventLoopUtilization();
  #intervalNumbers: IntervalNumbers = {
    cpu_percent: 0,
    event_loop_p99_ms: 0,
    event_loop_max_ms: 0,
    event_loop_utilization_percent: 0,
    gc_percent: 0,
    gc_longest_ms: 0,
  };
  #numbers: SystemNumbers;

  constructor({
    clock = systemClock,
    readLimits = systemLimits,
  }: { clock?: Clock; readLimits?: () => SystemLimits } = {}) {
    this.#clock = clock;
    this.#readLimits = readLimits;
    this.#limits = readLimits();
    this.#limitsReadAtMs = this.#sampledAtMs = clock.monotonicMs();
    this.#numbers = this.#take();
  }

  /** Starts to observe the event loop and the garbage collector. */
  start(): void {
    this.#delays.enable();
    this.#pauses.start();
  }

  stop(): void {
    this.#delays.disable();
    this.#pauses.stop();
  }

  /** Takes a sample. */
  sample(): SystemSample {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#limitsReadAtMs >= rereadLimitsMs) {
      this.#limits = this.#readLimits();
      this.#limitsReadAtMs = nowMs;
    }
    const elapsedMs = nowMs - this.#sampledAtMs;
    if (elapsedMs >= shortestIntervalMs) {
      this.#intervalNumbers = this.#endInterval(elapsedMs);
      this.#sampledAtMs = nowMs;
    }
    this.#numbers = this.#take();
    this.#recent.add(nowMs, this.#numbers);
    const { cpu_percent, memory_bytes, memory_percent, event_loop_p99_ms } = this.#numbers;
    const { event_loop_utilization_percent } = this.#numbers;
    return { cpu_percent, memory_bytes, memory_percent, event_loop_p99_ms, event_loop_utilization_percent };
  }

  /** The last sample, with mean and maximum of the last five minutes. */
  report(): SystemReport {
    return {
      ...this.#numbers,
      uptime_seconds: Math.round(process.uptime()),
      limits: this.#limits,
      window_seconds: RollingStats.seconds,
      mean: rounded(this.#recent.mean()),
      max: this.#recent.max(),
    };
  }

  #take(): SystemNumbers {
    const memoryBytes = process.memoryUsage.rss();
    return {
      ...this.#intervalNumbers,
      memory_bytes: memoryBytes,
      memory_percent: toTenth((100 * memoryBytes) / this.#limits.memory_bytes),
      open_handles: process.getActiveResourcesInfo().length,
    };
  }

  #endInterval(elapsedMs: number): IntervalNumbers {
    const { user, system } = process.cpuUsage(this.#cpu);
    const { utilization } = performance.eventLoopUtilization(this.#utilization);
    const { totalMs, longestMs } = this.#pauses.take();
    const numbers = {
      cpu_percent: cpuPercent(user + system, elapsedMs, this.#limits.cpus),
      event_loop_p99_ms: eventLoopDelayMs(this.#delays.percentile(99)),
      event_loop_max_ms: eventLoopDelayMs(this.#delays.max),
      event_loop_utilization_percent: toTenth(100 * utilization),
      gc_percent: toTenth((100 * totalMs) / elapsedMs),
      gc_longest_ms: toTenth(longestMs),
    };
    // These count from the start of the process unless given a start.
    this.#cpu = process.cpuUsage();
    this.#utilization = performance.eventLoopUtilization();
    this.#delays.reset();
    return numbers;
  }
}

/** Share of `cpus` processors that `cpuMicroseconds` of CPU time in `elapsedMs` used. */
export const cpuPercent = (cpuMicroseconds: number, elapsedMs: number, cpus: number): number =>
  toTenth((100 * cpuMicroseconds) / (elapsedMs * 1000 * cpus));

/** Node measures from timer to timer; the time beyond the timer's interval is the delay. */
const eventLoopDelayMs = (intervalNanoseconds: number): number =>
  toTenth(Math.max(0, intervalNanoseconds / 1e6 - delayResolutionMs));

const toTenth = (value: number): number => Math.round(value * 10) / 10;

const rounded = (numbers: SystemNumbers): SystemNumbers => ({
  ...(Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, toTenth(value)]),
  ) as unknown as SystemNumbers),
  memory_bytes: Math.round(numbers.memory_bytes),
});
