import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { startSystemPostgres, systemPostgresVersion } from "../../../test/support/throwaway.ts";
import { createLogger } from "../core/logger.ts";
import { openDatabase } from "./connect.ts";

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = join(await mkdtemp(join(tmpdir(), "earlybird-configured-")), "data");
});
afterAll(async () => {
  await database.drop();
  await rm(join(dataDir, ".."), { recursive: true });
});

const open = (databaseUrl: string) =>
  openDatabase({ databaseUrl, dataDir, log: createLogger("silent"), application: "earlybird test" });

const refusalOf = async (databaseUrl: string): Promise<unknown> =>
  open(databaseUrl).then(
    () => expect.fail("it was opened"),
    (error: unknown) => error,
  );

test("a configured database is used as it is, and no data directory is made", async () => {
  const opened = await open(database.url);
  expect(opened).toMatchObject({ source: "configured", joined: false, url: database.url });
  const { rows } = await opened.pool.query("select current_setting('application_name') as name");
  expect(rows).toEqual([{ name: "earlybird test" }]);
  await opened.close();
  expect(existsSync(dataDir)).toBe(false);
});

describe("a configured database that cannot be used is refused, without a word of its password:", () => {
  const expectRefusal = async (url: string, code: string, status: number) => {
    const refusal = await refusalOf(url);
    expect(refusal).toMatchObject({ code, status, remedy: expect.stringContaining("DATABASE_URL") });
    expect(JSON.stringify(refusal, Object.getOwnPropertyNames(refusal))).not.toContain("s3cret");
    return refusal as Error;
  };

  test("nobody listens there", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as { port: number };
    await new Promise((resolve) => listener.close(resolve));
    const url = `postgres://milk:s3cret@localhost:${port}/milk`;
    const { message } = await expectRefusal(url, "EB_DATABASE_UNAVAILABLE", 503);
    expect(message).toContain(`localhost:${port}/milk`);
    expect(message).toContain("ECONNREFUSED");
  });

  test("somebody listens there who says nothing", async () => {
    const listener = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => listener.once("listening", resolve));
    const { port } = listener.address() as { port: number };
    await expectRefusal(`postgres://milk:s3cret@127.0.0.1:${port}/milk`, "EB_DATABASE_UNAVAILABLE", 503);
    listener.close();
  });

  test.each([
    ["a wrong password", (url: URL) => Object.assign(url, { password: "s3cret" })],
    ["an unknown database", (url: URL) => Object.assign(url, { pathname: "/no_such_database" })],
    ["an encryption it does not speak", (url: URL) => Object.assign(url, { search: "?ssl=true" })],
  ])("%s", async (_, change) => {
    await expectRefusal(change(new URL(database.url)).href, "EB_DATABASE_REFUSED", 503);
  });

  test("an address that is none", async () => {
    await expectRefusal("postgres://milk:s3cret@[milk/milk", "EB_DATABASE_REFUSED", 503);
  });
});

describe.skipIf(!systemPostgresVersion)(
  `on the system's PostgreSQL (${systemPostgresVersion ?? "none here"})`,
  () => {
    test("a configured database works, whatever its version from 14 on", async () => {
      const server = await startSystemPostgres();
      const opened = await open(server.url);
      const { rows } = await opened.pool.query(
        "select current_setting('server_version_num')::int / 10000 as version",
      );
      expect(rows).toEqual([{ version: Number(systemPostgresVersion) }]);
      await opened.close();
      await server.remove();
    });
  },
);
