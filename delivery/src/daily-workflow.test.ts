import { expect, test } from "vitest";
import { startApi } from "../../test/support/api.ts";
import { startSystemPostgres, systemPostgresVersion } from "../../test/support/throwaway.ts";

test.skipIf(!systemPostgresVersion)(
  `a day's work is done on the system's PostgreSQL as well (${systemPostgresVersion ?? "none here"})`,
  async () => {
    const postgres = await startSystemPostgres();
    const api = await startApi({ url: postgres.url });
    const subscription = { product_id: "prd_milk", quantity: 2, schedule: "daily", starts_on: "2026-03-10" };
    await api.ask("POST /api/subscriptions", { as: "customer", body: subscription });
    const items = [{ product_id: "prd_curd", quantity: 2 }];
    await api.ask("POST /api/orders", { as: "customer", body: { delivery_date: "2026-03-10", items } });
    await api.ask("POST /api/orders/generate", { as: "operator", body: { date: "2026-03-10" } });
    const route = await api.ask("GET /api/deliveries/route", { as: "delivery" });
    for (const { order_id } of route.areas[0].stops[0].deliveries) {
      await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id } });
    }
    const bills = await api.ask("POST /api/billing/generate", {
      as: "operator",
      body: { period: "2026-03" },
    });
    const figures = await api.ask("GET /api/dashboard", { as: "admin" });
    await api.stop();
    await postgres.remove();
    expect(bills).toMatchObject({ subscription_bills: 1, one_time_bills: 1 });
    expect(figures.month).toEqual({ delivered_orders: 2, delivered_paise: 12_600, billed_paise: 12_600 });
  },
);
