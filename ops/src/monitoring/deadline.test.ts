import { expect, test } from "vitest";
import { createTestDatabase } from "../../../test/support/database.ts";
import { DeadlineExceeded, within } from "./deadline.ts";

test("what does not answer is over at the deadline", async () => {
  await expect(within(20, new Promise(() => {}))).rejects.toThrow(DeadlineExceeded);
});

test("an answer that came while this process was held up is in time", async () => {
  const { pool, drop } = await createTestDatabase();
  await pool.query("select 1");
  const answer = within(50, pool.query("select 7 as answer"));
  const untilMs = performance.now() + 300;
  while (performance.now() < untilMs);
  expect((await answer).rows).toEqual([{ answer: 7 }]);
  await drop();
});
