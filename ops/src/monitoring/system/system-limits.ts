import { availableParallelism, totalmem } from "node:os";
import { type CgroupLimits, readCgroupLimits } from "./cgroup-limits.ts";
import type { SystemReport } from "./report.ts";

/** Limits of the container if there is one, otherwise of the machine. `cpus` may be below 1. */
export type SystemLimits = SystemReport["limits"];

export interface Machine {
  memoryBytes: number;
  cpus: number;
}

const thisMachine = (): Machine => ({ memoryBytes: totalmem(), cpus: availableParallelism() });

/**
 * The limits of this process.
 *
 * A control group without a limit has no value, zero, or a number near 2^63 or 2^64. A limit counts only if it is below
 * that of the machine.
 */
export const systemLimits = (
  group: CgroupLimits = readCgroupLimits(),
  machine: Machine = thisMachine(),
): SystemLimits => ({
  memory_bytes: smaller(machine.memoryBytes, group.memoryBytes),
  cpus: smaller(machine.cpus, group.cpus),
});

const smaller = (whole: number, limit: number | null): number =>
  limit !== null && limit > 0 && limit < whole ? limit : whole;
