import { expect, test } from "vitest";
import { createTestDatabase } from "../../../test/support/database.ts";
import { DeadlineExceeded, withTimeout } from "./with-timeout.ts";

test("work that does not settle is rejected at the deadline", async () => {
  await expect(withTimeout(20, new Promise(() => {}))).rejects.toThrow(DeadlineExceeded);
});

test("a result that arrives while the event loop is blocked is in time", async () => {
  const { pool, drop } = await createTestDatabase();
  // A client of the pool sends its query at once, the pool itself a moment later.
  const client = await pool.connect();
  const answer = withTimeout(50, client.query("select 7 as answer"));
  const untilMs = performance.now() + 600;
  while (performance.now() < untilMs);
  expect((await answer).rows).toEqual([{ answer: 7 }]);
  client.release();
  await drop();
});
