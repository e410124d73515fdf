import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readCgroupLimits } from "./cgroup-limits.ts";
import { systemLimits } from "./system-limits.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A directory tree that looks like the `/` of a container, from its files. */
const rootWith = (files: Record<string, string>): string => {
  const root = mkdtempSync(join(tmpdir(), "earlybird-cgroup-"));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
};

const version2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
const version1 = [
  "25 23 0:27 / /sys rw - sysfs sysfs rw",
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct",
  "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory",
].join("\n");
const megabyte = 2 ** 20;

test.each([
  {
    what: "version 2, in a namespace of its own",
    files: {
      "proc/self/cgroup": "0::/",
      "proc/self/mountinfo": version2,
      "sys/fs/cgroup/memory.max": String(256 * megabyte),
      "sys/fs/cgroup/cpu.max": "150000 100000",
    },
    limits: { memoryBytes: 256 * megabyte, cpus: 1.5 },
  },
  {
    what: "version 2, where the group above allows less than the own one",
    files: {
      "proc/self/cgroup": "0::/system.interval/earlybird.service",
      "proc/self/mountinfo": version2,
      "sys/fs/cgroup/system.interval/earlybird.service/memory.max": String(900 * megabyte),
      "sys/fs/cgroup/system.interval/earlybird.service/cpu.max": "max 100000",
      "sys/fs/cgroup/system.interval/memory.max": String(300 * megabyte),
      "sys/fs/cgroup/system.interval/cpu.max": "50000 100000",
    },
    limits: { memoryBytes: 300 * megabyte, cpus: 0.5 },
  },
  {
    what: "version 2, where only the group that is mounted allows less",
    files: {
      "proc/self/cgroup": "0::/worker",
      "proc/self/mountinfo": version2,
      "sys/fs/cgroup/worker/memory.max": "max",
      "sys/fs/cgroup/memory.max": String(200 * megabyte),
    },
    limits: { memoryBytes: 200 * megabyte, cpus: null },
  },
  {
    what: "version 2 without limits",
    files: {
      "proc/self/cgroup": "0::/a",
      "proc/self/mountinfo": version2,
      "sys/fs/cgroup/a/memory.max": "max",
      "sys/fs/cgroup/a/cpu.max": "max 100000",
    },
    limits: { memoryBytes: null, cpus: null },
  },
  {
    what: "version 1, as Docker mounts it: the host's path, seen from within",
    files: {
      "proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc",
      "proc/self/mountinfo": version1.replaceAll(/ \/ (\/sys\/fs)/g, " /docker/abc $1"),
      "sys/fs/cgroup/memory/memory.limit_in_bytes": String(512 * megabyte),
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
    },
    limits: { memoryBytes: 512 * megabyte, cpus: 2 },
  },
  {
    what: "version 1, below another group",
    files: {
      "proc/self/cgroup": "4:memory:/pods/one\n3:cpu,cpuacct:/pods/one\n0::/",
      "proc/self/mountinfo": version1,
      "sys/fs/cgroup/memory/pods/one/memory.limit_in_bytes": String(64 * megabyte),
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/cpu,cpuacct/pods/one/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu,cpuacct/pods/one/cpu.cfs_period_us": "100000",
    },
    limits: { memoryBytes: 64 * megabyte, cpus: null },
  },
  {
    what: "version 1 without limits",
    files: {
      "proc/self/cgroup": "4:memory:/\n3:cpu,cpuacct:/",
      "proc/self/mountinfo": version1,
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
    },
    limits: { memoryBytes: null, cpus: null },
  },
  {
    what: "both versions at once, with the limits in version 1",
    files: {
      "proc/self/cgroup": "4:memory:/a\n0::/a",
      "proc/self/mountinfo": `${version1}\n${version2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified")}`,
      "sys/fs/cgroup/memory/a/memory.limit_in_bytes": String(128 * megabyte),
    },
    limits: { memoryBytes: 128 * megabyte, cpus: null },
  },
  {
    what: "a group outside of what is mounted",
    files: {
      "proc/self/cgroup": "0::/../other",
      "proc/self/mountinfo": version2.replace(" / /sys", " /mine /sys"),
      "sys/fs/cgroup/memory.max": String(32 * megabyte),
    },
    limits: { memoryBytes: 32 * megabyte, cpus: null },
  },
  {
    what: "nonsense",
    files: {
      "proc/self/cgroup": "0::/\nnot a group",
      "proc/self/mountinfo": `not a mount\n${version2}`,
      "sys/fs/cgroup/memory.max": "0",
      "sys/fs/cgroup/cpu.max": "lots of it",
    },
    limits: { memoryBytes: null, cpus: null },
  },
  { what: "no control groups at all", files: {}, limits: { memoryBytes: null, cpus: null } },
])("the limits of $what", ({ files, limits }) => {
  expect(readCgroupLimits(rootWith(files))).toEqual(limits);
});

const machine = { memoryBytes: 8 * 2 ** 30, cpus: 4 };

test.each([
  { says: "nothing", group: { memoryBytes: null, cpus: null }, memory: machine.memoryBytes, cpus: 4 },
  {
    says: "more than there is",
    group: { memoryBytes: 2 ** 40, cpus: 64 },
    memory: machine.memoryBytes,
    cpus: 4,
  },
  { says: "zero", group: { memoryBytes: 0, cpus: 0 }, memory: machine.memoryBytes, cpus: 4 },
  { says: "less", group: { memoryBytes: 2 ** 29, cpus: 0.5 }, memory: 2 ** 29, cpus: 0.5 },
])("a process in a group that allows $says", ({ group, memory, cpus }) => {
  expect(systemLimits(group, machine)).toEqual({ memory_bytes: memory, cpus });
});

test("the limits of this process are plausible", () => {
  const { memory_bytes, cpus } = systemLimits();
  expect(memory_bytes).toBeGreaterThan(64 * megabyte);
  expect(memory_bytes).toBeLessThan(2 ** 50);
  expect(cpus).toBeGreaterThan(0);
});
