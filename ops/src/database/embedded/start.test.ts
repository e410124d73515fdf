import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DatabaseProcess,
  listens,
  serverPid,
  startDatabaseProcess,
} from "../../../../test/support/database-process.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { createLogger } from "../../core/logger.ts";
import { type OpenDatabase, openDatabase } from "../connect.ts";
import { postgresAccount } from "./root-account.ts";

let dataDir: string;
let rows = 0;

beforeAll(async () => {
  dataDir = join(await makeTemporaryDirectory(), "data");
  const first = await open();
  await first.pool.query("create table milk (litres int)");
  await first.close();
});
afterAll(() => rm(join(dataDir, ".."), { recursive: true, force: true }));

const open = () => openDatabase({ dataDir, log: createLogger("silent") });
const otherProcess = () => startDatabaseProcess(dataDir);
const portOf = ({ url }: OpenDatabase) => Number(new URL(url).port);

const addRow = async (user: DatabaseProcess) => {
  rows += 1;
  await user.query("insert into milk values (1)");
};
const countIn = async ({ pool }: OpenDatabase) =>
  (await pool.query<{ rows: number }>("select count(*) as rows from milk")).rows[0]?.rows;
const isCleanlyDown = async () =>
  (await readFile(join(dataDir, "postgres.log"), "utf8")).trimEnd().endsWith("database system is shut down");

test("the server listens on the loopback only, demands its password, and speaks UTF-8", async () => {
  const database = await open();
  const { rows: settings } = await database.pool.query(
    `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as sockets,
       current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
       current_setting('TimeZone') as timezone, lower('Ä') || ('b' > 'C')::text as text,
       (select count(*) from pg_hba_file_rules where auth_method <> 'scram-sha-256') as open_doors`,
  );
  expect(settings).toEqual([
    {
      listen: "127.0.0.1",
      sockets: "",
      encoding: "UTF8",
      fsync: "on",
      timezone: "UTC",
      text: "ätrue",
      open_doors: 0,
    },
  ]);
  expect((await stat(join(dataDir, "postgres", "earlybird.password"))).mode & 0o777).toBe(0o600);
  await database.close();
});

test("closing waits until the server is down; next time it has its rows and its port", async () => {
  const database = await open();
  expect(database).toMatchObject({ joined: false, source: "embedded" });
  rows += 1;
  await database.pool.query("insert into milk values (1)");
  await database.close();
  expect(await listens(portOf(database))).toBe(false);
  const next = await open();
  expect(await countIn(next)).toBe(rows);
  expect(portOf(next)).toBe(portOf(database));
  await next.close();
});

test("a database of an earlier version, which has no search path, gets it at the next start", async () => {
  const earlier = await open();
  await earlier.pool.query("alter database earlybird reset search_path");
  await earlier.close();
  const upgraded = await open();
  const { rows: found } = await upgraded.pool.query("show search_path");
  await upgraded.close();
  expect(found).toEqual([{ search_path: "public" }]);
});

test("closing does not wait for a connection that is never given back", async () => {
  const database = await open();
  await database.pool.connect().then((client) => client.on("error", () => undefined));
  await database.close();
  expect(await listens(portOf(database))).toBe(false);
});

test("a second process joins; the server survives the end of the first and ends with the last", async () => {
  const first = await otherProcess();
  const second = await otherProcess();
  expect(second).toMatchObject({ joined: true, port: first.port });
  await first.close();
  await addRow(second);
  const third = await open();
  expect(third.joined).toBe(true);
  await second.kill();
  expect(await countIn(third)).toBe(rows);
  await third.close();
  expect(await listens(first.port)).toBe(false);
});

test("an interrupt for all processes leaves the server to a process that still cleans up", async () => {
  const user = await otherProcess();
  const server = await serverPid(dataDir);
  user.interruptGroup();
  await addRow(user);
  expect(await serverPid(dataDir)).toBe(server);
  await user.close();
  expect(await listens(user.port)).toBe(false);
});

test.runIf(existsSync(join(import.meta.dirname, "../../../dist/database/index.js")))(
  "what was built works as its source does, and both share a server",
  async () => {
    const built = await startDatabaseProcess(dataDir, "built");
    const user = await otherProcess();
    expect(user).toMatchObject({ joined: true, port: built.port });
    await user.close();
    await addRow(built);
    await built.close();
    expect(await listens(built.port)).toBe(false);
  },
);

test("processes that start at the same instant share one server", async () => {
  const users = await Promise.all([otherProcess(), otherProcess(), otherProcess()]);
  expect(new Set(users.map((user) => user.port)).size).toBe(1);
  expect(users.filter((user) => !user.joined)).toHaveLength(1);
  await Promise.all(users.map((user) => user.close()));
  expect(await listens(users[0]?.port as number)).toBe(false);
});

test("processes that start and leave all the time always have the server, and the last one stops it", async () => {
  const ports = new Set<number>();
  const useRepeatedly = async () => {
    for (let round = 0; round < 10; round += 1) {
      const database = await open();
      ports.add(portOf(database));
      expect(await countIn(database)).toBe(rows);
      await database.close();
    }
  };
  await Promise.all([useRepeatedly(), useRepeatedly(), useRepeatedly()]);
  for (const port of ports) expect(await listens(port)).toBe(false);
  expect(await isCleanlyDown()).toBe(true);
});

test("of two processes that leave at once, one stops the server", async () => {
  for (let round = 0; round < 5; round += 1) {
    const [first, second] = [await open(), await open()];
    await Promise.all([first.close(), second.close()]);
    expect(await listens(portOf(first))).toBe(false);
  }
});

test("a process that starts while the last one stops the server gets a server", async () => {
  for (let round = 0; round < 5; round += 1) {
    const first = await open();
    const closing = first.close();
    const second = await open();
    await closing;
    expect(await countIn(second)).toBe(rows);
    await second.close();
  }
});

describe.runIf(process.platform === "linux")("after a kill -9", () => {
  const killEverything = async (user: DatabaseProcess) => {
    process.kill(await serverPid(dataDir), "SIGKILL");
    await user.kill();
  };

  test("of the only process, the next one adopts the server and stops it when it leaves", async () => {
    const user = await otherProcess();
    await addRow(user);
    const server = await serverPid(dataDir);
    await user.kill();
    const next = await open();
    expect(next.joined).toBe(true);
    expect(await serverPid(dataDir)).toBe(server);
    expect(await countIn(next)).toBe(rows);
    await next.close();
    expect(await listens(user.port)).toBe(false);
    expect(await isCleanlyDown()).toBe(true);
  });

  test("of everything, the data directory starts again with its rows", async () => {
    const user = await otherProcess();
    await addRow(user);
    await killEverything(user);
    const next = await open();
    expect(next.joined).toBe(false);
    expect(await countIn(next)).toBe(rows);
    await next.close();
  });

  test("it starts again although the number of its process now belongs to somebody else", async () => {
    const user = await otherProcess();
    await addRow(user);
    await killEverything(user);
    // PostgreSQL itself would refuse for as long as this process, of its own account, lives.
    const foreigner = spawn("sleep", ["60"], { ...(await postgresAccount()), cwd: "/", stdio: "ignore" });
    await once(foreigner, "spawn");
    const file = join(dataDir, "postgres", "postmaster.pid");
    const [, ...others] = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, [foreigner.pid, ...others].join("\n"));
    const next = await open();
    expect(await countIn(next)).toBe(rows);
    await next.close();
    foreigner.kill();
  });
});

describe("on a new data directory", () => {
  test("of processes that start at once, one creates the cluster and starts the server", async () => {
    const home = await makeTemporaryDirectory();
    const users = await Promise.all(
      Array.from({ length: 4 }, () => openDatabase({ dataDir: home, log: createLogger("silent") })),
    );
    expect(new Set(users.map(portOf)).size).toBe(1);
    expect(users.filter(({ joined }) => !joined)).toHaveLength(1);
    await Promise.all(users.map((user) => user.close()));
    expect(await listens(portOf(users[0] as OpenDatabase))).toBe(false);
    expect((await readdir(home)).sort()).toEqual(["postgres", "postgres.log"]);
    await rm(home, { recursive: true });
  });

  test("what an interrupted first start left behind is removed, and the next one succeeds", async () => {
    const home = await makeTemporaryDirectory();
    await mkdtemp(join(home, ".postgres-new-"));
    await (await openDatabase({ dataDir: home, log: createLogger("silent") })).close();
    expect((await readdir(home)).sort()).toEqual(["postgres", "postgres.log"]);
    await rm(home, { recursive: true });
  });

  test("its path may be longer than that of a socket", async () => {
    const home = await makeTemporaryDirectory();
    const database = await openDatabase({
      dataDir: join(home, "x".repeat(120)),
      log: createLogger("silent"),
    });
    expect((await database.pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await database.close();
    await rm(home, { recursive: true });
  });
});
