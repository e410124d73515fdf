import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Owner } from "../../core/process-lease.ts";
import { slotEndsWithinMs } from "../traffic/drain.ts";
import type { Slot } from "../traffic/traffic-switch.ts";
import { isAlive, type Launch, logPath } from "./records.ts";

const lookEveryMs = 20;

/** Starts the program of a slot in its own process group: it outlives the front, and Ctrl-C does not reach it. */
export const spawnSlot = (dataDir: string, slot: Slot, launch: Launch, url: string): ChildProcess => {
  const log = openSync(logPath(dataDir, slot), "a", 0o600);
  try {
    // npm is the parent of the front, not of the slot.
    const { npm_command: _, ...env } = process.env;
    const child = spawn(launch.command, [...launch.args, "--slot", slot, "--url", url], {
      cwd: launch.cwd,
      env: { ...env, ...launch.env },
      detached: true,
      stdio: ["ignore", log, log],
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
};

/** Ends the process of a slot: SIGTERM, and SIGKILL after 90 seconds. */
export const stopProcess = async (owner: Owner, withinMs = slotEndsWithinMs): Promise<void> => {
  const startedMs = performance.now();
  signal(owner, "SIGTERM");
  while (isAlive(owner)) {
    if (performance.now() - startedMs > withinMs) signal(owner, "SIGKILL");
    await sleep(lookEveryMs);
  }
};

/** Does nothing if the process has ended, also if another one has its pid. */
export const signal = (owner: Owner, name: NodeJS.Signals): void => {
  if (!isAlive(owner)) return;
  try {
    process.kill(owner.pid, name);
  } catch {
    // It ended in this moment.
  }
};
