import { execFile } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { BackupManager } from "../../ops/src/backups/index.ts";
import { systemClock } from "../../ops/src/core/clock.ts";
import { type OpenDatabase, openDatabase } from "../../ops/src/database/index.ts";
import { rehearsalReportSchema, rehearse } from "../../ops/src/deployment/rehearsal/index.ts";
import { backupsOf } from "../backups/support.ts";
import { ensureBuilt, program } from "../e2e/build.ts";
import { quiet } from "../support/delivery.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import {
  dueDates,
  failing,
  type LibraryVersion,
  libraryRows,
  librarySchema,
  lossyApplication,
  lossyRollback,
  readers,
  returns,
  writeVersion,
} from "./library-versions.ts";

const run = promisify(execFile);

/** The limit for a machine that does much else. */
const slow = { timeout: 180_000 };

const countLoans = `
  if (settings.SLACK_WEBHOOK_URL ?? settings.ALERT_HEARTBEAT_URL) throw new Error("the rehearsal would tell somebody");
  const { loans } = await (await fetch("/loans")).json();
  if (loans !== 2000) throw new Error(loans + " loans");
  return loans + " loans on " + now.toISOString().slice(0, 10);`;

let home: string;
let database: OpenDatabase;
let backups: BackupManager;
let backupId: string;
let older: Awaited<ReturnType<typeof writeVersion>>;
let env: NodeJS.ProcessEnv;
let leftBefore: string[];

beforeAll(async () => {
  await ensureBuilt();
  home = await makeTemporaryDirectory();
  older = await writeVersion(join(home, "1.0.0"), {
    version: "1.0.0",
    changes: [dueDates],
    journey: countLoans,
  });
  const { PATH, HOME, TMPDIR } = process.env;
  env = {
    PATH,
    HOME,
    TMPDIR,
    ALERT_HEARTBEAT_URL: "http://127.0.0.1:9/never",
    SLACK_WEBHOOK_URL: "http://127.0.0.1:9/",
  };
  database = await openDatabase({ dataDir: join(home, "data"), log: quiet });
  await database.pool.query(librarySchema);
  await database.pool.query(libraryRows);
  await run(process.execPath, [program, "schema"], {
    cwd: older.directory,
    env: {
      ...env,
      ALERT_HEARTBEAT_URL: "",
      SLACK_WEBHOOK_URL: "",
      DATABASE_URL: database.url,
      EARLYBIRD_DATA_DIR: join(home, "data"),
    },
  });
  // Open to the account of PostgreSQL, so that copies are made in it.
  await mkdir(join(home, "backups"), { mode: 0o755 });
  backups = backupsOf(database.pool, { directory: join(home, "backups") }, { embedded: true });
  backupId = (await backups.create({ requestedBy: "test" })).id;
}, 180_000);

afterAll(async () => {
  await database?.close();
  await rm(home, { recursive: true, force: true });
});

const traces = async () =>
  [
    ...(await readdir(join(home, "backups"))).filter((name) => name.startsWith(".verify-")),
    ...(await readdir(tmpdir())).filter((name) => name.startsWith("earlybird-copy-")),
  ].sort();
/** The programs of versions that run. */
const programs = async () =>
  (await run("ps", ["-eo", "args"])).stdout.split("\n").filter((line) => line.includes(home));
beforeEach(async () => {
  leftBefore = await traces();
});
afterEach(async () => {
  expect(await traces()).toEqual(leftBefore);
  expect((await programs()).filter((line) => line.includes("earlybird.js"))).toEqual([]);
});

const rehearseVersion = async (
  newer: LibraryVersion,
  steps: { before: number[]; after: number[] },
  { isOlderToo = false, ...more }: Partial<Parameters<typeof rehearse>[0]> & { isOlderToo?: boolean } = {},
) => {
  const directory = join(home, newer.version);
  await rm(directory, { recursive: true, force: true });
  const to = await writeVersion(directory, newer);
  const report = await rehearse({
    release: { id: "20270301-1", from: { artefact: isOlderToo ? to : older }, to: { artefact: to }, steps },
    backups,
    backupId,
    env,
    clock: systemClock,
    ...more,
  });
  return rehearsalReportSchema.parse(JSON.parse(JSON.stringify(report)));
};

test("a release that works is carried out, reverted and timed", slow, async () => {
  const report = await rehearseVersion(
    { version: "2.0.0", changes: [dueDates, returns, readers], journey: countLoans },
    { before: [2], after: [3] },
    { hotQueries: ["select * from loans where id = $1", "select * from no_such_table"] },
  );
  expect(report.acts.filter(({ ok }) => !ok)).toEqual([]);
  expect(report).toMatchObject({
    ok: true,
    backup: backupId,
    differences: [],
    smoke: [
      { ok: true, version: "1.0.0" },
      { ok: true, version: "2.0.0" },
      { ok: true, version: "2.0.0" },
    ],
    checks: [
      { number: 15, verdict: "go" },
      { number: 25, verdict: "go", evidence: "1 queries use their indexes." },
    ],
    evidence: expect.stringContaining("2 steps were applied and rolled back without a difference"),
  });
  const today = report.data_of.slice(0, 10);
  expect(report.smoke[0]?.journeys.at(-1)).toMatchObject({
    name: "loans",
    evidence: `2000 loans on ${today}`,
  });
  expect(report.acts.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "restore",
      "apply step 2",
      "settle step 2",
      "apply step 3",
      "roll-back step 3",
      "roll-back step 2",
    ]),
  );
  const rollbacks = report.acts.filter(({ name }) => /^roll-back step \d/.test(name));
  expect(report.revert_ms).toBe(rollbacks.reduce((sum, { ms }) => sum + ms, 0));
  expect(report.revert_ms).toBeGreaterThan(0);
});

const failuresOf = ({ acts }: { acts: readonly { name: string; ok: boolean; evidence: string }[] }) =>
  Object.fromEntries(acts.filter(({ ok }) => !ok).map(({ name, evidence }) => [name, evidence]));

test(
  "a value that no rollback brings back is found, and a version that does not start is named",
  slow,
  async () => {
    const report = await rehearseVersion(
      {
        version: "2.0.1",
        changes: [dueDates, lossyApplication],
        start: "throw new Error('there are no shelves');",
      },
      { before: [2], after: [] },
    );
    expect(failuresOf(report)).toEqual({
      "start version 2.0.1": expect.stringMatching(/Version 2.0.1 does not start.*there are no shelves/),
      "compare every row": "table public.loans has other values",
    });
    expect(report).toMatchObject({
      ok: false,
      differences: ["table public.loans has other values"],
      smoke: [{ ok: true, version: "1.0.0" }],
      checks: [
        { number: 15, verdict: "go" },
        { number: 25, verdict: "unknown" },
      ],
    });
    expect(report.evidence).toContain("there are no shelves");
  },
);

test("a rollback that loses a value is found, and a version that hangs is named", slow, async () => {
  const report = await rehearseVersion(
    { version: "2.0.2", changes: [dueDates, lossyRollback], start: "await new Promise(() => {});" },
    { before: [2], after: [] },
    // A short limit would be too short for one that works.
    { isOlderToo: true, limits: { startMs: 3_000 } },
  );
  expect(failuresOf(report)).toEqual({
    "start version 2.0.2": expect.stringContaining("it is not ready after 3000 ms"),
    "prove steps 2": expect.stringContaining("different: loans"),
    "compare every row": "table public.loans has other values",
  });
});

test("a step that fails ends the rehearsal", slow, async () => {
  const report = await rehearseVersion(
    { version: "2.0.3", changes: [dueDates, failing] },
    { before: [2], after: [] },
  );
  expect(failuresOf(report)).toEqual({
    "apply steps 2": expect.stringMatching(/apply step 2: .*column "shelf" does not exist/),
  });
  expect(report).toMatchObject({ ok: false, smoke: [], revert_ms: null });
});

test("the copy is in the directory of the backups while it is used", slow, async () => {
  const seen = await backups.withCopy(backupId, traces);
  expect(seen.length).toBe(leftBefore.length + 2);
});

test("an abort ends the version that is tried", slow, async () => {
  const stop = new AbortController();
  const rehearsed = rehearseVersion(
    { version: "2.0.4", changes: [dueDates], start: "await new Promise(() => {});" },
    { before: [], after: [] },
    {
      signal: stop.signal,
      onProgress: (act) => {
        if (act === "start version 2.0.4") setTimeout(() => stop.abort(new Error("enough")), 500);
      },
    },
  );
  await expect(rehearsed).rejects.toThrow("enough");
});
