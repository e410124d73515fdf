import { setTimeout as sleep } from "node:timers/promises";
import { withTimeout } from "../monitoring/index.ts";
import type { Pipeline } from "./pipeline.ts";

const leaveWithinMs = 1_000;

/** Resolves when no notification, write or exchange with the database is under way. */
export const settle = async ({ notifier, stateFile, deliveryLog, shared }: Pipeline): Promise<void> => {
  await notifier.settled();
  await stateFile?.atRest();
  await deliveryLog.settled();
  await shared?.atRest();
};

/** Waits at most `graceMs` for running work, then for `save`. */
export const settleAndSave = async (
  pipeline: Pipeline,
  graceMs: number,
  save: () => Promise<void> | undefined,
): Promise<void> => {
  const rest = async () => {
    await settle(pipeline);
    await save();
    await pipeline.shared?.stop();
  };
  const enough = new AbortController();
  await Promise.race([rest(), sleep(graceMs, undefined, { ref: false, signal: enough.signal })]);
  enough.abort();
};

/** Saves the state for the last time, and stops listening to the dispatcher. */
export const closePipeline = async (pipeline: Pipeline, graceMs: number): Promise<void> => {
  const release = async () => pipeline.stateFile?.release();
  await settleAndSave(pipeline, graceMs, release);
  // Even if running work did not finish, the next process need not wait for the lease of this one to expire.
  await withTimeout(leaveWithinMs, release()).catch(() => undefined);
  for (const end of pipeline.unsubscribe) end();
};
