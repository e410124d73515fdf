import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi({ orderCutOff: "22:00" });
  api.clock.timeZone = "Asia/Kolkata";
});

afterAll(() => api.stop());

beforeEach(async () => {
  await api.pool.query("truncate orders, delivery_statuses, subscriptions cascade");
});

const order = (delivery_date: string, as = "customer") =>
  api.send("POST /api/orders", {
    as,
    body: {
      delivery_date,
      items: [{ product_id: "prd_milk", quantity: 1 }],
      ...(as !== "customer" && { customer_id: "cst_asha" }),
    },
  });

const subscribe = (period: object, as = "customer") =>
  api.send("POST /api/subscriptions", {
    as,
    body: {
      product_id: "prd_milk",
      quantity: 1,
      schedule: "daily",
      ...period,
      ...(as !== "customer" && { customer_id: "cst_asha" }),
    },
  });

const evenings = [
  // 21:59 and 22:00 on the tenth in Bengaluru, and a quarter past midnight, when it is still the tenth in UTC.
  ["2026-03-10T16:29:59Z", "2026-03-11"],
  ["2026-03-10T16:30:00Z", "2026-03-12"],
  ["2026-03-10T18:45:00Z", "2026-03-12"],
] as const;

test.each(evenings)("at %s customers order, cancel and subscribe from %s on", async (now, firstDay) => {
  const dayBefore = firstDay === "2026-03-11" ? "2026-03-10" : "2026-03-11";
  api.clock.set("2026-03-09T06:00:00Z");
  const [late, early] = [(await order(dayBefore)).json().id, (await order(firstDay)).json().id];
  api.clock.set(now);
  const refused = {
    status: 422,
    code: "EB_ORDER_CUT_OFF",
    first_day: firstDay,
    remedy: expect.stringContaining(firstDay),
  };
  expect((await order(dayBefore)).json()).toMatchObject(refused);
  expect((await order(firstDay)).statusCode).toBe(201);
  expect((await api.send(`POST /api/orders/${late}/cancel`, { as: "customer" })).json()).toMatchObject(
    refused,
  );
  expect((await api.send(`POST /api/orders/${early}/cancel`, { as: "customer" })).statusCode).toBe(200);
  expect((await subscribe({ starts_on: dayBefore })).json()).toMatchObject(refused);
  expect((await subscribe({})).json()).toMatchObject({ starts_on: firstDay });
});

test("the office orders, cancels and subscribes after the cut-off", async () => {
  api.clock.set("2026-03-10T18:00:00Z");
  for (const day of ["2026-03-10", "2026-03-11"]) {
    const { id } = (await order(day, "support")).json();
    expect((await api.send(`POST /api/orders/${id}/cancel`, { as: "support" })).statusCode).toBe(200);
  }
  expect((await subscribe({}, "support")).json()).toMatchObject({ starts_on: "2026-03-11" });
});
