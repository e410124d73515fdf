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
  detail: "After step {step} was applied, checks fail: {checks}",
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
    const verified = await session.manager.verifySteps();
    const failed = verified
      .filter((each) => each.step === step)
      .flatMap(({ checks }) => checks.filter(({ ok }) => !ok));
    if (failed.length > 0)
      throw checksFailed({ step, checks: failed.map(({ name, detail }) => `${name}: ${detail}`).join("; ") });
    return "applied, its checks hold";
  },
  settle: async (session, step) => `${await (await stepsOf(session)).settle([step])} rows filled`,
  "roll-back": async (session, step) => {
    await (await stepsOf(session)).rollBack(step);
    return "rolled back, values parked";
  },
};

const prove = async ({ manager }: Session, steps: readonly number[]): Promise<string> => {
  const { proven, differences, rows } = await manager.prove({ steps: [...steps], range: true }, request(), {
    unlimited: true,
  });
  if (!proven) throw notProven({ differences: differences.join(", ") });
  return `${rows} rows, rolled back and re-applied, are the same`;
};

const createSchema = async ({ service, settings, database, manager }: Session): Promise<string> => {
  await service.createSchema?.(database.direct, settings);
  await manager.install(request(), { only: [] });
  return "its tables exist";
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
    .addArgument(new Argument("<action>").choices(["create-schema", "prove", ...Object.keys(moves)]))
    .argument("[steps...]", "in order", (text: string, earlier: number[] = []) => [
      ...earlier,
      positiveInteger(text),
    ])
    .action((action: "create-schema" | "prove" | keyof typeof moves, steps: number[] = []) =>
      withSession(async (session) => {
        if (action === "create-schema") return report(null, () => createSchema(session));
        if (action === "prove") return report(null, () => prove(session, steps));
        for (const step of steps) await report(step, () => moves[action](session, step));
      }),
    );
