import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../../core/clock.ts";
import { defineFailure } from "../../../core/failure.ts";
import {
  commandRelease,
  FrontSwitch,
  loadPreflight,
  type Release,
  type ReleaseState,
} from "../../../deployment/index.ts";
import type { ReleaseDemo, TrafficCounts } from "../../../service.ts";
import { type Session, withSession } from "../../context.ts";
import { bold, green, number, printStatus, red } from "../../output.ts";
import { findRoot } from "../../service-file.ts";
import { beginConducting } from "./begin-conducting.ts";
import { entryPrinter, follow } from "./follow.ts";
import { plan } from "./plan.ts";

/** Minutes instead of days; what the environment sets counts more. */
const quickly = {
  RELEASE_PHASE_MINUTES: "0.2,1,1",
  RELEASE_DEADLINE_MINUTES: "15,15,15",
  RELEASE_PHASE_MARGIN_PERCENT: "10,5,2",
  RELEASE_VALIDATION_MINUTES: "0.2,0.4,0.6,0.8,1",
};
const acceptEveryMs = 5_000;
const lookEveryMs = 500;
const reason = "demonstration";
/** Checks of the copy: the second release makes none. */
const ofCopy = [15, 16, 21, 25];

const noDemo = defineFailure({
  code: "EB_RELEASE_DEMO",
  status: 409,
  exitStatus: 2,
  detail: "{why}",
  remedy: "Run it in a copy of EarlyBird Delivery with its demo data, or release a version with --to.",
});

/**
 * Two releases of the running service with the traffic of many clients: one that is good, and one whose fault is found. In
 * the end everything is as it was.
 *
 * @throws Failure EB_RELEASE_DEMO in production, and for a service without a demo
 */
export const runDemo = (): Promise<void> =>
  withSession(async (session) => {
    const { settings, service, dataDir } = session;
    if (settings.NODE_ENV === "production") throw noDemo({ why: "Production has no demonstrations." });
    const demo = await service.demo?.releases?.();
    if (!demo) throw noDemo({ why: `${service.name} has no demonstration of a release.` });
    for (const [name, value] of Object.entries(quickly)) process.env[name] ??= value;
    const ending = new AbortController();
    const counts: TrafficCounts = { requests: 0, failed: 0, lost: 0 };
    const [traffic] = await startTraffic(session, { demo, counts, signal: ending.signal });
    try {
      await enoughRequests(dataDir);
      const good = await releaseOf("good", session, []);
      const state = await showRelease(dataDir, good, { title: "A good release", end: "completed" });
      const bad = await releaseOf("broken", session, ofCopy);
      await showRelease(dataDir, bad, { title: "One that cannot confirm deliveries", end: "reverted" });
      if (state === "completed") await takeBack(dataDir, good);
    } finally {
      ending.abort();
      await traffic;
    }
    const { requests, failed, lost } = counts;
    printStatus(
      `\n${number(requests)} requests: ${number(failed)} failed because of the broken version, ${lost === 0 ? green("none") : red(String(lost))} got lost.`,
    );
  });

const startTraffic = async (
  { database, settings, dataDir }: Session,
  { demo, counts, signal }: { demo: ReleaseDemo; counts: TrafficCounts; signal: AbortSignal },
): Promise<Promise<void>[]> => {
  const { url } = await new FrontSwitch(dataDir, "").state();
  printStatus(`Couriers and customers use ${url}`);
  const onCount = (now: TrafficCounts) => void Object.assign(counts, now);
  // In an array: a promise that an async function returns would be waited for.
  return [demo.traffic({ pool: database.pool, settings, dataDir, url, signal, onCount })];
};

/** The judge compares with the hour before. */
const enoughRequests = async (dataDir: string): Promise<void> => {
  while ((await new FrontSwitch(dataDir, "").baseline()) === null) await sleep(lookEveryMs);
};

/** Plans the release of a version that is made of the running one. */
const releaseOf = async (
  kind: "good" | "broken",
  { service, dataDir }: Session,
  skipped: readonly number[],
): Promise<Release> => {
  const directory = join(dataDir, "demo", kind);
  const version = `${service.version}+${kind}`;
  await mkdir(directory, { recursive: true });
  const config = JSON.stringify(join(findRoot(process.cwd()), "earlybird.config.js"));
  const made = { good: "released", broken: "(await released.demo.releases()).broken(released)" }[kind];
  await writeFile(
    join(directory, "earlybird.config.js"),
    `import service from ${config};
const released = { ...service, version: ${JSON.stringify(version)} };
export default ${made};
`,
  );
  await writeFile(join(directory, "package.json"), JSON.stringify({ type: "module", version }));
  await writeFile(join(directory, "package-lock.json"), JSON.stringify({ packages: {} }));
  const { checks } = await loadPreflight();
  const waivable = checks.filter((check) => check.waivable).map((check) => check.number);
  // The first one shows backup and rehearsal.
  const waive = waivable.filter(
    (check) => skipped.includes(check) || !ofCopy.includes(check) || check === 25,
  );
  return plan({ to: directory, reason, waive, waiveReason: reason });
};

const takeBack = async (dataDir: string, release: Release): Promise<void> => {
  printStatus(bold("\nThe good one is taken back, so that everything is as before"));
  await commandRelease(dataDir, { id: release.id, command: "revert", by: "demo", reason }, systemClock);
  await beginConducting(release);
  await follow(dataDir, release, entryPrinter(), "completed");
};

/** Shows a release to its end, and accepts what the validation cannot know here, such as last week. */
const showRelease = async (
  dataDir: string,
  release: Release,
  { title, end }: { title: string; end: ReleaseState },
): Promise<ReleaseState> => {
  const { from, to, id } = release;
  printStatus(bold(`\n${title}: ${from.artefact.version} to ${to.artefact.version}`));
  await beginConducting(release);
  const accept = () =>
    commandRelease(dataDir, { id, command: "accept", by: "demo", reason }, systemClock).catch(
      () => undefined,
    );
  const accepting = setInterval(() => void accept(), acceptEveryMs);
  try {
    const { state } = await follow(dataDir, release, entryPrinter());
    printStatus((state === end ? green : red)(`Release ${id} is ${state}.`));
    return state;
  } finally {
    clearInterval(accepting);
  }
};
