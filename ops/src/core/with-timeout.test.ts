import { expect, test } from "vitest";
import { createTestDatabase } from "../../../test/support/database.ts";
import { DeadlineExceeded, within } from "./with-timeout.ts";

test("what does not answer is over at the deadline", async () => {
  await expect(within(20, new Promise(() => {}))).rejects.toThrow(DeadlineExceeded);
});

test("an answer that came while this process was held up is in time", async () => {
  const { pool, drop } = await createTestDatabase();
  // A client of the pool sends its question at once, the pool itself a moment later.
  const client = await pool.connect();
  const answer = within(50, client.query("select 7 as answer"));
  const untilMs = performance.now() + 600;
  while (performance.now() < untilMs);
  expect((await answer).rows).toEqual([{ answer: 7 }]);
  client.release();
  await drop();
});
