import { availableParallelism, totalmem } from "node:os";
import { type CgroupLimits, readCgroupLimits } from "./cgroup-limits.ts";

/** What the process may use: of its container where there is one, otherwise of the machine. */
export interface SystemLimits {
  memory_bytes: number;
  /** Processors' worth of time; less than 1 is possible. */
  cpus: number;
}

export interface Machine {
  memoryBytes: number;
  cpus: number;
}

const thisMachine = (): Machine => ({ memoryBytes: totalmem(), cpus: availableParallelism() });

/**
 * The limits of this process.
 *
 * A control group without a limit says so in many ways: by nothing, by zero, by a number near 2^63 or 2^64. Only
 * a limit below what the machine has limits anything.
 */
export const systemLimits = (
  group: CgroupLimits = readCgroupLimits(),
  machine: Machine = thisMachine(),
): SystemLimits => ({
  memory_bytes: within(machine.memoryBytes, group.memoryBytes),
  cpus: within(machine.cpus, group.cpus),
});

const within = (whole: number, limit: number | null): number =>
  limit !== null && limit > 0 && limit < whole ? limit : whole;
