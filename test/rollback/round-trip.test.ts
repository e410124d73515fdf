import { fingerprint, RollbackManager } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect, sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changes } from "../../delivery/src/changes/index.ts";
import type { Tables } from "../../delivery/src/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDeliveryDatabase, quiet } from "../support/delivery.ts";
import { asked } from "./asked.ts";

let database: TestDatabase;
let db: Kysely<Tables>;
let manager: RollbackManager;

beforeAll(async () => {
  database = await createDeliveryDatabase();
  db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
  manager = new RollbackManager({ pool: database.pool, changes, log: quiet });
  await sql`insert into customers values ('c1', 'A', '+91 1', 'x', 'y')`.execute(db);
  await sql`insert into products values ('p1', 'Milk', 'dairy', 'l', 5000)`.execute(db);
  await sql`insert into subscriptions (id, customer_id, product_id, quantity, schedule, starts_on)
    values ('s1', 'c1', 'p1', 1, 'daily', '2026-01-01')`.execute(db);
  await sql`insert into orders (id, customer_id, kind, items, total_paise, delivery_date, status, subscription_id, delivered_at, delivery_confirmed, status_before_delivery)
    select 'o' || n, 'c1', 'subscription', '[{"product_id":"p1","quantity":1,"unit_price_paise":5000}]', 5000, date '2026-01-01' + n,
      case when n % 3 = 0 then 'DELIVERED' else 'PENDING' end, 's1',
      case when n % 3 = 0 then now() end, case when n % 3 = 0 then true end, case when n % 3 = 0 then 'CONFIRMED' end
    from generate_series(1, 30) n`.execute(db);
  await sql`insert into delivery_statuses (id, customer_id, delivery_date, status, order_id)
    select 'd' || id, 'c1', delivery_date, case when status = 'DELIVERED' then 'delivered' else 'pending' end, id from orders`.execute(
    db,
  );
});

afterAll(async () => database?.drop());

test("steps 27 to 19 roll back, and re-applying returns every row bit for bit", async () => {
  const before = await fingerprint(db);
  const plan = await manager.dryRunRollback(27, 19);
  expect(await fingerprint(db)).toEqual(before);
  const back = await manager.rollbackSteps(27, 19, { ...asked, plan: plan.plan.hash });
  expect(back.operation?.state).toBe("completed");
  expect(back.steps.map(({ step }) => step)).toEqual([27, 26, 25, 24, 23, 22, 21, 20, 19]);
  expect(
    (await db.selectFrom("orders").select("id").where("subscription_id", "is not", null).execute()).length,
  ).toBe(0);
  await manager.reapplySteps(19, 27, asked);
  expect(await fingerprint(db)).toEqual(before);
  expect(await manager.verifyLedger()).toMatchObject({ ok: true });
});
