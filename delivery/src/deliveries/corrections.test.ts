import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  api.clock.set("2026-03-10T06:00:00Z");
  await api.pool.query("truncate orders, delivery_statuses cascade");
});

const today = "2026-03-10";
const milk = (delivered_qty: number) => [{ product_id: "prd_milk", delivered_qty }];

const place = async (delivery_date = today): Promise<string> => {
  const body = { customer_id: "cst_asha", delivery_date, items: [{ product_id: "prd_milk", quantity: 2 }] };
  return (await api.ask("POST /api/orders", { as: "admin", body })).id;
};

/** An order with its confirmed delivery. */
const confirmed = async (said: object = {}): Promise<{ order_id: string; id: string }> => {
  const order_id = await place();
  const body = { order_id, ...said };
  const { deliveries } = await api.ask("POST /api/deliveries/confirm", { as: "delivery", body });
  return { order_id, id: deliveries[0].id };
};

const request = (body: object, as = "support") => ({ as, body: { reason: "The customer called", ...body } });
const correct = (id: string, body: object, as?: string) =>
  api.ask(`POST /api/deliveries/${id}/correct`, request(body, as));
const refusal = (id: string, body: object, as?: string) =>
  api.refusal(`POST /api/deliveries/${id}/correct`, request(body, as));
const corrections = async (id: string) =>
  (await api.ask(`GET /api/deliveries/${id}/corrections`, { as: "support" })).items;

const orderRow = async (id: string) =>
  (
    await api.pool.query(
      "select status, delivered_at is not null as at, delivery_confirmed as said, status_before_delivery as before from orders where id = $1",
      [id],
    )
  ).rows[0];
const deliveredFrom = (before: string) => ({ status: "DELIVERED", at: true, said: true, before });
const open = (status: string) => ({ status, at: false, said: null, before: null });
const deliveryRow = async (id: string) =>
  (await api.pool.query("select status, items from delivery_statuses where id = $1", [id])).rows[0];

test("a correction after the bill was issued is credited by the next run, also one of a later month", async () => {
  const { id } = await confirmed();
  const run = async (period: string) => {
    await api.ask("POST /api/billing/generate", { as: "admin", body: { period } });
    return (await api.ask("GET /api/billing?customer_id=cst_asha", { as: "admin" })).items;
  };
  const [bill] = await run("2026-03");
  await api.ask(`POST /api/billing/${bill.id}/issue`, { as: "admin" });
  await correct(id, { status: "delivered", items: milk(1) });
  api.clock.set("2026-04-10T06:00:00Z");
  const bills = await run("2026-04");
  const paise = bills.map(({ amount_paise }: { amount_paise: number }) => amount_paise);
  expect(paise.sort((a: number, b: number) => a - b)).toEqual([-2_800, 5_600]);
  await api.pool.query("truncate billing_records cascade");
});

describe("a correction", () => {
  test("changes what was delivered, and keeps what was said first, by whom, and why", async () => {
    const { id, order_id } = await confirmed();
    api.clock.advanceMs(3_600_000);
    const corrected = await correct(id, { status: "delivered", items: milk(1), delivery_date: "2026-03-09" });
    const line = { product_id: "prd_milk", ordered_qty: 2 };
    expect(corrected).toMatchObject({
      status: "partially_delivered",
      delivery_date: "2026-03-09",
      items: [{ ...line, delivered_qty: 1, status: "partial" }],
      confirmed_by_user_id: "usr_delivery",
      confirmed_at: "2026-03-10T06:00:00.000Z",
    });
    expect(await corrections(id)).toEqual([
      {
        id: expect.any(Number),
        delivery_id: id,
        at: "2026-03-10T07:00:00.000Z",
        corrected_by: "usr_support",
        corrected_by_name: "support",
        reason: "The customer called",
        before: {
          status: "delivered",
          delivery_date: today,
          items: [{ ...line, delivered_qty: 2, status: "full" }],
          order_status: "DELIVERED",
          confirmed_by_user_id: "usr_delivery",
          confirmed_by_name: "delivery",
          confirmed_at: "2026-03-10T06:00:00.000Z",
          confirmation_method: "delivery",
        },
        after: {
          status: "partially_delivered",
          delivery_date: "2026-03-09",
          items: [{ ...line, delivered_qty: 1, status: "partial" }],
          order_status: "DELIVERED",
        },
      },
    ]);
    expect(await orderRow(order_id)).toEqual(deliveredFrom("PENDING"));
  });

  test("to failed returns the order to its status, back to delivered marks it again", async () => {
    const { id, order_id } = await confirmed();
    await correct(id, { status: "failed" });
    expect(await orderRow(order_id)).toEqual(open("PENDING"));
    await correct(id, { status: "delivered" }, "operator");
    expect(await orderRow(order_id)).toEqual(deliveredFrom("PENDING"));
    const [second, first] = await corrections(id);
    expect([first.after, second.after]).toMatchObject([
      { order_status: "PENDING" },
      { order_status: "DELIVERED" },
    ]);
    const { items } = await api.ask(`GET /api/deliveries/${id}/corrections?limit=1`, { as: "support" });
    expect(items).toEqual([second]);
  });

  test("to pending puts the stop back on the route of its day, to be confirmed again or cancelled", async () => {
    const order_id = await place("2026-03-11");
    const confirm = { as: "delivery", body: { order_id, delivery_date: today } };
    const id = (await api.ask("POST /api/deliveries/confirm", confirm)).deliveries[0].id;
    expect(await correct(id, { status: "pending" })).toMatchObject({
      delivery_date: "2026-03-11",
      items: null,
      status: "pending",
    });
    expect(await orderRow(order_id)).toEqual(open("PENDING"));
    expect(await refusal(id, { status: "failed" })).toEqual([409, "EB_DELIVERY_NOT_CONFIRMED"]);
    await api.ask("POST /api/deliveries/confirm", confirm);
    await correct(id, { status: "pending" });
    await api.ask(`POST /api/orders/${order_id}/cancel`, { as: "customer" });
    // Deleting it would delete its corrections.
    expect(await deliveryRow(id)).toMatchObject({ status: "failed" });
    expect(await corrections(id)).toHaveLength(2);
    await api.pool.query("update delivery_statuses set status = 'delivered'");
    expect(await refusal(id, { status: "pending" })).toEqual([409, "EB_ORDER_CANCELLED"]);
    expect(await refusal(id, { status: "delivered", items: milk(1) })).toEqual([422, "EB_PHANTOM_DELIVERY"]);
  });

  test("of an order that was DELIVERED before step 22 leaves it CONFIRMED", async () => {
    const { id, order_id } = await confirmed();
    await api.pool.query("update orders set status_before_delivery = null, delivered_at = null");
    await correct(id, { status: "shortage" });
    expect(await orderRow(order_id)).toEqual(open("CONFIRMED"));
  });

  test("of a delivery that names no order changes its status, but cannot compare quantities", async () => {
    const { id } = await confirmed();
    await api.pool.query("update delivery_statuses set order_id = null, items = null");
    const unknown = [409, "EB_ORDERED_QUANTITIES_UNKNOWN"];
    expect(await refusal(id, { status: "partially_delivered" })).toEqual(unknown);
    const early = { status: "delivered", delivery_date: "2026-03-11" };
    expect(await refusal(id, early)).toEqual([422, "EB_PHANTOM_DELIVERY"]);
    expect(await correct(id, { status: "shortage" })).toMatchObject({ status: "shortage", items: null });
    expect(await corrections(id)).toMatchObject([{ before: { order_status: null }, after: { items: null } }]);
  });

  test.each([
    ["no reason", { status: "failed", reason: " " }, 400, "EB_INVALID_REQUEST"],
    ["pending with items", { status: "pending", items: milk(1) }, 400, "EB_INVALID_REQUEST"],
    ["a date to come", { status: "delivered", delivery_date: "2026-03-11" }, 422, "EB_PHANTOM_DELIVERY"],
    ["a date two days off", { status: "failed", delivery_date: "2026-03-08" }, 422, "EB_PHANTOM_DELIVERY"],
    ["more than was ordered", { status: "delivered", items: milk(3) }, 422, "EB_DELIVERED_QUANTITY"],
    ["a part of nobody knows what", { status: "partially_delivered" }, 422, "EB_DELIVERED_QUANTITY"],
    ["what is recorded already", { status: "delivered", items: milk(2) }, 409, "EB_NOTHING_TO_CORRECT"],
  ])("with %s is refused, and nothing is written", async (_, body, status, code) => {
    const { id, order_id } = await confirmed();
    const before = await deliveryRow(id);
    expect(await refusal(id, body)).toEqual([status, code]);
    expect([await deliveryRow(id), await orderRow(order_id)]).toEqual([before, deliveredFrom("PENDING")]);
    expect(await corrections(id)).toEqual([]);
  });

  test("of a delivery that does not exist is not found", async () => {
    expect(await refusal("dlv_none", { status: "failed" })).toEqual([404, "EB_DELIVERY_NOT_FOUND"]);
    const list = api.refusal("GET /api/deliveries/dlv_none/corrections", { as: "admin" });
    expect(await list).toEqual([404, "EB_DELIVERY_NOT_FOUND"]);
  });

  test("waits for another one and for a confirmation at the same moment, and builds on what it finds", async () => {
    const { id, order_id } = await confirmed();
    const lock = sql`select id from orders where id = ${order_id} for update`;
    const sending = (body: object) => () => api.send(`POST /api/deliveries/${id}/correct`, request(body));
    const confirm = () => api.send("POST /api/deliveries/confirm", { as: "delivery", body: { order_id } });
    const both = await atOnce(api.db, lock, [
      sending({ status: "failed" }),
      sending({ status: "delivered", items: milk(1) }),
    ]);
    expect(both.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    const [second, first] = await corrections(id);
    expect(second.before).toMatchObject(first.after);
    expect((await orderRow(order_id)).status).toBe(second.after.order_status);
    const [reopened, again] = await atOnce(api.db, lock, [sending({ status: "pending" }), confirm]);
    expect(reopened?.statusCode).toBe(200);
    // Before the correction it is confirmed already, after it the stop is open again.
    const [{ status }, order] = [await deliveryRow(id), await orderRow(order_id)];
    expect([again?.statusCode, status, order.status]).toEqual(
      again?.statusCode === 200 ? [200, "delivered", "DELIVERED"] : [409, "pending", "PENDING"],
    );
  });
});

describe("a correction while a step is rolled back", () => {
  const whileAway = async (step: number, work: () => Promise<unknown>) => {
    await rollBack(api, step);
    await work();
    await reapply(api, 19, 30);
  };

  test.each([20, 22, 26])("%i: to failed is what stands when it is re-applied", async (step) => {
    const { id, order_id } = await confirmed();
    await whileAway(step, () => correct(id, { status: "failed" }));
    expect(await orderRow(order_id)).toEqual(open("PENDING"));
    expect(await deliveryRow(id)).toMatchObject({
      status: "failed",
      items: [{ ordered_qty: 2, delivered_qty: 0, status: "shortage" }],
    });
    await correct(id, { status: "delivered" });
    expect(await orderRow(order_id)).toEqual(deliveredFrom("PENDING"));
  });

  test("20, and 22 and 26 with it: to delivered is what stands when they are re-applied", async () => {
    const { id, order_id } = await confirmed({ items: milk(0) });
    await whileAway(20, () => correct(id, { status: "delivered" }));
    expect(await orderRow(order_id)).toEqual(deliveredFrom("PENDING"));
    expect(await deliveryRow(id)).toMatchObject({
      status: "delivered",
      items: [{ ordered_qty: 2, delivered_qty: 2, status: "full" }],
    });
  });

  test("20: to pending, and confirmed again by customer and date", async () => {
    const { id, order_id } = await confirmed({ items: milk(1) });
    await whileAway(20, async () => {
      await correct(id, { status: "pending" });
      const body = { customer_id: "cst_asha", delivery_date: today };
      await api.ask("POST /api/deliveries/confirm", { as: "delivery", body });
    });
    expect(await orderRow(order_id)).toEqual(deliveredFrom("PENDING"));
    expect((await deliveryRow(id)).items).toMatchObject([{ delivered_qty: 2, status: "full" }]);
  });

  test("22: a re-apply that is to fail on edits is refused, one that is to restore brings the order back", async () => {
    const { id, order_id } = await confirmed();
    await rollBack(api, 22);
    await correct(id, { status: "failed" });
    const reapplied = (onConflict: "fail" | "restore") =>
      api.engine.reapplyStep(22, { ...api.operator, reason: "test", onConflict });
    await expect(reapplied("fail")).rejects.toMatchObject({ code: "EB_CONFLICTS" });
    await reapplied("restore");
    expect(await orderRow(order_id)).toEqual(deliveredFrom("PENDING"));
    await reapply(api, 19, 30);
  });

  test("26: quantities are refused in words, and a partial delivery keeps its own", async () => {
    const { id } = await confirmed({ items: milk(1) });
    await whileAway(26, async () => {
      expect(await refusal(id, { status: "delivered", items: milk(2) })).toEqual([
        409,
        "EB_QUANTITIES_ROLLED_BACK",
      ]);
      await correct(id, { status: "partially_delivered", delivery_date: "2026-03-09" });
    });
    expect((await deliveryRow(id)).items).toMatchObject([{ delivered_qty: 1 }]);
  });

  test("27 and 25: any date passes, and the trail of the first confirmation comes back", async () => {
    const { id } = await confirmed();
    await rollBack(api, 25);
    await whileAway(27, () => correct(id, { status: "delivered", delivery_date: "2026-04-20" }));
    const { items } = await api.ask("GET /api/deliveries", { as: "support" });
    expect(items).toMatchObject([{ confirmed_by_user_id: "usr_delivery", delivery_date: "2026-04-20" }]);
  });

  test("29: corrections follow the ids, to and fro", async () => {
    const { id } = await confirmed();
    await correct(id, { status: "failed" });
    const before = await corrections(id);
    await whileAway(29, async () => {
      const [there] = await corrections(id);
      expect(there).toMatchObject({
        delivery_id: "delivery-000001",
        corrected_by: expect.stringMatching(/^user-/),
      });
      expect(there.before.items[0].product_id).toMatch(/^product-/);
    });
    expect(await corrections(id)).toEqual(before);
  });

  test("and after it: rolling back and re-applying loses nothing", async () => {
    await correct((await confirmed()).id, { status: "delivered", items: milk(1) });
    await correct((await confirmed()).id, { status: "failed" });
    const { steps, proven } = await api.engine.prove({ steps: [20, 29], range: false }, api.operator);
    expect([steps, proven]).toEqual([[29, 27, 26, 25, 23, 22, 20], true]);
  });
});
