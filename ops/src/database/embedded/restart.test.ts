import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listens, within } from "../../../../test/support/database-process.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { keeperDirectoryOf, logFileOf, openLog, prepareDataDirectory } from "./data-directory.ts";
import { keepServer } from "./keep-server.ts";
import { takeLease } from "./lease.ts";
import { readPostmaster } from "./postmaster-file.ts";
import { latestPublication } from "./publication.ts";

let home: string;
beforeAll(async () => {
  home = await makeTemporaryDirectory();
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Runs the keeper in this process, and answers once it can be found: otherwise a lease would start another. */
const keep = async (dataDir: string, restartAfterMs?: number) => {
  const before = await generationOf(dataDir);
  const ended = keepServer(dataDir, before, restartAfterMs);
  const isFound = async () => (await generationOf(dataDir)) > before;
  expect(await within(5_000, isFound)).toBe(true);
  return { ended };
};

const generationOf = async (dataDir: string) =>
  (await latestPublication(keeperDirectoryOf(dataDir)))?.generation ?? 0;

const unexpected = () => expect.fail("the lease was lost");

test("a server that ends by itself is started again on its port, for as long as somebody uses it", async () => {
  const dataDir = await prepareDataDirectory(join(home, "restarted"));
  const kept = await keep(dataDir, 100);
  const lease = await takeLease(dataDir, unexpected);
  const first = await readPostmaster(lease.cluster);
  process.kill(first?.pid as number, "SIGKILL");
  const isBack = async () => {
    const now = await readPostmaster(lease.cluster);
    return now?.ready === true && now.pid !== first?.pid && now.port === lease.port;
  };
  expect(await within(20_000, isBack)).toBe(true);
  await lease.release();
  await kept.ended;
  expect(await listens(lease.port)).toBe(false);
});

test("a server that ended by itself is started at once for a process that comes", async () => {
  const dataDir = await prepareDataDirectory(join(home, "restarted"));
  const kept = await keep(dataDir, 600_000);
  const lease = await takeLease(dataDir, unexpected);
  process.kill((await readPostmaster(lease.cluster))?.pid as number, "SIGKILL");
  expect(await within(5_000, async () => !(await listens(lease.port)))).toBe(true);
  const next = await takeLease(dataDir, unexpected);
  expect(next.port).toBe(lease.port);
  await Promise.all([lease.release(), next.release()]);
  await kept.ended;
});

test("a second keeper leaves the first one alone", async () => {
  const dataDir = await prepareDataDirectory(join(home, "twice"));
  const first = await keep(dataDir);
  const lease = await takeLease(dataDir, unexpected);
  await keepServer(dataDir, await generationOf(dataDir));
  expect(await listens(lease.port)).toBe(true);
  await lease.release();
  await first.ended;
});

test("a keeper that starts so slowly that another has come and gone meanwhile starts no server", async () => {
  const dataDir = await prepareDataDirectory(join(home, "twice"));
  const before = await generationOf(dataDir);
  const quick = await keep(dataDir);
  const lease = await takeLease(dataDir, unexpected);
  await lease.release();
  await quick.ended;
  const late = keepServer(dataDir, before);
  const started = within(1_000, () => listens(lease.port));
  await late;
  expect(await started).toBe(false);
});

test("what an interrupted first start left behind is removed, and the next one succeeds", async () => {
  const dataDir = await prepareDataDirectory(join(home, "interrupted"));
  // A strict umask would keep the postgres account out, and the cluster would be made elsewhere.
  await chmod(dataDir, 0o755);
  await mkdtemp(join(dataDir, ".postgres-new-"));
  const kept = await keep(dataDir);
  await (await takeLease(dataDir, unexpected)).release();
  await kept.ended;
  expect((await readdir(dataDir)).sort()).toEqual(["keeper", "postgres", "postgres.log"]);
});

test("a server that cannot start is a failure in PostgreSQL's own words, for all who ask", async () => {
  const dataDir = await prepareDataDirectory(join(home, "twice"));
  const configuration = join(dataDir, "postgres", "postgresql.conf");
  await writeFile(configuration, `${await readFile(configuration, "utf8")}\nno_such_setting = 1\n`);
  const kept = await keep(dataDir);
  const asked = await Promise.allSettled([takeLease(dataDir, unexpected), takeLease(dataDir, unexpected)]);
  for (const { reason } of asked as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({
      code: "EB_DATABASE_START",
      detail: expect.stringContaining("no_such_setting"),
    });
  }
  await kept.ended;
});

test("a log that has grown large is set aside, and only one such is kept", async () => {
  const dataDir = await prepareDataDirectory(join(home, "large-log"));
  for (const old of ["first", "second"]) {
    await writeFile(logFileOf(dataDir), old);
    await truncate(logFileOf(dataDir), 10_000_001);
    await (await openLog(dataDir)).close();
    expect((await readFile(`${logFileOf(dataDir)}.old`, "utf8")).startsWith(old)).toBe(true);
    expect((await stat(logFileOf(dataDir))).size).toBe(0);
  }
});
