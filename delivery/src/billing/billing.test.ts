import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";
import { billingLock } from "../locks.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  api.clock.set("2026-03-10T06:00:00Z");
  await api.pool.query("truncate orders, delivery_statuses, billing_records, subscriptions cascade");
});

const nothing = {
  period: "2026-03",
  subscription_bills: 0,
  corrected_drafts: 0,
  one_time_bills: 0,
  supplements: 0,
};

const generate = (period = "2026-03") =>
  api.ask("POST /api/billing/generate", { as: "operator", body: { period } });

const bills = async () =>
  (
    await api.pool.query(
      "select customer_id, to_char(period, 'YYYY-MM') as period, amount_paise, status, order_id from billing_records order by customer_id, order_id nulls first",
    )
  ).rows;

const subscribe = async (customer_id: string): Promise<void> => {
  const body = {
    customer_id,
    product_id: "prd_milk",
    quantity: 2,
    schedule: "daily",
    starts_on: "2026-03-10",
  };
  await api.ask("POST /api/subscriptions", { as: "admin", body });
};

/** Generates the day and confirms all of its orders. */
const deliverDay = async (date: string, items?: object[]): Promise<void> => {
  api.clock.set(`${date}T06:00:00Z`);
  await api.ask("POST /api/orders/generate", { as: "operator", body: { date } });
  const { rows } = await api.pool.query("select id, customer_id from orders where delivery_date = $1", [
    date,
  ]);
  for (const { id, customer_id } of rows) {
    const body = { order_id: id, customer_id, delivery_date: date, ...(items && { items }) };
    await api.send("POST /api/deliveries/confirm", { as: "delivery", body });
  }
};

const oneTime = async (quantity = 1): Promise<string> => {
  const delivery_date = api.clock.now().toISOString().slice(0, 10);
  const body = { delivery_date, items: [{ product_id: "prd_curd", quantity }] };
  const { id } = await api.ask("POST /api/orders", { as: "customer", body });
  return id;
};

const confirm = (order_id: string, change: object = {}) =>
  api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id, ...change } });

describe("billing a month", () => {
  test("puts a customer's delivered subscriptions on one bill, and bills nothing twice", async () => {
    await subscribe("cst_asha");
    await subscribe("cst_binod");
    await deliverDay("2026-03-10");
    await deliverDay("2026-03-11");
    await api.ask("POST /api/orders/generate", { as: "operator", body: { date: "2026-03-12" } });
    expect(await generate()).toEqual({ ...nothing, subscription_bills: 2 });
    const bill = { period: "2026-03", amount_paise: 2 * 5_600, status: "draft", order_id: null };
    expect(await bills()).toEqual([
      { customer_id: "cst_asha", ...bill },
      { customer_id: "cst_binod", ...bill },
    ]);
    expect(await generate()).toEqual(nothing);
  });

  test("gives each delivered one-time order a bill of its own", async () => {
    const delivered = await oneTime(2);
    await oneTime();
    await confirm(delivered);
    expect(await generate()).toEqual({ ...nothing, one_time_bills: 1 });
    expect(await bills()).toMatchObject([
      { customer_id: "cst_asha", amount_paise: 7_000, order_id: delivered },
    ]);
    const { rows } = await api.pool.query("select id from orders where billed");
    expect(rows).toEqual([{ id: delivered }]);
    expect(await generate()).toEqual(nothing);
  });

  test("by several at once bills once", async () => {
    await subscribe("cst_asha");
    await deliverDay("2026-03-10");
    await confirm(await oneTime());
    const request = () => generate();
    const lock = sql`select pg_advisory_xact_lock(${sql.join(billingLock)})`;
    await atOnce(api.db, lock, [request, request, request]);
    expect(await bills()).toHaveLength(2);
  });

  test("corrects a draft by what was delivered since, and supplements what was issued", async () => {
    await subscribe("cst_asha");
    await subscribe("cst_binod");
    await deliverDay("2026-03-10");
    await generate();
    await api.pool.query("update billing_records set status = 'issued' where customer_id = 'cst_binod'");
    await deliverDay("2026-03-11");
    expect(await generate()).toEqual({ ...nothing, corrected_drafts: 1, supplements: 1 });
    expect((await bills()).map(({ amount_paise }) => amount_paise)).toEqual([11_200, 5_600, 5_600]);
  });

  test("charges what was handed over", async () => {
    await subscribe("cst_asha");
    await deliverDay("2026-03-10", [{ product_id: "prd_milk", delivered_qty: 1 }]);
    await confirm(await oneTime(3), { items: [{ product_id: "prd_curd", delivered_qty: 2 }] });
    await generate();
    expect((await bills()).map(({ amount_paise }) => amount_paise)).toEqual([2_800, 7_000]);
  });

  test("leaves out what failed, what fell short and what was cancelled", async () => {
    await confirm(await oneTime(), { status: "failed" });
    await confirm(await oneTime(), { status: "shortage" });
    await api.ask(`POST /api/orders/${await oneTime()}/cancel`, { as: "customer" });
    expect(await generate()).toEqual(nothing);
  });

  test("counts a delivery that names no order for what the customer had ordered that day", async () => {
    await subscribe("cst_asha");
    await deliverDay("2026-03-10");
    await api.pool.query("update orders set status = 'CONFIRMED'");
    await api.pool.query("update delivery_statuses set order_id = null, items = null");
    expect(await generate()).toEqual({ ...nothing, subscription_bills: 1 });
    expect(await bills()).toMatchObject([{ amount_paise: 5_600 }]);
  });

  test.each([
    ["the bill", "update orders set billed = null"],
    ["the order", "update billing_records set order_id = null, status = 'paid'"],
  ])("never bills an order again while %s remembers it", async (_, forget) => {
    await confirm(await oneTime());
    await generate();
    await api.pool.query(forget);
    expect(await generate()).toEqual(nothing);
  });

  test("takes along a one-time order that an earlier month left unbilled", async () => {
    const order_id = await oneTime();
    await confirm(order_id);
    api.clock.set("2026-04-02T06:00:00Z");
    expect(await generate("2026-04")).toMatchObject({ one_time_bills: 1 });
    expect(await bills()).toMatchObject([{ period: "2026-04", order_id }]);
    expect(await generate("2026-03")).toEqual(nothing);
  });

  test.each([
    ["a month to come", { period: "2026-04" }, 422, "EB_PERIOD_TO_COME"],
    ["a month that does not exist", { period: "2026-13" }, 400, "EB_INVALID_REQUEST"],
    ["a day", { period: "2026-03-01" }, 400, "EB_INVALID_REQUEST"],
    ["nothing", {}, 400, "EB_INVALID_REQUEST"],
  ])("%s is refused", async (_, body, status, code) => {
    expect(await api.refusal("POST /api/billing/generate", { as: "admin", body })).toEqual([status, code]);
  });

  test.each(["support", "customer", "delivery"])("is not for the role %s", async (role) => {
    const body = { period: "2026-03" };
    expect(await api.refusal("POST /api/billing/generate", { as: role, body })).toEqual([
      403,
      "EB_FORBIDDEN",
    ]);
  });
});

test("bills are listed newest period first, page by page; a customer sees their own", async () => {
  await subscribe("cst_asha");
  await subscribe("cst_binod");
  await deliverDay("2026-03-10");
  await generate();
  api.clock.set("2026-04-02T06:00:00Z");
  await deliverDay("2026-04-02");
  await generate("2026-04");
  const first = await api.ask("GET /api/billing?limit=3", { as: "operator" });
  const second = await api.ask(`GET /api/billing?limit=3&cursor=${first.next_cursor}`, { as: "operator" });
  const periods = [...first.items, ...second.items].map(({ period }) => period);
  expect(periods).toEqual(["2026-04", "2026-04", "2026-03", "2026-03"]);
  expect(second.next_cursor).toBeNull();
  const own = await api.ask("GET /api/billing?period=2026-03", { as: "binod" });
  expect(own.items).toMatchObject([{ customer_id: "cst_binod", period: "2026-03" }]);
  expect(await api.refusal("GET /api/billing", { as: "support" })).toEqual([403, "EB_FORBIDDEN"]);
});

describe("while a step is off", () => {
  test("26: charges what was ordered", async () => {
    await subscribe("cst_asha");
    await deliverDay("2026-03-10", [{ product_id: "prd_milk", delivered_qty: 1 }]);
    await rollBack(api, 26);
    await generate();
    await reapply(api, 26);
    expect(await bills()).toMatchObject([{ amount_paise: 5_600 }]);
  });

  test("23: bills subscriptions only", async () => {
    await subscribe("cst_asha");
    await deliverDay("2026-03-10");
    await confirm(await oneTime());
    await rollBack(api, 23);
    expect(await generate()).toEqual({ ...nothing, subscription_bills: 1 });
    await deliverDay("2026-03-11");
    expect(await generate()).toEqual({ ...nothing, corrected_drafts: 1 });
    await reapply(api, 23);
    expect(await generate()).toEqual({ ...nothing, one_time_bills: 1 });
  });

  test("20 and 22: subscriptions are billed by their deliveries, one-time orders wait until both are back", async () => {
    await rollBack(api, 20);
    await subscribe("cst_asha");
    await deliverDay("2026-03-10");
    const order_id = await oneTime();
    await api.send("POST /api/deliveries/confirm", {
      as: "delivery",
      body: { customer_id: "cst_asha", delivery_date: "2026-03-10" },
    });
    expect(await generate()).toEqual({ ...nothing, subscription_bills: 1 });
    await reapply(api, 20, 27);
    expect(await generate()).toMatchObject({ subscription_bills: 0, one_time_bills: 1 });
    expect(await generate()).toEqual(nothing);
    expect(await bills()).toMatchObject([{ order_id: null, amount_paise: 5_600 }, { order_id }]);
  });
});
