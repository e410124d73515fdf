import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

export const ownerSchema = z.object({
  pid: z.number().int(),
  /** Start time of the process in the operating system's unit; null if it is not available. */
  started: z.string().nullable(),
  /** The scope in which the pid is unique: host, boot and container. */
  space: z.string(),
});

/** Identifies a process to other processes. */
export type Owner = z.infer<typeof ownerSchema>;

/** Parses an owner; undefined if the text is incomplete. */
export const readOwner = (text: string): Owner | undefined => {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/** This process. */
export const thisProcess = (): Owner => ({
  pid: process.pid,
  started: startOf(process.pid) ?? null,
  space: pidSpace(),
});

/** An owner renews its lease every minute; it expires after this time. */
export const longestSilenceMs = 5 * 60_000;

/**
 * Whether an owner is still running. If its pid can be looked up, the result is certain. On another host, or if the
 * start time is not available, an owner counts as running until its lease expires.
 *
 * @param silentMs time since the last renewal; negative if the clock was set back since, which does not extend the lease
 */
export const isRunning = (owner: Owner, here: Owner, silentMs: number): boolean => {
  const isHeard = Math.abs(silentMs) < longestSilenceMs;
  if (owner.space !== here.space) return isHeard;
  if (owner.started !== null) return startOf(owner.pid) === owner.started;
  return exists(owner.pid) && isHeard;
};

/** In clock ticks since boot on Linux: a reused pid has another start time. */
const startOf = (pid: number): string | undefined => {
  const stat = orNothing(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The second field is the program name, which may contain spaces and parentheses; the start time is the 22nd.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  // A zombie process still has an entry.
  return state === "Z" || state === "X" ? undefined : fields[18];
};

const pidSpace = (): string => {
  const boot = orNothing(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const namespace = orNothing(() => readlinkSync("/proc/self/ns/pid"));
  return [hostname(), boot?.trim() ?? "", namespace ?? ""].join(" ");
};

/** Not every system has these files, and a process may end at any moment. */
const orNothing = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
