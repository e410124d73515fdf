import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../ops/src/core/clock.ts";
import { programOf } from "../../ops/src/deployment/index.ts";
import { runJourneys, runSmoke } from "../../ops/src/deployment/journeys/index.ts";
import { program } from "../e2e/build.ts";
import { createInstallation, type Installation } from "../e2e/installation.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { dueDates, libraryRows, librarySchema, writeVersion } from "./library-versions.ts";

const journey = `
  const { loans, slot } = await (await fetch("/loans")).json();
  const { rows } = await pool.query("select count(*)::int as counted from loans");
  if (loans !== rows[0].counted) throw new Error("the service says " + loans + ", the database " + rows[0].counted);
  if (loans === 0) throw new Error("there are no loans");
  return loans + " loans" + (slot ? " in a slot" : "");`;

let home: string;
let database: TestDatabase;
let installation: Installation;
let version: Awaited<ReturnType<typeof writeVersion>>;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  home = await makeTemporaryDirectory();
  database = await createTestDatabase();
  await database.pool.query(librarySchema);
  await database.pool.query(libraryRows);
  version = await writeVersion(join(home, "1.0.0"), { version: "1.0.0", changes: [dueDates], journey });
  installation = await createInstallation({ folder: version.directory, greeting: "The library is open" });
  env = { ...installation.env, DATABASE_URL: database.url };
  await installation.start(env);
}, 120_000);

afterAll(async () => {
  await installation?.remove();
  await database?.drop();
  await rm(home, { recursive: true, force: true });
});

describe("a running service", () => {
  test("is tried through its front by default, with one line a journey", async () => {
    const { exitStatus, stdout } = await installation.run(["smoke"], env);
    expect(stdout).toMatch(/^ok {6}\/livez: the service has none/m);
    expect(stdout).toMatch(/^ok {6}\/readyz: 200/m);
    expect(stdout).toMatch(/^ok {6}loans: 2000 loans in a slot \d/m);
    expect(stdout).toContain("Library 1.0.0: 5 journeys, every journey succeeds");
    expect(exitStatus).toBe(0);
  });

  test("is tried in its slot by another process, without the front", async () => {
    const report = await runSmoke(version, { slot: "blue" }, env);
    expect(report).toMatchObject({ ok: true, version: "1.0.0" });
    expect(report.journeys.map(({ name }) => name)).toEqual([
      "/livez",
      "/readyz",
      "/api/health",
      "OpenAPI document",
      "loans",
    ]);
  });

  test("fails with status 4 where a journey fails, and the others still run", async () => {
    await database.pool.query("begin; delete from loans; commit");
    try {
      const { exitStatus, stdout } = await installation.run(["smoke", "--json"], env);
      expect(exitStatus).toBe(4);
      const report = JSON.parse(stdout);
      expect(report.ok).toBe(false);
      expect(report.journeys.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([
        { name: "loans", ok: false, ms: expect.any(Number), evidence: "there are no loans" },
      ]);
    } finally {
      await database.pool.query("insert into loans select n, 1, 'Swami' from generate_series(1, 2000) n");
    }
  });
});

test("a slot that does not run fails, and a database that is away fails the service's journeys only", async () => {
  const report = await runSmoke(version, { slot: "green" }, env);
  expect(report.journeys.map(({ ok }) => ok)).toEqual([false, false, false, false, false]);
  expect(report.journeys[0]?.evidence).toMatch(/ENOENT|ECONNREFUSED/);

  const nowhere = { ...env, DATABASE_URL: "postgres://nobody@127.0.0.1:9/nothing" };
  const away = await runSmoke(version, { url: installation.url }, nowhere);
  expect(away.journeys.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(["loans"]);
});

test("a version that cannot be loaded has no report, and the reason is named", async () => {
  const directory = join(home, "broken");
  await writeVersion(directory, { version: "9.9.9", changes: ["missing()"] });
  await expect(runSmoke({ version: "9.9.9", directory }, { slot: "blue" }, env)).rejects.toMatchObject({
    code: "EB_SMOKE_FAILED",
    detail: expect.stringMatching(/version 9.9.9 .*missing is not defined/),
  });
});

test("a journey that does not end is given up, and its requests are aborted", async () => {
  let aborted = false;
  const hangs = (signal: AbortSignal) =>
    new Promise<string>(() => signal.addEventListener("abort", () => (aborted = true)));
  const results = await runJourneys(
    [
      { name: "hangs", run: hangs },
      { name: "works", run: async () => "fine" },
    ],
    { clock: systemClock, limitMs: 100 },
  );
  expect(results).toMatchObject([
    { name: "hangs", ok: false, evidence: "no answer within 100 ms" },
    { name: "works", ok: true, evidence: "fine" },
  ]);
  expect(aborted).toBe(true);
});

test("a version runs on its own platform if it has one, and else on this one", async () => {
  expect(programOf(version.directory)).toBe(
    join(version.directory, "node_modules/@earlybird-ops/platform/bin/earlybird.js"),
  );
  const bare = await makeTemporaryDirectory();
  expect(programOf(bare)).toBe(program);
  await symlink("/nonexistent", join(bare, "node_modules"));
  expect(programOf(bare)).toBe(program);
  await rm(bare, { recursive: true });
});
