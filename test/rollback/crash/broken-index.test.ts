import { afterAll, beforeAll, expect, test } from "vitest";
import { asked } from "../asked.ts";
import { openTwelveSteps, type SmallBusiness, wholeState } from "../twelve-steps.ts";

let business: SmallBusiness;
beforeAll(async () => {
  business = await openTwelveSteps();
});
afterAll(() => business?.drop());

test("a build that somebody else broke off is not taken for the change's own; without it the index is built anew", async () => {
  const { db, manager, pool } = business;
  const before = await wholeState(db);
  await manager.rollbackStep(30, asked);
  // Duplicates break the build off: the index is there and not valid, as one is that is still being built.
  const build = pool.query("create unique index concurrently orders_customer_id_idx on orders (customer_id)");
  await expect(build).rejects.toThrow("could not create unique index");
  await expect(manager.reapplyStep(30, asked)).rejects.toMatchObject({ code: "EB_STEP_OBSTRUCTED" });
  await pool.query("drop index orders_customer_id_idx");
  await manager.reapplyStep(30, asked);
  expect(await wholeState(db)).toEqual(before);
});
