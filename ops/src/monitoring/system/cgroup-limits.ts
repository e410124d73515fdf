import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** What a container's control group allows; null for what it leaves open. */
export interface CgroupLimits {
  memoryBytes: number | null;
  /** Processors' worth of time, as 0.5 or 4. */
  cpus: number | null;
}

/**
 * Reads the limits of the control group of this process, of version 1, 2 or both at once. The limits of the groups
 * above hold, too: the smallest counts. Where there are none, or they cannot be read, that is no limit.
 *
 * Formats: cgroups(7), proc_pid_mountinfo(5), and the kernel's admin-guide/cgroup-v2 (`memory.max`, `cpu.max`).
 *
 * @param root the directory that is taken for `/`
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
  /** Which group is seen at the mount point. */
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

/** The directory of a group and those above it; that of the mount alone, if the group lies outside of it. */
const fromGroupUp = ({ group, point }: Mount, path: string): string[] => {
  const below = relative(group, path).split("/");
  if (below[0] === "..") return [point];
  return below.map((_, n) => join(point, ...below.slice(0, n + 1))).concat(point);
};

/** `max` is no number, and the 9223372036854771712 of version 1 is none that anybody could mean. */
const limitIn = (text = ""): number[] => {
  const limit = Number(text || Number.NaN);
  return Number.isSafeInteger(limit) && limit > 0 ? [limit] : [];
};

/** `max` or -1 of any period is no limit. */
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
