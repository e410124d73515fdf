import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  await reapply(api, 19, 30);
  await api.pool.query("truncate orders, delivery_statuses, billing_records, subscriptions cascade");
});

const today = "2026-03-10";
const nothing = {
  period: "2026-03",
  subscription_bills: 0,
  corrected_drafts: 0,
  one_time_bills: 0,
  supplements: 0,
};

const generate = () => api.ask("POST /api/billing/generate", { as: "admin", body: { period: "2026-03" } });

/** A one-time order of today that has been delivered. */
const deliver = async (as = "customer"): Promise<string> => {
  const items = [{ product_id: "prd_curd", quantity: 1 }];
  const { id } = await api.ask("POST /api/orders", { as, body: { delivery_date: today, items } });
  await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id: id } });
  return id;
};

const subscribe = async (): Promise<void> => {
  const body = {
    customer_id: "cst_asha",
    product_id: "prd_milk",
    quantity: 1,
    schedule: "daily",
    starts_on: today,
  };
  await api.ask("POST /api/subscriptions", { as: "admin", body });
  await api.ask("POST /api/orders/generate", { as: "admin", body: { date: today } });
  const { items } = await api.ask("GET /api/orders?kind=subscription", { as: "admin" });
  for (const { id } of items)
    await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id: id } });
};

const bills = async () =>
  (
    await api.pool.query(
      "select covers, order_id, status, amount_paise from billing_records order by covers, created_at, id",
    )
  ).rows;

const setStatus = (status: string) =>
  api.pool.query("update billing_records set status = $1 where covers = 'order'", [status]);

describe("while step 23 is rolled back", () => {
  test("subscriptions alone are billed, and what was billed before stays as a bill", async () => {
    const order_id = await deliver();
    await generate();
    await subscribe();
    await rollBack(api, 23);
    expect(await generate()).toEqual({ ...nothing, subscription_bills: 1 });
    expect(await bills()).toMatchObject([
      { covers: "order", order_id: null, status: "draft", amount_paise: 3_500 },
      { covers: "subscriptions", order_id: null, amount_paise: 2_800 },
    ]);
    await reapply(api, 23);
    expect(await bills()).toMatchObject([{ covers: "order", order_id }, { covers: "subscriptions" }]);
  });

  test("the bill of a one-time order is taken for no bill of subscriptions", async () => {
    await deliver();
    await generate();
    await rollBack(api, 23);
    await subscribe();
    expect(await generate()).toEqual({ ...nothing, subscription_bills: 1 });
    expect(await generate()).toEqual(nothing);
    expect((await bills()).map(({ amount_paise }) => amount_paise)).toEqual([3_500, 2_800]);
  });

  test("a bill shows what it covers", async () => {
    await deliver();
    await generate();
    await rollBack(api, 23);
    const { items } = await api.ask("GET /api/billing", { as: "customer" });
    expect(items).toMatchObject([{ covers: "order", order_id: null }]);
  });
});

describe("after re-applying step 23", () => {
  test("the next run bills the one-time orders that were delivered meanwhile, once", async () => {
    await rollBack(api, 23);
    const order_id = await deliver();
    expect(await generate()).toEqual(nothing);
    await reapply(api, 23);
    expect(await generate()).toEqual({ ...nothing, one_time_bills: 1 });
    expect(await generate()).toEqual(nothing);
    expect(await bills()).toMatchObject([{ covers: "order", order_id }]);
  });

  test.each(["draft", "issued", "paid"])(
    "no order is billed again whose bill has become %s meanwhile",
    async (status) => {
      const order_id = await deliver();
      await generate();
      await rollBack(api, 23);
      await setStatus(status);
      await generate();
      await reapply(api, 23);
      expect(await generate()).toEqual(nothing);
      expect(await bills()).toMatchObject([{ covers: "order", order_id, status }]);
    },
  );

  test("nothing is billed twice when step 23 comes and goes between deliveries and runs", async () => {
    for (let round = 0; round < 3; round += 1) {
      await deliver();
      await generate();
      await rollBack(api, 23);
      await deliver("binod");
      await generate();
      await reapply(api, 23);
    }
    await generate();
    const billed = (await bills()).map(({ order_id }) => order_id);
    expect([billed.length, new Set(billed).size]).toEqual([6, 6]);
    const { rows } = await api.pool.query("select count(*) from orders where billed");
    expect(rows[0].count).toBe(6);
  });

  test("an order that came and was delivered with steps 20 and 22 away, too, is billed once", async () => {
    await rollBack(api, 20);
    const items = [{ product_id: "prd_curd", quantity: 1 }];
    await api.ask("POST /api/orders", { as: "customer", body: { delivery_date: today, items } });
    const body = { customer_id: "cst_asha", delivery_date: today };
    await api.ask("POST /api/deliveries/confirm", { as: "delivery", body });
    await reapply(api, 20);
    await reapply(api, 22);
    await reapply(api, 23);
    expect(await generate()).toEqual({ ...nothing, one_time_bills: 1 });
    expect(await generate()).toEqual(nothing);
  });
});
