import { afterAll, beforeAll, expect, test } from "vitest";
import { asked } from "../asked.ts";
import { openTwelveSteps, type SmallBusiness, wholeState } from "../twelve-steps.ts";

let business: SmallBusiness;
beforeAll(async () => {
  business = await openTwelveSteps();
});
afterAll(() => business?.drop());

test("an index whose build was broken off is built anew", async () => {
  const { db, manager, pool } = business;
  const before = await wholeState(db);
  await manager.rollbackStep(30, asked);
  // Duplicates break the build off; as after a crash, the index is there and not valid.
  const build = pool.query("create unique index concurrently orders_customer_id_idx on orders (customer_id)");
  await expect(build).rejects.toThrow("could not create unique index");
  await manager.reapplyStep(30, asked);
  expect(await wholeState(db)).toEqual(before);
});
