import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import type { InstalledVersion } from "../journeys/index.ts";
import { runVersion } from "../slots/index.ts";

const stepFailed = defineFailure({
  code: "EB_REHEARSAL_STEP",
  status: 409,
  exitStatus: 4,
  detail: "{what}: {reason}",
  remedy: "Correct the step, and rehearse the release again.",
});

export type StepAction = "apply" | "settle" | "prove" | "roll-back";

const doneSchema = z.object({ step: z.int().nullable(), ms: z.number(), evidence: z.string() });
/** One thing that the program did, timed by itself, without its start. */
export type StepDone = z.infer<typeof doneSchema>;

/**
 * Moves steps on a copy with the new version's own `earlybird`, in a process of its own: its changes run on the engine that
 * they were written for, and one that hangs or crashes can be ended.
 *
 * @param onDone called for each step, also if a later one fails
 * @throws Failure EB_REHEARSAL_STEP
 */
export const runSteps = async (
  { directory }: InstalledVersion,
  action: StepAction,
  steps: readonly number[],
  {
    env,
    limitMs,
    signal,
    onDone,
  }: {
    env: NodeJS.ProcessEnv;
    limitMs: number;
    signal?: AbortSignal | undefined;
    onDone: (done: StepDone) => void;
  },
): Promise<void> => {
  const args = ["rehearse-steps", action, ...steps.map(String)];
  const { stdout, stderr, status } = await runVersion(directory, args, { env, limitMs, signal });
  const done = stdout
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [doneSchema.parse(JSON.parse(line))] : []));
  for (const each of done) onDone(each);
  if (status === 0) return;
  const next = action === "prove" ? undefined : steps[done.length];
  throw stepFailed({
    what: next === undefined ? action : `${action} step ${next}`,
    reason: status === null ? `no result within ${limitMs} ms` : reasonOf(stderr),
  });
};

/** A failure is printed as its detail, then its remedy with the code. */
const reasonOf = (stderr: string): string => stderr.trim().split("\n").slice(-3).join(" ").slice(-800);
