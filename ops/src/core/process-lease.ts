import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

export const ownerSchema = z.object({
  pid: z.number().int(),
  /** When the process started, in the system's own terms; null where the system does not tell. */
  started: z.string().nullable(),
  /** Where the pid means something: the machine since its last start, and the container. */
  space: z.string(),
});

/** A process, as another one can recognise it. */
export type Owner = z.infer<typeof ownerSchema>;

/** Reads an owner's own words; undefined when they are torn. */
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

/** An owner says every minute that it is there; this is how long its silence is put up with. */
export const longestSilenceMs = 5 * 60_000;

/**
 * Whether an owner is still running. Where its pid can be looked up this is certain; on another machine, and
 * where the system does not tell when a process started, it lives as long as it says so.
 *
 * @param silentMs since it last said that it is there; negative when the clock was set back since, which is no
 * reason to wait for it longer
 */
export const isRunning = (owner: Owner, here: Owner, silentMs: number): boolean => {
  const isHeard = Math.abs(silentMs) < longestSilenceMs;
  if (owner.space !== here.space) return isHeard;
  if (owner.started !== null) return startOf(owner.pid) === owner.started;
  return exists(owner.pid) && isHeard;
};

/** Linux counts it in ticks since the machine started: a pid that was given again has another one. */
const startOf = (pid: number): string | undefined => {
  const stat = orNothing(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  // The second field is the program's name, which may hold blanks and parentheses; the start is the 22nd.
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  // A dead process whose parent has not asked for it yet still has its line.
  return state === "Z" || state === "X" ? undefined : fields[18];
};

const pidSpace = (): string => {
  const boot = orNothing(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const namespace = orNothing(() => readlinkSync("/proc/self/ns/pid"));
  return [hostname(), boot?.trim() ?? "", namespace ?? ""].join(" ");
};

/** Not every system has these, and a process may end at any moment. */
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
