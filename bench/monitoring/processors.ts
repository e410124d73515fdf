import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const processors = availableParallelism();

/**
 * Keeps a process, and those that it starts from then on, on one processor; without `taskset`, as outside Linux, it
 * stays where it is. To be moved about, and to share a processor with whoever asks, makes a process up to a fifth
 * slower for a while: more than what is measured.
 */
export const keepOn = (processor: number, pid: number = process.pid): void => {
  if (processors > 1) setProcessors(String(processor), pid);
};

/** Ends what {@link keepOn} began. */
export const keepOnAny = (): void => setProcessors(`0-${processors - 1}`, process.pid);

const setProcessors = (list: string, pid: number): void => {
  spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", list, String(pid)]);
};
