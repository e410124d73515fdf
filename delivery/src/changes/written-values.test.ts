import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

type Row = Record<string, unknown>;

const date = "2026-03-10";
const read = async (list: string): Promise<Row[]> =>
  (await api.ask(`GET /api/${list}`, { as: "admin" })).items;
const everything = async () => ({
  orders: await read("orders"),
  deliveries: await read("deliveries"),
  bills: await read("billing"),
});

/** What steps 19, 20, 22, 23, 25 and 26 have written, empty fields left out. */
const written = ({ orders, deliveries, bills }: Awaited<ReturnType<typeof everything>>) =>
  [
    ...orders.flatMap((row) => [row.subscription_id, row.delivered_at]),
    ...deliveries.flatMap((row) => [row.order_id, row.items, row.confirmed_by_user_id, row.ip_address]),
    ...bills.map((row) => row.order_id),
  ].filter((value) => value !== null);

test("what the steps have written reads empty while they are rolled back, and comes back as it was", async () => {
  const subscription = { customer_id: "cst_asha", product_id: "prd_milk", quantity: 1, schedule: "daily" };
  await api.ask("POST /api/subscriptions", { as: "admin", body: { ...subscription, starts_on: date } });
  await api.ask("POST /api/orders/generate", { as: "admin", body: { date } });
  const order = {
    customer_id: "cst_asha",
    delivery_date: date,
    items: [{ product_id: "prd_milk", quantity: 2 }],
  };
  await api.ask("POST /api/orders", { as: "admin", body: order });
  for (const { id } of await read("orders"))
    await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id: id } });
  await api.ask("POST /api/billing/generate", { as: "admin", body: { period: "2026-03" } });
  const before = await everything();
  expect(written(before)).toHaveLength(3 + 8 + 1);

  await rollBack(api, 19);
  const after = await everything();
  expect(written(after)).toEqual([]);
  expect(after.orders.map(({ status }) => status).sort()).toEqual(["CONFIRMED", "PENDING"]);

  await reapply(api, 19, 30);
  expect(await everything()).toEqual(before);
});
