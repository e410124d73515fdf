import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { type Clock, systemClock } from "../../core/clock.ts";
import { GcPauses } from "./gc-pauses.ts";
import { RollingStats } from "./rolling-stats.ts";
import { type SystemLimits, systemLimits } from "./system-limits.ts";

/** What the process uses, as of the last sample. */
export interface SystemSample {
  /** Processor time since the sample before, of all that the process may use: of its container or the machine. */
  cpu_percent: number;
  /** Resident memory. */
  memory_bytes: number;
  /** Of the container's limit where there is one, otherwise of the machine's memory. */
  memory_percent: number;
  /** How late 99 % of the timers of the interval were at most. */
  event_loop_p99_ms: number;
}

/** The numbers of a sample, and those that explain them; each about the interval since the sample before. */
export interface SystemNumbers extends SystemSample {
  /** How late the latest timer was. */
  event_loop_max_ms: number;
  /** The share of the time in which the event loop had something to do. */
  event_loop_utilization_percent: number;
  /** The share of the time in which the process stood still for the garbage collector, and the longest of it. */
  gc_percent: number;
  gc_longest_ms: number;
  /** Sockets, servers, timers, files and the like that are open. */
  open_handles: number;
}

/** The latest numbers, and what they were over the last minutes. */
export interface SystemReport extends SystemNumbers {
  uptime_seconds: number;
  /** What the percentages are of. */
  limits: SystemLimits;
  /** How far back `mean` and `max` go. */
  window_seconds: number;
  mean: SystemNumbers;
  max: SystemNumbers;
}

const names = [
  "cpu_percent",
  "memory_bytes",
  "memory_percent",
  "event_loop_p99_ms",
  "event_loop_max_ms",
  "event_loop_utilization_percent",
  "gc_percent",
  "gc_longest_ms",
  "open_handles",
] as const satisfies (keyof SystemNumbers)[];

const delayResolutionMs = 20;

/** Below this, shares of the time say more about the moment than about the process. */
const shortestIntervalMs = 250;

/** A container's limits can be changed while it runs. */
const limitsHoldMs = 60_000;

/** What of a sample is about an interval. */
type OfInterval = Omit<SystemNumbers, "memory_bytes" | "memory_percent" | "open_handles">;

/**
 * Samples what the process uses, against what it may use, each time for the interval since the last sample.
 */
export class SystemMetrics {
  readonly #clock: Clock;
  readonly #readLimits: () => SystemLimits;
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: delayResolutionMs });
  readonly #pauses = new GcPauses();
  readonly #recent = new RollingStats(names);
  #limits: SystemLimits;
  #limitsReadAtMs: number;
  #sampledAtMs: number;
  #cpu = process.cpuUsage();
  #utilization = performance.eventLoopUtilization();
  #ofInterval: OfInterval = {
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

  /** Begins to watch the event loop and the garbage collector. */
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
    if (nowMs - this.#limitsReadAtMs >= limitsHoldMs) {
      this.#limits = this.#readLimits();
      this.#limitsReadAtMs = nowMs;
    }
    const elapsedMs = nowMs - this.#sampledAtMs;
    if (elapsedMs >= shortestIntervalMs) {
      this.#ofInterval = this.#endInterval(elapsedMs);
      this.#sampledAtMs = nowMs;
    }
    this.#numbers = this.#take();
    this.#recent.add(nowMs, this.#numbers);
    const { cpu_percent, memory_bytes, memory_percent, event_loop_p99_ms } = this.#numbers;
    return { cpu_percent, memory_bytes, memory_percent, event_loop_p99_ms };
  }

  /** What the last sample found, with more of it, and what the samples of the last five minutes did. */
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
      ...this.#ofInterval,
      memory_bytes: memoryBytes,
      memory_percent: toTenth((100 * memoryBytes) / this.#limits.memory_bytes),
      open_handles: process.getActiveResourcesInfo().length,
    };
  }

  #endInterval(elapsedMs: number): OfInterval {
    const { user, system } = process.cpuUsage(this.#cpu);
    const { utilization } = performance.eventLoopUtilization(this.#utilization);
    const { totalMs, longestMs } = this.#pauses.take();
    const ofInterval = {
      cpu_percent: cpuPercent(user + system, elapsedMs, this.#limits.cpus),
      event_loop_p99_ms: eventLoopDelayMs(this.#delays.percentile(99)),
      event_loop_max_ms: eventLoopDelayMs(this.#delays.max),
      event_loop_utilization_percent: toTenth(100 * utilization),
      gc_percent: toTenth((100 * totalMs) / elapsedMs),
      gc_longest_ms: toTenth(longestMs),
    };
    // Each of these counts from the process's start unless it is told where to begin.
    this.#cpu = process.cpuUsage();
    this.#utilization = performance.eventLoopUtilization();
    this.#delays.reset();
    return ofInterval;
  }
}

/** The share that `cpuMicroseconds` in `elapsedMs` make of `cpus` processors. */
export const cpuPercent = (cpuMicroseconds: number, elapsedMs: number, cpus: number): number =>
  toTenth((100 * cpuMicroseconds) / (elapsedMs * 1000 * cpus));

/** Node measures from timer to timer: what lies beyond the timer's own interval is delay. */
const eventLoopDelayMs = (intervalNanoseconds: number): number =>
  toTenth(Math.max(0, intervalNanoseconds / 1e6 - delayResolutionMs));

const toTenth = (value: number): number => Math.round(value * 10) / 10;

const rounded = (numbers: SystemNumbers): SystemNumbers => ({
  ...(Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [name, toTenth(value)]),
  ) as unknown as SystemNumbers),
  memory_bytes: Math.round(numbers.memory_bytes),
});
