import pg from "pg";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../../../test/support/database.ts";
import { connectionShortage, PoolWaits } from "./connection-shortage.ts";

const pool = (in_use: number, waiting: number) => ({ size: 10, in_use, waiting });
const server = (used: number) => ({ used, max: 100, reserved: 3 });

test.each([
  ["a pool with free connections", pool(9, 0), 0, server(20), undefined],
  ["a full pool that lends connections quickly", pool(10, 50), 0.4, server(20), undefined],
  ["a full pool in which requests are stuck", pool(10, 1), 4.1, server(20), "pool_exhausted"],
  ["a server with one connection left", pool(1, 0), 0, server(96), undefined],
  ["a server with only reserved connections left", pool(1, 0), 0, server(97), "connection_limit"],
  ["a server whose connections are unknown", pool(1, 0), 0, null, undefined],
] as const)("%s", (_, use, waitSeconds, connections, problem) => {
  expect(connectionShortage(use, waitSeconds, connections)?.problem).toBe(problem);
});

test("the wait follows from the rate at which the pool lends connections", async () => {
  const database = await createTestDatabase();
  const small = new pg.Pool({ connectionString: database.url, max: 1 });
  const waits = new PoolWaits(small, 0);
  const first = await small.connect();
  const others = [1, 2, 3].map(() => small.connect());
  await expect.poll(() => small.waitingCount).toBe(3);
  expect(waits.measure(2_000)).toBe(6);
  expect(waits.measure(3_000)).toBe(1);
  expect(waits.measure(7_000)).toBe(5);
  first.release();
  for (const other of others) (await other).release();
  expect(waits.measure(9_000)).toBe(0);
  await small.end();
  await database.drop();
});
