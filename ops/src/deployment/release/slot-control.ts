import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { defineFailure } from "../../core/failure.ts";
import { type Launch, readLaunch, readProcess, stopProcess, writeLaunch } from "../slots/index.ts";
import { logPath } from "../slots/records.ts";
import type { Slot } from "../traffic/index.ts";

const lookEveryMs = 50;
/** A version needs this long at most until it serves. */
const startWithinMs = 60_000;
const lastBytes = 4_096;
const lastLines = 5;

const versionNotStarted = defineFailure({
  code: "EB_VERSION_NOT_STARTED",
  status: 502,
  exitStatus: 4,
  detail: "The version in the slot {slot} {what}.{log}",
  remedy: "Correct the version, or its settings, and plan another release.",
});

const slotNotFronted = defineFailure({
  code: "EB_SLOT_NOT_FRONTED",
  status: 409,
  exitStatus: 4,
  detail: "The version in the slot {slot} listens itself: its traffic cannot be divided.",
  remedy: "Let its serve function attach its server to context.slot.",
});

interface Wait {
  slot: Slot;
  signal?: AbortSignal | undefined;
  /** The version has served: if it ends, the front starts it again, and that is waited for. */
  servedBefore?: boolean;
  withinMs?: number;
}

/**
 * Runs a program in a slot and resolves once it serves. Does nothing if it runs already; another program ends first. The
 * front starts the process, as soon as it reads the launch file.
 *
 * @throws Failure EB_VERSION_NOT_STARTED if it ends, or does not serve within a minute; EB_SLOT_NOT_FRONTED
 */
export const startInSlot = async (
  dataDir: string,
  { launch, ...wait }: Wait & { launch: Launch },
): Promise<void> => {
  const { slot } = wait;
  if (JSON.stringify(await readLaunch(dataDir, slot)) !== JSON.stringify(launch)) {
    await stopSlot(dataDir, slot);
    await writeLaunch(dataDir, slot, launch);
  }
  await untilServing(dataDir, wait);
};

/**
 * Resolves once the program of a slot serves.
 *
 * @throws Failure EB_VERSION_NOT_STARTED, EB_SLOT_NOT_FRONTED
 */
export const untilServing = async (
  dataDir: string,
  { slot, signal, servedBefore = false, withinMs = startWithinMs }: Wait,
): Promise<void> => {
  const startedMs = performance.now();
  const ownStart = await sizeOf(logPath(dataDir, slot));
  for (let hasRun = false; ; await sleep(lookEveryMs, undefined, { signal })) {
    const process = await readProcess(dataDir, slot);
    if (process?.ready) {
      if (process.ready.isFronted) return;
      throw slotNotFronted({ slot });
    }
    const isLate = performance.now() - startedMs > withinMs;
    if (!isLate && (process || !hasRun || servedBefore)) {
      hasRun ||= process !== undefined;
      continue;
    }
    const what = isLate ? `did not serve within ${withinMs / 1_000} s` : "ended before it served";
    throw versionNotStarted({ slot, what, log: await lastWords(logPath(dataDir, slot), ownStart) });
  }
};

/** Ends the process of a slot, and lets no front start it again. */
export const stopSlot = async (dataDir: string, slot: Slot): Promise<void> => {
  await writeLaunch(dataDir, slot, undefined);
  const process = await readProcess(dataDir, slot);
  if (process) await stopProcess(process.owner);
};

const sizeOf = async (path: string): Promise<number> => {
  const file = await open(path).catch(() => undefined);
  try {
    return (await file?.stat())?.size ?? 0;
  } finally {
    await file?.close();
  }
};

/** The end of what a version has written since it was started, for the report. Frames of a stack would hide the error. */
const lastWords = async (path: string, from: number): Promise<string> => {
  const file = await open(path).catch(() => undefined);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    // A log that was rotated meanwhile is shorter.
    const start = Math.max(size - lastBytes, size < from ? 0 : from);
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(lastBytes), position: start });
    const lines = buffer
      .subarray(0, bytesRead)
      .toString()
      .trim()
      .split("\n")
      .filter((line) => line !== "" && !/^\s+at /.test(line));
    return lines.length > 0 ? ` It wrote: ${lines.slice(-lastLines).join(" | ")}` : "";
  } finally {
    await file.close();
  }
};
