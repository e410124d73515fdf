import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { isDatabaseUnavailable } from "./is-unavailable.ts";
import { createPool } from "./pool.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );

describe("the database is unavailable when", () => {
  test("nothing listens at its address, also when the name has several addresses", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    for (const host of ["127.0.0.1", "localhost"]) {
      const pool = createPool(`postgres://nobody@${host}:${port}/nothing`);
      expect(isDatabaseUnavailable(await failureOf(pool.query("select 1")))).toBe(true);
      await pool.end();
    }
  });

  test("it ends our connection in the middle of a query", async () => {
    const client = await database.pool.connect();
    client.on("error", () => undefined);
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const broken = failureOf(client.query("select pg_sleep(20)"));
    await database.pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    expect(isDatabaseUnavailable(await broken)).toBe(true);
    expect(isDatabaseUnavailable(await failureOf(client.query("select 1")))).toBe(true);
    client.release(true);
  });

  test("the pool has no connection to give in time", async () => {
    const pool = createPool(database.url, { max: 1, connectionTimeoutMillis: 50 });
    const only = await pool.connect();
    expect(isDatabaseUnavailable(await failureOf(pool.query("select 1")))).toBe(true);
    only.release();
    await pool.end();
  });

  test("its password was changed while we are connected", async () => {
    const role = `rotated_${process.pid}`;
    await database.pool.query(`create role ${role} login password 'first'`);
    const url = new URL(database.url);
    [url.username, url.password] = [role, "first"];
    const pool = createPool(url.href);
    await pool.query("select 1");
    await database.pool.query(`alter role ${role} password 'second'`);
    await database.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [
      role,
    ]);
    await expect.poll(() => pool.totalCount).toBe(0);
    expect(isDatabaseUnavailable(await failureOf(pool.query("select 1")))).toBe(true);
    await pool.end();
    await database.pool.query(`drop role ${role}`);
  });

  test.each(["57P01", "57P02", "57P03", "08006", "08001", "53300", "ECONNRESET"])(
    "an error says %s",
    (code) => {
      const error = Object.assign(new Error("from the driver"), { code });
      expect(isDatabaseUnavailable(error)).toBe(true);
      expect(isDatabaseUnavailable(new Error("wrapped", { cause: error }))).toBe(true);
    },
  );
});

describe("the database is not unavailable when", () => {
  test("it answers that a query is wrong", async () => {
    for (const query of ["select nothing", "select 1/0", "not sql"]) {
      expect(isDatabaseUnavailable(await failureOf(database.pool.query(query)))).toBe(false);
    }
  });

  test("a file is missing, or the error is none of the database's", () => {
    const missing = Object.assign(new Error("no such file"), { code: "ENOENT", syscall: "open" });
    for (const other of [missing, new Error("no milk"), new AggregateError([]), "text", undefined, null]) {
      expect(isDatabaseUnavailable(other)).toBe(false);
    }
  });
});
