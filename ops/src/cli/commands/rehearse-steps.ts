import { Argument, Command } from "commander";
import { systemClock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import { positiveInteger } from "../arguments.ts";
import { operator, type Session, withSession } from "../context.ts";
import { print } from "../output.ts";

const checksFailed = defineFailure({
  code: "EB_REHEARSAL_CHECKS",
  status: 409,
  exitStatus: 4,
  detail: "With the steps applied, checks of step {step} fail: {checks}",
  remedy: "Correct the step, and rehearse the release again.",
});

const notProven = defineFailure({
  code: "EB_REHEARSAL_LOSS",
  status: 409,
  exitStatus: 4,
  detail: "Rolled back and re-applied, the steps leave something different: {differences}",
  remedy: "Correct the steps, and rehearse the release again.",
});

/** What the rehearsal does with the steps of the new version; resolves with the evidence. */
type Move = (session: Session, step: number) => Promise<string>;

const request = () => ({ ...operator(), reason: "rehearsal of a release" });

const stepsOf = async ({ service, manager }: Session) => {
  const { loadReleaseSteps } = await import("../../deployment/index.ts");
  const { releaseSteps } = await loadReleaseSteps();
  const { requestedBy, origin, reason } = request();
  // On a copy, nobody needs to acknowledge anything.
  const phrases = service.changes.flatMap(({ acknowledge }) => acknowledge ?? []);
  return releaseSteps(async () => manager, {
    id: "rehearsal",
    requested_by: requestedBy,
    origin,
    reason,
    acknowledge: phrases,
  });
};

const moves: Readonly<Record<"apply" | "settle" | "roll-back", Move>> = {
  apply: async (session, step) => {
    await (await stepsOf(session)).apply(step);
    return "applied";
  },
  settle: async (session, step) => `${await (await stepsOf(session)).settle([step])} rows filled`,
  "roll-back": async (session, step) => {
    await (await stepsOf(session)).rollBack(step);
    return "rolled back, values parked";
  },
};

/** Once for all steps: it reads the rows of every step. */
const verify = async ({ manager }: Session, steps: readonly number[]): Promise<string> => {
  const verified = (await manager.verifySteps()).filter(({ step }) => steps.includes(step));
  for (const { step, checks } of verified) {
    const failed = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
    if (failed.length > 0) throw checksFailed({ step, checks: failed.join("; ") });
  }
  return "their checks hold";
};

const prove = async ({ manager }: Session, steps: readonly number[]): Promise<string> => {
  const { proven, differences, rows } = await manager.prove({ steps: [...steps], range: true }, request(), {
    unlimited: true,
  });
  if (!proven) throw notProven({ differences: differences.join(", ") });
  return `${rows} rows, rolled back and re-applied, are the same`;
};

/** One line of JSON for each thing done. */
const report = async (step: number | null, work: () => Promise<string>): Promise<void> => {
  const startMs = systemClock.monotonicMs();
  const evidence = await work();
  print(JSON.stringify({ step, ms: Math.round(systemClock.monotonicMs() - startMs), evidence }));
};

/** Not for people: a rehearsal runs it in the directory of the new version, on a restored copy. */
export const rehearseStepsCommand = () =>
  new Command("rehearse-steps")
    .addArgument(new Argument("<action>").choices(["prove", ...Object.keys(moves)]))
    .argument("[steps...]", "in order", (text: string, earlier: number[] = []) => [
      ...earlier,
      positiveInteger(text),
    ])
    .action((action: "prove" | keyof typeof moves, steps: number[] = []) =>
      withSession(async (session) => {
        if (action === "prove") return report(null, () => prove(session, steps));
        for (const step of steps) await report(step, () => moves[action](session, step));
        if (action === "apply") await report(null, () => verify(session, steps));
      }),
    );
