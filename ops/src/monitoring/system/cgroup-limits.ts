import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Limits of a container's control group; null if unlimited. */
export interface CgroupLimits {
  memoryBytes: number | null;
  /** Number of processors, as 0.5 or 4. */
  cpus: number | null;
}

/**
 * Reads the limits of the control group of this process, of version 1, 2 or both. The limits of parent groups apply too:
 * the smallest counts. Missing or unreadable files mean no limit.
 *
 * Formats: cgroups(7), proc_pid_mountinfo(5), and the kernel's admin-guide/cgroup-v2 (`memory.max`, `cpu.max`).
 *
 * @param root the directory to use as `/`
 */
export const readCgroupLimits = (root = "/"): CgroupLimits => {
  const mounts = mountsIn(linesOf(join(root, "proc/self/mountinfo")));
  const groups = groupsIn(linesOf(join(root, "proc/self/cgroup")));
  const memory: number[] = [];
  const cpus: number[] = [];
  for (const { controllers, path } of groups) {
    for (const mount of mounts.filter((mount) =>
      mount.controllers.some((name) => controllers.includes(name)),
    )) {
      for (const directory of fromGroupUp(mount, path)) {
        const read = (file: string) => linesOf(join(root, directory, file))[0];
        memory.push(...limitIn(read("memory.max")), ...limitIn(read("memory.limit_in_bytes")));
        cpus.push(...shareIn(...(read("cpu.max")?.split(" ") ?? [])));
        cpus.push(...shareIn(read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")));
      }
    }
  }
  return { memoryBytes: smallest(memory), cpus: smallest(cpus) };
};

/** The line `0::/path` of version 2 is the group of the controller with no name. */
const groupsIn = (lines: readonly string[]): { controllers: string[]; path: string }[] =>
  lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined
      ? []
      : [{ controllers: controllers.split(","), path }];
  });

interface Mount {
  /** The group that is mounted. */
  group: string;
  point: string;
  controllers: string[];
}

const mountsIn = (lines: readonly string[]): Mount[] =>
  lines.flatMap((line) => {
    const [, group, point, type, options = ""] =
      /^\d+ \d+ \S+ (\S+) (\S+) .*- (cgroup2?) \S+ (\S+)/.exec(line) ?? [];
    if (group === undefined || point === undefined) return [];
    return [{ group, point, controllers: type === "cgroup2" ? [""] : options.split(",") }];
  });

/** The directory of a group and its parents; only the mount point if the group lies outside it. */
const fromGroupUp = ({ group, point }: Mount, path: string): string[] => {
  const below = relative(group, path).split("/");
  if (below[0] === "..") return [point];
  return below.map((_, n) => join(point, ...below.slice(0, n + 1))).concat(point);
};

/** Ignores `max`, and the 9223372036854771712 that version 1 uses for no limit. */
const limitIn = (text = ""): number[] => {
  const limit = Number(text || Number.NaN);
  return Number.isSafeInteger(limit) && limit > 0 ? [limit] : [];
};

/** A quota of `max` or -1 is no limit. */
const shareIn = (quota = "", period = ""): number[] => {
  const [used, of] = [limitIn(quota)[0], limitIn(period)[0]];
  return used && of ? [used / of] : [];
};

const smallest = (values: readonly number[]): number | null =>
  values.length > 0 ? Math.min(...values) : null;

const linesOf = (file: string): string[] => {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
};
