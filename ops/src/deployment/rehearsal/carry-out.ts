import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { compareInventory, takeInventory } from "../../rollback/index.ts";
import { type InstalledVersion, runSmoke, type SmokeReport, smokeEvidence } from "../journeys/index.ts";
import type { CheckResult } from "../preflight/index.ts";
import { type Acts, unlessFailed } from "./acts.ts";
import { checkCopy, onCopy, onCopyAlike } from "./copy-checks.ts";
import { addressOf, withSecondCopy } from "./copy-database.ts";
import { planQueries } from "./hot-plans.ts";
import { quietEnvironment } from "./quiet-environment.ts";
import type { RehearsalLimits, RehearsalRequest, RestoredCopy } from "./request.ts";
import { freePort, startVersion } from "./running-version.ts";
import { runSteps, type StepAction } from "./step-program.ts";

/** What a rehearsal finds, as far as it gets. */
export interface Findings {
  smoke: SmokeReport[];
  checks: CheckResult[];
  differences: string[];
  revertMs: number | null;
}

/** A rehearsal on an open copy. */
export interface Rehearsing {
  request: RehearsalRequest;
  limits: RehearsalLimits;
  copy: RestoredCopy;
  acts: Acts;
  findings: Findings;
}

/**
 * Carries the release out on the copy in the order of production, and reverts it.
 *
 * @throws ActFailed once an act fails that later ones depend on
 */
export const carryOut = async (rehearsing: Rehearsing): Promise<void> => {
  const { request, copy, acts, findings } = rehearsing;
  const { release, hotQueries, clock } = request;
  const { before, after } = release.steps;
  const [older, newer] = [release.from.artefact, release.to.artefact];
  const { settings, directory } = copy;
  await mkdir(dataDirOf(copy), { mode: 0o700 });

  const inventory = await acts.need(
    "read every row",
    () => onCopyAlike(settings, takeInventory),
    ({ tables }) => `${tables.reduce((sum, { rows }) => sum + rows, 0)} rows in ${tables.length} tables`,
  );
  const plans = hotQueries ? await onCopy(settings, (db) => planQueries(db, hotQueries)) : undefined;
  await moveSteps(rehearsing, "apply", before);
  await tryVersion(rehearsing, older);
  await tryVersion(rehearsing, newer);
  await moveSteps(rehearsing, "settle", before);
  await moveSteps(rehearsing, "apply", after);
  if (after.length > 0) await tryVersion(rehearsing, newer);
  findings.checks = await acts.need(
    "check the copy",
    () => onCopy(settings, (db) => checkCopy(db, { before: plans, clock, directory })),
    (checks) => checks.map(({ name, verdict }) => `${name}: ${verdict}`).join(", "),
  );
  const steps = [...before, ...after];
  // It changes nothing, so the rollbacks show more.
  await unlessFailed(moveSteps(rehearsing, "prove", steps));
  findings.revertMs = await moveSteps(rehearsing, "roll-back", steps.toReversed());
  await acts.need(
    "compare every row",
    async () => {
      findings.differences = await onCopyAlike(settings, (db) => compareInventory(db, inventory));
      if (findings.differences.length > 0) throw new Error(findings.differences.join("; "));
    },
    () => "nothing is missing or different",
  );
};

const dataDirOf = ({ directory }: RestoredCopy) => join(directory, "data");

/** Resolves with the milliseconds that the steps took together. */
const moveSteps = async (
  { request, limits, copy, acts }: Rehearsing,
  action: StepAction,
  steps: readonly number[],
): Promise<number> => {
  if (steps.length === 0) return 0;
  const { release, signal, env } = request;
  const { artefact } = release.to;
  let totalMs = 0;
  await acts.need(
    `${action} steps ${steps.join(", ")}`,
    () =>
      runSteps(artefact, action, steps, {
        env: quietEnvironment(env, {
          databaseUrl: addressOf(copy.settings),
          dataDir: dataDirOf(copy),
          port: unusedPort,
        }),
        limitMs: limits.stepsMs,
        signal,
        onDone: ({ step, ms, evidence }) => {
          totalMs += ms;
          if (step !== null) acts.add({ name: `${action} step ${step}`, ok: true, ms, evidence });
        },
      }),
    () => `in ${totalMs} ms, besides the start of the program`,
  );
  return totalMs;
};

/** A command listens nowhere. */
const unusedPort = 1;

/** Starts a version on a copy of the copy, and runs its smoke test. A failure stops nothing: the steps do not depend on it. */
const tryVersion = async (rehearsing: Rehearsing, artefact: InstalledVersion): Promise<void> => {
  const { request, limits, copy, acts, findings } = rehearsing;
  const { signal, env } = request;
  const { version } = artefact;
  await unlessFailed(
    acts.need(
      `try version ${version}`,
      () =>
        withSecondCopy(copy.settings, async (databaseUrl) => {
          const quiet = quietEnvironment(env, {
            databaseUrl,
            dataDir: dataDirOf(copy),
            port: await freePort(),
          });
          const running = await acts.need(
            `start version ${version}`,
            () => startVersion(artefact, quiet, { limitMs: limits.startMs, signal }),
            () => "ready",
          );
          try {
            const url = `http://127.0.0.1:${quiet.PORT}`;
            const report = await runSmoke(artefact, { url }, quiet, {
              asOf: copy.at,
              limitMs: limits.smokeMs,
              signal,
            });
            findings.smoke.push(report);
            if (!report.ok) throw new Error(smokeEvidence(report));
            return report;
          } finally {
            await running.stop();
          }
        }),
      smokeEvidence,
    ),
  );
};
