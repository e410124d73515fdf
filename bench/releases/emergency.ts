import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { systemClock } from "../../ops/src/core/clock.ts";
import {
  commandRelease,
  type EmergencyReport,
  loadPreflight,
  readRelease,
} from "../../ops/src/deployment/index.ts";
import { ms, printTable } from "../figures.ts";
import { program, type RunningService, root, startService } from "../running-service.ts";
import type { Goal } from "./goals.ts";

const run = promisify(execFile);
const limitMs = 60_000;
/** Inside the repository, so that the version finds the platform. */
const newVersion = `${root}node_modules/.cache/earlybird-bench-version`;
const settings = { RELEASE_VALIDATION_MINUTES: "0.02,0.04,0.06,0.08,0.1", LOG_LEVEL: "error" };

/** Takes a completed release of the demo back: its step, its traffic and its version. */
export const emergencyBench = async (): Promise<Goal[]> => {
  const demo = await startService(root, "EarlyBird listens on", settings, []);
  try {
    await installNextVersion();
    await complete(demo);
    const startedMs = performance.now();
    const said = await earlybird(demo, "emergency", "--reason", "benchmark", "--json");
    const durationMs = performance.now() - startedMs;
    const { outcome, timeline } = JSON.parse(said) as EmergencyReport;
    console.log("\n## An emergency of the demo\n");
    printTable(
      ["after", "what", "evidence"],
      timeline.map((entry) => [ms(entry.ms), entry.what, entry.evidence]),
    );
    return [
      {
        what: "emergency at demo size, from the command to its end",
        measured: `${ms(durationMs)}, ${outcome}`,
        goal: `verified in < ${ms(limitMs)}`,
        isMet: outcome === "verified" && durationMs < limitMs,
      },
    ];
  } finally {
    await demo.stop();
    await rm(newVersion, { recursive: true, force: true });
  }
};

/** The demo with one more step, which gives each customer a note. */
const installNextVersion = async (): Promise<void> => {
  await mkdir(newVersion, { recursive: true });
  const config = `import { backfill, columns, defineChange } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import service from ${JSON.stringify(`${root}earlybird.config.js`)};
const note = defineChange({
  step: 31,
  name: "customer-notes",
  title: "Customers have a note",
  requires: [],
  risk: "low",
  parts: [
    columns("customers", { courier_note: { type: "text" } }),
    backfill("customers", "courier_note", { value: sql\`'none'\` }),
  ],
  verify: async () => [],
});
const version = \`\${service.version}+31\`;
export default { ...service, version, changes: [...service.changes, note] };
`;
  await writeFile(join(newVersion, "earlybird.config.js"), config);
  await writeFile(join(newVersion, "package.json"), JSON.stringify({ type: "module", version: "31.0.0" }));
  await writeFile(join(newVersion, "package-lock.json"), JSON.stringify({ packages: {} }));
};

/** Releases the next version with all checks waived that can be, and accepts what the validation cannot know. */
const complete = async (demo: RunningService): Promise<void> => {
  const { checks } = await loadPreflight();
  const waived = checks.filter(({ waivable }) => waivable).map(({ number }) => number);
  const said = await earlybird(
    demo,
    ...["release", "start", "--detach", "--json", "--to", newVersion, "--strategy", "blue-green"],
    ...["--reason", "benchmark", "--waive", waived.join(), "--waive-reason", "benchmark"],
  );
  const { release: id } = JSON.parse(said) as { release: string };
  const dataDir = demo.env.EARLYBIRD_DATA_DIR ?? "";
  for (;;) {
    const { state, reason } = (await readRelease(dataDir, id)).progress;
    if (state === "completed") return;
    if (state === "reverted" || state === "stuck" || state === "held")
      throw new Error(`the release is ${state}: ${reason}`);
    const accept = { id, command: "accept", by: "bench", reason: "benchmark" } as const;
    if (state === "watching") await commandRelease(dataDir, accept, systemClock).catch(() => undefined);
    await sleep(500);
  }
};

const earlybird = async ({ folder, env }: RunningService, ...args: string[]): Promise<string> => {
  const { stdout } = await run(process.execPath, [program, ...args], {
    cwd: folder,
    env,
    maxBuffer: 16_000_000,
  });
  return stdout;
};
