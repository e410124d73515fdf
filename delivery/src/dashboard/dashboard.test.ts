import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

test("the dashboard adds up today and the month, without a single customer in it", async () => {
  const place = async () =>
    (
      await api.ask("POST /api/orders", {
        as: "customer",
        body: { delivery_date: "2026-03-10", items: [{ product_id: "prd_milk", quantity: 1 }] },
      })
    ).id;
  const delivered = await place();
  await place();
  await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id: delivered } });
  await api.ask("POST /api/billing/generate", { as: "operator", body: { period: "2026-03" } });
  for (const as of ["admin", "operator", "marketing"]) {
    expect(await api.ask("GET /api/dashboard", { as })).toEqual({
      date: "2026-03-10",
      orders_today: { DELIVERED: 1, PENDING: 1 },
      deliveries_today: { delivered: 1, pending: 1 },
      open_deliveries_today: 1,
      month: { delivered_orders: 1, delivered_paise: 2_800, billed_paise: 2_800 },
      active_subscriptions: 0,
      active_customers_by_area: { Indiranagar: 2, Jayanagar: 1 },
      unassigned_areas: ["Indiranagar", "Jayanagar"],
    });
  }
  expect(await api.ask("GET /api/console/figures", { as: "operator" })).toEqual({
    figures: [
      { label: "orders today", value: 2, unit: null },
      { label: "open deliveries today", value: 1, unit: null },
      { label: "delivered this month", value: 2_800, unit: "paise" },
      { label: "not billed yet", value: 0, unit: "paise" },
    ],
  });
});

test.each(["support", "customer", "delivery", "supplier"])(
  "the dashboard is not for the role %s",
  async (role) => {
    expect(await api.refusal("GET /api/dashboard", { as: role })).toEqual([403, "EB_FORBIDDEN"]);
  },
);
