import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";
import { generationLock } from "../locks.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  await api.pool.query("truncate orders, delivery_statuses, billing_records, subscriptions cascade");
});

let made = 0;

const subscribe = async (columns: object = {}): Promise<string> => {
  made += 1;
  const { id } = await api.db
    .insertInto("subscriptions")
    .values({
      id: `sub_${made}`,
      customer_id: "cst_asha",
      product_id: "prd_milk",
      quantity: 2,
      schedule: "daily",
      starts_on: "2026-03-01",
      ends_on: null,
      paused_until: null,
      ...columns,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
};

const generate = async (date: string): Promise<number> =>
  (await api.ask("POST /api/orders/generate", { as: "operator", body: { date } })).created;

const orders = async () =>
  (
    await api.pool.query(
      "select id, customer_id, subscription_id, kind, items, total_paise, delivery_date, status, placed_by from orders order by subscription_id",
    )
  ).rows;

// Tuesday
const today = "2026-03-10";

describe("generating a day", () => {
  test("makes one order for each subscription that is due, with its open delivery", async () => {
    const subscription_id = await subscribe();
    expect(await generate(today)).toBe(1);
    const [order] = await orders();
    expect(order).toEqual({
      id: expect.stringMatching(/^ord_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      customer_id: "cst_asha",
      subscription_id,
      kind: "subscription",
      items: [{ product_id: "prd_milk", quantity: 2, unit_price_paise: 2_800 }],
      total_paise: 5_600,
      delivery_date: today,
      status: "CONFIRMED",
      placed_by: null,
    });
    const deliveries = await api.pool.query("select order_id, status, delivery_date from delivery_statuses");
    expect(deliveries.rows).toEqual([{ order_id: order.id, status: "pending", delivery_date: today }]);
  });

  test("twice makes nothing twice, also when several do it at once", async () => {
    await subscribe();
    await subscribe();
    await subscribe({ customer_id: "cst_binod" });
    const request = () => generate(today);
    const lock = sql`select pg_advisory_xact_lock(${sql.join(generationLock)})`;
    const created = await atOnce(api.db, lock, [request, request, request]);
    expect(created.sort()).toEqual([0, 0, 3]);
    expect(await orders()).toHaveLength(3);
  });

  test("an order that was cancelled does not come back", async () => {
    await subscribe();
    await generate(today);
    const [order] = await orders();
    await api.ask(`POST /api/orders/${order.id}/cancel`, { as: "customer" });
    expect(await generate(today)).toBe(0);
  });

  test.each([
    ["daily", {}, "2026-03-14", 1],
    ["alternate, on its first day", { schedule: "alternate", starts_on: today }, today, 1],
    ["alternate, on the next", { schedule: "alternate", starts_on: today }, "2026-03-11", 0],
    ["alternate, on the one after", { schedule: "alternate", starts_on: today }, "2026-03-12", 1],
    ["weekdays, on a Friday", { schedule: "weekdays" }, "2026-03-13", 1],
    ["weekdays, on a Saturday", { schedule: "weekdays" }, "2026-03-14", 0],
    ["weekdays, on a Sunday", { schedule: "weekdays" }, "2026-03-15", 0],
    ["not yet begun", { starts_on: "2026-03-11" }, today, 0],
    ["on its last day", { ends_on: today }, today, 1],
    ["ended", { ends_on: "2026-03-09" }, today, 0],
    ["cancelled", { status: "cancelled" }, today, 0],
    ["paused", { status: "paused" }, today, 0],
    ["paused, on the last day of it", { status: "paused", paused_until: today }, today, 0],
    ["paused, on the day after", { status: "paused", paused_until: "2026-03-09" }, today, 1],
    ["for a product no longer sold", { product_id: "prd_ghee" }, today, 0],
  ])("a subscription that is %s", async (_, columns, date, expected) => {
    await subscribe(columns);
    expect(await generate(date)).toBe(expected);
  });

  test.each([
    ["a day that does not exist", { date: "2026-02-30" }, 400],
    ["no day", {}, 400],
    ["a day far away", { date: "2062-01-01" }, 422],
  ])("%s is refused", async (_, body, status) => {
    expect((await api.send("POST /api/orders/generate", { as: "operator", body })).statusCode).toBe(status);
  });

  test.each(["support", "customer", "delivery"])("is not for the role %s", async (role) => {
    expect(await api.refusal("POST /api/orders/generate", { as: role, body: { date: today } })).toEqual([
      403,
      "EB_FORBIDDEN",
    ]);
  });
});

const quantities = async (date: string): Promise<number[]> => {
  await generate(date);
  const { rows } = await api.pool.query(
    "select (items->0->>'quantity')::int as quantity from orders where delivery_date = $1 order by 1",
    [date],
  );
  return rows.map(({ quantity }) => quantity);
};

describe("while step 19 is rolled back", () => {
  beforeAll(() => rollBack(api, 19));

  test("orders name no subscription, and a second run still makes nothing twice", async () => {
    await subscribe();
    await subscribe();
    await subscribe({ quantity: 1 });
    expect(await generate(today)).toBe(3);
    expect((await orders()).map(({ subscription_id }) => subscription_id)).toEqual([null, null, null]);
    expect(await generate(today)).toBe(0);
    await subscribe();
    expect(await generate(today)).toBe(1);
  });

  test("orders generated in the meantime are not generated again when the step is applied again", async () => {
    await subscribe();
    await subscribe();
    await generate(today);
    await reapply(api, 19, 27);
    expect(await generate(today)).toBe(0);
    await subscribe();
    expect(await generate(today)).toBe(1);
    expect(await generate(today)).toBe(0);
  });

  test("a changed subscription is neither delivered twice, nor linked to what it was not", async () => {
    // Step 19 is applied: the orders of today name their subscription, and then they do not.
    const changed = await subscribe();
    expect(await quantities(today)).toEqual([2]);
    const edit = (body: object) => api.ask(`PATCH /api/subscriptions/${changed}`, { as: "customer", body });
    await edit({ quantity: 5, schedule: "alternate" });
    await edit({ quantity: 7, schedule: "daily" });
    await subscribe({ quantity: 7, starts_on: "2026-03-12" });
    await rollBack(api, 29);
    await rollBack(api, 19);
    expect(await quantities(today)).toEqual([2]);
    expect(await quantities("2026-03-11")).toEqual([7]);
    expect(await quantities("2026-03-12")).toEqual([7, 7]);
    await api.pool.query("delete from orders where delivery_date = $1", [today]);
    expect(await quantities(today)).toEqual([2]);
    await reapply(api, 19, 29);
    const { rows } = await api.pool.query(
      "select subscription_id from orders where delivery_date <= '2026-03-11'",
    );
    expect(rows.map(({ subscription_id }) => subscription_id)).toEqual([changed, changed]);
  });
});
