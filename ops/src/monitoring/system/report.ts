import { z } from "zod";

const systemNumbers = z.object({
  cpu_percent: z.number().describe("CPU time since the previous sample, of what the process may use."),
  memory_bytes: z.int().describe("Resident memory."),
  memory_percent: z.number().describe("Resident memory, of the limit of the container or the machine."),
  event_loop_p99_ms: z.number().describe("99th percentile of the delay of timers."),
  event_loop_max_ms: z.number().describe("Longest delay of a timer."),
  event_loop_utilization_percent: z.number().describe("Share of the time in which the event loop was busy."),
  gc_percent: z.number().describe("Share of the time in garbage collection pauses."),
  gc_longest_ms: z.number().describe("Longest garbage collection pause."),
  open_handles: z.number().describe("Open sockets, servers, timers, files and the like."),
});
/** A sample of the process. Shares and delays are those of the interval since the previous sample. */
export type SystemNumbers = z.infer<typeof systemNumbers>;

export const systemNumberNames = systemNumbers.keyof().options;

/** The part of a sample that a snapshot holds. */
export type SystemSample = Pick<
  SystemNumbers,
  "cpu_percent" | "memory_bytes" | "memory_percent" | "event_loop_p99_ms" | "event_loop_utilization_percent"
>;

/** The latest numbers, and their mean and maximum over the last minutes. */
export const systemReport = systemNumbers.extend({
  uptime_seconds: z.int(),
  limits: z
    .object({ memory_bytes: z.int(), cpus: z.number() })
    .describe("Limits of the container or the machine, which the percentages refer to."),
  window_seconds: z.int().describe("The period of `mean` and `max`."),
  mean: systemNumbers,
  max: systemNumbers,
});
export type SystemReport = z.infer<typeof systemReport>;
