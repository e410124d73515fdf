import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const processors = availableParallelism();

/**
 * Pins a process and its future children to one processor; without `taskset`, as outside Linux, does nothing. Migration
 * between processors, or sharing one with the load generator, makes a process up to a fifth slower: more than the
 * measured effect.
 */
export const keepOn = (processor: number, pid: number = process.pid): void => {
  if (processors > 1) setProcessors(String(processor), pid);
};

/** Reverts {@link keepOn}. */
export const keepOnAny = (): void => setProcessors(`0-${processors - 1}`, process.pid);

const setProcessors = (list: string, pid: number): void => {
  spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", list, String(pid)]);
};
