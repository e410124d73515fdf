import { readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listens, serverPid, within } from "../../../../test/support/database-process.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { createLogger } from "../../core/logger.ts";
import { logFileOf, openLog, prepareDataDirectory } from "./data-directory.ts";
import { type EmbeddedServer, startEmbeddedServer } from "./start.ts";

let home: string;
let dataDir: string;
beforeAll(async () => {
  home = await makeTemporaryDirectory();
  dataDir = join(home, "data");
});
afterAll(() => rm(home, { recursive: true, force: true }));

const start = (restartAfterMs?: number) =>
  startEmbeddedServer(dataDir, createLogger("silent"), { restartAfterMs });
const portOf = (server: EmbeddedServer) => Number(new URL(server.urlOf("postgres")).port);
const killServer = async () => process.kill(await serverPid(dataDir), "SIGKILL");
/** How many processes use the server; undefined while it does not answer. */
const sessionsOf = async (server: EmbeddedServer): Promise<number | undefined> => {
  const client = new pg.Client(server.urlOf("postgres"));
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(
      "select from pg_stat_activity where application_name = 'earlybird session'",
    );
    return rows.length;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
};

test("a server that ended is started again on its port while processes use it", async () => {
  const [first, second] = [await start(100), await start(100)];
  const port = portOf(first);
  const killed = await serverPid(dataDir);
  await killServer();
  expect(await within(20_000, async () => (await sessionsOf(first)) === 2)).toBe(true);
  expect(await serverPid(dataDir)).not.toBe(killed);
  await first.release();
  expect(await listens(port)).toBe(true);
  await second.release();
  expect(await listens(port)).toBe(false);
});

test("a server that ended is started again at once by another process", async () => {
  const user = await start(600_000);
  const port = portOf(user);
  await killServer();
  expect(await within(5_000, async () => !(await listens(port)))).toBe(true);
  const next = await start();
  expect(portOf(next)).toBe(port);
  await Promise.all([user.release(), next.release()]);
  expect(await listens(port)).toBe(false);
});

test("a process that uses a server which another one started again keeps it running", async () => {
  const user = await start(600_000);
  await killServer();
  const next = await start();
  expect(await within(5_000, async () => (await sessionsOf(user)) === 2)).toBe(true);
  await next.release();
  expect(await listens(portOf(user))).toBe(true);
  await user.release();
  expect(await listens(portOf(user))).toBe(false);
});

test("a server that cannot start reports PostgreSQL's error message to all that start it", async () => {
  const configuration = join(dataDir, "postgres", "postgresql.conf");
  await writeFile(configuration, `${await readFile(configuration, "utf8")}\nno_such_setting = 1\n`);
  const started = await Promise.allSettled([start(), start()]);
  for (const { reason } of started as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({
      code: "EB_DATABASE_START",
      detail: expect.stringContaining("no_such_setting"),
    });
  }
});

test("a large log is renamed, and only one old log is kept", async () => {
  const file = logFileOf(await prepareDataDirectory(join(home, "large-log")));
  for (const old of ["first", "second"]) {
    await writeFile(file, old);
    await truncate(file, 10_000_001);
    await (await openLog(file)).close();
    expect((await readFile(`${file}.old`, "utf8")).startsWith(old)).toBe(true);
    expect((await stat(file)).size).toBe(0);
  }
});
